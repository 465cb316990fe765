"""Objectives of classes: two, as shares of the second one, or more.

The formulas stand in `objectives`; here they are kernels, rounded at the places where the library rounds.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .objective import Domain, Objective, weighted_mean

__all__ = ["HINGE", "LEAST_HESSIAN", "LOGISTIC", "LOGISTIC_REGRESSION", "LOGIT_RAW", "SOFTMAX", "SOFTPROB"]

f32 = np.float32

# Smallest Hessian: a row whose prediction is certain still has a cover.
LEAST_HESSIAN = f32(1e-16)

# That of a row beyond the margin of the hinge: the smallest normal float32, whatever its weight.
LEAST_HINGE_HESSIAN = np.finfo(np.float32).tiny

# exp of more than this is infinite in float32.
LARGEST_EXPONENT = f32(88.7)

# exp of this is well above the smallest float32.
MOST_NEGATIVE_EXPONENT = f32(-80.0)

# Smallest positive normal float32: where the library starts looking for the largest margin.
SMALLEST_POSITIVE = np.finfo(np.float32).tiny

# Added to shares of classes before their logarithms are taken, as in the library.
SHARE_MARGIN = f32(1e-6)


@kernel
def logistic_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of log(1 + exp(f)) - y f."""
    one = f32(1.0)
    for i in range(rows[0], rows[1]):
        p = one / (one + math.exp(min(-margin[0, i], LARGEST_EXPONENT)))
        out[0, i, 0] = (p - y[i]) * weight[i]
        out[0, i, 1] = max(p * (one - p), LEAST_HESSIAN) * weight[i]


@kernel
def hinge_gradients(rows, margin, y, weight, parameter, out):
    """Gradient of max(0, 1 - (2 y - 1) f), and 1 for its Hessian, which is 0, where the gradient is not 0."""
    for i in range(rows[0], rows[1]):
        side = f32(2.0) * y[i] - f32(1.0)
        inside = margin[0, i] * side < f32(1.0)
        out[0, i, 0] = -side * weight[i] if inside else f32(0.0)
        out[0, i, 1] = weight[i] if inside else LEAST_HINGE_HESSIAN


@kernel
def softmax_gradients(rows, margin, y, weight, parameter, out):
    """Gradient of log Σ_k exp(f_k) - f_y, and twice the diagonal of its Hessian."""
    one, two = f32(1.0), f32(2.0)
    n_classes = len(margin)
    for i in range(rows[0], rows[1]):
        largest = margin[0, i]
        for k in range(1, n_classes):
            largest = max(largest, margin[k, i])
        # The library looks for the largest margin from just above 0 on, which decides how sums are rounded. Where all
        # margins are very negative it divides 0 by 0; here they are then taken as they are.
        if largest > MOST_NEGATIVE_EXPONENT:
            largest = max(largest, SMALLEST_POSITIVE)
        total = 0.0
        for k in range(n_classes):
            total += math.exp(margin[k, i] - largest)
        for k in range(n_classes):
            p = math.exp(margin[k, i] - largest) / f32(total)
            hit = one if y[i] == f32(k) else f32(0.0)
            out[k, i, 0] = (p - hit) * weight[i]
            out[k, i, 1] = max(two * p * (one - p), LEAST_HESSIAN) * weight[i]


def centred_log_shares(
    y: NDArray[np.float32], weight: NDArray[np.floating] | None, value: NDArray[np.float32], n_outputs: int
) -> NDArray[np.float32]:
    """Log of the weight of each class as a share of all weight, less the mean of these logs."""
    counts = np.bincount(y.astype(np.intp), weight, minlength=n_outputs)
    logs = np.log((counts / counts.sum()).astype(np.float32) + SHARE_MARGIN)
    return logs - np.sum(logs / f32(n_outputs), dtype=np.float32)


SHARES = Domain("between 0 and 1", lambda y: (y >= 0) & (y <= 1))

LOGISTIC = Objective(
    "binary:logistic", "logit", logistic_gradients, "logloss", weighted_mean, SHARES, weighs_positives=True
)
LOGISTIC_REGRESSION = LOGISTIC._replace(name="reg:logistic", metric="rmse")
LOGIT_RAW = LOGISTIC._replace(name="binary:logitraw", link="identity")
HINGE = Objective(
    "binary:hinge", "identity", hinge_gradients, "error", domain=Domain("0 or 1", lambda y: (y == 0) | (y == 1))
)
SOFTPROB = Objective("multi:softprob", "softmax", softmax_gradients, "mlogloss", centred_log_shares)
SOFTMAX = SOFTPROB._replace(name="multi:softmax")
