"""Partitioning keeps the rows of each node side by side, and parts them when the node is split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .binning import BinnedTable
from .histogram import build_histograms

__all__ = ["RowOwner", "Run", "shares_of"]

# Additions below which handing work to other threads costs more than it saves: about a tenth of a millisecond.
SHARED_WORK = 200_000

# Rows of a node that one task parts: a large node is shared among threads.
ROWS_PER_PIECE = 16_384

Run = Callable[[Callable, Any], list]


class RowOwner:
    """Rows of a table, parted by node, and their gradients in the same order.

    There are two of each: the rows of a node lie on one side, and those of its children, which take up the same places,
    on the other. Leaves stay where they are.

    Parameters
    ----------
    table : BinnedTable
        The owner's rows.
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.

    Attributes
    ----------
    rows : ndarray of int32, shape (2, n_samples)
        Numbers of the rows; those of a node side by side, in rising order.
    sides : ndarray of int64, shape (n_nodes,)
        Which of the two each node of the tree so far is in, by number.
    segments : ndarray of int64, shape (n_nodes, 2)
        First and last (exclusive) place in `rows` of each node.
    """

    def __init__(self, table: BinnedTable, run: Run, n_threads: int) -> None:
        self.table = table
        self.rows = np.empty((2, table.n_samples), dtype=np.int32)
        self.sides = np.empty(0, dtype=np.int64)
        self.segments = np.empty((0, 2), dtype=np.int64)
        self._gradients = np.empty((2, 0, 2), dtype=np.float32)
        self._goes_left = np.empty(table.n_samples, dtype=np.uint8)
        self._run, self._n_threads = run, n_threads

    def start(self, gradients: NDArray[np.floating]) -> None:
        """Put all rows into the root; gradients has shape (n_samples, 2)."""
        n_samples = len(gradients)
        if self._gradients.shape[1] != n_samples or self._gradients.dtype != gradients.dtype:
            self._gradients = np.empty((2, n_samples, 2), dtype=gradients.dtype)
        self._gradients[0] = gradients
        self.rows[0] = np.arange(n_samples, dtype=np.int32)
        self.sides, self.segments = np.array([0]), np.array([[0, n_samples]])

    def n_rows(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many rows some nodes have."""
        return self.segments[nodes, 1] - self.segments[nodes, 0]

    def rows_of(self, node: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows of a node that has not been split, in rising order."""
        return self.rows[self.sides[node], self.segments[node, 0] : self.segments[node, 1]]

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Write the histograms of some nodes into their slots."""
        table, segments, sides = self.table, self.segments[nodes], self.sides[nodes]
        work = np.repeat(self.n_rows(nodes) * table.n_columns, len(table.codes))
        self._run(
            lambda tasks: build_histograms(
                tasks,
                table.codes,
                table.n_columns,
                self.rows,
                self._gradients,
                sides,
                segments,
                slots,
                table.start,
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
            lambda tasks: mark_rows(
                tasks,
                pieces,
                table.codes,
                table.n_columns,
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

    def add_values(self, values: NDArray[np.float32], is_leaf: NDArray[np.bool_], margin: NDArray[np.float32]) -> None:
        """Add to the margin of each row the value of the leaf it is in; both arrays are in the order of the nodes."""
        leaves = np.flatnonzero(is_leaf)
        segments, sides = self.segments[leaves], self.sides[leaves]
        self._run(
            lambda tasks: add_leaf_values(tasks, self.rows, sides, segments, values[leaves], margin),
            shares_of(self.n_rows(leaves), self._n_threads),
        )


def shares_of(work: NDArray[np.int64], n_threads: int) -> NDArray[np.int64]:
    """Ranges of tasks of about equal work, one per thread; a single one if there is little to do."""
    total = np.cumsum(work)
    if n_threads <= 1 or len(work) <= 1 or total[-1] < SHARED_WORK:
        return np.array([[0, len(work)]])
    ends = np.searchsorted(total, total[-1] * np.arange(1, n_threads + 1) / n_threads, side="left") + 1
    ends[-1] = len(work)
    shares = np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1)
    return shares[shares[:, 0] < shares[:, 1]]


def pieces_of(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Segments cut into pieces for threads to share: (number of the segment, first place, last place) of each."""
    n_pieces = np.maximum(1, -(-(last - first) // ROWS_PER_PIECE))
    segment = np.repeat(np.arange(len(first)), n_pieces)
    begin = np.cumsum(n_pieces) - n_pieces
    start = first[segment] + ROWS_PER_PIECE * (np.arange(len(segment)) - begin[segment])
    return np.stack([segment, start, np.minimum(start + ROWS_PER_PIECE, last[segment])], axis=1)


def _targets(
    pieces: NDArray[np.int64], n_left: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the first left and the first right row of each piece go, and where the right rows of each segment begin."""
    segment = pieces[:, 0]
    left_before, right_before = (np.cumsum(n) - n for n in (n_left, pieces[:, 2] - pieces[:, 1] - n_left))
    # Counted over all segments so far; what was before the segment itself is taken off.
    opens = np.flatnonzero(np.diff(segment, prepend=-1))
    middle = first + np.add.reduceat(n_left, opens)
    left = first[segment] + left_before - left_before[opens][segment]
    right = middle[segment] + right_before - right_before[opens][segment]
    return np.stack([left, right], axis=1), middle


@kernel
def mark_rows(
    tasks, pieces, codes, n_columns, n_bins, rows, sides, feature, split_bin, missing_left, goes_left, n_left
):
    """Write which rows of some pieces go left, and how many do."""
    answers = np.empty(np.max(n_bins) + 1, dtype=np.uint8)
    for piece in range(tasks[0], tasks[1]):
        node = pieces[piece, 0]
        f = feature[node]
        own_rows, column = rows[sides[node]], codes[f // n_columns, :, f % n_columns]
        # The node's answer to each code; the highest code is that of missing values.
        for code in range(n_bins[f]):
            answers[code] = code <= split_bin[node]
        answers[n_bins[f]] = missing_left[node]
        n = np.uint64(0)
        for k in range(np.uint64(pieces[piece, 1]), np.uint64(pieces[piece, 2])):
            left = answers[np.uint64(column[np.uint64(own_rows[k])])]
            goes_left[k] = left
            n += np.uint64(left)
        n_left[piece] = n


@kernel
def move_rows(tasks, pieces, targets, goes_left, sides, rows, gradients):
    """Put the rows of some pieces, and their gradients, on the other side: left ones first, in the order they have.

    ::

        goes left           1 0 0 1 1 0
        rows, this side   [ 0 1 2 3 4 5 ]
        rows, other side  [ 0 3 4 1 2 5 ]
                            ^     ^
                            targets of the left and of the right rows; each moves on when it is used
    """
    for piece in range(tasks[0], tasks[1]):
        side = sides[pieces[piece, 0]]
        from_rows, to_rows = rows[side], rows[1 - side]
        from_gradients, to_gradients = gradients[side], gradients[1 - side]
        left, right = np.uint64(targets[piece, 0]), np.uint64(targets[piece, 1])
        for k in range(np.uint64(pieces[piece, 1]), np.uint64(pieces[piece, 2])):
            # No branch: it would be guessed wrong half of the time.
            goes = np.uint64(goes_left[k])
            target = left if goes else right
            to_rows[target] = from_rows[k]
            to_gradients[target, 0], to_gradients[target, 1] = from_gradients[k, 0], from_gradients[k, 1]
            left += goes
            right += np.uint64(1) - goes


@kernel
def add_leaf_values(tasks, rows, sides, segments, values, margin):
    """Add the value of each leaf to the margins of its rows."""
    for leaf in range(tasks[0], tasks[1]):
        own_rows, value = rows[sides[leaf]], values[leaf]
        for k in range(np.uint64(segments[leaf, 0]), np.uint64(segments[leaf, 1])):
            margin[np.uint64(own_rows[k])] += value
