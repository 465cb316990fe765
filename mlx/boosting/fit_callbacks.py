"""Callbacks of an estimator: what `train` tells them of its `Booster`, `fit` tells them of its own rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from .aliases import ALIASES
from .booster import Training
from .callback import TrainingCallback
from .grown_model import GrownModel
from .learner import Booster
from .parameters import pairs_of
from .prediction import outputs_of, starts_of_rounds

__all__ = ["FitCallbacks", "FittingBooster"]


class FittingBooster(Booster):
    """The model of an estimator while it is fitted; of its parameters the learning rate may be set."""

    _fit: Training | None = None

    @classmethod
    def of(cls, fit: Training, file_parameters: Mapping[str, Mapping[str, str]], names: Sequence[str] | None) -> Self:
        """The model of a run of boosting."""
        booster, n_outputs = cls(), len(fit.intercept)
        booster._n_features, booster._names = fit.X.shape[1], None if names is None else list(names)
        booster._grown = GrownModel(
            fit.objective.name,
            file_parameters,
            fit.intercept,
            fit.X.shape[1],
            n_classes=n_outputs if fit.objective.link == "softmax" else 0,
            n_parallel_trees=fit.n_parallel,
            booster="gbtree" if fit.dropout is None else "dart",
            trees=list(fit.trees),
            tree_output=outputs_of(fit.trees, n_outputs, fit.n_parallel).tolist(),
            tree_weight=list(fit.weights),
            round_start=starts_of_rounds(fit.trees, n_outputs, fit.n_parallel).tolist(),
        )
        booster._fit = fit
        return booster

    def set_param(self, params: Any, value: Any = None) -> None:
        """Set the learning rate, which holds from the next round on.

        Parameters
        ----------
        params : dict, list of pairs, or str
        value : float, optional
            If `params` is a name.
        """
        if self._fit is None:
            super().set_param(params, value)
            return
        for name, given in [(params, value)] if isinstance(params, str) else pairs_of(params):
            if ALIASES.get(name, name) != "learning_rate":
                raise NotImplementedError(f"callbacks: during fit only learning_rate can be set, not {name}")
            self._fit.set_learning_rate(float(given))


class FitCallbacks:
    """The callbacks of one fit.

    Parameters
    ----------
    callbacks : sequence of TrainingCallback, or None
    fit : Training
        Before its first round.
    history : dict of dict of list of float
        Metrics of the evaluation sets, as they come.
    file_parameters : dict of str to (dict of str to str)
        Of the objective.
    names : sequence of str or None
        Of the columns.

    Attributes
    ----------
    model : Booster
        What callbacks are told about, and at last what they made of it.
    """

    def __init__(
        self,
        callbacks: Sequence[TrainingCallback] | None,
        fit: Training,
        history: Mapping[str, Mapping[str, Sequence[float]]],
        file_parameters: Mapping[str, Mapping[str, str]],
        names: Sequence[str] | None,
    ) -> None:
        self._callbacks, self._fit, self._number = list(dict.fromkeys(callbacks or ())), fit, 0
        for callback in self._callbacks:
            if not isinstance(callback, TrainingCallback):
                raise TypeError(f"callbacks: a TrainingCallback is needed, not {type(callback).__name__}")
        self._history = history
        self.model: Any = FittingBooster.of(fit, file_parameters, names)
        for callback in self._callbacks:
            self.model = callback.before_training(self.model)

    def round_begins(self) -> bool:
        """Tell them of a round; True if training shall end before it."""
        return any(c.before_iteration(self.model, self._number, self._log()) for c in self._callbacks)

    def round_done(self) -> bool:
        """Tell them that it is over; True if training shall end."""
        grown: GrownModel = self.model._grown
        grown.add_round(self._fit.trees[len(grown.trees) :], self._fit.weights)
        number, self._number = self._number, self._number + 1
        return any(callback.after_iteration(self.model, number, self._log()) for callback in self._callbacks)

    def finish(self) -> dict[str, Any]:
        """Tell them that training is over; fitted attributes of the estimator that they have changed."""
        for callback in self._callbacks:
            self.model = callback.after_training(self.model)
        changed: dict[str, Any] = {}
        if "best_iteration" in self.model.attributes():
            changed["_best"] = (int(self.model.best_iteration), float(self.model.best_score))
        grown = self.model._grown
        if len(grown.trees) < len(self._fit.trees):
            changed["tree_ensemble_"] = grown.ensemble(names=self.model._names)
            changed["_round_start"] = np.array(grown.round_start)
        return changed

    def _log(self) -> Mapping[str, Mapping[str, Sequence[float]]]:
        """Sets that have a metric already."""
        return {name: metrics for name, metrics in self._history.items() if any(metrics.values())}
