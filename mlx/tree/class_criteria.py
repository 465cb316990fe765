"""Criteria of classification, where sums are taken in the order of the samples: weights of classes, and what they say.

`criteria` states what each function is to do; `value_criteria` has the same ones for regression.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .class_impurity import LEFT, RIGHT, TOTAL, class_impurity

__all__ = [
    "ClassSums",
    "begin",
    "child_impurities",
    "child_values",
    "class_sums",
    "impurity",
    "judge",
    "middle",
    "move",
    "reset",
    "write_value",
]


class ClassSums(NamedTuple):
    """Classes of the samples, and the weight of each class in a node and on either side of a split.

    Attributes
    ----------
    codes : ndarray of int32, shape (n_samples, n_outputs)
    sums : ndarray of float64, shape (3, n_outputs, K)
        K is the largest number of classes of an output.
    """

    codes: NDArray[np.int32]
    sums: NDArray[np.float64]


def class_sums(codes: NDArray[np.int32], n_classes: NDArray[np.int64]) -> ClassSums:
    """Room for the sums of a tree."""
    return ClassSums(codes, np.zeros((3, len(n_classes), int(n_classes.max()))))


@kernel(inner=True)
def begin(state, samples, start, end):
    """Sum up the samples of a node."""
    part, codes, sums = samples.part[0], state.codes, state.sums
    order, weights = samples.order, samples.weights
    sums[TOTAL] = 0.0
    part.weight = 0.0
    for p in range(start, end):
        i = order[p]
        for output in range(sums.shape[1]):
            sums[TOTAL, output, codes[i, output]] += weights[i]
        part.weight += weights[i]


@kernel(inner=True)
def reset(state, samples):
    """Put all samples on the right side."""
    part, sums = samples.part[0], state.sums
    part.cut = part.start
    part.weight_left = 0.0
    part.weight_right = part.weight
    sums[LEFT] = 0.0
    sums[RIGHT] = sums[TOTAL]


@kernel(inner=True)
def move(state, samples, cut):
    """Put the samples before the cut on the left side: added to it, or taken from all, whichever are fewer."""
    part, codes, sums = samples.part[0], state.codes, state.sums
    order, weights = samples.order, samples.weights
    sign, first, last = 1.0, part.cut, cut
    if cut - part.cut > part.end - cut:
        sums[LEFT] = sums[TOTAL]
        part.weight_left = part.weight
        sign, first, last = -1.0, cut, part.end
    for step in range(last - first):
        i = order[first + step if sign > 0 else last - 1 - step]
        for output in range(sums.shape[1]):
            sums[LEFT, output, codes[i, output]] += sign * weights[i]
        part.weight_left += sign * weights[i]
    part.weight_right = part.weight - part.weight_left
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            sums[RIGHT, output, k] = sums[TOTAL, output, k] - sums[LEFT, output, k]
    part.cut = cut


@kernel(inner=True)
def impurity(state, samples, criterion):
    """Impurity of the node."""
    return class_impurity(criterion, state.sums, TOTAL, samples.part[0].weight)


@kernel(inner=True)
def child_impurities(state, samples, criterion):
    """Impurities of the two sides."""
    part = samples.part[0]
    left = class_impurity(criterion, state.sums, LEFT, part.weight_left)
    return left, class_impurity(criterion, state.sums, RIGHT, part.weight_right)


@kernel(inner=True)
def judge(state, samples, criterion):
    """How good the split is: minus the impurity that it leaves."""
    part = samples.part[0]
    left, right = child_impurities(state, samples, criterion)
    return -part.weight_right * right - part.weight_left * left


@kernel(inner=True)
def child_values(state, samples):
    """Share of the first class on either side, of the first output."""
    part, sums = samples.part[0], state.sums
    return sums[LEFT, 0, 0] / part.weight_left, sums[RIGHT, 0, 0] / part.weight_right


@kernel(inner=True)
def middle(state, samples):
    """Bound between the values of the two sides."""
    part, sums = samples.part[0], state.sums
    return sums[LEFT, 0, 0] / (2 * part.weight_left) + sums[RIGHT, 0, 0] / (2 * part.weight_right)


@kernel(inner=True)
def write_value(state, samples, value, lower, upper, is_bounded):
    """Write the shares of the classes; that of the first class (of two) is kept within the bounds."""
    weight, sums = samples.part[0].weight, state.sums
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            value[output, k] = sums[TOTAL, output, k] / weight
    if is_bounded:
        value[0, 0] = max(lower, min(upper, value[0, 0]))
        value[0, 1] = 1.0 - value[0, 0]
