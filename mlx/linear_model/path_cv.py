"""Cross-validation chooses the penalty of an elastic net: the one whose solutions predict best what they have not seen.

For every fold and every ratio a whole path is fitted to the rows of the other folds, and its solutions are judged by
their mean squared error on the fold's own::

    α, ratio = argmin  (1/k) Σ_folds  (1/Σ s) Σ_{i in fold} s_i (y_i - b - wᵀ x_i)²,    w and b of that fold's path at α

(Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10, equation 7.48.) The model
is then fitted to all rows with the penalty that was chosen. Among equals the largest α wins, and the first ratio.
"""

from __future__ import annotations

from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.model_selection import check_cv
from sklearn.utils import check_array, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from ..numeric.threads import one_blas_thread, resolve_n_jobs, run_tasks
from ..validation import check_sample_weight, naming, validate_data
from .elastic_net import ElasticNet, SparseLinearRegression
from .elastic_net_folds import folds_of, prepared, squared_errors
from .elastic_net_path import alpha_grid, warn_open
from .elastic_net_problem import products_of, rows_of
from .path_arguments import SolverSettings, alphas_wanted, seed_from

__all__ = ["PathCV"]

Array = NDArray[np.floating]


class PathCV(SparseLinearRegression):
    """What `ElasticNetCV` and `LassoCV` share: all but the parameters."""

    _parameter_constraints: ClassVar[dict] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    eps: Any
    alphas: Any
    fit_intercept: Any
    precompute: Any
    max_iter: Any
    tol: Any
    copy_X: Any
    cv: Any
    verbose: Any
    n_jobs: Any
    positive: Any
    random_state: Any
    selection: Any

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Choose the penalty by cross-validation, and fit the model with it to all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), optional
            Nonnegative weights, of the fits and of the squared errors within a fold. Folds count alike.
        **params : dict
            For the splitter, where scikit-learn's metadata routing is enabled.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, or a parameter is out of range.
        """
        _raise_for_params(params, self, "fit")
        X, y, weights = self._validated(X, y, sample_weight)
        n_threads = resolve_n_jobs(self.n_jobs)
        splits = self._splits(X, y, sample_weight, params)
        ratios = self._ratios()
        alphas = self._alphas(X, y, weights, ratios)

        errors = self._errors(X, y, weights, splits, alphas, ratios, n_threads)
        self.mse_path_ = np.squeeze(np.moveaxis(errors, 2, 1))
        # The first smallest of each ratio, and of these the first smallest.
        by_ratio = np.nanmean(errors, axis=1)
        places = by_ratio.argmin(axis=1)
        best = int(np.argmin(by_ratio[np.arange(len(ratios)), places]))
        self.alpha_ = alphas[best, places[best]]
        self.alphas_ = alphas if len(ratios) > 1 and isinstance(self.alphas, Integral) else alphas[0]
        self._refit(X, y, weights, float(ratios[best]))
        return self

    def _validated(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Array, Array | None]:
        for_X = {"accept_sparse": "csc", "accept_large_sparse": False, "dtype": [np.float64, np.float32]}
        for_y = {"dtype": [np.float64, np.float32], "ensure_2d": False}
        X, y = validate_data(self, X, y, validate_separately=(for_X, for_y))
        if y.ndim > 1 and y.shape[1] > 1:
            raise ValueError(
                f"y has {y.shape[1]} columns: {type(self).__name__} chooses one penalty for one target; fit it to each"
            )
        with naming("y"):
            y = column_or_1d(y, warn=True)
        if len(y) != X.shape[0]:
            raise ValueError(f"X and y have inconsistent numbers of samples: {X.shape[0]} and {len(y)}")
        weights = None if isinstance(sample_weight, Number) else check_sample_weight(sample_weight, X)
        return (X.tocsr() if sparse.issparse(X) else X), y, weights

    def _splits(self, X: Any, y: Array, sample_weight: Any, params: dict[str, Any]) -> list[tuple[Any, Any]]:
        given: dict[str, Any] = {}
        if _routing_enabled():
            # Weights go on to whoever asked for them; in a plain fit(X, y, sample_weight) they are this model's alone.
            if self.get_metadata_routing().consumes("fit", ["sample_weight"]):
                params = {**params, "sample_weight": sample_weight}
            given = process_routing(self, "fit", **params).splitter.split
        return list(check_cv(self.cv).split(X, y, **given))

    def _ratios(self) -> Array:
        """Ratios to choose from, shape (n_ratios,)."""
        with naming("l1_ratio"):
            ratios = check_array(np.atleast_1d(getattr(self, "l1_ratio", 1.0)), dtype=np.float64, ensure_2d=False)
        if ratios.ndim != 1 or ratios.min() < 0.0 or ratios.max() > 1.0:
            raise ValueError(f"l1_ratio={self.l1_ratio!r} must be a number from 0 to 1, or several in one row")
        return ratios

    def _alphas(self, X: Any, y: Array, weights: Array | None, ratios: Array) -> Array:
        """One falling sequence of α for each ratio, shape (n_ratios, n_alphas)."""
        if not isinstance(self.alphas, Integral):
            return np.tile(alphas_wanted("deprecated", self.alphas), (len(ratios), 1))
        rows = rows_of(X, y[:, None], weights, self.fit_intercept)
        xy = products_of(rows)[:, 0]
        return np.array(
            [
                alpha_grid(xy, len(y), l1_ratio=ratio, eps=self.eps, n_alphas=int(self.alphas), positive=self.positive)
                for ratio in ratios
            ]
        )

    def _errors(
        self,
        X: Any,
        y: Array,
        weights: Array | None,
        splits: list[tuple[Any, Any]],
        alphas: Array,
        ratios: Array,
        n_threads: int,
    ) -> Array:
        """Mean squared errors, shape (n_ratios, n_folds, n_alphas)."""
        how = {"fit_intercept": self.fit_intercept, "precompute": self.precompute}
        folds = folds_of(X, y, weights, splits, **how)
        seed = seed_from(self.random_state)
        settings = SolverSettings(self.tol, self.max_iter, self.positive, self.selection, seed)

        def work(number: int) -> list[Any]:
            fold = prepared(folds[number], X, y, weights, alphas.size, **how)
            results = [
                squared_errors(fold, X, y, weights, of_ratio, float(ratio), settings)
                for of_ratio, ratio in zip(alphas, ratios)
            ]
            if self.verbose:
                print(f"{type(self).__name__}: fold {number + 1} of {len(folds)} done")
            return results

        # Folds run side by side. BLAS has one thread each then, and with n_jobs=1 too: the bits are the same.
        with one_blas_thread():
            found = run_tasks(work, range(len(folds)), n_threads)
        for results in found:
            for (_, fit), of_ratio in zip(results, alphas):
                warn_open(fit, of_ratio)
        return np.array([[results[i][0] for results in found] for i in range(len(ratios))])

    def _refit(self, X: Any, y: Array, weights: Array | None, l1_ratio: float) -> None:
        """The model with the chosen penalty, fitted to all rows."""
        precompute = False if isinstance(self.precompute, str) else self.precompute
        model = ElasticNet(
            self.alpha_,
            l1_ratio=l1_ratio,
            fit_intercept=self.fit_intercept,
            precompute=precompute,
            max_iter=self.max_iter,
            copy_X=self.copy_X,
            tol=self.tol,
            positive=self.positive,
            random_state=self.random_state,
            selection=self.selection,
        )
        model.fit(sparse.csc_array(X) if sparse.issparse(X) else X, y, weights)
        self.coef_, self.intercept_ = model.coef_, model.intercept_
        self.dual_gap_, self.n_iter_ = model.dual_gap_, model.n_iter_
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = l1_ratio

    def get_metadata_routing(self):
        """Routing of what `fit` is given, to itself and to the splitter.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        to_splitter = MethodMapping().add(caller="fit", callee="split")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(splitter=check_cv(self.cv), method_mapping=to_splitter)
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = False
        return tags
