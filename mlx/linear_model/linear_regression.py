"""Linear regression is ordinary least squares behind scikit-learn's interface.

The formula, the three ways to its solution and where they depart from scikit-learn stand in `least_squares`.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..numeric.threads import resolve_n_jobs
from ..validation import check_sample_weight, validate_data
from .least_squares import DEFAULT_TOL, Array, LeastSquaresFit, fit_least_squares, fit_nonnegative, fit_sparse

__all__ = ["LinearRegression"]


class LinearRegression(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Ordinary least squares, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether the model has an intercept; without one, data are taken as centred.
    copy_X : bool, default=True
        If False, `X` may be overwritten.
    tol : float, default=1e-6
        For sparse `X`, the tolerances ``atol`` and ``btol`` of LSQR. For dense `X`, the ratio to the largest singular
        value below which a direction is left out; it is in force with ``solver="lstsq"``, and with ``solver="auto"``
        if it is set to another value than the default.
    n_jobs : int, default=None
        Threads over which several targets are spread if `X` is sparse or `positive` is set. The result does not
        depend on it.
    positive : bool, default=False
        Whether coefficients must not be negative. Dense `X` only.
    solver : {'auto', 'lstsq'}, default='auto'
        How dense rows without `positive` are solved; only this package has the parameter.

        'auto'
            Normal equations with one refinement step where an estimate of the condition number says that they are
            safe, singular values elsewhere, cut off at rounding error only.
        'lstsq'
            scikit-learn's behaviour: singular values, cut off at `tol`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of `X`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 if `fit_intercept` is False.
    rank_ : int
        Number of directions solved for. Not for sparse `X` or `positive`.
    singular_ : ndarray of shape (min(n_samples, n_features),)
        Singular values of the centred, weighted design, in descending order. Not for sparse `X` or `positive`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    scikit-learn's ``tol=1e-6`` leaves out every direction whose singular value is below a millionth of the largest.
    On a design with condition number 1e8 (columns in very different units are enough) its coefficients are then those
    of another, shorter model, while the training error hardly shows it. The default here leaves out only what cannot
    be told from rounding error, and `rank_` can be larger than scikit-learn's for that reason. If the columns are
    nearly collinear and the coefficients come out large, that is what the data say; ``solver="lstsq"`` hides it.

    Columns that depend on each other exactly share a coefficient of least norm, and the units of the others do not
    matter to them. Among themselves they do: of two pairs of equal columns, one in units 1e15 times larger than the
    other, the smaller pair is left out, as in scikit-learn.

    Sums are in float64 for float32 input too.

    References
    ----------
    Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996, sections 2.2, 2.7 and 6.6.5.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.linear_model import LinearRegression
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> model = LinearRegression().fit(X, [2.0, 4.0, 5.0, 4.0, 5.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([0.6]), 2.2)
    """

    _parameter_constraints: ClassVar[dict] = {
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
        "solver": [StrOptions({"auto", "lstsq"})],
    }

    def __init__(self, *, fit_intercept=True, copy_X=True, tol=DEFAULT_TOL, n_jobs=None, positive=False, solver="auto"):
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive
        self.solver = solver

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            Nonnegative weights; a weight of 2 is a row that stands there twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, or a parameter is out of range.
        TypeError
            If `X` is sparse and `positive` is set.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=False if self.positive else ["csr", "csc"],
            dtype=[np.float64, np.float32],
            y_numeric=True,
            multi_output=True,
            force_writeable=not self.copy_X,
        )
        weights = check_sample_weight(sample_weight, X)
        fitted = self._fit_validated(X, y.astype(np.float64).reshape(len(y), -1), weights)

        self.coef_ = fitted.coefficients.T.astype(X.dtype)
        if y.ndim == 1:
            self.coef_ = self.coef_[0]
        if self.fit_intercept:
            intercepts = fitted.intercepts.astype(X.dtype)
            self.intercept_ = intercepts[0] if y.ndim == 1 else intercepts
        else:
            self.intercept_ = 0.0
        if fitted.singular_values is not None:
            self.rank_ = fitted.rank
            self.singular_ = fitted.singular_values.astype(X.dtype)
        return self

    def _fit_validated(self, X: Any, Y: Array, weights: Array | None) -> LeastSquaresFit:
        """Hand the validated arrays to the method that the parameters name."""
        n_threads = resolve_n_jobs(self.n_jobs)
        if self.solver == "lstsq" and (self.positive or sparse.issparse(X)):
            reason = "positive=True" if self.positive else "sparse X"
            raise ValueError(f"solver='lstsq' solves dense rows without constraints; with {reason} leave it at 'auto'")
        if self.positive:
            return fit_nonnegative(X, Y, weights, fit_intercept=self.fit_intercept, n_threads=n_threads)
        if sparse.issparse(X):
            return fit_sparse(X, Y, weights, fit_intercept=self.fit_intercept, tol=self.tol, n_threads=n_threads)
        cuts_at_tol = self.solver == "lstsq" or self.tol != DEFAULT_TOL
        return fit_least_squares(
            X,
            Y,
            weights,
            fit_intercept=self.fit_intercept,
            cutoff=self.tol if cuts_at_tol else None,
            overwrite_X=not self.copy_X,
        )

    def predict(self, X):
        """Predict Wᵀ x + b.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], reset=False)
        return X @ self.coef_.T + self.intercept_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        return tags
