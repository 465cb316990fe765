"""What the arithmetic of a node starts from: its sums, the bounds of its weight, and the learning rate of its tree.

Growth records the sums G and H of each node. Of a tree without a record, H is the cover, and G is worked out from the
weights, which the soft threshold T and the regularisation λ have made of it::

    T(G) = -w (H + λ)              w of an inner node as the file has it, of a leaf its value divided by η
    G    = T(G) + sign(T(G)) α     a node's G is that of its children together

which also tells η, as the sums of the leaves below a node must give the node's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from .constraints import bounds_of_children
from .splitting import Penalty, leaf_weight

__all__ = ["GrowthRules", "node_bounds", "node_sums", "tree_learning_rate"]

# How far the ratios of values to weights may be apart in a tree that has one learning rate; float32, with room.
RATE_TOLERANCE = 1e-4


class GrowthRules(NamedTuple):
    """Parameters with which a tree was grown.

    Attributes
    ----------
    penalty : Penalty
    gamma, learning_rate : float
        The learning rate of one tree, as of several parallel ones.
    direction : ndarray of int8, shape (n_features,) or (0,)
        Directions of the columns; empty if none has one.
    leaf_quantile : bool
        Whether leaves are quantiles of residuals and not weights.
    """

    penalty: Penalty
    gamma: float
    learning_rate: float
    direction: NDArray[np.int8] = np.empty(0, dtype=np.int8)
    leaf_quantile: bool = False


def node_sums(tree: Tree, penalty: Penalty, learning_rate: float) -> NDArray[np.float64]:
    """G and H of each node, shape (n_nodes, 2): recorded ones, or those that the weights tell; NaN if they do not.

    A weight does not tell G where α or max_delta_step cuts it off.
    """
    if tree.record is not None:
        return tree.record.sums
    sums = np.stack([np.full(tree.n_nodes, np.nan), tree.cover.astype(np.float64)], axis=1)
    for node in range(tree.n_nodes - 1, -1, -1):
        left, right = int(tree.left[node]), int(tree.right[node])
        if left >= 0:
            sums[node, 0] = sums[left, 0] + sums[right, 0]
        if not np.isfinite(sums[node, 0]) and (left >= 0 or learning_rate > 0):
            weight = float(tree.value[node]) / (1.0 if left >= 0 else learning_rate)
            sums[node, 0] = _sum_of_weight(weight, sums[node, 1], penalty)
    return sums


def tree_learning_rate(tree: Tree, rules: GrowthRules) -> float:
    """Learning rate of a tree: the stated one, unless its leaves agree on another."""
    if rules.leaf_quantile:
        return rules.learning_rate
    leaf = tree.is_leaf
    if tree.record is None:
        rate = _rate_of_weights(tree, rules.penalty)
        is_stated = np.isnan(rate) or np.isclose(rate, rules.learning_rate, rtol=RATE_TOLERANCE, atol=0)
        return rules.learning_rate if is_stated else rate
    weight = np.array([float(leaf_weight(G, H, rules.penalty)) for G, H in tree.record.sums[leaf]])
    if len(rules.direction):
        low, high = node_bounds(tree, tree.record.sums, rules)[0][leaf].T
        weight = np.clip(weight, low, high)
    tells = np.abs(weight) > 1e-3 * np.abs(weight).max(initial=0.0)
    rates = tree.value[leaf][tells].astype(np.float64) / weight[tells]
    if len(rates) == 0 or np.allclose(rates, rules.learning_rate, rtol=RATE_TOLERANCE, atol=0):
        return rules.learning_rate
    rate = float(rates[np.argmax(np.abs(weight[tells]))])
    return rate if np.allclose(rates, rate, rtol=RATE_TOLERANCE, atol=0) else rules.learning_rate


def node_bounds(
    tree: Tree, sums: NDArray[np.float64], rules: GrowthRules
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bounds of the weight of each node as a leaf, and of the weights below it, each of shape (n_nodes, 2).

    The former are the latter of its parent: see `mlx.boosting.constraints`.
    """
    own = np.tile(np.array([-np.inf, np.inf], dtype=np.float32), (tree.n_nodes, 1))
    below = own.copy()
    if len(rules.direction) == 0:
        return own, below
    for node in np.flatnonzero(~tree.is_leaf):
        children = np.array([tree.left[node], tree.right[node]])
        own[children] = below[node]
        free = np.array([leaf_weight(*sums[child], rules.penalty) for child in children], dtype=np.float32)
        weights = np.clip(free, *below[node])[np.newaxis]
        direction = rules.direction[tree.feature[node]][np.newaxis]
        below[children] = bounds_of_children(below[node][np.newaxis], weights, direction)[0]
    return own, below


def _sum_of_weight(weight: float, H: float, penalty: Penalty) -> float:
    """G of a weight; NaN where the weight is cut off."""
    hidden = (weight == 0 and penalty.reg_alpha > 0) or 0 < penalty.max_delta_step <= abs(weight) * (1 + 1e-6)
    thresholded = -weight * (H + penalty.reg_lambda)
    return np.nan if hidden else thresholded + np.sign(thresholded) * penalty.reg_alpha


def _rate_of_weights(tree: Tree, penalty: Penalty) -> float:
    """Learning rate with which the leaves below a node add up to its own G; NaN if no node tells.

    Of the nodes the one is asked whose T(G) is largest: near zero, rounding would tell.
    """
    thresholded = -tree.value.astype(np.float64) * (tree.cover.astype(np.float64) + penalty.reg_lambda)
    inner = np.where(tree.is_leaf, 0.0, np.abs(thresholded))
    node = int(np.argmax(inner))
    G = _sum_of_weight(float(tree.value[node]), float(tree.cover[node]), penalty)
    leaves, waiting = [], [node]
    while waiting:
        here = waiting.pop()
        if tree.left[here] < 0:
            leaves.append(here)
        else:
            waiting += [int(tree.left[here]), int(tree.right[here])]
    # The leaves' T(G) have a factor η, their α has none.
    scaled, alpha = thresholded[leaves].sum(), penalty.reg_alpha * np.sign(thresholded[leaves]).sum()
    known = inner[node] > 0 and np.isfinite(G) and alpha != G and penalty.max_delta_step == 0
    return float(scaled / (G - alpha)) if known else np.nan
