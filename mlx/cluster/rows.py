"""The rows of one fit, cut into parts: a thread takes a part at a time.

A sum over rows is made part by part and then over the parts in their order. The cuts depend on the number of rows
alone, so the bits of a result do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

__all__ = ["BLOCK", "Rows", "cut_rows", "mean_variance", "parts_of", "squared_row_norms"]

Array = NDArray[np.floating]

# Rows that are worked on at once: they, and their products with the centers, stay in a core's cache.
BLOCK = 256

# Parts, each with sums of its own: as many threads can be kept busy. Shorter parts are not worth waking a thread.
MOST_PARTS = 32
SHORTEST_PART = 8 * BLOCK


class Rows(NamedTuple):
    """What stays the same while centers move.

    Attributes
    ----------
    X : ndarray, in C order, or csr array of shape (n, p)
        float32 or float64.
    squared_norms : ndarray of shape (n,)
        ‖x‖², float64.
    weights : ndarray of shape (n,)
        float64.
    parts : list of slice
        Consecutive rows, one task each.
    run : callable
        (function, tasks) to results in the order of the tasks, as `mlx.numeric.threads.thread_team` offers it.
    """

    X: Any
    squared_norms: Array
    weights: Array
    parts: list[slice]
    run: Callable[[Callable, Iterable], list]


def cut_rows(X: Any, weights: Array, run: Callable[[Callable, Iterable], list]) -> Rows:
    """Rows with their norms, cut into parts."""
    return Rows(X, squared_row_norms(X), weights, parts_of(X.shape[0]), run)


def parts_of(n: int) -> list[slice]:
    """Consecutive parts of n rows."""
    step = max(-(-n // MOST_PARTS), SHORTEST_PART)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def squared_row_norms(X: Any) -> Array:
    """‖x‖² of each row of a dense or csr table, float64, shape (n,)."""
    if sparse.issparse(X):
        squares = X.astype(np.float64)
        squares.data **= 2
        return np.asarray(squares.sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def mean_variance(rows: Rows) -> float:
    """Mean of the variances of the features; dense rows are taken for centred."""
    if sparse.issparse(rows.X):
        return float(mean_variance_axis(rows.X, axis=0)[1].mean())
    return float(rows.squared_norms.mean()) / rows.X.shape[1]
