"""Colours show at a glance what the nodes of a decision tree would answer, and how surely.

Each class has a hue; it pales towards white as the second largest share nears the largest. A regressor's node is the
darker, the higher its mean, and one of several targets the darker, the purer it is. The colours are scikit-learn's.
"""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["node_colours"]

# Degrees of the first hue, and how strong and bright all are.
FIRST_HUE, SATURATION, BRIGHTNESS = 25, 0.75, 0.9

Colour = tuple[int, int, int]


def node_colours(tree: Any) -> list[str]:
    """Colour of each node of a ``tree_``, as in ``#e58139``."""
    colours = _hues(int(tree.n_classes[0]))
    if tree.n_outputs != 1:
        return [_paled(colours[0], strength) for strength in _between(-tree.impurity)]
    if tree.n_classes[0] == 1:
        return [_paled(colours[0], strength) for strength in _between(tree.value[:, 0, 0])]
    shares = tree.value[:, 0, :]
    ordered = np.sort(shares, axis=1)
    first, second = ordered[:, -1], ordered[:, -2]
    strengths = (first - second) / (1 - second)
    return [_paled(colours[k], strength) for k, strength in zip(np.argmax(shares, axis=1), strengths)]


def _hues(n: int) -> list[Colour]:
    """Colours whose hues lie at equal distances."""
    degrees = np.arange(FIRST_HUE, FIRST_HUE + 360, 360.0 / n).astype(int)
    return [_rgb(*colorsys.hsv_to_rgb(hue / 360, SATURATION, BRIGHTNESS)) for hue in degrees.tolist()]


def _rgb(red: float, green: float, blue: float) -> Colour:
    return int(255 * red), int(255 * green), int(255 * blue)


def _between(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where values lie between the lowest, 0, and the highest, 1; 0 if all are one."""
    span = values.max() - values.min()
    return (values - values.min()) / span if span > 0 else np.zeros(len(values))


def _paled(colour: Colour, strength: float) -> str:
    """A colour laid over white."""
    parts = [round(strength * part + (1 - strength) * 255) for part in colour]
    return "#" + "".join(f"{part:02x}" for part in parts)
