"""Ridge regression behind scikit-learn's interface; the formula and its solvers stand in `ridge_solvers`."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from ..validation import check_sample_weight, naming, validate_data
from .linear_predictor import LinearPredictorMixin
from .ridge_solvers import fit_ridge

__all__ = ["Ridge"]

Array = NDArray[np.floating]


class Ridge(MultiOutputMixin, LinearPredictorMixin, RegressorMixin, BaseEstimator):
    """Least squares with a penalty on the squared length of the coefficients, with scikit-learn's parameters.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Penalty, not negative; one for all targets or one for each. With 0 the model is `LinearRegression`.
    fit_intercept : bool, default=True
        Whether the model has an intercept, which is not penalised.
    copy_X : bool, default=True
        If False, `X` may be overwritten: it is with ``solver="svd"`` where it has not more rows than columns.
    max_iter : int, default=None
        Steps at most of the solvers that iterate. By default SciPy's: twice the number of columns for 'lsqr' (for
        'sag' and 'saga' 1000 at least), ten times the number of unknowns for 'sparse_cg', 15,000 for 'lbfgs'.
    tol : float, default=1e-4
        Where the solvers that iterate stop: ``atol`` and ``btol`` of 'lsqr' (for 'sag' and 'saga' a hundredth), the
        relative length of the residual of the equations for 'sparse_cg', the largest slope for 'lbfgs'. The others
        are exact.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, default='auto'
        'auto'
            For dense `X`, 'cholesky' where an estimate of the condition number says that it is safe, else 'svd'; for
            sparse `X`, 'sparse_cg'. With `positive`, active sets for dense `X`, which are exact, and 'lbfgs' for
            sparse.
        'cholesky', 'svd'
            Exact; 'svd' for dense `X` only.
        'lsqr', 'sparse_cg'
            Iterations that leave sparse `X` as it is.
        'lbfgs'
            With `positive` only.
        'sag', 'saga'
            The minimum that stochastic averages approach by chance is reached without: for dense `X` as by 'auto',
            exactly; for sparse `X` by 'lsqr', with a hundredth of `tol`, since `tol` is the change of the coefficients
            in one pass over the rows in scikit-learn.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Has no effect: nothing here is random, also with the names of solvers that are random in scikit-learn.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of `X`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 if `fit_intercept` is False.
    n_iter_ : None or ndarray of shape (n_targets,)
        Steps for each target with 'lsqr', 'sag' and 'saga' (1 where the solution is direct); None with the others.
    solver_ : str
        The solver that was used: one of the names above, or 'active_set'. For 'sag' and 'saga' the one that stood in.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    scikit-learn solves the equations by Cholesky whatever their condition number, and takes the singular values only
    when the factorisation fails. With a small `alpha` and nearly collinear columns its coefficients can be wrong in
    all digits; 'auto' notices that here. ``solver="cholesky"`` restores the library's behaviour. With `positive` its
    only solver stops at a slope of `tol`, which ``solver="lbfgs"`` does here.

    Sums are in float64 for float32 input too.

    References
    ----------
    A. Hoerl & R. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12 (1970).

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.linear_model import Ridge
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> model = Ridge(alpha=2.0).fit(X, [2.0, 4.0, 5.0, 4.0, 5.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([0.5]), 2.5)
    """

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"})],
        "positive": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=None,
        tol=1e-4,
        solver="auto",
        positive=False,
        random_state=None,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), optional
            Nonnegative weights; a weight of 2 is a row that stands there twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, a parameter is out of range, or `solver`
            cannot do what `positive` says.
        TypeError
            If `X` is sparse and `solver` is 'svd'.

        Warns
        -----
        ConvergenceWarning
            If the steps of 'lbfgs', or of 'sag' or 'saga' with sparse `X`, run out.
        """
        self._check_solver(sparse.issparse(X))
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            y_numeric=True,
            multi_output=True,
            force_writeable=not self.copy_X,
        )
        weights = check_sample_weight(sample_weight, X)
        Y = y.astype(np.float64).reshape(len(y), -1)
        fitted = fit_ridge(
            X,
            Y,
            self._penalties(Y.shape[1]),
            weights,
            fit_intercept=self.fit_intercept,
            solver=self.solver,
            tol=self.tol,
            max_iter=self.max_iter,
            positive=self.positive,
            overwrite_X=not self.copy_X,
        )
        self.coef_ = fitted.coefficients.T.astype(X.dtype)
        if len(self.coef_) == 1:  # as scikit-learn does, also for y of shape (n, 1)
            self.coef_ = self.coef_[0]
        self.intercept_ = 0.0
        if self.fit_intercept:
            intercepts = fitted.intercepts.astype(X.dtype)
            self.intercept_ = intercepts[0] if y.ndim == 1 else intercepts
        self.n_iter_, self.solver_ = fitted.n_iter, fitted.solver
        return self

    def _check_solver(self, is_sparse: bool) -> None:
        """Refuse what `solver` cannot do."""
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError("solver='lbfgs' is for positive=True; leave solver at 'auto'")
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(f"solver={self.solver!r} cannot keep coefficients positive; leave solver at 'auto'")
        if is_sparse and self.solver == "svd":
            raise TypeError("solver='svd' needs dense X; use 'cholesky', 'lsqr' or 'sparse_cg' for sparse X")

    def _penalties(self, n_targets: int) -> Array:
        """α of each target."""
        with naming("alpha"):
            alphas = np.atleast_1d(np.asarray(self.alpha, dtype=np.float64))
        if alphas.ndim != 1:
            raise ValueError(f"alpha has shape {alphas.shape}; give a number or one for each target")
        if len(alphas) not in (1, n_targets):
            raise ValueError(f"alpha has {len(alphas)} penalties for {n_targets} targets; give one or as many")
        if not (np.isfinite(alphas) & (alphas >= 0.0)).all():
            raise ValueError("alpha must be finite and not negative")
        return np.broadcast_to(alphas, n_targets)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd"
        return tags
