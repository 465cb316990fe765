"""Fit boosted trees to a table: the time of ``fit``, from arrays to a model that can predict.

Every library gets the same trees to grow: 100 of depth 6 or 10, learning rate 0.1, lambda 1, at most 256 bins per
column. Binning is part of the time. The score is the area under the ROC curve on rows that no model saw, on another
table in each round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from ..datasets import binary, digest
from ..definitions import SECONDS, Bound, Case, Score, Task

AUC = "held-out AUC"

# The names are xgboost's; the files of the other libraries translate them.
PARAMETERS: Mapping[str, Any] = {
    "n_estimators": 100,
    "max_depth": 6,
    "learning_rate": 0.1,
    "reg_lambda": 1.0,
    "max_bin": 256,
}

# From rows of X to scores that rise with the probability of class 1.
Answer = Callable[[np.ndarray], np.ndarray]


class BoosterWork(NamedTuple):
    """A table to fit, one to be judged on, and the trees to grow.

    Attributes
    ----------
    X, X_test : ndarray of shape (n_rows, n_features), float32
        Training and held-out rows.
    y, y_test : ndarray of shape (n_rows,)
        Their classes.
    parameters : mapping of str to object
        xgboost's names.
    facts : mapping of str to object
        For the result file.
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]


def make_binary(seed: int, quick: bool, *, n_rows: int, missing: float = 0.0, **changes: Any) -> BoosterWork:
    """Binary table of `n_rows` for training and some for judging; quick: 2,000 rows, 5 trees.

    `missing` is the share of values that are taken away, `changes` are parameters that differ from `PARAMETERS`.
    """
    n_train = min(n_rows, 2_000) if quick else n_rows
    parameters = {**PARAMETERS, **changes, **({"n_estimators": 5} if quick else {})}
    X, y = binary.make(n_train + n_train // 4, seed)
    if missing:
        X[np.random.default_rng(seed).random(X.shape) < missing] = np.nan
    facts = {
        "rows": n_train,
        "columns": X.shape[1],
        "held-out rows": n_train // 4,
        "digest of the first table": digest(X, y),
        **parameters,
    }
    return BoosterWork(X[:n_train], y[:n_train], X[n_train:], y[n_train:], parameters, facts)


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Area under the ROC curve of the held-out rows."""
    return {AUC: float(roc_auc_score(work.y_test, answer(work.X_test)))}


TASK = Task(
    name="booster_fit",
    title="Fit boosted trees",
    question="Time of `fit` for the same trees, binning included; the score is the AUC on rows that no model saw.",
    scores=(Score(AUC, larger_is_better=True),),
    cases=(
        Case(
            "200k x 28 binary, 100 trees of depth 6",
            partial(make_binary, n_rows=200_000),
            bounds=(Bound(SECONDS, against="xgboost", at_most=0.50, stretch=0.33),),
        ),
        Case(
            "the same with 30% missing",
            partial(make_binary, n_rows=200_000, missing=0.3),
            bounds=(Bound(SECONDS, against="xgboost", at_most=0.45, stretch=0.27),),
        ),
        Case(
            "200k x 28 binary, 100 trees of depth 10",
            partial(make_binary, n_rows=200_000, max_depth=10),
            bounds=(Bound(SECONDS, against="xgboost", at_most=0.80, stretch=0.50),),
        ),
        Case(
            "1,000 x 28 binary, 100 trees of depth 6",
            partial(make_binary, n_rows=1_000),
            bounds=(Bound(SECONDS, against="xgboost", at_most=0.50, stretch=0.25),),
        ),
    ),
    judge=judge,
)
