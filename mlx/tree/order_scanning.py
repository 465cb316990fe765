r"""Scanning in order: the cuts of a sorted column one by one, for one output and weights that are all positive.

The samples of a node stand sorted; from cut to cut one goes from the right side to the left, and the sums of the left
side grow by it. That is scikit-learn's way of adding, and the sums have its bits. Whether a cut is the best so far is
asked in two steps: by a form of the criterion without division, which is right but for rounding, and only where that
does not rule it out by the criterion as scikit-learn evaluates it. With l_k, r_k the weights of class k on both sides::

    Gini             W_r Σ l_k² + W_l Σ r_k² > (J + W) W_l W_r       J: the criterion of the best so far
    squared error    W_r S_l² + W_l S_r²     > J W_l W_r             S: sums of weighted targets

Where more than one sample changes sides at once (equal values, or leaves that must have so many samples) and fewer are
left behind, scikit-learn takes those from the sums of the whole node: so it is done here (`take_from_all`).

Entropy has no such form: each cut takes its logarithms. All other criteria, several outputs, monotone columns and
negative weights are scanned by `order_growing.scan`.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from .candidates import CLOSEST
from .class_impurity import GINI, LEFT, RIGHT, TOTAL, class_impurity

__all__ = ["scan_classes", "scan_values"]

# Rounding of the sums of squares of n weights, in parts of n W³.
GINI_SLACK = 2.0**-48

# Of a cut of least squares that is judged without division, with room for its rounding.
ALMOST_ONE = 1 - 1e-13


@kernel
def scan_classes(feature, of_rank, n_missing, missing_left, ranks, order, codes, weights, sums, best, part):
    """Compare the cuts between a node's sorted samples with the best so far: classes.

    Missing ones are first or last. If they are last, the cut just before them is a candidate too.
    """
    start, end, weight = part.start, part.end, part.weight
    first, last = start + n_missing * missing_left, end - n_missing * (1 - missing_left)
    weight_left, squares_left, squares_right = 0.0, 0.0, 0.0
    for k in range(sums.shape[2]):
        sums[LEFT, 0, k] = 0.0
        squares_right += sums[TOTAL, 0, k] * sums[TOTAL, 0, k]
    slack = GINI_SLACK * (end - start + sums.shape[2]) * weight * weight * weight
    is_gini, judged, best_cut, moved_to = part.criterion == GINI, best.judged, np.int64(0), start
    for cut in range(start + 1, min(last + 1, end)):
        row = order[cut - 1]
        moved, k = weights[row], codes[row, 0]
        before, of_class = sums[LEFT, 0, k], sums[TOTAL, 0, k]
        after = before + moved
        sums[LEFT, 0, k] = after
        weight_left += moved
        squares_left += moved * (before + after)
        squares_right -= moved * (of_class + of_class - before - after)
        if cut <= first or not may_cut(ranks, of_rank, cut, last, part):
            continue
        if cut - moved_to > end - cut:
            weight_left = classes_left(codes, sums, order, weights, part, cut)
            squares_left, squares_right = 0.0, 0.0
            for k in range(sums.shape[2]):
                right = sums[TOTAL, 0, k] - sums[LEFT, 0, k]
                squares_left += sums[LEFT, 0, k] * sums[LEFT, 0, k]
                squares_right += right * right
        moved_to = cut
        weight_right = weight - weight_left
        both = weight_left * weight_right
        screened = squares_left * weight_right + squares_right * weight_left + slack <= (judged + weight) * both
        if is_gini and screened and weight_right > 0.0:
            continue
        if weight_left < part.min_weight_leaf or weight_right < part.min_weight_leaf:
            continue
        for k in range(sums.shape[2]):
            sums[RIGHT, 0, k] = sums[TOTAL, 0, k] - sums[LEFT, 0, k]
        left = class_impurity(part.criterion, sums, LEFT, weight_left)
        here = -weight_right * class_impurity(part.criterion, sums, RIGHT, weight_right) - weight_left * left
        if here > judged:
            judged, best_cut, best.weight_left = here, np.int64(cut), weight_left
    if best_cut > 0:
        best.judged = judged
        keep_cut(feature, of_rank, n_missing, missing_left, ranks, best_cut, best, part)


@kernel
def classes_left(codes, sums, order, weights, part, cut):
    """Write the weights of the classes before the cut, those behind it taken from all; the weight before the cut."""
    for k in range(sums.shape[2]):
        sums[LEFT, 0, k] = sums[TOTAL, 0, k]
    weight_left = part.weight
    for p in range(part.end - 1, cut - 1, -1):
        row = order[p]
        sums[LEFT, 0, codes[row, 0]] -= weights[row]
        weight_left -= weights[row]
    return weight_left


@kernel
def scan_values(feature, of_rank, n_missing, missing_left, ranks, order, targets, weights, sums, best, part):
    """The same as `scan_classes`, for least squares of numbers."""
    start, end, weight, total = part.start, part.end, part.weight, sums[TOTAL, 0, 0]
    first, last = start + n_missing * missing_left, end - n_missing * (1 - missing_left)
    left, weight_left = 0.0, 0.0
    judged, best_cut, moved_to = best.judged, np.int64(0), start
    not_worse = judged * ALMOST_ONE
    for cut in range(start + 1, min(last + 1, end)):
        row = order[cut - 1]
        left += weights[row] * targets[row, 0]
        weight_left += weights[row]
        if cut <= first or not may_cut(ranks, of_rank, cut, last, part):
            continue
        if cut - moved_to > end - cut:
            left, weight_left = total, weight
            for p in range(end - 1, cut - 1, -1):
                left -= weights[order[p]] * targets[order[p], 0]
                weight_left -= weights[order[p]]
        moved_to = cut
        right, weight_right = total - left, weight - weight_left
        screened = left * left * weight_right + right * right * weight_left <= not_worse * (weight_left * weight_right)
        if screened and weight_right > 0.0:
            continue
        if weight_left < part.min_weight_leaf or weight_right < part.min_weight_leaf:
            continue
        here = left * left / weight_left + right * right / weight_right
        if here > judged:
            judged, best_cut, best.weight_left = here, np.int64(cut), weight_left
            not_worse = here * ALMOST_ONE
    if best_cut > 0:
        best.judged = judged
        keep_cut(feature, of_rank, n_missing, missing_left, ranks, best_cut, best, part)


@kernel(inline=True)
def may_cut(ranks, of_rank, cut, last, part):
    """Whether the values beside a cut are told apart, and both sides have the samples that a leaf needs."""
    rank, next_rank = ranks[cut - 1], ranks[cut]
    # Of many samples the rank is that of the next: there, the values need not be looked at.
    if rank == next_rank or (cut < last and of_rank[next_rank] <= of_rank[rank] + CLOSEST):
        return False
    return min(cut - part.start, part.end - cut) >= part.min_samples_leaf


@kernel
def keep_cut(feature, of_rank, n_missing, missing_left, ranks, cut, best, part):
    """Make a cut the best so far; with the threshold inf only missing values go right."""
    rank = ranks[cut - 1]
    best.feature = feature
    best.last = np.int64(rank)
    best.n_left = cut - part.start
    best.threshold = np.inf
    if n_missing == 0 or missing_left == 1 or cut < part.end - n_missing:
        best.threshold = of_rank[rank] / 2.0 + of_rank[ranks[cut]] / 2.0
    best.missing_left = missing_left if n_missing > 0 else np.int64(2 * cut > part.start + part.end)
