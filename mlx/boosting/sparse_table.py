"""A sparse table stores only values that are there; what is not stored is missing, and takes neither memory nor time.

Each stored value becomes a place in a histogram, where dense tables have codes: the place of its column plus its bin::

    row     columns and values      bins       places           cuts of column 2 begin at place 514, so its bin 3
    0       2: 0.7   5: 1.0         3, 0       517, 1028        is place 517
    1       -                       -          -
    2       0: 4.2                  7          7                row_start = [0, 2, 2, 3]

A row's places rise with its columns. So one array says of a row what to count, and whether a column is there at all is
found by halving. Columns are split into groups, one for each thread: every bin has one thread that adds to it, in the
order of the rows, and sums are the same bits for any number of groups.

Only two kernels know how rows are stored: `count_entries` and `mark_rows_of_entries`. They do what `count_group` and
`mark_rows` do for dense tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .binning import CUTS, place_columns
from .partitioning import FIRST, LAST, N_LEFT
from .quantiles import CLOSING_MARGIN

__all__ = ["SparseTable", "sparse_table", "table_of_cuts"]

# Stored values for which several threads are worth it.
SHARED_VALUES = 200_000


class SparseTable(NamedTuple):
    """Rows as the places of their stored values, and what the places mean.

    Attributes
    ----------
    row_start : ndarray of int64, shape (n_groups, n_samples + 1)
        The values of row i in the columns of group k are ``places[row_start[k, i] : row_start[k, i + 1]]``.
    places : ndarray of int32, shape (n_stored,)
        Place of each value in a histogram; they rise within a row and a group.
    first_column : ndarray of int64, shape (n_groups + 1,)
        First column of each group.
    group : ndarray of int64, shape (n_features,)
        Group of each column.
    has_missing : ndarray of bool, shape (n_features,)
        Columns that some row lacks.
    cuts, start, n_bins : ndarray
        As in `BinnedTable`; a column's last place is of its missing values.
    """

    row_start: NDArray[np.int64]
    places: NDArray[np.int32]
    first_column: NDArray[np.int64]
    group: NDArray[np.int64]
    has_missing: NDArray[np.bool_]
    cuts: NDArray[np.float32]
    start: NDArray[np.int64]
    n_bins: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.row_start.shape[1] - 1

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.n_bins)


def sparse_table(
    X: scipy.sparse.csr_matrix,
    sample_weight: NDArray[np.floating] | None,
    max_bin: int,
    n_threads: int,
    run: Callable[[Callable, Any], list],
    cuts: str = "exact",
) -> SparseTable:
    """Cuts of every column, and the place of every stored value.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
        Canonical: columns rise within a row, none stands twice. Without NaN: what is missing is not stored.
    sample_weight, max_bin, n_threads, run, cuts
        As in `mlx.boosting.binning.bin_table`.

    Raises
    ------
    ValueError
        If the columns have more bins than a place of 31 bits can tell apart.
    """
    by_column = X.tocsc()
    return table_of_cuts(by_column, cuts_of_columns(by_column, sample_weight, max_bin, run, cuts), n_threads, run)


def table_of_cuts(
    by_column: scipy.sparse.csc_matrix,
    own: Sequence[NDArray[np.float32]],
    n_threads: int,
    run: Callable[[Callable, Any], list],
) -> SparseTable:
    """The place of every stored value, by the cuts of every column."""
    n_samples, n_features = by_column.shape
    first = by_column.indptr.astype(np.int64)
    n_bins = np.array([len(column) for column in own], dtype=np.int64)
    start = place_columns(n_bins)
    if start[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"X: {start[-1]} bins are too many; lower max_bin")
    joined = np.zeros(start[-1], dtype=np.float32)
    for begin, column in zip(start, own):
        joined[begin : begin + len(column)] = column

    n_groups = n_threads if by_column.nnz >= SHARED_VALUES else 1
    # Groups of about equally many values.
    first_column = np.searchsorted(first, by_column.nnz * np.arange(n_groups + 1) / n_groups)
    first_column[0], first_column[-1] = 0, n_features
    places = np.empty(by_column.nnz, dtype=np.int32)
    run(
        lambda group: find_places(
            by_column.data, first, first_column[group], first_column[group + 1], joined, start, n_bins, places
        ),
        range(n_groups),
    )
    placed = scipy.sparse.csc_matrix((places, by_column.indices, by_column.indptr), shape=by_column.shape)
    groups = [placed[:, a:b].tocsr() for a, b in pairwise(first_column)]
    begins = np.concatenate([[0], np.cumsum([group.nnz for group in groups])])
    return SparseTable(
        np.stack([group.indptr.astype(np.int64) + begin for group, begin in zip(groups, begins)]),
        np.concatenate([group.data for group in groups]),
        first_column.astype(np.int64),
        np.repeat(np.arange(n_groups), np.diff(first_column)),
        np.diff(first) < n_samples,
        joined,
        start,
        n_bins,
    )


def cuts_of_columns(
    by_column: scipy.sparse.csc_matrix,
    sample_weight: NDArray[np.floating] | None,
    max_bin: int,
    run: Callable[[Callable, Any], list],
    cuts: str,
) -> list[NDArray[np.float32]]:
    """Cuts of each column's stored values, the same as of a dense column with NaN elsewhere."""
    first, rows, values = by_column.indptr, by_column.indices, by_column.data
    n_stored = np.diff(first)

    def of_many(f: int) -> NDArray[np.float32]:
        own = slice(first[f], first[f + 1])
        return CUTS[cuts](values[own], None if sample_weight is None else sample_weight[rows[own]], max_bin)

    found = _cuts_of_few(by_column, n_stored <= max_bin)
    nothing = CUTS[cuts](np.empty(0, dtype=np.float32), None, max_bin)
    for f in np.flatnonzero(n_stored == 0):
        found[f] = nothing
    many = np.flatnonzero(n_stored > max_bin)
    for f, column in zip(many, run(of_many, many)):
        found[f] = column
    return found


