r"""The exact method knows no bins: it tries every threshold there is, in every node.

The rows are sorted once by each column, and each node keeps its own in these orders (`enumerating` tries what can be
asked about them). A level is split at once; then the order of each column is parted among the children, who keep it::

    level 0, rows by column f    [ 5 2 8 0 4 6 ............ ]
    level 1                      [ 5 8 4 ... | 2 0 6 ...... ]    left child, right child; leaves have no place any more

What xgboost's ``exact`` does to the last bit, and this file and `enumerating` too, so that its trees come out:

* sums are float64, along a column in the order of its values, of whole nodes in the order of the rows; similarities
  and gains are float32 (`splitting`);
* a threshold is the middle of two values in float32, or the one seen first if rounding makes the middle the other;
  beyond the last value x it is ``x + (|x| + 1e-6)``, or downwards ``x - (|x| + 1e-6)``;
* a column of a single value, or without any missing one in the whole table, is only seen downwards: what is missing
  later goes left;
* of equal gains the first wins: upwards before downwards, lower columns before higher ones;
* a node is split if its gain is more than 1e-6. Gamma is left to pruning (`pruning`).

Departures: rows without gradient and Hessian, such as a sample leaves out, have no part, as if they were not there; in
both, neither has a row of negative Hessian. xgboost adds up the rows of a node on each thread by itself, so that bits
depend on the number of threads; here they are those of one thread. It refuses colsample_bynode. The leaves of
reg:absoluteerror and reg:quantileerror are quantiles with every method; xgboost 3.2 leaves them out with ``exact``.

Reference: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, algorithms 1 and 3.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from ..tree.record import GrowthRecord
from .constraints import ColumnRules, bounds_of_children
from .enumerating import Candidates, Search, find_exact_splits
from .growing import LEAST_GAIN, GrowthSettings
from .introsort import sort_with_weights
from .row_owner import Run
from .sampling import Sampling
from .splitting import leaf_weight

__all__ = ["ExactGrower"]

f32 = np.float32


class Level(NamedTuple):
    """Nodes of one depth from left to right, and the best split of each; columns are -1 where nothing is gained."""

    sums: NDArray[np.float64]  # G and H, shape (n_nodes, 2)
    n_rows: NDArray[np.int64]  # that are seen
    weight: NDArray[np.float32]  # as a leaf, before the learning rate
    bounds: NDArray[np.float32]  # lowest and highest leaf weight below each node, shape (n_nodes, 2)
    left: NDArray[np.int32]  # number of the left child, -1 at leaves
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    gain: NDArray[np.float32]
    missing_sums: NDArray[np.float64]  # G and H of the rows whose value is missing in the column, shape (n_nodes, 2)
    runner_up_feature: NDArray[np.int32]  # best one on another column
    runner_up_threshold: NDArray[np.float32]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.float32]


class ExactGrower:
    """The tree method 'exact', a `Grower`; gamma is left to pruning.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features)
        NaN is a missing value.
    settings : GrowthSettings
        Its max_depth must be positive; gamma, max_leaves and best_first are not looked at.
    sampling : Sampling
        Of which the columns are drawn.
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`; it changes no bit.
    """

    # Columns are not cut.
    table: ClassVar[None] = None

    def __init__(
        self, X: NDArray[np.float32], settings: GrowthSettings, sampling: Sampling, *, run: Run, n_threads: int
    ) -> None:
        self.settings, self.sampling, self._run = settings, sampling, run
        self.columns = np.ascontiguousarray(X.T)
        self._values, self._value_start = self.columns.ravel(), len(X) * np.arange(X.shape[1] + 1)
        self._sort_columns(len(X), n_threads)

    def _sort_columns(self, n_samples: int, n_threads: int) -> None:
        """Places of the rows of each column, by value, and what follows from them for all trees."""
        columns = [self._values[first:last] for first, last in pairwise(self._value_start)]
        self._sorted = self._run(rows_by_value, columns)
        n_present = np.array([len(rows) for rows in self._sorted])
        self._start = np.concatenate([[0], np.cumsum(n_present)])
        self._rows = np.empty((2, self._start[-1]), dtype=np.int32)
        self._position = np.zeros(n_samples, dtype=np.int32)
        density = f32(1) - (n_samples - n_present).astype(f32) / f32(n_samples)
        varies = [len(own) == 0 or x[own[0]] != x[own[-1]] for x, own in zip(columns, self._sorted)]
        self._forwards = (density < 1) & np.array(varies)
        # Columns of about as many rows, and rows, for each thread.
        inner = np.searchsorted(self._start, np.linspace(0, self._start[-1], n_threads + 1)[1:-1])
        self._column_shares = _ranges(np.concatenate([[0], inner, [len(n_present)]]))
        self._row_shares = _ranges(np.linspace(0, n_samples, n_threads + 1).astype(np.int64))

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree, see `Grower`."""
        settings, n_features = self.settings, len(self._sorted)
        gradients = np.where(gradients[:, 1:] < 0, gradients.dtype.type(0), gradients)
        rules = ColumnRules(n_features, settings.interactions, self.sampling.columns_of(number, n_features))
        self._position[:] = 0
        segments, first = self._columns_of_root(gradients), 0
        levels = [self._new_level(gradients, first, np.array([[-np.inf, np.inf]], dtype=f32))]
        for depth in range(settings.max_depth):
            level = levels[-1]
            following = first + len(level.gain)
            self._find_splits(depth % 2, segments, gradients, level, rules.allowed(range(first, following), depth))
            chosen = np.flatnonzero(level.gain > LEAST_GAIN)
            if len(chosen) == 0:
                break
            level.left[chosen] = following + 2 * np.arange(len(chosen))
            rules.split(first + chosen, level.feature[chosen])
            self._send_down(first, level)
            if depth + 1 < settings.max_depth:
                segments = self._part_columns(depth % 2, segments, level.left)
            levels.append(self._new_level(gradients, following, np.repeat(level.bounds[chosen], 2, axis=0)))
            self._bound(levels[-1], level.feature[chosen])
            first = following
        tree = self._tree(Level._make(map(np.concatenate, zip(*levels))))
        if margin is not None:
            self.add_values(tree, margin)
        return tree

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        margin += tree.value[self._position]

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf."""
        return np.flatnonzero(self._position == leaf).astype(np.int32)

    def _columns_of_root(self, gradients: NDArray[np.floating]) -> NDArray[np.int64]:
        """Put the rows that are seen into their columns; the segments of the root, see `_part_columns`."""
        seen: NDArray[np.bool_] = np.any(gradients != 0, axis=1)
        orders = (
            self._sorted if seen.all() else [own[seen[self._rows_at(f, own)]] for f, own in enumerate(self._sorted)]
        )
        for first, own in zip(self._start, orders):
            self._rows[0, first : first + len(own)] = own
        first, n = self._start[:-1], np.array([len(own) for own in orders])
        return np.stack([first, first + n], axis=1)[:, np.newaxis]

    def _rows_at(self, f: int, places: NDArray[np.int32]) -> NDArray[np.int32]:
        """Numbers of the rows at some places of a column."""
        return places

    def _gradients_of_values(self, gradients: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Gradients as `Search` has them, and where those of each column start."""
        return gradients, np.zeros(len(self._sorted), dtype=np.int64)

    def _new_level(self, gradients: NDArray[np.floating], first: int, of_parent: NDArray[np.float32]) -> Level:
        """Nodes with their sums, and weights between the bounds of their parents; splits are yet to be found."""
        n = len(of_parent)
        sums, n_rows, weight = np.zeros((n, 2)), np.zeros(n, dtype=np.int64), np.empty(n, dtype=f32)
        add_up_nodes(gradients, self._position, first, sums, n_rows)
        weigh(sums, self.settings.penalty, of_parent, weight)
        nowhere, nothing, no = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=f32), np.zeros(n, dtype=np.bool_)
        splits: Any = (nowhere, nowhere, nothing, no, nothing, np.zeros((n, 2)), nowhere, nothing, no, nothing)
        return Level(sums, n_rows, weight, of_parent, *(array.copy() for array in splits))

    def _bound(self, children: Level, feature: NDArray[np.int32]) -> None:
        """Narrow the bounds of children whose parents are split on columns that have a direction."""
        if len(self.settings.direction):
            of_parent, pairs = children.bounds[::2], children.weight.reshape(-1, 2)
            children.bounds[:] = bounds_of_children(of_parent, pairs, self.settings.direction[feature]).reshape(-1, 2)

    def _find_splits(
        self,
        side: int,
        segments: NDArray[np.int64],
        gradients: NDArray[np.floating],
        level: Level,
        allowed: NDArray[np.bool_],
    ) -> None:
        """Write the best split of each node of a level, and the best one on another column."""
        shape = allowed.shape
        candidates = Candidates(
            np.zeros(shape, dtype=f32),
            np.zeros(shape, dtype=f32),
            np.zeros(shape, dtype=np.bool_),
            np.zeros((*shape, 2)),
        )
        search = Search(
            self._values,
            self._value_start,
            self._rows[side],
            segments,
            self._forwards,
            allowed,
            self.settings.direction,
            *self._gradients_of_values(gradients),
        )
        self._run(
            lambda features: find_exact_splits(features, search, level, self.settings.penalty, candidates),
            self._column_shares,
        )
        nodes = np.arange(len(level.gain))
        # The first of the largest: of equals the lower column.
        best = candidates.gain.argmax(axis=1)
        level.gain[:] = candidates.gain[nodes, best]
        gains = level.gain > 0
        level.feature[gains] = best[gains]
        level.threshold[gains] = candidates.threshold[nodes, best][gains]
        level.missing_left[gains] = candidates.missing_left[nodes, best][gains]
        level.missing_sums[gains] = candidates.missing_sums[nodes, best][gains]
        candidates.gain[nodes, best] = 0
        second = candidates.gain.argmax(axis=1)
        level.runner_up_gain[:] = candidates.gain[nodes, second]
        gains = level.runner_up_gain > 0
        level.runner_up_feature[gains] = second[gains]
        level.runner_up_threshold[gains] = candidates.threshold[nodes, second][gains]
        level.runner_up_missing_left[gains] = candidates.missing_left[nodes, second][gains]

    def _send_down(self, first: int, level: Level) -> None:
        """Move the rows of the nodes of a level, numbered from `first` on, to their children."""
        self._run(lambda rows: send_down(rows, self.columns, self._position, first, level), self._row_shares)

    def _part_columns(self, side: int, segments: NDArray[np.int64], left: NDArray[np.int32]) -> NDArray[np.int64]:
        """Part the rows of each column among the children of the nodes that are split.

        `segments`, shape (n_features, n_nodes, 2), has the first and last (exclusive) place in the rows of each column
        and node; those of the children are returned.
        """
        parents = np.flatnonzero(left >= 0)
        children = np.empty((len(segments), len(parents), 2, 2), dtype=np.int64)
        self._run(
            lambda features: part_columns(
                features, self._rows[side], self._rows[1 - side], self._position, segments, parents, left, children
            ),
            self._column_shares,
        )
        return children.reshape(len(segments), -1, 2)

    def _tree(self, nodes: Level) -> Tree:
        """The tree as flat arrays; a candidate that was not taken is the runner-up of its leaf."""
        inner = nodes.left >= 0
        return Tree.grown(
            left=nodes.left,
            right=np.where(inner, nodes.left + 1, -1).astype(np.int32),
            feature=np.where(inner, nodes.feature, -1).astype(np.int32),
            threshold=np.where(inner, nodes.threshold, f32(0)),
            missing_left=nodes.missing_left & inner,
            # Of a leaf what it adds, of any other node its weight before the learning rate, as in the library's file.
            value=np.where(inner, nodes.weight, nodes.weight * self.settings.learning_rate),
            cover=nodes.sums[:, 1].astype(f32),
            gain=np.where(inner, nodes.gain, f32(0)),
            record=GrowthRecord.grown(
                sums=nodes.sums,
                missing_sums=np.where(inner[:, np.newaxis], nodes.missing_sums, 0.0),
                runner_up_feature=np.where(inner, nodes.runner_up_feature, nodes.feature),
                runner_up_threshold=np.where(inner, nodes.runner_up_threshold, nodes.threshold),
                runner_up_missing_left=np.where(inner, nodes.runner_up_missing_left, nodes.missing_left),
                runner_up_gain=np.where(inner, nodes.runner_up_gain, nodes.gain),
            ),
        )


def rows_by_value(column: NDArray[np.float32]) -> NDArray[np.int32]:
    """Places in a column that have a value, in the order of their values.

    Equal values are in the order in which the library's sort leaves them, on which the last bit of a sum depends.
    """
    rows = np.flatnonzero(~np.isnan(column)).astype(np.int32)
    sort_with_weights(column[rows], rows, len(rows))
    return rows


def _ranges(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ranges between rising ends, empty ones left out."""
    ends = np.unique(ends)
    return np.stack([ends[:-1], ends[1:]], axis=1)


@kernel
def add_up_nodes(gradients, position, first, sums, n_rows):
    """Add to each node of a level, numbered from `first` on, its rows in their order."""
    for row in range(len(position)):
        node = position[row] - first
        g, h = gradients[row, 0], gradients[row, 1]
        if node >= 0 and (g != 0 or h != 0):
            sums[node, 0] += g
            sums[node, 1] += h
            n_rows[node] += 1


@kernel
def weigh(sums, penalty, bounds, weight):
    """Weight that each node would have as a leaf, before the learning rate and between bounds."""
    for node in range(len(sums)):
        free = leaf_weight(sums[node, 0], sums[node, 1], penalty)
        weight[node] = min(max(free, bounds[node, 0]), bounds[node, 1])


@kernel
def send_down(rows, columns, position, first, level):
    """Move some rows from the nodes of a level, numbered from `first` on, to their children."""
    for row in range(rows[0], rows[1]):
        node = position[row] - first
        if node >= 0 and level.left[node] >= 0:
            x = columns[level.feature[node], row]
            goes_left = level.missing_left[node] if x != x else x < level.threshold[node]
            position[row] = level.left[node] + (0 if goes_left else 1)


@kernel
def part_columns(features, rows, target, position, segments, parents, left, children):
    """Part the segments of some columns: rows of the left child, then those of the right one, in the order they have.

    ::

        rows       [ 5 2 8 0 4 6 ]     of these 5, 8 and 4 go left
        target     [ 5 8 4 | 2 0 6 ]
    """
    right_rows = np.empty(len(position), dtype=np.int32)
    for f in range(features[0], features[1]):
        for p in range(len(parents)):
            first, last = segments[f, parents[p]]
            left_child, n_left, n_right = left[parents[p]], first, np.int64(0)
            for k in range(first, last):
                # No branch: it would be guessed wrong half of the time.
                row = rows[k]
                goes_left = np.int64(position[row] == left_child)
                target[n_left], right_rows[n_right] = row, row
                n_left += goes_left
                n_right += 1 - goes_left
            target[n_left:last] = right_rows[:n_right]
            children[f, p, 0, 0], children[f, p, 0, 1] = first, n_left
            children[f, p, 1, 0], children[f, p, 1, 1] = n_left, last
