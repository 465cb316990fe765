"""Newton's method walks to the minimum of a convex function by minimising, again and again, its local parabola.

One step, with g the gradient and H the Hessian at U (Nocedal & Wright, Numerical Optimization, 2nd ed., chapter 3;
Boyd & Vandenberghe, Convex Optimization, section 9.5)::

    H Δ = -g,    U ← U + t Δ,    t = 1, ½, ¼, ... until F falls by at least c t gᵀΔ (3.4, 3.37)

Near the minimum t is 1 and the number of correct digits doubles with each step. That is why a step is always taken
after the gradient has become as small as was asked: at the price of one more Hessian the answer is exact to rounding.

Three ways to the same minimum:

``newton_cholesky``
    H as a matrix, Δ by its Cholesky factor.
``newton_cg``
    Δ by conjugate gradients from products H v, stopped early while far away (7.1): nothing of size q² is stored.
``lbfgs``
    Quasi-Newton steps from the last ten gradients (7.4, scipy's): cheap and slow. They end when the gradient is as
    small as was asked, or when `quasi_newton_share` of the iterations are spent; Newton steps finish, by Cholesky if
    H fits, else by conjugate gradients.

Gauge: in the multinomial model the same number added to one unpenalised parameter of all classes changes no
probability. Every method here keeps the sum over the classes of such parameters where it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..numeric.linalg import conjugate_gradient, solve_positive_semidefinite
from .logistic_objective import LogisticObjective, logistic_objective

__all__ = ["SOLVERS", "LogisticFit", "Minimum", "fit_logistic", "lbfgs", "newton_cg", "newton_cholesky"]

Array = NDArray[np.floating]

# Told U after each iteration; True asks to stop.
Report = Callable[[Array], bool]
Direction = Callable[[LogisticObjective, Array, Array], Array]

# Share of the decrease that the slope promises which a step must keep (Nocedal & Wright, below 3.4).
SUFFICIENT_DECREASE = 1e-4

# Halvings of a step before rounding error is held responsible: 2⁻³⁰ of a Newton step is no step.
MOST_HALVINGS = 30

# Unknowns up to which the Hessian is stored as a matrix (2000² float64 are 32 MB) when the choice is ours.
STORED_HESSIAN = 2000

# Quasi-Newton iterations: a few to come near, and more where a Hessian costs many gradients (about unknowns / 16).
FEWEST_QUASI_NEWTON = 10
UNKNOWNS_PER_QUASI_NEWTON = 8

# Conjugate-gradient iterations per unknown: in exact arithmetic 1 is enough, rounding asks for several.
CG_ITERATIONS_PER_UNKNOWN = 10

EPSILON = float(np.finfo(np.float64).eps)


class Minimum(NamedTuple):
    """Where a minimisation ended.

    Attributes
    ----------
    U : ndarray of shape (K, q)
    n_iter : int
        Iterations taken, of any kind.
    converged : bool
        Whether the gradient is as small as was asked, or as small as rounding lets it be.
    """

    U: Array
    n_iter: int
    converged: bool


def cholesky_direction(objective: LogisticObjective, f: Array, gradient: Array) -> Array:
    """Step -H⁻¹ g by Cholesky; where H is singular, the shortest step to the parabola's minimum."""
    K, q = objective.shape
    hessian, slopes = objective.hessian(f), gradient.ravel()
    free = objective.penalty == 0.0
    if K == 1 or not free.any():
        return -solve_positive_semidefinite(hessian, slopes).reshape(K, q)
    # The gauge makes H singular: leave out the last class's unpenalised parameters, then move the sum back to 0.
    kept = np.ones((K, q), dtype=bool)
    kept[-1, free] = False
    index = np.flatnonzero(kept)
    step = np.zeros(K * q)
    step[index] = -solve_positive_semidefinite(hessian[np.ix_(index, index)], slopes[index])
    return keep_gauge(objective, step.reshape(K, q))


def keep_gauge(objective: LogisticObjective, V: Array) -> Array:
    """V without its part along the gauge: unpenalised columns get mean 0 over the classes, in place."""
    if objective.n_outputs > 1:
        free = objective.penalty == 0.0
        V[:, free] -= V[:, free].mean(axis=0)
    return V


def cg_direction(objective: LogisticObjective, f: Array, gradient: Array) -> Array:
    """Step -H⁻¹ g by conjugate gradients, the more exactly the smaller g is (Nocedal & Wright, 7.3).

    Rounding puts a little of the gauge, where H is zero, into g and into products; it would never be solved away.
    """

    def product(v: Array) -> Array:
        return keep_gauge(objective, objective.hessian_product(f, v.reshape(gradient.shape))).ravel()

    slopes = keep_gauge(objective, gradient.copy()).ravel()
    forcing = min(0.1, float(np.sqrt(np.linalg.norm(slopes))))
    step = conjugate_gradient(product, -slopes, forcing, CG_ITERATIONS_PER_UNKNOWN * slopes.size)
    return step.reshape(gradient.shape)


