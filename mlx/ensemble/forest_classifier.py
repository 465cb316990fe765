"""Forests that tell classes: `RandomForestClassifier`.

With the same ``random_state`` the trees are scikit-learn's, and so are the probabilities, bit by bit: the trees' shares
of classes are added in the order of the trees, and divided by their number. Sparse tables whose weights are no whole
numbers are the exception that `mlx.tree.decision_tree_classifier` states.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets

from ..tree.decision_tree_classifier import DecisionTreeClassifier
from ..tree.targets import ClassTargets
from ..validation import naming
from .forest import BaseForest

__all__ = ["RandomForestClassifier"]

# What the trees' constraints say of parameters that a forest has not.
NOT_OF_FORESTS = {"splitter", "class_weight"}


class ForestClassifier(ClassifierMixin, BaseForest):
    """What forests for classes have in common."""

    _parameter_constraints: ClassVar[dict] = {
        **BaseForest._parameter_constraints,
        **{
            name: allowed
            for name, allowed in DecisionTreeClassifier._parameter_constraints.items()
            if name not in NOT_OF_FORESTS
        },
        "class_weight": [StrOptions({"balanced_subsample", "balanced"}), dict, list, None],
    }

    def predict(self, X):
        """Class with the largest mean probability, the first of equally probable ones.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        probabilities = self._probabilities(X)
        if self.n_outputs_ == 1:
            return self.classes_.take(probabilities[0].argmax(axis=1))
        labels = np.empty((len(probabilities[0]), self.n_outputs_), dtype=self.classes_[0].dtype)
        for k, (classes, share) in enumerate(zip(self.classes_, probabilities)):
            labels[:, k] = classes.take(share.argmax(axis=1))
        return labels

    def predict_proba(self, X):
        """Mean, over the trees, of the share of each class in the leaf that the row reaches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of such arrays
            In the order of `classes_`; a list with one array per output if there are several.
        """
        probabilities = self._probabilities(X)
        return probabilities[0] if self.n_outputs_ == 1 else probabilities

    def predict_log_proba(self, X):
        """Logarithms of `predict_proba`; -inf where it is 0.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of such arrays
        """
        with np.errstate(divide="ignore"):
            logs = [np.log(share) for share in self._probabilities(X)]
        return logs[0] if self.n_outputs_ == 1 else logs

    def _probabilities(self, X: Any) -> list[NDArray[np.float64]]:
        """Mean shares of the classes, for each output."""
        means = self._mean_values(X).reshape(-1, self.n_outputs_, np.max(self.n_classes_))
        n_classes = np.atleast_1d(self.n_classes_)
        return [np.ascontiguousarray(means[:, k, :n]) for k, n in enumerate(n_classes)]

    def _targets(
        self, y: NDArray, sample_weight: Any
    ) -> tuple[ClassTargets, NDArray[np.float64], NDArray[np.float64] | None]:
        with naming("y"):
            check_classification_targets(y)
            found = [np.unique(column, return_inverse=True) for column in y.T]
        classes = [labels for labels, _ in found]
        codes = np.column_stack([own for _, own in found])
        n_classes = [len(labels) for labels in classes]
        self.classes_: Any = classes[0] if self.n_outputs_ == 1 else classes
        self.n_classes_: Any = n_classes[0] if self.n_outputs_ == 1 else n_classes
        targets = ClassTargets(codes.astype(np.int32), np.array(n_classes, dtype=np.int64))
        with naming("class_weight"):
            weights = self._weights_of_classes(y, classes, sample_weight)
        return targets, codes.astype(np.float64), weights

    def _weights_of_classes(self, y: NDArray, classes: list[NDArray], sample_weight: Any) -> NDArray | None:
        """Weight of each row by its class; None if all are 1, or if it is not known before rows are drawn."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, dict | list):
            return compute_sample_weight(self.class_weight, y)
        if self.warm_start:
            warnings.warn(
                f'class_weight="{self.class_weight}" is not recommended with warm_start: it is computed anew from the '
                "data of each fit. Give the weights as a dict, computed from all data, instead.",
                UserWarning,
                stacklevel=6,
            )
        if self.class_weight == "balanced_subsample" and self.bootstrap:
            return None
        balanced = [
            dict(zip(labels, compute_class_weight("balanced", classes=labels, y=column, sample_weight=sample_weight)))
            for labels, column in zip(classes, y.T)
        ]
        return compute_sample_weight(balanced[0] if len(balanced) == 1 else balanced, y)

    def _template(self) -> Any:
        tree = super()._template()
        # The trees know the classes by their numbers.
        n_classes = np.atleast_1d(self.n_classes_)
        numbers = [np.arange(n, dtype=np.float64) for n in n_classes]
        tree.classes_ = numbers[0] if self.n_outputs_ == 1 else numbers
        tree.n_classes_ = n_classes[0] if self.n_outputs_ == 1 else n_classes
        return tree

    def _set_out_of_bag(self, means: NDArray[np.float64], y: NDArray) -> None:
        # Shape (n_samples, n_classes, n_outputs): all outputs have as many classes where there are several.
        shares = means.reshape(len(y), self.n_outputs_, -1).swapaxes(1, 2)
        shares = shares[:, :, 0] if self.n_outputs_ == 1 else shares
        self.oob_decision_function_ = np.ascontiguousarray(shares)
        score = self.oob_score if callable(self.oob_score) else accuracy_score
        self.oob_score_ = score(y, np.argmax(self.oob_decision_function_, axis=1))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class RandomForestClassifier(ForestClassifier):
    """Random forest for two or more classes, with scikit-learn's parameters, attributes and trees.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {'gini', 'entropy', 'log_loss', 'gain_ratio'}, default='gini'
        What a split is to improve: Gini impurity, or entropy ('log_loss' is the same). 'gain_ratio' divides the gain of
        entropy by the bits that it takes to name the side (C4.5).
    max_depth : int, default=None
        Questions on the longest path; None for no limit.
    min_samples_split : int or float, default=2
        Rows that a node needs to be split; a float is a share of all.
    min_samples_leaf : int or float, default=1
        Rows that each leaf must have; a float is a share of all.
    min_weight_fraction_leaf : float, default=0.0
        Share of the weight of all rows of the tree that each leaf must have.
    max_features : {'sqrt', 'log2', None}, int or float, default='sqrt'
        Columns to search at each node, drawn at random; a float is a share. None searches all.
    max_leaf_nodes : int, default=None
        Grow so many leaves at most, the best split first.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, weighted by the share of rows, that a split must bring.
    bootstrap : bool, default=True
        Whether each tree sees a bootstrap sample, or all rows.
    oob_score : bool or callable, default=False
        Whether to predict each training row by the trees that have not seen it, and score that: by accuracy, or by
        ``oob_score(y_true, y_predicted)`` with classes as numbers. Needs ``bootstrap=True``.
    n_jobs : int, default=None
        Threads; None is 1 (or what a joblib context says), -1 is all cores. The forest is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Draws the seeds of the trees.
    verbose : int, default=0
        1 says on stderr what was done and how long it took; 2 prints a line as each tree is begun, too.
    warm_start : bool, default=False
        Whether `fit` adds trees to those of the fit before, up to `n_estimators`.
    class_weight : {'balanced', 'balanced_subsample'}, dict or list of dict, default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' gives each class the same total weight,
        'balanced_subsample' does so in each tree's own sample. A list has one dict per output.
    ccp_alpha : float, default=0.0
        Impurity that a leaf must be worth: branches that are not are cut off (minimal cost-complexity pruning).
    max_samples : int or float, default=None
        Rows that each tree draws; a float is a share of all (of their weight, if they have weights), None is all.
    monotonic_cst : array-like of int, shape (n_features,), default=None
        For each column 1, 0 or -1: the probability of the second class must rise, may do as it likes, or must fall
        as the column grows. For two classes and one output.

    Attributes
    ----------
    estimator_ : DecisionTreeClassifier
        Tree of the kind that the forest is made of, not fitted.
    estimators_ : list of DecisionTreeClassifier
        The trees.
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        Labels, sorted; a list with one array per output if there are several.
    n_classes_ : int or list of int
        Number of classes, of each output if there are several.
    n_outputs_ : int
        Number of outputs.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the decrease of impurity, mean of the trees.
    oob_score_ : float
        Out-of-bag score, with `oob_score`.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
        Out-of-bag probabilities, with `oob_score`; 0 for a row that every tree has seen.
    estimators_samples_ : list of ndarray of int32
        Rows that each tree has seen, as often as it has.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    See Also
    --------
    RandomForestRegressor : The same for numbers.
    ExtraTreesClassifier : Trees that draw thresholds at random.

    Notes
    -----
    `X` is rounded to float32. NaN is a missing value (in dense `X`): at each node the missing ones go to the side where
    they separate the classes best; where the training data had none, to the side with more rows. To fill them in
    before, see `ForestImputer`.

    `proximity` and `outlier_scores` are not in scikit-learn.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45 (2001).
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., chapter 15.

    Examples
    --------
    >>> from mlx.ensemble import RandomForestClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(oob_score=True, random_state=0).fit(X, y)
    >>> forest.predict(X[::50]), round(forest.oob_score_, 3)
    (array([0, 1, 2]), 0.953)
    """

    _tree_class = DecisionTreeClassifier

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="gini",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features="sqrt",
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        class_weight=None,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
    ):
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
