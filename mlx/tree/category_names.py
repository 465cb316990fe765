"""Names of categories, as xgboost 3.1 and later keep them in a model file beside the codes that trees ask about.

Code k of a column stands for element k of its names. xgboost 3.2 counts characters where it should count bytes, and so
cuts names that are not ASCII at the wrong places; they are read as they stand, with bytes that are no text of their own
as surrogates, and written back the same. The file has, in ``cats``::

    enc                 per column {"offsets": [...], "values": [...]}  names end to end as bytes of UTF-8, or
                                   {"type": t, "values": [...]}         whole numbers, t says of which width;
                        two empty lists for a column without categories
    feature_segments    where the categories of each column start, counted over all columns
    sorted_idx          for each column the codes in the order of the names

xgboost predicts a frame only if its categories have the width that the file states, so that the width is kept. Unsigned
numbers of more than a byte are written as int64: its UBJSON has no such arrays, and its own training fails on them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .document import Place

__all__ = ["CategoryNames", "WholeNumbers", "category_names_document", "read_category_names"]


class WholeNumbers(tuple[int, ...]):
    """Categories that are whole numbers, and the type in which a data frame has them; the type is not compared.

    Attributes
    ----------
    dtype : numpy.dtype
        Of integers.
    """

    dtype: np.dtype

    def __new__(cls, values: Iterable[int], dtype: Any = np.int64) -> Self:
        """Make them of numbers and a type."""
        names = super().__new__(cls, values)
        names.dtype = np.dtype(dtype)
        return names


CategoryNames = tuple[tuple[str, ...] | WholeNumbers | None, ...]

# Numbers by which xgboost calls its integer types.
INTEGER_TYPES: dict[int, Any] = {
    9: np.int8,
    10: np.uint8,
    11: np.int16,
    12: np.uint16,
    13: np.int32,
    14: np.uint32,
    15: np.int64,
    16: np.uint64,
}

# Those that it reads in UBJSON, too.
WRITTEN_TYPES = {np.dtype(INTEGER_TYPES[number]): number for number in (9, 10, 11, 13, 15)}

# How bytes that are no UTF-8 are decoded and encoded, so that they come back unchanged.
_AS_THEY_STAND = "surrogateescape"


def read_category_names(cats: Place, n_features: int) -> CategoryNames | None:
    """For each column its categories in the order of their codes, or None; None if no column has any.

    Raises
    ------
    ModelFormatError
        If the parts do not fit each other.
    """
    cats.note_unknown({"enc", "feature_segments", "sorted_idx"})
    at_columns, at_segments, at_sorted = (cats.child(key) for key in ("enc", "feature_segments", "sorted_idx"))
    if at_columns.length() == 0:
        for place in (at_segments, at_sorted):
            if np.any(place.integers()):
                place.refuse("must be empty, as enc is")
        return None
    if at_columns.length() != n_features:
        at_columns.refuse(f"has {at_columns.length()} elements for {n_features} columns")
    names = tuple(_read_column(column) for column in at_columns.items())
    start = np.concatenate([[0], np.cumsum([len(column or ()) for column in names])])
    if not np.array_equal(at_segments.integers(), start):
        at_segments.refuse("must count the categories of the columns before")
    order = at_sorted.integers(int(start[-1]))
    for first, last in itertools.pairwise(start):
        if not np.array_equal(np.sort(order[first:last]), np.arange(last - first)):
            at_sorted.refuse(f"elements {first} to {last} must hold each code of their column once")
    return names


def category_names_document(names: CategoryNames | None) -> dict[str, Any]:
    """What the file says about the names of categories."""
    if names is None:
        return {"enc": [], "feature_segments": np.zeros(0, np.int32), "sorted_idx": np.zeros(0, np.int32)}
    start = np.concatenate([[0], np.cumsum([len(column or ()) for column in names])])
    order = [_sorted_codes(column) for column in names if column]
    return {
        "enc": [_column_document(column) for column in names],
        "feature_segments": start.astype(np.int32),
        "sorted_idx": np.concatenate([*order, []]).astype(np.int32),
    }


def _read_column(column: Place) -> tuple[str, ...] | WholeNumbers | None:
    column.note_unknown({"offsets", "values", "type"})
    values = column.child("values").integers()
    at_type = column.optional("type")
    if at_type is not None:
        number = at_type.integer(min(INTEGER_TYPES), max(INTEGER_TYPES))
        kind: Any = np.iinfo(INTEGER_TYPES[number])
        if len(values) == 0 or values.min() < kind.min or values.max() > kind.max:
            column.child("values").refuse("must be numbers of the type that is stated")
        if len(np.unique(values)) < len(values):
            column.child("values").refuse("a category stands twice")
        return WholeNumbers(values.tolist(), kind.dtype)
    return _read_texts(column, values) or None


def _read_texts(column: Place, values: NDArray[np.int64]) -> tuple[str, ...]:
    at_offsets = column.child("offsets")
    offsets = at_offsets.integers()
    if len(offsets) == 0 and len(values) == 0:
        return ()
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(values) or np.any(np.diff(offsets) < 0):
        at_offsets.refuse(f"must rise from 0 to {len(values)}")
    # Bytes are signed in the file.
    if np.any((values < -128) | (values > 255)):
        column.child("values").refuse("must hold bytes")
    data = values.astype(np.uint8).tobytes()
    return tuple(data[first:last].decode("utf-8", _AS_THEY_STAND) for first, last in itertools.pairwise(offsets))


def _sorted_codes(names: tuple[str, ...] | WholeNumbers) -> list[int]:
    keys = [name.encode("utf-8", _AS_THEY_STAND) if isinstance(name, str) else name for name in names]
    return np.argsort(np.array(keys, dtype=object), kind="stable").tolist()


def _column_document(names: tuple[str, ...] | WholeNumbers | None) -> dict[str, Any]:
    if names is None:
        return {"offsets": np.zeros(0, np.int32), "values": np.zeros(0, np.int8)}
    if isinstance(names, WholeNumbers):
        dtype = names.dtype if names.dtype in WRITTEN_TYPES else np.dtype(np.int64)
        return {"type": WRITTEN_TYPES[dtype], "values": np.array(names, dtype=dtype)}
    parts = [str(name).encode("utf-8", _AS_THEY_STAND) for name in names]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    return {"offsets": offsets, "values": np.frombuffer(b"".join(parts), dtype=np.int8)}
