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
from .class_impurity import class_impurity
from .key_sorting import RANK_SHIFT

__all__ = ["consider", "scan_entropy", "scan_gini", "x_log_x_table"]

CLASS_SHIFT = np.uint64(16)
LOW_16 = np.uint64(0xFFFF)

# What the quick form of Gini's criterion may be wrong by, in parts of the node's weight.
GINI_SLACK = 2.0**-44

# The same of entropy's, for each term of the sums, in parts of x log x of the node's weight.
ENTROPY_SLACK = 2.0**-49


def x_log_x_table(largest: int) -> np.ndarray:
    """X log₂ x for whole x from 0 to the largest."""
    x = np.arange(largest + 1, dtype=np.float64)
    return x * np.log2(np.maximum(x, 1.0))


@kernel(inner=True)
def scan_gini(keys, n, feature, values, samples, place, settings, weight):
    """Compare the cuts between sorted keys with the best so far, by Gini impurity."""
    best, total, left = samples.found[place], samples.total, samples.left
    left[:] = 0.0
    weight_left, squares_left, squares_right = 0.0, 0.0, 0.0
    for k in range(total.shape[1]):
        squares_right += total[0, k] * total[0, k]
    for i in range(1, n):
        key = keys[i - 1]
        moved = np.float64(key & LOW_16)
        k = (key >> CLASS_SHIFT) & LOW_16
        before = left[0, k]
        after = before + moved
        left[0, k] = after
        weight_left += moved
        # (l + w)² - l² and (r - w)² - r², which are exact
        squares_left += moved * (before + after)
        squares_right -= moved * (total[0, k] + total[0, k] - before - after)
        weight_right = weight - weight_left
        if (
            squares_left * weight_right + squares_right * weight_left > best.screen * (weight_left * weight_right)
            and key >> RANK_SHIFT != keys[i] >> RANK_SHIFT
        ):
            consider_cut(key, keys[i], i, n, feature, values, samples, place, settings, weight, weight_left)


@kernel(inner=True)
def scan_entropy(keys, n, feature, values, x_log_x, samples, place, settings, weight):
    """Compare the cuts between sorted keys with the best so far, by entropy."""
    best, total, left = samples.found[place], samples.total, samples.left
    left[:] = 0.0
    weight_left, own_left, own_right = np.int64(0), 0.0, 0.0
    whole = np.int64(weight)
    for k in range(total.shape[1]):
        own_right += x_log_x[np.int64(total[0, k])]
    slack = ENTROPY_SLACK * (n + total.shape[1]) * (x_log_x[whole] + weight)
    for i in range(1, n):
        key = keys[i - 1]
        moved = np.int64(key & LOW_16)
        k = (key >> CLASS_SHIFT) & LOW_16
        before = np.int64(left[0, k])
        after = before + moved
        of_class = np.int64(total[0, k])
        left[0, k] = np.float64(after)
        weight_left += moved
        own_left += x_log_x[after] - x_log_x[before]
        own_right += x_log_x[of_class - after] - x_log_x[of_class - before]
        if (
            own_left - x_log_x[weight_left] + own_right - x_log_x[whole - weight_left] > best.judged - slack
            and key >> RANK_SHIFT != keys[i] >> RANK_SHIFT
        ):
            consider_cut(key, keys[i], i, n, feature, values, samples, place, settings, weight, np.float64(weight_left))


@kernel(inner=True)
def consider_cut(key, next_key, n_left, n, feature, values, samples, place, settings, weight, weight_left):
    """Make a cut between two keys the best so far if it is allowed and better."""
    last = key >> RANK_SHIFT
    below, above = values[last], values[next_key >> RANK_SHIFT]
    if not above <= below + CLOSEST and consider(
        n_left, n, feature, last, samples, place, settings, weight, weight_left
    ):
        samples.found[place].threshold = below / 2.0 + above / 2.0


@kernel(inner=True)
def consider(n_left, n, feature, last, samples, place, settings, weight, weight_left):
    """Whether a split is allowed and better than the best so far, which it is then made but for its threshold."""
    best, weight_right = samples.found[place], weight - weight_left
    if min(n_left, n - n_left) < settings.min_samples_leaf:
        return False
    if min(weight_left, weight_right) * samples.unit < settings.min_weight_leaf:
        return False
    for k in range(samples.total.shape[1]):
        samples.right[0, k] = samples.total[0, k] - samples.left[0, k]
    left = class_impurity(settings.criterion, samples.left, weight_left)
    right = class_impurity(settings.criterion, samples.right, weight_right)
    judged = -weight_right * right - weight_left * left
    if judged > best.judged:
        best.judged = judged
        best.screen = judged + weight - GINI_SLACK * weight
        best.feature = feature
        best.last = np.int64(last)
        best.n_left = n_left
        best.weight_left = weight_left
        best.missing_left = np.int64(2 * n_left > n)
        return True
    return False
