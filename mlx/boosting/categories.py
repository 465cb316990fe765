r"""A split on categories sends some of them to the right, and the others, known or not, to the left.

Two ways to choose those that go right, as in the library:

* **one-hot**, for columns of fewer than max_cat_to_onehot categories: each category alone;
* **partition**: the categories are put in the order of the leaf weight that each would have by itself, and the order is
  cut in two. For half squared error no other partition is better (Fisher 1958), so that k - 1 cuts do for the
  2^(k-1) - 1 partitions of k categories. At most max_cat_threshold categories are taken from either end::

      order by weight      A    B    C    D    E          [ ] have the missing values
      from the low end     A [ B C D E ],  A B [ C D E ],  A B C [ D E ],  A B C D [ E ]       low ones go right
      from the high end    [ A B C D ] E,  [ A B C ] D E,  [ A B ] C D E,  [ A ] B C D E       low ones go right

A candidate is told by one number: the category that goes right alone, or how many of the order go right. So what is
kept of each column while a node looks for its split is as small as that of a cut; `write_right_set` makes the set of
the one candidate that is taken.

What decides to the last bit: the order is stable, by weights in float32; a category without rows, or with a cover below
min_child_weight, has the weight 0; a candidate replaces the best one only if its gain is greater.

References
----------
W. D. Fisher, "On Grouping for Maximum Homogeneity", Journal of the American Statistical Association 53, 1958.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .splitting import INFINITY, bounded_gain, gain_of_weight, leaf_weight, similarity, split_gain

__all__ = [
    "CategoryRules",
    "CategoryScratch",
    "Parent",
    "best_category_split",
    "category_cuts",
    "goes_right",
    "holds_none",
    "listed_categories",
    "n_words",
    "new_category_scratch",
    "order_by_weight",
    "parent_of",
    "write_right_set",
]

f32 = np.float32

# Categories that one word of a set has room for.
WORD = 32


class CategoryRules(NamedTuple):
    """Parameters about columns of categories.

    Attributes
    ----------
    max_cat_to_onehot : int
        Columns with fewer categories are split one-hot.
    max_cat_threshold : int
        Categories taken from either end of the order of a partition.
    is_category : ndarray of bool, shape (n_features,) or (0,)
        Which columns hold categories; empty if none does.
    """

    max_cat_to_onehot: int = 4
    max_cat_threshold: int = 64
    is_category: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)


class Parent(NamedTuple):
    """The node that is split.

    Attributes
    ----------
    G, H : float
    gain : float32
        What the node is worth without a split.
    bounded : bool
        Whether any column has a direction; if not, what follows is not looked at.
    direction : int
        Of this column.
    low, high : float32
        Bounds of the leaf weights.
    """

    G: float
    H: float
    gain: np.float32
    bounded: bool
    direction: int
    low: np.float32
    high: np.float32


class CategoryScratch(NamedTuple):
    """Scratch of a search, for the largest number k of categories.

    Attributes
    ----------
    order, other : ndarray of int32, shape (k,)
        Categories by weight, and room for sorting them.
    weight : ndarray of float32, shape (k,)
        Weight that each category would have as a leaf.
    left, right : ndarray of float64, shape (2 * k, 2)
        G and H of the children of each candidate.
    """

    order: NDArray[np.int32]
    other: NDArray[np.int32]
    weight: NDArray[np.float32]
    left: NDArray[np.float64]
    right: NDArray[np.float64]


def category_cuts(codes: NDArray[np.float32], sample_weight: object = None, max_bin: int = 0) -> NDArray[np.float32]:
    """Upper ends of bins of which each holds one category, up to the highest one that is there.

    Neither weights nor the largest number of bins matter: all categories are kept apart.
    """
    highest = np.max(codes, where=~np.isnan(codes), initial=0)
    return np.arange(1, highest + 2, dtype=np.float32)


def n_words(n_bins: NDArray[np.int64], is_category: NDArray[np.bool_]) -> int:
    """Words that a set of categories takes in a table; 0 if no column has categories."""
    return -(-int(np.max(n_bins[np.flatnonzero(is_category)], initial=0)) // WORD)


def new_category_scratch(n_categories: int) -> CategoryScratch:
    """Scratch for columns of up to so many categories."""
    order, other = np.empty(n_categories, dtype=np.int32), np.empty(n_categories, dtype=np.int32)
    left, right = np.empty((2 * n_categories, 2)), np.empty((2 * n_categories, 2))
    return CategoryScratch(order, other, np.empty(n_categories, dtype=f32), left, right)


@kernel
def parent_of(G, H, weight, bounded, direction, low, high, penalty):
    """The node that is split, with its gain; `weight` is what it would answer as a leaf, between its bounds."""
    gain = gain_of_weight(G, H, weight, penalty) if bounded else similarity(G, H, penalty)
    return Parent(G, H, gain, bounded, direction, low, high)


@kernel
def best_category_split(histogram, n_bins, parent, penalty, rules, scratch):
    """Best split of a node on a column of categories.

    Parameters
    ----------
    histogram : ndarray of float64, shape (n_bins + 1, 2)
        G and H of the node's rows of each category; the last row is of missing values.
    n_bins : int
        Number of categories.
    parent : Parent
    penalty : Penalty
    rules : CategoryRules
    scratch : CategoryScratch
        Written to.

    Returns
    -------
    gain : float32
        0 if no split lowers the loss.
    bin : int
        The category that goes right, or how many of the order go right: see `write_right_set`.
    missing_left : bool
    G, H : float
        Sums of the left child.
    """
    one_hot = n_bins < rules.max_cat_to_onehot
    n_cuts = n_bins if one_hot else min(rules.max_cat_threshold, n_bins) - 1
    if one_hot:
        _one_hot_candidates(histogram, n_bins, parent, scratch)
    else:
        order_by_weight(histogram, n_bins, penalty, scratch)
        _partition_candidates(histogram, n_bins, n_cuts, parent, scratch)
    best, largest = _best_candidate(2 * n_cuts, parent, penalty, scratch)
    missing_left = best % 2 == 0 if one_hot else best < n_cuts
    split_bin = best // 2 if one_hot else (best + 1 if missing_left else n_bins - 1 - (best - n_cuts))
    return largest, split_bin, missing_left, scratch.left[best, 0], scratch.left[best, 1]


@kernel
def write_right_set(histogram, n_bins, split_bin, penalty, rules, scratch, right_set):
    """Write the set of the categories that go right, by a candidate of `best_category_split` with the same arguments.

    Parameters
    ----------
    split_bin : int
        `bin` of the candidate.
    right_set : ndarray of uint32, shape (n_words,)
        Bit c of the set, counted over all words, is set if category c goes right.
    """
    right_set[:] = np.uint32(0)
    if n_bins < rules.max_cat_to_onehot:
        right_set[split_bin // WORD] = np.uint32(1) << np.uint32(split_bin % WORD)
        return
    order_by_weight(histogram, n_bins, penalty, scratch)
    for k in range(split_bin):
        category = scratch.order[k]
        right_set[category // WORD] |= np.uint32(1) << np.uint32(category % WORD)


@kernel
def holds_none(right_set):
    """Whether a set holds nothing, as where a node asks about a threshold."""
    together = np.uint32(0)
    for word in right_set:
        together |= word
    return together == 0


@kernel
def goes_right(right_set, category):
    """Whether a category is in a set."""
    return (right_set[category // WORD] >> np.uint32(category % WORD)) & np.uint32(1) != 0


@kernel
def _one_hot_candidates(histogram, n_bins, parent, scratch):
    """Each category alone to the right, without the missing values and with them."""
    for k in range(2 * n_bins):
        G, H = histogram[k // 2, 0], histogram[k // 2, 1]
        if k % 2:
            G += histogram[n_bins, 0]
            H += histogram[n_bins, 1]
        scratch.right[k, 0], scratch.right[k, 1] = G, H
        scratch.left[k, 0], scratch.left[k, 1] = parent.G - G, parent.H - H


@kernel
def _partition_candidates(histogram, n_bins, n_cuts, parent, scratch):
    """First few of the order to the right, missing values left; then last few to the left, missing values right."""
    for first, step, side, other in (
        (0, 1, scratch.right, scratch.left),
        (n_bins - 1, -1, scratch.left[n_cuts:], scratch.right[n_cuts:]),
    ):
        G, H = 0.0, 0.0
        for k in range(n_cuts):
            category = scratch.order[first + step * k]
            G += histogram[category, 0]
            H += histogram[category, 1]
            side[k, 0], side[k, 1] = G, H
            other[k, 0], other[k, 1] = parent.G - G, parent.H - H


@kernel
def _best_candidate(n_candidates, parent, penalty, scratch):
    """The first of the candidates with the largest gain, and its gain; 0 if none lowers the loss."""
    best, largest = 0, f32(0.0)
    for k in range(n_candidates):
        G_left, H_left, G_right, H_right = (
            scratch.left[k, 0],
            scratch.left[k, 1],
            scratch.right[k, 0],
            scratch.right[k, 1],
        )
        if min(H_left, H_right) < penalty.min_child_weight:
            continue
        if parent.bounded:
            gain = bounded_gain(
                G_left, H_left, G_right, H_right, parent.gain, parent.direction, parent.low, parent.high, penalty
            )
        else:
            gain = split_gain(G_left, H_left, G_right, H_right, parent.gain, penalty)
        if largest < gain < INFINITY:
            best, largest = k, gain
    return best, largest


@kernel
def order_by_weight(histogram, n_bins, penalty, scratch):
    """Write into ``scratch.order`` the categories by the weight that each would have as a leaf, a stable order.

    Sorted parts of 1, 2, 4, ... categories are merged two by two.
    """
    source, target, weight = scratch.order, scratch.other, scratch.weight
    for category in range(n_bins):
        source[category] = category
        weight[category] = leaf_weight(histogram[category, 0], histogram[category, 1], penalty)
    width = 1
    while width < n_bins:
        for first in range(0, n_bins, 2 * width):
            middle, last = min(first + width, n_bins), min(first + 2 * width, n_bins)
            low, high = first, middle
            for k in range(first, last):
                if low < middle and (high == last or not weight[source[high]] < weight[source[low]]):
                    target[k] = source[low]
                    low += 1
                else:
                    target[k] = source[high]
                    high += 1
        for k in range(n_bins):
            source[k] = target[k]
        width *= 2


def listed_categories(right_sets: NDArray[np.uint32]) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
    """Categories of all nodes of a tree, as `Tree` has them: those that go right.

    Parameters
    ----------
    right_sets : ndarray of uint32, shape (n_nodes, n_words)
        Empty sets of nodes that do not ask about categories.

    Returns
    -------
    category_start : ndarray of int32, shape (n_nodes + 1,), or None
        None if no node asks about categories.
    categories : ndarray of int32 or None
    """
    if not right_sets.any():
        return None, None
    bits = (right_sets[:, :, np.newaxis] >> np.arange(WORD, dtype=np.uint32)) & np.uint32(1)
    node, category = np.nonzero(bits.reshape(len(bits), WORD * right_sets.shape[1]))
    start = np.searchsorted(node, np.arange(len(bits) + 1))
    return start.astype(np.int32), category.astype(np.int32)
