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
        tree = trees[t]
        questions = (tree.children_left, tree.children_right, tree.feature, tree.threshold, tree.missing_go_to_left)
        lay_out(*questions, tree.value.reshape(-1, n_values), n_features, t, flat)

    run_tasks(lay, range(len(trees)), n_threads)
    return flat


@kernel
def lay_out(left, right, feature, threshold, missing_left, value, n_features, t, flat):
    """Write tree t of the flat view: breadth first, the child that missing values take first."""
    root = np.int64(flat.root[t])
    number = flat.number[root : root + len(left)]
    number[0] = 0
    n_known, level_end, depth = 1, 1, 0
    for k in range(len(left)):
        if k == level_end:
            level_end, depth = n_known, depth + 1
        node = number[k]
        if left[node] < 0:
            flat.column[root + k], flat.threshold[root + k], flat.child[root + k] = 0, np.nan, root + k
            for c in range(value.shape[1]):
                flat.value[root + k, c] = value[node, c]
            continue
        flat.child[root + k] = root + n_known
        if missing_left[node] != 0:
            number[n_known], number[n_known + 1] = left[node], right[node]
            flat.column[root + k] = feature[node]
            flat.threshold[root + k] = np.nan if threshold[node] == np.inf else above(threshold[node])
        else:
            number[n_known], number[n_known + 1] = right[node], left[node]
            flat.column[root + k] = feature[node] + n_features
            flat.threshold[root + k] = -INFINITY if threshold[node] == np.inf else below_negative(threshold[node])
        n_known += 2
    flat.n_steps[t] = depth


@kernel
def above(threshold):
    """Smallest float32 t above a threshold: ``x > threshold`` is ``x >= t``."""
    t = np.float32(threshold)
    return np.nextafter(t, INFINITY) if t <= threshold else t


@kernel
def below_negative(threshold):
    """Smallest float32 t such that ``x <= threshold`` is ``-x >= t``."""
    t = np.float32(threshold)
    return -(np.nextafter(t, -INFINITY) if t > threshold else t)
