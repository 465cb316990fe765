"""Names of categories, as xgboost 3.1 and later keep them in a model file beside the codes that trees ask about.

Code k of a column stands for element k of its names. xgboost 3.2 counts characters where it should count bytes, and so
cuts names that are not ASCII at the wrong places; they are read as they stand, with bytes that are no text of their own
as surrogates, and written back the same. The file has, in ``cats``::

    enc                 per column {"offsets": [...], "values": [...]}  names end to end as bytes of UTF-8, or
                                   {"type": t, "values": [...]}         whole numbers, t says of which width;
                        two empty lists for a column without categories
    feature_segments    where the categories of each column start, counted over all columns
    sorted_idx          for each column the codes in the order of the names
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import Place

__all__ = ["CategoryNames", "category_names_document", "read_category_names"]

CategoryNames = tuple[tuple[str, ...] | tuple[int, ...] | None, ...]

# Numbers by which xgboost calls its integer types, with their ranges.
INTEGER_TYPES = {9 + 2 * k: (-(1 << (8 * 2**k - 1)), (1 << (8 * 2**k - 1)) - 1) for k in range(4)}
INTEGER_TYPES |= {10 + 2 * k: (0, (1 << (8 * 2**k)) - 1) for k in range(4)}
INT64 = 15

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


def _read_column(column: Place) -> tuple[str, ...] | tuple[int, ...] | None:
    column.note_unknown({"offsets", "values", "type"})
    values = column.child("values").integers()
    at_type = column.optional("type")
    if at_type is not None:
        number = at_type.integer(min(INTEGER_TYPES), max(INTEGER_TYPES))
        least, most = INTEGER_TYPES[number]
        if len(values) == 0 or np.any(values < least) or (most < 1 << 62 and np.any(values > most)):
            column.child("values").refuse("must be numbers of the type that is stated")
        if len(np.unique(values)) < len(values):
            column.child("values").refuse("a category stands twice")
        return tuple(values.tolist())
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


def _sorted_codes(names: tuple[str, ...] | tuple[int, ...]) -> list[int]:
    keys = [name.encode("utf-8", _AS_THEY_STAND) if isinstance(name, str) else name for name in names]
    return np.argsort(np.array(keys, dtype=object), kind="stable").tolist()


def _column_document(names: tuple[str, ...] | tuple[int, ...] | None) -> dict[str, Any]:
    if names is None:
        return {"offsets": np.zeros(0, np.int32), "values": np.zeros(0, np.int8)}
    if all(isinstance(name, int) for name in names):
        return {"type": INT64, "values": np.array(names, dtype=np.int64)}
    parts = [str(name).encode("utf-8", _AS_THEY_STAND) for name in names]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    return {"offsets": offsets, "values": np.frombuffer(b"".join(parts), dtype=np.int8)}
