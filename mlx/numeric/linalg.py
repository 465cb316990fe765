"""Linear algebra that several models share: means, Gram matrices, least squares, truncated decompositions.

A matrix with many rows is read in blocks of rows, which are centred and weighted in a small buffer that stays in
the cache: no centred copy of the whole matrix is made. All sums are in float64, whatever the dtype of the data,
because a float32 sum over a million rows keeps three digits.

======  =============  ==========================================================
symbol  shape          meaning
======  =============  ==========================================================
X       (n, p)         data, float32 or float64
m       (p,)           column means, or zeros
v       (n,)           square roots of the row weights, or None for weights of 1
G       (p, p)         Gram matrix Σ_i v_i² (x_i - m)(x_i - m)ᵀ
======  =============  ==========================================================

References: G. H. Golub & C. F. Van Loan, Matrix Computations, 4th ed., sections 4.2 (Cholesky), 5.5 (rank-deficient
least squares), 11.3 (conjugate gradients); N. Halko, P.-G. Martinsson & J. A. Tropp, "Finding structure with
randomness", SIAM Review 53 (2011), algorithms 4.3, 4.4 and 5.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

__all__ = [
    "LeastSquares",
    "ScaledCholesky",
    "centred_blocks",
    "column_means",
    "conjugate_gradient",
    "gram_matrix",
    "minimum_norm_least_squares",
    "randomized_svd",
    "row_blocks",
    "row_signs",
    "scaled_cholesky",
    "solve_positive_semidefinite",
]

Array = NDArray[np.floating]

# Entries of one block: 2 MiB of float64 share a core's cache with the product that they are added to.
BLOCK_ENTRIES = 2**18

# Half a MiB of float64: what is read once, and not multiplied, need not be larger.
ENTRIES_OF_FAST_CACHE = 2**16

# Relative size below which an eigenvalue of a semidefinite matrix is taken for zero, times the matrix's order.
EPSILON = float(np.finfo(np.float64).eps)

# Power iterations of the randomized decomposition: more where few triplets must be told from many.
POWER_ITERATIONS_FEW, POWER_ITERATIONS_MANY, FEW = 7, 4, 0.1


class ScaledCholesky(NamedTuple):
    """A = S L Lᵀ S, S diagonal: the factor of a matrix whose diagonal has been scaled to ones.

    Scaling by the diagonal comes within a factor of the order of the best condition number that any scaling
    reaches (van der Sluis 1969), and makes the solution indifferent to the units of the columns.

    Attributes
    ----------
    factor : ndarray of shape (p, p)
        Lower triangle L.
    scale : ndarray of shape (p,)
        Diagonal of S: square roots of the diagonal of A.
    reciprocal_condition : float
        Estimate of 1 / (‖B‖₁ ‖B⁻¹‖₁) for the scaled matrix B = L Lᵀ.
    """

    factor: Array
    scale: Array
    reciprocal_condition: float

    def solve(self, b: Array) -> Array:
        """A⁻¹ b for b of shape (p,) or (p, t)."""
        scale = self.scale if b.ndim == 1 else self.scale[:, None]
        return linalg.cho_solve((self.factor, True), b / scale, check_finite=False) / scale

    def inverse_root(self) -> Array:
        """T = L⁻¹ S⁻¹ of shape (p, p), with which A⁻¹ = Tᵀ T."""
        inverse, _ = linalg.lapack.dtrtri(self.factor, lower=1)
        return np.tril(inverse) / self.scale


class LeastSquares(NamedTuple):
    """Solution of min ‖A X - B‖ of least norm.

    Attributes
    ----------
    solution : ndarray of shape (p, t)
    rank : int
        Number of singular values above the cutoff.
    singular_values : ndarray of shape (min(n, p),)
        Of A, in descending order, those below the cutoff included.
    directions : ndarray of shape (min(n, p), p)
        Right singular vectors of A in rows, those below the cutoff included.
    """

    solution: Array
    rank: int
    singular_values: Array
    directions: Array


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of consecutive rows with about `BLOCK_ENTRIES` entries each, never wider than tall."""
    size = max(BLOCK_ENTRIES // max(n_columns, 1), n_columns, 1)
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def column_means(X: Array, weights: Array | None = None) -> Array:
    """Weighted mean of each column, float64.

    Differences from the first row with weight are averaged, not the values: a constant column then has exactly its
    constant for a mean. A plain average can be off in the last bits, and what centring leaves would look like a signal.
    A row without weight must not be the origin: what is large in it would take the digits of all the others.

    Parameters
    ----------
    X : ndarray of shape (n, p)
    weights : ndarray of shape (n,), optional
        Nonnegative, not all zero.

    Returns
    -------
    ndarray of shape (p,)
    """
    n, p = X.shape
    origin = X[0 if weights is None else int(np.argmax(weights > 0.0))].astype(np.float64)
    total = np.zeros(p)
    size = max(ENTRIES_OF_FAST_CACHE // max(p, 1), 1)
    buffer = np.empty((min(size, n), p))
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        differences = np.subtract(X[rows], origin, out=buffer[: rows.stop - start])
        total += differences.sum(axis=0) if weights is None else weights[rows] @ differences
    return origin + total / (n if weights is None else weights.sum())


def centred_blocks(X: Array, mean: Array, root_weights: Array | None = None) -> Iterator[tuple[slice, Array]]:
    """Blocks of rows v_i (x_i - m) in float64, one after the other in the same buffer.

    Parameters
    ----------
    X : ndarray of shape (n, p)
    mean : ndarray of shape (p,)
    root_weights : ndarray of shape (n,), optional
        Square roots of the weights.

    Yields
    ------
    rows : slice
    block : ndarray of shape (rows, p)
        Overwritten by the next block.
    """
    n, p = X.shape
    buffer: Array = np.empty((0, p))
    for rows in row_blocks(n, p):
        size = rows.stop - rows.start
        if len(buffer) < size:
            buffer = np.empty((size, p))
        block = buffer[:size]
        np.subtract(X[rows], mean, out=block)
        if root_weights is not None:
            block *= root_weights[rows, None]
        yield rows, block


def gram_matrix(X: Array, mean: Array, root_weights: Array | None = None) -> Array:
    """Σ_i v_i² (x_i - m)(x_i - m)ᵀ, shape (p, p), n p² multiplications."""
    p = X.shape[1]
    gram = np.zeros((p, p))
    for _, block in centred_blocks(X, mean, root_weights):
        gram += block.T @ block
    return gram


def scaled_cholesky(A: Array) -> ScaledCholesky | None:
    """Cholesky factor of a symmetric matrix scaled to a diagonal of ones; None if it is not positive definite."""
    diagonal = np.diag(A)
    if not ((diagonal > 0.0) & np.isfinite(diagonal)).all():
        return None
    scale = np.sqrt(diagonal)
    scaled = A / scale[:, None] / scale
    one_norm = float(np.abs(scaled).sum(axis=0).max(initial=0.0))
    factor, failed = linalg.lapack.dpotrf(scaled, lower=1)
    if failed:
        return None
    reciprocal_condition, _ = linalg.lapack.dpocon(factor, one_norm, uplo="L")
    return ScaledCholesky(factor, scale, float(reciprocal_condition))


def solve_positive_semidefinite(A: Array, b: Array) -> Array:
    """A⁻¹ b by Cholesky; where A is singular to working precision, A⁺ b by its eigenvectors.

    Parameters
    ----------
    A : ndarray of shape (p, p)
        Symmetric, eigenvalues not negative but for rounding.
    b : ndarray of shape (p,)
    """
    cholesky = scaled_cholesky(A)
    if cholesky is not None and cholesky.reciprocal_condition > len(A) * EPSILON:
        return cholesky.solve(b)
    values, vectors = linalg.eigh(A, check_finite=False)
    kept = values > len(A) * EPSILON * values[-1]
    return vectors[:, kept] @ ((vectors[:, kept].T @ b) / values[kept])


def minimum_norm_least_squares(A: Array, B: Array, cutoff: float, noise: float = 0.0) -> LeastSquares:
    """Least squares by QR and singular values; the solution of least norm if A has not full rank.

    Backward stable: the error grows with the condition number κ of A (and with κ² times the residual), where the
    normal equations have κ² throughout. About 2 n p² multiplications for tall A.

    Parameters
    ----------
    A : ndarray of shape (n, p)
    B : ndarray of shape (n, t)
    cutoff : float
        Singular values not above `cutoff` times the largest count as zero.
    noise : float, default=0.0
        Singular values not above `noise` count as zero too: a bound of the error that the entries of A bring along.
    """
    n, p = A.shape
    if n > p:
        Q, A = linalg.qr(A, mode="economic", check_finite=False)
        B = Q.T @ B
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    rank = int(np.count_nonzero(s > max(cutoff * s[0], noise)))
    solution = Vt[:rank].T @ ((U[:, :rank].T @ B) / s[:rank, None])
    return LeastSquares(solution, rank, s, Vt)


def conjugate_gradient(
    product: Callable[[Array], Array], b: Array, relative_tolerance: float, max_iterations: int
) -> Array:
    """Solution x of A x = b for a positive semidefinite A that is known by its products A v only.

    Golub & Van Loan, algorithm 11.3.3. Starts at zero, so every iterate lies in the span of b, A b, A² b, ...:
    directions that A maps to zero are never entered.

    Parameters
    ----------
    product : callable
        v of shape (p,) to A v.
    b : ndarray of shape (p,)
    relative_tolerance : float
        Stops when ‖b - A x‖ ≤ relative_tolerance ‖b‖.
    max_iterations : int
    """
    x = np.zeros_like(b)
    residual = b.copy()
    direction = residual.copy()
    squared = residual @ residual
    target = relative_tolerance**2 * squared
    for _ in range(max_iterations):
        if squared <= target:
            break
        image = product(direction)
        curvature = direction @ image
        if curvature <= EPSILON * (direction @ direction):
            break
        length = squared / curvature
        x += length * direction
        residual -= length * image
        previous, squared = squared, residual @ residual
        direction = residual + (squared / previous) * direction
    return x


def randomized_svd(
    A: Any,
    rank: int,
    *,
    n_oversamples: int = 10,
    n_iter: int | str = "auto",
    normalizer: str = "auto",
    random_state: np.random.RandomState,
) -> tuple[Array, Array, Array]:
    """Leading singular triplets of A from its action on random vectors (Halko et al., algorithms 4.3, 4.4 and 5.1).

    Draws the same numbers in the same order as scikit-learn's function of this name: n_features or n_samples,
    whichever is smaller, times rank + n_oversamples normal deviates.

    Parameters
    ----------
    A : ndarray of shape (n, p)
        float32 or float64; the result has its dtype.
    rank : int
        Number of triplets.
    n_oversamples : int, default=10
        Random vectors drawn beyond `rank`.
    n_iter : int or 'auto', default='auto'
        Power iterations: each multiplies the ratio of unwanted to wanted singular values by its square. 'auto' is 7
        if `rank` is below a tenth of the shorter side, 4 otherwise.
    normalizer : {'auto', 'QR', 'LU', 'none'}, default='auto'
        How the iterates are kept from collapsing onto the first singular vector; 'auto' is none up to two
        iterations, then LU.
    random_state : RandomState

    Returns
    -------
    U : ndarray of shape (n, rank)
    s : ndarray of shape (rank,)
    Vt : ndarray of shape (rank, p)
    """
    if n_iter == "auto":
        n_iter = POWER_ITERATIONS_FEW if rank < FEW * min(A.shape) else POWER_ITERATIONS_MANY
    transposed = A.shape[0] < A.shape[1]
    M = A.T if transposed else A
    Q = _range_finder(M, rank + n_oversamples, int(n_iter), normalizer, random_state)
    small_U, s, Vt = linalg.svd(Q.T @ M, full_matrices=False, check_finite=False)
    U = Q @ small_U
    if transposed:
        return Vt[:rank].T, s[:rank], U[:, :rank].T
    return U[:, :rank], s[:rank], Vt[:rank]


def _range_finder(M: Array, size: int, n_iter: int, normalizer: str, random_state: np.random.RandomState) -> Array:
    """Orthonormal columns that nearly span the leading `size` left singular vectors of M.

    Algorithm 4.4; without a normalizer, 4.3.
    """
    if normalizer == "auto":
        normalizer = "none" if n_iter <= 2 else "LU"
    Q = random_state.normal(size=(M.shape[1], size)).astype(M.dtype, copy=False)
    for _ in range(n_iter):
        Q = _normalized(M @ Q, normalizer)
        Q = _normalized(M.T @ Q, normalizer)
    return _normalized(M @ Q, "QR")


def _normalized(Q: Array, normalizer: str) -> Array:
    """A better conditioned basis of the column span of Q."""
    if normalizer == "QR":
        return linalg.qr(Q, mode="economic", check_finite=False)[0]
    if normalizer == "LU":
        return linalg.lu(Q, permute_l=True, check_finite=False)[0]
    return Q


def row_signs(Vt: Array) -> Array:
    """Sign of the entry that is largest by size in each row of Vt, shape (k,), in the dtype of Vt.

    A decomposition leaves the sign of each vector open; multiplied by this one, that entry is positive.
    """
    largest = np.take_along_axis(Vt, np.abs(Vt).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(largest < 0.0, -1.0, 1.0).astype(Vt.dtype)
