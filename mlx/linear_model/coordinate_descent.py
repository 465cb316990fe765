"""Coordinate descent minimises the elastic net's objective in one coefficient after the other, each time exactly.

Formula (Friedman et al. 2010, equation 5), with r = y - X w, for every j in turn::

    w_j ← S(X_jᵀ r + ‖X_j‖² w_j, λ₁) / (‖X_j‖² + λ₂)          S: `mlx.linear_model.penalties.soft_threshold`

One fit, in the order of the functions below, with c_j = X_jᵀ r - λ₂ w_j:

1. `first_members`: only columns that may come to bear are worked on, the *members*. For a small step of λ₁ from
   the last problem these are chosen by the strong rule |c_j| ≥ 2 λ₁ - λ₁' (Tibshirani et al. 2012, equation 21), else
   those whose c_j is largest.
2. `settle`: sweeps of coordinate descent over the members. After one in which no coefficient became zero or ceased to
   be, and after the last, `polish`: as long as none changes its sign, the objective is a parabola, and conjugate
   gradients find its minimum in a few steps where coordinate descent on correlated columns needs thousands.
3. `start`, `duality_gap`: the residual anew from w, its products with all columns, and the gap.
4. `grow`: columns with w_j = 0 and |c_j| > λ₁ become members. Those that cannot be in any solution leave for good: the
   gap-safe rule |c_j| / max(λ₁, max|c|) + √(2 gap (‖X_j‖² + λ₂)) / λ₁ < 1 (Ndiaye et al. 2017, equation 11).
   If none came, and the gap is small enough, the fit is done; else back to 2.

References: J. Friedman, T. Hastie & R. Tibshirani, "Regularization paths for generalized linear models via coordinate
descent", Journal of Statistical Software 33 (2010). E. Ndiaye, O. Fercoq, A. Gramfort & J. Salmon, "Gap safe screening
rules for sparsity enforcing penalties", JMLR 18 (2017). R. Tibshirani et al., "Strong rules for discarding predictors
in lasso-type problems", JRSS B 74 (2012). Conjugate gradients on a face: J. Nocedal & S. Wright, Numerical
Optimization, 2nd ed., algorithms 5.3 and 16.5.
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel
from ..numeric.xorshift import integer_from, next_state
from . import penalties
from .duality_gap import column_product, duality_gap, move, start

__all__ = ["descend"]

# Error of a computed gap, as a share of ‖y‖².
UNSURE = 1e-13

# Members are settled when a sweep lowers the objective by less than this share of the gap that is allowed.
SETTLED = 1e-3

# Conjugate gradients end where what they leave is less than this share of the gap that is allowed.
POLISHED = 1e-6

# Where the gap needs finer grains than were thought of (λ₁ far below the products at zero), they become so much finer.
FINER = 1e-4

# Where the gap is small enough before anything is done, less is gained by fine grains: they are so much coarser.
COARSER = 1e5

# Columns that may become members at once however few there are.
FEWEST_NEW_MEMBERS = 16

soft_threshold = kernel(penalties.soft_threshold)


@kernel
def excess(problem, penalty, rules, point, j):
    """By how much the slope at w_j = 0 is more than λ₁, (|c_j| - λ₁)₊, if the best step is worth a grain; else 0.

    The best step lowers the objective by excess² / 2 (‖X_j‖² + λ₂). Under w ≥ 0 the excess is (c_j - λ₁)₊.
    """
    c = point.columns[j].product - penalty.l2 * point.columns[j].w
    found = max((c if rules.positive else abs(c)) - penalty.l1, 0.0)
    return found if found * found > 2.0 * point.status[0].grain * (problem.columns[j].length + penalty.l2) else 0.0


@kernel
def first_members(problem, penalty, rules, point):
    """Choose the members; returns how many there are."""
    highest = penalty.l1
    for j in range(point.columns.size):
        highest = max(highest, penalty.l1 + excess(problem, penalty, rules, point, j))
    is_small_step = penalty.l1 > 0.5 * highest
    lowest = 2.0 * penalty.l1 - highest if is_small_step else 0.5 * (penalty.l1 + highest)
    n_members = 0
    for j in range(point.columns.size):
        c = point.columns[j].product - penalty.l2 * point.columns[j].w
        wanted = point.columns[j].w != 0.0 or (c if rules.positive else abs(c)) >= lowest
        wanted |= not rules.screening or penalty.l1 == 0.0
        point.columns[j].is_excluded = problem.columns[j].length == 0.0
        point.columns[j].is_member = wanted and not point.columns[j].is_excluded
        if point.columns[j].is_member:
            point.members[n_members] = j
            n_members += 1
    return n_members


@kernel
def sweep(problem, penalty, rules, point, columns, n_columns):
    """One step of coordinate descent for each column.

    Returns by how much the objective fell, at least (a step Δ lowers it by ½ (‖X_j‖² + λ₂) Δ² or more), and how often a
    coefficient became zero or ceased to be.
    """
    fall, n_turned = 0.0, 0
    status = point.status[0]
    for place in range(n_columns):
        j = columns[place]
        if rules.random:
            status.seed = next_state(status.seed)
            j = columns[integer_from(status.seed, np.int64(0), np.int64(n_columns))]
        length, before = problem.columns[j].length, point.columns[j].w
        z = column_product(problem, point.residual, j) + length * before
        after = 0.0 if rules.positive and z < 0.0 else soft_threshold(z, penalty.l1) / (length + penalty.l2)
        if after != before:
            n_turned += (after == 0.0) != (before == 0.0)
            point.columns[j].w = after
            move(problem, point.residual, j, after - before)
            fall += 0.5 * (length + penalty.l2) * (after - before) * (after - before)
    return fall, n_turned


@kernel
def gather_support(point, n_members):
    """Members whose coefficient is not zero; returns how many."""
    n_support = 0
    for place in range(n_members):
        if point.columns[point.members[place]].w != 0.0:
            point.support[n_support] = point.members[place]
            n_support += 1
    return n_support


@kernel
def face_direction(problem, penalty, point, n_support, share):
    """Next direction d of conjugate gradients: the scaled slopes, and a share of the last one; returns dᵀ H d.

    Fills `direction`, `image` with X d and `curved` with H d = Xᵀ X d + λ₂ d.
    """
    for i in range(point.image.size):
        point.image[i] = 0.0
    for k in range(n_support):
        column = point.columns[point.support[k]]
        scale = problem.columns[point.support[k]].length + penalty.l2
        column.direction = column.slope / scale + share * column.direction
        move(problem, point.image, point.support[k], -column.direction)
    curvature = 0.0
    for k in range(n_support):
        column = point.columns[point.support[k]]
        product = column_product(problem, point.image, point.support[k])
        column.curved = product + penalty.l2 * column.direction
        curvature += column.direction * column.curved
    return curvature


@kernel
def first_to_vanish(point, n_support, step):
    """How far to go along the direction, at most `step`, and which column's coefficient is zero there (-1: none)."""
    vanishing = -1
    for k in range(n_support):
        column = point.columns[point.support[k]]
        if column.w * column.direction < 0.0 and -column.w / column.direction <= step:
            step, vanishing = -column.w / column.direction, point.support[k]
    return step, vanishing


