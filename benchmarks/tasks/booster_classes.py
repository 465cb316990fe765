"""Fit boosted trees to seven classes: one tree for each class in each of 30 rounds.

The score is the mean negative log of the probability of the true class, on rows that no model saw.
"""

from __future__ import annotations

from functools import partial

from sklearn.metrics import log_loss

from ..boosters import Answer, BoosterWork, as_good_as_xgboost, make_work, speed
from ..datasets import classes
from ..definitions import Case, Score, Task

LOG_LOSS = "held-out log loss"


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Mean negative log-probability of the true class of the held-out rows."""
    return {LOG_LOSS: float(log_loss(work.y_test, answer(work.X_test), labels=range(work.n_classes)))}


TASK = Task(
    name="booster_classes",
    title="Fit boosted trees to seven classes",
    question="Time of `fit` for the same trees, binning included; the score is the log loss on rows that no model saw.",
    scores=(Score(LOG_LOSS, larger_is_better=False),),
    cases=(
        Case(
            "50k x 54, 7 classes, 30 rounds of depth 6",
            partial(make_work, classes.make, n_rows=50_000, n_classes=classes.N_CLASSES, n_estimators=30),
            bounds=speed(0.55, stretch=0.30),
            equals=as_good_as_xgboost(LOG_LOSS),
        ),
    ),
    judge=judge,
)
