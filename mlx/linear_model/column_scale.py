"""The scales of columns for a logistic regression: the curvature that each alone has at most, from its moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.linalg import centred_blocks

__all__ = ["FARTHEST_MEAN", "column_moments", "column_scale"]

Array = NDArray[np.floating]

# Largest curvature of the binary log loss and of any one output of the multinomial: p (1 - p) at p = ½.
LARGEST_CURVATURE = 0.25

# A column whose mean is further from zero than this many of its deviations is centred in a copy: products of what
# is not centred would lose as many digits as this number has.
FARTHEST_MEAN = 100.0


def column_moments(X: Array, s: Array) -> tuple[Array, Array]:
    """Mean and variance of each column under weights that sum to 1, in one pass.

    Sums are of differences from a row with weight: a constant column has exactly its constant for a mean and no
    variance. From a row far outside the others, variances would be differences of large numbers: a second pass then.
    """
    origin = X[int(np.argmax(s > 0.0))].astype(np.float64)
    first, second = _moments_about(origin, X, s)
    means, variances = origin + first, second - first**2
    if (variances < FARTHEST_MEAN**-2 * second).any():
        drift, second = _moments_about(means, X, s)
        variances = second - drift**2
    return means, np.maximum(variances, 0.0)


def _moments_about(origin: Array, X: Array, s: Array) -> tuple[Array, Array]:
    """Σ_i s_i (x_i - origin) and Σ_i s_i (x_i - origin)² of each column."""
    first, second = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for rows, block in centred_blocks(X, origin):
        first += s[rows] @ block
        np.square(block, out=block)
        second += s[rows] @ block
    return first, second


def column_scale(mean_square: Array, strength: float) -> Array:
    """Scale d = √(¼ mean(x²) + λ₂), 1 for a column of zeros without a penalty."""
    scale = np.sqrt(LARGEST_CURVATURE * mean_square + strength)
    return np.where(scale > 0.0, scale, 1.0)
