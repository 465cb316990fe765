"""A callback is told of every round of `train` and `cv`, and may end the training.

::

    before_training(model)                     once; returns the model
        before_iteration(model, epoch, log)    True ends the training before the round
                                               one round; then the metrics on `evals` are written to log
        after_iteration(model, epoch, log)     True ends the training after the round
    after_training(model)                      once; returns the model

`model` is the `Booster`, or in `cv` an object that has one of each fold; `epoch` counts the rounds of this training
from 0; `log` is ``{"name of the set": {"name of the metric": [value, ...]}}``, with pairs of mean and standard
deviation for values in `cv`. Names and parameters are those of ``xgboost.callback``; `ProgressBar` is ours.
"""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

from ..callbacks import progress
from .early_stopping import GROWING

__all__ = [
    "EarlyStopping",
    "EvaluationMonitor",
    "LearningRateScheduler",
    "ProgressBar",
    "TrainingCallback",
    "TrainingCheckPoint",
]

Log = Mapping[str, Mapping[str, Sequence[Any]]]


class TrainingCallback:
    """Base of all callbacks: each method does nothing, and says so."""

    def before_training(self, model: Any) -> Any:
        """Training begins; returns the model."""
        return model

    def after_training(self, model: Any) -> Any:
        """Training is over; returns the model."""
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """A round begins; True ends the training."""
        return False

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """A round is over; True ends the training."""
        return False


class LearningRateScheduler(TrainingCallback):
    """Sets the learning rate of each round but the first.

    Parameters
    ----------
    learning_rates : callable or sequence of float
        ``learning_rates(epoch)`` or ``learning_rates[epoch]``. As in the library, what belongs to a round is set when
        that round is over, and holds from the next one on; the first round has the rate of the parameters.
    """

    def __init__(self, learning_rates: Callable[[int], float] | Sequence[float]) -> None:
        if callable(learning_rates):
            self.learning_rates: Callable[[int], float] = learning_rates
        elif isinstance(learning_rates, Sequence) and not isinstance(learning_rates, str):
            self.learning_rates = learning_rates.__getitem__
        else:
            raise TypeError(f"learning_rates: a function or a sequence is needed, not {type(learning_rates).__name__}")

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """Set the rate of the next round."""
        model.set_param("learning_rate", self.learning_rates(epoch))
        return False


class EarlyStopping(TrainingCallback):
    """Ends the training when a metric has not improved for some rounds.

    Parameters
    ----------
    rounds : int
        How many.
    metric_name : str, default=None
        The metric; None is the last one.
    data_name : str, default=None
        The set of rows; None is the last one.
    maximize : bool, default=None
        Whether larger is better; None goes by the name of the metric: true of those that begin with "auc", "aucpr",
        "pre", "map" or "ndcg", but for "mape".
    save_best : bool, default=False
        Whether the model that is returned ends with the best round. Not in `cv`, which returns no model.
    min_delta : float, default=0.0
        By how much the metric must be better.
    """

    def __init__(
        self,
        *,
        rounds: int,
        metric_name: str | None = None,
        data_name: str | None = None,
        maximize: bool | None = None,
        save_best: bool | None = False,
        min_delta: float = 0.0,
    ) -> None:
        _check_count("rounds", rounds)
        if min_delta < 0:
            raise ValueError(f"min_delta={min_delta!r} must not be negative")
        self.rounds = rounds
        self.metric_name = metric_name
        self.data = data_name
        self.maximize = maximize
        self.save_best = save_best
        self.min_delta = min_delta
        self._best: float | None = None
        self._rounds_since = 0
        self._first_round = 0

    def before_training(self, model: Any) -> Any:
        """Take note of the rounds that there are already."""
        if self.save_best and not hasattr(model, "save_model"):
            raise ValueError("save_best: cv returns no model")
        self._first_round = model.num_boosted_rounds()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """Compare the round with the best one."""
        if not evals_log:
            raise ValueError("evals: early stopping needs at least one set of rows to evaluate")
        data = list(evals_log)[-1] if self.data is None else self.data
        if data not in evals_log:
            raise ValueError(f"data_name={data!r}: evals has no set of this name")
        metric = list(evals_log[data])[-1] if self.metric_name is None else self.metric_name
        if metric not in evals_log[data]:
            raise ValueError(f"metric_name={metric!r}: there is no metric of this name")
        if self.maximize is None:
            self.maximize = metric.startswith(GROWING) and metric != "mape"
        last = evals_log[data][metric][-1]
        score = last[0] if isinstance(last, tuple) else last
        if self._best is None or self._is_better(score, self._best):
            self._best, self._rounds_since = score, 0
            model.set_attr(best_score=str(score), best_iteration=str(self._first_round + epoch))
        else:
            self._rounds_since += 1
        return self._rounds_since >= self.rounds

    def after_training(self, model: Any) -> Any:
        """Leave out the rounds after the best one, if that is asked for."""
        if not self.save_best:
            return model
        best_iteration, best_score = model.best_iteration, model.best_score
        best = model[: best_iteration + 1]
        best.best_iteration, best.best_score = best_iteration, best_score
        return best

    def _is_better(self, score: float, best: float) -> bool:
        return score - self.min_delta > best if self.maximize else best - self.min_delta > score


