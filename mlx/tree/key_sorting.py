"""Keys are sorted by rank: a key is a rank in the upper half of an integer, with what belongs to it in the lower half.

Ranks are dense, so the keys of a node are spread rather evenly between its smallest and its largest rank. They are
counted into some more buckets than there are keys, and brought to their buckets; then each is at most a few places from
its own, and an insertion sort puts the rest right::

    rank         17   3   9   4  16         range 3 ... 17, buckets of 4
    in buckets    3   4 | 9 |   | 17  16
    sorted        3   4   9   16  17

Where many ranks crowd into one bucket (a column with a far outlier is no such case, for it has one rank too), digits of
the rank are sorted one after the other, the lowest first.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

__all__ = ["RANK_SHIFT", "n_buckets", "sort_keys"]

RANK_SHIFT = np.uint64(32)

# Rows of the array of keys: what is in one is sorted into the other.
FIRST, SECOND = np.int64(0), np.int64(1)

# Up to so many keys, insertion alone is fastest.
FEW = 8

# Buckets for each key: the more, the fewer keys share one, and the processor guesses more often how far a key goes.
SPARSE = 4

# Keys of one bucket up to which insertion is.
CROWD = 48

DIGIT_BITS = 11


def n_buckets(n_keys: int) -> int:
    """Buckets that `sort_keys` may use for so many keys."""
    return max(SPARSE * n_keys, 1 << DIGIT_BITS) + 3


@kernel
def sort_keys(keys, n, lowest, highest, bucket):
    """Sort keys[0, :n], whose ranks are between lowest and highest; the row of `keys` that holds them then, 0 or 1."""
    if n <= FEW:
        insert_keys(keys, FIRST, n)
        return FIRST
    shift, span = np.uint64(0), highest - lowest
    while (span >> shift) > np.uint64(SPARSE * n):
        shift += np.uint64(1)
    most = distribute(keys, FIRST, n, lowest, shift, span >> shift, bucket)
    if shift == 0:
        return SECOND
    if most <= CROWD:
        insert_keys(keys, SECOND, n)
        return SECOND
    digit, done, row = np.uint64((1 << DIGIT_BITS) - 1), np.uint64(0), FIRST
    while (span >> done) > 0:
        distribute(keys, row, n, lowest, done, digit, bucket)
        row = SECOND - row
        done += np.uint64(DIGIT_BITS)
    return row


@kernel
def distribute(keys, row, n, lowest, shift, last, bucket):
    """Write the keys of a row to the other row, bucket after bucket; the size of the largest bucket.

    The number of a key's bucket is its rank above the lowest, shifted right; if it is above `last`, its lowest bits.
    Within a bucket keys stay in their order.
    """
    one, other = np.uint64(1), SECOND - row
    shift += RANK_SHIFT
    lowest <<= RANK_SHIFT
    mask = one
    while mask < last:
        mask += mask + one
    for b in range(last + np.uint64(2)):
        bucket[b] = 0
    for i in range(n):
        bucket[(((keys[row, i] - lowest) >> shift) & mask) + one] += np.uint32(1)
    most = np.uint32(0)
    for b in range(last + one):
        most = bucket[b + one] if bucket[b + one] > most else most
        bucket[b + one] += bucket[b]
    for i in range(n):
        b = ((keys[row, i] - lowest) >> shift) & mask
        keys[other, np.uint64(bucket[b])] = keys[row, i]
        bucket[b] += np.uint32(1)
    return most


@kernel
def insert_keys(keys, row, n):
    """Sort a row of keys where they are, fast if each is near its place."""
    for i in range(1, n):
        key = keys[row, i]
        j = i
        while j > 0 and keys[row, j - 1] > key:
            keys[row, j] = keys[row, j - 1]
            j -= 1
        keys[row, j] = key
