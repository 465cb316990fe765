"""Growing trees on sparse rows: only how rows are counted and parted is another way than for dense ones.

With ``tree_method="hist"`` a tree on sparse rows is the tree on the same rows with NaN for what is not stored, up to
the last bits of the sums of missing values, which follow here from those of the present ones.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .constraints import DISTANCE
from .growing import GrowthSettings, HistGrower
from .nodes import Nodes
from .partitioning import Piece, RowOwner, Run, cut_into_pieces, move_pieces, place_children
from .sampling import Sampling
from .sparse_table import SparseTable, count_entries, mark_rows_of_entries, sparse_table

__all__ = ["SparseGrower", "SparseRowOwner", "shares_of"]

# Additions below which handing work to other threads costs more than it saves: about a tenth of a millisecond.
SHARED_WORK = 200_000


class SparseRowOwner(RowOwner):
    """Rows of a sparse table, parted by node; see `RowOwner`."""

    table: Any
    grows_alone = False

    def __init__(self, table: SparseTable, run: Run, n_threads: int) -> None:
        super().__init__(table, run, n_threads)  # type: ignore[arg-type]
        self._group = np.repeat(np.arange(len(table.row_start)), np.diff(table.first_column))

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Write the histograms of some nodes into their slots."""
        table, parted = self.table, self.parted
        segments, sides = parted.segments[nodes], parted.sides[nodes]
        values_per_row = 1 + len(table.places) // max(1, table.n_samples)
        work = np.repeat(
            (segments[:, 1] - segments[:, 0]) * values_per_row + int(table.start[-1]), len(table.row_start)
        )
        self._run(
            lambda tasks: count_entries(
                tasks,
                table.row_start,
                table.places,
                table.first_column,
                table.has_missing,
                table.start,
                table.n_bins,
                parted.rows,
                parted.gradients,
                sides,
                segments,
                slots,
                histograms,
            ),
            shares_of(work, self.n_threads),
        )

    def split(self, chosen: NDArray[np.int64], nodes: Nodes, first_new: int, move_gradients: bool) -> None:
        """Part the rows of some nodes; their children, two by two, are the nodes from `first_new` on."""
        self.reserve(first_new + 2 * len(chosen))
        table, parted, splits = self.table, self.parted, nodes.splits
        sides = parted.sides[chosen]
        n_pieces = cut_into_pieces(chosen, len(chosen), parted)
        pieces, n_left = parted.pieces[:n_pieces], np.empty(n_pieces, dtype=np.int64)
        self._run(
            lambda tasks: mark_rows_of_entries(
                tasks,
                pieces,
                table.row_start,
                table.places,
                self._group,
                table.start,
                table.n_bins,
                parted.rows,
                sides,
                splits.feature[chosen],
                splits.bin[chosen],
                splits.missing_left[chosen],
                parted.goes_left,
                n_left,
            ),
            shares_of(pieces[:, Piece.LAST] - pieces[:, Piece.FIRST], self.n_threads),
        )
        pieces[:, Piece.N_LEFT] = n_left
        place_children(chosen, len(chosen), first_new, n_pieces, parted)
        self._run(
            lambda thread: move_pieces(self.n_threads, self.team, parted, chosen, n_pieces, move_gradients),
            range(self.n_threads),
        )


class SparseGrower(HistGrower):
    """The tree method 'hist' on sparse rows, a `Grower`; parameters as of `HistGrower`.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
        As `sparse_table` wants it.
    """

    owner_of: ClassVar[type[RowOwner]] = SparseRowOwner

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
        self.use_table(sparse_table(X, sample_weight, max_bin, n_threads, run, cuts))


def below_all_stored(X: scipy.sparse.csr_matrix) -> NDArray[np.float32]:
    """For each column a threshold that no stored value is below, see `constraints.below_all_values`."""
    lowest = np.full(X.shape[1], np.inf)
    np.minimum.at(lowest, X.indices, X.data)
    lowest[np.isinf(lowest)] = 0.0
    return (lowest - (np.abs(lowest) + DISTANCE)).astype(np.float32)


def shares_of(work: NDArray[np.int64], n_threads: int) -> NDArray[np.int64]:
    """Ranges of tasks of about equal work, one per thread; a single one if there is little to do."""
    total = np.cumsum(work)
    if n_threads <= 1 or len(work) <= 1 or total[-1] < SHARED_WORK:
        return np.array([[0, len(work)]])
    ends = np.searchsorted(total, total[-1] * np.arange(1, n_threads + 1) / n_threads, side="left") + 1
    ends[-1] = len(work)
    shares = np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1)
    return shares[shares[:, 0] < shares[:, 1]]
