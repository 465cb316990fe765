"""The duality gap is the certificate of coordinate descent: an upper bound of how far P(w) is above its minimum.

Formula, with r = y - X w, c_j = X_jᵀ r - λ₂ w_j and Q = ‖r‖² + λ₂ ‖w‖² (Fercoq et al. 2015, section 2; λ₂ > 0 is
λ₂ = 0 with the rows √λ₂ I below X and zeros below y). The dual point is v = s r, with s = min(1, λ₁ / max_j |c_j|)::

    P = ½ Q + λ₁ ‖w‖₁,    D = s rᵀy - ½ s² Q,    gap = P - D = ½ (1 - s)² Q + Σ_j (λ₁ |w_j| - s w_j c_j)

The last form follows from rᵀy = Q + Σ w_j c_j. It has no difference of large numbers in it, so that a gap far below
the rounding error of P can be seen.

======  ===================  ==============================================================
symbol  name                 meaning
======  ===================  ==============================================================
w       ``columns.w``        coefficients
r       ``point.residual``   Xᵀ r for the form `GRAM`, r for `DENSE`; for `SPARSE` r - c √s, and then the number c
        ``columns.product``  X_jᵀ r, when it was last computed for all columns
λ₁, λ₂  ``penalty``          strengths
======  ===================  ==============================================================

References: O. Fercoq, A. Gramfort & J. Salmon, "Mind the duality gap: safer rules for the Lasso", ICML 2015. λ₁ = 0:
C. Dünner, S. Forte, M. Takáč & M. Jaggi, "Primal-dual rates and certificates", ICML 2016, section 5.2.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .elastic_net_problem import DENSE, GRAM, SPARSE, Problem

__all__ = ["Penalty", "Point", "Rules", "column_product", "duality_gap", "move", "rules_for", "start", "start_point"]

Array = NDArray[np.floating]

# A step is worth taking if it lowers the objective by more than a grain: this share of ``tol``² ‖y‖². The gap goes with
# the root of what can be gained. What is left to rounding is ε² ‖y‖², and as much of the size of X w.
GRAIN = 1e-8
ROUNDING = 1e-29

# What is known of a column: its coefficient, X_jᵀ r at the last certificate, and of conjugate gradients minus the
# gradient, the direction d and the Hessian times d.
COLUMN_STATE = np.dtype(
    [
        ("w", np.float64),
        ("product", np.float64),
        ("slope", np.float64),
        ("direction", np.float64),
        ("curved", np.float64),
        ("is_member", np.bool_),
        ("is_excluded", np.bool_),
    ],
    align=True,
)
# Seed of the next draw, whether residual and products are those of the coefficients, what rounding does to the
# objective, and the grain, which is not below that.
STATUS = np.dtype(
    [("seed", np.uint32), ("is_ready", np.bool_), ("rounding", np.float64), ("grain", np.float64)], align=True
)


class Penalty(NamedTuple):
    """λ₁ and λ₂."""

    l1: float
    l2: float


class Rules(NamedTuple):
    """How a problem is to be solved.

    Attributes
    ----------
    gap : float
        What the gap must come down to: ``tol`` ‖y‖².
    grain : float
        Steps that lower the objective by less are not worth taking, as long as the gap comes down without them.
    max_iter : int
        Sweeps, and steps of conjugate gradients, for one problem.
    positive : bool
        Whether coefficients must not be negative.
    random : bool
        Whether a sweep draws its columns by chance, with repetitions.
    screening : bool
        Whether columns are left out at all.
    """

    gap: float
    grain: float
    max_iter: int
    positive: bool
    random: bool
    screening: bool


def rules_for(
    problem: Problem, tol: float, max_iter: int, *, positive: bool, random: bool = False, screening: bool = True
) -> Rules:
    """Rules with the gap and the grain that follow from scikit-learn's ``tol``."""
    gap = tol * problem.yy
    return Rules(gap, GRAIN * tol * gap, max_iter, positive, random, screening)


class Point(NamedTuple):
    """Where the descent stands, and its working memory. Goes from one problem of a path to the next."""

    columns: NDArray  # COLUMN_STATE, shape (p,)
    residual: Array
    image: Array  # as `residual`: X d for a direction d
    members: NDArray[np.int64]  # (p,), of which the first are in use
    support: NDArray[np.int64]  # (p,), the same
    status: NDArray  # STATUS, shape (1,)


def start_point(problem: Problem, w: Array, seed: int) -> Point:
    """Point at coefficients w, shape (p,), which are not changed."""
    p = len(problem.columns)
    size = len(problem.origin)
    columns = np.zeros(p, dtype=COLUMN_STATE)
    columns["w"] = w
    status = np.zeros(1, dtype=STATUS)
    status["seed"] = seed
    places = np.empty((2, p), dtype=np.int64)
    return Point(columns, np.empty(size), np.empty(size), places[0], places[1], status)


