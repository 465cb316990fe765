"""An owner of rows holds a part of a table, or all of it: it counts its rows, parts them, and knows them by leaf.

What crosses the seam between owners and the tree is histograms and splits, never rows (`mlx.boosting.growing`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..numeric.team import new_team
from .binning import BinnedTable
from .nodes import Nodes
from .partitioning import (
    ROWS_PER_PIECE,
    WITH_PARENT,
    PartedRows,
    Piece,
    RowScratch,
    add_values,
    answer_rows,
    count_nodes,
    new_row_scratch,
    part_rows,
)

__all__ = ["RowOwner", "Run"]

Run = Callable[[Callable, Any], list]


class RowOwner:
    """Rows of a table, parted by node.

    Parameters
    ----------
    table : BinnedTable
        The owner's rows.
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.
    rows_per_piece : int
        Rows of a node that one task parts; it changes no result.

    Attributes
    ----------
    parted : PartedRows
        Where the rows are.
    grows_alone : bool
        Whether `growing.grow_alone` knows the table.
    """

    grows_alone: ClassVar[bool] = True

    def __init__(self, table: BinnedTable, run: Run, n_threads: int, rows_per_piece: int = ROWS_PER_PIECE) -> None:
        n = table.n_samples
        self.table, self._run, self.n_threads = table, run, n_threads
        rows = np.empty((3, n), dtype=np.int32)
        rows[0] = np.arange(n, dtype=np.int32)
        nothing = np.empty((0, 2), dtype=np.float32)
        self.parted = PartedRows(
            rows,
            (nothing, nothing, nothing),
            np.empty(n, dtype=np.uint8),
            np.zeros(0, dtype=np.int64),
            np.zeros((0, 2), dtype=np.int64),
            np.zeros((0, len(Piece)), dtype=np.int64),
            np.zeros(1, dtype=np.int64),
            rows_per_piece,
        )
        self.team = new_team(n_threads)
        self.scratch = self.new_scratch()

    def new_scratch(self) -> list[RowScratch]:
        """What each thread works in."""
        return [new_row_scratch(self.table) for _ in range(self.n_threads)]

    def start(self, gradients: NDArray[np.floating]) -> None:
        """Put all rows into the root; gradients has shape (n_samples, 2), and is not changed while the tree grows."""
        last, one, other = self.parted.gradients
        if last is not gradients:
            if one.shape != gradients.shape or one.dtype != gradients.dtype:
                one, other = np.empty_like(gradients), np.empty_like(gradients)
            self.parted = self.parted._replace(gradients=(gradients, one, other))
        self.reserve(1)
        self.parted.sides[0], self.parted.segments[0] = 0, (0, len(gradients))

    def reserve(self, n_nodes: int) -> None:
        """Make room for a tree of so many nodes."""
        sides, segments, pieces = self.parted.sides, self.parted.segments, self.parted.pieces
        n_pieces = n_nodes + self.table.n_samples // self.parted.rows_per_piece
        if n_nodes <= len(sides) and n_pieces <= len(pieces):
            return
        if n_nodes > len(sides):
            more = n_nodes - len(sides)
            sides = np.concatenate([sides, np.zeros(more, dtype=np.int64)])
            segments = np.concatenate([segments, np.zeros((more, 2), dtype=np.int64)])
        if n_pieces > len(pieces):
            pieces = np.zeros((n_pieces, len(Piece)), dtype=np.int64)
        self.parted = self.parted._replace(sides=sides, segments=segments, pieces=pieces)

    def split(self, chosen: NDArray[np.int64], nodes: Nodes, first_new: int, move_gradients: bool) -> None:
        """Part the rows of some nodes; their children, two by two, are the nodes from `first_new` on."""
        self.reserve(first_new + 2 * len(chosen))
        table, parted = self.table, self.parted
        self._run(
            lambda thread: part_rows(
                thread,
                self.n_threads,
                self.team,
                table,
                parted,
                chosen,
                len(chosen),
                nodes,
                first_new,
                move_gradients,
                self.scratch[thread].answers,
            ),
            range(self.n_threads),
        )

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Histograms of some nodes, written into the slots of `histograms`."""
        table, parted, scratch = self.table, self.parted, self.scratch
        self._run(
            lambda thread: count_nodes(
                thread, self.n_threads, self.team, table, parted, nodes, slots, histograms, scratch[thread]
            ),
            range(self.n_threads),
        )

    def n_rows(self, nodes: slice) -> NDArray[np.int64]:
        """How many rows some nodes have."""
        segments = self.parted.segments[nodes]
        return segments[:, 1] - segments[:, 0]

    def rows_of(self, node: int | np.integer, nodes: Nodes) -> NDArray[np.int32]:
        """Numbers of the rows of a node that has not been split, in rising order."""
        side, (first, last) = self.parted.sides[node], self.parted.segments[node]
        if side != WITH_PARENT:
            return self.parted.rows[side, first:last]
        parent = first
        rows = self.rows_of(parent, nodes)
        goes_left = np.empty(len(rows), dtype=np.uint8)
        answer_rows(parent, rows, self.table, nodes, self.scratch[0].answers, goes_left)
        return rows[(goes_left != 0) == (node == nodes.facts["left"][parent])]

    def add_values(self, values: NDArray[np.float32], nodes: Nodes, margin: NDArray[np.float32]) -> None:
        """Add to the margin of each row the value of the leaf it is in; values are in the order of the nodes."""
        table, parted, scratch = self.table, self.parted, self.scratch
        self._run(
            lambda thread: add_values(
                thread, self.n_threads, self.team, table, parted, nodes, values, margin, scratch[thread]
            ),
            range(self.n_threads),
        )
