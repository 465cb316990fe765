r"""Pruning takes branches away again that do not pay for themselves, from the leaves up.

A split whose two children are leaves is taken back if its gain is below gamma; then its node is a leaf, and the same is
asked about the split above. A split that gains little stays where one below it gains enough::

         gamma = 2                     [0] gain 0.1                        [0] gain 0.1
                                      /            \                      /           \
    as it was grown             [1] gain 5      [2] gain 1          [1] gain 5      [2] leaf      as it is pruned
                                /      \        /      \            /      \
                             [3]       [4]    [5]      [6]        [3]     [4]

Growing that stops at once where the best split gains less than gamma, as the library's ``hist`` and ``approx`` do, ends
at node 0 here. The library's ``exact`` grows first and prunes then, and ``prune="post"`` does so with every method.

A pruned node has the value that it would have had as a leaf, and its split becomes its refused candidate
(`GrowthRecord`). Nodes are numbered anew; the library leaves gaps where the pruned ones were.

Source: xgboost v3.2.0, ``src/tree/updater_prune.cc``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree.pruned import category_lists, joined_lists
from ..tree.record import GrowthRecord, PrunedBranch

if TYPE_CHECKING:
    from .grower import Grower
    from .growth_settings import GrowthSettings

__all__ = ["PruningGrower", "prune"]


class PruningGrower:
    """A `Grower` that prunes what another one has grown.

    Parameters
    ----------
    grower : Grower
        Its own gamma must be 0.
    gamma : float32
        Least gain of a split above two leaves.
    keep_pruned : bool
        Whether the record of each tree keeps the branches that were taken away.
    """

    def __init__(self, grower: Grower, gamma: np.float32, keep_pruned: bool) -> None:
        self.gamma, self.keep_pruned = gamma, keep_pruned
        self._grower = grower

    @property
    def settings(self) -> GrowthSettings:
        """Settings of the next tree, without gamma."""
        return self._grower.settings

    @settings.setter
    def settings(self, settings: GrowthSettings) -> None:
        self._grower.settings = settings

    @property
    def table(self) -> Any:
        """What the other one cuts columns in, see `Grower`."""
        return self._grower.table

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow and prune one tree, see `Grower`."""
        self._grown = self._grower.grow(gradients, number)
        tree, self._holder = prune(self._grown, self.gamma, self.settings.learning_rate, self.keep_pruned)
        if margin is not None:
            self.add_values(tree, margin)
        return tree

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        grown = dataclasses.replace(self._grown, value=tree.value[self._holder])
        self._grower.add_values(grown, margin)

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf, in rising order."""
        grown = np.flatnonzero(self._grown.is_leaf & (self._holder == leaf))
        return np.sort(np.concatenate([self._grower.rows_of(node) for node in grown]))


def prune(
    tree: Tree,
    gamma: float | np.floating,
    learning_rate: np.float32,
    keep_pruned: bool = False,
    max_depth: int = 0,
) -> tuple[Tree, NDArray[np.int32]]:
    """Take back the splits, from the leaves up, that gain less than gamma.

    Parameters
    ----------
    tree : Tree
        As it was grown; the values of inner nodes are weights before the learning rate.
    gamma : float
        A split of exactly this gain stays.
    learning_rate : float32
        Factor of the weights of nodes that become leaves.
    keep_pruned : bool, default=False
        Whether the record keeps the branches that are taken away.
    max_depth : int, default=0
        Splits at this depth and below are taken back, too; 0 is no limit.

    Returns
    -------
    tree : Tree
        The same one if nothing is pruned.
    holder : ndarray of int32, shape (n_nodes_as_grown,)
        For each node as it was grown, the node that has its rows now: itself, or the leaf that it was pruned to; by
        the numbers of the pruned tree.
    """
    is_leaf = leaves_after_pruning(tree, gamma, max_depth)
    nodes = np.arange(tree.n_nodes, dtype=np.int32)
    if np.array_equal(is_leaf, tree.is_leaf):
        return tree, nodes
    holder = nodes.copy()
    # Parents come before their children.
    for node in np.flatnonzero(is_leaf & ~tree.is_leaf):
        holder[[tree.left[node], tree.right[node]]] = holder[node]
    is_kept = holder == nodes
    number = np.cumsum(is_kept, dtype=np.int32) - np.int32(1)
    branches = [
        PrunedBranch(int(number[leaf]), _part(tree, np.flatnonzero(holder == leaf), tree.is_leaf, learning_rate))
        for leaf in np.flatnonzero(is_kept & is_leaf & ~tree.is_leaf & keep_pruned)
    ]
    return _part(tree, np.flatnonzero(is_kept), is_leaf, learning_rate, tuple(branches)), number[holder]


def leaves_after_pruning(tree: Tree, gamma: float | np.floating, max_depth: int = 0) -> NDArray[np.bool_]:
    """Which nodes are leaves, or were below one, once splits above two leaves that gain less than gamma are gone."""
    is_leaf = tree.is_leaf.copy()
    worthless = tree.gain < gamma if max_depth == 0 else (tree.gain < gamma) | (tree.depth >= max_depth)
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:
        is_leaf[node] = worthless[node] and is_leaf[tree.left[node]] and is_leaf[tree.right[node]]
    return is_leaf


def _part(
    tree: Tree,
    nodes: NDArray[np.intp],
    is_leaf: NDArray[np.bool_],
    learning_rate: np.float32,
    branches: tuple[PrunedBranch, ...] = (),
) -> Tree:
    """Tree of some nodes, by rising numbers, of which the first is the root."""
    number = np.full(tree.n_nodes, -1, dtype=np.int32)
    number[nodes] = np.arange(len(nodes))
    inner, new_leaf = ~is_leaf[nodes], is_leaf[nodes] & ~tree.is_leaf[nodes]
    value = tree.value[nodes]
    value[new_leaf] *= learning_rate
    asked = category_lists(tree.category_start, tree.categories, nodes)
    start, codes = joined_lists([own if asks else own[:0] for own, asks in zip(asked, inner)])
    return Tree.grown(
        left=np.where(inner, number[tree.left[nodes]], -1).astype(np.int32),
        right=np.where(inner, number[tree.right[nodes]], -1).astype(np.int32),
        feature=np.where(inner, tree.feature[nodes], -1).astype(np.int32),
        threshold=np.where(inner, tree.threshold[nodes], tree.threshold.dtype.type(0)),
        missing_left=tree.missing_left[nodes] & inner,
        value=value,
        cover=tree.cover[nodes],
        gain=np.where(inner, tree.gain[nodes], tree.gain.dtype.type(0)),
        category_start=start,
        categories=codes,
        record=None if tree.record is None else _part_of_record(tree, tree.record, nodes, new_leaf, branches),
    )


def _part_of_record(
    tree: Tree,
    record: GrowthRecord,
    nodes: NDArray[np.intp],
    new_leaf: NDArray[np.bool_],
    branches: tuple[PrunedBranch, ...],
) -> GrowthRecord:
    """Record of some nodes. The split of one that has become a leaf is the candidate that was refused there."""
    at_leaf = new_leaf.reshape(-1, *(1,) * (record.sums.ndim - 1))
    asked = category_lists(tree.category_start, tree.categories, nodes)
    considered = category_lists(record.runner_up_category_start, record.runner_up_categories, nodes)
    start, codes = joined_lists([own if leaf else other for own, other, leaf in zip(asked, considered, new_leaf)])
    return GrowthRecord.grown(
        sums=record.sums[nodes],
        missing_sums=np.where(at_leaf, 0.0, record.missing_sums[nodes]),
        runner_up_feature=np.where(new_leaf, tree.feature[nodes], record.runner_up_feature[nodes]),
        runner_up_threshold=np.where(new_leaf, tree.threshold[nodes], record.runner_up_threshold[nodes]),
        runner_up_missing_left=np.where(new_leaf, tree.missing_left[nodes], record.runner_up_missing_left[nodes]),
        runner_up_gain=np.where(new_leaf, tree.gain[nodes], record.runner_up_gain[nodes]),
        runner_up_category_start=start,
        runner_up_categories=codes,
        pruned=branches,
    )
