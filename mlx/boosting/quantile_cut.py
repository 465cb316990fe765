"""The cuts of a data matrix as xgboost tells them: one row of numbers for all columns, and where each column begins.

A column of numbers has one number more than it has bins: below the first bin stands what no value is below. A column of
categories has the categories, and no such number::

    column          cuts                       told
    numbers         1.5  4.0  8.00001          -4.40001  1.5  4.0  8.00001
    categories      1.0  2.0  3.0              0.0  1.0  2.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .binning import CUTS
from .constraints import below_all_values
from .library_cuts import CUT_OF_NOTHING
from .sparse_growing import below_all_stored

__all__ = ["cuts_in_one_row", "cuts_of_rows", "cuts_of_table"]

# What the library tells as lying below a column without values.
BELOW_NOTHING = np.float32(1e-5)


def cuts_of_table(table: Any) -> list[NDArray[np.float32]]:
    """Cuts of each column of a `BinnedTable` or `SparseTable`."""
    return [table.cuts[first : first + n] for first, n in zip(table.start, table.n_bins)]


def cuts_of_rows(
    rows: Any, sample_weight: NDArray[np.float32] | None, max_bin: int, is_category: NDArray[np.bool_]
) -> list[NDArray[np.float32]]:
    """Cuts of each column at exact quantiles, as training makes them by default.

    Parameters
    ----------
    rows : ndarray of float32, or scipy.sparse.csr_matrix, shape (n_samples, n_features)
        NaN, and what is not stored, is missing.
    sample_weight : ndarray of float32, shape (n_samples,), or None
    max_bin : int
    is_category : ndarray of bool, shape (n_features,)
    """
    by_column = rows.tocsc() if scipy.sparse.issparse(rows) else None
    cuts = []
    for f, of_categories in enumerate(is_category):
        if by_column is None:
            values, own = np.ascontiguousarray(rows[:, f]), sample_weight
        else:
            stored = slice(by_column.indptr[f], by_column.indptr[f + 1])
            values = by_column.data[stored]
            own = None if sample_weight is None else sample_weight[by_column.indices[stored]]
        cuts.append(CUTS["category" if of_categories else "exact"](values, own, max_bin))
    return cuts


def cuts_in_one_row(
    rows: Any, cuts: Sequence[NDArray[np.float32]], is_category: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """The cuts as xgboost tells them.

    Parameters
    ----------
    rows : ndarray of float32, or scipy.sparse.csr_matrix, shape (n_samples, n_features)
    cuts : list of ndarray of float32, shape (n_bins,)
        Of each column.
    is_category : ndarray of bool, shape (n_features,)

    Returns
    -------
    start : ndarray of uint64, shape (n_features + 1,)
    told : ndarray of float32, shape (start[-1],)
        Numbers of column f are those from ``start[f]`` up to ``start[f + 1]``.
    """
    sparse = scipy.sparse.issparse(rows)
    below = below_all_stored(rows) if sparse else below_all_values(rows)
    empty = np.bincount(rows.indices, minlength=rows.shape[1]) == 0 if sparse else np.isnan(rows).all(axis=0)
    parts = []
    for f, own in enumerate(cuts):
        first = BELOW_NOTHING if empty[f] and own[0] == CUT_OF_NOTHING else below[f]
        parts.append(own - np.float32(1) if is_category[f] else np.concatenate([[first], own]))
    start = np.cumsum([0, *map(len, parts)])
    return start.astype(np.uint64), np.concatenate([*parts, []]).astype(np.float32)
