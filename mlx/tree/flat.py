"""A flat view lays all trees of an ensemble end to end, so that a row's walk is a few loads and no guess.

Each node asks one question of a row that has every column twice, as it is and negated: "is this number at least the
threshold?" A row for which the answer is yes steps to the second child, any other one to the first child. A leaf asks
what nothing answers with yes, and is its own first child. A missing value answers no, so the side that it goes to is
the first child::

    missing left     x < t        first child: left      x >= t        asks the column
    missing right    x < t        first child: right    -x > -t        asks the negated column

If a node lists categories, the answer is turned round for a listed one::

    first child: unlisted      x >= NaN: no     listed: yes
    first child: listed        x >= -inf: yes   listed: no      missing: no

Within each tree the nodes are numbered anew, breadth first (`mlx.tree.cart_flat`: in the order of the questions), the
second child right behind the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .tree import Tree

__all__ = ["CategorySets", "FlatTrees", "flatten"]

# Bits of a word of a set of categories.
WORD = np.uint32(32)

# A set of few, but large, categories is a list: a bit for each smaller one would take more words than this above those.
MOST_IDLE_WORDS = 64


class FlatTrees(NamedTuple):
    """All trees of an ensemble one after the other, for kernels; nodes are counted from the first tree on.

    Attributes
    ----------
    root : ndarray of uint32, shape (n_trees,)
    n_steps : ndarray of int32, shape (n_trees,)
        Steps after which every row is at a leaf: the depth of the tree.
    output : ndarray of int32, shape (n_trees,)
        Output that the tree adds to; -1 if to all.
    column : ndarray of uint32, shape (n_nodes,)
        Below n_features as it is, from there on negated; 0 at leaves. (Unsigned: an index that may be negative is
        checked for that at each use.)
    threshold : ndarray of float32 or float64, shape (n_nodes,)
        NaN at leaves.
    child : ndarray of uint32, shape (n_nodes,)
        First child; the node itself at leaves. The second child is the next node.
    number : ndarray of int32, shape (n_nodes,)
        What the tree itself calls the node.
    value : ndarray of float32 or float64, shape (n_nodes, n_values)
        Values times the tree's weight; n_values is 1, or n_outputs for trees with vectors in their leaves.
    """

    root: NDArray[np.uint32]
    n_steps: NDArray[np.int32]
    output: NDArray[np.int32]
    column: NDArray[np.uint32]
    threshold: NDArray[np.floating]
    child: NDArray[np.uint32]
    number: NDArray[np.int32]
    value: NDArray[np.floating]

    def select(self, chosen: NDArray[np.integer]) -> FlatTrees:
        """Some of the trees; the nodes are all still there."""
        per_tree = {name: getattr(self, name)[chosen] for name in ("root", "n_steps", "output")}
        return self._replace(**per_tree)


class CategorySets(NamedTuple):
    """Categories that the nodes of all trees list.

    Attributes
    ----------
    start : ndarray of uint32, shape (n_nodes,)
        First of a node's words; of a node without categories it is one without bits.
    n_codes : ndarray of uint32, shape (n_nodes,)
        Categories from here on are not among the node's bits. The bit of this number is there, and 0.
    words : ndarray of uint32
        A bit for each category, from 0 on.
    n_listed : ndarray of int32, shape (n_nodes,)
        If this is not 0, the node's words are not bits, but a 0 and so many categories.
    """

    start: NDArray[np.uint32]
    n_codes: NDArray[np.uint32]
    words: NDArray[np.uint32]
    n_listed: NDArray[np.int32]


def flatten(
    trees: Sequence[Tree],
    weight: NDArray[np.float64],
    output: NDArray[np.int32],
    n_features: int,
    *,
    input_dtype: str = "float32",
    at_most: bool = False,
    listed_left: bool = False,
) -> tuple[FlatTrees, CategorySets | None]:
    """Flat view of trees with their weights and outputs, and their sets of categories if there are any.

    Parameters
    ----------
    trees : sequence of Tree
    weight : ndarray of float64, shape (n_trees,)
    output : ndarray of int32, shape (n_trees,)
    n_features : int
    input_dtype : {"float32", "float64"}
        To what rows are rounded before they are compared.
    at_most : bool
        Go left if ``x <= threshold``, not if ``x < threshold``.
    listed_left : bool
        Go left if the category is listed, not if it is none of those.
    """
    # Here, as a model is read and shown without a compiler.
    from .breadth_first import breadth_first

    sizes = np.array([tree.n_nodes for tree in trees], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(sizes)])
    left, missing_left = _joined(trees, "left", np.int32), _joined(trees, "missing_left", np.bool_)
    order, child = np.empty((2, start[-1]), dtype=np.int64)
    n_steps = np.empty(len(trees), dtype=np.int32)
    breadth_first(left, _joined(trees, "right", np.int32), missing_left, start, order, child, n_steps)
    is_leaf, missing_left = left[order] < 0, missing_left[order]
    threshold = _rounded(_joined(trees, "threshold", np.float64)[order], np.dtype(input_dtype), at_most)
    sets, lists = _category_sets(trees, start, order)
    negated = ~(missing_left | is_leaf | lists)
    all_left, none_left = _one_sided(_joined(trees, "threshold", np.float64)[order], at_most)
    with np.errstate(over="ignore"):
        threshold[negated] = np.nextafter(-threshold[negated], threshold.dtype.type(np.inf))
    # "Yes" steps to the second child, which is the left one where the column is negated.
    threshold[all_left] = np.where(negated[all_left], -np.inf, np.nan)
    threshold[none_left] = np.where(negated[none_left], np.nan, -np.inf)
    # Where a missing value goes left, the first child is the left one.
    threshold[lists] = np.where(missing_left[lists] == listed_left, -np.inf, np.nan)
    threshold[is_leaf] = np.nan
    column = np.maximum(_joined(trees, "feature", np.int32)[order], 0) + n_features * negated
    flat = FlatTrees(
        root=start[:-1].astype(np.uint32),
        n_steps=n_steps,
        output=np.array(output, dtype=np.int32),
        column=column.astype(np.uint32),
        threshold=threshold,
        child=child.astype(np.uint32),
        number=(order - np.repeat(start[:-1], sizes)).astype(np.int32),
        value=_values(trees, weight, start, input_dtype)[order],
    )
    return flat, sets


def _rounded(threshold: NDArray[np.float64], dtype: np.dtype, at_most: bool) -> NDArray[np.floating]:
    """Thresholds t of the type of the rows, such that ``x < t`` answers as ``x < threshold`` or ``x <= threshold``.

    If the threshold is not a number of that type itself, the next one above it does for both.
    """
    with np.errstate(over="ignore"):
        rounded = threshold.astype(dtype)
        too_low = rounded <= threshold if at_most else rounded < threshold
        rounded[too_low] = np.nextafter(rounded[too_low], dtype.type(np.inf))
    return rounded


def _one_sided(threshold: NDArray[np.float64], at_most: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Nodes that send every number left, infinite ones too, and nodes that send none left."""
    return (threshold == np.inf) & at_most, (threshold == -np.inf) & (not at_most)


