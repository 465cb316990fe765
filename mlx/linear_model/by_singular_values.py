"""Least squares by QR and singular values: where squares would lose too many digits, or columns depend on each other.

Formula, for a centred and weighted design Z and targets Y::

    Z = U diag(d) Vᵀ,    W = V diag(1 / d) Uᵀ Y over the d that are not rounding noise

which of all W with the least squares is the one of least norm. A tall Z is first brought to a triangle R with the same
singular values, one block of rows at a time; a wide one to a triangle from the other side. The error grows with the
condition number of Z, and not with its square. Where no d is near rounding noise, R W = Qᵀ Y gives W without them.

Where columns depend on each other, which coefficients are then determined, and which share what the rows leave open,
must not depend on units: that is decided on columns of length 1 (`solve_by_singular_values`).

References: Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996, section 2.7 (cutoffs). G. Golub & C. Van
Loan, Matrix Computations, 4th ed., section 5.5 (rank-deficient least squares).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.sparse.csgraph import connected_components

from ..numeric.linalg import LeastSquares, minimum_norm_least_squares
from ..numeric.moments import triangular_factor

__all__ = [
    "SingularValueFit",
    "lengths_of",
    "reduced_design",
    "relative_cutoff",
    "rounding_of_columns",
    "solve_by_singular_values",
    "solve_by_substitution",
    "solve_wide",
    "with_root",
]

Array = NDArray[np.floating]

EPSILON = float(np.finfo(np.float64).eps)

# Entries of a null vector below this are rounding error, which is ε over the smallest singular value kept.
NO_PART = 1e-8

# Reciprocal condition of columns of length 1 above which none of their directions can be rounding error.
CLEAR_RECIPROCAL_CONDITION = 1e-8


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


def reduced_design(
    X: Array, Y: Array, weights: Array | None, x_mean: Array, y_mean: Array, *, overwrite_X: bool = False
) -> tuple[Array, Array, Array]:
    """A problem with the same solution and at most p rows, by QR if the table is tall.

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
        with np.errstate(over="ignore"):
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
    """Least squares with its singular values.

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
    root = kept / found.singular_values[: found.rank, None]
    return SingularValueFit(found.solution, found.rank, found.singular_values, root, null, np.ones(kept.shape[1]))


def least_norm(design: Array, targets: Array, cutoff: float, noise: Array) -> LeastSquares:
    """`minimum_norm_least_squares`, with `rounding_of_columns` for the noise."""
    # SciPy's norm scales before it squares: means of 1e200 have one.
    return minimum_norm_least_squares(design, targets, cutoff, float(linalg.norm(noise, check_finite=False)))


def solve_wide(design: Array, targets: Array, cutoff: float, noise: Array) -> SingularValueFit:
    """The solution of least norm with more columns than rows: Zᵀ = Q R, and w = Q v with v the solution of Rᵀ v = y.

    The singular values are those of Rᵀ, of as many columns as there are rows; Q is never written out.
    """
    n, p = design.shape
    (reflections, factors), R = linalg.qr(design.T, mode="raw", check_finite=False)
    found = least_norm(R[:n].T, targets, cutoff, noise)
    padded = np.zeros((p, targets.shape[1]))
    padded[:n] = found.solution
    _, work, _ = linalg.lapack.dormqr("L", "N", reflections, factors, padded, lwork=-1)
    solution, _, _ = linalg.lapack.dormqr("L", "N", reflections, factors, padded, lwork=int(work[0]))
    # That there are null vectors is enough: no coefficient is determined.
    return SingularValueFit(
        solution, found.rank, found.singular_values, np.zeros((0, p)), null_vectors=np.ones((1, p)), lengths=np.ones(p)
    )


def solve_by_substitution(design: Array, targets: Array, noise: Array) -> SingularValueFit | None:
    """Least squares from the triangular factor alone; None where it is not clear that every direction counts.

    Substitution does not care for the units of the columns, so these are judged at length 1, with the shortest
    direction σ ≥ reciprocal condition / √p.

    Parameters
    ----------
    design : ndarray of shape (p, p)
        Upper triangle, with columns that are not zero.
    targets : ndarray of shape (p, t)
    noise : ndarray of shape (p,)
        `rounding_of_columns`.
    """
    lengths = lengths_of(design)
    scaled = design / lengths
    reciprocal_condition, _ = linalg.lapack.dtrcon(scaled)
    noise_of_all = np.sqrt(len(noise)) * linalg.norm(noise / lengths, check_finite=False)
    if not reciprocal_condition > max(CLEAR_RECIPROCAL_CONDITION, noise_of_all):
        return None
    solution, _ = linalg.lapack.dtrtrs(scaled, targets)
    inverse, _ = linalg.lapack.dtrtri(scaled)
    return SingularValueFit(
        solution / lengths[:, None],
        len(lengths),
        np.linalg.svd(design, compute_uv=False),
        inverse.T,
        null_vectors=np.zeros((0, len(lengths))),
        lengths=lengths,
    )


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
        Centred and multiplied by the root weights; not more columns than rows.
    targets : ndarray of shape (n, t)
        The same.
    cutoff : float
        `relative_cutoff`.
    noise : ndarray of shape (p,)
        `rounding_of_columns`.
    """
    p = design.shape[1]
    if p == 0:
        nothing = np.zeros((0, 0))
        return SingularValueFit(np.zeros((0, targets.shape[1])), 0, np.zeros(0), nothing, nothing, np.zeros(0))
    found = least_norm(design, targets, cutoff, noise)
    if found.rank in (0, p):
        return with_root(found)
    lengths = lengths_of(design)
    lengths[lengths == 0.0] = 1.0
    scaled = with_root(least_norm(design / lengths, targets, cutoff, noise / lengths))
    solution = scaled.solution / lengths[:, None]
    overlaps = np.abs(scaled.null_vectors.T @ scaled.null_vectors)
    n_groups, group_of = connected_components(overlaps > NO_PART)
    for group in range(n_groups):
        members = group_of == group
        if members.sum() > 1:
            part = design[:, members]
            solution[members] = least_norm(part, part @ solution[members], cutoff, noise[members]).solution
    return scaled._replace(solution=solution, singular_values=found.singular_values, lengths=lengths)
