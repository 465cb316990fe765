"""The elastic net and the lasso are least squares with a price on the size of the coefficients.

Formula, with s the weights, scaled to the sum n (Zou & Hastie 2005, equation 3; Friedman, Hastie & Tibshirani 2010,
equation 1)::

    minimise  (1/2n) Σ_i s_i (y_i - b - wᵀ x_i)² + α ratio ‖w‖₁ + ½ α (1 - ratio) ‖w‖²   over w and b

The L1 norm makes some coefficients zero exactly: the model chooses its features. How it is solved stands in
`mlx.linear_model.coordinate_descent`, and in which form the rows go there in `mlx.linear_model.elastic_net_problem`.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import Interval, StrOptions

from ..validation import check_sample_weight, validate_data
from .elastic_net_path import SolverSettings, enet_path, fit_path, warn_open
from .elastic_net_problem import problems_for, rows_of
from .linear_predictor import LinearPredictorMixin
from .path_arguments import checked_gram, seed_from

__all__ = ["ElasticNet", "Lasso"]

Array = NDArray[np.floating]


class SparseLinearRegression(MultiOutputMixin, LinearPredictorMixin, RegressorMixin, BaseEstimator):
    """What the models of this penalty share: they take sparse rows."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class ElasticNet(SparseLinearRegression):
    """Least squares with L1 and squared L2 penalty, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength α of the penalty, not negative. 0 is least squares, for which `LinearRegression` is the better model.
    l1_ratio : float, default=0.5
        Share of the L1 norm in the penalty: 1 is the lasso, 0 is ridge regression.
    fit_intercept : bool, default=True
        Whether the model has an intercept; without one, data are taken as centred.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        True asks for the Gram matrix XᵀX, an array is one (of the rows as they are fitted: centred, and multiplied by
        the roots of the weights). With False, cost decides: the solution is the same. Sparse `X` is never made dense
        for True.
    max_iter : int, default=1000
        Most iterations for one target: sweeps of coordinate descent, and steps of conjugate gradients between them.
    copy_X : bool, default=True
        If False, `X` may be overwritten.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` ‖y‖² / n, with the centred y, and no step that is left
        would lower the objective by more than about ``tol``² of that.
    warm_start : bool, default=False
        Whether `fit` begins with the coefficients of the last fit.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Whether a sweep takes the columns in turn, or draws them by chance with repetitions.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients w, in the dtype of `X`.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        The same in CSR format; a sparse array where scikit-learn's setting ``sparse_interface`` is "sparray".
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept b, 0.0 if `fit_intercept` is False.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap of the objective as it stands above, before the coefficients were rounded to the dtype of `X`: it is
        not more than this above its minimum.
    n_iter_ : int or list of int
        Iterations, for each target.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    Several targets are so many separate problems.

    Departures from scikit-learn. Its `tol` asks in addition that no coefficient changed by more than ``tol`` times the
    largest one in the last sweep; here it is what a step could still gain, which does not depend on the units of the
    columns. Conjugate gradients between the sweeps make `n_iter_` another number. ``precompute=False`` does not rule
    out a Gram matrix where it is small beside `X`. Sums are in float64 for float32 input too.

    Where α is 0 and `l1_ratio` has no part, there is no gap, and `dual_gap_` is ‖Xᵀ r‖² / n as in scikit-learn.

    References
    ----------
    H. Zou & T. Hastie, "Regularization and variable selection via the elastic net", JRSS B 67 (2005).
    J. Friedman, T. Hastie & R. Tibshirani, "Regularization paths for generalized linear models via coordinate
    descent", Journal of Statistical Software 33 (2010).

    Examples
    --------
    >>> from mlx.linear_model import ElasticNet
    >>> X = [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0], [5.0, 0.0]]
    >>> model = ElasticNet(alpha=0.5).fit(X, [2.0, 4.0, 5.0, 4.0, 5.0])
    >>> model.coef_.round(4), round(float(model.intercept_), 4)
    (array([0.4222, 0.    ]), 2.7333)
    """

    # Not for pipelines: whoever skips the checks calls this very method.
    __metadata_request__fit: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "precompute": ["boolean", "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        precompute=False,
        max_iter=1000,
        copy_X=True,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, check_input=True):
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), optional
            Nonnegative weights; they are scaled to the sum n_samples, so one number for all changes nothing.
        check_input : bool, default=True
            If False, `X`, `y` and `sample_weight` are taken as they are: float64 or float32 arrays, or CSC, of fitting
            shapes, finite.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, a parameter is out of range, a matrix for
            `precompute` is not that of `X`, or numbers are so large that their squares overflow.
        """
        if self.alpha == 0:
            message = "alpha=0 is least squares, which LinearRegression solves faster and more exactly"
            warnings.warn(message, UserWarning, stacklevel=2)
        if check_input:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csc",
                accept_large_sparse=False,
                dtype=[np.float64, np.float32],
                y_numeric=True,
                multi_output=True,
                force_writeable=not self.copy_X,
            )
        weights = None if isinstance(sample_weight, Number) else sample_weight
        if check_input:
            weights = check_sample_weight(weights, X)
        self._fit_validated(X, y, weights)
        return self

    def _fit_validated(self, X: Any, y: Array, weights: Array | None) -> None:
        """Solve one problem for each target."""
        rows = rows_of(X, y.reshape(len(y), -1), weights, self.fit_intercept)
        n_targets, n_features = rows.Y.shape[1], X.shape[1]
        problems = problems_for(rows, n_targets, checked_gram(self.precompute, rows), overwrite_X=not self.copy_X)
        settings = SolverSettings(self.tol, self.max_iter, self.positive, self.selection, seed_from(self.random_state))
        coefs = self._start(n_targets, n_features)
        alphas, fits = np.array([float(self.alpha)]), []
        for k, problem in enumerate(problems):
            fits.append(fit_path(problem, alphas, self.l1_ratio, settings, w=coefs[k]))
            warn_open(fits[k], alphas)
            coefs[k] = fits[k].coefs[:, 0]
        intercepts = rows.y_mean - coefs @ rows.x_mean

        is_single = n_targets == 1
        self.coef_ = (coefs[0] if is_single else coefs).astype(X.dtype)
        self.dual_gap_ = fits[0].gaps[0] if is_single else np.array([fit.gaps[0] for fit in fits])
        self.n_iter_ = fits[0].n_iters[0] if is_single else [fit.n_iters[0] for fit in fits]
        if not self.fit_intercept:
            self.intercept_ = 0.0
        else:
            self.intercept_ = intercepts.astype(X.dtype)[0] if y.ndim == 1 else intercepts.astype(X.dtype)

    def _start(self, n_targets: int, n_features: int) -> Array:
        """Coefficients to begin with: those of the last fit if they shall be used, else zeros."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return np.zeros((n_targets, n_features))
        if self.coef_.size != n_targets * n_features:
            raise ValueError(
                f"warm_start: the last fit left coefficients of shape {self.coef_.shape}, the new X and y need "
                f"{(n_targets, n_features)}"
            )
        start = self.coef_.astype(np.float64).reshape(n_targets, n_features)
        return np.maximum(start, 0.0) if self.positive else start

    @property
    def sparse_coef_(self):
        """Coefficients as a sparse array of shape (n_targets, n_features)."""
        wants_array = get_config().get("sparse_interface") == "sparray"
        return (sparse.csr_array if wants_array else sparse.csr_matrix)(np.atleast_2d(self.coef_))


