"""Proximities of rows in a forest, from its leaf numbers: the share of trees in which two rows share a leaf.

The rival is the usual way: a sparse matrix S with a 1 for each row and leaf that it is in, and S Sᵀ / n_trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..datasets import clusters, digest
from ..definitions import SECONDS, Bound, Case, Score, Task

ERROR = "largest error"


class LeavesWork(NamedTuple):
    """Leaf numbers of shape (n_rows, n_trees)."""

    leaves: np.ndarray
    facts: Mapping[str, Any]


@lru_cache(maxsize=8)
def make_leaves(seed: int, quick: bool) -> LeavesWork:
    """Leaves of 3,000 rows in 100 trees that scikit-learn has grown, so that no contender owns them."""
    from sklearn.ensemble import RandomForestClassifier

    n_rows, n_trees = (200, 10) if quick else (3_000, 100)
    X, y = clusters.make(n_rows, seed)
    leaves = RandomForestClassifier(n_trees, random_state=seed).fit(X, y).apply(X)
    return LeavesWork(leaves, {"rows": n_rows, "trees": n_trees, "digest of the first leaves": digest(leaves)})


def judge(work: LeavesWork, answer: np.ndarray) -> dict[str, float]:
    """Largest difference from the definition, over fifty rows."""
    some = work.leaves[:50]
    expected = (some[:, np.newaxis] == work.leaves[np.newaxis]).mean(axis=2)
    return {ERROR: float(np.abs(answer[:50] - expected).max())}


TASK = Task(
    name="proximity",
    title="Proximities in a forest",
    question="Time from leaf numbers to the matrix of proximities; the score is its largest error.",
    scores=(Score(ERROR, larger_is_better=False),),
    cases=(
        Case(
            "3,000 rows, 100 trees",
            make_leaves,
            bounds=(Bound(SECONDS, against="scipy", at_most=0.50, stretch=0.38),),
        ),
    ),
    judge=judge,
)
