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
    "category_scratch",
    "goes_right",
    "listed_categories",
    "n_words",
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
    """

    max_cat_to_onehot: int = 4
    max_cat_threshold: int = 64


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
    """Scratch of a search: the order of the categories, and what is needed to find it."""

    order: NDArray[np.int32]
    other: NDArray[np.int32]
    weight: NDArray[np.float32]


def n_words(n_bins: NDArray[np.int64], is_category: NDArray[np.bool_]) -> int:
    """Words that a set of categories takes in a table; 0 if no column has categories."""
    return -(-int(np.max(n_bins, where=is_category, initial=0)) // WORD)


@kernel
def category_scratch(n_bins, is_category):
    """Scratch for the largest number of categories in a table."""
    largest = 0
    for f in range(len(n_bins)):
        if is_category[f]:
            largest = max(largest, n_bins[f])
    return CategoryScratch(np.empty(largest, np.int32), np.empty(largest, np.int32), np.empty(largest, f32))


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
    if n_bins < rules.max_cat_to_onehot:
        return _best_one_hot(histogram, n_bins, parent, penalty)
    order_by_weight(histogram, n_bins, penalty, scratch)
    return _best_partition(histogram, n_bins, parent, penalty, rules, scratch.order)


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
def goes_right(right_set, category):
    """Whether a category is in a set."""
    return (right_set[category // WORD] >> np.uint32(category % WORD)) & np.uint32(1) != 0


@kernel
def _best_one_hot(histogram, n_bins, parent, penalty):
    """Each category alone to the right, without the missing values and with them."""
    best = (f32(0.0), -1, False, 0.0, 0.0)
    G_missing, H_missing = histogram[n_bins, 0], histogram[n_bins, 1]
    for category in range(n_bins):
        G, H = histogram[category, 0], histogram[category, 1]
        gain = _candidate_gain(parent.G - G, parent.H - H, G, H, parent, penalty)
        if gain > best[0]:
            best = (gain, category, True, parent.G - G, parent.H - H)
        G, H = G + G_missing, H + H_missing
        gain = _candidate_gain(parent.G - G, parent.H - H, G, H, parent, penalty)
        if gain > best[0]:
            best = (gain, category, False, parent.G - G, parent.H - H)
    return best


@kernel
def _best_partition(histogram, n_bins, parent, penalty, rules, order):
    """The first few categories of the order to the right, or all but the last few."""
    best = (f32(0.0), -1, False, 0.0, 0.0)
    n_cuts = min(rules.max_cat_threshold, n_bins) - 1
    # From the low end: missing values go left, with the rest.
    G, H = 0.0, 0.0
    for k in range(n_cuts):
        G += histogram[order[k], 0]
        H += histogram[order[k], 1]
        gain = _candidate_gain(parent.G - G, parent.H - H, G, H, parent, penalty)
        if gain > best[0]:
            best = (gain, k + 1, True, parent.G - G, parent.H - H)
    # From the high end: missing values go right, with the rest.
    G, H = 0.0, 0.0
    for k in range(n_bins - 1, n_bins - 1 - n_cuts, -1):
        G += histogram[order[k], 0]
        H += histogram[order[k], 1]
        gain = _candidate_gain(G, H, parent.G - G, parent.H - H, parent, penalty)
        if gain > best[0]:
            best = (gain, k, False, G, H)
    return best


@kernel
def _candidate_gain(G_left, H_left, G_right, H_right, parent, penalty):
    """Gain of a split; 0 where it is no candidate."""
    if H_left < penalty.min_child_weight or H_right < penalty.min_child_weight:
        return f32(0.0)
    if parent.bounded:
        gain = bounded_gain(
            G_left, H_left, G_right, H_right, parent.gain, parent.direction, parent.low, parent.high, penalty
        )
    else:
        gain = split_gain(G_left, H_left, G_right, H_right, parent.gain, penalty)
    return gain if f32(0.0) < gain < INFINITY else f32(0.0)


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
        source[:n_bins] = target[:n_bins]
        width *= 2


def listed_categories(
    right_sets: NDArray[np.uint32], asks: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Categories of all nodes of a tree, as `Tree` has them: those that go right.

    Parameters
    ----------
    right_sets : ndarray of uint32, shape (n_nodes, n_words)
    asks : ndarray of bool, shape (n_nodes,)
        Nodes that ask about categories.

    Returns
    -------
    category_start : ndarray of int32, shape (n_nodes + 1,)
    categories : ndarray of int32
    """
    shifts = np.arange(WORD, dtype=np.uint32)
    bits = ((right_sets[asks][:, :, np.newaxis] >> shifts) & np.uint32(1)).reshape(np.count_nonzero(asks), -1)
    n_listed = np.zeros(len(asks) + 1, dtype=np.int32)
    n_listed[1:][asks] = bits.sum(axis=1)
    return np.cumsum(n_listed, dtype=np.int32), np.nonzero(bits)[1].astype(np.int32)
