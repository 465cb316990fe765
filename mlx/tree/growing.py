"""Growing by CART: from ranks, targets and weights to a tree, by the fastest kernels that give scikit-learn's bits.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cart_tree import CartTree
from .class_impurity import ENTROPY, GAIN_RATIO, GINI
from .count_growing import LARGEST_COUNT, MOST_CLASSES, MOST_WEIGHT, counted_samples, grow_by_counts
from .count_scanning import x_log_x_table
from .feature_draws import FeatureDraws, feature_draws
from .frontier import Frontier, GrowthSettings, Nodes, new_frontier, new_nodes
from .order_growing import grow_in_order, ordered_samples
from .ranking import RankedTable
from .sum_growing import grow_by_sums, sorted_rows
from .targets import ClassTargets, ValueTargets
from .value_criteria import ABSOLUTE_ERROR, POISSON, SQUARED_ERROR

__all__ = ["CRITERIA", "ClassTargets", "GrowthSettings", "ValueTargets", "grow", "wants_order"]

CRITERIA = {
    "gini": GINI,
    "entropy": ENTROPY,
    "log_loss": ENTROPY,
    "gain_ratio": GAIN_RATIO,
    "squared_error": SQUARED_ERROR,
    "friedman_mse": SQUARED_ERROR,
    "poisson": POISSON,
    "absolute_error": ABSOLUTE_ERROR,
}

# Halvings that may make weights whole numbers.
MOST_HALVINGS = 30

# To keep a column sorted takes so much less time than to sort it.
COLUMNS_PER_SEARCH = 12

# Entropy's table of x log x may have this length, or so many entries for each sample.
LEAST_TABLE = 1 << 20
WEIGHT_PER_SAMPLE = 8


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
    n_features, n_samples = table.ranks.shape
    weights = np.ones(n_samples) if weights is None else weights
    settings = settings._replace(total_weight=float(np.sum(weights)))
    draws, random = feature_draws(n_features, seed), None if splitter == "best" else 1
    if isinstance(targets, ValueTargets):
        return grow_values(table, targets, weights, settings, draws, random, monotonic_cst)
    shape = (len(targets.n_classes), int(targets.n_classes.max()))
    whole = None if monotonic_cst is not None or table.missing.any() else whole_weights(weights, targets, settings)
    if whole is not None:
        counts, unit = whole
        samples = counted_samples(targets.codes[:, 0], counts, shape[1], settings, unit)
        n_in = len(samples.sample)
        frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, shape, settings)
        x_log_x = None if settings.criterion == GINI else x_log_x_table(int(counts.sum()))
        grow_by_counts(table, samples, x_log_x, random, draws, frontier, settings, nodes)
    else:
        in_order = ordered_samples(np.ascontiguousarray(weights, dtype=np.float64), shape, settings)
        n_in = len(in_order.order)
        frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, shape, settings)
        directions = np.zeros(0, dtype=np.int8) if monotonic_cst is None else monotonic_cst
        plain = 1 if len(targets.n_classes) == 1 and is_plain(weights, settings, monotonic_cst) else None
        codes = targets.codes
        grow_in_order(table, in_order, codes, None, plain, random, directions, draws, frontier, settings, nodes)
    return grown_tree(nodes, frontier, n_features, targets.n_classes)


def wants_order(targets: ClassTargets | ValueTargets, settings: GrowthSettings, splitter: str, n_features: int) -> bool:
    """Whether `grow` will use the table's order, should no value be missing.

    All columns are kept sorted, which does not pay if a node searches few of them.
    """
    return (
        settings.max_features * COLUMNS_PER_SEARCH >= n_features
        and isinstance(targets, ValueTargets)
        and targets.values.shape[1] == 1
        and settings.criterion == SQUARED_ERROR
        and splitter == "best"
    )


def grow_values(
    table: RankedTable,
    targets: ValueTargets,
    weights: NDArray[np.floating] | NDArray[np.integer],
    settings: GrowthSettings,
    draws: FeatureDraws,
    random: int | None,
    monotonic_cst: NDArray[np.int8] | None,
) -> CartTree:
    """Grow a tree of regression: by sums if the table has its order, nothing is missing, and no weight negative."""
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    directions = np.zeros(0, dtype=np.int8) if monotonic_cst is None else monotonic_cst
    n_features, n_outputs = len(table.ranks), targets.values.shape[1]
    n_in = int(np.count_nonzero(weights))
    frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, (n_outputs, 1), settings)
    if table.order.shape[1] > 0 and not table.missing.any() and weights.min() >= 0.0:
        rows = sorted_rows(table, targets.values[:, 0], weights, settings)
        grow_by_sums(table, rows, directions, draws, frontier, settings, nodes)
    else:
        ranked = targets.values if settings.criterion == ABSOLUTE_ERROR else None
        samples = ordered_samples(weights, (n_outputs, 1), settings, ranked)
        plain = 1 if n_outputs == 1 and is_plain(weights, settings, monotonic_cst) else None
        values = targets.values
        grow_in_order(table, samples, None, values, plain, random, directions, draws, frontier, settings, nodes)
    return grown_tree(nodes, frontier, n_features, np.ones(n_outputs, dtype=np.int64))


def is_plain(
    weights: NDArray[np.floating] | NDArray[np.integer], settings: GrowthSettings, monotonic_cst: NDArray | None
) -> bool:
    """Whether `order_scanning` knows the criterion and the weights, if there is one output."""
    known = settings.criterion in (GINI, ENTROPY, SQUARED_ERROR)
    return known and monotonic_cst is None and bool(weights.min() >= 0.0)


def whole_weights(
    weights: NDArray[np.floating] | NDArray[np.integer], targets: ClassTargets, settings: GrowthSettings
) -> tuple[NDArray[np.integer], float] | None:
    """Weights as whole numbers, and the power of two that they are multiples of; None if they cannot be counted."""
    if len(targets.n_classes) > 1 or targets.n_classes[0] > MOST_CLASSES:
        return None
    unit, counts = 1.0, np.asarray(weights)
    if counts.dtype.kind == "f":
        for _ in range(MOST_HALVINGS):
            if np.array_equal(counts, np.rint(counts)):
                break
            unit, counts = unit / 2, counts * 2
        else:
            return None
    most = MOST_WEIGHT if settings.criterion == GINI else max(LEAST_TABLE, WEIGHT_PER_SAMPLE * len(counts))
    if counts.min() < 0 or counts.max() > LARGEST_COUNT or counts.sum() > min(most, MOST_WEIGHT):
        return None
    return counts.astype(np.uint32), unit


def grown_tree(nodes: Nodes, frontier: Frontier, n_features: int, n_classes: NDArray[np.int64]) -> CartTree:
    """The nodes that were grown, without the room for more."""
    n = int(frontier.state["n_nodes"][0])
    node = nodes.node[:n]
    return CartTree(
        n_features=n_features,
        n_classes=n_classes,
        max_depth=int(frontier.state["depth"][0]),
        children_left=node["left"].copy(),
        children_right=node["right"].copy(),
        feature=node["feature"].copy(),
        threshold=node["threshold"].copy(),
        impurity=node["impurity"].copy(),
        n_node_samples=node["n_samples"].copy(),
        weighted_n_node_samples=node["weight"].copy(),
        value=nodes.value[:n].copy(),
        missing_go_to_left=node["missing_left"].astype(np.uint8),
    )
