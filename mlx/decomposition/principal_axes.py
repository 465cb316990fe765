"""Principal axes are the orthogonal directions along which centred data vary most.

Formula, with m the column means and Xc = X - 1 mᵀ (Hastie, Tibshirani & Friedman, The Elements of Statistical
Learning, 2nd ed., section 14.5.1, equation 14.54)::

    Xc = U diag(σ) Vᵀ,    λ_j = σ_j² / (n - 1),    scores = Xc V = U diag(σ)

======  ============  =============================================================
symbol  shape         meaning
======  ============  =============================================================
X       (n, p)        rows
V       (p, k)        principal axes, one per column
σ       (k,)          singular values, descending
λ       (k,)          variances along the axes, eigenvalues of the sample covariance
G                     Xcᵀ Xc (p, p), or Xc Xcᵀ (n, n) if that is smaller; eigenvalues σ²
======  ============  =============================================================

Ways to V: the singular value decomposition of Xc; the eigenvectors of G, many times cheaper for long or wide tables,
but G squares the singular values, so that those below √ε ≈ 1.5e-8 of the largest are lost and the axes of small ones
blurred; Krylov spaces of G, which is then not formed, for a few of many components; Lanczos iteration (arpack) and
random projection by call.

Signs are free. The entry of each axis that is largest by size is made positive, as in scikit-learn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from sklearn.utils import assert_all_finite
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..numeric.krylov import block_size, leading_eigenpairs
from ..numeric.linalg import column_means, gram_matrix, row_signs
from ..numeric.moments import moments, sum_over_rows, triangular_factor
from ..numeric.threads import blas_threads, one_blas_thread, run_tasks
from .probabilistic import likeliest_dimension

__all__ = [
    "Decomposition",
    "axes_around",
    "centred_rows",
    "column_mean_of",
    "n_kept",
    "principal_axes",
]

Array = NDArray[np.floating]

# Up to this many rows and columns the singular value decomposition takes milliseconds: no reason to be clever.
SMALL_TABLE = 500

# Rows for each column from which on a triangular factor is formed first: it costs less than the product that it saves.
LONG = 2

# Longest short side of a table whose Gram matrix is formed unasked: 5000² float64 are 200 MB.
LARGEST_GRAM = 5000

# Time of the ways to the leading eigenvectors, as `affordable_products` counts: for each of the p³ of the eigenvectors,
# for a centred copy, and for a product with Xc and then with Xcᵀ.
COST_OF_EIGENVECTORS, COST_OF_COPY, COST_OF_PRODUCT = 5.5, 300.0, 7.0

# Blocks that are multiplied where the spectrum has an end, with some to spare, and blocks that memory has room for.
USUAL_BLOCKS, MOST_BLOCKS = 7, 12

# Entries that are centred at a time.
COLUMNS_AT_ONCE = 2**17

# Smallest kept variance, relative to the largest, for which G is trusted unasked: the error of an axis is about
# ε / (relative gap of its variance), so that 1e-5 leaves ten digits.
SAFE_VARIANCE_RATIO = 1e-5


class Decomposition(NamedTuple):
    """Leading part of the singular value decomposition of the centred rows.

    Attributes
    ----------
    mean : ndarray of shape (p,)
    axes : ndarray of shape (k, p)
        Rows of Vᵀ, signs chosen.
    singular_values : ndarray of shape (k,)
    total : float
        Sum of the squares of all singular values, those that were not found included.
    n_directions : int
        Directions over which the total is spread.
    U : ndarray of shape (n, k) or None
        Left singular vectors, where they are by-products.
    solver : str
        The way that was taken.
    """

    mean: Array
    axes: Array
    singular_values: Array
    total: float
    n_directions: int
    U: Array | None
    solver: str

    def variances(self, n_samples: int) -> Array:
        """λ = σ² / (n - 1), shape (k,)."""
        return self.singular_values**2 / (n_samples - 1)

    def mean_left_out(self, k: int) -> float:
        """Mean square of the singular values beyond the first k: averaged where known, else what is missing to all."""
        n_left = self.n_directions - k
        if n_left == 0:
            return 0.0
        if len(self.singular_values) == self.n_directions:
            return float(np.mean(self.singular_values[k:] ** 2))
        return max(0.0, self.total - float(np.sum(self.singular_values[:k] ** 2))) / n_left


def by_singular_values(X: Array, mean: Array, *, overwrite: bool) -> Decomposition:
    """All components from the singular value decomposition of the centred rows; of a long table, of its R."""
    n, p = X.shape
    with one_blas_thread(8 * X.size * min(n, p)):
        if n >= LONG * p:
            centred, is_long = triangular_factor(X, no_targets(X), mean, np.empty(0)), True
        else:
            centred, is_long = centred_rows(X, mean, overwrite), False
        U, s, Vt = np.linalg.svd(centred, full_matrices=False)
    signs = row_signs(Vt)
    total = float(np.sum(s**2))
    return Decomposition(mean, Vt * signs[:, None], s, total, len(s), None if is_long else U * signs, "full")


def no_targets(X: Array) -> Array:
    """A table of as many rows without columns."""
    return np.empty((len(X), 0))


def by_covariance(X: Any, mean: Array | None, n_wanted: int) -> Decomposition:
    """Leading `n_wanted` components from the eigenvectors of Xcᵀ Xc, shape (p, p), dense or sparse rows.

    Sparse rows stay sparse: n m mᵀ is taken away afterwards, which loses the digits that n m² has above n λ.
    """
    n, p = X.shape
    if sparse.issparse(X):
        X = X.astype(np.float64)
        mean = column_mean_of(X) if mean is None else mean
        gram = (X.T @ X).toarray() - n * np.outer(mean, mean)
    elif mean is None:
        sums = moments(X, no_targets(X))
        mean, gram = sums.x_mean, sums.gram
        refuse_unless(np.isfinite(np.trace(gram)), X)
    else:
        with one_blas_thread(n * p**2):
            gram = gram_matrix(X, mean)
    values, vectors = _leading_eigenvectors(gram, n_wanted)
    axes = vectors.T * row_signs(vectors.T)[:, None]
    return Decomposition(mean, axes, np.sqrt(values), float(np.trace(gram)), p, None, "covariance_eigh")


def by_row_gram(X: Array, mean: Array, n_wanted: int) -> Decomposition:
    """Leading `n_wanted` components from the eigenvectors of Xc Xcᵀ, shape (n, n), for wide tables."""
    n = len(X)

    def term(columns: slice, buffer: Array) -> tuple[Array]:
        block = np.subtract(X[:, columns], mean[columns], out=buffer.reshape(n, -1))
        return (block @ block.T,)

    with np.errstate(over="ignore", invalid="ignore"):
        (gram,) = sum_over_rows(X.shape[1], n, float(n) * X.size, term)
    _, U = _leading_eigenvectors(gram, n_wanted)
    return from_left(X, mean, U, float(np.trace(gram)), "row_gram")


def from_left(X: Array, mean: Array, U: Array, total: float, solver: str) -> Decomposition:
    """Components from the left singular vectors: an axis is Xcᵀ u divided by its length.

    That length is its singular value, accurate to second order in the error of u.
    """
    n, p = X.shape
    axes = np.empty((U.shape[1], p))
    size = max(COLUMNS_AT_ONCE // n, 1)

    def fill(start: int) -> None:
        columns = slice(start, start + size)
        np.matmul(U.T, X[:, columns] - mean[columns], out=axes[:, columns])

    n_threads = blas_threads()
    with one_blas_thread():
        run_tasks(fill, range(0, p, size), n_threads)
    singular_values = np.linalg.norm(axes, axis=1)
    signs = row_signs(axes)
    axes *= (signs / np.where(singular_values > 0.0, singular_values, 1.0))[:, None]
    return Decomposition(mean, axes, singular_values, total, n, U * signs, solver)


def by_krylov(X: Array, mean: Array, n_wanted: int, most_products: int) -> Decomposition | None:
    """Leading `n_wanted` components from products with Xcᵀ Xc, or Xc Xcᵀ if that is smaller, neither of them formed.

    As exact as their eigenvectors. None where more than `most_products` columns would have to be multiplied.
    """
    n, p = X.shape
    centred = np.subtract(X, mean, dtype=np.float64)
    with np.errstate(over="ignore"):
        total = float(np.vdot(centred, centred))
    if not np.isfinite(total):
        return None
    rows = centred if p <= n else centred.T
    # Few long rows times a matrix: BLAS reads it once, in its order in memory.
    found = leading_eigenpairs(lambda Q: ((Q.T @ rows.T) @ rows).T, min(n, p), n_wanted, most_products)
    if found is None:
        return None
    values, vectors = found
    if p > n:
        return from_left(X, mean, vectors, total, "krylov")
    axes = vectors.T * row_signs(vectors.T)[:, None]
    return Decomposition(mean, axes, np.sqrt(values), total, p, None, "krylov")


def affordable_products(n: int, p: int, n_wanted: int) -> int:
    """Columns that `by_krylov` may multiply in less time than G and its eigenvectors take; 0 if these will not do.

    In units of one column of G, n p multiplications: a product costs some, the centred copy a few hundred.
    """
    small = min(n, p)
    if max(n, p) <= SMALL_TABLE:
        return 0
    columns = small + COST_OF_EIGENVECTORS * small**3 / (n * p)
    most = (columns - COST_OF_COPY) / COST_OF_PRODUCT
    size = block_size(n_wanted)
    return int(min(most, small, MOST_BLOCKS * size)) if most >= USUAL_BLOCKS * size <= small else 0


def _leading_eigenvectors(gram: Array, n_wanted: int) -> tuple[Array, Array]:
    """Largest eigenvalues of a semidefinite matrix in descending order, none negative, and their vectors.

    All are nan where squares were no floats: nothing is known then, and nothing looks safe.
    """
    order = len(gram)
    if not np.isfinite(np.trace(gram)):
        return np.full(n_wanted, np.nan), np.full((order, n_wanted), np.nan)
    subset = [order - n_wanted, order - 1] if 0 < n_wanted < order // 2 else None
    with one_blas_thread(order**3 / 3):
        values, vectors = linalg.eigh(gram, subset_by_index=subset, check_finite=False)
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]


def n_kept(n_components: int | float | str | None, variances: Array, total_variance: float, n_samples: int) -> int:
    """Number of components that `n_components` asks for, given the variances found."""
    if n_components is None:
        return len(variances)
    if isinstance(n_components, str):  # 'mle', the only text that the parameter takes
        return likeliest_dimension(variances, n_samples)
    if 0 < n_components < 1:
        with np.errstate(invalid="ignore"):  # the share of no variance is nan, and one component is kept
            shares = np.cumsum(variances / total_variance)
        return min(int(np.searchsorted(shares, n_components, side="right")) + 1, len(variances))
    return int(n_components)


def column_mean_of(X: Any) -> Array:
    """Column means of dense or sparse rows, float64, shape (p,)."""
    # scikit-learn's function answers in the dtype of X: float32 would round the means.
    return mean_variance_axis(X.astype(np.float64), axis=0)[0] if sparse.issparse(X) else column_means(X)


def mean_of_finite(X: Array) -> Array:
    """Column means of dense rows, which tell if an entry is no number: X need not be read once more for that."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = column_means(X)
    refuse_unless(np.isfinite(mean).all(), X)
    return mean


