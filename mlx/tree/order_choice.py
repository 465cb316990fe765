"""Which of the cuts of a node is the best, for the searches that keep samples in order."""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from . import criteria
from .candidates import accept, choose_by_gain_ratio
from .class_impurity import GAIN_RATIO

__all__ = ["choose", "is_better"]


@kernel(inline=True)
def is_better(feature, cut, best, codes, targets, sums, errors, order, weights, part):
    """Whether a cut is allowed and better than the best so far, which it is then made."""
    if min(cut - part.start, part.end - cut) < part.min_samples_leaf:
        return False
    criteria.move(codes, targets, sums, order, weights, part, cut)
    if part.weight_left < part.min_weight_leaf or part.weight_right < part.min_weight_leaf:
        return False
    if part.direction != 0:
        left, right = criteria.child_values(codes, targets, sums, errors, part)
        within = min(left, right) >= part.lower and max(left, right) <= part.upper
        if not within or (left - right) * part.direction > 0:
            return False
    judged = criteria.judge(codes, targets, sums, errors, part)
    if judged > best.judged:
        best.judged = judged
        best.feature = feature
        best.n_left = cut - part.start
        best.weight_left = part.weight_left
        return True
    return False


@kernel
def choose(found, n_found, node, part):
    """Make the best candidate the split of the node."""
    place = np.int64(0)
    if part.criterion == GAIN_RATIO:
        place = choose_by_gain_ratio(found, n_found, node.impurity, node.weight)
    accept(found[place], node)
    found[0] = found[place]
