"""K-means as functions: the centers that `KMeans` starts from, and those where it ends, as arrays."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_array

from ..numeric.threads import one_blas_thread, resolve_n_jobs, thread_team
from ..validation import check_sample_weight, naming
from .kmeans import KMeans
from .rows import cut_rows
from .seeding import drawn_far_apart

__all__ = ["k_means", "kmeans_plusplus"]


@validate_params({"return_n_iter": ["boolean"]}, prefer_skip_nested_validation=False)
def k_means(
    X,
    n_clusters,
    *,
    sample_weight=None,
    init="k-means++",
    n_init="auto",
    max_iter=300,
    verbose=False,
    tol=1e-4,
    random_state=None,
    copy_x=True,
    algorithm="lloyd",
    return_n_iter=False,
):
    """Cluster rows by k-means: `KMeans` as a function, with scikit-learn's parameters and random numbers.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Rows, float32 or float64 (other types become float64).
    n_clusters : int
        Number of clusters.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, in the centers, the inertia and the draws of 'k-means++' and 'random'.
    init, n_init, max_iter, verbose, tol, random_state, copy_x, algorithm
        As in `KMeans`.
    return_n_iter : bool, default=False
        Whether to return the number of iterations, too.

    Returns
    -------
    centroid : ndarray of shape (n_clusters, n_features)
        Centers.
    label : ndarray of int32 of shape (n_samples,)
        Number of the nearest center for each row.
    inertia : float
        Weighted sum of the squared distances to the nearest center.
    best_n_iter : int
        Iterations of the run that counts; only with `return_n_iter`.

    Raises
    ------
    ValueError
        As `KMeans.fit` raises it.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.cluster import k_means
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> centers, labels, inertia = k_means(X, n_clusters=2, random_state=0)
    >>> centers
    array([[10.,  2.],
           [ 1.,  2.]])
    >>> labels, inertia
    (array([1, 1, 1, 0, 0, 0], dtype=int32), 16.0)
    """
    model = KMeans(
        n_clusters,
        init=init,
        n_init=n_init,
        max_iter=max_iter,
        tol=tol,
        verbose=verbose,
        random_state=random_state,
        copy_x=copy_x,
        algorithm=algorithm,
    ).fit(X, sample_weight=sample_weight)
    found = model.cluster_centers_, model.labels_, model.inertia_
    return (*found, model.n_iter_) if return_n_iter else found


@validate_params(
    {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_local_trials": [Interval(Integral, 1, None, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def kmeans_plusplus(
    X,
    n_clusters,
    *,
    sample_weight=None,
    x_squared_norms=None,
    random_state=None,
    n_local_trials=None,
):
    """Draw rows far apart, as centers for k-means to start from: the rows that scikit-learn draws.

    The formula stands in `mlx.cluster.seeding`. `KMeans` draws from the rows less their mean, which can round
    otherwise.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Rows.
    n_clusters : int
        Number of rows to draw, at most that of `X`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    x_squared_norms : array-like of shape (n_samples,), default=None
        Squared lengths of the rows, if they are known. Those of float32 rows are computed anyway, in float64, as in
        scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Of the draws.
    n_local_trials : int, default=None
        Rows drawn for one center, of which the best counts; None for 2 + ⌊ln n_clusters⌋.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
        The rows, in the dtype of `X`.
    indices : ndarray of shape (n_clusters,)
        Their numbers.

    Raises
    ------
    ValueError
        If `X`, `sample_weight` or `x_squared_norms` have NaN, inf or the wrong shape, or `X` has fewer rows than are
        wanted.

    References
    ----------
    D. Arthur & S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.cluster import kmeans_plusplus
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> centers, indices = kmeans_plusplus(X, n_clusters=2, random_state=0)
    >>> centers
    array([[10,  2],
           [ 1,  0]])
    >>> indices
    array([3, 2])
    """
    from .squared_distances import squared_distances_to

    with naming("X"):
        table = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], order="C")
    table = sparse.csr_array(table) if sparse.issparse(table) else table
    weights = check_sample_weight(sample_weight, table, dtype=table.dtype)
    weights = np.ones(table.shape[0], table.dtype) if weights is None else weights
    if table.shape[0] < n_clusters:
        raise ValueError(f"n_samples={table.shape[0]} should be >= n_clusters={n_clusters}: X has too few rows.")
    norms = None
    if x_squared_norms is not None:
        with naming("x_squared_norms"):
            norms = check_array(x_squared_norms, dtype=np.float64, ensure_2d=False)
        if norms.shape != (table.shape[0],):
            raise ValueError(f"x_squared_norms has shape {norms.shape}; X has {table.shape[0]} rows")
    with one_blas_thread(), thread_team(resolve_n_jobs(None, when_none=-1)) as run:
        rows = cut_rows(table, weights.astype(np.float64), run)
        if norms is not None and table.dtype == np.float64:
            rows = rows._replace(squared_norms=norms)
        draws = check_random_state(random_state)
        indices = drawn_far_apart(squared_distances_to(rows), weights, n_clusters, draws, n_local_trials)
    centers = table[indices]
    given = X if sparse.issparse(X) else np.asarray(X)
    whole = given.dtype if given.dtype.kind in "iu" else table.dtype
    return (centers.toarray() if sparse.issparse(centers) else centers).astype(whole, copy=False), indices
