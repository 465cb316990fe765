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
from .order_sorting import sort_in_order

__all__ = ["Medians", "measure_all_cuts", "medians"]


class Medians(NamedTuple):
    """Medians and errors of a node's sides, and what it takes to find them.

    Attributes
    ----------
    ranks : ndarray of uint32, shape (n_outputs, n_samples)
        Ranks of the targets.
    left_error, right_error : ndarray of float64, shape (n_samples,)
        Sums of absolute errors, over the outputs, of order[start:p + 1] and of order[p:end], at p.
    left_median, right_median : ndarray of float64, shape (n_samples,)
        Medians of the last output.
    of_node : ndarray of float64, shape (n_outputs,)
    tree : ndarray of float64, shape (n_samples + 1, 2)
        Weights, and weighted targets.
    keys, rank : ndarray of uint32, shape (n_samples,)
    place : ndarray of int64, shape (n_samples,)
    sorted : ndarray of float64, shape (n_samples,)
        Targets of the node, rising.
    """

    ranks: NDArray[np.uint32]
    left_error: NDArray[np.float64]
    right_error: NDArray[np.float64]
    left_median: NDArray[np.float64]
    right_median: NDArray[np.float64]
    of_node: NDArray[np.float64]
    tree: NDArray[np.float64]
    keys: NDArray[np.uint32]
    rank: NDArray[np.uint32]
    place: NDArray[np.int64]
    sorted: NDArray[np.float64]


def medians(targets: NDArray[np.float64]) -> Medians:
    """Room for the medians of a tree."""
    n_samples, n_outputs = targets.shape
    ranks = np.empty((n_outputs, n_samples), dtype=np.uint32)
    for output in range(n_outputs):
        ranks[output] = np.unique(targets[:, output], return_inverse=True)[1]
    errors, side_medians, (keys, rank) = (np.empty((2, n_samples), dtype=kind) for kind in (float, float, np.uint32))
    return Medians(
        ranks=ranks,
        left_error=errors[0],
        right_error=errors[1],
        left_median=side_medians[0],
        right_median=side_medians[1],
        of_node=np.empty(n_outputs),
        tree=np.empty((n_samples + 1, 2)),
        keys=keys,
        rank=rank,
        place=np.empty(n_samples, dtype=np.int64),
        sorted=np.empty(n_samples),
    )


@kernel(inner=True)
def measure_all_cuts(state, targets, samples):
    """Medians and errors of both sides of every cut of the node, whose samples stand in the order of a column."""
    start, end = samples.part[0].start, samples.part[0].end
    state.left_error[start:end] = 0.0
    state.right_error[start:end] = 0.0
    for output in range(len(state.ranks)):
        rank_targets(state, targets, samples, output, start, end)
        grow_side(state, samples, start, end, 1, state.left_error, state.left_median)
        grow_side(state, samples, start, end, -1, state.right_error, state.right_median)
        state.of_node[output] = state.right_median[start]


@kernel(inner=True)
def rank_targets(state, targets, samples, output, start, end):
    """Write the rank of each of the node's targets among them, and the targets by rank."""
    n = end - start
    for k in range(n):
        state.keys[k] = state.ranks[output, samples.order[start + k]]
        state.place[k] = k
    sort_in_order(state.keys, state.place, 0, n, samples.waiting)
    for k in range(n):
        state.rank[state.place[k]] = k
        state.sorted[k] = targets[samples.order[start + state.place[k]], output]


@kernel(inner=True)
def grow_side(state, samples, start, end, step, error, median):
    """Let samples join from one end (step 1: the left one), and write the side's median and add its error at each."""
    n, tree = end - start, state.tree
    tree[: n + 1] = 0.0
    weight = weighted = 0.0
    p = start if step > 0 else end - 1
    for _ in range(n):
        rank, w = np.int64(state.rank[p - start]), samples.weights[samples.order[p]]
        y = state.sorted[rank]
        join(tree, n, rank, w, w * y)
        weight += w
        weighted += w * y
        reached, _, _ = descend(tree, n, 0.5 * weight, True)
        passed, weight_below, weighted_below = descend(tree, n, 0.5 * weight, False)
        middle = state.sorted[passed]
        if reached != passed:
            middle = (state.sorted[reached] + state.sorted[passed]) / 2
        median[p] = middle
        above = (weighted - weighted_below) - middle * (weight - weight_below)
        error[p] += above + (middle * weight_below - weighted_below)
        p += step


@kernel(inner=True)
def join(tree, n, rank, weight, weighted):
    """Add a target to the tree, at its rank."""
    place = rank + 1
    while place <= n:
        tree[place, 0] += weight
        tree[place, 1] += weighted
        place += place & -place


@kernel(inner=True)
def descend(tree, n, target, reached):
    """Rank at which the cumulative weight passes the target, or reaches it; weight, weighted targets of those below."""
    step = 1
    while 2 * step <= n:
        step *= 2
    place, weight, weighted = 0, 0.0, 0.0
    while step > 0:
        if place + step <= n:
            here = tree[place + step, 0]
            if target > here or (target == here and not reached):
                place += step
                target -= here
                weight += here
                weighted += tree[place, 1]
        step //= 2
    return place, weight, weighted
