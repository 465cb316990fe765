"""Logistic regression whose penalty is chosen by cross-validation.

For each fold, each strength C and each share of the length a model is fitted on the other folds and scored on this one
(`logistic_path`); the pair with the best mean score is taken, and fitted once more to all rows.

Reference: T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10.
"""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, metadata_routing
from sklearn.utils._param_validation import Hidden, Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import _deprecate_positional_args

from ..numeric.threads import one_blas_thread, resolve_n_jobs
from ..validation import check_sample_weight, validate_data
from .logistic import LogisticRegression
from .logistic_classifier import LogisticClassifierMixin
from .logistic_path import (
    Choice,
    Paths,
    check_weights_of_folds,
    cross_validated_paths,
    logistic_path,
    split_intercept,
)
from .logistic_penalty import DEPRECATED, Grid, SetDefaults, check_solver, grid_asked_for

__all__ = ["LogisticRegressionCV"]

Array = NDArray[np.floating]


class LogisticRegressionCV(LogisticClassifierMixin, BaseEstimator):
    """Logistic regression with cross-validated `C` and `l1_ratio`, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    Cs : int or array-like of shape (n_cs,), default=10
        Inverse strengths to try; a number asks for so many of them from 1e-4 to 1e4, equally far apart in logarithm.
    l1_ratios : array-like of shape (n_l1_ratios,), default=None
        Shares of the length in the penalty to try; None, which scikit-learn 1.8 deprecated, is 0. Above 0 they need
        solver 'saga', or, all at 1, 'liblinear'.
    fit_intercept : bool, default=True
        Whether the model has an intercept.
    cv : int, splitter or iterable, default=None
        Folds, five stratified ones by default.
    dual : bool, default=False
        As in `LogisticRegression`: the solution is the same, so it has no effect.
    penalty : {'l2', 'l1', 'elasticnet'}
        Deprecated in scikit-learn 1.8; use `l1_ratios`.
    scoring : str or callable, default=None
        What is best; None is the accuracy, which scikit-learn 1.11 changes to 'neg_log_loss'.
    solver : {'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga'}, default='lbfgs'
        As in `LogisticRegression`.
    tol : float, default=1e-4
        As in `LogisticRegression`.
    max_iter : int, default=100
        Most iterations of each fit.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' counts the classes in all rows, not in
        those of a fold.
    n_jobs : int, default=None
        Threads for the folds. The result is the same for any number: BLAS works on one thread in each.
    verbose : int, default=0
        If positive, prints the scores.
    refit : bool, default=True
        Whether a last fit to all rows follows. If False, coefficients, C and share are means over the folds of the
        best of each.
    intercept_scaling : float, default=1
        As in `LogisticRegression`.
    random_state : int, RandomState instance or None, default=None
        Has no effect: nothing here is random. Shuffled folds have a seed of their own (`cv`).
    use_legacy_attributes : bool, default=True
        Whether `C_`, `l1_ratio_`, `coefs_paths_`, `scores_` and `n_iter_` have the shapes of scikit-learn 1.9 and
        before. 1.10 changes the default to False.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, float64. One row for two classes: log-odds of the second.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zeros if `fit_intercept` is False.
    Cs_ : ndarray of shape (n_cs,)
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
        Shares tried; [None] if `l1_ratios` is None.
    C_ : float
        The best C. Legacy: an array that repeats it for each row of `coef_`.
    l1_ratio_ : float
        The best share. Legacy: an array, as `C_`; of None if `l1_ratios` is None.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_classes or 1, n_features + 1)
        Coefficients of each model, the intercept last (if there is one). Legacy: a dict by class (for two classes of
        the second only) of arrays of shape (n_folds, n_cs, n_l1_ratios, n_features + 1), without the axis of shares
        if `l1_ratios` is None.
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Scores of each model. Legacy: a dict by class of arrays of shape (n_folds, n_cs, n_l1_ratios), as above.
    n_iter_ : ndarray of int32, shape (n_folds, n_l1_ratios, n_cs)
        Iterations. Legacy: shape (1, n_folds, n_cs, n_l1_ratios), as above.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    Each fit begins where that of the `C` before ended, also with the name 'liblinear', which in scikit-learn cannot.

    References
    ----------
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mlx.linear_model import LogisticRegressionCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegressionCV(l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False).fit(X, y)
    >>> model.scores_.shape
    (5, 1, 10)
    """

    # scikit-learn's word for: of the arguments of `score`, this one is the scorer's.
    __metadata_request__score: ClassVar[dict] = {"sample_weight": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        **{
            name: rule
            for name, rule in LogisticRegression._parameter_constraints.items()
            if name not in ("C", "warm_start", "l1_ratio")
        },
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None, Hidden(StrOptions({"warn"}))],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None, Hidden(StrOptions({"warn"}))],
        "refit": ["boolean"],
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), Hidden(StrOptions({DEPRECATED}))],
        "use_legacy_attributes": ["boolean", Hidden(StrOptions({"warn"}))],
    }

    def __init__(
        self,
        *,
        Cs=10,
        l1_ratios="warn",
        fit_intercept=True,
        cv=None,
        dual=False,
        penalty=DEPRECATED,
        scoring="warn",
        solver="lbfgs",
        tol=1e-4,
        max_iter=100,
        class_weight=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        intercept_scaling=1.0,
        random_state=None,
        use_legacy_attributes="warn",
    ):
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Fit all models, and the best one to all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Labels of any sortable kind, at least two of them.
        sample_weight : float or array-like of shape (n_samples,), optional
            Nonnegative weights, for the fits and the scores.
        **params : dict
            Arguments of the splitter and the scorer, if metadata routing is enabled.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If an argument or a parameter is not what it must be.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations were not enough for some of the fits.
        """
        _raise_for_params(params, self, "fit")
        grid, defaults = self._asked_for()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64, order="C", accept_large_sparse=True)
        codes = self._codes(y)
        sample_weight = check_sample_weight(sample_weight, X)
        weights = self._weights_of_all_rows(X, y, codes, sample_weight)
        routed = self._routed(sample_weight, params)
        folds = list(check_cv(self.cv, y, classifier=True).split(X, y, **routed.splitter.split))
        if sample_weight is not None:
            check_weights_of_folds(sample_weight, folds)
        paths = cross_validated_paths(
            X,
            y,
            codes,
            weights,
            classes=self.classes_,
            folds=folds,
            Cs=grid.Cs,
            l1_ratios=grid.effective_ratios,
            scoring=defaults.scoring,
            score_params=routed.scorer.score,
            n_threads=resolve_n_jobs(self.n_jobs),
            **self._settings(),
        )
        self.Cs_, self.l1_ratios_ = grid.Cs, np.asarray(grid.l1_ratios)
        choice = self._refitted(X, codes, weights, grid, paths) if self.refit else self._mean_of_best(grid, paths)
        self.coef_, self.intercept_ = choice.coefficients, choice.intercepts
        n_unfinished = paths.n_unfinished + choice.unfinished
        if n_unfinished:
            warnings.warn(
                f"{n_unfinished} of {paths.n_iter.size + bool(self.refit)} fits took max_iter={self.max_iter} "
                f"iterations without coming within tol={self.tol}; increase max_iter",
                ConvergenceWarning,
                stacklevel=2,
            )
        if self.verbose:
            means = paths.scores.mean(axis=0)
            print(f"{type(self).__name__}: C={choice.C}, l1_ratio={choice.l1_ratio}; mean scores:\n{means}")
        self._set_attributes(paths, choice, grid.ratios_given, defaults.legacy)
        return self

    def _asked_for(self) -> tuple[Grid, SetDefaults]:
        """What to try, after refusing what does not go together."""
        defaults = SetDefaults.of(self.l1_ratios, self.scoring, self.use_legacy_attributes)
        grid = grid_asked_for(self.penalty, self.Cs, defaults.l1_ratios, self.l1_ratios is None)
        check_solver(self.solver, grid.kind, self.dual)
        return grid, defaults

    def _settings(self) -> dict[str, Any]:
        """What all fits have in common."""
        return {
            "fit_intercept": self.fit_intercept,
            "intercept_scaling": self.intercept_scaling if self.solver == "liblinear" else None,
            "solver": self.solver,
            "tol": self.tol,
            "max_iter": self.max_iter,
        }

    def _refitted(self, X: Any, codes: Any, weights: Any, grid: Grid, paths: Paths) -> Choice:
        """The pair with the best mean score, fitted to all rows from the mean of its models."""
        # Strengths first, as in the library: it decides between equal scores.
        scores = paths.scores.sum(axis=0).T
        i_C, i_ratio = np.unravel_index(scores.argmax(), scores.shape)
        W = paths.coefficients[:, i_ratio, i_C].mean(axis=0)
        with one_blas_thread():
            [fit] = logistic_path(
                X,
                codes,
                weights,
                [grid.Cs[i_C]],
                n_classes=len(self.classes_),
                l1_ratio=grid.effective_ratios[i_ratio],
                start=split_intercept(W, self.fit_intercept),
                **self._settings(),
            )
        return Choice(float(grid.Cs[i_C]), grid.l1_ratios[i_ratio], fit.coefficients, fit.intercepts, not fit.converged)

    def _mean_of_best(self, grid: Grid, paths: Paths) -> Choice:
        """Means over the folds of the best model of each, and of what it was fitted with."""
        scores = paths.scores.transpose(0, 2, 1)
        places = scores.reshape(len(scores), -1).argmax(axis=1)
        of_C, of_ratio = np.unravel_index(places, scores.shape[1:])
        W = paths.coefficients[np.arange(len(scores)), of_ratio, of_C].mean(axis=0)
        ratio = float(np.mean(np.asarray(grid.effective_ratios)[of_ratio])) if grid.kind == "elasticnet" else 0.0
        return Choice(float(grid.Cs[of_C].mean()), ratio, *split_intercept(W, self.fit_intercept), False)

    def _set_attributes(self, paths: Paths, choice: Choice, ratios_given: bool, legacy: bool) -> None:
        """Set what tells of the choice, in the new shapes or the old."""
        told: dict[str, Any]
        if not legacy:
            ratio = choice.l1_ratio if ratios_given else float(self.penalty == "l1")
            told = {"C_": float(choice.C), "l1_ratio_": ratio, "coefs_paths_": paths.coefficients}
            told |= {"scores_": paths.scores, "n_iter_": paths.n_iter}
        else:
            n_outputs = len(choice.coefficients)
            classes = self.classes_[1:] if n_outputs == 1 else self.classes_
            of_class = paths.coefficients.transpose(3, 0, 2, 1, 4)
            scores, n_iter = paths.scores.transpose(0, 2, 1), paths.n_iter.transpose(0, 2, 1)[None]
            if not ratios_given:
                of_class, scores, n_iter = of_class[:, :, :, 0], scores[:, :, 0], n_iter[:, :, :, 0]
            told = {"C_": np.tile(choice.C, n_outputs), "l1_ratio_": np.tile(np.asarray(choice.l1_ratio), n_outputs)}
            told |= {"coefs_paths_": dict(zip(classes, of_class, strict=True))}
            told |= {"scores_": {label: scores.copy() for label in classes}, "n_iter_": n_iter}
        for name, value in told.items():
            setattr(self, name, value)

    def _weights_of_all_rows(self, X: Any, y: Any, codes: Any, sample_weight: Any) -> Array | None:
        """Weights with those of the classes, 'balanced' by all rows; a dict must know no other labels."""
        if isinstance(self.class_weight, dict) and not set(self.class_weight) <= set(self.classes_):
            raise ValueError(
                "The given class_weight dict must have the class labels as keys; "
                f"classes={self.classes_} but key={self.class_weight.keys()}"
            )
        return self._weights(X, y, codes, sample_weight)

    def _routed(self, sample_weight: Any, params: dict) -> Bunch:
        """Arguments of the splitter and of the scorer."""
        if _routing_enabled():
            return process_routing(self, "fit", sample_weight=sample_weight, **params)
        of_scorer = params if sample_weight is None else {**params, "sample_weight": sample_weight}
        return Bunch(splitter=Bunch(split={}), scorer=Bunch(score=of_scorer))

    # scikit-learn lets `sample_weight` be given by position until 1.11, with a warning.
    @_deprecate_positional_args(version="1.11")
    def score(self, X, y, *, sample_weight=None, **score_params):
        """Score with `scoring`, the accuracy by default.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        **score_params : dict
            Arguments of the scorer, if metadata routing is enabled.

        Returns
        -------
        float
        """
        _raise_for_params(score_params, self, "score")
        if sample_weight is not None:
            score_params["sample_weight"] = sample_weight
        if _routing_enabled():
            score_params = process_routing(self, "score", **score_params).scorer.score
        return self._scorer()(self, X, y, **score_params)

    def get_metadata_routing(self):
        """Which arguments go on to the splitter and to the scorer.

        Returns
        -------
        MetadataRouter
        """
        to_splitter = MethodMapping().add(caller="fit", callee="split")
        to_scorer = MethodMapping().add(caller="score", callee="score").add(caller="fit", callee="score")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(splitter=self.cv, method_mapping=to_splitter)
            .add(scorer=self._scorer(), method_mapping=to_scorer)
        )

    def _scorer(self) -> Any:
        return get_scorer("accuracy" if self.scoring in ("warn", None) else self.scoring)
