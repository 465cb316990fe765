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
gradients          g and h, float32 (float64 if weighted)      (n_outputs, n_samples, 2)
=================  ==========================================  =======================================

Departures from xgboost 3.2 with ``tree_method="hist"``: the cuts of columns with more than max_bin distinct values are
exact quantiles (`quantiles`), unless ``cuts="xgboost"`` asks for those of the library (`library_cuts`); a column with
max_bin values and missing ones keeps them apart as there. The trees of a round all see the margins from before the
round, as there.

Reference: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import thread_team
from ..tree import Tree
from ..tree.xgboost_document import margin_of
from .binning import bin_table
from .constraints import below_all_values
from .growing import GrowthSettings, grow_tree
from .histogram import HistogramPool
from .objective import Objective, newton_start
from .objectives_quantiles import with_quantile_leaves
from .partitioning import RowOwner
from .sampling import Sampling, sampled_gradients

__all__ = ["BoostedTrees", "boost"]

# Every tree sees all rows and columns.
ALL = Sampling()

# Rows whose gradients one task computes.
ROWS_PER_TASK = 32_768

# Values in a table below which one thread is faster than several.
SMALL_TABLE = 50_000


class BoostedTrees(NamedTuple):
    """What boosting leaves behind.

    Attributes
    ----------
    trees : list of Tree
        Round after round; within a round, one per output.
    intercept : ndarray of float32, shape (n_outputs,)
        Where the margins started, in units of the prediction (multi:*: of the margin).
    base_margin : ndarray of float32, shape (n_outputs,)
        The same in units of the margin.
    margin : ndarray of float32, shape (n_outputs, n_samples)
        Margins of the training rows.
    """

    trees: list[Tree]
    intercept: NDArray[np.float32]
    base_margin: NDArray[np.float32]
    margin: NDArray[np.float32]


def boost(
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    sample_weight: NDArray[np.float32] | None,
    objective: Objective,
    *,
    settings: GrowthSettings,
    n_rounds: int,
    max_bin: int,
    cuts: str = "exact",
    n_outputs: int = 1,
    base_score: NDArray[np.float32] | None = None,
    base_margin: NDArray[np.float32] | None = None,
    positive_weight: float = 1.0,
    sampling: Sampling = ALL,
    n_threads: int = 1,
    round_begins: Callable[[], None] | None = None,
    round_done: Callable[[BoostedTrees], bool] | None = None,
) -> BoostedTrees:
    """Fit gradient-boosted trees.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    y : ndarray of float32, shape (n_samples,)
    sample_weight : ndarray of float32, shape (n_samples,), or None
        Positive.
    objective : Objective
    settings : GrowthSettings
    n_rounds, max_bin, n_outputs : int
    cuts : {'exact', 'xgboost'}, default='exact'
        How columns are cut, see `binning.bin_table`.
    base_score : ndarray of float32, shape (n_outputs,), optional
        Start in units of the prediction (multi:*: of the margin); estimated if None.
    base_margin : ndarray of float32, shape (n_samples, n_outputs), optional
        Where the margin of each row starts; the model itself starts where it does without.
    positive_weight : float, default=1
        Factor of the weights of rows with ``y == 1``. If it is not 1, the start is one Newton step from margin 0, as
        in the library.
    sampling : Sampling, optional
        Rows and columns that the trees see; by default all.
    n_threads : int, default=1
        Changes no bit of the result.
    round_begins, round_done : callable, optional
        Called before and after each round, the latter with what there is so far; if it returns True, the fit ends.

    Returns
    -------
    BoostedTrees
    """
    n_samples = len(X)
    weight = _weight_of_loss(y, sample_weight, positive_weight)
    if base_score is not None:
        intercept = base_score
    elif objective.start is None or positive_weight != 1.0:
        intercept = newton_start(objective, y, weight, n_outputs)
    else:
        intercept = objective.start(y, sample_weight, objective.value, n_outputs)
    start = _margin_of_start(intercept, objective)
    margin = (
        np.repeat(start[:, np.newaxis], n_samples, axis=1)
        if base_margin is None
        else np.ascontiguousarray(base_margin.T)
    )
    result = BoostedTrees([], intercept, start, margin)
    if len(settings.direction):
        settings = settings._replace(lowest=below_all_values(X))
    gradients = np.empty((n_outputs, n_samples, 2), dtype=weight.dtype)
    parts = _row_ranges(n_samples) if objective.rows_apart else np.array([[0, n_samples]])
    n_threads = 1 if X.size < SMALL_TABLE else n_threads
    with thread_team(n_threads) as run:
        table = bin_table(X, sample_weight, max_bin, n_threads, run, cuts)
        owner = RowOwner(table, run, n_threads)
        pool = HistogramPool(int(table.start[-1]))
        for _ in range(n_rounds):
            if round_begins is not None:
                round_begins()
            run(lambda rows: objective.gradients(rows, margin, y, weight, gradients), parts)
            for k in range(n_outputs):
                seen = sampled_gradients(gradients[k], sampling, len(result.trees))
                columns = sampling.columns_of(len(result.trees), table.n_features)
                tree = grow_tree([owner], [seen], pool, settings, run, n_threads, columns)
                if objective.leaf_quantile:
                    rows = [owner.rows_of(leaf) for leaf in np.flatnonzero(tree.is_leaf)]
                    alpha, residual = objective.value[k], y - margin[k]
                    tree = with_quantile_leaves(tree, rows, residual, sample_weight, alpha, settings.learning_rate)
                owner.add_values(tree.value, tree.is_leaf, margin[k])
                result.trees.append(tree)
            if round_done is not None and round_done(result):
                break
    return result


def _weight_of_loss(
    y: NDArray[np.float32], sample_weight: NDArray[np.float32] | None, positive_weight: float
) -> NDArray[np.floating]:
    """Weight of each row's loss; its type is that of the gradients."""
    weight = np.ones(len(y), dtype=np.float32) if sample_weight is None else sample_weight
    # Weights that mean repetition keep their products with gradients exact, in float64; nothing else needs that.
    repeated = sample_weight is not None and np.any(sample_weight != 1.0)
    weight = weight.astype(np.float64 if repeated else np.float32)
    return weight if positive_weight == 1.0 else np.where(y == 1.0, weight * weight.dtype.type(positive_weight), weight)


def _margin_of_start(intercept: NDArray[np.float32], objective: Objective) -> NDArray[np.float32]:
    with np.errstate(divide="ignore"):
        start = margin_of(intercept, objective.link)
    if not np.all(np.isfinite(start)):
        raise ValueError(f"y: {objective.name} starts from the log of a mean, and the mean of the targets is 0")
    return start


def _row_ranges(n_samples: int) -> NDArray[np.int64]:
    first = np.arange(0, n_samples, ROWS_PER_TASK)
    return np.stack([first, np.minimum(first + ROWS_PER_TASK, n_samples)], axis=1)
