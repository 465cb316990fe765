"""CART trees laid end to end for prediction, in one pass over their nodes.

The layout is that of `mlx.tree.flat`, but for the order of the nodes. Grown trees are large (a forest may have a
million nodes), have no categories and no weights, and come straight from growing: laid out here they are ready in a
fraction of the time that the first prediction takes.

The children of the first question come first, then those of the second, in the order in which the tree numbers its
questions. A tree that grew depth first is so read and written nearly from front to back, and a small branch stands in
one place, where a row on its way down finds the next nodes beside the last::

    numbers of the tree    0: asks, 1: asks, 2: leaf, 3: leaf, 4: asks, 5: leaf, 6: leaf
    laid out               0 | 1 4 | 2 3 | 5 6
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks
from .cart_tree import CartTree
from .flat import FlatTrees

__all__ = ["flatten_cart"]

INFINITY = np.float32(np.inf)


def flatten_cart(trees: Sequence[CartTree], n_threads: int = 1) -> FlatTrees:
    """Flat view of trees with the same outputs, each of weight 1.

    Parameters
    ----------
    trees : sequence of CartTree
    n_threads : int, default=1
        The result is the same for any number.
    """
    n_features, n_values = trees[0].n_features, trees[0].value[0].size
    start = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    flat = FlatTrees(
        root=start[:-1].astype(np.uint32),
        n_steps=np.empty(len(trees), dtype=np.int32),
        output=np.full(len(trees), -1, dtype=np.int32),
        column=np.empty(start[-1], dtype=np.uint32),
        threshold=np.empty(start[-1], dtype=np.float32),
        child=np.empty(start[-1], dtype=np.uint32),
        number=np.empty(start[-1], dtype=np.int32),
        value=np.empty((start[-1], n_values)),
    )

    def lay(t: int) -> None:
        tree = trees[t]
        flat.n_steps[t] = tree.max_depth
        questions = (tree.children_left, tree.children_right, tree.feature, tree.threshold, tree.missing_go_to_left)
        lay_out(*questions, tree.value.reshape(-1, n_values), n_features, start[t], flat)

    run_tasks(lay, range(len(trees)), n_threads)
    return flat


@kernel
def lay_out(left, right, feature, threshold, missing_left, value, n_features, root, flat):
    """Write a tree from place `root` on, its nodes in their order: the children of the first question, of the next."""
    column, flat_threshold, child, number, flat_value = flat.column, flat.threshold, flat.child, flat.number, flat.value
    place = np.empty(len(left), dtype=np.uint32)
    place[0] = root
    n_known = root + 1
    for node in range(len(left)):
        at = place[node]
        number[at] = node
        if left[node] < 0:
            column[at], flat_threshold[at], child[at] = 0, np.nan, at
            for k in range(value.shape[1]):
                flat_value[at, k] = value[node, k]
            continue
        # The nearest float32, or the next one on the side where it answers as the threshold does.
        t, missing_first = np.float32(threshold[node]), np.int64(missing_left[node] != 0)
        if missing_first == 1:
            if t <= threshold[node]:
                t = np.nextafter(t, INFINITY)
            column[at] = feature[node]
            flat_threshold[at] = np.nan if threshold[node] == np.inf else t
        else:
            if t > threshold[node]:
                t = np.nextafter(t, -INFINITY)
            column[at] = feature[node] + n_features
            flat_threshold[at] = -t
        child[at] = n_known
        place[left[node]] = n_known + 1 - missing_first
        place[right[node]] = n_known + missing_first
        n_known += 2
