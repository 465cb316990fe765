"""A stump is a tree of one split; AdaBoost grows hundreds of them on the same table, only with other row weights.

So what does not depend on the weights is done once (`StumpGrower`): columns are sorted, and cuts between their values
marked. Each round then takes three steps::

    weigh      weights of the classes, in the order of the rows
    search     best cut of every column              (`stump_search`: fast, sums in any order, knows its rounding)
    part       rows left and right of it, and the class that has the most weight on each side

If rounding could decide between two cuts, or between two classes of a leaf, `stump_replay` takes the steps of
scikit-learn's tree instead. Every stump is the one that scikit-learn's ``DecisionTreeClassifier(max_depth=1)`` grows on
the same weights; the class proportions that it keeps for its nodes are equal up to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .stump_replay import ReplayedSplit, replay
from .stump_search import FOUND, Columns, mark_cuts, search, workspace

__all__ = ["Stump", "StumpGrower"]

UNIT_ROUNDOFF = 2.0**-53

# scikit-learn's tree takes an impurity, or a loss by a split, below this for zero.
EPSILON = float(np.finfo(np.float64).eps)

# The largest number of a tree's random stream.
LARGEST_SEED = 2**31 - 1

# Runs a function on each of some tasks, side by side: what `mlx.numeric.threads.thread_team` offers.
Run = Callable[[Callable, range], list]


class Stump(NamedTuple):
    """A split and its two leaves; or, where nothing can be gained, a root that is a leaf."""

    column: int  # -1 for a root without leaves
    threshold: float  # rows up to it go left
    n_rows: NDArray[np.int64]  # (n_nodes,): rows with weight in the root, the left and the right leaf
    weights: NDArray[np.float64]  # (n_nodes,)
    proportions: NDArray[np.float64]  # (n_nodes, n_classes): share of each class in the weight
    impurities: NDArray[np.float64]  # (n_nodes,): Gini impurity
    classes: NDArray[np.int64]  # (n_nodes,): the class with the largest share


class StumpGrower:
    """Grows stumps on one table.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features)
        Table, finite.
    codes : ndarray of int, shape (n_samples,)
        Classes as 0 to ``n_classes - 1``.
    n_classes : int
        Classes, at least 2.
    has_weight : ndarray of bool, shape (n_samples,)
        Rows that have a weight other than 0; the same in all rounds.
    n_threads : int
        Threads that `run` offers.
    run : callable
        ``run(function, tasks)`` calls the function with each task, on several threads.
    """

    def __init__(
        self,
        X: NDArray[np.float32],
        codes: NDArray[np.integer],
        n_classes: int,
        has_weight: NDArray[np.bool_],
        n_threads: int,
        run: Run,
    ) -> None:
        n_features = X.shape[1]
        self.rows = np.flatnonzero(has_weight)
        self.n_threads = max(1, min(n_threads, n_features))
        self.run = run
        self.codes = np.ascontiguousarray(codes, dtype=np.int32)
        self.columns = Columns(
            values=np.ascontiguousarray(X.T),
            order=np.empty((n_features, len(self.rows)), dtype=np.int32),
            cuts=np.empty((n_features, len(self.rows)), dtype=np.bool_),
            tied=np.empty(n_features, dtype=np.bool_),
            constant=np.empty(n_features, dtype=np.bool_),
        )
        self.n_replayed = 0
        run(self._sort, range(n_features))
        self._found = np.empty(n_features, dtype=FOUND)
        self._totals = np.empty(n_classes)
        self._signed = np.empty(len(codes))
        self._space = workspace(self.columns, n_classes, self.n_threads)

    def grow(self, weights: NDArray[np.float64], random_state: int) -> tuple[Stump, NDArray[np.bool_]]:
        """Stump on the rows with these weights.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_samples,)
            None negative; zero where `has_weight` is False and nowhere else.
        random_state : int
            `random_state` of the tree: decides between cuts that are equally good.

        Returns
        -------
        stump : Stump
        goes_left : ndarray of bool, shape (n_samples,)
        """
        total, squares, smallest = _weigh(weights, self.codes, self._totals, self._signed)
        impurity = 1.0 - squares / (total * total)
        if len(self.rows) < 2 or impurity <= EPSILON or self.columns.constant.all():
            return self._leaf(total, impurity)
        # Bound of what rounding can do to the difference of two scores: either is the sum of n weights, class by class
        # and over all, left and right; and the score changes by twice as much as they do, at most.
        tolerance = 16.0 * (len(self.rows) + 8) * UNIT_ROUNDOFF * total

        def search_part(thread: int) -> None:
            search(
                self.columns,
                self._signed,
                self.codes,
                self._totals,
                tolerance,
                thread,
                self.n_threads,
                self._space,
                self._found,
            )

        self._space.best_scores[:] = -np.inf
        self.run(search_part, range(self.n_threads))
        scores = self._found["score"]
        best = int(np.argmax(scores))
        rivals = scores >= scores[best] - tolerance
        gain = scores[best] - squares / total
        gain_is_sure = gain > self._least_sure_gain(total, smallest, tolerance)
        lead_is_sure = rivals.sum() == 1 and self._found["next_score"][best] < scores[best] - tolerance
        if not (gain_is_sure and lead_is_sure):
            return self._replay(weights, total, impurity, rivals | (not gain_is_sure), random_state)
        column, place = best, int(self._found["place"][best])
        order, values = self.columns.order[column], self.columns.values[column]
        threshold = float(values[order[place - 1]]) / 2.0 + float(values[order[place]]) / 2.0
        goes_left = np.empty(len(weights), dtype=np.bool_)
        leaves = np.zeros((2, len(self._totals)))
        _part(values, threshold, weights, self.codes, goes_left, leaves)
        two_largest = np.partition(leaves, -2, axis=1)[:, -2:]
        if (two_largest[:, 1] - two_largest[:, 0] <= tolerance).any():
            return self._replay(weights, total, impurity, rivals, random_state)
        leaf_weights = leaves.sum(axis=1)
        leaf_impurities = 1.0 - (leaves * leaves).sum(axis=1) / (leaf_weights * leaf_weights)
        split = ReplayedSplit(column, threshold, place, gain / total, leaves, leaf_weights, leaf_impurities)
        return self._stump(split, total, impurity), goes_left

    def _sort(self, column: int) -> None:
        values = self.columns.values[column]
        # Where values are equal, any order will do: who needs scikit-learn's makes it anew (`stump_replay`).
        self.columns.order[column] = self.rows[np.argsort(values[self.rows])]
        mark_cuts(self.columns, column)

    def _least_sure_gain(self, total: float, smallest: float, tolerance: float) -> float:
        """Gain above which no rounding of scikit-learn's sums can put another cut in front, or none.

        It finds the weight right of a cut as a difference, so a small one is rounding and little else, and the square
        of a class's weight there divided by it is noise: at most 50 n² u, for n rows and unit roundoff u.
        """
        n_rows = len(self.rows)
        if smallest >= 4.0 * n_rows * UNIT_ROUNDOFF * total:
            return tolerance
        return tolerance + 50.0 * n_rows**2 * UNIT_ROUNDOFF * total

    def _replay(
        self,
        weights: NDArray[np.float64],
        total: float,
        impurity: float,
        in_question: NDArray[np.bool_],
        random_state: int,
    ) -> tuple[Stump, NDArray[np.bool_]]:
        self.n_replayed += 1
        seed = np.random.RandomState(random_state).randint(0, LARGEST_SEED)
        split = replay(self.columns, self.rows, weights, self.codes, self._totals, total, in_question, seed)
        if split.column < 0 or split.improvement + EPSILON < 0.0:
            return self._leaf(total, impurity)
        return self._stump(split, total, impurity), self.columns.values[split.column] <= split.threshold

    def _stump(self, split: ReplayedSplit, total: float, impurity: float) -> Stump:
        weights = np.array([total, *split.leaf_weights])
        sums = np.vstack([self._totals, split.leaves])
        proportions = sums / weights[:, None]
        n_rows = len(self.rows)
        return Stump(
            column=int(split.column),
            threshold=float(split.threshold),
            n_rows=np.array([n_rows, split.n_left, n_rows - split.n_left]),
            weights=weights,
            proportions=proportions,
            impurities=np.array([impurity, *split.leaf_impurities]),
            classes=proportions.argmax(axis=1),
        )

    def _leaf(self, total: float, impurity: float) -> tuple[Stump, NDArray[np.bool_]]:
        root = self._totals / total
        stump = Stump(
            column=-1,
            threshold=-2.0,
            n_rows=np.array([len(self.rows)]),
            weights=np.array([total]),
            proportions=root[None],
            impurities=np.array([impurity]),
            classes=np.array([root.argmax()]),
        )
        return stump, np.ones(len(self.codes), dtype=np.bool_)


@kernel
def _weigh(weights, codes, totals, signed):
    """Fill the weights of the classes, added in the order of the rows, and the signed weights.

    Returns the sum of all weights, the sum of the squares of the classes' weights, and the smallest weight that is
    not zero.
    """
    for k in range(totals.size):
        totals[k] = 0.0
    total, smallest = 0.0, np.inf
    for i in range(weights.size):
        weight = weights[i]
        totals[codes[i]] += weight
        total += weight
        signed[i] = -weight if totals.size == 2 and codes[i] == 0 else weight
        smallest = min(smallest, weight if weight > 0.0 else np.inf)
    squares = 0.0
    for k in range(totals.size):
        squares += totals[k] * totals[k]
    return total, squares, smallest


@kernel
def _part(values, threshold, weights, codes, goes_left, leaves):
    """Fill which rows go left, and the weights of the classes on either side."""
    for i in range(values.size):
        goes_left[i] = values[i] <= threshold
        leaves[0 if goes_left[i] else 1, codes[i]] += weights[i]
