"""Newton's method walks to the minimum of a convex function by minimising, again and again, its local parabola.

One step, with g the gradient and H the Hessian at U (Nocedal & Wright, Numerical Optimization, 2nd ed., chapter 3;
Boyd & Vandenberghe, Convex Optimization, section 9.5)::

    H Δ = -g,    U ← U + t Δ,    t = 1 if F falls enough (Wolfe's conditions, 3.6)

Near the minimum t is 1 and the number of correct digits doubles with each step. That is why steps are taken until what
one more could gain is nothing (`decrement`): the last few cost little, and the answer is exact to rounding.

Two ways to the step:

``cholesky_direction``
    H as a matrix, Δ by its Cholesky factor.
``cg_direction``
    Δ by conjugate gradients from products H v, stopped early (7.1): nothing of size q² is stored.

Gauge: in the multinomial model the same number added to one unpenalised parameter of all classes changes no
probability. Every method here keeps the sum over the classes of such parameters where it began.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..numeric.linalg import scaled_cholesky, solve_positive_semidefinite
from .decrement import NearInverse, has_no_minimum, is_nothing, largest_move, promise_after
from .lbfgs import EPSILON, Minimum, Report, line_search
from .logistic_objective import LogisticObjective, Point

__all__ = ["cg_direction", "cholesky_direction", "keep_gauge", "near_inverse", "newton"]

Array = NDArray[np.floating]

# The step, and the share of ν that it leaves unsolved.
Direction = Callable[[LogisticObjective, Point], tuple[Array, float]]

# Most products H v for one step by conjugate gradients, and, once the gradient is as small as was asked, most steps for
# which these were too few: what a weak penalty on thousands of coefficients may cost has to end somewhere.
MOST_PRODUCTS = 250
MOST_ROUGH_STEPS = 4

# Share of ν, the length of the step as H measures it, that conjugate gradients may leave.
LEFT_BY_CG = 0.1

# Times F that a step may promise. F is positive, so what promises far more solves an equation of rounding errors: far
# out, where no row has any curvature. The gradient is followed there.
MOST_PROMISED = 1e10

# What is taken for the least curvature of parameters without a penalty, of which nothing is known.
LEAST_CURVATURE = 1e-6

# Share of its diagonal that is added to a Hessian whose inverse need not be exact: singular ones are none then.
RIDGE = 1e-8


def cholesky_direction(objective: LogisticObjective, point: Point) -> tuple[Array, float]:
    """Step -H⁻¹ g by Cholesky; where H is singular, the shortest step to the parabola's minimum. It leaves nothing."""
    K, q = objective.shape
    hessian, slopes = objective.hessian(point.p), point.gradient.ravel()
    free = objective.free
    if K == 1 or not free.any():
        return -solve_positive_semidefinite(hessian, slopes).reshape(K, q), 0.0
    # The gauge makes H singular: leave out the last class's unpenalised parameters, then move the sum back to 0.
    kept = np.ones((K, q), dtype=bool)
    kept[-1, free] = False
    index = np.flatnonzero(kept)
    step = np.zeros(K * q)
    step[index] = -solve_positive_semidefinite(hessian[np.ix_(index, index)], slopes[index])
    return keep_gauge(objective, step.reshape(K, q)), 0.0


def keep_gauge(objective: LogisticObjective, V: Array) -> Array:
    """V without its part along the gauge: unpenalised columns get mean 0 over the classes, in place."""
    if objective.n_outputs > 1:
        free = objective.free
        V[:, free] -= V[:, free].mean(axis=0)
    return V


