"""Gradient descent walks down the mean squared error: against the gradient, a fixed share of it at a time.

Formula, for one target, with N = Σ s_i (the number of rows, if all weights are 1)::

    L     = (1 / N) Σ_i s_i (y_i - ŷ_i)²,    ŷ_i = b + wᵀ x_i
    ∂L/∂b = -(2 / N) Σ_i s_i (y_i - ŷ_i)
    ∂L/∂w = -(2 / N) Σ_i s_i x_i (y_i - ŷ_i)
    b ← b - η ∂L/∂b,    w ← w - η ∂L/∂w

L is a bowl whose steepness lies between the smallest and the largest eigenvalue of its second derivative,
(2 / N) Σ_i s_i (1, x_i)(1, x_i)ᵀ. A learning rate η below 2 / largest lets every step go down, and 1 / largest is safe;
the number of steps grows with the ratio of the two eigenvalues. Least squares by a decomposition has neither worry:
this is here to be watched.

Reference: S. Boyd & L. Vandenberghe, Convex Optimization, Cambridge 2004, section 9.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Descent", "descend", "gradient", "largest_curvature", "mean_squared_errors"]

Array = NDArray[np.floating]


class Descent(NamedTuple):
    """Where the descent ended, and how it went.

    Attributes
    ----------
    coefficients : ndarray of shape (p, t)
    intercepts : ndarray of shape (t,)
    losses : ndarray of shape (n_iter + 1,)
        L before the first step and after each, averaged over the targets.
    n_iter : int
        Steps taken.
    slope : float
        Largest entry, by size, of the last gradient.
    """

    coefficients: Array
    intercepts: Array
    losses: Array
    n_iter: int
    slope: float


def mean_squared_errors(residuals: Array, shares: Array) -> Array:
    """L of each target, shape (t,), from y - ŷ of shape (n, t) and s / N of shape (n,)."""
    return shares @ residuals**2


def gradient(X: Array, residuals: Array, shares: Array) -> tuple[Array, Array]:
    """∂L/∂w of shape (p, t) and ∂L/∂b of shape (t,)."""
    weighted = residuals * shares[:, None]
    return -2.0 * (X.T @ weighted), -2.0 * weighted.sum(axis=0)


def largest_curvature(X: Array, shares: Array, *, fit_intercept: bool) -> float:
    """Largest eigenvalue of the second derivative of L."""
    design = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    return float(np.linalg.eigvalsh(2.0 * (design.T @ (design * shares[:, None])))[-1])


def descend(
    X: Array,
    Y: Array,
    weights: Array | None,
    *,
    fit_intercept: bool,
    learning_rate: float | None,
    max_steps: int,
    tol: float,
) -> Descent:
    """Steps from zero until the largest slope is at most `tol`.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float64.
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
    fit_intercept : bool
        Whether b moves, or stays 0.
    learning_rate : float, optional
        η; by default 1 / `largest_curvature`.
    max_steps : int
        Steps at most.
    tol : float

    Raises
    ------
    ValueError
        If the steps lead up and away: `learning_rate` is too large.
    """
    shares = np.full(len(X), 1.0 / len(X)) if weights is None else weights / weights.sum()
    if learning_rate is None:
        learning_rate = 1.0 / max(largest_curvature(X, shares, fit_intercept=fit_intercept), np.finfo(float).tiny)
    W, b = np.zeros((X.shape[1], Y.shape[1])), np.zeros(Y.shape[1])
    losses = []
    with np.errstate(over="ignore", invalid="ignore"):  # a descent that goes up is told of below
        while True:
            residuals = Y - (X @ W + b)
            losses.append(mean_squared_errors(residuals, shares).mean())
            if not np.isfinite(losses[-1]):
                raise ValueError(
                    f"learning_rate={learning_rate} is too large for these data: the loss overflowed after "
                    f"{len(losses) - 1} steps; lower it, scale the columns, or leave it at 'auto'"
                )
            slope_of_W, slope_of_b = gradient(X, residuals, shares)
            largest = np.abs(slope_of_W).max(initial=0.0)
            if fit_intercept:
                largest = max(largest, np.abs(slope_of_b).max())
            if largest <= tol or len(losses) > max_steps:
                return Descent(W, b, np.array(losses), len(losses) - 1, float(largest))
            W = W - learning_rate * slope_of_W
            if fit_intercept:
                b = b - learning_rate * slope_of_b
