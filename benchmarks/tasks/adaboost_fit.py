"""Fit AdaBoost's stumps to two classes: the time of ``fit``, on the same rows, for the same stumps.

The models are equal: every stump, weight and error of ours is scikit-learn's to the bit (`tests/parity`). So the score,
the accuracy on rows that no model saw, must be the same number.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.datasets import make_classification

from ..boosters import Answer, BoosterWork, make_work
from ..datasets import binary
from ..definitions import COMPILED, COMPILING, SECONDS, Bound, Case, Equal, Limit, Score, Task

ACCURACY = "held-out accuracy"


def informative(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's generated table of 20 columns, half of them informative."""
    X, y = make_classification(n_rows, 20, n_informative=10, random_state=seed)
    return X.astype(np.float32), y


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Accuracy on the held-out rows."""
    return {ACCURACY: float(np.mean(answer(work.X_test) == work.y_test))}


BOUNDS = (Bound(SECONDS, against="scikit-learn", at_most=0.05, stretch=0.03),)
SAME_MODEL = (Equal(ACCURACY, against="scikit-learn"),)

TASK = Task(
    name="adaboost_fit",
    title="Fit AdaBoost's stumps to two classes",
    question="Time of `fit` for the same stumps; the score is the accuracy on rows that no model saw.",
    scores=(Score(ACCURACY, larger_is_better=True),),
    cases=(
        Case(
            "20k x 20, 100 rounds",
            partial(make_work, informative, n_rows=20_000, n_classes=2, n_estimators=100),
            bounds=BOUNDS,
            limits=(Limit(COMPILING, at_most=4.0, stretch=2.0), Limit(COMPILED, at_most=0.5, stretch=0.5)),
            equals=SAME_MODEL,
        ),
        # Few rounds, each of which is the same work: scikit-learn takes about a second for one.
        Case(
            "200k x 28, 10 rounds",
            partial(make_work, binary.make, n_rows=200_000, n_classes=2, n_estimators=10),
            bounds=BOUNDS,
            equals=SAME_MODEL,
        ),
    ),
    judge=judge,
)
