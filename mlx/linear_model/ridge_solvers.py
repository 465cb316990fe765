"""Ridge regression is least squares with a price on the squared length of the coefficients.

Formula, for each target with its own penalty α::

    minimise  Σ_i s_i (y_i - b - wᵀ x_i)² + α ‖w‖²   over w and b
    (G + α I) w = c,        G, c of `least_squares`;   b = ȳ - wᵀ m

The intercept is free. The ways to w:

``cholesky``
    The equations above, from one pass over X; or, with no more rows than columns, (Z Zᵀ + α I) a = y and w = Zᵀ a for
    the centred, weighted rows Z, which is the same w. Where an estimate of the condition number leaves fewer than
    twelve digits, one step of refinement follows, with residuals computed from X.
``svd``
    Z = U diag(d) Vᵀ and w = V diag(d / (d² + α)) Uᵀ y: needs no squares of Z, and gives the solution of least norm
    if α is 0 and columns depend on each other.
``lsqr``, ``sparse_cg``, and ``lbfgs`` for w ≥ 0
    Iterations, whose result is as good as their tolerance (`matrix_free`).
``active_set``
    For w ≥ 0, exact (`nonnegative`).

Stochastic averages, 'sag' and 'saga', are a way to the same minimum by chance. It is reached without: by a direct
solution for dense rows, and by 'lsqr' for sparse ones, to a tolerance at which it is nearer.

References: A. Hoerl & R. Kennard, "Ridge regression", Technometrics 12 (1970). T. Hastie, R. Tibshirani & J. Friedman,
The Elements of Statistical Learning, 2nd ed., 3.4.1 and exercise 3.12 (ridge as more rows), 18.3.5 (few rows).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from sklearn.exceptions import ConvergenceWarning

from ..numeric.linalg import column_means, scaled_cholesky
from ..numeric.moments import Moments, moments
from .by_singular_values import reduced_design, relative_cutoff, rounding_of_columns
from .least_squares import SAFE_RECIPROCAL_CONDITION, Array, refinement
from .matrix_free import CentredRows, centred_rows, means_of, solve_conjugate_gradient, solve_lbfgs, solve_lsqr
from .nonnegative import fit_nonnegative

__all__ = ["RidgeFit", "fit_ridge", "moments_of", "products_of_rows"]

# Reciprocal condition of the equations below which their solution has fewer than twelve digits, and is refined.
EXACT_RECIPROCAL_CONDITION = 1e-4

# Stochastic averages stop when coefficients change by no more than `tol` in one pass over the rows, which leaves them
# as far from the minimum as 'lsqr' is at some fraction of `tol`: less than at this one, as a test holds.
SAG_SHARE_OF_TOL = 0.01

# Their most steps by default: scikit-learn's passes, or so many as 'lsqr' has.
SAG_STEPS = 1000


class RidgeFit(NamedTuple):
    """Result of ridge regression.

    Attributes
    ----------
    coefficients : ndarray of shape (p, t)
    x_mean : ndarray of shape (p,)
        m; zeros without an intercept.
    y_mean : ndarray of shape (t,)
        ȳ; zeros without an intercept.
    solver : str
        The way that was taken.
    n_iter : ndarray of shape (t,) or None
        Steps for each target, where the way counts them.
    """

    coefficients: Array
    x_mean: Array
    y_mean: Array
    solver: str
    n_iter: NDArray[np.int32] | None = None

    @property
    def intercepts(self) -> Array:
        """Intercepts b = ȳ - Wᵀ m, shape (t,)."""
        return self.y_mean - self.x_mean @ self.coefficients


def fit_ridge(
    X: Any,
    Y: Array,
    penalties: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int | None = None,
    positive: bool = False,
    overwrite_X: bool = False,
) -> RidgeFit:
    """Ridge regression of each target with its own penalty.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
        float32 or float64; CSR or CSC if sparse.
    Y : ndarray of shape (n, t)
        float64.
    penalties : ndarray of shape (t,)
        α of each target, not negative.
    weights : ndarray of shape (n,), optional
        Nonnegative.
    fit_intercept : bool, default=True
    solver : {'auto', 'cholesky', 'svd', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, default='auto'
        'auto' is 'cholesky' for dense rows, or 'svd' where an estimate of the condition number says that squares are
        not safe; 'sparse_cg' for sparse rows; with `positive`, active sets for dense rows and 'lbfgs' for sparse ones.
    tol, max_iter
        Of the iterations.
    positive : bool, default=False
        Whether W must not be negative.
    overwrite_X : bool, default=False
        Centre X in place where a centred copy is needed.
    """
    if positive and solver == "auto" and not sparse.issparse(X):
        bound = fit_nonnegative(X, Y, weights, penalties=penalties, fit_intercept=fit_intercept)
        return RidgeFit(bound.coefficients, bound.x_mean, bound.y_mean, "active_set")
    if solver in ("sag", "saga") and not sparse.issparse(X):
        direct = fit_ridge(X, Y, penalties, weights, fit_intercept=fit_intercept, overwrite_X=overwrite_X)
        return direct._replace(n_iter=np.ones(Y.shape[1], dtype=np.int32))
    if solver == "auto" and sparse.issparse(X):
        solver = "lbfgs" if positive else "sparse_cg"
    if solver in ("lsqr", "sparse_cg", "sag", "saga", "lbfgs"):
        rows = centred_rows(X, Y, weights, fit_intercept=fit_intercept)
        return by_iterations(rows, penalties, solver=solver, tol=tol, max_iter=max_iter)
    if solver != "svd":
        least_condition = SAFE_RECIPROCAL_CONDITION if solver == "auto" else 0.0
        solve = by_normal_equations if X.shape[0] > X.shape[1] else by_products_of_rows
        fit = solve(X, Y, penalties, weights, fit_intercept=fit_intercept, least_condition=least_condition)
        if fit is not None:
            return fit
        if sparse.issparse(X):
            raise ValueError("solver='cholesky' found the equations of sparse X singular; raise alpha, or use 'lsqr'")
    return by_singular_values(X, Y, penalties, weights, fit_intercept=fit_intercept, overwrite_X=overwrite_X)


def equal_penalties(penalties: Array) -> Iterator[tuple[float, NDArray[np.bool_]]]:
    """Each value of α and the targets that have it: one factor of the equations serves them all."""
    for alpha in np.unique(penalties):
        yield float(alpha), penalties == alpha


def by_iterations(rows: CentredRows, penalties: Array, *, solver: str, tol: float, max_iter: int | None) -> RidgeFit:
    """W as good as a tolerance.

    Warns
    -----
    ConvergenceWarning
        If the steps of 'sag', 'saga' or 'lbfgs' run out.
    """
    n_iter = None
    if solver == "lsqr":
        W, n_iter = solve_lsqr(rows, penalties, tol=tol, max_iter=max_iter)
    elif solver in ("sag", "saga"):
        most = max(SAG_STEPS, 2 * rows.design.shape[1]) if max_iter is None else max_iter
        W, n_iter = solve_lsqr(rows, penalties, tol=SAG_SHARE_OF_TOL * tol, max_iter=most)
        if (n_iter >= most).any():
            message = f"solver={solver!r} did not converge with max_iter={max_iter} and tol={tol}; raise one of them"
            warnings.warn(message, ConvergenceWarning, stacklevel=5)
        solver = "lsqr"
    else:
        iterate = solve_conjugate_gradient if solver == "sparse_cg" else solve_lbfgs
        W = iterate(rows, penalties, tol=tol, max_iter=max_iter)
    return RidgeFit(W, rows.x_mean, rows.y_mean, solver, n_iter)


# Cholesky -------------------------------------------------------------------------------------------------------------


def moments_of(X: Any, Y: Array, weights: Array | None, *, centre: bool) -> Moments:
    """`moments` of dense or sparse rows; sparse ones stay sparse, and lose digits where means are far from zero."""
    if not sparse.issparse(X):
        return moments(X, Y, weights, centre=centre)
    X = X.astype(np.float64)
    s = np.ones(X.shape[0]) if weights is None else weights
    x_mean = means_of(X, weights) if centre else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if centre else np.zeros(Y.shape[1])
    weighted = X.multiply(s[:, None]).tocsr()
    gram = (X.T @ weighted).toarray() - s.sum() * np.outer(x_mean, x_mean)
    centred = Y - y_mean
    return Moments(float(s.sum()), x_mean, y_mean, gram, weighted.T @ centred, s @ centred**2)


def by_normal_equations(
    X: Any, Y: Array, penalties: Array, weights: Array | None, *, fit_intercept: bool, least_condition: float
) -> RidgeFit | None:
    """W from (G + α I) W = c; None where a reciprocal condition is not above `least_condition`."""
    sums = moments_of(X, Y, weights, centre=fit_intercept)
    factors = []
    for alpha, targets in equal_penalties(penalties):
        cholesky = scaled_cholesky(sums.gram + alpha * np.eye(len(sums.gram)))
        if cholesky is None or not cholesky.reciprocal_condition > least_condition:
            return None
        factors.append((targets, cholesky))
    W = np.zeros_like(sums.cross)
    for targets, cholesky in factors:
        W[:, targets] = cholesky.solve(sums.cross[:, targets])
    if (
        not sparse.issparse(X)
        and min(factor.reciprocal_condition for _, factor in factors) < EXACT_RECIPROCAL_CONDITION
    ):
        missing = refinement(X, Y, weights, sums, W)[0] - penalties * W
        for targets, cholesky in factors:
            W[:, targets] += cholesky.solve(missing[:, targets])
    return RidgeFit(W, sums.x_mean, sums.y_mean, "cholesky")


def products_of_rows(X: Any, rows: CentredRows, weights: Array | None) -> Array:
    """Z Zᵀ of shape (n, n) of centred, weighted rows, dense or sparse."""
    if not sparse.issparse(X):
        return rows.design @ rows.design.T
    X = X.astype(np.float64)
    along_mean = X @ rows.x_mean
    products = (X @ X.T).toarray() - along_mean[:, None] - along_mean + rows.x_mean @ rows.x_mean
    roots = np.ones(X.shape[0]) if weights is None else np.sqrt(weights)
    return products * roots[:, None] * roots


def by_products_of_rows(
    X: Any, Y: Array, penalties: Array, weights: Array | None, *, fit_intercept: bool, least_condition: float
) -> RidgeFit | None:
    """W = Zᵀ A from (Z Zᵀ + α I) A = Y; None as in `by_normal_equations`."""
    rows = centred_rows(X, Y, weights, fit_intercept=fit_intercept)
    products = products_of_rows(X, rows, weights)
    A = np.zeros_like(rows.targets)
    for alpha, targets in equal_penalties(penalties):
        cholesky = scaled_cholesky(products + alpha * np.eye(len(products)))
        if cholesky is None or not cholesky.reciprocal_condition > least_condition:
            return None
        A[:, targets] = cholesky.solve(rows.targets[:, targets])
        if cholesky.reciprocal_condition < EXACT_RECIPROCAL_CONDITION:
            missing = rows.targets[:, targets] - rows.design @ (rows.design.T @ A[:, targets]) - alpha * A[:, targets]
            A[:, targets] += cholesky.solve(missing)
    return RidgeFit(rows.design.T @ A, rows.x_mean, rows.y_mean, "cholesky")


# Singular values ------------------------------------------------------------------------------------------------------


def by_singular_values(
    X: Array, Y: Array, penalties: Array, weights: Array | None, *, fit_intercept: bool, overwrite_X: bool
) -> RidgeFit:
    """W = V diag(d / (d² + α)) Uᵀ Y; where α is 0, without directions whose d is rounding noise."""
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    total_weight = float(len(X) if weights is None else weights.sum())
    noise = float(linalg.norm(rounding_of_columns(X, x_mean, total_weight), check_finite=False))
    cutoff = relative_cutoff(X)
    design, targets, _ = reduced_design(X, Y, weights, x_mean, y_mean, overwrite_X=overwrite_X)
    U, d, Vt = linalg.svd(design, full_matrices=False, check_finite=False)
    counts = (d > max(cutoff * d[0], noise))[:, None] | (penalties > 0.0)
    # d / (d² + α) without a square, which may be no float.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = np.where(counts, 1.0 / (d[:, None] + penalties / d[:, None]), 0.0)
    return RidgeFit(Vt.T @ (shares * (U.T @ targets)), x_mean, y_mean, "svd")
