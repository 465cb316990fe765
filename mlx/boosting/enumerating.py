"""Enumerating tries a split between any two neighbouring values of a column, and missing values on either side.

A node sees its rows of one column by rising value, and adds them up one by one (Chen & Guestrin 2016, algorithms 1 and
3); how sums, thresholds and ties are treated stands in `exact`::

    values of a node's rows       -1  .3  .3  .9                     and two rows without a value
    upwards, missing right           |       |   |                   splits that are tried; the last one parts
    downwards, missing left      |   |       |                       those with a value from those without
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .splitting import INFINITY, bounded_gain, gain_of_weight, similarity, split_gain

__all__ = ["Candidates", "Search", "find_exact_splits"]

f32 = np.float32

# How far behind the last value of a node a threshold is, beside the value's own size.
DISTANCE = f32(1e-6)


class Candidates(NamedTuple):
    """Best split of each node of a level on each column, arrays of shape (n_nodes, n_features)."""

    gain: NDArray[np.float32]  # 0 where no split lowers the loss
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    missing_sums: NDArray[np.float64]  # G and H, shape (n_nodes, n_features, 2)


class Search(NamedTuple):
    """What the search for splits reads.

    Attributes
    ----------
    values : ndarray of float32
        Those of column f from ``value_start[f]`` on: of all rows, or of a sparse table those that are stored.
    value_start : ndarray of int64, shape (n_features + 1,)
    rows : ndarray of int32
        Places of rows among the values of their column, of each column and node, by value.
    segments : ndarray of int64, shape (n_features, n_nodes, 2)
        First and last (exclusive) place of each column and node in `rows`.
    forwards : ndarray of bool, shape (n_features,)
        Columns that are also scanned upwards.
    allowed : ndarray of bool, shape (n_nodes, n_features)
    direction : ndarray of int8, shape (n_features,) or (0,)
        See `splitting.Limits`.
    gradients : ndarray of float32 or float64, shape (n_samples, 2)
        Of a sparse table: of each value.
    gradient_start : ndarray of int64, shape (n_features,)
        Where those of the first value of each column are.
    """

    values: NDArray[np.float32]
    value_start: NDArray[np.int64]
    rows: NDArray[np.int32]
    segments: NDArray[np.int64]
    forwards: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    direction: NDArray[np.int8]
    gradients: NDArray[np.floating]
    gradient_start: NDArray[np.int64]


class Node(NamedTuple):
    """What the gain of a split of one node on one column depends on, beside the sums of a side."""

    G: float
    H: float
    gain: np.float32  # of the node as a leaf
    bounded: bool
    direction: int
    low: np.float32
    high: np.float32


@kernel
def find_exact_splits(features, search, level, penalty, candidates):
    """Best split of each node of a level on some columns, from ``features[0]`` to ``features[1]`` (exclusive)."""
    bounded = len(search.direction) > 0
    for f in range(features[0], features[1]):
        column = search.values[search.value_start[f] : search.value_start[f + 1]]
        gradients = search.gradients[search.gradient_start[f] :]
        for n in range(len(level.weight)):
            first, last = search.segments[f, n]
            if not search.allowed[n, f] or first == last:
                continue
            G, H, low, high = level.sums[n, 0], level.sums[n, 1], level.bounds[n, 0], level.bounds[n, 1]
            own = gain_of_weight(G, H, level.weight[n], penalty) if bounded else similarity(G, H, penalty)
            node = Node(G, H, own, bounded, search.direction[f] if bounded else 0, low, high)
            rows = search.rows[first:last]
            gain, threshold = f32(0), f32(0)
            if search.forwards[f]:
                gain, threshold, _, _ = scan(rows, 1, gain, column, gradients, node, penalty)
            backwards, threshold_back, g, h = scan(rows, -1, gain, column, gradients, node, penalty)
            missing_left = backwards > gain
            candidates.gain[n, f] = max(gain, backwards)
            candidates.threshold[n, f] = threshold_back if missing_left else threshold
            candidates.missing_left[n, f] = missing_left
            if last - first < level.n_rows[n]:
                candidates.missing_sums[n, f, 0] = G - g
                candidates.missing_sums[n, f, 1] = H - h


@kernel
def scan(rows, step, best, column, gradients, node, penalty):
    """Add up rows by rising (step 1) or falling values, and split where the value changes.

    Returns the gain, if it is more than `best`, the threshold, and the sums of all rows.
    """
    least, n = penalty.min_child_weight, len(rows)
    k = 0 if step > 0 else n - 1
    g, h, before, threshold = 0.0, 0.0, column[rows[k]], f32(0)
    for _ in range(n):
        row = rows[k]
        value = column[row]
        if value != before and h != 0.0 and h >= least and node.H - h >= least:
            gain = _gain(g, h, step, node, penalty)
            if best < gain < INFINITY:
                best, threshold = gain, _middle(before, value)
        g += gradients[row, 0]
        h += gradients[row, 1]
        before = value
        k += step
    if h >= least and node.H - h >= least:
        gain = _gain(g, h, step, node, penalty)
        if best < gain < INFINITY:
            best, threshold = gain, before + f32(step) * (abs(before) + DISTANCE)
    return best, threshold, g, h


@kernel
def _gain(g, h, step, node, penalty):
    """Gain of a split, from the sums of its left side (step 1) or of its right one."""
    if not node.bounded:
        return split_gain(g, h, node.G - g, node.H - h, node.gain, penalty)
    # Seen from the other side, a rising column falls.
    direction = step * node.direction
    return bounded_gain(g, h, node.G - g, node.H - h, node.gain, direction, node.low, node.high, penalty)


@kernel
def _middle(before, value):
    """Threshold between two values; the one seen before, if rounding makes the middle the other one."""
    middle = (value + before) * f32(0.5)
    if abs(middle) == INFINITY:
        middle = value * f32(0.5) + before * f32(0.5)
    return before if middle == value else middle
