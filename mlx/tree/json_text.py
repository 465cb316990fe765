"""JSON as xgboost writes it: a number with a point or an exponent is a float, any other an integer.

Reading is stricter than `json.loads` and than xgboost: the text is UTF-8, starts with ``{``, ends where its object
ends, has no key twice in one object, and is not nested deeply. As in xgboost, ``NaN``, ``Infinity`` and ``-Infinity``
are floats.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import LARGEST_BYTES, LARGEST_DEPTH, ModelFormatError

__all__ = ["read_json", "write_json"]

# A string, or what there is of it: it never fails after a quote and never goes back, so that time is linear.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def read_json(data: bytes) -> dict[str, Any]:
    """Document that JSON text stands for.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    dict
        Of dict, list, str, int, float, bool and None.

    Raises
    ------
    ModelFormatError
        If the text is none of this file's JSON.
    """
    if len(data) > LARGEST_BYTES:
        raise ModelFormatError(f"JSON: {len(data)} bytes are more than the limit of {LARGEST_BYTES}")
    if not data.startswith(b"{"):
        raise ModelFormatError("JSON: must start with '{'")
    _check_depth(data)
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique_keys)
    except UnicodeDecodeError as error:
        raise ModelFormatError(f"JSON: byte {error.start} is no UTF-8") from None
    except ModelFormatError:
        raise
    # ValueError: bad JSON, and integers of thousands of digits. RecursionError: a caller near its own limit.
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"JSON: {error}") from None


def write_json(document: dict[str, Any]) -> bytes:
    """JSON text of a document, whose arrays may be ndarrays; float32 with as many digits as tell it apart."""
    return json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _check_depth(data: bytes) -> None:
    """Refuse deep nesting before the parser, which recurses, sees it."""
    marks = np.frombuffer(_STRING.sub(b"", data), dtype=np.uint8)
    opening = (marks == ord("{")) | (marks == ord("["))
    brackets = opening | (marks == ord("}")) | (marks == ord("]"))
    depth = np.cumsum(np.where(opening[brackets], np.int8(1), np.int8(-1)), dtype=np.int32)
    if len(depth) and depth.max() > LARGEST_DEPTH:
        raise ModelFormatError(f"JSON: nested deeper than {LARGEST_DEPTH}")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ModelFormatError(f"JSON: key {twice!r} stands twice in one object")
    return members


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    if isinstance(value, np.ndarray):
        return _shortest(value) if value.dtype.kind == "f" else value.tolist()
    return value


def _shortest(values: NDArray[np.floating]) -> list[float]:
    """Python floats whose decimals are the fewest that give the same float32 again."""
    return [float(text) for text in values.astype(np.float32).astype("U32")]
