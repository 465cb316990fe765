r"""Growing a tree in order: the search that keeps its samples in scikit-learn's very order, so that sums have its bits.

Floating-point sums depend on the order of what is added. Where the sums of a node are not exact (weights that are no
whole numbers, regression), a split that is as good as another but for a rounding may win by it, so the order decides
on the tree. It comes about in three ways: samples are sorted by each column that is searched (`order_sorting`), parted
by the split, and missing ones brought to the end or the front (`order_parting`). This search goes the same ways, for
every criterion (`criteria`), for several outputs, missing values and monotone columns; `order_scanning` is faster for
the most frequent of these, and `count_growing` where it may be used.

::

    order     [ 4 0 7 | 2 9 1 5 | 3 8 6 ]          samples of the tree, a node is order[start:end]
                       start  cut  end             order[start:cut] is on the left side, the rest on the right
    ranks     [       | 0 2 2 3 |       ]          ranks of the node's samples in the column that is searched
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from . import criteria
from .candidates import CANDIDATE, CLOSEST, forget
from .class_impurity import GAIN_RATIO
from .criteria import PART
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying
from .frontier import LEAF, GrowthSettings, may_split, next_open, settle
from .key_sorting import RANK_SHIFT
from .median_criterion import Medians, new_medians
from .order_choice import choose, is_better
from .order_drawing import search_random
from .order_parting import NO_RANK, divide, mark_ranks, missing_last, missing_to_the_left, take_ranks
from .order_scanning import scan_classes, scan_values
from .order_sorting import SortRoom, new_sort_room, sort_as_introsort

__all__ = ["OrderedSamples", "grow_in_order", "ordered_samples"]

ROW = np.uint64(2**32 - 1)


class OrderedSamples(NamedTuple):
    """Samples of a tree in their order, and what is summed up of them (see `criteria`).

    Attributes
    ----------
    order : ndarray of uint32, shape (n,)
    ranks : ndarray of uint32, shape (n,)
    weights : ndarray of float64, shape (n_samples,)
        Of all samples of the table.
    sums : ndarray of float64, shape (3, n_outputs, K)
    errors : ndarray of float64, shape (4, n), or (4, 0) unless the criterion is the absolute error
    medians : Medians
        Without room unless the criterion is the absolute error.
    room : SortRoom
    part : record array of PART, shape (1,)
        The node that is searched.
    values : ndarray of float32, shape (n,)
        Of the node's samples in a column, where thresholds are drawn.
    goes_left : ndarray of uint8, shape (n,)
        Whether the node's samples go left.
    found : record array of CANDIDATE, shape (max_features + 1,)
        Best candidate so far; for the gain ratio that of each column, and the column's at hand last.
    """

    order: NDArray[np.uint32]
    ranks: NDArray[np.uint32]
    weights: NDArray[np.float64]
    sums: NDArray[np.float64]
    errors: NDArray[np.float64]
    medians: Medians
    room: SortRoom
    part: NDArray
    values: NDArray[np.float32]
    goes_left: NDArray[np.uint8]
    found: NDArray


def ordered_samples(
    weights: NDArray[np.float64],
    value_shape: tuple[int, int],
    settings: GrowthSettings,
    ranked_targets: NDArray[np.float64] | None = None,
) -> OrderedSamples:
    """Samples that weigh something, in the order of the table.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_samples,)
    value_shape : tuple of int
        Number of outputs, and of the classes of the one that has most.
    settings : GrowthSettings
    ranked_targets : ndarray of float64, shape (n_samples, n_outputs), optional
        For the absolute error.
    """
    order = np.flatnonzero(weights).astype(np.uint32)
    part = np.zeros(1, dtype=PART)
    part["criterion"], part["min_samples_leaf"] = settings.criterion, settings.min_samples_leaf
    part["min_weight_leaf"] = settings.min_weight_leaf
    return OrderedSamples(
        order=order,
        ranks=np.empty(len(order), dtype=np.uint32),
        weights=weights,
        sums=np.zeros((3, *value_shape)),
        errors=np.empty((4, 0 if ranked_targets is None else len(order))),
        medians=new_medians(np.empty((0, 1)) if ranked_targets is None else ranked_targets),
        room=new_sort_room(len(order)),
        part=part,
        values=np.empty(len(order), dtype=np.float32),
        goes_left=np.empty(len(order), dtype=np.uint8),
        found=np.zeros(settings.max_features + 1, dtype=CANDIDATE),
    )


@kernel
def grow_in_order(table, columns, samples, codes, targets, plain, directions, draws, frontier, settings, nodes):
    """Grow a tree to its end.

    One of `table` and `columns` is None: in a RankedTable all thresholds are searched, in a ColumnTable one is drawn
    for each column. One of `codes` and `targets` is None (see `criteria`). If `plain` is None, cuts are judged for
    every criterion, else by `order_scanning` or `order_drawing`. `directions` are those of monotone columns; empty if
    there are none.
    """
    order, weights, part, open_nodes = samples.order, samples.weights, samples.part[0], frontier.open
    sums, errors, medians, value = samples.sums, samples.errors, samples.medians, nodes.value
    while True:
        at = next_open(frontier, settings, nodes)
        if at < 0:
            return
        node = open_nodes[at]
        part.start = node.start
        part.end = node.end
        part.lower = node.lower
        part.upper = node.upper
        criteria.begin(codes, targets, sums, order, weights, part)
        criteria.reset(targets, medians, sums, errors, order, weights, part)
        node.weight = part.weight
        if node.parent < 0:
            node.impurity = criteria.impurity(codes, targets, sums, errors, order, weights, part)
        node.feature = LEAF
        node.improvement = 0.0
        if may_split(node, settings):
            if table is not None:
                search_all(table, samples, codes, targets, plain, directions, draws, node, settings.max_features)
            if columns is not None:
                search_random(columns, samples, codes, targets, plain, directions, draws, node, settings.max_features)
            if node.feature != LEAF:
                look_at_children(samples, codes, targets, directions, node, settings.total_weight)
        number = settle(frontier, at, settings, nodes)
        criteria.write_value(codes, targets, sums, medians, part, value, number, len(directions) > 0)


@kernel
def search_all(table, samples, codes, targets, plain, directions, draws, node, max_features):
    """Find the best of all splits of a node on columns drawn at random, and part its samples by it."""
    # Arrays are taken out of their tuples here, once: to count who holds them takes longer than to look at a cut.
    order, ranks, weights, sums, errors = samples.order, samples.ranks, samples.weights, samples.sums, samples.errors
    medians, part, found, keys = samples.medians, samples.part[0], samples.found, samples.room.keys
    all_ranks, distinct, first_rank, has_missing = table.ranks, table.distinct, table.start, table.missing
    n_searched, place = np.int64(0), np.int64(0)
    forget(found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, max_features)
        if feature < 0:
            break
        column, missing = all_ranks[feature], missing_rank(has_missing, first_rank, feature)
        n_missing = sort_samples(column, missing, order, ranks, node.start, node.end, samples.room)
        last = node.end - n_missing
        of_rank = distinct[first_rank[feature] :]
        if last == node.start or (n_missing == 0 and of_rank[ranks[last - 1]] <= of_rank[ranks[node.start]] + CLOSEST):
            found_constant(draws)
            continue
        found_varying(draws)
        if part.criterion == GAIN_RATIO:
            place = n_searched
            forget(found[place])
        best = found[place]
        part.direction = np.int64(directions[feature]) if len(directions) > 0 else np.int64(0)
        for missing_left in range(2 if n_missing > 0 else 1):
            if missing_left == 1:
                missing_to_the_left(ranks, order, node.start, node.end, n_missing, keys)
            cut = (feature, of_rank, n_missing, missing_left, ranks, order)
            if plain is None:
                criteria.reset(targets, medians, sums, errors, order, weights, part)
                scan(*cut, best, codes, targets, sums, errors, weights, part)
            elif codes is not None:
                scan_classes(*cut, codes, weights, sums, best, part)
            elif targets is not None:
                scan_values(*cut, targets, weights, sums, best, part)
        if best.feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    choose(found, n_searched, node, part)
    if node.feature != LEAF:
        column, missing = all_ranks[node.feature], missing_rank(has_missing, first_rank, node.feature)
        last, n = np.uint32(found[0].last), node.end - node.start
        mark_ranks(column, last, missing, node.missing_left, order, node.start, n, samples.goes_left)
        divide(order, samples.goes_left, node.start, n, keys)


@kernel
def sort_samples(column, missing, order, ranks, start, end, room):
    """Sort samples by a column, with their ranks; missing ones, whose number is returned, last."""
    keys, n_missing = room.keys, np.int64(0)
    if missing != NO_RANK:
        n_missing = missing_last(column, missing, order, start, end)
    n = end - start - n_missing
    for p in range(start + n, end):
        ranks[p] = missing
    if n > 0:
        lowest, highest, _ = take_ranks(column, NO_RANK, order, start, n, keys)
        row = sort_as_introsort(keys, n, lowest, highest, room.bucket, room.waiting)
        for i in range(n):
            order[start + i] = np.uint32(keys[row, i] & ROW)
            ranks[start + i] = np.uint32(keys[row, i] >> RANK_SHIFT)
    return n_missing


@kernel(inline=True)
def missing_rank(has_missing, first_rank, feature):
    """Rank of missing values in a column; one that no value has if there are none."""
    if has_missing[feature]:
        return np.uint32(first_rank[feature + 1] - first_rank[feature] - 1)
    return NO_RANK


@kernel
def scan(feature, of_rank, n_missing, missing_left, ranks, order, best, codes, targets, sums, errors, weights, part):
    """Compare the cuts between sorted samples with the best so far; the missing ones are first or last.

    If they are last, the cut just before them is a candidate too: with the threshold inf only they go right.
    """
    missing_last = n_missing > 0 and missing_left == 0
    first = part.start + n_missing * missing_left
    last = part.end - n_missing * (1 - missing_left)
    for cut in range(first + 1, last + np.int64(missing_last)):
        # Of many samples the rank is that of the next: there, the values need not be looked at.
        rank, next_rank = ranks[cut - 1], ranks[cut]
        if rank == next_rank or (cut < last and of_rank[next_rank] <= of_rank[rank] + CLOSEST):
            continue
        if is_better(feature, cut, best, codes, targets, sums, errors, order, weights, part):
            best.last = np.int64(rank)
            best.threshold = np.inf
            best.missing_left = missing_left
            if cut < last:
                best.threshold = of_rank[rank] / 2.0 + of_rank[next_rank] / 2.0
            if n_missing == 0:
                best.missing_left = np.int64(2 * cut > part.start + part.end)


@kernel
def look_at_children(samples, codes, targets, directions, node, total_weight):
    """Write what the children of a node will know: their impurities, and the bound between their values."""
    order, weights, sums, errors = samples.order, samples.weights, samples.sums, samples.errors
    part, medians = samples.part[0], samples.medians
    criteria.reset(targets, medians, sums, errors, order, weights, part)
    criteria.move(codes, targets, sums, order, weights, part, node.cut)
    left, right = criteria.child_impurities(codes, targets, sums, errors, order, weights, part)
    node.impurity_left = left
    node.impurity_right = right
    node.improvement = (part.weight / total_weight) * (
        node.impurity - (part.weight_right / part.weight * right) - (part.weight_left / part.weight * left)
    )
    if len(directions) > 0:
        node.direction = np.int64(directions[node.feature])
        node.middle = criteria.middle(codes, targets, sums, errors, part)
