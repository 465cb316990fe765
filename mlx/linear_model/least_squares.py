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

Three ways to W:

1. Normal equations by Cholesky. One pass over X gives m and G (`numeric/moments.py`). The condition number of G is the
   square of that of the design, so this way is taken only where an estimate of it is below 1e8, and one step of
   refinement follows (the corrected semi-normal equations): the residual is computed from X itself, in a second pass,
   which gives back the digits that G lost.
2. QR of the centred design and substitution, for small tables and where G is not trusted, if no direction of columns of
   length 1 is in doubt.
3. QR and singular values otherwise (`by_singular_values`). Directions whose singular value is rounding noise get the
   coefficient of least norm.

Departs from scikit-learn: its ``tol=1e-6`` is a cutoff on singular values, so that a design with a condition number
above 1e6 is solved with directions left out, and coefficients can be wrong in the first digit while predictions on
the training rows look right. Here the cutoff is rounding error (`relative_cutoff`, `rounding_of_columns`), and
constant columns are set aside before. ``solver="lstsq"`` restores the library's behaviour.

References: Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996: normal equations 2.2, cutoffs 2.7,
corrected semi-normal equations 6.6.5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ..numeric.linalg import column_means, minimum_norm_least_squares, scaled_cholesky
from ..numeric.moments import Moments, moments, sum_over_rows
from .by_singular_values import (
    NO_PART,
    SingularValueFit,
    lengths_of,
    reduced_design,
    relative_cutoff,
    rounding_of_columns,
    solve_by_singular_values,
    solve_by_substitution,
    solve_wide,
    with_root,
)

__all__ = ["LeastSquaresFit", "Spread", "fit_least_squares", "refinement"]

Array = NDArray[np.floating]

# Reciprocal condition of the scaled Gram matrix above which the normal equations are safe. One refinement step
# multiplies the error by about ε / reciprocal: at 1e-8, from 1e-8 to 1e-16 times what the design itself allows.
SAFE_RECIPROCAL_CONDITION = 1e-8

# Multiplications n p² up to which QR takes no longer than the two passes of the normal equations: most of the time of
# both is that of calls.
SMALL_WORK = 5e5


class Spread(NamedTuple):
    """What a fit leaves behind for inference: squares, and variances in units of the noise's.

    Attributes
    ----------
    residual_squares : ndarray of shape (t,)
        Σ s r².
    total_squares : ndarray of shape (t,)
        Σ s (y - ȳ)²; Σ s y² without an intercept.
    coefficient_factors : ndarray of shape (p,)
        Diagonal of G⁻¹; nan for a coefficient that the rows do not determine.
    intercept_factor : float
        1 / Σ s + mᵀ G⁻¹ m, or nan.
    """

    residual_squares: Array
    total_squares: Array
    coefficient_factors: Array
    intercept_factor: float


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
    spread : Spread or None
        For inference; None where its formulas do not hold.
    """

    coefficients: Array
    x_mean: Array
    y_mean: Array
    rank: int | None = None
    singular_values: Array | None = None
    spread: Spread | None = None

    @property
    def intercepts(self) -> Array:
        """Intercepts b = ȳ - Wᵀ m, shape (t,)."""
        return self.y_mean - self.x_mean @ self.coefficients


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
        float64.
    weights : ndarray of shape (n,), optional
        Nonnegative.
    fit_intercept : bool, default=True
        Whether b is free, or 0.
    cutoff : float, optional
        Ratio to the largest singular value below which directions are left out; given, the singular value
        decomposition is always used. By default rounding error, and normal equations where they are safe.
    overwrite_X : bool, default=False
        Centre X in place where a centred copy is needed: where it has not more rows than columns.
    """
    n, p = X.shape
    if cutoff is None and n > p and n * p**2 > SMALL_WORK:
        sums = moments(X, Y, weights, centre=fit_intercept)
        fit = by_normal_equations(X, Y, weights, sums)
        if fit is not None:
            return fit
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    total_weight = float(n if weights is None else weights.sum())
    noise = rounding_of_columns(X, x_mean, total_weight)
    design, targets, unexplained = reduced_design(X, Y, weights, x_mean, y_mean, overwrite_X=overwrite_X)
    varies = np.ones(p, dtype=bool)
    if n < p:
        bounds = (relative_cutoff(X), noise) if cutoff is None else (cutoff, np.zeros(p))
        solved = solve_wide(design, targets, *bounds)
    elif cutoff is not None:
        solved = with_root(minimum_norm_least_squares(design, targets, cutoff))
    else:
        if n > p:
            # A constant column beside others in small units would take their place among the singular values.
            varies = lengths_of(design) > noise
        substituted = solve_by_substitution(design, targets, noise) if n > p and varies.all() else None
        solved = substituted or solve_by_singular_values(design[:, varies], targets, relative_cutoff(X), noise[varies])
    residuals = targets - design[:, varies] @ solved.solution
    with np.errstate(over="ignore"):
        residual_squares, total_squares = ((part**2).sum(axis=0) + unexplained for part in (residuals, targets))
    spread = Spread(residual_squares, total_squares, *variance_factors(solved, varies, x_mean, total_weight))
    singular_values = np.zeros(min(n, p))
    singular_values[: len(solved.singular_values)] = solved.singular_values
    return LeastSquaresFit(widened(solved.solution, varies), x_mean, y_mean, solved.rank, singular_values, spread)


