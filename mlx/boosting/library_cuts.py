"""The library's cuts: xgboost 3.2's approximate quantiles of a column, bit for bit.

`quantiles` computes exact quantiles. xgboost reads the rows once, in their order, and keeps a summary of them; where a
column has more distinct values than bins, its cuts differ a little from the exact ones, and so do its trees. With its
cuts come its trees.

A summary is a list of rising values, some of those seen. With each stand the weight of its rows and two bounds on its
rank (Chen & Guestrin 2016, appendix)::

    rank_min <= weight of the smaller values            rank_max >= weight of the smaller and of the equal values

Rows wait in a queue until that is full. Two summaries are combined without loss, and pruned back to `limit` values;
the more rows a summary stands for, the higher its level, so that no row is pruned more often than there are levels::

    rows --> queue of 2 limit values --(full: sort, add up equal values)--> summary
                                                                              |
      level 1   [ at most limit values ]   free: pruned and kept here.    <---+
      level 2   [                      ]   Taken: pruned and combined; kept here if it is at most `limit` values,
      level 3   [                      ]   otherwise the level becomes free, and the next one is tried.
        ...
    at the end: rest of the queue, combined with level 1, 2, ... --prune--> 8 max_bin values --prune--> max_bin + 1

=============  ===================================================================================================
symbol         what
=============  ===================================================================================================
n              values of the column that are not missing
ε              ``1 / (8 min(max_bin, n))``, what a cut may be off, as a share of all weights
limit          values per level, ``min(n, ceil(n_levels / ε) + 1)``
n_levels       the smallest number for which ``2 ** n_levels * limit >= n``
=============  ===================================================================================================

The first value of the last summary opens the first bin and is no cut. As there, ranks and weights are float32, added in
the order of the rows; a column without more than `max_bin` values keeps them all.

What `xgboost.XGBClassifier.fit` and `XGBRegressor.fit` do for ``tree_method="hist"``: they hand over a
``QuantileDMatrix``, which is one batch of all rows; a ``DMatrix`` gives the same cuts, and so does any number of
threads, as each column has one. Sketches of several batches or workers are not reproduced; the one that
``tree_method="approx"`` makes of sorted columns is in `library_sorted_cuts`. Departures: the closing cut of values
beyond half the largest float32 is that float32, and not infinite; the order in which weights of equal values are added
is that of xgboost for Linux (`introsort`).

Source: xgboost v3.2.0, ``src/common/quantile.h`` (WQSummary, QuantileSketchTemplate) and ``quantile.cc`` (MakeCuts).
Later versions sketch differently.

Reference: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .introsort import sort_with_weights
from .quantiles import closing_cut

__all__ = ["library_cuts"]

f32 = np.float32

# The library sketches this many times finer than it cuts.
FINENESS = 8

# One value of a summary is a row of these four, all float32.
RANK_MIN, RANK_MAX, WEIGHT, VALUE = range(4)

# The library's only cut of a column without values.
CUT_OF_NOTHING = f32(3e-5)


def library_cuts(
    column: NDArray[np.float32], sample_weight: NDArray[np.floating] | None, max_bin: int
) -> NDArray[np.float32]:
    """Cuts of one column, in rising order, as xgboost 3.2 makes them.

    Parameters
    ----------
    column : ndarray of float32, shape (n_samples,)
        Finite; NaN is a missing value, and has no part in the cuts. The order of the rows matters.
    sample_weight : ndarray of shape (n_samples,) or None
        None is weight 1 for each row. Rounded to float32. A row of weight 0 counts in n only.
    max_bin : int
        Largest number of bins, at least 2.

    Returns
    -------
    ndarray of float32, shape (n_bins,)
        Bin b holds the values from cut b - 1 (or minus infinity) up to, not including, cut b.
    """
    present = ~np.isnan(column)
    values = np.ascontiguousarray(column[present])
    n = len(values)
    weights = np.ones(n, dtype=f32) if sample_weight is None else sample_weight[present].astype(f32)
    if not weights.any():
        return np.array([CUT_OF_NOTHING])
    n_levels, limit = sketch_shape(n, 1.0 / (min(max_bin, n) * FINENESS))
    summary = sketch(values, weights, n_levels, limit)
    for size in (min(n, FINENESS * max_bin), min(n, max_bin) + 1):
        pruned = np.empty((max(size, 2), 4), dtype=f32)
        summary = pruned[: prune(summary, size, pruned)]
    # The first value opens the first bin; with max_bin + 1 values left, the largest shares the last bin with the one
    # before it.
    inner = summary[1 : min(n, max_bin), VALUE]
    return np.append(inner, closing_cut(summary[-1, VALUE])).astype(f32)


def sketch_shape(n: int, epsilon: float) -> tuple[int, int]:
    """Levels, and values per level, of the sketch of a column of `n` values."""
    n_levels = 1
    while True:
        limit = min(n, math.ceil(n_levels / epsilon) + 1)
        if limit << n_levels >= n:
            return n_levels, limit
        n_levels += 1


@kernel
def sketch(column, weight, n_levels, limit):
    """Summary of a column, of at most `limit` values."""
    queue, queue_weight = np.empty(2 * limit, dtype=np.float32), np.empty(2 * limit, dtype=np.float32)
    n_queued = 0
    # Every level holds at least twice the rows of the one below, and level 1 is filled by 2 limit rows: there is no
    # level above n_levels. Level 0 is a place to prune in.
    levels = np.empty((n_levels + 1, limit, 4), dtype=np.float32)
    n_kept = np.zeros(n_levels + 1, dtype=np.int64)
    summary = np.empty((2 * limit, 4), dtype=np.float32)
    for i in range(len(column)):
        if weight[i] == 0:
            continue
        if n_queued > 0 and queue[n_queued - 1] == column[i]:
            queue_weight[n_queued - 1] += weight[i]
            continue
        if n_queued == len(queue):
            size = summarize(queue, queue_weight, n_queued, summary)
            _carry(summary, size, levels, n_kept, limit)
            n_queued = 0
        queue[n_queued], queue_weight[n_queued] = column[i], weight[i]
        n_queued += 1
    n_kept[0] = prune(summary[: summarize(queue, queue_weight, n_queued, summary)], limit, levels[0])
    for level in range(1, n_levels + 1):
        if n_kept[level] > 0:
            size = combine(levels[0, : n_kept[0]], levels[level, : n_kept[level]], summary)
            n_kept[0] = prune(summary[:size], limit, levels[0])
    return levels[0, : n_kept[0]]


@kernel
def _carry(summary, size, levels, n_kept, limit):
    """Put a summary into the first level that has room, as one adds 1 to a number digit by digit."""
    for level in range(1, len(levels)):
        if n_kept[level] == 0:
            n_kept[level] = prune(summary[:size], limit, levels[level])
            return
        n_kept[0] = prune(summary[:size], limit, levels[0])
        size = combine(levels[0, : n_kept[0]], levels[level, : n_kept[level]], summary)
        if size <= limit:
            levels[level, :size] = summary[:size]
            n_kept[level] = size
            return
        n_kept[level] = 0


@kernel
def summarize(values, weights, n, out):
    """Write the summary of `n` values, whose ranks are known exactly; returns its size. Sorts both arrays."""
    sort_with_weights(values, weights, n)
    size = 0
    smaller = np.float32(0)
    i = 0
    while i < n:
        value, equal = values[i], weights[i]
        i += 1
        while i < n and values[i] == value:
            equal += weights[i]
            i += 1
        _write(out, size, smaller, smaller + equal, equal, value)
        smaller += equal
        size += 1
    return size


@kernel
def prune(source, limit, out):
    """Write at most `limit` values of a summary, those nearest to ranks of equal distance; returns how many.

    The first and the last value always stay. With d a rank, a value is taken before its successor if ``2 d`` is below
    the sum of the greatest rank that it, and the smallest that its successor, may reach into.
    """
    n = len(source)
    if n <= limit:
        out[:n] = source
        return n
    begin = source[0, RANK_MAX]
    width = source[n - 1, RANK_MIN] - begin
    n_parts = limit - 1
    out[0] = source[0]
    size, i, last = 1, 1, 0
    for k in range(1, n_parts):
        doubled = np.float32(2) * (np.float32(k) * width / np.float32(n_parts) + begin)
        while i < n - 1 and doubled >= source[i + 1, RANK_MAX] + source[i + 1, RANK_MIN]:
            i += 1
        if i == n - 1:
            break
        nearest = i if doubled < _after(source, i) + _before(source, i + 1) else i + 1
        if nearest != last:
            out[size] = source[nearest]
            size, last = size + 1, nearest
    if last != n - 1:
        out[size] = source[n - 1]
        size += 1
    return size


@kernel
def combine(a, b, out):
    """Write the summary of the rows of two summaries; returns its size.

    Bounds of ranks are added; what a summary says of a value that it does not hold follows from the neighbours.
    """
    zero = np.float32(0)
    n_a, n_b = len(a), len(b)
    i, j, size = 0, 0, 0
    while i < n_a or j < n_b:
        below_a, below_b = _after(a, i - 1) if i > 0 else zero, _after(b, j - 1) if j > 0 else zero
        if i < n_a and j < n_b and a[i, VALUE] == b[j, VALUE]:
            weight = a[i, WEIGHT] + b[j, WEIGHT]
            _write(out, size, a[i, RANK_MIN] + b[j, RANK_MIN], a[i, RANK_MAX] + b[j, RANK_MAX], weight, a[i, VALUE])
            i, j = i + 1, j + 1
        elif j == n_b or (i < n_a and a[i, VALUE] < b[j, VALUE]):
            above = _before(b, j) if j < n_b else (b[n_b - 1, RANK_MAX] if n_b > 0 else zero)
            _write(out, size, a[i, RANK_MIN] + below_b, a[i, RANK_MAX] + above, a[i, WEIGHT], a[i, VALUE])
            i += 1
        else:
            above = _before(a, i) if i < n_a else (a[n_a - 1, RANK_MAX] if n_a > 0 else zero)
            _write(out, size, b[j, RANK_MIN] + below_a, b[j, RANK_MAX] + above, b[j, WEIGHT], b[j, VALUE])
            j += 1
        size += 1
    _restore_order(out, size)
    return size


@kernel
def _restore_order(summary, n):
    """Lift bounds that rounding has put below those of a smaller value."""
    rank_min, rank_max = np.float32(0), np.float32(0)
    for i in range(n):
        rank_min = max(summary[i, RANK_MIN], rank_min)
        summary[i, RANK_MIN] = rank_min
        rank_max = max(summary[i, RANK_MAX], rank_max, _after(summary, i))
        summary[i, RANK_MAX] = rank_max


@kernel
def _after(summary, i):
    """Least weight of the values up to the i-th."""
    return summary[i, RANK_MIN] + summary[i, WEIGHT]


@kernel
def _before(summary, i):
    """Greatest weight of the values below the i-th."""
    return summary[i, RANK_MAX] - summary[i, WEIGHT]


@kernel
def _write(out, i, rank_min, rank_max, weight, value):
    out[i, RANK_MIN], out[i, RANK_MAX], out[i, WEIGHT], out[i, VALUE] = rank_min, rank_max, weight, value
