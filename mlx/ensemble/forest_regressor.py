"""Forests that predict numbers: `RandomForestRegressor`.

With the same ``random_state`` the trees are those of scikit-learn, as far as single trees are
(`mlx.tree.decision_tree_regressor`), and answers are added in the order of the trees.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from ..tree.decision_tree_regressor import DecisionTreeRegressor, check_criterion_of_values
from ..tree.targets import ValueTargets
from ..validation import naming
from .forest import BaseForest

__all__ = ["RandomForestRegressor"]


class ForestRegressor(RegressorMixin, BaseForest):
    """What forests for numbers have in common."""

    _parameter_constraints: ClassVar[dict] = {
        **BaseForest._parameter_constraints,
        **{
            name: allowed
            for name, allowed in DecisionTreeRegressor._parameter_constraints.items()
            if name != "splitter"
        },
    }

    def predict(self, X):
        """Mean of the trees' answers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float64, shape (n_samples,) or (n_samples, n_outputs)
        """
        means = self._mean_values(X)
        return means[:, 0] if self.n_outputs_ == 1 else means

    def _targets(self, y: NDArray, sample_weight: Any) -> tuple[ValueTargets, NDArray[np.float64], None]:
        with naming("y"):
            values = np.ascontiguousarray(y, dtype=np.float64)
        check_criterion_of_values(self.criterion, values)
        return ValueTargets(values), values, None

    def _set_out_of_bag(self, means: NDArray[np.float64], y: NDArray) -> None:
        self.oob_prediction_ = means[:, 0] if self.n_outputs_ == 1 else means
        score = self.oob_score if callable(self.oob_score) else r2_score
        self.oob_score_ = score(y, self.oob_prediction_)


class RandomForestRegressor(ForestRegressor):
    """Random forest for one or more numbers, with scikit-learn's parameters, attributes and trees.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {'squared_error', 'absolute_error', 'poisson', 'friedman_mse'}, default='squared_error'
        What a split is to make small. Leaves answer the mean; with 'absolute_error' the median. 'poisson' is half the
        deviance of counts, for targets of at least 0. 'friedman_mse' is the deprecated name of 'squared_error'.
    max_depth : int, default=None
        Questions on the longest path; None for no limit.
    min_samples_split : int or float, default=2
        Rows that a node needs to be split; a float is a share of all.
    min_samples_leaf : int or float, default=1
        Rows that each leaf must have; a float is a share of all.
    min_weight_fraction_leaf : float, default=0.0
        Share of the weight of all rows of the tree that each leaf must have.
    max_features : {'sqrt', 'log2', None}, int or float, default=1.0
        Columns to search at each node, drawn at random; a float is a share. None and 1.0 search all.
    max_leaf_nodes : int, default=None
        Grow so many leaves at most, the best split first.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, weighted by the share of rows, that a split must bring.
    bootstrap : bool, default=True
        Whether each tree sees a bootstrap sample, or all rows.
    oob_score : bool or callable, default=False
        Whether to predict each training row by the trees that have not seen it, and score that: by R², or by
        ``oob_score(y_true, y_predicted)``. Needs ``bootstrap=True``.
    n_jobs : int, default=None
        Threads; None is 1 (or what a joblib context says), -1 is all cores. The forest is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Draws the seeds of the trees.
    verbose : int, default=0
        1 says on stderr what was done and how long it took; 2 prints a line as each tree is begun, too.
    warm_start : bool, default=False
        Whether `fit` adds trees to those of the fit before, up to `n_estimators`.
    ccp_alpha : float, default=0.0
        Impurity that a leaf must be worth: branches that are not are cut off (minimal cost-complexity pruning).
    max_samples : int or float, default=None
        Rows that each tree draws; a float is a share of all (of their weight, if they have weights), None is all.
    monotonic_cst : array-like of int, shape (n_features,), default=None
        For each column 1, 0 or -1: the prediction must rise, may do as it likes, or must fall as the column grows.
        For one output.

    Attributes
    ----------
    estimator_ : DecisionTreeRegressor
        Tree of the kind that the forest is made of, not fitted.
    estimators_ : list of DecisionTreeRegressor
        The trees.
    n_outputs_ : int
        Number of outputs.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the decrease of impurity, mean of the trees.
    oob_score_ : float
        Out-of-bag score, with `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag answers, with `oob_score`; 0 for a row that every tree has seen.
    estimators_samples_ : list of ndarray of int32
        Rows that each tree has seen, as often as it has.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    See Also
    --------
    RandomForestClassifier : The same for classes.
    ExtraTreesRegressor : Trees that draw thresholds at random.

    Notes
    -----
    `X` is rounded to float32. NaN is a missing value (in dense `X`): at each node the missing ones go to the side where
    they lie better; where the training data had none, to the side with more rows. To fill them in before, see
    `ForestImputer`.

    `proximity` and `outlier_scores` are not in scikit-learn.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45 (2001).
    T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning, 2nd ed., chapter 15.

    Examples
    --------
    >>> from mlx.ensemble import RandomForestRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 1.0, 5.0, 5.0]
    >>> RandomForestRegressor(50, random_state=0).fit(X, y).predict([[0.2], [2.8]])
    array([1.24, 4.6 ])
    """

    _tree_class = DecisionTreeRegressor

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="squared_error",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=1.0,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
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
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