def refuse_unless(finite: Any, X: Array) -> None:
    """Raise ValueError if X has entries that are not finite; sums that are finite say that it has none."""
    if not finite:
        assert_all_finite(X, estimator_name="PCA", input_name="X")


def centred_rows(X: Array, mean: Array, overwrite: bool) -> Array:
    """X - 1 mᵀ in the dtype of X, in place or as a copy."""
    return np.subtract(X, mean, out=X if overwrite else np.empty_like(X), casting="same_kind")


def principal_axes(X: Any, n_components: int | float | str | None, solver: str, *, overwrite: bool) -> Decomposition:
    """Components by an exact way, at least as many as `n_components` asks for.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    n_components : int, float, 'mle' or None
    solver : {'auto', 'full', 'covariance_eigh'}
    overwrite : bool
        Centre X in place where a centred copy is needed.

    Raises
    ------
    ValueError
        If `n_components` does not fit the shape, or X has entries that are not finite.
    """
    n, p = X.shape
    small = min(n, p)
    if n_components == "mle" and n < p:
        raise ValueError("n_components='mle' needs n_samples >= n_features")
    if isinstance(n_components, int | np.integer) and n_components > small:
        raise ValueError(
            f"n_components={n_components} must be between 0 and min(n_samples, n_features)={small} with "
            f"svd_solver={solver!r}"
        )
    if sparse.issparse(X):
        assert_all_finite(X, estimator_name="PCA", input_name="X")
    return axes_around(X, None, n_components, solver, overwrite=overwrite)


