r"""Impurity says how mixed the classes of a node are: 0 if it holds one class, largest if it holds all equally.

With p_k the share of class k in the node's weight::

    Gini       1 - Σ p_k²          chance that two samples drawn from the node are of different classes
    entropy    -Σ p_k log₂ p_k     bits that it takes to tell the class of a sample

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984), section 4.3.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel

__all__ = ["ENTROPY", "GAIN_RATIO", "GINI", "class_impurity", "entropy", "gini"]

# Numbers of the criteria. Gain ratio measures impurity as entropy, and chooses splits otherwise.
GINI, ENTROPY, GAIN_RATIO = 0, 1, 2

LOG_2 = math.log(2.0)


@kernel(inner=True)
def gini(counts, weight):
    """Gini impurity 1 - Σ p_k²."""
    squares = 0.0
    for k in range(len(counts)):
        squares += counts[k] * counts[k]
    return 1.0 - squares / (weight * weight)


@kernel(inner=True)
def entropy(counts, weight):
    """Entropy -Σ p_k log₂ p_k in bits."""
    bits = 0.0
    for k in range(len(counts)):
        if counts[k] > 0.0:
            p = counts[k] / weight
            bits -= p * (math.log(p) / np.float64(LOG_2))
    return bits


@kernel(inner=True)
def class_impurity(criterion, counts, weight):
    """Impurity of a node whose classes weigh `counts`, `weight` together."""
    return gini(counts, weight) if criterion == GINI else entropy(counts, weight)
