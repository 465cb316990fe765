"""Fitting a logistic regression: which minimiser is called, from which start.

Where the penalty has a length (λ₁ > 0) it is `proximal.proximal_newton`. Else, where a Hessian costs no more than a
pass over the rows, it is Newton's method under every name. Where it does:

``lbfgs``
    L-BFGS that begins with a Hessian's inverse in place of the identity. On many rows the Hessian is that of a few
    thousand of them, at their own minimum: the rows' minimum is near that of all, and its Hessian near theirs, so
    that a handful of passes over all rows is left. On fewer rows some iterations come before the Hessian. Where it
    would be too large to store, Newton steps by conjugate gradients finish.
``newton_cholesky``, ``newton_cg``
    `newton`, from the same start.

All end at the same minimum, when `decrement` says that nothing is left to gain; the bits depend on nothing but the
table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import one_blas_thread
from .decrement import NearInverse, is_nothing
from .lbfgs import Minimum, Report, lbfgs
from .logistic_objective import LogisticObjective, Point, logistic_objective
from .newton import cg_direction, cholesky_direction, near_inverse, newton

__all__ = ["MINIMISERS", "LogisticFit", "fit_logistic", "newton_cg", "newton_cholesky", "quasi_newton"]

Array = NDArray[np.floating]

# Unknowns up to which the Hessian is stored as a matrix (2000² float64 are 32 MB) when the choice is ours.
STORED_HESSIAN = 2000

# Rows of the sample, rows from which on it is worth while, and how far apart its rows may be: the more rows there are,
# the nearer the sample's minimum must be to save passes over all.
SAMPLE_ROWS = 8192
LEAST_ROWS = 4 * SAMPLE_ROWS
MOST_APART = 12

# The sample's minimum is as far from that of all rows as chance has it: it need not be known better than this.
SAMPLE_TOL = 1e-3
SAMPLE_ITERATIONS = 50

# Iterations before the Hessian is taken, where there is no sample: a pass over the rows for so many unknowns, no less
# and no more than this, as a Hessian costs as many passes as there are unknowns. Where it is not stored, the most and
# one more for so many unknowns, before conjugate gradients finish.
LEAST_FIRST, FIRST_ITERATIONS = 7, 15
UNKNOWNS_PER_FIRST = 40
UNKNOWNS_PER_ITERATION = 8

# Hessians that L-BFGS begins with, one after the other, before each step takes its own.
MOST_HESSIANS = 2

# Multiplications up to which a Hessian and its factor are a matter of some milliseconds, and up to which they cost no
# more than a pass over the rows.
CHEAP_HESSIAN = 50_000_000
HESSIAN_LIKE_A_PASS = 600_000


def multiplications(objective: LogisticObjective) -> int:
    """About what a Hessian and its factor cost."""
    q = objective.shape[0] * objective.shape[1]
    return max(len(objective.y), q) * q**2


def sample_of(objective: LogisticObjective) -> LogisticObjective | None:
    """The objective of every so many-th row; None for a table of few rows, or of sparse ones."""
    n = len(objective.y)
    if n < LEAST_ROWS or not isinstance(objective.X, np.ndarray):
        return None
    return objective.of_rows(slice(0, None, min(n // SAMPLE_ROWS, MOST_APART)))


def start_of(objective: LogisticObjective, U: Array, sample: LogisticObjective | None = None) -> Point:
    """Where a minimisation begins: at U, or, if that is zero and there is a sample, at the sample's minimum.

    Never above where all is zero: rows outside the sample, or other rows than those of the last fit, may be so far off
    that no row would have any curvature.
    """
    if sample is not None and not U.any():
        U = lbfgs(sample, sample.at(U), tol=SAMPLE_TOL, max_iter=SAMPLE_ITERATIONS).point.U
    start = objective.at(U)
    of_zeros = np.log(max(objective.n_outputs, 2))
    return start if start.value <= of_zeros or not U.any() else objective.at(np.zeros_like(U))


def quasi_newton(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """L-BFGS from an approximate Hessian, finished by Newton steps. Parameters as for `newton`, U the start."""
    if multiplications(objective) <= HESSIAN_LIKE_A_PASS:
        return newton_cholesky(objective, U, tol=tol, max_iter=max_iter, report=report)
    if U.size > STORED_HESSIAN:
        n_first = min((max_iter + 1) // 2, FIRST_ITERATIONS + U.size // UNKNOWNS_PER_ITERATION)
        first = lbfgs(objective, start_of(objective, U), tol=tol, max_iter=n_first, report=report)
        return first if first.stopped else finish(objective, first, cg_direction, tol, max_iter, report)
    sample = sample_of(objective) if max_iter > 0 else None
    if sample is None:
        n_first = min((max_iter + 1) // 2, FIRST_ITERATIONS, max(LEAST_FIRST, U.size // UNKNOWNS_PER_FIRST))
        found = lbfgs(objective, start_of(objective, U), tol=max(tol, SAMPLE_TOL), max_iter=n_first, report=report)
    else:
        found = Minimum(start_of(objective, U, sample), 0, False, np.inf)
    for _ in range(MOST_HESSIANS):
        if found.stopped or found.n_iter >= max_iter:
            return found
        inverse = near_inverse(objective, found.point, sample)
        sample = None  # gives back its memory; and what it says does not get better
        if inverse is None:
            break
        found = with_inverse(objective, found, inverse, tol, max_iter, report)
        if found.settled:
            return found
    return finish(objective, found, cholesky_direction, tol, max_iter, report)


def with_inverse(
    objective: LogisticObjective,
    first: Minimum,
    inverse: NearInverse,
    tol: float,
    max_iter: int,
    report: Report | None,
) -> Minimum:
    """L-BFGS from where another method ended, until nothing is left or the inverse is one from too far away."""

    def is_enough(point: Point) -> bool:
        promise = inverse.promise_at(point)
        return promise == np.inf or is_nothing(promise, point, tol)

    found = lbfgs(
        objective,
        first.point,
        tol=tol,
        max_iter=(max_iter - first.n_iter + 1) // 2,
        before_pairs=inverse.solve,
        is_enough=is_enough,
        report=report,
    )
    settled = found.stopped or (found.converged and is_nothing(inverse.promise_at(found.point), found.point, tol))
    return found._replace(n_iter=first.n_iter + found.n_iter, settled=settled)


def finish(
    objective: LogisticObjective, first: Minimum, direction: Any, tol: float, max_iter: int, report: Report | None
) -> Minimum:
    """Newton steps from where another method ended."""
    return newton(objective, first.point, direction, tol=tol, max_iter=max_iter, n_iter=first.n_iter, report=report)


def newton_cholesky(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method with the Hessian as a matrix. Parameters as for `newton`, U the start."""
    start = start_of(objective, U, sample_of(objective) if max_iter > 0 else None)
    return newton(objective, start, cholesky_direction, tol=tol, max_iter=max_iter, report=report)


