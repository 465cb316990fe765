r"""A tree as it was grown: the branches that pruning took away, put back where they were.

The nodes of the tree keep their numbers; those of the branches follow, branch after branch::

        [0]                            [0]
       /   \       branch of 2        /   \
    [1]     [2]       [0]           [1]     [2]
                     /   \                 /   \
                   [1]   [2]             [3]   [4]
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ensemble import TreeEnsemble
from .record import GrowthRecord
from .tree import Tree

__all__ = ["as_grown", "category_lists", "ensemble_as_grown", "has_pruned", "joined_lists"]


def has_pruned(tree: Tree) -> bool:
    """Whether the record of a tree keeps branches that were pruned."""
    return tree.record is not None and len(tree.record.pruned) > 0


def as_grown(tree: Tree) -> tuple[Tree, NDArray[np.int32]]:
    """The tree with its pruned branches, and the numbers in it of what was pruned.

    Returns
    -------
    tree : Tree
        Its record keeps no branches.
    pruned : ndarray of int32
        Rising numbers: the nodes whose splits were pruned down to leaves, and all nodes below them.
    """
    if tree.record is None or not tree.record.pruned:
        return tree, np.empty(0, dtype=np.int32)
    n, parts = tree.n_nodes, [(tree, np.arange(tree.n_nodes, dtype=np.int32))]
    for leaf, branch in tree.record.pruned:
        parts.append((branch, np.concatenate([[leaf], np.arange(n, n + branch.n_nodes - 1)]).astype(np.int32)))
        n += branch.n_nodes - 1
    children = [
        {side: np.where(part.is_leaf, -1, numbers[getattr(part, side)]).astype(np.int32) for side in ("left", "right")}
        for part, numbers in parts
    ]
    numbers = [own for _, own in parts]
    records = [part.record for part, _ in parts if part.record is not None]
    start, codes = _categories([(part.category_start, part.categories) for part, _ in parts], numbers, n)
    grown = Tree.grown(
        **{side: _together([own[side] for own in children], numbers, n) for side in ("left", "right")},
        **{
            name: _together([getattr(part, name) for part, _ in parts], numbers, n)
            for name in ("feature", "threshold", "missing_left", "value", "cover", "gain")
        },
        category_start=start,
        categories=codes,
        record=_record(records, numbers, n) if len(records) == len(parts) else None,
    )
    return grown, np.unique(np.concatenate(numbers[1:]))


def ensemble_as_grown(ensemble: TreeEnsemble) -> TreeEnsemble:
    """All trees `as_grown`."""
    return dataclasses.replace(ensemble, trees=tuple(as_grown(tree)[0] for tree in ensemble.trees))


def category_lists(
    start: NDArray[np.int32] | None, codes: NDArray[np.int32] | None, nodes: NDArray[np.integer]
) -> list[NDArray[np.int32]]:
    """Categories of some nodes, one array each."""
    if start is None or codes is None:
        return [np.empty(0, dtype=np.int32)] * len(nodes)
    return [codes[start[node] : start[node + 1]] for node in nodes]


def joined_lists(lists: list[NDArray[np.int32]]) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
    """The same, node after node, with the start of each; None if there are none."""
    ends = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return (ends, np.concatenate(lists)) if ends[-1] else (None, None)


def _together(arrays: list[NDArray[Any]], numbers: list[NDArray[np.int32]], n: int) -> NDArray[Any]:
    """Values by the number of the node. Of a leaf that a branch was pruned to, the branch's first node is the last."""
    together = np.empty((n, *arrays[0].shape[1:]), dtype=arrays[0].dtype)
    for own, places in zip(arrays, numbers):
        together[places] = own
    return together


def _categories(parts: list[tuple[Any, Any]], numbers: list[NDArray[np.int32]], n: int) -> tuple[Any, Any]:
    lists = [np.empty(0, dtype=np.int32)] * n
    for (start, codes), places in zip(parts, numbers):
        for place, own in zip(places, category_lists(start, codes, np.arange(len(places)))):
            lists[place] = own
    return joined_lists(lists)


def _record(records: list[GrowthRecord], numbers: list[NDArray[np.int32]], n: int) -> GrowthRecord:
    candidates = [(record.runner_up_category_start, record.runner_up_categories) for record in records]
    start, codes = _categories(candidates, numbers, n)
    of_candidate = ("feature", "threshold", "missing_left", "gain")
    names = ("sums", "missing_sums", *(f"runner_up_{name}" for name in of_candidate))
    arrays: dict[str, Any] = {
        name: _together([getattr(record, name) for record in records], numbers, n) for name in names
    }
    return GrowthRecord.grown(
        **arrays,
        runner_up_category_start=start,
        runner_up_categories=codes,
    )
