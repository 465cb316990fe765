"""A label is what a reader sees of a feature: its name and value, short enough to leave room for the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["INK", "LIGHT_INK", "NEGATIVE", "PAPER", "POSITIVE", "bare_axes", "feature_label", "number", "shortened"]

# Vermilion and blue of Okabe and Ito's palette: told apart with every common kind of colour blindness.
POSITIVE = "#d55e00"
NEGATIVE = "#0072b2"
INK = "#222222"
LIGHT_INK = "#777777"

# What lies behind a figure, or inside an open mark; not pure white, so that a page can tell it from the white text on a
# bar and put its own paper there.
PAPER = "#fefefe"

LONGEST_NAME = 28
LONGEST_VALUE = 14


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """The text, with its middle left out if it is too long: both ends tell features apart."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 3
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def number(value: Any) -> str:
    """Four significant digits at most; whole numbers as they are; text as it is."""
    if isinstance(value, str | bytes | bool | np.bool_) or value is None:
        return str(value)
    try:
        as_float = float(value)
    except (TypeError, ValueError):
        return str(value)
    if not np.isfinite(as_float):
        return "missing" if np.isnan(as_float) else str(as_float)
    if as_float == int(as_float) and abs(as_float) < 1e6:
        return str(int(as_float))
    return f"{as_float:.4g}"


def feature_label(name: str, value: Any) -> str:
    """Name and value of a feature, ``age = 39``."""
    return f"{shortened(str(name))} = {shortened(number(value), LONGEST_VALUE)}"


def bare_axes(ax: Any) -> None:
    """Take away the frame on three sides, and the tick marks of the labels on the left."""
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(LIGHT_INK)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.tick_params(axis="x", color=LIGHT_INK, labelcolor=INK)