def cg_direction(objective: LogisticObjective, point: Point) -> tuple[Array, float]:
    """Step -H⁻¹ g, and what share of ν it leaves, by conjugate gradients.

    Golub & Van Loan, Matrix Computations, algorithm 11.3.3, with a stop of its own. With the residual r = g + H Δ,
    what is missing of ν² is rᵀ H⁻¹ r, and as no curvature is below the penalty's λ_j, it is at most Σ r_j² / λ_j.
    Where that is a small share of -gᵀ Δ, the part of ν² that is found, the step is good.

    Rounding puts a little of the gauge, where H is zero, into g and into products; it would never be solved away.
    """
    least = np.where(objective.free, LEAST_CURVATURE, objective.penalty)
    step = np.zeros_like(point.gradient)
    residual = keep_gauge(objective, -point.gradient)
    direction, squared, found, missing = residual.copy(), float(np.vdot(residual, residual)), 0.0, np.inf
    for _ in range(MOST_PRODUCTS):
        image = keep_gauge(objective, objective.hessian_product(point.p, direction))
        curvature = float(np.vdot(direction, image))
        if curvature <= EPSILON * float(np.vdot(direction, direction)):
            break
        length = squared / curvature
        step += length * direction
        found += length * squared
        residual = residual - length * image
        missing = float(np.sum(residual**2 / least))
        if missing <= LEFT_BY_CG**2 * found:
            break
        squared, previous = float(np.vdot(residual, residual)), squared
        direction = residual + (squared / previous) * direction
    return step, float(np.sqrt(missing / found)) if found > 0.0 else np.inf


def near_inverse(
    objective: LogisticObjective, point: Point, sample: LogisticObjective | None = None
) -> NearInverse | None:
    """Multiplication by H⁻¹ at a point, H of all rows or of a sample of them; None if that is singular.

    Where it is only nearly so, a little is added to its diagonal, and there is no bound.
    """
    K, q = objective.shape
    if sample is None:
        hessian, share = objective.hessian(point.p), 1.0
    else:
        hessian, share = sample.hessian(sample.at(point.U).p), sample.share
    if K > 1:
        # Along the gauge any curvature will do: gradients have no part there.
        for j in np.flatnonzero(objective.free):
            hessian[j::q, j::q] += 1.0 / K
    factor = scaled_cholesky(hessian)
    if factor is None or factor.reciprocal_condition < RIDGE:
        diagonal = np.diag(hessian).copy()
        hessian[np.diag_indices(K * q)] += np.where(diagonal > 0.0, RIDGE * diagonal, 1.0)
        factor, share = scaled_cholesky(hessian), 0.0
    if factor is None:
        return None
    solve = factor.solve
    return NearInverse(lambda g: keep_gauge(objective, solve(g.ravel()).reshape(K, q)), point.p, share)


def newton(
    objective: LogisticObjective,
    start: Point,
    direction: Direction,
    *,
    tol: float,
    max_iter: int,
    n_iter: int = 0,
    report: Report | None = None,
) -> Minimum:
    """Newton's method from a point, with the direction that is given, until F has nothing left to fall.

    Where there is no minimum, or conjugate gradients do not come to an end, it stops a step, or some, after the
    gradient is within `tol`.

    Parameters
    ----------
    objective : LogisticObjective
    start : Point
    direction : callable
        (objective, point) to the step and the share of ν that it leaves.
    tol : float
        Bound of the largest slope in the user's units.
    max_iter : int
        Most iterations, those of an earlier stage included.
    n_iter : int, default=0
        Iterations that an earlier stage took.
    report : callable, optional
        Called with U after each iteration.
    """
    point = start
    slope = objective.largest_slope(point.U, point.gradient)
    n_rough = 0
    while n_iter < max_iter:
        small_before = slope <= tol
        step, left = direction(objective, point)
        promise = -0.5 * float(np.vdot(point.gradient, step)) * (1.0 + left**2)
        sensible = promise <= MOST_PROMISED * point.value
        trial = line_search(objective, point, step) if sensible else None
        if trial is None and not small_before:
            trial, promise = line_search(objective, point, keep_gauge(objective, -point.gradient)), np.inf
        n_iter += 1
        if trial is None:
            return Minimum(point, n_iter, True, slope)
        if trial.t == 1.0:
            promise = promise_after(promise, largest_move(objective, trial.f - point.f), left)
        n_rough += small_before and left > LEFT_BY_CG
        point = objective.accept(trial)
        del trial  # as large as a few columns
        slope = objective.largest_slope(point.U, point.gradient)
        stopped = report is not None and report(point.U)
        settled = is_nothing(promise, point, tol) or has_no_minimum(objective, point)
        if stopped or (small_before and (settled or n_rough == MOST_ROUGH_STEPS)):
            return Minimum(point, n_iter, True, slope, stopped, settled)
    return Minimum(point, n_iter, slope <= tol, slope)
