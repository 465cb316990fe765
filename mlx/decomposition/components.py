"""Fitted principal components: scores of rows, rows of scores, loadings, and the covariance that they stand for.

`PCA` and `IncrementalPCA` find the components in two ways and share what is done with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from ..validation import naming, validate_data
from .probabilistic import covariance, precision

__all__ = ["PrincipalComponents"]

Array = NDArray[np.floating]


class PrincipalComponents(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base class of what has `components_`, `explained_variance_`, `mean_`, `noise_variance_` and `whiten`."""

    components_: Array
    explained_variance_: Array
    singular_values_: Array
    mean_: Array
    n_components_: int
    noise_variance_: float

    def transform(self, X):
        """Scores of rows: their coordinates along the components.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        return self._scores(
            validate_data(self, X, dtype=[np.float64, np.float32], accept_sparse=("csr", "csc"), reset=False)
        )

    def inverse_transform(self, X):
        """Rows with the given scores, in the plane of the components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        with naming("X"):
            X = check_array(X, input_name="X", dtype=[np.float64, np.float32])
        if X.shape[1] != self.n_components_:
            raise ValueError(
                f"X has {X.shape[1]} columns, but {type(self).__name__} has {self.n_components_} components"
            )
        axes = np.sqrt(self.explained_variance_)[:, None] * self.components_ if self.whiten else self.components_
        return X @ axes + self.mean_

    def get_covariance(self):
        """Covariance of the model, components plus round noise.

        Returns
        -------
        ndarray of shape (n_features, n_features)
        """
        check_is_fitted(self)
        return covariance(self.components_, self.explained_variance_, self.noise_variance_)

    def get_precision(self):
        """Inverse of the covariance of the model.

        Returns
        -------
        ndarray of shape (n_features, n_features)

        Raises
        ------
        numpy.linalg.LinAlgError
            If a direction has variance 0.
        """
        check_is_fitted(self)
        return precision(self.components_, self.explained_variance_, self.noise_variance_)

    @property
    def loadings_(self):
        """Components times the standard deviations of their scores, one column each.

        Entry (j, i) is the covariance of feature j with score i, divided by the score's standard deviation; of
        standardised features it is their correlation. Lᵀ L = diag(λ), and L Lᵀ is the part of the covariance that the
        components explain.

        Returns
        -------
        ndarray of shape (n_features, n_components)
        """
        check_is_fitted(self)
        return self.components_.T * np.sqrt(self.explained_variance_)

    def _scores(self, X: Any) -> Array:
        """(X - 1 mᵀ) V, divided by the standard deviations if whitened."""
        if sparse.issparse(X):
            scores = X @ self.components_.T - self.mean_ @ self.components_.T
        else:
            kind = np.result_type(X, self.components_)
            scores = np.subtract(X, self.mean_, dtype=kind, casting="same_kind") @ self.components_.T
        if self.whiten:
            deviations = np.sqrt(self.explained_variance_)
            scores /= np.maximum(deviations, np.finfo(deviations.dtype).eps)
        return scores

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]
