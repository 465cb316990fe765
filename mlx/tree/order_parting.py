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
    last_key, missing_key = np.uint64(last), np.uint64(missing)
    front, back = np.int64(0), n
    left, right, from_front = start, start + n, np.int64(1)
    for _ in range(n):
        # No branch: which way a sample goes would be guessed wrong half of the time.
        back -= 1 - from_front
        key = keys[AS_THEY_WERE, front if from_front == 1 else back]
        front += from_front
        rank = key >> RANK_SHIFT
        from_front = missing_left if rank == missing_key else np.int64(rank <= last_key)
        order[left if from_front == 1 else right - 1] = np.uint32(key & ROW)
        left += from_front
        right -= 1 - from_front
    return left
