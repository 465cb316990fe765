"""Sorting that leaves equal values where scikit-learn leaves them: its introsort, step by step, on ranks.

The order of samples shows in the last bit of a sum. Quicksort parts the samples in three, below, at and above a pivot
(the median of the first, the middle and the last one); stretches below 16 are sorted by insertion, and stretches that
are parted too often by a heap.

References: D. Musser, "Introspective sorting and selection algorithms", Software: Practice and Experience 27 (1997);
J. Bentley & M. D. McIlroy, "Engineering a sort function", the same, 23 (1993).
"""

from __future__ import annotations

import math

import numpy as np

from ..numeric.jit import kernel

__all__ = ["divide", "missing_last", "missing_to_the_left", "sort_in_order"]

# Stretches up to here are sorted by insertion.
FEW = 15

# The left part of each parting waits while the right one is parted; both are at most half done.
MOST_WAITING = 256


@kernel(inline=True)
def swap(ranks, order, i, j):
    """Exchange two samples."""
    ranks[i], ranks[j] = ranks[j], ranks[i]
    order[i], order[j] = order[j], order[i]


@kernel
def sort_in_order(ranks, order, start, end, waiting):
    """Sort ranks[start:end], and the samples with them. `waiting` is room for (MOST_WAITING, 3) integers."""
    if end <= start:
        return
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = start, end, 2 * np.int64(math.log2(end - start))
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        low, high, n_partings = waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2]
        while high - low > FEW:
            if n_partings <= 0:
                sort_by_heap(ranks, order, low, high)
                low = high
                break
            n_partings -= 1
            left, right = part_in_three(ranks, order, low, high)
            waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2] = low, left, n_partings
            n_waiting += 1
            low = right
        insert(ranks, order, low, high)


@kernel
def part_in_three(ranks, order, low, high):
    """Bring what is below the pivot to the left, what is above to the right; where the middle begins and ends."""
    a, b, c = ranks[low], ranks[low + (high - low) // 2], ranks[high - 1]
    pivot = max(min(a, b), min(max(a, b), c))
    i, left, right = low, low, high
    while i < right:
        if ranks[i] < pivot:
            swap(ranks, order, i, left)
            i += 1
            left += 1
        elif ranks[i] > pivot:
            right -= 1
            swap(ranks, order, i, right)
        else:
            i += 1
    return left, right


@kernel
def insert(ranks, order, low, high):
    """Sort a short stretch; equal ranks keep their order."""
    for i in range(low + 1, high):
        rank, sample = ranks[i], order[i]
        j = i
        while j > low and ranks[j - 1] > rank:
            ranks[j] = ranks[j - 1]
            order[j] = order[j - 1]
            j -= 1
        ranks[j] = rank
        order[j] = sample


@kernel
def sort_by_heap(ranks, order, low, high):
    """Sort a stretch by a heap."""
    n = high - low
    for root in range((n - 2) // 2, -1, -1):
        sift_down(ranks, order, low, root, n)
    for last in range(n - 1, 0, -1):
        swap(ranks, order, low, low + last)
        sift_down(ranks, order, low, 0, last)


@kernel
def sift_down(ranks, order, low, root, n):
    """Move a sample down the heap that begins at `low` until no child is larger."""
    while True:
        largest = root
        for child in range(2 * root + 1, min(2 * root + 3, n)):
            if ranks[low + largest] < ranks[low + child]:
                largest = child
        if largest == root:
            return
        swap(ranks, order, low + root, low + largest)
        root = largest


@kernel
def missing_last(column, missing, ranks, order, start, end):
    """Write the ranks of order[start:end], those with a value first; the number of missing ones.

    Each missing one is exchanged with the last that has a value.
    """
    i, last = start, end - 1
    while i <= last:
        if column[order[last]] == missing:
            last -= 1
            continue
        if column[order[i]] == missing:
            order[i], order[last] = order[last], order[i]
            last -= 1
        ranks[i] = column[order[i]]
        i += 1
    for p in range(last + 1, end):
        ranks[p] = missing
    return end - 1 - last


@kernel
def missing_to_the_left(ranks, order, start, end, n_missing, spare):
    """Bring the missing samples, which are last, to the front; both parts keep their order."""
    n = end - start
    for p in range(n):
        spare[p] = order[start + p]
    for p in range(n):
        order[start + p] = spare[p - n_missing if p >= n_missing else n - n_missing + p]
    missing = ranks[end - 1]
    for p in range(end - 1, start + n_missing - 1, -1):
        ranks[p] = ranks[p - n_missing]
    for p in range(start, start + n_missing):
        ranks[p] = missing


@kernel
def divide(column, missing, order, start, end, last, missing_left):
    """Bring the samples that go left to the front: those of the right are put to the back, one by one; the cut."""
    i, cut = start, end
    while i < cut:
        rank = column[order[i]]
        goes_left = missing_left != 0 if rank == missing else np.int64(rank) <= last
        if goes_left:
            i += 1
        else:
            cut -= 1
            order[i], order[cut] = order[cut], order[i]
    return cut
