r"""Cost-complexity pruning cuts off the branches that are not worth their leaves.

With R(t) the impurity of node t times its share of the weight, a branch T_t below node t with \|T_t\| leaves is worth
keeping while each leaf beyond the first earns more than α::

    g(t) = (R(t) - R(T_t)) / (|T_t| - 1) > α          R(T_t): sum of R over the leaves of the branch

The weakest link, the node of the smallest g, becomes a leaf; then g is computed anew above it, and so on. The values
of g on the way are those of α at which the tree gets smaller.

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984), section 3.3.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .cart_tree import LEAF, UNDEFINED, CartTree

__all__ = ["prune", "pruning_path"]


def pruning_path(tree: CartTree) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of α at which a branch falls, from 0 on, and the impurity R of the leaves after it."""
    alphas, impurities = np.zeros((2, tree.node_count))
    _, n_steps = _cut(tree, np.inf, alphas, impurities)
    return alphas[:n_steps].copy(), impurities[:n_steps].copy()


def prune(tree: CartTree, alpha: float) -> CartTree:
    """The tree without the branches whose g is at most alpha; its nodes are numbered depth first."""
    alphas, impurities = np.zeros((2, tree.node_count))
    is_leaf, _ = _cut(tree, alpha, alphas, impurities)
    order, depth = np.empty((2, tree.node_count), dtype=np.int64)
    left, right = np.full((2, tree.node_count), LEAF)
    n = number_depth_first(tree.children_left, tree.children_right, is_leaf, order, depth, left, right)
    kept = order[:n]
    leaf = is_leaf[kept]
    missing_left = np.where(leaf, 0, tree.missing_go_to_left[kept]).astype(np.uint8)
    return replace(
        tree,
        max_depth=int(depth[:n].max()),
        children_left=left[:n].copy(),
        children_right=right[:n].copy(),
        feature=np.where(leaf, UNDEFINED, tree.feature[kept]),
        threshold=np.where(leaf, float(UNDEFINED), tree.threshold[kept]),
        impurity=tree.impurity[kept],
        n_node_samples=tree.n_node_samples[kept],
        weighted_n_node_samples=tree.weighted_n_node_samples[kept],
        value=tree.value[kept],
        missing_go_to_left=missing_left,
    )


def _cut(
    tree: CartTree, alpha: float, alphas: NDArray[np.float64], impurities: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], int]:
    """Which nodes are leaves once all branches up to alpha are cut, and the number of steps, which are written."""
    weight = tree.weighted_n_node_samples
    own = weight * tree.impurity / weight[0]
    is_leaf = tree.children_left == LEAF
    n_steps = cut_weakest(tree.children_left, tree.children_right, own, alpha, is_leaf, alphas, impurities)
    return is_leaf, n_steps


@kernel
def cut_weakest(left, right, own, alpha, is_leaf, alphas, impurities):
    """Make the weakest links leaves, in turn, while g is at most alpha; the number of steps, the first of which is 0.

    `own` is R of each node; `is_leaf` is brought up to date, g and the R of the tree are written after each step.
    """
    n_nodes = len(left)
    parent = np.full(n_nodes, -1)
    branch, n_leaves = np.zeros(n_nodes), np.zeros(n_nodes, dtype=np.int64)
    for node in range(n_nodes):
        if not is_leaf[node]:
            parent[left[node]] = node
            parent[right[node]] = node
    for leaf in range(n_nodes):
        if is_leaf[leaf]:
            branch[leaf] = own[leaf]
            above = parent[leaf]
            while above >= 0:
                branch[above] += own[leaf]
                n_leaves[above] += 1
                above = parent[above]
    has_branch = ~is_leaf
    stack = np.empty(n_nodes, dtype=np.int64)
    impurities[0] = branch[0]
    n_steps = 1
    while has_branch[0]:
        weakest, least = 0, np.inf
        for node in range(n_nodes):
            if has_branch[node]:
                g = (own[node] - branch[node]) / (n_leaves[node] - 1)
                if g < least:
                    weakest, least = node, g
        if alpha < least:
            break
        stack[0] = weakest
        size = 1
        while size > 0:
            size -= 1
            node = stack[size]
            if not is_leaf[node]:
                stack[size], stack[size + 1] = left[node], right[node]
                size += 2
            is_leaf[node] = False
            has_branch[node] = False
        is_leaf[weakest] = True
        fewer, more = n_leaves[weakest] - 1, own[weakest] - branch[weakest]
        n_leaves[weakest] = 0
        branch[weakest] = own[weakest]
        above = parent[weakest]
        while above >= 0:
            n_leaves[above] -= fewer
            branch[above] += more
            above = parent[above]
        alphas[n_steps] = least
        impurities[n_steps] = branch[0]
        n_steps += 1
    return n_steps


@kernel
def number_depth_first(left, right, is_leaf, order, depth, new_left, new_right):
    """Write the nodes above the leaves depth first, left before right, with depths and new numbers of children."""
    n_nodes = len(left)
    stack, above = np.empty(n_nodes, dtype=np.int64), np.empty(n_nodes, dtype=np.int64)
    stack[0], above[0] = 0, -1
    size, n = 1, 0
    while size > 0:
        size -= 1
        node, parent = stack[size], above[size]
        order[n] = node
        depth[n] = 0
        if parent >= 0:
            depth[n] = depth[parent] + 1
            if left[order[parent]] == node:
                new_left[parent] = n
            else:
                new_right[parent] = n
        if not is_leaf[node]:
            stack[size], stack[size + 1] = right[node], left[node]
            above[size], above[size + 1] = n, n
            size += 2
        n += 1
    return n
