"""What a criterion does for the growth that keeps samples in order: it sums up a node, and follows a cut through it.

`order_growing` calls these with ``classes`` (`class_criteria.ClassSums`) or ``values`` (`value_criteria.ValueSums`);
the other one is None, and which it is is decided when the kernel is compiled. The cut and the weights of the two sides
stand in ``samples.part[0]``. (Numba drops what is behind a test for None only if it is None: hence both tests, and the
zeros that no call returns.)
"""

from __future__ import annotations

from ..numeric.jit import kernel
from . import class_criteria, value_criteria

__all__ = ["begin", "child_impurities", "child_values", "impurity", "judge", "middle", "move", "reset", "write_value"]


@kernel(inner=True)
def begin(classes, values, samples, start, end):
    """Sum up the samples order[start:end], which are a node, and put them all on the right side."""
    part = samples.part[0]
    part.start = start
    part.end = end
    if classes is not None:
        class_criteria.begin(classes, samples, start, end)
    if values is not None:
        value_criteria.begin(values, samples, start, end)
    reset(classes, values, samples)


@kernel(inner=True)
def reset(classes, values, samples):
    """Put all samples of the node, in their present order, on the right side."""
    if classes is not None:
        class_criteria.reset(classes, samples)
    if values is not None:
        value_criteria.reset(values, samples)


@kernel(inner=True)
def move(classes, values, samples, cut):
    """Put order[start:cut] on the left side; the cut only goes to the right."""
    if classes is not None:
        class_criteria.move(classes, samples, cut)
    if values is not None:
        value_criteria.move(values, samples, cut)


@kernel(inner=True)
def impurity(classes, values, samples, criterion):
    """Impurity of the node."""
    if classes is not None:
        return class_criteria.impurity(classes, samples, criterion)
    if values is not None:
        return value_criteria.impurity(values, samples, criterion)
    return 0.0


@kernel(inner=True)
def child_impurities(classes, values, samples, criterion):
    """Impurities of the left and of the right side."""
    if classes is not None:
        return class_criteria.child_impurities(classes, samples, criterion)
    if values is not None:
        return value_criteria.child_impurities(values, samples, criterion)
    return 0.0, 0.0


@kernel(inner=True)
def judge(classes, values, samples, criterion):
    """How good the cut is, the larger the better."""
    if classes is not None:
        return class_criteria.judge(classes, samples, criterion)
    if values is not None:
        return value_criteria.judge(values, samples, criterion)
    return 0.0


@kernel(inner=True)
def child_values(classes, values, samples):
    """What the two sides would answer, for monotone columns."""
    if classes is not None:
        return class_criteria.child_values(classes, samples)
    if values is not None:
        return value_criteria.child_values(values, samples)
    return 0.0, 0.0


@kernel(inner=True)
def middle(classes, values, samples):
    """Bound between the answers of the two sides."""
    if classes is not None:
        return class_criteria.middle(classes, samples)
    if values is not None:
        return value_criteria.middle(values, samples)
    return 0.0


@kernel(inner=True)
def write_value(classes, values, samples, value, lower, upper, is_bounded):
    """Write what the node answers, shape (n_outputs, K), within the bounds."""
    if classes is not None:
        class_criteria.write_value(classes, samples, value, lower, upper, is_bounded)
    if values is not None:
        value_criteria.write_value(values, samples, value, lower, upper, is_bounded)
