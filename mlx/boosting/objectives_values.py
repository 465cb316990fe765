"""Objectives of targets that are any number, or any above -1: errors whose link is the identity.

The formulas stand in `objectives`; here they are kernels, rounded at the places where the library rounds.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel
from .objective import Domain, Objective, weighted_mean

__all__ = ["PSEUDO_HUBER_ERROR", "SQUARED_ERROR", "SQUARED_LOG_ERROR"]

f32 = np.float32

# Smallest margin and Hessian of the squared log error: log(1 + f) and 1 / (1 + f) must be finite.
LEAST_LOG_ARGUMENT = f32(-1.0 + 1e-6)
LEAST_LOG_HESSIAN = f32(1e-6)


@kernel
def squared_error_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of ½ (f - y)²."""
    for i in range(rows[0], rows[1]):
        out[0, i, 0] = (margin[0, i] - y[i]) * weight[i]
        out[0, i, 1] = weight[i]


@kernel
def squared_log_error_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of ½ (log(1 + f) - log(1 + y))²; the Hessian is kept positive."""
    for i in range(rows[0], rows[1]):
        f = max(margin[0, i], LEAST_LOG_ARGUMENT)
        difference = f32(math.log1p(f)) - f32(math.log1p(y[i]))
        argument = f + f32(1.0)
        # The library's square is float64.
        hessian = f32(np.float64(f32(1.0) - difference) / (np.float64(argument) * np.float64(argument)))
        out[0, i, 0] = difference / argument * weight[i]
        out[0, i, 1] = max(hessian, LEAST_LOG_HESSIAN) * weight[i]


@kernel
def pseudo_huber_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of δ² (sqrt(1 + ((f - y) / δ)²) - 1)."""
    square = parameter[0] * parameter[0]
    for i in range(rows[0], rows[1]):
        residual = margin[0, i] - y[i]
        root = f32(math.sqrt(f32(1.0) + residual * residual / square))
        out[0, i, 0] = residual / root * weight[i]
        out[0, i, 1] = square / ((square + residual * residual) * root) * weight[i]


SQUARED_ERROR = Objective(
    "reg:squarederror", "identity", squared_error_gradients, "rmse", weighted_mean, weighs_positives=True
)

SQUARED_LOG_ERROR = Objective(
    "reg:squaredlogerror",
    "identity",
    squared_log_error_gradients,
    "rmsle",
    domain=Domain("above -1", lambda y: y > -1),
)

PSEUDO_HUBER_ERROR = Objective(
    "reg:pseudohubererror",
    "identity",
    pseudo_huber_gradients,
    "mphe",
)
