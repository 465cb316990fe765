"""Fit least squares and ridge regression to a long table: the time of ``fit``.

Both minima are unique, so the score is how far the coefficients are from them, as a share of their largest: one Newton
step from the answer, which for a quadratic function leads to the minimum, is what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..datasets import digest, gaussian
from ..definitions import MEMORY, SECONDS, Bound, Case, Score, Task

ERROR = "error of the coefficients"


class RegressionWork(NamedTuple):
    """A table, its target, and the penalty α of α ‖w‖²; None for least squares, which a model may treat by itself."""

    X: np.ndarray
    y: np.ndarray
    penalty: float | None
    facts: Mapping[str, Any]


@lru_cache(maxsize=1)
def make_work(seed: int, quick: bool, *, n_rows: int, penalty: float | None = None) -> RegressionWork:
    """A Gaussian table of 30 columns."""
    n_rows = 2_000 if quick else n_rows
    X, y = gaussian.make(n_rows, 30, seed)
    facts = {"rows": n_rows, "columns": 30, "penalty": penalty, "digest of the first rows": digest(X[:1000], y[:1000])}
    return RegressionWork(X, y, penalty, facts)


def judge(work: RegressionWork, model: Any) -> dict[str, float]:
    """Largest entry of the Newton step from the coefficients to the minimum, over the largest coefficient of that."""
    centred = work.X - work.X.mean(axis=0)
    penalty = work.penalty or 0.0
    slope = centred.T @ (work.y - work.y.mean() - centred @ model.coef_) - penalty * model.coef_
    step = np.linalg.solve(centred.T @ centred + penalty * np.eye(centred.shape[1]), slope)
    return {ERROR: float(np.abs(step).max() / np.abs(model.coef_ + step).max())}


TASK = Task(
    name="least_squares",
    title="Fit least squares and ridge regression",
    question="Time of `fit` on a long table; the score is how far the coefficients are from the minimum.",
    scores=(Score(ERROR, larger_is_better=False),),
    cases=(
        Case(
            "least squares, 1M x 30",
            partial(make_work, n_rows=1_000_000),
            bounds=(
                Bound(SECONDS, against="scikit-learn", at_most=0.35, stretch=0.2),
                Bound(MEMORY, against="scikit-learn", at_most=0.3, stretch=0.1),
            ),
        ),
        Case(
            "ridge, 1M x 30",
            partial(make_work, n_rows=1_000_000, penalty=1.0),
            bounds=(
                Bound(SECONDS, against="scikit-learn", at_most=0.6, stretch=0.4),
                Bound(MEMORY, against="scikit-learn", at_most=0.3, stretch=0.1),
            ),
        ),
    ),
    judge=judge,
)
