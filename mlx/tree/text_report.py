"""A text report of a decision tree: one line per way out of a question, indented by how many came before.

::

    |--- petal width (cm) <= 0.80
    |   |--- class: setosa
    |--- petal width (cm) >  0.80
    |   |--- truncated branch of depth 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .node_labels import check_counts, check_flags, fitted_tree

__all__ = ["export_text"]


def export_text(
    decision_tree: Any,
    *,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[Any] | None = None,
    max_depth: int | None = 10,
    spacing: int = 3,
    decimals: int = 2,
    show_weights: bool = False,
) -> str:
    """Rules of a fitted decision tree as text; scikit-learn's, letter by letter.

    Parameters
    ----------
    decision_tree : estimator
        Ours or scikit-learn's: anything with a ``tree_``.
    feature_names : sequence of str, optional
        Default: "feature_0", "feature_1", ...
    class_names : sequence, optional
        In the order of ``classes_``. Default: ``classes_`` themselves.
    max_depth : int, default=10
        Levels that are shown; of what lies below, the depth is told. None, on which scikit-learn fails, shows all.
    spacing : int, default=3
        Letters by which a level is indented.
    decimals : int, default=2
        Of thresholds, means and weights.
    show_weights : bool, default=False
        Show at each leaf of a classifier the weight of the training rows of each class.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If an argument has a wrong value, or there are not as many names as columns or classes.
    """
    tree = fitted_tree(decision_tree)
    check_counts(max_depth=max_depth)
    check_counts(1, optional=False, spacing=spacing)
    check_counts(optional=False, decimals=decimals)
    check_flags(show_weights=show_weights)
    columns = _column_names(feature_names, tree.n_features)
    leaf = _LeafText(tree, _class_names(decision_tree, class_names), decimals, show_weights)
    n_levels = np.inf if max_depth is None else max_depth
    height = _heights(tree)
    lines, waiting = [], [(0, 1, "")]
    while waiting:
        node, depth, question = waiting.pop()
        if question:
            lines.append(question)
        indent = (("|" + " " * spacing) * depth)[:-spacing] + "-" * spacing
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            lines.append(indent + leaf.text(node))
        elif depth > n_levels + 1:
            lines.append(f"{indent} truncated branch of depth {height[node]}")
        else:
            asked = f"{indent} {columns[tree.feature[node]]}"
            threshold = f"{tree.threshold[node]:.{decimals}f}"
            waiting.append((right, depth + 1, f"{asked} >  {threshold}"))
            waiting.append((left, depth + 1, f"{asked} <= {threshold}"))
    return "\n".join(lines) + "\n"


class _LeafText:
    """Writes what a leaf answers."""

    def __init__(self, tree: Any, class_names: Sequence[Any] | None, decimals: int, show_weights: bool) -> None:
        self.tree, self.class_names = tree, class_names
        self.decimals, self.show_weights = decimals, show_weights

    def text(self, node: int) -> str:
        tree = self.tree
        value = tree.value[node][0] if tree.n_outputs == 1 else tree.value[node][:, 0]
        if self.class_names is None:
            return f" value: {self._numbers(value)}"
        number = int(np.argmax(value))
        name = self.class_names[number] if tree.n_classes[0] != 1 and tree.n_outputs == 1 else number
        weights = self._numbers(value * tree.weighted_n_node_samples[node])
        return f" weights: {weights} class: {name}" if self.show_weights else f" class: {name}"

    def _numbers(self, values: Any) -> str:
        return "[" + ", ".join(f"{value:.{self.decimals}f}" for value in values) + "]"


def _column_names(feature_names: Sequence[str] | None, n_features: int) -> Sequence[str]:
    if feature_names is None:
        return [f"feature_{i}" for i in range(n_features)]
    if len(feature_names) != n_features:
        raise ValueError(f"feature_names must contain {n_features} elements, got {len(feature_names)}")
    return feature_names


def _class_names(decision_tree: Any, class_names: Sequence[Any] | None) -> Sequence[Any] | None:
    """Names of the classes; None if it is a regressor."""
    classes = getattr(decision_tree, "classes_", None)
    if classes is None:
        return None
    if class_names is not None and len(class_names) != len(classes):
        raise ValueError(
            f"class_names: When it is an array, it should contain as many items as `decision_tree.classes_`. Got "
            f"{len(class_names)} while the tree was fitted with {len(classes)} classes."
        )
    return classes if class_names is None else class_names


def _heights(tree: Any) -> list[int]:
    """Levels of nodes from each node down, itself among them; children come after their parent."""
    height = [1] * len(tree.children_left)
    for node in range(len(height) - 1, -1, -1):
        if tree.children_left[node] >= 0:
            height[node] = 1 + max(height[tree.children_left[node]], height[tree.children_right[node]])
    return height
