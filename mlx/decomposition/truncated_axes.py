"""A few principal axes by the iterations that the user calls by name: Lanczos (arpack) and random projection.

The formula and the symbols stand in `principal_axes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..numeric.linalg import randomized_svd, row_signs
from .principal_axes import Decomposition, centred_rows, column_mean_of

__all__ = ["truncated_axes"]

Array = NDArray[np.floating]


def truncated_axes(
    X: Any,
    n_components: Any,
    solver: str,
    random_state: np.random.RandomState,
    *,
    overwrite: bool,
    tol: float,
    **projection: Any,
) -> Decomposition:
    """Components by Lanczos iteration or random projection.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    n_components : int or None
    solver : {'arpack', 'randomized'}
    random_state : RandomState
    overwrite : bool
        Centre X in place.
    tol : float
        Of ARPACK.
    **projection
        Options of `by_random_projection`.

    Raises
    ------
    ValueError
        If `n_components` is not an integer that fits the shape.
    """
    small = min(X.shape)
    most = small - 1 if solver == "arpack" else small
    if n_components is None:
        n_components = most
    if isinstance(n_components, str) or not 1 <= n_components <= most:
        bound = "strictly less than" if solver == "arpack" else "at most"
        raise ValueError(
            f"n_components={n_components!r} must be an integer from 1, {bound} "
            f"min(n_samples, n_features)={small}, with svd_solver={solver!r}"
        )
    mean = column_mean_of(X)
    rows = X if sparse.issparse(X) else centred_rows(X, mean, overwrite)
    if solver == "arpack":
        return by_lanczos(rows, mean, n_components, tol, random_state)
    return by_random_projection(rows, mean, n_components, random_state, **projection)


def by_lanczos(X: Any, mean: Array, n_wanted: int, tol: float, random_state: np.random.RandomState) -> Decomposition:
    """Leading `n_wanted` components by ARPACK; sparse rows stay sparse, centring is done in the products.

    The starting vector is scikit-learn's for the same random state.
    """
    n, p = X.shape
    if sparse.issparse(X):
        total = float(mean_variance_axis(X, axis=0)[1].sum()) * n
        rows: Any = LinearOperator(
            shape=(n, p),
            dtype=X.dtype,
            matvec=lambda v: X @ v - mean @ v,
            matmat=lambda V: X @ V - (mean @ V)[None, :],
            rmatvec=lambda u: X.T @ u - mean * u.sum(),
            rmatmat=lambda W: X.T @ W - np.outer(mean, W.sum(axis=0)),
        )
    else:
        total = float(np.sum(X**2, dtype=np.float64))
        rows = X
    start = random_state.uniform(-1, 1, min(n, p))
    U, s, Vt = svds(rows, k=n_wanted, tol=tol, v0=start)
    Vt, s, U = Vt[::-1], s[::-1], U[:, ::-1]
    signs = row_signs(Vt)
    return Decomposition(mean, Vt * signs[:, None], s, total, min(n, p), U * signs, "arpack")


def by_random_projection(
    centred: Array,
    mean: Array,
    n_wanted: int,
    random_state: np.random.RandomState,
    *,
    iterated_power: int | str,
    n_oversamples: int,
    normalizer: str,
) -> Decomposition:
    """Leading `n_wanted` components, approximately; the random numbers are scikit-learn's for the same state."""
    n, p = centred.shape
    U, s, Vt = randomized_svd(
        centred,
        n_wanted,
        n_oversamples=n_oversamples,
        n_iter=iterated_power,
        normalizer=normalizer,
        random_state=random_state,
    )
    signs = row_signs(Vt)
    total = float(np.sum(centred**2, dtype=np.float64))
    return Decomposition(mean, Vt * signs[:, None], s, total, min(n, p), U * signs, "randomized")
