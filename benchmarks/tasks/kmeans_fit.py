"""Cluster rows by k-means: the time of ``fit`` for the same draws and the same labels in every iteration.

Labels are those of scikit-learn for the same random state (`tests/parity`), so the score, the inertia, must be the same
number but for the order of sums.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..datasets import digest, spectra
from ..definitions import COMPILED, COMPILING, SECONDS, Bound, Case, Equal, Limit, Score, Task
from .pca_fit import TableWork

INERTIA = "inertia of a row"


@lru_cache(maxsize=2)
def make_rows(
    seed: int, quick: bool, *, table: Callable[[int, int], np.ndarray], n_rows: int, k: int, algorithm: str
) -> TableWork:
    """A table of `table`(n_rows, seed); quick work has fewer rows."""
    n_rows = 1_000 if quick else n_rows
    X = table(n_rows, seed)
    facts: dict[str, Any] = {"rows": n_rows, "columns": X.shape[1], "clusters": k, "algorithm": algorithm}
    return TableWork(X, k, algorithm, facts | {"digest": digest(X)})


def groups(n_rows: int, seed: int) -> np.ndarray:
    return spectra.make_groups(n_rows, 20, 20, seed)


def no_groups(n_rows: int, seed: int) -> np.ndarray:
    return spectra.make(n_rows, 64, seed)


def judge(work: TableWork, centers: np.ndarray) -> dict[str, float]:
    """Mean squared distance to the nearest center, computed from the centers."""
    norms = np.sum(centers**2, axis=1)
    nearest = (norms - 2.0 * work.X @ centers.T).min(axis=1) + np.sum(work.X**2, axis=1)
    return {INERTIA: float(nearest.mean())}


BOUNDS = (Bound(SECONDS, against="scikit-learn", at_most=0.8, stretch=0.5),)
COMPILES = (Limit(COMPILING, at_most=2.0, stretch=1.5), Limit(COMPILED, at_most=0.5, stretch=0.5))


def case(name: str, *, compiles: bool = False, **asked: Any) -> Case:
    return Case(
        name,
        partial(make_rows, **asked),
        bounds=BOUNDS,
        limits=COMPILES if compiles else (),
        equals=(Equal(INERTIA, against="scikit-learn"),),
    )


TASK = Task(
    name="kmeans_fit",
    title="Cluster rows by k-means",
    question="Time of `fit` for the same labels in every iteration; the score is the inertia, for each row.",
    scores=(Score(INERTIA, larger_is_better=False),),
    cases=(
        case("200k x 20, 20 clusters", compiles=True, table=groups, n_rows=200_000, k=20, algorithm="lloyd"),
        case("200k x 20, 20 clusters, elkan", table=groups, n_rows=200_000, k=20, algorithm="elkan"),
        case("20k x 64, 10 clusters", table=no_groups, n_rows=20_000, k=10, algorithm="lloyd"),
        case("20k x 64, 10 clusters, elkan", table=no_groups, n_rows=20_000, k=10, algorithm="elkan"),
    ),
    judge=judge,
)
