"""Decision trees that tell classes: `DecisionTreeClassifier`, and `ExtraTreeClassifier` with thresholds at random.

With the same ``random_state`` the trees are scikit-learn's, bit by bit: nodes, thresholds, impurities, probabilities.
On a sparse table whose weights are no whole numbers their sums are formed in another order: there, of splits that are
equally good, another may win.

Beyond scikit-learn there is ``criterion="gain_ratio"`` (C4.5's, see `mlx.tree.gain_ratio`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import compute_sample_weight, metadata_routing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ..validation import naming
from .decision_tree import BaseDecisionTree
from .targets import ClassTargets

__all__ = ["DecisionTreeClassifier", "ExtraTreeClassifier"]


class DecisionTreeClassifier(ClassifierMixin, BaseDecisionTree):
    """Decision tree for two or more classes, with scikit-learn's parameters, attributes and trees.

    Parameters
    ----------
    criterion : {'gini', 'entropy', 'log_loss', 'gain_ratio'}, default='gini'
        What a split is to improve: Gini impurity, or entropy ('log_loss' is the same). 'gain_ratio' divides the gain of
        entropy by the bits that it takes to name the side (C4.5).
    splitter : {'best', 'random'}, default='best'
        Search all thresholds of a column, or draw one at random.
    max_depth : int, default=None
        Questions on the longest path; None for no limit.
    min_samples_split : int or float, default=2
        Samples that a node needs to be split; a float is a share of all.
    min_samples_leaf : int or float, default=1
        Samples that each leaf must have; a float is a share of all.
    min_weight_fraction_leaf : float, default=0.0
        Share of the weight of all samples that each leaf must have.
    max_features : int, float, 'sqrt' or 'log2', default=None
        Columns to search at each node, drawn at random; a float is a share. None searches all.
    random_state : int, RandomState instance or None, default=None
        Draws the columns (and with 'random' the thresholds). Also where all columns are searched it decides between
        equally good splits: the first column drawn wins.
    max_leaf_nodes : int, default=None
        Grow so many leaves at most, the best split first.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, weighted by the share of samples, that a split must bring.
    class_weight : dict, list of dict or 'balanced', default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' gives each class the same total weight.
        A list has one dict per output.
    ccp_alpha : float, default=0.0
        Impurity that a leaf must be worth: branches that are not are cut off (minimal cost-complexity pruning).
    monotonic_cst : array-like of int, shape (n_features,), default=None
        For each column 1, 0 or -1: the probability of the second class must rise, may do as it likes, or must fall
        as the column grows. For two classes and one output.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        Labels, sorted; a list with one array per output if there are several.
    n_classes_ : int or ndarray of int
        Number of classes, of each output if there are several.
    n_outputs_ : int
        Number of outputs.
    max_features_ : int
        Columns searched at each node.
    tree_ : CartTree
        The tree, with scikit-learn's arrays.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the decrease of impurity.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    `X` is rounded to float32. NaN is a missing value (in dense `X`): at each node the missing ones go to the side where
    they separate the classes best; where the training data had none, to the side with more samples.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).
    J. R. Quinlan, C4.5: Programs for Machine Learning (1993).

    Examples
    --------
    >>> from mlx.tree import DecisionTreeClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    >>> tree.predict([[0.5], [2.5]]), tree.tree_.threshold[0]
    (array(['low', 'high'], dtype='<U4'), np.float64(1.5))
    """

    __metadata_request__predict_proba: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}
    __metadata_request__fit: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        **BaseDecisionTree._parameter_constraints,
        "criterion": [StrOptions({"gini", "entropy", "log_loss", "gain_ratio"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        criterion="gini",
        splitter="best",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=None,
        random_state=None,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        class_weight=None,
        ccp_alpha=0.0,
        monotonic_cst=None,
    ):
        self.criterion = criterion
        self.splitter = splitter
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.monotonic_cst = monotonic_cst

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, check_input=True):
        """Grow the tree.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rounded to float32. NaN is a missing value, in dense `X`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, numbers or text.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; rows of weight 0 are left out.
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSC matrix of it, and y an array.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has inf, `y` is no set of classes, shapes do not fit, or a parameter is out of range.
        """
        self._fit(X, y, sample_weight, check_input)
        return self

    def predict(self, X, check_input=True):
        """Most probable class of each row, the first of equally probable ones.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSR matrix of it.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        probabilities = self._probabilities(X, check_input)
        if self.n_outputs_ == 1:
            return self.classes_.take(probabilities[0].argmax(axis=1))
        labels = np.zeros((len(probabilities[0]), self.n_outputs_), dtype=self.classes_[0].dtype)
        for k, (classes, share) in enumerate(zip(self.classes_, probabilities)):
            labels[:, k] = classes.take(share.argmax(axis=1))
        return labels

    def predict_proba(self, X, check_input=True):
        """Share of each class in the weight of the leaf that the row reaches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSR matrix of it.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of such arrays
            In the order of `classes_`; a list with one array per output if there are several.
        """
        probabilities = self._probabilities(X, check_input)
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
            logs = [np.log(share) for share in self._probabilities(X, True)]
        return logs[0] if self.n_outputs_ == 1 else logs

    def _probabilities(self, X: Any, check_input: bool) -> list[NDArray[np.float64]]:
        """Shares of the classes, for each output."""
        check_is_fitted(self)
        X = self._rows(X, check_input)
        values = self.tree_.value.take(self.tree_.apply(X), axis=0)
        return [values[:, k, :n_classes] for k, n_classes in enumerate(self.tree_.n_classes)]

    def _targets(self, y: NDArray) -> tuple[ClassTargets, NDArray[np.float64] | None]:
        with naming("y"):
            check_classification_targets(y)
            found = [np.unique(column, return_inverse=True) for column in y.T]
        classes = [labels for labels, _ in found]
        codes = np.column_stack([own for _, own in found]).astype(np.int32)
        targets = ClassTargets(codes, np.array([len(labels) for labels in classes], dtype=np.int64))
        self.classes_: Any = classes[0] if self.n_outputs_ == 1 else classes
        self.n_classes_ = targets.n_classes[0] if self.n_outputs_ == 1 else targets.n_classes
        if self.class_weight is None:
            return targets, None
        with naming("class_weight"):
            return targets, compute_sample_weight(self.class_weight, y)

    def _monotonic(self, n_features: int) -> NDArray[np.int8] | None:
        """Directions of the probability of the first class, which the tree is grown by."""
        directions = super()._monotonic(n_features)
        if directions is not None and self.n_classes_ > 2:
            raise ValueError("monotonic_cst: not supported with more than two classes")
        return None if directions is None else -directions

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_label = True
        return tags


