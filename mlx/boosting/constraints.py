r"""Constraints keep the model from what is known to be wrong: a wrong direction, or columns that shall not interact.

Monotone constraints
--------------------
A column of direction 1 must not lower the prediction as it rises; one of direction -1 must not raise it. Every node has
bounds between which the weights of its leaves lie. A split on such a column whose weights are in the wrong order is not
made; of one in the right order, the mean of the two weights becomes the bound of both sides, so that nothing deeper can
turn the order round::

                 [-inf, inf]                     a split on a column of direction 1
             w = -0.4 /   \ w = 0.8
         [-inf, 0.2]      [0.2, inf]             0.2 = (-0.4 + 0.8) / 2

Interaction constraints
-----------------------
Sets of columns that may meet on the way from the root to a leaf. The root may ask about any column. Below, a node may
ask about the columns that its path has asked about, and about those of every set that holds them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .sampling import ColumnSampler

__all__ = ["ColumnRules", "below_all_values", "bounds_of_children", "interaction_sets", "monotone_directions"]

# How far beyond the values of a column the library goes for certain; float32 there, too.
DISTANCE = float(np.float32(1e-5))


def bounds_of_children(
    bounds: NDArray[np.float32], weight: NDArray[np.float32], direction: NDArray[np.int8]
) -> NDArray[np.float32]:
    """Bounds of the leaf weights below the children of some nodes.

    Parameters
    ----------
    bounds : ndarray of float32, shape (n_nodes, 2)
        Those of the parents.
    weight : ndarray of float32, shape (n_nodes, 2)
        Weights of the left and the right child.
    direction : ndarray of int8, shape (n_nodes,)
        Of the columns on which the parents are split.

    Returns
    -------
    ndarray of float32, shape (n_nodes, 2, 2)
        Lowest and highest weight of the left and of the right child.
    """
    children = np.repeat(bounds[:, np.newaxis], 2, axis=1)
    middle = (weight[:, 0] + weight[:, 1]) / np.float32(2.0)
    rises, falls = direction > 0, direction < 0
    children[rises, 0, 1] = children[rises, 1, 0] = middle[rises]
    children[falls, 0, 0] = children[falls, 1, 1] = middle[falls]
    return children


def below_all_values(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each column a threshold that no value is below, where the library puts it; 0 if there is no value.

    A split of what is missing from what is present may have to put the missing values on the left.
    """
    lowest = np.fmin.reduce(X, axis=0).astype(np.float64)
    lowest = np.where(np.isnan(lowest), 0.0, lowest)
    return (lowest - (np.abs(lowest) + DISTANCE)).astype(np.float32)


class ColumnRules:
    """Columns that each node of one tree may ask about.

    Parameters
    ----------
    n_features : int
    interactions : tuple of frozenset of int
        Columns that may meet; empty if all may.
    sampler : ColumnSampler or None
    """

    def __init__(
        self, n_features: int, interactions: tuple[frozenset[int], ...], sampler: ColumnSampler | None
    ) -> None:
        self._n_features, self._interactions, self._sampler = n_features, interactions, sampler
        self._asked: list[frozenset[int]] = [frozenset()]  # by each node's path
        self._after: dict[frozenset[int], NDArray[np.bool_]] = {}

    @property
    def same_for_all(self) -> bool:
        """Whether all nodes of the tree may ask about the same columns."""
        return not self._interactions and (self._sampler is None or self._sampler.same_for_all)

    def allowed(self, nodes: range, depth: int) -> NDArray[np.bool_]:
        """Which columns some nodes of one depth may ask about, shape (n_nodes, n_features)."""
        allowed = np.ones((len(nodes), self._n_features), dtype=np.bool_)
        for place, node in enumerate(nodes):
            if self._interactions:
                allowed[place] = self._after_path(self._asked[node])
            if self._sampler is not None:
                allowed[place] &= self._sampler.allowed(node, depth)
        return allowed

    def split(self, nodes: NDArray[np.int64], feature: NDArray[np.int32]) -> None:
        """Remember that nodes are split; their children, two by two, get the next numbers."""
        if self._interactions:
            for node, f in zip(nodes.tolist(), feature.tolist()):
                self._asked += 2 * [self._asked[node] | {f}]

    def _after_path(self, asked: frozenset[int]) -> NDArray[np.bool_]:
        if asked not in self._after:
            mask = np.full(self._n_features, not asked, dtype=np.bool_)
            for columns in (asked, *(s for s in self._interactions if asked <= s)):
                mask[list(columns)] = True
            self._after[asked] = mask
        return self._after[asked]


