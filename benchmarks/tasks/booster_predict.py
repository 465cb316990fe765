"""Predict with boosted trees: the time from rows to probabilities.

Each library predicts with trees of its own, fitted before the clock runs; ours are grown at xgboost's cuts, so that
both walk the same trees.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from ..boosters import Answer, BoosterWork, as_good_as_xgboost, make_work, speed
from ..datasets import binary
from ..definitions import Case, Score, Task

AUC = "AUC"


class Fitted(NamedTuple):
    """A fitted model, and the rows to predict."""

    probabilities: Answer
    X: np.ndarray


def fitted_by(fit: Callable[[BoosterWork, int], Answer]) -> Callable[[BoosterWork, int], Fitted]:
    """What a contender does before the clock runs."""
    return lambda work, threads: Fitted(fit(work, threads), work.X_test)


def predict(fitted: Fitted, threads: int) -> np.ndarray:
    """What is timed. The model was told its threads when it was fitted."""
    return fitted.probabilities(fitted.X)


def judge(work: BoosterWork, probability: np.ndarray) -> dict[str, float]:
    """Area under the ROC curve."""
    return {AUC: float(roc_auc_score(work.y_test, probability))}


TASK = Task(
    name="booster_predict",
    title="Predict with boosted trees",
    question="Time of `predict_proba`, on rows that the model has not seen; the score is their AUC.",
    scores=(Score(AUC, larger_is_better=True),),
    cases=(
        Case(
            "200k x 28, 200 trees of depth 6",
            partial(make_work, binary.make, n_rows=20_000, n_test=200_000, n_classes=2, n_estimators=200),
            bounds=speed(0.90, stretch=0.60),
            equals=as_good_as_xgboost(AUC),
        ),
    ),
    judge=judge,
)
