"""A summary of a table is a few weighted rows that stand for all: a background for explainers that costs little.

Each row of the summary is the center of a cluster, weighted by the share of rows in it. A mean of codes is no code, so
every entry is rounded to the nearest value that its column has: the explained model is only asked about values that it
could meet. As `shap.kmeans` does it; ten runs with ``random_state=0``, missing numbers replaced by their column's mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.validation import check_array

from ..validation import column_names, naming
from .kmeans import KMeans

__all__ = ["Summary", "summarize"]

Array = NDArray[np.floating]

# Runs of k-means, of which the best counts.
N_RUNS = 10


class Summary(NamedTuple):
    """Weighted rows; an explainer takes it for its data.

    Attributes
    ----------
    data : ndarray of shape (k, n_features)
        Rows.
    weights : ndarray of shape (k,)
        Share of the rows that each stands for.
    group_names : list of str
        Names of the columns: those of a data frame, or "0", "1", ...
    """

    data: Array
    weights: Array
    group_names: list[str]


def summarize(X: Any, k: int, round_values: bool = True) -> Summary:
    """Summarize a table by k weighted rows.

    Parameters
    ----------
    X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
        Table of numbers; NaN is replaced by the mean of its column.
    k : int
        Number of rows of the summary, at most that of `X`.
    round_values : bool, default=True
        Round every entry to the nearest value of its column in `X`; of two equally near ones, that of the row that
        comes first.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        If `X` is no table of numbers, or `k` is not between 1 and its number of rows.
    """
    names = column_names(X)
    with naming("X"):
        table = check_array(X, accept_sparse="csc", dtype=np.float64, ensure_all_finite="allow-nan")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= table.shape[0]:
        raise ValueError(f"k={k!r} must be an integer from 1 to the number of rows of X, {table.shape[0]}")
    table = _filled(table)
    model = KMeans(int(k), n_init=N_RUNS, random_state=0).fit(table)
    centers = model.cluster_centers_
    if round_values:
        columns = (
            table[:, [j]].toarray()[:, 0] if sparse.issparse(table) else table[:, j] for j in range(table.shape[1])
        )
        centers = np.stack([_rounded(centers[:, j], values) for j, values in enumerate(columns)], axis=1)
    weights = np.bincount(model.labels_, minlength=int(k)) / table.shape[0]
    return Summary(centers, weights, names or [str(j) for j in range(table.shape[1])])


def _filled(table: Any) -> Any:
    """The table with the mean of its column in the place of each missing number."""
    values = table.data if sparse.issparse(table) else table
    if not np.isnan(values).any():
        return table
    table = table.copy()
    for j in range(table.shape[1]):
        part = table.data[table.indptr[j] : table.indptr[j + 1]] if sparse.issparse(table) else table[:, j]
        missing = np.isnan(part)
        if missing.all() and len(part) and not (sparse.issparse(table) and len(part) < table.shape[0]):
            raise ValueError(f"X has only missing numbers in column {j}")
        n_known = table.shape[0] - np.count_nonzero(missing)
        part[missing] = part[~missing].sum() / n_known
    return table


def _rounded(numbers: Array, values: Array) -> Array:
    """For each number the nearest of the values, the first one if several are equally near."""
    return np.array([values[np.argmin(np.abs(values - number))] for number in numbers])
