"""A run lets every model and its library work through the same folds, in turn, and keeps what each of them did.

The order of the loops is folds outside, models inside: whenever a run ends early (Ctrl-C, a time limit), every model
has finished nearly the same folds and what is done can be compared. A model that fails is listed with its reason and
does not stop the others.

For each fold the matrix is prepared once and given to both sides. Who fits first changes from fold to fold. Before
the first fold each side fits a few rows twice; what the first of these takes longer is its compile time.
"""

from __future__ import annotations

import gc
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from .fold import FoldData, Work, make_fold, parameters_of, warm_up_rows
from .interruption import Interruption
from .metrics import METRICS, Metric, default_metric, difference_of_predictions, metrics_of, with_signs_of
from .peers import PEERS
from .progress import Progress
from .reading import TableError
from .results import Comparison, Example, FoldResult, ModelResult, Plan, SideResult
from .roster import BASELINE, Contender, contenders, library_model, new_model
from .table import Table
from .timing import order_of_round, pinned_threads, take_turn

__all__ = ["all_failed", "chosen_metric", "compare_on", "reason"]

# Predicting takes milliseconds: the median of this many alternating calls is kept.
PREDICT_ROUNDS = 3


def compare_on(table: Table, plan: Plan, progress: Progress) -> Comparison:
    """Run all contenders of a plan over the folds of one table.

    Parameters
    ----------
    table : Table
        Features and target.
    plan : Plan
        Folds, models, threads, limits.
    progress : Progress
        Told before each piece of work.

    Returns
    -------
    Comparison
        Also after Ctrl-C or at the time limit: then with what is done so far.

    Raises
    ------
    TableError
        If the plan asks for a model or a metric that does not fit the task.
    """
    metric = chosen_metric(table, plan.metric)
    roster = contenders(table, models=plan.models, seed=plan.seed, threads=plan.threads)
    results = [ModelResult(contender, *_sides(contender)) for contender in roster]
    comparison = Comparison(table, plan, metric, results)
    started = time.monotonic()
    with pinned_threads(plan.threads), _old_objects_set_aside(), Interruption() as interruption:
        try:
            for number, (train, test) in enumerate(_folds(table, plan)):
                fold = make_fold(table, train, test, number)
                for result in results:
                    if plan.time_limit is not None and time.monotonic() - started > plan.time_limit:
                        comparison.stopped = f"time limit of {plan.time_limit:g} s reached"
                        break
                    progress.tell(f"fold {number + 1}/{plan.n_folds}: {result.contender.name}")
                    _run_pair(result, fold, interruption, table, metric)
                    progress.advance()
                else:
                    comparison.folds_done = number + 1
                    continue
                break
        except KeyboardInterrupt:
            comparison.stopped = "interrupted by Ctrl-C"
            comparison.interrupted = True
    comparison.seconds = time.monotonic() - started
    return comparison


@contextmanager
def _old_objects_set_aside() -> Iterator[None]:
    """Spare the collector, which runs before each of many short turns, the objects of all imported modules."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def chosen_metric(table: Table, name: str | None) -> Metric:
    """The main metric: the one asked for, or the task's own."""
    if name is None:
        return default_metric(table.task, len(table.classes))
    if METRICS[name].task != table.task:
        fitting = ", ".join(metric.name for metric in metrics_of(table.task))
        raise TableError(f"metric {name!r} does not fit the task {table.task}; there are {fitting}")
    return METRICS[name]


def _folds(table: Table, plan: Plan) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

    splitter = RepeatedStratifiedKFold if table.task == "classification" else RepeatedKFold
    folds = splitter(n_splits=plan.folds, n_repeats=plan.repeats, random_state=plan.seed)
    return folds.split(table.X, table.y)


def _sides(contender: Contender) -> tuple[SideResult, SideResult | None]:
    """Both sides of a contender, unfitted; a side that cannot even be made is a failed one."""
    ours = SideResult("mlx" if contender.kind != "baseline" else "scikit-learn")
    _prepare_side(ours, lambda: new_model(contender))
    if contender.kind == "baseline":
        return ours, None
    library = SideResult(PEERS[contender.name].distribution)
    _prepare_side(library, lambda: library_model(contender))
    return ours, library


def _prepare_side(side: SideResult, make: Callable[[], Any]) -> None:
    """Make the model once, to know its parameters and whether it can be made."""
    try:
        model = make()
    except Exception as error:
        side.traceback = traceback.format_exc()
        side.is_missing = isinstance(error, ModuleNotFoundError) and side.label != "mlx"
        side.failure = (
            f"{side.label} is not installed: pip install 'ml-explained[compare]'" if side.is_missing else reason(error)
        )
        return
    side.parameters = parameters_of(model)
    # Only the making of the object: translating parameters is no part of a timed fit.
    side.make = partial(model.__class__, **model.get_params(deep=False))


