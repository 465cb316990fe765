"""Searching tries, for each node and column, every cut of numbers, or the sets of categories that may be best.

A candidate is weighed by `mlx.boosting.splitting`; what is tried for columns of categories stands in
`mlx.boosting.categories`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .categories import CategoryScratch, best_category_split, new_category_scratch, parent_of
from .histogram import subtract
from .splitting import INFINITY, bounded_gain, free_similarity, gain_of_weight, similarity, split_gain

__all__ = ["Candidates", "Scan", "find_splits", "new_scan"]

f32 = np.float32


class Candidates(NamedTuple):
    """Best split of each node on each column.

    Attributes
    ----------
    gain : ndarray of float32, shape (n_nodes, n_features)
        0 where no split lowers the loss.
    bin : ndarray of int32, shape (n_nodes, n_features)
        Rows up to this bin, included, go left; -1 is none of those that have a value. Of categories it tells those
        that go right, see `mlx.boosting.categories`.
    missing_left : ndarray of bool, shape (n_nodes, n_features)
    left_sums : ndarray of float64, shape (n_nodes, n_features, 2)
        G and H of the left child.
    """

    gain: NDArray[np.float32]
    bin: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    left_sums: NDArray[np.float64]


class Scan(NamedTuple):
    """Scratch of a search: the cuts of one column in the order in which they are tried.

    Attributes
    ----------
    G, H : ndarray of float64, shape (n_cuts,)
        Sums of the side that grows from cut to cut.
    gain : ndarray of float32, shape (n_cuts,)
    bits : ndarray of int32, shape (n_cuts,)
        The same memory as `gain`.
    categories : CategoryScratch or None
        None if no column holds categories.
    """

    G: NDArray[np.float64]
    H: NDArray[np.float64]
    gain: NDArray[np.float32]
    bits: NDArray[np.int32]
    categories: CategoryScratch | None


@kernel
def find_splits(first_column, last_column, counted, sibling, pool, first_new, nodes, table, rules, scan, candidates):
    """Best split of a pair of siblings, for each of some columns; where there is no sibling (a root), it is -1.

    The first node of the pair has been counted; the second one's histogram is made here, in the place of their
    parent's. Nodes are counted from `first_new` on in `candidates`.
    """
    own = pool[nodes.slot[counted]]
    for f in range(first_column, last_column):
        first, last, n_bins = table.start[f], table.start[f + 1], table.n_bins[f]
        if sibling >= 0:
            other = pool[nodes.slot[sibling]]
            subtract(other[first:last], own[first:last])
            _find_split(other[first:last], n_bins, f, sibling, first_new, nodes, rules, scan, candidates)
        _find_split(own[first:last], n_bins, f, counted, first_new, nodes, rules, scan, candidates)


@kernel
def new_scan(n_cuts, categories):
    """Room for a `Scan` of so many cuts or categories."""
    gain = np.empty(n_cuts, dtype=f32)
    scratch = _new_scratch(n_cuts, categories)
    return Scan(np.empty(n_cuts), np.empty(n_cuts), gain, gain.view(np.int32), scratch)


@kernel
def _new_scratch(n_categories, categories):
    # An argument that is None is known to the compiler: it leaves the other branch away, here and below.
    if categories is None:
        return None
    return new_category_scratch(n_categories)


@kernel
def _find_split(histogram, n_bins, f, number, first_new, nodes, rules, scan, candidates):
    """Best split of a node on one column."""
    node = number - first_new
    # One line of `allowed` is for all nodes.
    if not rules.allowed[min(node, len(rules.allowed) - 1), f]:
        candidates.gain[node, f] = f32(0.0)
    elif not _best_of_categories(histogram, n_bins, f, number, node, nodes, rules, rules.categories, scan, candidates):
        _best_of_column(histogram, n_bins, f, number, node, nodes, rules, scan, candidates)


@kernel
def _best_of_categories(histogram, n_bins, f, number, node, nodes, rules, categories, scan, candidates):
    """Best split of a node on a column of categories; False if it is a column of numbers."""
    if categories is None:
        return False
    if not categories.is_category[f]:
        return False
    bounded = len(rules.direction) > 0
    direction = rules.direction[f] if bounded else np.int8(0)
    G, H, low, high = nodes.sums[number, 0], nodes.sums[number, 1], nodes.bounds[number, 0], nodes.bounds[number, 1]
    parent = parent_of(G, H, nodes.weight[number], bounded, direction, low, high, rules.penalty)
    best = best_category_split(histogram, n_bins, parent, rules.penalty, categories, scan.categories)
    candidates.gain[node, f] = best[0]
    candidates.bin[node, f] = best[1]
    candidates.missing_left[node, f] = best[2]
    candidates.left_sums[node, f, 0] = best[3]
    candidates.left_sums[node, f, 1] = best[4]
    return True


@kernel
def _best_of_column(histogram, n_bins, f, number, node, nodes, rules, scan, candidates):
    """Scan one column's histogram, forwards and, if rows are missing, backwards, for the best split of a node."""
    G, H = nodes.sums[number, 0], nodes.sums[number, 1]
    has_missing = histogram[n_bins, 0] != 0.0 or histogram[n_bins, 1] != 0.0

    # Missing values go right. The last cut parts what is present from what is missing.
    n_cuts = n_bins if has_missing else n_bins - 1
    _add_up(histogram, 0, 1, n_cuts, scan)
    _gains(n_cuts, G, H, number, f, True, nodes, rules, scan)
    best = _first_largest(scan.bits, n_cuts)
    gain = scan.gain[best] if best >= 0 else f32(0.0)
    candidates.gain[node, f] = gain
    candidates.bin[node, f] = best
    candidates.missing_left[node, f] = False
    if best >= 0:
        candidates.left_sums[node, f, 0] = scan.G[best]
        candidates.left_sums[node, f, 1] = scan.H[best]
    if not has_missing:
        return

    # Missing values go left. Missing ones alone on the left are another candidate only where columns have directions.
    n_cuts = n_bins if len(rules.direction) > 0 else n_bins - 1
    _add_up(histogram, n_bins - 1, -1, n_cuts, scan)
    _gains(n_cuts, G, H, number, f, False, nodes, rules, scan)
    best = _first_largest(scan.bits, n_cuts)
    if best >= 0 and scan.gain[best] > gain:
        candidates.gain[node, f] = scan.gain[best]
        candidates.bin[node, f] = n_bins - 2 - best
        candidates.missing_left[node, f] = True
        candidates.left_sums[node, f, 0] = G - scan.G[best]
        candidates.left_sums[node, f, 1] = H - scan.H[best]


