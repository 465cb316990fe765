"""Find the leading principal components: the time of ``fit``, against each way that scikit-learn offers.

Ours takes its default, which is exact. The score is the share of the variance that the components explain, computed
from them: approximate ways explain a little less.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..datasets import digest, spectra
from ..definitions import SECONDS, Bound, Case, Equal, Score, Task

SHARE = "share of variance"

# Rows of a batch for those that read the table in batches.
BATCH = 2_000


class TableWork(NamedTuple):
    """A table of shape (n_rows, n_columns), and the number of components or clusters that is asked for."""

    X: np.ndarray
    k: int
    algorithm: str
    facts: Mapping[str, Any]


@lru_cache(maxsize=2)
def make_table(seed: int, quick: bool, *, n_rows: int, n_columns: int, k: int) -> TableWork:
    """Directions of signal in noise; quick work has a hundredth of the rows and columns."""
    if quick:
        n_rows, n_columns, k = max(n_rows // 100, 40), max(n_columns // 100, 20), 5
    X = spectra.make(n_rows, n_columns, seed)
    return TableWork(X, k, "", {"rows": n_rows, "columns": n_columns, "components": k, "digest": digest(X)})


def judge(work: TableWork, components: np.ndarray) -> dict[str, float]:
    """Variance of the scores over the variance of the rows."""
    centred = work.X - work.X.mean(axis=0)
    return {SHARE: float(np.sum((centred @ components.T) ** 2) / np.sum(centred**2))}


OTHER_WAYS = ("full", "randomized", "arpack", "incremental")


def bounds(*, covariance: bool) -> tuple[Bound, ...]:
    """Ratios to each way of scikit-learn's; batches are compared with batches, too."""
    by_eigenvectors = Bound(SECONDS, against="scikit-learn, covariance_eigh", at_most=0.85, stretch=0.7)
    return (
        *((by_eigenvectors,) if covariance else ()),
        *(Bound(SECONDS, against=f"scikit-learn, {way}", at_most=0.35, stretch=0.2) for way in OTHER_WAYS),
        Bound(SECONDS, against="scikit-learn, incremental", at_most=0.6, stretch=0.35, ours="mlx, incremental"),
    )


AS_EXACT = (Equal(SHARE, against="scikit-learn, full"),)

TASK = Task(
    name="pca_fit",
    title="Find principal components",
    question="Time of `fit` with our default, against each solver; the score is the share of variance explained.",
    scores=(Score(SHARE, larger_is_better=True),),
    cases=(
        Case(
            "100k x 100, 10 components",
            partial(make_table, n_rows=100_000, n_columns=100, k=10),
            bounds=bounds(covariance=True),
            equals=AS_EXACT,
        ),
        Case(
            "5k x 2k, 50 components",
            partial(make_table, n_rows=5_000, n_columns=2_000, k=50),
            bounds=bounds(covariance=True),
            equals=AS_EXACT,
        ),
    ),
    judge=judge,
)
