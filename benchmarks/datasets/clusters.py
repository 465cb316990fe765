"""Generated tables of any number of columns: clusters of two classes, or a smooth target, and noise."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_classification

MOST_INFORMATIVE = 12


def make(n_rows: int, seed: int, *, n_columns: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """X as float32 of shape (n_rows, n_columns), and y in {0, 1}; a twentieth of the labels is drawn at random."""
    X, y = make_classification(
        n_rows,
        n_columns,
        n_informative=min(n_columns // 2, MOST_INFORMATIVE),
        n_redundant=2,
        flip_y=0.05,
        random_state=seed,
    )
    return X.astype(np.float32), y


def make_numbers(n_rows: int, seed: int, *, n_columns: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """X as float32, standard normal, and y with noise of standard deviation 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_columns), dtype=np.float32)
    y = 3 * np.sin(2 * X[:, 0]) + 2 * X[:, 1] * X[:, 2] + 2 * X[:, 3] + X[:, 4] ** 2
    return X, y + rng.standard_normal(n_rows)