@kernel
def _add_up(histogram, first, step, n_cuts, scan):
    """G and H of the side that grows with each cut: bins from the first on, in steps of 1 or -1."""
    G, H = 0.0, 0.0
    for c in range(np.uint64(n_cuts)):
        b = np.uint64(first + step * np.int64(c))
        G += histogram[b, 0]
        H += histogram[b, 1]
        scan.G[c], scan.H[c] = G, H


@kernel
def _gains(n_cuts, G, H, node, f, is_left, nodes, rules, scan):
    """Gain of each cut, `is_left` says of which side the scan has the sums; 0 where it is no candidate."""
    penalty, n = rules.penalty, np.uint64(n_cuts)
    least = penalty.min_child_weight
    if len(rules.direction) > 0:
        parent = gain_of_weight(G, H, nodes.weight[node], penalty)
        direction, low, high = rules.direction[f], nodes.bounds[node, 0], nodes.bounds[node, 1]
        # Seen from the other side, a rising column falls.
        direction = direction if is_left else -direction
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = bounded_gain(g, h, G - g, H - h, parent, direction, low, high, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
        return
    parent = similarity(G, H, penalty)
    if penalty.max_delta_step != 0.0:
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = split_gain(g, h, G - g, H - h, parent, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
        return
    # The same as `split_gain`, for several cuts at a time: three quarters of the time of a search.
    for c in range(n):
        g, h = scan.G[c], scan.H[c]
        gain = free_similarity(g, h, penalty) + free_similarity(G - g, H - h, penalty) - parent
        is_candidate = (h >= least) & (H - h >= least) & (gain > f32(0.0)) & (gain < INFINITY)
        scan.gain[c] = gain if is_candidate else f32(0.0)


@kernel
def _first_largest(bits, n_cuts):
    """Place of the first of the largest gains, -1 if all are 0.

    The bits of floats that are not negative, read as integers, are in the order of the floats; and the largest integer
    is found for several cuts at a time, which for floats would depend on what the compiler makes of nan.
    """
    largest = np.int32(0)
    for c in range(np.uint64(n_cuts)):
        largest = max(largest, bits[c])
    if largest == 0:
        return -1
    place = np.uint64(0)
    while bits[place] != largest:
        place += np.uint64(1)
    return np.int64(place)