def newton(
    objective: LogisticObjective,
    U: Array,
    direction: Direction,
    *,
    tol: float,
    max_iter: int,
    n_iter: int = 0,
    report: Report | None = None,
) -> Minimum:
    """Newton's method from U, with the direction that is given, one step beyond the first gradient within `tol`.

    Parameters
    ----------
    objective : LogisticObjective
    U : ndarray of shape (K, q)
        Start.
    direction : callable
        (objective, scores, gradient) to step.
    tol : float
        Bound of the largest slope in the user's units.
    max_iter : int
        Most iterations, those of an earlier stage included.
    n_iter : int, default=0
        Iterations that an earlier stage took.
    report : callable, optional
        Called with U after each iteration.
    """
    f = objective.scores(U)
    value, gradient = objective.value(U, f), objective.gradient(U, f)
    while n_iter < max_iter:
        small_before = objective.largest_slope(gradient) <= tol
        step = direction(objective, f, gradient)
        moved = _line_search(objective, U, f, value, gradient, step)
        n_iter += 1
        if moved is None:
            return Minimum(U, n_iter, True)
        U, f, value, gradient = moved
        if (report is not None and report(U)) or small_before:
            return Minimum(U, n_iter, True)
    return Minimum(U, n_iter, objective.largest_slope(gradient) <= tol)


def _line_search(
    objective: LogisticObjective, U: Array, f: Array, value: float, gradient: Array, step: Array
) -> tuple[Array, Array, float, Array] | None:
    """First of the steps 1, ½, ¼, ... that lowers F enough; None if rounding hides any decrease.

    Scores are linear in U, so each trial costs the losses, not a product with X.
    """
    slope = float(np.sum(gradient * step))
    score_step = objective.scores(step)
    hidden = 16.0 * EPSILON * abs(value)
    t = 1.0
    for _ in range(MOST_HALVINGS):
        new_U, new_f = U + t * step, f + t * score_step
        new_value = objective.value(new_U, new_f)
        if new_value <= value + SUFFICIENT_DECREASE * t * slope:
            return new_U, new_f, new_value, objective.gradient(new_U, new_f)
        if abs(new_value - value) <= hidden:
            # F no longer tells the two points apart; its gradient still does.
            new_gradient = objective.gradient(new_U, new_f)
            if objective.largest_slope(new_gradient) < objective.largest_slope(gradient):
                return new_U, new_f, new_value, new_gradient
        t /= 2.0
    return None


def newton_cholesky(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method with the Hessian as a matrix. Parameters as for `newton`."""
    return newton(objective, U, cholesky_direction, tol=tol, max_iter=max_iter, report=report)


def newton_cg(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Newton's method by conjugate gradients. Parameters as for `newton`."""
    return newton(objective, U, cg_direction, tol=tol, max_iter=max_iter, report=report)


def quasi_newton_share(unknowns: int, max_iter: int) -> int:
    """Most quasi-Newton iterations of `lbfgs`: at most half, so that enough are left for Newton steps to finish."""
    return min((max_iter + 1) // 2, FEWEST_QUASI_NEWTON + unknowns // UNKNOWNS_PER_QUASI_NEWTON)


def lbfgs(
    objective: LogisticObjective, U: Array, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Limited-memory quasi-Newton steps, finished by Newton steps.

    Parameters as for `newton`. The Newton steps count as iterations.
    """
    if max_iter == 0:
        return newton(objective, U, cg_direction, tol=tol, max_iter=0)
    latest: dict[str, Array] = {}
    n_iter, stopped = 0, False

    def value_and_gradient(flat: Array) -> tuple[float, Array]:
        V = flat.reshape(objective.shape)
        f = objective.scores(V)
        latest["gradient"] = objective.gradient(V, f)
        return objective.value(V, f), latest["gradient"].ravel()

    def after_iteration(flat: Array) -> None:
        nonlocal n_iter, stopped
        n_iter += 1
        stopped = report is not None and report(flat.reshape(objective.shape))
        # The line search ends on the point that it evaluated last: its gradient is the latest.
        if stopped or objective.largest_slope(latest["gradient"]) <= tol:
            raise StopIteration

    # gtol is in scaled variables, so the test in the user's units above stands in its place.
    options = {"maxiter": quasi_newton_share(U.size, max_iter), "maxls": 50, "gtol": 0.0, "ftol": 64.0 * EPSILON}
    found = minimize(
        value_and_gradient, U.ravel(), method="L-BFGS-B", jac=True, callback=after_iteration, options=options
    )
    U = found.x.reshape(objective.shape)
    if stopped:
        return Minimum(U, n_iter, True)
    direction = cholesky_direction if U.size <= STORED_HESSIAN else cg_direction
    return newton(objective, U, direction, tol=tol, max_iter=max_iter, n_iter=n_iter, report=report)


SOLVERS = {"lbfgs": lbfgs, "newton-cg": newton_cg, "newton-cholesky": newton_cholesky}


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
    """

    coefficients: Array
    intercepts: Array
    n_iter: int
    converged: bool


def fit_logistic(
    X: Any,
    y: NDArray[np.int64],
    weights: Array | None = None,
    *,
    n_classes: int,
    C: float = 1.0,
    fit_intercept: bool = True,
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
    fit_intercept : bool, default=True
    solver : {'lbfgs', 'newton-cg', 'newton-cholesky'}
    tol : float
        Bound of the largest slope.
    max_iter : int
    start : tuple of ndarray of shape (K, p) and ndarray of shape (K,), optional
        Coefficients and intercepts to begin with, zeros by default.
    report : callable, optional
        Called with coefficients and intercepts after each iteration; True asks to stop.
    """
    objective = logistic_objective(X, y, weights, n_classes=n_classes, C=C, fit_intercept=fit_intercept)
    U = np.zeros(objective.shape) if start is None else objective.from_users_units(*start)
    in_users_units: Report | None = None if report is None else lambda V: report(*objective.to_users_units(V))
    found = SOLVERS[solver](objective, U, tol=tol, max_iter=max_iter, report=in_users_units)
    W, b = objective.to_users_units(found.U)
    return LogisticFit(W, b, found.n_iter, found.converged)
