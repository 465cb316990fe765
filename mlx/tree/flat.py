"""A flat view lays all trees of an ensemble end to end in one set of arrays, as kernels need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .tree import Tree

__all__ = ["FlatTrees", "Steps", "flatten", "steps_of"]


# Steps per level of a balanced tree above which it is faster to stop each row at its leaf.
MOST_STEPS_PER_LEVEL = 2.0


class FlatTrees(NamedTuple):
    """All trees of an ensemble one after the other, for kernels; children are counted from the first tree on.

    Attributes
    ----------
    root : ndarray of int64, shape (n_trees + 1,)
        First node of each tree; the last entry is the number of nodes.
    left, right, feature : ndarray of int32, shape (n_nodes,)
    threshold : ndarray of float64, shape (n_nodes,)
    missing_left : ndarray of bool, shape (n_nodes,)
    value : ndarray of float64, shape (n_nodes, n_values)
        Values times the tree's weight; n_values is 1, or n_outputs for trees with vectors in their leaves.
    category_start : ndarray of int32, shape (n_nodes + 1,)
    categories : ndarray of int32
    output : ndarray of int32, shape (n_trees,)
        Output that the tree adds to; -1 if to all.
    """

    root: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    category_start: NDArray[np.int32]
    categories: NDArray[np.int32]
    output: NDArray[np.int32]


class Steps(NamedTuple):
    """Trees as equal steps for rows of float32: a row steps from node to node, and at a leaf it steps on the spot.

    Attributes
    ----------
    root : ndarray of int64, shape (n_trees + 1,)
    n_steps : ndarray of int64, shape (n_trees,)
        Steps after which every row is at a leaf: the depth of the tree.
    feature : ndarray of uint32, shape (n_nodes,)
        0 at leaves. (Unsigned: an index that may be negative is checked for that at each use.)
    threshold : ndarray of float32, shape (n_nodes,)
        A row goes left if its value is below.
    missing_right : ndarray of bool, shape (n_nodes,)
    child : ndarray of uint32, shape (2 * n_nodes,)
        Left and right child of each node, side by side; twice the node itself at leaves.
    value : ndarray of float64, shape (n_nodes,)
    output : ndarray of int32, shape (n_trees,)
    """

    root: NDArray[np.int64]
    n_steps: NDArray[np.int64]
    feature: NDArray[np.uint32]
    threshold: NDArray[np.float32]
    missing_right: NDArray[np.bool_]
    child: NDArray[np.uint32]
    value: NDArray[np.float64]
    output: NDArray[np.int32]


def flatten(trees: Sequence[Tree], weight: NDArray[np.float64], output: NDArray[np.int32]) -> FlatTrees:
    """Flat view of trees with their weights and outputs."""
    root = np.concatenate([[0], np.cumsum([tree.n_nodes for tree in trees])]).astype(np.int64)
    n_values = max((tree.value.shape[1] for tree in trees if tree.value.ndim == 2), default=1)
    flat = FlatTrees(
        root=root,
        left=_joined([t.left + np.where(t.is_leaf, 0, r) for t, r in zip(trees, root)], np.int32),
        right=_joined([t.right + np.where(t.is_leaf, 0, r) for t, r in zip(trees, root)], np.int32),
        feature=_joined([t.feature for t in trees], np.int32),
        threshold=_joined([t.threshold for t in trees], np.float64),
        missing_left=_joined([t.missing_left for t in trees], np.bool_),
        value=np.zeros((root[-1], n_values)),
        category_start=np.zeros(root[-1] + 1, dtype=np.int32),
        categories=_joined([t.categories for t in trees if t.categories is not None], np.int32),
        output=np.array(output, dtype=np.int32),
    )
    n_categories = 0
    for t, tree in enumerate(trees):
        first, last = root[t], root[t + 1]
        values = tree.value.reshape(tree.n_nodes, -1)
        flat.value[first:last, : values.shape[1]] = values * weight[t]
        start = np.zeros(tree.n_nodes + 1, np.int32) if tree.category_start is None else tree.category_start
        flat.category_start[first : last + 1] = n_categories + start
        n_categories += int(start[-1])
    return flat


def steps_of(trees: FlatTrees, at_most: bool) -> Steps | None:
    """The trees as steps; None if they ask about categories, have vectors in their leaves, or are far from balanced."""
    n_nodes, n_trees = len(trees.left), len(trees.output)
    if len(trees.categories) or np.any(trees.output < 0) or n_trees == 0:
        return None
    n_steps = _depths(trees)
    # Every row makes as many steps as the longest way has. In a balanced tree that is the logarithm of its leaves.
    n_leaves = (np.diff(trees.root) + 1) / 2
    if n_steps.mean() > MOST_STEPS_PER_LEVEL * np.log2(n_leaves + 1).mean():
        return None
    is_leaf = trees.left < 0
    threshold = trees.threshold.astype(np.float32)
    # `x < t` and `x <= t` for each float32 x, as `x < the next float32 above`, if t is not a float32 itself.
    too_low = threshold <= trees.threshold if at_most else threshold < trees.threshold
    threshold[too_low] = np.nextafter(threshold[too_low], np.float32(np.inf))
    child = np.where(is_leaf, np.arange(n_nodes), np.stack([trees.left, trees.right])).T
    return Steps(
        root=trees.root,
        n_steps=n_steps,
        feature=np.maximum(trees.feature, 0).astype(np.uint32),
        threshold=threshold,
        missing_right=~(trees.missing_left | is_leaf),
        child=np.ascontiguousarray(child, dtype=np.uint32).ravel(),
        value=np.ascontiguousarray(trees.value[:, 0]),
        output=trees.output,
    )


def _depths(trees: FlatTrees) -> NDArray[np.int64]:
    """Depth of each tree: questions on the longest way."""
    tree_of = np.repeat(np.arange(len(trees.output)), np.diff(trees.root))
    depth = np.zeros(len(trees.output), dtype=np.int64)
    nodes, level = trees.root[:-1], 0
    while len(nodes):
        inner = nodes[trees.left[nodes] >= 0]
        level += 1
        depth[tree_of[inner]] = level
        nodes = np.concatenate([trees.left[inner], trees.right[inner]])
    return depth


def _joined(arrays: list[NDArray], dtype: Any) -> NDArray:
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros(0, dtype=dtype)