def _cuts_of_few(by_column: scipy.sparse.csc_matrix, few: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
    """Cuts of columns in which every value has its own bin, all at once; of other columns something else.

    There may be a great many columns with a handful of values each: a call for each would take longer than the fit.
    """
    first, n_features = by_column.indptr, by_column.shape[1]
    column = np.repeat(np.arange(n_features), np.diff(first))
    mine = few[column]
    column, values = column[mine], by_column.data[mine]
    order = np.lexsort((values, column))
    column, values = column[order], values[order]
    distinct = np.ones(len(values), dtype=np.bool_)
    distinct[1:] = (column[1:] != column[:-1]) | (values[1:] != values[:-1])
    column, values = column[distinct], values[distinct]
    # A value is cut off from the next one of its column; the largest is closed above, see `quantiles.closing_cut`.
    is_largest = np.diff(column, append=-1) != 0
    closing = values + (np.abs(values, dtype=np.float64) + float(CLOSING_MARGIN))
    closing = np.minimum(closing, float(np.finfo(np.float32).max)).astype(np.float32)
    cuts = np.where(is_largest, closing, np.roll(values, -1))
    ends = np.searchsorted(column, np.arange(n_features + 1))
    return [cuts[begin:end] for begin, end in pairwise(ends)]


@kernel
def find_places(values, first, begin, end, cuts, start, n_bins, places):
    """Write the place of each value of the columns from `begin` to `end`: ``start + code``, see `binning.encode`."""
    for f in range(begin, end):
        own = cuts[start[f] : start[f] + n_bins[f]]
        for e in range(np.uint64(first[f]), np.uint64(first[f + 1])):
            # The last cut closes the last bin, it parts nothing. `length` cuts are still in question.
            code, length = 0, n_bins[f] - 1
            while length > 0:
                half = (length + 1) >> 1
                if own[code + half - 1] <= values[e]:
                    code += half
                length -= half
            places[e] = start[f] + code


@kernel
def count_entries(group, node, table, parted, histogram):
    """Histograms of the columns of one group, from the rows of one node; as `histogram.count_group`.

    What is missing of a column is what its bins lack of the sum of all rows, as in the library. Of the first column it
    is counted instead: a root's sum is taken from there, and has the bits that it has in a dense table.
    """
    begin, end = table.first_column[group], table.first_column[group + 1]
    starts, places = table.row_start[group], table.places
    histogram[table.start[begin] : table.start[end]] = 0.0
    rows, gradients = parted.rows[parted.sides[node]], parted.gradients[parted.sides[node]]
    first_missing = np.uint64(table.start[0] + table.n_bins[0])
    G, H = 0.0, 0.0
    for k in range(np.uint64(parted.segments[node, 0]), np.uint64(parted.segments[node, 1])):
        row = np.uint64(rows[k])
        g, h = np.float64(gradients[k, 0]), np.float64(gradients[k, 1])
        G += g
        H += h
        e, last = np.uint64(starts[row]), np.uint64(starts[row + np.uint64(1)])
        if begin == 0 and (e == last or places[e] >= first_missing):
            histogram[first_missing, 0] += g
            histogram[first_missing, 1] += h
        while e < last:
            place = np.uint64(places[e])
            histogram[place, 0] += g
            histogram[place, 1] += h
            e += np.uint64(1)
    for f in range(max(begin, 1), end):
        if table.has_missing[f]:
            write_missing(histogram[table.start[f] : table.start[f + 1]], table.n_bins[f], G, H)


@kernel
def write_missing(histogram, n_bins, G, H):
    """Write what a column's bins lack of G and H into its last place."""
    for b in range(np.uint64(n_bins)):
        G -= histogram[b, 0]
        H -= histogram[b, 1]
    histogram[n_bins, 0], histogram[n_bins, 1] = G, H


@kernel
def mark_rows_of_entries(piece, node, table, parted, nodes):
    """Write which rows of a piece go left, and how many do; as `partitioning.mark_rows`."""
    facts, side = nodes.facts[node], parted.sides[node]
    f, last_left, missing_left = facts.feature, facts.bin, facts.missing_left
    rows, starts, places = parted.rows[side], table.row_start[table.group[f]], table.places
    lowest, above = table.start[f], table.start[f] + table.n_bins[f]
    n_left = 0
    for k in range(np.uint64(piece[FIRST]), np.uint64(piece[LAST])):
        row = np.uint64(rows[k])
        e, end = starts[row], starts[row + np.uint64(1)]
        # The first of the row's places that is not below the column's.
        length = end - e
        while length > 0:
            half = length >> 1
            below = places[e + half] < lowest
            e = e + half + 1 if below else e
            length = length - half - 1 if below else half
        left = missing_left
        if e < end and places[e] < above:
            left = places[e] - lowest <= last_left
        parted.goes_left[k] = left
        n_left += left
    piece[N_LEFT] = n_left
