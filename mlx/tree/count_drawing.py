"""Thresholds that are drawn, one for each column, judged by counting (see `count_growing`).

A node's samples are looked at twice for each column: for the lowest and the highest value, between which the threshold
is drawn, and for the weights of the classes up to it.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from .candidates import CLOSEST, choose_by_gain_ratio, forget
from .class_impurity import GAIN_RATIO, LEFT
from .column_table import float32_up_to
from .count_scanning import is_large_enough, judge
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying, random_between
from .frontier import LEAF

__all__ = ["draw_cuts"]

HALF = np.uint64(32)
LOW_HALF = np.uint64(2**32 - 1)
LOW_16 = np.uint64(2**16 - 1)


@kernel
def draw_cuts(table, samples, x_log_x, draws, node, max_features):
    """Draw columns, and a threshold for each, for the best split of a node; its place among the candidates."""
    sample, values, columns = samples.sample, samples.values, table.columns
    sums, found, now = samples.sums, samples.found, samples.search[0]
    n_searched, place = np.int64(0), np.int64(0)
    forget(found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, max_features)
        if feature < 0:
            break
        least, most = take_values(columns[feature], sample, node.start, now.n, values)
        if most <= least + CLOSEST:
            found_constant(draws)
            continue
        found_varying(draws)
        # What a branch by None leaves out is not compiled: Gini's impurity knows no gain ratio.
        if x_log_x is not None and now.criterion == GAIN_RATIO:
            place = n_searched
            forget(found[place])
        threshold = random_between(draws.state[0], least, most)
        count_up_to(threshold, values, sample, node.start, feature, x_log_x, sums, found[place], now)
        if found[place].feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    if x_log_x is not None and now.criterion == GAIN_RATIO:
        return choose_by_gain_ratio(found, n_searched, node.impurity, now.weight)
    return place


@kernel
def take_values(column, sample, start, n, values):
    """Write the values of a node's samples; the lowest and the highest."""
    part, half = sample[start : start + n], n // 2
    lowest = highest = low = high = column[part[0] & LOW_HALF]
    # Two samples at a time: a comparison waits for the one before.
    for i in range(half):
        one, other = column[part[i] & LOW_HALF], column[part[half + i] & LOW_HALF]
        values[i], values[half + i] = one, other
        lowest = one if one < lowest else lowest
        highest = one if one > highest else highest
        low = other if other < low else low
        high = other if other > high else high
    for i in range(2 * half, n):
        one = column[part[i] & LOW_HALF]
        values[i] = one
        lowest = one if one < lowest else lowest
        highest = one if one > highest else highest
    return min(low, lowest), max(high, highest)


@kernel
def count_up_to(threshold, values, sample, start, feature, x_log_x, sums, best, now):
    """Compare the split at a threshold with the best so far."""
    last, part = float32_up_to(threshold), sample[start : start + now.n]
    n_left, weight_left = np.uint64(0), np.uint64(0)
    for k in range(sums.shape[2]):
        sums[LEFT, 0, k] = 0.0
    for i in range(now.n):
        # No branch: which way a sample goes would be guessed wrong half of the time.
        goes_left, label = np.uint64(values[i] <= last), part[i] >> HALF
        moved = (label & LOW_16) * goes_left
        n_left += goes_left
        weight_left += moved
        sums[LEFT, 0, label >> np.uint64(16)] += np.float64(np.int64(moved))
    if not is_large_enough(np.int64(n_left), np.float64(weight_left), now):
        return
    judged = judge(x_log_x, np.float64(weight_left), sums, now)
    if judged > best.judged:
        best.judged = judged
        best.feature = feature
        best.threshold = threshold
        best.n_left = np.int64(n_left)
        best.weight_left = np.float64(weight_left)
        best.missing_left = np.int64(2 * np.int64(n_left) > now.n)
