r"""Growing makes one tree, level by level: count histograms, find splits, part the rows, and so on with the children.

Who does what at each level::

    owners of rows            count the rows of the smaller child of each pair        (`RowOwner.count`)
    the seam                  histograms of all owners are added                      (`_count_level`)
    in one place              the larger child is what remains; best splits           (`find_splits`, `choose_splits`)
    owners of rows            part the rows of each node that is split                (`RowOwner.split`)

In memory there is one owner, which has all rows. An owner never sees another one's rows: what crosses the seam is
histograms, and what comes back is splits.

The nodes of a level are numbered from left to right after those of the level above, and the two children of a node are
neighbours, as in xgboost with ``grow_policy="depthwise"``::

             0                 rows: [ all rows .............................. ]   level 0: segment of node 0
          /     \
        1         2                  [ rows of 1 ....... | rows of 2 ......... ]   level 1: segments of nodes 1 and 2
       / \
      3   4                          [ of 3 ... | of 4 . | .................... ]  level 2: segments of nodes 3 and 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import BinnedTable
from .histogram import HistogramPool
from .partitioning import RowOwner, Run, shares_of
from .splitting import Candidates, Penalty, find_splits, leaf_weight

__all__ = ["GrowthSettings", "grow_tree"]

# The library splits a node only if the gain is more than this, whatever gamma is.
LEAST_GAIN = np.float32(1e-6)


class GrowthSettings(NamedTuple):
    """Parameters of a tree.

    Attributes
    ----------
    penalty : Penalty
    gamma : float32
        Smallest gain for which a node is split.
    max_depth : int
        Largest number of questions on the way to a leaf; 0 is no limit.
    learning_rate : float32
        Factor of the leaf weights.
    """

    penalty: Penalty
    gamma: np.float32
    max_depth: int
    learning_rate: np.float32


class _Level(NamedTuple):
    """Nodes of one level, as far as they are known before they are split."""

    sums: NDArray[np.float64]  # G and H, (n_nodes, 2)
    pairs: NDArray[np.int64]  # (n_pairs, 2): the sibling that is counted and the one that is not, -1 if there is none
    slots: NDArray[np.int64]  # histogram of each node; the uncounted sibling has its parent's


class _Splits(NamedTuple):
    """What becomes of the nodes of one level."""

    feature: NDArray[np.int32]  # -1 at leaves
    bin: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    gain: NDArray[np.float32]
    weight: NDArray[np.float32]
    left_sums: NDArray[np.float64]
    missing_sums: NDArray[np.float64]
    runner_up_feature: NDArray[np.int32]  # as in `GrowthRecord`
    runner_up_bin: NDArray[np.int32]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.float32]


def grow_tree(
    owners: Sequence[RowOwner],
    gradients: Sequence[NDArray[np.floating]],
    pool: HistogramPool,
    settings: GrowthSettings,
    run: Run,
    n_threads: int,
) -> Tree:
    """Grow one tree; the owners keep which rows are in which leaf until they start the next one.

    Parameters
    ----------
    owners : sequence of RowOwner
    gradients : sequence of ndarray of float32 or float64, shape (n_samples_of_owner, 2)
        Gradient and Hessian of each row of each owner.
    pool : HistogramPool
    settings : GrowthSettings
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.

    Returns
    -------
    Tree
        Values, covers and gains are float32, as in xgboost.
    """
    table = owners[0].table
    for owner, own_gradients in zip(owners, gradients):
        owner.start(own_gradients)
    level = _root_level(owners, pool, table)
    levels, all_splits = [level], []
    while True:
        at_bottom = settings.max_depth and len(levels) > settings.max_depth
        splits = _leaves(level, settings) if at_bottom else _split_level(level, pool, table, settings, run, n_threads)
        all_splits.append(splits)
        chosen = np.flatnonzero(splits.feature >= 0)
        if len(chosen) == 0:
            return _assemble(levels, all_splits, table, settings)
        for owner in owners:
            owner.split(chosen, splits.feature[chosen], splits.bin[chosen], splits.missing_left[chosen])
        level = _next_level(level, splits, chosen, owners)
        if not settings.max_depth or len(levels) < settings.max_depth:
            _count_level(owners, level, pool)
        levels.append(level)


def _root_level(owners: Sequence[RowOwner], pool: HistogramPool, table: BinnedTable) -> _Level:
    level = _Level(np.empty((1, 2)), np.array([[0, -1]]), np.zeros(1, dtype=np.int64))
    _count_level(owners, level, pool)
    # Every row has a place in the first column's histogram, so its sum is that of all rows.
    level.sums[0] = pool.array[0, : table.start[1]].sum(axis=0)
    return level


def _count_level(owners: Sequence[RowOwner], level: _Level, pool: HistogramPool) -> None:
    """Histograms of the counted siblings: the seam, at which those of several owners are added."""
    nodes = level.pairs[:, 0]
    slots = level.slots[nodes]
    pool.reserve(int(slots.max()) + 1)
    owners[0].count(nodes, slots, pool.array)
    for owner in owners[1:]:
        own = np.empty((len(nodes), *pool.array.shape[1:]))
        owner.count(nodes, np.arange(len(nodes)), own)
        pool.array[slots] += own


def _split_level(
    level: _Level, pool: HistogramPool, table: BinnedTable, settings: GrowthSettings, run: Run, n_threads: int
) -> _Splits:
    """Best split of each node of a level, if it is worth it."""
    n_nodes, n_features = len(level.sums), table.n_features
    candidates = Candidates(
        np.empty((n_nodes, n_features), dtype=np.float32),
        np.empty((n_nodes, n_features), dtype=np.int32),
        np.empty((n_nodes, n_features), dtype=np.bool_),
        np.empty((n_nodes, n_features, 2)),
    )
    # About eight operations per bin and node.
    work = np.tile(16 * (table.n_bins + 1), len(level.pairs))
    run(
        lambda tasks: find_splits(
            tasks,
            pool.array,
            level.pairs,
            level.slots,
            level.sums,
            table.start,
            table.n_bins,
            settings.penalty,
            candidates,
        ),
        shares_of(work, n_threads),
    )
    splits = _leaves(level, settings)
    choose_splits(candidates, settings.gamma, splits)
    chosen = np.flatnonzero(splits.feature >= 0)
    column = splits.feature[chosen]
    # After `find_splits` every node of the level has its own histogram; a column's last place is of missing values.
    splits.missing_sums[chosen] = pool.array[level.slots[chosen], table.start[column] + table.n_bins[column]]
    return splits


def _leaves(level: _Level, settings: GrowthSettings) -> _Splits:
    """The level with every node a leaf."""
    n_nodes = len(level.sums)
    splits = _Splits(
        np.full(n_nodes, -1, dtype=np.int32),
        np.zeros(n_nodes, dtype=np.int32),
        np.zeros(n_nodes, dtype=np.bool_),
        np.zeros(n_nodes, dtype=np.float32),
        np.empty(n_nodes, dtype=np.float32),
        np.zeros((n_nodes, 2)),
        np.zeros((n_nodes, 2)),
        np.full(n_nodes, -1, dtype=np.int32),
        np.zeros(n_nodes, dtype=np.int32),
        np.zeros(n_nodes, dtype=np.bool_),
        np.zeros(n_nodes, dtype=np.float32),
    )
    leaf_weights(level.sums, settings.penalty, splits.weight)
    return splits


def _next_level(level: _Level, splits: _Splits, chosen: NDArray[np.intp], owners: Sequence[RowOwner]) -> _Level:
    """Children of the chosen nodes: 2j and 2j + 1 are those of the j-th."""
    left_sums = splits.left_sums[chosen]
    sums = np.stack([left_sums, level.sums[chosen] - left_sums], axis=1).reshape(-1, 2)
    n_rows = sum((owner.n_rows() for owner in owners), start=np.zeros(len(sums), dtype=np.int64))
    left = 2 * np.arange(len(chosen))
    counted = left + (n_rows[left + 1] < n_rows[left])
    sibling = 4 * np.arange(len(chosen)) + 1 - counted
    # The larger sibling takes over its parent's slot, the counted one takes a slot that nobody needs any more.
    slots = np.empty(len(sums), dtype=np.int64)
    slots[sibling] = level.slots[chosen]
    taken = np.zeros(2 * len(chosen) + int(level.slots.max()) + 1, dtype=np.bool_)
    taken[slots[sibling]] = True
    slots[counted] = np.flatnonzero(~taken)[: len(chosen)]
    return _Level(sums, np.stack([counted, sibling], axis=1), slots)


def _assemble(
    levels: Sequence[_Level], all_splits: Sequence[_Splits], table: BinnedTable, settings: GrowthSettings
) -> Tree:
    """The tree as flat arrays, level after level."""
    joined = _Splits(*(np.concatenate(parts) for parts in zip(*all_splits)))
    inner = joined.feature >= 0
    left = np.full(len(inner), -1, dtype=np.int32)
    # Children are numbered in the order of their parents, two at a time, from 1 on.
    left[inner] = 1 + 2 * np.arange(np.count_nonzero(inner))
    sums = np.concatenate([level.sums for level in levels])
    return Tree(
        left=left,
        right=np.where(inner, left + 1, -1).astype(np.int32),
        feature=joined.feature,
        threshold=_thresholds(joined.feature, joined.bin, table),
        missing_left=joined.missing_left,
        value=joined.weight * settings.learning_rate,
        cover=sums[:, 1].astype(np.float32),
        gain=joined.gain,
        record=GrowthRecord(
            sums=sums,
            missing_sums=joined.missing_sums,
            runner_up_feature=joined.runner_up_feature,
            runner_up_threshold=_thresholds(joined.runner_up_feature, joined.runner_up_bin, table),
            runner_up_missing_left=joined.runner_up_missing_left,
            runner_up_gain=joined.runner_up_gain,
        ),
    )


def _thresholds(feature: NDArray[np.int32], bins: NDArray[np.int32], table: BinnedTable) -> NDArray[np.float32]:
    """Upper ends of bins; 0 where there is no column."""
    asks = feature >= 0
    threshold = np.zeros(len(feature), dtype=np.float32)
    threshold[asks] = table.cuts[table.start[feature[asks]] + bins[asks]]
    return threshold


@kernel
def choose_splits(candidates, gamma, splits):
    """Best column of each node if its gain is worth it, and the best of those not taken; -1 stays where none is."""
    for node in range(len(candidates.gain)):
        gains = candidates.gain[node]
        best = best_column(gains, -1)
        if best < 0:
            continue
        runner_up = best
        if gains[best] > LEAST_GAIN and gains[best] >= gamma:
            splits.feature[node] = best
            splits.bin[node] = candidates.bin[node, best]
            splits.missing_left[node] = candidates.missing_left[node, best]
            splits.gain[node] = gains[best]
            splits.left_sums[node, 0] = candidates.left_sums[node, best, 0]
            splits.left_sums[node, 1] = candidates.left_sums[node, best, 1]
            runner_up = best_column(gains, best)
        if runner_up >= 0:
            splits.runner_up_feature[node] = runner_up
            splits.runner_up_bin[node] = candidates.bin[node, runner_up]
            splits.runner_up_missing_left[node] = candidates.missing_left[node, runner_up]
            splits.runner_up_gain[node] = gains[runner_up]


@kernel
def best_column(gains, besides):
    """Column with the largest gain but for one column, the lower number in a tie; -1 if nothing is gained."""
    best, largest = -1, np.float32(0.0)
    for f in range(len(gains)):
        if f != besides and gains[f] > largest:
            best, largest = f, gains[f]
    return best


@kernel
def leaf_weights(sums, penalty, weights):
    """Weight that each node would have as a leaf, before the learning rate."""
    for node in range(len(sums)):
        weights[node] = leaf_weight(sums[node, 0], sums[node, 1], penalty)
