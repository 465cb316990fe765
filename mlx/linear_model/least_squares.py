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

1. Normal equations by Cholesky. One pass over X gives m and G (`numeric/moments.py`). The condition number of G is the
   square of that of the design, so this way is taken only where an estimate of it is below 1e8, and one step of
   refinement follows (the corrected semi-normal equations): the residual is computed from X itself, in a second pass,
   which gives back the digits that G lost.
2. QR and singular values of the centred design otherwise. Directions whose singular value is rounding noise get the
   coefficient of least norm; which columns these concern does not depend on the units of the rest.

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
from scipy.sparse.csgraph import connected_components

from ..numeric.linalg import (
    LeastSquares,
    column_means,
    minimum_norm_least_squares,
    scaled_cholesky,
)
from ..numeric.moments import Moments, moments, sum_over_rows, triangular_factor

__all__ = ["LeastSquaresFit", "Spread", "fit_least_squares", "reduced_design", "refinement"]

Array = NDArray[np.floating]

# Reciprocal condition of the scaled Gram matrix above which the normal equations are safe. One refinement step
# multiplies the error by about ε / reciprocal: at 1e-8, from 1e-8 to 1e-16 times what the design itself allows.
SAFE_RECIPROCAL_CONDITION = 1e-8

EPSILON = float(np.finfo(np.float64).eps)

# Entries of a null vector below this are rounding error, which is ε over the smallest singular value kept.
NO_PART = 1e-8


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
    if cutoff is None and n > p:
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
    if cutoff is not None:
        solved = with_root(minimum_norm_least_squares(design, targets, cutoff))
    else:
        if n > p:
            # A constant column beside others in small units would take their place among the singular values.
            varies = lengths_of(design) > noise
        solved = solve_by_singular_values(design[:, varies], targets, relative_cutoff(X), noise[varies])
    residuals = targets - design[:, varies] @ solved.solution
    spread = Spread(
        (residuals**2).sum(axis=0) + unexplained,
        (targets**2).sum(axis=0) + unexplained,
        *variance_factors(solved, varies, x_mean, total_weight),
    )
    singular_values = np.pad(solved.singular_values, (0, min(n, p) - len(solved.singular_values)))
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
        factors = (solved.inverse_root**2).sum(axis=0) / solved.lengths**2
        factor_of_intercept = float(1.0 / total_weight + ((solved.inverse_root @ means) ** 2).sum())
    factors[(np.abs(solved.null_vectors) > NO_PART).any(axis=0)] = np.nan
    if (np.abs(solved.null_vectors @ means) > NO_PART * np.abs(means).max(initial=0.0)).any():
        factor_of_intercept = np.nan
    wide = np.full(len(varies), np.nan)
    wide[varies] = factors
    return wide, factor_of_intercept


# First way: normal equations ------------------------------------------------------------------------------------------


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
    step = widened(cholesky.solve(slope[varies]), varies)
    # ‖r - Z δ‖² = ‖r‖² - 2 δᵀZᵀr + δᵀGδ, and G δ = Zᵀ r.
    residual_squares = np.maximum(squares - (step * slope).sum(axis=0), 0.0)
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
        Spread(residual_squares, sums.squares, *variance_factors(solved, varies, sums.x_mean, sums.total_weight)),
    )


def refinement(X: Array, Y: Array, weights: Array | None, sums: Moments, W: Array) -> tuple[Array, Array]:
    """Σ s (x - m) rᵀ, shape (p, t), and Σ s r², shape (t,), of the residuals r = y - ȳ - Wᵀ(x - m)."""
    n, p = X.shape

    def term(rows: slice, block: Array) -> tuple[Array, Array]:
        np.subtract(X[rows], sums.x_mean, out=block)
        residuals = Y[rows] - sums.y_mean - block @ W
        weighted = residuals if weights is None else residuals * weights[rows, None]
        return block.T @ weighted, (residuals * weighted).sum(axis=0)

    slope, squares = sum_over_rows(n, p, 3.0 * X.size * Y.shape[1], term)
    return slope, squares


# Second way: singular values ------------------------------------------------------------------------------------------


