"""Ordinary least squares: the linear function of the features whose squared errors have the smallest sum.

Formula::

    minimise  Σ_i s_i ‖y_i - b - Wᵀ x_i‖²   over W and b

The intercept is eliminated first: with m and ȳ the weighted means of x and y, b = ȳ - Wᵀ m, and W solves the same
problem in the centred rows. Where the derivative in W is zero stand the normal equations::

    G W = c,    G = Σ_i s_i (x_i - m)(x_i - m)ᵀ,    c = Σ_i s_i (x_i - m)(y_i - ȳ)ᵀ

======  =========  ====================================================
symbol  shape      meaning
======  =========  ====================================================
X       (n, p)     rows x_i, features
Y       (n, t)     rows y_i, one column per target
s       (n,)       weights, 1 if not given
W       (p, t)     coefficients; ``coef_`` is Wᵀ
G       (p, p)     Gram matrix of the centred, weighted rows
======  =========  ====================================================

Two ways to W:

1. Normal equations by Cholesky, one pass over X in blocks. The condition number of G is the square of that of the
   design, so this way is taken only where an estimate of it is below 1e8, and one step of refinement follows (the
   corrected semi-normal equations): the residual is computed from X itself, which gives back the digits that G lost.
2. QR and singular values of the centred design otherwise. Directions whose singular value is rounding noise get the
   coefficient of least norm.

Departs from scikit-learn: its ``tol=1e-6`` is a cutoff on singular values, so that a design with a condition number
above 1e6 is solved with directions left out, and coefficients can be wrong in the first digit while predictions on
the training rows look right. Here the cutoff is rounding error (`rank_cutoff`). ``solver="lstsq"`` restores the
library's behaviour.

References: Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996: normal equations 2.2, cutoffs 2.7,
corrected semi-normal equations 6.6.5. C. Lawson & R. Hanson, Solving Least Squares Problems, 1974, chapter 23
(nonnegative coefficients). C. Paige & M. Saunders, "LSQR", ACM TOMS 8 (1982) (sparse rows).
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse
from scipy.sparse.linalg import LinearOperator, lsqr
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted

from ..numeric.linalg import (
    ScaledCholesky,
    centred_blocks,
    column_means,
    gram_matrix,
    minimum_norm_least_squares,
    scaled_cholesky,
)
from ..numeric.threads import resolve_n_jobs, run_tasks
from ..validation import check_sample_weight, validate_data

__all__ = ["LeastSquaresFit", "LinearRegression", "fit_least_squares", "fit_nonnegative", "fit_sparse"]

Array = NDArray[np.floating]

# Reciprocal condition of the scaled Gram matrix above which the normal equations are safe. One refinement step
# multiplies the error by about ε / reciprocal: at 1e-8, from 1e-8 to 1e-16 times what the design itself allows.
SAFE_RECIPROCAL_CONDITION = 1e-8

# The library's default of `tol`. Another value is a wish, and means what it means there.
DEFAULT_TOL = 1e-6

EPSILON = float(np.finfo(np.float64).eps)


class LeastSquaresFit(NamedTuple):
    """Result of least squares.

    Attributes
    ----------
    coefficients : ndarray of shape (p, t)
        W, float64.
    x_mean : ndarray of shape (p,)
        m; zeros without an intercept.
    y_mean : ndarray of shape (t,)
        ȳ; zeros without an intercept.
    rank : int or None
        Number of directions solved for; None where the method does not tell.
    singular_values : ndarray of shape (min(n, p),) or None
        Of the centred, weighted design, in descending order.
    """

    coefficients: Array
    x_mean: Array
    y_mean: Array
    rank: int | None = None
    singular_values: Array | None = None

    @property
    def intercepts(self) -> Array:
        """Intercepts b = ȳ - Wᵀ m, shape (t,)."""
        return self.y_mean - self.x_mean @ self.coefficients


def rank_cutoff(X: Array, x_mean: Array, total_weight: float) -> tuple[float, float]:
    """Relative and absolute size below which a singular value of the centred design is rounding noise.

    Relative: ε max(n, p), what the decomposition itself can add to a zero, and for float32 input at least the
    rounding 1.2e-7 of each entry. Absolute: entries near a mean m are stored, and centred, with errors up to ε |m|
    each, which in Frobenius norm is 2 ε ‖m‖ √(Σ s): a zero direction of the design looks as large as this.
    """
    epsilon = float(np.finfo(X.dtype).eps)
    relative = max(EPSILON * max(X.shape), epsilon) if X.dtype == np.float32 else EPSILON * max(X.shape)
    return relative, 2.0 * epsilon * float(np.linalg.norm(x_mean)) * float(np.sqrt(total_weight))


def normal_equations(X: Array, Y: Array, x_mean: Array, root_weights: Array | None, cholesky: ScaledCholesky) -> Array:
    """W from G W = c, then W + G⁻¹ Σ s (x - m) r with the residual r of the first solution; shape (p, t).

    Parameters
    ----------
    X : ndarray of shape (n, p)
    Y : ndarray of shape (n, t)
        Centred and multiplied by the root weights.
    x_mean : ndarray of shape (p,)
    root_weights : ndarray of shape (n,) or None
    cholesky : ScaledCholesky
        Factor of G.
    """
    W = np.zeros((X.shape[1], Y.shape[1]))
    for _ in range(2):
        right_side = np.zeros_like(W)
        for rows, block in centred_blocks(X, x_mean, root_weights):
            right_side += block.T @ (Y[rows] - block @ W)
        W = W + cholesky.solve(right_side)
    return W


def fit_least_squares(
    X: Array,
    Y: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    cutoff: float | None = None,
    overwrite_X: bool = False,
) -> LeastSquaresFit:
    """Least squares on dense rows.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
        Nonnegative.
    fit_intercept : bool, default=True
        Whether b is free, or 0.
    cutoff : float, optional
        Ratio to the largest singular value below which directions are left out; given, the singular value
        decomposition is always used. By default `rank_cutoff`, and normal equations where they are safe.
    overwrite_X : bool, default=False
        Centre X in place where a centred copy is needed.
    """
    n, p = X.shape
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    root_weights = None if weights is None else np.sqrt(weights)
    targets = Y - y_mean
    if root_weights is not None:
        targets *= root_weights[:, None]

    if cutoff is None and n > p:
        cholesky = scaled_cholesky(gram_matrix(X, x_mean, root_weights))
        if cholesky is not None and cholesky.reciprocal_condition > SAFE_RECIPROCAL_CONDITION:
            W = normal_equations(X, targets, x_mean, root_weights, cholesky)
            # G = (S L)(S L)ᵀ: S L has the singular values of the design, to rounding error, at the cost of p³.
            singular_values = linalg.svdvals(cholesky.scale[:, None] * np.tril(cholesky.factor))
            return LeastSquaresFit(W, x_mean, y_mean, p, singular_values)

    centred = X if overwrite_X and X.dtype == np.float64 else X.astype(np.float64)
    centred -= x_mean
    if root_weights is not None:
        centred *= root_weights[:, None]
    relative, noise = rank_cutoff(X, x_mean, n if weights is None else float(weights.sum()))
    solved = (
        minimum_norm_least_squares(centred, targets, relative, noise)
        if cutoff is None
        else minimum_norm_least_squares(centred, targets, cutoff)
    )
    return LeastSquaresFit(solved.solution, x_mean, y_mean, solved.rank, solved.singular_values)


def fit_nonnegative(
    X: Array, Y: Array, weights: Array | None = None, *, fit_intercept: bool = True, n_threads: int = 1
) -> LeastSquaresFit:
    """Least squares under W ≥ 0 by Lawson and Hanson's active sets, one problem per column of Y."""
    x_mean = column_means(X, weights) if fit_intercept else np.zeros(X.shape[1])
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    roots = np.ones(len(X)) if weights is None else np.sqrt(weights)
    design, targets = (X - x_mean) * roots[:, None], (Y - y_mean) * roots[:, None]
    columns = run_tasks(lambda target: optimize.nnls(design, target)[0], list(targets.T), n_threads)
    return LeastSquaresFit(np.column_stack(columns), x_mean, y_mean)


