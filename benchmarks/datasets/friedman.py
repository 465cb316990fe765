"""Friedman's generated table: ten columns, five of which have a part in the target.

Reference: J. H. Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19 (1991), section 4.3.
"""

from __future__ import annotations

import numpy as np

N_COLUMNS = 10


def make(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X as float32 of shape (n_rows, 10), uniform on [0, 1), and y with noise of standard deviation 1."""
    rng = np.random.default_rng(seed)
    X = rng.random((n_rows, N_COLUMNS), dtype=np.float32)
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    return X, y + rng.standard_normal(n_rows)