def reduced_design(
    X: Array, Y: Array, weights: Array | None, x_mean: Array, y_mean: Array, *, overwrite_X: bool = False
) -> tuple[Array, Array, Array]:
    """A problem with the same solution and no more than p rows, by QR if the table is tall.

    Returns
    -------
    design : ndarray of shape (min(n, p), p)
    targets : ndarray of shape (min(n, p), t)
    unexplained : ndarray of shape (t,)
        Squares of the targets that no coefficients can explain.
    """
    n, p = X.shape
    roots = None if weights is None else np.sqrt(weights)
    if n > p:
        R = triangular_factor(X, Y, x_mean, y_mean, roots)
        return R[:p, :p], R[:p, p:], (R[p:, p:] ** 2).sum(axis=0)
    design = X if overwrite_X and X.dtype == np.float64 else X.astype(np.float64)
    design -= x_mean
    targets = Y - y_mean
    if roots is not None:
        design *= roots[:, None]
        targets *= roots[:, None]
    return design, targets, np.zeros(Y.shape[1])


def lengths_of(columns: Array) -> Array:
    """Length of each column, also of numbers whose squares are no floats."""
    largest = np.abs(columns).max(axis=0)
    scale = np.where(largest > 0.0, largest, 1.0)
    return scale * np.linalg.norm(columns / scale, axis=0)


class SingularValueFit(NamedTuple):
    """Least squares by singular values.

    Attributes
    ----------
    solution, rank, singular_values
        As of `LeastSquares`.
    inverse_root : ndarray of shape (rank, p)
        T, with G⁺ = D⁻¹ Tᵀ T D⁻¹.
    null_vectors : ndarray of shape (p - rank, p)
        Coefficients D w that change no prediction, as orthonormal rows.
    lengths : ndarray of shape (p,)
        Diagonal of D: what columns were divided by.
    """

    solution: Array
    rank: int
    singular_values: Array
    inverse_root: Array
    null_vectors: Array
    lengths: Array


def with_root(found: LeastSquares) -> SingularValueFit:
    """A solution with what its decomposition tells of G⁺."""
    kept, null = found.directions[: found.rank], found.directions[found.rank :]
    p = kept.shape[1]
    if len(found.directions) < p:  # of a wide table not all null vectors are known; that there are some is enough
        null = np.ones((1, p))
    root = kept / found.singular_values[: found.rank, None]
    return SingularValueFit(found.solution, found.rank, found.singular_values, root, null, np.ones(p))


def solve_by_singular_values(design: Array, targets: Array, cutoff: float, noise: Array) -> SingularValueFit:
    """Least squares of least norm, with directions left out at rounding error only.

    Where some are left out, they may be dependent columns, or columns in units so small that their singular values
    are below the rounding error of the largest. Columns scaled to length 1 tell which. Their null space falls apart
    into groups of columns that depend on each other; a column with no part in it is determined, whatever its units.
    Each group gets its coefficients of least norm by itself: columns of another group in units 1e15 times as large
    do not matter to it.

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

    def least_norm(columns: Array, goals: Array, of_columns: Array) -> LeastSquares:
        # SciPy's norm scales before it squares: means of 1e200 have one.
        return minimum_norm_least_squares(columns, goals, cutoff, float(linalg.norm(of_columns, check_finite=False)))

    n, p = design.shape
    if p == 0:
        nothing = np.zeros((0, 0))
        return SingularValueFit(np.zeros((0, targets.shape[1])), 0, np.zeros(0), nothing, nothing, np.zeros(0))
    found = least_norm(design, targets, noise)
    if n < p or found.rank in (0, p):
        return with_root(found)
    lengths = lengths_of(design)
    lengths[lengths == 0.0] = 1.0
    scaled = with_root(least_norm(design / lengths, targets, noise / lengths))
    solution = scaled.solution / lengths[:, None]
    overlaps = np.abs(scaled.null_vectors.T @ scaled.null_vectors)
    n_groups, group_of = connected_components(overlaps > NO_PART)
    for group in range(n_groups):
        members = group_of == group
        if members.sum() > 1:
            part = design[:, members]
            solution[members] = least_norm(part, part @ solution[members], noise[members]).solution
    return scaled._replace(solution=solution, singular_values=found.singular_values, lengths=lengths)
