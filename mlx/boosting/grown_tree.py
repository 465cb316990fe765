"""A grown tree is the nodes that growing leaves behind, as the flat arrays of a `Tree` with its growth record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import BinnedTable
from .categories import listed_categories
from .nodes import BEST, NODE, RUNNER_UP, Nodes, unread

if TYPE_CHECKING:
    from .growth_settings import GrowthSettings

__all__ = ["GrownNodes", "GrownTrees", "trees_of_nodes"]

# Nodes that wait to be made trees, at most but for the last tree's: half a MiB, with all that is made of them at once.
MOST_WAITING = 2048

# Starts and categories of all nodes, see `categories.listed_categories`.
Listed = tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]


class GrownNodes(NamedTuple):
    """What growing leaves behind.

    Attributes
    ----------
    nodes : Nodes
        Of one tree.
    table : BinnedTable
        Whose bins they ask about.
    settings : GrowthSettings
        With which they were grown.
    """

    nodes: Nodes
    table: BinnedTable
    settings: GrowthSettings


class GrownTrees(Sequence[Tree]):
    """Trees of a training, one after the other; those that nobody has asked for yet are still nodes.

    They are made together, when one of them is asked for or `MOST_WAITING` nodes have come together: for trees of some
    fifty nodes that takes a few NumPy calls for all of them in place of as many for each.

    Parameters
    ----------
    trees : iterable of Tree
        The first ones.
    """

    def __init__(self, trees: Iterable[Tree] = ()) -> None:
        self._trees, self._grown, self._n_waiting = list(trees), list[GrownNodes](), 0

    def append(self, tree: Tree | GrownNodes) -> None:
        """Add a tree, or the nodes that one will be made of."""
        if isinstance(tree, GrownNodes):
            self._grown.append(tree)
            self._n_waiting += len(tree.nodes.facts)
            if self._n_waiting >= MOST_WAITING:
                self._made()
        else:
            self._made().append(tree)

    def __len__(self) -> int:
        return len(self._trees) + len(self._grown)

    @overload
    def __getitem__(self, which: int) -> Tree: ...

    @overload
    def __getitem__(self, which: slice) -> list[Tree]: ...

    def __getitem__(self, which: int | slice) -> Tree | list[Tree]:
        return self._made()[which]

    def _made(self) -> list[Tree]:
        """All trees."""
        if self._grown:
            self._trees += trees_of_nodes(self._grown)
            self._grown, self._n_waiting = [], 0
        return self._trees


def trees_of_nodes(grown: Sequence[GrownNodes]) -> list[Tree]:
    """Trees of the nodes that growing has left behind, in the same order."""
    trees: list[Tree] = []
    # Neighbours that were grown alike are made together.
    for _, alike in groupby(grown, key=lambda one: (id(one.table), id(one.settings))):
        own = list(alike)
        trees += _trees_grown_alike([one.nodes for one in own], own[0].table, own[0].settings)
    return trees


def _trees_grown_alike(nodes: list[Nodes], table: BinnedTable, settings: GrowthSettings) -> list[Tree]:
    ends = np.cumsum([0, *(len(own.facts) for own in nodes)]).tolist()
    facts = np.concatenate([unread(own.facts) for own in nodes]).view(NODE)
    left, inner = facts["left"], facts["left"] >= 0
    feature = np.where(inner, facts["feature"], np.int32(-1))
    # A candidate that was not taken is the runner-up of its leaf.
    runner_up, its_bin, its_missing_left, its_gain = (
        np.where(inner, facts["runner_up_" + name], facts[name]) for name in ("feature", "bin", "missing_left", "gain")
    )
    weight = facts["weight"]
    if len(settings.direction):
        # A node that is split has its weight between its own bounds, a leaf between those of its parent.
        weight = np.where(inner, np.clip(weight, facts["low"], facts["high"]), weight)
    sums, missing_sums = np.empty((len(facts), 2)), np.empty((len(facts), 2))
    sums[:, 0], sums[:, 1] = facts["G"], facts["H"]
    missing_sums[:, 0], missing_sums[:, 1] = facts["G_missing"], facts["H_missing"]
    missing_sums[~inner] = 0.0
    of_tree = {
        "left": left.copy(),
        "right": np.where(inner, left + np.int32(1), np.int32(-1)),
        "feature": feature,
        "threshold": _thresholds(feature, facts["bin"], table, settings),
        "missing_left": facts["missing_left"] & inner,
        # Of a leaf what it adds, of any other node its weight before the learning rate, as in the library's file.
        "value": np.where(inner, weight, weight * settings.learning_rate),
        "cover": facts["H"].astype(np.float32),
        "gain": np.where(inner, facts["gain"], np.float32(0.0)),
    }
    of_record: dict[str, Any] = {
        "sums": sums,
        "missing_sums": missing_sums,
        "runner_up_feature": runner_up,
        "runner_up_threshold": _thresholds(runner_up, its_bin, table, settings),
        "runner_up_missing_left": its_missing_left,
        "runner_up_gain": its_gain,
    }
    trees = []
    for own, first, last in zip(nodes, ends, ends[1:]):
        asked, refused = _categories_of(own)
        record = GrowthRecord.grown(
            **{name: values[first:last] for name, values in of_record.items()},
            runner_up_category_start=refused[0],
            runner_up_categories=refused[1],
        )
        arrays = {name: values[first:last] for name, values in of_tree.items()}
        trees.append(Tree.grown(**arrays, record=record, category_start=asked[0], categories=asked[1]))
    return trees


def _categories_of(nodes: Nodes) -> tuple[Listed, Listed]:
    """Categories that go right by the splits of a tree, and by their runners-up."""
    if nodes.right_sets.shape[2] == 0:
        return (None, None), (None, None)
    inner = (nodes.facts["left"] >= 0)[:, np.newaxis]
    right_set, runner_up_set = nodes.right_sets[:, BEST], nodes.right_sets[:, RUNNER_UP]
    asked = listed_categories(np.where(inner, right_set, 0))
    return asked, listed_categories(np.where(inner, runner_up_set, right_set))


def _thresholds(
    feature: NDArray[np.int32], bins: NDArray[np.int32], table: BinnedTable, settings: GrowthSettings
) -> NDArray[np.float32]:
    """Upper ends of bins, the lowest threshold for bin -1; 0 for categories, and where there is no column."""
    threshold = np.where(feature >= 0, table.cuts[table.start[np.maximum(feature, 0)] + bins], np.float32(0.0))
    if len(settings.lowest):
        threshold = np.where((feature >= 0) & (bins < 0), settings.lowest[feature], threshold)
    if len(settings.categories.is_category):
        threshold[settings.categories.is_category[feature]] = 0.0
    return threshold
