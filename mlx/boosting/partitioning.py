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

    Attributes
    ----------
    rows : ndarray of int32, shape (n_samples,)
        Numbers of the rows; those of a node side by side, in rising order.
    segments : ndarray of int64, shape (n_nodes, 2)
        First and last (exclusive) place in `rows` of each node of the tree so far, by number.
    """

    def __init__(self, table: BinnedTable, run: Run, n_threads: int) -> None:
        self.table = table
        self.rows = np.empty(table.n_samples, dtype=np.int32)
        self.segments = np.empty((0, 2), dtype=np.int64)
        self._scratch = np.empty_like(self.rows)
        self._gradients = np.empty((0, 2), dtype=np.float32)
        self._run, self._n_threads = run, n_threads

    def start(self, gradients: NDArray[np.floating]) -> None:
        """Put all rows into the root; gradients has shape (n_samples, 2)."""
        self._gradients = gradients
        self.rows[:] = np.arange(len(self.rows), dtype=np.int32)
        self.segments = np.array([[0, len(self.rows)]])

    def n_rows(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of some nodes."""
        return self.segments[nodes, 1] - self.segments[nodes, 0]

    def count(self, nodes: NDArray[np.int64], slots: NDArray[np.int64], histograms: NDArray[np.float64]) -> None:
        """Write the histograms of some nodes into their slots."""
        table, segments = self.table, self.segments[nodes]
        n_groups, _, width = table.codes.shape
        work = np.repeat((segments[:, 1] - segments[:, 0]) * width, n_groups)
        self._run(
            lambda tasks: build_histograms(
                tasks, table.codes, self.rows, self._gradients, segments, slots, table.start, histograms
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
        segments = self.segments[nodes]
        middle = np.empty(len(nodes), dtype=np.int64)
        self._run(
            lambda tasks: part_rows(
                tasks,
                self.table.codes,
                self.rows,
                self._scratch,
                segments,
                feature,
                split_bin,
                missing_left,
                self.table.n_bins,
                middle,
            ),
            shares_of(segments[:, 1] - segments[:, 0], self._n_threads),
        )
        first, last = segments[:, 0], segments[:, 1]
        children = np.stack([first, middle, middle, last], axis=1).reshape(-1, 2)
        self.segments = np.concatenate([self.segments, children])

    def add_values(self, values: NDArray[np.float32], is_leaf: NDArray[np.bool_], margin: NDArray[np.float32]) -> None:
        """Add to the margin of each row the value of the leaf it is in; both arrays are in the order of the nodes."""
        segments = self.segments[is_leaf]
        self._run(
            lambda tasks: add_leaf_values(tasks, self.rows, segments, values[is_leaf], margin),
            shares_of(segments[:, 1] - segments[:, 0], self._n_threads),
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


@kernel
def part_rows(tasks, codes, rows, scratch, segments, feature, split_bin, missing_left, n_bins, middle):
    """Put the rows that go left before those that go right, within each node, and keep their order.

    ::

        rows      [ 0 1 2 3 4 5 ]   left: 0 3 4         rows      [ 0 3 4 . . . ]  left ones move up in place,
                                                        scratch   [ 1 2 5 ]        right ones wait here,
                                                        rows      [ 0 3 4 1 2 5 ]  and are copied behind them
                                                    middle[node]          ^
    """
    width = codes.shape[2]
    for node in range(tasks[0], tasks[1]):
        first, last = segments[node, 0], segments[node, 1]
        group, place = feature[node] // width, feature[node] % width
        highest, missing = split_bin[node], n_bins[feature[node]]
        column = codes[group, :, place]
        n_left, n_right = np.int64(0), np.int64(0)
        for k in range(first, last):
            row = rows[k]
            code = column[row]
            # Written to both sides, and counted on one: no branch, which would be guessed wrong half of the time.
            left = np.int64((code <= highest) | ((code == missing) & missing_left[node]))
            rows[first + n_left] = row
            scratch[first + n_right] = row
            n_left += left
            n_right += 1 - left
        middle[node] = first + n_left
        # A loop, not an assignment of slices: that one brings the text of its error along, 2 s of compiling.
        for k in range(n_right):
            rows[first + n_left + k] = scratch[first + k]


@kernel
def add_leaf_values(tasks, rows, segments, values, margin):
    """Add the value of each leaf to the margins of its rows."""
    for leaf in range(tasks[0], tasks[1]):
        for k in range(segments[leaf, 0], segments[leaf, 1]):
            margin[rows[k]] += values[leaf]
