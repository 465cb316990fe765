"""Checks turn what is given into an array of the right kind, or say which argument, and which node, is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .tree import Tree

__all__ = ["check_tree", "flags", "floats", "integers", "refuse_nodes"]


def integers(array: Any, name: str) -> NDArray[np.int32]:
    """A copy as int32; ValueError if it does not hold integers of 32 bits."""
    values = np.asarray(array)
    if values.size and values.dtype.kind not in "iu":
        raise ValueError(f"{name}: must hold integers, not {values.dtype}")
    if values.size and (values.min() < -(2**31) or values.max() >= 2**31):
        raise ValueError(f"{name}: an entry does not fit in 32 bits")
    return values.astype(np.int32)


def flags(array: Any, name: str) -> NDArray[np.bool_]:
    """A copy as booleans; ValueError if it holds something else."""
    values = np.asarray(array)
    if values.dtype != np.bool_:
        raise ValueError(f"{name}: must hold booleans, not {values.dtype}")
    return values.copy()


def floats(array: Any, name: str) -> NDArray[np.floating]:
    """A copy as float32 if it is that, else as float64; ValueError if it does not hold numbers."""
    values = np.asarray(array)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{name}: must hold numbers, not {values.dtype}")
    return values.astype(values.dtype if values.dtype in (np.float32, np.float64) else np.float64)


def refuse_nodes(wrong: NDArray[np.bool_], message: str, first: int = 0) -> None:
    """Raise with the number of the first node that is wrong, if one is."""
    if np.any(wrong):
        raise ValueError(message.format(first + int(np.argmax(wrong))))


def check_tree(tree: Tree) -> None:
    """Raise ValueError, which names the array and the node, if the arrays do not describe one tree."""
    _check_lengths(tree)
    _check_structure(tree)
    _check_numbers(tree)
    _check_categories(tree)


def _check_lengths(tree: Tree) -> None:
    n_nodes = len(tree.left)
    if n_nodes == 0:
        raise ValueError("left: a tree has at least one node")
    for name in ("left", "right", "feature", "threshold", "missing_left", "cover", "gain"):
        if getattr(tree, name).shape != (n_nodes,):
            raise ValueError(f"{name}: shape {getattr(tree, name).shape} must be ({n_nodes},), as left has")
    if tree.value.ndim not in (1, 2) or len(tree.value) != n_nodes or tree.value.size == 0:
        raise ValueError(f"value: shape {tree.value.shape} must be ({n_nodes},) or ({n_nodes}, n_outputs)")


def _check_structure(tree: Tree) -> None:
    nodes = np.arange(tree.n_nodes)
    refuse_nodes((tree.left < 0) != (tree.right < 0), "right: node {} has one child; it must have two or none")
    inner = tree.left >= 0
    for name in ("left", "right"):
        child = getattr(tree, name)
        refuse_nodes(child < -1, name + ": node {} has a child below -1")
        refuse_nodes(inner & (child >= tree.n_nodes), name + ": node {} has a child that is not there")
        refuse_nodes(inner & (child <= nodes), name + ": node {} has a child that does not come after it")
    parents = np.bincount(np.concatenate([tree.left[inner], tree.right[inner]]), minlength=tree.n_nodes)
    refuse_nodes(parents[1:] != 1, "left, right: node {} must be the child of exactly one node", first=1)


def _check_numbers(tree: Tree) -> None:
    inner = ~tree.is_leaf
    refuse_nodes(inner & (tree.feature < 0), "feature: node {} has children but asks about no column")
    refuse_nodes(~inner & (tree.feature != -1), "feature: node {} is a leaf; its feature must be -1")
    refuse_nodes(np.isnan(tree.threshold), "threshold: node {} is not a number")
    for name in ("cover", "gain"):
        refuse_nodes(~np.isfinite(getattr(tree, name)), name + ": node {} is not finite")
    finite = np.isfinite(tree.value)
    refuse_nodes(~(finite if finite.ndim == 1 else finite.all(axis=1)), "value: node {} is not finite")
    refuse_nodes(tree.cover < 0, "cover: node {} is negative")


def _check_categories(tree: Tree) -> None:
    if (tree.category_start is None) != (tree.categories is None):
        raise ValueError("category_start and categories are given together or not at all")
    if tree.category_start is None or tree.categories is None:
        return
    start, codes = tree.category_start, tree.categories
    if start.shape != (tree.n_nodes + 1,) or codes.ndim != 1:
        raise ValueError(f"category_start: shape {start.shape} must be ({tree.n_nodes + 1},), categories a vector")
    if start[0] != 0 or start[-1] != len(codes) or np.any(np.diff(start) < 0):
        raise ValueError("category_start: must rise from 0 to the number of categories")
    refuse_nodes((np.diff(start) > 0) & tree.is_leaf, "category_start: node {} is a leaf, but has categories")
    if np.any(codes < 0):
        raise ValueError("categories: codes must not be negative")
