"""Boosting adds trees, each fitted to what the sum of those before it still gets wrong.

Round t, for each output (Chen & Guestrin 2016, sections 2.1 and 2.2)::

    g_i, h_i   gradient and Hessian of the loss of row i at its margin f_i          (`objectives`)
    tree_t     the tree that lowers  Σ_i g_i w(i) + ½ (h_i + λ) w(i)²  greedily      (`growing`)
    f_i        f_i + learning_rate * w(i), w(i) the weight of the row's leaf

=================  ==========================================  =======================================
symbol             what                                        shape
=================  ==========================================  =======================================
X                  rows, float32, NaN is missing               (n_samples, n_features)
y                  targets, or numbers of classes, float32     (n_samples,)
weight             weights of the rows, float32, positive      (n_samples,)
margin             f, float32                                  (n_outputs, n_samples)
gradients          g and h, float32 (or see below)             (n_outputs, n_samples, 2)
=================  ==========================================  =======================================

Departures from xgboost 3.2 with ``tree_method="hist"``: the cuts of columns with more than max_bin distinct values are
exact quantiles (`quantiles`), unless ``cuts="xgboost"`` asks for those of the library (`library_cuts`); a column with
max_bin values and missing ones keeps them apart as there. The trees of a round all see the margins from before the
round, as there. Gradients of weighted rows are float64, so that a weight is a repetition to the last bit, but with
``cuts="xgboost"`` float32, so that trees are the library's to the last bit.

Reference: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import thread_team
from ..tree import Tree, TreeEnsemble
from ..tree.xgboost_document import margin_of
from .approx import CONSTANT_HESSIANS
from .dart import Dropout
from .groups import Groups
from .grower import Grower, grower_of
from .growing import HistGrower
from .grown_tree import GrownNodes, GrownTrees
from .growth_settings import GrowthSettings
from .known_leaves import KnownLeaves
from .objective import Objective, newton_start
from .objectives_quantiles import with_quantile_leaves
from .prediction import outputs_of
from .refreshing import TreeUpdater, Updates
from .sampling import Sampling, sampled_gradients

__all__ = ["Training", "boost"]

# Every tree sees all rows and columns.
ALL = Sampling()

# No tree is dropped.
NONE = np.empty(0, dtype=np.intp)

# Values in a table below which one thread is faster than several.
SMALL_TABLE = 50_000


class Training:
    """A run of boosting, round by round; a context manager that ends its threads.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    y : ndarray of float32, shape (n_samples,), or (n_samples, n_targets)
    sample_weight : ndarray of float32, shape (n_samples,), or None
        Positive.
    objective : Objective
    settings : GrowthSettings
    max_bin, n_outputs : int
    tree_method : str, default='hist'
        See `grower.grower_of`.
    cuts : {'exact', 'xgboost'}, default='exact'
        How columns are cut, see `binning.bin_table`.
    base_score : ndarray of float32, shape (n_outputs,), optional
        Start in units of the prediction (multi:*: of the margin); estimated if None.
    groups : Groups, optional
        Rows that are ranked among themselves; None is all rows.
    base_margin : ndarray of float32, shape (n_samples, n_outputs), optional
        Where the margin of each row starts; the model itself starts where it does without.
    positive_weight : float, default=1
        Factor of the weights of rows with ``y == 1``. If it is not 1, the start is one Newton step from margin 0, as
        in the library.
    sampling : Sampling, optional
        Rows and columns that the trees see; by default all.
    n_parallel : int, default=1
        Trees per round and output: a forest, whose trees share the learning rate.
    dropout : Dropout, optional
        Trees that rounds forget (`dart`); by default none.
    earlier : TreeEnsemble, optional
        Trees of a model that goes on; its start has to be `base_score`.
    updates : Updates, optional
        Trees that are updated in the place of growing new ones (`refreshing`).
    vector_leaves : bool, default=False
        One tree for all outputs, with a vector in each leaf (`vector_growing`).
    n_threads : int, default=1
        Changes no bit of the result.

    Attributes
    ----------
    trees : GrownTrees
        Round after round; within a round, output after output.
    weights : list of float
        Factors of the trees; all 1 but for dropout.
    learning_rate : float32
        That of the next round.
    intercept : ndarray of float32, shape (n_outputs,)
        Where the margins started, in units of the prediction (multi:*: of the margin).
    base_margin : ndarray of float32, shape (n_outputs,)
        The same in units of the margin.
    margin : ndarray of float32, shape (n_outputs, n_samples)
        Margins of the training rows.
    """

    def __init__(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        objective: Objective,
        *,
        settings: GrowthSettings,
        max_bin: int,
        tree_method: str = "hist",
        cuts: str = "exact",
        n_outputs: int = 1,
        base_score: NDArray[np.float32] | None = None,
        groups: Groups | None = None,
        base_margin: NDArray[np.float32] | None = None,
        positive_weight: float = 1.0,
        sampling: Sampling = ALL,
        n_parallel: int = 1,
        dropout: Dropout | None = None,
        earlier: TreeEnsemble | None = None,
        updates: Updates | None = None,
        vector_leaves: bool = False,
        n_threads: int = 1,
    ) -> None:
        n_samples = X.shape[0]
        self.n_threads = n_threads = 1 if X.size < SMALL_TABLE else n_threads
        self.objective = objective = objective.of_rows(y, groups, n_threads)
        self.X, self.y, self.sample_weight = X, y, sample_weight
        self.sampling, self.n_parallel, self.dropout = sampling, n_parallel, dropout
        self.weight = _weight_of_loss(y, sample_weight, positive_weight, single=cuts == "xgboost")
        self.intercept = self._estimated_start(positive_weight, n_outputs) if base_score is None else base_score
        self.base_margin = _margin_of_start(self.intercept, objective)
        shape = (n_samples, len(self.base_margin))
        self._start = np.broadcast_to(self.base_margin, shape) if base_margin is None else base_margin
        self.trees = GrownTrees(() if earlier is None else earlier.trees)
        self.weights = [1.0] * len(self.trees) if earlier is None else np.asarray(earlier.tree_weight).tolist()
        self._leaves = None if dropout is None else KnownLeaves(X, earlier, n_threads)
        self.margin = self._margin_with(self.weights)
        self._gradients = np.empty((n_outputs, n_samples, 2), dtype=self.weight.dtype)
        self._parts = _row_ranges(n_samples, n_threads) if objective.rows_apart else np.array([[0, n_samples]])
        self._gradients_of, self._threads, self._vector_leaves = list(self._gradients), ExitStack(), vector_leaves
        self._quantile_leaves = objective.leaf_quantile and tree_method != "exact"
        self._run = self._threads.enter_context(thread_team(n_threads))
        self._grower: Grower = (
            TreeUpdater(updates, X, settings, n_threads)
            if updates is not None
            else grower_of(
                "vectors" if vector_leaves else tree_method,
                X,
                _weight_in_cuts(sample_weight, groups, cuts),
                settings,
                sampling,
                max_bin=max_bin,
                cuts=cuts,
                run=self._run,
                n_threads=n_threads,
                constant_hessians=objective.name in CONSTANT_HESSIANS,
            )
        )
        self.set_learning_rate(settings.learning_rate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.close()

    def set_learning_rate(self, learning_rate: float | np.floating) -> None:
        """Let the trees from now on have another learning rate."""
        self.learning_rate = np.float32(learning_rate)
        of_tree = self.learning_rate / np.float32(self.n_parallel)
        self._grower.settings = self._grower.settings._replace(learning_rate=of_tree)

    @property
    def table(self) -> Any:
        """Table with the cuts of the trees grown last, see `Grower`."""
        return self._grower.table

    @property
    def seen_margin(self) -> NDArray[np.float32]:
        """Margins at which the next round takes its gradients: those without the trees that it drops."""
        return self._margin_without(self._dropped())

    def round(self, gradients: NDArray[np.floating] | None = None) -> None:
        """Add the trees of one round to the model, output after output.

        Parameters
        ----------
        gradients : ndarray of float32 or float64, shape (n_outputs, n_samples, 2), optional
            Gradients and Hessians to grow the trees with; by default those of the objective at `seen_margin`.
        """
        first, dropped = len(self.trees), self._dropped()
        seen = self._margin_without(dropped)
        own_gradients: Sequence[NDArray[np.floating]] = self._gradients_of if gradients is None else list(gradients)
        gradients = self._gradients_at(seen) if gradients is None else gradients
        of_trees: list[tuple[Any, NDArray[np.floating]]] = list(enumerate(own_gradients))
        if self._vector_leaves:
            of_trees = [(slice(None), gradients)]
        residual = self.y.T - seen if self._quantile_leaves else None
        for output, own in of_trees:
            for _ in range(self.n_parallel):
                self.trees.append(self._tree(own, output, None if residual is None else residual[output]))
        n_new = len(self.trees) - first
        if self.dropout is None:
            self.weights += [1.0] * n_new
        else:
            self.weights = self.dropout.weights(self.weights, dropped, n_new, self.learning_rate)
        if len(dropped):
            self.margin = self._margin_with(self.weights)

    def _tree(
        self, gradients: NDArray[np.floating], output: Any, residual: NDArray[np.float32] | None
    ) -> Tree | GrownNodes:
        """Grow the next tree of an output, and add its values to the margins; `residual` is y - f for quantiles.

        The output of a tree with vectors in its leaves is ``slice(None)``, all of them.
        """
        grower, number = self._grower, len(self.trees)
        sampled = sampled_gradients(gradients, self.sampling, number)
        if residual is None and self._leaves is None and isinstance(grower, HistGrower) and grower.cuts_once:
            return grower.grow_nodes(sampled, number, self.margin[output])
        if residual is None:
            tree = grower.grow(sampled, number, self.margin[output])
        else:
            tree = grower.grow(sampled, number)
            rows = [grower.rows_of(leaf) for leaf in np.flatnonzero(tree.is_leaf)]
            seen = sampled.reshape(-1, *sampled.shape[-2:])[0, :, 1] > 0
            rows = [own[seen[own]] for own in rows]
            alphas = np.resize(self.objective.value, len(self.margin))[output]
            rate = grower.settings.learning_rate
            tree = with_quantile_leaves(tree, rows, residual, self.sample_weight, alphas, rate)
            grower.add_values(tree, self.margin[output])
        if self._leaves is not None:
            self._leaves.add(tree, grower.rows_of, len(self.y), output)
        return tree

    def _estimated_start(self, positive_weight: float, n_outputs: int) -> NDArray[np.float32]:
        """Where predictions start, in units of the prediction (multi:*: of the margin)."""
        objective = self.objective
        if objective.start is None or positive_weight != 1.0:
            return newton_start(objective, self.y, self.weight, n_outputs)
        return objective.start(self.y, self.sample_weight, objective.value, n_outputs)

    def _gradients_at(self, margin: NDArray[np.float32]) -> NDArray[np.floating]:
        """Gradients and Hessians, shape (n_outputs, n_samples, 2); good until the next call."""
        out = self._gradients
        self._run(lambda rows: self.objective.gradients(rows, margin, self.y, self.weight, out), self._parts)
        return out

    def _dropped(self) -> NDArray[np.intp]:
        """Numbers of the trees that the next round drops."""
        return NONE if self.dropout is None else self.dropout.dropped(self.weights, self.sampling)

    def _margin_without(self, dropped: NDArray[np.intp]) -> NDArray[np.float32]:
        if len(dropped) == 0:
            return self.margin
        weights = np.array(self.weights)
        weights[dropped] = 0.0
        return self._margin_with(weights.tolist())

    def _margin_with(self, weights: list[float]) -> NDArray[np.float32]:
        """Margins of the training rows, shape (n_outputs, n_samples), added up tree by tree as in prediction."""
        n_outputs = self._start.shape[1]
        if self._leaves is not None:
            return self._leaves.margin(self._start, weights)
        if not self.trees:
            return np.array(self._start.T, order="C")
        trees = TreeEnsemble(
            tuple(self.trees),
            self.X.shape[1],
            n_outputs,
            tree_weight=np.array(weights),
            tree_output=outputs_of(self.trees, n_outputs, self.n_parallel),
        )
        return np.ascontiguousarray(trees.margin(self.X, self.n_threads, start=self._start).T)


def boost(*arguments: Any, n_rounds: int, **options: Any) -> Training:
    """Fit gradient-boosted trees: some rounds of a `Training` with these arguments and options.

    Returns
    -------
    Training
        What there is after the last round; its threads have ended.
    """
    with Training(*arguments, **options) as training:
        for _ in range(n_rounds):
            training.round()
    return training


def _weight_of_loss(
    y: NDArray[np.float32], sample_weight: NDArray[np.float32] | None, positive_weight: float, single: bool
) -> NDArray[np.floating]:
    """Weight of each row's loss; its type is that of the gradients: `single` is float32 for certain."""
    weight = np.ones(len(y), dtype=np.float32) if sample_weight is None else sample_weight
    # Weights that mean repetition keep their products with gradients exact, in float64. The library rounds them, which
    # now and then decides between two thresholds that gain the same: where its model is asked for, so do we.
    repeated = sample_weight is not None and np.any(sample_weight != 1.0) and not single
    weight = weight.astype(np.float64 if repeated else np.float32)
    # Where rows have several targets, their objective weighs each.
    if positive_weight == 1.0 or y.ndim == 2:
        return weight
    return np.where(y == 1.0, weight * weight.dtype.type(positive_weight), weight)


def _weight_in_cuts(
    sample_weight: NDArray[np.float32] | None, groups: Groups | None, cuts: str
) -> NDArray[np.float32] | None:
    """Weights of the rows where columns are cut."""
    by_group = cuts == "xgboost" and groups is not None and groups.weight is not None
    return groups.library_weight_of_rows() if groups is not None and by_group else sample_weight


def _margin_of_start(intercept: NDArray[np.float32], objective: Objective) -> NDArray[np.float32]:
    with np.errstate(divide="ignore"):
        start = margin_of(intercept, objective.link)
    if not np.all(np.isfinite(start)):
        raise ValueError(f"y: {objective.name} starts from the log of a mean, and the mean of the targets is 0")
    return start


def _row_ranges(n_samples: int, n_parts: int) -> NDArray[np.int64]:
    ends = np.arange(n_parts + 1) * n_samples // n_parts
    return np.stack([ends[:-1], ends[1:]], axis=1)
