"""A generated table of 200 columns: a weak sum over all of them, and two strong terms of two columns each."""

from __future__ import annotations

import numpy as np

N_COLUMNS = 200


def make(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X as float32 of shape (n_rows, 200), standard normal, and y."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, N_COLUMNS), dtype=np.float32)
    of_all = X @ (rng.standard_normal(N_COLUMNS) * 2 / np.sqrt(N_COLUMNS))
    of_few = np.maximum(X[:, 0] * X[:, 1], 0) + np.sin(3 * X[:, 2]) * X[:, 3]
    return X, of_all + of_few + 0.5 * rng.standard_normal(n_rows)
