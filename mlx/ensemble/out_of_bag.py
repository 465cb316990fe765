"""Out-of-bag estimates: each training row is predicted by the trees that have not seen it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import run_tasks
from .flat_forest import FlatForest

__all__ = ["out_of_bag_means"]

# Trees whose answers wait for their turn, for each thread.
TREES_PER_THREAD = 4


def out_of_bag_means(
    forest: FlatForest, X: Any, unseen_by: Callable[[int], NDArray[np.intp]], n_threads: int
) -> NDArray[np.float64]:
    """Mean, over the trees that have not seen a row, of the values of the leaves that it reaches.

    Parameters
    ----------
    forest : FlatForest
    X : ndarray of float32 or CSR matrix, shape (n_samples, n_features)
        Training rows.
    unseen_by : callable
        From the number of a tree to the rows that it has not seen.
    n_threads : int
        The result is the same for any number.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_values)
        0 for a row that every tree has seen; a warning tells of such rows.
    """
    total = np.zeros((X.shape[0], forest.trees[0].value[0].size))
    n_trees = np.zeros((X.shape[0], 1), dtype=np.int64)
    forest.flat(n_threads)

    def answers(tree: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        rows = unseen_by(tree)
        return rows, forest.values_of(tree, X[rows])

    # Added in the order of the trees, whatever thread is done first.
    step = TREES_PER_THREAD * n_threads
    for first in range(0, len(forest.trees), step):
        some = range(first, min(first + step, len(forest.trees)))
        for rows, values in run_tasks(answers, some, n_threads):
            total[rows] += values
            n_trees[rows] += 1
    if (n_trees == 0).any():
        warnings.warn(
            "Some inputs do not have OOB scores: every tree has seen them. This probably means that there are too few "
            "trees for reliable OOB estimates.",
            UserWarning,
            stacklevel=5,
        )
    return total / np.maximum(n_trees, 1)
