"""An ensemble is trees and the rules by which their answers become a prediction, as of a forest or a booster.

Every model that grows trees, and every foreign model that is read, becomes a `TreeEnsemble`; explanations, plots and
text dumps are written for it once. Libraries differ in the rules by which a row is sent left or right:

===================  ================================  ==========  ============  ====================  ========
field                what                              xgboost     scikit-learn  HistGradientBoosting  LightGBM
===================  ================================  ==========  ============  ====================  ========
`comparison`         a row goes left if                x < t       x <= t        x <= t                x <= t
`input_dtype`        x is rounded before to            float32     float32       float64               float64
`unlisted_category`  categories not listed go          left                      right                 right
`category_input`     a table holds of categories       codes                     themselves            codes
`unstored`           what a sparse table lacks is      missing     zero                                zero
`zero_is_missing`    a zero may be missing             no          no            no                    yes
===================  ================================  ==========  ============  ====================  ========
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
from .checks import flags, floats, integers, refuse_nodes
from .encoding import CategoryValues, checked_categories, encoded
from .flat import CategorySets, FlatTrees, flatten
from .links import Link, mean_of
from .rows import Rows
from .tree import Tree

__all__ = ["TreeEnsemble"]


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """Trees and the rules by which their answers become a prediction.

    The margin of output k is ``base_score[k]`` plus the sum, or the mean, over the trees t of output k, of
    ``tree_weight[t]`` times the value of the leaf that the row reaches. The prediction is the inverse link of
    ``link_scale`` times the margin.

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
    link_scale : float, default=1
        What the margin is multiplied by before.
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
    unstored : {"missing", "zero"}, default="missing"
        What an entry is that a sparse matrix does not store.
    zero_is_missing : ndarray of bool, shape (n_features,), optional
        Columns in which a zero (at most 1e-35 from it, as in LightGBM) is a missing value too. Default: none.
    category_values : sequence of (sequence or None), optional
        For each column the categories that its codes 0, 1, ... stand for, or None. By them the columns of categories
        of a data frame are encoded; what is none of them is missing.
    category_input : {"code", "value"}, default="code"
        Whether other tables hold codes, or the categories themselves.
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
    link_scale: float = 1.0
    tree_weight: NDArray[np.float64] | None = None
    tree_output: NDArray[np.int32] | None = None
    aggregation: Literal["sum", "mean"] = "sum"
    comparison: Literal["<", "<="] = "<"
    input_dtype: Literal["float32", "float64"] = "float32"
    missing: Literal["learned", "refused"] = "learned"
    unlisted_category: Literal["left", "right"] = "left"
    unstored: Literal["missing", "zero"] = "missing"
    zero_is_missing: NDArray[np.bool_] | None = None
    category_values: CategoryValues | None = None
    category_input: Literal["code", "value"] = "code"
    feature_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "trees", tuple(self.trees))
        for name, least in (("n_features", 1), ("n_outputs", 1)):
            number = getattr(self, name)
            if not isinstance(number, Integral) or isinstance(number, bool) or number < least:
                raise ValueError(f"{name}={number!r} must be an integer of at least {least}")
        if not np.isfinite(self.link_scale) or self.link_scale <= 0:
            raise ValueError(f"link_scale={self.link_scale!r} must be a finite number above 0")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {', '.join(map(repr, choices))}")
        self._check_outputs()
        self._check_trees()
        self._check_weights()
        self._check_columns()

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
        run_tasks(lambda part: add_trees(rows.part(part), trees, sets, margin[part]), rows.parts(n_threads), n_threads)
        if self.aggregation == "mean":
            margin = base + margin / self._weight_of_output()
        return margin

    def predict(self, X: Any, n_threads: int = 1) -> NDArray[np.floating]:
        """Inverse link of the margins, of their shape and type."""
        margin = self.margin(X, n_threads)
        return mean_of(margin if self.link_scale == 1 else margin * self.link_scale, self.link)

    def apply(self, X: Any, n_threads: int = 1) -> NDArray[np.int32]:
        """Node number of the leaf that each row reaches in each tree, shape (n_samples, n_trees)."""
        from .prediction import find_leaves

        rows, (trees, sets) = self._rows(X), self.flat
        leaves = np.empty((len(rows), self.n_trees), dtype=np.int32)
        run_tasks(
            lambda part: find_leaves(rows.part(part), trees, sets, leaves[part]), rows.parts(n_threads), n_threads
        )
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

    def _check_columns(self) -> None:
        if self.zero_is_missing is not None:
            columns = flags(self.zero_is_missing, "zero_is_missing")
            if columns.shape != (self.n_features,):
                raise ValueError(f"zero_is_missing: shape {columns.shape} must be ({self.n_features},)")
            object.__setattr__(self, "zero_is_missing", columns)
        if self.category_values is not None:
            object.__setattr__(self, "category_values", checked_categories(self.category_values, self.n_features))
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(self.feature_names))
            if len(self.feature_names) != self.n_features:
                raise ValueError(f"feature_names: {len(self.feature_names)} names for {self.n_features} columns")

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
        X = encoded(X, self.category_values, by_value=self.category_input == "value", dtype=self.input_dtype)
        rows = Rows(X, self.n_features, self.input_dtype, unstored=self.unstored, zero_is_missing=self.zero_is_missing)
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
    "unstored": ("missing", "zero"),
    "category_input": ("code", "value"),
}


def _last_column(tree: Tree) -> int:
    return int(tree.feature.max())
