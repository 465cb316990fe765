"""The trees of a forest laid end to end, so that one kernel asks all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numeric.threads import run_tasks
from ..tree.cart_flat import flatten_cart
from ..tree.cart_tree import CartTree
from ..tree.flat import FlatTrees
from ..tree.prediction import add_trees, find_leaves
from ..tree.rows import Rows

__all__ = ["FlatForest"]


class FlatForest:
    """Answers of many trees at once.

    Parameters
    ----------
    trees : sequence of CartTree
        All of the same columns and outputs.

    Notes
    -----
    The flat view is made at the first use and is not pickled. Two threads may both make it: it is the same.
    """

    def __init__(self, trees: Sequence[CartTree]) -> None:
        self.trees = tuple(trees)
        self._flat: FlatTrees | None = None

    def is_of(self, trees: Sequence[CartTree]) -> bool:
        """Whether these are the very trees."""
        return len(trees) == len(self.trees) and all(one is other for one, other in zip(trees, self.trees))

    def sum_of_values(self, X: Any, n_threads: int) -> NDArray[np.float64]:
        """Sum of the values of the leaves that each row reaches, shape (n_samples, n_outputs * max_n_classes).

        Added tree by tree, in their order.
        """
        rows, flat = self._rows(X), self.flat(n_threads)
        total = np.zeros((len(rows), flat.value.shape[1]))
        run_tasks(lambda part: add_trees(rows.part(part), flat, None, total[part]), rows.parts(n_threads), n_threads)
        return total

    def leaves(self, X: Any, n_threads: int) -> NDArray[np.int32]:
        """Leaf of each row in each tree, shape (n_samples, n_trees)."""
        rows, flat = self._rows(X), self.flat(n_threads)
        leaves = np.empty((len(rows), len(self.trees)), dtype=np.int32)
        run_tasks(lambda part: find_leaves(rows.part(part), flat, None, leaves[part]), rows.parts(n_threads), n_threads)
        return leaves

    def values_of(self, tree: int, X: Any) -> NDArray[np.float64]:
        """Values of the leaves that the rows reach in one of the trees."""
        rows, flat = self._rows(X), self.flat(1).select(np.array([tree]))
        values = np.zeros((len(rows), flat.value.shape[1]))
        for part in rows.parts():
            add_trees(rows.part(part), flat, None, values[part])
        return values

    def flat(self, n_threads: int) -> FlatTrees:
        """The trees, laid out."""
        if self._flat is None:
            self._flat = flatten_cart(self.trees, n_threads)
        return self._flat

    def _rows(self, X: Any) -> Rows:
        return Rows(X, self.trees[0].n_features, "float32", unstored="zero")

    def __getstate__(self) -> dict[str, Any]:
        return {"trees": self.trees, "_flat": None}
