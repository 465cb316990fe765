"""Columns have names and types, in xgboost's words; here they are checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["checked_names", "checked_types", "type_of_column"]

# What xgboost calls a column: a number, a whole number, true or false, a number again, a category.
FEATURE_TYPES = ("float", "int", "i", "q", "c")

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