def widened(W: Array, varies: NDArray[np.bool_]) -> Array:
    """Coefficients of all columns from those of the columns that vary: a constant one has coefficient 0."""
    wide = np.zeros((len(varies), W.shape[1]))
    wide[varies] = W
    return wide


def variance_factors(
    solved: SingularValueFit, varies: NDArray[np.bool_], x_mean: Array, total_weight: float
) -> tuple[Array, float]:
    """Diagonal of G⁺, shape (p,), and 1 / Σ s + mᵀ G⁺ m: with σ², the variances of W and of b.

    What has a part in the null space is not determined by the rows, and has nan; so have constant columns.
    """
    means = x_mean[varies] / solved.lengths
    with np.errstate(over="ignore"):
        factors = ((solved.inverse_root / solved.lengths) ** 2).sum(axis=0)
        factor_of_intercept = float(1.0 / total_weight + ((solved.inverse_root @ means) ** 2).sum())
    factors[(np.abs(solved.null_vectors) > NO_PART).any(axis=0)] = np.nan
    if (np.abs(solved.null_vectors @ means) > NO_PART * np.abs(means).max(initial=0.0)).any():
        factor_of_intercept = np.nan
    wide = np.full(len(varies), np.nan)
    wide[varies] = factors
    return wide, factor_of_intercept


def by_normal_equations(X: Array, Y: Array, weights: Array | None, sums: Moments) -> LeastSquaresFit | None:
    """W from G W = c and one step of refinement; None where an estimate of the condition number says no.

    Columns that are constant get the coefficient 0.
    """
    noise = rounding_of_columns(X, sums.x_mean, sums.total_weight)
    varies = np.sqrt(np.maximum(np.diag(sums.gram), 0.0)) > noise
    cholesky = scaled_cholesky(sums.gram[np.ix_(varies, varies)]) if varies.any() else None
    if cholesky is None or not cholesky.reciprocal_condition > SAFE_RECIPROCAL_CONDITION:
        return None
    W = widened(cholesky.solve(sums.cross[varies]), varies)
    slope, squares = refinement(X, Y, weights, sums, W)
    # What the step takes off the squares is (ε κ)² of their total, κ ≤ 1e4 being the design's condition: nothing.
    step = widened(cholesky.solve(slope[varies]), varies)
    # G = (S L)(S L)ᵀ: S L has the singular values of the design, to rounding error, at the cost of p³.
    singular_values = linalg.svdvals(cholesky.scale[:, None] * np.tril(cholesky.factor))
    rank = len(singular_values)
    solved = SingularValueFit(
        W, rank, singular_values, cholesky.inverse_root(), null_vectors=np.zeros((0, rank)), lengths=np.ones(rank)
    )
    return LeastSquaresFit(
        W + step,
        sums.x_mean,
        sums.y_mean,
        rank,
        np.pad(singular_values, (0, len(varies) - rank)),
        Spread(squares, sums.squares, *variance_factors(solved, varies, sums.x_mean, sums.total_weight)),
    )


def refinement(X: Array, Y: Array, weights: Array | None, sums: Moments, W: Array) -> tuple[Array, Array]:
    """Σ s (x - m) rᵀ, shape (p, t), and Σ s r², shape (t,), of the residuals r = y - ȳ - Wᵀ(x - m)."""
    n, p = X.shape

    def term(rows: slice, block: Array) -> tuple[Array, Array]:
        np.subtract(X[rows], sums.x_mean, out=block)
        residuals = Y[rows] - sums.y_mean - block @ W
        weighted = residuals if weights is None else residuals * weights[rows, None]
        with np.errstate(over="ignore"):  # targets whose squares are no floats have coefficients all the same
            return block.T @ weighted, (residuals * weighted).sum(axis=0)

    slope, squares = sum_over_rows(n, p, 3.0 * X.size * Y.shape[1], term)
    return slope, squares