def newton_cg(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method by conjugate gradients; with the Hessian as a matrix where they fail, if it is not too large.

    Parameters as for `newton`, U the start.
    """
    if multiplications(objective) <= CHEAP_HESSIAN:
        return newton_cholesky(objective, U, tol=tol, max_iter=max_iter, report=report)
    start = start_of(objective, U, sample_of(objective) if max_iter > 0 else None)
    found = newton(objective, start, cg_direction, tol=tol, max_iter=max_iter, report=report)
    if found.stopped or found.settled or U.size > STORED_HESSIAN:
        return found
    return finish(objective, found, cholesky_direction, tol, max_iter, report)


def proximal(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Proximal Newton. Parameters as for `newton`, U the start."""
    from .proximal import proximal_newton  # loads Numba, which fits without lengths need not wait for

    return proximal_newton(objective, objective.at(U), tol=tol, max_iter=max_iter, report=report)


# liblinear, sag and saga have objectives of their own or none that differ; their names call the best minimiser here.
MINIMISERS = {
    "lbfgs": quasi_newton,
    "newton-cg": newton_cg,
    "newton-cholesky": newton_cholesky,
    "liblinear": quasi_newton,
    "sag": quasi_newton,
    "saga": quasi_newton,
}


# What one thread of BLAS does faster than two: passes over a table, told by the size of so many of them.
PRODUCTS_AT_ONCE = 10


class LogisticFit(NamedTuple):
    """Result of logistic regression.

    Attributes
    ----------
    coefficients : ndarray of shape (K, p)
        W, float64; K is 1 for two classes.
    intercepts : ndarray of shape (K,)
        b; zeros without an intercept.
    n_iter : int
    converged : bool
    kkt_residual : float
        How far the conditions of a minimum are missed, in the units of `tol`.
    """

    coefficients: Array
    intercepts: Array
    n_iter: int
    converged: bool
    kkt_residual: float


def fit_logistic(
    X: Any,
    y: NDArray[np.int64],
    weights: Array | None = None,
    *,
    n_classes: int,
    C: float = 1.0,
    l1_ratio: float = 0.0,
    fit_intercept: bool = True,
    intercept_scaling: float | None = None,
    solver: str = "lbfgs",
    tol: float = 1e-4,
    max_iter: int = 100,
    start: tuple[Array, Array] | None = None,
    report: Any = None,
) -> LogisticFit:
    """Minimise the penalised mean log loss.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    y : ndarray of int64, shape (n,)
        Class codes 0, ..., n_classes - 1.
    weights : ndarray of shape (n,), optional
        Nonnegative, not all zero.
    n_classes : int
    C : float, default=1.0
        Inverse strength of the penalty, inf for none.
    l1_ratio : float, default=0.0
        Share of the length in the penalty; the rest is of half the squared length.
    fit_intercept : bool, default=True
    intercept_scaling : float, optional
        a, if b / a is penalised as a coefficient is; None for an intercept that is free.
    solver : str
        One of `MINIMISERS`.
    tol : float
        Bound of the largest slope.
    max_iter : int
    start : tuple of ndarray of shape (K, p) and ndarray of shape (K,), optional
        Coefficients and intercepts to begin with, zeros by default.
    report : callable, optional
        Called with coefficients and intercepts after each iteration; True asks to stop.
    """
    objective = logistic_objective(
        X,
        y,
        weights,
        n_classes=n_classes,
        C=C,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        intercept_scaling=intercept_scaling,
    )
    U = np.zeros(objective.shape) if start is None else objective.from_users_units(*start)
    in_users_units: Report | None = None if report is None else lambda V: report(*objective.to_users_units(V))
    minimise = proximal if objective.l1.any() else MINIMISERS[solver]
    with one_blas_thread(PRODUCTS_AT_ONCE * len(y) * U.size):
        found = minimise(objective, U, tol=tol, max_iter=max_iter, report=in_users_units)
    W, b = objective.to_users_units(found.point.U)
    if objective.l1.any() and objective.free.any() and len(b) > 1:
        b -= (
            b.mean()
        )  # free intercepts of all classes may be moved at once; without a length they sum to 0 by themselves
    return LogisticFit(W, b, found.n_iter, found.converged, found.slope)
