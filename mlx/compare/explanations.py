"""The best model is explained twice, by this package and by shap and lime, to show how far the explanations agree.

All explainers see the same function: from rows of the table, with its own columns and category codes, to one number
(the probability of a class, or the prediction). One-hot columns and scaling stand inside that function, so a
category counts as one feature. Both sides get the same background rows and the same budget of coalitions or samples.

Differences are in units of the spread (standard deviation) of the model's output over the background: a difference
of 0.01 moves no bar of a plot visibly. Where both sides sample, the difference holds the sampling error of both.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .results import Comparison, Example
from .statistics import rank_correlation

__all__ = ["Agreement", "BestModelExplanation", "explain_best"]

# Rows that stand for "nothing is known"; the cost of Kernel SHAP is proportional to them.
BACKGROUND_ROWS = 50

# shap's own default budget: coalitions per row beside two for each feature.
BASE_COALITIONS = 2048

# lime's own default: samples around each row.
LIME_SAMPLES = 5000

# Rows for the pictures are this many times those that are explained on both sides: shap takes seconds for each.
PICTURED = 3

# lime takes a second or more per row for wide tables; a few rows show the agreement.
LIME_ROWS = 5

# Rows over which the spread of the model's output is taken.
SPREAD_ROWS = 1000

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Agreement(NamedTuple):
    """One method on both sides.

    Attributes
    ----------
    method, library : str
        What was compared with what.
    rows : int
        Explained rows.
    largest_difference : float
        Of two values of one feature and row, in units of the output's spread.
    rank_correlation : float
        Spearman's, over all values.
    standard_error : float
        Largest standard error that our side states for a value, in the same units; nan if it states none.
    ours_seconds, library_seconds : float
        Wall-clock time for all rows.
    ours_evaluations, library_evaluations : int
        Rows that the model was asked about.
    """

    method: str
    library: str
    rows: int
    largest_difference: float
    rank_correlation: float
    standard_error: float
    ours_seconds: float
    library_seconds: float
    ours_evaluations: int
    library_evaluations: int


class BestModelExplanation(NamedTuple):
    """Why the best model predicts what it predicts, for a few held-out rows.

    Attributes
    ----------
    model : str
        Name of the model.
    output : str
        What is explained.
    columns : tuple of str
        Features.
    values, data : ndarray of shape (n_rows, n_columns)
        Shapley values by our Kernel SHAP, and the rows; empty if it failed.
    base_value : float
        Mean output over the background.
    levels : dict of int to tuple of str
        Texts of the category codes in `data`.
    agreements : tuple of Agreement
        Methods that both sides finished.
    failures : tuple of str
        The others, with the reason.
    notes : tuple of str
        What was decided on the way.
    """

    model: str
    output: str
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    data: NDArray[np.float64]
    base_value: float
    levels: dict[int, tuple[str, ...]]
    agreements: tuple[Agreement, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]

    def remarks(self) -> list[str]:
        """Sentences below the table of agreements."""
        lines = []
        for one in self.agreements:
            if np.isfinite(one.standard_error) and one.standard_error > 0:
                error = f"{one.standard_error:.1e}"
                lines.append(f"{one.method}: our largest standard error is {error}; {one.library} states none.")
        lines += [f"Failed: {failure}" for failure in self.failures]
        return [*lines, *self.notes]


class Counted:
    """A function that counts the rows it is asked about."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self.rows = 0

    def __call__(self, X: Any) -> NDArray[np.float64]:
        X = np.asarray(X, dtype=np.float64)
        self.rows += len(X)
        return self._function(X)


class Question(NamedTuple):
    """What all explainers are asked: a function, its background, the rows, and what the columns are.

    The first `n_compared` rows are explained by both sides, the others by ours alone, for the pictures.
    """

    function: Function
    background: NDArray[np.float64]
    training: NDArray[np.float64]
    rows: NDArray[np.float64]
    n_compared: int
    columns: tuple[str, ...]
    levels: dict[int, tuple[str, ...]]
    spread: float
    seed: int


class Answer(NamedTuple):
    """Values of one side, with cost."""

    values: NDArray[np.float64]
    standard_error: float
    base_value: float
    seconds: float
    evaluations: int


def explain_best(comparison: Comparison) -> None:
    """Explain our best model and store the result in the comparison; a failure is part of the result."""
    from .run import reason

    best = comparison.best()
    if best is None or best.example is None:
        return
    question, output, notes = _question(comparison, best.example)
    agreements, failures = [], []
    shapley: Answer | None = None
    for method, library, ours, theirs in (
        ("Kernel SHAP", "shap", _our_shap, _their_shap),
        ("LIME", "lime", _our_lime, _their_lime),
    ):
        try:
            answer = ours(question)
        except Exception as error:
            failures.append(f"{method} (mlx): {reason(error)}")
            continue
        if method == "Kernel SHAP":
            shapley = answer
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecations inside shap and lime are not the user's
                other = theirs(question)
        except ModuleNotFoundError:
            failures.append(f"{library} is not installed: pip install 'ml-explained[compare]'")
        except Exception as error:
            failures.append(f"{method} ({library}): {reason(error)}")
        else:
            agreements.append(_agreement(method, library, answer, other, question.spread))
    comparison.explanation = BestModelExplanation(
        best.contender.name,
        output,
        question.columns,
        np.empty((0, len(question.columns))) if shapley is None else shapley.values,
        question.rows,
        float("nan") if shapley is None else shapley.base_value,
        question.levels,
        tuple(agreements),
        tuple(failures),
        tuple(notes),
    )


