"""The starting map: the first principal components of the rows, random places, or what the user gives.

Principal components put far groups of rows far from one another, which descent alone would leave to chance (D. Kobak &
G. Linderman, "Initialization is critical for preserving global data structure in both t-SNE and UMAP", Nature
Biotechnology 39 (2021)). The map begins small, with standard deviation 1e-4 along its first coordinate: only then does
early exaggeration move points past each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator

from ..numeric.linalg import column_means, gram_matrix, randomized_svd, row_signs
from ..numeric.threads import one_blas_thread

__all__ = ["principal_start", "random_start"]

STANDARD_DEVIATION = 1e-4

# Columns up to which the covariance matrix is formed; its eigenvectors take time with the cube of them.
MOST_COLUMNS = 1000


def principal_start(X: Any, n_components: int, random_state: np.random.RandomState) -> NDArray[np.float32]:
    """Scores of the first principal components, scaled so that the first has standard deviation 1e-4.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    n_components : int
    random_state : RandomState
        Drawn from where X is sparse or has many columns: the components are then found by random projection.

    Returns
    -------
    ndarray of shape (n, n_components)
        Zeros if all rows are equal.

    Raises
    ------
    ValueError
        If X has fewer rows or columns than `n_components`.
    """
    if n_components > min(X.shape):
        raise ValueError(
            f"init='pca' finds at most min(n_samples, n_features)={min(X.shape)} components, and "
            f"n_components={n_components}; init='random' finds any number"
        )
    scores = _scores(X, n_components, random_state)
    deviation = float(np.std(scores[:, 0]))
    if deviation == 0.0:
        return np.zeros_like(scores, dtype=np.float32)
    return (scores * (STANDARD_DEVIATION / deviation)).astype(np.float32)


def random_start(n: int, n_components: int, random_state: np.random.RandomState) -> NDArray[np.float32]:
    """Places drawn from a normal distribution of standard deviation 1e-4; scikit-learn's for the same random state."""
    return np.float32(STANDARD_DEVIATION) * random_state.standard_normal(size=(n, n_components)).astype(np.float32)


def _scores(X: Any, n_components: int, random_state: np.random.RandomState) -> NDArray[np.float64]:
    """Coordinates of centred rows along the leading axes, each axis with its largest entry positive."""
    n, p = X.shape
    if sparse.issparse(X):
        rows: Any = _centred(sparse.csr_array(X, dtype=np.float64))
    elif p <= MOST_COLUMNS:
        mean = column_means(X)
        with one_blas_thread(n * p * p):
            gram = gram_matrix(X, mean)
            _, axes = linalg.eigh(gram, subset_by_index=[p - n_components, p - 1])
            axes = axes[:, ::-1]
            return (X - mean) @ (axes * row_signs(axes.T))
    else:
        rows = X - column_means(X)
    U, s, Vt = randomized_svd(
        rows, n_components, n_oversamples=10, n_iter=7, normalizer="auto", random_state=random_state
    )
    return U * s * row_signs(Vt)


def _centred(X: sparse.csr_array) -> LinearOperator:
    """The matrix X - 1 mᵀ, which is not formed: X stays sparse."""
    mean = np.asarray(X.mean(axis=0)).ravel()
    return LinearOperator(
        shape=X.shape,
        dtype=X.dtype,
        matvec=lambda v: X @ v - mean @ v,
        matmat=lambda V: X @ V - (mean @ V)[None, :],
        rmatvec=lambda u: X.T @ u - mean * u.sum(),
        rmatmat=lambda W: X.T @ W - np.outer(mean, W.sum(axis=0)),
    )
