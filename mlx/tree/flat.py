"""A flat view lays all trees of an ensemble end to end in one set of arrays, as kernels need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .tree import Tree

__all__ = ["FlatTrees", "flatten"]


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


def _joined(arrays: list[NDArray], dtype: Any) -> NDArray:
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros(0, dtype=dtype)
