"""Gradient-boosted trees for classification, with the parameters of xgboost's class of the same name."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ..validation import naming
from .continuation import EarlierModel
from .model import Goal, XGBModel
from .prediction import mean_of
from .training import Rows

__all__ = ["XGBClassifier"]

OBJECTIVES = ("binary:logistic", "binary:logitraw", "binary:hinge", "multi:softprob", "multi:softmax")


class XGBClassifier(ClassifierMixin, XGBModel):
    """Gradient-boosted trees for classification into two or more classes, with xgboost's parameters and defaults.

    Parameters
    ----------
    objective : str or callable, default='binary:logistic'
        'binary:logistic', 'binary:logitraw', 'binary:hinge', 'multi:softprob' or 'multi:softmax'; None is the default.
        With more than two classes 'binary:logistic' becomes 'multi:softprob', and the other binary ones are an error;
        unlike in the library, `fit` leaves the parameter as it is. 'binary:logitraw' is 'binary:logistic' started from
        another margin: here, unlike in the library, labels and probabilities are those of its logits. The
        probabilities of 'binary:hinge' are 0 and 1. Or a function ``objective(y_true, y_pred)`` of numbers of classes,
        shape (n_samples,), and margins, shape (n_samples,) or, for more than two classes, (n_samples, n_classes), that
        returns gradient and Hessian of the loss in y_pred, both of the shape of y_pred; with `sample_weight` it needs a
        parameter of that name, and multiplies by it itself. Margins are then taken for logits, or for those of softmax.
    scale_pos_weight : float, default=None
        Factor of the weights of rows whose target is the second class; only for two classes; None is 1.
    base_score : float or list of float, default=None
        Before the first tree, the probability of the second class (two classes), or the margin of all or of each class;
        None is the share of the second class, or the centred logarithms of the shares.

    Attributes
    ----------
    intercept_ : ndarray of float32
        As `base_score`: shape (1,) for two classes, (n_classes,) for more.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted. They may be anything that can be sorted; the library wants 0, ..., n_classes - 1.
    n_classes_ : int
        Number of classes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mlx.boosting import XGBClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = XGBClassifier(n_estimators=5, max_depth=2).fit(X, y)
    >>> model.predict(X[:3])
    array([0, 0, 0])
    """

    _objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    _takes_own_objective: ClassVar[bool] = True

    def __init__(self, *, objective: Any = "binary:logistic", **parameters: Any) -> None:
        super().__init__(objective=objective, **parameters)

    def _goal(self, y: Any, rows: Rows, earlier: EarlierModel | None) -> Goal:
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            return self._several_goals(np.asarray(y), rows)
        with naming("y"):
            check_classification_targets(y)
            labels = column_or_1d(y, warn=True)[rows]
            known = None if earlier is None else earlier.classes
            self.classes_ = np.unique(labels) if known is None else known
            codes = self._targets(labels)
        self.n_classes_ = len(self.classes_)
        if self.n_classes_ < 2:
            raise ValueError(f"y: at least two classes are needed, but there is one class only: {self.classes_[0]!r}")
        objective = self._objective_for(self.n_classes_)
        name = ("binary:logistic" if self.n_classes_ == 2 else "multi:softprob") if callable(objective) else objective
        n_outputs = 1 if name.startswith("binary:") else self.n_classes_
        if n_outputs == 1 and self.n_classes_ > 2:
            raise ValueError(f"objective={objective!r} is for two classes, but y has {self.n_classes_}")
        if n_outputs > 1 and self._resolved("scale_pos_weight") != 1:
            raise NotImplementedError("XGBClassifier: parameter scale_pos_weight has no meaning for several outputs")
        return Goal(codes, labels, objective, n_outputs, name)

    def _several_goals(self, y: NDArray, rows: Rows) -> Goal:
        """What shall be learned of rows that may have several labels, shape (n_samples, n_labels): 1 where they do."""
        objective = "binary:logistic" if self.objective is None else self.objective
        if callable(objective) or not objective.startswith("binary:"):
            raise NotImplementedError(f"XGBClassifier: objective={objective!r} takes one label per row")
        self.classes_, self.n_classes_ = np.array([0, 1]), 2
        targets = self._targets(y[rows])
        return Goal(targets, targets, objective, y.shape[1])

    def _targets(self, y: Any) -> NDArray[np.float32]:
        """Numbers of the classes of labels that are not trained on, or which labels rows have."""
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            which = np.asarray(y)
            if not np.isin(which, (0, 1)).all():
                raise ValueError("y: rows with several labels must say with 0 or 1 which of them they have")
            return which.astype(np.float32)
        labels = column_or_1d(y, warn=True)
        known = np.isin(labels, self.classes_)
        if not np.all(known):
            raise ValueError(f"label {labels[np.argmin(known)].item()!r} is not among those that are trained on")
        return np.searchsorted(self.classes_, labels).astype(np.float32)

    def _objective_for(self, n_classes: int) -> Any:
        if self.objective in (None, "binary:logistic"):
            return "binary:logistic" if n_classes == 2 else "multi:softprob"
        return self.objective

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: tuple[int, int] | None = None,
    ) -> NDArray:
        """Predicted labels, or margins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        output_margin : bool, default=False
            Return margins instead of labels.
        validate_features : bool, default=True
            Whether column names must be those of the fit, in the same order.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margins start, in place of the start of the model.
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all, or after early stopping those up to the best one.

        Returns
        -------
        ndarray
            Labels of shape (n_samples,), or, if rows may have several, which ones, of shape (n_samples, n_labels);
            or margins, float32, of shape (n_samples,) for 'binary:*' and (n_samples, n_classes) otherwise.
        """
        predicted = self._predict(X, output_margin, validate_features, base_margin, iteration_range)
        binary = predicted.shape[1] == 1
        if output_margin:
            return predicted[:, 0] if binary else predicted
        # A logit of 0 is a probability of ½.
        even = 0.0 if self._objective == "binary:logitraw" else 0.5
        if self._objective.startswith("binary:"):
            codes = (predicted > even).astype(np.intp)
            return self.classes_[codes[:, 0] if binary else codes]
        return self.classes_[np.argmax(predicted, axis=1)]

    def predict_proba(
        self,
        X: Any,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: tuple[int, int] | None = None,
    ) -> NDArray[np.float32]:
        """Probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        validate_features : bool, default=True
            Whether column names must be those of the fit, in the same order.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margins start, in place of the start of the model.
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all, or after early stopping those up to the best one.

        Returns
        -------
        ndarray of float32, shape (n_samples, n_classes), or that of having each label if rows may have several
        """
        probability = self._predict(X, False, validate_features, base_margin, iteration_range)
        if self._objective == "binary:logitraw":
            probability = mean_of(probability, "logit")
        if probability.shape[1] > 1:
            return probability
        return np.concatenate([np.float32(1.0) - probability, probability], axis=1)
