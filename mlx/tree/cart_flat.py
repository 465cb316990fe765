"""CART trees laid end to end for prediction, in one pass over their nodes.

The layout is that of `mlx.tree.flat`. Grown trees are large (a forest may have a million nodes), have no categories
and no weights, and come straight from growing: laid out here they are ready in a fraction of the time that the first
prediction takes.
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
        tree, own = trees[t], slice(start[t], start[t + 1])
        questions = (tree.children_left, tree.children_right, tree.feature, tree.threshold, tree.missing_go_to_left)
        number = flat.number[own]
        flat.n_steps[t] = lay_out(*questions, n_features, start[t], number, flat.column, flat.threshold, flat.child)
        # "clip" writes into the array itself; the numbers are all in range.
        np.take(tree.value.reshape(-1, n_values), number, axis=0, out=flat.value[own], mode="clip")

    run_tasks(lay, range(len(trees)), n_threads)
    return flat


@kernel
def lay_out(
    left, right, feature, threshold, missing_left, n_features, root, number, flat_column, flat_threshold, child
):
    """Write the questions of a tree from place `root` on: breadth first, the child that missing values take first.

    Returns the depth.
    """
    number[0] = 0
    n_known, level_end, depth = 1, 1, 0
    for k in range(len(left)):
        if k == level_end:
            level_end, depth = n_known, depth + 1
        node, place = number[k], root + k
        if left[node] < 0:
            flat_column[place], flat_threshold[place], child[place] = 0, np.nan, place
            continue
        child[place] = root + n_known
        # The nearest float32, or the next one on the side where it answers as the threshold does.
        t, missing_first = np.float32(threshold[node]), np.int64(missing_left[node] != 0)
        if missing_first == 1:
            if t <= threshold[node]:
                t = np.nextafter(t, INFINITY)
            flat_column[place] = feature[node]
            flat_threshold[place] = np.nan if threshold[node] == np.inf else t
        else:
            if t > threshold[node]:
                t = np.nextafter(t, -INFINITY)
            flat_column[place] = feature[node] + n_features
            flat_threshold[place] = -t
        number[n_known + 1 - missing_first] = left[node]
        number[n_known + missing_first] = right[node]
        n_known += 2
    return depth