def fit_sparse(
    X: Any,
    Y: Array,
    weights: Array | None = None,
    *,
    fit_intercept: bool = True,
    tol: float = DEFAULT_TOL,
    n_threads: int = 1,
) -> LeastSquaresFit:
    """Least squares on sparse rows by LSQR, which needs products with the design only: centring stays implicit.

    Parameters
    ----------
    X : sparse array of shape (n, p)
        CSR or CSC.
    Y : ndarray of shape (n, t)
    weights, fit_intercept
        As in `fit_least_squares`.
    tol : float
        LSQR's ``atol`` and ``btol``.
    n_threads : int
        Targets solved side by side.
    """
    n, p = X.shape
    x_mean = mean_variance_axis(X, axis=0, weights=weights)[0].astype(np.float64) if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    roots = np.ones(n) if weights is None else np.sqrt(weights)
    # V (X - 1 mᵀ) and its transpose, V = diag(roots).
    design = LinearOperator(
        shape=(n, p),
        dtype=np.float64,
        matvec=lambda w: roots * (X @ w.ravel() - x_mean @ w.ravel()),
        rmatvec=lambda r: X.T @ (roots * r.ravel()) - x_mean * (roots @ r.ravel()),
    )
    targets = (Y - y_mean) * roots[:, None]
    columns = run_tasks(lambda target: lsqr(design, target, atol=tol, btol=tol)[0], list(targets.T), n_threads)
    return LeastSquaresFit(np.column_stack(columns), x_mean, y_mean)


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
