"""Which neighbours a map is drawn of: those in the table of rows by some metric, or those in a table of distances.

Euclidean neighbours of rows are found in `neighbors`; here stand the other metrics, tables of distances, and the
search by pynndescent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from .neighbors import Neighbors, empty_neighbors, nearest_neighbors, select_smallest

__all__ = ["approximate_neighbors", "find_neighbors", "neighbors_by_metric", "neighbors_in_table"]


def find_neighbors(
    X: Any,
    k: int,
    *,
    metric: Any,
    parameters: Mapping[str, Any] | None,
    n_threads: int,
    queries: Any = None,
    exact: bool = True,
    random_state: Any = None,
) -> Neighbors:
    """The k nearest rows, by the way that the metric asks for.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
        Rows; with ``metric="precomputed"`` their distances from each other, or from queries if `queries` is given.
    k : int
    metric : str or callable
    parameters : mapping, optional
        Arguments of the metric.
    n_threads : int
    queries : ndarray or sparse array of shape (m, p), optional
        New rows; of distances, any value says that rows of X are new ones.
    exact : bool, default=True
        False takes pynndescent.
    random_state : RandomState, optional
        Of pynndescent.

    Raises
    ------
    ValueError
        If a squared distance is not a finite number, or a distance is negative.
    """
    parameters = parameters or {}
    if metric == "precomputed":
        found = neighbors_in_table(X, k, among_themselves=queries is None)
    elif not exact:
        found = approximate_neighbors(X, k, metric, parameters, n_threads, random_state)
    elif metric == "euclidean" and not parameters:
        found = nearest_neighbors(X, k, n_threads, queries)
    else:
        found = neighbors_by_metric(X, k, metric, parameters, queries)
    if not np.isfinite(found.squared_distances).all():
        raise ValueError("X: the square of a distance is too large for float64")
    return found


def neighbors_by_metric(X: Any, k: int, metric: Any, parameters: Mapping[str, Any], queries: Any = None) -> Neighbors:
    """The same by any distance that scikit-learn knows, or by a function of two rows.

    Raises
    ------
    ValueError
        If a distance is negative or not a number.
    """
    found = empty_neighbors((X if queries is None else queries).shape[0], k)
    first = 0
    compared = (X, None) if queries is None else (queries, X)
    for block in pairwise_distances_chunked(*compared, metric=metric, n_jobs=1, **parameters):
        rows = slice(first, first + len(block))
        if not ((block >= 0.0) & (block < np.inf)).all():
            raise ValueError(f"metric={metric!r} gives distances that are negative, infinite or not numbers")
        _select_distances(block, queries is None, found, rows)
        first += len(block)
    return found


def neighbors_in_table(distances: Any, k: int, among_themselves: bool = True) -> Neighbors:
    """The same from a table of distances, of which row i holds those of row i; of a sparse one, the stored entries.

    Parameters
    ----------
    distances : ndarray or sparse array of shape (m, n)
    k : int
    among_themselves : bool, default=True
        Whether column i is row i itself, which is not its own neighbour.

    Raises
    ------
    ValueError
        If a row of a sparse table stores less than k neighbours.
    """
    m = distances.shape[0]
    found = empty_neighbors(m, k)
    if not sparse.issparse(distances):
        _select_distances(distances, among_themselves, found, slice(0, m))
        return found
    table = sparse.csr_array(distances)
    for i in range(m):
        stored = slice(table.indptr[i], table.indptr[i + 1])
        others, values = table.indices[stored], table.data[stored].astype(np.float64)
        if among_themselves:
            others, values = others[others != i], values[others != i]
        if len(others) < k:
            raise ValueError(
                f"X: row {i} of the sparse table of distances holds {len(others)} neighbours, and {k} are needed; "
                "store more of them or lower the perplexity"
            )
        nearest = np.sort(np.lexsort((others, values))[:k])
        found.indices[i], found.squared_distances[i] = others[nearest], values[nearest] ** 2
    return found


def approximate_neighbors(
    X: Any, k: int, metric: Any, parameters: Mapping[str, Any], n_threads: int, random_state: Any
) -> Neighbors:
    """Neighbours by pynndescent: most of the k nearest, found by descent in a graph of neighbours.

    Raises
    ------
    ImportError
        If pynndescent is not installed.
    """
    try:
        from pynndescent import NNDescent
    except ImportError as error:
        raise ImportError(
            "neighbors='pynndescent' needs the package pynndescent, which is not installed; neighbors='exact' needs "
            "nothing"
        ) from error
    # The search counts each row as its own nearest neighbour.
    index = NNDescent(
        X, metric=metric, metric_kwds=dict(parameters), n_neighbors=k + 1, random_state=random_state, n_jobs=n_threads
    )
    indices, distances = index.neighbor_graph
    n = len(indices)
    # A row is not always first among its own neighbours, and among duplicates it may be missing.
    itself = indices == np.arange(n)[:, None]
    itself[~itself.any(axis=1), -1] = True
    others = ~itself
    return Neighbors(
        indices[others].reshape(n, k).astype(np.int32), distances[others].reshape(n, k).astype(np.float64) ** 2
    )


def _select_distances(distances: Any, among_themselves: bool, found: Neighbors, rows: slice) -> None:
    """Put the smallest of a block of distances into these rows of what is found."""
    numbers = np.arange(rows.start, rows.stop) if among_themselves else np.full(len(distances), -1)
    block = np.ascontiguousarray(distances, dtype=np.float64)
    indices, smallest = found.indices[rows], found.squared_distances[rows]
    select_smallest(block, numbers, indices, smallest)
    np.square(smallest, out=smallest)
