r"""Two rows are near each other in a forest if the trees put them into the same leaves; this file counts how often.

The proximity of rows i and j is the share of the T trees in which both fall into one leaf (Breiman & Cutler):

.. math:: p_{ij} = \frac{1}{T} \sum_t [\ell_t(i) = \ell_t(j)]

=========  =====================================================================  =====================
symbol     what                                                                   shape
=========  =====================================================================  =====================
leaves     number of the leaf of each row in each tree, :math:`\ell_t(i)`         (n_samples, n_trees)
others     the same of the rows that they are compared with                       (n_others, n_trees)
lists      `LeafLists` of the others: who is in which leaf
count      in how many trees each of the others shares the leaf of one row        (n_others,)
=========  =====================================================================  =====================

Most pairs share no leaf. So nothing compares pairs: a row goes from tree to tree and counts whom it meets in its leaf.
The work is the number of meetings, and the memory is the lists (as large as the leaf numbers), one row of counts a
thread, and the answer::

    tree 0   leaf 3: rows 0 2 5        count of row 2    0 . 2 . . 5        meets 0 and 5 in tree 0
    tree 1   leaf 1: rows 2 5                            0 . 2 . . 5 5      and 5 again in tree 1

References
----------
.. [1] L. Breiman, A. Cutler, "Random Forests", stat.berkeley.edu/~breiman/RandomForests: "Proximities", "Outliers".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks

__all__ = ["outlier_scores", "proximity"]

# Rows that a thread takes at a time.
ROWS_PER_PART = 256

# A pair of a count and a row is one number: the count stands in the upper half.
HALF = np.int64(32)


class LeafLists(NamedTuple):
    """Rows by leaf, for kernels: ``order[start[s]:start[s + 1]]`` are the rows of leaf ``s - first[t]`` of tree t.

    Attributes
    ----------
    first : ndarray of int64, shape (n_trees,)
        Slot of the leaf of number 0.
    start : ndarray of int64, shape (n_slots + 1,)
        Place of the first row of each slot.
    order : ndarray of int32, shape (n_others * n_trees,)
        Rows, ascending within a slot.
    """

    first: NDArray[np.int64]
    start: NDArray[np.int64]
    order: NDArray[np.int32]


# Kernels --------------------------------------------------------------------------------------------------------------


@kernel
def sort_into_lists(leaves, first, start, order):
    """Write the places and the rows of the lists; `start` is zero before."""
    n_rows, n_trees = leaves.shape
    # The place of the next row of slot s stands at s + 1: once all rows are placed, it is the first of slot s + 1.
    for i in range(n_rows):
        for t in range(n_trees):
            start[first[t] + leaves[i, t] + 2] += 1
    for slot in range(2, len(start)):
        start[slot] += start[slot - 1]
    for i in range(n_rows):
        for t in range(n_trees):
            slot = first[t] + leaves[i, t] + 1
            order[start[slot]] = i
            start[slot] += 1


@kernel
def count_meetings(own_leaves, lists, count):
    """Add 1 to the count of each of the others, for each tree in which it is in the leaf of the row."""
    for t in range(len(own_leaves)):
        slot = lists.first[t] + own_leaves[t]
        for place in range(lists.start[slot], lists.start[slot + 1]):
            count[np.uint64(lists.order[place])] += 1


@kernel
def write_shares(leaves, lists, shares):
    """Write the proximities of some rows to all others, shape (n_rows, n_others)."""
    n_trees = leaves.shape[1]
    count = np.empty(shares.shape[1], dtype=np.int32)
    for i in range(len(leaves)):
        count[:] = 0
        count_meetings(leaves[i], lists, count)
        for j in range(len(count)):
            shares[i, j] = count[j] / n_trees


@kernel
def write_squares(leaves, label, lists, label_of_other, squares):
    r"""Write the sum over the others of the row's own class of the squared proximity, shape (n_rows,)."""
    n_trees = leaves.shape[1]
    count = np.empty(len(label_of_other), dtype=np.int32)
    for i in range(len(leaves)):
        count[:] = 0
        count_meetings(leaves[i], lists, count)
        total = np.int64(0)
        for j in range(len(count)):
            if label_of_other[j] == label[i]:
                total += np.int64(count[j]) * np.int64(count[j])
        squares[i] = total / (n_trees * n_trees)


