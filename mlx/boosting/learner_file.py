"""What of a `Booster` is kept: model files, pickles and copies, its configuration, texts that a user stores with it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Self

from ..tree.xgboost_document import XGBoostModel
from .categories_of_columns import Categories
from .columns import checked_names, checked_types
from .grown_model import GrownModel, model_of_file
from .model_format import model_bytes, read_model, write_model
from .parameters import LearnerParameters

__all__ = ["LearnerFile"]

# Where parameters stand in a configuration.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "generic_param": ("device", "n_jobs", "random_state", "validate_parameters", "verbosity"),
    "gbtree_train_param": ("tree_method", "num_parallel_tree", "cuts"),
    "tree_train_param": (
        *("learning_rate", "gamma", "max_depth", "max_leaves", "max_bin", "grow_policy", "min_child_weight"),
        *("reg_lambda", "reg_alpha", "max_delta_step", "subsample", "sampling_method"),
        *("colsample_bytree", "colsample_bylevel", "colsample_bynode"),
        *("monotone_constraints", "interaction_constraints", "max_cat_to_onehot", "max_cat_threshold"),
    ),
    "learner_train_param": ("booster", "objective", "multi_strategy", "base_score"),
}


class LearnerFile:
    """Methods of `Booster` that keep it."""

    # Of the class that this one is a part of.
    _model: Any
    _names: list[str] | None
    _types: list[str] | None
    _n_features: int
    _grown: GrownModel | None
    _attributes: dict[str, str]
    _parameters: LearnerParameters
    reset: Any

    # Files -------------------------------------------------------------------------------------------------------

    def save_model(self, fname: str | os.PathLike) -> None:
        """Write the model as a file that xgboost and this package load.

        Parameters
        ----------
        fname : str or path-like
            JSON if it ends with ``.json``, UBJSON otherwise.
        """
        if not isinstance(fname, str | os.PathLike):
            raise TypeError(f"fname: the name of a file is needed, not {type(fname).__name__}")
        write_model(self._file(), os.path.expanduser(fname))

    def save_raw(self, raw_format: str = "ubj") -> bytearray:
        """What a model file would hold.

        Parameters
        ----------
        raw_format : {"ubj", "json"}, default="ubj"
        """
        if raw_format not in ("ubj", "json"):
            raise ValueError(f"raw_format={raw_format!r} must be 'ubj' or 'json'")
        return bytearray(model_bytes(self._file(), "json" if raw_format == "json" else "ubj"))

    def load_model(self, fname: str | os.PathLike | bytes | bytearray) -> None:
        """Take over the model in a file, or in what `save_raw` returns.

        Parameters
        ----------
        fname : str, path-like, bytes or bytearray

        Raises
        ------
        ModelFormatError
            A ValueError: the file is damaged, or of a form that is not known. The booster is then as before.
        """
        if not isinstance(fname, str | os.PathLike | bytes | bytearray):
            raise TypeError(f"fname: a file, or what one holds, is needed, not {type(fname).__name__}")
        model = read_model(os.path.expanduser(fname) if isinstance(fname, str | os.PathLike) else fname)
        self._parameters.take_objective(model)
        self._take(model)

    def _file(self) -> XGBoostModel:
        return self._model().file(self._names, self._types, self._attributes)

    def _take(self, model: XGBoostModel) -> None:
        self.reset()
        self._grown, self._n_features = model_of_file(model), model.ensemble.n_features
        names, types = model.ensemble.feature_names, model.feature_types
        self._names, self._types = (None if part is None else list(part) for part in (names, types))
        self._attributes = dict(model.attributes)

    # Pickles and copies ---------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        grown = self._grown
        return {
            "_parameters": self._parameters.copy(),
            "_attributes": dict(self._attributes),
            "_names": self._names,
            "_types": self._types,
            "_n_features": self._n_features,
            "_grown": None if grown is None else grown.rounds(range(grown.n_rounds)),
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self.reset()

    def copy(self) -> Self:
        """Another booster with the same trees and parameters."""
        other = type(self)()
        other.__setstate__(self.__getstate__())
        return other

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Self:
        return self.copy()

    # Configuration -------------------------------------------------------------------------------------------------

    def save_config(self) -> str:
        """Parameters as JSON, in the groups in which the library has them."""
        model, parameters = self._model(), self._parameters
        groups = {group: parameters.texts(names) for group, names in GROUPS.items()}
        learner = {
            "generic_param": groups["generic_param"],
            "gradient_booster": {
                "name": model.booster,
                "gbtree_train_param": groups["gbtree_train_param"],
                "tree_train_param": groups["tree_train_param"],
            },
            "learner_model_param": {
                "base_score": f"[{','.join(str(score) for score in model.base_score)}]",
                "num_class": str(model.n_classes),
                "num_feature": str(model.n_features),
                "num_target": str(1 if model.n_classes else model.n_outputs),
            },
            "learner_train_param": groups["learner_train_param"],
            "metrics": [{"name": name} for name in parameters.metrics],
            "objective": {"name": model.objective, **{k: dict(v) for k, v in model.objective_parameters.items()}},
        }
        return json.dumps({"learner": learner, "version": [3, 2, 0]})

    def load_config(self, config: str) -> None:
        """Set the parameters that `save_config`, or the library's, has written.

        Parameters
        ----------
        config : str
            JSON.
        """
        if not isinstance(config, str):
            raise TypeError(f"config: text is needed, not {type(config).__name__}")
        try:
            learner = json.loads(config)["learner"]
            booster = learner["gradient_booster"].get("gbtree", learner["gradient_booster"])
            groups = [learner["generic_param"], learner["learner_train_param"]]
            groups += [booster["gbtree_train_param"], booster["tree_train_param"]]
            groups += [{"num_class": learner["learner_model_param"]["num_class"]}]
            groups += [group for name, group in learner["objective"].items() if name != "name"]
            pairs = [(name, text) for group in groups for name, text in group.items() if text not in ("", "()")]
            pairs += [("eval_metric", metric["name"]) for metric in learner["metrics"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"config: is not what save_config returns ({error!r})") from None
        self._parameters.set(pairs)

    # Texts and names -----------------------------------------------------------------------------------------------

    def attr(self, key: str) -> str | None:
        """A text that is stored with the model, or None."""
        return self._attributes.get(key)

    def attributes(self) -> dict[str, str]:
        """All texts that are stored with the model."""
        return dict(self._attributes)

    def set_attr(self, **kwargs: Any) -> None:
        """Store texts with the model; None takes one away."""
        for key, value in kwargs.items():
            if value is None:
                self._attributes.pop(key, None)
            else:
                self._attributes[key] = str(value)

    @property
    def best_iteration(self) -> int:
        """Best round, counted from 0; there only after early stopping."""
        return int(self._best("best_iteration"))

    @best_iteration.setter
    def best_iteration(self, iteration: int) -> None:
        self.set_attr(best_iteration=iteration)

    @property
    def best_score(self) -> float:
        """Metric after the best round; there only after early stopping."""
        return float(self._best("best_score"))

    @best_score.setter
    def best_score(self, score: float) -> None:
        self.set_attr(best_score=score)

    def _best(self, key: str) -> str:
        text = self.attr(key)
        if text is None:
            raise AttributeError(f"`{key}` is there only after early stopping")
        return text

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns; None takes them away."""
        return None if self._names is None else list(self._names)

    @feature_names.setter
    def feature_names(self, feature_names: Any) -> None:
        self._names = None if feature_names is None else checked_names(feature_names, self._columns(feature_names))

    @property
    def feature_types(self) -> list[str] | None:
        """Types of the columns; None takes them away."""
        return None if self._types is None else list(self._types)

    @feature_types.setter
    def feature_types(self, feature_types: Any) -> None:
        self._types = None if feature_types is None else checked_types(feature_types, self._columns(feature_types))

    def _columns(self, given: Any) -> int:
        """Number of columns; as many as given before any are known."""
        return self._n_features or len(given)

    def get_categories(self, export_to_arrow: bool = False) -> Categories:
        """Categories of the columns, see `DMatrix.get_categories`."""
        names = None if self._grown is None else self._grown.category_names
        return Categories(names, self._names, self._n_features, export_to_arrow)
