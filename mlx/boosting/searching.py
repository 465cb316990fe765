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

__all__ = ["CANDIDATE", "Scan", "find_splits", "is_too_light", "new_scan"]

f32 = np.float32

# In place of a column's direction where no column has one.
UNBOUNDED = np.int8(2)


# Best split of a node on a column: a table of them has shape (n_nodes, n_features). The gain is 0 where no split lowers
# the loss. Rows up to the bin, included, go left; -1 is none of those that have a value. Of categories it tells those
# that go right, see `mlx.boosting.categories`.
CANDIDATE = np.dtype(
    [
        ("gain", np.float32),
        ("bin", np.int32),
        ("G_left", np.float64),
        ("H_left", np.float64),
        ("missing_left", np.bool_),
    ],
    align=True,
)


class Candidate(NamedTuple):
    """The same as numbers that a kernel returns."""

    gain: np.float32
    bin: np.int32
    missing_left: bool
    G_left: float
    H_left: float


class NodeFacts(NamedTuple):
    """What a search has to know of a node: few numbers, instead of all arrays of the nodes for each column.

    Attributes
    ----------
    G, H : float
        Sums of the node.
    similarity, weight : float32
        Of the node as a leaf.
    low, high : float32
        Bounds of the weights below it.
    n_rows : int
    """

    G: float
    H: float
    similarity: np.float32
    weight: np.float32
    low: np.float32
    high: np.float32
    n_rows: int


class Scan(NamedTuple):
    """Scratch of a search: the cuts of one column in the order in which they are tried.

    A cut between two bins of which the second has none of the node's rows parts them as the cut before it does, and of
    equal cuts the first one wins. Where most bins are such, they are left out.

    Attributes
    ----------
    G, H : ndarray of float64, shape (n_cuts,)
        Sums of the side that grows from cut to cut.
    bin : ndarray of int32, shape (n_cuts,)
        Bin that this side got last.
    gain : ndarray of float32, shape (n_cuts,)
    bits : ndarray of int32, shape (n_cuts,)
        The same memory as `gain`.
    categories : CategoryScratch or None
        None if no column holds categories.
    """

    G: NDArray[np.float64]
    H: NDArray[np.float64]
    bin: NDArray[np.int32]
    gain: NDArray[np.float32]
    bits: NDArray[np.int32]
    categories: CategoryScratch | None


@kernel
def find_splits(columns, counted, sibling, pool, first_new, nodes, table, rules, scan, candidates):
    """Best split of a pair of siblings, for each of some columns; where there is no sibling (a root), it is -1.

    The first node of the pair has been counted; the second one's histogram is made here, in the place of their
    parent's. Nodes are counted from `first_new` on in `candidates`.
    """
    counted_histogram, penalty, categories = pool[nodes.facts[counted].slot], rules.penalty, rules.categories
    for node in (counted, sibling):
        if node < 0:
            continue
        place, facts = node - first_new, facts_of(node, nodes, penalty)
        # One line of `allowed` is for all nodes.
        allowed, histogram = rules.allowed[min(place, len(rules.allowed) - 1)], pool[nodes.facts[node].slot]
        is_light = is_too_light(nodes.facts[node], penalty)
        for f in columns:
            if is_light:
                candidates[place, f].gain = f32(0.0)
                continue
            first, last, n_bins = table.start[f], table.start[f + 1], table.n_bins[f]
            if node == sibling:
                subtract(histogram[first:last], counted_histogram[first:last])
            mostly_missing = 2.0 * histogram[first + n_bins, 1] > facts.H
            if not allowed[f] or (mostly_missing and is_empty(histogram[first:last], n_bins)):
                candidates[place, f].gain = f32(0.0)
                continue
            direction = rules.direction[f] if len(rules.direction) > 0 else UNBOUNDED
            best = _best_split(histogram[first:last], n_bins, f, facts, direction, penalty, categories, scan)
            found = candidates[place, f]
            found.gain, found.bin, found.missing_left = best.gain, best.bin, best.missing_left
            found.G_left, found.H_left = best.G_left, best.H_left


@kernel
def is_too_light(node, penalty):
    """Whether no two children of the node could both have a cover of min_child_weight; the rest is for rounding."""
    return 2.0 * penalty.min_child_weight * (1.0 - 1e-9) > node.H


@kernel
def is_empty(histogram, n_bins):
    """Whether no row of the node has a value in the column: of a sparse table, that is most columns."""
    b = 0
    while b < n_bins and histogram[b, 0] == 0.0 and histogram[b, 1] == 0.0:
        b += 1
    return b == n_bins


@kernel
def facts_of(node, nodes, penalty):
    """What a search has to know of a node."""
    own = nodes.facts[node]
    return NodeFacts(own.G, own.H, similarity(own.G, own.H, penalty), own.weight, own.low, own.high, own.n_rows)


@kernel
def new_scan(n_bins, categories):
    """Room for a `Scan` of columns of so many bins."""
    n_cuts = np.int64(0)
    for n in n_bins:
        n_cuts = max(n_cuts, n)
    gain, scratch = np.empty(n_cuts, dtype=f32), _new_scratch(n_cuts, categories)
    bins = np.empty(n_cuts, dtype=np.int32)
    return Scan(np.empty(n_cuts), np.empty(n_cuts), bins, gain, gain.view(np.int32), scratch)


