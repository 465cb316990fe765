"""A dump writes each tree of an ensemble as text for people and programs: lines, JSON, or DOT for a drawing.

The forms are those of xgboost's ``get_dump``, to the letter, so that what reads the one reads the other::

    0:[f0<0.0347277895] yes=1,no=2,missing=2,gain=92.29,cover=24.63        a question; columns may have names
        1:leaf=-0.499513477,cover=13.79                                    a leaf and what it adds to the margin
        2:[c:{1,3}] yes=4,no=3,missing=3                                   is the category one of these?
        5:[flag] yes=7,no=8                                                is it true? columns of type "i"

A float32 is written with nine digits, which tell it from every other one. Columns of type "int" show the next whole
number, which asks the same of whole numbers.

Where it departs from xgboost: trees with vectors in their leaves may show their statistics, too; DOT shows statistics
at questions about categories only when asked to, and its answers about columns of type "i" are those of the lines;
nodes that pruning has deleted have no number, so that the numbers after them are lower.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .ensemble import TreeEnsemble
from .tree import Tree

__all__ = ["DotStyle", "dot_dump", "feature_name", "json_dump", "number_text", "question_text", "text_dump"]

DIRECTIONS = ("TB", "BT", "LR", "RL")


class DotStyle(NamedTuple):
    """How a tree looks in Graphviz, beside what it says; attributes are Graphviz's, by name.

    Attributes
    ----------
    missing_colour, other_colour : str
        Of the edge that missing values take, and of the other one.
    graph, question, leaf : dict of str to object
        Attributes of the graph, of inner nodes and of leaves.
    """

    missing_colour: str = "#0000FF"
    other_colour: str = "#FF0000"
    graph: Mapping[str, Any] = {}
    question: Mapping[str, Any] = {}
    leaf: Mapping[str, Any] = {}


PLAIN = DotStyle()


def text_dump(
    ensemble: TreeEnsemble, *, with_stats: bool = False, feature_types: Sequence[str] | None = None
) -> list[str]:
    """Each tree as lines of text, a node below its parent and further to the right.

    Parameters
    ----------
    ensemble : TreeEnsemble
    with_stats : bool, default=False
        Whether gains and covers are shown.
    feature_types : sequence of str, optional
        Of each column, in xgboost's words: "float", "q", "int", "i" (true or false) or "c".

    Returns
    -------
    list of str
        Each ends with a line break.
    """
    return ["".join(_lines(ensemble, tree, with_stats, feature_types)) for tree in ensemble.trees]


def json_dump(
    ensemble: TreeEnsemble, *, with_stats: bool = False, feature_types: Sequence[str] | None = None
) -> list[str]:
    """Each tree as a JSON object in which a node holds its children; parameters as in `text_dump`."""
    return [_json_object(ensemble, tree, with_stats, feature_types) for tree in ensemble.trees]


def dot_dump(
    ensemble: TreeEnsemble,
    *,
    with_stats: bool = False,
    feature_types: Sequence[str] | None = None,
    rankdir: str = "TB",
    style: DotStyle = PLAIN,
) -> list[str]:
    """Each tree as a graph in Graphviz's DOT language, which `graphviz.Source` and the program ``dot`` draw.

    Parameters
    ----------
    ensemble : TreeEnsemble
    with_stats : bool, default=False
    feature_types : sequence of str, optional
        As in `text_dump`; only "i" makes a difference here.
    rankdir : {"TB", "BT", "LR", "RL"}, default="TB"
        From where to where the tree grows: top, bottom, left, right.
    style : DotStyle, optional

    Returns
    -------
    list of str
    """
    if rankdir not in DIRECTIONS:
        raise ValueError(f"rankdir={rankdir!r} must be one of {', '.join(DIRECTIONS)}")
    head = f"digraph {{\n    graph [ rankdir={rankdir} ]\n"
    head += "".join(f"    graph [{text} ]\n" for text in _attributes(style.graph))
    return [
        head + "".join(_dot_nodes(ensemble, tree, with_stats, feature_types, style)) + "}" for tree in ensemble.trees
    ]


def feature_name(ensemble: TreeEnsemble, column: int) -> str:
    """Name of a column, ``f3`` if it has none."""
    return f"f{column}" if ensemble.feature_names is None else str(ensemble.feature_names[column])


def number_text(number: np.floating) -> str:
    """A number with as many digits as tell it from every other one of its type."""
    return f"{number:.9g}" if number.dtype == np.float32 else f"{number:.17g}"


def question_text(ensemble: TreeEnsemble, tree: Tree, node: int, feature_type: str = "") -> str:
    """What an inner node asks, as in ``age<30`` or ``c:{1,3}``; `answers` says where a row goes for it."""
    name = feature_name(ensemble, int(tree.feature[node]))
    codes = node_categories(tree, node)
    if codes:
        return f"{name}:{{{','.join(map(str, codes))}}}"
    return name if feature_type == "i" else f"{name}{ensemble.comparison}{_threshold_text(tree, node, feature_type)}"


def node_categories(tree: Tree, node: int) -> list[int]:
    """Codes of the categories that a node asks about, rising; none if it asks about its threshold."""
    if tree.category_start is None or tree.categories is None:
        return []
    return sorted(tree.categories[tree.category_start[node] : tree.category_start[node + 1]].tolist())


def answers(ensemble: TreeEnsemble, tree: Tree, node: int, feature_type: str = "") -> tuple[int, int, int]:
    """Where a row goes for yes, for no, and where its value is missing.

    Yes is the left child for a threshold, and for categories the one that listed ones go to. A column that is true
    or false says no where missing values go.
    """
    left, right = int(tree.left[node]), int(tree.right[node])
    missing = left if tree.missing_left[node] else right
    if node_categories(tree, node):
        yes = right if ensemble.unlisted_category == "left" else left
    else:
        yes = left
        if feature_type == "i":
            yes = left + right - missing
    return yes, left + right - yes, missing


def leaf_text(tree: Tree, node: int) -> str:
    """What a leaf adds to the margin, or to each of the margins."""
    value = tree.value[node]
    return number_text(value) if value.ndim == 0 else f"[{', '.join(map(number_text, value))}]"


def top_down(tree: Tree) -> Iterator[tuple[int, int]]:
    """Nodes with their depths, each before its children, everything on the left before anything on the right."""
    waiting = [(0, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if tree.left[node] >= 0:
            waiting += [(int(tree.right[node]), depth + 1), (int(tree.left[node]), depth + 1)]


def _lines(ensemble: TreeEnsemble, tree: Tree, with_stats: bool, feature_types: Sequence[str] | None) -> Iterator[str]:
    for node, depth in top_down(tree):
        tabs, cover = "\t" * depth, f",cover={number_text(tree.cover[node])}" if with_stats else ""
        if tree.left[node] < 0:
            yield f"{tabs}{node}:leaf={leaf_text(tree, node)}{cover}\n"
            continue
        kind = _type_of(tree, node, feature_types)
        yes, no, missing = answers(ensemble, tree, node, kind)
        # xgboost puts questions about true or false at the margin.
        indent = "" if kind == "i" else tabs
        where = f"yes={yes},no={no}" + ("" if kind == "i" else f",missing={missing}")
        gain = f",gain={number_text(tree.gain[node])}" if with_stats else ""
        yield f"{indent}{node}:[{_escaped(question_text(ensemble, tree, node, kind))}] {where}{gain}{cover}\n"


def _json_object(ensemble: TreeEnsemble, tree: Tree, with_stats: bool, feature_types: Sequence[str] | None) -> str:
    # Children come after their parents: from the last node to the first, the parts of an object are there before it.
    objects, depth = [""] * tree.n_nodes, tree.depth
    for node in reversed(range(tree.n_nodes)):
        indent = "  " * (int(depth[node]) + 1)
        cover = f', "cover": {number_text(tree.cover[node])}' if with_stats else ""
        if tree.left[node] < 0:
            stats = f" {cover}" if with_stats else ""
            objects[node] = f'{indent}{{ "nodeid": {node}, "leaf": {leaf_text(tree, node)}{stats} }}'
            continue
        gain = f', "gain": {number_text(tree.gain[node])}' if with_stats else ""
        head = _json_question(ensemble, tree, node, _type_of(tree, node, feature_types))
        left, right = objects[tree.left[node]], objects[tree.right[node]]
        # The text of a deep tree is long, and each node has the texts of all below it.
        objects[tree.left[node]] = objects[tree.right[node]] = ""
        objects[node] = (
            f'{indent}{{ "nodeid": {node}, "depth": {depth[node]}, {head} {gain}{cover}, "children": [\n'
            f"{left}, \n{right}\n{indent}]}}"
        )
    return objects[0]


def _json_question(ensemble: TreeEnsemble, tree: Tree, node: int, kind: str) -> str:
    name = json.dumps(feature_name(ensemble, int(tree.feature[node])), ensure_ascii=False)
    yes, no, missing = answers(ensemble, tree, node, kind)
    codes = node_categories(tree, node)
    condition = str(codes) if codes else _threshold_text(tree, node, kind)
    if kind == "i":
        return f'"split": {name}, "yes": {yes}, "no": {no}'
    return f'"split": {name}, "split_condition": {condition}, "yes": {yes}, "no": {no}, "missing": {missing}'


def _dot_nodes(
    ensemble: TreeEnsemble, tree: Tree, with_stats: bool, feature_types: Sequence[str] | None, style: DotStyle
) -> Iterator[str]:
    of_leaves, of_questions = ("".join(_attributes(own)) for own in (style.leaf, style.question))
    for node, _ in top_down(tree):
        is_leaf = tree.left[node] < 0
        kind = _type_of(tree, node, feature_types)
        # The threshold itself, whatever the type: whole numbers are for text and JSON.
        kind = kind if kind == "i" else ""
        label = f"leaf={leaf_text(tree, node)}" if is_leaf else _escaped(question_text(ensemble, tree, node, kind))
        if with_stats:
            label += "" if is_leaf else f"\ngain={number_text(tree.gain[node])}"
            label += f"\ncover={number_text(tree.cover[node])}"
        yield f'\n    {node} [ label="{label}"{of_leaves if is_leaf else of_questions} ]\n'
        if not is_leaf:
            yes, _, missing = answers(ensemble, tree, node, kind)
            for child in (int(tree.left[node]), int(tree.right[node])):
                answer = ("yes" if child == yes else "no") + (", missing" if child == missing else "")
                colour = _escaped(style.missing_colour if child == missing else style.other_colour)
                yield f'    {node} -> {child} [label="{answer}" color="{colour}"]\n'


def _attributes(attributes: Mapping[str, Any]) -> list[str]:
    """Attributes as DOT writes them, in the order of their names, as there."""
    return [f' {name}="{_escaped(str(value))}"' for name, value in sorted(attributes.items())]


def _type_of(tree: Tree, node: int, feature_types: Sequence[str] | None) -> str:
    return "" if feature_types is None or tree.left[node] < 0 else feature_types[tree.feature[node]]


def _threshold_text(tree: Tree, node: int, feature_type: str) -> str:
    threshold = tree.threshold[node]
    return str(math.ceil(threshold)) if feature_type == "int" else number_text(threshold)


def _escaped(name: str) -> str:
    """Text with what would end a quoted text marked, as JSON and DOT want it."""
    return json.dumps(name, ensure_ascii=False)[1:-1]
