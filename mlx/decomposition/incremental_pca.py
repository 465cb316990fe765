"""Incremental principal component analysis: components of all rows so far, from those of the rows before and a batch.

Formula (D. Ross, J. Lim, R.-S. Lin & M.-H. Yang, "Incremental learning for robust visual tracking", Int. J. Comput.
Vis. 77 (2008), lemma 1 and what follows it): the axes and singular values of all rows are those of the stack ::

    ┌ diag(σ) V              ┐   what is known of the n rows before, k rows
    │ B - 1 bᵀ               │   the batch around its own mean, r rows
    └ √(n r / (n + r)) (m - b) ┘   how far the two means lie apart, 1 row

======  ============  =========================================================
symbol  shape         meaning
======  ============  =========================================================
B       (r, p)        the batch; b its column means
n, m                  number of rows before, and their means, shape (p,)
V, σ    (k, p), (k,)  axes and singular values found in them
======  ============  =========================================================

The stack loses nothing while k reaches the rank of the rows; with fewer components, what was left out after each batch
is missing from all that follow. Axes are taken from the stack by the ways of `principal_axes`.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.utils import gen_batches, metadata_routing
from sklearn.utils._param_validation import Interval

from ..validation import validate_data
from .components import PrincipalComponents
from .principal_axes import Decomposition, axes_around, centred_rows, column_mean_of

__all__ = ["IncrementalPCA"]

Array = NDArray[np.floating]


class IncrementalPCA(PrincipalComponents):
    """Principal component analysis of rows that come in batches, with scikit-learn's parameters and attributes.

    Parameters
    ----------
    n_components : int or None, default=None
        Number of components, at most that of the features and of the rows of the first batch; None keeps as many as
        the first batch can have.
    whiten : bool, default=False
        Whether `transform` divides each score by its standard deviation.
    copy : bool, default=True
        If False, `X` may be overwritten.
    batch_size : int or None, default=None
        Rows of a batch in `fit`; None is five times the number of features.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Principal axes, orthonormal rows, by descending variance.
    explained_variance_ : ndarray of shape (n_components,)
        Variance along each axis, with n_samples_seen - 1 in the denominator.
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the total variance.
    singular_values_ : ndarray of shape (n_components,)
        Lengths of the columns of scores.
    mean_ : ndarray of shape (n_features,)
        Column means.
    var_ : ndarray of shape (n_features,)
        Column variances, with n_samples_seen in the denominator.
    noise_variance_ : float
        Mean variance along the directions of the last stack that were left out.
    n_components_ : int
        Number of components.
    n_samples_seen_ : int
        Number of rows seen; a call of `fit` starts at 0.
    batch_size_ : int
        Rows of a batch in `fit`.
    loadings_ : ndarray of shape (n_features, n_components)
        Components times the standard deviations of their scores.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    With ``whiten=True``, `get_covariance` and `get_precision` describe the data, as in `PCA`; scikit-learn multiplies
    the variances in twice.

    References
    ----------
    D. Ross, J. Lim, R.-S. Lin & M.-H. Yang, "Incremental learning for robust visual tracking", Int. J. Comput. Vis.
    77 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.decomposition import IncrementalPCA
    >>> X = np.array([[-1.0, -1.0], [-2.0, -1.0], [-3.0, -2.0], [1.0, 1.0], [2.0, 1.0], [3.0, 2.0]])
    >>> pca = IncrementalPCA(n_components=1)
    >>> pca.partial_fit(X[:3]).partial_fit(X[3:]).explained_variance_ratio_.round(3)
    array([0.992])
    """

    # scikit-learn's name: a switch of validation is no metadata to be routed.
    __metadata_request__partial_fit: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "whiten": ["boolean"],
        "copy": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    var_: Array

    def __init__(self, n_components=None, *, whiten=False, copy=True, batch_size=None):
        self.n_components = n_components
        self.whiten = whiten
        self.copy = copy
        self.batch_size = batch_size

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the components of the rows, batch by batch; what was seen before is forgotten.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, float32 or float64 (other types become float64). Of sparse rows one batch at a time is made dense.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN, inf or the wrong shape, or `n_components` does not fit it.
        """
        X = validate_data(
            self,
            X,
            accept_sparse=("csr", "csc", "lil"),
            dtype=[np.float64, np.float32],
            force_writeable=not self.copy,
        )
        self._forget()
        n, p = X.shape
        self.batch_size_ = 5 * p if self.batch_size is None else self.batch_size
        X = X.tocsr() if sparse.issparse(X) else X
        for rows in gen_batches(n, self.batch_size_, min_batch_size=self.n_components or 0):
            batch = X[rows]
            is_own = sparse.issparse(batch)
            self._take_in(batch.toarray() if is_own else batch, overwrite=is_own or not self.copy)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, check_input=True):
        """Take in one more batch.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : None
            Ignored.
        check_input : bool, default=True
            If False, `X` is taken for a valid array of floats.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN, inf or another number of features, or the first batch has fewer rows than components.
        TypeError
            If `X` is sparse: `fit` takes sparse rows.
        """
        is_first = not hasattr(self, "components_")
        if check_input:
            if sparse.issparse(X):
                raise TypeError("IncrementalPCA.partial_fit takes no sparse X; fit does, batch by batch")
            X = validate_data(self, X, dtype=[np.float64, np.float32], force_writeable=not self.copy, reset=is_first)
        if is_first:
            self._forget()
        self._take_in(X, overwrite=not self.copy)
        return self

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
        return self.fit(X).transform(X)

    def _forget(self) -> None:
        self.n_samples_seen_ = 0

    def _take_in(self, batch: Array, *, overwrite: bool) -> None:
        """One step of the formula; stores the components of all rows so far."""
        r, p = batch.shape
        k = self._number_of_components(r, p)
        n_before, n_after = self.n_samples_seen_, self.n_samples_seen_ + r
        batch_mean = column_mean_of(batch)
        centred = centred_rows(batch, batch_mean, overwrite)
        squares = np.einsum("ij,ij->j", centred, centred, dtype=np.float64)
        if n_before:
            apart = self.mean_ - batch_mean
            joint = n_before * r / n_after
            known = self.singular_values_[:, None] * self.components_
            stack = np.concatenate([known, centred, (np.sqrt(joint) * apart)[None, :]], dtype=batch.dtype)
            squares = squares + n_before * self.var_ + joint * apart**2
            batch_mean = self.mean_ - apart * (r / n_after)
        else:
            stack = centred
        self.n_samples_seen_, self.n_components_ = n_after, k
        self.mean_, self.var_ = batch_mean, squares / n_after
        found = axes_around(stack, np.zeros(p), k, "auto", overwrite=True)
        self._store(found, is_all=k in (r, p), dtype=batch.dtype)

    def _number_of_components(self, r: int, p: int) -> int:
        """Number of components to keep after a batch of r rows and p features."""
        if self.n_components is None:
            return self.n_components_ if self.n_samples_seen_ else min(r, p)
        if self.n_components > p:
            raise ValueError(f"n_components={self.n_components} must be at most n_features={p}")
        if not self.n_samples_seen_ and self.n_components > r:
            raise ValueError(f"n_components={self.n_components} must be at most {r}, the rows of the first batch of X")
        if self.n_samples_seen_ and self.n_components != self.n_components_:
            raise ValueError(f"n_components={self.n_components} was {self.n_components_} in the batches before")
        return self.n_components

    def _store(self, found: Decomposition, *, is_all: bool, dtype: Any) -> None:
        """Store what is read off the decomposition of the stack."""
        k = self.n_components_
        squares = found.singular_values[:k] ** 2
        with np.errstate(divide="ignore", invalid="ignore"):  # one row has no variance, and no shares of it
            self.explained_variance_ = (squares / np.float64(self.n_samples_seen_ - 1)).astype(dtype)
            total = np.sum(self.var_) * self.n_samples_seen_
            self.explained_variance_ratio_ = (squares / total).astype(dtype)
            left_out = np.float64(found.mean_left_out(k)) / (self.n_samples_seen_ - 1)
        # scikit-learn's rule: a batch of k rows says nothing of what lies beyond k directions.
        self.noise_variance_ = 0.0 if is_all else float(left_out)
        self.singular_values_ = found.singular_values[:k].astype(dtype)
        self.components_ = found.axes[:k].astype(dtype)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
