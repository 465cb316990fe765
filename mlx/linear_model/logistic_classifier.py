"""What every logistic regression has once it has coefficients: probabilities, and weights of rows by their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..validation import check_sample_weight, naming
from .linear_classifier import LinearClassifierMixin

__all__ = ["LogisticClassifierMixin"]

Array = NDArray[np.floating]


class LogisticClassifierMixin(LinearClassifierMixin):
    """Probabilities from scores: σ(f) for two classes, softmax(f) for more."""

    solver: str
    class_weight: Any

    def predict_proba(self, X):
        """Predict the probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        scores = self.decision_function(X)
        # σ(-f) instead of 1 - σ(f) keeps the digits of small probabilities.
        return np.column_stack([expit(-scores), expit(scores)]) if scores.ndim == 1 else softmax(scores, axis=1)

    def predict_log_proba(self, X):
        """Predict the logarithm of the probabilities, finite where the probability is too small for a float.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return -np.logaddexp(0, np.column_stack([scores, -scores]))
        return log_softmax(scores, axis=1)

    def _codes(self, y: Any) -> NDArray[np.int64]:
        """Set `classes_`; the class codes of the labels."""
        with naming("y"):
            check_classification_targets(y)
            self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes in y, but y contains only one class: "
                f"{self.classes_[0]!r}"
            )
        if self.solver == "liblinear" and len(self.classes_) > 2:
            raise ValueError(
                f"solver='liblinear' supports two classes only, and y has {len(self.classes_)} (n_classes >= 3); take "
                "another solver, or OneVsRestClassifier"
            )
        return codes

    def _weights(self, X: Any, y: Any, codes: Any, sample_weight: Any) -> Array | None:
        """Row weights times class weights, float64; None if there are neither."""
        weights = check_sample_weight(sample_weight, X)
        if self.class_weight is None:
            return weights
        by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=weights)
        if not (np.isfinite(by_class) & (by_class >= 0)).all():
            raise ValueError(f"class_weight={self.class_weight!r} must hold finite weights that are not negative")
        return by_class[codes] if weights is None else weights * by_class[codes]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags
