"""Growing trees on sparse rows: only how rows are counted and parted is another way than for dense ones.

With ``tree_method="hist"`` a tree on sparse rows is the tree on the same rows with NaN for what is not stored, up to
the last bits of the sums of missing values, which follow here from those of the present ones.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.team import next_task, wait_for_all
from .approx import CutAnew
from .constraints import DISTANCE
from .growing import GrowthSettings, HistGrower
from .nodes import Nodes
from .partitioning import (
    NODE,
    ROWS_PER_BLOCK,
    RowScratch,
    add_values_of_leaves,
    cut_into_pieces,
    move_pieces,
    place_children,
)
from .row_owner import RowOwner, Run
from .sampling import Sampling
from .sparse_table import SparseTable, count_entries, mark_rows_of_entries, sparse_table, table_of_cuts

__all__ = ["SparseApproxGrower", "SparseGrower", "SparseRowOwner"]


class SparseRowOwner(RowOwner):
    """Rows of a sparse table, parted by node; see `RowOwner`."""

    table: Any
    grows_alone: ClassVar[bool] = False

    def __init__(self, table: SparseTable, run: Run, n_threads: int) -> None:
        super().__init__(table, run, n_threads)  # type: ignore[arg-type]

    def new_scratch(self) -> list[RowScratch]:
        """Nothing: rows are counted and parted without."""
        return []

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Histograms of some nodes, written into the slots of `histograms`."""
        self._run(
            lambda thread: count_nodes(
                thread, self.n_threads, self.team, self.table, self.parted, nodes, slots, histograms
            ),
            range(self.n_threads),
        )

    def split(self, chosen: NDArray[np.int64], nodes: Nodes, first_new: int, move_gradients: bool) -> None:
        """Part the rows of some nodes; their children, two by two, are the nodes from `first_new` on."""
        self.reserve(first_new + 2 * len(chosen))
        table, parted, team, n_threads = self.table, self.parted, self.team, self.n_threads
        n_pieces = cut_into_pieces(chosen, len(chosen), parted)
        self._run(
            lambda thread: mark_pieces(thread, n_threads, team, table, parted, chosen, n_pieces, nodes),
            range(n_threads),
        )
        place_children(chosen, len(chosen), first_new, n_pieces, parted)
        self._run(
            lambda thread: move_pieces(thread, n_threads, team, parted, chosen, n_pieces, move_gradients),
            range(n_threads),
        )

    def add_values(self, values: NDArray[np.float32], nodes: Nodes, margin: NDArray[np.float32]) -> None:
        """Add to the margin of each row the value of the leaf it is in; values are in the order of the nodes."""
        parted, n_threads = self.parted, self.n_threads
        self._run(
            lambda thread: add_values_of_rows(thread, n_threads, self.team, parted, nodes, values, margin),
            range(n_threads),
        )


@kernel
def count_nodes(thread, n_threads, team, table, parted, nodes, slots, histograms):
    """Histograms of some nodes; a team's kernel."""
    n_groups = len(table.row_start)
    n_tasks = len(nodes) * n_groups
    task = next_task(thread, n_threads, team, n_tasks)
    while task < n_tasks:
        place = task // n_groups
        count_entries(task % n_groups, nodes[place], table, parted, histograms[slots[place]])
        task = next_task(thread, n_threads, team, n_tasks)
    wait_for_all(team, n_threads)


@kernel
def mark_pieces(thread, n_threads, team, table, parted, chosen, n_pieces, nodes):
    """Which rows of some pieces go left; a team's kernel."""
    task = next_task(thread, n_threads, team, n_pieces)
    while task < n_pieces:
        piece = parted.pieces[task]
        mark_rows_of_entries(piece, chosen[piece[NODE]], table, parted, nodes)
        task = next_task(thread, n_threads, team, n_pieces)
    wait_for_all(team, n_threads)


@kernel
def add_values_of_rows(thread, n_threads, team, parted, nodes, values, margin):
    """Add the value of each leaf to the margins of its rows; a team's kernel."""
    n_blocks = -(-len(margin) // ROWS_PER_BLOCK)
    block = next_task(thread, n_threads, team, n_blocks)
    while block < n_blocks:
        add_values_of_leaves(block, parted, nodes, values, margin)
        block = next_task(thread, n_threads, team, n_blocks)
    wait_for_all(team, n_threads)


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


class SparseApproxGrower(CutAnew, SparseGrower):
    """The tree method 'approx' on sparse rows, a `Grower`; other parameters as of `ApproxGrower`.

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
        constant_hessians: bool = False,
    ) -> None:
        super().__init__(X, sample_weight, settings, sampling, max_bin=max_bin, cuts=cuts, run=run, n_threads=n_threads)
        self._by_column = X.tocsc()
        inner = self._by_column.indptr[1:-1]
        columns = np.split(self._by_column.data, inner)
        rows = np.split(self._by_column.indices.astype(np.int32), inner)
        how = {"max_bin": max_bin, "cuts": cuts, "constant_hessians": constant_hessians}
        self.keep_columns(columns, rows, sample_weight, **how)  # type: ignore[arg-type]

    def table_of_cuts(self, columns: list[NDArray[np.float32]]) -> SparseTable:
        """Table in which each column is cut as is said."""
        return table_of_cuts(self._by_column, columns, self._n_threads, self._run)


def below_all_stored(X: scipy.sparse.csr_matrix) -> NDArray[np.float32]:
    """For each column a threshold that no stored value is below, see `constraints.below_all_values`."""
    lowest = np.full(X.shape[1], np.inf)
    np.minimum.at(lowest, X.indices, X.data)
    lowest[np.isinf(lowest)] = 0.0
    return (lowest - (np.abs(lowest) + DISTANCE)).astype(np.float32)
