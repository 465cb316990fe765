"""Ridge regression whose penalty is chosen by cross-validation: leaving one row out, or folds of rows.

The leave-one-out errors of all penalties come from one decomposition (`leave_one_out`); folds are fitted one by one by
scikit-learn's search over our `Ridge`.
"""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from ..validation import check_sample_weight, validate_data
from .least_squares import Array
from .leave_one_out import leave_one_out
from .linear_predictor import LinearPredictorMixin
from .ridge import Ridge
from .ridge_solvers import fit_ridge

__all__ = ["RidgeCV"]


class GivenPredictions(RegressorMixin, BaseEstimator):
    """A regressor that takes its predictions for its input: what a scorer is given."""

    def predict(self, X):
        """X itself."""
        return X


class RidgeCV(MultiOutputMixin, LinearPredictorMixin, RegressorMixin, BaseEstimator):
    """Ridge regression with the best of some penalties, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Penalties to choose from; positive, or not negative if `cv` is given.
    fit_intercept : bool, default=True
        Whether the model has an intercept, which is not penalised.
    scoring : str, callable or None, default=None
        What is best: a name or a scorer of scikit-learn. None is the negative mean squared error, or R² if `cv` is
        given.
    cv : int, splitter, iterable or None, default=None
        Folds; None leaves out one row at a time.
    gcv_mode : {'auto', 'svd', 'eigen'}, default=None
        How rows are left out: 'eigen' decomposes the products of the columns, or of the rows if these are no more;
        'svd' decomposes the table itself, which keeps the digits of small penalties on ill-conditioned tables.
        'auto' and None are 'eigen'.
    store_cv_results : bool, default=False
        Whether `cv_results_` is kept. Not with `cv`.
    alpha_per_target : bool, default=False
        Whether each target has a penalty of its own. Not with `cv`.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The best penalty; of each target with `alpha_per_target`.
    best_score_ : float or ndarray of shape (n_targets,)
        Its score.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of `X`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 if `fit_intercept` is False.
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        With `store_cv_results`: the squared error of each row that is left out, times its weight; with `scoring`, its
        prediction.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    The coefficients are those of `Ridge` with the penalty chosen, exact also where the decomposition of products has
    lost digits. A row of weight 0 gets the prediction of the model that never saw it; scikit-learn gives it nan, and
    with it any `scoring`.

    References
    ----------
    R. Rifkin & R. Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.linear_model import RidgeCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> float(RidgeCV(alphas=[1e-3, 1e-2, 1e-1, 1.0]).fit(X, y).alpha_)
    0.01
    """

    _parameter_constraints: ClassVar[dict] = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "cv": ["cv_object"],
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "store_cv_results": ["boolean"],
        "alpha_per_target": ["boolean"],
    }

    def __init__(
        self,
        alphas=(0.1, 1.0, 10.0),
        *,
        fit_intercept=True,
        scoring=None,
        cv=None,
        gcv_mode=None,
        store_cv_results=False,
        alpha_per_target=False,
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Choose the penalty and fit the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), optional
            Nonnegative weights. Twice all weights is half of each penalty.
        **params : dict
            Further arguments of the scorer and the splitter, if metadata routing is enabled.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, a parameter is out of range, or `cv`
            stands beside `store_cv_results` or `alpha_per_target`.

        Warns
        -----
        FutureWarning
            If `X` is sparse and `gcv_mode` is 'svd', which then means 'eigen', as in scikit-learn until 1.11.
        """
        _raise_for_params(params, self, "fit")
        alphas = self._checked_alphas()
        if self.cv is not None:
            return self._fit_folds(X, y, alphas, sample_weight, params)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            y_numeric=True,
            multi_output=True,
        )
        weights = check_sample_weight(sample_weight, X)
        by_svd = self.gcv_mode == "svd"
        if by_svd and sparse.issparse(X):
            warnings.warn("gcv_mode='svd' is for dense X; sparse X takes 'eigen'", FutureWarning, stacklevel=2)
            by_svd = False
        Y = y.astype(np.float64).reshape(len(y), -1)
        keep = self.scoring is not None or self.store_cv_results
        left_out = leave_one_out(
            X, Y, alphas, weights, fit_intercept=self.fit_intercept, by_svd=by_svd, keep_errors=keep
        )
        scores = self._scores(left_out.mean_squares, left_out.errors, Y, y.ndim, weights, params, sample_weight)
        best = np.argmax(scores, axis=-1)  # the first of equals
        self.alpha_ = alphas[best] if best.ndim else float(alphas[best])
        self.best_score_ = np.max(scores, axis=-1) if best.ndim else float(scores[best])
        if self.store_cv_results:
            self.cv_results_ = self._results(left_out.errors, Y, weights).astype(X.dtype)
            if y.ndim == 1:
                self.cv_results_ = self.cv_results_[:, 0]
        penalties = np.broadcast_to(np.asarray(self.alpha_, dtype=np.float64), Y.shape[1])
        solver = "svd" if by_svd else "cholesky" if sparse.issparse(X) else "auto"
        fitted = fit_ridge(X, Y, penalties, weights, fit_intercept=self.fit_intercept, solver=solver)
        self.coef_ = fitted.coefficients.T.astype(X.dtype)
        if len(self.coef_) == 1:
            self.coef_ = self.coef_[0]
        self.intercept_ = 0.0
        if self.fit_intercept:
            intercepts = fitted.intercepts.astype(X.dtype)
            self.intercept_ = intercepts[0] if y.ndim == 1 else intercepts
        return self

    def _checked_alphas(self) -> Array:
        """Penalties of shape (a,): numbers, positive where 1 - leverage is divided by."""
        try:
            alphas = np.atleast_1d(np.asarray(self.alphas, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise TypeError(f"alphas must be numbers: {error}") from error
        if alphas.ndim != 1 or len(alphas) == 0:
            raise ValueError(f"alphas has shape {alphas.shape}; give one penalty at least, in one dimension")
        bad = ~np.isfinite(alphas) | (alphas < 0.0) | ((alphas == 0.0) & (self.cv is None))
        if bad.any():
            place = int(np.argmax(bad))
            wish = "positive" if self.cv is None else "not negative"
            raise ValueError(f"alphas[{place}] == {alphas[place]}, must be finite and {wish}")
        return alphas

    def _scores(
        self,
        mean_squares: Array,
        errors: Array | None,
        Y: Array,
        n_dimensions: int,
        weights: Array | None,
        params: dict[str, Any],
        sample_weight: Any,
    ) -> Array:
        """Score of each penalty, shape (a,), or of each target and penalty, shape (t, a)."""
        n_targets, n_alphas = mean_squares.shape
        by_target = self.alpha_per_target and n_targets > 1
        if self.scoring is None:
            return -mean_squares if by_target else -mean_squares.mean(axis=0)
        scorer, given = self._scorer(), {} if weights is None else {"sample_weight": weights}
        if _routing_enabled():
            if sample_weight is not None:
                params = {**params, "sample_weight": sample_weight}
            given = process_routing(self, "fit", **params).scorer.score
        assert errors is not None
        left_out = Y[:, :, None] - errors
        regressor = GivenPredictions()
        if by_target:
            return np.array(
                [
                    [scorer(regressor, left_out[:, k, a], Y[:, k], **given) for a in range(n_alphas)]
                    for k in range(n_targets)
                ]
            )
        if n_dimensions == 1:
            left_out, Y = left_out[:, 0], Y[:, 0]
        return np.array([scorer(regressor, left_out[..., a], Y, **given) for a in range(n_alphas)])

    def _results(self, errors: Array | None, Y: Array, weights: Array | None) -> Array:
        """What `cv_results_` holds, shape (n, t, a)."""
        assert errors is not None
        if self.scoring is not None:
            return Y[:, :, None] - errors
        return errors**2 if weights is None else weights[:, None, None] * errors**2

    def _fit_folds(self, X: Any, y: Any, alphas: Array, sample_weight: Any, params: dict[str, Any]) -> RidgeCV:
        """Fit `Ridge` with each penalty on each fold, and with the best on all rows."""
        for name in ("store_cv_results", "alpha_per_target"):
            if getattr(self, name):
                raise ValueError(f"{name}=True needs cv=None, where one row is left out at a time")
        solver = "sparse_cg" if sparse.issparse(X) else "auto"
        ridge = Ridge(fit_intercept=self.fit_intercept, solver=solver)
        if _routing_enabled():
            ridge.set_fit_request(sample_weight=True)
        if sample_weight is not None:
            params = {**params, "sample_weight": sample_weight}
        search = GridSearchCV(ridge, {"alpha": alphas}, cv=self.cv, scoring=self._scorer(), error_score="raise")
        best = search.fit(X, y, **params).best_estimator_
        self.alpha_, self.best_score_ = best.alpha, search.best_score_
        self.coef_, self.intercept_, self.n_features_in_ = best.coef_, best.intercept_, best.n_features_in_
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        return self

    def _scorer(self) -> Any:
        """The scorer that `scoring` names; asks for weights where metadata is routed and the default is meant."""
        if self.scoring is None and _routing_enabled():
            return check_scoring(estimator=self, scoring="r2").set_score_request(sample_weight=True)
        return check_scoring(estimator=self, scoring=self.scoring, allow_none=True)

    def get_metadata_routing(self):
        """Where arguments of `fit` go, for scikit-learn's metadata routing.

        Returns
        -------
        MetadataRouter
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(scorer=self._scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score"))
            .add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
