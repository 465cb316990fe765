"""t-SNE draws a map of a table: each row becomes a point, and rows that are neighbours become points that are.

`drawing` is the algorithm. In the order in which the data meet the files: `neighbor_search`, `affinities` (how much two
rows are neighbours), `initialization` (the first map), `attraction` and one of `repulsion_exact`, `repulsion_fft`,
`repulsion_barnes_hut` (the two forces on each point), `gradient_descent`; and `placement`, which puts new rows into the
map.

Departs from scikit-learn:

- ``method="auto"`` is the default. It computes repulsion between all pairs up to 4,000 rows, on a mesh above (in three
  dimensions by Barnes and Hut's tree); affinities are those of ``method="barnes_hut"``. Both are nearer to the true
  gradient than the tree at its usual angle. ``method="barnes_hut"`` takes the tree.
- The gradient is that of the divergence for three and more components, too. scikit-learn multiplies p - q by w where
  the derivative has 1 / (1 + r²/ν): the same for one degree of freedom, which one and two components have.
- `kl_divergence_` belongs to `embedding_` and never has early exaggeration in it; scikit-learn's belongs to the map one
  step before. `n_iter_` counts iterations, and is by one larger than scikit-learn's.
- ``learning_rate="auto"`` is scikit-learn's in the early exaggeration, and up to four times as large after it. Maps of
  many rows come nearer to rest, and so to a smaller divergence, in the same number of iterations.
- There is `transform`. A row that was in the training table gets its place there.
- The map is centred on the origin.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.metrics.pairwise import _VALID_METRICS
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative

from ..callbacks import CallbackSupportMixin, FitRounds
from ..numeric.threads import resolve_n_jobs
from ..validation import validate_data

if TYPE_CHECKING:
    from .gradient_descent import Descent

__all__ = ["TSNE"]

ITERATIONS_OF_EXAGGERATION = 250


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, CallbackSupportMixin, BaseEstimator):
    """t-distributed stochastic neighbour embedding, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map.
    perplexity : float, default=30.0
        How many neighbours a row has, as a smooth number. Less than the number of rows.
    early_exaggeration : float, default=12.0
        Factor on attraction in the first 250 iterations.
    learning_rate : float or 'auto', default='auto'
        Length of the steps. 'auto' is max(n_samples / early_exaggeration / 4, 50) in the early exaggeration, and
        max(n_samples / early_exaggeration, 50) after it.
    max_iter : int, default=1000
        Most iterations, those of early exaggeration included; at least 250.
    n_iter_without_progress : int, default=300
        Iterations without a smaller divergence after which the fit ends; looked at every 50 iterations, after the
        early exaggeration.
    min_grad_norm : float, default=1e-7
        Norm of the gradient (times the gains of its entries) at which the fit ends; looked at every 50 iterations.
    metric : str or callable, default='euclidean'
        Distance of rows: a name that `sklearn.metrics.pairwise_distances` knows, a function of two rows, or
        'precomputed' for a table of distances in the place of `X`. Distances are squared before affinities are
        computed of them.
    metric_params : dict, optional
        Arguments of the metric.
    init : {'pca', 'random'} or ndarray of shape (n_samples, n_components), default='pca'
        The map to start with. 'pca' needs rows, not distances.
    verbose : int, default=0
        1 prints the divergence at the end and draws a progress bar if stderr is a terminal, 2 prints the divergence
        every 50 iterations too.
    random_state : int, RandomState instance or None, default=None
        Of ``init="random"``, of the components of sparse tables or of more than 1,000 columns, and of pynndescent.
    method : {'auto', 'exact', 'fft', 'barnes_hut'}, default='auto'
        How repulsion is computed, and between which rows affinities are not zero.

        'auto'
            All pairs up to 4,000 rows; above, 'fft' in one and two dimensions and 'barnes_hut' in three. Affinities
            of the 3 ``perplexity`` nearest rows.
        'exact'
            All pairs, and affinities of all rows: memory for n_samples² of them.
        'fft'
            A mesh, in one and two dimensions. Affinities of the nearest rows.
        'barnes_hut'
            A tree, in up to three dimensions. Affinities of the nearest rows.
    angle : float, default=0.5
        Of the tree: a cell of width s at distance r counts as one point if s / r < angle. Only 'barnes_hut', named or
        taken by 'auto', has a tree.
    n_jobs : int, optional
        Number of threads. None is all cores, as in scikit-learn's gradient. The map is the same bits for any number.
    neighbors : {'exact', 'pynndescent'}, default='exact'
        How the nearest rows are found: all distances, or the package pynndescent, which must be installed and finds
        most of them in much less time where there are 100,000 rows and more. `transform` compares with all rows.

    Attributes
    ----------
    embedding_ : ndarray of float32, shape (n_samples, n_components)
        The map.
    kl_divergence_ : float
        Kullback-Leibler divergence of its similarities from the affinities. With 'fft' and 'barnes_hut' the sum of all
        similarities in it is approximate, too.
    learning_rate_ : float
        The learning rate used in the early exaggeration.
    n_iter_ : int
        Iterations done.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    The map shows neighbourhoods. Sizes of groups and distances between far groups mean little. The divergence
    has many minima; another start may end in another one.

    References
    ----------
    L. van der Maaten & G. Hinton, "Visualizing data using t-SNE", Journal of Machine Learning Research 9 (2008).
    L. van der Maaten, "Accelerating t-SNE using tree-based algorithms", Journal of Machine Learning Research 15 (2014).
    G. Linderman et al., "Fast interpolation-based t-SNE for improved visualization of single-cell RNA-seq data", Nature
    Methods 16 (2019).
    A. Belkina et al., "Automated optimized parameters for t-distributed stochastic neighbor embedding improve
    visualization and analysis of large datasets", Nature Communications 10 (2019), for the learning rate.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.manifold import TSNE
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> TSNE(n_components=2, init="random", perplexity=3, random_state=0).fit_transform(X).shape
    (4, 2)
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "perplexity": [Interval(Real, 0, None, closed="neither")],
        "early_exaggeration": [Interval(Real, 1, None, closed="left")],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, ITERATIONS_OF_EXAGGERATION, None, closed="left")],
        "n_iter_without_progress": [Interval(Integral, -1, None, closed="left")],
        "min_grad_norm": [Interval(Real, 0, None, closed="left")],
        "metric": [StrOptions(set(_VALID_METRICS) | {"precomputed"}), callable],
        "metric_params": [dict, None],
        "init": [StrOptions({"pca", "random"}), np.ndarray],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "method": [StrOptions({"auto", "exact", "fft", "barnes_hut"})],
        "angle": [Interval(Real, 0, 1, closed="both")],
        "n_jobs": [None, Integral],
        "neighbors": [StrOptions({"exact", "pynndescent"})],
    }

    def __init__(
        self,
        n_components=2,
        *,
        perplexity=30.0,
        early_exaggeration=12.0,
        learning_rate="auto",
        max_iter=1000,
        n_iter_without_progress=300,
        min_grad_norm=1e-7,
        metric="euclidean",
        metric_params=None,
        init="pca",
        verbose=0,
        random_state=None,
        method="auto",
        angle=0.5,
        n_jobs=None,
        neighbors="exact",
    ):
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.n_iter_without_progress = n_iter_without_progress
        self.min_grad_norm = min_grad_norm
        self.metric = metric
        self.metric_params = metric_params
        self.init = init
        self.verbose = verbose
        self.random_state = random_state
        self.method = method
        self.angle = angle
        self.n_jobs = n_jobs
        self.neighbors = neighbors

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Draw the map.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples) of distances
            A sparse table of distances holds those to the nearest rows.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN, inf, the wrong shape or one row, or a parameter is out of range or does not fit it.
        """
        self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y=None):
        """Draw the map and return it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples) of distances
        y : None
            Ignored.

        Returns
        -------
        ndarray of float32, shape (n_samples, n_components)
        """
        self._fit(X)
        return self.embedding_

    def transform(self, X):
        """Places of rows in the map, which stays as it is.

        A row of the training table gets the place that it has, of equal ones the first. Every other one gets a place
        among the rows near it, whatever rows come with it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or (n_samples, n_training_rows) of distances

        Returns
        -------
        ndarray of float32, shape (n_samples, n_components)
        """
        check_is_fitted(self, "embedding_")
        X = validate_data(self, X, accept_sparse=("csr", "csc", "coo"), dtype=[np.float32, np.float64], reset=False)
        if self.metric == "precomputed":
            check_non_negative(X, "TSNE.transform with metric='precomputed', which wants X to hold distances")
        from .drawing import add_to_map  # brings Numba, as all that is lazy here

        return add_to_map(self, X, resolve_n_jobs(self.n_jobs, when_none=-1))

    # Fitting ----------------------------------------------------------------------------------------------------------

    def _fit(self, X: Any) -> None:
        """Validate, compute, store."""
        X = validate_data(
            self, X, accept_sparse=("csr", "csc", "coo"), ensure_min_samples=2, dtype=[np.float32, np.float64]
        )
        self._check_against(X)
        n_threads = resolve_n_jobs(self.n_jobs, when_none=-1)
        random_state = check_random_state(self.random_state)
        from .drawing import draw_map

        with FitRounds(self, max_rounds=self.max_iter, round_name="iteration", X=X) as rounds:
            found = draw_map(self, X, random_state, n_threads, rounds, self._attributes)
        self._training_rows = None if self.metric == "precomputed" else X.copy()
        for name, value in self._attributes(found).items():
            setattr(self, name, value)

    def _attributes(self, found: Descent) -> dict[str, Any]:
        """Fitted attributes as they are if the descent ends here."""
        return {
            "embedding_": np.ascontiguousarray(found.points[: self.n_components].T),
            "kl_divergence_": found.divergence,
            "n_iter_": found.n_iter,
            "learning_rate_": found.learning_rate,
        }

    def _check_against(self, X: Any) -> None:
        """Parameters that must fit the table, and each other."""
        n = X.shape[0]
        if self.perplexity >= n:
            raise ValueError(f"perplexity ({self.perplexity}) must be less than n_samples ({n})")
        if self.method == "fft" and self.n_components > 2:
            raise ValueError(f"method='fft' draws maps of n_components 1 or 2, not {self.n_components}")
        if self.method == "barnes_hut" and self.n_components > 3:
            raise ValueError(f"method='barnes_hut' draws maps of n_components 1, 2 or 3, not {self.n_components}")
        if self.neighbors == "pynndescent" and (self.metric == "precomputed" or self.method == "exact"):
            raise ValueError(
                "neighbors='pynndescent' searches in rows: not with metric='precomputed' or method='exact'"
            )
        if self.metric != "precomputed":
            return
        if isinstance(self.init, str) and self.init == "pca":
            raise ValueError("init='pca' needs rows: it cannot be used with metric='precomputed'")
        if X.shape[0] != X.shape[1]:
            raise ValueError(f"X should be a square table of distances with metric='precomputed', not {X.shape}")
        if self.method == "exact" and sparse.issparse(X):
            raise TypeError("method='exact' needs all distances: X cannot be sparse with metric='precomputed'")
        check_non_negative(X, "TSNE.fit with metric='precomputed', which wants X to hold distances")

    @property
    def _n_features_out(self) -> int:
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags
