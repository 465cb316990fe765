"""Gradient-based sampling sees rows the more often the larger their gradients are, and gives them less weight for it.

Row i is drawn with probability p_i, and its gradient and Hessian count 1 / p_i times, so that each sum keeps its
expectation. The probabilities that give the sums the least variance, for an expected number m of rows, are (Ibragimov
and Gusev 2019, section 4)::

    p_i = min(1, s_i / u)      s_i = sqrt(g_i² + 0.1 h_i²)      u such that Σ p_i = m

    s     .1  .2  .3  .4  2.0        m = 3:  u = .5
    p     .2  .4  .6  .8   1         Σ p = 3;  a row of s ≥ u is always there

u lies where the k rows below it satisfy Σ_{i≤k} s_i / u + (n - k) = m. As in xgboost, m is ⌊subsample n⌋.

Reference: B. Ibragimov and G. Gusev, "Minimal Variance Sampling in Stochastic Gradient Boosting", NeurIPS 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_by_gradient", "probabilities", "threshold"]

# Weight of the squared Hessian, as in the library.
HESSIAN_WEIGHT = 0.1


def drawn_by_gradient(
    gradients: NDArray[np.floating], share: float, stream: np.random.Generator
) -> NDArray[np.floating]:
    """Gradients and Hessians of the rows that are drawn, over p; 0 for the others.

    Their shape is (n_samples, 2), or (n_outputs, n_samples, 2) where one tree sees them all; s² is then the sum over
    the outputs.
    """
    by_output = gradients.astype(np.float64).reshape(-1, *gradients.shape[-2:])
    size = np.sqrt((by_output[..., 0] ** 2 + HESSIAN_WEIGHT * by_output[..., 1] ** 2).sum(axis=0))
    p = probabilities(size, int(len(size) * share))
    drawn = stream.random(len(p)) < p
    return gradients * np.divide(drawn, p, out=np.zeros(len(p)), where=drawn).astype(gradients.dtype)[:, np.newaxis]


def probabilities(size: NDArray[np.float64], n_expected: int) -> NDArray[np.float64]:
    """min(1, s / u), of which the sum is `n_expected`, or the number of sizes above 0 if that is less."""
    positive = size > 0
    if n_expected >= np.count_nonzero(positive):
        return positive.astype(np.float64)
    if n_expected == 0:
        return np.zeros(len(size))
    return np.minimum(1.0, size / threshold(size, n_expected))


def threshold(size: NDArray[np.float64], n_expected: int) -> float:
    """U with Σ min(1, s_i / u) = n_expected, which is positive and less than the number of sizes above 0."""
    rising = np.sort(size)
    # If the k smallest sizes are those below u: u = Σ_{i≤k} s_i / (m - (n - k)).
    n_below = np.arange(len(size) - n_expected + 1, len(size) + 1)
    u = np.cumsum(rising)[n_below - 1] / (n_expected - (len(size) - n_below))
    above = np.append(rising, np.inf)[n_below]
    return float(u[np.argmax(u <= above)])
