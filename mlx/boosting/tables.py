"""A table is what a user has of rows and columns; here it becomes float32 rows with names and types of columns.

====================================  ==================================================================================
what is given                         what becomes of it
====================================  ==================================================================================
array, list of rows                   one copy, float32, C order; names and types are not known
pandas DataFrame or Series            the same, with the names of its columns and their types in xgboost's words;
                                      categories become codes, and their names are kept
Arrow or Polars table                 the same, by way of pandas
scipy sparse matrix                   CSR of float32; what is not stored is missing, as in xgboost
====================================  ==================================================================================

A value that equals `missing`, and NaN in any case, is missing: NaN in an array, not stored in a sparse matrix.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..tree.category_names import CategoryNames
from .category_encoding import learn_categories, translated
from .columns import plain_table, type_of_column

__all__ = ["Table", "table_of"]


class Table(NamedTuple):
    """Rows in the form in which the booster takes them.

    Attributes
    ----------
    rows : ndarray of float32, shape (n_samples, n_features), C-contiguous; or scipy.sparse.csr_matrix of float32
    names : list of str, or None
    types : list of str, or None
    categories : tuple, or None
        For each column the names of its categories in the order of their codes, or None.
    """

    rows: Any
    names: list[str] | None = None
    types: list[str] | None = None
    categories: CategoryNames | None = None

    def rows_for(self, categories: CategoryNames | None) -> Any:
        """Rows with the codes by which a model knows its categories.

        Raises
        ------
        ValueError
            If a category, or that a column has categories, is not known to the model: the message names the column.
        """
        if self.categories is None or self.categories == categories:
            return self.rows
        rows = self.rows.copy()
        for j, own in enumerate(self.categories):
            its = None if categories is None else categories[j]
            if own is not None:
                column = j if self.names is None else self.names[j]
                if its is None:
                    raise ValueError(f"data: column {column!r} holds categories that the model has no names of")
                rows[:, j] = translated(rows[:, j], own, its, column)
        return rows


def table_of(data: Any, missing: float, enable_categorical: bool = False) -> Table:
    """Table of what the user has.

    Parameters
    ----------
    data : array-like, pandas.DataFrame, pandas.Series or scipy sparse matrix
    missing : float
        Value that stands for a missing one.
    enable_categorical : bool, default=False
        Whether columns of categories are taken, as codes.

    Returns
    -------
    Table

    Raises
    ------
    TypeError
        If `data` is no table.
    ValueError
        If it is not two-dimensional, has columns that are no numbers, or an infinite value that is not `missing`.
    NotImplementedError
        If `data` is a file, or an iterator over batches.
    """
    if data is None or isinstance(data, bytes):
        raise TypeError(f"data: a table is needed, not {type(data).__name__}")
    if isinstance(data, str | os.PathLike):
        raise NotImplementedError(f"data={os.fspath(data)!r}: files are not read; load the table and give its rows")
    if callable(getattr(data, "next", None)) and callable(getattr(data, "reset", None)):
        raise NotImplementedError("data: iterators over batches are not supported; give the whole table")
    if scipy.sparse.issparse(data):
        return Table(_sparse_rows(data, missing))
    if not hasattr(data, "iloc") and callable(getattr(data, "to_pandas", None)):
        data = data.to_pandas()
    if hasattr(data, "dtypes") and hasattr(data, "iloc"):
        return _table_of_pandas(data.to_frame() if data.ndim == 1 else data, missing, enable_categorical)
    try:
        # Text is refused below: NumPy would read numbers out of it.
        array = data if isinstance(data, np.ndarray) else np.asarray(data)
    except ValueError as error:
        raise ValueError(f"data: {error}") from None
    if array.ndim == 0:
        raise TypeError(f"data: a table is needed, not {type(data).__name__}")
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"data: a table of numbers is needed, not one of {array.dtype}")
    return Table(_rows(array, missing))


def _rows(array: NDArray, missing: float) -> NDArray[np.float32]:
    if array.ndim != 2:
        raise ValueError(f"data: must have two dimensions, but has {array.ndim}")
    try:
        with np.errstate(over="ignore"):
            rows = np.array(array, dtype=np.float32, order="C")
    except (TypeError, ValueError) as error:
        raise ValueError(f"data: {error}") from None
    return _marked(rows, missing)


def _marked(values: NDArray[np.float32], missing: float) -> NDArray[np.float32]:
    """The same array with NaN where a value is missing."""
    if not np.isnan(missing):
        values[values == np.float32(missing)] = np.nan
    if np.isinf(values).any():
        raise ValueError("data: has infinite values, or numbers too large for float32")
    return values


def _sparse_rows(data: Any, missing: float) -> scipy.sparse.csr_matrix:
    if data.dtype.kind not in "fiub":
        raise ValueError(f"data: a table of numbers is needed, not one of {data.dtype}")
    with np.errstate(over="ignore"):
        rows = scipy.sparse.csr_matrix(data, dtype=np.float32, copy=True)
    rows.sum_duplicates()
    values = _marked(rows.data, missing)
    there = ~np.isnan(values)
    if not there.all():
        kept = np.concatenate([[0], np.cumsum(there)])[rows.indptr]
        rows = scipy.sparse.csr_matrix((values[there], rows.indices[there], kept), shape=rows.shape)
    return rows


def _table_of_pandas(frame: Any, missing: float, enable_categorical: bool) -> Table:
    try:
        coded, known = learn_categories(plain_table(frame), enable_categorical, None)
    except ValueError as error:
        raise ValueError(f"data: {str(error).removeprefix('X: ')}") from None
    kinds = [type_of_column(dtype) for dtype in coded.dtypes]
    if "" in kinds:
        name, dtype = coded.columns[kinds.index("")], coded.dtypes.iloc[kinds.index("")]
        raise ValueError(f"data: column {name!r} of type {dtype} holds no numbers")
    if known is not None:
        kinds = ["c" if own == "c" else kind for own, kind in zip(known.types, kinds)]
    frame = coded
    with np.errstate(over="ignore"):
        rows = frame.to_numpy(dtype=np.float32, na_value=np.nan)
    rows = np.array(rows, order="C", copy=None if rows.flags.owndata and rows.flags.writeable else True)
    return Table(_marked(rows, missing), list(frame.columns), kinds, None if known is None else known.names)
