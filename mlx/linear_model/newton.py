"""Newton's method walks to the minimum of a convex function by minimising, again and again, its local parabola.

One step, with g the gradient and H the Hessian at U (Nocedal & Wright, Numerical Optimization, 2nd ed., chapter 3;
Boyd & Vandenberghe, Convex Optimization, section 9.5)::

    H Δ = -g,    U ← U + t Δ,    t = 1 if F falls enough (Wolfe's conditions, 3.6)

Near the minimum t is 1 and the number of correct digits doubles with each step. That is why a step is always taken
after the gradient has become as small as was asked: at the price of one more Hessian the answer is exact to rounding.

Two ways to the step:

``cholesky_direction``
    H as a matrix, Δ by its Cholesky factor.
``cg_direction``
    Δ by conjugate gradients from products H v, stopped early while far away (7.1): nothing of size q² is stored.

Gauge: in the multinomial model the same number added to one unpenalised parameter of all classes changes no
probability. Every method here keeps the sum over the classes of such parameters where it began.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..numeric.linalg import conjugate_gradient, scaled_cholesky, solve_positive_semidefinite
from .lbfgs import Minimum, Report, Solve, line_search
from .logistic_objective import LogisticObjective, Point

__all__ = ["approximate_inverse", "cg_direction", "cholesky_direction", "keep_gauge", "newton"]

Array = NDArray[np.floating]
Direction = Callable[[LogisticObjective, Point], Array]

# Conjugate-gradient iterations per unknown: in exact arithmetic 1 is enough, rounding asks for several.
CG_ITERATIONS_PER_UNKNOWN = 10

# Share of its diagonal that is added to a Hessian whose inverse need not be exact: singular ones are none then.
RIDGE = 1e-8


def cholesky_direction(objective: LogisticObjective, point: Point) -> Array:
    """Step -H⁻¹ g by Cholesky; where H is singular, the shortest step to the parabola's minimum."""
    K, q = objective.shape
    hessian, slopes = objective.hessian(point.p), point.gradient.ravel()
    free = objective.free
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
        free = objective.free
        V[:, free] -= V[:, free].mean(axis=0)
    return V


def cg_direction(objective: LogisticObjective, point: Point) -> Array:
    """Step -H⁻¹ g by conjugate gradients, the more exactly the smaller g is (Nocedal & Wright, 7.3).

    Rounding puts a little of the gauge, where H is zero, into g and into products; it would never be solved away.
    """
    shape = point.gradient.shape

    def product(v: Array) -> Array:
        return keep_gauge(objective, objective.hessian_product(point.p, v.reshape(shape))).ravel()

    slopes = keep_gauge(objective, point.gradient.copy()).ravel()
    forcing = min(0.1, float(np.sqrt(np.linalg.norm(slopes))))
    step = conjugate_gradient(product, -slopes, forcing, CG_ITERATIONS_PER_UNKNOWN * slopes.size)
    return step.reshape(shape)


def approximate_inverse(objective: LogisticObjective, p: Array) -> Solve | None:
    """Multiplication by about H⁻¹, H from these probabilities: what `lbfgs` may begin with; None if it has none."""
    K, q = objective.shape
    hessian = objective.hessian(p)
    diagonal = np.diag(hessian).copy()
    hessian[np.diag_indices(K * q)] += np.where(diagonal > 0.0, RIDGE * diagonal, 1.0)
    if K > 1:
        # Along the gauge any curvature will do: gradients have no part there.
        for j in np.flatnonzero(objective.free):
            hessian[j::q, j::q] += 1.0 / K
    factor = scaled_cholesky(hessian)
    if factor is None:
        return None
    return lambda gradient: keep_gauge(objective, factor.solve(gradient.ravel()).reshape(K, q))


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
    """Newton's method from a point, with the direction that is given, one step beyond the first gradient within `tol`.

    Parameters
    ----------
    objective : LogisticObjective
    start : Point
    direction : callable
        (objective, point) to step.
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
    while n_iter < max_iter:
        small_before = slope <= tol
        trial = line_search(objective, point, direction(objective, point))
        n_iter += 1
        if trial is None:
            return Minimum(point, n_iter, True, slope)
        point = objective.accept(trial)
        slope = objective.largest_slope(point.U, point.gradient)
        stopped = report is not None and report(point.U)
        if stopped or small_before:
            return Minimum(point, n_iter, True, slope, stopped)
    return Minimum(point, n_iter, slope <= tol, slope)
