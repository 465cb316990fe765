r"""Impurity says how mixed the classes of a node are: 0 if it holds one class, largest if it holds all equally.

With p_k the share of class k in the node's weight::

    Gini       1 - Σ p_k²          chance that two samples drawn from the node are of different classes
    entropy    -Σ p_k log₂ p_k     bits that it takes to tell the class of a sample

With several outputs it is the mean over them. The order of the operations is scikit-learn's.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984), section 4.3.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel

__all__ = ["ENTROPY", "GAIN_RATIO", "GINI", "LEFT", "RIGHT", "TOTAL", "class_impurity", "copy_sums", "entropy", "gini"]

# Numbers of the criteria. Gain ratio measures impurity as entropy, and chooses splits otherwise.
GINI, ENTROPY, GAIN_RATIO = 0, 1, 2

# Sums of weights have shape (3, n_outputs, K): of all samples of a node, of those left and right of a cut.
TOTAL, LEFT, RIGHT = np.int64(0), np.int64(1), np.int64(2)

LOG_2 = math.log(2.0)


@kernel
def copy_sums(sums, one, other):
    """Write one of the three sums into another."""
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            sums[other, output, k] = sums[one, output, k]


@kernel
def gini(sums, side, weight):
    """Gini impurity 1 - Σ p_k² of one of the three sums, which weighs so much."""
    impurity = 0.0
    for output in range(sums.shape[1]):
        squares = 0.0
        for k in range(sums.shape[2]):
            squares += sums[side, output, k] * sums[side, output, k]
        impurity += 1.0 - squares / (weight * weight)
    return impurity / sums.shape[1]


@kernel
def entropy(sums, side, weight):
    """Entropy -Σ p_k log₂ p_k, in bits, of one of the three sums, which weighs so much."""
    bits = 0.0
    for output in range(sums.shape[1]):
        for k in range(sums.shape[2]):
            if sums[side, output, k] > 0.0:
                p = sums[side, output, k] / weight
                bits -= p * (math.log(p) / np.float64(LOG_2))
    return bits / sums.shape[1]


@kernel
def class_impurity(criterion, sums, side, weight):
    """Impurity of a node, or of a side of a cut through it, which weighs so much."""
    if criterion == GINI:
        return gini(sums, side, weight)
    return entropy(sums, side, weight)
