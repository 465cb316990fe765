"""Extremely randomized trees: forests whose trees draw their thresholds at random.

Reference: P. Geurts, D. Ernst & L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).
"""

from __future__ import annotations

from ..tree.decision_tree_classifier import ExtraTreeClassifier
from ..tree.decision_tree_regressor import ExtraTreeRegressor
from .forest_classifier import ForestClassifier
from .forest_regressor import ForestRegressor

__all__ = ["ExtraTreesClassifier", "ExtraTreesRegressor"]


class ExtraTreesClassifier(ForestClassifier):
    """Extremely randomized trees for two or more classes, with scikit-learn's parameters, attributes and trees.

    At each node one threshold is drawn for each of the columns that are searched, evenly between the smallest and the
    largest value there, and the best of these splits is taken. Each tree sees all rows. Parameters, attributes and
    methods are those of `RandomForestClassifier`, where ``bootstrap=True`` is the default.

    Parameters
    ----------
    n_estimators : int, default=100
    criterion : {'gini', 'entropy', 'log_loss', 'gain_ratio'}, default='gini'
    max_depth : int, default=None
    min_samples_split : int or float, default=2
    min_samples_leaf : int or float, default=1
    min_weight_fraction_leaf : float, default=0.0
    max_features : {'sqrt', 'log2', None}, int or float, default='sqrt'
    max_leaf_nodes : int, default=None
    min_impurity_decrease : float, default=0.0
    bootstrap : bool, default=False
    oob_score : bool or callable, default=False
    n_jobs : int, default=None
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
    warm_start : bool, default=False
    class_weight : {'balanced', 'balanced_subsample'}, dict or list of dict, default=None
    ccp_alpha : float, default=0.0
    max_samples : int or float, default=None
    monotonic_cst : array-like of int, shape (n_features,), default=None

    Attributes
    ----------
    estimator_ : ExtraTreeClassifier
        Tree of the kind that the forest is made of, not fitted.
    estimators_ : list of ExtraTreeClassifier
        The trees.
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        Labels, sorted; a list with one array per output if there are several.
    n_classes_ : int or list of int
        Number of classes, of each output if there are several.
    n_outputs_ : int
        Number of outputs.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the decrease of impurity, mean of the trees.
    estimators_samples_ : list of ndarray of int32
        Rows that each tree has seen, as often as it has.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    References
    ----------
    P. Geurts, D. Ernst & L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).

    Examples
    --------
    >>> from mlx.ensemble import ExtraTreesClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> ExtraTreesClassifier(random_state=0).fit(X, y).predict(X[::50])
    array([0, 1, 2])
    """

    _tree_class = ExtraTreeClassifier

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
        bootstrap=False,
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


class ExtraTreesRegressor(ForestRegressor):
    """Extremely randomized trees for one or more numbers, with scikit-learn's parameters, attributes and trees.

    At each node one threshold is drawn for each of the columns that are searched, evenly between the smallest and the
    largest value there, and the best of these splits is taken. Each tree sees all rows. Parameters, attributes and
    methods are those of `RandomForestRegressor`, where ``bootstrap=True`` is the default.

    Parameters
    ----------
    n_estimators : int, default=100
    criterion : {'squared_error', 'absolute_error', 'poisson', 'friedman_mse'}, default='squared_error'
    max_depth : int, default=None
    min_samples_split : int or float, default=2
    min_samples_leaf : int or float, default=1
    min_weight_fraction_leaf : float, default=0.0
    max_features : {'sqrt', 'log2', None}, int or float, default=1.0
    max_leaf_nodes : int, default=None
    min_impurity_decrease : float, default=0.0
    bootstrap : bool, default=False
    oob_score : bool or callable, default=False
    n_jobs : int, default=None
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
    warm_start : bool, default=False
    ccp_alpha : float, default=0.0
    max_samples : int or float, default=None
    monotonic_cst : array-like of int, shape (n_features,), default=None

    Attributes
    ----------
    estimator_ : ExtraTreeRegressor
        Tree of the kind that the forest is made of, not fitted.
    estimators_ : list of ExtraTreeRegressor
        The trees.
    n_outputs_ : int
        Number of outputs.
    feature_importances_ : ndarray of shape (n_features,)
        Share of each column in the decrease of impurity, mean of the trees.
    estimators_samples_ : list of ndarray of int32
        Rows that each tree has seen, as often as it has.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    References
    ----------
    P. Geurts, D. Ernst & L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).

    Examples
    --------
    >>> from mlx.ensemble import ExtraTreesRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 1.0, 5.0, 5.0]
    >>> ExtraTreesRegressor(50, random_state=0).fit(X, y).predict([[0.2], [2.8]])
    array([1., 5.])
    """

    _tree_class = ExtraTreeRegressor

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
        bootstrap=False,
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
