"""Parameters of `train`, `cv` and `Booster`: a dictionary, or a list of pairs, by xgboost's names.

They are those of the estimators, with a second name for some, as text if one likes, and a few of their own:

=======================  =================================================================================
learner                  what
=======================  =================================================================================
eta                      learning_rate
min_split_loss           gamma
lambda, alpha            reg_lambda, reg_alpha
seed                     random_state
nthread                  n_jobs; 0 is all cores
num_class                number of classes of multi:softmax and multi:softprob
num_target               number of targets per row, where the targets do not say it: for own objectives
eval_metric              a name, or a list of names; in a list of pairs it may stand several times
validate_parameters      False: no warning about names that are not known
=======================  =================================================================================

As in the library, a name that is not known is not an error, but a warning says that it is not used. What the library
knows and this package has not is refused, unless it is set to what holds anyway.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import validate_parameter_constraints

from ..tree.xgboost_document import XGBoostModel
from .aliases import ALIASES
from .classifier import XGBClassifier
from .estimator_booster import OF_ESTIMATORS
from .estimator_parameters import DEFAULTS
from .grown_model import GrownModel
from .learner_rows import known_rows
from .matrix import DMatrix
from .model import XGBModel
from .model_format import objective_parameters, positive_weight
from .objective import PARAMETERS
from .prediction import evaluated
from .ranker import XGBRanker
from .regressor import XGBRegressor
from .targets import of_targets

__all__ = ["METRIC", "LearnerParameters", "pairs_of"]

METRIC = "eval_metric"

# Parameters of single objectives.
OF_OBJECTIVES = {parameter.name: parameter for own in PARAMETERS.values() for parameter in own}

# What the library knows, and which of its values say what holds here anyway.
HELD: Mapping[str, tuple[Any, ...]] = {
    "seed_per_iteration": (False,),
    "fail_on_invalid_gpu_id": (False,),
    "boost_from_average": (True,),
    "sparse_threshold": (0.2,),
    "max_cached_hist_node": (2**64 - 1,),
    "extmem_single_page": (False,),
    "debug_synchronize": (False,),
    "max_cat_to_onehot": (4,),
    "max_cat_threshold": (64,),
    "updater": ("grow_quantile_histmaker",),
    "refresh_leaf": (True,),
    "feature_selector": (),
    "top_k": (),
}

WORDS = {"true": True, "false": False}

# Where a model without trees predicts, if nothing is said about it.
START = np.float32(0.5)

# What None stands for in a configuration, beside `DEFAULTS`.
STANDING_FOR_NONE = {
    "device": "cpu",
    "n_jobs": 0,
    "random_state": 0,
    "validate_parameters": 1,
    "tree_method": "auto",
    "num_parallel_tree": 1,
    "max_leaves": 0,
    "grow_policy": "depthwise",
    "subsample": 1,
    "sampling_method": "uniform",
    "colsample_bytree": 1,
    "colsample_bylevel": 1,
    "colsample_bynode": 1,
    "booster": "gbtree",
    "multi_strategy": "one_output_per_tree",
}


class LearnerParameters(XGBModel):
    """Parameters that are set, each checked; also the estimator that knows what to make of them.

    Attributes
    ----------
    given : dict
        Values by the estimators' names.
    metrics : list of str
    num_class, num_target : int
    no_default_metric : bool
        Whether nothing is evaluated unless `metrics` has names.
    """

    _parameter_constraints: ClassVar[dict] = {
        **XGBClassifier._parameter_constraints,
        **XGBRegressor._parameter_constraints,
        **XGBRanker._parameter_constraints,
        "n_jobs": [Integral, None],
    }

    # What a fit would have found.
    feature_names_in_: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, Any] = {}
        self.metrics: list[str] = []
        self.num_class, self.num_target = 0, 1
        self.no_default_metric = False

    def set(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Set parameters; None is no value.

        Raises
        ------
        ValueError
            If a value is not valid: the message names the parameter.
        NotImplementedError
            If it is not supported: the message names the parameter.

        Warns
        -----
        UserWarning
            If a parameter is not known.
        """
        unknown = set()
        for name, value in pairs:
            if value is not None and not self._set_one(ALIASES.get(name, name), name, value):
                unknown.add(name)
        if unknown and self.given.get("validate_parameters", True):
            names = ", ".join(f'"{name}"' for name in sorted(unknown))
            warnings.warn(f"Parameters: {{ {names} }} are not used.", UserWarning, stacklevel=4)
        self._refuse_unsupported(self.objectives())

    def set_known(self, values: Mapping[str, Any]) -> None:
        """Set parameters of an estimator that has been fitted with them."""
        metrics = values.get(METRIC)
        names = [metrics] if isinstance(metrics, str) else [one for one in metrics or () if isinstance(one, str)]
        others = {name: value for name, value in values.items() if name != METRIC and value is not None}
        self.set([*others.items(), *((METRIC, name) for name in names)])

    def objectives(self) -> tuple[str, ...]:
        """Objectives that there are."""
        from .objectives import OBJECTIVES

        return tuple(OBJECTIVES)

    @property
    def objective_name(self) -> str:
        """The objective, or what stands for none."""
        return self.given.get("objective") or ("multi:softmax" if self.num_class > 1 else "reg:squarederror")

    def objective_for(self) -> tuple[Any, int]:
        """Objective, before it has seen targets, and number of outputs."""
        name = self.objective_name
        if name not in self.objectives():
            raise NotImplementedError(f"objective={name!r} is not supported")
        # 1 is a target of every objective, and between 1 and 1 one of those that have two bounds.
        objective = self._checked_objective(name, np.ones((1, 2), dtype=np.float32), None)
        softmax = objective.link == "softmax"
        if softmax and self.num_class < 1:
            raise ValueError(f"num_class: objective={name!r} needs it")
        if not softmax and self.num_class > 1:
            raise ValueError(f"num_class={self.num_class}: objective={name!r} has no classes")
        return objective, self.num_class if softmax else objective.n_outputs

    def n_targets(self, matrix: DMatrix, own: bool) -> int:
        """Targets of each row of a matrix, or outputs that an `own` objective is to have."""
        label = matrix.given("label")
        stated, known = self.num_target, 1 if label is None or label.ndim == 1 else label.shape[1]
        if stated > 1 and known != stated and not (own and known == 1):
            raise ValueError(f"num_target={stated}: dtrain has {known} per row")
        return max(stated, known)

    def objective_of_targets(self, objective: Any, n_targets: int) -> Any:
        """The objective of each of several targets."""
        return of_targets(objective, n_targets, float(self._resolved("scale_pos_weight")))

    def scores(self, model: GrownModel, matrix: DMatrix, margin: NDArray[np.float32]) -> list[tuple[str, float]]:
        """Name and value of each metric, for the margins of the rows of a matrix."""
        names = self.metrics or ([] if self.no_default_metric else [self.objective_for()[0].metric])
        rows = known_rows(matrix, model.objective)
        if rows.y is None and names:
            raise ValueError("label: a set that is evaluated has no targets")
        prediction = evaluated(margin, model.objective, model.link)
        metrics = [self._metric(name) for name in names]
        return [(metric.name, metric(rows.y, prediction, rows.weight, rows.groups)) for metric in metrics]

    def empty_model(self, n_features: int) -> GrownModel:
        """A model without trees."""
        objective, n_outputs = self.objective_for()
        start = self._base_score(objective, n_outputs)
        positive_weight = float(self._resolved("scale_pos_weight"))
        return GrownModel(
            objective.name,
            objective.file_parameters(positive_weight, n_outputs),
            np.full(n_outputs, START) if start is None else start,
            n_features,
            n_classes=n_outputs if objective.link == "softmax" else 0,
        )

    def take_objective(self, model: XGBoostModel) -> None:
        """Set what a model file says of the objective."""
        stated = objective_parameters(model)
        weight = positive_weight(model)
        if weight != 1.0:
            stated["scale_pos_weight"] = weight
        if model.n_parallel_trees != 1:
            stated["num_parallel_tree"] = model.n_parallel_trees
        for name, value in stated.items():
            self.given[name] = value
            setattr(self, name, value)
        self.num_class = model.n_classes

    def copy(self) -> LearnerParameters:
        """Another one with the same values."""
        other = LearnerParameters()
        for name, value in self.given.items():
            setattr(other, name, value)
        other.given, other.metrics = dict(self.given), list(self.metrics)
        other.num_class, other.num_target = self.num_class, self.num_target
        other.no_default_metric = self.no_default_metric
        return other

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Values of some parameters as text, what is not set with its default; without those that have neither."""
        found = {}
        for name in names:
            value = self.objective_name if name == "objective" else getattr(self, name, None)
            value = DEFAULTS.get(name, STANDING_FOR_NONE.get(name)) if value is None else value
            if isinstance(value, bool):
                value = int(value)
            if isinstance(value, float):
                value = f"{np.float32(value):.9g}"
            if value is not None:
                found[name] = str(value)
        return found

    def _set_one(self, name: str, written: str, value: Any) -> bool:
        """Set one parameter; False if it is not known."""
        if name == METRIC:
            wanted = [value] if isinstance(value, str) else value
            if not isinstance(wanted, list | tuple) or not all(isinstance(one, str) for one in wanted):
                raise ValueError(f"eval_metric={value!r} must be a name or a list of names")
            self.metrics += [one for one in dict.fromkeys(wanted) if one not in self.metrics]
            for one in wanted:
                self._metric(one)
            return True
        if name in ("num_class", "num_target"):
            setattr(self, name, _checked(name, written, value, {name: self._parameter_constraints["max_depth"]}))
            return True
        if name == "disable_default_eval_metric":
            self.no_default_metric = _checked(name, written, value, {name: ["boolean"]})
            return True
        if name in OF_ESTIMATORS:
            return False
        if name in HELD and _is_held(name, value):
            return True
        if name not in {*self._parameter_constraints, *self.get_params(), *OF_OBJECTIVES}:
            if name in HELD:
                raise NotImplementedError(f"parameter {written}={value!r} is not supported")
            return False
        value = _checked(name, written, value, self._parameter_constraints)
        if name == "objective" and (not isinstance(value, str) or value not in self.objectives()):
            raise ValueError(f"objective={value!r} must be one of {', '.join(map(repr, self.objectives()))}")
        if name == "n_jobs" and value == 0:
            value = None
        self.given[name] = value
        setattr(self, name, value)
        return True


def pairs_of(params: Any) -> list[tuple[str, Any]]:
    """Names and values that a dictionary or a list of pairs has; a list of metrics becomes several pairs.

    Raises
    ------
    TypeError
        If `params` is neither.
    """
    try:
        pairs = [(name, value) for name, value in (params.items() if isinstance(params, Mapping) else params or ())]
    except (TypeError, ValueError):
        raise TypeError("params: must be a dictionary, or a list of pairs of a name and a value") from None
    for name, _ in pairs:
        if not isinstance(name, str):
            raise TypeError(f"params: a name must be text, not {name!r}")
    several = [
        (name, value if name == METRIC and isinstance(value, list | tuple) else [value]) for name, value in pairs
    ]
    return [(name, one) for name, values in several for one in values]


def _checked(name: str, written: str, value: Any, constraints: Mapping[str, Any]) -> Any:
    """Value of a parameter, which may have been given as text."""
    wants = constraints.get(name, [])
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    own = None if name in constraints else OF_OBJECTIVES.get(name)
    is_number = wants and not any(want is str or hasattr(want, "options") for want in wants)
    if isinstance(value, str) and (is_number or (own is not None and own.type is not str)):
        try:
            value = WORDS[value] if value in WORDS else ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise ValueError(f"{written}={value!r} must be a number") from None
    if "boolean" in wants and not isinstance(value, bool) and value in (0, 1):
        value = bool(value)
    if own is not None:
        return own.checked(value)
    if name in constraints:
        try:
            validate_parameter_constraints({name: wants}, {name: value}, caller_name="params")
        except ValueError as error:
            raise ValueError(str(error).replace(f"{name!r}", f"{written!r}")) from None
    return value


def _is_held(name: str, value: Any) -> bool:
    """Whether a value says what holds anyway."""
    meant = WORDS.get(value.lower(), _as_number(value)) if isinstance(value, str) else value
    return any(meant == held for held in HELD[name])


def _as_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
