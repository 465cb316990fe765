"""What is known of the rows of a data matrix: targets, weights, margins to start from, groups; set and told by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOATS", "OF_ROWS", "RowInfo", "whole_numbers"]

# What is known of the rows, as float32: one number for each row, or a row of numbers.
OF_ROWS = ("label", "weight", "base_margin", "label_lower_bound", "label_upper_bound")
FLOATS = (*OF_ROWS, "feature_weights")


class RowInfo:
    """Methods of `DMatrix` about what is known of its rows."""

    # Of the class that this one is a part of.
    _info: dict[str, NDArray]
    num_row: Any
    num_col: Any

    def given(self, field: str) -> NDArray | None:
        """What has been said of the rows, or None; not to be changed."""
        return self._info.get(field)

    def set_float_info(self, field: str, data: Any) -> None:
        """Say what is known of the rows, as numbers.

        Parameters
        ----------
        field : {"label", "weight", "base_margin", "label_lower_bound", "label_upper_bound", "feature_weights"}
        data : array-like
        """
        if field not in FLOATS:
            raise ValueError(f"field={field!r} must be one of {', '.join(map(repr, FLOATS))}")
        values = _numbers(field, data)
        bounds = field.endswith("bound")
        if np.isnan(values).any() or (not bounds and np.isinf(values).any()):
            raise ValueError(f"{field}: has NaN, or infinite values, or numbers too large for float32")
        if field.endswith(("weight", "weights")):
            if np.any(values < 0):
                raise ValueError(f"{field}: must not be negative")
            values = values.ravel()
        if field == "feature_weights":
            wrong = len(values) != self.num_col()
        else:
            # Weights may be those of groups, which are not known yet.
            wrong = field != "weight" and values.size % max(self.num_row(), 1) != 0
        if wrong or (values.size == 0 and self.num_row() > 0):
            raise ValueError(f"{field}: {values.size} numbers for {self.num_row()} rows and {self.num_col()} columns")
        per_row = 1 if self.num_row() == 0 else values.size // self.num_row()
        self._info[field] = values.reshape(-1, per_row) if field in OF_ROWS[:3] and per_row > 1 else values.ravel()

    def set_float_info_npy2d(self, field: str, data: Any) -> None:
        """As `set_float_info`."""
        self.set_float_info(field, data)

    def set_uint_info(self, field: str, data: Any) -> None:
        """Say which rows belong together.

        Parameters
        ----------
        field : {"group", "qid"}
            Sizes of groups, or a number for each row.
        data : array-like of int
        """
        if field not in ("group", "qid"):
            raise ValueError(f"field={field!r} must be one of 'group', 'qid'")
        values = whole_numbers(field, data)
        if field == "group":
            start = np.concatenate([[0], np.cumsum(values)])
        else:
            if np.any(values[1:] < values[:-1]):
                raise ValueError("qid: must not fall from one row to the next")
            start = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]])
        if start[-1] != self.num_row():
            raise ValueError(f"{field}: is about {start[-1]} rows, the table has {self.num_row()}")
        self._info["group_ptr"] = start.astype(np.uint32)

    def get_float_info(self, field: str) -> NDArray[np.float32]:
        """What is known of the rows, as numbers; empty if nothing is. `field` as in `set_float_info`."""
        if field not in FLOATS:
            raise ValueError(f"field={field!r} must be one of {', '.join(map(repr, FLOATS))}")
        return self._info.get(field, np.empty(0, dtype=np.float32)).copy()

    def get_uint_info(self, field: str) -> NDArray[np.uint32]:
        """First row of each group, and the number of rows; empty without groups. `field` is "group_ptr"."""
        if field != "group_ptr":
            raise ValueError(f"field={field!r} must be 'group_ptr'")
        return self._info.get(field, np.empty(0, dtype=np.uint32)).copy()

    def set_label(self, label: Any) -> None:
        """Set the targets."""
        self.set_float_info("label", label)

    def set_weight(self, weight: Any) -> None:
        """Set the weights of the rows, or of the groups when ranking."""
        self.set_float_info("weight", weight)

    def set_base_margin(self, margin: Any) -> None:
        """Set where the margin of each row starts."""
        self.set_float_info("base_margin", margin)

    def set_group(self, group: Any) -> None:
        """Set the sizes of the groups."""
        self.set_uint_info("group", group)

    def get_label(self) -> NDArray[np.float32]:
        """The targets; empty if there are none."""
        return self.get_float_info("label")

    def get_weight(self) -> NDArray[np.float32]:
        """The weights; empty if there are none."""
        return self.get_float_info("weight")

    def get_base_margin(self) -> NDArray[np.float32]:
        """Where the margins start; empty if nothing is known of it."""
        return self.get_float_info("base_margin")

    def get_group(self) -> NDArray[np.uint32]:
        """The sizes of the groups; empty if there are none."""
        return np.diff(self.get_uint_info("group_ptr"))


def _numbers(field: str, data: Any) -> NDArray[np.float32]:
    """A copy as float32."""
    array = np.asarray(data)
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"{field}: numbers are needed, not {array.dtype}")
    try:
        with np.errstate(over="ignore"):
            return np.array(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{field}: {error}") from None


def whole_numbers(field: str, data: Any) -> NDArray[np.int64]:
    """A row of whole numbers that are not negative; the error about others names the field."""
    array = np.asarray(data)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or np.any(array != np.floor(array)) or np.any(array < 0):
        raise ValueError(f"{field}: must be a row of whole numbers that are not negative")
    return array.astype(np.int64)
