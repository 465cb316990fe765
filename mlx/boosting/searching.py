"""Searching tries, for each node and column, every cut of numbers, or the sets of categories that may be best.

A candidate is weighed by `mlx.boosting.splitting`; what is tried for columns of categories stands in
`mlx.boosting.categories`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.intrinsics import PAIR_SHIFT, bits_of, pair_at, pair_of, pair_sum, put_pair
from ..numeric.jit import kernel
from .categories import CategoryScratch, best_category_split, new_category_scratch, parent_of
from .histogram import EVERY, subtract_and_list
from .splitting import bounded_gain, free_similarity, gain_of_weight, similarity, split_gain

__all__ = ["CANDIDATE", "Cuts", "Scan", "find_splits", "is_too_light", "new_scan"]

f32 = np.float32

# Cuts whose gains are computed side by side.
CUTS_AT_ONCE = np.uint64(8)

# Of a float32: a larger one has larger bits, but for nan, whose bits are larger than those of infinity.
BITS_OF_INFINITY = np.int32(0x7F800000)

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
    """

    G: float
    H: float
    similarity: np.float32
    weight: np.float32
    low: np.float32
    high: np.float32


class Cuts(NamedTuple):
    """Sums and occupied bins of one node on one column.

    A cut between two bins of which the second has none of the node's rows parts them as the cut before it does, and of
    equal cuts the first one wins: so empty bins are passed over.

    Attributes
    ----------
    histogram : ndarray of float64, shape (n_bins + 1, 2)
        Of empty bins it may hold anything, if the bins are listed (`mlx.boosting.histogram`).
    n_bins : int
    bins : ndarray of uint16
        Occupied bins, in rising order.
    n_occupied : int
    sums : ndarray of float64
        G and H of the occupied bins up to each of them, one after the other.
    """

    histogram: NDArray[np.float64]
    n_bins: int
    bins: NDArray[np.uint16]
    n_occupied: int | np.integer
    sums: NDArray[np.float64]


class Scan(NamedTuple):
    """Scratch of a search.

    Attributes
    ----------
    sums : ndarray of float64, shape (2, 2 * (n_cuts + 8))
        Of the `Cuts` of both nodes of a pair.
    gain : ndarray of float32, shape (n_cuts + 8,)
        Of each cut, in the order in which they are tried.
    every : ndarray of uint16, shape (n_cuts,)
        All bins, in place of a list of occupied ones.
    nobody, nobodys_bins : ndarray of float64, shape (n_cuts + 1, 2); ndarray of uint16, shape (n_cuts + 1,)
        Histogram and list of no rows, which a root has in place of a sibling.
    categories : CategoryScratch or None
        None if no column holds categories.
    """

    sums: NDArray[np.float64]
    gain: NDArray[np.float32]
    every: NDArray[np.uint16]
    nobody: NDArray[np.float64]
    nobodys_bins: NDArray[np.uint16]
    categories: CategoryScratch | None


@kernel
def find_splits(columns, counted, sibling, pool, occupied, first_new, nodes, table, rules, scan, candidates):
    """Best split of a pair of siblings, for each of some columns; where there is no sibling (a root), it is -1.

    The first node of the pair has been counted; the second one's histogram is made here, in the place of their
    parent's. Nodes are counted from `first_new` on in `candidates`.
    """
    penalty, is_root = rules.penalty, sibling < 0
    if is_root:  # it is what remains where nobody is taken away
        counted, sibling = sibling, counted
    other, own = nodes.facts[max(counted, 0)], nodes.facts[sibling]
    facts = (facts_of(other, penalty), facts_of(own, penalty))
    is_light = (is_root or is_too_light(other, penalty), is_too_light(own, penalty))
    for nth in range(len(columns)):
        f = columns[nth]
        first, last, n_bins = table.start[f], table.start[f + 1], table.n_bins[f]
        histograms = (pool[other.slot, first:last], pool[own.slot, first:last])
        bins = (occupied[other.slot, first:last], occupied[own.slot, first:last])
        if is_root:
            histograms, bins = (scan.nobody, histograms[1]), (scan.nobodys_bins, bins[1])
        n_occupied = (np.int64(0), np.int64(0))
        if not (is_light[0] and is_light[1]):
            n_occupied = subtract_and_list(
                histograms[0], histograms[1], bins[0], bins[1], n_bins, scan.every, scan.sums
            )
            bins[0][n_bins] = n_occupied[0] if other.is_listed else EVERY
            bins[1][n_bins] = n_occupied[1] if own.is_listed else EVERY
        for side, node in enumerate((counted, sibling)):
            if node < 0:
                continue
            found, place = candidates[node - first_new, f], node - first_new
            found.gain = f32(0.0)
            # One line of `allowed` is for all nodes.
            is_allowed = rules.allowed[min(place, len(rules.allowed) - 1), f]
            if is_light[side] or not is_allowed or n_occupied[side] == 0:
                continue
            cuts = Cuts(histograms[side], n_bins, bins[side], n_occupied[side], scan.sums[side])
            direction = rules.direction[f] if len(rules.direction) > 0 else UNBOUNDED
            best = _best_split(cuts, f, facts[side], direction, penalty, rules.categories, scan)
            found.gain, found.bin, found.missing_left = best.gain, best.bin, best.missing_left
            found.G_left, found.H_left = best.G_left, best.H_left


