"""LightGBM's model as JSON, what ``Booster.dump_model`` returns: put into the lines of its text, and read as those.

The text has arrays over the nodes of a tree, the JSON an object for each node that holds its children::

    {"split_index": 0, "split_feature": 3, "threshold": 0.5, "decision_type": "<=", "default_left": true,
     "missing_type": "NaN", "left_child": {"leaf_index": 0, "leaf_value": 0.2, ...}, "right_child": {...}}

A question about categories has ``"decision_type": "=="`` and the categories that go left as ``"threshold": "1||4"``. So
one reader checks both forms, and both predict the same to the last bit; gains have fewer digits in the text.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .document import ModelFormatError, Place
from .lightgbm_text import CATEGORICAL, DEFAULT_LEFT, MOST_WORDS, WORD, Section

__all__ = ["sections_of_dump"]

MOST_NODES = 1 << 30
MISSING_TYPES = {"None": 0, "Zero": 1, "NaN": 2}
QUESTIONS = ("<=", "==")

# What the JSON has in the place of infinite thresholds.
INFINITE = {"1e+300": "inf", "-1e+300": "-inf"}

# Numbers of questions, called the same in the text, and what covers may be called.
OF_INNER = ("split_feature", "split_gain", "internal_value")
COVERS = ("weight", "count")


def sections_of_dump(document: dict[str, Any]) -> tuple[Section, list[Section], str]:
    """The lines about the model, those about each tree, and what stands behind the trees; see `sections_of`.

    Raises
    ------
    ModelFormatError
        If the document is no model, with the place and what is wrong there.
    """
    try:
        # Only what JSON has, and a copy.
        top = Place(json.loads(json.dumps(document)), "model")
    except (TypeError, ValueError, RecursionError) as error:
        raise ModelFormatError(f"model: is no JSON document: {error}") from None
    names = top.child("feature_names").texts()
    infos = top.optional("feature_infos")
    infos = Place({}, "model.feature_infos") if infos is None else infos
    lines = {
        "max_feature_idx": str(top.child("max_feature_idx").integer(0, MOST_NODES)),
        "num_tree_per_iteration": str(top.child("num_tree_per_iteration").integer(0, MOST_NODES)),
        "feature_names": " ".join(names),
        "feature_infos": " ".join(_info(infos, name) for name in names),
    }
    if "objective" in top.members():
        lines["objective"] = top.child("objective").text()
    if top.members().get("average_output", False):
        lines["average_output"] = ""
    trees = [_tree_lines(place, number) for number, place in enumerate(top.child("tree_info").items())]
    return Section("model", lines), trees, f"pandas_categorical:{json.dumps(top.members().get('pandas_categorical'))}"


def _info(infos: Place, name: str) -> str:
    """What the text says of a column: codes of categories, a range, or nothing."""
    info = infos.optional(name)
    if info is None:
        return "none"
    return ":".join(str(item.value) for item in info.child("values").items()) or "[range]"


def _tree_lines(place: Place, number: int) -> Section:
    """Lines about a tree."""
    n_leaves = place.child("num_leaves").integer(1, MOST_NODES)
    inner: dict[int, Place] = {}
    leaves: dict[int, Place] = {}
    waiting = [place.child("tree_structure")]
    while waiting:
        node = waiting.pop()
        is_leaf = "split_index" not in node.members()
        if is_leaf and n_leaves == 1:
            leaves[0] = node
            continue
        kind, found = ("leaf", leaves) if is_leaf else ("split", inner)
        own = node.child(f"{kind}_index").integer(0, n_leaves - 1)
        if own in found:
            node.refuse(f"{kind}_index {own} stands twice in the tree")
        found[own] = node
        if not is_leaf:
            waiting += [node.child("left_child"), node.child("right_child")]
    if sorted(leaves) != list(range(n_leaves)) or sorted(inner) != list(range(n_leaves - 1)):
        place.refuse(f"num_leaves is {n_leaves}, the tree has {len(leaves)} leaves and {len(inner)} questions")
    by_number = [inner[k] for k in range(n_leaves - 1)], [leaves[k] for k in range(n_leaves)]
    is_linear = any("leaf_coeff" in leaf.members() for leaf in leaves.values())
    values = {"num_leaves": str(n_leaves), "is_linear": str(int(is_linear)), **_numbers(*by_number)}
    return Section(f"Tree={number}", values | _questions(by_number[0]))


def _numbers(inner: list[Place], leaves: list[Place]) -> dict[str, str]:
    lines = {key: _joined(inner, key) for key in OF_INNER} | {"leaf_value": _joined(leaves, "leaf_value")}
    for kind in COVERS:
        if len(leaves) > 1 and all(f"leaf_{kind}" in leaf.members() for leaf in leaves):
            lines |= {f"internal_{kind}": _joined(inner, f"internal_{kind}")}
            lines |= {f"leaf_{kind}": _joined(leaves, f"leaf_{kind}")}
    return lines


def _questions(inner: list[Place]) -> dict[str, str]:
    """Lines about what the nodes ask, and where rows go."""
    kinds, thresholds = [], []
    words: list[int] = []
    bounds = [0]
    for node in inner:
        asks = node.child("decision_type").text()
        missing = node.child("missing_type").text()
        if asks not in QUESTIONS or missing not in MISSING_TYPES:
            node.refuse(f"decision_type must be one of {QUESTIONS}, and missing_type of {tuple(MISSING_TYPES)}")
        left = node.child("default_left").value is True
        kinds.append((MISSING_TYPES[missing] << 2) | DEFAULT_LEFT * left | CATEGORICAL * (asks == "=="))
        if asks == "<=":
            text = _number(node.child("threshold"))
            thresholds.append(INFINITE.get(text, text))
            continue
        thresholds.append(str(len(bounds) - 1))
        words += _words(node.child("threshold"))
        bounds.append(len(words))
    children = {side: [_child(node.child(side)) for node in inner] for side in ("left_child", "right_child") if inner}
    lines: dict[str, list[Any]] = {"decision_type": kinds, "threshold": thresholds, **children}
    if len(bounds) > 1:
        lines |= {"cat_boundaries": bounds, "cat_threshold": words}
    return {"num_cat": str(len(bounds) - 1)} | {key: " ".join(map(str, own)) for key, own in lines.items()}


def _child(node: Place) -> int:
    """A child as the text calls it."""
    members = node.members()
    return members["split_index"] if "split_index" in members else -1 - members["leaf_index"]


def _words(threshold: Place) -> list[int]:
    """Categories like ``"1||4"`` as words of 32 bits."""
    parts = threshold.text().split("||")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        threshold.refuse("must be categories between ||")
    codes = np.array([int(part) for part in parts])
    if codes.max() >= MOST_WORDS * WORD:
        threshold.refuse(f"has a category above {MOST_WORDS * WORD - 1}")
    words = np.zeros(codes.max() // WORD + 1, dtype=np.int64)
    np.bitwise_or.at(words, codes // WORD, 1 << (codes % WORD))
    return words.tolist()


def _joined(nodes: list[Place], key: str) -> str:
    return " ".join(_number(node.child(key)) for node in nodes)


def _number(place: Place) -> str:
    if type(place.value) not in (int, float):
        place.refuse(f"must be a number, not {place.kind}")
    return repr(place.value)
