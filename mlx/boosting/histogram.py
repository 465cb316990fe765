"""A histogram holds, for each bin of each column, the sums of gradients and Hessians of a node's rows.

It is all that a node needs to find its best split: O(rows) once, then O(bins) per candidate column.

=============  ==================================================================  ==============================
symbol         what                                                                shape
=============  ==================================================================  ==============================
codes          bins of the rows (`mlx.boosting.binning`)                           (n_groups, n_samples, 8)
rows           numbers of the rows of a node, in rising order (`partitioning`)     (n_rows,)
gradients      their g_i and h_i                                                   (n_rows, 2)
histogram      Σ g and Σ h per place, float64                                      (n_places, 2)
=============  ==================================================================  ==============================

The histogram of a parent is the sum of its children's: only the child with fewer rows is counted, and the other one is
what remains (`subtract`).

Sums are float64: a sum of 2^20 float32 numbers in float32 would lose the digits that tell two splits apart. Each
(node, column) has one owner that adds the rows in rising order, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from ..numeric.intrinsics import PAIR_SHIFT, add_pair, fetch_ahead, load_word
from ..numeric.jit import kernel

__all__ = ["count_group", "subtract"]

# A node with fewer rows than 1 / SPARSE of all: the processor no longer guesses which codes are read next.
SPARSE = 8

# Rows between the one that is counted and the one that is fetched: about as long as a load from memory takes.
AHEAD = np.uint64(24)


@kernel(inner=True)
def count_group(group, node, table, parted, histogram):
    """Histograms of the columns of one group, from the rows of one node; what stood in their places is overwritten."""
    first_column = group * table.n_columns
    last_column = min(first_column + table.n_columns, len(table.n_bins))
    start = table.start[first_column : last_column + 1]
    histogram[start[0] : start[-1]] = 0.0
    first, last, side = parted.segments[node, 0], parted.segments[node, 1], parted.sides[node]
    far_apart = (last - first) * SPARSE < table.codes.shape[1]
    gradients = parted.gradients[side]
    _add(table.codes[group], parted.rows[side, first:last], gradients[first:last], start, far_apart, histogram)


@kernel(inner=True)
def _add(codes, rows, gradients, start, far_apart, histogram):
    """Add rows to the histograms of one group of at most eight columns.

    The columns are written out, with the condition that ends a short group after each: a condition that always comes
    out the same costs nothing, and a loop over columns costs a third more.
    """
    n_columns = len(start) - 1
    # Bits of a code. Of eight codes it is the bytes, too. Known when this is compiled: it depends on the type alone.
    bits = np.uint64(np.iinfo(codes.dtype).bits)
    # A code, moved up by PAIR_SHIFT: the byte of its bin within the column's histogram.
    mask = ((np.uint64(1) << bits) - np.uint64(1)) << PAIR_SHIFT
    second, third, fourth = bits - PAIR_SHIFT, bits + bits - PAIR_SHIFT, bits + bits + bits - PAIR_SHIFT
    h0, h1 = histogram[start[0] :], histogram[start[min(1, n_columns)] :]
    h2, h3 = histogram[start[min(2, n_columns)] :], histogram[start[min(3, n_columns)] :]
    h4, h5 = histogram[start[min(4, n_columns)] :], histogram[start[min(5, n_columns)] :]
    h6, h7 = histogram[start[min(6, n_columns)] :], histogram[start[min(7, n_columns)] :]
    n_rows = np.uint64(len(rows))
    for k in range(n_rows):
        if far_apart:
            fetch_ahead(codes, np.uint64(rows[min(k + AHEAD, n_rows - np.uint64(1))]) * bits)
        byte = np.uint64(rows[k]) * bits
        word = load_word(codes, byte)
        g, h = np.float64(gradients[k, 0]), np.float64(gradients[k, 1])
        add_pair(h0, (word << PAIR_SHIFT) & mask, g, h)
        if n_columns > 1:
            add_pair(h1, (word >> second) & mask, g, h)
        if n_columns > 2:
            add_pair(h2, (word >> third) & mask, g, h)
        if n_columns > 3:
            add_pair(h3, (word >> fourth) & mask, g, h)
        if n_columns > 4:
            # Columns 4 to 7 are the upper half of the word, or the next one if a code has two bytes.
            word = load_word(codes, byte + np.uint64(8)) if bits == np.uint64(16) else word >> np.uint64(32)
            add_pair(h4, (word << PAIR_SHIFT) & mask, g, h)
        if n_columns > 5:
            add_pair(h5, (word >> second) & mask, g, h)
        if n_columns > 6:
            add_pair(h6, (word >> third) & mask, g, h)
        if n_columns > 7:
            add_pair(h7, (word >> fourth) & mask, g, h)


@kernel(inner=True)
def subtract(parent, child):
    """Turn the histogram of a parent into that of the child's sibling."""
    for place in range(np.uint64(len(parent))):
        parent[place, 0] -= child[place, 0]
        parent[place, 1] -= child[place, 1]
