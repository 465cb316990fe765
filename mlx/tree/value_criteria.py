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

import numpy as np

from ..numeric.jit import kernel
from .class_impurity import LEFT, LOG_2, RIGHT, TOTAL, copy_sums
from .median_criterion import LEFT_ERROR, LEFT_MEDIAN, RIGHT_ERROR, RIGHT_MEDIAN

__all__ = [
    "ABSOLUTE_ERROR",
    "POISSON",
    "SQUARED_ERROR",
    "begin",
    "child_impurities",
    "child_values",
    "impurity",
    "judge",
    "middle",
    "move",
    "write_value",
]

# Numbers of the criteria, after those of classification.
SQUARED_ERROR, POISSON, ABSOLUTE_ERROR = 3, 4, 5

# A sum of counts up to here may be 0 but for rounding; a node of no counts has no logarithm.
LEAST_SUM = 10 * float(np.finfo(np.float64).eps)


@kernel
def begin(targets, sums, order, weights, part):
    """Sum up the samples of a node."""
    sums[TOTAL] = 0.0
    weight = squares = 0.0
    for p in range(part.start, part.end):
        i = order[p]
        for output in range(sums.shape[1]):
            y = targets[i, output]
            sums[TOTAL, output, 0] += weights[i] * y
            squares += weights[i] * y * y
        weight += weights[i]
    part.weight = weight
    part.squares = squares


@kernel(inline=True)
def move(targets, sums, order, weights, part, cut):
    """Put the samples before the cut on the left side: added to it, or taken from all, whichever are fewer."""
    weight = part.weight_left
    if cut - part.cut <= part.end - cut or part.criterion == ABSOLUTE_ERROR:
        for p in range(part.cut, cut):
            i = order[p]
            for output in range(sums.shape[1]):
                sums[LEFT, output, 0] += weights[i] * targets[i, output]
            weight += weights[i]
    else:
        copy_sums(sums, TOTAL, LEFT)
        weight = part.weight
        for p in range(part.end - 1, cut - 1, -1):
            i = order[p]
            for output in range(sums.shape[1]):
                sums[LEFT, output, 0] -= weights[i] * targets[i, output]
            weight -= weights[i]
    part.weight_left = weight
    part.weight_right = part.weight - weight
    for output in range(sums.shape[1]):
        sums[RIGHT, output, 0] = sums[TOTAL, output, 0] - sums[LEFT, output, 0]
    part.cut = cut


@kernel
def impurity(targets, sums, errors, order, weights, part):
    """Impurity of the node, all of whose samples are on the right side."""
    if part.criterion == ABSOLUTE_ERROR:
        return errors[RIGHT_ERROR, part.start] / (part.weight * sums.shape[1])
    if part.criterion == POISSON:
        return half_deviance(targets, sums, TOTAL, order, weights, part.start, part.end, part.weight)
    return variance(part.squares, sums, TOTAL, part.weight)


@kernel
def child_impurities(targets, sums, errors, order, weights, part):
    """Impurities of the two sides."""
    if part.criterion == ABSOLUTE_ERROR:
        left = errors[LEFT_ERROR, part.cut - 1] / (part.weight_left * sums.shape[1])
        return left, errors[RIGHT_ERROR, part.cut] / (part.weight_right * sums.shape[1])
    if part.criterion == POISSON:
        left = half_deviance(targets, sums, LEFT, order, weights, part.start, part.cut, part.weight_left)
        return left, half_deviance(targets, sums, RIGHT, order, weights, part.cut, part.end, part.weight_right)
    squares = 0.0
    for p in range(part.start, part.cut):
        i = order[p]
        for output in range(sums.shape[1]):
            squares += weights[i] * targets[i, output] * targets[i, output]
    left = variance(squares, sums, LEFT, part.weight_left)
    return left, variance(part.squares - squares, sums, RIGHT, part.weight_right)


@kernel
def variance(squares, sums, side, weight):
    """Mean square less squared mean, mean over the outputs."""
    result = squares / weight
    for output in range(sums.shape[1]):
        mean = sums[side, output, 0] / weight
        result -= mean * mean
    return result / sums.shape[1]


@kernel
def half_deviance(targets, sums, side, order, weights, start, end, weight):
    """Half of Poisson's deviance, mean over samples and outputs; infinite where there is nothing to count."""
    result = 0.0
    for output in range(sums.shape[1]):
        if sums[side, output, 0] <= LEAST_SUM:
            return np.inf
        mean = sums[side, output, 0] / weight
        for p in range(start, end):
            y = targets[order[p], output]
            if y != 0.0:
                result += weights[order[p]] * (y * math.log(y / mean))
    return result / (weight * sums.shape[1])


@kernel(inline=True)
def judge(sums, errors, part):
    """How good the split is, the larger the better."""
    weight_left, weight_right = part.weight_left, part.weight_right
    if part.criterion == ABSOLUTE_ERROR:
        left = errors[LEFT_ERROR, part.cut - 1] / (weight_left * sums.shape[1])
        right = errors[RIGHT_ERROR, part.cut] / (weight_right * sums.shape[1])
        return -weight_right * right - weight_left * left
    of_left = of_right = 0.0
    for output in range(sums.shape[1]):
        left, right = sums[LEFT, output, 0], sums[RIGHT, output, 0]
        if part.criterion == POISSON:
            if left <= LEAST_SUM or right <= LEAST_SUM:
                return -np.inf
            of_left -= left * (math.log(left / weight_left) / np.float64(LOG_2))
            of_right -= right * (math.log(right / weight_right) / np.float64(LOG_2))
        else:
            of_left += left * left
            of_right += right * right
    if part.criterion == POISSON:
        return -of_left - of_right
    return of_left / weight_left + of_right / weight_right


@kernel(inline=True)
def child_values(sums, errors, part):
    """What either side would answer, for the first output."""
    if part.criterion == ABSOLUTE_ERROR:
        return errors[LEFT_MEDIAN, part.cut - 1], errors[RIGHT_MEDIAN, part.cut]
    return sums[LEFT, 0, 0] / part.weight_left, sums[RIGHT, 0, 0] / part.weight_right


@kernel
def middle(sums, errors, part):
    """Bound between the values of the two sides."""
    if part.criterion == ABSOLUTE_ERROR:
        return (errors[LEFT_MEDIAN, part.cut - 1] + errors[RIGHT_MEDIAN, part.cut]) / 2
    return sums[LEFT, 0, 0] / (2 * part.weight_left) + sums[RIGHT, 0, 0] / (2 * part.weight_right)


@kernel
def write_value(sums, medians, part, value, number, is_bounded):
    """Write the node's answers, shape (n_outputs, 1); the first one is kept within the bounds."""
    of_node = medians.of_node
    for output in range(sums.shape[1]):
        if part.criterion == ABSOLUTE_ERROR:
            value[number, output, 0] = of_node[output]
        else:
            value[number, output, 0] = sums[TOTAL, output, 0] / part.weight
    if is_bounded:
        value[number, 0, 0] = max(part.lower, min(part.upper, value[number, 0, 0]))
