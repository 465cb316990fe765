"""Grow one decision tree to its end: the time of ``fit``, on the same rows, for the same tree.

The trees are equal: of classes to the bit, of numbers where no two rows of a node have the same value in a column
(`tests/parity`). So the score, the error on rows that no tree saw, must be the same number.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..boosters import Answer, BoosterWork, make_work
from ..datasets import binary, friedman
from ..definitions import COMPILED, COMPILING, SECONDS, Bound, Case, Equal, Limit, Score, Task
from .adaboost_fit import informative

ERROR = "held-out error"


def judge(work: BoosterWork, answer: Answer) -> dict[str, float]:
    """Share of the held-out rows that are classified wrongly, or root of the mean squared error."""
    answers = answer(work.X_test)
    error = np.mean(answers != work.y_test) if work.n_classes else np.sqrt(np.mean((answers - work.y_test) ** 2))
    return {ERROR: float(error)}


BOUNDS = (Bound(SECONDS, against="scikit-learn", at_most=0.4, stretch=0.2),)
SAME_TREE = (Equal(ERROR, against="scikit-learn"),)
COMPILES = (Limit(COMPILING, at_most=4.0, stretch=2.0), Limit(COMPILED, at_most=0.5, stretch=0.5))

TASK = Task(
    name="tree_fit",
    title="Grow one decision tree",
    question="Time of `fit` for the same tree; the score is the error on rows that no tree saw.",
    scores=(Score(ERROR, larger_is_better=False),),
    cases=(
        Case(
            "classes, 20k x 20",
            partial(make_work, informative, n_rows=20_000, n_classes=2),
            bounds=BOUNDS,
            limits=COMPILES,
            equals=SAME_TREE,
        ),
        Case(
            "classes, 100k x 28",
            partial(make_work, binary.make, n_rows=100_000, n_classes=2),
            bounds=BOUNDS,
            equals=SAME_TREE,
        ),
        Case(
            "numbers, 20k x 10",
            partial(make_work, friedman.make, n_rows=20_000),
            bounds=BOUNDS,
            limits=COMPILES,
            equals=SAME_TREE,
        ),
    ),
    judge=judge,
)
