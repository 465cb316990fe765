"""Growing by CART: from ranks, targets and weights to a tree, by the fastest kernels that give scikit-learn's bits.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cart_tree import CartTree
from .class_impurity import ENTROPY, GAIN_RATIO, GINI
from .column_table import ColumnTable, column_table
from .count_growing import LARGEST_COUNT, MOST_CLASSES, MOST_WEIGHT, counted_samples, grow_by_counts
from .count_scanning import x_log_x_table
from .feature_draws import FeatureDraws, feature_draws
from .frontier import Frontier, GrowthSettings, Nodes, new_frontier, new_nodes
from .order_growing import grow_in_order, ordered_samples
from .ranking import RankedTable, ranked_table
from .sum_growing import grow_by_sums, sorted_rows
from .targets import ClassTargets, ValueTargets
from .value_criteria import ABSOLUTE_ERROR, POISSON, SQUARED_ERROR

__all__ = ["CRITERIA", "ClassTargets", "GrowthSettings", "ValueTargets", "grow", "table_for"]

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
    table: RankedTable | ColumnTable,
    targets: ClassTargets | ValueTargets,
    weights: NDArray[np.floating] | NDArray[np.integer] | None,
    settings: GrowthSettings,
    seed: int,
    *,
    monotonic_cst: NDArray[np.int8] | None = None,
) -> CartTree:
    """Grow a tree.

    Parameters
    ----------
    table : RankedTable or ColumnTable
        Of `table_for`. In a RankedTable all thresholds are searched; in a ColumnTable one is drawn for each column.
    targets : ClassTargets or ValueTargets
    weights : ndarray of shape (n_samples,), or None
        Samples of weight 0 are left out. None: 1 each.
    settings : GrowthSettings
        Its total_weight is set here.
    seed : int
        Of the draws of columns, at least 0 and below 2³¹ - 1.
    monotonic_cst : ndarray of int8, shape (n_features,), optional
        For each column 1, 0 or -1: how the value may change as the column grows.
    """
    n_features, n_samples = table.shape
    weights = np.ones(n_samples) if weights is None else weights
    settings = settings._replace(total_weight=float(np.sum(weights)))
    draws = feature_draws(n_features, seed)
    if isinstance(targets, ValueTargets):
        return grow_values(table, targets, weights, settings, draws, monotonic_cst)
    shape = (len(targets.n_classes), int(targets.n_classes.max()))
    whole = None if monotonic_cst is not None or table.missing.any() else whole_weights(weights, targets, settings)
    if whole is not None:
        counts, unit = whole
        samples = counted_samples(targets.codes[:, 0], counts, shape[1], settings, unit)
        n_in = len(samples.sample)
        frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, shape, settings)
        x_log_x = None if settings.criterion == GINI else x_log_x_table(int(counts.sum()))
        grow_by_counts(*one_of_two(table), samples, x_log_x, draws, frontier, settings, nodes)
    else:
        in_order = ordered_samples(np.ascontiguousarray(weights, dtype=np.float64), shape, settings)
        n_in = len(in_order.order)
        frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, shape, settings)
        directions = np.zeros(0, dtype=np.int8) if monotonic_cst is None else monotonic_cst
        ranked = isinstance(table, RankedTable) and len(targets.n_classes) == 1
        plain = 1 if ranked and is_plain(weights, settings, monotonic_cst) else None
        codes = targets.codes
        grow_in_order(*one_of_two(table), in_order, codes, None, plain, directions, draws, frontier, settings, nodes)
    return grown_tree(nodes, frontier, n_features, targets.n_classes)


def table_for(
    X: Any, targets: ClassTargets | ValueTargets, settings: GrowthSettings, splitter: str, n_threads: int = 1
) -> RankedTable | ColumnTable:
    """Table that `grow` can grow trees from.

    Parameters
    ----------
    X : ndarray of float32 or CSC matrix of it, shape (n_samples, n_features)
        NaN is a missing value.
    targets : ClassTargets or ValueTargets
    settings : GrowthSettings
    splitter : {"best", "random"}
    n_threads : int, default=1
        The result is the same for any number.
    """
    if splitter == "random":
        return column_table(X, n_threads)
    return ranked_table(X, n_threads, with_order=wants_order(targets, settings, X.shape[1]))


def wants_order(targets: ClassTargets | ValueTargets, settings: GrowthSettings, n_features: int) -> bool:
    """Whether `grow` will use the table's order for the best splits, should no value be missing.

    All columns are kept sorted, which does not pay if a node searches few of them.
    """
    return (
        settings.max_features * COLUMNS_PER_SEARCH >= n_features
        and isinstance(targets, ValueTargets)
        and targets.values.shape[1] == 1
        and settings.criterion == SQUARED_ERROR
    )


def one_of_two(table: RankedTable | ColumnTable) -> tuple[RankedTable | None, ColumnTable | None]:
    """The table as the kernels take it: in the place of its kind, with None in the other."""
    return (None, table) if isinstance(table, ColumnTable) else (table, None)


def grow_values(
    table: RankedTable | ColumnTable,
    targets: ValueTargets,
    weights: NDArray[np.floating] | NDArray[np.integer],
    settings: GrowthSettings,
    draws: FeatureDraws,
    monotonic_cst: NDArray[np.int8] | None,
) -> CartTree:
    """Grow a tree of regression: by sums if the table has its order, nothing is missing, and no weight negative."""
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    directions = np.zeros(0, dtype=np.int8) if monotonic_cst is None else monotonic_cst
    n_features, n_outputs = table.shape[0], targets.values.shape[1]
    n_in = int(np.count_nonzero(weights))
    frontier, nodes = new_frontier(n_in, settings), new_nodes(n_in, (n_outputs, 1), settings)
    if isinstance(table, RankedTable) and table.order.shape[1] > 0 and not table.missing.any() and weights.min() >= 0.0:
        rows = sorted_rows(table, targets.values[:, 0], weights, settings)
        grow_by_sums(table, rows, directions, draws, frontier, settings, nodes)
    else:
        ranked = targets.values if settings.criterion == ABSOLUTE_ERROR else None
        samples = ordered_samples(weights, (n_outputs, 1), settings, ranked)
        plain = 1 if n_outputs == 1 and is_plain(weights, settings, monotonic_cst) else None
        values = targets.values
        grow_in_order(*one_of_two(table), samples, None, values, plain, directions, draws, frontier, settings, nodes)
    return grown_tree(nodes, frontier, n_features, np.ones(n_outputs, dtype=np.int64))


def is_plain(
    weights: NDArray[np.floating] | NDArray[np.integer], settings: GrowthSettings, monotonic_cst: NDArray | None
) -> bool:
    """Whether `order_scanning`, or `order_drawing` for numbers, has its own way for criterion and weights."""
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
