"""Leave-one-out errors of ridge regression for many penalties, from one decomposition and no further fit.

Formula, for a penalty α, with the symbols of `least_squares`::

    e_i = r_i / (1 - h_i),    r_i = y_i - ŷ_i,    h_i = s_i / Σ s + s_i (x_i - m)ᵀ (G + α I)⁻¹ (x_i - m)

e_i is the error of row i under the model that was fitted without it; h_i, its leverage, is the share that it has in its
own prediction. Without an intercept h_i has no first part. With G = V diag(d²) Vᵀ and b_i = Vᵀ(x_i - m)::

    ŷ_i = ȳ + Σ_k b_ik (Vᵀ c)_k / (d_k² + α),    h_i = s_i / Σ s + s_i Σ_k b_ik² / (d_k² + α)

so that one pass over the rows serves all penalties. With no more rows than columns 1 - h_i can be as small as rounding;
there, with Z Zᵀ = U diag(d²) Uᵀ for the centred, weighted rows Z, the same error is computed without a difference::

    √s_i e_i = Σ_k U_ik (Uᵀ y)_k α / (d_k² + α)  /  (Σ_k U_ik² α / (d_k² + α) - s_i / Σ s)

The centred rows are orthogonal to √s, so that u = √s / √(Σ s) is one of the columns of U, with d = 0, and the last term
takes away what it adds to the sum. To spare the digits of that difference, τ u uᵀ is added to Z Zᵀ, with τ as large
as its other eigenvalues: u then adds no more than (s_i / Σ s) α / (τ + α).

Reference: R. Rifkin & R. Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ..numeric.linalg import column_means
from ..numeric.moments import sum_over_rows
from .by_singular_values import reduced_design
from .matrix_free import centred_rows, means_of
from .ridge_solvers import moments_of, products_of_rows

__all__ = ["LeaveOneOut", "leave_one_out"]

Array = NDArray[np.floating]


class LeaveOneOut(NamedTuple):
    """Leave-one-out errors, for t targets and a penalties.

    Attributes
    ----------
    mean_squares : ndarray of shape (t, a)
        Σ s e² / n.
    errors : ndarray of shape (n, t, a) or None
        e, if it was asked for.
    """

    mean_squares: Array
    errors: Array | None


def leave_one_out(
    X: Any,
    Y: Array,
    alphas: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    by_svd: bool = False,
    keep_errors: bool = False,
) -> LeaveOneOut:
    """Leave-one-out errors for each penalty.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
        CSR if sparse.
    Y : ndarray of shape (n, t)
    alphas : ndarray of shape (a,)
        Positive.
    weights : ndarray of shape (n,), optional
        Nonnegative. A row of weight 0 is in no fit, and its error is that of a new row.
    fit_intercept : bool, default=True
    by_svd : bool, default=False
        Decompose dense rows themselves, and not their products.
    keep_errors : bool, default=False
        Whether the single errors are wanted: n t a numbers.
    """
    s = np.ones(X.shape[0]) if weights is None else weights
    if X.shape[0] <= X.shape[1]:
        errors = errors_of_wide(X, Y, s, alphas, fit_intercept, by_svd)
        return LeaveOneOut(np.einsum("i,ita->ta", s, errors**2) / X.shape[0], errors if keep_errors else None)
    x_mean = means_of(X, weights) if fit_intercept else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    V, squares, projected = directions_of_columns(X, Y, weights, x_mean, y_mean, fit_intercept, by_svd)
    return errors_of_tall(X, Y, s, x_mean, y_mean, V, projected, squares[:, None] + alphas, fit_intercept, keep_errors)


def directions_of_columns(
    X: Any, Y: Array, weights: Array | None, x_mean: Array, y_mean: Array, fit_intercept: bool, by_svd: bool
) -> tuple[Array, Array, Array]:
    """V of shape (p, p), d² of shape (p,) and Vᵀ c of shape (p, t) of a tall table."""
    if by_svd:
        R, targets, _ = reduced_design(X, Y, weights, x_mean, y_mean)
        U, d, Vt = linalg.svd(R, check_finite=False)
        return Vt.T, d**2, d[:, None] * (U.T @ targets)
    sums = moments_of(X, Y, weights, centre=fit_intercept)
    squares, V = linalg.eigh(sums.gram, check_finite=False)
    return V, np.maximum(squares, 0.0), V.T @ sums.cross


def errors_of_tall(
    X: Any,
    Y: Array,
    s: Array,
    x_mean: Array,
    y_mean: Array,
    V: Array,
    projected: Array,
    sizes: Array,
    fit_intercept: bool,
    keep_errors: bool,
) -> LeaveOneOut:
    """The errors block of rows by block of rows; sizes, of shape (p, a), is d² + α."""
    (n, p), t, a = X.shape, Y.shape[1], sizes.shape[1]
    coefficients = (projected[:, :, None] / sizes[:, None, :]).reshape(p, t * a)
    shift, shares = x_mean @ V, s / s.sum() if fit_intercept else np.zeros(n)
    errors = np.empty((n, t, a)) if keep_errors else None

    def term(rows: slice, block: Array) -> tuple[Array]:
        if sparse.issparse(X):
            b = X[rows] @ V - shift
        else:
            b = np.subtract(X[rows], x_mean, out=block) @ V
        residuals = (Y[rows] - y_mean)[:, :, None] - (b @ coefficients).reshape(-1, t, a)
        leverages = shares[rows, None] + s[rows, None] * (b**2 @ (1.0 / sizes))
        found = residuals / (1.0 - leverages)[:, None, :]
        if errors is not None:
            errors[rows] = found
        return (np.einsum("i,ita->ta", s[rows], found**2),)

    squares = sum_over_rows(n, p, float(n) * p * (p + (t + 1) * a), term)[0]
    return LeaveOneOut(squares / n, errors)


def errors_of_wide(X: Any, Y: Array, s: Array, alphas: Array, fit_intercept: bool, by_svd: bool) -> Array:
    """E of shape (n, t, a) of a table with no more rows than columns."""
    known = s > 0.0
    weights, roots = s[known], np.sqrt(s[known])
    rows = centred_rows(X[known], Y[known], weights, fit_intercept=fit_intercept)
    lift = 0.0
    if by_svd:
        U, d, _ = linalg.svd(rows.design, full_matrices=False, check_finite=False)
        squares = d**2
    else:
        products = products_of_rows(X[known], rows, weights)
        if fit_intercept:
            lift = float(np.trace(products))
            products += lift * np.outer(roots, roots) / s.sum()
        squares, U = linalg.eigh(products, check_finite=False)
        squares = np.maximum(squares, 0.0)
    shares = alphas / (squares[:, None] + alphas)
    n_targets, n_alphas = Y.shape[1], len(alphas)
    left = (U @ (shares[:, None, :] * (U.T @ rows.targets)[:, :, None]).reshape(len(squares), -1)).reshape(
        -1, n_targets, n_alphas
    )
    unleveraged = U**2 @ shares
    if fit_intercept:
        unleveraged -= (weights / s.sum())[:, None] * (alphas / (lift + alphas))
    errors = np.empty((len(s), n_targets, n_alphas))
    errors[known] = left / unleveraged[:, None, :] / roots[:, None, None]
    if not known.all():
        # left / α is what the coefficients are made of: w = Zᵀ left / α.
        parts = (left / alphas * roots[:, None, None]).reshape(len(roots), -1)
        W = X[known].T @ parts - rows.x_mean[:, None] * parts.sum(axis=0)
        others = X[~known] @ W - rows.x_mean @ W
        errors[~known] = (Y[~known] - rows.y_mean)[:, :, None] - others.reshape(-1, n_targets, n_alphas)
    return errors
