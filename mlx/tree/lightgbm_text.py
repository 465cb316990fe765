"""LightGBM's model text: lines of ``key=value``, first of the model, then of tree after tree.

What the text says of one tree of L leaves, and so of L - 1 inner nodes (of a tree of one leaf: its value alone)::

    num_leaves, num_cat         L, and the number C of nodes that ask about categories
    split_feature, split_gain   of each inner node
    threshold                   of each inner node, it may be infinite; number c of the set, if it asks about categories
    decision_type               1: asks about categories; 2: missing values go left; 4 and 8: what is missing
    left_child, right_child     number of an inner node, or -1 - number of a leaf
    leaf_value, leaf_weight     answer, and sum of Hessians
    internal_value, _weight     the same of inner nodes, with few digits
    cat_boundaries              where the words of each set start, C + 1 numbers
    cat_threshold               words of 32 bits: the categories that go left
    is_linear, shrinkage

Here inner node i is node i, and leaf i is node L - 1 + i. Where a value is missing a row goes

    with missing type none    to the side of a zero
    with missing type zero    by decision_type, and so does a zero
    with missing type NaN     by decision_type
    in a set of categories    right
"""

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from .document import LARGEST_BYTES, ModelFormatError
from .tree import Tree

__all__ = ["Section", "TreeText", "read_tree_text", "sections_of"]

CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2

WORD = 32

# Categories from here on are no exact float32.
MOST_WORDS = (1 << 24) // WORD

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*(?:e[-+]?[0-9]{1,4})?)", re.ASCII | re.IGNORECASE)
_INFINITE = ("inf", "-inf")
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Section(NamedTuple):
    """Lines of ``key=value`` under one heading, as of ``Tree=3``."""

    name: str
    values: dict[str, str]

    def refuse(self, key: str, message: str) -> NoReturn:
        """Raise `ModelFormatError` that names a line of this section."""
        raise ModelFormatError(f"{self.name}.{key}: {message}")

    def text(self, key: str) -> str:
        """What a line says; it must be there."""
        if key not in self.values:
            self.refuse(key, "is missing")
        return self.values[key]

    def integer(self, key: str, least: int, most: int) -> int:
        """An integer within bounds."""
        text = self.text(key)
        if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
            self.refuse(key, f"{text[:40]!r} must be an integer from {least} to {most}")
        return int(text)

    def integers(self, key: str, length: int) -> NDArray[np.int64]:
        """So many integers."""
        parts = self._parts(key, length)
        if not all(map(_INTEGER.fullmatch, parts)):
            self.refuse(key, "must hold integers alone")
        return np.array([int(part) for part in parts], dtype=np.int64)

    def floats(self, key: str, length: int, *, infinite: bool = False) -> NDArray[np.float64]:
        """So many numbers, all finite unless infinite ones have a meaning."""
        parts = self._parts(key, length)
        if not all(_NUMBER.fullmatch(part) or (infinite and part in _INFINITE) for part in parts):
            self.refuse(key, "must hold numbers alone")
        values = np.array([float(part) for part in parts])
        if not infinite and not np.isfinite(values).all():
            self.refuse(key, "holds a number beyond float64")
        return values

    def _parts(self, key: str, length: int) -> list[str]:
        parts = self.text(key).split(" ") if self.text(key) else []
        if len(parts) != length:
            self.refuse(key, f"has {len(parts)} elements; it must have {length}")
        return parts


class TreeText(NamedTuple):
    """A tree, and in which columns a zero is missing and in which a NaN alone is.

    Attributes
    ----------
    tree : Tree
    zero_is_missing, only_nan_is_missing : set of int
    """

    tree: Tree
    zero_is_missing: set[int]
    only_nan_is_missing: set[int]


def sections_of(text: str) -> tuple[Section, list[Section], str]:
    """The lines about the model, those about each tree, and what stands behind the trees.

    Raises
    ------
    ModelFormatError
        If the text is none of LightGBM's, is cut off, or says something twice.
    """
    if len(text) > LARGEST_BYTES:
        raise ModelFormatError(f"text: {len(text)} characters are more than the limit of {LARGEST_BYTES}")
    if not text.startswith("tree\n"):
        raise ModelFormatError("text: must start with the line 'tree'")
    if "\nend of trees\n" not in text:
        raise ModelFormatError("text: the line 'end of trees' is missing; the text is cut off")
    front, rest = text.split("\nend of trees\n", 1)
    sections = [Section("model", {})]
    for line in front.split("\n")[1:]:
        if line.startswith("Tree="):
            sections.append(Section(f"Tree={len(sections) - 1}", {}))
            if line != sections[-1].name:
                raise ModelFormatError(f"{sections[-1].name}: its line says {line[:40]!r}")
        elif line:
            key, _, value = line.partition("=")
            if key in sections[-1].values:
                sections[-1].refuse(key[:40], "stands twice")
            sections[-1].values[key] = value
    return sections[0], sections[1:], rest


