"""A grown tree is the nodes that growing leaves behind, as the flat arrays of a `Tree` with its growth record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import BinnedTable
from .categories import listed_categories
from .nodes import Nodes

if TYPE_CHECKING:
    from .growing import GrowthSettings

__all__ = ["tree_of_nodes"]


def tree_of_nodes(nodes: Nodes, table: BinnedTable, settings: GrowthSettings) -> Tree:
    """Tree of some nodes."""
    facts, (right_set, runner_up_set) = nodes.facts, np.moveaxis(nodes.right_sets, 1, 0)
    inner = facts["left"] >= 0
    feature = np.where(inner, facts["feature"], np.int32(-1))
    # A candidate that was not taken is the runner-up of its leaf.
    names = ("feature", "bin", "missing_left", "gain")
    runner_up, its_bin, its_missing_left, its_gain = (
        np.where(inner, facts[f"runner_up_{name}"], facts[name]) for name in names
    )
    # A node that is split has its weight between its own bounds, a leaf between those of its parent.
    weight = np.where(inner, np.clip(facts["weight"], facts["low"], facts["high"]), facts["weight"])
    asked = listed_categories(np.where(inner[:, np.newaxis], right_set, 0))
    refused = listed_categories(np.where(inner[:, np.newaxis], runner_up_set, right_set))
    return Tree.grown(
        left=facts["left"].copy(),
        right=np.where(inner, facts["left"] + 1, -1).astype(np.int32),
        feature=feature,
        threshold=_thresholds(feature, facts["bin"], table, settings),
        missing_left=facts["missing_left"] & inner,
        # Of a leaf what it adds, of any other node its weight before the learning rate, as in the library's file.
        value=np.where(inner, weight, weight * settings.learning_rate),
        cover=facts["H"].astype(np.float32),
        gain=np.where(inner, facts["gain"], np.float32(0.0)),
        record=GrowthRecord.grown(
            sums=np.stack([facts["G"], facts["H"]], axis=1),
            missing_sums=np.where(
                inner[:, np.newaxis], np.stack([facts["G_missing"], facts["H_missing"]], axis=1), 0.0
            ),
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
    threshold = np.zeros(len(feature), dtype=np.float32)
    asks = (feature >= 0) & (bins >= 0)
    threshold[asks] = table.cuts[table.start[feature[asks]] + bins[asks]]
    only_missing = (feature >= 0) & (bins < 0)
    threshold[only_missing] = settings.lowest[feature[only_missing]]
    if len(settings.categories.is_category):
        threshold[settings.categories.is_category[feature]] = 0.0
    return threshold
