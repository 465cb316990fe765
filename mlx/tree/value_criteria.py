r"""Criteria of regression, where sums are taken in the order of the samples: how far targets are from what is answered.

With weights w and targets y in a node of weight W, and S = Σ w y::

                      impurity                       answer        a split is judged by
    squared_error     Σ w y² / W - (S / W)²          S / W         S_l² / W_l + S_r² / W_r
    poisson           Σ w y log (y / (S / W)) / W    S / W         S_l log₂ (S_l / W_l) + S_r log₂ (S_r / W_r)
    absolute_error    Σ w |y - m| / W                median m      what it leaves (`median_criterion`)

With several outputs sums are over them, and impurities the mean. What a split is judged by leaves out what is the same
for all splits of a node. `criteria` states what each function is to do; `class_criteria` has them for classification.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984), section 8.3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from . import median_criterion
from .class_impurity import LOG_2
from .median_criterion import Medians, medians

__all__ = [
    "ABSOLUTE_ERROR",
    "POISSON",
    "SQUARED_ERROR",
    "ValueSums",
    "begin",
    "child_impurities",
    "child_values",
    "impurity",
    "judge",
    "middle",
    "move",
    "reset",
    "value_sums",
    "write_value",
]

# Numbers of the criteria, after those of classification.
SQUARED_ERROR, POISSON, ABSOLUTE_ERROR = 3, 4, 5

# A sum of counts up to here may be 0 but for rounding; a node of no counts has no logarithm.
LEAST_SUM = 10 * float(np.finfo(np.float64).eps)


class ValueSums(NamedTuple):
    """Targets of the samples, and their weighted sums in a node and on either side of a split.

    Attributes
    ----------
    criterion : int
    targets : ndarray of float64, shape (n_samples, n_outputs)
    total, left, right : ndarray of float64, shape (n_outputs,)
    squares : ndarray of float64, shape (1,)
        Σ w y² of the node, over all outputs.
    medians : Medians
        Without room unless the criterion is the absolute error.
    """

    criterion: int
    targets: NDArray[np.float64]
    total: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    squares: NDArray[np.float64]
    medians: Medians


def value_sums(targets: NDArray[np.float64], criterion: int) -> ValueSums:
    """Room for the sums of a tree."""
    total, left, right = np.zeros((3, targets.shape[1]))
    return ValueSums(
        criterion,
        targets,
        total,
        left,
        right,
        np.zeros(1),
        medians(targets if criterion == ABSOLUTE_ERROR else targets[:0]),
    )


@kernel(inner=True)
def begin(state, samples, start, end):
    """Sum up the samples of a node."""
    part = samples.part[0]
    state.total[:] = 0.0
    part.weight = 0.0
    squares = 0.0
    for p in range(start, end):
        i = samples.order[p]
        for output in range(len(state.total)):
            y = state.targets[i, output]
            state.total[output] += samples.weights[i] * y
            squares += samples.weights[i] * y * y
        part.weight += samples.weights[i]
    state.squares[0] = squares


@kernel(inner=True)
def reset(state, samples):
    """Put all samples on the right side."""
    part = samples.part[0]
    part.cut = part.start
    part.weight_left = 0.0
    part.weight_right = part.weight
    state.left[:] = 0.0
    state.right[:] = state.total
    if state.criterion == ABSOLUTE_ERROR:
        median_criterion.measure_all_cuts(state.medians, state.targets, samples)


@kernel(inner=True)
def move(state, samples, cut):
    """Put the samples before the cut on the left side: added to it, or taken from all, whichever are fewer."""
    part = samples.part[0]
    if cut - part.cut <= part.end - cut or state.criterion == ABSOLUTE_ERROR:
        for p in range(part.cut, cut):
            i = samples.order[p]
            for output in range(len(state.total)):
                state.left[output] += samples.weights[i] * state.targets[i, output]
            part.weight_left += samples.weights[i]
    else:
        state.left[:] = state.total
        part.weight_left = part.weight
        for p in range(part.end - 1, cut - 1, -1):
            i = samples.order[p]
            for output in range(len(state.total)):
                state.left[output] -= samples.weights[i] * state.targets[i, output]
            part.weight_left -= samples.weights[i]
    part.weight_right = part.weight - part.weight_left
    for output in range(len(state.total)):
        state.right[output] = state.total[output] - state.left[output]
    part.cut = cut


@kernel(inner=True)
def impurity(state, samples, criterion):
    """Impurity of the node, all of whose samples are on the right side."""
    part = samples.part[0]
    if criterion == ABSOLUTE_ERROR:
        return state.medians.right_error[part.start] / (part.weight * len(state.total))
    if criterion == POISSON:
        return half_deviance(state, samples, part.start, part.end, state.total, part.weight)
    return variance(state.squares[0], state.total, part.weight)


@kernel(inner=True)
def child_impurities(state, samples, criterion):
    """Impurities of the two sides."""
    part = samples.part[0]
    if criterion == ABSOLUTE_ERROR:
        left = state.medians.left_error[part.cut - 1] / (part.weight_left * len(state.total))
        return left, state.medians.right_error[part.cut] / (part.weight_right * len(state.total))
    if criterion == POISSON:
        left = half_deviance(state, samples, part.start, part.cut, state.left, part.weight_left)
        return left, half_deviance(state, samples, part.cut, part.end, state.right, part.weight_right)
    squares = 0.0
    for p in range(part.start, part.cut):
        i = samples.order[p]
        for output in range(len(state.total)):
            squares += samples.weights[i] * state.targets[i, output] * state.targets[i, output]
    left = variance(squares, state.left, part.weight_left)
    return left, variance(state.squares[0] - squares, state.right, part.weight_right)


@kernel(inner=True)
def variance(squares, sums, weight):
    """Mean square less squared mean, mean over the outputs."""
    result = squares / weight
    for output in range(len(sums)):
        mean = sums[output] / weight
        result -= mean * mean
    return result / len(sums)


@kernel(inner=True)
def half_deviance(state, samples, start, end, sums, weight):
    """Half of Poisson's deviance, mean over samples and outputs; infinite where there is nothing to count."""
    result = 0.0
    for output in range(len(sums)):
        if sums[output] <= LEAST_SUM:
            return np.inf
        mean = sums[output] / weight
        for p in range(start, end):
            i = samples.order[p]
            y = state.targets[i, output]
            if y != 0.0:
                result += samples.weights[i] * (y * math.log(y / mean))
    return result / (weight * len(sums))


