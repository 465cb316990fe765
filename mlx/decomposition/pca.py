"""Principal component analysis: rows described by their coordinates along the directions of largest variance.

The formulas, the symbols and the ways to the axes stand in `principal_axes`; the Gaussian model behind covariance,
precision, likelihood and ``n_components="mle"`` in `probabilistic`.

Departs from scikit-learn:

- ``svd_solver="auto"`` never takes the randomized solver, which is not exact: for a few of many components it takes a
  Krylov space until residuals say that they are exact, else the eigenvectors of the smaller Gram matrix, while either
  is safe, and singular values otherwise. ``svd_solver="randomized"`` is there.
- ``covariance_eigh`` centres dense rows before they are multiplied, where scikit-learn subtracts n m mᵀ afterwards: no
  digits are lost to large means. For sparse rows it subtracts, too, but in float64 whatever the dtype of `X`.
- With ``whiten=True``, `PCA.get_covariance`, `PCA.get_precision` and the scores of rows describe the data, as without
  it: whitening scales the output and is no part of the model. scikit-learn multiplies the variances in twice.
- One row is refused: it has no variance.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..validation import validate_data
from .components import PrincipalComponents
from .principal_axes import Decomposition, n_kept, principal_axes
from .probabilistic import log_likelihood
from .truncated_axes import truncated_axes

__all__ = ["PCA"]

Array = NDArray[np.floating]


class PCA(PrincipalComponents):
    """Principal component analysis, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    n_components : int, float, 'mle' or None, default=None
        Number of components. A fraction between 0 and 1 asks for the fewest components that explain more than this
        share of the variance, 'mle' for the likeliest number (Minka); both need an exact solver. None keeps
        min(n_samples, n_features), one less with arpack.
    copy : bool, default=True
        If False, `X` may be overwritten by `fit`.
    whiten : bool, default=False
        Whether `transform` divides each score by its standard deviation.
    svd_solver : {'auto', 'full', 'covariance_eigh', 'arpack', 'randomized'}, default='auto'
        How the components are found.

        'auto'
            Exact: eigenvectors of the smaller Gram matrix if the smallest kept variance is at least 1e-5 of the
            largest, 'full' otherwise and for tables up to 500 by 500; 'arpack' for sparse `X`. If few of many
            components are asked for, the eigenvectors come from products with the matrix (`numeric/krylov.py`), to
            the same accuracy and sooner.
        'full'
            Singular value decomposition, exact to rounding for components of any size.
        'covariance_eigh'
            Eigenvectors of the covariance matrix of the features. Takes sparse `X`.
        'arpack'
            Lanczos iteration, for less than min(n_samples, n_features) components. Takes sparse `X`.
        'randomized'
            Random projection and power iterations; with the same `random_state` the numbers are scikit-learn's.
    tol : float, default=0.0
        Relative accuracy of the singular values with 'arpack', 0 for machine precision.
    iterated_power : int or 'auto', default='auto'
        Power iterations of 'randomized'; 'auto' is 7 for less than a tenth of the components, else 4.
    n_oversamples : int, default=10
        Random vectors that 'randomized' draws beyond the number of components.
    power_iteration_normalizer : {'auto', 'QR', 'LU', 'none'}, default='auto'
        What 'randomized' does between power iterations; 'auto' is nothing up to two iterations, then LU.
    random_state : int, RandomState instance or None, default=None
        Of 'arpack' and 'randomized'.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Principal axes, orthonormal rows, by descending variance.
    explained_variance_ : ndarray of shape (n_components,)
        Variance along each axis, with n_samples - 1 in the denominator.
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the total variance.
    singular_values_ : ndarray of shape (n_components,)
        Lengths of the columns of scores.
    mean_ : ndarray of shape (n_features,)
        Column means.
    n_components_ : int
        Number of components.
    n_samples_ : int
        Number of rows seen in `fit`.
    noise_variance_ : float
        Mean variance along the directions left out, 0 if none is.
    loadings_ : ndarray of shape (n_features, n_components)
        Components times the standard deviations of their scores.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    At least two rows are needed. Of equal variances only the span of the axes is determined, and along a direction
    without variance not even that.

    References
    ----------
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., section 14.5.1.
    M. Tipping & C. Bishop, "Probabilistic principal component analysis", J. R. Statist. Soc. B 61 (1999).
    T. Minka, "Automatic choice of dimensionality for PCA", NIPS 2000.
    N. Halko, P.-G. Martinsson & J. Tropp, "Finding structure with randomness", SIAM Review 53 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.decomposition import PCA
    >>> X = np.array([[-1.0, -1.0], [-2.0, -1.0], [-3.0, -2.0], [1.0, 1.0], [2.0, 1.0], [3.0, 2.0]])
    >>> pca = PCA(n_components=1).fit(X)
    >>> pca.explained_variance_ratio_.round(3), pca.components_.round(3)
    (array([0.992]), array([[0.838, 0.545]]))
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            StrOptions({"mle"}),
            None,
        ],
        "copy": ["boolean"],
        "whiten": ["boolean"],
        "svd_solver": [StrOptions({"auto", "full", "covariance_eigh", "arpack", "randomized"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "iterated_power": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "n_oversamples": [Interval(Integral, 1, None, closed="left")],
        "power_iteration_normalizer": [StrOptions({"auto", "QR", "LU", "none"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components=None,
        *,
        copy=True,
        whiten=False,
        svd_solver="auto",
        tol=0.0,
        iterated_power="auto",
        n_oversamples=10,
        power_iteration_normalizer="auto",
        random_state=None,
    ):
        self.n_components = n_components
        self.copy = copy
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.tol = tol
        self.iterated_power = iterated_power
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the components.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, float32 or float64 (other types become float64). Sparse with 'auto', 'arpack', 'covariance_eigh'.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN, inf, the wrong shape or one row, or a parameter is out of range.
        TypeError
            If `X` is sparse and the solver needs dense rows.
        """
        self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Find the components and return the scores of the same rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        X, U = self._fit(X)
        if U is None:
            return self._scores(X)
        return U * (np.sqrt(self.n_samples_ - 1) if self.whiten else self.singular_values_)

    def score_samples(self, X):
        """Log-likelihood of each row under the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return log_likelihood(X - self.mean_, self.components_, self.explained_variance_, self.noise_variance_)

    def score(self, X, y=None):
        """Mean log-likelihood of the rows under the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : None
            Ignored.

        Returns
        -------
        float
        """
        return float(np.mean(self.score_samples(X)))

    def _fit(self, X: Any) -> tuple[Any, Array | None]:
        """Validate, decompose, store; returns the validated X and U, cut to the components kept."""
        if sparse.issparse(X) and self.svd_solver in ("full", "randomized"):
            raise TypeError(
                f"PCA takes sparse X with svd_solver 'auto', 'arpack' or 'covariance_eigh', not {self.svd_solver!r}"
            )
        X = validate_data(
            self,
            X,
            dtype=[np.float64, np.float32],
            accept_sparse=("csr", "csc"),
            ensure_min_samples=2,
            ensure_all_finite=False,  # looked at where the products of columns have not told
            force_writeable=not self.copy,
        )
        n = X.shape[0]
        found = self._decompose(X)
        variances = found.variances(n)
        total_variance = found.total / (n - 1)
        k = n_kept(self.n_components, variances, total_variance, n)

        self._fit_svd_solver = found.solver
        self.n_samples_ = n
        self.n_components_ = k
        self.mean_ = found.mean.astype(X.dtype)
        self.components_ = found.axes[:k].astype(X.dtype)
        self.explained_variance_ = variances[:k].astype(X.dtype)
        with np.errstate(invalid="ignore"):  # the share of no variance is nan
            self.explained_variance_ratio_ = (variances[:k] / total_variance).astype(X.dtype)
        self.singular_values_ = found.singular_values[:k].astype(X.dtype)
        self.noise_variance_ = found.mean_left_out(k) / (n - 1) if k < min(X.shape) else 0.0
        return X, None if found.U is None else found.U[:, :k].astype(X.dtype, copy=False)

    def _decompose(self, X: Any) -> Decomposition:
        """Hand the rows to the solver that the parameters name."""
        solver = "arpack" if sparse.issparse(X) and self.svd_solver == "auto" else self.svd_solver
        if solver not in ("arpack", "randomized"):
            return principal_axes(X, self.n_components, solver, overwrite=not self.copy)
        assert_all_finite(X, estimator_name="PCA", input_name="X")
        return truncated_axes(
            X,
            self.n_components,
            solver,
            check_random_state(self.random_state),
            overwrite=not self.copy,
            tol=self.tol,
            iterated_power=self.iterated_power,
            n_oversamples=self.n_oversamples,
            normalizer=self.power_iteration_normalizer,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.sparse = self.svd_solver in ("auto", "arpack", "covariance_eigh")
        return tags
