r"""Growing by sums: regression trees of least squares on columns that are sorted once.

The rows of a node stand sorted by every column. To search a column is one walk along them that adds up targets; to
split a node, each column's stretch is parted in two, both parts in their old order::

    rows by column 0   [ 3 1 4 0 2 ]       the split sends 1 and 2 left       [ 1 2 | 3 4 0 ]
    rows by column 1   [ 0 2 1 4 3 ]                                          [ 2 1 | 0 4 3 ]

A cut leaves sums S and weights W of the targets on its left and right. Of all cuts, the one with the largest

.. math:: S_l^2 / W_l + S_r^2 / W_r

leaves the least squared error (Breiman et al., section 8.3). Multiplied by :math:`W_l W_r` this needs no division: so
most cuts are found to be worse than the best so far, and the formula itself, whose bits decide, is for the others.

Bits are those of scikit-learn, as long as no two samples of a node have the same value in a column that is not
constant, but for copies of a row: sums are added in the order in which its samples would stand, sorted by the column
drawn last and then parted by swaps, and from the end where ties leave fewer samples behind a cut than it leaps over
(`order_growing` does the same for all ties, at the cost of a sort for each column of each node).

Reference: L. Breiman, J. Friedman, R. Olshen & C. Stone, Classification and Regression Trees (1984).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .candidates import CLOSEST
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying
from .frontier import EPSILON, LEAF, GrowthSettings, may_split, next_open, settle
from .ranking import RankedTable

__all__ = ["SortedRows", "grow_by_sums", "sorted_rows"]

# Of a cut that is judged without division, with room for its rounding: none that is better is turned away.
ALMOST_ONE = 1 - 1e-13

# A node of so many rows numbers them anew: what is known of them then lies side by side, in the nearest caches.
SIDE_BY_SIDE = 4096

# An entry of a column is a rank in the high half and the number of a row in the low half.
HALF = np.uint64(32)
ROW = np.uint64(2**32 - 1)
NO_ROW = np.uint32(2**32 - 1)

SEARCHED = np.dtype(
    [
        ("sum", np.float64),  # of the node's weighted targets
        ("squares", np.float64),  # of its weighted squares
        ("judged", np.float64),  # of the best cut so far
        ("last", np.int64),  # column by which scikit-learn's samples would be sorted now, -1: as they were
        ("min_samples_leaf", np.int64),
        ("min_weight_leaf", np.float64),
    ],
    align=True,
)


class RowTable(NamedTuple):
    """What is known of each row: weighted target and weight, shape (n_rows, 2), and the target itself."""

    sums: NDArray[np.float64]
    target: NDArray[np.float64]


class SortedRows(NamedTuple):
    """The rows with weight, numbered from 0.

    Attributes
    ----------
    entries : ndarray of uint64, shape (n_features, n_rows)
        Ranks and rows, sorted by each column, those of a node side by side.
    most_copies : ndarray of int64, shape (n_features,)
        Most rows that stand side by side in each column with the same rank, target and weight.
    as_swapped : ndarray of uint32, shape (n_rows,)
        The same rows as scikit-learn's samples would stand.
    far, near : RowTable
        By number of the row; and, where `is_near`, by the number that the rows of a small node have got anew.
    is_near : ndarray of uint8, shape (n_rows,)
        Whether the rows at this place are numbered for `near`.
    goes_left, number, waiting : ndarray of uint8, uint32 and uint64, shape (n_rows,)
        Room to part a node, and to number it.
    searched : record array of SEARCHED, shape (1,)
        What the search knows of its node.
    """

    entries: NDArray[np.uint64]
    most_copies: NDArray[np.int64]
    as_swapped: NDArray[np.uint32]
    far: RowTable
    near: RowTable
    is_near: NDArray[np.uint8]
    goes_left: NDArray[np.uint8]
    number: NDArray[np.uint32]
    waiting: NDArray[np.uint64]
    searched: NDArray


def sorted_rows(
    table: RankedTable, target: NDArray[np.float64], weight: NDArray[np.float64], settings: GrowthSettings
) -> SortedRows:
    """Rows of a tree's root.

    Parameters
    ----------
    table : RankedTable
        With its order.
    target, weight : ndarray of float64, shape (n_samples,)
        Rows without weight are left out.
    settings : GrowthSettings
    """
    kept = np.flatnonzero(weight)
    n_rows = len(kept)
    number = np.full(len(weight), NO_ROW, dtype=np.uint32)
    number[kept] = np.arange(n_rows, dtype=np.uint32)
    entries = np.empty((len(table.order), n_rows), dtype=np.uint64)
    most_copies = np.empty(len(entries), dtype=np.int64)
    y, w = target[kept], weight[kept]
    enter_rows(table, number, y, w, entries, most_copies)
    is_near, goes_left = np.zeros((2, n_rows), dtype=np.uint8)
    searched = np.zeros(1, dtype=SEARCHED)
    searched["min_samples_leaf"], searched["min_weight_leaf"] = settings.min_samples_leaf, settings.min_weight_leaf
    return SortedRows(
        entries=entries,
        most_copies=most_copies,
        as_swapped=np.arange(n_rows, dtype=np.uint32),
        far=RowTable(np.stack([w * y, w], axis=1), y),
        near=RowTable(np.empty((n_rows, 2)), np.empty(n_rows)),
        is_near=is_near,
        goes_left=goes_left,
        number=np.empty(n_rows, dtype=np.uint32),
        waiting=np.empty(n_rows, dtype=np.uint64),
        searched=searched,
    )


@kernel
def enter_rows(table, number, target, weight, entries, most_copies):
    """Write the entries of the rows that have a number, in the order of each column; the most copies in each."""
    for f in range(len(entries)):
        place, copies, most = 0, 0, 0
        rank_before, row_before = NO_ROW, NO_ROW
        for sample in table.order[f]:
            row = number[sample]
            if row != NO_ROW:
                rank = table.ranks[f, sample]
                entries[f, place] = (np.uint64(rank) << HALF) | np.uint64(row)
                place += 1
                same = rank == rank_before and target[row] == target[row_before] and weight[row] == weight[row_before]
                copies = copies + 1 if same else 1
                most, rank_before, row_before = max(most, copies), rank, row
        most_copies[f] = most


@kernel
def grow_by_sums(table, rows, directions, draws, frontier, settings, nodes):
    """Grow a tree to its end, without missing values; `directions` of monotone columns, empty if there are none."""
    while True:
        at = next_open(frontier, settings, nodes)
        if at < 0:
            return
        node = frontier.open[at]
        if node.end - node.start <= SIDE_BY_SIDE and rows.is_near[node.start] == 0:
            put_side_by_side(rows, node)
        known = rows.near if rows.is_near[node.start] != 0 else rows.far
        add_up(rows, known, node)
        value = min(max(rows.searched[0].sum / node.weight, node.lower), node.upper)
        node.feature = LEAF
        node.improvement = 0.0
        if may_split(node, settings):
            search(table, rows, known, directions, draws, settings.max_features, node)
            if node.feature != LEAF:
                part_samples(rows, node)
                look_at_children(rows, known, settings.total_weight, node)
                part_columns(rows, settings, node)
        number = settle(frontier, at, settings, nodes)
        nodes.value[number, 0, 0] = value


@kernel
def put_side_by_side(rows, node):
    """Number the node's rows by their places, and copy what is known of them there."""
    far_sums, far_target, near_sums, near_target = rows.far.sums, rows.far.target, rows.near.sums, rows.near.target
    samples, number, is_near, entries = rows.as_swapped, rows.number, rows.is_near, rows.entries
    for place in range(node.start, node.end):
        row = samples[place]
        near_sums[place, 0] = far_sums[row, 0]
        near_sums[place, 1] = far_sums[row, 1]
        near_target[place] = far_target[row]
        number[row] = place
        samples[place] = place
        is_near[place] = 1
    for f in range(len(entries)):
        for place in range(node.start, node.end):
            entry = entries[f, place]
            entries[f, place] = entry - (entry & ROW) + np.uint64(number[entry & ROW])


