"""One tree of an xgboost model file, read into a `Tree` and written back.

The file has a node per element of its arrays, the root first::

    left_children, right_children   -1 at leaves (right of a leaf with a vector: the number of the leaf)
    split_indices                   column; 2147483647 marks a node that pruning has deleted
    split_conditions                threshold of an inner node; the value of a leaf
    default_left                    where missing values go
    base_weights                    what the node would answer, before the learning rate
    loss_changes, sum_hessian       gain and cover
    split_type                      1 where the node asks about categories:
    categories_nodes, -_segments,   which nodes these are, and where in `categories` the codes start and how many
        -_sizes, categories         there are that go right

What is checked, before a `Tree` is built: lengths; both children or none, in range, each node but the root the child of
exactly one node and reached from the root; parents that agree; columns that are there; finite thresholds, values, gains
and covers; categories of exactly the nodes that ask about them, rising, each stored once.

**The right child must be the left one plus one.** xgboost loads any numbering but assumes this one when it predicts a
single row, and another when it predicts many, so a file with other numbers stands for no one model. It is refused.

Deleted nodes are left out: numbers of nodes after them move down. Reading keeps the numbers of a tree without any.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import Place
from .tree import Tree

__all__ = ["LARGEST_CATEGORY", "read_tree", "tree_document"]

# Beyond this a float32 is no exact integer; xgboost has the same limit.
LARGEST_CATEGORY = (1 << 24) - 1

DELETED = 2**31 - 1
NO_PARENT = 2**31 - 1
LARGEST_COUNT = 2**31 - 1

# Threshold that xgboost gives to nodes without one.
NO_THRESHOLD = np.float32(1e-45)

_CATEGORY_KEYS = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_NODE_KEYS = ("left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left")
_KEYS = {*_NODE_KEYS, *_CATEGORY_KEYS, "id", "tree_param", "base_weights", "leaf_weights", "loss_changes"}
_KEYS |= {"sum_hessian", "split_type"}
_PARAMETERS = {"num_nodes", "num_feature", "size_leaf_vector", "num_deleted"}


def read_tree(place: Place, number: int, n_features: int, n_outputs: int) -> Tree:
    """Tree that a part of a document stands for.

    Parameters
    ----------
    place : Place
        The object of the tree.
    number : int
        Its position among the trees, which its ``id`` repeats.
    n_features, n_outputs : int
        Of the model.

    Returns
    -------
    Tree

    Raises
    ------
    ModelFormatError
        If a rule of this file's docstring is broken.
    """
    place.note_unknown(_KEYS)
    place.child("id").integer(number, number)
    parameters = place.child("tree_param")
    parameters.note_unknown(_PARAMETERS)
    n_nodes = parameters.child("num_nodes").integer_text(1, LARGEST_COUNT)
    own_features = parameters.child("num_feature").integer_text(0, n_features)
    n_values = parameters.child("size_leaf_vector").integer_text(0, n_outputs)
    is_vector = n_values > 1
    if is_vector and n_values != n_outputs:
        parameters.child("size_leaf_vector").refuse(f"is {n_values}; the model has {n_outputs} outputs")
    if is_vector and place.optional("leaf_weights") is None:
        place.refuse("leaf_weights is missing; vectors in leaves are read in the form of xgboost 3.1 and later alone")
    left = place.child("left_children").integers(n_nodes)
    right = place.child("right_children").integers(n_nodes)
    feature = place.child("split_indices").integers(n_nodes)
    deleted = _deleted(place, feature)
    inner = _check_children(place, left, right, deleted, is_vector)
    _check_parents(place, left, inner, deleted)
    order = _order(place, left, inner, deleted)
    _refuse_nodes(place.child("split_indices"), inner & ((feature < 0) | (feature >= own_features)), "no such column")
    categories = _categories(place, n_nodes)
    numeric = inner & (np.diff(categories[0]) == 0)
    conditions = place.child("split_conditions").floats(n_nodes)
    _refuse_nodes(place.child("split_conditions"), numeric & ~np.isfinite(conditions), "threshold is not finite")
    value = _vector_values(place, inner, n_values) if is_vector else _values(place, inner, deleted, conditions)
    gain, cover = _statistics(place, n_nodes, deleted)
    new_number = np.full(n_nodes, -1, dtype=np.int64)
    new_number[order] = np.arange(len(order))
    inner = inner[order]
    return Tree(
        left=np.where(inner, new_number[left[order]], -1).astype(np.int32),
        right=np.where(inner, new_number[left[order] + inner], -1).astype(np.int32),
        feature=np.where(inner, feature[order], -1).astype(np.int32),
        threshold=np.where(numeric[order], conditions[order], np.float32(0)),
        missing_left=place.child("default_left").flags(n_nodes)[order] & inner,
        value=value[order],
        cover=cover[order],
        gain=np.where(inner, gain[order], np.float32(0)),
        **_reordered_categories(*categories, order, inner),
    )


def tree_document(tree: Tree, number: int, n_features: int) -> dict[str, Any]:
    """What the file says about a tree; the children of a node are numbered together."""
    order = np.arange(tree.n_nodes) if np.all(tree.right[~tree.is_leaf] == tree.left[~tree.is_leaf] + 1) else None
    order = _siblings_together(tree) if order is None else order
    new_number = np.empty(tree.n_nodes, dtype=np.int32)
    new_number[order] = np.arange(tree.n_nodes)
    leaf = tree.is_leaf[order]
    left = np.where(leaf, -1, new_number[tree.left[order]]).astype(np.int32)
    parents = np.full(tree.n_nodes, NO_PARENT, dtype=np.int32)
    parents[left[~leaf]] = parents[left[~leaf] + 1] = np.flatnonzero(~leaf)
    threshold, value = _exact(tree.threshold[order], "threshold"), _exact(tree.value[order], "value")
    split_type, sizes, codes = _written_categories(tree, order)
    threshold = np.where(split_type == 1, NO_THRESHOLD, threshold)
    document: dict[str, Any] = {
        "base_weights": value.ravel(),
        "categories": codes,
        "categories_nodes": np.flatnonzero(split_type).astype(np.int32),
        "categories_segments": (np.cumsum(sizes) - sizes).astype(np.int64),
        "categories_sizes": sizes.astype(np.int64),
        "default_left": tree.missing_left[order].astype(np.uint8),
        "id": number,
        "left_children": left,
        "loss_changes": tree.gain[order].astype(np.float32),
        "parents": parents,
        "right_children": np.where(leaf, -1, left + 1).astype(np.int32),
        "split_conditions": np.where(leaf, value, threshold) if value.ndim == 1 else threshold,
        "split_indices": np.where(leaf, 0, tree.feature[order]).astype(np.int32),
        "split_type": split_type,
        "sum_hessian": tree.cover[order].astype(np.float32),
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(n_features),
            "num_nodes": str(tree.n_nodes),
            "size_leaf_vector": str(value.shape[1] if value.ndim == 2 else 1),
        },
    }
    if value.ndim == 2:
        document["leaf_weights"] = value[leaf].ravel()
        document["parents"] = np.where(parents == NO_PARENT, -1, parents).astype(np.int32)
        document["right_children"] = np.where(leaf, np.cumsum(leaf) - 1, left + 1).astype(np.int32)
        document["split_conditions"] = np.where(leaf, NO_THRESHOLD, threshold)
    return dict(sorted(document.items()))


def _deleted(place: Place, feature: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which nodes are marked as deleted; as many as the file says."""
    deleted = feature == DELETED
    stated = place.child("tree_param").optional("num_deleted")
    n_deleted = stated.integer_text(0, len(feature) - 1) if stated else 0
    if n_deleted != np.count_nonzero(deleted):
        place.child("tree_param").refuse(f"num_deleted is {n_deleted}; {np.count_nonzero(deleted)} nodes are marked")
    return deleted


