"""Importance asks how much the trees use each column: how often, for what gain, and for how many rows.

With S_j the splits of all trees on column j:

==============  ==========================================
kind            importance of column j
==============  ==========================================
weight          number of S_j
total_gain      sum of the gains of S_j
total_cover     sum of the covers of S_j
gain            total_gain / weight
cover           total_cover / weight
==============  ==========================================

These are the numbers of xgboost's ``get_score``, but for rounding: sums are float64 here, float32 there. As there, the
weights of trees do not count.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .dump import feature_name
from .ensemble import TreeEnsemble

__all__ = ["IMPORTANCE_TYPES", "column_importance", "importance_by_name"]

IMPORTANCE_TYPES = ("weight", "gain", "cover", "total_gain", "total_cover")

Kind = Literal["weight", "gain", "cover", "total_gain", "total_cover"]


def column_importance(ensemble: TreeEnsemble, kind: Kind) -> NDArray[np.float64]:
    """Importance of each column, shape (n_features,); 0 for one that no tree asks about.

    Parameters
    ----------
    ensemble : TreeEnsemble
    kind : {"weight", "gain", "cover", "total_gain", "total_cover"}

    Returns
    -------
    ndarray of float64, shape (n_features,)
    """
    if kind not in IMPORTANCE_TYPES:
        raise ValueError(f"importance_type={kind!r} must be one of {', '.join(map(repr, IMPORTANCE_TYPES))}")
    n_splits, total = np.zeros(ensemble.n_features), np.zeros(ensemble.n_features)
    for tree in ensemble.trees:
        inner = ~tree.is_leaf
        measure = tree.cover if kind.endswith("cover") else tree.gain
        np.add.at(n_splits, tree.feature[inner], 1.0)
        np.add.at(total, tree.feature[inner], measure[inner])
    if kind == "weight":
        return n_splits
    if kind.startswith("total"):
        return total
    return np.divide(total, n_splits, out=np.zeros_like(total), where=n_splits > 0)


def importance_by_name(ensemble: TreeEnsemble, kind: Kind) -> dict[str, float]:
    """Importance of the columns that some tree asks about, by name, in the order of the columns."""
    used = column_importance(ensemble, "weight") > 0
    importance = column_importance(ensemble, kind)
    return {feature_name(ensemble, int(j)): float(importance[j]) for j in np.flatnonzero(used)}
