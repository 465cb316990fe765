"""A loss says how wrong a raw prediction is; its gradient and Hessian say where to go.

Every loss here is a function of the raw prediction f (a real number, before the inverse link turns it into a
mean) and the target y, one value per row, neither summed nor averaged. Constants that depend on y alone are kept
unless the docstring says otherwise. Written once, in NumPy, for reading and for models that call them on whole
arrays; `mlx.boosting.objectives` holds compiled twins of those that trees need.

======================  ==============================  =========================  ==========================
loss                    value                           gradient in f              Hessian in f
======================  ==============================  =========================  ==========================
half squared error      ½ (f - y)²                      f - y                      1
half squared log error  ½ (l(f) - l(y))²                (l(f) - l(y)) / (1 + f)    (1 - l(f) + l(y)) / (1 + f)²
pseudo-Huber error      δ² (s - 1)                      (f - y) / s                1 / s³
absolute error          abs(f - y)                      sign(f - y)                0
pinball loss            (α - [y < f]) (y - f)           [y < f] - α                0
hinge loss              max(0, 1 - z f), z = 2 y - 1    -z where z f < 1           0
binary log loss         log(1 + exp(f)) - y f           σ(f) - y                   σ(f) (1 - σ(f))
multinomial log loss    log Σ exp(f_k) - f_y            softmax(f) - onehot(y)     p_k (1 - p_k), diagonal
half Poisson deviance   y log(y / μ) - y + μ            μ - y                      μ
half gamma deviance     log(μ / y) + y / μ - 1          1 - y / μ                  y / μ
half Tweedie deviance   D(μ) - D(y)                     μ^(2 - ρ) - y μ^(1 - ρ)    (2 - ρ) μ^(2 - ρ)
                                                                                   - (1 - ρ) y μ^(1 - ρ)
======================  ==============================  =========================  ==========================

Here l(x) = log(1 + x), s = sqrt(1 + ((f - y) / δ)²), μ = exp(f),
D(μ) = μ^(2 - ρ) / (2 - ρ) - y μ^(1 - ρ) / (1 - ρ).
The losses with corners have no Hessian there.

The log losses and deviances come in a second form, or in this form alone, as a function of the mean that the inverse
link gives (``..._of_probability``, ``half_..._deviance``), for models that have computed the mean already.

References: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., section 10.6 (squared
error, absolute error, Huber's error, binomial and multinomial deviance); B. Jørgensen, The Theory of Dispersion Models,
1997, chapter 4 (Tweedie's); for the stable forms, M. Mächler, "Accurately computing
log(1 - exp(-|a|))", 2012, equation 10.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, xlogy

__all__ = [
    "absolute_error",
    "absolute_error_gradient",
    "binary_log_loss",
    "binary_log_loss_gradient",
    "binary_log_loss_hessian",
    "binary_log_loss_of_probability",
    "half_gamma_deviance",
    "half_gamma_deviance_gradient",
    "half_gamma_deviance_hessian",
    "half_poisson_deviance",
    "half_poisson_deviance_gradient",
    "half_poisson_deviance_hessian",
    "half_squared_error",
    "half_squared_error_gradient",
    "half_squared_error_hessian",
    "half_squared_log_error",
    "half_squared_log_error_gradient",
    "half_squared_log_error_hessian",
    "half_tweedie_deviance",
    "half_tweedie_deviance_gradient",
    "half_tweedie_deviance_hessian",
    "hinge_loss",
    "hinge_loss_gradient",
    "logit",
    "multinomial_log_loss",
    "multinomial_log_loss_gradient",
    "multinomial_log_loss_hessian_diagonal",
    "multinomial_log_loss_of_probability",
    "pinball_loss",
    "pinball_loss_gradient",
    "pseudo_huber_error",
    "pseudo_huber_error_gradient",
    "pseudo_huber_error_hessian",
    "sigmoid",
    "softmax",
]

Array = NDArray[np.floating]


def half_squared_error(f: Array, y: Array) -> Array:
    """½ (f - y)² for each row; the link is the identity."""
    return 0.5 * (f - y) ** 2


def half_squared_error_gradient(f: Array, y: Array) -> Array:
    """Derivative f - y of half the squared error."""
    return f - y


def half_squared_error_hessian(f: Array) -> Array:
    """Second derivative of half the squared error: 1 for each row."""
    return np.ones_like(f)


def half_squared_log_error(f: Array, y: Array) -> Array:
    """½ (log(1 + f) - log(1 + y))² for f and y above -1; the link is the identity."""
    return 0.5 * (np.log1p(f) - np.log1p(y)) ** 2


def half_squared_log_error_gradient(f: Array, y: Array) -> Array:
    """Derivative (log(1 + f) - log(1 + y)) / (1 + f)."""
    return (np.log1p(f) - np.log1p(y)) / (1.0 + f)


def half_squared_log_error_hessian(f: Array, y: Array) -> Array:
    """Second derivative (1 - log(1 + f) + log(1 + y)) / (1 + f)²; negative where f is far above y."""
    return (1.0 - np.log1p(f) + np.log1p(y)) / (1.0 + f) ** 2


def pseudo_huber_error(f: Array, y: Array, slope: float = 1.0) -> Array:
    """δ² (sqrt(1 + ((f - y) / δ)²) - 1): half the square of a small error, δ times a large one, δ being the slope."""
    return slope**2 * (np.hypot(1.0, (f - y) / slope) - 1.0)


def pseudo_huber_error_gradient(f: Array, y: Array, slope: float = 1.0) -> Array:
    """Derivative (f - y) / sqrt(1 + ((f - y) / δ)²), between -δ and δ."""
    return (f - y) / np.hypot(1.0, (f - y) / slope)


def pseudo_huber_error_hessian(f: Array, y: Array, slope: float = 1.0) -> Array:
    """Second derivative (1 + ((f - y) / δ)²)^(-3/2)."""
    return np.hypot(1.0, (f - y) / slope) ** -3


def absolute_error(f: Array, y: Array) -> Array:
    """abs(f - y), smallest in the mean at the median of y; the link is the identity."""
    return np.abs(f - y)


def absolute_error_gradient(f: Array, y: Array) -> Array:
    """Derivative sign(f - y), 0 at the corner."""
    return np.sign(f - y)


def pinball_loss(f: Array, y: Array, alpha: float) -> Array:
    """α (y - f) below the target and (1 - α) (f - y) above, smallest in the mean at the α-quantile of y."""
    return np.where(f < y, alpha * (y - f), (1.0 - alpha) * (f - y))


def pinball_loss_gradient(f: Array, y: Array, alpha: float) -> Array:
    """Derivative, -α below the target and 1 - α from it on."""
    return np.where(f < y, -alpha, 1.0 - alpha)


def hinge_loss(f: Array, y: Array) -> Array:
    """max(0, 1 - (2 y - 1) f) for y 0 or 1: no loss for a raw prediction of 1 or more on the right side of 0."""
    return np.maximum(0.0, 1.0 - (2.0 * y - 1.0) * f)


def hinge_loss_gradient(f: Array, y: Array) -> Array:
    """Derivative, 1 - 2 y where there is a loss, else 0."""
    return np.where((2.0 * y - 1.0) * f < 1.0, 1.0 - 2.0 * y, 0.0)


def sigmoid(f: Array) -> Array:
    """σ(f) = 1 / (1 + exp(-f)), inverse of `logit`: raw prediction to probability."""
    return expit(f)


def logit(p: Array) -> Array:
    """log(p / (1 - p)), link of the binary log loss: probability to raw prediction; ±inf at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def binary_log_loss(f: Array, y: Array) -> Array:
    """log(1 + exp(f)) - y f for y in [0, 1]: minus the Bernoulli log-likelihood at probability σ(f)."""
    return np.logaddexp(0.0, f) - y * f