class Lasso(ElasticNet):
    """Least squares with an L1 penalty, with scikit-learn's parameters and attributes.

    The objective is ``(1/2n) Σ_i s_i (y_i - b - wᵀ x_i)² + α ‖w‖₁``: `ElasticNet` with ``l1_ratio=1``.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength α of the penalty, not negative. 0 is least squares, for which `LinearRegression` is the better model.
    fit_intercept : bool, default=True
        Whether the model has an intercept; without one, data are taken as centred.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        As in `ElasticNet`.
    copy_X : bool, default=True
        If False, `X` may be overwritten.
    max_iter : int, default=1000
        Most iterations for one target: sweeps of coordinate descent, and steps of conjugate gradients between them.
    tol : float, default=1e-4
        Of the duality gap, as in `ElasticNet`.
    warm_start : bool, default=False
        Whether `fit` begins with the coefficients of the last fit.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Whether a sweep takes the columns in turn, or draws them by chance with repetitions.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients w, in the dtype of `X`.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        The same in CSR format, as in `ElasticNet`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept b, 0.0 if `fit_intercept` is False.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap: the objective is not more than this above its minimum.
    n_iter_ : int or list of int
        Iterations, for each target.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    What departs from scikit-learn stands in the notes of `ElasticNet`.

    References
    ----------
    R. Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 58 (1996).

    Examples
    --------
    >>> from mlx.linear_model import Lasso
    >>> model = Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.coef_.round(4), round(float(model.intercept_), 4)
    (array([0.85, 0.  ]), 0.15)
    """

    _parameter_constraints: ClassVar[dict] = {
        name: constraint for name, constraint in ElasticNet._parameter_constraints.items() if name != "l1_ratio"
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        super().__init__(
            alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            max_iter=max_iter,
            copy_X=copy_X,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
        )