def _values(
    trees: Sequence[Tree], weight: NDArray[np.float64], start: NDArray[np.int64], input_dtype: str
) -> NDArray[np.floating]:
    """Values times weights, shape (n_nodes, n_values); float32 if all of them are, and the rows too."""
    single = input_dtype == "float32" and all(tree.value.dtype == np.float32 for tree in trees)
    n_values = max((tree.value.shape[1] for tree in trees if tree.value.ndim == 2), default=0)
    if n_values == 0:
        values = _joined(trees, "value", np.float64).reshape(-1, 1)
    else:
        values = np.zeros((start[-1], n_values))
        for tree, first, last in zip(trees, start, start[1:]):
            own = tree.value.reshape(last - first, -1)
            values[first:last, : own.shape[1]] = own
    values *= np.repeat(weight, np.diff(start))[:, np.newaxis]
    return values.astype(np.float32 if single else np.float64)


def _category_sets(
    trees: Sequence[Tree], start: NDArray[np.int64], order: NDArray[np.int64]
) -> tuple[CategorySets | None, NDArray[np.bool_]]:
    """Sets of categories, None if there are none, and which nodes have one."""
    n_listed = np.zeros(len(order), dtype=np.int64)
    for tree, first, last in zip(trees, start, start[1:]):
        if tree.category_start is not None:
            n_listed[first:last] = np.diff(tree.category_start)
    lists = n_listed[order] > 0
    if not lists.any():
        return None, lists
    codes = np.concatenate([tree.categories for tree in trees if tree.categories is not None]).astype(np.uint32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    node, n_listed = np.repeat(place, n_listed), n_listed[order]
    n_words = np.zeros(len(order), dtype=np.int64)
    np.maximum.at(n_words, node, codes // WORD + 1)
    sparse = n_words > MOST_IDLE_WORDS + n_listed
    n_words[sparse] = 0
    n_listed[~sparse] = 0
    # Word 0 is that of all nodes without a set; behind each one's bits, or before its list, there is a word of zeros.
    size = n_words + n_listed + lists
    first_word = np.where(size > 0, 1 + np.cumsum(size) - size, 0)
    words = np.zeros(1 + size.sum(), dtype=np.uint32)
    bit = ~sparse[node]
    np.bitwise_or.at(words, first_word[node[bit]] + codes[bit] // WORD, np.uint32(1) << codes[bit] % WORD)
    listed = np.flatnonzero(~bit)
    listed = listed[np.argsort(node[listed], kind="stable")]
    lengths = n_listed[sparse]
    rank = np.arange(len(listed)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    words[first_word[node[listed]] + 1 + rank] = codes[listed]
    bits = (first_word.astype(np.uint32), (n_words * WORD).astype(np.uint32))
    return CategorySets(*bits, words, n_listed.astype(np.int32)), lists


def _joined(trees: Sequence[Tree], name: str, dtype: Any) -> NDArray:
    arrays = [getattr(tree, name) for tree in trees]
    return np.concatenate(arrays).astype(dtype, copy=False) if arrays else np.zeros(0, dtype=dtype)
