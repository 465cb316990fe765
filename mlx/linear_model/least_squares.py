"""Ordinary least squares: the linear function of the features whose squared errors have the smallest sum.

Formula::

    minimise  Σ_i s_i ‖y_i - b - Wᵀ x_i‖²   over W and b

The intercept is eliminated first: with m and ȳ the weighted means of x and y, b = ȳ - Wᵀ m, and W solves the same
problem in the centred rows. Where the derivative in W is zero stand the normal equations::

    G W = c,    G = Σ_i s_i (x_i - m)(x_i - m)ᵀ,    c = Σ_i s_i (x_i - m)(y_i - ȳ)ᵀ

======  =========  ====================================================
symbol  shape      meaning
======  =========  ====================================================
X       (n, p)     rows x_i, features
Y       (n, t)     rows y_i, one column per target
s       (n,)       weights, 1 if not given
W       (p, t)     coefficients; ``coef_`` is Wᵀ
G       (p, p)     Gram matrix of the centred, weighted rows
======  =========  ====================================================

Two ways to W:

1. Normal equations by Cholesky, one pass over X in blocks. The condition number of G is the square of that of the
   design, so this way is taken only where an estimate of it is below 1e8, and one step of refinement follows (the
   corrected semi-normal equations): the residual is computed from X itself, which gives back the digits that G lost.
2. QR and singular values of the centred design otherwise. Directions whose singular value is rounding noise get the
   coefficient of least norm; which columns these concern does not depend on the units of the rest.

Departs from scikit-learn: its ``tol=1e-6`` is a cutoff on singular values, so that a design with a condition number
above 1e6 is solved with directions left out, and coefficients can be wrong in the first digit while predictions on
the training rows look right. Here the cutoff is rounding error (`relative_cutoff`, `rounding_of_columns`), and
constant columns are set aside before. ``solver="lstsq"`` restores the library's behaviour.

References: Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996: normal equations 2.2, cutoffs 2.7,
corrected semi-normal equations 6.6.5. C. Lawson & R. Hanson, Solving Least Squares Problems, 1974, chapter 23
(nonnegative coefficients). C. Paige & M. Saunders, "LSQR", ACM TOMS 8 (1982) (sparse rows).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize
from scipy.sparse.linalg import LinearOperator, lsqr
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..numeric.linalg import (
    LeastSquares,
    ScaledCholesky,
    centred_blocks,
    column_means,
    gram_matrix,
    minimum_norm_least_squares,
    scaled_cholesky,
)
from ..numeric.threads import run_tasks

__all__ = ["LeastSquaresFit", "fit_least_squares", "fit_nonnegative", "fit_sparse"]

Array = NDArray[np.floating]

# Reciprocal condition of the scaled Gram matrix above which the normal equations are safe. One refinement step
# multiplies the error by about ε / reciprocal: at 1e-8, from 1e-8 to 1e-16 times what the design itself allows.
SAFE_RECIPROCAL_CONDITION = 1e-8

# The library's default of `tol`. Another value is a wish, and means what it means there.
DEFAULT_TOL = 1e-6

EPSILON = float(np.finfo(np.float64).eps)

# Entries of a null vector below this are rounding error, which is ε over the smallest singular value kept.
NO_PART = 1e-8


class LeastSquaresFit(NamedTuple):
    """Result of least squares.

    Attributes
    ----------
    coefficients : ndarray of shape (p, t)
        W, float64.
    x_mean : ndarray of shape (p,)
        m; zeros without an intercept.
    y_mean : ndarray of shape (t,)
        ȳ; zeros without an intercept.
    rank : int or None
        Number of directions solved for; None where the method does not tell.
    singular_values : ndarray of shape (min(n, p),) or None
        Of the centred, weighted design, in descending order.
    """

    coefficients: Array
    x_mean: Array
    y_mean: Array
    rank: int | None = None
    singular_values: Array | None = None

    @property
    def intercepts(self) -> Array:
        """Intercepts b = ȳ - Wᵀ m, shape (t,)."""
        return self.y_mean - self.x_mean @ self.coefficients


def rounding_of_columns(X: Array, x_mean: Array, total_weight: float) -> Array:
    """Length of each centred column, shape (p,), that rounding alone can give it.

    Entries near a mean m are stored, and centred, with errors up to ε |m| each: together 2 ε |m| √(Σ s).
    """
    return 2.0 * float(np.finfo(X.dtype).eps) * np.abs(x_mean) * np.sqrt(total_weight)


def relative_cutoff(X: Array) -> float:
    """Share of the largest singular value below which another is rounding noise.

    ε max(n, p) is what the decomposition itself can add to a zero; for float32 input it is at least the rounding 1.2e-7
    of each entry.
    """
    decomposition = EPSILON * max(X.shape)
    return max(decomposition, float(np.finfo(np.float32).eps)) if X.dtype == np.float32 else decomposition


def normal_equations(X: Array, Y: Array, x_mean: Array, root_weights: Array | None, cholesky: ScaledCholesky) -> Array:
    """W from G W = c, then W + G⁻¹ Σ s (x - m) r with the residual r of the first solution; shape (p, t).

    Parameters
    ----------
    X : ndarray of shape (n, p)
    Y : ndarray of shape (n, t)
        Centred and multiplied by the root weights.
    x_mean : ndarray of shape (p,)
    root_weights : ndarray of shape (n,) or None
    cholesky : ScaledCholesky
        Factor of G.
    """
    W = np.zeros((X.shape[1], Y.shape[1]))
    for _ in range(2):
        right_side = np.zeros_like(W)
        for rows, block in centred_blocks(X, x_mean, root_weights):
            right_side += block.T @ (Y[rows] - block @ W)
        W = W + cholesky.solve(right_side)
    return W


def solve_by_singular_values(design: Array, targets: Array, cutoff: float, noise: Array) -> LeastSquares:
    """Least squares of least norm, with directions left out at rounding error only.

    Where some are left out, they may be dependent columns, or columns in units so small that their singular values
    are below the rounding error of the largest. Columns scaled to length 1 tell which: a column with no part in their
    null space is determined, whatever its units, and gets its coefficient from them. The others share what it leaves.

    Parameters
    ----------
    design : ndarray of shape (n, p)
        Centred and multiplied by the root weights.
    targets : ndarray of shape (n, t)
        The same.
    cutoff : float
        `relative_cutoff`.
    noise : ndarray of shape (p,)
        `rounding_of_columns`.
    """

    def noise_of(columns: Array) -> float:
        # SciPy's norm scales before it squares: means of 1e200 have one.
        return float(linalg.norm(columns, check_finite=False))

    n, p = design.shape
    found = minimum_norm_least_squares(design, targets, cutoff, noise_of(noise))
    if n <= p or found.rank in (0, p):
        return found
    largest = np.abs(design).max(axis=0)
    lengths = np.where(largest > 0.0, largest, 1.0)
    lengths *= np.maximum(np.linalg.norm(design / lengths, axis=0), 1.0)
    scaled = minimum_norm_least_squares(design / lengths, targets, cutoff, noise_of(noise / lengths))
    _, _, Vt = linalg.svd(linalg.qr(design / lengths, mode="r", check_finite=False)[0][:p], check_finite=False)
    determined = np.linalg.norm(Vt[scaled.rank :], axis=0) < NO_PART
    if not determined.any():
        return found
    solution = scaled.solution / lengths[:, None]
    rank = int(np.count_nonzero(determined))
    if rank < p:
        left = targets - design[:, determined] @ solution[determined]
        others = minimum_norm_least_squares(design[:, ~determined], left, cutoff, noise_of(noise[~determined]))
        solution[~determined] = others.solution
        rank += others.rank
    return LeastSquares(solution, rank, found.singular_values)


def fit_least_squares(
    X: Array,
    Y: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    cutoff: float | None = None,
    overwrite_X: bool = False,
) -> LeastSquaresFit:
    """Least squares on dense rows.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
        Nonnegative.
    fit_intercept : bool, default=True
        Whether b is free, or 0.
    cutoff : float, optional
        Ratio to the largest singular value below which directions are left out; given, the singular value
        decomposition is always used. By default rounding error, and normal equations where they are safe.
    overwrite_X : bool, default=False
        Centre X in place where a centred copy is needed.
    """
    n, p = X.shape
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    root_weights = None if weights is None else np.sqrt(weights)
    targets = Y - y_mean
    if root_weights is not None:
        targets *= root_weights[:, None]
    noise = rounding_of_columns(X, x_mean, n if weights is None else float(weights.sum()))

    if cutoff is None and n > p:
        with np.errstate(over="ignore"):  # a Gram matrix that overflows has no factor
            gram = gram_matrix(X, x_mean, root_weights)
        varies = np.sqrt(np.diag(gram)) > noise
        if varies.any() and not varies.all():
            # The others need not suffer: on singular values, columns in small units would be lost beside large ones.
            others = fit_least_squares(X[:, varies], Y, weights, fit_intercept=fit_intercept)
            return with_constant_columns(others, x_mean, varies)
        cholesky = scaled_cholesky(gram)
        if cholesky is not None and cholesky.reciprocal_condition > SAFE_RECIPROCAL_CONDITION:
            W = normal_equations(X, targets, x_mean, root_weights, cholesky)
            # G = (S L)(S L)ᵀ: S L has the singular values of the design, to rounding error, at the cost of p³.
            singular_values = linalg.svdvals(cholesky.scale[:, None] * np.tril(cholesky.factor))
            return LeastSquaresFit(W, x_mean, y_mean, p, singular_values)

    centred = X if overwrite_X and X.dtype == np.float64 else X.astype(np.float64)
    centred -= x_mean
    if root_weights is not None:
        centred *= root_weights[:, None]
    solved = (
        solve_by_singular_values(centred, targets, relative_cutoff(X), noise)
        if cutoff is None
        else minimum_norm_least_squares(centred, targets, cutoff)
    )
    return LeastSquaresFit(solved.solution, x_mean, y_mean, solved.rank, solved.singular_values)


def with_constant_columns(fit: LeastSquaresFit, x_mean: Array, varies: NDArray[np.bool_]) -> LeastSquaresFit:
    """Fit of the columns that vary, widened to all columns: a constant one has coefficient 0."""
    coefficients = np.zeros((len(varies), fit.coefficients.shape[1]))
    coefficients[varies] = fit.coefficients
    singular_values = np.zeros(len(varies))
    if fit.singular_values is not None:
        singular_values[: len(fit.singular_values)] = fit.singular_values
    return LeastSquaresFit(coefficients, x_mean, fit.y_mean, fit.rank, singular_values)


def fit_nonnegative(
    X: Array, Y: Array, weights: Array | None = None, *, fit_intercept: bool = True, n_threads: int = 1
) -> LeastSquaresFit:
    """Least squares under W ≥ 0 by Lawson and Hanson's active sets, one problem per column of Y."""
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    roots = np.ones(len(X)) if weights is None else np.sqrt(weights)
    design, targets = (X - x_mean) * roots[:, None], (Y - y_mean) * roots[:, None]
    columns = run_tasks(lambda target: optimize.nnls(design, target)[0], list(targets.T), n_threads)
    return LeastSquaresFit(np.column_stack(columns), x_mean, y_mean)


