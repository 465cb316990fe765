"""Least squares under W ≥ 0: active sets, which free one coefficient after the other until none wants to grow.

Formula, for a design Z and a target y::

    minimise  ‖y - Z w‖²   over w ≥ 0

At the minimum every coefficient that is not zero has slope zᵀ(y - Z w) = 0, and every one that is zero has a slope
that is not positive (the conditions of Karush, Kuhn and Tucker). Passive columns are those whose coefficient is free.
In each step the column of the largest slope becomes passive, and ordinary least squares on the passive columns gives
the next point; if some coefficient would become negative on the way there, the way ends where the first one is zero,
and that column is bound again. Each step lowers the sum of squares, so no set of columns comes twice.

The table is first reduced to as many rows as it has columns (`reduced_design`), and the QR decomposition of the
passive columns is updated when one comes or goes, for some p² multiplications: exact where normal equations are not.

Reference: C. Lawson & R. Hanson, Solving Least Squares Problems, 1974, chapter 23, algorithm NNLS.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning

from ..numeric.linalg import column_means
from ..numeric.threads import run_tasks
from .by_singular_values import EPSILON, lengths_of, reduced_design
from .least_squares import LeastSquaresFit

__all__ = ["fit_nonnegative", "nonnegative_solution"]

Array = NDArray[np.floating]

# Steps for each column after which only rounding can be at work.
STEPS_PER_COLUMN = 10


def fit_nonnegative(
    X: Array,
    Y: Array,
    weights: Array | None = None,
    *,
    penalties: Array | None = None,
    fit_intercept: bool = True,
    n_threads: int = 1,
) -> LeastSquaresFit:
    """Least squares, or ridge regression, under W ≥ 0: one problem for each column of Y.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
        Nonnegative.
    penalties : ndarray of shape (t,), optional
        α of each target, for α ‖w‖² beside the squares: p more rows √α I with targets zero.
    fit_intercept : bool, default=True
        Whether there is an intercept; it may be negative.
    n_threads : int, default=1
        Targets solved side by side.
    """
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    design, targets, _ = reduced_design(X, Y, weights, x_mean, y_mean)

    def solve(target: int) -> Array:
        if penalties is None or penalties[target] == 0.0:
            return nonnegative_solution(design, targets[:, target])
        rows = np.vstack([design, np.sqrt(penalties[target]) * np.eye(X.shape[1])])
        return nonnegative_solution(rows, np.concatenate([targets[:, target], np.zeros(X.shape[1])]))

    return LeastSquaresFit(np.column_stack(run_tasks(solve, range(Y.shape[1]), n_threads)), x_mean, y_mean)


def nonnegative_solution(design: Array, target: Array) -> Array:
    """The minimum w ≥ 0 of ‖target - design w‖², shape (p,).

    Parameters
    ----------
    design : ndarray of shape (n, p)
    target : ndarray of shape (n,)
    """
    n, p = design.shape
    lengths = lengths_of(design)
    lengths[lengths == 0.0] = 1.0
    Z = design / lengths
    w, passive = np.zeros(p), PassiveColumns(n)
    smallest_slope = STEPS_PER_COLUMN * max(n, p) * EPSILON * float(linalg.norm(target, check_finite=False))
    refused: set[int] = set()  # whose slope was rounding error: freed, they would go below zero at once
    for _ in range(STEPS_PER_COLUMN * p):
        slopes = Z.T @ (target - Z @ w)
        slopes[passive.columns + list(refused)] = -np.inf
        entering = int(np.argmax(slopes))
        if slopes[entering] <= smallest_slope:
            return w / lengths
        passive.add(entering, Z[:, entering])
        point = passive.solve(target)
        if point[-1] <= 0.0:
            passive.drop(len(passive.columns) - 1)
            refused.add(entering)
            continue
        refused.clear()
        while point.min() <= 0.0:
            now = w[passive.columns]
            falling = np.flatnonzero(point <= 0.0)
            shares = now[falling] / (now[falling] - point[falling])
            first = int(falling[np.argmin(shares)])
            w[passive.columns] = now + shares.min() * (point - now)
            w[passive.columns[first]] = 0.0
            passive.drop(first)
            point = passive.solve(target)
        w[passive.columns] = point
    warnings.warn(
        f"positive=True: no end after {STEPS_PER_COLUMN * p} active sets; columns depend on each other",
        ConvergenceWarning,
        stacklevel=2,
    )
    return w / lengths


class PassiveColumns:
    """The passive columns in the order of their coming, with their QR decomposition.

    Parameters
    ----------
    n : int
        Rows.
    """

    def __init__(self, n: int) -> None:
        self.columns: list[int] = []
        self._Q: Array = np.eye(n)
        self._R: Array = np.zeros((n, 0))

    def add(self, number: int, column: Array) -> None:
        """Put a column behind the others."""
        if self.columns:
            place = len(self.columns)
            self._Q, self._R = linalg.qr_insert(self._Q, self._R, column, place, which="col", check_finite=False)
        else:
            self._Q, self._R = linalg.qr(column[:, None], check_finite=False)
        self.columns.append(number)

    def drop(self, place: int) -> None:
        """Take the column at a place out."""
        self._Q, self._R = linalg.qr_delete(self._Q, self._R, place, which="col", check_finite=False)
        del self.columns[place]

    def solve(self, target: Array) -> Array:
        """Coefficients of ordinary least squares on the passive columns, in their order."""
        k = len(self.columns)
        if k == 0:
            return np.ones(0)
        return linalg.solve_triangular(self._R[:k], self._Q[:, :k].T @ target, check_finite=False)
