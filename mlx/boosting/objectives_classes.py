"""Objectives of classes: two, as shares of the second one, or more.

The formulas stand in `objectives`; here they are kernels, rounded at the places where the library rounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.functions import exp32
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

# Rows whose probabilities are computed side by side.
ROWS_PER_BLOCK = 512

# Smallest positive normal float32: where the library starts looking for the largest margin.
SMALLEST_POSITIVE = np.finfo(np.float32).tiny

# Added to shares of classes before their logarithms are taken, as in the library.
SHARE_MARGIN = f32(1e-6)


@kernel
def logistic_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of log(1 + exp(f)) - y f; a block of rows at a time."""
    one, power = f32(1.0), np.empty(ROWS_PER_BLOCK, dtype=f32)
    for first in range(rows[0], rows[1], ROWS_PER_BLOCK):
        last = min(first + ROWS_PER_BLOCK, rows[1])
        n, own, own_out = np.uint64(last - first), margin[0, first:last], out[0, first:last]
        own_y, own_weight = y[first:last], weight[first:last]
        for i in range(n):
            power[i] = exp32(min(-own[i], LARGEST_EXPONENT))
        for i in range(n):
            p = one / (one + power[i])
            own_out[i, 0] = (p - own_y[i]) * own_weight[i]
            own_out[i, 1] = max(p * (one - p), LEAST_HESSIAN) * own_weight[i]


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
    """Gradient of log Σ_k exp(f_k) - f_y, and twice the diagonal of its Hessian; a block of rows at a time."""
    one, two = f32(1.0), f32(2.0)
    n_classes = len(margin)
    powers = np.empty((n_classes, ROWS_PER_BLOCK), dtype=f32)
    largest, total = np.empty(ROWS_PER_BLOCK, dtype=f32), np.empty(ROWS_PER_BLOCK)
    for first in range(rows[0], rows[1], ROWS_PER_BLOCK):
        last = min(first + ROWS_PER_BLOCK, rows[1])
        n, own_y, own_weight = np.uint64(last - first), y[first:last], weight[first:last]
        total[:] = 0.0
        for k in range(n_classes):
            own = margin[k, first:last]
            for i in range(n):
                largest[i] = own[i] if k == 0 else max(largest[i], own[i])
        # The library looks for the largest margin from just above 0 on, which decides how sums are rounded. Where all
        # margins are very negative it divides 0 by 0; here they are then taken as they are.
        for i in range(n):
            largest[i] = max(largest[i], SMALLEST_POSITIVE) if largest[i] > MOST_NEGATIVE_EXPONENT else largest[i]
        for k in range(n_classes):
            own, power = margin[k, first:last], powers[k]
            for i in range(n):
                power[i] = exp32(own[i] - largest[i])
                total[i] += power[i]
        for k in range(n_classes):
            power, own_out = powers[k], out[k, first:last]
            for i in range(n):
                p = power[i] / f32(total[i])
                hit = one if own_y[i] == f32(k) else f32(0.0)
                own_out[i, 0] = (p - hit) * own_weight[i]
                own_out[i, 1] = max(two * p * (one - p), LEAST_HESSIAN) * own_weight[i]


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
