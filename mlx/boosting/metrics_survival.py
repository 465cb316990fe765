"""Metrics of times until something happens; the formulas stand in `mlx.boosting.objectives_survival`.

============================  =====================================================================================
metric                        what
============================  =====================================================================================
cox-nloglik                   minus the log of the partial likelihood, divided by the number of events
aft-nloglik                   mean of minus the log of the likelihood of the interval in which the time lies
interval-regression-accuracy  share of the rows whose predicted time exp(f) lies in its interval
============================  =====================================================================================

Likelihoods below 1e-12 count as that, as in the library. Its partial likelihood leaves weights out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit

__all__ = ["aft_nloglik", "cox_nloglik", "interval_accuracy"]

Array = NDArray[np.float64]

LEAST_LIKELIHOOD = 1e-12


def cox_nloglik(y: Array, p: Array, weight: Array | None) -> float:
    """Minus the log of the partial likelihood of hazards p, per event; nan without one."""
    order = np.argsort(np.abs(y), kind="stable")
    time, hazard, event = np.abs(y)[order], p[order, 0], y[order] > 0
    at_risk = np.cumsum(hazard[::-1])[::-1][np.searchsorted(time, time)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum((np.log(at_risk) - np.log(hazard))[event]) / np.count_nonzero(event)


def aft_nloglik(y: Array, margin: Array, weight: Array | None, distribution: str, scale: float) -> float:
    """Mean of minus the log-likelihood of the intervals y, shape (n_samples, 2), at the logs of times `margin`."""
    lower, upper, f = y[:, 0], y[:, 1], margin[:, 0]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        z_lower, z_upper = (np.log(lower) - f) / scale, (np.log(upper) - f) / scale
        known = _density(z_lower, distribution) / (scale * lower)
        between = _cumulative(z_upper, distribution) - _cumulative(z_lower, distribution)
    likelihood = np.where(lower == upper, known, between)
    return np.average(-np.log(np.maximum(likelihood, LEAST_LIKELIHOOD)), weights=weight)


def interval_accuracy(y: Array, margin: Array, weight: Array | None) -> float:
    """Share of the rows whose time exp(margin) lies in its interval."""
    time = np.exp(margin[:, 0])
    return np.average((time >= y[:, 0]) & (time <= y[:, 1]), weights=weight)


def _density(z: Array, distribution: str) -> Array:
    if distribution == "normal":
        return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    if distribution == "logistic":
        return expit(z) * expit(-z)
    return np.exp(z - np.exp(z))


def _cumulative(z: Array, distribution: str) -> Array:
    if distribution == "normal":
        return 0.5 * (1 + erf(z / np.sqrt(2)))
    if distribution == "logistic":
        return expit(z)
    return -np.expm1(-np.exp(z))
