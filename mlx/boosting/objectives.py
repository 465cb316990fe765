"""An objective is a loss as boosting sees it: a gradient and a Hessian for each row, and a margin to start from.

=====================  ======================  ====================================  ===============================
objective              gradient g_i            Hessian h_i                           start, f_0
=====================  ======================  ====================================  ===============================
reg:squarederror       f - y                   1                                     mean of y
binary:logistic        p - y, p = σ(f)         max(p (1 - p), 1e-16)                 logit of the mean of y
multi:softprob,        p_k - [y = k],          max(2 p_k (1 - p_k), 1e-16)           log of the share of each class,
multi:softmax          p = softmax(f)                                                less the mean of these logs
=====================  ======================  ====================================  ===============================

All times the weight of the row. The losses are those of `mlx.losses`, where the formulas stand once more in NumPy.
The factor 2 in the Hessian of the softmax is the library's (an upper bound of the matrix by its diagonal).

Margins, gradients and Hessians are float32 as in xgboost 3.2, and are rounded at the same places, so that trees are the
same. The product with a sample weight is the exception: the library rounds it to float32, this file keeps it in
float64, where it is exact. Only so is a row of weight 3 the same as three rows, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree.tree import Link

__all__ = ["OBJECTIVES", "Objective"]

f32 = np.float32

# Smallest Hessian: a row whose prediction is certain still has a cover.
LEAST_HESSIAN = f32(1e-16)

# exp of more than this is infinite in float32.
LARGEST_EXPONENT = f32(88.7)

# exp of this is well above the smallest float32.
MOST_NEGATIVE_EXPONENT = f32(-80.0)

# Smallest positive normal float32: where the library starts looking for the largest margin.
SMALLEST_POSITIVE = np.finfo(np.float32).tiny

# Distance that the library keeps from shares and means of 0 and 1 before it takes logarithms.
SHARE_MARGIN = f32(1e-6)


class Objective(NamedTuple):
    """A loss as boosting sees it.

    Attributes
    ----------
    link : {"identity", "logit", "softmax"}
        What the margin is the link of.
    gradients : callable
        ``gradients(rows, margin, y, weight, out)`` writes g and h of the rows from ``rows[0]`` up to ``rows[1]``;
        margin has shape (n_outputs, n_samples), weight, in the dtype of `out`, (n_samples,), and out
        (n_outputs, n_samples, 2): float64 if rows have sample weights, else float32.
    estimate : callable
        ``estimate(y, weight, n_outputs)``: the start in units of the prediction (multi:*: of the margin).
    to_margin : callable
        The start in units of the margin.
    """

    link: Link
    gradients: Callable
    estimate: Callable[[NDArray[np.float32], NDArray[np.float32], int], NDArray[np.float32]]
    to_margin: Callable[[NDArray[np.float32]], NDArray[np.float32]]


@kernel
def squared_error_gradients(rows, margin, y, weight, out):
    """Gradient and Hessian of ½ (f - y)²."""
    for i in range(rows[0], rows[1]):
        out[0, i, 0] = (margin[0, i] - y[i]) * weight[i]
        out[0, i, 1] = weight[i]


@kernel
def logistic_gradients(rows, margin, y, weight, out):
    """Gradient and Hessian of log(1 + exp(f)) - y f."""
    one = f32(1.0)
    for i in range(rows[0], rows[1]):
        p = one / (one + math.exp(min(-margin[0, i], LARGEST_EXPONENT)))
        out[0, i, 0] = (p - y[i]) * weight[i]
        out[0, i, 1] = max(p * (one - p), LEAST_HESSIAN) * weight[i]


@kernel
def softmax_gradients(rows, margin, y, weight, out):
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


def weighted_mean(y: NDArray[np.float32], weight: NDArray[np.float32], n_outputs: int) -> NDArray[np.float32]:
    """Mean of the targets, added up in float64."""
    wide = weight.astype(np.float64)
    return np.full(n_outputs, np.sum(y * wide) / np.sum(wide), dtype=np.float32)


def centred_log_shares(y: NDArray[np.float32], weight: NDArray[np.float32], n_outputs: int) -> NDArray[np.float32]:
    """Log of the weight of each class as a share of all weight, less the mean of these logs."""
    counts = np.bincount(y.astype(np.intp), weight.astype(np.float64), minlength=n_outputs)
    logs = np.log((counts / counts.sum()).astype(np.float32) + SHARE_MARGIN)
    return logs - np.sum(logs / f32(n_outputs), dtype=np.float32)


def identity(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """The margin is the prediction."""
    return mean


def float32_logit(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """-log(1 / p - 1), with p kept away from 0 and 1; the logarithm is rounded once, as by the library's compiler."""
    p = np.clip(mean, SHARE_MARGIN, f32(1.0) - SHARE_MARGIN)
    return -np.log((f32(1.0) / p - f32(1.0)).astype(np.float64)).astype(np.float32)


OBJECTIVES = {
    "reg:squarederror": Objective("identity", squared_error_gradients, weighted_mean, identity),
    "binary:logistic": Objective("logit", logistic_gradients, weighted_mean, float32_logit),
    "multi:softprob": Objective("softmax", softmax_gradients, centred_log_shares, identity),
    "multi:softmax": Objective("softmax", softmax_gradients, centred_log_shares, identity),
}