def _check_children(
    place: Place, left: NDArray[np.int64], right: NDArray[np.int64], deleted: NDArray[np.bool_], is_vector: bool
) -> NDArray[np.bool_]:
    """Which nodes have children, all of which are there and numbered together."""
    n_nodes = len(left)
    inner = left != -1
    at_left, at_right = place.child("left_children"), place.child("right_children")
    _refuse_nodes(at_left, inner & ((left < 1) | (left >= n_nodes)), "no such child")
    if is_vector:
        leaf_number = np.cumsum(~inner) - 1
        _refuse_nodes(at_right, ~inner & (right != leaf_number), "a leaf must have its number among the leaves")
    else:
        _refuse_nodes(at_right, ~inner & (right != -1), "a right child without a left one")
    _refuse_nodes(at_right, inner & ((right < 1) | (right >= n_nodes)), "no such child")
    _refuse_nodes(at_right, inner & (right != left + 1), "the right child must be the left child plus one")
    _refuse_nodes(at_left, inner & deleted, "a deleted node has children")
    return inner


def _check_parents(place: Place, left: NDArray[np.int64], inner: NDArray[np.bool_], deleted: NDArray[np.bool_]) -> None:
    n_nodes = len(left)
    times = np.bincount(np.concatenate([left[inner], left[inner] + 1]), minlength=n_nodes)
    at_left = place.child("left_children")
    _refuse_nodes(at_left, deleted & (times > 0), "a deleted node is a child")
    wrong = ~deleted & (times != 1)
    wrong[0] = times[0] != 0
    _refuse_nodes(at_left, wrong, "each node but the root must be the child of exactly one node")
    expected = np.full(n_nodes, -1)
    expected[left[inner]] = expected[left[inner] + 1] = np.flatnonzero(inner)
    at_parents = place.child("parents")
    parents = at_parents.integers(n_nodes)
    if parents[0] == NO_PARENT:
        parents[0] = -1
    _refuse_nodes(at_parents, ~deleted & (parents != expected), "is not the node that has this one as its child")