def _squares_may_do(shape: tuple[int, int], n_components: int | float | str | None, solver: str) -> bool:
    """Whether G is worth a try, unasked."""
    n, p = shape
    # Centring leaves at most n - 1 directions: all n of a wide table include one that G cannot resolve.
    hopeless = n <= p and (n_components if isinstance(n_components, int | np.integer) else n) == n
    return solver == "auto" and max(n, p) > SMALL_TABLE and min(n, p) <= LARGEST_GRAM and not hopeless


def axes_around(
    X: Any, mean: Array | None, n_components: int | float | str | None, solver: str, *, overwrite: bool
) -> Decomposition:
    """`principal_axes` around a given point, or around the mean if that is None."""
    n, p = X.shape
    small = min(n, p)
    # A fixed number of axes is cheaper; a share of variance must see all variances to choose.
    n_counted = int(n_components) if isinstance(n_components, int | np.integer) else None
    if solver == "covariance_eigh":
        found = by_covariance(X, mean, p if n_counted is None else n_counted)
        if not np.isfinite(found.total):
            raise ValueError("X has entries whose squares are no floats; svd_solver='full' takes them")
        return found if n_components is not None else _first(found, small)
    n_wanted = small if n_counted is None else n_counted
    most_products = affordable_products(n, p, n_wanted) if solver == "auto" and n_wanted < small else 0
    if most_products:
        leading = by_krylov(X, mean_of_finite(X) if mean is None else mean, n_wanted, most_products)
        if leading is not None and is_safe(leading.singular_values**2, n_wanted):
            return leading
    if _squares_may_do(X.shape, n_components, solver):
        if p >= n:
            mean = mean_of_finite(X) if mean is None else mean
            found = by_row_gram(X, mean, n_wanted)
        else:
            found = by_covariance(X, mean, n_wanted)
            mean = found.mean
        variances = found.variances(n)
        # Minka's choice weighs every variance, so every one must be right.
        k = n_wanted if n_components == "mle" else n_kept(n_components, variances, found.total / (n - 1), n)
        if is_safe(variances, k):
            return found
    mean = mean_of_finite(X) if mean is None else mean
    return by_singular_values(X, mean, overwrite=overwrite)


def is_safe(variances: Array, k: int) -> bool:
    """Whether the first k are large enough to come from squares, at least one of them."""
    return bool(k > 0 and variances[k - 1] >= SAFE_VARIANCE_RATIO * variances[0] > 0.0)


def _first(found: Decomposition, k: int) -> Decomposition:
    return found._replace(axes=found.axes[:k], singular_values=found.singular_values[:k])