def binary_log_loss_gradient(f: Array, y: Array) -> Array:
    """Derivative σ(f) - y of the binary log loss."""
    return expit(f) - y


def binary_log_loss_hessian(f: Array) -> Array:
    """Second derivative σ(f) (1 - σ(f)) of the binary log loss; at most 1/4, at f = 0."""
    p = expit(f)
    return p * (1.0 - p)


def binary_log_loss_of_probability(p: Array, y: NDArray) -> Array:
    """-y log p - (1 - y) log(1 - p), entry by entry; p is kept a machine epsilon of its dtype away from 0 and 1."""
    p = _inside_unit_interval(p)
    return -(xlogy(y, p) + xlogy(1 - y, 1 - p))


def softmax(f: Array) -> Array:
    """exp(f_k) / Σ exp(f_j) for each row of f, shape (n_samples, n_classes); shifted by the largest f_k."""
    p = np.exp(f - f.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def multinomial_log_loss(f: Array, y: NDArray[np.integer]) -> Array:
    """Log Σ_k exp(f_k) - f_y: minus the log-probability of class y under softmax(f).

    Parameters
    ----------
    f : ndarray of shape (n_samples, n_classes)
        Raw predictions.
    y : ndarray of int, shape (n_samples,)
        Class codes in [0, n_classes).

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    return logsumexp(f, axis=1) - np.take_along_axis(f, y[:, None], axis=1)[:, 0]


def multinomial_log_loss_gradient(f: Array, y: NDArray[np.integer]) -> Array:
    """Derivative softmax(f) - onehot(y), shape (n_samples, n_classes); each row sums to 0."""
    gradient = softmax(f)
    gradient[np.arange(len(y)), y] -= 1.0
    return gradient


def multinomial_log_loss_hessian_diagonal(f: Array) -> Array:
    """Diagonal p_k (1 - p_k) of the Hessian, p = softmax(f), shape (n_samples, n_classes)."""
    p = softmax(f)
    return p * (1.0 - p)


def multinomial_log_loss_of_probability(p: Array, onehot: NDArray) -> Array:
    """-onehot_k log p_k, entry by entry: its row sums are the loss; p is kept a machine epsilon away from 0 and 1."""
    return -xlogy(onehot, _inside_unit_interval(p))


def half_poisson_deviance(mean: Array, y: Array) -> Array:
    """Value y log(y / μ) - y + μ, zero at μ = y, for y >= 0 and a mean μ = exp(f) > 0."""
    return xlogy(y, y / mean) - y + mean


def half_poisson_deviance_gradient(f: Array, y: Array) -> Array:
    """Derivative exp(f) - y in the raw prediction f, the logarithm of the mean."""
    return np.exp(f) - y


def half_poisson_deviance_hessian(f: Array) -> Array:
    """Second derivative exp(f) in the raw prediction f."""
    return np.exp(f)


def half_gamma_deviance(mean: Array, y: Array) -> Array:
    """Value log(μ / y) + y / μ - 1, zero at μ = y, for y > 0 and a mean μ = exp(f) > 0."""
    return np.log(mean / y) + y / mean - 1.0


def half_gamma_deviance_gradient(f: Array, y: Array) -> Array:
    """Derivative 1 - y exp(-f) in the raw prediction f, the logarithm of the mean."""
    return 1.0 - y * np.exp(-f)


def half_gamma_deviance_hessian(f: Array, y: Array) -> Array:
    """Second derivative y exp(-f) in the raw prediction f."""
    return y * np.exp(-f)


def half_tweedie_deviance(mean: Array, y: Array, power: float) -> Array:
    """Value zero at μ = y, for y >= 0, a mean μ = exp(f) > 0, and a variance power ρ between 1 and 2.

    With D(μ) = μ^(2 - ρ) / (2 - ρ) - y μ^(1 - ρ) / (1 - ρ) it is D(μ) - D(y), and D(0) = 0.
    """
    first, second = 1.0 - power, 2.0 - power
    at_mean = mean**second / second - y * mean**first / first
    return at_mean - y**second * (1.0 / second - 1.0 / first)


def half_tweedie_deviance_gradient(f: Array, y: Array, power: float) -> Array:
    """Derivative exp((2 - ρ) f) - y exp((1 - ρ) f) in the raw prediction f, the logarithm of the mean."""
    return np.exp((2.0 - power) * f) - y * np.exp((1.0 - power) * f)


def half_tweedie_deviance_hessian(f: Array, y: Array, power: float) -> Array:
    """Second derivative (2 - ρ) exp((2 - ρ) f) - (1 - ρ) y exp((1 - ρ) f) in the raw prediction f."""
    return (2.0 - power) * np.exp((2.0 - power) * f) - (1.0 - power) * y * np.exp((1.0 - power) * f)


def _inside_unit_interval(p: Array) -> Array:
    epsilon = np.finfo(p.dtype).eps
    return np.clip(p, epsilon, 1 - epsilon)
