"""A growth record keeps what was known of each node when its tree was grown, so that every number can be traced.

A tree without it predicts the same. Trees that are read from a model file have none, unless it was written with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .checks import flags, floats, integers, refuse_nodes

if TYPE_CHECKING:
    from .tree import Tree

__all__ = ["GrowthRecord", "PrunedBranch"]


class PrunedBranch(NamedTuple):
    """Nodes that were grown below a node and taken away again, as no split among them gained gamma.

    Attributes
    ----------
    leaf : int
        Node of the final tree, a leaf, below which they were.
    tree : Tree
        The branch as it was before: its node 0 is that leaf. It has a record of its own, and no pruned branches.
    """

    leaf: int
    tree: Tree


@dataclass(frozen=True, eq=False)
class GrowthRecord:
    """Sums of each node of one boosted tree, and the best candidate that was not taken there.

    The candidates of a node are the best split on each column. At an inner node the runner-up is the best one on
    another column than the node's own; at a leaf it is the best one of all, refused because it gains less than gamma.

    Parameters
    ----------
    sums : ndarray of float64, shape (n_nodes, 2), or (n_nodes, n_outputs, 2) for trees with vectors in their leaves
        Sums of gradients and of Hessians of the training rows that reached the node: G and H.
    missing_sums : ndarray of float64, of the same shape
        The part of them that comes from rows whose value is missing in the node's column; 0 at leaves.
    runner_up_feature : ndarray of int32, shape (n_nodes,)
        Column of the runner-up; -1 where there is none: no split lowers the loss, or none was looked for because the
        tree may not be deeper.
    runner_up_threshold : ndarray of float32, shape (n_nodes,)
        Rows with a lower value would go left.
    runner_up_missing_left : ndarray of bool, shape (n_nodes,)
        Whether missing values would go left.
    runner_up_gain : ndarray of float32, shape (n_nodes,)
        What it would have gained.
    runner_up_category_start : ndarray of int32, shape (n_nodes + 1,), optional
        Where the categories of each runner-up start that would go right, as in `Tree`; none if it has a threshold.
    runner_up_categories : ndarray of int32, optional
    pruned : tuple of PrunedBranch, default=()
        Branches that were pruned, in the order of their leaves; kept only if training was asked to keep them.

    Raises
    ------
    ValueError
        If the arrays are not about the same nodes, or hold something else than numbers.
    """

    sums: NDArray[np.float64]
    missing_sums: NDArray[np.float64]
    runner_up_feature: NDArray[np.int32]
    runner_up_threshold: NDArray[np.floating]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.floating]
    runner_up_category_start: NDArray[np.int32] | None = None
    runner_up_categories: NDArray[np.int32] | None = None
    pruned: tuple[PrunedBranch, ...] = ()

    def __post_init__(self) -> None:
        for name in ("sums", "missing_sums"):
            sums = floats(getattr(self, name), name)
            if sums.ndim not in (2, 3) or sums.shape[-1] != 2:
                raise ValueError(f"{name}: shape {sums.shape} is not (n_nodes, 2)")
            finite = np.isfinite(sums).reshape(len(sums), -1).all(axis=1)
            refuse_nodes(~finite, name + ": node {} is not finite")
            self._store(name, sums)
        self._store("runner_up_feature", integers(self.runner_up_feature, "runner_up_feature"))
        self._store("runner_up_missing_left", flags(self.runner_up_missing_left, "runner_up_missing_left"))
        for name in ("runner_up_threshold", "runner_up_gain"):
            values = floats(getattr(self, name), name)
            refuse_nodes(~np.isfinite(values), name + ": node {} is not finite")
            self._store(name, values)
        if self.missing_sums.shape != self.sums.shape:
            raise ValueError(f"missing_sums: shape {self.missing_sums.shape} must be {self.sums.shape}, as sums has")
        for name in ("feature", "threshold", "missing_left", "gain"):
            shape = getattr(self, f"runner_up_{name}").shape
            if shape != (self.n_nodes,):
                raise ValueError(f"runner_up_{name}: shape {shape} does not fit {self.n_nodes} nodes")
        self._check_categories()
        self._check_pruned()

    @classmethod
    def grown(
        cls,
        *,
        sums: NDArray[np.float64],
        missing_sums: NDArray[np.float64],
        runner_up_feature: NDArray[np.int32],
        runner_up_threshold: NDArray[np.floating],
        runner_up_missing_left: NDArray[np.bool_],
        runner_up_gain: NDArray[np.floating],
        runner_up_category_start: NDArray[np.int32] | None = None,
        runner_up_categories: NDArray[np.int32] | None = None,
        pruned: tuple[PrunedBranch, ...] = (),
    ) -> GrowthRecord:
        """Record of arrays that this package has just made, taken as they are: no check, no copy."""
        record = cls.__new__(cls)
        record.__dict__.update(
            sums=sums,
            missing_sums=missing_sums,
            runner_up_feature=runner_up_feature,
            runner_up_threshold=runner_up_threshold,
            runner_up_missing_left=runner_up_missing_left,
            runner_up_gain=runner_up_gain,
            runner_up_category_start=runner_up_category_start,
            runner_up_categories=runner_up_categories,
            pruned=pruned,
        )
        return record

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.sums)

    def candidate_categories(self, node: int) -> list[int]:
        """Categories that the runner-up of a node would send right, rising; none if it has a threshold."""
        if self.runner_up_category_start is None or self.runner_up_categories is None:
            return []
        first, last = self.runner_up_category_start[node : node + 2]
        return sorted(self.runner_up_categories[first:last].tolist())

    def _store(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_categories(self) -> None:
        if (self.runner_up_category_start is None) != (self.runner_up_categories is None):
            raise ValueError("runner_up_category_start and runner_up_categories are given together or not at all")
        if self.runner_up_category_start is None or self.runner_up_categories is None:
            return
        for name in ("runner_up_category_start", "runner_up_categories"):
            self._store(name, integers(getattr(self, name), name))
        start, codes = self.runner_up_category_start, self.runner_up_categories
        rises = start.shape == (self.n_nodes + 1,) and start[0] == 0 and not np.any(np.diff(start) < 0)
        if codes.ndim != 1 or not rises or start[-1] != len(codes):
            raise ValueError("runner_up_category_start: must rise from 0 to the number of categories")
        if np.any(codes < 0):
            raise ValueError("runner_up_categories: codes must not be negative")

    def _check_pruned(self) -> None:
        self._store("pruned", tuple(PrunedBranch(int(leaf), tree) for leaf, tree in self.pruned))
        leaves = [branch.leaf for branch in self.pruned]
        if leaves != sorted(set(leaves)) or (leaves and not 0 <= leaves[0] <= leaves[-1] < self.n_nodes):
            raise ValueError(f"pruned: leaves must rise, from 0 to {self.n_nodes - 1}")
