"""Columns as they are, for thresholds that are drawn: of a node, only the lowest and the highest value are wanted then.

No column needs to be sorted, and a sample's side is one comparison of two float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks

__all__ = ["ColumnTable", "column_table", "float32_up_to"]

# Rows that are turned into columns at once: they stay in the nearest caches.
ROWS_AT_ONCE = 512


class ColumnTable(NamedTuple):
    """A table by columns.

    Attributes
    ----------
    columns : ndarray of float32, shape (n_features, n_samples), C-contiguous
        NaN is a missing value.
    missing : ndarray of bool, shape (n_features,)
        Whether values of the column are missing.
    """

    columns: NDArray[np.float32]
    missing: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of columns, and of samples."""
        n_features, n_samples = self.columns.shape
        return n_features, n_samples


def column_table(X: Any, n_threads: int = 1) -> ColumnTable:
    """Turn rows into columns.

    Parameters
    ----------
    X : ndarray of float32 or CSC matrix of it, shape (n_samples, n_features)
        NaN is a missing value. What a matrix does not store is 0.
    n_threads : int, default=1
        The result is the same for any number.
    """
    n_samples, n_features = X.shape
    columns = np.zeros((n_features, n_samples), dtype=np.float32)
    if sparse.issparse(X):

        def write(f: int) -> None:
            stored = slice(X.indptr[f], X.indptr[f + 1])
            np.add.at(columns[f], X.indices[stored], X.data[stored])  # an entry that is stored twice is the sum

        run_tasks(write, range(n_features), n_threads)
    else:

        def turn(first: int) -> None:
            columns[:, first : first + ROWS_AT_ONCE] = X[first : first + ROWS_AT_ONCE].T

        run_tasks(turn, range(0, n_samples, ROWS_AT_ONCE), n_threads)
    missing = run_tasks(lambda f: bool(np.isnan(columns[f]).any()), range(n_features), n_threads)
    return ColumnTable(columns, np.array(missing, dtype=np.bool_))


@kernel
def float32_up_to(threshold):
    """Largest float32 that is at most the threshold: what is compared with it goes the same way, as float32."""
    nearest = np.float32(threshold)
    if nearest > threshold:
        return np.nextafter(nearest, np.float32(-np.inf))
    return nearest
