"""A generated regression table whose target holds products of two and three columns, on correlated columns.

Explanations differ from one another only where features act together; here six of them do.
"""

from __future__ import annotations

import numpy as np


def make(n_rows: int, n_columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X as float64 of shape (n_rows, n_columns), standardised, and y; at least 5 columns."""
    rng = np.random.default_rng(seed)
    mixing = np.eye(n_columns) + 0.3 * rng.standard_normal((n_columns, n_columns))
    X = rng.standard_normal((n_rows, n_columns)) @ mixing
    X /= X.std(axis=0)
    y = (
        np.sin(2 * X[:, 0]) * X[:, 1]
        + X[:, 2] * X[:, 3] * X[:, 4]
        + np.abs(X[:, 2]) * (X[:, n_columns - 1] > 0)
        + X[:, n_columns - 2]
        + 0.3 * rng.standard_normal(n_rows)
    )
    return X, y
