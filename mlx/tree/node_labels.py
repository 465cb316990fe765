"""Labels say in a few lines what a node of a fitted decision tree asks, and what it would answer.

The lines and their form are scikit-learn's, for pictures and for graphviz alike::

    node #0                       the number, if asked for
    x[2] <= 0.8                   the question; leaves ask none
    gini = 0.667                  impurity
    samples = 150                 rows that came here in training
    value = [50, 50, 50]          their weight in each class, or the mean of the target
    class = a                     the largest of them
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

__all__ = ["GRAPHVIZ", "GRAPHVIZ_HTML", "PICTURE", "Marks", "NodeLabels", "check_counts", "check_flags", "fitted_tree"]


class Marks(NamedTuple):
    """How a format writes number signs, subscripts, "at most", new lines, and the two ends of a label."""

    number: str
    subscript: tuple[str, str]
    at_most: str
    line: str
    ends: tuple[str, str]
    escape: Callable[[str], str]


def _escaped(text: str) -> str:
    return text.replace('"', r"\"")


PICTURE = Marks("#", ("[", "]"), "<=", "\n", ("", ""), str)
GRAPHVIZ = Marks("#", ("[", "]"), "<=", "\\n", ('"', '"'), _escaped)
GRAPHVIZ_HTML = Marks("&#35;", ("<SUB>", "</SUB>"), "&le;", "<br/>", ("<", ">"), _escaped)


def fitted_tree(decision_tree: Any) -> Any:
    """The ``tree_`` of a fitted estimator.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is no estimator with a tree.
    """
    if not hasattr(decision_tree, "tree_"):
        if hasattr(decision_tree, "fit"):
            check_is_fitted(decision_tree)
        raise TypeError(f"decision_tree: {type(decision_tree).__name__} is no fitted decision tree (it has no tree_)")
    return decision_tree.tree_


def check_counts(least: int = 0, *, optional: bool = True, **numbers: Any) -> None:
    """Raise ValueError that names the argument unless each is an integer of at least so much (or None)."""
    for name, number in numbers.items():
        if number is None and optional:
            continue
        if not isinstance(number, Integral) or isinstance(number, bool) or number < least:
            raise ValueError(f"{name}={number!r} must be an integer of at least {least}")


def check_flags(**flags: Any) -> None:
    """Raise ValueError that names the argument unless each is a boolean."""
    for name, flag in flags.items():
        if not isinstance(flag, bool | np.bool_):
            raise ValueError(f"{name}={flag!r} must be True or False")


def _criterion_name(criterion: Any) -> str:
    """Name of an impurity, which may be an object of scikit-learn's that computes it."""
    if isinstance(criterion, str):
        return criterion
    return "squared_error" if any(cls.__name__ == "MSE" for cls in type(criterion).__mro__) else "impurity"


@dataclass(frozen=True)
class NodeLabels:
    """Writes the label of each node.

    Parameters
    ----------
    tree : object
        With scikit-learn's attributes of a ``tree_``.
    criterion : object
        Name of the impurity; any other object is called "impurity".
    feature_names : sequence of str, or None
    class_names : sequence of str, True for symbolic names, False or None for none
    label : {"all", "root", "none"}
        At which nodes the lines have names.
    impurity, node_ids, proportion : bool
    precision : int, or None for all digits
    """

    tree: Any
    criterion: Any
    feature_names: Sequence[str] | None = None
    class_names: Sequence[str] | bool | None = None
    label: str = "all"
    impurity: bool = True
    node_ids: bool = False
    proportion: bool = False
    precision: int | None = 3

    def __post_init__(self) -> None:
        if self.label not in ("all", "root", "none"):
            raise ValueError(f"label={self.label!r} must be 'all', 'root' or 'none'")
        check_flags(impurity=self.impurity, node_ids=self.node_ids, proportion=self.proportion)
        check_counts(precision=self.precision)
        n_features = self.tree.n_features
        if self.feature_names is not None and len(self.feature_names) != n_features:
            raise ValueError(
                f"Length of feature_names, {len(self.feature_names)} does not match number of features, {n_features}"
            )
        n_classes = int(self.tree.n_classes[0])
        if not isinstance(self.class_names, bool | None) and self._has_classes and len(self.class_names) < n_classes:
            raise ValueError(f"class_names: {len(self.class_names)} names for {n_classes} classes")

    def text(self, node: int, marks: Marks) -> str:
        """Label of a node."""
        named = self.label == "all" or (self.label == "root" and node == 0)
        lines = []
        if self.node_ids:
            lines.append(f"{'node ' if named else ''}{marks.number}{node}")
        if self.tree.children_left[node] >= 0:
            threshold = self._rounded(self.tree.threshold[node])
            lines.append(f"{self._feature(node, marks)} {marks.at_most} {threshold}")
        if self.impurity:
            name = _criterion_name(self.criterion)
            lines.append(f"{f'{name} = ' if named else ''}{self._rounded(self.tree.impurity[node])}")
        lines.append(f"{'samples = ' if named else ''}{self._samples(node)}")
        weights = self._weights(node)
        lines.append(f"{'value = ' if named else ''}{self._value(weights, marks.line)}")
        if self.class_names not in (None, False) and self._has_classes:
            lines.append(f"{'class = ' if named else ''}{self._class(int(np.argmax(weights)), marks)}")
        return marks.ends[0] + marks.line.join(lines) + marks.ends[1]

    @property
    def _has_classes(self) -> bool:
        """Whether it is a classifier of one target."""
        return self.tree.n_classes[0] != 1 and self.tree.n_outputs == 1

    def _feature(self, node: int, marks: Marks) -> str:
        column = int(self.tree.feature[node])
        if self.feature_names is not None:
            return marks.escape(str(self.feature_names[column]))
        return f"x{marks.subscript[0]}{column}{marks.subscript[1]}"

    def _class(self, number: int, marks: Marks) -> str:
        if self.class_names is True or isinstance(self.class_names, bool | None):
            return f"y{marks.subscript[0]}{number}{marks.subscript[1]}"
        return marks.escape(str(self.class_names[number]))

    def _samples(self, node: int) -> str:
        if not self.proportion:
            return str(self.tree.n_node_samples[node])
        share = 100.0 * self.tree.n_node_samples[node] / float(self.tree.n_node_samples[0])
        return f"{round(share, 1)}%"

    def _weights(self, node: int) -> NDArray[np.float64]:
        """Means of the targets; or shares of classes, as weights unless proportions are asked for."""
        value = self.tree.value[node]
        value = value[0] if self.tree.n_outputs == 1 else value
        if self.proportion or self.tree.n_classes[0] == 1:
            return value
        return value * self.tree.weighted_n_node_samples[node]

    def _value(self, value: NDArray[np.float64], line: str) -> str:
        is_mean = self.tree.n_classes[0] == 1
        whole = not is_mean and not self.proportion and bool(np.all(value % 1 == 0))
        numbers = value.astype(int) if whole else self._rounded(value)
        # Lines are cut where NumPy cuts those of an array of bytes of 32 letters at most, as scikit-learn's are.
        text = re.sub(r"b'([^']*)'", r"\1", str(numbers.astype("S32")))
        text = re.sub(r"(?<=[^\s\[]) (?=[^\s\]])", ", ", text).replace("\n ", line)
        return text.strip("[]") if is_mean and self.tree.n_outputs == 1 else text

    def _rounded(self, number: Any) -> Any:
        return number if self.precision is None else np.around(number, self.precision)
