"""Criteria of classification, where sums are taken in the order of the samples: weights of classes, and what they say.

`criteria` states what each function is to do, and its arguments; `value_criteria` has the same ones for regression.
"""

from __future__ import annotations

from ..numeric.jit import kernel
from .class_impurity import LEFT, RIGHT, TOTAL, class_impurity, copy_sums

__all__ = ["begin", "child_impurities", "child_values", "impurity", "judge", "middle", "move", "write_value"]


@kernel
def begin(codes, sums, order, weights, part):
    """Sum up the samples of a node."""
    sums[TOTAL] = 0.0
    part.weight = 0.0
    for p in range(part.start, part.end):
        i = order[p]
        for output in range(sums.shape[1]):
            sums[TOTAL, output, codes[i, output]] += weights[i]
        part.weight += weights[i]


@kernel(inline=True)
def move(codes, sums, order, weights, part, cut):
    """Put the samples before the cut on the left side: added to it, or taken from all, whichever are fewer."""
    if cut - part.cut <= part.end - cut:
        for p in range(part.cut, cut):
            i = order[p]
            for output in range(sums.shape[1]):
                sums[LEFT, output, codes[i, output]] += weights[i]
            part.weight_left += weights[i]
    else:
        copy_sums(sums, TOTAL, LEFT)
        part.weight_left = part.weight
        for p in range(part.end - 1, cut - 1, -1):
            i = order[p]
            for output in range(sums.shape[1]):
                sums[LEFT, output, codes[i, output]] -= weights[i]
            part.weight_left -= weights[i]
    part.weight_right = part.weight - part.weight_left
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            sums[RIGHT, output, k] = sums[TOTAL, output, k] - sums[LEFT, output, k]
    part.cut = cut


@kernel
def impurity(sums, part):
    """Impurity of the node."""
    return class_impurity(part.criterion, sums, TOTAL, part.weight)


@kernel(inline=True)
def child_impurities(sums, part):
    """Impurities of the two sides."""
    left = class_impurity(part.criterion, sums, LEFT, part.weight_left)
    return left, class_impurity(part.criterion, sums, RIGHT, part.weight_right)


@kernel(inline=True)
def judge(sums, part):
    """How good the split is: minus the impurity that it leaves."""
    left, right = child_impurities(sums, part)
    return -part.weight_right * right - part.weight_left * left


@kernel(inline=True)
def child_values(sums, part):
    """Share of the first class on either side, of the first output."""
    return sums[LEFT, 0, 0] / part.weight_left, sums[RIGHT, 0, 0] / part.weight_right


@kernel
def middle(sums, part):
    """Bound between the values of the two sides."""
    return sums[LEFT, 0, 0] / (2 * part.weight_left) + sums[RIGHT, 0, 0] / (2 * part.weight_right)


@kernel
def write_value(sums, part, value, number, is_bounded):
    """Write the shares of the classes; that of the first class (of two) is kept within the bounds."""
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            value[number, output, k] = sums[TOTAL, output, k] / part.weight
    if is_bounded:
        value[number, 0, 0] = max(part.lower, min(part.upper, value[number, 0, 0]))
        value[number, 0, 1] = 1.0 - value[number, 0, 0]
