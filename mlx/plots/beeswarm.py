"""A beeswarm shows all rows at once: where a feature's dots lie is what it does, their colour is its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import INK, LIGHT_INK, bare_axes, shortened

__all__ = ["beeswarm"]

# Perceptually even from blue to yellow, and readable with every common kind of colour blindness.
COLOURS = "cividis"
UNCOLOURED = "#8a8a8a"

# Dots are moved apart within a feature's lane in this many bins of the horizontal axis.
BINS = 100
LANE = 0.4

# Below so many lanes the title of the colour bar needs two lines, further out.
FEW_LANES = 5

# Colours span these percentiles of a feature's values, so that one outlier does not make all others look alike.
COLOUR_RANGE = (5, 95)


def beeswarm(
    values: ArrayLike,
    data: Any,
    feature_names: Sequence[str],
    *,
    output_name: str | None = None,
    max_display: int = 10,
    ax: Any = None,
) -> Any:
    """One dot per row and feature, features with the largest mean |value| on top.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_features)
        Shares of the features.
    data : array-like of shape (n_rows, n_features)
        The rows' values, for the colours; values that are no numbers, and missing ones, are grey.
    feature_names : sequence of str
    output_name : str, optional
        Name of the output, for the title of the axis.
    max_display : int, default=10
        Number of features shown.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure, sized for the number of features.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If max_display is below 1, shapes differ, or values are none or not finite.
    """
    shares = np.asarray(values, dtype=np.float64)
    table = np.asarray(data)
    if shares.ndim != 2 or shares.shape != table.shape or shares.shape[1] != len(feature_names):
        raise ValueError(
            f"values and data must have one row per row and one column per name in feature_names; "
            f"values: {shares.shape}, data: {table.shape}, names: {len(feature_names)}."
        )
    if not shares.size or not np.isfinite(shares).all():
        raise ValueError("values must be finite, of at least one row and one feature.")
    if max_display < 1:
        raise ValueError(f"max_display must be at least 1, not {max_display}.")
    order = np.argsort(-np.abs(shares).mean(axis=0), kind="stable")[:max_display]
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8.0, 1.3 + 0.42 * len(order)), layout="constrained")[1]
    span = float(np.ptp(shares[:, order])) or 1.0
    size = 16.0 if len(shares) <= 500 else 8.0
    ax.axvline(0.0, color=LIGHT_INK, linewidth=0.8, zorder=0)
    for lane, feature in enumerate(order):
        ax.axhline(lane, color="#dddddd", linewidth=0.6, zorder=0)
        heights = lane + _spread(shares[:, feature], span, len(order))
        shade = _shades(table[:, feature])
        known = np.isfinite(shade)
        dots = {"s": size, "linewidths": 0, "zorder": 2, "rasterized": len(shares) > 500}
        ax.scatter(shares[~known, feature], heights[~known], color=UNCOLOURED, **dots)
        ax.scatter(shares[known, feature], heights[known], c=shade[known], cmap=COLOURS, vmin=0, vmax=1, **dots)
    names = [shortened(str(feature_names[feature])) for feature in order]
    ax.set_yticks(np.arange(len(order)), names)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.margins(x=0.03)
    title = "effect on the model output" if output_name is None else f"effect on the model output: {output_name}"
    ax.set_xlabel(title, color=INK)
    bare_axes(ax)
    _colour_bar(ax, len(order))
    return ax


def _spread(shares: NDArray[np.float64], span: float, n_lanes: int) -> NDArray[np.float64]:
    """Distance of each dot from the middle of its lane: dots of one bin lie in turn above and below each other."""
    bins = np.floor((shares - shares.min()) / span * BINS).astype(np.int64)
    # Within a bin in the order of the rows: sorted by share, neighbours would draw arrowheads that mean nothing.
    order = np.argsort(bins, kind="stable")
    sorted_bins = bins[order]
    starts = np.flatnonzero(np.r_[True, sorted_bins[1:] != sorted_bins[:-1]])
    rank = np.arange(len(shares)) - np.repeat(starts, np.diff(np.r_[starts, len(shares)]))
    steps = (rank + 1) // 2 * np.where(rank % 2, 1.0, -1.0)
    heights = np.empty(len(shares))
    # A dot is about a fortieth of a lane high; where a bin holds more dots than fit, they move closer together.
    heights[order] = steps * min(0.07, LANE / max(1.0, float(np.abs(steps).max(initial=0.0))))
    return heights


def _shades(column: NDArray[Any]) -> NDArray[np.float64]:
    """Place of each value between the low and the high of its feature, 0 to 1; NaN where it is no number."""
    try:
        numbers = column.astype(np.float64)
    except (TypeError, ValueError):
        return np.full(len(column), np.nan)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return np.full(len(column), np.nan)
    low, high = np.percentile(known, COLOUR_RANGE)
    if high <= low:
        low, high = known.min(), known.max()
    if high <= low:
        return np.where(np.isfinite(numbers), 0.5, np.nan)
    return np.where(np.isfinite(numbers), np.clip((numbers - low) / (high - low), 0.0, 1.0), np.nan)


def _colour_bar(ax: Any, n_lanes: int) -> None:
    """A bar as high as the picture; beside few lanes there is no room for its title between "low" and "high"."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = ax.figure.colorbar(ScalarMappable(Normalize(0, 1), COLOURS), ax=ax, aspect=30, pad=0.02)
    bar.set_ticks([0, 1], labels=["low", "high"])
    is_low = n_lanes < FEW_LANES
    title = "value of\nthe feature" if is_low else "value of the feature"
    bar.set_label(title, color=INK, labelpad=0 if is_low else -12)
    bar.ax.tick_params(length=0, labelcolor=INK)
    bar.outline.set_visible(False)
