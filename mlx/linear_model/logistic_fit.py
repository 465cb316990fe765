"""Fitting a logistic regression: which minimiser is called, from which start.

Where the penalty has a length (λ₁ > 0) it is `proximal.proximal_newton`. Else:

``lbfgs``
    L-BFGS that begins with a Hessian's inverse in place of the identity. On many rows the Hessian is that of a few
    thousand of them, at their own minimum: the rows' minimum is near that of all, and its Hessian near theirs, so
    that a handful of passes over all rows is left. On fewer rows some iterations come before the Hessian. Where it
    would be too large to store, Newton steps by conjugate gradients finish.
``newton_cholesky``, ``newton_cg``
    `newton`, from the same start.

All end at the same minimum, and the bits depend on nothing but the table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import one_blas_thread
from .lbfgs import Minimum, Report, lbfgs
from .logistic_objective import LogisticObjective, logistic_objective
from .newton import approximate_inverse, cg_direction, cholesky_direction, newton

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

# Iterations before the Hessian is taken, where there is no sample; and, where it is not stored, one more for so many
# unknowns before conjugate gradients finish.
UNKNOWNS_PER_ITERATION = 8
FIRST_ITERATIONS = 15

# Share of `tol` that quasi-Newton steps reach for where a Newton step follows, which squares it, and where none does;
# and the slope at which Newton steps take over in any case.
NEAR = 1e-2
FINER = 1e-3
FINEST = 1e-8

# Unknowns up to which, on few rows, a Hessian takes no longer than a few gradients: there a Newton step
# comes last, and Newton steps take over after so many others.
CHEAP_HESSIAN = 128
MOST_BEFORE_CHEAP = 30


def sample_of(objective: LogisticObjective) -> LogisticObjective | None:
    """The objective of every so many-th row; None for a table of few rows, or of sparse ones."""
    n = len(objective.y)
    if n < LEAST_ROWS or not isinstance(objective.X, np.ndarray):
        return None
    return objective.of_rows(slice(0, None, min(n // SAMPLE_ROWS, MOST_APART)))


def start_of(sample: LogisticObjective | None, U: Array) -> Array:
    """Where a minimisation begins: at U, or, if that is zero and there is a sample, at the sample's minimum."""
    if sample is None or U.any():
        return U
    return lbfgs(sample, sample.at(U), tol=SAMPLE_TOL, max_iter=SAMPLE_ITERATIONS).point.U


def quasi_newton(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """L-BFGS from an approximate Hessian, finished by Newton steps. Parameters as for `newton`, U the start."""
    if U.size > STORED_HESSIAN:
        n_first = min((max_iter + 1) // 2, FIRST_ITERATIONS + U.size // UNKNOWNS_PER_ITERATION)
        first = lbfgs(objective, objective.at(U), tol=tol, max_iter=n_first, report=report)
        return first if first.stopped else finish(objective, first, cg_direction, tol, max_iter, report)
    sample = sample_of(objective) if max_iter > 0 else None
    if sample is None:
        n_first = min((max_iter + 1) // 2, FIRST_ITERATIONS)
        first = lbfgs(objective, objective.at(U), tol=max(tol, SAMPLE_TOL), max_iter=n_first, report=report)
        if first.stopped:
            return first
        inverse = approximate_inverse(objective, first.point.p)
    else:
        first = Minimum(objective.at(start_of(sample, U)), 0, False, np.inf)
        inverse = approximate_inverse(sample, sample.at(first.point.U).p)
    cheap = U.size <= CHEAP_HESSIAN and len(objective.y) < LEAST_ROWS
    target = max((NEAR if cheap else FINER) * tol, FINEST)
    n_left = max_iter - first.n_iter
    n_second = min(n_left, MOST_BEFORE_CHEAP) if cheap else n_left - n_left // 4
    second = lbfgs(
        objective, first.point, tol=tol, target=target, max_iter=n_second, before_pairs=inverse, report=report
    )
    second = second._replace(n_iter=first.n_iter + second.n_iter)
    if second.stopped or (second.converged and not cheap):
        return second
    return finish(objective, second, cholesky_direction, tol, max_iter, report)


def finish(
    objective: LogisticObjective, first: Minimum, direction: Any, tol: float, max_iter: int, report: Report | None
) -> Minimum:
    """Newton steps from where another method ended."""
    return newton(objective, first.point, direction, tol=tol, max_iter=max_iter, n_iter=first.n_iter, report=report)


def newton_cholesky(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method with the Hessian as a matrix. Parameters as for `newton`, U the start."""
    start = start_of(sample_of(objective), U) if max_iter > 0 else U
    return newton(objective, objective.at(start), cholesky_direction, tol=tol, max_iter=max_iter, report=report)


def newton_cg(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method by conjugate gradients. Parameters as for `newton`, U the start."""
    start = start_of(sample_of(objective), U) if max_iter > 0 else U
    return newton(objective, objective.at(start), cg_direction, tol=tol, max_iter=max_iter, report=report)


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
