"""The stump of a round, by the steps of scikit-learn's tree: the same sums in the same order, so the same bits.

Needed where cuts score alike up to rounding (`stump_search` says when): which of them wins then depends on the order
in which weights are added, and that depends on the whole round. scikit-learn draws the columns in a random order, sorts
the rows by each in turn, and begins every sort with the order that the last one left::

    rows ── sort by 1st column ── sort by 2nd ── ... ── sort by last ── part in two ── sums of the leaves
             score its cuts       score its cuts        score its cuts

The sort is not stable: rows of equal value end in an order that depends on the one they came in. So it is made here
with the same moves (`mlx.tree.order_sorting`), except by a column without equal values, whose order is known. Only
columns in question are scored.

The steps are those of scikit-learn 1.9 (``sklearn/tree/_splitter.pyx``, ``_partitioner.pyx`` and ``_criterion.pyx``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree.feature_draws import begin_draws, draw_feature, feature_draws, found_constant, found_varying
from ..tree.key_sorting import RANK_SHIFT
from ..tree.order_sorting import AS_THEY_WERE, MOST_WAITING, sort_in_order
from .stump_search import CLOSEST, Columns

__all__ = ["ReplayedSplit", "replay"]


LOW_HALF = np.uint64(2**32 - 1)


class ReplayedSplit(NamedTuple):
    """A stump; `column` is -1 if it does not split."""

    column: int
    threshold: float
    n_left: int
    improvement: float
    leaves: NDArray[np.float64]  # (2, n_classes): weights of the classes in each leaf
    leaf_weights: NDArray[np.float64]  # (2,): the leaves' weights, added up on their own
    leaf_impurities: NDArray[np.float64]  # (2,): Gini impurities, with the rounding that scikit-learn's have


def replay(
    columns: Columns,
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    codes: NDArray[np.integer],
    totals: NDArray[np.float64],
    total: float,
    in_question: NDArray[np.bool_],
    seed: int,
) -> ReplayedSplit:
    """Stump of one round.

    Parameters
    ----------
    columns : Columns
        Sorted table.
    rows : ndarray of int64, shape (n_rows,)
        Rows with weight, ascending.
    weights : ndarray of float64, shape (n_samples,)
        Weights, none negative.
    codes : ndarray of int, shape (n_samples,)
        Classes.
    totals, total : ndarray of float64, shape (n_classes,), and float
        Weights of the classes and of all rows, added in the order of the rows.
    in_question : ndarray of bool, shape (n_features,)
        Columns that may have the best cut.
    seed : int
        State of the random stream: the first number that the tree draws from its `random_state`.

    Returns
    -------
    ReplayedSplit
    """
    leaves = np.zeros((2, totals.size))
    leaf_weights = np.zeros(2)
    draws = feature_draws(len(columns.order), seed)
    column, threshold, n_left, improvement, impurity_left, impurity_right = _replay(
        columns, rows.copy(), weights, codes, totals, total, in_question, draws, leaves, leaf_weights
    )
    leaf_impurities = np.array([impurity_left, impurity_right])
    return ReplayedSplit(column, threshold, n_left, improvement, leaves, leaf_weights, leaf_impurities)


@kernel
def _replay(columns, samples, weights, codes, totals, total, in_question, draws, leaves, leaf_weights):
    """The steps; `samples` are put in the order that scikit-learn leaves them in."""
    n_features, n_rows = columns.order.shape
    values = np.empty(n_rows, dtype=np.float32)
    left, right = np.zeros(totals.size), np.zeros(totals.size)
    best, best_column, best_place, threshold = -np.inf, -1, 0, 0.0
    begin_draws(draws, 0)
    while True:
        column = draw_feature(draws, n_features)
        if column < 0:
            break
        _sort_by(columns, column, samples, values)
        if columns.constant[column]:
            found_constant(draws)
            continue
        found_varying(draws)
        if in_question[column]:
            proxy, place = _best_cut(values, samples, weights, codes, totals, total, left, right)
            if proxy > best:
                best, best_column, best_place = proxy, column, place
                threshold = np.float64(values[place - 1]) / 2.0 + np.float64(values[place]) / 2.0
    if best_column < 0:
        return best_column, threshold, best_place, 0.0, 0.0, 0.0
    _part(columns.values[best_column], samples, threshold)
    for k in range(totals.size):
        left[k] = 0.0
    weight_left = _move_to(0, best_place, 0.0, samples, weights, codes, totals, total, left)
    weight_right = total - weight_left
    impurity, impurity_left, impurity_right = 0.0, 0.0, 0.0
    for k in range(totals.size):
        right[k] = totals[k] - left[k]
        impurity += totals[k] * totals[k]
        impurity_left += left[k] * left[k]
        impurity_right += right[k] * right[k]
    impurity = 1.0 - impurity / (total * total)
    impurity_left = 1.0 - impurity_left / (weight_left * weight_left)
    impurity_right = 1.0 - impurity_right / (weight_right * weight_right)
    improvement = impurity - (weight_right / total * impurity_right) - (weight_left / total * impurity_left)
    for i in range(n_rows):
        leaf = 0 if i < best_place else 1
        leaves[leaf, codes[samples[i]]] += weights[samples[i]]
        leaf_weights[leaf] += weights[samples[i]]
    return best_column, threshold, best_place, improvement, impurity_left, impurity_right


@kernel
def _best_cut(values, samples, weights, codes, totals, total, left, right):
    """Largest impurity improvement (up to constants) of the cuts of a sorted column, and the first such cut."""
    best, best_place = -np.inf, -1
    n_rows = samples.size
    for k in range(totals.size):
        left[k] = 0.0
    weight_left, before, place = 0.0, 0, 0
    while place < n_rows:
        place += 1
        while place < n_rows and values[place] <= np.float32(values[place - 1] + CLOSEST):
            place += 1
        if place == n_rows:
            break
        weight_left = _move_to(before, place, weight_left, samples, weights, codes, totals, total, left)
        before = place
        weight_right = total - weight_left
        squares_left, squares_right = 0.0, 0.0
        for k in range(totals.size):
            right[k] = totals[k] - left[k]
            squares_left += left[k] * left[k]
            squares_right += right[k] * right[k]
        if weight_left < 0.0 or weight_right < 0.0:
            continue
        impurity_left = 1.0 - squares_left / (weight_left * weight_left)
        impurity_right = 1.0 - squares_right / (weight_right * weight_right)
        proxy = -weight_right * impurity_right - weight_left * impurity_left
        if proxy > best:
            best, best_place = proxy, place
    return best, best_place


@kernel
def _move_to(before, place, weight_left, samples, weights, codes, totals, total, left):
    """Move the cut from `before` to `place`: update `left`, return its sum. From the end, if that is shorter."""
    n_rows = samples.size
    if place - before <= n_rows - place:
        for i in range(before, place):
            left[codes[samples[i]]] += weights[samples[i]]
            weight_left += weights[samples[i]]
        return weight_left
    for k in range(totals.size):
        left[k] = totals[k]
    weight_left = total
    for i in range(n_rows - 1, place - 1, -1):
        left[codes[samples[i]]] -= weights[samples[i]]
        weight_left -= weights[samples[i]]
    return weight_left


@kernel
def _part(values, samples, threshold):
    """Rows up to the threshold to the front, the others to the back, by swaps from both ends."""
    start, end = 0, samples.size
    while start < end:
        if values[samples[start]] <= threshold:
            start += 1
        else:
            end -= 1
            samples[start], samples[end] = samples[end], samples[start]


@kernel
def _sort_by(columns, column, samples, values):
    """Sort `samples` by a column, and fill `values`."""
    if columns.tied[column]:
        _sort_ties(columns, column, samples)
    for i in range(samples.size):
        if not columns.tied[column]:
            samples[i] = columns.order[column, i]
        values[i] = columns.values[column, samples[i]]


@kernel
def _sort_ties(columns, column, samples):
    """Sort `samples` by a column in which values are equal: those stay where scikit-learn's sort leaves them."""
    n, rank = samples.size, np.uint64(0)
    keys, rank_of = np.empty((3, n), dtype=np.uint64), np.empty(columns.values.shape[1], dtype=np.uint64)
    for i in range(n):
        row = columns.order[column, i]
        if i > 0 and columns.values[column, row] != columns.values[column, columns.order[column, i - 1]]:
            rank += np.uint64(1)
        rank_of[row] = rank
        keys[0, i] = (rank << RANK_SHIFT) | np.uint64(row)
    for i in range(n):
        keys[AS_THEY_WERE, i] = (rank_of[samples[i]] << RANK_SHIFT) | np.uint64(samples[i])
    sort_in_order(keys, n, np.int64(0), np.empty((MOST_WAITING, 3), dtype=np.int64))
    for i in range(n):
        samples[i] = np.int64(keys[AS_THEY_WERE, i] & LOW_HALF)
