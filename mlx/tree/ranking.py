"""Ranks stand for the values of a column: a tree asks only which of two values is larger, and ranks answer faster.

Each column is sorted once for all trees of a forest, and each value replaced by the number of smaller distinct ones::

    value      2.5   0.1   NaN   2.5   7.0
    rank         1     0     3     1     2        distinct  0.1  2.5  7.0  NaN

Ranks are integers, dense (none is left out) and so nearly evenly spread: a bucket sort of some of them is nearly done
after one pass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.threads import run_tasks

__all__ = ["RankedTable", "ranked_table"]

SIGN_BIT = np.uint32(0x8000_0000)
# Values that are closer (in float32) are not told apart.
LEAST_GAP = np.float32(1e-7)
LOW_HALF = np.uint64(0xFFFF_FFFF)
HALF_BITS = np.uint64(32)


class RankedTable(NamedTuple):
    """A table by columns, as ranks, and what the ranks stand for.

    Attributes
    ----------
    ranks : ndarray of uint32, shape (n_features, n_samples), C-contiguous
        Number of smaller distinct values in the column. A missing value has the column's last rank.
    distinct : ndarray of float32
        Distinct values, column after column, rising; NaN last where values are missing.
    start : ndarray of int64, shape (n_features + 1,)
        Rank r of column f stands for ``distinct[start[f] + r]``.
    missing : ndarray of bool, shape (n_features,)
        Whether values of the column are missing.
    order : ndarray of uint32, shape (n_features, n_samples) or (n_features, 0)
        Rows sorted by each column, if they were asked for.
    n_close : ndarray of uint64, shape (n_features,)
        Largest difference of two ranks whose values are not told apart, being closer than 1e-7: mostly 0, and where
        ranks differ by more, nobody needs to look at the values.
    """

    ranks: NDArray[np.uint32]
    distinct: NDArray[np.float32]
    start: NDArray[np.int64]
    missing: NDArray[np.bool_]
    order: NDArray[np.uint32]
    n_close: NDArray[np.uint64]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of columns, and of samples."""
        n_features, n_samples = self.ranks.shape
        return n_features, n_samples


def ranked_table(X: Any, n_threads: int = 1, with_order: bool = False) -> RankedTable:
    """Rank the values of each column.

    Parameters
    ----------
    X : ndarray of float32 or CSC matrix of it, shape (n_samples, n_features)
        NaN is a missing value. What a matrix does not store is 0.
    n_threads : int, default=1
        The result is the same for any number.
    with_order : bool, default=False
        Keep the sorted rows.
    """
    n_samples, n_features = X.shape
    ranks = np.empty((n_features, n_samples), dtype=np.uint32)
    order = np.empty((n_features, n_samples if with_order else 0), dtype=np.uint32)
    columns = run_tasks(lambda f: _rank_column(_column(X, f), ranks[f], order[f]), range(n_features), n_threads)
    distinct = [values for values, _ in columns]
    start = np.concatenate([[0], np.cumsum([len(values) for values in distinct], dtype=np.int64)])
    missing = np.array([bool(np.isnan(values[-1])) for values in distinct], dtype=np.bool_)
    n_close = np.array([n for _, n in columns], dtype=np.uint64)
    return RankedTable(ranks, np.concatenate(distinct), start, missing, order, n_close)


def _column(X: Any, f: int) -> NDArray[np.float32]:
    """A column as an array."""
    if not sparse.issparse(X):
        return X[:, f]
    column, stored = np.zeros(X.shape[0], dtype=np.float32), slice(X.indptr[f], X.indptr[f + 1])
    np.add.at(column, X.indices[stored], X.data[stored])  # an entry that is stored twice is the sum
    return column


def _rank_column(
    column: NDArray[np.float32], ranks: NDArray[np.uint32], order: NDArray[np.uint32]
) -> tuple[NDArray[np.float32], int]:
    """Write the ranks of a column, and its order if there is room; its distinct values, and `RankedTable.n_close`.

    Value and place are sorted as one integer, which NumPy does several times faster than it sorts places by value.
    """
    values = column.astype(np.float32) + np.float32(0.0)  # -0 is 0
    values[np.isnan(values)] = np.nan  # one NaN, without sign
    bits = values.view(np.uint32)
    # The bits of floats are ordered as integers once negative ones are turned round and come first.
    rising = np.where(bits & SIGN_BIT, ~bits, bits | SIGN_BIT)
    pairs = (rising.astype(np.uint64) << HALF_BITS) | np.arange(len(values), dtype=np.uint64)
    pairs.sort()
    place = (pairs & LOW_HALF).astype(np.intp)
    high = pairs >> HALF_BITS
    is_new = np.empty(len(high), dtype=np.bool_)
    is_new[:1] = True
    np.not_equal(high[1:], high[:-1], out=is_new[1:])
    ranks[place] = np.cumsum(is_new, dtype=np.uint32) - np.uint32(1)
    if len(order):
        order[:] = place
    distinct = values[place[is_new]]
    return distinct, _most_close(distinct)


def _most_close(distinct: NDArray[np.float32]) -> int:
    """Largest number of values that follow another one and are not told apart from it."""
    reach = distinct + LEAST_GAP
    if not np.any(distinct[1:] <= reach[:-1]):
        return 0
    return int(np.max(np.searchsorted(distinct, reach, side="right") - np.arange(len(distinct)))) - 1
