"""Effect bars show the weights of a local model: to the right what speaks for the output, to the left against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .labels import INK, LIGHT_INK, NEGATIVE, POSITIVE, bare_axes, shortened

__all__ = ["effect_bars"]

LONGEST_CONDITION = 44


def effect_bars(
    names: Sequence[str],
    values: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Horizontal bars in the order given, the first on top.

    Parameters
    ----------
    names : sequence of str
        What each value belongs to.
    values : array-like of shape (n_names,)
    standard_errors : array-like of shape (n_names,), optional
        Drawn as whiskers of two standard errors.
    title : str, default=""
    ax : matplotlib.axes.Axes, optional
        Default: a new figure, sized for the number of bars.

    Returns
    -------
    matplotlib.axes.Axes
    """
    widths = np.asarray(values, dtype=np.float64)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8.0, 1.4 + 0.38 * len(widths)), layout="constrained")[1]
    rows = np.arange(len(widths))
    colours = [POSITIVE if width >= 0 else NEGATIVE for width in widths]
    errors = None if standard_errors is None else 2 * np.asarray(standard_errors, dtype=np.float64)
    if errors is not None and not errors.any():
        errors = None
    ax.barh(rows, widths, height=0.62, color=colours, xerr=errors, ecolor=INK, error_kw={"linewidth": 1.2}, zorder=2)
    ax.axvline(0.0, color=LIGHT_INK, linewidth=0.8, zorder=1)
    ax.set_yticks(rows, [shortened(name, LONGEST_CONDITION) for name in names])
    ax.set_ylim(len(widths) - 0.4, -0.6)
    ax.set_title(title, color=INK, loc="left")
    ax.set_xlabel("weight" + ("" if errors is None else " (whiskers: 2 standard errors)"), color=INK)
    bare_axes(ax)
    return ax
