"""Fit boosted trees to numbers: many rows of few columns, and few rows of many columns.

The score is R² on rows that no model saw: the share of the variance that is explained.
"""

from __future__ import annotations

from functools import partial

from sklearn.metrics import r2_score

from ..boosters import Answer, BoosterWork, as_good_as_xgboost, make_work, memory, speed
from ..datasets import friedman, wide
from ..definitions import Case, Score, Task

R2 = "held-out R²"


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Share of the variance of the held-out targets that is explained."""
    return {R2: float(r2_score(work.y_test, answer(work.X_test)))}


TASK = Task(
    name="booster_regression",
    title="Fit boosted trees to numbers",
    question="Time of `fit` for the same trees, binning included; the score is R² on rows that no model saw.",
    scores=(Score(R2, larger_is_better=True),),
    cases=(
        Case(
            "1M x 10 regression, 100 trees of depth 6",
            partial(make_work, friedman.make, n_rows=1_000_000, n_test=100_000),
            bounds=speed(0.55, stretch=0.40) + memory(1.05, stretch=0.8),
            equals=as_good_as_xgboost(R2),
        ),
        Case(
            "20k x 200 regression, 100 trees of depth 6",
            partial(make_work, wide.make, n_rows=20_000),
            bounds=speed(0.40, stretch=0.20) + memory(0.80, stretch=0.5),
            equals=as_good_as_xgboost(R2),
        ),
    ),
    judge=judge,
)
