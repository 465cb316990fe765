"""Training goes round by round: callbacks are asked, a round is boosted, metrics are taken, callbacks are asked again.

`train` is xgboost's function of this name. What it shares with `cv` is `Rounds`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from ..callbacks import InterruptGuard
from .callback import EarlyStopping, EvaluationMonitor, TrainingCallback
from .learner import Booster
from .matrix import DMatrix
from .quantile_matrix import QuantileDMatrix

__all__ = ["Rounds", "train"]

History = dict[str, dict[str, list[Any]]]


class Rounds:
    """The rounds of one training: who is told of them, and what the metrics were.

    Parameters
    ----------
    callbacks : sequence of TrainingCallback
        Each is told once, in this order; once one of them ends the training, those after it are not asked any more.

    Attributes
    ----------
    history : dict of dict of list
        For each set and metric, the value after each round.
    """

    def __init__(self, callbacks: Sequence[TrainingCallback]) -> None:
        for callback in callbacks:
            if not isinstance(callback, TrainingCallback):
                raise TypeError(f"callbacks: a TrainingCallback is needed, not {type(callback).__name__}")
        self.callbacks = list(dict.fromkeys(callbacks))
        self.history: History = {}

    def run(self, model: Any, n_rounds: int, boost: Callable[[int], None], scores: Callable[[int], Any]) -> Any:
        """Boost round after round.

        Parameters
        ----------
        model : Booster or another object
            What callbacks are told about.
        n_rounds : int
        boost : callable
            ``boost(number)`` makes one round.
        scores : callable
            ``scores(number)`` returns ``(set, metric, value)`` for each of them.

        Returns
        -------
        object
            The model, or what the callbacks make of it.
        """
        for callback in self.callbacks:
            model = callback.before_training(model)
        with InterruptGuard() as guard:
            for number in range(n_rounds):
                if any(callback.before_iteration(model, number, self.history) for callback in self.callbacks):
                    break
                boost(number)
                for data, metric, value in scores(number):
                    self.history.setdefault(data, {}).setdefault(metric, []).append(value)
                enough = any(callback.after_iteration(model, number, self.history) for callback in self.callbacks)
                if guard.round_finished() or enough:
                    break
        for callback in self.callbacks:
            model = callback.after_training(model)
        return model


def with_standard_callbacks(
    callbacks: Sequence[TrainingCallback] | None,
    verbose_eval: bool | int | None,
    show_stdv: bool,
    early_stopping_rounds: int | None,
    maximize: bool | None,
) -> Rounds:
    """Rounds with the user's callbacks, and after them those that print and stop, if they are asked for."""
    wanted = list(callbacks or ())
    if verbose_eval:
        wanted.append(EvaluationMonitor(period=int(verbose_eval), show_stdv=show_stdv))
    if early_stopping_rounds:
        wanted.append(EarlyStopping(rounds=early_stopping_rounds, maximize=maximize))
    return Rounds(wanted)


def train(
    params: Any,
    dtrain: DMatrix,
    num_boost_round: int = 10,
    *,
    evals: Sequence[tuple[DMatrix, str]] | None = None,
    obj: Callable | None = None,
    maximize: bool | None = None,
    early_stopping_rounds: int | None = None,
    evals_result: dict | None = None,
    verbose_eval: bool | int | None = True,
    xgb_model: str | os.PathLike | Booster | bytearray | None = None,
    callbacks: Sequence[TrainingCallback] | None = None,
    custom_metric: Callable | None = None,
) -> Booster:
    """Grow gradient-boosted trees, with the parameters of xgboost's function of the same name.

    Parameters
    ----------
    params : dict or list of pairs
        Parameters by the library's names, see `mlx.boosting.parameters`.
    dtrain : DMatrix
        Rows to train on.
    num_boost_round : int, default=10
    evals : list of (DMatrix, str), optional
        Rows on which metrics are followed, with a name for each set, which has no "-".
    obj : callable, optional
        Own objective: ``obj(margins, dtrain)`` returns gradients and Hessians, of shape (n_samples,) or (n_samples,
        n_outputs). The margins start where `base_score` says, or at a prediction of 0.5.
    maximize : bool, default=None
        Whether larger is better in early stopping; None goes by the name of the metric.
    early_stopping_rounds : int, default=None
        Rounds without improvement of the last metric on the last set of `evals` after which training ends. The model
        keeps all rounds, and has `best_iteration` and `best_score`.
    evals_result : dict, optional
        Gets the metrics after each round.
    verbose_eval : bool or int, default=True
        Whether metrics are printed, or after every how many rounds.
    xgb_model : str, path-like, bytearray or Booster, optional
        Model to continue; a Booster is left as it is.
    callbacks : list of TrainingCallback, optional
        See `mlx.boosting.callback`.
    custom_metric : callable, optional
        ``custom_metric(predictions, dmatrix)`` returns a name and a value, or a list of such pairs; with `obj` it gets
        margins instead of predictions.

    Returns
    -------
    Booster

    Raises
    ------
    ValueError, TypeError
        If an argument or a parameter is not valid: the message names it.
    NotImplementedError
        If it is not supported: the message names it.

    Notes
    -----
    Ctrl-C ends the training after the present round and keeps the rounds that are done.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import DMatrix, train
    >>> rows = DMatrix(*load_diabetes(return_X_y=True))
    >>> model = train({"max_depth": 3, "eta": 0.3}, rows, 2, evals=[(rows, "train")])
    [0]	train-rmse:66.68993
    [1]	train-rmse:59.88385
    """
    sets = _checked_sets(evals, dtrain)
    if custom_metric is not None and not callable(custom_metric):
        raise TypeError(f"custom_metric: a function is needed, not {type(custom_metric).__name__}")
    booster = Booster(params, [dtrain, *(matrix for matrix, _ in sets)], model_file=xgb_model)
    rounds = with_standard_callbacks(callbacks, verbose_eval, False, early_stopping_rounds, maximize)
    booster = rounds.run(
        booster,
        num_boost_round,
        lambda number: booster.update(dtrain, number, fobj=obj),
        lambda number: booster.scores(sets, custom_metric, output_margin=obj is not None),
    )
    if evals_result is not None:
        evals_result.update(rounds.history)
    return booster.reset()


def _checked_sets(evals: Any, dtrain: Any) -> list[tuple[DMatrix, str]]:
    if not isinstance(dtrain, DMatrix):
        raise TypeError(f"dtrain: a DMatrix is needed, not {type(dtrain).__name__}")
    sets = []
    for entry in evals or ():
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not isinstance(entry[1], str):
            raise TypeError("evals: must be a list of pairs of a DMatrix and its name")
        matrix, name = entry
        if not isinstance(matrix, DMatrix):
            raise TypeError(f"evals: a DMatrix is needed, not {type(matrix).__name__}")
        if "-" in name:
            raise ValueError(f"evals: the name {name!r} must have no '-'")
        quantiles_of = (matrix.ref and matrix.ref()) if isinstance(matrix, QuantileDMatrix) else dtrain
        if matrix is not dtrain and quantiles_of is not dtrain:
            raise ValueError(f"evals: the QuantileDMatrix {name!r} must be made with ref=dtrain")
        sets.append((matrix, name))
    return sets
