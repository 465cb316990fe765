r"""Growing a tree in order: the search that keeps its samples in scikit-learn's very order, so that sums have its bits.

Floating-point sums depend on the order of what is added. Where the sums of a node are not exact (weights that are no
whole numbers, regression), a split that is as good as another but for a rounding may win by it, so the order decides
on the tree. It comes about in three ways: samples are sorted by each column that is searched (`order_sorting`), parted
by the split, and missing ones brought to the end or the front. This search goes the same ways, for every criterion
(`criteria`), for several outputs, missing values and monotone columns; `count_growing` is faster where it may be used.

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
from .candidates import CANDIDATE, CLOSEST, accept, choose_by_gain_ratio, forget, last_rank_up_to
from .class_impurity import GAIN_RATIO
from .feature_draws import (
    begin_draws,
    draw_feature,
    end_draws,
    found_constant,
    found_varying,
    random_between,
    random_int,
)
from .frontier import LEAF, may_split, next_open, settle
from .order_sorting import MOST_WAITING, divide, missing_last, missing_to_the_left, sort_in_order

__all__ = ["OrderedSamples", "grow_in_order", "ordered_samples"]

PART = np.dtype(
    [
        ("start", np.int64),
        ("end", np.int64),
        ("cut", np.int64),
        ("weight", np.float64),
        ("weight_left", np.float64),
        ("weight_right", np.float64),
    ],
    align=True,
)

# A rank that no value has.
NO_RANK = np.uint32(2**32 - 1)


class OrderedSamples(NamedTuple):
    """Samples of a tree in their order.

    Attributes
    ----------
    order : ndarray of int64, shape (n,)
    ranks : ndarray of uint32, shape (n,)
    weights : ndarray of float64, shape (n_samples,)
        Of all samples of the table.
    spare : ndarray of int64, shape (n,)
    waiting : ndarray of int64, shape (MOST_WAITING, 3)
    part : record array of PART, shape (1,)
        The node that is searched.
    found : record array of CANDIDATE, shape (n_features + 1,)
        Best candidate so far; for the gain ratio that of each column, and the column's at hand last.
    """

    order: NDArray[np.int64]
    ranks: NDArray[np.uint32]
    weights: NDArray[np.float64]
    spare: NDArray[np.int64]
    waiting: NDArray[np.int64]
    part: NDArray
    found: NDArray


def ordered_samples(weights: NDArray[np.float64], n_features: int) -> OrderedSamples:
    """Samples that weigh something, in the order of the table."""
    order = np.flatnonzero(weights).astype(np.int64)
    return OrderedSamples(
        order=order,
        ranks=np.empty(len(order), dtype=np.uint32),
        weights=weights,
        spare=np.empty(len(order), dtype=np.int64),
        waiting=np.empty((MOST_WAITING, 3), dtype=np.int64),
        part=np.zeros(1, dtype=PART),
        found=np.zeros(n_features + 1, dtype=CANDIDATE),
    )


@kernel
def grow_in_order(table, samples, classes, values, random, directions, draws, frontier, settings, nodes):
    """Grow a tree to its end.

    One of `classes` and `values` is None (see `criteria`). If `random` is None, all thresholds are searched, else one
    is drawn for each column. `directions` are those of monotone columns; empty if there are none.
    """
    while True:
        at = next_open(frontier, settings, nodes)
        if at < 0:
            return
        node = frontier.open[at]
        criteria.begin(classes, values, samples, node.start, node.end)
        node.weight = samples.part[0].weight
        if node.parent < 0:
            node.impurity = criteria.impurity(classes, values, samples, settings.criterion)
        node.feature = LEAF
        node.improvement = 0.0
        if may_split(node, settings):
            if random is None:
                search_all(table, samples, classes, values, directions, draws, node, settings)
            else:
                search_random(table, samples, classes, values, directions, draws, node, settings)
            if node.feature != LEAF:
                look_at_children(classes, values, samples, directions, node, settings)
        lower, upper = node.lower, node.upper
        number = settle(frontier, at, settings, nodes)
        criteria.write_value(classes, values, samples, nodes.value[number], lower, upper, len(directions) > 0)


@kernel(inner=True)
def search_all(table, samples, classes, values, directions, draws, node, settings):
    """Find the best of all splits of a node on columns drawn at random, and part its samples by it."""
    order, ranks, n_searched = samples.order, samples.ranks, 0
    forget(samples.found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, settings.max_features)
        if feature < 0:
            break
        column, missing = table.ranks[feature], missing_rank(table, feature)
        n_missing = missing_last(column, missing, ranks, order, node.start, node.end)
        last = node.end - n_missing
        sort_in_order(ranks, order, node.start, last, samples.waiting)
        of_rank = table.distinct[table.start[feature] :]
        if last == node.start or (n_missing == 0 and of_rank[ranks[last - 1]] <= of_rank[ranks[node.start]] + CLOSEST):
            found_constant(draws)
            continue
        found_varying(draws)
        if settings.criterion == GAIN_RATIO:
            forget(samples.found[n_searched])
        place = n_searched if settings.criterion == GAIN_RATIO else 0
        scan(feature, of_rank, n_missing, np.int64(0), samples, place, classes, values, directions, node, settings)
        if n_missing > 0:
            missing_to_the_left(ranks, order, node.start, node.end, n_missing, samples.spare)
            scan(feature, of_rank, n_missing, np.int64(1), samples, place, classes, values, directions, node, settings)
        if samples.found[place].feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    choose(samples, n_searched, node, settings)
    if node.feature != LEAF:
        part_samples(table, samples, node)


@kernel(inner=True)
def missing_rank(table, feature):
    """Rank of missing values in a column; one that no value has if there are none."""
    if table.missing[feature]:
        return np.uint32(table.start[feature + 1] - table.start[feature] - 1)
    return NO_RANK


@kernel(inner=True)
def scan(feature, of_rank, n_missing, missing_left, samples, place, classes, values, directions, node, settings):
    """Compare the cuts between sorted samples with the best so far; the missing ones are first or last.

    If they are last, the cut just before them is a candidate too: with the threshold inf only they go right.
    """
    ranks, best = samples.ranks, samples.found[place]
    criteria.reset(classes, values, samples)
    first = node.start + n_missing * missing_left
    last = node.end - n_missing * (1 - missing_left)
    for cut in range(first + 1, last):
        if of_rank[ranks[cut]] <= of_rank[ranks[cut - 1]] + CLOSEST:
            continue
        if is_better(feature, cut, samples, place, classes, values, directions, node, settings):
            best.threshold = of_rank[ranks[cut - 1]] / 2.0 + of_rank[ranks[cut]] / 2.0
            best.last = np.int64(ranks[cut - 1])
            best.missing_left = np.int64(missing_left if n_missing > 0 else 2 * cut > node.start + node.end)
    if n_missing == 0 or missing_left == 1:
        return
    if is_better(feature, last, samples, place, classes, values, directions, node, settings):
        best.threshold = np.inf
        best.last = np.int64(ranks[last]) - 1
        best.missing_left = 0


@kernel(inner=True)
def is_better(feature, cut, samples, place, classes, values, directions, node, settings):
    """Whether a cut is allowed and better than the best so far, which it is then made."""
    part, best = samples.part[0], samples.found[place]
    if min(cut - node.start, node.end - cut) < settings.min_samples_leaf:
        return False
    criteria.move(classes, values, samples, cut)
    if part.weight_left < settings.min_weight_leaf or part.weight_right < settings.min_weight_leaf:
        return False
    if len(directions) > 0 and directions[feature] != 0:
        left, right = criteria.child_values(classes, values, samples)
        within = min(left, right) >= node.lower and max(left, right) <= node.upper
        if not within or (left - right) * directions[feature] > 0:
            return False
    judged = criteria.judge(classes, values, samples, settings.criterion)
    if judged > best.judged:
        best.judged = judged
        best.feature = feature
        best.n_left = cut - node.start
        best.weight_left = part.weight_left
        return True
    return False


@kernel(inner=True)
def search_random(table, samples, classes, values, directions, draws, node, settings):
    """Find the best of one split at random for each column drawn, and part a node's samples by it."""
    order, n_searched, last_seen = samples.order, 0, -1
    forget(samples.found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, settings.max_features)
        if feature < 0:
            break
        last_seen = feature
        column, missing = table.ranks[feature], missing_rank(table, feature)
        lowest, highest, n_missing = range_of_ranks(column, missing, order, node.start, node.end)
        of_rank = table.distinct[table.start[feature] :]
        if n_missing == node.end - node.start or (n_missing == 0 and of_rank[highest] <= of_rank[lowest] + CLOSEST):
            found_constant(draws)
            continue
        found_varying(draws)
        threshold = random_between(draws.state[0], of_rank[lowest], of_rank[highest])
        missing_left = random_int(draws.state[0], np.int64(0), np.int64(2)) if n_missing > 0 else 0
        last = last_rank_up_to(of_rank, np.int64(highest) + 1, threshold)
        cut = divide(column, missing, order, node.start, node.end, last, missing_left)
        if settings.criterion == GAIN_RATIO:
            forget(samples.found[n_searched])
        place = n_searched if settings.criterion == GAIN_RATIO else 0
        criteria.reset(classes, values, samples)
        if is_better(feature, cut, samples, place, classes, values, directions, node, settings):
            best = samples.found[place]
            best.threshold = threshold
            best.last = last
            best.missing_left = missing_left if n_missing > 0 else np.int64(2 * cut > node.start + node.end)
        if samples.found[place].feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    choose(samples, n_searched, node, settings)
    if node.feature != LEAF and node.feature != last_seen:
        part_samples(table, samples, node)


