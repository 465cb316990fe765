"""Moves of samples that are not sorting, each as scikit-learn makes it: what they leave in order shows in later sums.

A node's split brings to the front what goes left. scikit-learn looks at the first sample; one that goes right changes
places with the last that was not looked at, and that one is looked at next::

    goes right     .  x  .  .  x  x          0 1 2 3 4 5
    looked at      0 1 5 4 2 3               from the front, after one that goes right from the back
    left, right    0 2 3 | 4 5 1             in this order from the front; from the back

Each step waits for the one before. But where every sample comes to stand can be told from how many go left (`divide`):

- those in front of the cut that go left stay;
- those behind it that go right move one place to the front;
- the k-th from the front that goes right but stands in front of the cut, and the k-th from the back that goes left but
  stands behind it: the second takes the place of the first, and the first that of the (k - 1)-th of the second ones,
  moved by one too; the very first comes last of all, and behind the last one follows the sample at the cut.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel
from .key_sorting import RANK_SHIFT
from .order_sorting import AS_THEY_WERE

__all__ = ["NO_RANK", "divide", "mark_ranks", "missing_last", "missing_to_the_left", "take_ranks"]

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
def mark_ranks(column, last, missing, missing_left, order, start, n, goes_left):
    """Write for n samples, from a place in `order` on, whether they go left: ranks up to the last, or missing ones."""
    # Missing values have the largest rank.
    left_again = missing if missing_left != 0 else NO_RANK
    for i in range(n):
        rank = column[order[start + i]]
        goes_left[i] = np.uint8(rank <= last) | np.uint8(rank >= left_again)


@kernel
def divide(order, goes_left, start, n, strays):
    """Part n samples, from a place in `order` on, by whether they go left; the place of the cut."""
    part, n_left = order[start : start + n], np.int64(0)
    for i in range(n):
        n_left += np.int64(goes_left[i])
    if n_left == n:
        return start + n_left
    # Strays are before the cut and go right, or behind it and go left: place and sample. There are as many of both.
    n_right, n_strays = np.uint64(0), np.uint64(0)
    for i in range(n_left):
        strays[0, n_right] = (np.uint64(i) << RANK_SHIFT) | np.uint64(part[i])
        n_right += np.uint64(1) - np.uint64(goes_left[i])
    for i in range(n - n_left):
        place = np.uint64(n - 1) - np.uint64(i)
        strays[1, n_strays] = (place << RANK_SHIFT) | np.uint64(part[place])
        n_strays += np.uint64(goes_left[place])
    cut, last = np.uint64(n_left), np.uint64(n - 1)
    strays[0, n_right] = np.uint64(part[cut])
    for i in range(n - 1 - n_left):
        part[cut + np.uint64(i)] = part[cut + np.uint64(i + 1)]
    part[last] = np.uint32(strays[0, 0] & ROW)
    for k in range(n_strays):
        to_right, to_left = strays[0, k], strays[1, k]
        part[to_right >> RANK_SHIFT] = np.uint32(to_left & ROW)
        if to_left >> RANK_SHIFT > cut:
            part[(to_left >> RANK_SHIFT) - np.uint64(1)] = np.uint32(strays[0, k + np.uint64(1)] & ROW)
    return start + n_left
