"""A histogram holds, for each bin of each column, the sums of gradients and Hessians of a node's rows.

It is all that a node needs to find its best split: O(rows) once, then O(bins) per candidate column.

=============  ==================================================================  ==============================
symbol         what                                                                shape
=============  ==================================================================  ==============================
codes          bins of the rows (`mlx.boosting.binning`)                           (n_groups, n_samples, width)
gradients      g_i and h_i of each row                                             (n_samples, 2)
rows           numbers of the rows, those of a node side by side, in rising order  (n_samples,)
segments       first and last (exclusive) place in `rows` of each node             (n_nodes, 2)
histograms     Σ g and Σ h per place, float64                                      (n_slots, n_places, 2)
=============  ==================================================================  ==============================

The histogram of a parent is the sum of its children's: only the child with fewer rows is counted, and the other one is
what remains (`subtract`).

Sums are float64: a sum of 2^20 float32 numbers in float32 would lose the digits that tell two splits apart. Each
(node, column) has one owner that adds the rows in rising order, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel

__all__ = ["HistogramPool", "build_histograms", "subtract"]


class HistogramPool:
    """Histograms of the nodes that wait for their split: slots that are reused, and made as they are needed.

    Attributes
    ----------
    array : ndarray of float64, shape (n_slots, n_places, 2)
        Sums of gradients and of Hessians; its memory is taken from the system when a slot is first used.
    """

    def __init__(self, n_places: int) -> None:
        self.array = np.empty((1, n_places, 2))
        self._free: list[int] = []
        self._n_taken = 0

    def clear(self) -> None:
        """Begin a tree: every slot is free."""
        self._free, self._n_taken = [], 0

    def take(self, n_slots: int) -> NDArray[np.int64]:
        """Numbers of so many free slots."""
        again, self._free = self._free[:n_slots], self._free[n_slots:]
        first = self._n_taken
        self._n_taken += n_slots - len(again)
        self.reserve(self._n_taken)
        return np.array([*again, *range(first, self._n_taken)], dtype=np.int64)

    def release(self, slots: NDArray[np.int64]) -> None:
        """Give slots back whose histograms nobody needs any more."""
        self._free += slots.tolist()

    def reserve(self, n_slots: int) -> None:
        """Make at least so many slots, and keep what is in those that exist."""
        n_now, n_places, _ = self.array.shape
        if n_slots > n_now:
            larger = np.empty((max(n_slots, 2 * n_now), n_places, 2))
            larger[:n_now] = self.array
            self.array = larger


@kernel
def build_histograms(tasks, codes, rows, gradients, segments, slots, start, histograms):
    """Count some nodes: task t is the node ``t // n_groups`` of `segments` in the column group ``t % n_groups``.

    `slots` says where in `histograms` each node goes; those places are overwritten.
    """
    n_groups, _, width = codes.shape
    n_features = len(start) - 1
    for task in range(tasks[0], tasks[1]):
        node, group = task // n_groups, task % n_groups
        first_column = group * width
        last_column = min(first_column + width, n_features)
        histogram = histograms[slots[node]]
        histogram[start[first_column] : start[last_column]] = 0.0
        if last_column - first_column == width == 8:
            _add_eight(codes[group], rows, gradients, segments[node], start[first_column:], histogram)
        else:
            _add(codes[group], rows, gradients, segments[node], start[first_column:last_column], histogram)


@kernel
def _add(codes, rows, gradients, segment, start, histogram):
    """Add the rows of a node to the histograms of one group of columns."""
    n_columns = len(start)
    for k in range(segment[0], segment[1]):
        i = np.uint64(rows[k])
        g, h = np.float64(gradients[i, 0]), np.float64(gradients[i, 1])
        for c in range(n_columns):
            place = np.uint64(start[c]) + codes[i, c]
            _add_pair(histogram, place, g, h)


@kernel
def _add_eight(codes, rows, gradients, segment, start, histogram):
    """`_add` for a full group, without a loop over its columns: the same sums in about two thirds of the time."""
    s0, s1, s2, s3 = np.uint64(start[0]), np.uint64(start[1]), np.uint64(start[2]), np.uint64(start[3])
    s4, s5, s6, s7 = np.uint64(start[4]), np.uint64(start[5]), np.uint64(start[6]), np.uint64(start[7])
    for k in range(segment[0], segment[1]):
        i = np.uint64(rows[k])
        g, h = np.float64(gradients[i, 0]), np.float64(gradients[i, 1])
        _add_pair(histogram, s0 + codes[i, 0], g, h)
        _add_pair(histogram, s1 + codes[i, 1], g, h)
        _add_pair(histogram, s2 + codes[i, 2], g, h)
        _add_pair(histogram, s3 + codes[i, 3], g, h)
        _add_pair(histogram, s4 + codes[i, 4], g, h)
        _add_pair(histogram, s5 + codes[i, 5], g, h)
        _add_pair(histogram, s6 + codes[i, 6], g, h)
        _add_pair(histogram, s7 + codes[i, 7], g, h)


@kernel
def _add_pair(histogram, place, g, h):
    # Both loads before both stores: the compiler then makes one 128-bit load, add and store of them.
    sum_g, sum_h = histogram[place, 0] + g, histogram[place, 1] + h
    histogram[place, 0] = sum_g
    histogram[place, 1] = sum_h


@kernel
def subtract(parent, child, first, last):
    """Turn the parent's histogram, in the places from first to last, into that of the child's sibling."""
    for place in range(first, last):
        parent[place, 0] -= child[place, 0]
        parent[place, 1] -= child[place, 1]
