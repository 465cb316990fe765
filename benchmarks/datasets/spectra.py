"""Tables of numbers without a target: some directions of signal in noise, and groups of rows that overlap."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_blobs

N_DIRECTIONS = 60


def make(n_rows: int, n_columns: int, seed: int) -> np.ndarray:
    """Sixty directions whose deviations fall from 10 to 1, noise of deviation 0.5, and means; float64."""
    rng = np.random.default_rng(seed)
    k = min(N_DIRECTIONS, n_columns)
    signal = rng.standard_normal((n_rows, k)) * np.geomspace(10.0, 1.0, k)
    directions = rng.standard_normal((k, n_columns)) / np.sqrt(k)
    return signal @ directions + 0.5 * rng.standard_normal((n_rows, n_columns)) + rng.standard_normal(n_columns)


def make_groups(n_rows: int, n_columns: int, n_groups: int, seed: int) -> np.ndarray:
    """Round groups of deviation 4 around centers in a cube of side 20; float64."""
    return make_blobs(n_rows, n_columns, centers=n_groups, cluster_std=4.0, random_state=seed)[0]
