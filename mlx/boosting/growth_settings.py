"""Settings of growth: what an estimator's parameters say about a single tree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .categories import CategoryRules
from .splitting import Penalty

__all__ = ["GrowthSettings"]


class GrowthSettings(NamedTuple):
    """Parameters of a tree.

    Attributes
    ----------
    penalty : Penalty
    gamma : float32
        Smallest gain for which a node is split.
    max_depth : int
        Largest number of questions on the way to a leaf; 0 is no limit.
    learning_rate : float32
        Factor of the leaf weights.
    max_leaves : int
        Largest number of leaves; 0 is no limit.
    best_first : bool
        Split the node with the largest gain next, not level by level.
    direction : ndarray of int8, shape (n_features,) or (0,)
        Directions of the columns, see `Limits`.
    lowest : ndarray of float32, shape (n_features,) or (0,)
        Threshold of a split with only missing values on the left, needed where columns have directions.
    interactions : tuple of frozenset of int
        Columns that may meet on a path; empty if all may.
    prunes_after, keep_pruned : bool
        Grow without gamma, and prune the whole tree then (`pruning`); let the record keep what was pruned.
    deterministic : bool
        Whether gradients are in fixed point (`fixed_point`).
    categories : CategoryRules
        Which columns hold categories, and how they are split.
    """

    penalty: Penalty
    gamma: np.float32
    max_depth: int
    learning_rate: np.float32
    max_leaves: int = 0
    best_first: bool = False
    direction: NDArray[np.int8] = np.empty(0, dtype=np.int8)
    lowest: NDArray[np.float32] = np.empty(0, dtype=np.float32)
    interactions: tuple[frozenset[int], ...] = ()
    prunes_after: bool = False
    keep_pruned: bool = False
    deterministic: bool = False
    categories: CategoryRules = CategoryRules()