def monotone_directions(constraints: Any, n_features: int, names: Sequence[str] | None) -> NDArray[np.int8]:
    """Direction of each column, or an empty array, from the parameter `monotone_constraints`.

    Parameters
    ----------
    constraints : sequence of int, str, mapping of str to int, or None
        Directions 1, 0, -1 from the first column on; the same as text, ``"(1,-1)"``; or by the name of the column.
    n_features : int
    names : sequence of str, optional
        Names of the columns.

    Raises
    ------
    ValueError
        If they are no directions of these columns.
    """
    if constraints is None:
        return np.empty(0, dtype=np.int8)
    where = f"monotone_constraints={constraints!r}"
    if isinstance(constraints, Mapping):
        by_number = {_column(name, n_features, names, where): value for name, value in constraints.items()}
        given: list[Any] = [by_number.get(f, 0) for f in range(n_features)]
    elif isinstance(constraints, str):
        text = constraints.strip().strip("()").strip().rstrip(",")
        given = [_integer(part, where) for part in text.split(",")] if text else []
    else:
        given = list(constraints)
    if len(given) > n_features:
        raise ValueError(f"{where} has {len(given)} entries for {n_features} columns")
    if any(not isinstance(d, int | np.integer) or d not in (-1, 0, 1) for d in given):
        raise ValueError(f"{where}: each entry must be -1, 0 or 1")
    if not any(given):
        return np.empty(0, dtype=np.int8)
    return np.array(given + [0] * (n_features - len(given)), dtype=np.int8)


def interaction_sets(constraints: Any, n_features: int, names: Sequence[str] | None) -> tuple[frozenset[int], ...]:
    """Sets of columns that may meet, from the parameter `interaction_constraints`.

    Parameters
    ----------
    constraints : sequence of sequences of int or str, str, or None
        Numbers or names of the columns of each set; the same as text, ``"[[0, 1], [2, 3]]"``.
    n_features : int
    names : sequence of str, optional
        Names of the columns.

    Raises
    ------
    ValueError
        If they are no sets of these columns.
    """
    if constraints is None:
        return ()
    where = f"interaction_constraints={constraints!r}"
    if isinstance(constraints, str):
        try:
            constraints = json.loads(constraints)
        except json.JSONDecodeError:
            raise ValueError(f"{where} must be a list of lists of columns") from None
    if not isinstance(constraints, Iterable) or any(
        isinstance(s, str) or not isinstance(s, Iterable) for s in constraints
    ):
        raise ValueError(f"{where} must be a list of lists of columns")
    return tuple(frozenset(_column(column, n_features, names, where) for column in s) for s in constraints)


def _column(column: Any, n_features: int, names: Sequence[str] | None, where: str) -> int:
    if isinstance(column, str):
        if names is None:
            raise ValueError(f"{where}: the columns of X have no names")
        if column not in list(names):
            raise ValueError(f"{where}: X has no column {column!r}")
        return list(names).index(column)
    if isinstance(column, bool) or not isinstance(column, int | np.integer) or not 0 <= column < n_features:
        raise ValueError(f"{where}: {column!r} is no column; there are {n_features}")
    return int(column)


def _integer(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{where}: each entry must be -1, 0 or 1") from None