def _run_pair(result: ModelResult, fold: FoldData, interruption: Interruption, table: Table, metric: Metric) -> None:
    """Both sides of one contender on one fold: fits in turn, then predictions in turn, then scores."""
    contender = result.contender
    sides = {name: side for name, side in result.sides().items() if side.failure is None}
    works = {}
    for name, side in sides.items():
        if side.compile_seconds is None:
            _warm_up(side, Work(side.make, contender, warm_up_rows(fold, table.task), table.task), interruption)
        if side.failure is None:
            works[name] = Work(side.make, contender, fold, table.task)
    fits = {}
    for name in order_of_round(list(works), fold.number):
        fits[name] = _turn(works[name].fit, sides[name], fold.number, interruption)
    fitted = {name: turn.answer for name, turn in fits.items() if turn.error is None}
    predict_seconds: dict[str, list[float]] = {name: [] for name in fitted}
    predictions: dict[str, np.ndarray] = {}
    for round_index in range(PREDICT_ROUNDS):
        for name in order_of_round(list(fitted), fold.number + round_index):
            if sides[name].failure is None:
                predict = partial(works[name].predict, fitted[name])
                turn = _turn(predict, sides[name], fold.number, interruption)
                predict_seconds[name].append(turn.seconds)
                predictions[name] = turn.answer
    done = {name for name in fitted if sides[name].failure is None}
    _keep(result, fold, {name: fits[name].seconds for name in done}, predict_seconds, predictions, table)
    if contender.as_library and fold.number in result.differences:
        _ask_as_library(result, works["ours"], predictions["library"], table, interruption)
    if result.example is None and "ours" in done and contender.kind == "predictor":
        result.example = Example(works["ours"], fitted["ours"])


def _keep(
    result: ModelResult,
    fold: FoldData,
    fit_seconds: dict[str, float],
    predict_seconds: dict[str, list[float]],
    predictions: dict[str, np.ndarray],
    table: Table,
) -> None:
    """Scores, times and the difference of a finished fold."""
    sides = result.sides()
    for name in list(fit_seconds):
        try:
            scores = (
                {}
                if result.contender.kind == "transformer"
                else {
                    metric.name: metric.score(fold.y_test, predictions[name], fold.weights_test)
                    for metric in metrics_of(table.task)
                }
            )
        except ValueError as error:  # nan among the predictions
            sides[name].failure = f"fold {fold.number + 1}: {reason(error)}"
            continue
        seconds = float(np.median(predict_seconds[name]))
        sides[name].folds.append(FoldResult(fold.number, scores, fit_seconds[name], seconds))
    if {"ours", "library"} <= set(fit_seconds) and all(side.failure is None for side in sides.values()):
        ours, library = predictions["ours"], predictions["library"]
        if result.contender.kind == "transformer":
            ours = with_signs_of(library, ours)
        unit = _unit(result.contender, library, table)
        try:
            result.differences[fold.number] = difference_of_predictions(ours, library, unit)
        except ValueError as error:
            sides["ours"].failure = f"fold {fold.number + 1}: {reason(error)}"


def _ask_as_library(
    result: ModelResult, ours: Work, theirs: np.ndarray, table: Table, interruption: Interruption
) -> None:
    """The difference of a finished fold, with the parameters that make ours do as the library does; not timed."""
    contender = result.contender
    parameters = {**contender.parameters, **contender.as_library}
    work = ours._replace(make=partial(new_model, contender._replace(parameters=parameters)))
    turn = _turn(lambda: work.predict(work.fit()), result.ours, work.fold.number, interruption)
    if turn.error is None:
        difference = difference_of_predictions(turn.answer, theirs, _unit(contender, theirs, table))
        result.differences_as_library[work.fold.number] = difference


def _unit(contender: Contender, theirs: np.ndarray, table: Table) -> float:
    """What a difference is measured in: 1 for probabilities, the spread of the target or of the first component."""
    if contender.kind == "transformer":
        return float(theirs[:, 0].std()) or 1.0
    return 1.0 if table.task == "classification" else float(table.y.std())


def _warm_up(side: SideResult, work: Work, interruption: Interruption) -> None:
    """Fit a few rows twice: the first call compiles and imports, the second does not."""
    seconds = []
    for _ in range(2):
        turn = _turn(lambda: work.predict(work.fit()), side, None, interruption)
        if turn.error is not None:
            return
        seconds.append(turn.seconds)
    side.compile_seconds = max(0.0, seconds[0] - seconds[1])


def _turn(call: Callable[[], Any], side: SideResult, fold_number: int | None, interruption: Interruption) -> Any:
    """Take one turn; its warnings and its failure go to the side, Ctrl-C goes up even if the model swallowed it."""

    def recorded(_: None) -> Any:
        try:
            return call()
        except Exception:
            side.traceback = traceback.format_exc()
            raise

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        turn = take_turn(recorded, None)
    interruption.check()
    for warning in caught if fold_number is not None else ():
        side.warn(f"{warning.category.__name__}: {one_line(str(warning.message))}")
    if turn.error is not None:
        where = "a few rows" if fold_number is None else f"fold {fold_number + 1}"
        side.failure = f"{where}: {one_line(turn.error)}"
    return turn


def reason(error: BaseException) -> str:
    """Type and text of an error in one line."""
    return f"{type(error).__name__}: {one_line(str(error))}"


def one_line(text: str) -> str:
    """First paragraph of a text, on one line of bounded length."""
    line = " ".join(text.split("\n\n")[0].split())
    return line if len(line) <= 240 else f"{line[:237]}..."


def all_failed(comparison: Comparison) -> bool:
    """Whether no model but the baseline finished a fold."""
    return not any(
        side.folds
        for result in comparison.results
        if not result.contender.name.startswith(BASELINE)
        for side in result.sides().values()
    )
