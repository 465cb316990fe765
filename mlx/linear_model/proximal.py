"""Proximal Newton: where the penalty has a corner, minimise the loss's local parabola plus the penalty itself.

Formula, with F the part that has derivatives, λ the strengths of the lengths, and the model of F around U (J. D. Lee,
Y. Sun & M. A. Saunders, "Proximal Newton-type methods for minimizing composite functions", SIAM Journal on
Optimization 24 (2014), equations 2.8 and 2.20)::

    V = argmin  gᵀ(V - U) + ½ (V - U)ᵀ H (V - U) + Σ λ_j |V_j|
    U ← U + t (V - U),    t = 1, ½, ¼, ... until F + Σ λ |U| falls by a share of
                          Δ = gᵀ(V - U) + Σ λ_j (|V_j| - |U_j|)

The model is minimised one coordinate at a time (J. Friedman, T. Hastie & R. Tibshirani, "Regularization paths for
generalized linear models via coordinate descent", Journal of Statistical Software 33 (2010), equation 10), with r the
model's gradient::

    V_j ← S(V_j - r_j / H_jj, λ_j / H_jj),    r ← r + H_j (change of V_j)

which finds out quickly which coefficients are zero, and slowly, where columns are correlated, what the others are. So
in turns with it a step is taken to the minimum for the signs that it found, a linear system of those that are not zero.

Most coefficients stay zero. So only columns whose coefficient is not, or whose slope says that it should not be, are
worked on; columns that turn out to be missing join (M. Massias, A. Gramfort & J. Salmon, "Celer", ICML 2018).

Certificate: a point is a minimum exactly where no slope lies outside its bounds (`penalties.stationarity`), and that is
what ends the method, on all columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.linalg import scaled_cholesky
from .accelerated import accelerated_descent
from .lbfgs import EPSILON, SUFFICIENT_DECREASE, Minimum, Report
from .logistic_objective import LogisticObjective, Point
from .newton import keep_gauge
from .penalties import stationarity

__all__ = ["minimise_model", "proximal_newton"]

Array = NDArray[np.floating]

# Unknowns up to which the Hessian is stored as a matrix.
STORED_HESSIAN = 2000

# Columns that are worked on at first, if so many have reason to.
FIRST_COLUMNS = 64

# Share of `tol` that is reached for, unless the objective is known to its last bit before.
FINER = 1e-3

# Share of the present violation to which the model is minimised, and how often that is tried.
MODEL_FINER = 1e-2
MOST_ROUNDS = 200
SWEEPS_PER_ROUND = 5

# Share of its diagonal that is added to a matrix that may be singular: in the multinomial model it is, for a column
# whose coefficients are not zero for any class.
RIDGE = 1e-10

MOST_HALVINGS = 40


@kernel
def sweep_coordinates(H, r, V, l1, n_sweeps, target):
    """Coordinate descent on the model; V and its gradient r are changed in place.

    Parameters
    ----------
    H : ndarray of float64, shape (m, m)
    r, V, l1 : ndarray of float64, shape (m,)
    n_sweeps : int
        Most sweeps; they end when none changes a slope by more than the target.
    target : float
    """
    m = len(V)
    for _ in range(n_sweeps):
        largest = 0.0
        for j in range(m):
            bend = H[j, j]
            if bend <= 0.0:
                continue
            z = V[j] - r[j] / bend
            size = abs(z) - l1[j] / bend
            new = 0.0 if size <= 0.0 else (size if z > 0.0 else -size)
            change = new - V[j]
            if change != 0.0:
                V[j] = new
                largest = max(largest, abs(change) * bend)
                for k in range(m):
                    r[k] += H[j, k] * change
        if largest <= target:
            return


def minimise_model(H: Array, g: Array, U: Array, l1: Array, target: float) -> Array:
    """V that minimises the model up to a violation of `target`, shape (m,), for U, g and l1 of shape (m,)."""
    V, r = U.copy(), g.copy()
    for _ in range(MOST_ROUNDS):
        sweep_coordinates(H, r, V, l1, SWEEPS_PER_ROUND, target)
        r = g + H @ (V - U)
        if stationarity(r, V, l1).max() <= target:
            break
        V = _with_these_signs(H, r, V, l1)
        r = g + H @ (V - U)
        if stationarity(r, V, l1).max() <= target:
            break
    return V


def _with_these_signs(H: Array, r: Array, V: Array, l1: Array) -> Array:
    """A step from V to the minimum of the model among those with V's signs.

    Whole, with coefficients that would change their sign set to zero, if that lowers the model; else as far as the
    first of them gets to zero (feature-sign search: H. Lee et al., "Efficient sparse coding algorithms", NIPS 2006).
    """
    kept = np.flatnonzero(((V != 0.0) | (l1 == 0.0)) & (np.diag(H) > 0.0))
    part = H[np.ix_(kept, kept)]
    part[np.diag_indices(len(kept))] *= 1.0 + RIDGE
    factor = scaled_cholesky(part)
    if factor is None:
        return V
    before, signs = V[kept], np.sign(V[kept])
    signs[l1[kept] == 0.0] = 0.0
    step = -factor.solve(r[kept] + l1[kept] * signs)
    crosses = np.less((before + step) * signs, 0.0)
    clipped = np.where(crosses, 0.0, before + step)
    moved = clipped - before
    image = part @ moved
    falls = r[kept] @ moved + 0.5 * moved @ image + l1[kept] @ (np.abs(clipped) - np.abs(before))
    new = V.copy()
    if falls < 0.0:
        new[kept] = clipped
        return new
    if not np.any(crosses):
        return V
    shares = np.where(crosses, before / np.where(crosses, -step, 1.0), np.inf)
    first = int(np.argmin(shares))
    new[kept] = before + shares[first] * step
    new[kept[first]] = 0.0
    return new


def proximal_newton(
    objective: LogisticObjective, start: Point, *, tol: float, max_iter: int, report: Report | None = None
) -> Minimum:
    """Minimise F + Σ λ |U| from a point. Parameters as for `newton.newton`."""
    K, q = objective.shape
    p = objective.X.shape[1]
    point, U = start, start.U
    n_columns, n_iter = max(FIRST_COLUMNS, 2 * int(np.count_nonzero(U.any(axis=0)))), 0
    while True:
        violation = stationarity(point.gradient, U, objective.l1)[:, :p].max(axis=0)
        inside = np.any(U[:, :p] != 0.0, axis=0)
        wanted = np.argsort(-np.where(inside, np.inf, violation), kind="stable")[:n_columns]
        columns = np.sort(wanted[np.logical_or(inside, violation > 0.0)[wanted]])
        done = objective.largest_slope(U, point.gradient)
        if len(columns) == p or n_columns >= p:
            columns = np.arange(p)
        if done <= FINER * tol or n_iter >= max_iter:
            return Minimum(point, n_iter, done <= tol, done)
        part = objective if len(columns) == p else objective.of_columns(columns)
        kept = np.append(columns, np.arange(p, q))

        def of_all(V: Array, kept: Array = kept) -> Array:
            whole = np.zeros((K, q))
            whole[:, kept] = V
            return whole

        told = None if report is None else lambda V, of_all=of_all: report(of_all(V))
        found = _on_columns(part, part.at(U[:, kept]), tol, max_iter - n_iter, told)
        n_iter += found.n_iter
        U = of_all(found.point.U)
        point = objective.at(U)
        if len(columns) == p or found.stopped or not found.converged:
            return Minimum(point, n_iter, found.converged, found.slope, found.stopped)
        n_columns *= 2


def _on_columns(
    objective: LogisticObjective, start: Point, tol: float, max_iter: int, report: Report | None
) -> Minimum:
    """Proximal Newton steps with all columns of the objective; without its Hessian where that would be too large."""
    if start.U.size > STORED_HESSIAN:
        return accelerated_descent(objective, start, tol=tol, max_iter=max_iter, report=report)
    point, n_iter, hidden = start, 0, False
    l1 = np.tile(objective.l1, objective.n_outputs)
    while True:
        slope = objective.largest_slope(point.U, point.gradient)
        if slope <= FINER * tol or n_iter == max_iter or (hidden and slope <= tol):
            return Minimum(point, n_iter, slope <= tol, slope)
        violation = float(stationarity(point.gradient, point.U, objective.l1).max())
        hessian = objective.hessian(point.p)
        V = minimise_model(hessian, point.gradient.ravel(), point.U.ravel(), l1, MODEL_FINER * violation)
        step = keep_gauge(objective, V.reshape(point.U.shape) - point.U)
        moved, hidden = _backtrack(objective, point, step)
        if moved is None:
            return Minimum(point, n_iter, True, slope)
        point = moved
        n_iter += 1
        if report is not None and report(point.U):
            return Minimum(point, n_iter, True, objective.largest_slope(point.U, point.gradient), True)


def _backtrack(objective: LogisticObjective, point: Point, step: Array) -> tuple[Point | None, bool]:
    """The first of the steps 1, ½, ¼, ... that lowers the objective enough, and whether rounding hides the fall."""
    lengths = float(np.sum(objective.l1 * np.abs(point.U)))
    promised = float(np.sum(point.gradient * step) + np.sum(objective.l1 * (np.abs(point.U + step) - np.abs(point.U))))
    if not promised < 0.0:
        return None, True
    value = point.value + lengths
    hidden = -promised <= 4.0 * EPSILON * abs(value)
    score_step, t = objective.scores(step), 1.0
    for _ in range(MOST_HALVINGS):
        trial = objective.along(point, t, step, score_step)
        new_value = trial.value + float(np.sum(objective.l1 * np.abs(trial.U)))
        if new_value <= value + SUFFICIENT_DECREASE * t * promised + (4.0 * EPSILON * abs(value) if hidden else 0.0):
            return objective.accept(trial), hidden
        t /= 2.0
    return None, True
