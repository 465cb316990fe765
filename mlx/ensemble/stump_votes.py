"""Votes of many stumps: for each row, the sum of their weights by class, in the order of the stumps.

A stump of weight α gives α to the class that it predicts and -α / (K - 1) to each of the K - 1 others (J. Zhu et al.,
"Multi-class AdaBoost", Statistics and Its Interface 2 (2009), eq. 4). One pass over the rows; what is added to a sum is
added in the same order as when every stump predicts all rows in turn, so the bits are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks
from .stumps import Stump

__all__ = ["StumpArrays", "add_votes", "stump_arrays"]

# Rows of a task: a few milliseconds with a hundred stumps.
ROWS_OF_TASK = 16_384


class StumpArrays(NamedTuple):
    """Stumps as arrays, one entry per stump. Where a stump is a leaf alone, every row goes left."""

    columns: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    left: NDArray[np.int64]  # code of the class that rows up to the threshold get
    right: NDArray[np.int64]

    def codes(self, number: int, X: NDArray[np.float32]) -> NDArray[np.int64]:
        """Classes that one stump predicts."""
        goes_left = X[:, self.columns[number]] <= self.thresholds[number]
        return np.where(goes_left, self.left[number], self.right[number])


def stump_arrays(stumps: Sequence[Stump]) -> StumpArrays:
    """Arrays of the stumps of a fit."""
    return StumpArrays(
        columns=np.array([max(stump.column, 0) for stump in stumps], dtype=np.int64),
        thresholds=np.array([stump.threshold if stump.column >= 0 else np.inf for stump in stumps]),
        left=np.array([stump.classes[min(1, len(stump.classes) - 1)] for stump in stumps], dtype=np.int64),
        right=np.array([stump.classes[-1] for stump in stumps], dtype=np.int64),
    )


def add_votes(
    X: NDArray[np.float32], stumps: StumpArrays, weights: NDArray[np.float64], n_classes: int, n_threads: int
) -> NDArray[np.float64]:
    """Sums of the votes, shape (n_samples, n_classes)."""
    votes = np.zeros((len(X), n_classes))
    against = -1 / (n_classes - 1) * weights

    def add(first: int) -> None:
        rows = slice(first, first + ROWS_OF_TASK)
        _add_votes(X[rows], stumps, weights, against, votes[rows])

    run_tasks(add, range(0, len(X), ROWS_OF_TASK), n_threads)
    return votes


@kernel
def _add_votes(X, stumps, votes_for, votes_against, votes):
    """Fill `votes` of some rows."""
    n_classes = votes.shape[1]
    for i in range(len(X)):
        for number in range(stumps.columns.size):
            goes_left = X[i, stumps.columns[number]] <= stumps.thresholds[number]
            code = stumps.left[number] if goes_left else stumps.right[number]
            for k in range(n_classes):
                votes[i, k] += votes_for[number] if k == code else votes_against[number]
