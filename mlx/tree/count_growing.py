r"""Growing a classification tree by counting: which column and threshold separate the classes of a node best.

A split of a node of weight W into a left and a right part is judged by what impurity it leaves (`class_impurity`)::

    criterion = - W_right I_right - W_left I_left            the larger, the better

Here all weights are whole numbers (of copies of a sample, as a bootstrap makes them), times a power of two, so that all
sums of them are exact whatever their order. The bits of the result are then those of any program that evaluates the
same formulas, and the search is free to sort, count and skip as it likes:

1. Each sample of the node becomes a key: its rank in the column, its class, its weight (`gather_keys`).
2. Keys are sorted (`key_sorting`).
3. From left to right, each key moves its weight to the left part (`count_scanning`).

=========  ===================================================  =============
symbol     what                                                 shape
=========  ===================================================  =============
K          classes
sample     class << 48 | weight << 32 | its row in the table    (n,)
key        its rank in a column << 32 | class << 16 | weight    (n,)
sums       weight of each class in the node, left of a cut, and right of it, with 1 for the one output: (3, 1, K)
=========  ===================================================  =============
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .candidates import CANDIDATE, CLOSEST, accept, choose_by_gain_ratio, forget
from .class_impurity import GAIN_RATIO, LEFT, RIGHT, TOTAL
from .column_table import float32_up_to
from .count_drawing import draw_cuts
from .count_scanning import SEARCH, impurity, scan_entropy, scan_gini
from .feature_draws import begin_draws, draw_feature, end_draws, found_constant, found_varying
from .frontier import LEAF, GrowthSettings, may_split, next_open, settle
from .key_sorting import n_buckets, sort_keys

__all__ = ["LARGEST_COUNT", "MOST_CLASSES", "MOST_WEIGHT", "CountedSamples", "counted_samples", "grow_by_counts"]

# A class and a weight share a half of a key.
MOST_CLASSES = 1 << 16
LARGEST_COUNT = (1 << 16) - 1

# Squares of weights up to here are exact in float64.
MOST_WEIGHT = 1 << 26

HALF = np.uint64(32)
LOW_HALF = np.uint64(2**32 - 1)
LOW_16 = np.uint64(2**16 - 1)


class CountedSamples(NamedTuple):
    """Samples of a tree, and room to sort them.

    Attributes
    ----------
    sample : ndarray of uint64, shape (n,)
        Those of a node stand together, by rising row.
    keys : ndarray of uint64, shape (2, n)
        The second row is to sort into.
    bucket : ndarray of uint32
    values : ndarray of float32, shape (n,)
        Of the node's samples in a column, where thresholds are drawn.
    sums : ndarray of float64, shape (3, 1, K)
        See `class_impurity`.
    found : record array of CANDIDATE, shape (n_features + 1,)
        Best candidate so far; for the gain ratio that of each column, and the column's at hand last.
    search : record array of SEARCH, shape (1,)
    """

    sample: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    bucket: NDArray[np.uint32]
    values: NDArray[np.float32]
    sums: NDArray[np.float64]
    found: NDArray
    search: NDArray


def counted_samples(
    codes: NDArray[np.integer], counts: NDArray[np.integer], n_classes: int, settings: GrowthSettings, unit: float
) -> CountedSamples:
    """Samples that weigh something.

    Parameters
    ----------
    codes : ndarray of int, shape (n_samples,)
        Classes.
    counts : ndarray of int, shape (n_samples,)
        Weights in units; not above `LARGEST_COUNT`, `MOST_WEIGHT` together.
    n_classes : int
    settings : GrowthSettings
    unit : float
        What a weight of 1 stands for: a power of two.
    """
    row = np.flatnonzero(counts).astype(np.uint64)
    label = (codes[row].astype(np.uint64) << np.uint64(16)) | counts[row].astype(np.uint64)
    search = np.zeros(1, dtype=SEARCH)
    search["criterion"], search["min_samples_leaf"] = settings.criterion, settings.min_samples_leaf
    search["min_weight_leaf"], search["unit"] = settings.min_weight_leaf / unit, unit
    return CountedSamples(
        sample=(label << HALF) | row,
        keys=np.empty((2, len(row)), dtype=np.uint64),
        bucket=np.empty(n_buckets(len(row)), dtype=np.uint32),
        values=np.empty(len(row), dtype=np.float32),
        sums=np.empty((3, 1, n_classes)),
        found=np.zeros(settings.max_features + 1, dtype=CANDIDATE),
        search=search,
    )


@kernel
def grow_by_counts(table, columns, samples, x_log_x, draws, frontier, settings, nodes):
    """Grow a tree to its end.

    One of `table` and `columns` is None: in a RankedTable all thresholds are searched, in a ColumnTable one is drawn
    for each column. `x_log_x` (see `count_scanning`) is None if impurity is Gini's.
    """
    # Arrays are taken out of their tuples here, once: to count who holds them takes longer than to search a small node.
    sample, keys, sums, found = samples.sample, samples.keys, samples.sums, samples.found
    open_nodes = frontier.open
    value, now = nodes.value, samples.search[0]
    while True:
        at = next_open(frontier, settings, nodes)
        if at < 0:
            return
        node = open_nodes[at]
        now.n = node.end - node.start
        now.weight = count_classes(sample, node.start, node.end, sums, TOTAL)
        node.weight = now.weight * now.unit
        if node.parent < 0:
            node.impurity = impurity(x_log_x, sums, TOTAL, now.weight)
        node.feature = LEAF
        node.improvement = 0.0
        if may_split(node, settings):
            # Numba drops what is behind a test for None only if it is None.
            if table is not None:
                best = found[search_columns(table, samples, x_log_x, draws, node, settings.max_features)]
                accept(best, node)
                if node.feature != LEAF:
                    divide(table.ranks[node.feature], np.uint32(best.last), sample, keys, node.start, node.end)
            if columns is not None:
                best = found[draw_cuts(columns, samples, x_log_x, draws, node, settings.max_features)]
                accept(best, node)
                if node.feature != LEAF:
                    last = float32_up_to(best.threshold)
                    divide(columns.columns[node.feature], last, sample, keys, node.start, node.end)
            if node.feature != LEAF:
                look_at_children(sample, x_log_x, sums, node, now, settings.total_weight)
        number = settle(frontier, at, settings, nodes)
        for k in range(sums.shape[2]):
            value[number, 0, k] = sums[TOTAL, 0, k] / now.weight


@kernel
def count_classes(sample, start, end, sums, side):
    """Write the weight of each class among samples; their weight."""
    for k in range(sums.shape[2]):
        sums[side, 0, k] = 0.0
    for p in range(start, end):
        label = sample[p] >> HALF
        sums[side, 0, label >> np.uint64(16)] += np.float64(label & LOW_16)
    weight = 0.0
    for k in range(sums.shape[2]):
        weight += sums[side, 0, k]
    return weight


@kernel
def search_columns(table, samples, x_log_x, draws, node, max_features):
    """Search columns drawn at random for the best split of a node; its place among the candidates."""
    sample, keys, bucket = samples.sample, samples.keys, samples.bucket
    ranks, distinct, start = table.ranks, table.distinct, table.start
    sums, found, now = samples.sums, samples.found, samples.search[0]
    n_searched, place = np.int64(0), np.int64(0)
    forget(found[0])
    begin_draws(draws, node.n_constants)
    while True:
        feature = draw_feature(draws, max_features)
        if feature < 0:
            break
        now.first_rank = start[feature]
        lowest, highest = gather_keys(ranks, feature, sample, node.start, now.n, keys)
        least, most = distinct[now.first_rank + lowest], distinct[now.first_rank + highest]
        if most <= least + CLOSEST:
            found_constant(draws)
            continue
        found_varying(draws)
        # What a branch by None leaves out is not compiled: Gini's impurity knows no gain ratio.
        if x_log_x is not None and now.criterion == GAIN_RATIO:
            place = n_searched
            forget(found[place])
        row = sort_keys(keys, now.n, lowest, highest, bucket)
        if x_log_x is None:
            scan_gini(keys, row, distinct, feature, sums, found[place], now)
        else:
            scan_entropy(keys, row, distinct, feature, x_log_x, sums, found[place], now)
        if found[place].feature != LEAF:
            n_searched += 1
    node.n_constants = end_draws(draws)
    if x_log_x is not None and now.criterion == GAIN_RATIO:
        return choose_by_gain_ratio(found, n_searched, node.impurity, now.weight)
    return place


@kernel
def gather_keys(ranks, feature, sample, start, n, keys):
    """Write the keys of a node's samples for a column; its lowest and its highest rank."""
    lowest, highest = LOW_HALF, np.uint64(0)
    for i in range(n):
        own = sample[start + i]
        rank = np.uint64(ranks[feature, own & LOW_HALF])
        lowest = rank if rank < lowest else lowest
        highest = rank if rank > highest else highest
        keys[0, i] = (rank << HALF) | (own >> HALF)
    return lowest, highest


@kernel
def divide(column, last, sample, spare, start, end):
    """Bring the samples that go left, those up to the last rank or value, to the front; all keep their order."""
    front, n_right = np.int64(start), np.int64(0)
    for p in range(start, end):
        own = sample[p]
        goes_left = np.int64(column[own & LOW_HALF] <= last)
        sample[front] = own
        spare[0, n_right] = own
        front += goes_left
        n_right += 1 - goes_left
    for i in range(n_right):
        sample[front + i] = spare[0, i]


@kernel
def look_at_children(sample, x_log_x, sums, node, now, total_weight):
    """Write what the children of a node will know of it: their impurities."""
    weight, weight_left = now.weight, count_classes(sample, node.start, node.cut, sums, LEFT)
    weight_right = weight - weight_left
    for k in range(sums.shape[2]):
        sums[RIGHT, 0, k] = sums[TOTAL, 0, k] - sums[LEFT, 0, k]
    left, right = impurity(x_log_x, sums, LEFT, weight_left), impurity(x_log_x, sums, RIGHT, weight_right)
    node.impurity_left = left
    node.impurity_right = right
    node.improvement = (weight * now.unit / total_weight) * (
        node.impurity - (weight_right / weight * right) - (weight_left / weight * left)
    )
