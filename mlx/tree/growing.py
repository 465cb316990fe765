"""Growing by CART: from ranks, targets and weights to a tree, by the fastest kernels that give scikit-learn's bits.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .cart_tree import CartTree
from .class_impurity import ENTROPY, GAIN_RATIO, GINI
from .count_growing import LARGEST_COUNT, MOST_WEIGHT, counted_samples, grow_by_counts
from .feature_draws import feature_draws
from .frontier import Frontier, GrowthSettings, Nodes, new_frontier, new_nodes
from .ranking import RankedTable

__all__ = ["CRITERIA", "ClassTargets", "GrowthSettings", "ValueTargets", "grow"]

CRITERIA = {"gini": GINI, "entropy": ENTROPY, "log_loss": ENTROPY, "gain_ratio": GAIN_RATIO}

# Halvings that may make weights whole numbers.
MOST_HALVINGS = 30


class ClassTargets(NamedTuple):
    """Classes to tell apart.

    Attributes
    ----------
    codes : ndarray of int32, shape (n_samples, n_outputs)
    n_classes : ndarray of int64, shape (n_outputs,)
    """

    codes: NDArray[np.int32]
    n_classes: NDArray[np.int64]


class ValueTargets(NamedTuple):
    """Numbers to predict.

    Attributes
    ----------
    values : ndarray of float64, shape (n_samples, n_outputs)
    """

    values: NDArray[np.float64]


def grow(
    table: RankedTable,
    targets: ClassTargets | ValueTargets,
    weights: NDArray[np.floating] | NDArray[np.integer] | None,
    settings: GrowthSettings,
    seed: int,
    *,
    splitter: str = "best",
    monotonic_cst: NDArray[np.int8] | None = None,
) -> CartTree:
    """Grow a tree.

    Parameters
    ----------
    table : RankedTable
    targets : ClassTargets or ValueTargets
    weights : ndarray of shape (n_samples,), or None
        Samples of weight 0 are left out. None: 1 each.
    settings : GrowthSettings
        Its total_weight is set here.
    seed : int
        Of the draws of columns, at least 0 and below 2³¹ - 1.
    splitter : {"best", "random"}, default="best"
    monotonic_cst : ndarray of int8, shape (n_features,), optional
        For each column 1, 0 or -1: how the value may change as the column grows.
    """
    n_samples = table.ranks.shape[1]
    total = float(n_samples) if weights is None else float(np.sum(weights))
    settings = settings._replace(total_weight=total)
    whole = whole_weights(weights, n_samples)
    if not isinstance(targets, ClassTargets) or len(targets.n_classes) > 1 or whole is None:
        raise NotImplementedError("targets or weights that are not counted")
    if splitter != "best" or monotonic_cst is not None or settings.criterion != GINI or table.missing.any():
        raise NotImplementedError("splitter, criterion, monotonic_cst, or missing values")
    counts, unit = whole
    n_classes = int(targets.n_classes[0])
    samples = counted_samples(targets.codes[:, 0], counts, n_classes, unit)
    draws = feature_draws(len(table.ranks), seed)
    frontier = new_frontier(len(samples.place), settings)
    nodes = new_nodes(len(samples.place), (1, n_classes), settings)
    grow_by_counts(table, samples, draws, frontier, settings, nodes)
    return grown_tree(nodes, frontier, len(table.ranks), targets.n_classes)


def whole_weights(
    weights: NDArray[np.floating] | NDArray[np.integer] | None, n_samples: int
) -> tuple[NDArray[np.integer], float] | None:
    """Weights as whole numbers and the power of two that they are multiples of; None if they are no such numbers."""
    if weights is None:
        return (np.ones(n_samples, dtype=np.uint32), 1.0) if n_samples <= MOST_WEIGHT else None
    unit, counts = 1.0, np.asarray(weights)
    if counts.dtype.kind == "f":
        for _ in range(MOST_HALVINGS):
            if np.array_equal(counts, np.rint(counts)):
                break
            unit, counts = unit / 2, counts * 2
        else:
            return None
    if counts.min() < 0 or counts.max() > LARGEST_COUNT or counts.sum() > MOST_WEIGHT:
        return None
    return counts.astype(np.uint32), unit


def grown_tree(nodes: Nodes, frontier: Frontier, n_features: int, n_classes: NDArray[np.int64]) -> CartTree:
    """The nodes that were grown, without the room for more."""
    n = int(nodes.n_nodes[0])
    return CartTree(
        n_features=n_features,
        n_classes=n_classes,
        max_depth=int(frontier.state["depth"][0]),
        children_left=nodes.left[:n].copy(),
        children_right=nodes.right[:n].copy(),
        feature=nodes.feature[:n].copy(),
        threshold=nodes.threshold[:n].copy(),
        impurity=nodes.impurity[:n].copy(),
        n_node_samples=nodes.n_samples[:n].copy(),
        weighted_n_node_samples=nodes.weight[:n].copy(),
        value=nodes.value[:n].copy(),
        missing_go_to_left=nodes.missing_left[:n].copy(),
    )
