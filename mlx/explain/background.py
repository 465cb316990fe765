"""The background is the set of rows that lend their values to the features of which nothing is known.

A coalition's row takes the explained row's value where a feature is known, and a background row's value where it
is not. Arrays stay arrays; data frames stay data frames with the same columns and dtypes, so that the explained
model can be a pipeline which selects columns by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import column_names
from .arguments import as_array, as_numbers, check_names

__all__ = ["Background", "is_frame", "player_columns"]


class Background:
    """Background rows with weights that sum to 1.

    Parameters
    ----------
    data : array-like or DataFrame of shape (n_rows, n_features)
        Also an object with attributes ``data``, ``weights`` and ``group_names``, as `shap.kmeans` returns it.
    feature_names : sequence of str, optional
        Default: the columns of a data frame, or x0, x1, ...
    weights : array-like of shape (n_rows,), optional
        Importance of each row; default: all the same.

    Attributes
    ----------
    rows : ndarray or DataFrame of shape (n_rows, n_features)
    weights : ndarray of shape (n_rows,)
    feature_names : tuple of str

    Raises
    ------
    ValueError
        Naming data, feature_names or weights.
    """

    def __init__(self, data: Any, feature_names: Sequence[str] | None = None, weights: Any = None) -> None:
        if hasattr(data, "weights") and hasattr(data, "data") and not is_frame(data):
            weights = data.weights if weights is None else weights
            names = getattr(data, "group_names", None)
            feature_names = names if feature_names is None else feature_names
            data = data.data
        _refuse_sparse(data, "data")
        self.is_frame = is_frame(data)
        self.rows: Any = data.reset_index(drop=True) if self.is_frame else as_array(data, "data")
        if self.rows.ndim != 2 or 0 in self.rows.shape:
            raise ValueError(
                f"data must have two dimensions, at least one row and one column; its shape is {self.rows.shape}."
            )
        if self.is_frame and not data.columns.is_unique:
            raise ValueError("data has two columns of the same name.")
        self.feature_names = self._named(data, feature_names)
        self.weights = self._weighed(weights)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.rows.shape[1]

    def matching(self, X: Any) -> Any:
        """The rows to explain, in the type and with the columns of the background.

        Raises
        ------
        ValueError
            If columns are missing, or X has another number of columns.
        """
        _refuse_sparse(X, "X")
        if self.is_frame:
            return self._matching_frame(X)
        rows = as_array(X, "X")
        rows = rows.reshape(1, -1) if rows.ndim == 1 else rows
        self._check_width(rows)
        if self.rows.dtype.kind in "biuf" and rows.dtype.kind not in "biuf":
            return as_numbers(rows, "X")
        if self.rows.dtype.kind != rows.dtype.kind and self.rows.dtype.kind in "USmM":
            raise ValueError(f"X must hold {self.rows.dtype}, as data does, not {rows.dtype}.")
        return rows

    def taken(self, used: NDArray[np.intp]) -> Any:
        """Copy of some background rows, which a model may write into."""
        return self.rows.take(used, axis=0)

    def constant_columns(self, rows: Any) -> NDArray[np.bool_]:
        """Where a row has the same value as every background row, shape (n_rows, n_features); NaN equals NaN."""
        if not self.is_frame:
            columns = [(self.rows[:, j], rows[:, j]) for j in range(self.n_features)]
            return np.stack([_equals_all(values, background) for background, values in columns], axis=1)
        import pandas as pd

        stacked = pd.concat([self.rows, rows], ignore_index=True)
        # Codes make one comparison of every dtype: missing values, whatever their kind, have code -1.
        codes = np.stack([pd.factorize(stacked[name])[0] for name in stacked.columns], axis=1)
        background, values = codes[: len(self.rows)], codes[len(self.rows) :]
        return (values == background[0]) & (background == background[0]).all(axis=0)

    def mix(self, rows: Any, batch: NDArray[np.intp], donors: NDArray[np.intp], known: NDArray[np.bool_]) -> Any:
        """Rows for the model: for each row of the batch, its values where known, those of the donors elsewhere.

        Parameters
        ----------
        rows : ndarray or DataFrame
            Of `matching`.
        batch : ndarray of int of shape (n_batch,)
            Numbers of the explained rows.
        donors : ndarray of int of shape (n_mixed,)
            Numbers of the background rows.
        known : ndarray of bool of shape (n_mixed, n_features)
            The same for each row of the batch.

        Returns
        -------
        ndarray or DataFrame of shape (n_batch * n_mixed, n_features)
            Row after row of the batch.
        """
        if not self.is_frame:
            return np.where(known, rows[batch][:, None, :], self.rows[donors]).reshape(-1, self.n_features)
        import pandas as pd

        stacked = pd.concat([self.rows, rows], ignore_index=True)
        taken = np.where(known, len(self.rows) + batch[:, None, None], donors[:, None]).reshape(-1, self.n_features)
        columns = {name: stacked[name].array.take(taken[:, j]) for j, name in enumerate(stacked.columns)}
        return pd.DataFrame(columns, copy=False)

    def _matching_frame(self, X: Any) -> Any:
        import pandas as pd

        columns = self.rows.columns
        if isinstance(X, pd.Series):
            X = X.to_frame().T
        if not is_frame(X):
            values = as_array(X, "X")
            values = values.reshape(1, -1) if values.ndim == 1 else values
            self._check_width(values)
            X = pd.DataFrame(values, columns=columns)
        missing = [name for name in columns if name not in X.columns]
        if missing:
            raise ValueError(f"X has no column {', '.join(map(repr, missing))}, which data has.")
        rows = X[list(columns)].reset_index(drop=True)
        if rows.shape[1] != len(columns):
            raise ValueError("X has two columns of the same name.")
        if not len(rows):
            raise ValueError("X has no rows to explain.")
        for name, dtype in self.rows.dtypes.items():
            if rows[name].dtype != dtype:
                rows[name] = _as_type(rows[name], dtype)
        return rows

    def _check_width(self, rows: NDArray[Any]) -> None:
        if rows.ndim != 2 or rows.shape[1] != self.n_features or not len(rows):
            raise ValueError(
                f"X must have at least one row and {self.n_features} columns, as data has; its shape is {rows.shape}."
            )

    def _named(self, data: Any, feature_names: Sequence[str] | None) -> tuple[str, ...]:
        if feature_names is None:
            feature_names = column_names(data) or (
                [str(name) for name in data.columns] if self.is_frame else [f"x{j}" for j in range(self.n_features)]
            )
        return check_names("feature_names", feature_names, self.n_features, "columns of data")

    def _weighed(self, weights: Any) -> NDArray[np.float64]:
        if weights is None:
            return np.full(len(self.rows), 1.0 / len(self.rows))
        weights = as_numbers(weights, "weights")
        if weights.shape != (len(self.rows),) or not np.isfinite(weights).all() or weights.min() < 0:
            raise ValueError(f"weights must be {len(self.rows)} finite numbers, none negative, one per row of data.")
        if weights.sum() == 0:
            raise ValueError("weights must not all be zero.")
        return weights / weights.sum()


def is_frame(data: Any) -> bool:
    """Whether `data` is a data frame (pandas is not imported to find out)."""
    return hasattr(data, "iloc") and hasattr(data, "columns")


def player_columns(
    groups: Mapping[str, Sequence[int | str]] | None, feature_names: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Names of the players, and the player of each column: a group, or the column itself.

    Raises
    ------
    ValueError
        If a group is empty, names an unknown column, or shares a column with another group.
    """
    if groups is None:
        return tuple(feature_names), np.arange(len(feature_names))
    if not isinstance(groups, Mapping):
        raise ValueError(f"groups must be a mapping of names to lists of columns, not {groups!r}.")
    if len(set(feature_names)) < len(feature_names):
        raise ValueError("groups need feature_names that differ from each other.")
    owner: dict[int, str] = {}
    for name, members in groups.items():
        if isinstance(members, str) or not hasattr(members, "__len__") or not len(members):
            raise ValueError(f"groups[{name!r}] must be a non-empty list of columns.")
        for member in members:
            if isinstance(member, bool) or not isinstance(member, str | int | np.integer):
                raise ValueError(f"groups[{name!r}]: {member!r} is neither the name nor the position of a column.")
            if isinstance(member, str) and member not in feature_names:
                raise ValueError(f"groups[{name!r}] names the column {member!r}, which data has not.")
            column = feature_names.index(member) if isinstance(member, str) else int(member)
            if not 0 <= column < len(feature_names) or column in owner:
                raise ValueError(f"groups[{name!r}]: column {member!r} does not exist or is in two groups.")
            owner[column] = name
    names: list[str] = []
    player = np.empty(len(feature_names), dtype=np.intp)
    for column, feature in enumerate(feature_names):
        name = owner.get(column, feature)
        if name not in names:
            names.append(name)
        player[column] = names.index(name)
    return tuple(names), player


