"""A decision tree in the language of graphviz, whose program ``dot`` draws it: ``dot -Tpng tree.dot -o tree.png``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .node_colours import node_colours
from .node_labels import GRAPHVIZ, GRAPHVIZ_HTML, NodeLabels, check_counts, check_flags, fitted_tree

__all__ = ["export_graphviz"]

# Of what stands for the nodes below the deepest level that is shown.
CROPPED = "#C0C0C0"


def export_graphviz(
    decision_tree: Any,
    out_file: Any = None,
    *,
    max_depth: int | None = None,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | bool | None = None,
    label: str = "all",
    filled: bool = False,
    leaves_parallel: bool = False,
    impurity: bool = True,
    node_ids: bool = False,
    proportion: bool = False,
    rotate: bool = False,
    rounded: bool = False,
    special_characters: bool = False,
    precision: int | None = 3,
    fontname: str = "helvetica",
) -> str | None:
    """Text of a fitted decision tree for graphviz; scikit-learn's, letter by letter.

    Parameters
    ----------
    decision_tree : estimator
        Ours or scikit-learn's: anything with a ``tree_``.
    out_file : str or object with a method write, optional
        Name of a file, or where to write. Default: the text is returned.
    max_depth : int, optional
        Deepest level that is shown; a node below stands for all that follow. Default: all are shown.
    feature_names : sequence of str, optional
        Default: "x[0]", "x[1]", ...
    class_names : sequence of str or True, optional
        Names of the classes of one target, in the order of ``classes_``; True writes "y[0]", ... Default: no classes.
    label : {"all", "root", "none"}, default="all"
        At which nodes impurities, rows and values are called by name.
    filled : bool, default=False
        Colour the nodes by what they answer.
    leaves_parallel : bool, default=False
        Draw all leaves at the bottom.
    impurity, node_ids : bool, default=True and False
        Show the impurities, and the numbers of the nodes.
    proportion : bool, default=False
        Show shares of rows and of classes, not counts and weights.
    rotate : bool, default=False
        Draw from left to right.
    rounded : bool, default=False
        Draw boxes with round corners.
    special_characters : bool, default=False
        Write ≤ and indices by HTML.
    precision : int, default=3
        Decimals of thresholds, impurities and values. None, on which scikit-learn fails, writes all.
    fontname : str, default="helvetica"

    Returns
    -------
    str, or None if it was written to `out_file`

    Raises
    ------
    ValueError
        If an argument has a wrong value, or there are not as many names as columns or classes.
    """
    tree = fitted_tree(decision_tree)
    check_counts(max_depth=max_depth)
    check_flags(filled=filled, leaves_parallel=leaves_parallel, rotate=rotate, rounded=rounded)
    check_flags(special_characters=special_characters)
    if not isinstance(fontname, str):
        raise ValueError(f"fontname={fontname!r} must be a str")
    if feature_names is not None and not all(isinstance(name, str) for name in feature_names):
        raise ValueError("feature_names: All feature names must be strings.")
    labels = NodeLabels(
        tree, decision_tree.criterion, feature_names, class_names, label, impurity, node_ids, proportion, precision
    )
    marks = GRAPHVIZ_HTML if special_characters else GRAPHVIZ
    style = ", ".join(name for name, wanted in (("filled", filled), ("rounded", rounded)) if wanted)
    text = "digraph Tree {\nnode [shape=box"
    text += f', style="{style}", color="black"' if style else ""
    text += f', fontname="{fontname}"] ;\n'
    text += "graph [ranksep=equally, splines=polyline] ;\n" if leaves_parallel else ""
    text += f'edge [fontname="{fontname}"] ;\n'
    text += "rankdir=LR ;\n" if rotate else ""
    colours = node_colours(tree) if filled else None
    shown = list(_shown(tree, max_depth))
    for node, parent, is_cropped in shown:
        inside = '"(...)"' if is_cropped else labels.text(node, marks)
        fill = "" if colours is None else f', fillcolor="{CROPPED if is_cropped else colours[node]}"'
        text += f"{node} [label={inside}{fill}] ;\n"
        text += "" if parent is None else f"{parent} -> {node}{_answer(tree, node, parent, is_cropped, rotate)} ;\n"
    text += _ranks(tree, shown) if leaves_parallel else ""
    return _written(text + "}", out_file)


def _shown(tree: Any, max_depth: int | None) -> Iterator[tuple[int, int | None, bool]]:
    """Nodes with their parents, left before right, and whether a node only stands for what is below the last level."""
    waiting: list[tuple[int, int | None, int]] = [(0, None, 0)]
    while waiting:
        node, parent, depth = waiting.pop()
        is_cropped = max_depth is not None and depth > max_depth
        yield node, parent, is_cropped
        if tree.children_left[node] >= 0 and not is_cropped:
            waiting.append((int(tree.children_right[node]), node, depth + 1))
            waiting.append((int(tree.children_left[node]), node, depth + 1))


def _answer(tree: Any, node: int, parent: int, is_cropped: bool, rotate: bool) -> str:
    """What stands at a way: "True" or "False" below the root, as it holds for the others too."""
    if parent != 0 or is_cropped:
        return ""
    is_left = node == tree.children_left[0]
    angle = 45 if is_left != rotate else -45
    return f' [labeldistance=2.5, labelangle={angle}, headlabel="{is_left}"]'


def _ranks(tree: Any, shown: list[tuple[int, int | None, bool]]) -> str:
    """Nodes of one level side by side, and all leaves, in the order of the levels' names."""
    depth, ranks = dict[int, int](), dict[str, list[str]]({"leaves": []})
    for node, parent, is_cropped in shown:
        depth[node] = 0 if parent is None else depth[parent] + 1
        is_last = is_cropped or tree.children_left[node] < 0
        ranks.setdefault("leaves" if is_last else str(depth[node]), []).append(str(node))
    return "".join(f"{{rank=same ; {'; '.join(ranks[rank])}}} ;\n" for rank in sorted(ranks))


def _written(text: str, out_file: Any) -> str | None:
    if out_file is None:
        return text
    if isinstance(out_file, str):
        with open(out_file, "w", encoding="utf-8") as file:
            file.write(text)
    elif hasattr(out_file, "write"):
        out_file.write(text)
    else:
        raise ValueError(f"out_file={out_file!r} must be the name of a file, or have a method write")
    return None