def fit_sparse(
    X: Any,
    Y: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    tol: float = DEFAULT_TOL,
    n_threads: int = 1,
) -> LeastSquaresFit:
    """Least squares on sparse rows by LSQR, which needs products with the design only: centring stays implicit.

    Parameters
    ----------
    X : sparse array of shape (n, p)
        CSR or CSC.
    Y : ndarray of shape (n, t)
    weights, fit_intercept
        As in `fit_least_squares`.
    tol : float
        LSQR's ``atol`` and ``btol``.
    n_threads : int
        Targets solved side by side.
    """
    n, p = X.shape
    X = X.astype(np.float64)  # means of float32 rows would be rounded to float32
    x_mean = mean_variance_axis(X, axis=0, weights=weights)[0] if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    roots = np.ones(n) if weights is None else np.sqrt(weights)
    # V (X - 1 mᵀ) and its transpose, V = diag(roots).
    design = LinearOperator(
        shape=(n, p),
        dtype=np.float64,
        matvec=lambda w: roots * (X @ w.ravel() - x_mean @ w.ravel()),
        rmatvec=lambda r: X.T @ (roots * r.ravel()) - x_mean * (roots @ r.ravel()),
    )
    targets = (Y - y_mean) * roots[:, None]
    columns = run_tasks(lambda target: lsqr(design, target, atol=tol, btol=tol)[0], list(targets.T), n_threads)
    return LeastSquaresFit(np.column_stack(columns), x_mean, y_mean)
