"""A grown tree is the nodes that growing leaves behind, as the flat arrays of a `Tree` with its growth record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import BinnedTable
from .categories import listed_categories
from .nodes import BEST, RUNNER_UP, Nodes

if TYPE_CHECKING:
    from .growth_settings import GrowthSettings

__all__ = ["tree_of_nodes"]

# Starts and categories of all nodes, see `categories.listed_categories`.
Listed = tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]


def tree_of_nodes(nodes: Nodes, table: BinnedTable, settings: GrowthSettings) -> Tree:
    """Tree of some nodes."""
    facts = nodes.facts.copy()
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
    asked: Listed = (None, None)
    refused: Listed = (None, None)
    if nodes.right_sets.shape[2]:
        right_set, runner_up_set = nodes.right_sets[:, BEST], nodes.right_sets[:, RUNNER_UP]
        asked = listed_categories(np.where(inner[:, np.newaxis], right_set, 0))
        refused = listed_categories(np.where(inner[:, np.newaxis], runner_up_set, right_set))
    sums, missing_sums = np.empty((len(facts), 2)), np.empty((len(facts), 2))
    sums[:, 0], sums[:, 1] = facts["G"], facts["H"]
    missing_sums[:, 0], missing_sums[:, 1] = facts["G_missing"], facts["H_missing"]
    missing_sums[~inner] = 0.0
    return Tree.grown(
        left=left.copy(),
        right=np.where(inner, left + np.int32(1), np.int32(-1)),
        feature=feature,
        threshold=_thresholds(feature, facts["bin"], table, settings),
        missing_left=facts["missing_left"] & inner,
        # Of a leaf what it adds, of any other node its weight before the learning rate, as in the library's file.
        value=np.where(inner, weight, weight * settings.learning_rate),
        cover=facts["H"].astype(np.float32),
        gain=np.where(inner, facts["gain"], np.float32(0.0)),
        record=GrowthRecord.grown(
            sums=sums,
            missing_sums=missing_sums,
            runner_up_feature=runner_up,
            runner_up_threshold=_thresholds(runner_up, its_bin, table, settings),
            runner_up_missing_left=its_missing_left,
            runner_up_gain=its_gain,
            runner_up_category_start=refused[0],
            runner_up_categories=refused[1],
        ),
        category_start=asked[0],
        categories=asked[1],
    )


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
