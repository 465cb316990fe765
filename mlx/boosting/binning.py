"""Binning replaces each value by the number of its bin: a small code, read many times while trees grow.

Columns are stored in groups of at most eight, and the codes of a group lie side by side::

    columns 0..6 are group 0, 7..13 group 1, ...       codes[group, row, column within the group]

Each row of a group has room for eight codes, so that it can be read as one word (or two, of 2-byte codes).
A node adds its rows to the histograms of one group at a time: one read brings the codes of the whole group, and the
histograms of eight columns fit into the first-level cache.

The codes of a column of categories are the categories. A missing value has the code after the column's last bin. Each
column therefore owns ``n_bins + 1`` places in a histogram, used or not. Where that makes a multiple of 256 places of 16
bytes, one more is left empty: histograms that all begin on a new memory page would push each other out of the cache,
which costs ten times the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .categories import category_cuts
from .library_cuts import library_cuts
from .quantiles import column_cuts

__all__ = ["BinnedTable", "bin_table", "encode_table"]

# Room for codes per row and group: eight 1-byte codes are one 64-bit word, and eight histograms of 257 bins are 32 KB.
GROUP_WIDTH = 8

# Places of a histogram that are one memory page.
PLACES_PER_PAGE = 256

# Where a column is cut: at exact quantiles, where xgboost's sketch puts them, or between all categories.
CUTS: Mapping[str, Callable] = {"exact": column_cuts, "xgboost": library_cuts, "category": category_cuts}

# Rows per block while binning: a block of a row-major table stays in the cache while its columns are read in turn.
BLOCK = 512


class BinnedTable(NamedTuple):
    """A table as codes, and what the codes mean.

    Attributes
    ----------
    codes : ndarray of uint8 or uint16, shape (n_groups, n_samples, 8)
        uint8 where every column's bins, and a code for missing values where it has some, fit. The places after the
        last column of a group are 0.
    n_columns : int
        Columns of a group, at most 8; the last group may have fewer.
    cuts : ndarray of float32, shape (n_places,)
        Cuts of all columns; those of column f begin at ``start[f]``. The place after a column's last cut is unused.
    start : ndarray of int64, shape (n_features + 1,)
        First place of each column in `cuts` and in a histogram.
    n_bins : ndarray of int64, shape (n_features,)
        Bins of each column, without the one for missing values, which is number ``n_bins[f]``.
    """

    codes: NDArray[np.unsignedinteger]
    n_columns: int
    cuts: NDArray[np.float32]
    start: NDArray[np.int64]
    n_bins: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.codes.shape[1]

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.n_bins)


def bin_table(
    X: NDArray[np.float32],
    sample_weight: NDArray[np.floating] | None,
    max_bin: int,
    n_threads: int,
    run: Callable[[Callable, Any], list],
    cuts: str = "exact",
    is_category: NDArray[np.bool_] | None = None,
) -> BinnedTable:
    """Cuts of every column, and the codes of every value.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
        NaN is a missing value.
    sample_weight : ndarray of shape (n_samples,) or None
        Positive weights, for the cuts.
    max_bin : int
        Largest number of bins of a column, from 2 to 65,535.
    n_threads : int
        How many groups there shall be at least, so that each thread has one; it changes no result.
    run : callable
        ``run(function, tasks)``, see `mlx.numeric.threads.thread_team`.
    cuts : {'exact', 'xgboost'}, default='exact'
        Exact quantiles (`quantiles`), or the library's approximate ones (`library_cuts`).
    is_category : ndarray of bool, shape (n_features,), optional
        Columns whose values are categories 0, 1, ..., each of which is a bin. None or an empty array is no column.
    """
    n_features = X.shape[1]
    how = [cuts] * n_features
    for f in np.flatnonzero(is_category) if is_category is not None else ():
        how[f] = "category"
    columns, has_missing = zip(*run(lambda f: _cuts_of(X[:, f], sample_weight, max_bin, how[f]), range(n_features)))
    return encode_table(X, columns, has_missing, n_threads, run)


def encode_table(
    X: NDArray[np.float32],
    columns: Sequence[NDArray[np.float32]],
    has_missing: Sequence[bool],
    n_threads: int,
    run: Callable[[Callable, Any], list],
) -> BinnedTable:
    """Codes of every value, by cuts of every column.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    columns : sequence of ndarray of float32, shape (n_bins,)
        Cuts of each column.
    has_missing : sequence of bool
        Whether each column has missing values.
    n_threads, run
        As in `bin_table`.
    """
    n_samples, n_features = X.shape
    n_bins = np.array([len(c) for c in columns], dtype=np.int64)
    start = place_columns(n_bins)
    joined = np.zeros(start[-1], dtype=np.float32)
    for first, column in zip(start, columns):
        joined[first : first + len(column)] = column
    dtype = np.uint8 if np.max(n_bins + has_missing) <= 256 else np.uint16

    n_groups = max(-(-n_features // GROUP_WIDTH), min(n_threads, n_features))
    n_columns = -(-n_features // n_groups)
    n_groups = -(-n_features // n_columns)
    codes = np.zeros((n_groups, n_samples, GROUP_WIDTH), dtype=dtype)
    step = max(BLOCK, -(-n_samples // (4 * n_threads)))
    run(
        lambda first: encode(X[first : first + step], joined, start, n_bins, n_columns, codes[:, first : first + step]),
        range(0, n_samples, step),
    )
    return BinnedTable(codes, n_columns, joined, start, n_bins)


def place_columns(n_bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """First place of each column in a histogram, and the end of the last; shape (n_features + 1,)."""
    n_places = n_bins + 1
    n_places += n_places % PLACES_PER_PAGE == 0
    return np.concatenate([[0], np.cumsum(n_places)]).astype(np.int64)


def _cuts_of(
    column: NDArray[np.float32], sample_weight: NDArray[np.floating] | None, max_bin: int, cuts: str
) -> tuple[NDArray[np.float32], bool]:
    """Cuts of a column, and whether it has missing values."""
    column = np.ascontiguousarray(column)
    return CUTS[cuts](column, sample_weight, max_bin), bool(np.isnan(column).any())


@kernel
def encode(X, cuts, start, n_bins, n_columns, codes):
    """Write the code of each value: the number of cuts <= x, at most ``n_bins - 1``; ``n_bins`` if it is missing.

    A block of values is searched for at once: all take the same steps, so the steps are made side by side, and none
    depends on a guess about the value before.
    """
    n_samples, n_features = X.shape
    x, code = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.int32)
    for first in range(0, n_samples, BLOCK):
        n_rows = np.uint64(min(BLOCK, n_samples - first))
        for f in range(n_features):
            own = cuts[start[f] : start[f] + n_bins[f]]
            for i in range(n_rows):
                x[i], code[i] = X[np.uint64(first) + i, f], 0
            # The last cut closes the last bin, it parts nothing. `length` cuts are still in question.
            length = n_bins[f] - 1
            while length > 0:
                half = (length + 1) >> 1
                for i in range(n_rows):
                    below = own[np.uint64(code[i]) + np.uint64(half - 1)] <= x[i]
                    code[i] += np.int32(half) * np.int32(below)
                length -= half
            group, place, missing = f // n_columns, f % n_columns, np.int32(n_bins[f])
            for i in range(n_rows):
                codes[group, np.uint64(first) + i, place] = missing if x[i] != x[i] else code[i]
