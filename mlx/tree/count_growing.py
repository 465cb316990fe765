r"""Growing a classification tree by counting: which column and threshold separate the classes of a node best.

A split of a node of weight W into a left and a right part is judged by what impurity it leaves (`class_impurity`)::

    criterion = - W_right I_right - W_left I_left            the larger, the better

Here all weights are whole numbers (of copies of a sample, as a bootstrap makes them), times a power of two, so that all
sums of them are exact whatever their order. The bits of the result are then those of any program that evaluates the
same formulas, and the search is free to sort, count and skip as it likes:

1. Each sample of the node becomes a key: its rank in the column, its class, its weight (`gather_keys`).
2. Keys are sorted (`key_sorting`).
3. From left to right, each key moves its weight to the left part (`count_scanning`).

=========  ==================================================  =============
symbol     what                                                shape
=========  ==================================================  =============
K          classes
label      class of a sample << 16 | its weight                (n_samples,)
total      weight of each class in the node                    (1, K)
left       weight of each class left of the candidate          (1, K)
=========  ==================================================  =============
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .candidates import CANDIDATE, CLOSEST, accept, choose_by_gain_ratio, forget, last_rank_up_to
from .class_impurity import GAIN_RATIO, class_impurity
from .count_scanning import consider, scan_entropy, scan_gini
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying, random_uniform
from .frontier import LEAF, may_split, next_open, settle
from .key_sorting import RANK_SHIFT, n_buckets, sort_keys

__all__ = ["LARGEST_COUNT", "MOST_CLASSES", "MOST_WEIGHT", "CountedSamples", "counted_samples", "grow_by_counts"]

# A class and a weight share a half of a key.
MOST_CLASSES = 1 << 16
LARGEST_COUNT = (1 << 16) - 1

# Squares of weights up to here are exact in float64.
MOST_WEIGHT = 1 << 26


class CountedSamples(NamedTuple):
    """Samples of a tree, and room to sort them.

    Attributes
    ----------
    place : ndarray of uint32, shape (n,)
        Number of each sample in the table; those of a node stand together, rising.
    label : ndarray of uint32, shape (n,)
    spare_place, spare_label : ndarray of uint32, shape (n,)
    keys, spare_keys : ndarray of uint64, shape (n,)
    bucket : ndarray of uint64
    total, left, right : ndarray of float64, shape (1, K)
    found : record array of CANDIDATE, shape (n_features + 1,)
        Best candidate so far; for the gain ratio that of each column, and the column's at hand last.
    unit : float
        What a weight of 1 stands for: a power of two.
    """

    place: NDArray[np.uint32]
    label: NDArray[np.uint32]
    spare_place: NDArray[np.uint32]
    spare_label: NDArray[np.uint32]
    keys: NDArray[np.uint64]
    spare_keys: NDArray[np.uint64]
    bucket: NDArray[np.uint64]
    total: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    found: NDArray
    unit: float


def counted_samples(
    codes: NDArray[np.integer], counts: NDArray[np.integer], n_classes: int, n_features: int, unit: float = 1.0
) -> CountedSamples:
    """Samples that weigh something.

    Parameters
    ----------
    codes : ndarray of int, shape (n_samples,)
        Classes.
    counts : ndarray of int, shape (n_samples,)
        Weights in units; not above `LARGEST_COUNT`, `MOST_WEIGHT` together.
    n_classes, n_features : int
    unit : float, default=1
    """
    place = np.flatnonzero(counts).astype(np.uint32)
    label = (codes[place].astype(np.uint32) << np.uint32(16)) | counts[place].astype(np.uint32)
    spare_place, spare_label = np.empty((2, len(place)), dtype=np.uint32)
    keys, spare_keys = np.empty((2, len(place)), dtype=np.uint64)
    bucket = np.empty(n_buckets(len(place)), dtype=np.uint64)
    total, left, right = np.empty((3, 1, n_classes))
    found = np.zeros(n_features + 1, dtype=CANDIDATE)
    return CountedSamples(
        place, label, spare_place, spare_label, keys, spare_keys, bucket, total, left, right, found, float(unit)
    )


@kernel
def grow_by_counts(table, samples, x_log_x, random, draws, frontier, settings, nodes):
    """Grow a tree to its end.

    `x_log_x` (see `count_scanning`) is None if impurity is Gini's. If `random` is None, all thresholds are searched,
    else one is drawn for each column.
    """
    while True:
        at = next_open(frontier, settings, nodes)
        if at < 0:
            return
        node = frontier.open[at]
        weight = count_classes(samples.label, node.start, node.end, samples.total)
        node.weight = weight * samples.unit
        if node.parent < 0:
            node.impurity = class_impurity(settings.criterion, samples.total, weight)
        node.feature = LEAF
        node.improvement = 0.0
        if may_split(node, settings):
            chosen = search(table, samples, x_log_x, random, draws, node, settings, weight)
            if node.feature != LEAF:
                divide(table, samples, samples.found[chosen].last, node, settings, weight)
        number = settle(frontier, at, settings, nodes)
        for k in range(samples.total.shape[1]):
            nodes.value[number, 0, k] = samples.total[0, k] / weight


@kernel(inner=True)
def count_classes(label, start, end, counts):
    """Write the weight of each class among samples; their weight."""
    counts[:] = 0.0
    for p in range(start, end):
        counts[0, label[p] >> np.uint32(16)] += np.float64(label[p] & np.uint32(0xFFFF))
    weight = 0.0
    for k in range(counts.shape[1]):
        weight += counts[0, k]
    return weight


@kernel(inner=True)
def search(table, samples, x_log_x, random, draws, node, settings, weight):
    """Search columns drawn at random for the best split of a node; its place among the candidates."""
    n, n_searched, place = node.end - node.start, 0, 0
    forget(samples.found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, settings.max_features)
        if feature < 0:
            break
        values = table.distinct[table.start[feature] :]
        lowest, highest = gather_keys(table.ranks[feature], samples, node.start, n)
        if values[highest] <= values[lowest] + CLOSEST:
            found_constant(draws)
            continue
        found_varying(draws)
        if settings.criterion == GAIN_RATIO:
            place = n_searched
            forget(samples.found[place])
        if random is not None:
            count_random(feature, values, lowest, highest, n, samples, place, draws, settings, weight)
        else:
            keys = sort_keys(samples.keys, samples.spare_keys, n, lowest, highest, samples.bucket)
            if x_log_x is None:
                scan_gini(keys, n, feature, values, samples, place, settings, weight)
            else:
                scan_entropy(keys, n, feature, values, x_log_x, samples, place, settings, weight)
        if samples.found[place].feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    if settings.criterion == GAIN_RATIO:
        place = choose_by_gain_ratio(samples.found, n_searched, node.impurity, weight)
    if place >= 0:
        accept(samples.found[place], node)
    return place


@kernel(inner=True)
def gather_keys(ranks, samples, start, n):
    """Write the keys of a node's samples for a column; its lowest and its highest rank."""
    lowest, highest = np.uint64(2**32), np.uint64(0)
    for i in range(n):
        rank = np.uint64(ranks[samples.place[start + i]])
        lowest = min(lowest, rank)
        highest = max(highest, rank)
        samples.keys[i] = (rank << RANK_SHIFT) | np.uint64(samples.label[start + i])
    return lowest, highest


