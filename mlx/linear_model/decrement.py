"""How far a logistic objective is above its minimum: Newton's decrement, and when it is nothing.

Where H is the Hessian and g the gradient at U, a Newton step promises that F falls by (Boyd & Vandenberghe, Convex
Optimization, section 9.5.1)::

    ½ ν²,    ν² = gᵀ H⁻¹ g

A small gradient alone says little: where the curvature is small as well, as with a weak penalty or columns of large
numbers, the minimum may be far away and F well above it. ν has no such blind spot, nor units.

H need not be taken at U. Along a step that changes no row's scores by more than M, their range over the outputs
counting, no curvature changes by more than a factor of e^M, because the third derivative of the log loss is at most
the second times that range (F. Bach, "Self-concordant analysis for logistic regression", Electronic Journal of
Statistics 4 (2010), proposition 1). And a row's curvature, a variance under its probabilities p, is at U at least
min_k p_k / p⁰_k times what it is at U₀. Hence two bounds which cost no Hessian::

    after a full Newton step:              ν⁺ ≤ e^{M/2} (e^M - 1 - M) / M  ν
    with H₀ at most 1/c times H at U₀:     ν² ≤ gᵀ H₀⁻¹ g / (a c),    a = min_ik p_ik / p⁰_ik
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .logistic_objective import LogisticObjective, Point

__all__ = ["NearInverse", "curvature_kept", "has_no_minimum", "is_nothing", "largest_move", "promise_after"]

Array = NDArray[np.floating]

# Share of F that is not worth another step, up to this bound of the slope. A fall grows as the square of a slope.
NOTHING = 1e-12
USUAL_TOL = 1e-4

# Share of a row's curvature that has to be left for a Hessian from elsewhere to be of use.
LEAST_KEPT = 0.01


def is_nothing(fall: float, point: Point, tol: float) -> bool:
    """Whether a fall of F is too small to matter to who is content with slopes of `tol`."""
    return fall <= NOTHING * max(1.0, tol / USUAL_TOL) ** 2 * abs(point.value)


def largest_move(objective: LogisticObjective, score_step: Array) -> float:
    """M of a change of the scores, shape (K, n): over the rows with weight, the largest range over the outputs."""
    moves = np.abs(score_step[0]) if len(score_step) == 1 else np.ptp(score_step, axis=0)
    return float(moves.max(initial=0.0, where=objective.s > 0.0))


def promise_after(promise: float, move: float, left: float = 0.0) -> float:
    """Bound of ½ ν² where a full Newton step ends that promised `promise` and moved scores by at most `move`.

    A step that solved its equation only up to a share of ν leaves that share besides.
    """
    if move > 1.0:
        return np.inf
    growth = (np.expm1(move) - move) / move if move > 0.0 else 0.0
    return float(np.exp(move) * (growth + left) ** 2 * promise)


def has_no_minimum(objective: LogisticObjective, point: Point) -> bool:
    """Whether, without a penalty, every row with weight has its own class's score above all others.

    Then the scores times any number above 1 have a smaller loss, and F falls for ever towards 0.
    """
    if objective.penalty.any():
        return False
    rows = np.flatnonzero(objective.s > 0.0)
    y, f = objective.y[rows], point.f[:, rows]
    if len(f) == 1:
        return bool((np.where(y == 1, f[0], -f[0]) > 0.0).all())
    of_label = f[y, np.arange(len(y))]
    f[y, np.arange(len(y))] = -np.inf
    return bool((of_label > f.max(axis=0)).all())


def curvature_kept(p: Array, before: Array) -> float:
    """a: the least share of its curvature that a row keeps when its probabilities, shape (K, n), become p.

    For two classes it is of p (1 - p) itself. A row that had none keeps all.
    """
    if len(p) == 1:
        p, before = p * (1.0 - p), before * (1.0 - before)
    kept = np.divide(p, before, out=np.ones_like(p), where=before > 0.0)
    return float(kept.min(initial=1.0))


class NearInverse(NamedTuple):
    """Multiplication by H₀⁻¹, and what bounds H by H₀.

    Attributes
    ----------
    solve : callable
        g to H₀⁻¹ g.
    p : ndarray of shape (K, n)
        Probabilities of all rows where H₀ was taken.
    share : float
        c, with H₀ at most 1/c of H at the same place: the weight of the rows that H₀ is of; 0 if there is no bound.
    """

    solve: Callable[[Array], Array]
    p: Array
    share: float

    def promise_at(self, point: Point) -> float:
        """Bound of ½ ν² at a point; inf where H₀ says nothing, here and farther on."""
        kept = curvature_kept(point.p, self.p)
        if kept < LEAST_KEPT or self.share == 0.0:
            return np.inf
        return 0.5 * float(np.vdot(point.gradient, self.solve(point.gradient))) / (kept * self.share)
