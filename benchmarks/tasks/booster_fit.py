"""Fit boosted trees to two classes: the time of ``fit``, from arrays to a model that can predict.

Every library gets the same trees to grow (`benchmarks.boosters`): 100 of depth 6 or 10, or of 255 leaves. Binning is
part of the time. The score is the area under the ROC curve on rows that no model saw, on another table in each round.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.metrics import roc_auc_score

from ..boosters import LEAF_WISE, Answer, BoosterWork, as_good_as_xgboost, make_work, memory, speed
from ..datasets import binary, friedman
from ..definitions import COMPILED, COMPILING, Case, Limit, Score, Task

AUC = "held-out AUC"


def above_the_middle(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's table, and whether its target is above the median."""
    X, y = friedman.make(n_rows, seed)
    return X, (y > np.median(y)).astype(np.int64)


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Area under the ROC curve of the held-out rows."""
    return {AUC: float(roc_auc_score(work.y_test, answer(work.X_test)))}


make_binary = partial(make_work, binary.make, n_classes=2)

TASK = Task(
    name="booster_fit",
    title="Fit boosted trees to two classes",
    question="Time of `fit` for the same trees, binning included; the score is the AUC on rows that no model saw.",
    scores=(Score(AUC, larger_is_better=True),),
    cases=(
        Case(
            "200k x 28 binary, 100 trees of depth 6",
            partial(make_binary, n_rows=200_000),
            bounds=speed(0.50, stretch=0.33) + memory(0.80, stretch=0.5),
            limits=(Limit(COMPILING, at_most=10.0, stretch=5.0), Limit(COMPILED, at_most=0.5, stretch=0.5)),
            equals=as_good_as_xgboost(AUC),
        ),
        Case(
            "the same with 30% missing",
            partial(make_binary, n_rows=200_000, missing=0.3),
            bounds=speed(0.45, stretch=0.27),
            equals=as_good_as_xgboost(AUC),
        ),
        Case(
            "200k x 28 binary, 100 trees of depth 10",
            partial(make_binary, n_rows=200_000, max_depth=10),
            bounds=speed(0.80, stretch=0.50),
            equals=as_good_as_xgboost(AUC),
        ),
        Case(
            "200k x 28 binary, 100 lossguide trees of 255 leaves",
            partial(make_binary, n_rows=200_000, **LEAF_WISE),
            bounds=speed(0.80, stretch=0.50),
            equals=as_good_as_xgboost(AUC),
        ),
        Case(
            "1,000 x 10 binary, 100 trees of depth 6",
            partial(make_work, above_the_middle, n_rows=1_000, n_classes=2),
            bounds=speed(0.50, stretch=0.25),
            equals=as_good_as_xgboost(AUC),
        ),
    ),
    judge=judge,
)
