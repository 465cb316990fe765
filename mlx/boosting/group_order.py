"""Rows of each group by falling score: a merge sort that starts from any order, the faster the closer it is.

Short runs are sorted by insertion, then merged two by two::

    [ 16 ][ 16 ][ 16 ][ 7 ]   each sorted by insertion: rows in order stay where they are
    [    32    ][   23    ]   merged two by two
    [         55          ]

Rows of equal scores are in their own order, so that the result does not depend on the order at the start.

Reference: D. E. Knuth, "The Art of Computer Programming", volume 3, section 5.2.4.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

__all__ = ["sort_groups"]

# Rows that are sorted by insertion.
RUN = 16


@kernel
def sort_groups(start, score, order):
    """Sort the rows of each group, ``order[start[g] : start[g + 1]]``, in place by falling score."""
    spare = np.empty_like(order)
    for g in range(len(start) - 1):
        begin, end = start[g], start[g + 1]
        for first in range(begin, end, RUN):
            _insert(score, order, first, min(first + RUN, end))
        width = RUN
        while width < end - begin:
            for first in range(begin, end, 2 * width):
                middle, last = min(first + width, end), min(first + 2 * width, end)
                _merge(score, order, spare, first, middle, last)
            width *= 2


@kernel
def _comes_first(score_i, score_j, i, j):
    return score_i > score_j or (score_i == score_j and i < j)


@kernel
def _insert(score, order, first, last):
    for place in range(first + 1, last):
        row = order[place]
        free = place
        while free > first and _comes_first(score[row], score[order[free - 1]], row, order[free - 1]):
            order[free] = order[free - 1]
            free -= 1
        order[free] = row


@kernel
def _merge(score, order, spare, first, middle, last):
    """Merge two sorted runs; those that are in order already cost one comparison."""
    if middle >= last or _comes_first(score[order[middle - 1]], score[order[middle]], order[middle - 1], order[middle]):
        return
    for place in range(first, middle):
        spare[place] = order[place]
    left, right = first, middle
    for place in range(first, last):
        if left == middle:
            break
        i = spare[left]
        if right < last and _comes_first(score[order[right]], score[i], order[right], i):
            order[place] = order[right]
            right += 1
        else:
            order[place] = i
            left += 1
