"""Updating gives the trees of a model new values or fewer nodes, and leaves their questions as they are.

``process_type="update"`` goes through the trees of an earlier model in the place of growing new ones. At each round the
next trees are taken, with the gradients at the margins of those before them *after* their update, and are

refreshed    (``updater="refresh"``) every node has the sums of the rows that reach it now, and from them its cover,
             its gain and its weight; leaves keep their value with ``refresh_leaf=False``
pruned       (``updater="prune"``) splits that gain less than gamma or are below max_depth are taken back (`pruning`)

or both, in the order in which they are named: ``updater="refresh,prune"``. The model starts where it started before.

Gains are the library's, in float64: 0 for a node whose cover is below min_child_weight. A pruned leaf has the weight of
its node times the learning rate of the update.

Source: xgboost v3.2.0, ``src/tree/updater_refresh.cc``, ``src/tree/updater_prune.cc``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from .growth_settings import GrowthSettings
from .pruning import prune
from .splitting import Penalty

__all__ = ["TreeUpdater", "Updates", "refreshed"]


class Updates(NamedTuple):
    """What is done with which trees.

    Attributes
    ----------
    trees : sequence of Tree
    steps : tuple of {'refresh', 'prune'}
    refresh_leaf : bool
    """

    trees: Sequence[Tree]
    steps: tuple[str, ...]
    refresh_leaf: bool = True


class TreeUpdater:
    """A `Grower` that returns the trees of an earlier model, updated.

    Parameters
    ----------
    updates : Updates
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    settings : GrowthSettings
    n_threads : int
    """

    # Columns are not cut.
    table: ClassVar[None] = None

    def __init__(self, updates: Updates, X: NDArray[np.float32], settings: GrowthSettings, n_threads: int) -> None:
        self.updates, self.settings = updates, settings
        self._X, self._n_threads = X, n_threads
        self._leaf = np.empty(0, dtype=np.int32)

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Update the tree of a number, see `Grower`."""
        tree, settings = self.updates.trees[number], self.settings
        n_outputs = 1 if tree.value.ndim == 1 else tree.value.shape[1]
        self._leaf = TreeEnsemble((tree,), self._X.shape[1], n_outputs).apply(self._X, self._n_threads)[:, 0]
        for step in self.updates.steps:
            if step == "refresh":
                rate = settings.learning_rate if self.updates.refresh_leaf else None
                tree = refreshed(tree, self._leaf, gradients, settings.penalty, rate)
            else:
                tree, holder = prune(tree, settings.gamma, settings.learning_rate, max_depth=settings.max_depth)
                self._leaf = holder[self._leaf]
        if margin is not None:
            self.add_values(tree, margin)
        return tree

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        margin += tree.value[self._leaf]

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf, in rising order."""
        return np.flatnonzero(self._leaf == leaf).astype(np.int32)


def refreshed(
    tree: Tree,
    leaf: NDArray[np.int32],
    gradients: NDArray[np.floating],
    penalty: Penalty,
    learning_rate: np.float32 | None,
) -> Tree:
    """The tree with the sums of other rows.

    Parameters
    ----------
    tree : Tree
    leaf : ndarray of int32, shape (n_samples,)
        Leaf that each row reaches.
    gradients : ndarray of float32 or float64, shape (n_samples, 2)
    penalty : Penalty
    learning_rate : float32 or None
        Factor of the weights of leaves; with None leaves keep their values.

    Returns
    -------
    Tree
        Without a record: what the tree was grown from is not what it stands for any more.
    """
    sums = np.empty((tree.n_nodes, 2))
    for k in (0, 1):
        sums[:, k] = np.bincount(leaf, gradients[:, k], tree.n_nodes)
    inner = np.flatnonzero(~tree.is_leaf)
    for node in inner[::-1]:
        sums[node] = sums[tree.left[node]] + sums[tree.right[node]]
    weight = leaf_weights(sums, penalty)
    gains = similarities(sums, weight, penalty)
    value, gain = weight.astype(np.float32), np.zeros(tree.n_nodes, dtype=np.float32)
    gain[inner] = gains[tree.left[inner]] + gains[tree.right[inner]] - gains[inner]
    if learning_rate is None:
        value[tree.is_leaf] = tree.value[tree.is_leaf]
    else:
        value[tree.is_leaf] *= learning_rate
    return dataclasses.replace(tree, value=value, gain=gain, cover=sums[:, 1].astype(np.float32), record=None)


def leaf_weights(sums: NDArray[np.float64], penalty: Penalty) -> NDArray[np.float64]:
    """w* = -T(G) / (H + λ) of each node (Chen & Guestrin 2016, equation 5), 0 below min_child_weight; float64."""
    G, H = sums.T
    weight = np.zeros(len(sums))
    np.divide(-_thresholded(G, penalty), H + penalty.reg_lambda, out=weight, where=_covered(H, penalty))
    limit = penalty.max_delta_step or np.inf
    return np.clip(weight, -limit, limit)


def similarities(sums: NDArray[np.float64], weight: NDArray[np.float64], penalty: Penalty) -> NDArray[np.float64]:
    """T(G)² / (H + λ) of each node (equation 6); with max_delta_step -(2 G w + (H + λ) w²) + α |w|, as the library."""
    G, H = sums.T
    if penalty.max_delta_step:
        own = -(2.0 * G * weight + (H + penalty.reg_lambda) * weight**2) + penalty.reg_alpha * np.abs(weight)
        return np.where(_covered(H, penalty), own, 0.0)
    free = np.zeros(len(sums))
    return np.divide(_thresholded(G, penalty) ** 2, H + penalty.reg_lambda, out=free, where=_covered(H, penalty))


def _covered(H: NDArray[np.float64], penalty: Penalty) -> NDArray[np.bool_]:
    return (penalty.min_child_weight <= H) & (H > 0)


def _thresholded(G: NDArray[np.float64], penalty: Penalty) -> NDArray[np.float64]:
    """T(G): the sum of gradients, less α in absolute value."""
    return np.sign(G) * np.maximum(np.abs(G) - penalty.reg_alpha, 0.0)