@kernel
def write_nearest(leaves, lists, n_others, near, share):
    """Write, for each row, the others that it meets most often (the smaller number first among equals).

    Their numbers go to `near`, the proximities to `share`, both of shape (n_rows, k); -1 where there are fewer than k.
    """
    n_trees, k = leaves.shape[1], near.shape[1]
    count = np.zeros(n_others, dtype=np.int32)
    best = np.empty(k, dtype=np.int64)
    for i in range(len(leaves)):
        count_meetings(leaves[i], lists, count)
        n_best = 0
        for t in range(n_trees):
            slot = lists.first[t] + leaves[i, t]
            for place in range(lists.start[slot], lists.start[slot + 1]):
                j = np.int64(lists.order[place])
                if count[j] > 0:  # not yet offered
                    n_best = keep_best(best, n_best, (np.int64(count[j]) << HALF) + (n_others - j))
                    count[j] = 0
        for r in range(k):
            near[i, r] = -1
            if r < n_best:
                near[i, r] = n_others - (best[r] & ((np.int64(1) << HALF) - 1))
                share[i, r] = (best[r] >> HALF) / n_trees


@kernel
def keep_best(best, n_best, key):
    """Offer a key to a heap of the best, the least of them on top; how many there are now."""
    if n_best < len(best):
        child = n_best
        while child > 0 and best[(child - 1) // 2] > key:
            best[child] = best[(child - 1) // 2]
            child = (child - 1) // 2
        best[child] = key
        return n_best + 1
    if key > best[0]:
        parent = 0
        while 2 * parent + 1 < n_best:
            child = 2 * parent + 1
            if child + 1 < n_best and best[child + 1] < best[child]:
                child += 1
            if best[child] >= key:
                break
            best[parent] = best[child]
            parent = child
        best[parent] = key
    return n_best


# From leaf numbers ----------------------------------------------------------------------------------------------------


def proximity(leaves: Any, others: Any = None, *, top_k: int | None = None, n_threads: int = 1) -> Any:
    """Share of the trees in which two rows fall into the same leaf.

    Parameters
    ----------
    leaves : array-like of int, shape (n_samples, n_trees)
        Leaf of each row in each tree, as ``apply`` of a forest gives it.
    others : array-like of int, shape (n_others, n_trees), optional
        Leaves of the rows to compare with. Default: `leaves`.
    top_k : int, optional
        Keep only so many nearest of the others for each row, itself included where it is one of them. Of those that
        are equally near, those with the smaller number. Memory is then O(n_samples (n_trees + top_k)).
    n_threads : int, default=1
        The result is the same for any number.

    Returns
    -------
    ndarray of float64, or csr_array, of shape (n_samples, n_others)
        Proximities from 0 to 1; sparse if `top_k` is given, with no zeros stored.

    Raises
    ------
    ValueError
        If `leaves` or `others` are not leaf numbers of the same trees, or `top_k` is not a positive integer.
    """
    leaves = _leaf_numbers(leaves, "leaves")
    others = leaves if others is None else _leaf_numbers(others, "others")
    if others.shape[1] != leaves.shape[1]:
        raise ValueError(f"others: leaves in {others.shape[1]} trees, but leaves of {leaves.shape[1]}")
    lists = _leaf_lists(others, leaves)
    parts = _parts(len(leaves))
    if top_k is None:
        shares = np.empty((len(leaves), len(others)))
        run_tasks(lambda part: write_shares(leaves[part], lists, shares[part]), parts, n_threads)
        return shares
    if not isinstance(top_k, int | np.integer) or isinstance(top_k, bool) or top_k < 1:
        raise ValueError(f"top_k={top_k!r} must be a positive integer or None")
    k = min(int(top_k), len(others))
    near, share = np.empty((len(leaves), k), dtype=np.int32), np.empty((len(leaves), k))
    run_tasks(lambda part: write_nearest(leaves[part], lists, len(others), near[part], share[part]), parts, n_threads)
    kept = near >= 0
    row_start = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    nearest = sparse.csr_array((share[kept], near[kept], row_start), shape=(len(leaves), len(others)))
    nearest.sort_indices()
    return nearest


def outlier_scores(leaves: Any, y: Any = None, *, n_threads: int = 1) -> NDArray[np.float64]:
    r"""How far each row is from the others of its class: Breiman's measure of outliers.

    Of the n rows, with N_c those of the class c of row i,

    .. math:: r_i = \frac{n}{\sum_{j \in N_c} p_{ij}^2}, \qquad
              o_i = \frac{r_i - \operatorname{median}_{j \in N_c} r_j}
                         {\operatorname{median}_{j \in N_c} |r_j - \operatorname{median}_{k \in N_c} r_k|}.

    A row that lies with few of its class has small proximities to them and a large score; Breiman looks at rows with
    more than about 10.

    Parameters
    ----------
    leaves : array-like of int, shape (n_samples, n_trees)
        Leaf of each row in each tree.
    y : array-like of shape (n_samples,), optional
        Classes of the rows. Default: all rows are one class.
    n_threads : int, default=1
        The result is the same for any number.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        Scores; where the median deviation of a class is 0, 0 for the rows at the median and inf (-inf) above (below).

    Raises
    ------
    ValueError
        If `leaves` are not leaf numbers, or y has another length.

    Notes
    -----
    The sum runs over the row itself too, so r is at most n, as in R's randomForest. That library divides by 1.4826
    times the median deviation; its scores are smaller by this factor.
    """
    leaves = _leaf_numbers(leaves, "leaves")
    if y is None:
        label = np.zeros(len(leaves), dtype=np.int64)
    else:
        y = np.asarray(y)
        if y.shape != (len(leaves),):
            raise ValueError(f"y: shape {y.shape} must be ({len(leaves)},)")
        label = np.unique(y, return_inverse=True)[1].astype(np.int64)
    lists, squares = _leaf_lists(leaves, leaves), np.empty(len(leaves))
    run_tasks(
        lambda part: write_squares(leaves[part], label[part], lists, label, squares[part]),
        _parts(len(leaves)),
        n_threads,
    )
    raw = len(leaves) / squares
    scores = np.empty(len(leaves))
    for c in range(label.max(initial=-1) + 1):
        own = label == c
        deviation = raw[own] - np.median(raw[own])
        with np.errstate(divide="ignore", invalid="ignore"):
            score = deviation / np.median(np.abs(deviation))
        scores[own] = np.where(deviation == 0, 0.0, score)
    return scores


def _leaf_numbers(leaves: Any, argument: str) -> NDArray[np.int64]:
    """Leaf numbers as an array that kernels read."""
    array = np.asarray(leaves)
    if array.ndim != 2 or array.dtype.kind not in "iu" or array.shape[1] == 0:
        raise ValueError(
            f"{argument}: must be integers of shape (n_samples, n_trees), got {array.dtype} of shape {array.shape}"
        )
    if array.size and array.min() < 0:
        raise ValueError(f"{argument}: a leaf number is negative")
    return np.ascontiguousarray(array, dtype=np.int64)


def _leaf_lists(others: NDArray[np.int64], leaves: NDArray[np.int64]) -> LeafLists:
    """Lists of the others, with empty ones for leaves that only `leaves` name."""
    n_slots = np.zeros(others.shape[1], dtype=np.int64)
    for part in (others, leaves):
        if len(part):
            np.maximum(n_slots, part.max(axis=0) + 1, out=n_slots)
    first = np.concatenate([[0], np.cumsum(n_slots)])
    start, order = np.zeros(first[-1] + 2, dtype=np.int64), np.empty(others.size, dtype=np.int32)
    sort_into_lists(others, first[:-1], start, order)
    return LeafLists(first[:-1], start[:-1], order)


def _parts(n_rows: int) -> list[slice]:
    return [slice(first, first + ROWS_PER_PART) for first in range(0, n_rows, ROWS_PER_PART)]