@kernel
def add_up(rows, known, node):
    """Weight, sum and squares of a node; of the root, the impurity, too."""
    searched, samples, sums, target = rows.searched[0], rows.as_swapped, known.sums, known.target
    weight, total, squares = 0.0, 0.0, 0.0
    for place in range(node.start, node.end):
        row = samples[place]
        total += sums[row, 0]
        squares += sums[row, 0] * target[row]
        weight += sums[row, 1]
    node.weight = weight
    searched.sum = total
    searched.squares = squares
    if node.parent < 0:
        node.impurity = variance(squares, total, weight)


@kernel
def variance(squares, total, weight):
    """Mean square less squared mean."""
    mean = total / weight
    return squares / weight - mean * mean


@kernel
def search(table, rows, known, directions, draws, max_features, node):
    """Find the best cut over the columns that are drawn."""
    # Arrays are taken out of their tuples here, once: to count who holds them takes longer than to search a small node.
    entries, sums, searched, most_copies = rows.entries, known.sums, rows.searched[0], rows.most_copies
    distinct, first_rank, n_close = table.distinct, table.start, table.n_close
    start, last = np.int64(node.start), np.int64(node.end) - 1
    searched.judged = -np.inf
    searched.last = -1
    begin_draws(draws, node.n_constants)
    while True:
        f = draw_feature(draws, max_features)
        if f < 0:
            break
        lowest, highest = entries[f, start] >> HALF, entries[f, last] >> HALF
        if lowest != highest:
            searched.last = f
        if are_close(distinct, first_rank[f], n_close[f], lowest, highest):
            found_constant(draws)
        else:
            found_varying(draws)
            direction = np.int64(directions[f]) if len(directions) > 0 else np.int64(0)
            walk(entries, f, sums, distinct, first_rank[f], n_close[f], most_copies[f], direction, searched, node)
    node.n_constants = end_draws(draws)


