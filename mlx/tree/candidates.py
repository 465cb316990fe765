r"""A candidate is a way to split a node: a column, a threshold, and how good that is.

The best candidate is the first of those that the criterion likes most, over all columns that were searched. Only for
the gain ratio it is chosen in two steps, as in C4.5. With the gain of a split and the bits that name a sample's side::

    gain = I - W_left / W I_left - W_right / W I_right          I: entropy
    bits = - W_left / W log₂ (W_left / W) - W_right / W log₂ (W_right / W)

the threshold of each column is that of the largest gain, and the column is the one of the largest gain / bits among
those whose gain is at least the average. (The ratio alone would like best to cut off a sample or two, for few bits.)

Reference: J. R. Quinlan, C4.5: Programs for Machine Learning (1993), section 2.2, and its source for the average.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel
from .frontier import LEAF

__all__ = ["CANDIDATE", "CLOSEST", "accept", "choose_by_gain_ratio", "forget"]

# Values closer than this (in float32) are not separated.
CLOSEST = np.float32(1e-7)

CANDIDATE = np.dtype(
    [
        ("judged", np.float64),  # the criterion, the larger the better
        ("feature", np.int64),  # LEAF: there is no candidate yet
        ("threshold", np.float64),
        ("last", np.int64),  # ranks up to this go left
        ("n_left", np.int64),
        ("weight_left", np.float64),
        ("missing_left", np.int64),
    ],
    align=True,
)


@kernel
def forget(candidate):
    """Make a record say that there is no candidate."""
    candidate.feature = LEAF
    candidate.judged = -np.inf


@kernel
def accept(candidate, node):
    """Make a candidate the split of a node, if it is one."""
    node.feature = candidate.feature
    if candidate.feature != LEAF:
        node.threshold = candidate.threshold
        node.cut = node.start + candidate.n_left
        node.missing_left = candidate.missing_left


@kernel
def choose_by_gain_ratio(candidates, n, impurity, weight):
    """Place of the best of n candidates, one for each column; of one that is none if none gains anything."""
    average, n_gaining = 0.0, 0
    for i in range(n):
        gain = impurity + candidates[i].judged / weight
        if gain > 0.0:
            average += gain
            n_gaining += 1
    average /= max(n_gaining, 1)
    best, best_ratio = n, 0.0
    forget(candidates[n])
    for i in range(n):
        gain = impurity + candidates[i].judged / weight
        left = candidates[i].weight_left / weight
        bits = -left * math.log2(left) - (1.0 - left) * math.log2(1.0 - left)
        # The average of equal gains may come out a bit above them.
        if gain >= average * (1.0 - 1e-12) and gain > best_ratio * bits:
            best, best_ratio = i, gain / bits
    return best
