"""A waterfall shows how the features of one row carry the model from its average output to this output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import INK, LIGHT_INK, NEGATIVE, PAPER, POSITIVE, bare_axes, feature_label, number

__all__ = ["waterfall"]

BAR_HEIGHT = 0.62

# Part of the axis' width that a figure needs. A bar that is wider carries its figure inside.
LABEL_WIDTH = 0.12

# Whiskers shorter than this part of the width would be specks.
SHORTEST_WHISKER = 0.004


def waterfall(
    values: ArrayLike,
    base_value: float,
    data: Sequence[Any],
    feature_names: Sequence[str],
    *,
    standard_errors: ArrayLike | None = None,
    output_name: str | None = None,
    max_display: int = 10,
    ax: Any = None,
) -> Any:
    """Bars from the base value to the model's output, the largest value on top.

    Parameters
    ----------
    values : array-like of shape (n_features,)
        Share of each feature.
    base_value : float
        Output when no feature is known.
    data : sequence of length n_features
        The row's values, shown beside the names.
    feature_names : sequence of str
    standard_errors : array-like of shape (n_features,), optional
        Drawn as thin whiskers of two standard errors where they can be seen.
    output_name : str, optional
        Name of the output, for the title of the axis.
    max_display : int, default=10
        Number of bars; the features left over share the last one.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure, sized for the number of bars.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If max_display is below 1, lengths differ, or values are none or not finite.
    """
    shares = np.asarray(values, dtype=np.float64)
    if shares.ndim != 1 or not len(shares) == len(data) == len(feature_names):
        raise ValueError(f"values, data and feature_names must have one entry per feature; values: {shares.shape}.")
    if max_display < 1:
        raise ValueError(f"max_display must be at least 1, not {max_display}.")
    errors = np.zeros(len(shares)) if standard_errors is None else np.asarray(standard_errors, dtype=np.float64)
    if errors.shape != shares.shape:
        raise ValueError(f"standard_errors must have one entry per feature; its shape is {errors.shape}.")
    if not len(shares) or not np.isfinite([base_value, *shares]).all():
        raise ValueError("values and base_value must be finite, and values of at least one feature.")
    labels, shares, errors = _largest(shares, errors, data, feature_names, max_display)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8.0, 1.6 + 0.42 * len(shares)), layout="constrained")[1]
    has_whiskers = _draw(ax, shares, errors, base_value)
    ax.set_yticks(np.arange(len(shares)), labels)
    ax.set_ylim(len(shares) + 0.05, -1.05)
    _mark_ends(ax, base_value, base_value + shares.sum(), len(shares))
    title = "model output" if output_name is None else f"model output: {output_name}"
    ax.set_xlabel(title + (" (whiskers: 2 standard errors)" if has_whiskers else ""), color=INK)
    bare_axes(ax)
    return ax


def _largest(
    shares: NDArray[np.float64],
    errors: NDArray[np.float64],
    data: Sequence[Any],
    names: Sequence[str],
    max_display: int,
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(-np.abs(shares), kind="stable")
    shown = order if len(order) <= max_display else order[: max_display - 1]
    left_over = order[len(shown) :]
    labels = [feature_label(names[j], data[j]) for j in shown]
    shares_shown, errors_shown = shares[shown], errors[shown]
    if len(left_over):
        labels.append(f"{len(left_over)} other features")
        shares_shown = np.append(shares_shown, shares[left_over].sum())
        # As if independent. The values of a row have a known sum, so that their errors rather cancel.
        errors_shown = np.append(errors_shown, np.sqrt((errors[left_over] ** 2).sum()))
    return labels, shares_shown, errors_shown


def _draw(ax: Any, shares: NDArray[np.float64], errors: NDArray[np.float64], base_value: float) -> bool:
    """Bars from the bottom upwards: the smallest share leaves the base value, the largest reaches the output.

    Returns whether there are whiskers.
    """
    ends = base_value + np.cumsum(shares[::-1])[::-1]
    begins = ends - shares
    low, high = min(ends.min(), begins.min()), max(ends.max(), begins.max())
    span = (high - low) or max(abs(high), 1.0)
    ax.set_xlim(low - 0.17 * span, high + 0.17 * span)
    whiskers = np.where(2 * errors > SHORTEST_WHISKER * span, 2 * errors, 0.0)
    for row, (begin, share, whisker) in enumerate(zip(begins, shares, whiskers)):
        colour = POSITIVE if share >= 0 else NEGATIVE
        ax.barh(row, share, left=begin, height=BAR_HEIGHT, color=colour, zorder=2)
        if whisker:
            end = begin + share
            ax.plot([end - whisker, end + whisker], [row, row], color=INK, linewidth=1.2, zorder=4)
        _write(ax, row, begin, share, span, colour, whisker)
        if row + 1 < len(shares):
            ax.plot([begin, begin], [row - BAR_HEIGHT / 2, row + 1 + BAR_HEIGHT / 2], color=LIGHT_INK, lw=0.6, zorder=1)
    return bool(whiskers.any())


def _write(ax: Any, row: int, begin: float, share: float, span: float, colour: str, whisker: float) -> None:
    text = ("+" if share >= 0 else "−") + f"{abs(share):.3g}"
    if abs(share) > LABEL_WIDTH * span + 2 * whisker:
        middle = begin + (share - np.sign(share) * whisker) / 2
        ax.text(middle, row, text, ha="center", va="center", color="white")
        return
    side = 1.0 if share >= 0 else -1.0
    at = begin + share + side * (0.012 * span + whisker)
    ax.text(at, row, text, ha="left" if side > 0 else "right", va="center", color=colour)


def _mark_ends(ax: Any, base_value: float, output: float, n_bars: int) -> None:
    """A dotted line at the base value, named below the bars, and one at the output, named above them."""
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
    for at, row, text, colour in (
        (base_value, n_bars - 0.28, f"average {number(base_value)}", LIGHT_INK),
        (output, -0.72, f"output {number(output)}", INK),
    ):
        ax.axvline(at, color=LIGHT_INK, linewidth=0.8, linestyle=":", zorder=0)
        ax.text(at, row, text, ha="center", va="center", color=colour, bbox=paper, zorder=1)
