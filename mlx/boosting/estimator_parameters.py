"""The parameters that all boosted estimators have, their defaults, and what they accept."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..tree.importance import IMPORTANCE_TYPES
from .aliases import with_aliases
from .signatures import InheritsParameters

__all__ = ["ACCEPTED", "BELONG_TO", "DEFAULTS", "XGBParameters"]

# What None means, as in xgboost 3.2.
DEFAULTS: Mapping[str, Any] = {
    "max_depth": 6,
    "max_bin": 256,
    "learning_rate": 0.3,
    "n_estimators": 100,
    "gamma": 0.0,
    "min_child_weight": 1.0,
    "max_delta_step": 0.0,
    "reg_alpha": 0.0,
    "reg_lambda": 1.0,
    "scale_pos_weight": 1.0,
    "importance_type": "gain",
    "num_parallel_tree": 1,
}

# Parameters of which only some values are supported; the first one is what None means.
ACCEPTED: Mapping[str, tuple[Any, ...]] = {
    "tree_method": (None, "hist", "auto", "approx", "exact"),
    "booster": (None, "gbtree", "dart"),
    "device": (None, "cpu"),
    "multi_strategy": (None, "one_output_per_tree", "multi_output_tree"),
}

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
COUNT = Interval(Integral, 0, None, closed="left")
AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="right")
PROBABILITY = Interval(Real, 0, 1, closed="both")

# Parameters that have a meaning with one value of another one only.
BELONG_TO: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("rate_drop", "skip_drop", "one_drop", "sample_type", "normalize_type"), ("booster", "dart")),
    **dict.fromkeys(("updater", "refresh_leaf"), ("process_type", "update")),
}


class XGBParameters(InheritsParameters):
    """Parameters of the boosted estimators.

    Parameters
    ----------
    max_depth : int, default=None
        Largest number of questions on the way to a leaf; None is 6, 0 is no limit.
    max_leaves : int, default=None
        Largest number of leaves of a tree; None and 0 are no limit.
    max_bin : int, default=None
        Largest number of bins of a column; None is 256.
    grow_policy : {'depthwise', 'lossguide'}, default=None
        Split level by level, which None is, or the node with the largest gain next.
    learning_rate : float, default=None
        Factor of every leaf's weight; None is 0.3.
    n_estimators : int, default=None
        Boosting rounds; None is 100.
    verbosity : int, default=None
        From 0 to 3; has no effect, as nothing is printed.
    objective : str or callable, default=None
        The loss.
    booster : {'gbtree', 'dart'}, default=None
        None is 'gbtree'. With 'dart' rounds drop some of the trees, see `rate_drop` and the parameters after it.
    tree_method : str, default=None
        'hist', which None and 'auto' are, asks about bins of values; 'exact' about every value, and refuses what is
        about bins or about other orders of growth than level by level; 'approx' makes the bins anew for each tree, of
        equal sums of Hessians.
    n_jobs : int, default=None
        Threads; None and -1 are all cores. It changes no bit of the result.
    gamma : float, default=None
        Smallest gain for which a node is split; None is 0. With ``tree_method="exact"``, and with `prune`, trees are
        grown without it, and then pruned.
    min_child_weight : float, default=None
        Smallest sum of Hessians in a child; None is 1.
    max_delta_step : float, default=None
        Largest absolute weight of a leaf, before the learning rate; None and 0 are no limit.
    subsample : float, default=None
        Share of the rows that a tree sees, each row drawn by itself; None is 1, all.
    sampling_method : {'uniform', 'gradient_based'}, default=None
        With 'gradient_based' rows of larger gradients are drawn more often, and count less for it, so that sums of
        gradients vary the least; None is 'uniform'.
    colsample_bytree : float, default=None
        Share of the columns that is drawn for each tree; None is 1, all.
    colsample_bylevel : float, default=None
        Share of the columns of a tree that is drawn for each depth; None is 1, all.
    colsample_bynode : float, default=None
        Share of the columns of a depth that is drawn for each node; None is 1, all.
    reg_alpha : float, default=None
        L1 penalty on the weights of leaves; None is 0.
    reg_lambda : float, default=None
        L2 penalty on the weights of leaves; None is 1.
    scale_pos_weight : float, default=None
        Factor of the weights of rows whose target is 1; None is 1.
    base_score : float or list of float, default=None
        Prediction before the first tree; None estimates it.
    random_state : int, RandomState instance or None, default=None
        Seed of `subsample`, `colsample_*` and `validation_fraction`; None is 0, as in the library. What is drawn
        depends on nothing else, and is not what the library draws.
    missing : float, default=np.nan
        Value that stands for a missing one; NaN always does.
    num_parallel_tree : int, default=None
        Trees per round, and class or other output, all grown with the same gradients; they share the learning rate.
        They differ by what is drawn for each (`subsample`, `colsample_*`). None is 1.
    monotone_constraints : sequence of int, dict or str, default=None
        1 for a column with which predictions must not fall, -1 where they must not rise, 0 where both may be: for the
        columns in their order, ``"(1,0,-1)"``, or by name, ``{"age": 1}``.
    interaction_constraints : sequence of sequences or str, default=None
        Groups of columns, by number or name, that may meet on the way to a leaf: ``[[0, 1], [2, 3]]``.
    importance_type : {'gain', 'weight', 'cover', 'total_gain', 'total_cover'}, default=None
        What `feature_importances_` measures; None is 'gain'.
    device : str, default=None
        Only 'cpu', which None is, is supported.
    validate_parameters : bool, default=None
        Has no effect: parameters are always validated.
    enable_categorical : bool, default=False
        Take a data frame's columns of categories, which are an error otherwise. Has no effect on other tables.
    feature_types : list of str, default=None
        Types of the columns, in the place of a frame's own: "c" for categories, of which an array has the codes 0, 1,
        ...; "float", "q", "int" and "i" for numbers.
    feature_weights : array-like of shape (n_features,), default=None
        How much more often a column is drawn than another, where columns are drawn; one of weight 0 never is.
    max_cat_to_onehot : int, default=None
        Columns of fewer categories are split into one category and the others; None is 4.
    max_cat_threshold : int, default=None
        Most categories that are taken from either end of the order in which a column of more is split; None is 64.
    multi_strategy : str, default=None
        It has no effect where there is one output. Else 'one_output_per_tree', which None is, or 'multi_output_tree':
        trees for all outputs, with a vector in each leaf, by histograms. As in the library, such trees take sparse
        rows, but neither columns of categories nor monotone or interaction constraints, and no DART.
    eval_metric : str, callable, or list of them, default=None
        Metrics that `fit` follows on `eval_set`, by the library's names; None is the one of the objective. A function
        ``metric(y_true, y_pred)`` is a loss unless its name starts with "auc", "pre", "map" or "ndcg".
    early_stopping_rounds : int, default=None
        Rounds without improvement of the last metric on the last set after which training ends; prediction then takes
        the rounds up to `best_iteration`. None is no end.
    callbacks : list of TrainingCallback, default=None
        Callbacks of the library's kind, which are told of each round, see `mlx.boosting.callback`. For those of
        scikit-learn use `set_callbacks`.
    cuts : {'exact', 'xgboost'}, default='exact'
        How a column with more than `max_bin` distinct values is cut: at exact quantiles, or where xgboost cuts it; and
        how weights and gradients are multiplied, see Notes. The library has no such parameter.
    prune : {'post'}, default=None
        When `gamma` decides: None is as in the library; 'post' grows the whole tree first and then takes back, from the
        leaves up, splits above two leaves that gain less, with every tree method. The library has no such parameter.
    keep_pruned : bool, default=False
        Whether the branches that are pruned stay in sight: `trees_to_dataframe`, `to_text` and `explain_node` show
        them. The library has no such parameter.
    deterministic : bool, default=False
        Whether gradients are held in fixed point, which has no effect while float32 holds no finer ones (on few rows).
        Their sums are then exact in any order: the bits of a model never depend on `n_jobs`; with this the histograms
        do not depend on the order of the rows either (`mlx.boosting.fixed_point`). It costs 2 to 8 % of the time of a
        fit, and last bits that are the library's. The library has no such parameter.
    validation_fraction : float, default=0.1
        Share of the rows that is held out to stop by, with `early_stopping_rounds` but neither `eval_set` nor `X_val`.
        The library has no such parameter, and raises.
    rate_drop : float, default=None
        With ``booster="dart"``, probability of each tree to be dropped in a round; None is 0. The library takes this
        and the parameters below among its ``**kwargs``.
    skip_drop : float, default=None
        With 'dart', probability that a round drops no tree; None is 0.
    one_drop : bool, default=None
        With 'dart', whether one tree at least is dropped in a round that is not skipped; None is False.
    sample_type : {'uniform', 'weighted'}, default=None
        With 'dart', whether trees are dropped with the same probability, which None is, or in proportion to their
        weights.
    normalize_type : {'tree', 'forest'}, default=None
        With 'dart', whether the new trees weigh as much as each of those that are dropped, which None is, or as all of
        them together.
    process_type : {'default', 'update'}, default=None
        With 'update' no trees are grown: those of `xgb_model` are updated, round by round; None is 'default'.
    updater : str, default=None
        With ``process_type="update"``, what is done to the trees: 'refresh' (values, covers and gains are those of the
        rows that are fitted now), 'prune' (splits that gain less than `gamma` or are below `max_depth` are taken back),
        or 'refresh,prune'.
    refresh_leaf : bool, default=None
        Whether 'refresh' changes the values of leaves, too; None is True.

    Attributes
    ----------
    tree_ensemble_ : TreeEnsemble
        The fitted trees.
    feature_importances_ : ndarray of float32, shape (n_features,)
        Importance of each column by `importance_type`; they sum to 1.
    intercept_ : ndarray of float32
        Prediction before the first tree, shape (1,).
    evals_result_ : dict of dict of list of float
        Metrics after each round, see `evals_result`.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if all are text.

    Notes
    -----
    Trees are those of xgboost 3.2 with ``tree_method="hist"``, node for node, where no column has more than `max_bin`
    distinct values. Columns with more are cut at exact quantiles: the model depends neither on the order of the rows
    nor on the scale of the weights, and a row of weight 2 counts as two rows. The library approximates the quantiles
    from the rows in their order. ``cuts="xgboost"`` takes its cuts, bit for bit those of its estimator's `fit`, and
    rounds the products of weights and gradients to float32 as it does; with them come its trees. Rows of weight 0,
    which the library counts when it plans the approximation, are left out here.

    ``tree_method="approx"`` does the same with Hessians for weights, anew for each tree. ``tree_method="exact"`` has no
    cuts: its trees are the library's on any columns, to the last bit of their sums if that runs on one thread, and with
    weights if ``cuts="xgboost"`` asks for its products. Nodes that pruning takes away leave gaps in the numbers of the
    library's nodes, and none here.

    X is copied to float32.

    The engine's names `eta`, `lambda`, `alpha`, `min_split_loss`, `seed` and `nthread` are taken for `learning_rate`,
    `reg_lambda`, `reg_alpha`, `gamma`, `random_state` and `n_jobs`, by which `get_params` tells them; a parameter that
    is not known is an error.

    References
    ----------
    T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
    """

    _parameter_constraints: ClassVar[dict] = {
        "max_depth": [COUNT, None],
        "max_leaves": [COUNT, None],
        "max_bin": [Interval(Integral, 2, 65_535, closed="both"), None],
        "grow_policy": [StrOptions({"depthwise", "lossguide"}), None],
        "learning_rate": [NOT_NEGATIVE, None],
        "n_estimators": [COUNT, None],
        "verbosity": [Interval(Integral, 0, 3, closed="both"), None],
        "objective": [str, callable, None],
        "gamma": [NOT_NEGATIVE, None],
        "min_child_weight": [NOT_NEGATIVE, None],
        "max_delta_step": [NOT_NEGATIVE, None],
        "subsample": [SHARE, None],
        "sampling_method": [StrOptions({"uniform", "gradient_based"}), None],
        "colsample_bytree": [SHARE, None],
        "colsample_bylevel": [SHARE, None],
        "colsample_bynode": [SHARE, None],
        "reg_alpha": [NOT_NEGATIVE, None],
        "reg_lambda": [NOT_NEGATIVE, None],
        "scale_pos_weight": [POSITIVE, None],
        "base_score": [Real, "array-like", None],
        "random_state": ["random_state"],
        "missing": [Real],
        "num_parallel_tree": [Interval(Integral, 1, None, closed="left"), None],
        "monotone_constraints": ["array-like", dict, str, None],
        "interaction_constraints": [list, tuple, str, None],
        "importance_type": [StrOptions(set(IMPORTANCE_TYPES)), None],
        "validate_parameters": ["boolean", None],
        "enable_categorical": ["boolean"],
        "feature_types": [list, tuple, None],
        "max_cat_to_onehot": [AT_LEAST_ONE, None],
        "max_cat_threshold": [AT_LEAST_ONE, None],
        "feature_weights": ["array-like", None],
        "eval_metric": [str, callable, list, tuple, None],
        "callbacks": [list, tuple, None],
        "early_stopping_rounds": [Interval(Integral, 1, None, closed="left"), None],
        "cuts": [StrOptions({"exact", "xgboost"})],
        "prune": [StrOptions({"post"}), None],
        "keep_pruned": ["boolean"],
        "deterministic": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "rate_drop": [PROBABILITY, None],
        "skip_drop": [PROBABILITY, None],
        "one_drop": ["boolean", None],
        "sample_type": [StrOptions({"uniform", "weighted"}), None],
        "normalize_type": [StrOptions({"tree", "forest"}), None],
        "process_type": [StrOptions({"default", "update"}), None],
        "updater": [str, None],
        "refresh_leaf": ["boolean", None],
    }

    @with_aliases
    def __init__(
        self,
        *,
        max_depth: int | None = None,
        max_leaves: int | None = None,
        max_bin: int | None = None,
        grow_policy: str | None = None,
        learning_rate: float | None = None,
        n_estimators: int | None = None,
        verbosity: int | None = None,
        objective: Any = None,
        booster: str | None = None,
        tree_method: str | None = None,
        n_jobs: int | None = None,
        gamma: float | None = None,
        min_child_weight: float | None = None,
        max_delta_step: float | None = None,
        subsample: Any = None,
        sampling_method: Any = None,
        colsample_bytree: Any = None,
        colsample_bylevel: Any = None,
        colsample_bynode: Any = None,
        reg_alpha: float | None = None,
        reg_lambda: float | None = None,
        scale_pos_weight: float | None = None,
        base_score: Any = None,
        random_state: Any = None,
        missing: float = np.nan,
        num_parallel_tree: Any = None,
        monotone_constraints: Any = None,
        interaction_constraints: Any = None,
        importance_type: str | None = None,
        device: Any = None,
        validate_parameters: Any = None,
        enable_categorical: bool = False,
        feature_types: Any = None,
        feature_weights: Any = None,
        max_cat_to_onehot: int | None = None,
        max_cat_threshold: int | None = None,
        multi_strategy: Any = None,
        eval_metric: Any = None,
        early_stopping_rounds: Any = None,
        callbacks: Any = None,
        cuts: str = "exact",
        prune: str | None = None,
        keep_pruned: bool = False,
        deterministic: bool = False,
        validation_fraction: float | None = 0.1,
        rate_drop: float | None = None,
        skip_drop: float | None = None,
        one_drop: bool | None = None,
        sample_type: str | None = None,
        normalize_type: str | None = None,
        process_type: str | None = None,
        updater: str | None = None,
        refresh_leaf: bool | None = None,
    ) -> None:
        self.max_depth = max_depth
        self.max_leaves = max_leaves
        self.max_bin = max_bin
        self.grow_policy = grow_policy
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.verbosity = verbosity
        self.objective = objective
        self.booster = booster
        self.tree_method = tree_method
        self.n_jobs = n_jobs
        self.gamma = gamma
        self.min_child_weight = min_child_weight
        self.max_delta_step = max_delta_step
        self.subsample = subsample
        self.sampling_method = sampling_method
        self.colsample_bytree = colsample_bytree
        self.colsample_bylevel = colsample_bylevel
        self.colsample_bynode = colsample_bynode
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.scale_pos_weight = scale_pos_weight
        self.base_score = base_score
        self.random_state = random_state
        self.missing = missing
        self.num_parallel_tree = num_parallel_tree
        self.monotone_constraints = monotone_constraints
        self.interaction_constraints = interaction_constraints
        self.importance_type = importance_type
        self.device = device
        self.validate_parameters = validate_parameters
        self.enable_categorical = enable_categorical
        self.feature_types = feature_types
        self.feature_weights = feature_weights
        self.max_cat_to_onehot = max_cat_to_onehot
        self.max_cat_threshold = max_cat_threshold
        self.multi_strategy = multi_strategy
        self.eval_metric = eval_metric
        self.early_stopping_rounds = early_stopping_rounds
        self.callbacks = callbacks
        self.cuts = cuts
        self.prune = prune
        self.keep_pruned = keep_pruned
        self.deterministic = deterministic
        self.validation_fraction = validation_fraction
        self.rate_drop = rate_drop
        self.skip_drop = skip_drop
        self.one_drop = one_drop
        self.sample_type = sample_type
        self.normalize_type = normalize_type
        self.process_type = process_type
        self.updater = updater
        self.refresh_leaf = refresh_leaf