@kernel(inner=True)
def range_of_ranks(column, missing, order, start, end):
    """Lowest and highest rank of a node's samples, and how many are missing."""
    lowest, highest, n_missing = NO_RANK, np.uint32(0), 0
    for p in range(start, end):
        rank = column[order[p]]
        if rank == missing:
            n_missing += 1
        else:
            lowest = min(lowest, rank)
            highest = max(highest, rank)
    return lowest, highest, n_missing


@kernel(inner=True)
def choose(samples, n_found, node, settings):
    """Make the best candidate the split of the node."""
    place = np.int64(0)
    if settings.criterion == GAIN_RATIO:
        place = choose_by_gain_ratio(samples.found, n_found, node.impurity, node.weight)
    accept(samples.found[place], node)
    samples.found[0] = samples.found[place]


@kernel(inner=True)
def part_samples(table, samples, node):
    """Bring the samples that go left to the front."""
    column, missing = table.ranks[node.feature], missing_rank(table, node.feature)
    divide(column, missing, samples.order, node.start, node.end, samples.found[0].last, node.missing_left)


@kernel(inner=True)
def look_at_children(classes, values, samples, directions, node, settings):
    """Write what the children of a node will know: their impurities, and the bound between their values."""
    part = samples.part[0]
    criteria.reset(classes, values, samples)
    criteria.move(classes, values, samples, node.cut)
    left, right = criteria.child_impurities(classes, values, samples, settings.criterion)
    node.impurity_left = left
    node.impurity_right = right
    node.improvement = (part.weight / settings.total_weight) * (
        node.impurity - (part.weight_right / part.weight * right) - (part.weight_left / part.weight * left)
    )
    if len(directions) > 0:
        node.direction = np.int64(directions[node.feature])
        node.middle = criteria.middle(classes, values, samples)
