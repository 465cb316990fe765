"""A document is what a model file says before anything is believed: objects, arrays, texts and numbers.

`Place` is a value of the document together with the path that leads to it. A reader asks a place for what it expects
("an array of seven integers"), and gets that or a `ModelFormatError` that names the path and what stands there instead.
Texts of numbers, lengths and ranges are checked here; what the numbers mean is checked by who asks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_BYTES", "LARGEST_DEPTH", "ModelFormatError", "Place"]

# A file larger than this is refused before it is read: Python needs some ten times its size to hold it.
LARGEST_BYTES = 1 << 30

# Objects and arrays inside each other; model files have about ten.
LARGEST_DEPTH = 64

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,6})?", re.ASCII)


class ModelFormatError(ValueError):
    """A model file that is damaged, hostile or of a form that is not known; the message says where and what."""


@dataclass(frozen=True)
class Place:
    """A value of a document and the path to it, as in ``learner.gradient_booster.model.trees[3].parents``.

    Parameters
    ----------
    value : object
        dict, list, str, int, float, bool, None, or a one-dimensional ndarray (typed arrays of UBJSON).
    path : str, default=""
        How to get there from the top of the document.
    ignored : list of str
        Paths of the keys that no reader knew, shared by all places of a document.
    """

    value: Any
    path: str = ""
    ignored: list[str] = field(default_factory=list)

    def refuse(self, message: str) -> NoReturn:
        """Raise `ModelFormatError` that names this place."""
        raise ModelFormatError(f"{self.path or 'document'}: {message}")

    def child(self, key: str) -> Place:
        """Member of an object; it must be there."""
        members = self.members()
        if key not in members:
            self.refuse(f"key {key!r} is missing")
        return self._at(members[key], f"{self.path}.{key}" if self.path else key)

    def optional(self, key: str) -> Place | None:
        """Member of an object, or None if it is not there."""
        return self.child(key) if key in self.members() else None

    def members(self) -> dict[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            self.refuse(f"must be an object, not {self.kind}")
        return self.value

    def note_unknown(self, known: Collection[str]) -> None:
        """Remember the keys of an object that are none of the known ones; they are ignored."""
        prefix = f"{self.path}." if self.path else ""
        self.ignored.extend(f"{prefix}{key}" for key in self.members() if key not in known)

    def items(self) -> Iterator[Place]:
        """Elements of an array, each with its path."""
        for number, value in enumerate(self._list()):
            yield self._at(value, f"{self.path}[{number}]")

    def length(self) -> int:
        """Number of elements of an array."""
        return len(self._list())

    def text(self) -> str:
        """The value as text that can be written again."""
        if not isinstance(self.value, str):
            self.refuse(f"must be a string, not {self.kind}")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            self.refuse("is no valid Unicode")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """The value as an array of texts."""
        return tuple(item.text() for item in self.items())

    def integer(self, least: int, most: int) -> int:
        """The value as an integer within bounds."""
        if type(self.value) is not int:
            self.refuse(f"must be an integer, not {self.kind}")
        return self._within(self.value, least, most)

    def integer_text(self, least: int, most: int) -> int:
        """The value as an integer within bounds that is written as a string."""
        text = self.text()
        if not _INTEGER.fullmatch(text):
            self.refuse(f"must be the text of an integer, not {_shortened(text)}")
        return self._within(int(text), least, most)

    def number_texts(self) -> NDArray[np.float32]:
        """The value as numbers that are written as one string: ``"0.5"``, or ``"[0.5,1E-1]"``."""
        text = self.text()
        inside = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        parts = inside.split(",")
        if not all(_NUMBER.fullmatch(part) for part in parts):
            self.refuse(f"must be the text of a number or of an array of numbers, not {_shortened(text)}")
        return self._finite(_float32(parts))

    def integers(self, length: int | None = None) -> NDArray[np.int64]:
        """The value as an array of integers."""
        values = self._array("iu", int, "integers", length)
        try:
            return np.array(values, dtype=np.int64)
        except OverflowError:
            self.refuse("an integer does not fit in 64 bits")

    def flags(self, length: int) -> NDArray[np.bool_]:
        """The value as an array of truth values, written as 0 and 1 or as false and true."""
        if isinstance(self.value, list) and self.value and set(map(type, self.value)) == {bool}:
            values = np.asarray(self.value, dtype=np.int64)
            if len(values) != length:
                self.refuse(f"has {len(values)} elements; it must have {length}")
        else:
            values = self.integers(length)
        wrong = np.flatnonzero((values != 0) & (values != 1))
        if len(wrong):
            self.refuse(f"element {wrong[0]} is {values[wrong[0]]}; it must be 0 or 1")
        return values.astype(np.bool_)

    def floats(self, length: int | None = None) -> NDArray[np.float32]:
        """The value as an array of float32, NaN and infinities among them; an integer is no float, as in xgboost."""
        return _float32(self._array("f", float, "floats", length))

    @property
    def kind(self) -> str:
        """What stands here, for messages."""
        names = {dict: "an object", list: "an array", np.ndarray: "an array", str: "a string", type(None): "null"}
        names |= {bool: "true or false", int: "an integer", float: "a float"}
        return names[type(self.value)]

    def _at(self, value: Any, path: str) -> Place:
        return Place(value, path, self.ignored)

    def _list(self) -> list[Any]:
        if isinstance(self.value, np.ndarray):
            return self.value.tolist()
        if not isinstance(self.value, list):
            self.refuse(f"must be an array, not {self.kind}")
        return self.value

    def _array(self, kinds: str, element: type, name: str, length: int | None) -> list[Any] | NDArray[Any]:
        values: list[Any] | NDArray[Any]
        if isinstance(self.value, np.ndarray):
            values, right = self.value, self.value.dtype.kind in kinds or not len(self.value)
        else:
            values = self._list()
            right = set(map(type, values)) <= {element}
        if not right:
            self.refuse(f"must hold {name} alone")
        if length is not None and len(values) != length:
            self.refuse(f"has {len(values)} elements; it must have {length}")
        return values

    def _within(self, value: int, least: int, most: int) -> int:
        if not least <= value <= most:
            self.refuse(f"is {value}; it must lie from {least} to {most}")
        return value

    def _finite(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if not np.all(np.isfinite(values)):
            self.refuse("is not finite in float32")
        return values


def _float32(values: Any) -> NDArray[np.float32]:
    """Numbers, or texts of numbers, rounded to float32; too large ones become infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=np.float64).astype(np.float32)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
