"""What a `Booster` trains with: from a data matrix and parameters to `Training`, at the round where the model is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..validation import naming
from .category_encoding import check_codes, columns_of
from .evaluation import checked_margin
from .grown_model import GrownModel
from .learner_rows import INTERVALS, known_rows
from .matrix import DMatrix
from .model import positive_rows
from .parameters import LearnerParameters
from .quantile_cut import cuts_of_table
from .quantile_matrix import QuantileDMatrix
from .sampling import seed_of
from .training import FitArguments

__all__ = ["LearnerTraining"]

# Where the library starts if it does not know the loss.
START_OF_OWN = np.float32(0.5)


class LearnerTraining:
    """Training on one matrix with some parameters, and the model that it adds its rounds to.

    Parameters
    ----------
    parameters : LearnerParameters
    dtrain : DMatrix
    model : GrownModel or None
        What there is already; not without trees.
    own : bool
        Whether gradients are the user's own.

    Attributes
    ----------
    model : GrownModel
    """

    def __init__(
        self,
        parameters: LearnerParameters,
        dtrain: DMatrix,
        model: GrownModel | None,
        own: bool,
    ) -> None:
        from .booster import Training

        self._dtrain, self._own = dtrain, own
        self._given, self._told = _told(parameters, dtrain)
        _refuse(dtrain, parameters)
        parameters.n_features_in_ = dtrain.num_col()
        names = dtrain.categories if model is None else model.category_names
        known = columns_of(dtrain.feature_types, names)
        parameters._feature_types, parameters._category_names = (None, None) if known is None else known
        rows = dtrain.rows_for(names)
        with naming("data"):
            check_codes(rows, known)
        objective, n_outputs = parameters.objective_for()
        n_targets = parameters.n_targets(dtrain, own)
        if n_targets > 1:
            objective, n_outputs = parameters.objective_of_targets(objective, n_targets), n_targets
        y, weight, groups = known_rows(dtrain, objective.name)
        y = _targets(y, objective, n_outputs, dtrain.num_row(), own)
        self._rows = positive_rows(weight)
        if groups is not None and isinstance(self._rows, np.ndarray):
            groups = groups.holding(np.flatnonzero(self._rows))
        y, weight = y[self._rows], None if weight is None else weight[self._rows]
        arguments = FitArguments(feature_weights=dtrain.given("feature_weights"))
        seed, earlier = seed_of(parameters.random_state), None if model is None else model.earlier()
        options = parameters._training_options(objective, n_outputs, arguments, seed, earlier)
        if model is None and own and options["base_score"] is None:
            options["base_score"] = np.full(n_outputs, START_OF_OWN)
        base_margin = checked_margin(dtrain.given("base_margin"), dtrain.num_row(), n_outputs, "base_margin")
        base_margin = None if base_margin is None else base_margin[self._rows]
        options |= {"base_margin": base_margin, "groups": groups if objective.name.startswith("rank:") else None}
        self._table: Any = None
        self._training = Training(rows[self._rows], y, weight, objective, **options)
        grown = GrownModel(
            objective.name,
            objective.file_parameters(options["positive_weight"], n_outputs),
            self._training.intercept,
            dtrain.num_col(),
            n_classes=n_outputs if objective.link == "softmax" else 0,
            n_parallel_trees=options["n_parallel"],
            category_names=names,
            booster="gbtree" if options.get("dropout") is None else "dart",
        )
        # Trees that are updated come in the place of those that they were.
        self.model = grown if model is None or options["earlier"] is None else model.continued(grown)

    def is_for(self, parameters: LearnerParameters, dtrain: DMatrix, model: GrownModel | None, own: bool) -> bool:
        """Whether the next round is one of this training; another learning rate makes it so."""
        given, told = _told(parameters, dtrain)
        if dtrain is not self._dtrain or own != self._own or model is not self.model:
            return False
        if any(now is not then for now, then in zip(told, self._told)):
            return False
        if {**given, "learning_rate": None} != {**self._given, "learning_rate": None}:
            return False
        if given != self._given:
            self._training.set_learning_rate(parameters._resolved("learning_rate"))
            self._given = given
        return True

    def seen_margin(self, margin: NDArray[np.float32]) -> NDArray[np.float32]:
        """Margins at which the round takes its gradients, given those of all trees, shape (n_samples, n_outputs)."""
        if self.model.booster == "dart":
            margin[self._rows] = self._training.seen_margin.T
        return margin

    def round(self, gradients: Callable[[], Any] | None = None) -> None:
        """Add a round to the model, with gradients and Hessians of one's own or those of the objective."""
        if gradients is None:
            self.model.add_round(self._new_trees(None), self._training.weights)
            self._keep_cuts()
            self.model.position_bias = self._training.objective.position_bias
            return
        returned = gradients()
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise ValueError("fobj: must return gradients and Hessians, two arrays")
        grad, hess = returned
        shape = (self._dtrain.num_row(), self.model.n_outputs)
        both = [_shaped(name, part, shape).T[:, self._rows] for name, part in (("grad", grad), ("hess", hess))]
        new = self._new_trees(np.ascontiguousarray(np.stack(both, axis=-1)))
        self._keep_cuts()
        self.model.add_round(new, self._training.weights)

    def _new_trees(self, gradients: NDArray[np.floating] | None) -> list[Tree]:
        """Trees of one more round."""
        first = len(self._training.trees)
        self._training.round(gradients)
        return self._training.trees[first:]

    def _keep_cuts(self) -> None:
        """Let the matrix know how its columns were cut, if they were."""
        table = self._training.table
        if table is not None and table is not self._table:
            self._table = table
            self._dtrain._keep_cuts(cuts_of_table(table))

    def close(self) -> None:
        """End its threads."""
        self._training.__exit__(None, None, None)