@kernel
def polish(problem, penalty, rules, point, n_support, n_iter):
    """Conjugate gradients in the coefficients that are not zero, scaled by ‖X_j‖² + λ₂, until one of them vanishes.

    Ends earlier where a step would gain less than a grain, or where Σ |w_j slope_j|, which is what these coefficients
    add to the gap, is small. Returns the iterations so far, and whether one vanished.
    """
    allowed = POLISHED * rules.gap if penalty.l1 > 0.0 else 0.0
    for k in range(n_support):
        column = point.columns[point.support[k]]
        c = column_product(problem, point.residual, point.support[k]) - penalty.l2 * column.w
        column.slope = c - math.copysign(penalty.l1, column.w)
        column.direction = 0.0
    last, slope_before = min(n_iter + 2 * n_support, rules.max_iter), np.inf
    while n_iter < last:
        slope, slack = 0.0, 0.0
        for k in range(n_support):
            column = point.columns[point.support[k]]
            slope += column.slope * column.slope / (problem.columns[point.support[k]].length + penalty.l2)
            slack += abs(column.w * column.slope)
        if slope <= point.status[0].grain or slack <= allowed:
            break
        curvature = face_direction(problem, penalty, point, n_support, slope / slope_before)
        # Along columns that cancel each other the objective is a straight line: down it until one of them vanishes.
        step, vanishing = first_to_vanish(point, n_support, slope / curvature if curvature > 0.0 else np.inf)
        if step == np.inf:
            break
        for k in range(n_support):
            column = point.columns[point.support[k]]
            column.w += step * column.direction
            column.slope -= step * column.curved
        for i in range(point.residual.size):
            point.residual[i] -= step * point.image[i]
        n_iter += 1
        if vanishing >= 0:
            point.columns[vanishing].w = 0.0
            return n_iter, True
        slope_before = slope
    return n_iter, False


