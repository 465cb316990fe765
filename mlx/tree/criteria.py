"""What a criterion does for the growth that keeps samples in order: it sums up a node, and follows a cut through it.

`order_growing` calls these with the samples' classes (`class_criteria`) or targets (`value_criteria`); the other one is
None, and which it is is decided when the kernel is compiled. (Numba drops what is behind a test for None only if it is
None: hence both tests, and the zeros that no call returns.) Arrays are handed over one by one, and what is done for
each cut is pasted into the callers: to count who holds an array, for each cut anew, costs more than the cut.

=================  ===================================================================  =======================
codes, targets     classes int32, or numbers to predict float64                         (n_samples, n_outputs)
sums               of the node, left and right of the cut: of weights of each class,    (3, n_outputs, K or 1)
                   or of weighted targets
errors             see `median_criterion`                                               (4, n or 0)
order, weights     samples of the tree, their weights by number                         (n,), (n_samples,)
part               the node, the cut and the weights of its sides: a record of PART
=================  ===================================================================  =======================
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from . import class_criteria, value_criteria
from .class_impurity import LEFT, RIGHT, TOTAL, copy_sums
from .median_criterion import measure_all_cuts
from .value_criteria import ABSOLUTE_ERROR

__all__ = [
    "PART",
    "begin",
    "child_impurities",
    "child_values",
    "impurity",
    "judge",
    "middle",
    "move",
    "reset",
    "write_value",
]

PART = np.dtype(
    [
        ("criterion", np.int64),
        ("min_samples_leaf", np.int64),
        ("min_weight_leaf", np.float64),
        ("start", np.int64),
        ("end", np.int64),
        ("cut", np.int64),
        ("weight", np.float64),
        ("weight_left", np.float64),
        ("weight_right", np.float64),
        ("squares", np.float64),  # sum of weighted squares of the node's targets
        ("lower", np.float64),  # bounds of the node's value
        ("upper", np.float64),
        ("direction", np.int64),  # in which the value must go with the column that is searched
    ],
    align=True,
)


@kernel
def begin(codes, targets, sums, order, weights, part):
    """Sum up the samples order[part.start:part.end], which are a node."""
    if codes is not None:
        class_criteria.begin(codes, sums, order, weights, part)
    if targets is not None:
        value_criteria.begin(targets, sums, order, weights, part)


@kernel(inline=True)
def reset(targets, medians, sums, errors, order, weights, part):
    """Put all samples of the node, in their present order, on the right side."""
    part.cut = part.start
    part.weight_left = 0.0
    part.weight_right = part.weight
    sums[LEFT] = 0.0
    copy_sums(sums, TOTAL, RIGHT)
    if targets is not None and part.criterion == ABSOLUTE_ERROR:
        measure_all_cuts(medians, errors, targets, order, weights, part.start, part.end)


@kernel(inline=True)
def move(codes, targets, sums, order, weights, part, cut):
    """Put order[start:cut] on the left side; the cut only goes to the right."""
    if codes is not None:
        class_criteria.move(codes, sums, order, weights, part, cut)
    if targets is not None:
        value_criteria.move(targets, sums, order, weights, part, cut)


@kernel
def impurity(codes, targets, sums, errors, order, weights, part):
    """Impurity of the node."""
    if codes is not None:
        return class_criteria.impurity(sums, part)
    if targets is not None:
        return value_criteria.impurity(targets, sums, errors, order, weights, part)
    return 0.0


@kernel
def child_impurities(codes, targets, sums, errors, order, weights, part):
    """Impurities of the left and of the right side."""
    if codes is not None:
        return class_criteria.child_impurities(sums, part)
    if targets is not None:
        return value_criteria.child_impurities(targets, sums, errors, order, weights, part)
    return 0.0, 0.0


@kernel(inline=True)
def judge(codes, targets, sums, errors, part):
    """How good the cut is, the larger the better."""
    if codes is not None:
        return class_criteria.judge(sums, part)
    if targets is not None:
        return value_criteria.judge(sums, errors, part)
    return 0.0


@kernel(inline=True)
def child_values(codes, targets, sums, errors, part):
    """What the two sides would answer, for monotone columns."""
    if codes is not None:
        return class_criteria.child_values(sums, part)
    if targets is not None:
        return value_criteria.child_values(sums, errors, part)
    return 0.0, 0.0


@kernel
def middle(codes, targets, sums, errors, part):
    """Bound between the answers of the two sides."""
    if codes is not None:
        return class_criteria.middle(sums, part)
    if targets is not None:
        return value_criteria.middle(sums, errors, part)
    return 0.0


@kernel
def write_value(codes, targets, sums, medians, part, value, number, is_bounded):
    """Write what the node answers, value[number] of shape (n_outputs, K), within the bounds."""
    if codes is not None:
        class_criteria.write_value(sums, part, value, number, is_bounded)
    if targets is not None:
        value_criteria.write_value(sums, medians, part, value, number, is_bounded)