def write(text: str) -> None:
    """Print a text that has its own line break."""
    print(text, end="")


class EvaluationMonitor(TrainingCallback):
    """Prints the metrics of every so many rounds, and of the last one.

    Parameters
    ----------
    rank : int, default=0
        Only 0 is supported: there is one process.
    period : int, default=1
    show_stdv : bool, default=False
        Whether the standard deviation is shown, in `cv`.
    logger : callable, default=write
        What is called with each line, which ends with a line break.
    """

    def __init__(
        self, rank: int = 0, period: int = 1, show_stdv: bool = False, logger: Callable[[str], None] = write
    ) -> None:
        if rank != 0:
            raise NotImplementedError(f"rank={rank!r}: there is one process, number 0")
        _check_count("period", period)
        self.period = period
        self.show_stdv = show_stdv
        self._logger = logger
        self._skipped: str | None = None

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """Print the round, or keep its line in case that it is the last one."""
        if not evals_log:
            return False
        scores = [
            f"\t{data}-{metric}:{self._text(values[-1])}"
            for data, of_data in evals_log.items()
            for metric, values in of_data.items()
        ]
        line = "".join([f"[{epoch}]", *scores, "\n"])
        self._skipped = line if epoch % self.period else None
        if self._skipped is None:
            self._logger(line)
        return False

    def after_training(self, model: Any) -> Any:
        """Print the last round, if it has not been printed."""
        if self._skipped is not None:
            self._logger(self._skipped)
        return model

    def _text(self, value: Any) -> str:
        if not isinstance(value, tuple):
            return f"{value:.5f}"
        return f"{value[0]:.5f}+{value[1]:.5f}" if self.show_stdv else f"{value[0]:.5f}"


class TrainingCheckPoint(TrainingCallback):
    """Writes the model to a file every so many rounds, the first time after one round more.

    Parameters
    ----------
    directory : str or path-like
    name : str, default="model"
        The files are ``name_<round>.ubj``.
    as_pickle : bool, default=False
        Write pickles, ``name_<round>.pkl``, which hold the parameters, too.
    interval : int, default=100
    """

    def __init__(
        self, directory: str | os.PathLike, name: str = "model", as_pickle: bool = False, interval: int = 100
    ) -> None:
        _check_count("interval", interval)
        self._directory = Path(directory)
        self._name = name
        self._as_pickle = as_pickle
        self._interval = interval
        self._rounds_since = 0
        self._first_round = 0

    def before_training(self, model: Any) -> Any:
        """Take note of the rounds that there are already."""
        self._first_round = model.num_boosted_rounds()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """Write the file, if its time has come."""
        if self._rounds_since == self._interval:
            self._rounds_since = 0
            path = self._directory / f"{self._name}_{epoch + self._first_round}"
            if self._as_pickle:
                Path(f"{path}.pkl").write_bytes(pickle.dumps(model))
            else:
                model.save_model(f"{path}.ubj")
        self._rounds_since += 1
        return False


class ProgressBar(TrainingCallback):
    """Draws a progress bar on stderr while trees are grown; the library has none.

    Parameters
    ----------
    total : int, default=None
        Number of rounds, which a callback is not told; None draws a bar without an end.
    description : str, default="boosting"
        Text in front of the bar.
    """

    def __init__(self, total: int | None = None, description: str = "boosting") -> None:
        self.total, self.description = total, description
        self._rounds: Iterator[int] = iter(())

    def before_training(self, model: Any) -> Any:
        """Draw the bar."""
        self._rounds = progress(itertools.count(), total=self.total, description=self.description)
        next(self._rounds)
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Log) -> bool:
        """One round more."""
        next(self._rounds)
        return False

    def after_training(self, model: Any) -> Any:
        """Take the bar away."""
        self._rounds.close()  # type: ignore[attr-defined]
        return model


def _check_count(argument: str, value: Any) -> None:
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{argument}={value!r} must be a whole number of at least 1")
