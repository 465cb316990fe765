"""Linear regression is ordinary least squares behind scikit-learn's interface.

The formula and the two ways to its solution stand in `least_squares`; under W ≥ 0 in `nonnegative`, for sparse rows in
`matrix_free`, by gradient descent in `descent`. What the fit tells about the population stands in `inference`.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..numeric.threads import resolve_n_jobs
from ..validation import check_sample_weight, validate_data
from .descent import descend
from .inference import RegressionSummary, summarise
from .least_squares import Array, LeastSquaresFit, fit_least_squares
from .linear_predictor import LinearPredictorMixin
from .matrix_free import centred_rows, solve_lsqr
from .nonnegative import fit_nonnegative

__all__ = ["LinearRegression"]

# The library's default of `tol`. Another value is a wish, and means what it means there.
DEFAULT_TOL = 1e-6


class LinearRegression(MultiOutputMixin, LinearPredictorMixin, RegressorMixin, BaseEstimator):
    """Ordinary least squares, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether the model has an intercept; without one, data are taken as centred.
    copy_X : bool, default=True
        If False, `X` may be overwritten: it is where it has not more rows than columns. No copy is made elsewhere.
    tol : float, default=1e-6
        For sparse `X`, the tolerances ``atol`` and ``btol`` of LSQR. With ``solver="gd"``, the largest entry of the
        gradient at which the descent ends. For other dense `X`, the ratio to the largest singular value below which a
        direction is left out; it is in force with ``solver="lstsq"``, and with ``solver="auto"`` if it is set to
        another value than the default. No effect with `positive`, where the solution is exact.
    n_jobs : int, default=None
        Threads over which several targets are spread if `X` is sparse or `positive` is set. The result does not
        depend on it. Elsewhere blocks of rows go to as many threads as BLAS has.
    positive : bool, default=False
        When set, coefficients must not be negative. Dense `X` only.
    solver : {'auto', 'lstsq', 'gd'}, default='auto'
        How dense rows without `positive` are solved; only this package has the parameter.

        'auto'
            Normal equations with one refinement step where an estimate of the condition number says that they are
            safe, singular values elsewhere, cut off at rounding error only.
        'lstsq'
            scikit-learn's behaviour: singular values, cut off at `tol`.
        'gd'
            Gradient descent on the mean squared error, from zero.
    learning_rate : 'auto' or float, default='auto'
        With ``solver="gd"``, the share of the gradient that is a step; 'auto' is one over the largest curvature. Only
        this package has the parameter.
    max_steps : int, default=1000
        With ``solver="gd"``, steps at most. Only this package has the parameter.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of `X`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 if `fit_intercept` is False.
    rank_ : int
        Number of directions solved for. Not for sparse `X`, `positive` or ``solver="gd"``.
    singular_ : ndarray of shape (min(n_samples, n_features),)
        Singular values of the centred, weighted design, in descending order. Not for sparse `X`, `positive` or
        ``solver="gd"``.
    n_iter_ : int
        Steps of the descent; with ``solver="gd"``.
    loss_curve_ : ndarray of shape (n_iter_ + 1,)
        Mean squared error before the first step and after each, averaged over the targets; with ``solver="gd"``.
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

    Columns that depend on each other exactly share a coefficient of least norm, and the units of columns that do not
    depend on them do not matter.

    Sums are in float64 for float32 input too.

    References
    ----------
    Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996, sections 2.2, 2.7 and 6.6.5. Inference: D.
    Montgomery, E. Peck & G. Vining, Introduction to Linear Regression Analysis, 5th ed., sections 2.3 and 3.3.

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
        "solver": [StrOptions({"auto", "lstsq", "gd"})],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_steps": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        fit_intercept=True,
        copy_X=True,
        tol=DEFAULT_TOL,
        n_jobs=None,
        positive=False,
        solver="auto",
        learning_rate="auto",
        max_steps=1000,
    ):
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive
        self.solver = solver
        self.learning_rate = learning_rate
        self.max_steps = max_steps

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
            Nonnegative weights; the coefficients are those of rows that stand there twice if their weight is 2.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, or a parameter is out of range.
        TypeError
            If `X` is sparse and `positive` is set.

        Warns
        -----
        ConvergenceWarning
            If the steps of ``solver="gd"`` run out.
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
        self._keep_for_summary(fitted, X.shape[0], weights)
        return self

    def _fit_validated(self, X: Any, Y: Array, weights: Array | None) -> LeastSquaresFit:
        """Hand the validated arrays to the method that the parameters name."""
        n_threads = resolve_n_jobs(self.n_jobs)
        if self.solver != "auto" and (self.positive or sparse.issparse(X)):
            reason = "positive=True" if self.positive else "sparse X"
            raise ValueError(
                f"solver={self.solver!r} solves dense rows without constraints; with {reason} leave it at 'auto'"
            )
        if self.positive:
            return fit_nonnegative(X, Y, weights, fit_intercept=self.fit_intercept, n_threads=n_threads)
        if sparse.issparse(X):
            rows = centred_rows(X, Y, weights, fit_intercept=self.fit_intercept)
            return LeastSquaresFit(solve_lsqr(rows, tol=self.tol, n_threads=n_threads)[0], rows.x_mean, rows.y_mean)
        if self.solver == "gd":
            return self._descend(X, Y, weights)
        cuts_at_tol = self.solver == "lstsq" or self.tol != DEFAULT_TOL
        return fit_least_squares(
            X,
            Y,
            weights,
            fit_intercept=self.fit_intercept,
            cutoff=self.tol if cuts_at_tol else None,
            overwrite_X=not self.copy_X,
        )

    def _descend(self, X: Array, Y: Array, weights: Array | None) -> LeastSquaresFit:
        """Gradient descent; keeps how it went."""
        descent = descend(
            X.astype(np.float64, copy=False),
            Y,
            weights,
            fit_intercept=self.fit_intercept,
            learning_rate=None if self.learning_rate == "auto" else self.learning_rate,
            max_steps=self.max_steps,
            tol=self.tol,
        )
        if descent.slope > self.tol:
            warnings.warn(
                f"solver='gd' stopped after max_steps={self.max_steps} steps at a slope of {descent.slope:.2g}, above "
                f"tol={self.tol}; columns of one size (StandardScaler) need the fewest steps",
                ConvergenceWarning,
                stacklevel=4,
            )
        self.n_iter_, self.loss_curve_ = descent.n_iter, descent.losses
        return LeastSquaresFit(descent.coefficients, np.zeros(X.shape[1]), descent.intercepts)

    def _keep_for_summary(self, fitted: LeastSquaresFit, n: int, weights: Array | None) -> None:
        """Keep the sums that `summary` needs: as many numbers as there are coefficients, not rows."""
        self._inference = None
        if fitted.spread is not None:
            weighty = None if weights is None else weights[weights > 0.0]
            self._inference = {
                **fitted.spread._asdict(),
                "coefficients": fitted.coefficients,
                "intercepts": fitted.intercepts,
                "n_rows": n if weighty is None else len(weighty),
                "log_weights": 0.0 if weighty is None else float(np.log(weighty).sum()),
            }

    def summary(self, *, target: int = 0, confidence: float = 0.95) -> RegressionSummary:
        """Standard errors, t, p and confidence intervals of the coefficients; R², F, AIC and BIC of the model.

        The formulas stand in `inference`. The numbers are those of statsmodels' OLS and WLS on a table with a column
        of ones, under other names: ``bse`` (standard_errors), ``scale`` (residual_variance), ``llf``
        (log_likelihood). Two things differ. A coefficient that the rows do not determine, because columns depend on
        each other, has nan for a standard error, where statsmodels gives one of the generalised inverse; and rows of
        weight 0 are no rows.

        Parameters
        ----------
        target : int, default=0
            Number of the target, where there are several.
        confidence : float, default=0.95
            Probability of the intervals.

        Returns
        -------
        RegressionSummary
            `print` shows it as a table; ``to_frame()`` makes a data frame.

        Raises
        ------
        NotImplementedError
            For sparse `X`, `positive` and ``solver="gd"``, for which the formulas do not hold or have no sums.
        ValueError
            If `target` or `confidence` is out of range.

        Examples
        --------
        >>> import numpy as np
        >>> from mlx.linear_model import LinearRegression
        >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
        >>> found = LinearRegression().fit(X, [2.0, 4.0, 5.0, 4.0, 5.0]).summary()
        >>> found.names, found.standard_errors.round(4), round(found.r_squared, 4)
        (['intercept', 'x0'], array([0.9381, 0.2828]), 0.6)
        """
        check_is_fitted(self)
        if self._inference is None:
            raise NotImplementedError(
                "summary() is for least squares on dense rows: leave positive=False and solver at 'auto' or 'lstsq'"
            )
        kept = self._inference
        n_targets = len(kept["residual_squares"])
        if not isinstance(target, Integral) or not 0 <= target < n_targets:
            raise ValueError(f"target={target!r} must be a whole number from 0 to {n_targets - 1}")
        if not isinstance(confidence, Real) or not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence={confidence!r} must lie between 0 and 1")
        names = [f"x{j}" for j in range(self.n_features_in_)]
        names = list(getattr(self, "feature_names_in_", names))
        coefficients, factors = kept["coefficients"][:, target], kept["coefficient_factors"]
        if self.fit_intercept:
            names = ["intercept", *names]
            coefficients = np.concatenate([kept["intercepts"][[target]], coefficients])
            factors = np.concatenate([[kept["intercept_factor"]], factors])
        return summarise(
            names,
            coefficients,
            factors,
            has_intercept=self.fit_intercept,
            rank=self.rank_,
            n_rows=kept["n_rows"],
            log_weights=kept["log_weights"],
            residual_squares=float(kept["residual_squares"][target]),
            total_squares=float(kept["total_squares"][target]),
            confidence=confidence,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        return tags
