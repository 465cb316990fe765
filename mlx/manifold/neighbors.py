"""Nearest neighbours: for each row, the k other rows at the smallest distance.

For Euclidean distances a block of rows is compared with all rows at once, by a product of matrices::

    ‖q - x‖² = ‖q‖² + ‖x‖² - 2 q·x

which is fast and, for rows that lie close together, loses digits. So it only names candidates, some more than are
wanted; their distances are then computed from the differences of their columns, and decide. Rows are centred for the
products, which leaves the distances as they are and makes the products small.

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

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from ..numeric.linalg import column_means
from ..numeric.threads import one_blas_thread, run_tasks

__all__ = ["Neighbors", "empty_neighbors", "nearest_neighbors", "select_smallest"]

# Entries of one block of products: 32 MiB of float64 for each thread.
BLOCK_ENTRIES = 2**22

# Candidates beyond the k that are wanted. Rounding may put some wrong ones before the last right ones, as happens where
# many distances are equal.
SPARE_CANDIDATES = 8


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
        return Neighbors(
            np.take_along_axis(self.indices, order, axis=1), np.take_along_axis(self.squared_distances, order, axis=1)
        )


def nearest_neighbors(X: Any, k: int, n_threads: int, queries: Any = None) -> Neighbors:
    """The k rows of X at the smallest Euclidean distance from each query.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    k : int
        At most n, and at most n - 1 if the queries are X itself.
    n_threads : int
    queries : ndarray or sparse array of shape (m, p), optional
        By default the rows of X, each of which is not its own neighbour.

    Raises
    ------
    ValueError
        If a squared distance may be too large for float64.
    """
    among_themselves = queries is None
    if sparse.issparse(X) or sparse.issparse(queries):
        return _nearest_sparse(X, k, n_threads, queries)
    rows = np.ascontiguousarray(X, dtype=np.float64)
    asked = rows if among_themselves else np.ascontiguousarray(queries, dtype=np.float64)
    mean = column_means(X)
    found = empty_neighbors(len(asked), k)
    n_candidates = min(k + SPARE_CANDIDATES, len(rows) - among_themselves)
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        centred = rows - mean
        squared = np.einsum("ij,ij->i", centred, centred)
        _refuse_overflow(squared, np.einsum("ij,ij->i", asked - mean, asked - mean))

        def search(block: slice) -> None:
            scores = (-2.0 * (asked[block] - mean)) @ centred.T
            near = empty_neighbors(len(scores), n_candidates)
            select_smallest(scores, squared, block.start if among_themselves else -1, *near)
            measure_again(asked[block], rows, near.indices, found.indices[block], found.squared_distances[block])

        run_tasks(search, _blocks(len(asked), len(rows)), n_threads)
    return found


def _nearest_sparse(X: Any, k: int, n_threads: int, queries: Any) -> Neighbors:
    """The same of sparse rows, whose products are sums of few terms; they are not measured again."""
    rows = sparse.csr_array(X, dtype=np.float64)
    asked = rows if queries is None else sparse.csr_array(queries, dtype=np.float64)
    columns = sparse.csc_array(rows.T)
    squared, squared_asked = (np.asarray(table.multiply(table).sum(axis=1)).ravel() for table in (rows, asked))
    _refuse_overflow(squared, squared_asked)
    found = empty_neighbors(asked.shape[0], k)

    def search(block: slice) -> None:
        scores = ((-2.0 * asked[block]) @ columns).toarray()
        distances = found.squared_distances[block]
        select_smallest(scores, squared, block.start if queries is None else -1, found.indices[block], distances)
        distances += squared_asked[block, None]
        np.maximum(distances, 0.0, out=distances)

    run_tasks(search, _blocks(asked.shape[0], rows.shape[0]), n_threads)
    return found


def empty_neighbors(m: int, k: int) -> Neighbors:
    """Room for k neighbours of m rows."""
    return Neighbors(np.empty((m, k), dtype=np.int32), np.empty((m, k), dtype=np.float64))


def _refuse_overflow(*squared_norms: NDArray[np.float64]) -> None:
    """Say so if a squared distance may be too large for float64: the kernels count on numbers."""
    for norms in squared_norms:
        if not norms.max(initial=0.0) < np.finfo(np.float64).max / 16:
            raise ValueError("X: the square of a distance is too large for float64")


def _blocks(m: int, n: int) -> list[slice]:
    """Rows in blocks of which each has about `BLOCK_ENTRIES` products with n rows."""
    size = max(1, BLOCK_ENTRIES // n)
    return [slice(first, min(first + size, m)) for first in range(0, m, size)]


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
        Finite.
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
def measure_again(queries, rows, candidates, indices, squared_distances):
    """Squared distances of candidates from differences of columns, and the k smallest of them.

    Parameters
    ----------
    queries, rows : float64 (b, p), (n, p)
    candidates : int32 (b, c)
        In ascending order.
    indices, squared_distances : int32 (b, k), float64 (b, k)
        Overwritten.
    """
    b, c = candidates.shape
    k = indices.shape[1]
    values, scratch = np.empty(c), np.empty(c)
    for r in range(b):
        for place in range(c):
            values[place] = 0.0
            for column in range(rows.shape[1]):
                difference = queries[r, column] - rows[candidates[r, place], column]
                values[place] += difference * difference
        columns = candidates[r]
        if c > k:
            keep_smallest(values, columns, scratch, c, k)
        for place in range(k):
            indices[r, place], squared_distances[r, place] = columns[place], values[place]
