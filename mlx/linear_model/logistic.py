"""Logistic regression: the log-odds of a class are a linear function of the features.

Formula: for two classes P(y = 1 | x) = σ(wᵀx + b), for K classes P(y = k | x) = softmax(W x + b)_k, with W and b at
the minimum of the penalised mean log loss, which `logistic_objective` states with its derivatives and symbols and
`newton` minimises. The problem is convex: every solver ends at the same minimum.

Departs from scikit-learn in where it stops: after the largest slope is within `tol`, one Newton step more is taken,
so that coefficients at the default `tol` are those that scikit-learn gives at a `tol` some millions of times smaller;
and on columns in very different units the default solver does not run out of iterations, because columns are centred
and scaled before the minimisation (and the penalty with them, so that the minimum stays the same).

Reference: T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import compute_class_weight
from sklearn.utils._param_validation import Hidden, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ..callbacks import CallbackSupportMixin, FitRounds
from ..validation import check_sample_weight, naming, refuse_unsupported, validate_data
from .newton import SOLVERS, fit_logistic

__all__ = ["LogisticRegression"]

Array = NDArray[np.floating]

# scikit-learn's marker of a parameter that is not set any more.
DEPRECATED = "deprecated"


class LogisticRegression(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Logistic regression for two or more classes, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    penalty : {'l2', None}
        Deprecated in scikit-learn 1.8; use `C`. 'l1' and 'elasticnet' are not supported.
    C : float, default=1.0
        Inverse strength of the squared-length penalty on the coefficients (the intercept is free); inf for none.
    l1_ratio : float, default=0.0
        Only 0, the squared length, is supported.
    dual : bool, default=False
        Only False is supported.
    tol : float, default=1e-4
        Bound of the largest entry (by size) of the gradient of the mean loss, as in scikit-learn. One Newton step
        follows after it is met.
    fit_intercept : bool, default=True
        Whether the model has an intercept.
    intercept_scaling : float, default=1
        Only 1 is supported; it belongs to liblinear.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' gives every class the same total weight.
    random_state : int, RandomState instance or None, default=None
        Has no effect, as with the same solvers in scikit-learn: nothing here is random.
    solver : {'lbfgs', 'newton-cg', 'newton-cholesky'}, default='lbfgs'
        How the minimum is reached. All reach the same one.

        'lbfgs'
            Quasi-Newton steps, finished by Newton steps: with the Hessian as a matrix up to 2000 coefficients, by
            conjugate gradients above.
        'newton-cg'
            Newton steps by conjugate gradients: no Hessian is stored.
        'newton-cholesky'
            Newton steps with the Hessian as a matrix of size (n_features * n_classes) squared.

        'liblinear', 'sag' and 'saga' are not supported: liblinear penalises the intercept, and the others are slower
        ways to the same minimum.
    max_iter : int, default=100
        Most iterations of all kinds together.
    verbose : int, default=0
        If positive, prints the iterations taken.
    warm_start : bool, default=False
        Whether `fit` begins with the coefficients of the last `fit`.
    n_jobs : int, default=None
        Has no effect, as in scikit-learn, and warns as there.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, in the dtype of `X`. One row for two classes: log-odds of the second.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zeros if `fit_intercept` is False.
    n_iter_ : ndarray of int32, shape (1,)
        Iterations taken.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    If the classes can be separated and there is no penalty, there is no minimum: coefficients grow until the gradient
    is within `tol`, and mean nothing.

    Ctrl-C keeps the iterations that are finished, says how many, and leaves a usable model; before the first iteration
    is finished it raises KeyboardInterrupt. scikit-learn's callbacks (``set_callbacks``) are told of every iteration.

    A dense `X` is copied once, to float64.

    References
    ----------
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.
    J. Nocedal & S. Wright, Numerical Optimization, 2nd ed., chapters 3 and 7.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from mlx.linear_model import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> round(model.score(X, y), 3)
    0.958
    """

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, Hidden(StrOptions({DEPRECATED}))],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions({*SOLVERS, "liblinear", "sag", "saga"})],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        penalty=DEPRECATED,
        *,
        C=1.0,
        l1_ratio=0.0,
        dual=False,
        tol=1e-4,
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="lbfgs",
        max_iter=100,
        verbose=0,
        warm_start=False,
        n_jobs=None,
    ):
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,)
            Labels of any sortable kind, at least two of them.
        sample_weight : array-like of shape (n_samples,), optional
            Nonnegative weights; a weight of 2 is a row that stands there twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, if `y` has one class only, or if a
            parameter is out of range.
        NotImplementedError
            If a parameter asks for what this class does not have.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations were not enough.
        """
        C = self._strength()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], accept_large_sparse=True)
        with naming("y"):
            check_classification_targets(y)
            self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes in y, but y contains only one class: "
                f"{self.classes_[0]!r}"
            )
        weights = self._weights(X, y, codes, sample_weight)
        with FitRounds(
            self, max_rounds=self.max_iter, round_name="iteration", X=X, y=y, sample_weight=sample_weight
        ) as rounds:

            def iteration_finished(coefficients: Array, intercepts: Array) -> bool:
                rounds.begin()
                return rounds.end(
                    lambda: {"coef_": coefficients.astype(X.dtype), "intercept_": intercepts.astype(X.dtype)}
                )

            fitted = fit_logistic(
                X,
                codes,
                weights,
                n_classes=len(self.classes_),
                C=C,
                fit_intercept=self.fit_intercept,
                solver=self.solver,
                tol=self.tol,
                max_iter=self.max_iter,
                start=self._start(X.shape[1]),
                report=iteration_finished,
            )
        if self.verbose:
            print(f"{type(self).__name__}: {fitted.n_iter} iterations, solver {self.solver!r}")
        if not fitted.converged:
            warnings.warn(
                f"{self.solver} took max_iter={self.max_iter} iterations without coming within tol={self.tol}; "
                "increase max_iter",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.coef_ = fitted.coefficients.astype(X.dtype)
        self.intercept_ = fitted.intercepts.astype(X.dtype)
        self.n_iter_ = np.array([fitted.n_iter], dtype=np.int32)
        return self

    def decision_function(self, X):
        """Score the classes with W x + b.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of the second.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        coefficients: Any = self.coef_
        if sparse.issparse(coefficients):
            coefficients = coefficients.toarray()
        scores = X @ coefficients.T + self.intercept_
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X):
        """Predict the most probable label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        scores = self.decision_function(X)
        # σ(-f) instead of 1 - σ(f) keeps the digits of small probabilities.
        return np.column_stack([expit(-scores), expit(scores)]) if scores.ndim == 1 else softmax(scores, axis=1)

    def predict_log_proba(self, X):
        """Predict the logarithm of the probabilities, finite where the probability is too small for a float.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return -np.logaddexp(0, np.column_stack([scores, -scores]))
        return log_softmax(scores, axis=1)

    def sparsify(self):
        """Turn `coef_` into a CSR array, for models with many zeros.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.coef_ = sparse.csr_array(self.coef_)
        return self

    def densify(self):
        """Turn `coef_` back into a dense array.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        coefficients: Any = self.coef_
        if sparse.issparse(coefficients):
            self.coef_ = coefficients.toarray()
        return self

    def _strength(self) -> float:
        """Inverse strength of the penalty, after refusing what is not supported."""
        refuse_unsupported(self, {"dual": False})
        for name, refused in (("solver", ("liblinear", "sag", "saga")), ("penalty", ("l1", "elasticnet"))):
            if getattr(self, name) in refused:
                raise NotImplementedError(
                    f"{type(self).__name__}: parameter {name}={getattr(self, name)!r} is not supported"
                )
        for name, value in (("intercept_scaling", 1), ("l1_ratio", 0)):
            if getattr(self, name) not in (value, None):
                raise NotImplementedError(
                    f"{type(self).__name__}: parameter {name}={getattr(self, name)!r} is not supported; "
                    f"leave it at {value}"
                )
        for name, instead in (("penalty", "C (inf for no penalty)"), ("n_jobs", "nothing: it has no effect")):
            if getattr(self, name) not in (DEPRECATED, None) or (name == "penalty" and self.penalty is None):
                message = f"{name} is deprecated in scikit-learn 1.8 and removed in 1.10; use {instead}"
                warnings.warn(message, FutureWarning, stacklevel=3)
        if self.l1_ratio is None:
            warnings.warn("l1_ratio=None is deprecated in scikit-learn 1.8; use 0", FutureWarning, stacklevel=3)
        return np.inf if self.penalty is None else float(self.C)

    def _weights(self, X: Any, y: Any, codes: Any, sample_weight: Any) -> Array | None:
        """Row weights times class weights, float64; None if there are neither."""
        weights = check_sample_weight(sample_weight, X)
        if self.class_weight is None:
            return weights
        by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=weights)
        if not (np.isfinite(by_class) & (by_class >= 0)).all():
            raise ValueError(f"class_weight={self.class_weight!r} must hold finite weights that are not negative")
        return by_class[codes] if weights is None else weights * by_class[codes]

    def _start(self, n_features: int) -> tuple[Array, Array] | None:
        """Coefficients of the last fit, if they shall and can be used."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        n_outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        self.densify()
        if self.coef_.shape != (n_outputs, n_features):
            raise ValueError(
                f"warm_start: the last fit left coefficients of shape {self.coef_.shape}, the new X and y need "
                f"{(n_outputs, n_features)}"
            )
        return self.coef_.astype(np.float64), self.intercept_.astype(np.float64)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