@kernel(inner=True)
def judge(state, samples, criterion):
    """How good the split is, the larger the better."""
    part = samples.part[0]
    if criterion == ABSOLUTE_ERROR:
        left, right = child_impurities(state, samples, criterion)
        return -part.weight_right * right - part.weight_left * left
    of_left = of_right = 0.0
    for output in range(len(state.total)):
        left, right = state.left[output], state.right[output]
        if criterion == POISSON:
            if left <= LEAST_SUM or right <= LEAST_SUM:
                return -np.inf
            of_left -= left * (math.log(left / part.weight_left) / np.float64(LOG_2))
            of_right -= right * (math.log(right / part.weight_right) / np.float64(LOG_2))
        else:
            of_left += left * left
            of_right += right * right
    if criterion == POISSON:
        return -of_left - of_right
    return of_left / part.weight_left + of_right / part.weight_right


@kernel(inner=True)
def child_values(state, samples):
    """What either side would answer, for the first output."""
    part = samples.part[0]
    if state.criterion == ABSOLUTE_ERROR:
        return state.medians.left_median[part.cut - 1], state.medians.right_median[part.cut]
    return state.left[0] / part.weight_left, state.right[0] / part.weight_right


@kernel(inner=True)
def middle(state, samples):
    """Bound between the values of the two sides."""
    part = samples.part[0]
    if state.criterion == ABSOLUTE_ERROR:
        return (state.medians.left_median[part.cut - 1] + state.medians.right_median[part.cut]) / 2
    return state.left[0] / (2 * part.weight_left) + state.right[0] / (2 * part.weight_right)


@kernel(inner=True)
def write_value(state, samples, value, lower, upper, is_bounded):
    """Write the node's answers, shape (n_outputs, 1); the first one is kept within the bounds."""
    for output in range(len(state.total)):
        if state.criterion == ABSOLUTE_ERROR:
            value[output, 0] = state.medians.of_node[output]
        else:
            value[output, 0] = state.total[output] / samples.part[0].weight
    if is_bounded:
        value[0, 0] = max(lower, min(upper, value[0, 0]))
