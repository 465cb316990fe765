"""A histogram holds, for each bin of each column, the sums of gradients and Hessians of a node's rows.

It is all that a node needs to find its best split: O(rows) once, then O(bins) per candidate column.

=============  ==================================================================  ==============================
symbol         what                                                                shape
=============  ==================================================================  ==============================
codes          words of bins of the rows (`mlx.boosting.binning`)                  (n_groups, n_samples)
rows           numbers of the rows of a node, in rising order (`partitioning`)     (n_rows,)
gradients      their g_i and h_i                                                   (n_rows, 2)
histogram      Σ g and Σ h per place, float64                                      (n_places, 2)
=============  ==================================================================  ==============================

The histogram of a parent is the sum of its children's: only the child with fewer rows is counted, and the other one is
what remains (`subtract_and_list`).

A node of few rows has most of its bins empty. It keeps a list of those that are not, and its children clear, subtract
and add up these alone (`decide_lists`).

Sums are float64: a sum of 2^20 float32 numbers in float32 would lose the digits that tell two splits apart. Each
(node, column) has one owner that adds the rows in rising order, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.intrinsics import (
    PAIR_SHIFT,
    add_pair,
    fetch_ahead,
    is_any,
    pair_at,
    pair_difference,
    pair_of,
    pair_sum,
    put_pair,
)
from ..numeric.jit import kernel
from .binning import FIRST_PLACES, LANES, LEAST_BITS, SHARED_CODES, Column, Group

__all__ = ["EVERY", "clear_group", "count_group", "decide_lists", "new_shared_lanes", "subtract_and_list"]

# A node with fewer rows than 1 / SPARSE of all: the processor no longer guesses which codes are read next.
SPARSE = 8

# In place of how many bins are listed: all of them may be occupied.
EVERY = np.iinfo(np.uint16).max

# Where more than 1 / CROWDED of a column's bins are listed, it is faster to clear all of them.
CROWDED = 4

# Nodes with fewer rows than this, for each bin of a column, pass over the bins that they do not occupy.
ROWS_PER_BIN = 4

EPS = float(np.finfo(np.float64).eps)

# Rows between the one that is counted and the one that is fetched: about as long as a load from memory takes.
AHEAD = np.uint64(24)

WORD_BYTES = np.uint64(8)

FIRST, N_LANES, N_PLAIN = int(Group.FIRST), int(Group.N_LANES), int(Group.N_PLAIN)
LANE, STRIDE, N_CODES = int(Column.LANE), int(Column.STRIDE), int(Column.N_CODES)


def new_shared_lanes() -> NDArray[np.float64]:
    """Room for the histograms of the shared lanes of one group."""
    return np.empty((LANES * (SHARED_CODES + 1), 2))


@kernel
def count_group(group, node, table, parted, histogram, shared):
    """Histograms of the columns of one group, from the rows of one node. Their places are empty (`clear_group`)."""
    own, n_plain = table.groups[group], table.groups[group, N_PLAIN]
    first_member, last_member = own[FIRST], table.groups[group + 1, FIRST]
    shared[: (own[N_LANES] - n_plain) * (SHARED_CODES + 1)] = 0.0
    first, last, side = parted.segments[node, 0], parted.segments[node, 1], parted.sides[node]
    far_apart = (last - first) * SPARSE < table.codes.shape[1]
    rows, gradients = parted.rows[side, first:last], parted.gradients[side][first:last]
    # Shifts by constants are a third faster, so the usual ones are.
    if table.lane_bits == LEAST_BITS:
        _add(table.codes[group], np.uint64(LEAST_BITS), rows, gradients, own, far_apart, histogram, shared)
    else:
        _add(table.codes[group], np.uint64(table.lane_bits), rows, gradients, own, far_apart, histogram, shared)
    for place in range(last_member - 1, first_member + n_plain - 1, -1):
        _share_out(table.members[place], own, table, shared, histogram)


@kernel(inline=True)
def _add(codes, bits, rows, gradients, group, far_apart, histogram, shared):
    """Add rows to the histograms of the lanes of one group.

    The lanes are written out, with the condition that ends a short group after each: a condition that always comes out
    the same costs nothing, and a loop over lanes costs a third more.
    """
    n_lanes, n_plain, begin = group[N_LANES], group[N_PLAIN], group[FIRST_PLACES:]
    # A code, moved up by PAIR_SHIFT: the byte of its bin within the lane's histogram.
    mask = ((np.uint64(1) << bits) - np.uint64(1)) << PAIR_SHIFT
    h0 = histogram[begin[0] :] if n_plain > 0 else shared[begin[0] :]
    h1 = histogram[begin[1] :] if n_plain > 1 else shared[begin[1] :]
    h2 = histogram[begin[2] :] if n_plain > 2 else shared[begin[2] :]
    h3 = histogram[begin[3] :] if n_plain > 3 else shared[begin[3] :]
    h4 = histogram[begin[4] :] if n_plain > 4 else shared[begin[4] :]
    h5 = histogram[begin[5] :] if n_plain > 5 else shared[begin[5] :]
    h6 = histogram[begin[6] :] if n_plain > 6 else shared[begin[6] :]
    h7 = histogram[begin[7] :] if n_plain > 7 else shared[begin[7] :]
    n_rows = np.uint64(len(rows))
    for k in range(n_rows):
        if far_apart:
            fetch_ahead(codes, np.uint64(rows[min(k + AHEAD, n_rows - np.uint64(1))]) * WORD_BYTES)
        word = codes[np.uint64(rows[k])]
        g, h = np.float64(gradients[k, 0]), np.float64(gradients[k, 1])
        add_pair(h0, (word << PAIR_SHIFT) & mask, g, h)
        word >>= bits - PAIR_SHIFT  # from now on a lane stands PAIR_SHIFT above the lowest bit
        if n_lanes > 1:
            add_pair(h1, word & mask, g, h)
        if n_lanes > 2:
            add_pair(h2, (word >> bits) & mask, g, h)
        if n_lanes > 3:
            add_pair(h3, (word >> (bits + bits)) & mask, g, h)
        word >>= bits + bits + bits
        if n_lanes > 4:
            add_pair(h4, word & mask, g, h)
        if n_lanes > 5:
            add_pair(h5, (word >> bits) & mask, g, h)
        if n_lanes > 6:
            add_pair(h6, (word >> (bits + bits)) & mask, g, h)
        if n_lanes > 7:
            add_pair(h7, (word >> (bits + bits + bits)) & mask, g, h)


@kernel
def _share_out(f, group, table, shared, histogram):
    """Histogram of a column of a shared lane: that of the largest stride first.

    The places of one code of that column lie side by side. Each such block is summed up, and added to the first one,
    which then is the lane of the columns that remain::

        strides 1, 2, 6      | 0 ... 5 | 6 ... 11 | 12 ... 17 | 18 ... 23 |      the column of stride 6 has 4 codes
        strides 1, 2         | 0 ... 5 | <---+          +           +            the lane of the other two columns
    """
    column = table.columns[f]
    lane = shared[group[FIRST_PLACES + column[LANE]] :]
    own, stride = histogram[table.start[f] : table.start[f + 1]], column[STRIDE]
    own[:] = 0.0
    for code in range(column[N_CODES]):
        G, H, first = 0.0, 0.0, np.uint64(code * stride)
        for place in range(np.uint64(stride)):
            g, h = lane[first + place, 0], lane[first + place, 1]
            G += g
            H += h
            if code > 0:
                lane[place, 0] += g
                lane[place, 1] += h
        own[code, 0], own[code, 1] = G, H


@kernel
def clear_group(group, parent_bins, table, histogram):
    """Make the histograms of a group's columns empty: of the bins that a node's parent occupies, if they are listed.

    Those of shared lanes are written over as they are.
    """
    first_member = table.groups[group, FIRST]
    for member in range(first_member, first_member + table.groups[group, N_PLAIN]):
        f = table.members[member]
        own, bins = histogram[table.start[f] : table.start[f + 1]], parent_bins[table.start[f] : table.start[f + 1]]
        n_bins, n_listed = table.n_bins[f], np.int64(bins[table.n_bins[f]])
        if n_listed * CROWDED > n_bins:  # EVERY is more than any number of bins
            own[:] = 0.0
            continue
        for place in range(np.uint64(n_listed)):
            own[np.uint64(bins[place]), 0] = own[np.uint64(bins[place]), 1] = 0.0
        own[n_bins, 0] = own[n_bins, 1] = 0.0


@kernel
def decide_lists(chosen, n_chosen, first_new, table, parted, nodes):
    """Write for each child of some nodes whether its occupied bins are listed."""
    for place in range(n_chosen):
        above = nodes.facts[chosen[place]].is_listed
        for child in (first_new + 2 * place, first_new + 2 * place + 1):
            nodes.facts[child].is_listed = above or may_be_listed(child, table, parted, nodes)


@kernel
def may_be_listed(node, table, parted, nodes):
    """Whether a node has few rows, and a bin whose sums are 0 has none of them, nor in any node below.

    A histogram is a difference of sums over more rows: if a Hessian is less than their rounding, the bin of its row may
    come out as 0.
    """
    if nodes.facts[node].n_rows * len(table.n_bins) >= ROWS_PER_BIN * len(table.cuts):
        return False
    # Of n terms of one sign, each sum is off by n eps at most.
    least = nodes.facts[0].H * table.codes.shape[1] * (4.0 * EPS)
    gradients, may_be = parted.gradients[parted.sides[node]], True
    for place in range(parted.segments[node, 0], parted.segments[node, 1]):
        g, h = gradients[place, 0], gradients[place, 1]
        may_be &= (h > least) | ((g == 0.0) & (h == 0.0))  # of a row that the tree does not see, both are 0
    return may_be


@kernel
def subtract_and_list(counted, parent, counted_bins, parent_bins, n_bins, every, sums):
    """Turn the histogram of a parent into that of the child's sibling; list the bins that each of both occupies.

    ::

        parent_bins    | 0 | 3 | 4 | 9 |  ...  | 4 |      bins with rows, and at `n_bins` how many there are
        counted_bins   | 3 | 9 |                          a child has rows in bins of its parent alone
        its sibling    | 0 | 3 | 4 |                      takes the parent's place, and never overtakes the reading

    Nothing is guessed about a bin: it is written, and the next one is written over it if it is empty.

    Parameters
    ----------
    counted, parent : ndarray of float64, shape (n_bins + 1, 2)
    counted_bins, parent_bins : ndarray of uint16, shape (n_bins + 1,)
    n_bins : int
    every : ndarray of uint16
        All bins: of a parent whose bins are not listed.
    sums : ndarray of float64, shape (2, 2 * n_bins)
        Get G and H up to each occupied bin, of both, bin after bin.

    Returns
    -------
    tuple of int
        How many bins both occupy.
    """
    n_parent = np.int64(parent_bins[n_bins])
    is_listed = n_parent != EVERY
    bins = parent_bins if is_listed else every
    own_sums, its_sums = sums[0], sums[1]
    n, its_n = np.uint64(0), np.uint64(0)
    missing = np.uint64(n_bins) << PAIR_SHIFT
    own = pair_at(counted, missing)
    put_pair(parent, missing, pair_difference(pair_at(parent, missing), own))
    own_sum = its_sum = pair_of(0.0, 0.0)
    for place in range(np.uint64(n_parent if is_listed else n_bins)):
        b = np.uint64(bins[place])
        own = pair_at(counted, b << PAIR_SHIFT)
        own_sum = pair_sum(own_sum, own)
        put_pair(own_sums, n << PAIR_SHIFT, own_sum)
        counted_bins[n] = b
        n += is_any(own)
        its = pair_difference(pair_at(parent, b << PAIR_SHIFT), own)
        put_pair(parent, b << PAIR_SHIFT, its)
        its_sum = pair_sum(its_sum, its)
        put_pair(its_sums, its_n << PAIR_SHIFT, its_sum)
        parent_bins[its_n] = b
        its_n += is_any(its)
    return np.int64(n), np.int64(its_n)
