"""Decision trees that predict numbers: `DecisionTreeRegressor`, and `ExtraTreeRegressor` with thresholds at random.

With the same ``random_state`` the trees are scikit-learn's. Least squares (one target, all thresholds searched, nothing
missing) is grown from sorted columns (`mlx.tree.sum_growing`); there the last bits may differ where rows that are no
copies of one another have equal values in a column. Everything else is grown in scikit-learn's order
(`mlx.tree.order_growing`), bit by bit.
"""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from ..validation import naming
from .decision_tree import BaseDecisionTree
from .targets import ValueTargets

__all__ = ["DecisionTreeRegressor", "ExtraTreeRegressor", "check_criterion_of_values"]


class DecisionTreeRegressor(RegressorMixin, BaseDecisionTree):
    """Decision tree for one or more numbers, with scikit-learn's parameters, attributes and trees.

    Parameters
    ----------
    criterion : {'squared_error', 'absolute_error', 'poisson', 'friedman_mse'}, default='squared_error'
        What a split is to make small. Leaves answer the mean; with 'absolute_error' the median. 'poisson' is half the
        deviance of counts, for targets of at least 0. 'friedman_mse' is the deprecated name of 'squared_error'.
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
    ccp_alpha : float, default=0.0
        Impurity that a leaf must be worth: branches that are not are cut off (minimal cost-complexity pruning).
    monotonic_cst : array-like of int, shape (n_features,), default=None
        For each column 1, 0 or -1: the prediction must rise, may do as it likes, or must fall as the column grows.
        For one output.

    Attributes
    ----------
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
    they lie better; where the training data had none, to the side with more samples.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).

    Examples
    --------
    >>> from mlx.tree import DecisionTreeRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 1.0, 5.0, 7.0]
    >>> tree = DecisionTreeRegressor(max_depth=1, random_state=0).fit(X, y)
    >>> tree.predict([[0.5], [2.5]]), tree.tree_.threshold[0]
    (array([1., 6.]), np.float64(1.5))
    """

    __metadata_request__fit: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    _parameter_constraints: ClassVar[dict] = {
        **BaseDecisionTree._parameter_constraints,
        "criterion": [StrOptions({"squared_error", "absolute_error", "poisson", "friedman_mse"})],
    }

    def __init__(
        self,
        *,
        criterion="squared_error",
        splitter="best",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=None,
        random_state=None,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
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
            Numbers; at least 0, and not all 0, for 'poisson'.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; rows of weight 0 are left out.
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSC matrix of it, and y an array of float64.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has inf, `y` is not finite or no counts for 'poisson', shapes do not fit, or a parameter is out of
            range.
        """
        self._fit(X, y, sample_weight, check_input)
        return self

    def predict(self, X, check_input=True):
        """Answer of the leaf that each row reaches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        check_input : bool, default=True
            False: X is an array of float32 already, or a CSR matrix of it.

        Returns
        -------
        ndarray of float64, shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        leaves = self.tree_.apply(self._rows(X, check_input))
        values = self.tree_.value[:, :, 0].take(leaves, axis=0)
        return values[:, 0] if self.n_outputs_ == 1 else values

    def _targets(self, y: NDArray) -> tuple[ValueTargets, None]:
        with naming("y"):
            values = np.ascontiguousarray(y, dtype=np.float64)
        check_criterion_of_values(self.criterion, values)
        return ValueTargets(values), None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ExtraTreeRegressor(DecisionTreeRegressor):
    """Decision tree whose thresholds are drawn at random, for forests of such trees (ExtraTreesRegressor).

    At each node one threshold is drawn for each column that is searched, evenly between the smallest and the largest
    value there, and the best of these splits is taken. Parameters, attributes and methods are those of
    `DecisionTreeRegressor`, where ``splitter='best'`` and ``max_features=None`` are the defaults.

    Parameters
    ----------
    criterion : {'squared_error', 'absolute_error', 'poisson', 'friedman_mse'}, default='squared_error'
    splitter : {'random', 'best'}, default='random'
    max_depth : int, default=None
    min_samples_split : int or float, default=2
    min_samples_leaf : int or float, default=1
    min_weight_fraction_leaf : float, default=0.0
    max_features : int, float, 'sqrt', 'log2' or None, default=1.0
    random_state : int, RandomState instance or None, default=None
    min_impurity_decrease : float, default=0.0
    max_leaf_nodes : int, default=None
    ccp_alpha : float, default=0.0
    monotonic_cst : array-like of int, shape (n_features,), default=None

    Attributes
    ----------
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
    >>> from mlx.tree import ExtraTreeRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 1.0, 5.0, 7.0]
    >>> ExtraTreeRegressor(random_state=0).fit(X, y).predict([[0.0], [3.0]])
    array([1., 7.])
    """

    def __init__(
        self,
        *,
        criterion="squared_error",
        splitter="random",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=1.0,
        random_state=None,
        min_impurity_decrease=0.0,
        max_leaf_nodes=None,
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
            ccp_alpha=ccp_alpha,
            monotonic_cst=monotonic_cst,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.splitter == "random"
        return tags


def check_criterion_of_values(criterion: str, y: NDArray[np.float64]) -> None:
    """Warn of a deprecated name, and refuse targets that a criterion cannot measure.

    Raises
    ------
    ValueError
        If the criterion is 'poisson' and a target is negative, or all are 0.
    """
    if criterion == "friedman_mse":
        message = "criterion='friedman_mse' is deprecated: it is 'squared_error', as both were always the same"
        warnings.warn(message, FutureWarning, stacklevel=2)
    if criterion == "poisson":
        if np.any(y < 0):
            raise ValueError("y: some values are negative, which criterion='poisson' does not allow")
        if np.sum(y) <= 0:
            raise ValueError("y: the sum is not positive, which criterion='poisson' needs")
