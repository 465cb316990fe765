r"""Growing a classification tree by counting: which column and threshold separate the classes of a node best.

A split of a node of weight W into a left and a right part is judged by what impurity it leaves (`class_impurity`)::

    criterion = - W_right I_right - W_left I_left            the larger, the better

Here all weights are whole numbers (of copies of a sample, as a bootstrap makes them), times a power of two, so that all
sums of them are exact whatever their order. The bits of the result are then those of any program that evaluates the
same formulas, and the search is free to sort, count and skip as it likes:

1. Each sample of the node becomes a key: its rank in the column, its class, its weight (`gather_keys`).
2. Keys are sorted (`key_sorting`).
3. From left to right, each key moves its weight to the left part. A quick form of the criterion, without division,
   screens the candidates; the formula itself is evaluated for the few that may beat the best so far (`Candidate`).

=========  ==================================================  =============
symbol     what                                                shape
=========  ==================================================  =============
K          classes
label      class of a sample << 16 | its weight                (n_samples,)
total      weight of each class in the node                    (K,)
left       weight of each class left of the candidate          (K,)
=========  ==================================================  =============
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .class_impurity import class_impurity, gini
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying
from .frontier import LEAF, may_split, next_open, settle
from .key_sorting import RANK_SHIFT, n_buckets, sort_keys

__all__ = ["LARGEST_COUNT", "MOST_CLASSES", "MOST_WEIGHT", "CountedSamples", "counted_samples", "grow_by_counts"]

# A class and a weight share a half of a key.
CLASS_SHIFT = np.uint64(16)
MOST_CLASSES = 1 << 16
LARGEST_COUNT = (1 << 16) - 1

# Squares of weights up to here are exact in float64.
MOST_WEIGHT = 1 << 26

# Values closer than this (in float32) are not separated.
CLOSEST = np.float32(1e-7)

# What the quick form of the criterion may be wrong by, in parts of the node's weight.
SCREEN = 2.0**-44

CANDIDATE = np.dtype(
    [
        ("criterion", np.float64),
        ("screen", np.float64),  # the quick form must be above this
        ("feature", np.int64),
        ("rank", np.uint64),  # ranks up to this go left
        ("next_rank", np.uint64),
        ("n_left", np.int64),
    ],
    align=True,
)


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
    total, left, right : ndarray of float64, shape (K,)
    best : record array of CANDIDATE, shape (1,)
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
    best: NDArray
    unit: float


def counted_samples(
    codes: NDArray[np.integer], counts: NDArray[np.integer], n_classes: int, unit: float = 1.0
) -> CountedSamples:
    """Samples that weigh something.

    Parameters
    ----------
    codes : ndarray of int, shape (n_samples,)
        Classes.
    counts : ndarray of int, shape (n_samples,)
        Weights in units; not above `LARGEST_COUNT`, `MOST_WEIGHT` together.
    n_classes : int
    unit : float, default=1
    """
    place = np.flatnonzero(counts).astype(np.uint32)
    label = (codes[place].astype(np.uint32) << np.uint32(16)) | counts[place].astype(np.uint32)
    spare_place, spare_label = np.empty((2, len(place)), dtype=np.uint32)
    keys, spare_keys = np.empty((2, len(place)), dtype=np.uint64)
    bucket = np.empty(n_buckets(len(place)), dtype=np.uint64)
    total, left, right = np.empty((3, n_classes))
    best = np.zeros(1, dtype=CANDIDATE)
    return CountedSamples(
        place, label, spare_place, spare_label, keys, spare_keys, bucket, total, left, right, best, float(unit)
    )


@kernel
def grow_by_counts(table, samples, draws, frontier, settings, nodes):
    """Grow a tree to its end."""
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
            find_best(table, samples, draws, node, settings, weight)
            if node.feature != LEAF:
                divide(table, samples, node, settings, weight)
        number = settle(frontier, at, settings, nodes)
        for k in range(len(samples.total)):
            nodes.value[number, 0, k] = samples.total[k] / weight


@kernel(inner=True)
def count_classes(label, start, end, counts):
    """Write the weight of each class among samples; their weight."""
    counts[:] = 0.0
    for p in range(start, end):
        counts[label[p] >> np.uint32(16)] += np.float64(label[p] & np.uint32(0xFFFF))
    weight = 0.0
    for k in range(len(counts)):
        weight += counts[k]
    return weight


@kernel(inner=True)
def find_best(table, samples, draws, node, settings, weight):
    """Search columns drawn at random for the best split of a node."""
    best, n = samples.best[0], node.end - node.start
    best.feature = LEAF
    best.criterion = -np.inf
    best.screen = -np.inf
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
        keys = sort_keys(samples.keys, samples.spare_keys, n, lowest, highest, samples.bucket)
        scan_gini(keys, n, feature, values, samples, settings, weight)
    node.n_constants = end_draws(draws)
    if best.feature != LEAF:
        values = table.distinct[table.start[best.feature] :]
        node.feature = best.feature
        node.threshold = values[best.rank] / 2.0 + values[best.next_rank] / 2.0
        node.cut = node.start + best.n_left
        node.missing_left = np.int64(best.n_left > n - best.n_left)


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
def scan_gini(keys, n, feature, values, samples, settings, weight):
    """Compare the splits between sorted keys with the best so far, by Gini impurity.

    Where l_k and r_k are the weights of class k on either side, it is Σ l_k² / W_left + Σ r_k² / W_right - W.
    """
    best, total, left = samples.best[0], samples.total, samples.left
    left[:] = 0.0
    weight_left, squares_left, squares_right = 0.0, 0.0, 0.0
    for k in range(len(total)):
        squares_right += total[k] * total[k]
    for i in range(1, n):
        key = keys[i - 1]
        moved = np.float64(key & np.uint64(0xFFFF))
        k = (key >> CLASS_SHIFT) & np.uint64(0xFFFF)
        before = left[k]
        after = before + moved
        left[k] = after
        weight_left += moved
        # (l + w)² - l² and (r - w)² - r², which are exact
        squares_left += moved * (before + after)
        squares_right -= moved * (total[k] + total[k] - before - after)
        weight_right = weight - weight_left
        if (
            squares_left * weight_right + squares_right * weight_left > best.screen * (weight_left * weight_right)
            and key >> RANK_SHIFT != keys[i] >> RANK_SHIFT
        ):
            consider_gini(key, keys[i], i, n, feature, values, samples, settings, weight, weight_left)


@kernel(inner=True)
def consider_gini(key, next_key, n_left, n, feature, values, samples, settings, weight, weight_left):
    """Make a candidate the best so far if it is allowed and better."""
    best, weight_right = samples.best[0], weight - weight_left
    if n_left < settings.min_samples_leaf or n - n_left < settings.min_samples_leaf:
        return
    if min(weight_left, weight_right) * samples.unit < settings.min_weight_leaf:
        return
    if values[next_key >> RANK_SHIFT] <= values[key >> RANK_SHIFT] + CLOSEST:
        return
    for k in range(len(samples.total)):
        samples.right[k] = samples.total[k] - samples.left[k]
    criterion = -weight_right * gini(samples.right, weight_right) - weight_left * gini(samples.left, weight_left)
    if criterion > best.criterion:
        best.criterion = criterion
        best.screen = criterion + weight - SCREEN * weight
        best.feature = feature
        best.rank = key >> RANK_SHIFT
        best.next_rank = next_key >> RANK_SHIFT
        best.n_left = n_left


@kernel(inner=True)
def divide(table, samples, node, settings, weight):
    """Bring the samples that go left to the front, all in their order, and write what the children inherit."""
    ranks, place, label = table.ranks[node.feature], samples.place, samples.label
    last = np.uint32(samples.best[0].rank)
    front, n_right = np.int64(node.start), np.int64(0)
    for p in range(node.start, node.end):
        here, own = place[p], label[p]
        goes_left = ranks[here] <= last
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
    for k in range(len(samples.total)):
        samples.right[k] = samples.total[k] - samples.left[k]
    node.impurity_left = class_impurity(settings.criterion, samples.left, weight_left)
    node.impurity_right = class_impurity(settings.criterion, samples.right, weight_right)
    node.improvement = (weight * samples.unit / settings.total_weight) * (
        node.impurity - (weight_right / weight * node.impurity_right) - (weight_left / weight * node.impurity_left)
    )
