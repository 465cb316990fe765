"""Growing trees on sparse rows: only how rows are counted and parted is another way than for dense ones.

With ``tree_method="hist"`` a tree on sparse rows is the tree on the same rows with NaN for what is not stored, up to
the last bits of the sums of missing values, which follow here from those of the present ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .constraints import DISTANCE
from .growing import GrowthSettings, HistGrower
from .histogram import HistogramPool
from .partitioning import RowOwner, Run, _targets, move_rows, pieces_of, shares_of
from .sampling import Sampling
from .sparse_table import SparseTable, count_entries, mark_rows_of_entries, sparse_table

__all__ = ["SparseGrower", "SparseRowOwner"]


class SparseRowOwner(RowOwner):
    """Rows of a sparse table, parted by node; see `RowOwner`."""

    table: Any

    def __init__(self, table: SparseTable, run: Run, n_threads: int) -> None:
        super().__init__(table, run, n_threads)  # type: ignore[arg-type]
        self._group = np.repeat(np.arange(len(table.row_start)), np.diff(table.first_column))

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Write the histograms of some nodes into their slots."""
        table, segments, sides = self.table, self.segments[nodes], self.sides[nodes]
        values_per_row = 1 + len(table.places) // max(1, table.n_samples)
        work = np.repeat(self.n_rows(nodes) * values_per_row + int(table.start[-1]), len(table.row_start))
        self._run(
            lambda tasks: count_entries(
                tasks,
                table.row_start,
                table.places,
                table.first_column,
                table.has_missing,
                table.start,
                table.n_bins,
                self.rows,
                self._gradients,
                sides,
                segments,
                slots,
                histograms,
            ),
            shares_of(work, self._n_threads),
        )

    def split(
        self,
        nodes: NDArray[np.int64],
        feature: NDArray[np.int32],
        split_bin: NDArray[np.int32],
        missing_left: NDArray[np.bool_],
    ) -> None:
        """Part the rows of some nodes; their children, two by two, get the next numbers."""
        table, sides, first, last = self.table, self.sides[nodes], self.segments[nodes, 0], self.segments[nodes, 1]
        pieces = pieces_of(first, last)
        shares = shares_of(pieces[:, 2] - pieces[:, 1], self._n_threads)
        n_left = np.empty(len(pieces), dtype=np.int64)
        self._run(
            lambda tasks: mark_rows_of_entries(
                tasks,
                pieces,
                table.row_start,
                table.places,
                self._group,
                table.start,
                table.n_bins,
                self.rows,
                sides,
                feature,
                split_bin,
                missing_left,
                self._goes_left,
                n_left,
            ),
            shares,
        )
        targets, middle = _targets(pieces, n_left, first)
        self._run(
            lambda tasks: move_rows(tasks, pieces, targets, self._goes_left, sides, self.rows, self._gradients), shares
        )
        children = np.stack([first, middle, middle, last], axis=1).reshape(-1, 2)
        self.segments = np.concatenate([self.segments, children])
        self.sides = np.concatenate([self.sides, np.repeat(1 - sides, 2)])


class SparseGrower(HistGrower):
    """The tree method 'hist' on sparse rows, a `Grower`; parameters as of `HistGrower`.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
        As `sparse_table` wants it.
    """

    def __init__(
        self,
        X: scipy.sparse.csr_matrix,
        sample_weight: NDArray[np.float32] | None,
        settings: GrowthSettings,
        sampling: Sampling,
        *,
        max_bin: int,
        cuts: str,
        run: Run,
        n_threads: int,
    ) -> None:
        self.settings = settings._replace(lowest=below_all_stored(X)) if len(settings.direction) else settings
        self.sampling, self._run, self._n_threads = sampling, run, n_threads
        self.table: Any = sparse_table(X, sample_weight, max_bin, n_threads, run, cuts)
        self._owner = SparseRowOwner(self.table, run, n_threads)
        self._pool = HistogramPool(int(self.table.start[-1]))


def below_all_stored(X: scipy.sparse.csr_matrix) -> NDArray[np.float32]:
    """For each column a threshold that no stored value is below, see `constraints.below_all_values`."""
    lowest = np.full(X.shape[1], np.inf)
    np.minimum.at(lowest, X.indices, X.data)
    lowest[np.isinf(lowest)] = 0.0
    return (lowest - (np.abs(lowest) + DISTANCE)).astype(np.float32)