def _told(parameters: LearnerParameters, dtrain: DMatrix) -> tuple[dict[str, Any], list[Any]]:
    """What a training has been told, to see whether it still holds: parameters, and what is known of the rows."""
    fields = ("label", "weight", "base_margin", "feature_weights", "group_ptr", "label_lower_bound")
    given = {**parameters.given, "num_class": parameters.num_class}
    return given, [dtrain.given(field) for field in fields]


def _refuse(dtrain: DMatrix, parameters: LearnerParameters) -> None:
    """Raise for what cannot be trained on."""
    if dtrain.num_row() == 0 or dtrain.num_col() == 0:
        raise ValueError(f"dtrain: there is nothing to train on, {dtrain.num_row()} rows of {dtrain.num_col()} columns")
    max_bin = parameters._resolved("max_bin")
    if isinstance(dtrain, QuantileDMatrix) and (dtrain.max_bin or 256) != max_bin:
        raise ValueError(f"max_bin={max_bin} must be that of the QuantileDMatrix, {dtrain.max_bin or 256}")


def _targets(
    y: NDArray[np.float32] | None, objective: Any, n_outputs: int, n_samples: int, own: bool
) -> NDArray[np.float32]:
    """Targets; with gradients of one's own only those that leaves are made of matter, and there need be none."""
    if own and not (objective.leaf_quantile and y is not None):
        # 1 is a target of every objective.
        per_row = 2 if objective.name == INTERVALS else n_outputs if objective.link != "softmax" else 1
        return np.ones((n_samples, per_row) if per_row > 1 else n_samples, dtype=np.float32)
    if y is None:
        missing = "label_lower_bound, label_upper_bound" if objective.name == INTERVALS else "label"
        raise ValueError(f"{missing}: dtrain has no targets to learn")
    if objective.link == "softmax" and np.any((y < 0) | (y >= n_outputs) | (y != np.floor(y))):
        raise ValueError(f"label: classes must be whole numbers from 0 to {n_outputs - 1}")
    return y


def _shaped(name: str, part: Any, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Gradients or Hessians as float32 of a shape."""
    try:
        array = np.asarray(part, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None
    if array.size != shape[0] * shape[1] or array.ndim not in (1, 2):
        raise ValueError(f"{name}: shape {array.shape} must be {shape if shape[1] > 1 else shape[:1]}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: must be finite")
    return array.reshape(shape)
