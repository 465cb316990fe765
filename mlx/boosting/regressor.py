"""Gradient-boosted trees for regression, with the parameters of xgboost's class of the same name."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, column_or_1d

from ..validation import check_sample_weight, validate_data
from .model import XGBModel, positive_rows
from .training import FitArguments

__all__ = ["XGBRegressor"]

OBJECTIVES = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "reg:logistic",
    "reg:gamma",
    "reg:tweedie",
    "count:poisson",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
)


class XGBRegressor(RegressorMixin, XGBModel):
    """Gradient-boosted trees for regression, with xgboost's parameters and defaults.

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
    objective : str or callable, default='reg:squarederror'
        None is the default. 'reg:squarederror', 'reg:squaredlogerror' (y above -1), 'reg:pseudohubererror',
        'reg:absoluteerror', 'reg:quantileerror'; 'reg:gamma' (y above 0), 'reg:tweedie' and 'count:poisson' (y at least
        0), whose margin is the logarithm of the prediction; 'reg:logistic', 'binary:logistic' and 'binary:logitraw' (y
        between 0 and 1; the last one predicts margins), 'binary:hinge' (y 0 or 1, and so are predictions). Or a
        function ``objective(y_true, y_pred)`` that returns gradient and Hessian of the loss in y_pred, two arrays of
        shape (n_samples,); with `sample_weight` it needs a parameter of that name, and multiplies by it itself.
    booster : str, default=None
        Only 'gbtree', which None is, is supported.
    tree_method : str, default=None
        Only 'hist', which None and 'auto' are, is supported.
    n_jobs : int, default=None
        Threads; None and -1 are all cores. It changes no bit of the result.
    gamma : float, default=None
        Smallest gain for which a node is split; None is 0.
    min_child_weight : float, default=None
        Smallest sum of Hessians in a child; None is 1.
    max_delta_step : float, default=None
        Largest absolute weight of a leaf, before the learning rate; None and 0 are no limit. With 'count:poisson' None
        is 0.7.
    subsample : float, default=None
        Share of the rows that a tree sees, each row drawn by itself; None is 1, all.
    sampling_method : str, default=None
        Only 'uniform', which None is, is supported.
    colsample_bytree, colsample_bylevel, colsample_bynode : float, default=None
        Share of the columns drawn for each tree, of these for each depth, and of these for each node; None is 1, all.
    reg_alpha : float, default=None
        L1 penalty on the weights of leaves; None is 0.
    reg_lambda : float, default=None
        L2 penalty on the weights of leaves; None is 1.
    scale_pos_weight : float, default=None
        Factor of the weights of rows whose target is 1, as in the library; None is 1. Only for 'reg:squarederror',
        'reg:logistic', 'reg:gamma' and 'binary:*' but for hinge.
    base_score : float or list of float, default=None
        Prediction before the first tree; None is the mean of the targets.
    random_state : int, RandomState instance or None, default=None
        Seed of `subsample`, `colsample_*` and `validation_fraction`; None is 0, as in the library. What is drawn
        depends on nothing else, and is not what the library draws.
    missing : float, default=np.nan
        Value that stands for a missing one; NaN always does.
    num_parallel_tree : int, default=None
        Only None and 1 are supported.
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
        Only False is supported, and none of `feature_types`, `max_cat_to_onehot` and `max_cat_threshold`.
    feature_types : default=None
        Not supported.
    feature_weights : array-like of shape (n_features,), default=None
        How much more often a column is drawn than another, where columns are drawn; one of weight 0 never is.
    max_cat_to_onehot, max_cat_threshold : default=None
        Not supported.
    multi_strategy : str, default=None
        Only 'one_output_per_tree', which None is, is supported.
    eval_metric : str, callable, or list of them, default=None
        Metrics that `fit` follows on `eval_set`, by the library's names; None is the one of the objective. A function
        ``metric(y_true, y_pred)`` is a loss unless its name starts with "auc", "pre", "map" or "ndcg".
    early_stopping_rounds : int, default=None
        Rounds without improvement of the last metric on the last set after which training ends; prediction then takes
        the rounds up to `best_iteration`. None is no end.
    callbacks : default=None
        Not supported. For callbacks of scikit-learn use `set_callbacks`.
    cuts : {'exact', 'xgboost'}, default='exact'
        How a column with more than `max_bin` distinct values is cut: at exact quantiles, or where xgboost cuts it (see
        Notes). The library has no such parameter.
    tweedie_variance_power : float, default=None
        ρ of 'reg:tweedie', between 1 and 2: the variance is the mean to this power, times a constant; None is 1.5. The
        library takes this and the next two among its ``**kwargs``.
    huber_slope : float, default=None
        δ of 'reg:pseudohubererror', above 0: errors below count as their squares, errors above as their absolute
        values; None is 1.
    quantile_alpha : float or list of float, default=None
        α of 'reg:quantileerror', from 0 to 1; several are several outputs, in the same order.
    validation_fraction : float, default=0.1
        Share of the rows that is held out to stop by, with `early_stopping_rounds` but neither `eval_set` nor `X_val`.
        The library has no such parameter, and raises.

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
    with them come its trees; rows of weight 0, which the library counts when it plans the approximation, are left out
    here.

    X is copied to float32.

    References
    ----------
    T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import XGBRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = XGBRegressor(n_estimators=20, max_depth=3).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.73
    """

    _objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    _takes_own_objective: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict] = {
        **XGBModel._parameter_constraints,
        "tweedie_variance_power": [Interval(Real, 1, 2, closed="neither"), None],
        "huber_slope": [Interval(Real, 0, None, closed="neither"), None],
        "quantile_alpha": [Interval(Real, 0, 1, closed="both"), "array-like", None],
    }

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
        objective: Any = "reg:squarederror",
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
        enable_categorical: Any = False,
        feature_types: Any = None,
        feature_weights: Any = None,
        max_cat_to_onehot: Any = None,
        max_cat_threshold: Any = None,
        multi_strategy: Any = None,
        eval_metric: Any = None,
        early_stopping_rounds: Any = None,
        callbacks: Any = None,
        cuts: str = "exact",
        tweedie_variance_power: float | None = None,
        huber_slope: float | None = None,
        quantile_alpha: Any = None,
        validation_fraction: float | None = 0.1,
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
        self.tweedie_variance_power = tweedie_variance_power
        self.huber_slope = huber_slope
        self.quantile_alpha = quantile_alpha
        self.validation_fraction = validation_fraction

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        base_margin: Any = None,
        eval_set: Any = None,
        verbose: bool | int | None = True,
        xgb_model: Any = None,
        sample_weight_eval_set: Any = None,
        base_margin_eval_set: Any = None,
        feature_weights: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the trees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN, and the value of the parameter `missing`, are missing values.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight k counts as k rows, one of weight 0 as none.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margin of each row starts, in place of one start for all.
        eval_set : list of (X, y), optional
            Rows on which metrics are followed, and by the last of which training is stopped.
        verbose : bool or int, default=True
            Whether metrics on `eval_set` are printed; a number prints every so many rounds.
        xgb_model : None
            Not supported.
        sample_weight_eval_set, base_margin_eval_set : list of array-like, optional
            Weights and margins of the rows of each pair of `eval_set`.
        feature_weights : array-like of shape (n_features,), optional
            As the parameter of this name.
        X_val, y_val, sample_weight_val : array-like, optional
            One set to follow and to stop by, named as in scikit-learn's histogram-based boosting; nothing is printed.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y or sample_weight is not valid: the message names it.
        NotImplementedError
            If a parameter or argument is set that is not supported: the message names it.
        """
        self._refuse_unsupported(OBJECTIVES, {"xgb_model": xgb_model})
        arguments = FitArguments(
            base_margin,
            eval_set,
            verbose,
            sample_weight_eval_set,
            base_margin_eval_set,
            feature_weights,
            X_val,
            y_val,
            sample_weight_val,
        )
        X, y = validate_data(
            self, X, y, dtype=np.float32, order="C", ensure_all_finite=self._finiteness(), y_numeric=True
        )
        weight = check_sample_weight(sample_weight, X, dtype=np.float32)
        rows = positive_rows(weight)
        X = self._mark_missing(X)[rows]
        targets = self._targets(y)[rows]
        objective = "reg:squarederror" if self.objective is None else self.objective
        self._boost(X, targets, None if weight is None else weight[rows], objective, arguments, rows=rows)
        return self

    def _targets(self, y: Any) -> NDArray[np.float32]:
        """Targets as float32."""
        y = check_array(column_or_1d(y), ensure_2d=False, dtype="numeric", input_name="y", ensure_all_finite=False)
        with np.errstate(over="ignore"):
            targets = np.asarray(y, dtype=np.float32)
        if not np.all(np.isfinite(targets)):
            raise ValueError("y: has values too large for float32, or that are no numbers")
        return targets

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: tuple[int, int] | None = None,
    ) -> NDArray:
        """Predicted targets, or margins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        output_margin : bool, default=False
            Return margins instead of predictions; for objectives named 'reg:*error' they are the same.
        validate_features : bool, default=True
            Whether column names must be those of the fit, in the same order.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margins start, in place of the start of the model.
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all, or after early stopping those up to the best one.

        Returns
        -------
        ndarray of float32, shape (n_samples,), or (n_samples, n_outputs) if `quantile_alpha` has several values
        """
        predicted = self._predict(X, output_margin, validate_features, base_margin, iteration_range)
        return predicted[:, 0] if predicted.shape[1] == 1 else predicted