@kernel
def are_close(distinct, first_rank, n_close, below, above):
    """Whether the values of two ranks of a column are too close to be told apart."""
    if above - below > n_close:
        return False
    first = np.uint64(first_rank)
    return distinct[first + above] <= distinct[first + below] + CLOSEST


@kernel
def walk(entries, f, sums, distinct, first_rank, n_close, most_copies, direction, searched, node):
    """Try the cuts of one column, from the lowest value on; one that is better than all before is noted in the node."""
    total, weight, best = searched.sum, node.weight, searched.judged
    not_worse = best * ALMOST_ONE
    start, end = np.int64(node.start), np.int64(node.end)
    least, least_weight = np.int64(searched.min_samples_leaf), searched.min_weight_leaf
    left = weight_left = 0.0
    for place in range(start, start + least - 1):
        row = entries[f, place] & ROW
        left += sums[row, 0]
        weight_left += sums[row, 1]
    nearly_last = end - least - most_copies + 1
    for cut in range(start + least, end - least + 1):
        row = entries[f, cut - 1] & ROW
        left += sums[row, 0]
        weight_left += sums[row, 1]
        if cut > nearly_last and leaps(entries, f, distinct, first_rank, n_close, start, start + least, cut, end):
            left, weight_left = taken_from_all(entries, f, sums, total, weight, cut, end)
        right, weight_right = total - left, weight - weight_left
        if left * left * weight_right + right * right * weight_left > not_worse * (weight_left * weight_right):
            judged = left * left / weight_left + right * right / weight_right
            if (
                judged > best
                and min(weight_left, weight_right) >= least_weight
                and (direction == 0 or obeys(direction, left / weight_left, right / weight_right, node))
            ):
                below, above = entries[f, cut - 1] >> HALF, entries[f, cut] >> HALF
                if not are_close(distinct, first_rank, n_close, below, above):
                    best, not_worse = judged, judged * ALMOST_ONE
                    first = np.uint64(first_rank)
                    node.feature = f
                    node.cut = cut
                    node.direction = direction
                    # Halves are added, for the sum of two large values overflows.
                    node.threshold = distinct[first + below] / 2.0 + distinct[first + above] / 2.0
    searched.judged = best


