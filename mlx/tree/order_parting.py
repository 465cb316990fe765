"""Moves of samples that are not sorting, each as scikit-learn makes it: what they leave in order shows in later sums.

A node's split brings to the front what goes left. scikit-learn looks at the first sample; one that goes right changes
places with the last that was not looked at, and that one is looked at next::

    goes right     .  x  .  .  x  x          0 1 2 3 4 5
    looked at      0 1 5 4 2 3               from the front, after one that goes right from the back
    left, right    0 2 3 | 4 5 1             in this order from the front; from the back
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from .key_sorting import RANK_SHIFT
from .order_sorting import AS_THEY_WERE

__all__ = ["NO_RANK", "divide", "missing_last", "missing_to_the_left", "take_ranks"]

# A rank that no value has.
NO_RANK = np.uint32(2**32 - 1)

ROW = np.uint64(2**32 - 1)


@kernel
def take_ranks(column, missing, order, start, n, keys):
    """Write the keys of n samples of a column, from a place in `order` on; lowest and highest rank, missing values."""
    lowest, highest, n_missing = ROW, np.uint64(0), np.int64(0)
    for i in range(n):
        row = order[start + i]
        rank = column[row]
        key = np.uint64(rank)
        if rank == missing:
            n_missing += 1
        else:
            lowest = key if key < lowest else lowest
            highest = key if key > highest else highest
        key = (key << RANK_SHIFT) | np.uint64(row)
        keys[0, i] = key
        keys[AS_THEY_WERE, i] = key
    return lowest, highest, n_missing


@kernel
def missing_last(column, missing, order, start, end):
    """Bring missing values to the end, each in exchange for the last that has a value; their number."""
    i, last = start, end - 1
    while i <= last:
        if column[order[last]] == missing:
            last -= 1
            continue
        if column[order[i]] == missing:
            order[i], order[last] = order[last], order[i]
            last -= 1
        i += 1
    return end - 1 - last


@kernel
def missing_to_the_left(ranks, order, start, end, n_missing, keys):
    """Bring the missing samples, which are last, to the front; both parts keep their order."""
    n = end - start
    missing = ranks[end - 1]
    for p in range(n):
        keys[0, p] = order[start + p]
    for p in range(n):
        order[start + p] = np.uint32(keys[0, p - n_missing if p >= n_missing else n - n_missing + p])
    for p in range(end - 1, start + n_missing - 1, -1):
        ranks[p] = ranks[p - n_missing]
    for p in range(start, start + n_missing):
        ranks[p] = missing


@kernel
def divide(keys, order, start, n, last, missing, missing_left):
    """Write n samples, whose keys were taken, into `order`, those up to a rank first; the place of the cut."""
    as_they_were, part, one = keys[AS_THEY_WERE], order[start : start + n], np.uint64(1)
    last_key = np.uint64(last)
    # Missing values have the largest rank.
    left_again = np.uint64(missing) if missing_left != 0 else ROW + one
    at, n_left, n_open = np.uint64(0), np.uint64(0), np.uint64(n)
    for _ in range(n):
        key = as_they_were[at]
        rank = key >> RANK_SHIFT
        # No branch: which way a sample goes would be guessed wrong half of the time.
        goes_left = np.uint64(rank <= last_key) | np.uint64(rank >= left_again)
        n_open -= one
        at = n_left + (one - goes_left) * n_open
        part[at] = np.uint32(key & ROW)
        n_left += goes_left
        # After one that goes left the next from the front is looked at, else the one whose place was taken.
        at += goes_left
    return start + np.int64(n_left)
