r"""Growing makes one tree: count histograms, find splits, part the rows of some nodes, and so on with their children.

Who does what at each step::

    owners of rows            count the rows of the smaller child of each pair        (`RowOwner.count`)
    the seam                  histograms of all owners are added                      (`_Growth.count`)
    in one place              the larger child is what remains; best splits           (`find_splits`, `choose_splits`)
                              which nodes are split                                   (`growth_policy`)
    owners of rows            part the rows of each node that is split                (`RowOwner.split`)

In memory there is one owner, which has all rows. An owner never sees another one's rows: what crosses the seam is
histograms, and what comes back is splits.

A step splits the nodes of a level, from left to right, or with ``grow_policy="lossguide"`` a single node. Children get
the next numbers, the two of a node side by side, as in xgboost::

             0                 rows: [ all rows .............................. ]   root
          /     \
        1         2                  [ rows of 1 ....... | rows of 2 ......... ]   after the first step
       / \
      3   4                          [ of 3 ... | of 4 . | .................... ]  after the second one
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import BinnedTable, bin_table
from .constraints import ColumnRules, below_all_values, bounds_of_children
from .growth_policy import BestFirst, LevelByLevel
from .histogram import HistogramPool
from .nodes import new_nodes, some_of, together
from .partitioning import RowOwner, Run, shares_of
from .sampling import ColumnSampler, Sampling
from .splitting import Candidates, Limits, Penalty, find_splits, leaf_weight

__all__ = ["GrowthSettings", "HistGrower", "grow_tree"]

# The library splits a node only if the gain is more than this, whatever gamma is.
LEAST_GAIN = np.float32(1e-6)

# Nodes for which there is room at first.
FIRST_CAPACITY = 128


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
    max_leaves : int
        Largest number of leaves; 0 is no limit.
    best_first : bool
        Split the node with the largest gain next, not level by level.
    direction : ndarray of int8, shape (n_features,) or (0,)
        Directions of the columns, see `Limits`.
    lowest : ndarray of float32, shape (n_features,) or (0,)
        Threshold of a split with only missing values on the left, needed where columns have directions.
    interactions : tuple of frozenset of int
        Columns that may meet on a path; empty if all may.
    prunes_after : bool
        Grow without gamma, and prune the whole tree then (`pruning`).
    keep_pruned : bool
        Whether the tree's record keeps what was pruned.
    """

    penalty: Penalty
    gamma: np.float32
    max_depth: int
    learning_rate: np.float32
    max_leaves: int = 0
    best_first: bool = False
    direction: NDArray[np.int8] = np.empty(0, dtype=np.int8)
    lowest: NDArray[np.float32] = np.empty(0, dtype=np.float32)
    interactions: tuple[frozenset[int], ...] = ()
    prunes_after: bool = False
    keep_pruned: bool = False


class HistGrower:
    """The tree method 'hist', a `Grower`: columns are cut into bins once, before the first tree.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    sample_weight : ndarray of float32, shape (n_samples,), or None
        Weights of the rows in the quantiles of the columns.
    settings : GrowthSettings
    sampling : Sampling
        Of which the columns are drawn.
    max_bin : int
    cuts : {'exact', 'xgboost'}
        How columns are cut, see `binning.bin_table`.
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.
    """

    def __init__(
        self,
        X: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        settings: GrowthSettings,
        sampling: Sampling,
        *,
        max_bin: int,
        cuts: str,
        run: Run,
        n_threads: int,
    ) -> None:
        self.settings = settings._replace(lowest=below_all_values(X)) if len(settings.direction) else settings
        self.sampling, self._run, self._n_threads = sampling, run, n_threads
        self.use_table(bin_table(X, sample_weight, max_bin, n_threads, run, cuts))

    def use_table(self, table: BinnedTable) -> None:
        """Ask about the bins of this table from now on: the same rows, maybe other cuts."""
        self.table = table
        self._owner = RowOwner(table, self._run, self._n_threads)
        self._pool = HistogramPool(int(table.start[-1]))

    def grow(self, gradients: NDArray[np.floating], number: int) -> Tree:
        """Grow one tree, see `Grower`."""
        columns = self.sampling.columns_of(number, self.table.n_features)
        return grow_tree([self._owner], [gradients], self._pool, self.settings, self._run, self._n_threads, columns)

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        self._owner.add_values(tree.value, tree.is_leaf, margin)

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf."""
        return self._owner.rows_of(leaf)


def grow_tree(
    owners: Sequence[RowOwner],
    gradients: Sequence[NDArray[np.floating]],
    pool: HistogramPool,
    settings: GrowthSettings,
    run: Run,
    n_threads: int,
    sampler: ColumnSampler | None = None,
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
    sampler : ColumnSampler, optional
        Columns that each node may ask about; by default all.

    Returns
    -------
    Tree
        Values, covers and gains are float32, as in xgboost.
    """
    for owner, own_gradients in zip(owners, gradients):
        owner.start(own_gradients)
    growth = _Growth(owners, pool, settings, run, n_threads, sampler)
    waiting: BestFirst | LevelByLevel = BestFirst() if settings.best_first else LevelByLevel()
    new, pairs = growth.plant()
    while True:
        if growth.may_split(new):
            waiting.push(*growth.propose(new, pairs))
        chosen = waiting.pop(growth.room())
        if len(chosen) == 0:
            return growth.tree()
        new, pairs = growth.split(chosen)


