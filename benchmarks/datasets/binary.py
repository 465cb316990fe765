"""A generated table of 28 columns of mixed shapes, and two classes that depend on a tenth of them together.

Trees like it: the log-odds hold a product, a wave, a step and a difference of columns; most columns are noise.
"""

from __future__ import annotations

import numpy as np

N_COLUMNS = 28


def make(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X as float32 of shape (n_rows, 28) and y in {0, 1}."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, N_COLUMNS), dtype=np.float32)
    X[:, 5:10] = np.exp(0.5 * X[:, 5:10])  # long right tails
    X[:, 10:14] = np.abs(X[:, 10:14])  # one-sided
    X[:, 14] = np.round(X[:, 14])  # a dozen distinct values
    log_odds = (
        X[:, 0] * X[:, 1]
        + np.sin(2 * X[:, 2]) * X[:, 5]
        + 0.7 * (X[:, 3] > 0.3) * X[:, 6]
        - 0.5 * X[:, 10] * X[:, 11]
        + 0.3 * X[:, 14]
        + 0.4 * X[:, 20]
    )
    log_odds -= np.median(log_odds)  # classes of equal size
    y = rng.random(n_rows) < 1 / (1 + np.exp(-1.3 * log_odds))
    return X, y.astype(np.int64)
