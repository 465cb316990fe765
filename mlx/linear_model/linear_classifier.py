"""A linear classifier scores a class with wᵀx + b and predicts the class of the highest score."""

from __future__ import annotations

from typing import Any

from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from ..validation import validate_data

__all__ = ["LinearClassifierMixin"]


class LinearClassifierMixin(ClassifierMixin):
    """Scores and predictions from `coef_`, `intercept_` and `classes_`; `coef_` dense or sparse."""

    coef_: Any
    intercept_: Any
    classes_: Any

    def decision_function(self, X):
        """Score the classes with W x + b.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the score of the second.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        coefficients = self.coef_
        if sparse.issparse(coefficients):
            coefficients = coefficients.toarray()
        scores = X @ coefficients.T + self.intercept_
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X):
        """Predict the label of the highest score.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]

    def sparsify(self):
        """Turn `coef_` into a CSR array, for models with many zeros.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.coef_ = sparse.csr_array(self.coef_)
        return self

    def densify(self):
        """Turn `coef_` back into a dense array.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
