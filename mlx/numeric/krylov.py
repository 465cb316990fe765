"""Leading eigenvectors of a matrix known by its products alone: Rayleigh and Ritz in a block Krylov space.

Formula, for a positive semidefinite A. What a space with orthonormal basis Q knows best of the eigenvectors of A is ::

    (Qᵀ A Q) y = θ y,    v = Q y,    r = A v - θ v

v is near an eigenvector if r is short: the angle between them is at most ‖r‖ / (distance of θ from the other
eigenvalues), and θ is off by no more than ‖r‖² / that distance (Parlett, theorems 11.7.1 and 11.7.2). The space begins
with b random columns and grows by the r of those that are not near yet. While none is, this is the Krylov space of
Q₀, A Q₀, A² Q₀, ..., in which the vectors of the largest eigenvalues emerge first.

======  ===========  =======================================================
symbol  shape        meaning
======  ===========  =======================================================
A       (p, p)       the matrix
Q       (p, ·)       orthonormal basis of the space, from a block of b columns
θ, v    (k,) (p, k)  Ritz values and vectors: the largest k are wanted
======  ===========  =======================================================

An eigenvalue that comes m times has m vectors, of which a block of b columns finds b at most, however many steps are
made. Blocks here are wider than the number of vectors wanted.

References: B. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, chapters 11 and 13. C. Musco & C. Musco,
"Randomized block Krylov methods for stronger and faster approximate singular value decomposition", NIPS 2015,
algorithm 2: here residuals say when it is done, not a number of steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .threads import one_blas_thread

__all__ = ["block_size", "leading_eigenpairs"]

Array = NDArray[np.floating]

# Columns of a block beyond the vectors wanted: those that converge last then have smaller ones behind them.
MORE_COLUMNS, MORE_COLUMNS_SHARE = 8, 0.2

# Largest angle between a Ritz vector and its eigenvector, and the residual that rounding leaves, relative to the
# largest eigenvalue: what LAPACK leaves in the eigenvectors of a matrix that is known.
LARGEST_ANGLE = 1e-10
ROUNDING = 32 * float(np.finfo(np.float64).eps)

# A residual that is zero is no direction.
SMALLEST_LENGTH = float(np.finfo(np.float64).tiny)

# Part of a column in the space that can be taken away without making the columns oblique.
SMALL_OVERLAP = 1e-9

# Steps before the pace of the residuals says something of how many are left, and how much faster it may still become.
STEPS_BEFORE_JUDGEMENT, FASTER = 3, 2.0


def block_size(n_wanted: int) -> int:
    """Columns b of a block."""
    return n_wanted + max(MORE_COLUMNS, int(MORE_COLUMNS_SHARE * n_wanted))


def leading_eigenpairs(
    product: Callable[[Array], Array], order: int, n_wanted: int, most_products: int
) -> tuple[Array, Array] | None:
    """Largest eigenvalues of A in descending order, shape (k,), and their vectors, shape (p, k), to rounding error.

    Parameters
    ----------
    product : callable
        From Q of shape (p, b) to A Q, both in columns (Fortran's order).
    order : int
        p.
    n_wanted : int
        k.
    most_products : int
        Columns multiplied, at most; at most p. None is returned as soon as these will not do: eigenvalues that lie
        close together beyond the k-th one need many.
    """
    size = block_size(n_wanted)
    basis, images = (np.empty((order, most_products), order="F") for _ in range(2))
    projected = np.empty((most_products, most_products))
    block = np.linalg.qr(np.random.RandomState(0).standard_normal((order, size)))[0]
    reached, steps, excess_before = 0, 0, np.inf
    while reached + block.shape[1] <= most_products:
        new, known = slice(reached, reached + block.shape[1]), slice(reached + block.shape[1])
        reached, steps = known.stop, steps + 1
        basis[:, new] = block
        images[:, new] = product(basis[:, new])
        projected[known, new] = basis[:, known].T @ images[:, new]
        projected[new, known] = projected[known, new].T
        values, rotation = largest_eigenvectors(projected[known, known], size)
        if not values[0] > 0.0:
            return None
        vectors = basis[:, known] @ rotation
        residuals = images[:, known] @ rotation - vectors * values
        lengths = np.linalg.norm(residuals, axis=0)
        excesses = lengths[:n_wanted] / tolerances(values[: n_wanted + 1])
        excess = float(excesses.max())
        if excess <= 1.0:
            return values[:n_wanted], vectors[:, :n_wanted]
        is_open = np.append(excesses > 1.0, np.full(size - n_wanted, True))
        pace = np.log(excess_before / excess)
        steps_left = np.log(excess) / pace if pace > 0.0 else np.inf
        if steps >= STEPS_BEFORE_JUDGEMENT and reached + steps_left / FASTER * is_open.sum() > most_products:
            return None
        excess_before = excess
        directions = residuals[:, is_open] / np.maximum(lengths[is_open], SMALLEST_LENGTH)
        block = orthonormal_beside(basis[:, known], directions)
    return None


def tolerances(values: Array) -> Array:
    """Residuals at which the first of k + 1 Ritz values in descending order count as eigenvalues, shape (k,).

    Eigenvalues that agree to rounding error are no reason to go on: their vectors are any of their span.
    """
    gaps = -np.diff(values)
    distances = np.minimum(gaps, np.concatenate([[np.inf], gaps[:-1]]))
    return np.maximum(LARGEST_ANGLE * distances, ROUNDING * values[0])


def largest_eigenvectors(A: Array, k: int) -> tuple[Array, Array]:
    """The largest k eigenvalues of a symmetric matrix in descending order, and their vectors in columns."""
    order = len(A)
    with one_blas_thread():  # two take longer for matrices as small as these
        values, vectors = linalg.eigh(A, subset_by_index=[order - k, order - 1], check_finite=False)
    return values[::-1], vectors[:, ::-1]


def orthonormal_beside(Q: Array, block: Array) -> Array:
    """Orthonormal columns that span, with Q, what Q and the block span.

    What the first round leaves of a column may be small, and then much of it lies in Q again: that is taken away in
    another, and twice is enough (Parlett, section 6.9). A column that lies in Q is replaced by one that does not.
    """
    overlap = Q.T @ block
    for _ in range(3):
        with one_blas_thread():
            block = np.linalg.qr(block - Q @ overlap)[0]
        overlap = Q.T @ block
        if np.abs(overlap).max() < SMALL_OVERLAP:
            break
    # The square of a small overlap is below rounding error: without it the columns are still of length 1.
    return block - Q @ overlap
