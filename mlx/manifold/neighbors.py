"""Nearest neighbours: for each row, the k other rows at the smallest distance.

For Euclidean distances a block of rows is compared with all rows at once, by a product of matrices::

    ‖q - x‖² = ‖q‖² + ‖x‖² - 2 q·x

which is fast and, for rows that lie close together, loses digits. So it only names candidates, some more than are
wanted; their distances are then computed from the differences of their columns, and decide. Rows are centred for the
products, which leaves the distances as they are and makes the products small. The products are of float32 at first; for
the rows where their rounding may have kept a neighbour from the candidates they are computed anew in float64.

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

# Groups of columns whose minima give a limit for the k-th smallest, for each neighbour wanted.
GROUPS_PER_NEIGHBOR = 4
# Columns that are compared with the limit at once: most strips have none below it.
STRIP = 64

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
    if sparse.issparse(X) or sparse.issparse(queries):
        return _nearest_sparse(X, k, n_threads, queries)
    rows = np.ascontiguousarray(X, dtype=np.float64)
    asked = rows if queries is None else np.ascontiguousarray(queries, dtype=np.float64)
    found = empty_neighbors(len(asked), k)
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        products = _Products(rows, asked, column_means(X))
        n_candidates = min(k + SPARE_CANDIDATES, len(rows) - (queries is None))

        def search(block: slice) -> None:
            numbers = np.arange(block.start, block.stop)
            for dtype in (np.float32, np.float64):
                near = empty_neighbors(len(numbers), n_candidates)
                select_smallest(
                    products.scores(numbers, dtype), numbers if queries is None else _nobody(numbers), *near
                )
                best = empty_neighbors(len(numbers), k)
                measure_again(asked[numbers], rows, near.indices, *best)
                found.indices[numbers], found.squared_distances[numbers] = best
                if n_candidates == len(rows) - (queries is None):
                    return
                numbers = numbers[products.may_have_missed(numbers, near, best)]
                if numbers.size == 0:
                    return

        run_tasks(search, _blocks(len(asked), len(rows)), n_threads)
    return found


class _Products:
    """‖x‖² - 2 q·x of all rows x, by one product of matrices, with an extra column for ‖x‖².

    Lengths are in units of the longest centred row, so that float32 holds them.
    """

    def __init__(self, rows: NDArray[np.float64], asked: NDArray[np.float64], mean: NDArray) -> None:
        centred, centred_asked = rows - mean, asked - mean
        squared, self.squared_asked = (np.einsum("ij,ij->i", A, A) for A in (centred, centred_asked))
        _refuse_overflow(squared, self.squared_asked)
        longest = max(squared.max(initial=0.0), self.squared_asked.max(initial=0.0))
        self.unit = longest if longest > 0.0 else 1.0
        length = np.sqrt(self.unit)
        self.squared_asked /= self.unit
        self.asked = np.column_stack([centred_asked * (-2.0 / length), np.ones(len(asked))])
        self.rows = np.column_stack([centred / length, squared / self.unit])
        self.rows_in_float32 = self.rows.astype(np.float32)

    def scores(self, numbers: NDArray[np.int64], dtype: type) -> NDArray:
        """Scores of all rows, for some of those who ask."""
        rows = self.rows_in_float32 if dtype is np.float32 else self.rows
        return self.asked[numbers].astype(dtype) @ rows.T

    def may_have_missed(self, numbers: NDArray[np.int64], near: Neighbors, best: Neighbors) -> NDArray[np.bool_]:
        """Whether a row that is no candidate may be nearer than the last one taken, as far as float32 knows.

        A sum of p + 1 products, of which the absolute values add up to at most 2 ‖q‖ ‖x‖ + ‖x‖², is off by at most
        (p + 1) u of that; rounding the factors to float32 adds 2 u (u = 2⁻²⁴; N. Higham, Accuracy and Stability of
        Numerical Algorithms, 2002, section 3.1). No ‖x‖ is larger than 1.
        """
        error = 2.0**-24 * (self.rows.shape[1] + 4) * (2.0 * np.sqrt(self.squared_asked[numbers]) + 1.0)
        excluded = near.squared_distances.max(axis=1) + self.squared_asked[numbers] - error
        return ~(best.squared_distances.max(axis=1) < self.unit * excluded)


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
        scores += squared
        numbers = np.arange(block.start, block.stop)
        select_smallest(scores, numbers if queries is None else _nobody(numbers), found.indices[block], distances)
        distances += squared_asked[block, None]
        np.maximum(distances, 0.0, out=distances)

    run_tasks(search, _blocks(asked.shape[0], rows.shape[0]), n_threads)
    return found


def empty_neighbors(m: int, k: int) -> Neighbors:
    """Room for k neighbours of m rows."""
    return Neighbors(np.empty((m, k), dtype=np.int32), np.empty((m, k), dtype=np.float64))


def _nobody(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """For rows of which none is among those compared: no column to leave out."""
    return np.full(len(numbers), -1)


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
def select_smallest(scores, themselves, indices, smallest):
    """For each row the k columns j with the smallest scores, in ascending order of j.

    Of equal scores the smaller j counts as smaller. The columns are dealt to some groups, and the smallest score of
    each is found. At least k columns are not above the k-th smallest of those minima, which is thus a limit; few others
    are below it::

        scores   5 2 9 | 7 4 1 | 8 6 3    k = 2, minima of three groups    5 2 1    limit 2

    Parameters
    ----------
    scores : float32 or float64 (b, n)
        Finite.
    themselves : int64 (b,)
        A column that each row leaves out; -1 for none.
    indices : int32 (b, k)
        Overwritten.
    smallest : float64 (b, k)
        Overwritten.
    """
    b, n = scores.shape
    k = indices.shape[1]
    n_groups = min(n, GROUPS_PER_NEIGHBOR * (k + 1))
    minima = np.empty(n_groups, scores.dtype)
    values, scratch, columns = np.empty(n, scores.dtype), np.empty(n, scores.dtype), np.empty(n, np.int32)
    for r in range(b):
        row, itself = scores[r], themselves[r]
        for start in range(0, n, n_groups):
            part = row[start : start + n_groups]
            for group in range(part.size):
                minima[group] = part[group] if start == 0 else min(minima[group], part[group])
        # The group of the column that is left out may have no other one below the limit: one group more.
        limit = kth_smallest(minima, n_groups, k + (itself >= 0))
        size = 0
        for start in range(0, n, STRIP):
            part = row[start : start + STRIP]
            any_below = False
            for place in range(part.size):
                any_below |= part[place] <= limit
            if any_below:
                for place in range(part.size):
                    if part[place] <= limit and start + place != itself:
                        values[size], columns[size] = part[place], start + place
                        size += 1
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
