"""Nodes of a tree while it grows: arrays by the number of the node, longer than the tree so far."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Nodes", "Splits", "new_nodes", "some_of", "together"]


class Splits(NamedTuple):
    """Best split of each node, and the best one on another column; columns are -1 where nothing is gained."""

    feature: NDArray[np.int32]
    bin: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    gain: NDArray[np.float32]
    left_sums: NDArray[np.float64]
    runner_up_feature: NDArray[np.int32]  # as in `GrowthRecord`
    runner_up_bin: NDArray[np.int32]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.float32]


class Nodes(NamedTuple):
    """Nodes by number; the arrays are longer than the tree so far."""

    sums: NDArray[np.float64]  # G and H
    weight: NDArray[np.float32]  # as a leaf, before the learning rate
    bounds: NDArray[np.float32]  # lowest and highest leaf weight below the node
    depth: NDArray[np.int32]
    slot: NDArray[np.int64]  # histogram; that of a sibling which is not counted is its parent's until `find_splits`
    left: NDArray[np.int32]  # -1 while the node is a leaf
    missing_sums: NDArray[np.float64]  # G and H of rows whose value is missing in the column of the best split
    splits: Splits


def new_nodes(n: int) -> Nodes:
    """So many leaves for which no split is known."""
    return Nodes(
        np.zeros((n, 2)),
        np.zeros(n, dtype=np.float32),
        np.tile(np.array([-np.inf, np.inf], dtype=np.float32), (n, 1)),
        np.zeros(n, dtype=np.int32),
        np.zeros(n, dtype=np.int64),
        np.full(n, -1, dtype=np.int32),
        np.zeros((n, 2)),
        Splits(
            np.full(n, -1, dtype=np.int32),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.bool_),
            np.zeros(n, dtype=np.float32),
            np.zeros((n, 2)),
            np.full(n, -1, dtype=np.int32),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.bool_),
            np.zeros(n, dtype=np.float32),
        ),
    )


def together(a: Nodes, b: Nodes) -> Nodes:
    """The nodes of both, one after the other."""
    pairs: Any = zip(a, b)
    *arrays, (splits, others) = pairs
    return Nodes._make([*map(np.concatenate, arrays), Splits._make(map(np.concatenate, zip(splits, others)))])


def some_of(nodes: Nodes, which: slice) -> Nodes:
    """Views of some nodes."""
    everything: Any = nodes
    *arrays, splits = everything
    return Nodes._make([*(array[which] for array in arrays), Splits._make(array[which] for array in splits)])
