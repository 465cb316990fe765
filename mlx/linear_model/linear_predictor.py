"""A linear predictor is what every regression here ends as: coefficients, an intercept, and their sum over a row."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..validation import validate_data

__all__ = ["LinearPredictorMixin"]


class LinearPredictorMixin:
    """`predict` of regressions with ``coef_`` and ``intercept_``."""

    coef_: Any
    intercept_: Any

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
