"""Logistic regression: the log-odds of a class are a linear function of the features.

Formula: for two classes P(y = 1 | x) = σ(wᵀx + b), for K classes P(y = k | x) = softmax(W x + b)_k, with W and b at
the minimum of the penalised mean log loss, which `logistic_objective` states with its derivatives and symbols and
`logistic_fit` minimises. The problem is convex: every solver ends at the same minimum.

Departs from scikit-learn in where it stops: after the largest slope is within `tol`, it goes on until the objective has
nothing left to fall (`decrement`), so that the loss at the default `tol` is that of scikit-learn at a `tol` some
thousands of times smaller, or lower; and on columns in very different units the default solver does not run out of
iterations, because columns are centred and scaled in the minimisation (and the penalty with them, so that the minimum
stays the same).

Reference: T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Hidden, Interval, StrOptions

from ..callbacks import CallbackSupportMixin, FitRounds
from ..validation import validate_data
from .logistic_classifier import LogisticClassifierMixin
from .logistic_fit import MINIMISERS, fit_logistic
from .logistic_penalty import DEPRECATED, Penalty, check_solver, penalty_asked_for

__all__ = ["LogisticRegression"]

Array = NDArray[np.floating]


class LogisticRegression(CallbackSupportMixin, LogisticClassifierMixin, BaseEstimator):
    """Logistic regression for two or more classes, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    penalty : {'l2', 'l1', 'elasticnet', None}
        Deprecated in scikit-learn 1.8; use `C` and `l1_ratio`.
    C : float, default=1.0
        Inverse strength of the penalty on the coefficients (the intercept is free); inf for none.
    l1_ratio : float, default=0.0
        Share r of the length in the penalty (1 - r)/2 ‖W‖² + r ‖W‖₁. Above 0 it needs solver 'saga', or, at 1,
        'liblinear'.
    dual : bool, default=False
        Needs 'liblinear' and the squared length. The dual problem has the same solution, found the same
        way: else it has no effect.
    tol : float, default=1e-4
        Bound of how far the conditions of a minimum may be missed: the largest entry (by size) of the gradient of the
        mean loss, as in scikit-learn, or what of it the length in the penalty does not account for. It is met with
        room to spare: see the notes. liblinear, sag and saga of scikit-learn have tolerances of other quantities.
    fit_intercept : bool, default=True
        Whether the model has an intercept.
    intercept_scaling : float, default=1
        With solver 'liblinear' the intercept divided by this is penalised as the coefficients are.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' gives every class the same total weight.
    random_state : int, RandomState instance or None, default=None
        Has no effect: nothing here is random, also with the names of solvers that are random in scikit-learn.
    solver : {'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga'}, default='lbfgs'
        How the minimum is reached. All reach the same one, but for 'liblinear'.

        'lbfgs'
            Quasi-Newton steps that begin with a Hessian, finished by Newton steps: with the Hessian as a matrix up to
            2000 coefficients, by conjugate gradients above. On small tables Newton steps alone.
        'newton-cg'
            Newton steps by conjugate gradients. On small tables, and where these do not come to an end and there are
            up to 2000 coefficients, with the Hessian as a matrix.
        'newton-cholesky'
            Newton steps with the Hessian as a matrix of size (n_features * n_classes) squared.

        'liblinear'
            The objective of that library, whose penalty includes the intercept; two classes. Minimised as by 'lbfgs',
            or as by 'saga' where `l1_ratio` is 1.
        'sag'
            Another name for 'lbfgs': stochastic averages are a way to the same minimum.
        'saga'
            The same where `l1_ratio` is 0. Else proximal Newton steps (`mlx.linear_model.proximal`), by coordinate
            descent; where more than 2000 coefficients may be other than zero, accelerated gradient steps.
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
        Iterations taken, over all rows.
    kkt_residual_ : float
        How far the conditions of a minimum are missed where the fit ended, in the units of `tol`: the certificate that
        the coefficients are those of a minimum. scikit-learn has no such attribute.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    With the penalty ½‖W‖² the objective has one minimum. A fit ends when `tol` is met and the fall that is left, by
    Newton's decrement ½ gᵀ H⁻¹ g or a bound of it, is below 1e-12 of the objective (times the square of tol / 1e-4,
    where `tol` is larger than that), or when rounding hides any fall. `tol` alone would not do: where the curvature is
    small, with large `C` or columns of large numbers, the gradient is small far from the minimum. Three cases have no
    such guarantee: fits that `max_iter` ends; more than 2000 coefficients with a weak penalty, where conjugate
    gradients may not come to an end; and `C=inf`.

    If the classes can be separated and there is no penalty (`C=inf`), there is no minimum: the loss falls towards 0 for
    ever, whoever stops later has the lower one, coefficients grow until the gradient is within `tol`, and mean nothing.

    Ctrl-C keeps the iterations that are finished, says how many, and leaves a usable model; before the first iteration
    is finished it raises KeyboardInterrupt. scikit-learn's callbacks (``set_callbacks``) are told of every iteration.

    On 32768 dense rows and more, a fit that begins with zeros first minimises the objective of every so many-th row,
    8192 or more of them, which is a start and nothing else.

    With a length alone in the penalty (`l1_ratio` 1) and an even number of classes, adding one number to a column's
    coefficients for all classes may leave the objective as it is: then there are several minima, of which this is one.

    Without an intercept columns are not centred: where their means are some 1e4 times their deviations and more,
    rounding error is what ends a fit.

    A dense `X` is copied only if it is not float64 in rows, or if the mean of a column is further from zero than a
    hundred of its deviations. Sparse `X` stays sparse.

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
        "solver": [StrOptions(set(MINIMISERS))],
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
        penalty = self._penalty()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], accept_large_sparse=True)
        codes = self._codes(y)
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
                C=penalty.C,
                l1_ratio=penalty.l1_ratio,
                fit_intercept=self.fit_intercept,
                intercept_scaling=self.intercept_scaling if self.solver == "liblinear" else None,
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
        self.kkt_residual_ = fitted.kkt_residual
        return self

    def _penalty(self) -> Penalty:
        """The penalty asked for, after refusing what does not go together."""
        penalty = penalty_asked_for(self.penalty, self.C, self.l1_ratio)
        check_solver(self.solver, penalty.kind, self.dual)
        if self.n_jobs is not None:
            message = "n_jobs is deprecated in scikit-learn 1.8 and removed in 1.10; use nothing: it has no effect"
            warnings.warn(message, FutureWarning, stacklevel=4)
        return penalty

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