@kernel
def settle(problem, penalty, rules, point, n_members, n_iter):
    """Minimise over the members; returns the iterations so far, and whether a sweep gained more than a grain."""
    moved = False
    while n_iter < rules.max_iter:
        fall, n_turned = sweep(problem, penalty, rules, point, point.members, n_members)
        n_iter += 1
        moved |= fall > point.status[0].grain
        is_settled = fall <= max(SETTLED * rules.gap, point.status[0].grain)
        # While the support changes a sweep does more: conjugate gradients end at the first coefficient that vanishes.
        # That stays at zero until the others are settled: a sweep at once would bring it back, to vanish again.
        has_vanished = is_settled or n_turned == 0
        while has_vanished and n_iter < rules.max_iter:
            n_support = gather_support(point, n_members)
            n_iter, has_vanished = polish(problem, penalty, rules, point, n_support, n_iter)
        if is_settled:
            break
    return n_iter, moved


@kernel
def grow(problem, penalty, rules, point, n_members, gap, steepest):
    """Let columns leave that are in no solution, and others come; returns their number and whether one is worth a step.

    The gap is known but for rounding, which is added to it: a column at the edge must not leave by mistake.
    """
    radius = np.sqrt(2.0 * (gap + UNSURE * problem.yy)) / penalty.l1 if penalty.l1 > 0.0 else np.inf
    n_missing, highest, is_open = 0, 0.0, False
    for j in range(point.columns.size):
        column = point.columns[j]
        if column.is_excluded or column.w != 0.0:
            continue
        c = column.product - penalty.l2 * column.w
        height = (max(c, 0.0) if rules.positive else abs(c)) / max(penalty.l1, steepest)
        if rules.screening and 1.0 - height > radius * np.sqrt(problem.columns[j].length + penalty.l2):
            column.is_excluded = True
        elif excess(problem, penalty, rules, point, j) > 0.0:
            is_open = True
            n_missing += not column.is_member
            highest = max(highest, excess(problem, penalty, rules, point, j))
    lowest = 0.0 if n_missing <= max(n_members, FEWEST_NEW_MEMBERS) else 0.5 * highest
    n_members = 0
    for j in range(point.columns.size):
        column = point.columns[j]
        if column.w == 0.0:
            excess_j = excess(problem, penalty, rules, point, j)
            column.is_member |= excess_j > 0.0 and excess_j >= lowest
        column.is_member &= not column.is_excluded
        if column.is_member:
            point.members[n_members] = j
            n_members += 1
    return n_members, is_open


@kernel
def descend(problem, penalty, rules, point):
    """Minimise P from the point on, and leave it at the minimum; returns the gap and the iterations.

    Parameters
    ----------
    problem : Problem
    penalty : Penalty
    rules : Rules
    point : Point
        Changed in place. Its products must be those of its coefficients, as this function leaves them.
    """
    status = point.status[0]
    if not status.is_ready:
        start(problem, point)
    status.grain = max(rules.grain, status.rounding)
    gap, _ = duality_gap(problem, penalty, rules, point)
    if gap <= status.grain:
        return gap, 0
    if gap <= rules.gap:
        status.grain *= COARSER
    n_members = first_members(problem, penalty, rules, point)
    n_iter, last_gap = 0, np.inf
    while True:
        n_iter, moved = settle(problem, penalty, rules, point, n_members, n_iter)
        start(problem, point)
        gap, steepest = duality_gap(problem, penalty, rules, point)
        n_members, is_open = grow(problem, penalty, rules, point, n_members, gap, steepest)
        # Where rounding moves coefficients to and fro, the gap no longer falls.
        is_done = gap <= rules.gap and not (is_open and gap < 0.5 * last_gap)
        if is_done or n_iter >= rules.max_iter:
            return gap, n_iter
        if not (moved or is_open):
            if status.grain <= status.rounding:
                return gap, n_iter
            status.grain = max(FINER * status.grain, status.rounding)
        last_gap = min(gap, last_gap)
