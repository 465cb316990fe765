"""Rows in groups, as people draw maps of: handwritten digits, and generated groups of fifty columns."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits, make_blobs

N_COLUMNS, N_GROUPS = 50, 30


def digits(n_rows: int, seed: int) -> np.ndarray:
    """scikit-learn's table of 1,797 digits of 8 x 8 pixels, or some of them, in an order that the seed draws."""
    return np.random.default_rng(seed).permutation(load_digits().data)[:n_rows]


def overlapping(n_rows: int, seed: int) -> np.ndarray:
    """X as float32 of shape (n_rows, 50): thirty groups of the same round shape, neighbours of which overlap."""
    return make_blobs(n_rows, N_COLUMNS, centers=N_GROUPS, cluster_std=4.0, random_state=seed)[0].astype(np.float32)
