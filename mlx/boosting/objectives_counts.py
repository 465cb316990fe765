"""Objectives of counts, costs and durations: targets that are not negative, and margins that are logs of their means.

The formulas stand in `objectives`; here they are kernels, rounded at the places where the library rounds.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel
from .objective import Domain, Objective, weighted_mean

__all__ = ["GAMMA", "POISSON", "TWEEDIE"]

f32 = np.float32


@kernel
def poisson_gradients(rows, margin, y, weight, parameter, out):
    """Gradient of exp(f) - y f, and its Hessian at the margin that a step of max_delta_step upwards gives.

    The Hessian of a loss that grows so fast is that of the far end of the step: a step never overshoots.
    """
    for i in range(rows[0], rows[1]):
        f = margin[0, i]
        out[0, i, 0] = (math.exp(f) - y[i]) * weight[i]
        out[0, i, 1] = math.exp(f + parameter[0]) * weight[i]


@kernel
def gamma_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of y / exp(f) + f."""
    for i in range(rows[0], rows[1]):
        ratio = y[i] / math.exp(margin[0, i])
        out[0, i, 0] = (f32(1.0) - ratio) * weight[i]
        out[0, i, 1] = ratio * weight[i]


@kernel
def tweedie_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of -y exp((1 - ρ) f) / (1 - ρ) + exp((2 - ρ) f) / (2 - ρ)."""
    first, second = f32(1.0) - parameter[0], f32(2.0) - parameter[0]
    for i in range(rows[0], rows[1]):
        f = margin[0, i]
        of_target, of_mean = math.exp(first * f), math.exp(second * f)
        out[0, i, 0] = (-y[i] * of_target + of_mean) * weight[i]
        out[0, i, 1] = (-y[i] * first * of_target + second * of_mean) * weight[i]


NOT_NEGATIVE = Domain("at least 0", lambda y: y >= 0)

POISSON = Objective(
    "count:poisson",
    "log",
    poisson_gradients,
    "poisson-nloglik",
    weighted_mean,
    NOT_NEGATIVE,
)
GAMMA = Objective(
    "reg:gamma",
    "log",
    gamma_gradients,
    "gamma-deviance",
    weighted_mean,
    Domain("above 0", lambda y: y > 0),
    weighs_positives=True,
)
TWEEDIE = Objective(
    "reg:tweedie",
    "log",
    tweedie_gradients,
    "tweedie-nloglik",
    weighted_mean,
    NOT_NEGATIVE,
)