class ExtraTreeClassifier(DecisionTreeClassifier):
    """Decision tree whose thresholds are drawn at random, for forests of such trees (ExtraTreesClassifier).

    At each node one threshold is drawn for each column that is searched, evenly between the smallest and the largest
    value there, and the best of these splits is taken. Parameters, attributes and methods are those of
    `DecisionTreeClassifier`, where ``splitter='best'`` and ``max_features=None`` are the defaults.

    Parameters
    ----------
    criterion : {'gini', 'entropy', 'log_loss', 'gain_ratio'}, default='gini'
    splitter : {'random', 'best'}, default='random'
    max_depth : int, default=None
    min_samples_split : int or float, default=2
    min_samples_leaf : int or float, default=1
    min_weight_fraction_leaf : float, default=0.0
    max_features : int, float, 'sqrt', 'log2' or None, default='sqrt'
    random_state : int, RandomState instance or None, default=None
    max_leaf_nodes : int, default=None
    min_impurity_decrease : float, default=0.0
    class_weight : dict, list of dict or 'balanced', default=None
    ccp_alpha : float, default=0.0
    monotonic_cst : array-like of int, shape (n_features,), default=None

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
    n_classes_ : int or ndarray of int
    n_outputs_ : int
    max_features_ : int
    tree_ : CartTree
    feature_importances_ : ndarray of shape (n_features,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    References
    ----------
    P. Geurts, D. Ernst & L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).

    Examples
    --------
    >>> from mlx.tree import ExtraTreeClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> tree = ExtraTreeClassifier(random_state=0).fit(X, y)
    >>> tree.predict([[0.0], [3.0]])
    array(['low', 'high'], dtype='<U4')
    """

    def __init__(
        self,
        *,
        criterion="gini",
        splitter="random",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features="sqrt",
        random_state=None,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        class_weight=None,
        ccp_alpha=0.0,
        monotonic_cst=None,
    ):
        super().__init__(
            criterion=criterion,
            splitter=splitter,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            random_state=random_state,
            max_leaf_nodes=max_leaf_nodes,
            min_impurity_decrease=min_impurity_decrease,
            class_weight=class_weight,
            ccp_alpha=ccp_alpha,
            monotonic_cst=monotonic_cst,
        )
