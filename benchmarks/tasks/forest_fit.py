"""Grow a forest: the time of ``fit`` for the same trees as scikit-learn's."""

from __future__ import annotations

from functools import partial

from ..datasets import binary, clusters
from ..definitions import COMPILING, Case, Limit, Task
from ..forests import AS_GOOD, SCORE, judge, make_work, speed

make_forest = partial(make_work, model="ensemble.RandomForestClassifier", n_estimators=100)
many_columns = partial(clusters.make, n_columns=500)

TASK = Task(
    name="forest_fit",
    title="Grow forests",
    question="Time of `fit` for the same trees, from the same `random_state`; the score is accuracy or R² on held-out "
    "rows.",
    scores=(SCORE,),
    cases=(
        Case(
            "forest of classes, 20k x 20, 100 trees",
            partial(make_forest, clusters.make, n_rows=20_000),
            bounds=speed(0.25, stretch=0.17),
            limits=(Limit(COMPILING, at_most=4.0, stretch=3.0),),
            equals=AS_GOOD,
        ),
        Case(
            "forest of classes, 5k x 500, 100 trees",
            partial(make_forest, many_columns, n_rows=5_000),
            bounds=speed(0.25, stretch=0.17),
            equals=AS_GOOD,
        ),
        Case(
            "forest of classes, 100k x 28, 100 trees",
            partial(make_forest, binary.make, n_rows=100_000),
            bounds=speed(0.30, stretch=0.21),
            equals=AS_GOOD,
        ),
        Case(
            "forest of numbers, 20k x 20, 100 trees",
            partial(
                make_work,
                clusters.make_numbers,
                model="ensemble.RandomForestRegressor",
                n_estimators=100,
                n_rows=20_000,
            ),
            bounds=speed(0.25, stretch=0.12),
            equals=AS_GOOD,
        ),
        Case(
            "extra trees of classes, 20k x 20, 100 trees",
            partial(
                make_work,
                clusters.make,
                model="ensemble.ExtraTreesClassifier",
                n_estimators=100,
                n_rows=20_000,
            ),
            bounds=speed(0.80, stretch=0.50),
            equals=AS_GOOD,
        ),
        Case(
            "extra trees of numbers, 20k x 20, 50 trees",
            partial(
                make_work,
                clusters.make_numbers,
                model="ensemble.ExtraTreesRegressor",
                n_estimators=50,
                n_rows=20_000,
            ),
            bounds=speed(0.80, stretch=0.50),
            equals=AS_GOOD,
        ),
    ),
    judge=judge,
)
