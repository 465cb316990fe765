r"""A decision tree asks one question per node, from the root down, until a leaf answers; here it is a few flat arrays.

`Tree` is one grown tree; `mlx.tree.ensemble.TreeEnsemble` is what a forest or a booster predicts with.

One tree, as a picture and as arrays (node numbers in brackets)::

                 [0] x₂ < 0.5                 node           0     1     2     3     4
                 /          \                 left           1    -1     3    -1    -1
        [1] leaf 0.3     [2] x₀ < 7           right          2    -1     4    -1    -1
                         /        \           feature        2    -1     0    -1    -1
                  [3] leaf -1  [4] leaf 2     threshold      0.5   0     7     0     0
                                              missing_left   1     0     0     0     0
                                              value          0.4   0.3   0.5  -1     2
                                              cover         10     4     6     3     3
                                              gain           8     0     5     0     0

The value of an inner node is what it would answer if it were a leaf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .checks import check_tree, flags, floats, integers
from .record import GrowthRecord

__all__ = ["Tree"]


@dataclass(frozen=True, eq=False)
class Tree:
    """One grown tree of n_nodes nodes; node 0 is the root, and children come after their parent.

    Parameters
    ----------
    left, right : ndarray of int32, shape (n_nodes,)
        Children of each node; -1 at leaves. The two children of a node are made together: in trees that this
        package grows, ``right == left + 1``.
    feature : ndarray of int32, shape (n_nodes,)
        Column that the node asks about; -1 at leaves.
    threshold : ndarray of float32 or float64, shape (n_nodes,)
        A row goes left if its value is below (or, by the rule of the ensemble, at most) this; 0 at leaves. It may be
        infinite: all present values on one side, and missing ones on the other.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether a row goes left where its value is missing; False at leaves.
    value : ndarray of float32 or float64, shape (n_nodes,) or (n_nodes, n_outputs)
        Answer of each node, in units of the margin; that of a leaf is what the tree predicts. Of the inner nodes of
        boosted trees it is the answer before the learning rate, as in xgboost's file.
    cover : ndarray of float, shape (n_nodes,)
        Weight of the training rows that reached the node: sum of Hessians (boosting) or of sample weights.
    gain : ndarray of float, shape (n_nodes,)
        How much the split reduced the training loss, in the unit of the model; 0 at leaves.
    category_start : ndarray of int32, shape (n_nodes + 1,), optional
        Node i asks about the categories ``categories[category_start[i]:category_start[i + 1]]``; if there is none it
        asks about its threshold. Default: no node asks about categories.
    categories : ndarray of int32, optional
        Category codes, node after node.
    record : GrowthRecord, optional
        What was known when the tree was grown; no prediction needs it.

    Raises
    ------
    ValueError
        If the arrays do not describe one tree: the message names the array and the node.
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.floating]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.floating]
    cover: NDArray[np.floating]
    gain: NDArray[np.floating]
    category_start: NDArray[np.int32] | None = None
    categories: NDArray[np.int32] | None = None
    record: GrowthRecord | None = None

    def __post_init__(self) -> None:
        for name in ("left", "right", "feature"):
            self._store(name, integers(getattr(self, name), name))
        self._store("missing_left", flags(self.missing_left, "missing_left"))
        for name in ("threshold", "value", "cover", "gain"):
            self._store(name, floats(getattr(self, name), name))
        if self.category_start is not None:
            self._store("category_start", integers(self.category_start, "category_start"))
        if self.categories is not None:
            self._store("categories", integers(self.categories, "categories"))
        check_tree(self)
        if self.record is not None and self.record.n_nodes != self.n_nodes:
            raise ValueError(f"record: is about {self.record.n_nodes} nodes, not {self.n_nodes}")

    @classmethod
    def grown(
        cls,
        *,
        left: NDArray[np.int32],
        right: NDArray[np.int32],
        feature: NDArray[np.int32],
        threshold: NDArray[np.floating],
        missing_left: NDArray[np.bool_],
        value: NDArray[np.floating],
        cover: NDArray[np.floating],
        gain: NDArray[np.floating],
        category_start: NDArray[np.int32] | None = None,
        categories: NDArray[np.int32] | None = None,
        record: GrowthRecord | None = None,
    ) -> Tree:
        """Tree of arrays that this package has just made, taken as they are: not copied, and of the right dtypes.

        The checks of `Tree(...)` cost as much as growing a small tree does. Whatever comes from outside (a file, a
        user, another library) goes through `Tree(...)`.

        Raises
        ------
        ValueError
            If a value is not finite: gradients of targets or weights that are too large grow a tree all the same.
        """
        if not np.isfinite(value).all():
            raise ValueError("value: a leaf is not finite; targets, weights or margins are too large for float32")
        tree = cls.__new__(cls)
        tree.__dict__.update(
            left=left,
            right=right,
            feature=feature,
            threshold=threshold,
            missing_left=missing_left,
            value=value,
            cover=cover,
            gain=gain,
            category_start=category_start,
            categories=categories,
            record=record,
        )
        return tree

    @property
    def n_nodes(self) -> int:
        """Number of nodes, leaves included."""
        return len(self.left)

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes are leaves."""
        return self.left < 0

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(np.count_nonzero(self.is_leaf))

    @property
    def depth(self) -> NDArray[np.int32]:
        """Number of questions asked before each node is reached; 0 at the root."""
        depth = np.zeros(self.n_nodes, dtype=np.int32)
        # Children come after their parent, so one pass in the order of the nodes is enough.
        for node in np.flatnonzero(~self.is_leaf):
            depth[[self.left[node], self.right[node]]] = depth[node] + 1
        return depth

    def _store(self, name: str, array: NDArray) -> None:
        object.__setattr__(self, name, array)