def _as_type(values: Any, dtype: Any) -> Any:
    """A column of X in the type that it has in data; numbers that the type cannot hold stay as they are.

    Raises
    ------
    ValueError
        Naming the column, if its values cannot get the type, or are none of its categories.
    """
    import pandas as pd

    whole = isinstance(dtype, np.dtype) and dtype.kind in "biu"
    if whole and values.isna().any():
        return values  # a missing value makes a column of whole numbers float
    if isinstance(dtype, pd.CategoricalDtype):
        unknown = values[values.notna() & ~values.isin(dtype.categories)]
        if len(unknown):
            raise ValueError(f"X: column {values.name!r} has {unknown.iloc[0]!r}, which is none of data's categories.")
    try:
        cast = values.astype(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"X: column {values.name!r} cannot become {dtype}, its type in data: {error}") from None
    if not whole:
        return cast
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        raise ValueError(f"X: column {values.name!r} has texts; in data it is of type {dtype}.")
    # As a whole number 2.7 is 2, in eight bits 300 is 44, as a truth value 2.5 is True: not the row that was given.
    return numbers if (cast != numbers).any() else cast


def _equals_all(values: NDArray[Any], background: NDArray[Any]) -> NDArray[np.bool_]:
    missing = background != background
    if missing.all():
        return np.asarray(values != values, dtype=bool)
    if missing.any() or not (background == background[0]).all():
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == background[0], dtype=bool)


def _refuse_sparse(data: Any, name: str) -> None:
    if hasattr(data, "tocsr"):
        raise NotImplementedError(f"{name}: sparse matrices are not supported; pass {name}.toarray().")
