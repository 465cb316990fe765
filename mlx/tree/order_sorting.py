"""Sorting that leaves equal values where scikit-learn leaves them: its introsort, step by step, where values are equal.

The order of samples shows in the last bit of a sum. Quicksort parts the samples in three, below, at and above a pivot
(the median of the first, the middle and the last one); stretches below 16 are sorted by insertion, and stretches that
are parted too often by a heap.

Samples whose ranks all differ can be sorted in one way only. So they are sorted as fast as they can be (`key_sorting`),
and only if equal ranks are found the steps of introsort are taken, and those only for the stretches that hold them::

    samples      [ 5 1 7 3 2 9 3 8 ]       sorted    [ 1 2 3 3 5 7 8 9 ]        equal ranks: parted, step by step
    parted       [ 3 1 3 2 | 5 | 8 9 7 ]             [ 1 2 3 3 | 5 | 7 8 9 ]    the right stretch is copied

A sample is a key: its rank in the upper half, its row in the lower half.

References: D. Musser, "Introspective sorting and selection algorithms", Software: Practice and Experience 27 (1997);
J. Bentley & M. D. McIlroy, "Engineering a sort function", the same, 23 (1993).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .key_sorting import RANK_SHIFT, n_buckets, sort_keys

__all__ = ["AS_THEY_WERE", "SortRoom", "new_sort_room", "sort_as_introsort", "sort_by_heap", "sort_in_order"]

# Stretches up to here are sorted by insertion.
FEW = 15

# The left part of each parting waits while the right one is parted; both are at most half done.
MOST_WAITING = 256

# Row of the keys in the order before sorting; rows 0 and 1 are those of `key_sorting`.
AS_THEY_WERE = np.int64(2)


class SortRoom(NamedTuple):
    """Room to sort n samples.

    Attributes
    ----------
    keys : ndarray of uint64, shape (3, n)
    bucket : ndarray of uint32
    waiting : ndarray of int64, shape (MOST_WAITING, 3)
    """

    keys: NDArray[np.uint64]
    bucket: NDArray[np.uint32]
    waiting: NDArray[np.int64]


def new_sort_room(n_samples: int) -> SortRoom:
    """Room to sort so many samples."""
    return SortRoom(
        keys=np.empty((3, n_samples), dtype=np.uint64),
        bucket=np.empty(n_buckets(n_samples), dtype=np.uint32),
        waiting=np.empty((MOST_WAITING, 3), dtype=np.int64),
    )


@kernel
def sort_as_introsort(keys, n, lowest, highest, bucket, waiting):
    """Sort n keys, given twice: in the first row of `keys` and `AS_THEY_WERE`; the row that holds them then.

    Ranks are between lowest and highest.
    """
    if lowest == highest:
        return AS_THEY_WERE
    row = sort_keys(keys, n, lowest, highest, bucket)
    if not has_ties(keys, row, np.int64(0), n):
        return row
    sort_in_order(keys, n, row, waiting)
    return AS_THEY_WERE


@kernel
def has_ties(keys, row, low, high):
    """Whether two of the sorted keys [low, high) have the same rank."""
    i = low + 1
    while i < high and keys[row, i] >> RANK_SHIFT != keys[row, i - 1] >> RANK_SHIFT:
        i += 1
    return i < high


@kernel
def sort_in_order(keys, n, in_any_order, waiting):
    """Sort n keys `AS_THEY_WERE` by the steps of introsort; another row has them sorted, equal ranks anyhow."""
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, n, 2 * np.int64(math.log2(n))
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        low, high, n_partings = waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2]
        while high - low > FEW:
            if not has_ties(keys, in_any_order, low, high):
                for i in range(low, high):
                    keys[AS_THEY_WERE, i] = keys[in_any_order, i]
                low = high
                break
            if n_partings <= 0:
                sort_by_heap(keys, low, high)
                low = high
                break
            n_partings -= 1
            left, right = part_in_three(keys, low, high)
            waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2] = low, left, n_partings
            n_waiting += 1
            low = right
        insert(keys, low, high)


@kernel
def part_in_three(keys, low, high):
    """Bring what is below the pivot to the left, what is above to the right; where the middle begins and ends."""
    a = keys[AS_THEY_WERE, low] >> RANK_SHIFT
    b = keys[AS_THEY_WERE, low + (high - low) // 2] >> RANK_SHIFT
    c = keys[AS_THEY_WERE, high - 1] >> RANK_SHIFT
    pivot = max(min(a, b), min(max(a, b), c))
    i, left, right = low, low, high
    while i < right:
        key = keys[AS_THEY_WERE, i]
        rank = key >> RANK_SHIFT
        if rank < pivot:
            keys[AS_THEY_WERE, i] = keys[AS_THEY_WERE, left]
            keys[AS_THEY_WERE, left] = key
            i += 1
            left += 1
        elif rank > pivot:
            right -= 1
            keys[AS_THEY_WERE, i] = keys[AS_THEY_WERE, right]
            keys[AS_THEY_WERE, right] = key
        else:
            i += 1
    return left, right


@kernel
def insert(keys, low, high):
    """Sort a short stretch; equal ranks keep their order."""
    for i in range(low + 1, high):
        key = keys[AS_THEY_WERE, i]
        j = i
        while j > low and keys[AS_THEY_WERE, j - 1] >> RANK_SHIFT > key >> RANK_SHIFT:
            keys[AS_THEY_WERE, j] = keys[AS_THEY_WERE, j - 1]
            j -= 1
        keys[AS_THEY_WERE, j] = key


@kernel
def sort_by_heap(keys, low, high):
    """Sort a stretch by a heap."""
    n = high - low
    for root in range((n - 2) // 2, -1, -1):
        sift_down(keys, low, root, n)
    for last in range(n - 1, 0, -1):
        first = keys[AS_THEY_WERE, low]
        keys[AS_THEY_WERE, low] = keys[AS_THEY_WERE, low + last]
        keys[AS_THEY_WERE, low + last] = first
        sift_down(keys, low, 0, last)


@kernel
def sift_down(keys, low, root, n):
    """Move a key down the heap that begins at `low` until no child is larger."""
    while True:
        largest = root
        for child in range(2 * root + 1, min(2 * root + 3, n)):
            if keys[AS_THEY_WERE, low + largest] >> RANK_SHIFT < keys[AS_THEY_WERE, low + child] >> RANK_SHIFT:
                largest = child
        if largest == root:
            return
        own = keys[AS_THEY_WERE, low + root]
        keys[AS_THEY_WERE, low + root] = keys[AS_THEY_WERE, low + largest]
        keys[AS_THEY_WERE, low + largest] = own
        root = largest
