"""Introsort sorts in place by quicksort, turns to heapsort where quicksort goes wrong, and ends with insertion sort.

A sort that is not stable leaves equal values in an order of its own. That order matters once: when weights of equal
values are added in float32, as xgboost's sketch does (`library_cuts`), the last bit of the sum depends on it. So this
is not any introsort, but makes the same comparisons and moves as ``std::sort`` of GNU's C++ library, with which
xgboost is built on Linux::

    [ ........................................ ]   longer than 16: the median of three becomes the pivot,
    [ <= pivot ......... | >= pivot .......... ]   values on the wrong side are swapped in pairs; again on both sides
    [ .. | .. | .. | ....  heapsort  .... | .. ]   a part cut more than 2 log2(n) times is sorted as a heap
    [ sorted ................................. ]   insertion sort over everything: no value has far to go

Reference: D. R. Musser, "Introspective sorting and selection algorithms", Software: Practice and Experience 27, 1997.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

__all__ = ["sort_with_weights"]

# Parts of at most so many values are left to the insertion sort at the end, as there.
SHORT = 16

# Parts that wait for their turn. Each was cut off at another depth, and there are at most 2 * 63 depths.
MOST_WAITING = 128


@kernel
def sort_with_weights(values, weights, n):
    """Sort the first `n` of `values`, in place, and take `weights` along."""
    depth = 0
    while (n >> (depth + 1)) > 0:
        depth += 1
    waiting = np.empty((MOST_WAITING, 3), dtype=np.int64)
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, n, 2 * depth
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        first, last, depth = waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2]
        while last - first > SHORT:
            if depth == 0:
                _heapsort(values[first:last], weights[first:last])
                break
            depth -= 1
            middle = _partition(values, weights, first, last)
            waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2] = middle, last, depth
            n_waiting += 1
            last = middle
    _insertion_sort(values, weights, n)


@kernel
def _partition(values, weights, first, last):
    """Bring values below the pivot before those above it; returns where the second part begins."""
    _move_median_to(values, weights, first, first + 1, first + (last - first) // 2, last - 1)
    pivot = values[first]
    left, right = first + 1, last
    while True:
        # The pivot is a median: on either side stands a value that ends the search.
        while values[left] < pivot:
            left += 1
        right -= 1
        while pivot < values[right]:
            right -= 1
        if left >= right:
            return left
        _swap(values, weights, left, right)
        left += 1


@kernel
def _move_median_to(values, weights, target, a, b, c):
    """Swap the median of the values at a, b and c with the one at `target`."""
    low, middle, high = values[a], values[b], values[c]
    if low < middle:
        median = b if middle < high else (c if low < high else a)
    else:
        median = a if low < high else (c if middle < high else b)
    _swap(values, weights, target, median)


@kernel
def _swap(values, weights, i, j):
    values[i], values[j] = values[j], values[i]
    weights[i], weights[j] = weights[j], weights[i]


@kernel
def _heapsort(values, weights):
    """Make a heap, whose first value is the largest; take that away to the end, again and again."""
    n = len(values)
    for root in range((n - 2) // 2, -1, -1):
        _sink(values, weights, root, n, values[root], weights[root])
    for last in range(n - 1, 0, -1):
        value, weight = values[last], weights[last]
        values[last], weights[last] = values[0], weights[0]
        _sink(values, weights, 0, last, value, weight)


@kernel
def _sink(values, weights, root, n, value, weight):
    """Put a value into the heap below `root`, whose own place is free: down to a leaf, then up to where it belongs."""
    hole = root
    while 2 * hole + 1 < n:
        child = 2 * hole + 2
        if child == n or values[child] < values[child - 1]:
            child -= 1
        values[hole], weights[hole] = values[child], weights[child]
        hole = child
    while hole > root and values[(hole - 1) // 2] < value:
        parent = (hole - 1) // 2
        values[hole], weights[hole] = values[parent], weights[parent]
        hole = parent
    values[hole], weights[hole] = value, weight


@kernel
def _insertion_sort(values, weights, n):
    for i in range(1, n):
        value, weight = values[i], weights[i]
        j = i
        while j > 0 and value < values[j - 1]:
            values[j], weights[j] = values[j - 1], weights[j - 1]
            j -= 1
        values[j], weights[j] = value, weight