@kernel(reassociate=True)
def column_product(problem, residual, j):
    """X_jᵀ r."""
    total = 0.0
    if problem.form == GRAM:
        total = residual[j]
    elif problem.form == DENSE:
        line = problem.lines[j]
        for i in range(line.size):
            total += line[i] * residual[i]
    else:
        # A place without a sign cannot count from the end, which spares a comparison for each.
        for k in range(problem.starts[j], problem.starts[j + 1]):
            total += problem.entries[k] * residual[np.uint32(problem.places[k])]
        # Xᵀ is applied to r = ρ + c √s, and the weighted mean of r is 0: the entries meet c with Σ s x = n m.
        total += residual[problem.n] * problem.n * problem.columns[j].mean
    return total


@kernel
def move(problem, residual, j, step):
    """Move along a column: r ← r - step X_j, in place."""
    if problem.form == SPARSE:
        for k in range(problem.starts[j], problem.starts[j + 1]):
            residual[np.uint32(problem.places[k])] -= step * problem.entries[k]
        residual[problem.n] += step * problem.columns[j].mean
    else:
        line = problem.lines[j]
        for i in range(line.size):
            residual[i] -= step * line[i]


@kernel
def start(problem, point):
    """Residual of the coefficients, its products with all columns, and what rounding does to the objective."""
    size = problem.yy
    for i in range(point.residual.size):
        point.residual[i] = problem.origin[i]
    for j in range(point.columns.size):
        if problem.columns[j].length == 0.0:
            point.columns[j].w = 0.0
        if point.columns[j].w != 0.0:
            move(problem, point.residual, j, point.columns[j].w)
            size += problem.columns[j].length * point.columns[j].w * point.columns[j].w
    for j in range(point.columns.size):
        is_constant = problem.columns[j].length == 0.0
        point.columns[j].product = 0.0 if is_constant else column_product(problem, point.residual, j)
    point.status[0].is_ready = True
    point.status[0].rounding = ROUNDING * size


@kernel
def squared_residual(problem, point):
    """‖r‖²; the residual and the products must be those of the coefficients."""
    total = 0.0
    if problem.form == GRAM:
        total = problem.yy
        for j in range(point.columns.size):
            total -= point.columns[j].w * (problem.origin[j] + point.columns[j].product)
        return max(total, 0.0)
    shift = point.residual[problem.n] if problem.form == SPARSE else 0.0
    for i in range(problem.n):
        r = point.residual[i] + (shift * problem.roots[i] if problem.form == SPARSE else 0.0)
        total += r * r
    return total


@kernel
def duality_gap(problem, penalty, rules, point):
    """The gap, and max |c_j|; the residual and the products must be those of the coefficients."""
    squared_w, steepest, slack = 0.0, 0.0, 0.0
    for j in range(point.columns.size):
        c = point.columns[j].product - penalty.l2 * point.columns[j].w
        steepest = max(steepest, c if rules.positive else abs(c))
        squared_w += point.columns[j].w * point.columns[j].w
    if penalty.l1 == 0.0:
        return gap_without_l1(penalty, rules, point), steepest
    s = penalty.l1 / max(penalty.l1, steepest)
    for j in range(point.columns.size):
        c = point.columns[j].product - penalty.l2 * point.columns[j].w
        slack += penalty.l1 * abs(point.columns[j].w) - s * point.columns[j].w * c
    Q = squared_residual(problem, point) + penalty.l2 * squared_w
    return max(0.5 * (1.0 - s) * (1.0 - s) * Q + slack, 0.0), steepest


@kernel
def gap_without_l1(penalty, rules, point):
    """Gap of ridge regression, Σ (c_j)² / 2 λ₂ (Dünner et al. 2016); without λ₂ too, Σ (c_j)².

    The latter is scikit-learn's, and no gap: plain least squares has none. Under w ≥ 0, X_jᵀ r < 0 bears no guilt.
    """
    total = 0.0
    for j in range(point.columns.size):
        c = point.columns[j].product - penalty.l2 * point.columns[j].w
        if rules.positive and point.columns[j].product < 0.0:
            # (X_jᵀ r)₊ = 0: what is left of ½ (c_j)² is λ₂ (½ λ₂ w² - w X_jᵀ r).
            w = point.columns[j].w
            total += (
                penalty.l2 * w * (penalty.l2 * w - 2.0 * point.columns[j].product)
                if penalty.l2 > 0.0
                else w * c * w * c
            )
        else:
            total += c * c
    return total / (2.0 * penalty.l2) if penalty.l2 > 0.0 else total
