"""Binning replaces each value by the number of its bin: a small code, read many times while trees grow.

The codes of a group of columns lie side by side in one 64-bit word per row, each in a lane of the word::

    codes[group, row]  =  | lane 0 | lane 1 | lane 2 | ...          eight lanes of 8 bits, seven of 9 bits, ...

A node adds its rows to the histograms of one group at a time: one read brings the codes of the whole group, and the
histograms of eight columns fit into the first-level cache.

A lane holds the code of one column. Columns of few bins share one: the code of a lane is then a number whose digits are
the codes of its columns, each in a system of its own (`BinnedTable.columns`), and the lane has up to 256 codes::

    three columns of 2, 3 and 4 codes:      code of the lane = c_1 + 2 (c_2 + 3 c_3)                 strides 1, 2, 6

Such a lane is counted as if it were one column, and the histograms of its columns are sums over its histogram
(`histogram`). A table with forty columns of two values is counted in a third of the time.

The codes of a column of categories are the categories. A missing value has the code after the column's last bin. Each
column owns ``n_bins + 1`` places in a histogram, used or not. Where that makes a multiple of 256 places of 16 bytes,
one more is left empty: histograms that all begin on a new memory page would push each other out of the cache, which
costs ten times the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .categories import category_cuts
from .library_cuts import library_cuts
from .quantiles import column_cuts

__all__ = ["FIRST_PLACES", "LANES", "BinnedTable", "Column", "Group", "bin_table", "codes_of", "encode_table"]

# Lanes of a word: eight 1-byte codes, and eight histograms of 257 bins are 32 KB.
LANES = 8

# Bits of a word, and the fewest of a lane.
WORD_BITS, LEAST_BITS = 64, 8

# Codes of a lane that several columns share.
SHARED_CODES = 256

# Columns of at most so many codes share a lane, if at least so many fit into it: to share one out costs about 300
# additions for each node, and saves one addition for each row and column.
MOST_CODES, FEWEST_SHARERS = 16, 4

# Places of a histogram that are one memory page.
PLACES_PER_PAGE = 256

# Where a column is cut: at exact quantiles, where xgboost's sketch puts them, or between all categories.
CUTS: Mapping[str, Callable] = {"exact": column_cuts, "xgboost": library_cuts, "category": category_cuts}

# Rows per block while binning: a block of a row-major table stays in the cache while its columns are read in turn.
BLOCK = 512


class Column(IntEnum):
    """Columns of `BinnedTable.columns`: where the code of a column stands."""

    GROUP = 0
    LANE = 1
    STRIDE = 2  # codes of the lane from one code of the column to the next
    N_CODES = 3


class Group(IntEnum):
    """First columns of `BinnedTable.groups`."""

    FIRST = 0  # place of the group's first column in `members`; that of the next group ends it
    N_LANES = 1
    N_PLAIN = 2  # lanes of one column each: they come first


# Then come the places where the lanes begin: in a node's histogram, those of shared lanes among the shared lanes.
FIRST_PLACES = len(Group)


class BinnedTable(NamedTuple):
    """A table as codes, and what the codes mean.

    Attributes
    ----------
    codes : ndarray of uint64, shape (n_groups, n_samples)
        A word per row and group. Bits of lanes that a group has not are 0.
    lane_bits : int
        Bits of a lane, from 8 on: 8 where every column's bins, and a code for missing values where it has some, are at
        most 256.
    columns : ndarray of int64, shape (n_features, 4)
        See `Column`.
    members : ndarray of int64, shape (n_features,)
        Numbers of the columns, group after group and lane after lane; the columns of a lane by rising strides.
    groups : ndarray of int64, shape (n_groups + 1, 3 + 8)
        See `Group`.
    cuts : ndarray of float32, shape (n_places,)
        Cuts of all columns; those of column f begin at ``start[f]``. The place after a column's last cut is unused.
    start : ndarray of int64, shape (n_features + 1,)
        First place of each column in `cuts` and in a histogram.
    n_bins : ndarray of int64, shape (n_features,)
        Bins of each column, without the one for missing values, which is number ``n_bins[f]``.
    """

    codes: NDArray[np.uint64]
    lane_bits: int
    columns: NDArray[np.int64]
    members: NDArray[np.int64]
    groups: NDArray[np.int64]
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
    may_share: bool = True,
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
    may_share : bool, default=True
        Whether columns may share a lane.
    """
    n_features = X.shape[1]
    how = [cuts] * n_features
    for f in np.flatnonzero(is_category) if is_category is not None else ():
        how[f] = "category"
    columns, has_missing = zip(*run(lambda f: _cuts_of(X[:, f], sample_weight, max_bin, how[f]), range(n_features)))
    return encode_table(X, columns, has_missing, n_threads, run, may_share)


