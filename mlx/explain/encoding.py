"""Encoding makes a table of numbers of what the user trained on, and the way back for the model.

A data frame's columns of text, categories or truth values become codes 0, 1, ...; the model gets data frames with
the original values. Arrays pass unchanged, as lime has them: categories are coded by the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import as_array, as_numbers
from .background import is_frame

__all__ = ["TableEncoding"]


class TableEncoding:
    """Codes of a training table.

    Parameters
    ----------
    training_data : array-like or DataFrame of shape (n_rows, n_features)

    Attributes
    ----------
    columns : list or None
        The data frame's columns; None for an array.
    categories : dict of int to ndarray
        Values of each coded column by their code; a missing value is the last, None.

    Raises
    ------
    ValueError
        If `training_data` is not a non-empty table of numbers and categories.
    NotImplementedError
        If it is sparse.
    """

    def __init__(self, training_data: Any) -> None:
        if hasattr(training_data, "tocsr"):
            raise NotImplementedError("training_data: sparse matrices are not supported; pass training_data.toarray().")
        self.columns: list[Any] | None = None
        self.categories: dict[int, NDArray[Any]] = {}
        self._dtypes: list[Any] = []
        if is_frame(training_data):
            self._read_frame(training_data)
            table = self.encode(training_data, "training_data")
        else:
            table = as_numbers(training_data, "training_data")
            if table.ndim != 2 or 0 in table.shape:
                raise ValueError(f"training_data must be a table with rows and columns; its shape is {table.shape}.")
            self.n_features = table.shape[1]
        _refuse_missing(table, "training_data")
        self.training_table = table

    def encode(self, rows: Any, name: str) -> NDArray[np.float64]:
        """Rows (one or many) as numbers, shape (n_rows, n_features); `name` is the argument that errors name."""
        if self.columns is None or not (is_frame(rows) or _is_series(rows)):
            return self._encode_array(rows, name)
        if not is_frame(rows):
            rows = rows.to_frame().T
        missing = [column for column in self.columns if column not in rows.columns]
        if missing:
            raise ValueError(f"{name} has no column {', '.join(map(repr, missing))}, which training_data has.")
        return self._encode_columns([rows[column].to_numpy() for column in self.columns], name)

    def decode(self, table: NDArray[np.float64]) -> Any:
        """What the model gets: the table itself, or a data frame with the original values of coded columns."""
        if self.columns is None:
            return table
        import pandas as pd

        decoded = {}
        for j, column in enumerate(self.columns):
            if j in self.categories:
                decoded[column] = pd.Series(self.categories[j][table[:, j].astype(np.intp)]).astype(self._dtypes[j])
            else:
                decoded[column] = pd.Series(table[:, j])
        return pd.DataFrame(decoded)

    def category_columns(self, given: Any) -> list[int]:
        """Columns to be drawn as categories: those that the user names (one or many), and a data frame's coded ones."""
        columns = list(given) if hasattr(given, "__iter__") else [] if given is None else [given]
        if any(isinstance(j, bool | np.bool_) or not isinstance(j, int | np.integer) for j in columns):
            raise ValueError(f"categorical_features must be numbers of columns, not {given!r}.")
        if any(not 0 <= j < self.n_features for j in columns):
            raise ValueError(f"categorical_features must lie between 0 and {self.n_features - 1}: {given!r}.")
        return list(dict.fromkeys([*map(int, columns), *self.categories]))

    def category_names(self, given: Mapping[int, Sequence[str]] | None) -> dict[int, list[str]]:
        """Names of the categories of each coded column, and those that the user gave."""
        named = {j: [str(value) for value in values] for j, values in self.categories.items()}
        if not isinstance(given, Mapping | None):
            raise ValueError(f"categorical_names must be a mapping of columns to lists of names, not {given!r}.")
        for j, names in (given or {}).items():
            if not isinstance(j, int | np.integer) or not 0 <= j < self.n_features:
                raise ValueError(f"categorical_names: {j!r} is not the number of a column.")
            if isinstance(names, str) or not hasattr(names, "__len__"):
                raise ValueError(f"categorical_names[{j}] must be a list of names, not {names!r}.")
            named[int(j)] = list(names)
        return named

    def _read_frame(self, frame: Any) -> None:
        import pandas as pd

        if 0 in frame.shape:
            raise ValueError(f"training_data must have rows and columns; its shape is {frame.shape}.")
        if not frame.columns.is_unique:
            raise ValueError("training_data has two columns of the same name.")
        self.columns = list(frame.columns)
        self.n_features = len(self.columns)
        self._dtypes = list(frame.dtypes)
        for j, column in enumerate(self.columns):
            values = frame[column]
            if pd.api.types.is_datetime64_any_dtype(values.dtype) or pd.api.types.is_timedelta64_dtype(values.dtype):
                raise ValueError(f"training_data: column {column!r} has dates; make numbers of them.")
            if isinstance(values.dtype, pd.CategoricalDtype):
                known = list(values.dtype.categories)
            elif pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
                try:
                    known = sorted(values.dropna().unique(), key=lambda value: (str(type(value)), value))
                except TypeError as error:
                    raise ValueError(f"training_data: column {column!r} has no categories: {error}") from None
            else:
                continue
            categories = np.empty(len(known) + bool(values.isna().any()), dtype=object)
            categories[: len(known)] = known
            self.categories[j] = categories

    def _encode_array(self, rows: Any, name: str) -> NDArray[np.float64]:
        array = as_array(rows, name)
        array = array.reshape(1, -1) if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[1] != self.n_features or not len(array):
            raise ValueError(f"{name} must have {self.n_features} values per row; its shape is {array.shape}.")
        return self._encode_columns([array[:, j] for j in range(self.n_features)], name)

    def _encode_columns(self, columns: list[NDArray[Any]], name: str) -> NDArray[np.float64]:
        table = np.empty((len(columns[0]), self.n_features))
        for j, values in enumerate(columns):
            try:
                table[:, j] = self._codes(j, values) if j in self.categories else as_numbers(values, name)
            except (TypeError, ValueError, KeyError) as error:
                column = self.columns[j] if self.columns is not None else j
                raise ValueError(f"{name}: column {column!r} has a value that training_data has not: {error}") from None
        _refuse_missing(table, name)
        return table

    def _codes(self, column: int, values: NDArray[Any]) -> list[int]:
        code = {value: i for i, value in enumerate(self.categories[column])}
        # NaN, None and NA are one missing value, stored as None.
        return [code[None if value is None or value != value else value] for value in _plain(values)]


def _is_series(rows: Any) -> bool:
    return hasattr(rows, "to_frame") and hasattr(rows, "index")


def _plain(values: NDArray[Any]) -> list[Any]:
    import pandas as pd

    return [None if pd.isna(value) else value for value in values.tolist()]


def _refuse_missing(table: NDArray[np.float64], name: str) -> None:
    if not np.isfinite(table).all():
        column = int(np.flatnonzero(~np.isfinite(table).all(axis=0))[0])
        raise ValueError(
            f"{name} has a missing or infinite value in column {column}: LIME draws from the distribution of each "
            "column and needs all of it. Fill the gaps first."
        )