class _Growth:
    """A tree while it grows. A step's children are a range of numbers, and pairs are places within it."""

    def __init__(
        self,
        owners: Sequence[RowOwner],
        pool: HistogramPool,
        settings: GrowthSettings,
        run: Run,
        n_threads: int,
        sampler: ColumnSampler | None,
    ) -> None:
        self.owners, self.pool, self.settings = owners, pool, settings
        self.run, self.n_threads = run, n_threads
        self.table = owners[0].table
        self.rules = ColumnRules(self.table.n_features, settings.interactions, sampler)
        self.nodes, self.n_nodes = new_nodes(FIRST_CAPACITY), 1
        pool.clear()

    def plant(self) -> tuple[slice, NDArray[np.int64]]:
        """The root, with its histogram."""
        self.nodes.slot[:1] = self.pool.take(1)
        new, pairs = slice(0, 1), np.array([[0, -1]])
        self.count(new, pairs)
        # Every row has a place in the first column's histogram, so its sum is that of all rows.
        self.nodes.sums[0] = self.pool.array[self.nodes.slot[0], : self.table.start[1]].sum(axis=0)
        leaf_weights(self.nodes.sums[new], self.settings.penalty, self.nodes.bounds[new], self.nodes.weight[new])
        return new, pairs

    def room(self) -> int | None:
        """How many more leaves there may be; None is any number. Every split makes one leaf more."""
        n_leaves = (self.n_nodes + 1) // 2
        return max(self.settings.max_leaves - n_leaves, 0) if self.settings.max_leaves else None

    def may_split(self, new: slice) -> bool:
        """Whether there may be anything below the children of a step, which all have one depth."""
        max_depth = self.settings.max_depth
        return self.room() != 0 and (max_depth == 0 or bool(self.nodes.depth[new.start] < max_depth))

    def count(self, new: slice, pairs: NDArray[np.int64]) -> None:
        """Histograms of the counted siblings: the seam, at which those of several owners are added."""
        nodes = new.start + pairs[:, 0]
        slots = self.nodes.slot[nodes]
        self.owners[0].count(nodes, slots, self.pool.array)
        for owner in self.owners[1:]:
            own = np.empty((len(nodes), *self.pool.array.shape[1:]))
            owner.count(nodes, np.arange(len(nodes)), own)
            self.pool.array[slots] += own

    def propose(self, new: slice, pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the best split of each child of a step; numbers and gains of the children that are worth it."""
        table, nodes, pool, settings = self.table, some_of(self.nodes, new), self.pool, self.settings
        if pairs[0, 1] >= 0:
            self.count(new, pairs)
        n_nodes, n_features = new.stop - new.start, table.n_features
        candidates = Candidates(
            np.empty((n_nodes, n_features), dtype=np.float32),
            np.empty((n_nodes, n_features), dtype=np.int32),
            np.empty((n_nodes, n_features), dtype=np.bool_),
            np.empty((n_nodes, n_features, 2)),
        )
        allowed = self.rules.allowed(range(new.start, new.stop), int(nodes.depth[0]))
        limits = Limits(allowed, settings.direction, nodes.bounds, nodes.weight)
        sums, slots, splits = nodes.sums, nodes.slot, nodes.splits
        # About eight operations per bin and node.
        work = np.tile(16 * (table.n_bins + 1), len(pairs))
        self.run(
            lambda tasks: find_splits(
                tasks,
                pool.array,
                pairs,
                slots,
                sums,
                table.start,
                table.n_bins,
                settings.penalty,
                limits,
                candidates,
            ),
            shares_of(work, self.n_threads),
        )
        choose_splits(candidates, splits)
        asks = np.flatnonzero(splits.feature >= 0)
        column = splits.feature[asks]
        # After `find_splits` every node has its own histogram; a column's last place is of missing values.
        nodes.missing_sums[asks] = pool.array[slots[asks], table.start[column] + table.n_bins[column]]
        worth = (splits.gain > LEAST_GAIN) & (splits.gain >= settings.gamma)
        worth &= (splits.left_sums[:, 1] != 0) & (sums[:, 1] - splits.left_sums[:, 1] != 0)
        pool.release(slots[~worth])
        return new.start + np.flatnonzero(worth), splits.gain[worth]

    def split(self, chosen: NDArray[np.int64]) -> tuple[slice, NDArray[np.int64]]:
        """Part the rows of some nodes of one depth; their children, 2j and 2j + 1 are those of the j-th."""
        best = self.nodes.splits
        feature = best.feature[chosen]
        for owner in self.owners:
            owner.split(chosen, feature, best.bin[chosen], best.missing_left[chosen])
        self.rules.split(chosen, feature)
        new = self._add_children(chosen)
        nodes, children = self.nodes, np.arange(new.start, new.stop)
        if not self.may_split(new):
            self.pool.release(nodes.slot[chosen])
            return new, np.empty((0, 2), dtype=np.int64)
        n_rows = sum((owner.n_rows(children) for owner in self.owners), start=np.zeros(len(children), dtype=np.int64))
        left = 2 * np.arange(len(chosen))
        counted = left + (n_rows[left + 1] < n_rows[left])
        sibling = 4 * np.arange(len(chosen)) + 1 - counted
        # The larger sibling takes over its parent's slot.
        nodes.slot[new.start + sibling] = nodes.slot[chosen]
        nodes.slot[new.start + counted] = self.pool.take(len(chosen))
        return new, np.stack([counted, sibling], axis=1)

    def _add_children(self, chosen: NDArray[np.int64]) -> slice:
        """Children with their sums, weights and bounds."""
        new = slice(self.n_nodes, self.n_nodes + 2 * len(chosen))
        self.n_nodes = new.stop
        if new.stop > len(self.nodes.left):
            self.nodes = together(self.nodes, new_nodes(new.stop))
        nodes, direction = self.nodes, self.settings.direction
        nodes.left[chosen] = np.arange(new.start, new.stop, 2)
        nodes.depth[new] = nodes.depth[chosen[0]] + 1
        left_sums = nodes.splits.left_sums[chosen]
        nodes.sums[new] = np.stack([left_sums, nodes.sums[chosen] - left_sums], axis=1).reshape(-1, 2)
        of_parent = np.repeat(nodes.bounds[chosen], 2, axis=0)
        leaf_weights(nodes.sums[new], self.settings.penalty, of_parent, nodes.weight[new])
        if len(direction):
            below = bounds_of_children(
                nodes.bounds[chosen], nodes.weight[new].reshape(-1, 2), direction[nodes.splits.feature[chosen]]
            )
            nodes.bounds[new] = below.reshape(-1, 2)
        return new

    def tree(self) -> Tree:
        """The tree as flat arrays; a candidate that was not taken is the runner-up of its leaf."""
        table, nodes = self.table, some_of(self.nodes, slice(self.n_nodes))
        best, inner = nodes.splits, nodes.left >= 0
        feature = np.where(inner, best.feature, -1).astype(np.int32)
        runner_up = np.where(inner, best.runner_up_feature, best.feature)
        # A node that is split has its weight between its own bounds, a leaf between those of its parent.
        weight = np.where(inner, np.clip(nodes.weight, nodes.bounds[:, 0], nodes.bounds[:, 1]), nodes.weight)
        return Tree(
            left=nodes.left.copy(),
            right=np.where(inner, nodes.left + 1, -1).astype(np.int32),
            feature=feature,
            threshold=_thresholds(feature, best.bin, table, self.settings.lowest),
            missing_left=best.missing_left & inner,
            # Of a leaf what it adds, of any other node its weight before the learning rate, as in the library's file.
            value=np.where(inner, weight, weight * self.settings.learning_rate),
            cover=nodes.sums[:, 1].astype(np.float32),
            gain=np.where(inner, best.gain, np.float32(0.0)),
            record=GrowthRecord(
                sums=nodes.sums.copy(),
                missing_sums=np.where(inner[:, np.newaxis], nodes.missing_sums, 0.0),
                runner_up_feature=runner_up,
                runner_up_threshold=_thresholds(
                    runner_up, np.where(inner, best.runner_up_bin, best.bin), table, self.settings.lowest
                ),
                runner_up_missing_left=np.where(inner, best.runner_up_missing_left, best.missing_left),
                runner_up_gain=np.where(inner, best.runner_up_gain, best.gain),
            ),
        )


def _thresholds(
    feature: NDArray[np.int32], bins: NDArray[np.int32], table: BinnedTable, lowest: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Upper ends of bins, `lowest` for bin -1; 0 where there is no column."""
    threshold = np.zeros(len(feature), dtype=np.float32)
    asks = (feature >= 0) & (bins >= 0)
    threshold[asks] = table.cuts[table.start[feature[asks]] + bins[asks]]
    only_missing = (feature >= 0) & (bins < 0)
    threshold[only_missing] = lowest[feature[only_missing]]
    return threshold


@kernel
def choose_splits(candidates, splits):
    """Best column of each node, and the best of the others; -1 stays where nothing is gained."""
    for node in range(len(candidates.gain)):
        gains = candidates.gain[node]
        best = best_column(gains, -1)
        if best < 0:
            continue
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
def leaf_weights(sums, penalty, bounds, weights):
    """Weight that each node would have as a leaf, before the learning rate and between bounds."""
    for node in range(len(sums)):
        weight = leaf_weight(sums[node, 0], sums[node, 1], penalty)
        weights[node] = min(max(weight, bounds[node, 0]), bounds[node, 1])