@kernel
def is_too_light(node, penalty):
    """Whether no two children of the node could both have a cover of min_child_weight; the rest is for rounding."""
    return 2.0 * penalty.min_child_weight * (1.0 - 1e-9) > node.H


@kernel
def facts_of(node, penalty):
    """What a search has to know of a node."""
    return NodeFacts(node.G, node.H, similarity(node.G, node.H, penalty), node.weight, node.low, node.high)


def new_scan(n_cuts: int, has_categories: bool) -> Scan:
    """Room for a `Scan` of columns of so many bins."""
    n_padded = n_cuts + int(CUTS_AT_ONCE)
    sums, gain, every = np.zeros((2, 2 * n_padded)), np.empty(n_padded, dtype=f32), np.arange(n_cuts, dtype=np.uint16)
    nobody, nobodys_bins = np.zeros((n_cuts + 1, 2)), np.full(n_cuts + 1, EVERY, dtype=np.uint16)
    scratch = new_category_scratch(n_cuts) if has_categories else None
    return Scan(sums, gain, every, nobody, nobodys_bins, scratch)


@kernel
def _best_split(cuts, f, node, direction, penalty, categories, scan):
    """Best split of a node on one column, of numbers or of categories."""
    # An argument that is None is known to the compiler: it leaves the other branch away.
    if categories is not None:  # noqa: SIM102 (a test of its own: the compiler knows its answer)
        if categories.is_category[f]:
            return _best_of_categories(cuts, node, direction, penalty, categories, scan.categories)
    return best_of_column(cuts, node, direction, penalty, scan.gain)


@kernel
def _best_of_categories(cuts, node, direction, penalty, categories, scratch):
    """Best split of a node on a column of categories."""
    bounded = direction != UNBOUNDED
    direction = direction if bounded else np.int8(0)
    parent = parent_of(node.G, node.H, node.weight, bounded, direction, node.low, node.high, penalty)
    best = best_category_split(cuts.histogram, cuts.n_bins, parent, penalty, categories, scratch)
    gain, split_bin, missing_left, G, H = best
    return Candidate(gain, np.int32(split_bin), missing_left, G, H)


@kernel
def best_of_column(cuts, node, direction, penalty, gain):
    """Best split of a node on a column of numbers: the cuts forwards and, if rows are missing, backwards.

    At least one bin is occupied.
    """
    missing, bins, sums = cuts.histogram[cuts.n_bins], cuts.bins, cuts.sums
    has_missing = missing[0] != 0.0 or missing[1] != 0.0

    # Missing values go right. The cut after the last bin parts what is present from what is missing.
    is_last = bins[cuts.n_occupied - 1] == cuts.n_bins - 1
    n_cuts = cuts.n_occupied - np.int64(is_last and not has_missing)
    best = _best_cut(n_cuts, sums, node, direction, penalty, gain)
    split = Candidate(f32(0.0), np.int32(-1), False, 0.0, 0.0)
    if best >= 0:
        G, H = sums_of_cut(np.uint64(best), sums)
        split = Candidate(gain[best], np.int32(bins[best]), False, G, H)
    if not has_missing:
        return split

    # Missing values go left. Missing ones alone on the left are another candidate only where columns have directions.
    n_cuts = cuts.n_occupied - np.int64(bins[0] == 0 and direction == UNBOUNDED)
    _add_up_backwards(n_cuts, cuts)
    # Seen from the other side, a rising column falls.
    direction = direction if direction == UNBOUNDED else np.int8(-direction)
    best = _best_cut(n_cuts, sums, node, direction, penalty, gain)
    if best >= 0 and gain[best] > split.gain:
        last_left = np.int32(bins[cuts.n_occupied - 1 - best]) - 1
        G, H = sums_of_cut(np.uint64(best), sums)
        split = Candidate(gain[best], np.int32(last_left), True, node.G - G, node.H - H)
    return split


