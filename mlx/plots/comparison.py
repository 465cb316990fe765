"""Pictures of a comparison: scores with intervals, time ratios, differences; one row per model, best on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .labels import INK, LIGHT_INK, NEGATIVE, PAPER, POSITIVE, bare_axes

__all__ = ["Range", "difference_plot", "score_plot", "time_ratio_plot"]

OURS, THEIRS = NEGATIVE, POSITIVE

# Both marks of a model are moved this far off the middle of its row.
APART = 0.14

# Rounding of float64: a difference below it is drawn at it.
SMALLEST_DIFFERENCE = 1e-17


class Range(NamedTuple):
    """A value with the ends of its whisker; nan ends draw none."""

    value: float
    lower: float
    upper: float


def score_plot(
    names: Sequence[str], ours: Sequence[Range], theirs: Sequence[Range | None], label: str, *, ax: Any = None
) -> Any:
    """Mean scores with intervals, ours as a filled and the library's as an open mark.

    Parameters
    ----------
    names : sequence of str
        Models, from top to bottom.
    ours, theirs : sequence of Range
        Scores; None where there is no library's score.
    label : str
        Name of the score, for the axis.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _rows(names, ax)
    for row, (our, their) in enumerate(zip(ours, theirs)):
        _mark(ax, row - (APART if their else 0.0), our, OURS, filled=True, label="mlx")
        if their is not None:
            _mark(ax, row + APART, their, THEIRS, filled=False, label="library")
    ax.set_xlabel(f"{label}, mean and 95 % interval", color=INK)
    ax.margins(x=0.06)
    _legend(ax)
    return ax


def time_ratio_plot(
    names: Sequence[str], fit: Sequence[Range | None], predict: Sequence[Range | None], *, ax: Any = None
) -> Any:
    """Time of ours over the library's on a logarithmic axis; left of the line at 1 ours is faster.

    Parameters
    ----------
    names : sequence of str
        Models, from top to bottom.
    fit, predict : sequence of Range
        Median and quartiles; None where there is none.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax = _rows(names, ax)
    ax.set_xscale("log", base=2)
    ax.axvline(1.0, color=LIGHT_INK, linewidth=1.0, zorder=0)
    ends = [1.0]
    for row, pair in enumerate(zip(fit, predict)):
        for offset, ratio, filled, label in zip((-APART, APART), pair, (True, False), ("fit", "predict")):
            if ratio is not None:
                _mark(ax, row + offset, ratio, OURS, filled=filled, label=label)
                ends += [ratio.lower, ratio.upper]
    # Whole powers of two, with room beside the outermost mark, so that at least two ticks have a number.
    ax.set_xlim(2.0 ** (np.floor(np.log2(min(ends))) - 0.3), 2.0 ** (np.ceil(np.log2(max(ends))) + 0.3))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×" if value >= 1 else f"1/{1 / value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("time of mlx / time of the library, median and quartiles  (left of 1: mlx is faster)", color=INK)
    _legend(ax)
    return ax


def difference_plot(names: Sequence[str], differences: Sequence[float], unit: str, *, ax: Any = None) -> Any:
    """Largest difference of held-out predictions from the library, on a logarithmic axis.

    Parameters
    ----------
    names : sequence of str
        Models, from top to bottom.
    differences : sequence of float
        Zero is drawn at the left end.
    unit : str
        What the differences are measured in.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import LogLocator, NullLocator

    ax = _rows(names, ax)
    ax.set_xscale("log")
    for row, difference in enumerate(differences):
        place = max(difference, SMALLEST_DIFFERENCE)
        ax.plot([SMALLEST_DIFFERENCE, place], [row, row], color=OURS, linewidth=2.0, alpha=0.35, zorder=1)
        ax.plot([place], [row], marker="o", color=OURS, markersize=7, linestyle="none", zorder=2)
        text = "0" if difference == 0 else f"{difference:.1e}"
        ax.annotate(text, (place, row), (9, 0), textcoords="offset points", va="center", color=INK, fontsize="small")
    ax.set_xlim(SMALLEST_DIFFERENCE, 30.0 * max(1.0, *differences))
    ax.xaxis.set_major_locator(LogLocator(numticks=8))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(f"largest difference of held-out predictions from the library, {unit}", color=INK)
    return ax


def _rows(names: Sequence[str], ax: Any) -> Any:
    """Axes with one horizontal lane per name, the first on top."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8.0, 1.2 + 0.5 * len(names)), layout="constrained")[1]
    for row in range(len(names)):
        ax.axhline(row, color="#dddddd", linewidth=0.6, zorder=0)
    ax.set_yticks(np.arange(len(names)), list(names))
    ax.set_ylim(len(names) - 0.5, -0.5)
    bare_axes(ax)
    return ax


def _mark(ax: Any, row: float, point: Range, colour: str, *, filled: bool, label: str) -> None:
    if np.isfinite(point.lower) and np.isfinite(point.upper):
        ax.plot([point.lower, point.upper], [row, row], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=1)
    ax.plot(
        [point.value],
        [row],
        marker="o",
        markersize=7,
        color=colour,
        markerfacecolor=colour if filled else PAPER,
        markeredgewidth=1.6,
        linestyle="none",
        label=label,
        zorder=2,
    )


def _legend(ax: Any) -> None:
    """Legend above the axes, with each label once."""
    handles, labels = ax.get_legend_handles_labels()
    first = {label: handle for handle, label in reversed(list(zip(handles, labels)))}
    order = list(dict.fromkeys(labels))
    ax.legend(
        [first[label] for label in order],
        order,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        frameon=False,
        labelcolor=INK,
        borderaxespad=0.2,
        handletextpad=0.2,
    )
