r"""Scanning moves sorted keys to the left one by one, and asks after each whether a cut there is the best so far.

The criterion needs divisions, or logarithms, for each candidate. A quick form of it has none, and is equal to it but
for rounding; with l_k and r_k the weights of class k on either side::

    Gini       - W_r I_r - W_l I_l = Σ l_k² / W_l + Σ r_k² / W_r - W
    entropy    - W_r I_r - W_l I_l = Σ l_k log l_k - W_l log W_l + Σ r_k log r_k - W_r log W_r

The sums change by one term when a key moves. Gini's denominators are multiplied out, and x log x of whole numbers
stands in a table. Only for a candidate that passes this screen, a few in each column, is the formula itself evaluated,
as scikit-learn evaluates it, and compared with the best.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from .candidates import CLOSEST
from .class_impurity import LEFT, RIGHT, TOTAL, entropy, gini
from .key_sorting import RANK_SHIFT

__all__ = [
    "SEARCH",
    "impurity",
    "is_large_enough",
    "judge",
    "scan_entropy",
    "scan_gini",
    "x_log_x_table",
]

CLASS_SHIFT = np.uint64(16)
LOW_16 = np.uint64(0xFFFF)

# What the quick form of Gini's criterion may be wrong by, in parts of the node's weight.
GINI_SLACK = 2.0**-44

# The same of entropy's, for each term of the sums, in parts of x log x of the node's weight.
ENTROPY_SLACK = 2.0**-49


# The node that is searched, and what a side must have. Weights are in units.
SEARCH = np.dtype(
    [
        ("criterion", np.int64),
        ("min_samples_leaf", np.int64),
        ("min_weight_leaf", np.float64),
        ("unit", np.float64),
        ("n", np.int64),
        ("first_rank", np.int64),  # place of the values of the column that is searched
        ("weight", np.float64),
    ],
    align=True,
)


def x_log_x_table(largest: int) -> np.ndarray:
    """X log₂ x for whole x from 0 to the largest."""
    x = np.arange(largest + 1, dtype=np.float64)
    return x * np.log2(np.maximum(x, 1.0))


@kernel
def impurity(x_log_x, sums, side, weight):
    """Impurity of a node, or of a side of a cut through it: Gini's if there is no table of x log x, else entropy."""
    if x_log_x is None:
        return gini(sums, side, weight)
    return entropy(sums, side, weight)


@kernel
def scan_gini(keys, row, distinct, feature, sums, best, now):
    """Compare the cuts between sorted keys with the best so far, by Gini impurity."""
    weight, weight_left, squares_left, squares_right = now.weight, 0.0, 0.0, 0.0
    for k in range(sums.shape[2]):
        sums[LEFT, 0, k] = 0.0
        squares_right += sums[TOTAL, 0, k] * sums[TOTAL, 0, k]
    key, screen, judged, n_left = keys[row, 0], best.judged + (1.0 - GINI_SLACK) * weight, best.judged, np.int64(0)
    for i in range(1, now.n):
        moved, k = np.float64(key & LOW_16), (key >> CLASS_SHIFT) & LOW_16
        before, of_class = sums[LEFT, 0, k], sums[TOTAL, 0, k]
        after = before + moved
        sums[LEFT, 0, k] = after
        weight_left += moved
        # (l + w)² - l² and (r - w)² - r², which are exact
        squares_left += moved * (before + after)
        squares_right -= moved * (of_class + of_class - before - after)
        weight_right = weight - weight_left
        last, key = key, keys[row, i]
        if squares_left * weight_right + squares_right * weight_left <= screen * (weight_left * weight_right):
            continue
        if last >> RANK_SHIFT == key >> RANK_SHIFT or not is_allowed(last, key, i, weight_left, distinct, now):
            continue
        gini_left = 1.0 - squares_left / (weight_left * weight_left)
        gini_right = 1.0 - squares_right / (weight_right * weight_right)
        here = -weight_right * gini_right - weight_left * gini_left
        if here > judged:
            judged, screen, n_left, best.weight_left = (
                here,
                here + (1.0 - GINI_SLACK) * weight,
                np.int64(i),
                weight_left,
            )
    if n_left > 0:
        keep_cut(keys, row, n_left, judged, distinct, feature, best, now)