def _question(comparison: Comparison, example: Example) -> tuple[Question, str, list[str]]:
    """The function of the first fold's model, and rows of that fold."""
    table, plan, fold = comparison.table, comparison.plan, example.work.fold
    notes: list[str] = []
    rng = np.random.default_rng(plan.seed)
    training, held_out = fold.preparation.columns(fold.X_train), fold.preparation.columns(fold.X_test)
    training, held_out = _without_missing(training, held_out, notes)
    background = training[rng.choice(len(training), min(BACKGROUND_ROWS, len(training)), replace=False)]
    rows = held_out[rng.choice(len(held_out), min(PICTURED * plan.explained_rows, len(held_out)), replace=False)]
    if table.task == "regression":
        output = f"prediction of {table.target!r}"

        def function(X: NDArray[np.float64]) -> NDArray[np.float64]:
            return example.work.predict_columns(example.fitted, X)
    else:
        code = 1 if len(table.classes) == 2 else int(np.bincount(fold.y_train).argmax())
        output = f"probability of {table.target} = {table.classes[code]}"

        def function(X: NDArray[np.float64]) -> NDArray[np.float64]:
            return example.work.predict_columns(example.fitted, X)[:, code]

    question = Question(
        function,
        background,
        training,
        rows,
        min(plan.explained_rows, len(rows)),
        table.columns,
        table.levels,
        float(function(training[:SPREAD_ROWS]).std()) or 1.0,
        plan.seed,
    )
    return question, output, notes


def _without_missing(
    training: NDArray[np.float64], held_out: NDArray[np.float64], notes: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows without missing values, because lime cannot take them; if they are too few, missing becomes the median."""
    if not np.isnan(training).any() and not np.isnan(held_out).any():
        return training, held_out
    complete = [part[~np.isnan(part).any(axis=1)] for part in (training, held_out)]
    if len(complete[0]) >= BACKGROUND_ROWS and len(complete[1]) >= LIME_ROWS:
        notes.append("Explained on rows without missing values: lime takes no others.")
        return complete[0], complete[1]
    notes.append("Explained with missing values replaced by a typical value of the column: lime takes no others.")
    empty = np.isnan(training).all(axis=0)
    typical = np.zeros(training.shape[1])
    # An observed value, not an average of two: a category code must stay one.
    typical[~empty] = np.nanquantile(training[:, ~empty], 0.5, axis=0, method="lower")
    return (
        np.where(np.isnan(training), typical, training),
        np.where(np.isnan(held_out), typical, held_out),
    )


def _agreement(method: str, library: str, ours: Answer, theirs: Answer, spread: float) -> Agreement:
    values = ours.values[: len(theirs.values)]
    return Agreement(
        method,
        library,
        len(theirs.values),
        float(np.max(np.abs(values - theirs.values)) / spread),
        rank_correlation(values, theirs.values),
        ours.standard_error / spread,
        ours.seconds,
        theirs.seconds,
        ours.evaluations,
        theirs.evaluations,
    )


def _our_shap(question: Question) -> Answer:
    from ..explain import KernelExplainer

    counted = Counted(question.function)
    start = time.perf_counter()
    explainer = KernelExplainer(counted, question.background, feature_names=list(question.columns), seed=question.seed)
    explanation = explainer(question.rows[: question.n_compared], silent=True, nsamples=_budget(question))
    seconds, evaluations = time.perf_counter() - start, counted.rows
    values = explanation.values
    if len(question.rows) > question.n_compared:
        rest = explainer(question.rows[question.n_compared :], silent=True, nsamples=_budget(question))
        values = np.concatenate([values, rest.values])
    errors = explanation.standard_errors
    error = float("nan") if errors is None else float(np.max(errors))
    return Answer(values, error, float(np.mean(explanation.base_values)), seconds, evaluations)


def _their_shap(question: Question) -> Answer:
    import shap

    counted, rows = Counted(question.function), question.rows[: question.n_compared]
    # shap samples from NumPy's global stream and has no seed of its own.
    state = np.random.get_state()  # noqa: NPY002
    start = time.perf_counter()
    try:
        np.random.seed(question.seed)  # noqa: NPY002
        explainer = shap.KernelExplainer(counted, question.background)
        values = explainer.shap_values(rows, nsamples=_budget(question), l1_reg=False, silent=True)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    seconds = time.perf_counter() - start
    return Answer(np.asarray(values), float("nan"), float(explainer.expected_value), seconds, counted.rows)


def _budget(question: Question) -> int:
    return 2 * len(question.columns) + BASE_COALITIONS


def _our_lime(question: Question) -> Answer:
    from ..explain import LimeTabularExplainer

    return _lime(LimeTabularExplainer, question)


def _their_lime(question: Question) -> Answer:
    from lime.lime_tabular import LimeTabularExplainer

    return _lime(LimeTabularExplainer, question)


def _lime(explainer_class: Any, question: Question) -> Answer:
    """Coefficients of the discretised features, by the interface that both classes share."""
    counted = Counted(question.function)
    start = time.perf_counter()
    explainer = explainer_class(
        question.training,
        mode="regression",
        feature_names=list(question.columns),
        categorical_features=sorted(question.levels),
        random_state=question.seed,
    )
    rows = question.rows[: min(LIME_ROWS, question.n_compared)]
    values = np.zeros((len(rows), len(question.columns)))
    for i, row in enumerate(rows):
        explanation = explainer.explain_instance(
            row, counted, num_features=len(question.columns), num_samples=LIME_SAMPLES
        )
        # In its regression mode lime files the explanation under the label 1.
        for column, coefficient in explanation.as_map()[1]:
            values[i, column] = coefficient
    return Answer(values, float("nan"), float("nan"), time.perf_counter() - start, counted.rows)
