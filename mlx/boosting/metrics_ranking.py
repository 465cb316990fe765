"""Metrics of rankings: how good the order of the rows is that predictions give to each group.

With the rows of a group in falling order of their predictions, y_r the relevance at rank r, n rows, and the first k
ranks looked at:

==============  ============================================================================  =====================
metric          of a group                                                                    nothing relevant
==============  ============================================================================  =====================
ndcg@k          Σ_{r<=k} G(y_r) / log₂(1 + r), divided by that of the best order               1
map@k           Σ_{r<=k} y_r (hits up to r) / r, divided by min(hits, k)                       1
pre@k           Σ_{r<=k} y_r / min(k, n)                                                       0
auc             share of the pairs of rows that predictions order as relevances do             not counted below 3 rows
aucpr           area under the curve of precision over recall                                  not counted
==============  ============================================================================  =====================

G(y) = 2^y - 1, or y with ``ndcg_exp_gain=False``; the relevances of map and pre are 0 and 1. Ties keep the order of the
rows. Without "@k" k is 32, as in the library. A minus at the end, ``ndcg@k-``, gives 0 to groups with nothing relevant.
The metric is the mean over the groups, by their weights.

Two things are the library's and are kept, so that numbers are the same: a group with nothing relevant counts 1 in ndcg
whatever its weight is, and auc counts pairs of rows of the same relevance, as if the first one were more relevant; both
areas leave weights out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .discounted_gain import MOST_RELEVANT, discounts, gains, ideal_dcg
from .groups import Groups

__all__ = ["DEPTH", "area_of_groups", "mean_precision", "ndcg", "own_of_groups", "pairs_in_order", "precision"]

Array = NDArray[np.float64]

# Ranks that are looked at if nothing is stated.
DEPTH = 32


def ndcg(y: Array, p: Array, groups: Groups, depth: int | None, minus: bool, exponential: bool = True) -> float:
    """Normalized discounted cumulative gain."""
    whole = np.all((y == np.floor(y)) & (y <= MOST_RELEVANT))
    if np.any(y < 0) or (exponential and not whole):
        raise ValueError(
            f"y: ndcg needs relevances that are whole numbers from 0 to {MOST_RELEVANT}, or with ndcg_exp_gain=False "
            "numbers of 0 or more"
        )
    gain, (order, rank) = gains(y, exponential), _ranked(p, groups)
    ideal = ideal_dcg(gain, groups, depth)
    counted = rank < (len(y) if depth is None else depth)
    terms = np.where(counted, discounts(int(groups.sizes.max()))[rank] * gain[order], 0.0)
    dcg = np.bincount(groups.of_rows(), terms, minlength=groups.n_groups)
    score = np.divide(dcg, ideal, out=np.zeros_like(dcg), where=ideal > 0)
    weight = _weights(groups)
    return _at_most_one(np.where(ideal > 0, score * weight, 0.0 if minus else 1.0).sum() / weight.sum())


def mean_precision(y: Array, p: Array, groups: Groups, depth: int | None, minus: bool) -> float:
    """Mean, over the relevant rows of a group, of the share of relevant rows up to their rank."""
    _check_binary(y, "map")
    order, rank = _ranked(p, groups)
    of_row, label = groups.of_rows(), y[order]
    before = np.concatenate([[0.0], np.cumsum(label)])[groups.start[:-1]]
    hits = np.cumsum(label) - before[of_row]
    counted = rank < (len(y) if depth is None else depth)
    total = np.bincount(of_row, np.where(counted, label * hits / (rank + 1.0), 0.0), minlength=groups.n_groups)
    n_hits = np.bincount(of_row, label, minlength=groups.n_groups)
    most = np.minimum(n_hits, np.inf if depth is None else depth)
    score = np.divide(total, most, out=np.full_like(total, 0.0 if minus else 1.0), where=n_hits > 0)
    return _at_most_one(np.average(score, weights=_weights(groups)))


def precision(y: Array, p: Array, groups: Groups, depth: int | None, minus: bool) -> float:
    """Share of relevant rows among those of the first ranks."""
    _check_binary(y, "pre")
    order, rank = _ranked(p, groups)
    depth = len(y) if depth is None else depth
    n_hits = np.bincount(groups.of_rows(), np.where(rank < depth, y[order], 0.0), minlength=groups.n_groups)
    return _at_most_one(np.average(n_hits / np.minimum(depth, groups.sizes), weights=_weights(groups)))


def pairs_in_order(y: Array, p: Array) -> float:
    """Share of the pairs of a group that predictions order as relevances do; nan below three rows."""
    if len(y) < 3:
        return np.nan
    by_relevance = p[np.argsort(-y, kind="stable")]
    first, second = np.triu_indices(len(y), 1)
    difference = by_relevance[first] - by_relevance[second]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def area_of_groups(area: Callable[[Array, Array], float], y: Array, p: Array, groups: Groups) -> float:
    """Mean of an area over the groups that have one."""
    areas = np.array([area(*part) for part in _parts(y, p, groups)])
    return float(np.mean(areas[~np.isnan(areas)])) if not np.all(np.isnan(areas)) else np.nan


def own_of_groups(function: Callable[[Array, Array], float], y: Array, p: Array, groups: Groups) -> float:
    """Mean of a user's function over the groups, each counted by its rows, as in the library; 1 for a single row."""
    scores = [1.0 if len(of_group) == 1 else function(of_group, by) for of_group, by in _parts(y, p, groups)]
    return float(np.average(scores, weights=groups.sizes))


def _parts(y: Array, p: Array, groups: Groups) -> list[tuple[Array, Array]]:
    return list(zip(np.split(y, groups.start[1:-1]), np.split(p, groups.start[1:-1])))


def _ranked(p: Array, groups: Groups) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Rows by falling prediction, group by group, and their ranks from 0 on."""
    of_row = groups.of_rows()
    return np.lexsort((-p, of_row)), np.arange(len(p)) - groups.start[of_row]


def _weights(groups: Groups) -> Array:
    return np.ones(groups.n_groups) if groups.weight is None else groups.weight.astype(np.float64)


def _at_most_one(score: float) -> float:
    return float(min(score, 1.0))


def _check_binary(y: Array, name: str) -> None:
    if not np.all((y == 0) | (y == 1)):
        raise ValueError(f"y: {name} needs relevances that are 0 or 1")