@kernel
def sums_of_cut(c, sums):
    """G and H on one side of a cut."""
    return sums[c + c], sums[c + c + np.uint64(1)]


@kernel
def _add_up_backwards(n_cuts, cuts):
    """Sums of the occupied bins from each of them on, the last one first."""
    both = pair_of(0.0, 0.0)
    for c in range(np.uint64(n_cuts)):
        b = np.uint64(cuts.bins[np.uint64(cuts.n_occupied - 1) - c])
        both = pair_sum(both, pair_at(cuts.histogram, b << PAIR_SHIFT))
        put_pair(cuts.sums, c << PAIR_SHIFT, both)


@kernel
def _best_cut(n_cuts, sums, node, direction, penalty, gains):
    """Place of the first of the cuts of largest gain, -1 if no gain is positive; what is not finite is no gain.

    Sums and direction are those of one side. The largest gain is found by its bits: those of positive floats, read as
    integers, are in the order of the floats, those of others are negative, and the largest integer is found for several
    cuts at a time, which for floats would depend on what the compiler makes of nan.
    """
    n = np.uint64(n_cuts)
    if direction != UNBOUNDED or penalty.max_delta_step != 0.0:
        largest = _limited_gains(n, sums, node, direction, penalty, gains)
    elif penalty.reg_alpha != 0.0 or penalty.min_child_weight == 0.0:
        largest = _free_gains(n, sums, node.G, node.H, node.similarity, penalty, gains)
    else:
        largest = _plain_gains(n, sums, node.G, node.H, node.similarity, penalty, gains)
    if largest >= BITS_OF_INFINITY:
        largest = _largest_finite(n, gains)
    if largest == 0:
        return -1
    place = np.uint64(0)
    while bits_of(gains[place]) != largest:
        place += np.uint64(1)
    return np.int64(place)


@kernel
def _limited_gains(n, sums, node, direction, penalty, gains):
    """Gains of cuts where weights have bounds, 0 where a side has too little cover; returns the bits of the largest."""
    G, H, least, largest = node.G, node.H, penalty.min_child_weight, np.int32(0)
    parent = gain_of_weight(G, H, node.weight, penalty)
    for c in range(n):
        g, h = sums_of_cut(c, sums)
        if direction != UNBOUNDED:
            gain = bounded_gain(g, h, G - g, H - h, parent, direction, node.low, node.high, penalty)
        else:
            gain = split_gain(g, h, G - g, H - h, node.similarity, penalty)
        gains[c] = gain if h >= least and H - h >= least else f32(0.0)
        largest = max(largest, bits_of(gains[c]))
    return largest


@kernel
def _free_gains(n, sums, G, H, parent, penalty, gains):
    """The same where they have none: `split_gain` for several cuts at a time."""
    least, largest = penalty.min_child_weight, np.int32(0)
    for c in range(n_padded(n, sums)):
        g, h = sums_of_cut(c, sums)
        gain = free_similarity(g, h, penalty) + free_similarity(G - g, H - h, penalty) - parent
        gain = gain if (h >= least) & (H - h >= least) else f32(0.0)
        gains[c] = gain
        largest = max(largest, bits_of(gain))
    return largest


@kernel
def _plain_gains(n, sums, G, H, parent, penalty, gains):
    """The same where α is 0 and min_child_weight is not, with less to ask: most of the time of a search."""
    least, reg_lambda, largest = penalty.min_child_weight, penalty.reg_lambda, np.int32(0)
    for c in range(n_padded(n, sums)):
        g, h = sums_of_cut(c, sums)
        left, right = f32(g * g) / f32(h + reg_lambda), f32((G - g) * (G - g)) / f32((H - h) + reg_lambda)
        gain = left + right - parent if (h >= least) & (H - h >= least) else f32(0.0)
        gains[c] = gain
        largest = max(largest, bits_of(gain))
    return largest


@kernel
def n_padded(n, sums):
    """A number of cuts, made a multiple of `CUTS_AT_ONCE` by cuts that are no candidates: of negative cover."""
    for c in range(CUTS_AT_ONCE):
        sums[np.uint64(2) * (n + c) + np.uint64(1)] = -1.0
    return (n + CUTS_AT_ONCE - np.uint64(1)) // CUTS_AT_ONCE * CUTS_AT_ONCE


@kernel
def _largest_finite(n, gains):
    """Make 0 of gains that are not finite, and return the bits of the largest of the others."""
    largest = np.int32(0)
    for c in range(n):
        if bits_of(gains[c]) >= BITS_OF_INFINITY:
            gains[c] = f32(0.0)
        largest = max(largest, bits_of(gains[c]))
    return largest
