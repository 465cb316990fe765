"""A decision tree as a picture: boxes with what each node asks and would answer, and the ways between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..plots.tree_boxes import tree_boxes
from .node_colours import node_colours
from .node_labels import PICTURE, NodeLabels, check_counts, check_flags, fitted_tree

__all__ = ["plot_tree"]


def plot_tree(
    decision_tree: Any,
    *,
    max_depth: int | None = None,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | bool | None = None,
    label: str = "all",
    filled: bool = False,
    impurity: bool = True,
    node_ids: bool = False,
    proportion: bool = False,
    rounded: bool = False,
    precision: int | None = 3,
    ax: Any = None,
    fontsize: float | None = None,
) -> list[Any]:
    """Draw a fitted decision tree as scikit-learn does, with its labels and colours.

    Parameters
    ----------
    decision_tree : estimator
        Ours or scikit-learn's: anything with a ``tree_``.
    max_depth : int, optional
        Deepest level that is shown; a grey node below stands for all that follow. Default: all are shown.
    feature_names : sequence of str, optional
        Default: "x[0]", "x[1]", ...
    class_names : sequence of str or True, optional
        Names of the classes of one target, in the order of ``classes_``; True writes "y[0]", ... Default: no classes.
    label : {"all", "root", "none"}, default="all"
        At which nodes impurities, rows and values are called by name.
    filled : bool, default=False
        Colour the nodes by what they answer.
    impurity, node_ids : bool, default=True and False
        Show the impurities, and the numbers of the nodes.
    proportion : bool, default=False
        Show shares of rows and of classes, not counts and weights.
    rounded : bool, default=False
        Draw boxes with round corners.
    precision : int, default=3
        Decimals of thresholds, impurities and values. None, on which scikit-learn fails, writes all.
    ax : matplotlib.axes.Axes, optional
        What it shows is cleared. Default: the current axes.
    fontsize : float, optional
        Default: as large as the boxes have room for.

    Returns
    -------
    list of matplotlib.text.Annotation
        The boxes, and "True" and "False" at the ways from the root.

    Raises
    ------
    ValueError
        If an argument has a wrong value, or there are not as many names as columns or classes.
    """
    tree = fitted_tree(decision_tree)
    check_counts(max_depth=max_depth)
    check_flags(filled=filled, rounded=rounded)
    labels = NodeLabels(
        tree, decision_tree.criterion, feature_names, class_names, label, impurity, node_ids, proportion, precision
    )
    return tree_boxes(
        tree.children_left,
        tree.children_right,
        lambda node: labels.text(node, PICTURE),
        colours=node_colours(tree) if filled else None,
        max_depth=max_depth,
        rounded=rounded,
        ax=ax,
        fontsize=fontsize,
    )