def read_tree_text(lines: Section, n_features: int) -> TreeText:
    """Tree that a section stands for.

    Raises
    ------
    ModelFormatError
        If lengths, children, columns or sets do not fit, or the tree has linear models in its leaves.
    """
    n_leaves = lines.integer("num_leaves", 1, 1 << 30)
    if lines.values.get("is_linear", "0") != "0":
        lines.refuse("is_linear", "trees with linear models in their leaves are not supported")
    # Whoever states a length has to pay for it: the values are there, or this ends here.
    value = lines.floats("leaf_value", n_leaves)
    if n_leaves == 1:
        return TreeText(_single_leaf(value), set(), set())
    n_inner = n_leaves - 1
    feature, kind = lines.integers("split_feature", n_inner), lines.integers("decision_type", n_inner)
    if np.any((feature < 0) | (feature >= n_features)):
        lines.refuse("split_feature", f"must be columns from 0 to {n_features - 1}")
    missing = kind >> 2
    if np.any((kind < 0) | (missing > MISSING_NAN)):
        lines.refuse("decision_type", "must be sums of 1, 2, and one of 0, 4, 8")
    is_category, threshold = (kind & CATEGORICAL) > 0, lines.floats("threshold", n_inner, infinite=True)
    default_left = np.where(missing == MISSING_NONE, threshold >= 0, (kind & DEFAULT_LEFT) > 0)
    leaf = np.zeros(n_leaves)
    children = {side: lines.integers(f"{side}_child", n_inner) for side in ("left", "right")}
    for side, child in children.items():
        if np.any((child < -n_leaves) | (child >= n_inner)):
            lines.refuse(f"{side}_child", "a node has a child that is not there")
    arrays: dict[str, Any] = {
        side: np.concatenate([np.where(child >= 0, child, n_inner - 1 - child), leaf.astype(np.int64) - 1])
        for side, child in children.items()
    }
    gain = lines.floats("split_gain", n_inner) if "split_gain" in lines.values else np.zeros(n_inner)
    try:
        tree = Tree(
            **arrays,
            feature=np.append(feature, leaf.astype(np.int64) - 1),
            threshold=np.append(np.where(is_category, 0.0, threshold), leaf),
            missing_left=np.append(default_left & ~is_category, leaf > 0),
            value=np.append(lines.floats("internal_value", n_inner), value),
            cover=_cover(lines, n_leaves),
            gain=np.append(gain, leaf),
            **_sets(lines, is_category, threshold),
        )
    except ModelFormatError:
        raise
    except ValueError as error:
        raise ModelFormatError(f"{lines.name}: {error}") from None
    numeric = ~is_category
    columns = {kind: set(feature[numeric & (missing == kind)].tolist()) for kind in (MISSING_ZERO, MISSING_NAN)}
    return TreeText(tree, columns[MISSING_ZERO], columns[MISSING_NAN])


def _single_leaf(value: NDArray[np.float64]) -> Tree:
    none, zero = np.full(1, -1), np.zeros(1)
    return Tree(none, none, none, zero, np.zeros(1, dtype=bool), value, zero, zero)


def _cover(lines: Section, n_leaves: int) -> NDArray[np.float64]:
    """Sums of Hessians; where an old text has none, numbers of rows."""
    kind = "weight" if "leaf_weight" in lines.values and "internal_weight" in lines.values else "count"
    return np.append(lines.floats(f"internal_{kind}", n_leaves - 1), lines.floats(f"leaf_{kind}", n_leaves))


def _sets(lines: Section, is_category: NDArray[np.bool_], threshold: NDArray[np.float64]) -> dict[str, Any]:
    """Arguments of `Tree`: the categories that go left at the nodes that ask about some."""
    n_sets = lines.integer("num_cat", 0, len(threshold))
    number = threshold[is_category]
    if sorted(number.tolist()) != list(range(n_sets)):
        lines.refuse("num_cat", f"{n_sets} sets must be those of the nodes that ask about categories")
    if n_sets == 0:
        return {}
    first = lines.integers("cat_boundaries", n_sets + 1)
    n_words = lines.text("cat_threshold").count(" ") + 1
    if first[0] != 0 or first[-1] != n_words or np.any(np.diff(first) < 1) or np.any(np.diff(first) > MOST_WORDS):
        lines.refuse("cat_boundaries", f"must rise from 0 to {n_words}, by {MOST_WORDS} at most")
    words = lines.integers("cat_threshold", n_words)
    if np.any((words < 0) | (words >= 1 << WORD)):
        lines.refuse("cat_threshold", "must be words of 32 bits")
    bits = (words[:, np.newaxis] >> np.arange(WORD)) & 1
    listed = [np.flatnonzero(bits[start:end]) for start, end in itertools.pairwise(first)]
    if not all(len(own) for own in listed):
        lines.refuse("cat_threshold", "a set has no category")
    size = np.zeros(2 * len(threshold) + 1, dtype=np.int64)
    size[np.flatnonzero(is_category)] = [len(listed[int(c)]) for c in number]
    codes = np.concatenate([listed[int(c)] for c in number])
    return {"category_start": np.concatenate([[0], np.cumsum(size)]), "categories": codes}
