"""Arguments of explainers, and what the explained function returns, are checked here, in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import naming

__all__ = [
    "as_array",
    "as_numbers",
    "check_choice",
    "check_count",
    "check_flag",
    "check_names",
    "checked_outputs",
    "known_classes",
]


def as_array(values: Any, name: str) -> NDArray[Any]:
    """`values` as an array.

    Raises
    ------
    ValueError
        Naming the argument, if rows differ in length or entries are complex.
    """
    with naming(name):
        array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    if array.dtype.kind == "c":
        raise ValueError(f"{name} has complex numbers.")
    return array


def as_numbers(values: Any, name: str) -> NDArray[np.float64]:
    """`values` as float64; dates are no numbers here, and texts only if every one spells a number.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    array = as_array(values, name)
    if array.dtype.kind in "mM":
        raise ValueError(f"{name} must hold numbers, not dates; subtract a date and divide by a unit of time.")
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from None


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError unless `value` is one of the texts."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}.")


def check_count(name: str, value: Any, smallest: int) -> int:
    """`value` as an int, or ValueError if it is no whole number or too small."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < smallest:
        raise ValueError(f"{name} must be a whole number, at least {smallest}, not {value!r}.")
    return int(value)


def check_flag(name: str, value: Any) -> bool:
    """`value` as a bool, or ValueError if it is neither True, False, 1 nor 0."""
    if not isinstance(value, bool | np.bool_ | int | np.integer) or value not in (0, 1):
        raise ValueError(f"{name} must be True or False, not {value!r}.")
    return bool(value)


def known_classes(function: Any, numbers: list[str]) -> list[str]:
    """Names of a classifier's classes if `function` is a method of it with as many outputs; else the numbers."""
    classes = np.asarray(getattr(getattr(function, "__self__", None), "classes_", None))
    per_class = getattr(function, "__name__", "") in ("predict_proba", "predict_log_proba", "decision_function")
    return [str(label) for label in classes] if per_class and classes.shape == (len(numbers),) else numbers


def check_names(name: str, value: Any, count: int, of_what: str) -> tuple[str, ...]:
    """Names as a tuple of texts.

    Raises
    ------
    ValueError
        If they are one text (whose letters would be taken for names), or not `count` many.
    """
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be a list of names, not {value!r}.")
    names = tuple(str(each) for each in value)
    if len(names) != count:
        raise ValueError(f"{name} has {len(names)} names for {count} {of_what}.")
    return names


def checked_outputs(outputs: Any, n_rows: int, name: str) -> NDArray[np.float64]:
    """What the explained function returned for `n_rows` rows, as float64 of shape (n_rows,) or (n_rows, n_outputs).

    Raises
    ------
    ValueError
        Naming the function, if it returned another shape, text, NaN or infinity.
    """
    outputs = as_array(outputs, name)
    texts = outputs.dtype.kind in "US" or (
        outputs.dtype == object and any(isinstance(each, str) for each in outputs.ravel())
    )
    try:
        # Labels "0" and "1" would become numbers, and the explanation would be of the label.
        if texts:
            raise TypeError
        outputs = np.asarray(outputs, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must return numbers; pass predict_proba for a classifier of texts.") from None
    if outputs.ndim not in (1, 2) or len(outputs) != n_rows or outputs.shape[1:] == (0,):
        raise ValueError(
            f"{name} returned an array of shape {outputs.shape} for {n_rows} rows; "
            f"({n_rows},) or ({n_rows}, n_outputs) is needed."
        )
    if not np.isfinite(outputs).all():
        raise ValueError(f"{name} returned NaN or infinity for some rows: there is nothing to explain.")
    return outputs
