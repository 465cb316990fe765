"""Checks turn what is given into an array of the right kind, or say which argument, and which node, is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["flags", "floats", "integers", "refuse_nodes"]


def integers(array: Any, name: str) -> NDArray[np.int32]:
    """A copy as int32; ValueError if it does not hold integers of 32 bits."""
    values = np.asarray(array)
    if values.size and values.dtype.kind not in "iu":
        raise ValueError(f"{name}: must hold integers, not {values.dtype}")
    if values.size and (values.min() < -(2**31) or values.max() >= 2**31):
        raise ValueError(f"{name}: an entry does not fit in 32 bits")
    return values.astype(np.int32)


def flags(array: Any, name: str) -> NDArray[np.bool_]:
    """A copy as booleans; ValueError if it holds something else."""
    values = np.asarray(array)
    if values.dtype != np.bool_:
        raise ValueError(f"{name}: must hold booleans, not {values.dtype}")
    return values.copy()


def floats(array: Any, name: str) -> NDArray[np.floating]:
    """A copy as float32 if it is that, else as float64; ValueError if it does not hold numbers."""
    values = np.asarray(array)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{name}: must hold numbers, not {values.dtype}")
    return values.astype(values.dtype if values.dtype in (np.float32, np.float64) else np.float64)


def refuse_nodes(wrong: NDArray[np.bool_], message: str, first: int = 0) -> None:
    """Raise with the number of the first node that is wrong, if one is."""
    if np.any(wrong):
        raise ValueError(message.format(first + int(np.argmax(wrong))))
