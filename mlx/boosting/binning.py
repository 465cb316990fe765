"""Binning replaces each value by the number of its bin: a small code, read many times while trees grow.

Columns are stored in groups of at most eight, and the codes of a group lie side by side::

    columns 0..6 are group 0, 7..13 group 1, ...       codes[group, row, column within the group]

A node adds its rows to the histograms of one group at a time: one read brings the codes of the whole group, and the
histograms of eight columns fit into the first-level cache.

A missing value has the code after the column's last bin. Each column therefore owns ``n_bins + 1`` places in a
histogram, used or not. (With 256 bins of 16 bytes and no place for missing values, each column's histogram would
begin on a new memory page, and they would push each other out of the cache.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .library_cuts import library_cuts
from .quantiles import column_cuts

__all__ = ["BinnedTable", "bin_table"]

# Columns per group: eight 1-byte codes are one 64-bit word, and eight histograms of 257 bins are 32 KB.
GROUP_WIDTH = 8

# Where a column is cut: at exact quantiles, or where xgboost's sketch puts them.
CUTS: Mapping[str, Callable] = {"exact": column_cuts, "xgboost": library_cuts}

# Rows per block while binning: a block of a row-major table stays in the cache while its columns are read in turn.
BLOCK = 512


class BinnedTable(NamedTuple):
    """A table as codes, and what the codes mean.

    Attributes
    ----------
    codes : ndarray of uint8 or uint16, shape (n_groups, n_samples, group_width)
        uint8 where every column's bins, and a code for missing values where it has some, fit. The places after the
        last column are 0.
    cuts : ndarray of float32, shape (n_places,)
        Cuts of all columns; those of column f begin at ``start[f]``. The place after a column's last cut is unused.
    start : ndarray of int64, shape (n_features + 1,)
        First place of each column in `cuts` and in a histogram.
    n_bins : ndarray of int64, shape (n_features,)
        Bins of each column, without the one for missing values, which is number ``n_bins[f]``.
    """

    codes: NDArray[np.unsignedinteger]
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
    """
    n_samples, n_features = X.shape
    columns = run(lambda f: CUTS[cuts](X[:, f], sample_weight, max_bin), range(n_features))
    n_bins = np.array([len(c) for c in columns], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(n_bins + 1)]).astype(np.int64)
    joined = np.zeros(start[-1], dtype=np.float32)
    for first, column in zip(start, columns):
        joined[first : first + len(column)] = column
    has_missing = np.array(run(lambda f: bool(np.isnan(X[:, f]).any()), range(n_features)))
    dtype = np.uint8 if np.max(n_bins + has_missing) <= 256 else np.uint16

    n_groups = max(-(-n_features // GROUP_WIDTH), min(n_threads, n_features))
    width = -(-n_features // n_groups)
    n_groups = -(-n_features // width)
    codes = np.zeros((n_groups, n_samples, width), dtype=dtype)
    step = max(BLOCK, -(-n_samples // (4 * n_threads)))
    run(
        lambda first: encode(X[first : first + step], joined, start, n_bins, codes[:, first : first + step]),
        range(0, n_samples, step),
    )
    return BinnedTable(codes, joined, start, n_bins)


@kernel
def encode(X, cuts, start, n_bins, codes):
    """Write the code of each value: the number of cuts <= x, at most ``n_bins - 1``; ``n_bins`` if it is missing."""
    n_samples, n_features = X.shape
    width = codes.shape[2]
    for first in range(0, n_samples, BLOCK):
        last = min(first + BLOCK, n_samples)
        for f in range(n_features):
            group, place = f // width, f % width
            for i in range(first, last):
                x = X[i, f]
                if x != x:
                    codes[group, i, place] = n_bins[f]
                    continue
                low, high = np.int64(0), n_bins[f] - 1
                while low < high:
                    middle = (low + high) >> 1
                    if cuts[start[f] + middle] <= x:
                        low = middle + 1
                    else:
                        high = middle
                codes[group, i, place] = low
