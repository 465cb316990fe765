r"""A tree of boxes, drawn to fill the axes that there are: the type is as large as the widest box has room for.

Two branches of a node stand as near to each other as their outlines allow, and the node in the middle above them::

            o           Level after level the branches reach from and to (seen from their own nodes)
          /   \             left     0 to 0   -0.5 to 0.5
         o     o            right    0 to 0
        / \             Where both are, boxes are 1 apart: the left branch's second level may lie below the right node.
       o   o

Source: E. M. Reingold, J. S. Tilford, "Tidier drawings of trees", 1981.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["tree_boxes"]

CROPPED_TEXT, CROPPED_COLOUR = "\n  (...)  \n", "grey"


def tree_boxes(
    left: ArrayLike,
    right: ArrayLike,
    text_of: Callable[[int], str],
    *,
    colours: Sequence[str] | None = None,
    max_depth: int | None = None,
    rounded: bool = False,
    ax: Any = None,
    fontsize: float | None = None,
) -> list[Any]:
    """Draw one tree.

    Parameters
    ----------
    left, right : array-like of int, shape (n_nodes,)
        Children; -1 at leaves. Node 0 is the root.
    text_of : callable
        What stands in a node, by its number.
    colours : sequence of str, length n_nodes, optional
        Default: that of the axes.
    max_depth : int, optional
        Deepest level that is shown; a grey box below stands for all that follow. Default: all are shown.
    rounded : bool, default=False
    ax : matplotlib.axes.Axes, optional
        What it shows is cleared. Default: the current axes.
    fontsize : float, optional
        Default: as large as there is room for.

    Returns
    -------
    list of matplotlib.text.Annotation
    """
    import matplotlib.pyplot as plt

    ax = plt.gca() if ax is None else ax
    ax.clear()
    ax.set_axis_off()
    left, right = np.asarray(left), np.asarray(right)
    x, depth, shown = tidy_places(left, right, None if max_depth is None else max_depth + 1)
    n_columns, n_levels = x[shown].max() + 1, depth[shown].max() + 1
    at = np.stack([(x + 0.5) / n_columns, 1 - (depth + 0.5) / n_levels], axis=1)
    parent = np.zeros(len(left), dtype=np.int64)
    parent[left[left >= 0]] = parent[right[left >= 0]] = np.flatnonzero(left >= 0)
    size = {} if fontsize is None else {"fontsize": fontsize}
    boxes = []
    for node in shown.tolist():
        is_cropped = max_depth is not None and depth[node] > max_depth
        if is_cropped:
            colour = CROPPED_COLOUR
        else:
            colour = ax.get_facecolor() if colours is None else colours[node]
        box = {"boxstyle": "round", "fc": colour} if rounded else {"fc": colour}
        # A way ends at the parent's box, which hides what of it lies behind.
        way = {"arrowstyle": "<-", "edgecolor": plt.rcParams["text.color"]}
        text = CROPPED_TEXT if is_cropped else text_of(node)
        ends = (at[node],) if node == 0 else (at[parent[node]], at[node])
        where: dict[str, Any] = {"xycoords": "axes fraction", "ha": "center", "va": "center"}
        boxes.append(ax.annotate(text, *ends, bbox=box, arrowprops=way, zorder=100 - depth[node], **where, **size))
    if fontsize is None:
        _fit(boxes, ax, n_columns, n_levels)
    return boxes if max_depth == 0 else boxes + _answers(ax, left, right, at, boxes[0].get_fontsize())


def tidy_places(
    left: NDArray[np.integer], right: NDArray[np.integer], max_depth: int | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.intp]]:
    """Column and depth of each node, and which are shown, parents before children."""
    x, depth = np.zeros(len(left)), np.zeros(len(left), dtype=np.int64)
    shown, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        shown.append(node)
        if left[node] >= 0 and depth[node] != max_depth:
            depth[[left[node], right[node]]] = depth[node] + 1
            waiting += [int(right[node]), int(left[node])]
    # Outlines of the branches from each node down, seen from the node; and how far its children stand beside it.
    lowest, highest, beside = dict[int, NDArray](), dict[int, NDArray](), np.zeros(len(left))
    for node in reversed(shown):
        lowest[node] = highest[node] = np.zeros(1)
        if left[node] >= 0 and depth[node] != max_depth:
            first, second = int(left[node]), int(right[node])
            n_common = min(len(highest[first]), len(lowest[second]))
            half = (1 + np.max(highest[first][:n_common] - lowest[second][:n_common])) / 2
            beside[first], beside[second] = -half, half
            lowest[node] = np.append(0, _over(lowest.pop(first) - half, lowest.pop(second) + half))
            highest[node] = np.append(0, _over(highest.pop(second) + half, highest.pop(first) - half))
    for node in shown:
        if left[node] >= 0 and depth[node] != max_depth:
            children = [left[node], right[node]]
            x[children] = x[node] + beside[children]
    return x - x[shown].min(), depth, np.array(shown)


def _over(outline: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """An outline, and below its end the other one."""
    return np.append(outline, other[len(outline) :])


def _fit(boxes: list[Any], ax: Any, n_columns: float, n_levels: float) -> None:
    """Make the type so large that no box is wider or higher than its column and level."""
    ax.figure.draw_without_rendering()
    extents = [box.get_bbox_patch().get_window_extent() for box in boxes]
    room = ax.get_window_extent()
    width, height = (max(getattr(extent, side) for extent in extents) for side in ("width", "height"))
    size = boxes[0].get_fontsize() * min(room.width / n_columns / width, room.height / n_levels / height)
    for box in boxes:
        box.set_fontsize(size)


def _answers(ax: Any, left: Any, right: Any, at: Any, size: float) -> list[Any]:
    """Which answer takes which way, at the ways from the root: it is the same everywhere below."""
    ways = [(left[0], "True  ", "right"), (right[0], "  False", "left")]
    return [
        ax.annotate(text, (at[0] + at[child]) / 2, xycoords="axes fraction", ha=side, fontsize=size)
        for child, text, side in ways
        if child > 0
    ]
