"""A Gaussian table with correlated columns, and classes whose log-odds are linear in it."""

from __future__ import annotations

import numpy as np


def make(n_rows: int, n_columns: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X of shape (n_rows, n_columns) and y in {0, ..., n_classes - 1}."""
    rng = np.random.default_rng(seed)
    mix = np.eye(n_columns) + 0.06 * rng.standard_normal((n_columns, n_columns))
    X = rng.standard_normal((n_rows, n_columns)) @ mix
    # The largest of scores with Gumbel noise: classes as a softmax of the scores draws them.
    scores = 0.5 * X @ rng.standard_normal((n_columns, n_classes)) + rng.gumbel(size=(n_rows, n_classes))
    return X, scores.argmax(axis=1)
