"""A loss says how wrong a raw prediction is; its gradient and Hessian say where to go.

Every loss here is a function of the raw prediction f (a real number, before the inverse link turns it into a
mean) and the target y, one value per row, neither summed nor averaged. Constants that depend on y alone are kept
unless the docstring says otherwise. Written once, in NumPy, for reading and for models that call them on whole
arrays; `mlx.boosting.objectives` holds compiled twins of those that trees need.

=====================  ==========================  ======================  =====================
loss                   value                       gradient in f           Hessian in f
=====================  ==========================  ======================  =====================
half squared error     ½ (f - y)²                  f - y                   1
binary log loss        log(1 + exp(f)) - y f       σ(f) - y                σ(f) (1 - σ(f))
multinomial log loss   log Σ exp(f_k) - f_y        softmax(f) - onehot(y)  p_k (1 - p_k), diagonal
half Poisson deviance  y log(y / μ) - y + μ        μ - y                   μ = exp(f)
=====================  ==========================  ======================  =====================

The three losses below the first come in a second form, a function of the mean that the inverse link gives
(``..._of_probability``, `half_poisson_deviance`), for models that have computed the mean already.

References: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., section 10.6 (squared
error, binomial and multinomial deviance); for the stable forms, M. Mächler, "Accurately computing
log(1 - exp(-|a|))", 2012, equation 10.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, xlogy

__all__ = [
    "binary_log_loss",
    "binary_log_loss_gradient",
    "binary_log_loss_hessian",
    "binary_log_loss_of_probability",
    "half_poisson_deviance",
    "half_poisson_deviance_gradient",
    "half_poisson_deviance_hessian",
    "half_squared_error",
    "half_squared_error_gradient",
    "half_squared_error_hessian",
    "logit",
    "multinomial_log_loss",
    "multinomial_log_loss_gradient",
    "multinomial_log_loss_hessian_diagonal",
    "multinomial_log_loss_of_probability",
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


def _inside_unit_interval(p: Array) -> Array:
    epsilon = np.finfo(p.dtype).eps
    return np.clip(p, epsilon, 1 - epsilon)