@kernel(inner=True)
def count_random(feature, values, lowest, highest, n, samples, place, draws, settings, weight):
    """Draw a threshold, and compare the split at it with the best so far."""
    low, high = np.float64(values[lowest]), np.float64(values[highest])
    threshold = random_uniform(draws, low, high)
    if threshold == high:
        threshold = low
    last = np.uint64(last_rank_up_to(values, np.int64(highest) + 1, threshold))
    n_left, weight_left = 0, 0.0
    samples.left[:] = 0.0
    for i in range(n):
        key = samples.keys[i]
        if key >> RANK_SHIFT <= last:
            n_left += 1
            moved = np.float64(key & np.uint64(0xFFFF))
            weight_left += moved
            samples.left[0, (key >> np.uint64(16)) & np.uint64(0xFFFF)] += moved
    if consider(n_left, n, feature, last, samples, place, settings, weight, weight_left):
        samples.found[place].threshold = threshold


@kernel(inner=True)
def divide(table, samples, last, node, settings, weight):
    """Bring the samples that go left to the front, all in their order, and write what the children inherit."""
    column, place, label = table.ranks[node.feature], samples.place, samples.label
    front, n_right = np.int64(node.start), np.int64(0)
    for p in range(node.start, node.end):
        here, own = place[p], label[p]
        goes_left = np.int64(column[here]) <= last
        place[front] = here
        label[front] = own
        samples.spare_place[n_right] = here
        samples.spare_label[n_right] = own
        front += np.int64(goes_left)
        n_right += 1 - np.int64(goes_left)
    for i in range(n_right):
        place[front + i] = samples.spare_place[i]
        label[front + i] = samples.spare_label[i]
    weight_left = count_classes(label, node.start, node.cut, samples.left)
    weight_right = weight - weight_left
    for k in range(samples.total.shape[1]):
        samples.right[0, k] = samples.total[0, k] - samples.left[0, k]
    node.impurity_left = class_impurity(settings.criterion, samples.left, weight_left)
    node.impurity_right = class_impurity(settings.criterion, samples.right, weight_right)
    node.improvement = (weight * samples.unit / settings.total_weight) * (
        node.impurity - (weight_right / weight * node.impurity_right) - (weight_left / weight * node.impurity_left)
    )