@kernel
def scan_entropy(keys, row, distinct, feature, x_log_x, sums, best, now):
    """Compare the cuts between sorted keys with the best so far, by entropy."""
    weight, weight_left, own_left, own_right = np.int64(now.weight), np.int64(0), 0.0, 0.0
    for k in range(sums.shape[2]):
        sums[LEFT, 0, k] = 0.0
        own_right += x_log_x[np.int64(sums[TOTAL, 0, k])]
    slack = ENTROPY_SLACK * (now.n + sums.shape[2]) * (x_log_x[weight] + weight)
    key, screen, judged, n_left = keys[row, 0], best.judged - slack, best.judged, np.int64(0)
    for i in range(1, now.n):
        moved, k = np.int64(key & LOW_16), (key >> CLASS_SHIFT) & LOW_16
        before, of_class = np.int64(sums[LEFT, 0, k]), np.int64(sums[TOTAL, 0, k])
        after = before + moved
        sums[LEFT, 0, k] = np.float64(after)
        weight_left += moved
        own_left += x_log_x[after] - x_log_x[before]
        own_right += x_log_x[of_class - after] - x_log_x[of_class - before]
        last, key = key, keys[row, i]
        if own_left - x_log_x[weight_left] + own_right - x_log_x[weight - weight_left] <= screen:
            continue
        if last >> RANK_SHIFT == key >> RANK_SHIFT:
            continue
        if not is_allowed(last, key, i, np.float64(weight_left), distinct, now):
            continue
        here = judge(x_log_x, np.float64(weight_left), sums, now)
        if here > judged:
            judged, screen, n_left, best.weight_left = here, here - slack, np.int64(i), np.float64(weight_left)
    if n_left > 0:
        keep_cut(keys, row, n_left, judged, distinct, feature, best, now)


@kernel
def is_allowed(key, next_key, n_left, weight_left, distinct, now):
    """Whether there may be a cut between two keys, which have different ranks."""
    below = distinct[now.first_rank + np.int64(key >> RANK_SHIFT)]
    above = distinct[now.first_rank + np.int64(next_key >> RANK_SHIFT)]
    return above > below + CLOSEST and is_large_enough(n_left, weight_left, now)


@kernel
def is_large_enough(n_left, weight_left, now):
    """Whether both sides have the samples and the weight that a leaf needs."""
    return (
        n_left >= now.min_samples_leaf
        and now.n - n_left >= now.min_samples_leaf
        and weight_left >= now.min_weight_leaf
        and now.weight - weight_left >= now.min_weight_leaf
    )


@kernel
def keep_cut(keys, row, n_left, judged, distinct, feature, best, now):
    """Make the cut after n_left keys the best so far; its weight is kept already."""
    last, following = np.int64(keys[row, n_left - 1] >> RANK_SHIFT), np.int64(keys[row, n_left] >> RANK_SHIFT)
    best.judged = judged
    best.feature = feature
    best.threshold = distinct[now.first_rank + last] / 2.0 + distinct[now.first_rank + following] / 2.0
    best.last = last
    best.n_left = n_left
    best.missing_left = np.int64(2 * n_left > now.n)


@kernel
def judge(x_log_x, weight_left, sums, now):
    """The criterion itself, where the left side has its sums."""
    weight_right = now.weight - weight_left
    for k in range(sums.shape[2]):
        sums[RIGHT, 0, k] = sums[TOTAL, 0, k] - sums[LEFT, 0, k]
    right = impurity(x_log_x, sums, RIGHT, weight_right)
    return -weight_right * right - weight_left * impurity(x_log_x, sums, LEFT, weight_left)
