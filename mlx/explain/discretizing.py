"""Discretizing turns a number into the bin that it lies in, so that "age = 39" becomes "37 < age <= 48".

A bin keeps what it takes to draw numbers from it again: the mean and standard deviation of the training values in
it, and its bounds, for a normal distribution cut off at the bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from ..validation import naming
from .arguments import as_array

__all__ = ["Bins", "discretized_columns", "find_bins"]

PERCENTILES = {"quartile": (25, 50, 75), "decile": (10, 20, 30, 40, 50, 60, 70, 80, 90)}

# Depth of the tree that finds bins by entropy: at most 8 bins.
ENTROPY_DEPTH = 3

# Keeps the standard deviation of a bin whose values are all the same from being 0.
SMALLEST_DEVIATION = 1e-11


class Bins(NamedTuple):
    """Bins of one feature, b of them; bin i holds edges[i - 1] < x <= edges[i].

    Attributes
    ----------
    edges : ndarray of shape (b - 1,)
        Inner bounds, increasing.
    names : tuple of str
        What each bin says: "age <= 28.00", "28.00 < age <= 37.00", ...
    means, deviations : ndarray of shape (b,)
        Of the training values in the bin; 0 and tiny for an empty bin.
    lows, highs : ndarray of shape (b,)
        Bounds of the bin; the outer ones are the smallest and largest training value.
    """

    edges: NDArray[np.float64]
    names: tuple[str, ...]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]

    def bin_of(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Number of the bin that each value lies in."""
        return np.searchsorted(self.edges, values)


def find_bins(
    table: NDArray[np.float64],
    columns: Sequence[int],
    feature_names: Sequence[str],
    discretizer: str,
    labels: Any,
    random_state: np.random.RandomState,
) -> dict[int, Bins]:
    """Bins of each column that is to be discretized.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_features)
        Training rows.
    columns : sequence of int
        Columns to discretize.
    feature_names : sequence of str
    discretizer : {"quartile", "decile", "entropy"}
    labels : array-like of shape (n_rows,) or None
        Classes of the training rows; needed for "entropy".
    random_state : RandomState
        Breaks ties between splits of equal entropy.

    Raises
    ------
    ValueError
        For an unknown discretizer, or "entropy" without labels.
    """
    if discretizer == "entropy":
        if labels is None:
            raise ValueError('training_labels are needed for discretizer="entropy".')
        labels = as_array(labels, "training_labels")
        if labels.shape != (len(table),):
            raise ValueError(f"training_labels of shape {labels.shape} for {len(table)} rows of training_data.")
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("training_labels has a missing or infinite value.")
        with naming("training_labels"):
            check_classification_targets(labels)
    found = {}
    for j in columns:
        values = table[:, j]
        if discretizer in PERCENTILES:
            edges = np.percentile(values, PERCENTILES[discretizer])
        else:
            edges = _entropy_edges(values, labels, random_state)
        found[j] = _described(values, np.unique(edges), feature_names[j])
    return found


def discretized_columns(table: NDArray[np.float64], bins: dict[int, Bins]) -> NDArray[np.float64]:
    """The table with each discretized column replaced by the numbers of its bins."""
    discretized = table.copy()
    for j, its in bins.items():
        discretized[:, j] = its.bin_of(table[:, j])
    return discretized


def _entropy_edges(
    values: NDArray[np.float64], labels: Any, random_state: np.random.RandomState
) -> NDArray[np.float64]:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(criterion="entropy", max_depth=ENTROPY_DEPTH, random_state=random_state)
    grown = tree.fit(values.reshape(-1, 1), labels).tree_
    edges = np.sort(grown.threshold[grown.children_left >= 0])
    return edges if len(edges) else np.array([np.median(values)])


def _described(values: NDArray[np.float64], edges: NDArray[np.float64], name: str) -> Bins:
    names = [f"{name} <= {edges[0]:.2f}"]
    names += [f"{low:.2f} < {name} <= {high:.2f}" for low, high in pairwise(edges)]
    names += [f"{name} > {edges[-1]:.2f}"]
    number = np.searchsorted(edges, values)
    members = [values[number == i] for i in range(len(names))]
    return Bins(
        edges=edges,
        names=tuple(names),
        means=np.array([m.mean() if len(m) else 0.0 for m in members]),
        deviations=np.array([m.std() if len(m) else 0.0 for m in members]) + SMALLEST_DEVIATION,
        lows=np.concatenate([[values.min()], edges]),
        highs=np.concatenate([edges, [values.max()]]),
    )
