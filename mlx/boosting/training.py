"""Options of training: rows to follow and to stop by, samples, constraints, margins to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from ..validation import check_sample_weight, naming
from .constraints import interaction_sets, monotone_directions
from .continuation import EarlierModel
from .dart import Dropout
from .early_stopping import hold_out
from .estimator_parameters import XGBParameters
from .evaluation import Evaluation, EvaluationSet, checked_margin, metrics_of, pairs_of
from .groups import Groups
from .metrics import METRIC_PARAMETERS, metric
from .objective import PARAMETERS
from .prediction import evaluated
from .sampling import Sampling

__all__ = ["FitArguments", "Rows", "TrainingData", "TrainingOptions"]

# Which of the rows that `fit` got count.
Rows = slice | NDArray[np.bool_]

# Parameters that one objective has and the others have not.
OBJECTIVE_PARAMETERS = sorted({one.name for own in PARAMETERS.values() for one in own} - {"max_delta_step"})


class FitArguments(NamedTuple):
    """Arguments of `fit` as the user gave them, beside X, y and sample_weight."""

    base_margin: Any = None
    eval_set: Any = None
    verbose: Any = True
    sample_weight_eval_set: Any = None
    base_margin_eval_set: Any = None
    feature_weights: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None
    eval_group: Any = None
    eval_qid: Any = None


class TrainingData(NamedTuple):
    """Rows that are trained on."""

    X: NDArray[np.float32]
    y: NDArray[np.float32]
    weight: NDArray[np.float32] | None
    labels: NDArray  # as the user wrote them
    base_margin: NDArray[np.float32] | None = None  # shape (n_samples, n_outputs)
    groups: Groups | None = None

    def rows(self, which: NDArray[np.intp]) -> TrainingData:
        """Some of the rows; of groups all rows or none."""
        arrays = (None if array is None else array[which] for array in self[:-1])
        groups = None if self.groups is None else self.groups.holding(which)
        return TrainingData(*arrays, groups=groups)  # type: ignore[arg-type,misc]


class TrainingOptions(XGBParameters):
    """Parameters, and what `fit` leaves behind, that are about training; a part of `XGBModel`."""

    # Of the class that this one is a part of.
    _n_threads: Any
    _resolved: Any
    _kind_of_rows: Any
    _mark_missing: Any
    _recoded: Any
    _as_fitted: Any
    _category_rules: Any
    _targets: Any
    _categories: Any

    # What `fit` leaves behind.
    n_features_in_: int
    evals_result_: dict[str, dict[str, list[float]]]

    def evals_result(self) -> dict[str, dict[str, list[float]]]:
        """Metrics after each round.

        Returns
        -------
        dict of dict of list of float
            For each set of rows, ``"validation_0"`` and so on, and each metric, its values.

        Raises
        ------
        ValueError
            If no rows were followed.
        """
        if not getattr(self, "evals_result_", None):
            raise ValueError("No evaluation result: eval_set was not given to fit")
        return self.evals_result_

    @property
    def best_iteration(self) -> int:
        """Round, counted from 0, with the best metric; there only after early stopping."""
        return int(self._best_round()[0])

    @property
    def best_score(self) -> float:
        """Metric after the best round; there only after early stopping."""
        return float(self._best_round()[1])

    def _best_round(self) -> tuple[int, float]:
        best = getattr(self, "_best", None)
        if best is None:
            raise AttributeError("`best_iteration` and `best_score` are there only after early stopping")
        return best

    def _rounds_asked_for(self, iteration_range: tuple[int, int] | None) -> tuple[int, int] | None:
        """Rounds that prediction takes: those up to the best one if none are stated."""
        best = getattr(self, "_best", None)
        unstated = iteration_range is None or (len(iteration_range) == 2 and iteration_range[1] == 0)
        return (0, best[0] + 1) if best is not None and unstated else iteration_range

    def _training_options(
        self,
        objective: Any,
        n_outputs: int,
        arguments: FitArguments,
        seed: int,
        earlier: EarlierModel | None = None,
    ) -> dict[str, Any]:
        """What `Training` is told of the parameters, and of the model that it goes on from."""
        n_parallel = self._n_parallel()
        if earlier is not None:
            names = getattr(self, "feature_names_in_", None)
            earlier.check(self.n_features_in_, names, n_outputs, objective.link, n_parallel)
        updates, base_score = self._updates(objective, earlier), self._base_score(objective, n_outputs)
        return {
            "settings": self._growth_settings(objective),
            "tree_method": self._tree_method(),
            "max_bin": self._resolved("max_bin"),
            "cuts": self.cuts,
            "n_outputs": n_outputs,
            "base_score": earlier.base_score if earlier and self.base_score is None else base_score,
            "n_parallel": n_parallel,
            "dropout": self._dropout(),
            "updates": updates,
            "vector_leaves": self._vector_leaves(objective, n_outputs, earlier),
            "earlier": None if earlier is None or updates is not None else earlier.ensemble,
            "positive_weight": float(self._resolved("scale_pos_weight")),
            "sampling": self._sampling(arguments, seed),
            "n_threads": self._n_threads(),
        }

    def _n_parallel(self) -> int:
        """Trees per round and output."""
        return self._resolved("num_parallel_tree")

    def _checked_objective(
        self,
        wanted: Any,
        y: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        like: str = "reg:squarederror",
    ) -> Any:
        """Objective of a name, or the user's own, after a look at the targets and at parameters without a meaning."""
        from .objectives import OBJECTIVES, objective_of, own_objective

        given = {name: getattr(self, name, None) for name in (*OBJECTIVE_PARAMETERS, "max_delta_step")}
        objective = (
            own_objective(wanted, sample_weight, OBJECTIVES[like]) if callable(wanted) else objective_of(wanted, given)
        )
        idle = [name for name in OBJECTIVE_PARAMETERS if given[name] is not None and name not in objective.given]
        if self._resolved("scale_pos_weight") != 1 and not objective.weighs_positives:
            idle.append("scale_pos_weight")
        if idle:
            raise NotImplementedError(
                f"{type(self).__name__}: parameter {idle[0]} has no meaning with objective={wanted!r}"
            )
        objective.check_targets(y)
        return objective

    def _growth_settings(self, objective: Any) -> Any:
        from .growth_settings import GrowthSettings
        from .splitting import Penalty

        # The library holds its parameters in float32.
        single = {name: np.float32(self._resolved(name)) for name in (*Penalty._fields, "gamma", "learning_rate")}
        if "max_delta_step" in objective.given:
            single["max_delta_step"] = objective.value[0]
        penalty = Penalty(*(float(single[name]) for name in Penalty._fields))
        return GrowthSettings(
            penalty,
            single["gamma"],
            self._resolved("max_depth"),
            single["learning_rate"],
            prunes_after=self.prune == "post",
            keep_pruned=bool(self.keep_pruned),
            deterministic=bool(self.deterministic),
            **self._growth_options(),
        )

    def _vector_leaves(self, objective: Any, n_outputs: int, earlier: EarlierModel | None) -> bool:
        """Whether trees have vectors in their leaves, after a look at what is not there for them."""
        wanted = self.multi_strategy == "multi_output_tree" and n_outputs > 1
        refused = {
            f"tree_method={self.tree_method!r}": self.tree_method in ("exact", "approx"),
            f"booster={self.booster!r}": self.booster == "dart",
            f"process_type={self.process_type!r}": self.process_type == "update",
        }
        for name in (name for name, is_set in refused.items() if wanted and is_set):
            raise NotImplementedError(
                f"{type(self).__name__}: parameter {name} is not supported with multi_strategy='multi_output_tree'"
            )
        if earlier is not None and any((tree.value.ndim == 2) != wanted for tree in earlier.ensemble.trees):
            raise ValueError(f"xgb_model: its trees are not those of multi_strategy={self.multi_strategy!r}")
        return wanted

    def _tree_method(self) -> str:
        """The method by its own name, after a look at parameters without a meaning for it."""
        method = "hist" if self.tree_method in (None, "auto") else self.tree_method
        if method == "exact" and self._categories is not None:
            raise NotImplementedError(
                f"{type(self).__name__}: tree_method='exact' does not split columns of categories; 'hist' does"
            )
        if method == "exact":
            idle = {
                "max_bin": self.max_bin is not None,
                "grow_policy": self.grow_policy == "lossguide",
                "max_leaves": bool(self.max_leaves),
                "max_depth": self.max_depth == 0,
            }
            for name in (name for name, is_set in idle.items() if is_set):
                raise NotImplementedError(
                    f"{type(self).__name__}: parameter {name}={getattr(self, name)!r} has no meaning with "
                    "tree_method='exact'"
                )
        return method

    def _base_score(self, objective: Any, n_outputs: int) -> NDArray[np.float32] | None:
        """The user's start for each output, or None."""
        if self.base_score is None:
            return None
        start = np.asarray(self.base_score, dtype=np.float32).ravel()
        if start.size not in (1, n_outputs) or not np.all(np.isfinite(start)):
            raise ValueError(f"base_score={self.base_score!r} must be a finite number, or one per class ({n_outputs})")
        if objective.link == "logit" and not 0 < start[0] < 1:
            raise ValueError(f"base_score={self.base_score!r} is a probability here: it must lie between 0 and 1")
        if objective.link == "log" and not start[0] > 0:
            raise ValueError(f"base_score={self.base_score!r} is a mean of {objective.name}: it must be above 0")
        return np.broadcast_to(start, (n_outputs,)).copy()

    def _growth_options(self) -> dict[str, Any]:
        """What `GrowthSettings` has beside penalties."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "max_leaves": self.max_leaves or 0,
            "best_first": self.grow_policy == "lossguide",
            "direction": monotone_directions(self.monotone_constraints, self.n_features_in_, names),
            "interactions": interaction_sets(self.interaction_constraints, self.n_features_in_, names),
            "categories": self._category_rules(),
        }

    def _sampling(self, arguments: FitArguments, seed: int) -> Sampling:
        names = ("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode")
        rows, of_tree, of_level, of_node = (1.0 if getattr(self, n) is None else getattr(self, n) for n in names)
        own = self.feature_weights
        if own is not None and arguments.feature_weights is not None:
            raise ValueError("feature_weights: given to the constructor and to fit; one of them is enough")
        weights = self._column_weights(own if arguments.feature_weights is None else arguments.feature_weights)
        return Sampling(rows, of_tree, of_level, of_node, weights, seed, self.sampling_method == "gradient_based")

    def _dropout(self) -> Dropout | None:
        if self.booster != "dart":
            return None
        return Dropout(
            self.rate_drop or 0.0,
            self.skip_drop or 0.0,
            bool(self.one_drop),
            self.sample_type == "weighted",
            self.normalize_type == "forest",
        )

    def _updates(self, objective: Any, earlier: EarlierModel | None) -> Any:
        """Trees that are updated, and how; None if trees are grown."""
        from .refreshing import Updates

        if self.process_type != "update":
            return None
        if self.booster == "dart" or (earlier and np.any(np.asarray(earlier.ensemble.tree_weight) != 1.0)):
            raise NotImplementedError("process_type='update' is not supported with booster='dart'")
        if objective.leaf_quantile:
            raise NotImplementedError(f"process_type='update' is not supported with objective={objective.name!r}")
        if self.subsample not in (None, 1):
            raise NotImplementedError("parameter subsample has no meaning with process_type='update'")
        steps = tuple((self.updater or "").split(","))
        if not set(steps) <= {"refresh", "prune"}:
            raise ValueError(f"updater={self.updater!r} must be 'refresh', 'prune' or 'refresh,prune' to update trees")
        if "refresh" in steps and self.monotone_constraints is not None:
            raise NotImplementedError("parameter monotone_constraints has no meaning with updater='refresh'")
        if earlier is None:
            raise ValueError("xgb_model: process_type='update' needs a model whose trees are updated")
        return Updates(earlier.ensemble.trees, steps, self.refresh_leaf is not False)

    def _column_weights(self, feature_weights: Any) -> NDArray[np.float64] | None:
        if feature_weights is None:
            return None
        with naming("feature_weights"):
            weights = np.array(feature_weights, dtype=np.float64)
        if weights.shape != (self.n_features_in_,):
            raise ValueError(f"feature_weights: shape {weights.shape} must be ({self.n_features_in_},)")
        if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
            raise ValueError("feature_weights: must be finite and not negative, and one of them positive")
        return weights

    def _prepare(
        self,
        data: TrainingData,
        rows: Rows,
        arguments: FitArguments,
        objective: Any,
        n_outputs: int,
        seed: int,
        earlier: EarlierModel | None = None,
    ) -> tuple[TrainingData, Evaluation]:
        """Rows to train on, and what is followed meanwhile; `data` are those `rows` of what `fit` got that count."""
        n_given = len(rows) if isinstance(rows, np.ndarray) else data.X.shape[0]
        base_margin = checked_margin(arguments.base_margin, n_given, n_outputs, "base_margin")
        data = data._replace(base_margin=None if base_margin is None else base_margin[rows])
        patience = self.early_stopping_rounds
        sets = self._sets_given(arguments, n_outputs)
        if patience and not sets:
            fraction = self.validation_fraction
            if fraction is None:
                raise ValueError("early_stopping_rounds: needs eval_set, X_val and y_val, or validation_fraction")
            classes = data.y if is_classifier(self) and data.y.ndim == 1 else None
            train, held_out = hold_out(len(data.y), fraction, classes, seed, data.groups)
            held = data.rows(held_out)
            sets = [EvaluationSet(held.X, held.y, held.weight, held.base_margin, held.groups)]
            data = data.rows(train)
        wanted = bool(sets) or self.eval_metric is not None
        metrics = metrics_of(self.eval_metric, objective.metric, self._metric) if wanted else []
        evaluation = Evaluation(
            sets,
            metrics,
            lambda margin: evaluated(margin, objective.name, objective.link),
            patience=patience,
            period=int(arguments.verbose or 0) if arguments.eval_set is not None else 0,
            n_threads=self._n_threads(),
            first_round=0 if earlier is None else earlier.n_rounds,
        )
        return data, evaluation

    def _metric(self, name: Any) -> Any:
        given = {key: getattr(self, key, None) for key in METRIC_PARAMETERS}
        return metric(name, **{key: value for key, value in given.items() if value is not None})

    def _sets_given(self, arguments: FitArguments, n_outputs: int) -> list[EvaluationSet]:
        if (arguments.X_val is None) != (arguments.y_val is None):
            raise ValueError("X_val and y_val must be given together")
        if arguments.X_val is not None:
            if arguments.eval_set is not None:
                raise ValueError("X_val: eval_set is given, too; one of them is enough")
            own = ("X_val", "y_val", "sample_weight_val", "base_margin_val")
            return [self._set(arguments.X_val, arguments.y_val, arguments.sample_weight_val, None, own, n_outputs)]
        others = {
            "sample_weight_eval_set": arguments.sample_weight_eval_set,
            "base_margin_eval_set": arguments.base_margin_eval_set,
        }
        if arguments.eval_set is None:
            for name, value in {**others, "sample_weight_val": arguments.sample_weight_val}.items():
                if value is not None:
                    raise ValueError(f"{name}: there are no rows that it belongs to")
            return []
        names = ("eval_set", "eval_set", *others)
        return [
            self._set(X, y, weight, margin, names, n_outputs)
            for X, y, weight, margin in pairs_of(arguments.eval_set, others)
        ]

    def _set(self, X: Any, y: Any, weight: Any, margin: Any, names: Sequence[str], n_outputs: int) -> EvaluationSet:
        name_X, name_y, name_weight, name_margin = names
        with naming(name_X):
            rows = self._mark_missing(self._as_fitted(self._recoded(X), self._kind_of_rows()))
        with naming(name_y):
            targets = self._targets(y)
        if len(targets) != rows.shape[0]:
            raise ValueError(f"{name_y}: {len(targets)} targets for {rows.shape[0]} rows")
        with naming(name_weight):
            weights = check_sample_weight(weight, rows, dtype=np.float32)
        return EvaluationSet(rows, targets, weights, checked_margin(margin, rows.shape[0], n_outputs, name_margin))
