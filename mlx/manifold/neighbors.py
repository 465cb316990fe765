"""Nearest neighbours: for each row, the k other rows at the smallest distance.

For Euclidean distances a block of rows is compared with all rows at once, by a product of matrices::

    ‖q - x‖² = ‖q‖² + ‖x‖² - 2 q·x

which is fast and, for rows that lie close together, loses digits. So it decides only which rows are near; their
distances are then computed from the differences of their columns. Rows are centred first, which leaves the distances
as they are and makes the products small.

Of rows at equal distances the first ones are taken. Blocks do not depend on the number of threads, and BLAS
works on one thread within each: nor do the bits of the result.

======  =======  ===========================
symbol  shape    meaning
======  =======  ===========================
X       (n, p)   rows among which is sought
Q       (m, p)   rows whose neighbours are sought; X itself, or new ones
======  =======  ===========================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from ..numeric.jit import kernel
from ..numeric.linalg import column_means
from ..numeric.threads import one_blas_thread, run_tasks

__all__ = ["Neighbors", "approximate_neighbors", "nearest_neighbors", "neighbors_by_metric", "neighbors_in_table"]

# Entries of one block of products: 32 MiB of float64 for each thread.
BLOCK_ENTRIES = 2**22


class Neighbors(NamedTuple):
    """Neighbours of each row, in the order of their numbers.

    Attributes
    ----------
    indices : ndarray of int32, shape (m, k)
    squared_distances : ndarray of float64, shape (m, k)
    """

    indices: NDArray[np.int32]
    squared_distances: NDArray[np.float64]

    def nearest_first(self) -> Neighbors:
        """The same in ascending order of distance, equal ones in the order of their numbers."""
        order = np.argsort(self.squared_distances, axis=1, kind="stable")
        return Neighbors(*(np.take_along_axis(part, order, axis=1) for part in self))


def nearest_neighbors(X: Any, k: int, n_threads: int, queries: Any = None) -> Neighbors:
    """The k rows of X at the smallest Euclidean distance from each query, exactly.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    k : int
        At most n, and at most n - 1 if the queries are X itself.
    n_threads : int
    queries : ndarray or sparse array of shape (m, p), optional
        By default the rows of X, each of which is not its own neighbour.
    """
    among_themselves = queries is None
    if sparse.issparse(X):
        rows = sparse.csr_array(X, dtype=np.float64)
        asked = rows if among_themselves else sparse.csr_array(queries, dtype=np.float64)
        columns = sparse.csc_array(rows.T)
        squared, squared_asked = _squared_norms(rows), _squared_norms(asked)
    else:
        mean = column_means(X)
        rows = np.ascontiguousarray(X - mean)
        asked = rows if among_themselves else np.ascontiguousarray(queries - mean)
        columns = rows.T
        squared, squared_asked = (np.einsum("ij,ij->i", table, table) for table in (rows, asked))
    found = _empty(asked.shape[0], k)

    def search(first: int) -> None:
        block = slice(first, min(first + size, asked.shape[0]))
        products = (-2.0 * asked[block]) @ columns
        dense = products.toarray() if sparse.issparse(products) else products
        into = Neighbors(found.indices[block], found.squared_distances[block])
        select_smallest(dense, squared, first if among_themselves else -1, *into)
        if sparse.issparse(rows):
            into.squared_distances += squared_asked[block, None]
            np.maximum(into.squared_distances, 0.0, out=into.squared_distances)
        else:
            measure_again(asked[block], rows, *into)

    size = max(1, BLOCK_ENTRIES // rows.shape[0])
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        run_tasks(search, range(0, asked.shape[0], size), n_threads)
    return found


def neighbors_by_metric(
    X: Any, k: int, metric: Any, parameters: Mapping[str, Any], queries: Any = None
) -> Neighbors:
    """The same by any distance that scikit-learn knows, or by a function of two rows.

    Raises
    ------
    ValueError
        If a distance is negative or not a number.
    """
    found = _empty((X if queries is None else queries).shape[0], k)
    first = 0
    compared = (X, None) if queries is None else (queries, X)
    for block in pairwise_distances_chunked(*compared, metric=metric, n_jobs=1, **parameters):
        rows = slice(first, first + len(block))
        if not (block >= 0.0).all():
            raise ValueError(f"metric={metric!r} gives distances that are negative or not numbers")
        _select_distances(block, first if queries is None else -1, found, rows)
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
    found = _empty(m, k)
    if not sparse.issparse(distances):
        _select_distances(distances, 0 if among_themselves else -1, found, slice(0, m))
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


def _empty(m: int, k: int) -> Neighbors:
    return Neighbors(np.empty((m, k), dtype=np.int32), np.empty((m, k), dtype=np.float64))


def _squared_norms(table: Any) -> NDArray[np.float64]:
    return np.asarray(table.multiply(table).sum(axis=1)).ravel()


def _select_distances(distances: Any, first: int, found: Neighbors, rows: slice) -> None:
    """Put the smallest of a block of distances into these rows of what is found."""
    block = np.ascontiguousarray(distances, dtype=np.float64)
    into = Neighbors(found.indices[rows], found.squared_distances[rows])
    select_smallest(block, np.zeros(block.shape[1]), first, *into)
    np.square(into.squared_distances, out=into.squared_distances)


@kernel
def select_smallest(scores, offsets, first, indices, smallest):
    """For each row the k columns j with the smallest score + offset, in ascending order of j.

    Of equal values the smaller j counts as smaller. Columns that are better than a limit are collected in a buffer;
    when it is full, the best k stay, and the limit is the worst of them::

        buffer   5 2 9 7 4 1 | full, k = 3     →     2 4 1 _ _ _ | limit 4

    Nearly all columns are worse than the limit, and cost one comparison.

    Parameters
    ----------
    scores : float64 (b, n)
    offsets : float64 (n,)
    first : int
        Row r leaves out the column first + r; -1 leaves out none.
    indices : int32 (b, k)
        Overwritten.
    smallest : float64 (b, k)
        Overwritten.
    """
    b, n = scores.shape
    k = indices.shape[1]
    room = min(n, 4 * k)
    values, scratch, columns = np.empty(room), np.empty(room), np.empty(room, np.int32)
    for r in range(b):
        itself = first + r if first >= 0 else -1
        size, limit = 0, np.inf
        for j in range(n):
            value = offsets[j] + scores[r, j]
            if value >= limit or j == itself:
                continue
            values[size], columns[size] = value, j
            size += 1
            if size == room and size > k:
                limit = keep_smallest(values, columns, scratch, size, k)
                size = k
        if size > k:
            keep_smallest(values, columns, scratch, size, k)
        for place in range(k):
            smallest[r, place], indices[r, place] = values[place], columns[place]


@kernel
def keep_smallest(values, columns, scratch, size, k):
    """Move the k smallest values, the first ones of equal ones, to the front in their order; returns the largest."""
    for place in range(size):
        scratch[place] = values[place]
    limit = kth_smallest(scratch, size, k)
    equal = k
    for place in range(size):
        equal -= values[place] < limit
    kept = 0
    for place in range(size):
        if values[place] == limit:
            equal -= 1
        if values[place] < limit or (values[place] == limit and equal >= 0):
            values[kept], columns[kept] = values[place], columns[place]
            kept += 1
    return limit


@kernel
def kth_smallest(values, size, k):
    """The k-th smallest of the first `size` values, which are left in another order (C. Hoare, Algorithm 65, 1961)."""
    low, high = 0, size - 1
    while low < high:
        pivot = values[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            break
    return values[k - 1]


@kernel
def measure_again(queries, rows, indices, squared_distances):
    """Squared distances of the neighbours found, from differences of columns.

    Parameters
    ----------
    queries, rows : float64 (b, p), (n, p)
    indices : int32 (b, k)
    squared_distances : float64 (b, k)
        Overwritten.
    """
    b, k = indices.shape
    for r in range(b):
        for place in range(k):
            j = indices[r, place]
            squared = 0.0
            for column in range(rows.shape[1]):
                difference = queries[r, column] - rows[j, column]
                squared += difference * difference
            squared_distances[r, place] = squared
