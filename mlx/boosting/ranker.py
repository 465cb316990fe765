"""Gradient-boosted trees for ranking, with the parameters of xgboost's class of the same name."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, column_or_1d

from ..validation import naming, validate_data
from .category_encoding import check_codes
from .continuation import EarlierModel, earlier_model
from .evaluation import EvaluationSet, metrics_of, pairs_of
from .groups import groups_of, one_group
from .model import Goal, XGBModel
from .training import FitArguments, Rows

__all__ = ["XGBRanker"]

OBJECTIVES = ("rank:ndcg", "rank:map", "rank:pairwise")

# Column of a data frame that tells the groups of its rows.
QID = "qid"


class XGBRanker(XGBModel):
    """Gradient-boosted trees for ranking: rows of one group are put in order, with xgboost's parameters and defaults.

    Parameters
    ----------
    objective : str, default='rank:ndcg'
        'rank:ndcg', 'rank:map' (y 0 or 1) or 'rank:pairwise'; None is the default. The formulas stand in
        `mlx.boosting.objectives_ranking`. The library raises in the constructor if it is another one, and `fit` here.
    eval_metric : str, callable, or list of them, default=None
        Metrics that `fit` follows on `eval_set`, by the library's names: 'ndcg', 'map', 'pre', each with '@k' and a
        minus if one likes, 'auc', 'aucpr' and those of single rows; None is the one of the objective. A function
        ``metric(y_true, y_pred)`` is called for each group; its mean is weighted by the groups' sizes, as in the
        library, and a loss unless its name starts with "auc", "pre", "map" or "ndcg".
    scale_pos_weight : float, default=None
        Only None and 1: it has no meaning for rankings.
    base_score : float or list of float, default=None
        Margin before the first tree, which changes no order; None is a Newton step, almost 0.
    lambdarank_pair_method : {'topk', 'mean'}, default=None
        Which pairs of rows are compared: the highest ones, as they are ranked at present, with all below them, which
        None is; or each row with rows that are drawn. The library takes this and the next ones among its
        ``**kwargs``.
    lambdarank_num_pair_per_sample : int, default=None
        How many are the highest ones, or are drawn; None is 32 or 1.
    lambdarank_normalization : bool, default=None
        Whether the gradients of a group are divided by about their sum, or with 'mean' by the number of pairs; None is
        True.
    lambdarank_score_normalization : bool, default=None
        Whether gradients of a pair are divided by the difference of its margins; None is True.
    lambdarank_unbiased : bool, default=None
        Whether rows stand in the order in which users saw them, and are clicked (y) more often at the first places for
        that alone; None is False.
    lambdarank_bias_norm : float, default=None
        The larger, the closer to 1 the effect of the places; None is 1.
    ndcg_exp_gain : bool, default=None
        Whether a row of relevance y is worth 2^y - 1 in 'ndcg', or y; None is True.

    Notes
    -----
    The pairs of 'mean' are those that the library draws. They depend on round and group, not on `random_state`.

    References
    ----------
    C. Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", Microsoft Research MSR-TR-2010-82, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.boosting import XGBRanker
    >>> X = np.arange(12.0).reshape(-1, 1) % 4
    >>> y = np.array([3, 2, 1, 0] * 3)
    >>> model = XGBRanker(n_estimators=5, min_child_weight=0).fit(X, y, group=[4, 4, 4])
    >>> np.argsort(-model.predict(X[:4]))
    array([0, 1, 2, 3])
    """

    _objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    _estimator_type: ClassVar[str] = "ranker"
    _parameter_constraints: ClassVar[dict] = {
        **XGBModel._parameter_constraints,
        "lambdarank_pair_method": [StrOptions({"topk", "mean"}), None],
        "lambdarank_num_pair_per_sample": [Interval(Integral, 1, 2**32 - 1, closed="left"), None],
        "lambdarank_normalization": ["boolean", None],
        "lambdarank_score_normalization": ["boolean", None],
        "lambdarank_unbiased": ["boolean", None],
        "lambdarank_bias_norm": [Interval(Real, 0, None, closed="left"), None],
        "ndcg_exp_gain": ["boolean", None],
    }

    def __init__(
        self,
        *,
        objective: Any = "rank:ndcg",
        lambdarank_pair_method: str | None = None,
        lambdarank_num_pair_per_sample: int | None = None,
        lambdarank_normalization: bool | None = None,
        lambdarank_score_normalization: bool | None = None,
        lambdarank_unbiased: bool | None = None,
        lambdarank_bias_norm: float | None = None,
        ndcg_exp_gain: bool | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(objective=objective, **parameters)
        self.lambdarank_pair_method = lambdarank_pair_method
        self.lambdarank_num_pair_per_sample = lambdarank_num_pair_per_sample
        self.lambdarank_normalization = lambdarank_normalization
        self.lambdarank_score_normalization = lambdarank_score_normalization
        self.lambdarank_unbiased = lambdarank_unbiased
        self.lambdarank_bias_norm = lambdarank_bias_norm
        self.ndcg_exp_gain = ndcg_exp_gain

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        group: Any = None,
        qid: Any = None,
        sample_weight: Any = None,
        base_margin: Any = None,
        eval_set: Any = None,
        eval_group: Any = None,
        eval_qid: Any = None,
        verbose: bool | int | None = False,
        xgb_model: Any = None,
        sample_weight_eval_set: Any = None,
        base_margin_eval_set: Any = None,
        feature_weights: Any = None,
    ) -> Self:
        """Fit the trees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN, and the value of the parameter `missing`, are missing values. A column of a data frame called "qid" is
            no feature: it takes the place of `qid`, here and in `eval_set`, `predict`, `apply` and `score`.
        y : array-like of shape (n_samples,)
            Relevances, the higher the more relevant.
        group : array-like of shape (n_groups,), optional
            Rows of each group; groups stand one after the other.
        qid : array-like of shape (n_samples,), optional
            The same as a number for each row, which never falls. One of both must be given.
        sample_weight : array-like of shape (n_groups,), optional
            Weights of groups.
        base_margin : array-like of shape (n_samples,), optional
            Where the margin of each row starts.
        eval_set : list of (X, y), optional
            Rows on which metrics are followed, and by the last of which training is stopped.
        eval_group, eval_qid : list of array-like, optional
            `group` or `qid` of each pair of `eval_set`.
        verbose : bool or int, default=False
            Whether metrics on `eval_set` are printed; a number prints every so many rounds.
        xgb_model : fitted estimator, Booster, str, path-like or bytes, optional
            A model, or a file of one, whose trees come before the new ones. It stays as it is. Its base score is kept,
            unless the parameter `base_score` is set.
        sample_weight_eval_set, base_margin_eval_set : list of array-like, optional
            Weights of the groups, and margins of the rows, of each pair of `eval_set`.
        feature_weights : array-like of shape (n_features,), optional
            As the parameter of this name.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If an argument is not valid: the message names it.
        NotImplementedError
            If a parameter or argument is set that is not supported: the message names it.

        Notes
        -----
        With `early_stopping_rounds` but no `eval_set` a share `validation_fraction` of the groups is held out.
        """
        self._refuse_unsupported(self._objectives)
        arguments = FitArguments(
            base_margin=base_margin,
            eval_set=eval_set,
            verbose=verbose,
            sample_weight_eval_set=sample_weight_eval_set,
            base_margin_eval_set=base_margin_eval_set,
            feature_weights=feature_weights,
            eval_group=eval_group,
            eval_qid=eval_qid,
        )
        X, qid = without_qid(X, qid)
        earlier = None if xgb_model is None else earlier_model(xgb_model, self.get_params(deep=False))
        X, y = validate_data(self, self._learn_categories(X, earlier), y, y_numeric=True, **self._kind_of_rows())
        groups = groups_of(X.shape[0], group=group, qid=qid, weight=sample_weight)
        rows: Rows = slice(None)
        if groups.weight is not None and np.any(groups.weight == 0):
            groups, rows = groups.select(groups.weight > 0)
        X = self._mark_missing(X[rows])
        check_codes(X, self._categories)
        goal = self._goal(y, rows, earlier)
        self._boost(X, groups.weight_of_rows(), goal, arguments, rows, groups, earlier)
        return self

    def _goal(self, y: Any, rows: Rows, earlier: EarlierModel | None = None) -> Goal:
        targets = self._targets(y)[rows]
        return Goal(targets, targets, "rank:ndcg" if self.objective is None else self.objective)

    def _targets(self, y: Any) -> NDArray[np.float32]:
        """Relevances as float32."""
        y = check_array(
            column_or_1d(y, warn=True), ensure_2d=False, dtype="numeric", input_name="y", ensure_all_finite=True
        )
        return np.asarray(y, dtype=np.float32)

    def _sets_given(self, arguments: FitArguments, n_outputs: int) -> list[EvaluationSet]:
        others = {
            name: getattr(arguments, name)
            for name in ("sample_weight_eval_set", "base_margin_eval_set", "eval_group", "eval_qid")
        }
        if arguments.eval_set is None:
            for name, value in others.items():
                if value is not None:
                    raise ValueError(f"{name}: there are no rows that it belongs to")
            return []
        names = ("eval_set", "eval_set", "sample_weight_eval_set", "base_margin_eval_set")
        sets = []
        for X, y, weight, margin, group, qid in pairs_of(arguments.eval_set, others):
            X, qid = without_qid(X, qid)
            rows = self._set(X, y, None, margin, names, n_outputs)
            own = ("eval_group", "eval_qid", "sample_weight_eval_set")
            groups = groups_of(rows.X.shape[0], group=group, qid=qid, weight=weight, names=own)
            sets.append(rows._replace(weight=groups.weight_of_rows(), groups=groups))
        return sets

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: tuple[int, int] | None = None,
    ) -> NDArray[np.float32]:
        """Scores by which the rows of a group are put in order, highest first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of one group or of many.
        output_margin : bool, default=False
            Has no effect: scores are margins.
        validate_features : bool, default=True
            Whether column names must be those of the fit, in the same order.
        base_margin : array-like of shape (n_samples,), optional
            Where the scores start, in place of the start of the model.
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all, or after early stopping those up to the best one.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
        """
        X, _ = without_qid(X, None)
        return self._predict(X, output_margin, validate_features, base_margin, iteration_range)[:, 0]

    def apply(self, X: Any, iteration_range: tuple[int, int] | None = None) -> NDArray[np.int32]:
        """Leaf that each row reaches in each tree.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all.

        Returns
        -------
        ndarray of int32, shape (n_samples, n_trees)
            Node numbers; the trees of a round side by side.
        """
        return super().apply(without_qid(X, None)[0], iteration_range)

    def score(self, X: Any, y: Any) -> float:
        """The last metric of `eval_metric`, or that of the objective.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The groups are those of a column "qid" of a data frame; without one all rows are one group.
        y : array-like of shape (n_samples,)
            Relevances.

        Returns
        -------
        float
        """
        X, qid = without_qid(X, None)
        predicted, goal = self.predict(X), self._goal(y, slice(None), None)
        if len(goal.targets) != len(predicted):
            raise ValueError(f"y: {len(goal.targets)} targets for {len(predicted)} rows")
        groups = one_group(len(predicted)) if qid is None else groups_of(len(predicted), qid=qid)
        objective = self._checked_objective(goal.objective, goal.targets, None)
        metric = metrics_of(self.eval_metric, objective.metric, self._metric)[-1]
        return metric(goal.targets, predicted, None, groups)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def without_qid(X: Any, qid: Any) -> tuple[Any, Any]:
    """A data frame without its column "qid", and that column; anything else, and `qid`, as they are."""
    if not hasattr(X, "columns") or QID not in X.columns:
        return X, qid
    if qid is not None:
        raise ValueError(f"qid: X has a column {QID!r}, too; one of them is enough")
    with naming("X"):
        return X.drop(columns=QID) if hasattr(X, "iloc") else X.drop(QID), np.asarray(X[QID])
