"""A grown CART tree, as scikit-learn's ``tree_`` shows it: arrays with one entry per node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .ensemble import TreeEnsemble
from .flat import FlatTrees
from .rows import Rows
from .tree import Tree

__all__ = ["CartTree", "cart_ensemble"]

LEAF, UNDEFINED = -1, -2


@dataclass(eq=False)
class CartTree:
    """A tree with scikit-learn's attributes; node 0 is the root, and children come after their parent.

    A row goes left if its value, as float32, is at most the threshold.

    Parameters
    ----------
    n_features : int
    n_classes : ndarray of int64, shape (n_outputs,)
        Classes of each output; 1 for regression.
    max_depth : int
        Depth of the deepest leaf.
    children_left, children_right : ndarray of int64, shape (n_nodes,)
        -1 at leaves.
    feature : ndarray of int64, shape (n_nodes,)
        -2 at leaves.
    threshold : ndarray of float64, shape (n_nodes,)
        -2 at leaves; inf where only missing values go right.
    impurity : ndarray of float64, shape (n_nodes,)
    n_node_samples : ndarray of int64, shape (n_nodes,)
        Training samples that reached the node.
    weighted_n_node_samples : ndarray of float64, shape (n_nodes,)
        Their weight.
    value : ndarray of float64, shape (n_nodes, n_outputs, max_n_classes)
        Share of each class, or mean target.
    missing_go_to_left : ndarray of uint8, shape (n_nodes,)
        Whether a missing value goes left.
    """

    n_features: int
    n_classes: NDArray[np.int64]
    max_depth: int
    children_left: NDArray[np.int64]
    children_right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    impurity: NDArray[np.float64]
    n_node_samples: NDArray[np.int64]
    weighted_n_node_samples: NDArray[np.float64]
    value: NDArray[np.float64]
    missing_go_to_left: NDArray[np.uint8]

    @property
    def node_count(self) -> int:
        """Number of nodes, leaves included."""
        return len(self.feature)

    @property
    def capacity(self) -> int:
        """Nodes that there is room for: as many as there are."""
        return self.node_count

    @property
    def n_outputs(self) -> int:
        """Number of targets."""
        return len(self.n_classes)

    @property
    def max_n_classes(self) -> int:
        """Classes of the output that has most."""
        return int(self.n_classes.max())

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(np.count_nonzero(self.children_left == LEAF))

    def apply(self, X: Any) -> NDArray[np.int64]:
        """Leaf of each row."""
        from .prediction import find_leaves

        rows = Rows(X, self.n_features, "float32", unstored="zero")
        leaves = np.empty((len(rows), 1), dtype=np.int32)
        for part in rows.parts():
            find_leaves(rows.part(part), self.flat, None, leaves[part])
        return leaves[:, 0].astype(np.int64)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Value of each row's leaf: shape (n_samples, max_n_classes), with n_outputs in the middle if above 1."""
        values = self.value.take(self.apply(X), axis=0)
        return values[:, 0] if self.n_outputs == 1 else values

    def decision_path(self, X: Any) -> Any:
        """Nodes that each row passes: sparse matrix of shape (n_samples, n_nodes), CSR, 1 where it does."""
        leaves = self.apply(X)
        parent = np.full(self.node_count, LEAF)
        for child in (self.children_left, self.children_right):
            inner = np.flatnonzero(child >= 0)
            parent[child[inner]] = inner
        # Nodes are numbered downwards: a path ascends from leaf to root, and is turned round.
        n_passed = self.compute_node_depths()[leaves]
        indptr = np.concatenate([[0], np.cumsum(n_passed)])
        indices, at = np.empty(indptr[-1], dtype=np.int64), leaves.copy()
        for step in range(int(n_passed.max(initial=0))):
            rows = np.flatnonzero(n_passed > step)
            indices[indptr[rows + 1] - 1 - step] = at[rows]
            at[rows] = parent[at[rows]]
        ones = np.ones(len(indices), dtype=np.int64)
        return sparse.csr_matrix((ones, indices, indptr), shape=(len(leaves), self.node_count))

    def compute_node_depths(self) -> NDArray[np.int64]:
        """Depth of each node, 1 for the root."""
        depth = np.ones(self.node_count, dtype=np.int64)
        for node in np.flatnonzero(self.children_left != LEAF):
            depth[self.children_left[node]] = depth[self.children_right[node]] = depth[node] + 1
        return depth

    def compute_feature_importances(self, normalize: bool = True) -> NDArray[np.float64]:
        """Decrease of weighted impurity by the splits on each column; shares of their sum if `normalize`."""
        inner = np.flatnonzero(self.children_left != LEAF)
        mass = self.weighted_n_node_samples * self.impurity
        decrease = mass[inner] - mass[self.children_left[inner]] - mass[self.children_right[inner]]
        importances = np.zeros(self.n_features)
        np.add.at(importances, self.feature[inner], decrease)
        importances /= self.weighted_n_node_samples[0]
        total = importances.sum()
        return importances / total if normalize and total > 0.0 else importances

    def to_tree(self) -> Tree:
        """The tree as `mlx.tree.Tree`, whose leaves hold all outputs with their classes in a row (or one number)."""
        leaf = self.children_left == LEAF
        mass = self.weighted_n_node_samples * self.impurity
        gain = np.where(leaf, 0.0, mass - mass[self.children_left] - mass[self.children_right])
        value = np.concatenate([self.value[:, k, :n] for k, n in enumerate(self.n_classes)], axis=1)
        return Tree.grown(
            left=self.children_left.astype(np.int32),
            right=self.children_right.astype(np.int32),
            feature=np.where(leaf, -1, self.feature).astype(np.int32),
            threshold=np.where(leaf, 0.0, self.threshold),
            missing_left=~leaf & (self.missing_go_to_left != 0),
            value=value[:, 0] if value.shape[1] == 1 else value,
            cover=self.weighted_n_node_samples,
            gain=gain,
        )

    @cached_property
    def flat(self) -> FlatTrees:
        """The tree alone, laid out for prediction."""
        from .cart_flat import flatten_cart

        return flatten_cart([self])

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "flat"}


def cart_ensemble(trees: Sequence[CartTree], feature_names: Sequence[str] | None = None) -> TreeEnsemble:
    """Ensemble whose margins are the mean of the trees' values, all classes of all outputs in one row."""
    return TreeEnsemble(
        trees=tuple(tree.to_tree() for tree in trees),
        n_features=trees[0].n_features,
        n_outputs=int(np.sum(trees[0].n_classes)),
        aggregation="mean",
        comparison="<=",
        unstored="zero",
        feature_names=None if feature_names is None else tuple(feature_names),
    )
