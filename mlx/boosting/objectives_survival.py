"""Objectives of times until something happens, of which some are only known to lie beyond the end of a study.

Both have margins that are logs of what they predict.

``survival:cox``: the hazard of a row is exp(f) times that of a row with f = 0, whatever the latter is over time. The
target is the time, and minus the time if the row was then lost from sight. With E the rows with an event, R_i the rows
whose time is not before that of i, and r_i = Σ_{j in R_i} exp(f_j), the loss is minus the log of the partial likelihood
(Cox 1972), in which rows of one time share their R (Breslow's rule)::

    Σ_{i in E} log r_i - f_i                gradient of row k     exp(f_k) Σ 1 / r_i - [k in E]
                                            Hessian of row k      exp(f_k) Σ 1 / r_i - exp(f_k)² Σ 1 / r_i²

the sums over the i in E with k in R_i: the events up to the time of k. Of the events at the very time of k the library
counts those that stand before it in the order of times, and k itself; so does this file. Weights multiply gradients and
Hessians, but take no part in the r_i.

``survival:aft``, accelerated failure time: log T = f + σ Z, where Z has one of three distributions with density φ and
cumulative distribution function Φ (Barnwal, Cho and Hocking 2022)::

    normal        φ(z) = exp(-z²/2) / √(2π)
    logistic      φ(z) = e^z / (1 + e^z)²
    extreme       φ(z) = e^z exp(-e^z), the log of an exponential variable

A target is an interval [l, u] in which T lies. With z(t) = (log t - f) / σ the loss is::

    -log(φ(z(l)) / (σ l))                   l = u: the time is known
    -log(Φ(z(u)) - Φ(z(l)))                 else; Φ(z(u)) is 1 if u is infinite, Φ(z(l)) is 0 if l is 0

Gradients lie between -15 and 15, and Hessians between 1e-16 and 15, as in the library. Where the density is too small
to divide by, they are the limits to which they tend.

References: D. R. Cox, "Regression Models and Life-Tables", J. R. Stat. Soc. B 34(2), 1972, equation 12. N. E. Breslow,
discussion of it, same issue. A. Barnwal, H. Cho and T. Hocking, "Survival Regression with Accelerated Failure Time
Model in XGBoost", J. Comput. Graph. Stat. 31(4), 2022, section 2.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .groups import Groups
from .objective import Domain, Objective

__all__ = ["AFT", "COX", "DISTRIBUTIONS", "with_distribution"]

f32 = np.float32

# Codes of the distributions, for kernels.
NORMAL, LOGISTIC, EXTREME = 0, 1, 2
DISTRIBUTIONS = {"normal": NORMAL, "logistic": LOGISTIC, "extreme": EXTREME}

LARGEST_GRADIENT = 15.0
LEAST_HESSIAN, LARGEST_HESSIAN = 1e-16, 15.0

# Denominators below this one are too small if what they divide is not finite.
LEAST_DENOMINATOR = 1e-12

# The library starts here: half a unit of time.
START = f32(0.5)


# Cox ------------------------------------------------------------------------------------------------------------------


@kernel
def cox_gradients(order, margin, y, weight, out):
    """Gradient and Hessian of the partial likelihood; `order` is that of the times, rising."""
    at_risk = 0.0
    for i in order:
        at_risk += np.float64(math.exp(margin[0, i]))
    first_order, second_order, passed, last_risk, last_time = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in order:
        risk = math.exp(np.float64(margin[0, i]))
        # Rows of the same time are all at risk until it has passed.
        passed += last_risk
        time = abs(y[i])
        if last_time < time:
            at_risk -= passed
            passed = 0.0
        event = y[i] > f32(0.0)
        if event:
            first_order += 1.0 / at_risk
            second_order += 1.0 / (at_risk * at_risk)
        gradient = risk * first_order - (1.0 if event else 0.0)
        hessian = risk * first_order - risk * risk * second_order
        out[0, i, 0] = gradient * np.float64(weight[i])
        out[0, i, 1] = hessian * np.float64(weight[i])
        last_risk, last_time = risk, time


def in_order_of_time(objective: Objective, y: NDArray[np.float32], groups: Groups) -> Objective:
    """The objective with its rows sorted by time, once for all rounds."""
    order = np.argsort(np.abs(y), kind="stable")

    def gradients(rows, margin, y, weight, value, out):
        cox_gradients(order, margin, y, weight, out)

    return objective._replace(kernel=gradients)


# Accelerated failure time ---------------------------------------------------------------------------------------------


@kernel
def normal_density(z):
    """φ, Φ, φ' and φ'' of the normal distribution."""
    density = math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)
    return density, 0.5 * (1.0 + math.erf(z / math.sqrt(2.0))), -z * density, (z * z - 1.0) * density


@kernel
def logistic_density(z):
    """φ, Φ, φ' and φ'' of the logistic distribution; all but Φ are 0 where the square of e^z is infinite."""
    w = math.exp(z)
    if math.isinf(w):
        return 0.0, 1.0, 0.0, 0.0
    if math.isinf(w * w):
        return 0.0, w / (1.0 + w), 0.0, 0.0
    density = w / ((1.0 + w) * (1.0 + w))
    second = density * (w * w - 4.0 * w + 1.0) / ((1.0 + w) * (1.0 + w))
    return density, w / (1.0 + w), density * (1.0 - w) / (1.0 + w), second


