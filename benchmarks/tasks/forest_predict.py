"""Predict with a forest: the time from rows to classes or numbers, of the same trees."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ..datasets import clusters
from ..definitions import Case, Task
from ..forests import AS_GOOD, SCORE, Answer, ForestWork, judge, make_work, speed


class Fitted(NamedTuple):
    """A fitted forest, and the rows to predict."""

    predict: Answer
    X: np.ndarray


def fitted_by(fit: Callable[[ForestWork, int], Answer]) -> Callable[[ForestWork, int], Fitted]:
    """What a contender does before the clock runs."""
    return lambda work, threads: Fitted(fit(work, threads), work.X_test)


def predict(fitted: Fitted, threads: int) -> np.ndarray:
    """What is timed: the first prediction of a fresh forest."""
    return fitted.predict(fitted.X)


TASK = Task(
    name="forest_predict",
    title="Predict with forests",
    question="Time of the first `predict` of a forest of 100 trees, on as many rows as it was grown from; the score is "
    "accuracy or R² there.",
    scores=(SCORE,),
    cases=(
        Case(
            "classes, 20k x 20",
            partial(
                make_work,
                clusters.make,
                model="ensemble.RandomForestClassifier",
                n_estimators=100,
                n_rows=20_000,
                n_test=20_000,
            ),
            bounds=speed(0.70, stretch=0.35),
            equals=AS_GOOD,
        ),
        Case(
            "numbers, 20k x 20",
            partial(
                make_work,
                clusters.make_numbers,
                model="ensemble.RandomForestRegressor",
                n_estimators=100,
                n_rows=20_000,
                n_test=20_000,
            ),
            bounds=speed(0.70, stretch=0.35),
            equals=AS_GOOD,
        ),
    ),
    judge=judge,
)
