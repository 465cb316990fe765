"""Growing a tree with vectors in its leaves on sparse rows: only counting and parting differ from `vector_growing`.

A tree is the one on the same rows with NaN for what is not stored, to the last bit: bins are sums over the same rows in
the same order, and what is missing is nowhere asked for but as what the bins lack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .sparse_growing import below_all_stored
from .sparse_table import sparse_table
from .vector_growing import VectorGrower

__all__ = ["SparseVectorGrower"]


class SparseVectorGrower(VectorGrower):
    """Trees with a vector in each leaf on sparse rows; other parameters as of `VectorGrower`.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
        As `sparse_table` wants it.
    """

    def _use_rows(
        self,
        X: scipy.sparse.csr_matrix,
        sample_weight: NDArray[np.float32] | None,
        max_bin: int,
        n_threads: int,
        cuts: str,
    ) -> None:
        """Cut the columns of these rows."""
        self._lowest = below_all_stored(X)
        self.table: Any = sparse_table(X, sample_weight, max_bin, n_threads, self._run, cuts)

    def _counted(self, rows: NDArray[np.int32], gradients: NDArray[np.floating]) -> NDArray[np.float64]:
        """Histogram of some rows, without missing values; each group of columns has one owner."""
        table = self.table
        histogram = np.zeros((int(table.start[-1]), *gradients.shape[1:]))
        self._run(lambda starts: count_vectors(starts, table.places, rows, gradients, histogram), table.row_start)
        return histogram

    def _codes_of(self, feature: int, rows: NDArray[np.int32]) -> NDArray[np.int64]:
        """Codes of a column for some rows."""
        table = self.table
        first, n_bins = int(table.start[feature]), int(table.n_bins[feature])
        codes = np.full(len(rows), n_bins)
        find_codes(table.row_start[table.group[feature]], table.places, rows, first, n_bins, codes)
        return codes


@kernel
def count_vectors(starts, places, rows, gradients, histogram):
    """Add the gradients of rows to the histograms of a group of columns."""
    for row in rows:
        for e in range(starts[row], starts[row + 1]):
            place = places[e]
            for k in range(gradients.shape[1]):
                histogram[place, k, 0] += gradients[row, k, 0]
                histogram[place, k, 1] += gradients[row, k, 1]


@kernel
def find_codes(starts, places, rows, first, n_bins, codes):
    """Write the bins of those rows that have a value in the column whose bins begin at the place `first`."""
    for i in range(len(rows)):
        e, end = starts[rows[i]], starts[rows[i] + 1]
        # The first of the row's places that is not below the column's.
        length = end - e
        while length > 0:
            half = length >> 1
            below = places[e + half] < first
            e = e + half + 1 if below else e
            length = length - half - 1 if below else half
        if e < end and places[e] < first + n_bins:
            codes[i] = places[e] - first