@kernel
def _new_scratch(n_categories, categories):
    # An argument that is None is known to the compiler: it leaves the other branch away, here and below.
    if categories is None:
        return None
    return new_category_scratch(n_categories)


@kernel
def _best_split(histogram, n_bins, f, node, direction, penalty, categories, scan):
    """Best split of a node on one column, of numbers or of categories."""
    if categories is not None:  # noqa: SIM102 (a test of its own: the compiler knows its answer)
        if categories.is_category[f]:
            return _best_of_categories(histogram, n_bins, node, direction, penalty, categories, scan.categories)
    return best_of_column(histogram, n_bins, node, direction, penalty, scan)


@kernel
def _best_of_categories(histogram, n_bins, node, direction, penalty, categories, scratch):
    """Best split of a node on a column of categories."""
    bounded = direction != UNBOUNDED
    direction = direction if bounded else np.int8(0)
    parent = parent_of(node.G, node.H, node.weight, bounded, direction, node.low, node.high, penalty)
    gain, split_bin, missing_left, G, H = best_category_split(histogram, n_bins, parent, penalty, categories, scratch)
    return Candidate(gain, np.int32(split_bin), missing_left, G, H)


@kernel
def best_of_column(histogram, n_bins, node, direction, penalty, scan):
    """Best split of a node on a column of numbers: the cuts forwards and, if rows are missing, backwards."""
    has_missing = histogram[n_bins, 0] != 0.0 or histogram[n_bins, 1] != 0.0
    is_sparse = node.n_rows < n_bins

    # Missing values go right. The last cut parts what is present from what is missing.
    n_cuts = _add_up(histogram, np.int64(0), np.int64(1), n_bins if has_missing else n_bins - 1, is_sparse, scan)
    _gains(n_cuts, node, direction, penalty, scan)
    best = _first_largest(scan.bits, n_cuts)
    split = Candidate(f32(0.0), np.int32(-1), False, 0.0, 0.0)
    if best >= 0:
        split = Candidate(scan.gain[best], scan.bin[best], False, scan.G[best], scan.H[best])
    if not has_missing:
        return split

    # Missing values go left. Missing ones alone on the left are another candidate only where columns have directions.
    n_cuts = n_bins - 1 if direction == UNBOUNDED else n_bins
    n_cuts = _add_up(histogram, n_bins - 1, np.int64(-1), n_cuts, is_sparse, scan)
    # Seen from the other side, a rising column falls.
    _gains(n_cuts, node, direction if direction == UNBOUNDED else np.int8(-direction), penalty, scan)
    best = _first_largest(scan.bits, n_cuts)
    if best >= 0 and scan.gain[best] > split.gain:
        G, H = node.G - scan.G[best], node.H - scan.H[best]
        split = Candidate(scan.gain[best], np.int32(scan.bin[best] - np.int32(1)), True, G, H)
    return split


@kernel
def _add_up(histogram, first, step, n_cuts, is_sparse, scan):
    """G and H of the side that grows with each cut, bins from the first on, up or down; returns how many cuts."""
    G, H, n = 0.0, 0.0, np.uint64(0)
    if not is_sparse:
        for c in range(np.uint64(n_cuts)):
            b = np.uint64(first + step * np.int64(c))
            G += histogram[b, 0]
            H += histogram[b, 1]
            scan.G[c], scan.H[c], scan.bin[c] = G, H, b
        return n_cuts
    # The bins that have rows are listed first, without a guess about any: additions wait for one another.
    for c in range(np.uint64(n_cuts)):
        b = np.uint64(first + step * np.int64(c))
        scan.bin[n] = b
        n += np.uint64((histogram[b, 0] != 0.0) | (histogram[b, 1] != 0.0))
    for c in range(n):
        b = np.uint64(scan.bin[c])
        G += histogram[b, 0]
        H += histogram[b, 1]
        scan.G[c], scan.H[c] = G, H
    return np.int64(n)


@kernel
def _gains(n_cuts, node, direction, penalty, scan):
    """Gain of each cut; 0 where it is no candidate. The direction is that of the side whose sums the scan has."""
    n, G, H, least = np.uint64(n_cuts), node.G, node.H, penalty.min_child_weight
    if direction != UNBOUNDED:
        parent = gain_of_weight(G, H, node.weight, penalty)
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = bounded_gain(g, h, G - g, H - h, parent, direction, node.low, node.high, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
    elif penalty.max_delta_step != 0.0:
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = split_gain(g, h, G - g, H - h, node.similarity, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
    else:
        _free_gains(n, G, H, node.similarity, penalty, scan.G, scan.H, scan.gain)


@kernel
def _free_gains(n, G, H, parent, penalty, side_G, side_H, gains):
    """`split_gain` for several cuts at a time: most of the time of a search."""
    least = penalty.min_child_weight
    for c in range(n):
        g, h = side_G[c], side_H[c]
        gain = free_similarity(g, h, penalty) + free_similarity(G - g, H - h, penalty) - parent
        is_candidate = (h >= least) & (H - h >= least) & (gain > f32(0.0)) & (gain < INFINITY)
        gains[c] = gain if is_candidate else f32(0.0)


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
