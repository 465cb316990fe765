"""Columns have names and types, in xgboost's words; here they are checked, and frames of other kinds become plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["are_numbers", "checked_names", "checked_types", "plain_table", "type_of_column"]

# What xgboost calls a column: a number, a whole number, true or false, a number again, a category.
FEATURE_TYPES = ("float", "int", "i", "q", "c")

# Kinds of NumPy's types that are points, and lengths, of time.
DATES = ("M", "m")

# Characters that a text dump of trees puts around names.
RESERVED = ("[", "]", "<")


def checked_names(names: Any, n_features: int) -> list[str]:
    """Names of columns.

    Raises
    ------
    TypeError, ValueError
        If they are no sequence of different texts, one for each column, or hold ``[``, ``]`` or ``<``.
    """
    checked = _one_for_each("feature_names", names, n_features)
    if not all(isinstance(name, str) and not any(mark in name for mark in RESERVED) for name in checked):
        raise ValueError("feature_names: must be texts without [, ] and <")
    twice = sorted({name for name in checked if checked.count(name) > 1}) if len(set(checked)) < len(checked) else []
    if twice:
        raise ValueError(f"feature_names: must be different, but {', '.join(map(repr, twice))} stands twice")
    return checked


def checked_types(types: Any, n_features: int) -> list[str]:
    """Types of columns, in xgboost's words.

    Raises
    ------
    TypeError, ValueError
        If they are no sequence of known types, one for each column.
    """
    checked = _one_for_each("feature_types", types, n_features)
    unknown = [kind for kind in checked if kind not in FEATURE_TYPES]
    if unknown:
        raise ValueError(f"feature_types: {unknown[0]!r} is none of {', '.join(map(repr, FEATURE_TYPES))}")
    return checked


def _one_for_each(argument: str, given: Any, n_features: int) -> list[str]:
    if not isinstance(given, Sequence):
        raise TypeError(f"{argument}: a sequence of texts is needed, not {type(given).__name__}")
    if len(given) != n_features:
        raise ValueError(f"{argument}: {len(given)} for {n_features} columns")
    return list(given)


def type_of_column(dtype: Any) -> str:
    """Type of a column of a data frame, in xgboost's words; "" if it holds no numbers."""
    kind = "c" if getattr(dtype, "name", "") == "category" else getattr(dtype, "kind", "O")
    return {"c": "c", "b": "i", "i": "int", "u": "int", "f": "float"}.get(kind, "")


def are_numbers(names: Sequence[str]) -> bool:
    """Whether columns are named "0", "1", ... in this order: as a frame names those of an array."""
    return all(name == str(j) for j, name in enumerate(names))


def plain_table(X: Any) -> Any:
    """A table of the user's; a data frame with texts as names of columns, and full columns of numbers or categories.

    Names that are no texts become texts, as in xgboost: columns 0 and 1 are "0" and "1", and another order of them is
    found at prediction. Sparse columns of pandas are filled up: unlike in a sparse matrix of SciPy, what they do not
    store is known, and most often zero. Arrow's and Polars' tables become frames of pandas.

    Raises
    ------
    ValueError
        If a column holds dates or lengths of time, which NumPy would turn into numbers of a unit that nobody asked for;
        the message names X and the column.
    """
    if not hasattr(X, "iloc") and callable(getattr(X, "to_pandas", None)):
        X = X.to_pandas()
    if not hasattr(X, "iloc") or getattr(X, "ndim", 0) != 2:
        if getattr(getattr(X, "dtype", None), "kind", "") in DATES:
            raise ValueError(f"X: a table of numbers is needed, not one of {X.dtype}")
        return X
    dates = [j for j, dtype in enumerate(X.dtypes) if getattr(dtype, "kind", "") in DATES]
    if dates:
        raise ValueError(f"X: column {X.columns[dates[0]]!r} of type {X.dtypes.iloc[dates[0]]} holds no numbers")
    sparse = [j for j, dtype in enumerate(X.dtypes) if hasattr(dtype, "fill_value")]
    if sparse or not all(isinstance(name, str) for name in X.columns):
        X = X.copy(deep=False)
        for j in sparse:
            X.isetitem(j, np.asarray(X.iloc[:, j]))
        X.columns = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in X.columns]
    return X
