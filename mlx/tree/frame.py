"""A frame lists the nodes of all trees, a row per node, with the columns of xgboost's ``trees_to_dataframe``.

==============================  ==============================================================================
column                          content
==============================  ==============================================================================
Tree, Node, ID                  number of the tree, of the node in it, and both as text: ``0-3``
Feature                         name of the column that the node asks about, ``Leaf`` at leaves
Split                           threshold; NaN at leaves and where the node asks about categories
Yes, No, Missing                ID of the node where rows go
Gain                            gain of the split; at leaves, as there, what the leaf adds to the margin
Cover                           sum of Hessians, or of weights
Category                        codes of the listed categories, as text
Depth                           questions asked before the node (ours)
RunnerUp, -Split, -Gain         best candidate that was not taken: column, threshold, gain (ours); see `GrowthRecord`
Value 0, Value 1, ...           what a leaf that holds a vector adds to the margins; its Gain is NaN (ours)
==============================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .dump import answers, feature_name, node_categories
from .ensemble import TreeEnsemble
from .tree import Tree

__all__ = ["trees_to_dataframe"]


def trees_to_dataframe(ensemble: TreeEnsemble) -> Any:
    """The nodes of all trees as a data frame.

    Parameters
    ----------
    ensemble : TreeEnsemble

    Returns
    -------
    pandas.DataFrame
        In the order of trees and nodes; the head of this file says what the columns are.
    """
    import pandas as pd

    rows = [row for number, tree in enumerate(ensemble.trees) for row in _rows(ensemble, number, tree)]
    frame = pd.DataFrame(rows, columns=[*_LIBRARY_COLUMNS, "Depth"])
    runners_up = [_runners_up(ensemble, tree) for tree in ensemble.trees]
    frame = frame.assign(**{name: np.concatenate([part[name] for part in runners_up] or [[]]) for name in _RUNNER_UP})
    if not any(tree.value.ndim == 2 for tree in ensemble.trees):
        return frame
    values = np.concatenate([_vectors(tree, ensemble.n_outputs) for tree in ensemble.trees])
    return frame.assign(**{f"Value {k}": values[:, k] for k in range(ensemble.n_outputs)})


_LIBRARY_COLUMNS = ("Tree", "Node", "ID", "Feature", "Split", "Yes", "No", "Missing", "Gain", "Cover", "Category")
_RUNNER_UP = ("RunnerUp", "RunnerUpSplit", "RunnerUpGain")


def _rows(ensemble: TreeEnsemble, number: int, tree: Tree) -> Iterator[tuple[Any, ...]]:
    nothing = float("nan")
    for node, depth in enumerate(tree.depth.tolist()):
        begin, cover = (number, node, f"{number}-{node}"), float(tree.cover[node])
        if tree.left[node] < 0:
            value = float(tree.value[node]) if tree.value.ndim == 1 else nothing
            yield (*begin, "Leaf", *([nothing] * 4), value, cover, nothing, depth)
            continue
        name, codes = feature_name(ensemble, int(tree.feature[node])), node_categories(tree, node)
        threshold = nothing if codes else float(tree.threshold[node])
        goes = [f"{number}-{child}" for child in answers(ensemble, tree, node)]
        # None and NaN where the library has them.
        categories = [str(code) for code in codes] or None
        yield (*begin, name, threshold, *goes, float(tree.gain[node]), cover, categories, depth)


def _vectors(tree: Tree, n_outputs: int) -> Any:
    """Vectors of the leaves, shape (n_nodes, n_outputs); NaN at other nodes, and where leaves hold one value."""
    if tree.value.ndim == 1:
        return np.full((tree.n_nodes, n_outputs), np.nan)
    return np.where(tree.is_leaf[:, np.newaxis], tree.value, np.nan).astype(np.float64)


def _runners_up(ensemble: TreeEnsemble, tree: Tree) -> dict[str, Any]:
    """Column, threshold and gain of the runner-up of each node; None and NaN where there is none."""
    record = tree.record
    if record is None:
        unknown = np.full(tree.n_nodes, np.nan)
        return dict(zip(_RUNNER_UP, (np.full(tree.n_nodes, None), unknown, unknown)))
    there = record.runner_up_feature >= 0
    names = [feature_name(ensemble, int(j)) if j >= 0 else None for j in record.runner_up_feature]
    start = record.runner_up_category_start
    is_cut = there if start is None else there & (np.diff(start) == 0)
    threshold = np.where(is_cut, record.runner_up_threshold, np.nan)
    gain = np.where(there, record.runner_up_gain, np.nan)
    return dict(zip(_RUNNER_UP, (np.array(names, dtype=object), threshold, gain)))
