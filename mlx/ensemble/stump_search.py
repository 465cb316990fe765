"""The best stump of a round, found without looking at every cut.

A stump cuts one column in two. With the weights of each class left (s) and right (r) of the cut, the Gini impurity that
is left over falls as this score rises (L. Breiman et al., Classification and Regression Trees, 1984, section 4.3)::

    score(s) = Σ_k s_k² / Σ_k s_k  +  Σ_k r_k² / Σ_k r_k            r = totals - s

The score is convex in s. So between two cuts it is at most what it is at the corners of any polytope that holds all s
between them, and most of a column can be left out unseen. Columns are sorted once; in each round every column is
summed in blocks of `BLOCK` rows, by class::

    rows of a column, sorted   | . . . . . . . . | . . . . . . . . | . . . . . . . . |
    s at the edges             0                s1                s2              totals
    corners of a block                            s1 + (all of one class of the block, for each class)

and only blocks with a corner above the best score known yet are looked at cut by cut. Adding up a block is a tenth of
the work of scoring its cuts.

Here sums are added in whatever order is fast, so scores may be off in the last digits. `FOUND` says how far the best
cut of a column is ahead of its next best; a lead within the rounding of any order of summation is no lead, and then
`mlx.ensemble.stump_replay` takes the steps of scikit-learn's tree instead. The result is always that tree's.

=========  ===============================================================
symbol     meaning
=========  ===============================================================
order      rows by value, one line per column, shape (n_features, n_rows)
cuts       whether rows may be parted before this place of `order`
weights    row weights; for two classes those of the first are negative
codes      classes as 0 to K - 1
edges      s at the edges of blocks, shape (n_features, n_blocks + 1, K)
=========  ===============================================================
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel

__all__ = ["BLOCK", "CLOSEST", "FOUND", "Columns", "mark_cuts", "search", "workspace"]

# Rows of a block. Longer blocks have fewer corners to score, but more of their cuts must be looked at.
BLOCK = 64

# Values closer than this, in float32, are not parted (scikit-learn's FEATURE_THRESHOLD).
CLOSEST = np.float32(1e-7)

# Rounding of a sum of squares, relative to it.
ROUNDING = 1e-14

# Best cut of a column: its score, the place in `order` before which it parts, and the score of the next best.
FOUND = np.dtype([("score", np.float64), ("place", np.int64), ("next_score", np.float64)])


class Columns(NamedTuple):
    """The columns of a table, sorted."""

    values: NDArray[np.float32]  # (n_features, n_rows of the table), not sorted
    order: NDArray[np.int32]  # (n_features, n_rows with weight)
    cuts: NDArray[np.bool_]  # as order; the first is False
    tied: NDArray[np.bool_]  # (n_features,): whether two rows have the same value
    constant: NDArray[np.bool_]  # (n_features,): whether no cut is possible


class Workspace(NamedTuple):
    """Memory of the search, kept over the rounds."""

    edges: NDArray[np.float64]  # (n_features, n_blocks + 1, n_classes)
    ceilings: NDArray[np.float64]  # (n_features, n_blocks): no cut of the block scores more
    best_scores: NDArray[np.float64]  # (n_threads * 8,): best score that each thread knows, a line of the cache apart
    left: NDArray[np.float64]  # (n_threads, n_classes): s of the cut that a thread is at


def workspace(columns: Columns, n_classes: int, n_threads: int) -> Workspace:
    """Memory for `search`."""
    n_features, n_rows = columns.order.shape
    n_blocks = -(-n_rows // BLOCK)
    return Workspace(
        edges=np.zeros((n_features, n_blocks + 1, n_classes)),
        ceilings=np.empty((n_features, n_blocks)),
        best_scores=np.empty(n_threads * 8),
        left=np.empty((n_threads, n_classes)),
    )


@kernel
def mark_cuts(columns, column):
    """Where rows of a sorted column may be parted; fills `cuts`, `tied` and `constant` of the column."""
    values, order, cuts = columns.values[column], columns.order[column], columns.cuts[column]
    columns.tied[column] = False
    cuts[0] = False
    below = values[order[0]]
    for place in range(1, order.size):
        value = values[order[place]]
        columns.tied[column] |= value == below
        cuts[place] = value > np.float32(below + CLOSEST)
        below = value
    columns.constant[column] = below <= np.float32(values[order[0]] + CLOSEST)


@kernel
def search(columns, weights, codes, totals, tolerance, thread, n_threads, space, found):
    """Best cut of every column of this thread (each `n_threads`-th): fills those entries of `found`.

    `best_scores` must be -inf when the first thread begins.

    Entries are complete down to the best score of all columns, less `tolerance`: what cannot reach that may be left
    out. How much is left out depends on which thread is first; what is found above that line does not.
    """
    n_features, n_blocks = space.ceilings.shape
    for column in range(thread, n_features, n_threads):
        if not columns.constant[column]:
            _sum_blocks(columns.order[column], weights, codes, space.edges[column])
            score = _bound_blocks(columns.cuts[column], totals, space.edges[column], space.ceilings[column])
            space.best_scores[thread * 8] = max(space.best_scores[thread * 8], score)
    for column in range(thread, n_features, n_threads):
        found[column].score = found[column].next_score = -np.inf
        found[column].place = -1
        if columns.constant[column]:
            continue
        for block in range(n_blocks):
            best_score = -np.inf
            for other in range(n_threads):
                best_score = max(best_score, space.best_scores[other * 8])
            floor = best_score - tolerance
            if space.ceilings[column, block] >= floor:
                _score_cuts(columns, weights, codes, totals, floor, space, thread, column, block, found)
                space.best_scores[thread * 8] = max(best_score, found[column].score)


@kernel(reassociate=True)
def _sum_blocks(order, weights, codes, edges):
    """Weights of each class up to each edge of the blocks of a column; fills `edges`."""
    n_blocks, n_classes = edges.shape[0] - 1, edges.shape[1]
    for block in range(n_blocks):
        rows = order[block * BLOCK : (block + 1) * BLOCK]
        if n_classes == 2:
            # The sign is the class: two sums without a branch, several rows at once.
            total, difference = 0.0, 0.0
            for i in range(rows.size):
                weight = weights[rows[i]]
                total += abs(weight)
                difference += weight
            edges[block + 1, 0] = edges[block, 0] + 0.5 * (total - difference)
            edges[block + 1, 1] = edges[block, 1] + 0.5 * (total + difference)
        else:
            for k in range(n_classes):
                edges[block + 1, k] = edges[block, k]
            for i in range(rows.size):
                edges[block + 1, codes[rows[i]]] += weights[rows[i]]


@kernel
def _score(squares_left, left, squares_right, right):
    """Score of a cut from the sums of squares and the sums of s and r; a side without weight adds nothing."""
    score = squares_left / left if left > 0.0 else 0.0
    return score + squares_right / right if right > 0.0 else score


@kernel
def _bound_blocks(cuts, totals, edges, ceilings):
    """Fill `ceilings`, the most that cuts of each block can score; return the best score of a cut at an edge."""
    n_blocks, n_classes = ceilings.size, totals.size
    best = -np.inf
    total, squares = 0.0, 0.0
    for k in range(n_classes):
        total += totals[k]
        squares += totals[k] * totals[k]
    at_edge = _score(0.0, 0.0, squares, total)
    for block in range(n_blocks):
        ceiling = at_edge
        left, right, squares_left, squares_right, mass = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(n_classes):
            s = edges[block, k]
            r = totals[k] - s
            left += s
            right += r
            squares_left += s * s
            squares_right += r * r
            mass += edges[block + 1, k] - s
        for k in range(n_classes):
            # With two classes the corners are those of a rectangle; with more, those of a simplex that holds the box.
            s, m = edges[block, k], edges[block + 1, k] - edges[block, k]
            m = m if n_classes == 2 else mass
            squares_left_there = squares_left + m * (2.0 * s + m)
            squares_right_there = squares_right - m * (2.0 * (totals[k] - s) - m)
            if right <= m:  # no weight is left there: the score has no bound
                ceiling = np.inf
                break
            # The difference of squares has lost digits.
            corner = _score(squares_left_there, left + m, squares_right_there, right - m)
            corner += ROUNDING * squares_right / (right - m)
            ceiling = max(ceiling, corner)
        left, right, squares_left, squares_right = 0.0, 0.0, 0.0, 0.0
        for k in range(n_classes):
            s = edges[block + 1, k]
            r = totals[k] - s
            left += s
            right += r
            squares_left += s * s
            squares_right += r * r
        at_edge = _score(squares_left, left, squares_right, right)
        ceilings[block] = max(ceiling, at_edge)
        if block + 1 < n_blocks and cuts[(block + 1) * BLOCK]:
            best = max(best, at_edge)
    return best


@kernel
def _score_cuts(columns, weights, codes, totals, floor, space, thread, column, block, found):
    """Score the cuts of one block, and keep in `found` the best two of the column that are above `floor`."""
    order, cuts = columns.order[column], columns.cuts[column]
    s = space.left[thread]
    left, total = 0.0, 0.0
    for k in range(totals.size):
        s[k] = space.edges[column, block, k]
        left += s[k]
        total += totals[k]
    score, place, next_score = found[column].score, found[column].place, found[column].next_score
    for i in range(block * BLOCK, min((block + 1) * BLOCK, order.size)):
        if cuts[i]:
            right, squares_left, squares_right = total - left, 0.0, 0.0
            for k in range(totals.size):
                r = totals[k] - s[k]
                squares_left += s[k] * s[k]
                squares_right += r * r
            # Is squares_left / left + squares_right / right above the floor? Asked without a division.
            if squares_left * right + squares_right * left > max(floor, next_score) * (left * right):
                this = _score(squares_left, left, squares_right, right)
                if this > score:
                    score, place, next_score = this, i, score
                else:
                    next_score = max(next_score, this)
        weight = abs(weights[order[i]])
        s[codes[order[i]]] += weight
        left += weight
    found[column].score, found[column].place, found[column].next_score = score, place, next_score