def _order(
    place: Place, left: NDArray[np.int64], inner: NDArray[np.bool_], deleted: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Nodes such that children come after their parents, siblings together; deleted ones are not among them.

    Each node but the root has one parent here. If children come after their parents, no node can be its own
    ancestor, and all are reached from the root; else the tree is walked.
    """
    if np.all(left[inner] > np.flatnonzero(inner)):
        return np.flatnonzero(~deleted)
    order = [0]
    for node in order:
        if inner[node]:
            order += [int(left[node]), int(left[node]) + 1]
    if len(order) != len(left) - np.count_nonzero(deleted):
        place.child("left_children").refuse("some nodes are not reached from the root")
    return np.array(order)


def _values(
    place: Place, inner: NDArray[np.bool_], deleted: NDArray[np.bool_], conditions: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What each node answers, shape (n_nodes,); at leaves the file has it in the place of the threshold."""
    _refuse_nodes(place.child("split_conditions"), ~inner & ~deleted & ~np.isfinite(conditions), "value is not finite")
    at_weights = place.child("base_weights")
    weights = at_weights.floats(len(inner))
    _refuse_nodes(at_weights, inner & ~np.isfinite(weights), "is not finite")
    return np.where(inner, weights, conditions)


def _vector_values(place: Place, inner: NDArray[np.bool_], n_values: int) -> NDArray[np.float32]:
    """What each node answers, shape (n_nodes, n_values); for leaves the file has it a second time."""
    at_leaves = place.child("leaf_weights")
    n_leaves = int(np.count_nonzero(~inner))
    values = place.child("base_weights").floats(len(inner) * n_values).reshape(len(inner), n_values).copy()
    values[~inner] = at_leaves.floats(n_leaves * n_values).reshape(n_leaves, n_values)
    finite = np.asarray(np.isfinite(values).all(axis=1))
    _refuse_nodes(place.child("base_weights"), inner & ~finite, "is not finite")
    _refuse_nodes(at_leaves, ~finite, "value of a leaf is not finite")
    return values


def _statistics(
    place: Place, n_nodes: int, deleted: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gains and covers."""
    at_gain, at_cover = place.child("loss_changes"), place.child("sum_hessian")
    gain, cover = at_gain.floats(n_nodes), at_cover.floats(n_nodes)
    _refuse_nodes(at_gain, ~deleted & ~np.isfinite(gain), "is not finite")
    _refuse_nodes(at_cover, ~deleted & ~np.isfinite(cover), "is not finite")
    _refuse_nodes(at_cover, ~deleted & (cover < 0), "is negative")
    return gain, cover


def _categories(place: Place, n_nodes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the categories of each node start, shape (n_nodes + 1,), and the categories."""
    at_type = place.optional("split_type")
    if at_type is None:
        for key in _CATEGORY_KEYS:
            member = place.optional(key)
            if member is not None and member.length() > 0:
                member.refuse("holds categories, but split_type is missing")
        return np.zeros(n_nodes + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    asks = at_type.flags(n_nodes)
    nodes = place.child("categories_nodes").integers()
    if not np.array_equal(nodes, np.flatnonzero(asks)):
        place.child("categories_nodes").refuse("must list the nodes whose split_type is 1, in their order")
    at_sizes, at_codes = place.child("categories_sizes"), place.child("categories")
    sizes, codes = at_sizes.integers(len(nodes)), at_codes.integers()
    wrong = np.flatnonzero((sizes < 1) | (sizes > len(codes)))
    if len(wrong):
        at_sizes.refuse(f"element {wrong[0]} is {sizes[wrong[0]]}; there are {len(codes)} categories")
    start = np.concatenate([[0], np.cumsum(sizes)])
    if start[-1] != len(codes):
        at_sizes.refuse(f"add up to {start[-1]}; there are {len(codes)} categories")
    if not np.array_equal(place.child("categories_segments").integers(len(nodes)), start[:-1]):
        place.child("categories_segments").refuse("must be the sums of the sizes before")
    wrong = np.flatnonzero((codes < 0) | (codes > LARGEST_CATEGORY))
    if len(wrong):
        at_codes.refuse(f"element {wrong[0]} is {codes[wrong[0]]}; it must lie from 0 to {LARGEST_CATEGORY}")
    falls = np.diff(codes) <= 0
    falls[start[1:-1] - 1] = False
    if np.any(falls):
        at_codes.refuse(f"element {int(np.argmax(falls)) + 1} does not rise within its node")
    of_node = np.zeros(n_nodes, dtype=np.int64)
    of_node[nodes] = sizes
    return np.concatenate([[0], np.cumsum(of_node)]), codes


def _reordered_categories(
    start: NDArray[np.int64], codes: NDArray[np.int64], order: NDArray[np.int64], inner: NDArray[np.bool_]
) -> dict[str, Any]:
    """Arguments of `Tree`: the categories of the nodes in their new order, none if no node asks about any.

    A node that pruning has made a leaf may have kept its categories; they are dropped.
    """
    sizes = np.where(inner, np.diff(start)[order], 0)
    if not sizes.any():
        return {}
    kept = [codes[start[node] : start[node + 1]] for node, size in zip(order, sizes) if size]
    new_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return {"category_start": new_start, "categories": np.concatenate(kept).astype(np.int32)}


def _written_categories(
    tree: Tree, order: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int32]]:
    """split_type of each node, and sizes and codes of those that ask about categories."""
    if tree.category_start is None or tree.categories is None:
        return np.zeros(tree.n_nodes, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int32)
    start, codes = tree.category_start, tree.categories
    sizes = np.diff(start)[order]
    parts = [np.sort(codes[start[node] : start[node + 1]]) for node in order]
    return (sizes > 0).astype(np.uint8), sizes[sizes > 0].astype(np.int64), np.concatenate(parts).astype(np.int32)


def _siblings_together(tree: Tree) -> NDArray[np.int64]:
    """Nodes level after level, the two children of a node side by side."""
    order = [0]
    for node in order:
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    return np.array(order)


def _exact(values: NDArray[np.floating], name: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not np.array_equal(single, values):
        raise ValueError(f"{name}: the file holds float32, in which these numbers are others")
    return single


def _refuse_nodes(place: Place, wrong: NDArray[np.bool_], message: str) -> None:
    """Refuse, naming the first node that is wrong, if one is."""
    if np.any(wrong):
        place.refuse(f"node {int(np.argmax(wrong))}: {message}")
