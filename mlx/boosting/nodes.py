"""Nodes of a tree while it grows: arrays by the number of the node, longer than the tree so far."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Nodes", "Splits", "longer", "new_nodes", "some_of"]


class Splits(NamedTuple):
    """Best split of each node, and the best one on another column; columns are -1 where nothing is gained."""

    feature: NDArray[np.int32]
    bin: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    gain: NDArray[np.float32]
    left_sums: NDArray[np.float64]
    missing_sums: NDArray[np.float64]  # G and H of rows whose value is missing in the column
    runner_up_feature: NDArray[np.int32]  # as in `GrowthRecord`
    runner_up_bin: NDArray[np.int32]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.float32]
    right_set: NDArray[np.uint32]  # categories that go right, as bits (`mlx.boosting.categories`); none: a cut
    runner_up_right_set: NDArray[np.uint32]


class Nodes(NamedTuple):
    """Nodes by number; the arrays are longer than the tree so far."""

    sums: NDArray[np.float64]  # G and H
    weight: NDArray[np.float32]  # as a leaf, before the learning rate
    bounds: NDArray[np.float32]  # lowest and highest leaf weight below the node
    depth: NDArray[np.int32]
    n_rows: NDArray[np.int64]  # of all owners; of a root it is not known
    slot: NDArray[np.int64]  # histogram; that of a sibling which is not counted is its parent's until `find_splits`
    left: NDArray[np.int32]  # -1 while the node is a leaf
    splits: Splits


def new_nodes(n: int, n_words: int = 0) -> Nodes:
    """Room for so many nodes, and sets of categories of so many words; it is written when a node is added."""
    flags, integers = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int32)
    singles = np.zeros(n, dtype=np.float32)
    return Nodes(
        np.zeros((n, 2)),
        singles,
        np.zeros((n, 2), dtype=np.float32),
        integers,
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
        integers.copy(),
        Splits(
            integers.copy(),
            integers.copy(),
            flags,
            singles.copy(),
            np.zeros((n, 2)),
            np.zeros((n, 2)),
            integers.copy(),
            integers.copy(),
            flags.copy(),
            singles.copy(),
            np.zeros((n, n_words), dtype=np.uint32),
            np.zeros((n, n_words), dtype=np.uint32),
        ),
    )


def longer(nodes: Nodes, n: int) -> Nodes:
    """The same nodes, with room for so many."""
    return _pairwise(
        lambda a, b: np.concatenate([a, b[len(a) :]]), nodes, new_nodes(n, nodes.splits.right_set.shape[1])
    )


def some_of(nodes: Nodes, which: slice) -> Nodes:
    """Views of some nodes."""
    return _pairwise(lambda a, b: a[which], nodes, nodes)


def _pairwise(function: Any, a: Any, b: Any) -> Any:
    """A function of the arrays of two nested tuples of arrays, as such a tuple."""
    return type(a)._make(_pairwise(function, x, y) if isinstance(x, tuple) else function(x, y) for x, y in zip(a, b))
