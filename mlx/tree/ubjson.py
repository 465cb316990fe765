"""UBJSON is JSON in binary: each value starts with a byte that says its type, numbers are big-endian.

Read and written in the dialect of xgboost:

==============  ====================================================================================
value           bytes
==============  ====================================================================================
object          ``{``, then for each member the length of its key, the key, the value; ``}``
string          ``S``, length, UTF-8
integer         ``i`` int8, ``U`` uint8, ``I`` int16, ``l`` int32, ``L`` int64
float           ``d`` float32, ``D`` float64
null, booleans  ``Z``, ``T``, ``F``
array           ``[``, values, ``]``
counted array   ``[#``, count, values; no bracket closes it
typed array     ``[$``, one type of number, ``#``, count, numbers without their type
==============  ====================================================================================

Lengths and counts are integers with their type. A typed array becomes an ndarray, any other a list. Counted objects,
high-precision numbers, characters and the no-op byte, which xgboost does not write, are refused.

A count is believed only as far as the file holds values: nothing is allocated that its own size does not pay for.

Reference: Universal Binary JSON, specification draft 12, https://ubjson.org.
"""

from __future__ import annotations

import struct
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from .document import LARGEST_BYTES, LARGEST_DEPTH, ModelFormatError

__all__ = ["looks_like_ubjson", "read_ubjson", "write_ubjson"]

_INTEGERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8"}
_FLOATS = {b"d": ">f4", b"D": ">f8"}
_TYPES = {marker: np.dtype(name) for marker, name in {**_INTEGERS, **_FLOATS}.items()}
_MARKERS = {"f4": b"d", "f8": b"D", "i1": b"i", "u1": b"U", "i2": b"I", "i4": b"l", "i8": b"L"}
_STRUCTS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_NUMBERS = {marker: struct.Struct(code) for marker, code in _STRUCTS.items()}
_CONSTANTS: dict[bytes, Any] = {b"Z": None, b"T": True, b"F": False}

# The types that a single integer is written with, smallest first; xgboost reads no unsigned one.
_SMALLEST_FIRST = ((b"i", 1 << 7), (b"I", 1 << 15), (b"l", 1 << 31), (b"L", 1 << 63))


def looks_like_ubjson(data: bytes) -> bool:
    """Whether an object's first key has a binary length: JSON has a quote or space there."""
    return data[:1] == b"{" and data[1:2] in _INTEGERS


def read_ubjson(data: bytes) -> dict[str, Any]:
    """Document that UBJSON bytes stand for.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    dict
        Of dict, list, ndarray, str, int, float, bool and None.

    Raises
    ------
    ModelFormatError
        If the bytes are none of this file's UBJSON; the message says at which byte.
    """
    if len(data) > LARGEST_BYTES:
        raise ModelFormatError(f"UBJSON: {len(data)} bytes are more than the limit of {LARGEST_BYTES}")
    reader = _Reader(data)
    if reader.take(1) != b"{":
        reader.refuse("must start with '{'")
    document = reader.members(1)
    if reader.place != len(data):
        reader.refuse("the object ends, the file does not")
    return document


def write_ubjson(document: dict[str, Any]) -> bytes:
    """UBJSON of a document; its ndarrays become typed arrays, its lists counted ones."""
    parts: list[bytes] = []
    _write(document, parts)
    return b"".join(parts)


class _Reader:
    """Bytes and how far they are read; each method reads one construct and moves on."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def refuse(self, message: str) -> NoReturn:
        raise ModelFormatError(f"UBJSON: byte {self.place}: {message}")

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.place:
            self.refuse(f"the file ends; {size} more bytes were announced")
        taken = self.data[self.place : self.place + size]
        self.place += size
        return taken

    def number(self, marker: bytes) -> Any:
        form = _NUMBERS[marker]
        return form.unpack(self.take(form.size))[0]

    def size(self) -> int:
        """A length or count."""
        marker = self.take(1)
        if marker not in _INTEGERS:
            self.refuse(f"a length must be an integer, not of type {marker!r}")
        size = self.number(marker)
        if size < 0:
            self.refuse(f"length {size} is negative")
        return size

    def text(self) -> str:
        data = self.take(self.size())
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self.refuse("text is no UTF-8")

    def value(self, marker: bytes, depth: int) -> Any:
        if marker in _NUMBERS:
            return self.number(marker)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == b"S":
            return self.text()
        if marker not in (b"{", b"["):
            self.refuse(f"unknown type {marker!r}")
        if depth >= LARGEST_DEPTH:
            self.refuse(f"nested deeper than {LARGEST_DEPTH}")
        return self.members(depth + 1) if marker == b"{" else self.elements(depth + 1)

    def members(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while self.data[self.place : self.place + 1] != b"}":
            key = self.text()
            if key in members:
                self.refuse(f"key {key!r} stands twice in one object")
            members[key] = self.value(self.take(1), depth)
        self.place += 1
        return members

    def elements(self, depth: int) -> list[Any] | NDArray[Any]:
        first = self.take(1)
        if first == b"$":
            return self.typed()
        if first == b"#":
            # Read one by one: a count that is too large ends where the file does.
            return [self.value(self.take(1), depth) for _ in range(self.size())]
        values = []
        while first != b"]":
            values.append(self.value(first, depth))
            first = self.take(1)
        return values

    def typed(self) -> NDArray[Any]:
        marker = self.take(1)
        if marker not in _TYPES:
            self.refuse(f"an array cannot have type {marker!r}")
        if self.take(1) != b"#":
            self.refuse("a typed array must have a count")
        count = self.size()
        kind = _TYPES[marker]
        return np.frombuffer(self.take(count * kind.itemsize), dtype=kind).astype(kind.newbyteorder("="))


def _write(value: Any, parts: list[bytes]) -> None:
    if isinstance(value, dict):
        parts.append(b"{")
        for key, member in value.items():
            parts.append(_counted(key.encode("utf-8")))
            _write(member, parts)
        parts.append(b"}")
    elif isinstance(value, np.ndarray):
        marker = _MARKERS[value.dtype.str[1:]]
        parts.append(b"[$" + marker + b"#" + _length(len(value)) + value.astype(_TYPES[marker]).tobytes())
    elif isinstance(value, list):
        parts.append(b"[#" + _length(len(value)))
        for element in value:
            _write(element, parts)
    elif isinstance(value, str):
        parts.append(b"S" + _counted(value.encode("utf-8")))
    else:
        parts.append(_scalar(value))


def _scalar(value: bool | int | float | None) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"Z", True: b"T", False: b"F"}[value]
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    marker = next(marker for marker, bound in _SMALLEST_FIRST if -bound <= value < bound)
    return marker + _NUMBERS[marker].pack(value)


def _counted(data: bytes) -> bytes:
    return _length(len(data)) + data


def _length(size: int) -> bytes:
    return b"L" + struct.pack(">q", size)
