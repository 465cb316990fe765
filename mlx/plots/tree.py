"""A tree diagram shows the questions from the root down to the leaves, each way marked with the answer that takes it.

Leaves stand side by side below, at equal distances; an inner node stands in the middle above its two children. Leaves
are coloured by the sign and size of what they say; a way is the thicker, the more rows take it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import INK, LIGHT_INK, NEGATIVE, POSITIVE

__all__ = ["tree_diagram"]

# Inches that a leaf and a level need to be read in the largest type.
LEAF_WIDTH, LEVEL_HEIGHT = 1.25, 1.15
LARGEST_TYPE, SMALLEST_TYPE = 10.0, 4.0

# Points of a line's width for all rows.
WIDEST_WAY = 6.0

MORE = "…"


def tree_diagram(
    left: ArrayLike,
    right: ArrayLike,
    texts: Sequence[str],
    answers: Sequence[str],
    values: ArrayLike,
    cover: ArrayLike,
    *,
    max_depth: int | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw one tree.

    Parameters
    ----------
    left, right : array-like of int, shape (n_nodes,)
        Children; -1 at leaves. Node 0 is the root, children come after their parent.
    texts : sequence of str, length n_nodes
        What stands in each node; may have several lines.
    answers : sequence of str, length n_nodes
        What stands at the way that leads to each node.
    values : array-like of float, shape (n_nodes,)
        What each leaf says: its colour.
    cover : array-like of float, shape (n_nodes,)
        Weight of the rows that reach each node: the width of the way.
    max_depth : int, optional
        Nodes at this depth show their first line and dots if there are questions below. Default: all are shown.
    title : str, default=""
    ax : matplotlib.axes.Axes, optional
        Default: a new figure, sized for the number of leaves.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If lengths differ or max_depth is negative.
    """
    left, right = np.asarray(left), np.asarray(right)
    if not len(left) == len(right) == len(texts) == len(answers) == len(np.asarray(values)) == len(np.asarray(cover)):
        raise ValueError("left, right, texts, answers, values and cover must have one entry per node")
    if max_depth is not None and max_depth < 0:
        raise ValueError(f"max_depth must not be negative, it is {max_depth}")
    x, depth, shown = _places(left, right, max_depth)
    n_columns, n_levels = x[shown].max() + 1, depth[shown].max() + 1
    if ax is None:
        import matplotlib.pyplot as plt

        page = (max(4.0, LEAF_WIDTH * n_columns), 0.5 + LEVEL_HEIGHT * n_levels)
        ax = plt.subplots(figsize=page, layout="constrained")[1]
    ax.set_xlim(-0.6, n_columns - 0.4)
    ax.set_ylim(-(n_levels - 1) - 0.5, 0.5)
    ax.set_axis_off()
    ax.set_title(title, color=INK)
    size = _type_size(ax, n_columns)
    _draw_ways(ax, left, right, x, depth, shown, answers, np.asarray(cover, dtype=np.float64), size)
    _draw_nodes(ax, left, x, depth, shown, texts, np.asarray(values, dtype=np.float64), max_depth, size)
    return ax


def _places(
    left: NDArray[np.integer], right: NDArray[np.integer], max_depth: int | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.intp]]:
    """Column and depth of each node, and which are shown, parents before children."""
    x, depth = np.zeros(len(left)), np.zeros(len(left), dtype=np.int64)
    shown, waiting, n_columns = [], [0], 0
    while waiting:
        node = waiting.pop()
        shown.append(node)
        if left[node] < 0 or depth[node] == max_depth:
            x[node] = n_columns
            n_columns += 1
        else:
            depth[[left[node], right[node]]] = depth[node] + 1
            waiting += [int(right[node]), int(left[node])]
    for node in reversed(shown):
        if left[node] >= 0 and depth[node] != max_depth:
            x[node] = (x[left[node]] + x[right[node]]) / 2
    return x, depth, np.array(shown)


def _type_size(ax: Any, n_columns: float) -> float:
    """Points, so that a leaf's text has room in its column."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    return float(np.clip(LARGEST_TYPE * inches / (LEAF_WIDTH * n_columns), SMALLEST_TYPE, LARGEST_TYPE))


def _draw_ways(
    ax: Any,
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    x: NDArray[np.float64],
    depth: NDArray[np.int64],
    shown: NDArray[np.intp],
    answers: Sequence[str],
    cover: NDArray[np.float64],
    size: float,
) -> None:
    drawn = set(shown.tolist())
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
    for node in shown:
        for child in (int(left[node]), int(right[node])):
            if child not in drawn:
                continue
            width = WIDEST_WAY * cover[child] / cover[0] if cover[0] > 0 else 1.0
            ends = [x[node], x[child]], [-depth[node], -depth[child]]
            ax.plot(*ends, color=LIGHT_INK, linewidth=max(width, 0.6), alpha=0.6, solid_capstyle="round", zorder=1)
            at = (x[node] + x[child]) / 2, -(depth[node] + depth[child]) / 2
            ax.text(
                *at, answers[child], ha="center", va="center", fontsize=0.85 * size, color=INK, bbox=paper, zorder=2
            )


def _draw_nodes(
    ax: Any,
    left: NDArray[np.integer],
    x: NDArray[np.float64],
    depth: NDArray[np.int64],
    shown: NDArray[np.intp],
    texts: Sequence[str],
    values: NDArray[np.float64],
    max_depth: int | None,
    size: float,
) -> None:
    largest = np.abs(values[left < 0]).max() or 1.0
    for node in shown:
        is_leaf = left[node] < 0
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": LIGHT_INK, "linewidth": 0.8}
        text = texts[node]
        if is_leaf:
            frame["facecolor"] = _tint(values[node] / largest)
            frame["edgecolor"] = POSITIVE if values[node] >= 0 else NEGATIVE
        elif depth[node] == max_depth:
            text = f"{text.splitlines()[0]}\n{MORE}"
        place = (x[node], -depth[node])
        ax.text(*place, text, ha="center", va="center", fontsize=size, color=INK, bbox=frame, zorder=3)


def _tint(share: float) -> tuple[float, ...]:
    """White at 0, towards the colour of the sign at 1 and -1, never so dark that text on it cannot be read."""
    from matplotlib.colors import to_rgb

    colour = np.array(to_rgb(POSITIVE if share >= 0 else NEGATIVE))
    return tuple(1.0 - 0.5 * abs(share) * (1.0 - colour))
