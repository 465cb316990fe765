"""L-BFGS walks to a minimum along directions that it learns from the gradients on its way.

Between two points the gradient changes by y = g⁺ - g where the variables change by s = U⁺ - U, and so y ≈ H s for the
Hessian H. From the last m such pairs the method builds its idea B of H⁻¹, which it never writes down: the two loops
(`two_loops`) give B g with 4 m products of vectors (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4;
D. C. Liu & J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45
(1989))::

    step d = -B g,    U ← U + t d,    ρ = 1 / yᵀs

What B is before the first pair is the caller's to say: a better one saves iterations, and changes nothing else.

The length t satisfies Wolfe's conditions (3.7): F falls by a share of what the slope promises, and the slope has become
much flatter. Along a line the scores are linear in t, so a trial costs the losses of the rows but no product with X.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .logistic_objective import LogisticObjective, Point, Trial

__all__ = ["Minimum", "Report", "Solve", "lbfgs", "line_search", "two_loops"]

Array = NDArray[np.floating]
Solve = Callable[[Array], Array]

# Told U after each iteration; True asks to stop.
Report = Callable[[Array], bool]

# Pairs that are kept.
MEMORY = 10

# Shares of Wolfe's conditions (Nocedal & Wright, below 3.7): of the promised decrease that is kept, of the slope that
# may be left.
SUFFICIENT_DECREASE = 1e-4
SLOPE_LEFT = 0.9

# Trials of a length before rounding error is held responsible.
MOST_TRIALS = 40

# The next trial lies at most this many times as far as a length that was too short.
LARGEST_STRETCH = 10.0

EPSILON = float(np.finfo(np.float64).eps)


class Minimum(NamedTuple):
    """Where a minimisation ended.

    Attributes
    ----------
    point : Point
    n_iter : int
        Iterations taken, of any kind.
    converged : bool
        Whether the gradient is as small as was asked, or, after a Newton step, as small as rounding lets it be.
    slope : float
        How far the conditions of a minimum are missed, in the user's units.
    stopped : bool
        Whether who was told of an iteration asked to stop.
    settled : bool
        False where it ended although F might still fall.
    """

    point: Point
    n_iter: int
    converged: bool
    slope: float
    stopped: bool = False
    settled: bool = True


def two_loops(gradient: Array, pairs: Any, before_pairs: Solve) -> Array:
    """B g from the pairs (s, y, ρ), oldest first, and B before the first of them (algorithm 7.4)."""
    q, shares = gradient, []
    for s, y, rho in reversed(pairs):
        shares.append(rho * np.vdot(s, q))
        q = q - shares[-1] * y
    r = before_pairs(q)
    for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
        r = r + (share - rho * np.vdot(y, r)) * s
    return r


def line_search(objective: LogisticObjective, point: Point, step: Array) -> Trial | None:
    """A point U + t step that satisfies Wolfe's conditions, t = 1 if it does; None if rounding hides any decrease.

    F is convex along the step, so its slope grows with t: a bracket [too short, too long] shrinks by the zero of the
    line through the two slopes (regula falsi), kept away from its ends.
    """
    slope = float(np.vdot(point.gradient, step))
    if not slope < 0.0:
        return None
    score_step = objective.scores(step)
    hidden = 4.0 * EPSILON * abs(point.value)
    short, slope_at_short = 0.0, slope
    long, slope_at_long = np.inf, np.inf
    t = 1.0
    for _ in range(MOST_TRIALS):
        trial = objective.along(point, t, step, score_step)
        value, slope_at_t = trial.value, trial.slope
        falls = value <= point.value + SUFFICIENT_DECREASE * t * slope
        # Where F cannot tell the two points apart, its slope still can (Hager & Zhang 2005, equation 4.1).
        flat = value <= point.value + hidden and slope_at_t <= (2.0 * SUFFICIENT_DECREASE - 1.0) * slope
        if (falls or flat) and abs(slope_at_t) <= SLOPE_LEFT * abs(slope):
            return trial
        if (falls or value <= point.value + hidden) and slope_at_t < 0.0:
            short, slope_at_short = t, slope_at_t
        else:
            long, slope_at_long = t, slope_at_t
        if long == np.inf:
            steeper = slope_at_short - slope
            t = short * (LARGEST_STRETCH if steeper <= 0.0 else min(LARGEST_STRETCH, max(2.0, -slope / steeper)))
            continue
        rise = slope_at_long - slope_at_short
        share = -slope_at_short / rise if 0.0 < rise < np.inf and slope_at_long > 0.0 else 0.5
        t = short + min(max(share, 0.1), 0.9) * (long - short)
    return None


def lbfgs(
    objective: LogisticObjective,
    start: Point,
    *,
    tol: float,
    max_iter: int,
    before_pairs: Solve | None = None,
    is_enough: Callable[[Point], bool] | None = None,
    report: Report | None = None,
) -> Minimum:
    """Minimise F from a point.

    Parameters
    ----------
    objective : LogisticObjective
    start : Point
    tol : float
        Bound of the largest slope in the user's units.
    max_iter : int
    before_pairs : callable, optional
        B before the first pair; by default the identity times sᵀy / yᵀy of the last pair (7.20).
    is_enough : callable, optional
        Whether a point whose gradient is within `tol` will do; all will by default.
    report : callable, optional
        Called with U after each iteration.
    """
    point = start
    pairs: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)
    n_iter = 0

    def scaled(r: Array) -> Array:
        if not pairs:
            return r
        _, y, rho = pairs[-1]
        return r / (rho * np.vdot(y, y))

    while True:
        slope = objective.largest_slope(point.U, point.gradient)
        if slope <= tol and (is_enough is None or is_enough(point)):
            return Minimum(point, n_iter, True, slope)
        if n_iter == max_iter:
            return Minimum(point, n_iter, slope <= tol, slope)
        trial = line_search(objective, point, -two_loops(point.gradient, pairs, before_pairs or scaled))
        if trial is None:
            if not pairs:
                return Minimum(point, n_iter, slope <= tol, slope)
            pairs.clear()  # what was learned misleads: begin anew once, from the gradient
            continue
        n_iter += 1
        new = objective.accept(trial)
        del trial  # as large as a few columns
        s, y = new.U - point.U, new.gradient - point.gradient
        curvature = float(np.vdot(s, y))
        if curvature > EPSILON * float(np.vdot(y, y)):
            pairs.append((s, y, 1.0 / curvature))
        point = new
        if report is not None and report(point.U):
            return Minimum(point, n_iter, True, objective.largest_slope(point.U, point.gradient), True)
