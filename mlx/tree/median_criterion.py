r"""The absolute error about the median, of both sides of all cuts of a node at once.

Samples join one side one by one, from the left end and from the right end of the node; after each the side's weighted
median is wanted, and its error about it. A Fenwick tree over the ranks of the targets gives both in O(log n): it holds
the weights and weighted targets of those that have joined, place j those of ranks (j - lowest bit of j, j]::

    place     1    2    3    4    5    6    7    8
    ranks     1   1-2   3   1-4   5   5-6   7   1-8

With the median m, the weight W and sum S of all, and those below the median, W_b and S_b, the error is

.. math:: (S - S_b) - m (W - W_b) + m W_b - S_b

Where the weights below and above a pair of targets are equal, the median is the middle of the pair.

Reference: P. Fenwick, "A new data structure for cumulative frequency tables", Software: Practice and Experience 24
(1994).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .key_sorting import RANK_SHIFT
from .order_sorting import AS_THEY_WERE, SortRoom, new_sort_room, sort_as_introsort

__all__ = ["LEFT_ERROR", "LEFT_MEDIAN", "RIGHT_ERROR", "RIGHT_MEDIAN", "Medians", "measure_all_cuts", "new_medians"]

LOW_HALF = np.uint64(2**32 - 1)

# Rows of `errors`.
LEFT_ERROR, RIGHT_ERROR, LEFT_MEDIAN, RIGHT_MEDIAN = np.int64(0), np.int64(1), np.int64(2), np.int64(3)


class Medians(NamedTuple):
    """What it takes to find the medians and errors of a node's sides.

    Attributes
    ----------
    ranks : ndarray of uint32, shape (n_outputs, n_samples)
        Ranks of the targets.
    of_node : ndarray of float64, shape (n_outputs,)
        Medians of the node.
    tree : ndarray of float64, shape (n_samples + 1, 2)
        Weights, and weighted targets.
    rising : ndarray of float64, shape (n_samples,)
        Targets of the node by rank.
    rank : ndarray of uint32, shape (n_samples,)
        Ranks of the node's targets among them.
    room : SortRoom
    """

    ranks: NDArray[np.uint32]
    of_node: NDArray[np.float64]
    tree: NDArray[np.float64]
    rising: NDArray[np.float64]
    rank: NDArray[np.uint32]
    room: SortRoom


def new_medians(targets: NDArray[np.float64]) -> Medians:
    """Room for the medians of a tree."""
    n_samples, n_outputs = targets.shape
    ranks = np.empty((n_outputs, n_samples), dtype=np.uint32)
    for output in range(n_outputs):
        ranks[output] = np.unique(targets[:, output], return_inverse=True)[1]
    return Medians(
        ranks=ranks,
        of_node=np.empty(n_outputs),
        tree=np.empty((n_samples + 1, 2)),
        rising=np.empty(n_samples),
        rank=np.empty(n_samples, dtype=np.uint32),
        room=new_sort_room(n_samples),
    )


@kernel
def measure_all_cuts(medians, errors, targets, order, weights, start, end):
    """Medians and errors of both sides of every cut of the node, whose samples stand in the order of a column.

    ``errors[LEFT_ERROR, p]`` is the sum of absolute errors, over the outputs, of order[start:p + 1], and
    ``errors[RIGHT_ERROR, p]`` that of order[p:end]; medians are those of the last output.
    """
    tree, rising, rank, of_node = medians.tree, medians.rising, medians.rank, medians.of_node
    errors[LEFT_ERROR, start:end] = 0.0
    errors[RIGHT_ERROR, start:end] = 0.0
    for output in range(targets.shape[1]):
        rank_targets(medians, targets, order, output, start, end)
        grow_side(tree, rising, rank, order, weights, start, end, np.int64(1), errors, LEFT_ERROR, LEFT_MEDIAN)
        grow_side(tree, rising, rank, order, weights, start, end, np.int64(-1), errors, RIGHT_ERROR, RIGHT_MEDIAN)
        of_node[output] = errors[RIGHT_MEDIAN, start]


@kernel
def rank_targets(medians, targets, order, output, start, end):
    """Write the rank of each of the node's targets among them, and the targets by rank."""
    ranks, rank, rising, room = medians.ranks, medians.rank, medians.rising, medians.room
    keys, n = room.keys, end - start
    lowest, highest = LOW_HALF, np.uint64(0)
    for k in range(n):
        own = np.uint64(ranks[output, order[start + k]])
        lowest = own if own < lowest else lowest
        highest = own if own > highest else highest
        own = (own << RANK_SHIFT) | np.uint64(k)
        keys[0, k] = own
        keys[AS_THEY_WERE, k] = own
    row = sort_as_introsort(keys, n, lowest, highest, room.bucket, room.waiting)
    for k in range(n):
        place = keys[row, k] & LOW_HALF
        rank[place] = k
        rising[k] = targets[order[start + np.int64(place)], output]


@kernel
def grow_side(tree, rising, rank, order, weights, start, end, step, errors, of_error, of_median):
    """Let samples join from one end (step 1: the left one), and write the side's median and add its error at each."""
    n = end - start
    tree[: n + 1] = 0.0
    weight = weighted = 0.0
    p = start if step > 0 else end - 1
    for _ in range(n):
        own, w = np.int64(rank[p - start]), weights[order[p]]
        y = rising[own]
        join(tree, n, own, w, w * y)
        weight += w
        weighted += w * y
        reached, _, _ = descend(tree, n, 0.5 * weight, np.int64(1))
        passed, weight_below, weighted_below = descend(tree, n, 0.5 * weight, np.int64(0))
        middle = rising[passed]
        if reached != passed:
            middle = (rising[reached] + rising[passed]) / 2
        errors[of_median, p] = middle
        above = (weighted - weighted_below) - middle * (weight - weight_below)
        errors[of_error, p] += above + (middle * weight_below - weighted_below)
        p += step


@kernel
def join(tree, n, rank, weight, weighted):
    """Add a target to the tree, at its rank."""
    place = rank + 1
    while place <= n:
        tree[place, 0] += weight
        tree[place, 1] += weighted
        place += place & -place


@kernel
def descend(tree, n, target, reached):
    """Rank at which the cumulative weight passes the target, or reaches it; weight, weighted targets of those below."""
    step = 1
    while 2 * step <= n:
        step *= 2
    place, weight, weighted = 0, 0.0, 0.0
    while step > 0:
        if place + step <= n:
            here = tree[place + step, 0]
            if target > here or (target == here and reached == 0):
                place += step
                target -= here
                weight += here
                weighted += tree[place, 1]
        step //= 2
    return place, weight, weighted
