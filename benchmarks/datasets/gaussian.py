"""A Gaussian table with means away from zero, and a target that is linear in it, with noise."""

from __future__ import annotations

import numpy as np


def make(n_rows: int, n_columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X of shape (n_rows, n_columns) with deviation 1 and means of about 1, and y with noise of deviation 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_columns))
    X += rng.standard_normal(n_columns)
    return X, X @ rng.standard_normal(n_columns) + 3.0 + rng.standard_normal(n_rows)
