r"""Growing a tree with vectors in its leaves: one tree per round for all outputs, which share its questions.

The loss of a leaf is the sum of the losses of the outputs, each as in `splitting` with sums G_k, H_k and weight w_k
(Chen & Guestrin 2016, equations 5 to 7, output by output)::

    w_k   = -T(G_k) / (H_k + λ)                        T(G) = sign(G) max(|G| - α, 0)
    worth = -Σ_k w_k T(G_k)
    gain  = worth(left) + worth(right) - worth(node)

As in xgboost 3.2, and other than in its trees of one output: a w_k whose cover H_k is below min_child_weight is 0, and
a split that makes such children is not forbidden; the worth of a weight that max_delta_step cut short is taken by the
same formula; worths are added up in float64, and only the gain is rounded to float32.

=============  =======================================================  ===========================
symbol         what                                                     shape
=============  =======================================================  ===========================
gradients      g and h of each row and output                           (n_samples, n_outputs, 2)
histogram      their sums for each place of `binning.BinnedTable`       (n_places, n_outputs, 2)
sums           their sums over the rows of a node                       (n_outputs, 2)
=============  =======================================================  ===========================
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from ..tree.record import GrowthRecord
from .binning import FIRST_PLACES, Group, bin_table, codes_of
from .constraints import ColumnRules, below_all_values
from .growing import LEAST_GAIN, GrowthSettings
from .row_owner import Run
from .sampling import Sampling
from .splitting import soft_threshold

__all__ = ["VectorGrower"]

f32 = np.float32


class Split(NamedTuple):
    """A question; `bin` is the last bin that goes left, -1 if only missing values do, as is `feature` if there is none.

    `left_sums` are those of the rows that go left; of the runner-up they are not kept.
    """

    feature: int = -1
    bin: int = -1
    missing_left: bool = False
    gain: np.float32 = f32(0.0)
    left_sums: NDArray[np.float64] = np.empty((0, 2))


NO_SPLIT = Split()


class Node(NamedTuple):
    """A node while its tree grows; without a histogram if the tree may not be deeper."""

    number: int
    depth: int
    rows: NDArray[np.int32]
    sums: NDArray[np.float64]
    histogram: NDArray[np.float64] = np.empty((0, 0, 2))
    split: Split = NO_SPLIT
    runner_up: Split = NO_SPLIT


class VectorGrower:
    """Trees with a vector in each leaf, by histograms; as a `Grower`, but for all outputs at once.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    sample_weight : ndarray of float32, shape (n_samples,), or None
        Weights of the rows in the quantiles of the columns.
    settings : GrowthSettings
    sampling : Sampling
    max_bin, cuts
        As of `binning.bin_table`.
    run, n_threads
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`, and the number of threads behind it.

    Raises
    ------
    NotImplementedError
        If the settings ask for what the library has not for such trees, or for pruning after growth.
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
        refused = {
            "monotone_constraints": len(settings.direction) > 0,
            "interaction_constraints": len(settings.interactions) > 0,
            "enable_categorical": bool(np.any(settings.categories.is_category)),
            "prune": settings.prunes_after,
        }
        for name in (name for name, is_set in refused.items() if is_set):
            raise NotImplementedError(f"{name}: not supported for trees with vectors (multi_strategy)")
        self.settings, self._sampling, self._run = settings, sampling, run
        self._leaves: dict[int, NDArray[np.int32]] = {}
        self._use_rows(X, sample_weight, max_bin, n_threads, cuts)

    def _use_rows(
        self, X: Any, sample_weight: NDArray[np.float32] | None, max_bin: int, n_threads: int, cuts: str
    ) -> None:
        """Cut the columns of these rows."""
        self._lowest = below_all_values(X)
        self.table: Any = bin_table(X, sample_weight, max_bin, n_threads, self._run, cuts, may_share=False)

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree.

        Parameters
        ----------
        gradients : ndarray of float32 or float64, shape (n_outputs, n_samples, 2)
            0 for rows that the tree does not see.
        number : int
            Number of the tree in the model, which names its random streams.
        """
        table, settings = self.table, self.settings
        by_row = np.ascontiguousarray(gradients.transpose(1, 0, 2))
        rules = ColumnRules(
            table.n_features, settings.interactions, self._sampling.columns_of(number, table.n_features)
        )
        growing = _GrowingTree(by_row.sum(axis=0, dtype=np.float64), settings)
        root = Node(0, 0, np.arange(table.n_samples, dtype=np.int32), growing.sums[0])
        root = root._replace(histogram=self._counted(root.rows, by_row))
        waiting = self._worth_a_split([root], rules, growing)
        self._leaves = {0: root.rows}
        while waiting and not growing.is_full():
            best = max(range(len(waiting)), key=lambda i: waiting[i].split.gain) if settings.best_first else 0
            node = waiting.pop(best)
            rules.split(np.array([node.number]), np.array([node.split.feature]))
            left, right = self._parted(node, growing, by_row)
            del self._leaves[node.number]
            self._leaves |= {left.number: left.rows, right.number: right.rows}
            if settings.max_depth == 0 or left.depth < settings.max_depth:
                waiting += self._worth_a_split(self._with_histograms(left, right, node, by_row), rules, growing)
        tree = growing.tree(table, self._lowest)
        if margin is not None:
            self.add_values(tree, margin)
        return tree

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add to the margins, shape (n_outputs, n_samples), the vectors of the leaves that the rows are in."""
        for leaf, rows in self._leaves.items():
            margin[:, rows] += tree.value[leaf][:, np.newaxis]

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf of the tree grown last, in rising order."""
        return self._leaves[int(leaf)]

    def _counted(self, rows: NDArray[np.int32], gradients: NDArray[np.floating]) -> NDArray[np.float64]:
        """Histogram of some rows; each group of columns has one owner, so threads change no bit."""
        table = self.table
        histogram = np.zeros((int(table.start[-1]), *gradients.shape[1:]))

        def count(group: int) -> None:
            start = table.groups[group, FIRST_PLACES:][: table.groups[group, Group.N_LANES]]
            count_group(table.codes[group], table.lane_bits, start, rows, gradients, histogram)

        self._run(count, range(len(table.codes)))
        return histogram

    def _codes_of(self, feature: int, rows: NDArray[np.int32]) -> NDArray[np.int64]:
        """Codes of a column for some rows."""
        return codes_of(self.table, feature, rows)

    def _with_histograms(self, left: Node, right: Node, parent: Node, gradients: NDArray[np.floating]) -> list[Node]:
        """The children, the one of less cover counted, as in the library, and the other one what is left over."""
        smaller = right if right.sums[:, 1].sum() < left.sums[:, 1].sum() else left
        counted = self._counted(smaller.rows, gradients)
        rest = parent.histogram - counted
        return [child._replace(histogram=counted if child is smaller else rest) for child in (left, right)]

    def _worth_a_split(self, nodes: list[Node], rules: ColumnRules, growing: _GrowingTree) -> list[Node]:
        """Those of some nodes whose best split gains enough, with it; of the others it is the runner-up."""
        table, worthy = self.table, []
        for node in nodes:
            allowed = rules.allowed(range(node.number, node.number + 1), node.depth)[0]
            left_sums = np.zeros_like(node.sums)
            best, second = best_splits(
                node.histogram, table.start, table.n_bins, allowed, node.sums, self.settings.penalty, left_sums
            )
            split = Split(best[0], best[1], best[2], f32(best[3]), left_sums)
            growing.runners_up[node.number] = split
            if split.gain > LEAST_GAIN and split.gain >= self.settings.gamma:
                second = Split(second[0], second[1], second[2], f32(second[3]))
                worthy.append(node._replace(split=split, runner_up=second))
        return worthy

    def _parted(self, node: Node, growing: _GrowingTree, gradients: NDArray[np.floating]) -> tuple[Node, Node]:
        """The children of a node: its rows and its sums, parted."""
        table, split = self.table, node.split
        codes = self._codes_of(split.feature, node.rows)
        goes_left = codes <= split.bin if split.bin >= 0 else np.zeros(len(codes), dtype=bool)
        missing = codes == table.n_bins[split.feature]
        goes_left = np.where(missing, split.missing_left, goes_left)
        left, right = growing.split(node, gradients[node.rows[missing]].sum(axis=0, dtype=np.float64))
        return (
            Node(left, node.depth + 1, node.rows[goes_left], split.left_sums),
            Node(right, node.depth + 1, node.rows[~goes_left], node.sums - split.left_sums),
        )


class _GrowingTree:
    """The nodes so far, in the order of their numbers."""

    def __init__(self, sums: NDArray[np.float64], settings: GrowthSettings) -> None:
        self.settings = settings
        self.sums, self.left = [sums], [-1]
        self.splits: list[Split | None] = [None]
        self.missing_sums, self.runners_up = [np.zeros_like(sums)], [NO_SPLIT]

    def is_full(self) -> bool:
        """Whether there are as many leaves as there may be."""
        return 0 < self.settings.max_leaves <= (len(self.left) + 1) // 2

    def split(self, node: Node, missing_sums: NDArray[np.float64]) -> tuple[int, int]:
        """Give a node two children; their numbers. The sums are of the rows whose value is missing."""
        first = len(self.left)
        self.left[node.number], self.splits[node.number] = first, node.split
        self.missing_sums[node.number], self.runners_up[node.number] = missing_sums, node.runner_up
        self.left += [-1, -1]
        self.splits += [None, None]
        self.missing_sums += [np.zeros_like(missing_sums), np.zeros_like(missing_sums)]
        self.runners_up += [NO_SPLIT, NO_SPLIT]
        self.sums += [node.split.left_sums, node.sums - node.split.left_sums]
        return first, first + 1

    def tree(self, table: Any, lowest: NDArray[np.float32]) -> Tree:
        """Flat arrays; inner nodes hold their weights before the learning rate, as in the library."""
        left = np.array(self.left, dtype=np.int32)
        inner = left >= 0
        sums = np.array(self.sums)
        weight = np.empty(sums.shape[:2])
        vector_weights(sums, self.settings.penalty, weight)
        asked = [split for split in self.splits if split is not None]

        def threshold_of(split: Split) -> np.float32:
            if split.feature < 0:
                return f32(0.0)
            return table.cuts[table.start[split.feature] + split.bin] if split.bin >= 0 else lowest[split.feature]

        def of_inner(values: list[Any], dtype: Any, otherwise: Any = 0) -> NDArray:
            array = np.full(len(left), otherwise, dtype=dtype)
            array[inner] = values
            return array

        return Tree.grown(
            left=left,
            right=np.where(inner, left + 1, -1).astype(np.int32),
            feature=of_inner([split.feature for split in asked], np.int32, -1),
            threshold=of_inner([threshold_of(split) for split in asked], f32),
            missing_left=of_inner([split.missing_left for split in asked], np.bool_),
            value=np.where(inner[:, np.newaxis], weight, weight * self.settings.learning_rate).astype(f32),
            cover=_covers(sums, left),
            gain=of_inner([split.gain for split in asked], f32),
            record=GrowthRecord.grown(
                sums=sums,
                missing_sums=np.array(self.missing_sums),
                runner_up_feature=np.array([split.feature for split in self.runners_up], dtype=np.int32),
                runner_up_threshold=np.array([threshold_of(split) for split in self.runners_up], dtype=f32),
                runner_up_missing_left=np.array([split.missing_left for split in self.runners_up], dtype=np.bool_),
                runner_up_gain=np.array([split.gain for split in self.runners_up], dtype=f32),
            ),
        )


def _covers(sums: NDArray[np.float64], left: NDArray[np.int32]) -> NDArray[np.float32]:
    """Sum of the covers of all outputs, added up one by one in float32; of an inner node, that of its children."""
    cover = np.zeros(len(sums), dtype=f32)
    for hessians in sums[:, :, 1].T:
        cover = (cover + hessians).astype(f32)
    own = cover.copy()
    inner = left >= 0
    cover[inner] = own[left[inner]] + own[left[inner] + 1]
    return cover


@kernel
def count_group(codes, lane_bits, start, rows, gradients, histogram):
    """Add the gradients of rows to the histograms of a group of columns."""
    bits = np.uint64(lane_bits)
    mask = (np.uint64(1) << bits) - np.uint64(1)
    for row in rows:
        for c in range(len(start)):
            place = start[c] + np.int64((codes[row] >> (np.uint64(c) * bits)) & mask)
            for k in range(gradients.shape[1]):
                histogram[place, k, 0] += gradients[row, k, 0]
                histogram[place, k, 1] += gradients[row, k, 1]


@kernel
def vector_weight(G, H, penalty):
    """-T(G) / (H + λ), equation 5, at most max_delta_step; 0 below min_child_weight. In float64."""
    if penalty.min_child_weight > H or H <= 0.0:
        return 0.0
    w = -soft_threshold(G, penalty.reg_alpha) / (H + penalty.reg_lambda)
    limit = penalty.max_delta_step
    return w if limit == 0.0 else min(max(w, -limit), limit)


@kernel
def vector_weights(sums, penalty, weight):
    """Weights of all nodes and outputs."""
    for node in range(len(sums)):
        for k in range(sums.shape[1]):
            weight[node, k] = vector_weight(sums[node, k, 0], sums[node, k, 1], penalty)


@kernel
def worth(sums, penalty):
    """-Σ_k w_k T(G_k), of weights in float32."""
    total = 0.0
    for k in range(len(sums)):
        w = f32(vector_weight(sums[k, 0], sums[k, 1], penalty))
        total += -np.float64(w) * soft_threshold(sums[k, 0], penalty.reg_alpha)
    return total


@kernel
def best_splits(histogram, start, n_bins, allowed, sums, penalty, best_left):
    """Best split of a node, whose left sums are written, and the best one on another column.

    Each is column, last bin on the left, side of missing values, and gain; the first one found of equals: lower columns
    first, missing values to the right before to the left.
    """
    best = second = (-1, -1, False, f32(0.0))
    own_worth = worth(sums, penalty)
    near, far = np.empty_like(sums), np.empty_like(sums)
    for f in range(len(n_bins)):
        if not allowed[f]:
            continue
        cut, missing_left, gain, least = -1, False, f32(0.0), best[3]
        for backwards in (False, True):
            near[:] = 0.0
            for step in range(n_bins[f]):
                b = n_bins[f] - 1 - step if backwards else step
                near += histogram[start[f] + b]
                far[:] = sums - near
                new_gain = f32(worth(far, penalty) + worth(near, penalty) - own_worth)
                if new_gain > gain and has_cover(near) and has_cover(far):
                    cut, missing_left, gain = b - 1 if backwards else b, backwards, new_gain
                    if gain > least:
                        best_left[:] = far if backwards else near
            if np.all(near == sums):
                break
        if gain > best[3]:
            best, second = (f, cut, missing_left, gain), best
        elif gain > second[3]:
            second = (f, cut, missing_left, gain)
    return best, second


@kernel
def has_cover(sums):
    """Whether any output has a Hessian."""
    covered = False
    for k in range(len(sums)):
        covered |= sums[k, 1] != 0.0
    return covered