def encode_table(
    X: NDArray[np.float32],
    columns: Sequence[NDArray[np.float32]],
    has_missing: Sequence[bool],
    n_threads: int,
    run: Callable[[Callable, Any], list],
    may_share: bool = True,
) -> BinnedTable:
    """Codes of every value, by cuts of every column.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    columns : sequence of ndarray of float32, shape (n_bins,)
        Cuts of each column.
    has_missing : sequence of bool
        Whether each column has missing values.
    n_threads, run, may_share
        As in `bin_table`.
    """
    n_samples = len(X)
    n_bins = np.array([len(c) for c in columns], dtype=np.int64)
    start = place_columns(n_bins)
    joined = np.zeros(start[-1], dtype=np.float32)
    for first, column in zip(start, columns):
        joined[first : first + len(column)] = column
    n_codes = n_bins + np.asarray(has_missing, dtype=np.int64)
    lane_bits = max(LEAST_BITS, int(np.max(n_codes) - 1).bit_length())
    lanes, members, groups = lay_out(n_codes, start, lane_bits, n_threads, may_share)
    # What a code is multiplied by to stand in its lane.
    factors = lanes[:, Column.STRIDE].astype(np.uint64) << (lanes[:, Column.LANE] * lane_bits).astype(np.uint64)
    codes = np.empty((len(groups) - 1, n_samples), dtype=np.uint64)
    step = max(BLOCK, -(-n_samples // (4 * n_threads)))
    run(
        lambda first: encode(
            X[first : first + step], joined, start, n_bins, lanes[:, Column.GROUP], factors, codes, first
        ),
        range(0, n_samples, step),
    )
    return BinnedTable(codes, lane_bits, lanes, members, groups, joined, start, n_bins)


def lay_out(
    n_codes: NDArray[np.int64], start: NDArray[np.int64], lane_bits: int, n_threads: int, may_share: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Lanes and groups of the columns: `columns`, `members` and `groups` of a `BinnedTable`.

    Which columns share a lane does not depend on the number of threads, and so no sum does.
    """
    shared = shared_lanes(n_codes) if may_share else []
    sharing = set().union(*shared)
    lanes = [[f] for f in range(len(n_codes)) if f not in sharing] + shared
    n_plain = len(lanes) - len(shared)
    n_groups = max(-(-len(lanes) // min(LANES, WORD_BITS // lane_bits)), min(n_threads, len(lanes)))
    width = -(-len(lanes) // n_groups)
    columns = np.ones((len(n_codes), len(Column)), dtype=np.int64)
    columns[:, Column.N_CODES] = n_codes
    groups = []
    for group, first in enumerate(range(0, len(lanes), width)):
        own = lanes[first : first + width]
        own_plain = min(max(n_plain - first, 0), len(own))
        places = [start[lane[0]] for lane in own[:own_plain]]
        # Shared lanes have a place more than they have codes, which keeps them off the beginnings of pages.
        places += [(SHARED_CODES + 1) * place for place in range(len(own) - own_plain)]
        places += [0] * (LANES - len(own))
        groups.append([sum(map(len, lanes[:first])), len(own), own_plain, *places])
        for lane, its_columns in enumerate(own):
            columns[its_columns, Column.GROUP], columns[its_columns, Column.LANE] = group, lane
            columns[its_columns, Column.STRIDE] = np.cumprod([1, *n_codes[its_columns[:-1]]])
    groups.append([len(n_codes)] + [0] * (FIRST_PLACES + LANES - 1))
    members = np.array([f for lane in lanes for f in lane], dtype=np.int64)
    return columns, members, np.array(groups, dtype=np.int64)


def shared_lanes(n_codes: NDArray[np.int64]) -> list[list[int]]:
    """Columns that share a lane, for each such lane: those of few codes first, until the next one finds no room."""
    lanes: list[list[int]] = [[]]
    product = 1
    few = np.flatnonzero(n_codes <= MOST_CODES)
    for f in few[np.argsort(n_codes[few], kind="stable")]:
        if product * n_codes[f] > SHARED_CODES:
            lanes.append([])
            product = 1
        lanes[-1].append(int(f))
        product *= int(n_codes[f])
    return [lane for lane in lanes if len(lane) >= FEWEST_SHARERS]


def codes_of(table: BinnedTable, f: int, rows: Any = slice(None)) -> NDArray[np.int64]:
    """Codes of a column, for some rows or all; the slow twin of what kernels read."""
    group, lane, stride, n_codes = table.columns[f]
    words = table.codes[group, rows] >> np.uint64(lane * table.lane_bits)
    return (words & np.uint64((1 << table.lane_bits) - 1)).astype(np.int64) // stride % n_codes


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
def encode(X, cuts, start, n_bins, group, factors, codes, first_row):
    """Write the words of some rows, from `first_row` on.

    A code is the number of cuts <= x, at most ``n_bins - 1``, and ``n_bins`` if x is missing. A block of values is
    searched for at once: all take the same steps, so the steps are made side by side, and none depends on a guess
    about the value before.
    """
    n_samples, n_features = X.shape
    x, code = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.int32)
    words = np.empty((len(codes), BLOCK), dtype=np.uint64)
    for first in range(0, n_samples, BLOCK):
        n_rows = np.uint64(min(BLOCK, n_samples - first))
        words[:] = np.uint64(0)
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
            missing, factor, word = np.int32(n_bins[f]), factors[f], words[group[f]]
            for i in range(n_rows):
                word[i] += np.uint64(missing if x[i] != x[i] else code[i]) * factor
        for g in range(len(codes)):
            for i in range(n_rows):
                codes[g, np.uint64(first_row + first) + i] = words[g, i]
