"""Encoding puts the codes of categories, by which trees ask, in the place of the categories themselves.

A data frame names its categories; a table of an ensemble that says ``category_input="value"`` holds them as they are::

    category_values of the column    red green blue            codes 0 1 2
    its values in a table            blue blue red yellow      codes 2 2 0 NaN

What is none of the listed categories is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CategoryValues", "checked_categories", "encoded"]

CategoryValues = tuple[tuple[Any, ...] | None, ...]


def checked_categories(values: Sequence[Sequence[Any] | None], n_features: int) -> CategoryValues:
    """Categories of each column as tuples of plain values; ValueError if they are not told apart, or not per column."""
    columns = tuple(None if own is None else tuple(np.asarray(own, dtype=object).tolist()) for own in values)
    if len(columns) != n_features:
        raise ValueError(f"category_values: {len(columns)} columns, not {n_features}")
    for number, own in enumerate(columns):
        if own is not None and len(set(own)) < len(own):
            raise ValueError(f"category_values: column {number} lists a category twice")
    return columns


def encoded(X: Any, values: CategoryValues | None, *, by_value: bool, dtype: str) -> Any:
    """X with codes in the place of categories; X itself if it has none.

    Parameters
    ----------
    X : array-like, SciPy sparse matrix or pandas.DataFrame
    values : tuple or None
        For each column its categories in the order of their codes, or None.
    by_value : bool
        Whether a table that is no frame of categories holds the categories themselves; else it holds codes.
    dtype : {"float32", "float64"}
        Of the columns of numbers.

    Raises
    ------
    ValueError
        If a frame has a column of categories and the ensemble knows none there.
    """
    named = _category_columns(X)
    wanted = [] if values is None or not by_value else [j for j, own in enumerate(values) if own is not None]
    if not named and not wanted:
        return X
    n_rows, n_features = np.shape(X)
    known: CategoryValues = (None,) * n_features if values is None else values
    if len(known) != n_features:
        return X
    table = np.empty((n_rows, n_features), dtype=dtype)
    array = None if hasattr(X, "iloc") else np.asarray(X)
    for j in range(n_features):
        column: Any = X.iloc[:, j] if array is None else array[:, j]
        own = known[j]
        if j in named:
            if own is None:
                raise ValueError(f"X: column {X.columns[j]!r} holds categories; the ensemble knows of none there")
            codes = np.asarray(column.cat.codes)
            table[:, j] = _translation(column.dtype.categories.tolist(), own)[codes]
        elif own is not None and j in wanted:
            table[:, j] = _codes(np.asarray(column), own)
        else:
            table[:, j] = column
    return table


def _category_columns(X: Any) -> set[int]:
    """Columns of a data frame that hold categories."""
    if not (hasattr(X, "dtypes") and hasattr(X, "iloc")):
        return set()
    return {j for j, dtype in enumerate(X.dtypes) if dtype.name == "category"}


def _translation(theirs: list[Any], own: tuple[Any, ...]) -> NDArray[np.float64]:
    """Code of each category of a frame, and behind them (code -1) NaN for a missing value."""
    place = {value: float(code) for code, value in enumerate(own)}
    return np.array([place.get(value, np.nan) for value in theirs] + [np.nan])


def _codes(column: NDArray[Any], own: tuple[Any, ...]) -> NDArray[np.float64]:
    """Code of each value of a column; NaN for one that is not among the categories."""
    present, where = np.unique(column, return_inverse=True) if column.dtype.kind != "O" else _unique_objects(column)
    place = {value: float(code) for code, value in enumerate(own)}
    return np.array([place.get(value, np.nan) for value in present.tolist()])[where]


def _unique_objects(column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Different values of a column of any objects, in the order in which they come, and which one each row has."""
    first: dict[Any, int] = {}
    where = np.array([first.setdefault(value, len(first)) for value in column.tolist()], dtype=np.intp)
    present = np.empty(len(first), dtype=object)
    present[:] = list(first)
    return present, where
