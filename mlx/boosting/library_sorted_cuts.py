"""The cuts of xgboost 3.2's ``tree_method="approx"``: a sketch of a sorted column, weighted by Hessians, bit for bit.

For the cuts of each round the library runs through the sorted column once. It keeps a value whenever the weight up to
it has reached the next of `max_bin` equal shares::

    weight so far    0        W/5       2W/5      3W/5      4W/5       W
    goal                |        |         |         |         |
    kept             x      x        x           x          x       x       at most max_bin, and the largest

What was kept is a summary with exact ranks, as in `library_cuts`. It is pruned as there, but for values heavier than
two shares: they stay, and the others share the rest of the range. All objectives whose Hessians change are cut so. For
squared, absolute and quantile errors, where they do not, the library makes the cuts of ``hist`` once, before the first
tree.

The weights are the Hessians times the weights of the rows, which are part of the Hessians already: they count twice, as
there.

Source: xgboost v3.2.0, ``src/common/quantile.h`` (SortedQuantile, WXQSummary) and ``quantile.cc``. Later versions
sketch differently.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .library_cuts import CUT_OF_NOTHING, FINENESS, RANK_MAX, RANK_MIN, VALUE, WEIGHT, sketch_shape
from .quantiles import closing_cut

__all__ = ["library_sorted_cuts"]

f32 = np.float32

# The least range of ranks that is shared out.
LEAST_RANGE = f32(1e-3)


def library_sorted_cuts(values: NDArray[np.float32], weight: NDArray[np.float32], max_bin: int) -> NDArray[np.float32]:
    """Cuts of one column, in rising order.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Those that are not missing, sorted; equal ones in the order in which the library's sort leaves them.
    weight : ndarray of float32, shape (n,)
        Of each of them, not negative.
    max_bin : int
        Largest number of bins, at least 2.

    Returns
    -------
    ndarray of float32, shape (n_bins,)
        Bin b holds the values from cut b - 1 (or minus infinity) up to, not including, cut b.
    """
    n = len(values)
    if n == 0:
        return np.array([CUT_OF_NOTHING])
    _, limit = sketch_shape(n, 2.0 / max_bin)
    summary = np.empty((max_bin + 1, 4), dtype=f32)
    summary = summary[: summarize_sorted(values, weight, max_bin, summary)]
    for size in (limit, min(n, FINENESS * max_bin), min(n, max_bin) + 1):
        pruned = np.empty((max(size, 2), 4), dtype=f32)
        summary = pruned[: prune_light_ones(summary, size, pruned)]
    inner = summary[1 : min(n, max_bin), VALUE]
    return np.append(inner, closing_cut(summary[-1, VALUE])).astype(f32)


@kernel
def summarize_sorted(values, weight, max_bin, out):
    """Write the values at which the weight so far reaches its next share; returns how many there are."""
    total = 0.0
    for w in weight:
        total += w
    size, goal = 0, 0.0
    below, own = 0.0, 0.0
    for i in range(len(values)):
        own += weight[i]
        is_last = i + 1 == len(values)
        if not is_last and values[i + 1] == values[i]:
            continue
        through = below + own
        if is_last or (through >= goal and size < max_bin):
            out[size, RANK_MIN], out[size, RANK_MAX] = below, through
            out[size, WEIGHT], out[size, VALUE] = own, values[i]
            size += 1
            # A float32 there.
            goal = np.float64(f32(size * total / max_bin))
        below, own = through, 0.0
    return size


@kernel
def prune_light_ones(source, limit, out):
    """Write at most `limit` values of a summary, all heavy ones among them; returns how many."""
    n = len(source)
    if n <= limit:
        out[:n] = source
        return n
    first = source[0, RANK_MAX]
    extent = source[n - 1, RANK_MIN] - first
    if extent == 0 or limit <= 2:
        out[0], out[1] = source[0], source[n - 1]
        return 2
    # Twice a fair share, so that there is room for all the heavy ones.
    heavy = f32(2) * max(extent, LEAST_RANGE) / f32(limit - 2)
    n_light, light_extent = _light_ones(source, limit - 2, heavy)
    out[0] = source[0]
    size, last, k, before = 1, 0, 1, 0
    for end in range(1, n):
        if end < n - 1 and not _is_heavy(source, end, heavy):
            continue
        if before != end - 1:
            # Between two heavy values, the light ones nearest to ranks of equal distance.
            i = before
            while k < n_light:
                doubled = f32(2) * ((f32(k) * light_extent) / f32(n_light) + first)
                if doubled >= _before(source, end) * f32(2):
                    break
                while i < end and doubled >= source[i + 1, RANK_MAX] + source[i + 1, RANK_MIN]:
                    i += 1
                if i == end:
                    break
                nearest = i if doubled < _after(source, i) + _before(source, i + 1) else i + 1
                if nearest != last:
                    out[size] = source[nearest]
                    size, last = size + 1, nearest
                k += 1
        if last != end:
            out[size] = source[end]
            size, last = size + 1, end
        before = end
        # The heavy value's own weight has no part in the range that is shared out.
        first += _after(source, end) - _before(source, end)
    return size


@kernel
def _light_ones(source, n, heavy):
    """How many light values there is room for, of `n`, and the weight that is theirs."""
    light_extent, before, last = f32(0), 0, len(source) - 1
    for i in range(1, last):
        if _is_heavy(source, i, heavy):
            if before != i - 1:
                light_extent += _before(source, i) - _after(source, before)
            before, n = i, n - 1
    if before != last - 1:
        light_extent += _before(source, last) - _after(source, before)
    return n, light_extent


@kernel
def _is_heavy(source, i, heavy):
    return _after(source, i) > _before(source, i) + heavy


@kernel
def _after(summary, i):
    """Least weight of the values up to the i-th."""
    return summary[i, RANK_MIN] + summary[i, WEIGHT]


@kernel
def _before(summary, i):
    """Greatest weight of the values below the i-th."""
    return summary[i, RANK_MAX] - summary[i, WEIGHT]
