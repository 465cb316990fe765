"""K-means: k centers that make the squared distances of the rows to their nearest center small.

Where the formulas stand: `seeding` for the centers to start from, `lloyd` for the iteration, `assignment` for the rule
that finds the nearest centers without computing all distances, `nearest` for `predict` and `score`, `boxes` for the
distance of shapes of boxes.

Departs from scikit-learn:

- ``algorithm="lloyd"`` keeps two bounds per row and leaves out the distances that cannot matter (Hamerly); "elkan"
  keeps one bound for each center and leaves out more, for more memory. Both give the labels of the plain iteration.
- Sums are made in float64 for float32 rows, too: their centers are those of float64 rounded, not those of sums in
  float32, and a row between two centers may go to the other one.
- ``metric="iou"`` and `n_jobs` are additions.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..numeric.threads import one_blas_thread, resolve_n_jobs, thread_team
from ..validation import check_sample_weight, naming, validate_data
from . import boxes
from .rows import cut_rows, mean_variance
from .runs import Clustering, best_run, centers_by_init, check_centers, number_of_runs

__all__ = ["KMeans"]

Array = NDArray[np.floating]


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """K-means clustering, with scikit-learn's parameters, attributes and random numbers.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), default='k-means++'
        Where to start: rows drawn far apart, rows drawn by weight, ``init(X, n_clusters, random_state=...)``, which
        gets X with its means subtracted, or the centers themselves.
    n_init : 'auto' or int, default='auto'
        Number of runs, of which the one with the smallest inertia counts; 'auto' is 10 for 'random' and a callable,
        else 1.
    max_iter : int, default=300
        Most iterations of one run.
    tol : float, default=1e-4
        A run ends when the squared moves of all centers sum to at most `tol` times the mean variance of the features.
    verbose : int, default=0
        Whether the inertia of each iteration is printed.
    random_state : int, RandomState instance or None, default=None
        Of the centers to start from.
    copy_x : bool, default=True
        If False, the means are subtracted from `X` itself during `fit` and added afterwards, which can change its last
        digits.
    algorithm : {'lloyd', 'elkan'}, default='lloyd'
        What a row remembers: two bounds, or one for each center. The labels are the same.
    metric : {'euclidean', 'iou'}, default='euclidean'
        'iou' clusters the widths and heights of boxes, two positive columns, by 1 - intersection over union (see
        `mlx.cluster.boxes`), for anchor boxes. A center is the weighted median of its boxes, side by side.
    n_jobs : int, default=None
        Number of threads, None for all cores. The result is the same for any number.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centers. If a run ended by `tol` or `max_iter`, not quite the means of the rows with their label.
    labels_ : ndarray of int32 of shape (n_samples,)
        Number of the nearest center for each row.
    inertia_ : float
        Weighted sum of the squared distances to the nearest center; for 'iou', of the distances.
    n_iter_ : int
        Iterations of the run that counts.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    References
    ----------
    D. Arthur & S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    G. Hamerly, "Making k-means even faster", SDM 2010.
    C. Elkan, "Using the triangle inequality to accelerate k-means", ICML 2003.
    J. Redmon & A. Farhadi, "YOLO9000: better, faster, stronger", CVPR 2017, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.cluster import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> kmeans.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> kmeans.cluster_centers_
    array([[10.,  2.],
           [ 1.,  2.]])
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"k-means++", "random"}), callable, "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "copy_x": ["boolean"],
        "algorithm": [StrOptions({"lloyd", "elkan"})],
        "metric": [StrOptions({"euclidean", "iou"})],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        n_clusters=8,
        *,
        init="k-means++",
        n_init="auto",
        max_iter=300,
        tol=1e-4,
        verbose=0,
        random_state=None,
        copy_x=True,
        algorithm="lloyd",
        metric="euclidean",
        n_jobs=None,
    ):
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.metric = metric
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Find the centers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, float32 or float64 (other types become float64).
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, in the centers, the inertia and the draws of 'k-means++' and 'random'.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN, inf, the wrong shape or fewer rows than clusters, a parameter is out of range, or
            ``metric="iou"`` is given what is no box.
        """
        n_threads = resolve_n_jobs(self.n_jobs, when_none=-1)
        X = self._validated(X, reset=True)
        self._check_against(X)
        n_runs = number_of_runs(self.n_init, self.init)
        weights = check_sample_weight(sample_weight, X, dtype=X.dtype)
        weights = np.ones(X.shape[0], X.dtype) if weights is None else weights
        with one_blas_thread(), thread_team(n_threads) as run:
            fit = self._fit_boxes if self.metric == "iou" else self._fit_rows
            best = fit(X, weights, n_runs, run)
        n_found = len(np.unique(best.labels))
        if n_found < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({n_found}) found smaller than n_clusters ({self.n_clusters}). Possibly "
                "due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.cluster_centers_, self.labels_ = best.centers, best.labels
        self.inertia_, self.n_iter_ = best.inertia, best.n_iter
        self._n_features_out = len(best.centers)
        return self

    def predict(self, X):
        """Number of the nearest center of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of int32 of shape (n_samples,)
        """
        check_is_fitted(self)
        X, centers = self._validated(X, reset=False), self.cluster_centers_
        if self.metric == "iou":
            return boxes.distances(X, centers).argmin(axis=1).astype(np.int32)
        from .nearest import nearest_labels

        with one_blas_thread(), thread_team(resolve_n_jobs(self.n_jobs, when_none=-1)) as run:
            return nearest_labels(X.astype(centers.dtype, copy=False), centers, run)

    def transform(self, X):
        """Distances of rows to the centers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        if self.metric == "iou":
            return boxes.distances(X, self.cluster_centers_)
        with config_context(assume_finite=True):  # it would look at all numbers once more
            return euclidean_distances(X, self.cluster_centers_)

    def fit_predict(self, X, y=None, sample_weight=None):
        """Find the centers and return the labels of the rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        ndarray of int32 of shape (n_samples,)
        """
        return self.fit(X, sample_weight=sample_weight).labels_

    def fit_transform(self, X, y=None, sample_weight=None):
        """Find the centers and return the distances of the rows to them.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
        """
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X, y=None, sample_weight=None):
        """Minus the inertia of rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        weights = check_sample_weight(sample_weight, X)
        centers = self.cluster_centers_
        if self.metric == "iou":
            distances = boxes.distances(X, centers).min(axis=1)
        else:
            from .nearest import nearest_labels, squared_distances

            X = X.astype(centers.dtype, copy=False)
            with one_blas_thread(), thread_team(resolve_n_jobs(self.n_jobs, when_none=-1)) as run:
                distances = squared_distances(X, centers, nearest_labels(X, centers, run), run)
        return -float(distances.sum() if weights is None else distances @ weights)

    def _validated(self, X: Any, *, reset: bool) -> Any:
        """The table as a float array in C order, or csr array; boxes must be boxes."""
        if self.metric == "iou" and sparse.issparse(X):
            raise TypeError("X must be dense with metric='iou'")
        X = validate_data(
            self,
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            accept_large_sparse=False,
            force_writeable=reset and not self.copy_x,
            reset=reset,
        )
        if self.metric == "iou":
            boxes.check(X)
        return sparse.csr_array(X) if sparse.issparse(X) else X

    def _check_against(self, X: Any) -> None:
        """Raise ValueError where parameters do not fit each other or the table."""
        if X.shape[0] < self.n_clusters:
            raise ValueError(f"n_samples={X.shape[0]} should be >= n_clusters={self.n_clusters}: X has too few rows.")
        if self.metric == "iou" and self.algorithm == "elkan":
            raise ValueError("algorithm='elkan' needs metric='euclidean'")

    def _fit_rows(self, X: Any, weights: Array, n_runs: int, run: Any) -> Clustering:
        """Best of the runs with Euclidean distances."""
        from .lloyd import lloyd
        from .squared_distances import squared_distances_to

        by_each = self.algorithm == "elkan"
        if by_each and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=4,
            )
            by_each = False
        init = self._init_for(X)
        # Around their mean rows are shorter, and products of them lose fewer digits.
        mean = None if sparse.issparse(X) else X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        if mean is not None:
            X = np.subtract(X, mean, out=None if self.copy_x else X)
            init = init - mean if isinstance(init, np.ndarray) else init
        rows = cut_rows(X, weights.astype(np.float64), run)
        random_state = check_random_state(self.random_state)
        best = best_run(
            lambda: centers_by_init(init, X, weights, self.n_clusters, squared_distances_to(rows), random_state),
            lambda centers: lloyd(
                rows,
                centers,
                max_iter=self.max_iter,
                tolerance=self.tol * mean_variance(rows),
                bound_each=by_each,
                verbose=bool(self.verbose),
            ),
            n_runs,
            verbose=bool(self.verbose),
        )
        if mean is None:
            return best
        if not self.copy_x:
            X += mean
        return best._replace(centers=best.centers + mean)

    def _fit_boxes(self, X: Array, weights: Array, n_runs: int, run: Any) -> Clustering:
        """Best of the runs with 1 - intersection over union."""
        init = self._init_for(X)
        if isinstance(init, np.ndarray):
            with naming("init"):
                boxes.check(init)
        random_state = check_random_state(self.random_state)
        return best_run(
            lambda: centers_by_init(init, X, weights, self.n_clusters, boxes.costs_of_boxes(X), random_state),
            lambda centers: boxes.cluster_boxes(
                X,
                weights.astype(np.float64),
                centers,
                max_iter=self.max_iter,
                tolerance=self.tol * float(np.var(X, axis=0, dtype=np.float64).mean()),
                verbose=bool(self.verbose),
            ),
            n_runs,
            verbose=bool(self.verbose),
        )

    def _init_for(self, X: Any) -> Any:
        """The parameter `init`, centers as a checked array."""
        if isinstance(self.init, str) or callable(self.init):
            return self.init
        return check_centers(self.init, X, self.n_clusters)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
