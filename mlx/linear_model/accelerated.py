"""Accelerated proximal gradient descent: for penalties with a corner where a Hessian would be too large to store.

Formula, with S the soft threshold, L a bound of the Hessian's largest eigenvalue, and λ the strengths of the lengths
(A. Beck & M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", SIAM Journal on
Imaging Sciences 2 (2009), equations 4.1 to 4.3, with the backtracking of their section 4)::

    V⁺ = S(Y - ∂F(Y) / L, λ / L),    θ⁺ = (1 + √(1 + 4 θ²)) / 2,    Y⁺ = V⁺ + (θ - 1)/θ⁺ (V⁺ - V)

The momentum θ begins anew where it points uphill (B. O'Donoghue & E. Candès, "Adaptive restart for accelerated gradient
schemes", Foundations of Computational Mathematics 15 (2015), section 3.2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lbfgs import EPSILON, Minimum, Report
from .logistic_objective import LogisticObjective, Point
from .penalties import soft_threshold

__all__ = ["accelerated_descent"]

Array = NDArray[np.floating]


def accelerated_descent(
    objective: LogisticObjective, start: Point, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Minimise F + Σ λ |U| from a point. Parameters as for `proximal.proximal_newton`."""
    point, Y, theta, bound = start, start.U, 1.0, 1.0
    n_iter = 0
    while True:
        slope = objective.largest_slope(point.U, point.gradient)
        if slope <= tol or n_iter == max_iter:
            return Minimum(point, n_iter, slope <= tol, slope)
        new, bound = _descend(objective, point if Y is point.U else objective.at(Y), bound)
        uphill = np.sum((Y - new.U) * (new.U - point.U)) > 0.0
        next_theta = 1.0 if uphill else 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * theta**2))
        Y = new.U if uphill else new.U + (theta - 1.0) / next_theta * (new.U - point.U)
        point, theta = new, next_theta
        n_iter += 1
        if report is not None and report(point.U):
            return Minimum(point, n_iter, True, objective.largest_slope(point.U, point.gradient), True)


def _descend(objective: LogisticObjective, point: Point, bound: float) -> tuple[Point, float]:
    """The step from a point, and the bound L that it took: doubled until F lies below its parabola."""
    while True:
        V = soft_threshold(point.U - point.gradient / bound, objective.l1 / bound)
        new, step = objective.at(V), V - point.U
        parabola = point.value + float(np.sum(point.gradient * step) + 0.5 * bound * np.sum(step**2))
        if new.value <= parabola + 4.0 * EPSILON * abs(point.value):
            return new, bound
        bound *= 2.0
