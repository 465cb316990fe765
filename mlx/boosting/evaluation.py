"""Evaluation follows metrics on sets of rows while the trees are grown.

The margins of each set are kept, and each round adds its own trees to them: a round costs the rows of the sets times
the trees of the round, however many rounds there have been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..validation import naming
from .early_stopping import EarlyStopping, grows_with_quality
from .groups import Groups
from .metrics import Metric
from .prediction import outputs_of

__all__ = ["Evaluation", "EvaluationSet", "checked_margin", "metrics_of", "pairs_of"]

History = dict[str, dict[str, list[float]]]


class EvaluationSet(NamedTuple):
    """Rows that are followed.

    Attributes
    ----------
    X : ndarray of float32, shape (n_samples, n_features)
    y : ndarray of float32, shape (n_samples,)
        Targets, or numbers of classes.
    weight : ndarray of float32, shape (n_samples,), or None
    margin : ndarray of float32, shape (n_samples, n_outputs), or None
        Where the margins start; None is where the model starts.
    groups : Groups or None
        Rows that are ranked among themselves.
    """

    X: NDArray[np.float32]
    y: NDArray[np.float32]
    weight: NDArray[np.float32] | None = None
    margin: NDArray[np.float32] | None = None
    groups: Groups | None = None


class Evaluation:
    """Metrics of some sets of rows, round after round.

    Parameters
    ----------
    sets : sequence of EvaluationSet
        Named ``validation_0``, ``validation_1``, ... as in the library.
    metrics : sequence of Metric
    predicted : callable
        ``predicted(margin)``: what the metrics compare with the targets, shape (n_samples, n_outputs).
    patience : int or None
        Rounds without improvement of the last metric on the last set, after which training ends; None is no end.
    period : int
        A line is printed for every so many rounds, and for the last one; 0 prints none.
    n_threads : int
    first_round : int, default=0
        Rounds of a model that training goes on from.

    Attributes
    ----------
    history : dict of dict of list of float
        For each set and metric, the value after each round.
    stopping : EarlyStopping or None
    """

    def __init__(
        self,
        sets: Sequence[EvaluationSet],
        metrics: Sequence[Metric],
        predicted: Callable[[NDArray[np.float32]], NDArray[np.float32]],
        *,
        patience: int | None = None,
        period: int = 0,
        n_threads: int = 1,
        first_round: int = 0,
    ) -> None:
        self.sets = {f"validation_{number}": rows for number, rows in enumerate(sets)}
        self.metrics, self._predicted = metrics, predicted
        self.stopping = EarlyStopping(patience, grows_with_quality(metrics[-1])) if patience and sets else None
        self.history: History = {name: {metric.name: [] for metric in metrics} for name in self.sets}
        self._period, self._n_threads = period, n_threads
        self._margins: dict[str, NDArray[np.float32]] = {}
        self._weights: Sequence[float] = ()
        self._n_rounds, self._first_round = 0, first_round
        self._skipped = ""

    def round_done(
        self, trees: Sequence[Tree], weights: Sequence[float], start: NDArray[np.float32], n_parallel: int = 1
    ) -> bool:
        """Add the trees that are new, and take the metrics; True if training shall end.

        Parameters
        ----------
        trees, weights : sequence of Tree, and of float
            All trees so far and their weights; those of a round output by output, `n_parallel` trees each.
        start : ndarray of float32, shape (n_outputs,)
            Where the margins of the model start.
        """
        if not self.sets:
            return False
        first = len(self._weights)
        # Dropout changes the weights of trees that have been added already.
        if first == 0 or list(weights[:first]) != self._weights:
            first, self._margins = 0, {name: self._start(rows, start) for name, rows in self.sets.items()}
        self._weights = list(weights)
        new = TreeEnsemble(
            tuple(trees[first:]),
            self._n_features(),
            len(start),
            tree_weight=np.array(weights[first:]),
            tree_output=outputs_of(trees, len(start), n_parallel)[first:],
        )
        for name, rows in self.sets.items():
            self._margins[name] = new.margin(rows.X, self._n_threads, start=self._margins[name])
            predicted = self._predicted(self._margins[name])
            for metric in self.metrics:
                self.history[name][metric.name].append(metric(rows.y, predicted, rows.weight, rows.groups))
        iteration = self._n_rounds
        self._n_rounds += 1
        self._print(iteration)
        if self.stopping is None:
            return False
        return self.stopping.update(iteration, self.history[name][self.metrics[-1].name][-1])

    def best(self) -> tuple[int, float] | None:
        """Best round and its score, if training may be stopped by them."""
        if self.stopping is None or self.stopping.best_iteration < 0:
            return None
        return self._first_round + self.stopping.best_iteration, self.stopping.best_score

    def finish(self) -> None:
        """Training is over: print the last round if it has not been printed."""
        if self._skipped:
            print(self._skipped)

    def _n_features(self) -> int:
        return next(iter(self.sets.values())).X.shape[1]

    def _print(self, iteration: int) -> None:
        if not self._period:
            return
        scores = [
            f"{name}-{metric}:{values[-1]:.5f}"
            for name, of_set in self.history.items()
            for metric, values in of_set.items()
        ]
        line = "\t".join([f"[{iteration}]", *scores])
        self._skipped = line if iteration % self._period else ""
        if not self._skipped:
            print(line)

    @staticmethod
    def _start(rows: EvaluationSet, start: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(start, (rows.X.shape[0], 1)) if rows.margin is None else rows.margin.copy()


def metrics_of(eval_metric: Any, default: str, metric: Callable[[Any], Metric]) -> list[Metric]:
    """Metrics of the parameter `eval_metric`: names first, then functions; the default one if there is no name.

    Parameters
    ----------
    eval_metric : str, callable, sequence of them, or None
    default : str
        Name of the objective's metric.
    metric : callable
        ``metric(name or callable)``.

    Raises
    ------
    ValueError
        If `eval_metric` is none of these, or there is no metric of a name.
    """
    if eval_metric is None:
        wanted: list[Any] = []
    elif isinstance(eval_metric, str) or callable(eval_metric):
        wanted = [eval_metric]
    else:
        wanted = list(eval_metric)
    for one in wanted:
        if not isinstance(one, str) and not callable(one):
            raise ValueError(f"eval_metric={eval_metric!r} must be a name, a function, or a list of them")
    names = [one for one in wanted if isinstance(one, str)] or [default]
    return [metric(one) for one in (*dict.fromkeys(names), *(one for one in wanted if callable(one)))]


def pairs_of(eval_set: Any, others: dict[str, Any]) -> list[tuple[Any, ...]]:
    """X, y and then further arrays, or None, of each set that the user wants followed.

    Parameters
    ----------
    eval_set : sequence of (X, y)
    others : dict of sequence or None
        Arguments that have an entry for each set, by name.

    Raises
    ------
    ValueError
        If they do not fit: the message names the argument.
    """
    try:
        pairs = [(X, y) for X, y in eval_set]
    except (TypeError, ValueError):
        raise ValueError("eval_set: must be a list of pairs (X, y)") from None
    for name, values in others.items():
        if values is not None and len(values) != len(pairs):
            raise ValueError(f"{name}: must have an entry for each of the {len(pairs)} pairs of eval_set")
    columns = [[None] * len(pairs) if values is None else values for values in others.values()]
    return [(*pair, *(values[k] for values in columns)) for k, pair in enumerate(pairs)]


def checked_margin(base_margin: Any, n_samples: int, n_outputs: int, name: str) -> NDArray[np.float32] | None:
    """Margins to start from, shape (n_samples, n_outputs), or None if none are given.

    Raises
    ------
    ValueError
        If the shape is another one, or an entry is not finite: the message has the name.
    """
    if base_margin is None:
        return None
    with naming(name):
        margin = np.array(base_margin, dtype=np.float32)
    if margin.shape not in ((n_samples, n_outputs), (n_samples,) if n_outputs == 1 else (n_samples, n_outputs)):
        wanted = f"({n_samples},)" if n_outputs == 1 else f"({n_samples}, {n_outputs})"
        raise ValueError(f"{name}: shape {margin.shape} must be {wanted}")
    if not np.all(np.isfinite(margin)):
        raise ValueError(f"{name}: must be finite")
    return margin.reshape(n_samples, n_outputs)