@kernel
def extreme_density(z):
    """φ, Φ, φ' and φ'' of the distribution of the log of an exponential variable."""
    w = math.exp(z)
    if math.isinf(w):
        return 0.0, 1.0, 0.0, 0.0
    density = w * math.exp(-w)
    second = 0.0 if math.isinf(w * w) else (w * w - 3.0 * w + 1.0) * density
    return density, 1.0 - math.exp(-w), (1.0 - w) * density, second


@kernel
def density_of(distribution, z):
    """φ, Φ, φ' and φ'' of a distribution."""
    if distribution == NORMAL:
        return normal_density(z)
    if distribution == LOGISTIC:
        return logistic_density(z)
    return extreme_density(z)


@kernel
def limits(distribution, above, right_open, left_open, sigma):
    """What gradient and Hessian tend to as f goes to minus infinity (`above`: times above the prediction), or to it.

    A row that is censored on the side to which the prediction goes is satisfied, and asks for nothing.
    """
    if (above and left_open) or (not above and right_open):
        return 0.0, LEAST_HESSIAN
    if distribution == NORMAL:
        return (-LARGEST_GRADIENT if above else LARGEST_GRADIENT), 1.0 / (sigma * sigma)
    if distribution == LOGISTIC or not above:
        return (-1.0 / sigma if above else 1.0 / sigma), LEAST_HESSIAN
    return -LARGEST_GRADIENT, LARGEST_HESSIAN


@kernel
def known_time(distribution, z, sigma):
    """Numerators and denominators of gradient and Hessian of -log φ(z)."""
    density, _, first, second = density_of(distribution, z)
    numerator = -(density * second - first * first)
    return first, sigma * density, numerator, sigma * sigma * density * density


@kernel
def time_between(distribution, lower, upper, z_lower, z_upper, sigma):
    """Numerators and denominators of gradient and Hessian of -log(Φ(z_upper) - Φ(z_lower))."""
    density_u, up_to_u, first_u = 0.0, 1.0, 0.0
    density_l, up_to_l, first_l = 0.0, 0.0, 0.0
    if not math.isinf(upper):
        density_u, up_to_u, first_u, _ = density_of(distribution, z_upper)
    if lower > 0.0:
        density_l, up_to_l, first_l, _ = density_of(distribution, z_lower)
    share, density = up_to_u - up_to_l, density_u - density_l
    numerator = -(share * (first_u - first_l) - density * density)
    return density, sigma * share, numerator, (sigma * share) * (sigma * share)


@kernel
def aft_gradients(rows, margin, y, weight, parameter, out):
    """Gradient and Hessian of minus the log-likelihood of a time between y[i, 0] and y[i, 1]."""
    distribution, sigma = int(parameter[0]), np.float64(parameter[1])
    for i in range(rows[0], rows[1]):
        lower, upper, f = np.float64(y[i, 0]), np.float64(y[i, 1]), np.float64(margin[0, i])
        known = lower == upper
        z_lower = (math.log(lower) - f) / sigma if lower > 0.0 else 0.0
        z_upper = (math.log(upper) - f) / sigma if not math.isinf(upper) else 0.0
        if known:
            top, bottom, top_2, bottom_2 = known_time(distribution, z_lower, sigma)
        else:
            top, bottom, top_2, bottom_2 = time_between(distribution, lower, upper, z_lower, z_upper, sigma)
        gradient, hessian = top / bottom, top_2 / bottom_2
        above = z_upper > 0.0 or z_lower > 0.0
        limit, limit_2 = limits(distribution, above, math.isinf(upper), lower <= 0.0, sigma)
        if bottom < LEAST_DENOMINATOR and not math.isfinite(gradient):
            gradient = limit
        if bottom_2 < LEAST_DENOMINATOR and not math.isfinite(hessian):
            hessian = limit_2
        gradient = min(max(gradient, -LARGEST_GRADIENT), LARGEST_GRADIENT)
        hessian = min(max(hessian, LEAST_HESSIAN), LARGEST_HESSIAN)
        out[0, i, 0] = f32(gradient) * weight[i]
        out[0, i, 1] = f32(hessian) * weight[i]


def with_distribution(objective: Objective) -> Objective:
    """The objective with the numbers of its parameters for the kernel: code of the distribution, and σ."""
    distribution, scale = (objective.given[f"aft_loss_{name}"] for name in ("distribution", "distribution_scale"))
    return objective._replace(value=np.array([DISTRIBUTIONS[distribution], scale], dtype=np.float32))


def half_a_unit(y, weight, value, n_outputs):
    """The library's start of survival:aft, whatever the times are."""
    return np.full(n_outputs, START)


def are_intervals(y: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each row has a lower bound that is not negative, and not above its upper one, with a time between."""
    if y.ndim != 2 or y.shape[1] != 2:
        return np.zeros(len(y), dtype=bool)
    lower, upper = y[:, 0], y[:, 1]
    return (lower >= 0) & (lower <= upper) & (upper > 0) & np.isfinite(lower)


COX = Objective(
    "survival:cox",
    "log",
    cox_gradients,
    "cox-nloglik",
    rows_apart=False,
    bind=in_order_of_time,
)
AFT = Objective(
    "survival:aft",
    "log",
    aft_gradients,
    "aft-nloglik",
    start=half_a_unit,
    domain=Domain("lower and upper bound of a time, 0 <= lower <= upper, in two columns", are_intervals),
)
