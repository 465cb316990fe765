"""Thresholds that are drawn, one for each column, where samples are kept in scikit-learn's order (see `order_growing`).

The samples are parted at each threshold, as the order in which they are added up comes of all partings before.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from . import criteria
from .candidates import CLOSEST, forget
from .class_impurity import GAIN_RATIO, TOTAL
from .feature_draws import (
    begin_draws,
    draw_feature,
    end_draws,
    found_constant,
    found_varying,
    random_between,
    random_int,
)
from .frontier import LEAF
from .order_choice import choose, is_better
from .order_parting import divide

__all__ = ["search_random"]

# Added to a place, it leads to the one before: what is too large begins anew at 0.
BACK = np.uint64(2**64 - 1)


@kernel
def search_random(table, samples, codes, targets, plain, directions, draws, node, max_features):
    """Find the best of one split at random for each column drawn, and part a node's samples by it.

    If `plain` is None, a cut is judged by `criteria`, else it is one of least squares (`is_better_for_squares`).
    """
    order, weights, sums, errors = samples.order, samples.weights, samples.sums, samples.errors
    part, found, medians, state = samples.part[0], samples.found, samples.medians, draws.state[0]
    values, goes_left, keys, columns = samples.values, samples.goes_left, samples.room.keys, table.columns
    n, n_searched, place, last_seen = node.end - node.start, np.int64(0), np.int64(0), np.int64(-1)
    forget(found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, max_features)
        if feature < 0:
            break
        last_seen = feature
        lowest, highest = take_values(columns[feature], order, node.start, n, values)
        n_missing = count_missing(values, n) if table.missing[feature] else np.int64(0)
        if n_missing == n or (n_missing == 0 and highest <= lowest + CLOSEST):
            found_constant(draws)
            continue
        found_varying(draws)
        threshold = random_between(state, lowest, highest)
        missing_left = random_int(state, np.int64(0), np.int64(2)) if n_missing > 0 else np.int64(0)
        mark_values(values, n, threshold, n_missing * missing_left, goes_left)
        cut = divide(order, goes_left, node.start, n, keys)
        if part.criterion == GAIN_RATIO:
            place = n_searched
            forget(found[place])
        best = found[place]
        if plain is None:
            part.direction = np.int64(directions[feature]) if len(directions) > 0 else np.int64(0)
            criteria.reset(targets, medians, sums, errors, order, weights, part)
            better = is_better(feature, cut, best, codes, targets, sums, errors, order, weights, part)
        elif targets is not None:
            better = is_better_for_squares(feature, cut, best, targets, sums, order, weights, part)
        if better:
            best.threshold = threshold
            best.missing_left = missing_left if n_missing > 0 else np.int64(2 * cut > node.start + node.end)
        if best.feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    choose(found, n_searched, node, part)
    if node.feature != LEAF and node.feature != last_seen:
        take_values(columns[node.feature], order, node.start, n, values)
        missing_left = node.missing_left * np.int64(table.missing[node.feature])
        mark_values(values, n, node.threshold, missing_left, goes_left)
        divide(order, goes_left, node.start, n, keys)


@kernel
def take_values(column, order, start, n, values):
    """Write the values of n samples, from a place in `order` on; the lowest and the highest that is not missing."""
    part, half = order[start : start + n], n // 2
    lowest, highest = np.float32(np.inf), np.float32(-np.inf)
    low, high = lowest, highest
    # Two samples at a time: a comparison waits for the one before.
    for i in range(half):
        one, other = column[part[i]], column[part[half + i]]
        values[i], values[half + i] = one, other
        lowest = one if one < lowest else lowest
        highest = one if one > highest else highest
        low = other if other < low else low
        high = other if other > high else high
    for i in range(2 * half, n):
        one = column[part[i]]
        values[i] = one
        lowest = one if one < lowest else lowest
        highest = one if one > highest else highest
    return min(low, lowest), max(high, highest)


@kernel
def count_missing(values, n):
    """How many of n values are missing."""
    n_missing = np.int64(0)
    for i in range(n):
        n_missing += np.int64(values[i] != values[i])
    return n_missing


@kernel
def mark_values(values, n, threshold, missing_left, goes_left):
    """Write for each of n values whether it goes left: up to the threshold, and missing ones unless that is 0."""
    for i in range(n):
        goes_left[i] = np.uint8(values[i] <= threshold)
    if missing_left != 0:
        for i in range(n):
            goes_left[i] |= np.uint8(values[i] != values[i])


@kernel
def is_better_for_squares(feature, cut, best, targets, sums, order, weights, part):
    """`is_better` for one output, without bounds, of positive weights."""
    start, end = part.start, part.end
    if min(cut - start, end - cut) < part.min_samples_leaf:
        return False
    left, weight_left, sign = 0.0, 0.0, 1.0
    place, step, n = np.uint64(start), np.uint64(1), cut - start
    # The side with fewer samples is added up, and if that is the right one, taken from all, the last one first.
    if cut - start > end - cut:
        left, weight_left, sign = sums[TOTAL, 0, 0], part.weight, -1.0
        place, step, n = np.uint64(end - 1), BACK, end - cut
    for _ in range(n):
        row = order[place]
        weight = sign * weights[row]
        left += weight * targets[row, 0]
        weight_left += weight
        place += step
    right, weight_right = sums[TOTAL, 0, 0] - left, part.weight - weight_left
    if weight_left < part.min_weight_leaf or weight_right < part.min_weight_leaf:
        return False
    judged = left * left / weight_left + right * right / weight_right
    if judged > best.judged:
        best.judged = judged
        best.feature = feature
        best.n_left = cut - start
        best.weight_left = weight_left
        return True
    return False
