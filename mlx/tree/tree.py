r"""A decision tree asks one question per node, from the root down, until a leaf answers; here it is a few flat arrays.

`Tree` is one grown tree, `TreeEnsemble` is what a forest or a booster predicts with. Every model that grows trees, and
every foreign model that is read, becomes a `TreeEnsemble`; explanations, plots and text dumps are written for it once.

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

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import run_tasks
from .checks import check_tree, flags, floats, integers, refuse_nodes
from .flat import CategorySets, FlatTrees, flatten
from .record import GrowthRecord
from .rows import Rows

__all__ = ["Tree", "TreeEnsemble"]

Link = Literal["identity", "logit", "log", "softmax"]


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
        A row goes left if its value is below (or, by the rule of the ensemble, at most) this; 0 at leaves.
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


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """Trees and the rules by which their answers become a prediction.

    The margin of output k is ``base_score[k]`` plus the sum, or the mean, over the trees t of output k, of
    ``tree_weight[t]`` times the value of the leaf that the row reaches; `link` says what the margin is the link of.

    Parameters
    ----------
    trees : sequence of Tree
    n_features : int
        Columns that a row has.
    n_outputs : int, default=1
        Margins per row.
    base_score : float or ndarray of shape (n_outputs,), default=0
        Start of each margin, in units of the margin (not of the mean).
    link : {"identity", "logit", "log", "softmax"}, default="identity"
        The prediction is the margin, σ(margin), exp(margin), or softmax over the margins.
    tree_weight : ndarray of float64, shape (n_trees,), optional
        Default: 1 for each tree.
    tree_output : ndarray of int32, shape (n_trees,), optional
        Output that the tree adds to, -1 for a tree whose leaves hold a vector. Default: 0 or -1 as the tree is.
    aggregation : {"sum", "mean"}, default="sum"
        "mean" divides the sum of an output by the sum of the weights of its trees.
    comparison : {"<", "<="}, default="<"
        A row goes left if ``x < threshold`` (xgboost) or ``x <= threshold`` (scikit-learn, LightGBM).
    input_dtype : {"float32", "float64"}, default="float32"
        To what a row is rounded before it is compared.
    missing : {"learned", "refused"}, default="learned"
        A missing value (NaN) follows `missing_left`, or is an error.
    unlisted_category : {"left", "right"}, default="left"
        Where a row goes whose category the node does not list; listed ones go to the other side.
    feature_names : sequence of str, optional
        Names of the columns.

    Raises
    ------
    ValueError
        If a part does not fit the others: the message names it.
    """

    trees: tuple[Tree, ...]
    n_features: int
    n_outputs: int = 1
    base_score: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    link: Link = "identity"
    tree_weight: NDArray[np.float64] | None = None
    tree_output: NDArray[np.int32] | None = None
    aggregation: Literal["sum", "mean"] = "sum"
    comparison: Literal["<", "<="] = "<"
    input_dtype: Literal["float32", "float64"] = "float32"
    missing: Literal["learned", "refused"] = "learned"
    unlisted_category: Literal["left", "right"] = "left"
    feature_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "trees", tuple(self.trees))
        for name, least in (("n_features", 1), ("n_outputs", 1)):
            number = getattr(self, name)
            if not isinstance(number, Integral) or isinstance(number, bool) or number < least:
                raise ValueError(f"{name}={number!r} must be an integer of at least {least}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {', '.join(map(repr, choices))}")
        self._check_outputs()
        self._check_trees()
        self._check_weights()
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(self.feature_names))
            if len(self.feature_names) != self.n_features:
                raise ValueError(f"feature_names: {len(self.feature_names)} names for {self.n_features} columns")

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.trees)

    def margin(self, X: Any, n_threads: int = 1, *, start: NDArray[np.floating] | None = None) -> NDArray[np.floating]:
        """Margin of each row and output.

        Parameters
        ----------
        X : array-like or SciPy sparse matrix of shape (n_samples, n_features)
            NaN is a missing value, and so is what a sparse matrix does not store.
        n_threads : int, default=1
            The result is the same for any number.
        start : ndarray of shape (n_samples, n_outputs), optional
            Where the margins start, in place of `base_score`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            float32, added up in float32 in the order of the trees as xgboost does it, if all values are float32
            and rows are rounded to float32; float64 otherwise.
        """
        from .prediction import add_trees

        rows, (trees, sets) = self._rows(X), self.flat
        margin = np.empty((len(rows), self.n_outputs), dtype=trees.value.dtype)
        base = self.base_score if start is None else start
        margin[:] = 0.0 if self.aggregation == "mean" else base
        run_tasks(lambda part: add_trees(rows.part(part), trees, sets, margin[part]), rows.parts(), n_threads)
        if self.aggregation == "mean":
            margin = base + margin / self._weight_of_output()
        return margin

    def apply(self, X: Any, n_threads: int = 1) -> NDArray[np.int32]:
        """Node number of the leaf that each row reaches in each tree, shape (n_samples, n_trees)."""
        from .prediction import find_leaves

        rows, (trees, sets) = self._rows(X), self.flat
        leaves = np.empty((len(rows), self.n_trees), dtype=np.int32)
        run_tasks(lambda part: find_leaves(rows.part(part), trees, sets, leaves[part]), rows.parts(), n_threads)
        return leaves

    def select(self, chosen: Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]) -> TreeEnsemble:
        """The same ensemble with some of its trees.

        Parameters
        ----------
        chosen : sequence of int, or of n_trees bool
            Numbers of the trees, in the order wanted; or which trees.

        Raises
        ------
        ValueError
            If it is neither, or there is no such tree.
        """
        index = np.asarray(chosen)
        if index.dtype == bool and index.shape == (self.n_trees,):
            index = np.flatnonzero(index)
        index = index.astype(np.intp) if index.size == 0 else index
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise ValueError(f"chosen={chosen!r} must be numbers of trees, or {self.n_trees} booleans")
        outside = (index < -self.n_trees) | (index >= self.n_trees)
        if np.any(outside):
            raise ValueError(f"chosen: there is no tree {index[outside][0]} among {self.n_trees}")
        trees, sets = self.flat
        selected = copy(self)
        selected.__dict__.update(
            trees=tuple(self.trees[t] for t in index),
            tree_weight=np.asarray(self.tree_weight)[index],
            tree_output=np.asarray(self.tree_output)[index],
            flat=(trees.select(index), sets),
        )
        selected._check_weights()
        return selected

    @cached_property
    def flat(self) -> tuple[FlatTrees, CategorySets | None]:
        """All trees in one set of arrays, and the categories that they list, made at the first use."""
        return flatten(
            self.trees,
            np.asarray(self.tree_weight),
            np.asarray(self.tree_output),
            self.n_features,
            input_dtype=self.input_dtype,
            at_most=self.comparison == "<=",
            listed_left=self.unlisted_category == "right",
        )

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "flat"}

    def _check_outputs(self) -> None:
        base = np.asarray(self.base_score, dtype=np.float64).ravel()
        base = np.repeat(base, self.n_outputs) if base.size == 1 else base
        if base.shape != (self.n_outputs,) or not np.all(np.isfinite(base)):
            raise ValueError(f"base_score: must be {self.n_outputs} finite numbers, got {self.base_score!r}")
        object.__setattr__(self, "base_score", base)
        weight = np.ones(len(self.trees)) if self.tree_weight is None else floats(self.tree_weight, "tree_weight")
        vector = np.array([tree.value.ndim == 2 for tree in self.trees], dtype=bool)
        output = np.where(vector, -1, 0) if self.tree_output is None else self.tree_output
        object.__setattr__(self, "tree_weight", weight.astype(np.float64))
        object.__setattr__(self, "tree_output", integers(output, "tree_output"))
        for name in ("tree_weight", "tree_output"):
            if getattr(self, name).shape != (len(self.trees),):
                raise ValueError(f"{name}: shape {getattr(self, name).shape} must be ({len(self.trees)},)")
        if not np.all(np.isfinite(weight)):
            raise ValueError("tree_weight: must be finite")
        output = np.asarray(self.tree_output)
        out_of_range = np.where(vector, output != -1, (output < 0) | (output >= self.n_outputs))
        refuse_nodes(out_of_range, "tree_output: tree {} has no such output")

    def _check_trees(self) -> None:
        if self.trees and np.concatenate([tree.feature for tree in self.trees]).max() >= self.n_features:
            number, column = next((t, c) for t, c in enumerate(map(_last_column, self.trees)) if c >= self.n_features)
            raise ValueError(f"trees: tree {number} asks about column {column} of {self.n_features}")
        for number, tree in enumerate(self.trees):
            if tree.value.ndim == 2 and tree.value.shape[1] != self.n_outputs:
                raise ValueError(
                    f"trees: tree {number} has {tree.value.shape[1]} values per leaf, not {self.n_outputs}"
                )

    def _check_weights(self) -> None:
        if self.aggregation == "mean" and np.any(self._weight_of_output() <= 0):
            raise ValueError("tree_weight: a mean needs trees of positive weight for each output")

    def _weight_of_output(self) -> NDArray[np.float64]:
        """Sum of the weights of the trees of each output."""
        weight, output = np.asarray(self.tree_weight), np.asarray(self.tree_output)
        own = np.bincount(output[output >= 0], weight[output >= 0], minlength=self.n_outputs)
        return own + weight[output < 0].sum()

    def _rows(self, X: Any) -> Rows:
        rows = Rows(X, self.n_features, self.input_dtype)
        if self.missing == "refused" and rows.has_missing():
            raise ValueError("X: has missing values (NaN), which this ensemble does not know")
        return rows


_CHOICES = {
    "link": ("identity", "logit", "log", "softmax"),
    "aggregation": ("sum", "mean"),
    "comparison": ("<", "<="),
    "input_dtype": ("float32", "float64"),
    "missing": ("learned", "refused"),
    "unlisted_category": ("left", "right"),
}


def _last_column(tree: Tree) -> int:
    return int(tree.feature.max())
