"""Groups are rows that are ranked among themselves, as the documents that answer one query.

The rows of a group stand side by side, and a group is told by where it starts::

    row        0   1   2 | 3   4 | 5
    qid        7   7   7 | 8   8 | 12        a number for each row, rising from group to group
    group          3     |   2   | 1         or the size of each group
    start      0           3       5   6     what is made of either
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..validation import naming

__all__ = ["Groups", "groups_of", "one_group"]


class Groups(NamedTuple):
    """Where groups start, and what they weigh.

    Attributes
    ----------
    start : ndarray of int64, shape (n_groups + 1,)
        First row of each group, and the number of rows.
    weight : ndarray of float32, shape (n_groups,), or None
        None is 1 for each group.
    weight_norm : float
        Factor that makes the mean weight of all groups of the fit 1.
    """

    start: NDArray[np.int64]
    weight: NDArray[np.float32] | None = None
    weight_norm: float = 1.0

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.start) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each group, shape (n_groups,)."""
        return np.diff(self.start)

    def of_rows(self) -> NDArray[np.int64]:
        """Number of the group of each row, shape (n_samples,)."""
        return np.repeat(np.arange(self.n_groups), self.sizes)

    def weight_of_rows(self) -> NDArray[np.float32] | None:
        """Weight of the group of each row, shape (n_samples,), or None."""
        return None if self.weight is None else np.repeat(self.weight, self.sizes)

    def library_weight_of_rows(self) -> NDArray[np.float32] | None:
        """Weights of the rows as xgboost 3.2 has them when it makes its cuts: a row late.

        It moves on to the next group only after that group's first row. If each row is a group, it needs not look.
        """
        weight = self.weight_of_rows()
        if weight is not None and self.n_groups < len(weight):
            weight[1:] = weight[:-1].copy()
        return weight

    def select(self, kept: NDArray[np.bool_]) -> tuple[Groups, NDArray[np.bool_]]:
        """Some of the groups, and which rows are theirs.

        Parameters
        ----------
        kept : ndarray of bool, shape (n_groups,)

        Returns
        -------
        groups : Groups
        rows : ndarray of bool, shape (n_samples,)
        """
        start = np.concatenate([[0], np.cumsum(self.sizes[kept])])
        weight = None if self.weight is None else self.weight[kept]
        return Groups(start, weight, self.weight_norm), np.repeat(kept, self.sizes)

    def holding(self, rows: NDArray[np.integer]) -> Groups:
        """The groups of some rows, which are all rows of these groups."""
        kept = np.zeros(self.n_groups, dtype=bool)
        kept[self.of_rows()[rows]] = True
        return self.select(kept)[0]


def one_group(n_samples: int) -> Groups:
    """All rows as one group, which they are if nothing is said about groups."""
    return Groups(np.array([0, n_samples], dtype=np.int64))


def groups_of(
    n_samples: int,
    *,
    group: Any = None,
    qid: Any = None,
    weight: Any = None,
    names: tuple[str, str, str] = ("group", "qid", "sample_weight"),
) -> Groups:
    """Groups from their sizes, or from a number for each row.

    Parameters
    ----------
    n_samples : int
    group : array-like of int, shape (n_groups,), optional
        Rows of each group.
    qid : array-like of int, shape (n_samples,), optional
        Number of each row's group, in an order that never falls. One of both must be given.
    weight : array-like of shape (n_groups,), optional
        Weight of each group, at least 0.
    names : tuple of str
        Of these three, for messages.

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        If they are none: the message names the argument.
    """
    name_group, name_qid, name_weight = names
    if (group is None) == (qid is None):
        raise ValueError(f"{name_group}, {name_qid}: one of them must be given, and one only")
    start = _from_sizes(group, n_samples, name_group) if qid is None else _from_numbers(qid, n_samples, name_qid)
    if weight is None:
        return Groups(start)
    with naming(name_weight):
        weights = np.array(weight, dtype=np.float32)
    if weights.shape != (len(start) - 1,):
        raise ValueError(f"{name_weight}: shape {weights.shape} must be ({len(start) - 1},), one weight per group")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError(f"{name_weight}: weights of groups must be finite and not negative, and one of them positive")
    return Groups(start, weights, len(weights) / float(np.sum(weights, dtype=np.float64)))


def _from_sizes(group: Any, n_samples: int, name: str) -> NDArray[np.int64]:
    sizes = _whole_numbers(group, name)
    if np.any(sizes < 1):
        first = np.argmax(sizes < 1)
        raise ValueError(f"{name}: a group has at least one row, but {name}[{first}] is {sizes[first]}")
    if sizes.sum() != n_samples:
        raise ValueError(f"{name}: sizes add up to {sizes.sum()}, but there are {n_samples} rows")
    return np.concatenate([[0], np.cumsum(sizes)])


def _from_numbers(qid: Any, n_samples: int, name: str) -> NDArray[np.int64]:
    numbers = _whole_numbers(qid, name)
    if len(numbers) != n_samples:
        raise ValueError(f"{name}: has {len(numbers)} numbers for {n_samples} rows")
    step = np.diff(numbers)
    if np.any(step < 0):
        row = int(np.argmax(step < 0)) + 1
        raise ValueError(f"{name}: must be sorted, with the rows, but falls from {numbers[row - 1]} at row {row}")
    return np.concatenate([[0], np.flatnonzero(step) + 1, [n_samples]])


def _whole_numbers(values: Any, name: str) -> NDArray[np.int64]:
    """One-dimensional whole numbers."""
    with naming(name):
        given = np.asarray(values)
        if given.dtype.kind not in "iu":
            given = given.astype(np.float64)
    if given.ndim != 1 or not np.all(np.isfinite(given)) or np.any(given != np.floor(given)):
        raise ValueError(f"{name}: must be whole numbers, in one dimension")
    return given.astype(np.int64)
