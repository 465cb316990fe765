"""Orders that are seen in the last bit of a tree: the sort of rows, the heap of nodes, cumulative sums by rank."""

import math


def swap(items, i, j):
    items[i], items[j] = items[j], items[i]


def missing_last(rows, values):
    """Rows with a value first: each missing one is swapped with the last that has a value."""
    rows, a, b = list(rows), 0, len(rows) - 1
    while a <= b:
        if math.isnan(values[rows[b]]):
            b -= 1
            continue
        if math.isnan(values[rows[a]]):
            swap(rows, a, b)
            b -= 1
        a += 1
    return rows


def introsort(rows, values):
    """Sort rows by their values in place: quicksort in three parts, insertion below 16; equal values as they fall.

    The library turns to heapsort where quicksort goes wrong (2 log2 n levels); small tables do not get there.
    """

    def sort(start, end):
        while end - start > 15:
            pivot = sorted(values[rows[j]] for j in (start, start + (end - start) // 2, end - 1))[1]
            i = left = start
            right = end
            while i < right:
                value = values[rows[i]]
                if value < pivot:
                    swap(rows, i, left)
                    i += 1
                    left += 1
                elif value > pivot:
                    right -= 1
                    swap(rows, i, right)
                else:
                    i += 1
            sort(start, left)
            start = right
        rows[start:end] = sorted(rows[start:end], key=values.__getitem__)

    sort(0, len(rows))


class StdHeap:
    """C++'s priority queue of (..., improvement): which of two equal ones comes first is its doing."""

    def __init__(self):
        self.records = []

    def push(self, record):
        records = self.records
        records.append(record)
        hole = len(records) - 1
        while hole > 0 and records[(hole - 1) // 2][2] < record[2]:
            records[hole] = records[(hole - 1) // 2]
            hole = (hole - 1) // 2
        records[hole] = record

    def pop(self):
        """Take the top; the hole sinks to the bottom along the larger children, the last record rises from there."""
        records = self.records
        top, last = records[0], records.pop()
        if not records:
            return top
        hole, n = 0, len(records)
        while 2 * hole + 1 < n:
            child = 2 * hole + 2
            if child >= n or records[child][2] < records[child - 1][2]:
                child -= 1
            records[hole] = records[child]
            hole = child
        while hole > 0 and records[(hole - 1) // 2][2] < last[2]:
            records[hole] = records[(hole - 1) // 2]
            hole = (hole - 1) // 2
        records[hole] = last
        return top


class FenwickTree:
    """Cumulative sums by rank: node j holds the sum of the ranks (j - its lowest bit, j]."""

    def __init__(self, n):
        self.n = n
        self.weights, self.weighted = [0.0] * (n + 1), [0.0] * (n + 1)
        self.weight = self.weighted_y = 0.0

    def add(self, rank, w, wy):
        j = rank + 1
        while j <= self.n:
            self.weights[j] += w
            self.weighted[j] += wy
            j += j & -j
        self.weight += w
        self.weighted_y += wy

    def descend(self, target, strict):
        """(rank where the cumulative weight passes the target, or reaches it if strict; sums of w and w y before it)"""
        j, w, wy = 0, 0.0, 0.0
        bit = 1 << (self.n.bit_length() - 1)
        while bit:
            if j + bit <= self.n:
                here = self.weights[j + bit]
                if target > here or (target == here and not strict):
                    j += bit
                    target -= here
                    w += here
                    wy += self.weighted[j]
            bit >>= 1
        return j, w, wy
