"""Elastic net and lasso that choose their penalty by cross-validation; how they do it stands in `path_cv`."""

from __future__ import annotations

from numbers import Real
from typing import ClassVar

from sklearn.utils._param_validation import Interval

from .elastic_net_path import enet_path, lasso_path
from .path_cv import PathCV

__all__ = ["ElasticNetCV", "LassoCV"]


class ElasticNetCV(PathCV):
    """Elastic net whose penalty is chosen by cross-validation, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    l1_ratio : float or array-like of float, default=0.5
        Share of the L1 norm in the penalty. Of several, the one with the smallest error is taken.
    eps : float, default=1e-3
        Smallest α, as a share of the largest, where the alphas are chosen here.
    alphas : int or array-like, default=100
        Number of alphas for each ratio, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether the model has an intercept; without one, data are taken as centred.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        True asks for Gram matrices; with 'auto' or False cost decides. An array is the Gram matrix of all rows: it
        serves the last fit, as each fold has another one.
    max_iter : int, default=1000
        Most iterations for one α.
    tol : float, default=1e-4
        Of the duality gap, as in `ElasticNet`.
    cv : int, splitter, iterable or None, default=None
        Folds, as in scikit-learn: None is 5, an int a number of folds.
    copy_X : bool, default=True
        If False, `X` may be overwritten.
    verbose : bool or int, default=0
        Whether to print a line for each fold that is done.
    n_jobs : int or None, default=None
        Threads over which the folds are spread; None is 1, -1 all cores. The result is the same for any number.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Whether a sweep takes the columns in turn, or draws them by chance with repetitions.

    Attributes
    ----------
    alpha_ : float
        The α that was chosen.
    l1_ratio_ : float
        The ratio that was chosen.
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of `X`.
    intercept_ : float
        Intercept, 0.0 if `fit_intercept` is False.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
        Mean squared error of each solution on the rows of the fold that was left out; NaN if they have no weight.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The alphas, falling.
    dual_gap_ : float
        Duality gap of the model.
    n_iter_ : int
        Iterations of the last fit.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    See Also
    --------
    ElasticNet : What is minimised, and what departs from scikit-learn.

    References
    ----------
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.linear_model import ElasticNetCV
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> model = ElasticNetCV(l1_ratio=[0.5, 1.0]).fit(X, 2.0 * X[:, 0] + 1.0)
    >>> model.l1_ratio_, model.coef_.round(2)
    (1.0, array([2., 0., 0.]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **PathCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=0,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection


class LassoCV(PathCV):
    """Lasso whose penalty is chosen by cross-validation, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    eps : float, default=1e-3
        Smallest α, as a share of the largest, where the alphas are chosen here.
    alphas : int or array-like, default=100
        Number of alphas, or the alphas themselves.
    fit_intercept, precompute, max_iter, tol, copy_X, cv, verbose, n_jobs, positive, random_state, selection
        As in `ElasticNetCV`.

    Attributes
    ----------
    alpha_ : float
        The α that was chosen.
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of `X`.
    intercept_ : float
        Intercept, 0.0 if `fit_intercept` is False.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error of each solution on the rows of the fold that was left out.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas, falling.
    dual_gap_ : float
        Duality gap of the model.
    n_iter_ : int
        Iterations of the last fit.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    See Also
    --------
    ElasticNetCV : The same for any ratio of the two norms.
    Lasso : What is minimised.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.linear_model import LassoCV
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> model = LassoCV().fit(X, 2.0 * X[:, 0] + 1.0)
    >>> model.coef_.round(2)
    array([2., 0., 0.])
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