@kernel
def leaps(entries, f, distinct, first_rank, n_close, start, first_cut, cut, end):
    """Whether a cut is further from the one that is tried before it than from the end, for ties are between them."""
    for place in range(cut, max(2 * cut - end, first_cut) - 1, -1):
        below, above = entries[f, place - 1] >> HALF, entries[f, place] >> HALF
        if are_close(distinct, first_rank, n_close, below, above) == (place == cut):
            return False
    return cut - start > end - cut


@kernel
def taken_from_all(entries, f, sums, total, weight, cut, end):
    """Sum and weight before a cut: those behind it, from the end on, taken from all."""
    for place in range(end - 1, cut - 1, -1):
        row = entries[f, place] & ROW
        total -= sums[row, 0]
        weight -= sums[row, 1]
    return total, weight


@kernel
def obeys(direction, left, right, node):
    """Whether the children's values rise (1) or fall (-1) as the column demands, and stay within the node's bounds."""
    within = min(left, right) >= node.lower and max(left, right) <= node.upper
    return within and (left - right) * direction <= 0


@kernel
def part_samples(rows, node):
    """Part the node's rows as scikit-learn parts its samples: what goes right is swapped to the end, one by one."""
    goes_left, samples, last, entries = rows.goes_left, rows.as_swapped, rows.searched[0].last, rows.entries
    for place in range(node.start, node.end):
        goes_left[entries[node.feature, place] & ROW] = np.uint8(place < node.cut)
    if last >= 0:
        for place in range(node.start, node.end):
            samples[place] = np.uint32(entries[last, place] & ROW)
    low, high = node.start, node.end
    while low < high:
        row = samples[low]
        if goes_left[row] != 0:
            low += 1
        else:
            high -= 1
            samples[low] = samples[high]
            samples[high] = row
    node.missing_left = np.int64(node.cut - node.start > node.end - node.cut)


@kernel
def look_at_children(rows, known, total_weight, node):
    """Write what the children will know: their impurities, and the bound between their values."""
    searched, samples, sums, target = rows.searched[0], rows.as_swapped, known.sums, known.target
    left, weight_left, squares = 0.0, 0.0, 0.0
    for place in range(node.start, node.cut):
        squares += sums[samples[place], 0] * target[samples[place]]
    # scikit-learn adds up the child with fewer samples, and takes it from all if that is the right one.
    if node.cut - node.start <= node.end - node.cut:
        for place in range(node.start, node.cut):
            left += sums[samples[place], 0]
            weight_left += sums[samples[place], 1]
    else:
        left, weight_left = searched.sum, node.weight
        for place in range(node.end - 1, node.cut - 1, -1):
            left -= sums[samples[place], 0]
            weight_left -= sums[samples[place], 1]
    right, weight_right = searched.sum - left, node.weight - weight_left
    node.impurity_left = variance(squares, left, weight_left)
    node.impurity_right = variance(searched.squares - squares, right, weight_right)
    node.improvement = (node.weight / total_weight) * (
        node.impurity
        - (weight_right / node.weight * node.impurity_right)
        - (weight_left / node.weight * node.impurity_left)
    )
    node.middle = left / (2 * weight_left) + right / (2 * weight_right)


@kernel
def part_columns(rows, settings, node):
    """Part every column's stretch of the node, both parts in their old order; not if both children are leaves."""
    left_is_leaf = node.cut - node.start < settings.min_samples_split or node.impurity_left <= EPSILON
    right_is_leaf = node.end - node.cut < settings.min_samples_split or node.impurity_right <= EPSILON
    if (left_is_leaf and right_is_leaf) or node.depth + 1 >= settings.max_depth:
        return
    entries, goes_left, waiting = rows.entries, rows.goes_left, rows.waiting
    start, end = np.int64(node.start), np.int64(node.end)
    for f in range(len(entries)):
        if f == node.feature:
            continue
        low, n_waiting = start, np.int64(0)
        for place in range(start, end):
            # Both are written and one is kept, for a branch would be guessed wrong half of the time.
            entry = entries[f, place]
            entries[f, low] = entry
            waiting[n_waiting] = entry
            is_left = np.int64(goes_left[entry & ROW])
            low += is_left
            n_waiting += 1 - is_left
        for k in range(n_waiting):
            entries[f, low + k] = waiting[k]
