"""Leaves that are known: training has put every row into a leaf of each tree, so that no row has to walk there again.

Dropout asks each round what all trees but some add up to. Here that costs one look-up per row and tree::

    tree 7     leaves, by their numbers in the tree    5    6    9   10
               place of each among the leaves          0    1    2    3
    rows       places                                  2 0 0 3 1 ...         a byte each, where there are few leaves
               w_7 times the value at that place       added to the margin, tree by tree as in prediction

The margins have the bits that prediction would give them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble

__all__ = ["KnownLeaves"]


class KnownLeaves:
    """The leaf of each row in each tree, for trees with one value in each leaf.

    Parameters
    ----------
    X : ndarray of float32 or scipy.sparse.csr_matrix, shape (n_samples, n_features)
    earlier : TreeEnsemble or None
        Trees that there are already.
    n_threads : int, default=1
    """

    def __init__(self, X: NDArray[np.float32], earlier: TreeEnsemble | None, n_threads: int = 1) -> None:
        self._values: list[NDArray[np.float32]] = []
        self._places: list[NDArray[np.unsignedinteger]] = []
        self._output: list[int] = []
        if earlier is None or earlier.n_trees == 0:
            return
        leaves = earlier.apply(X, n_threads)
        for tree, reached, output in zip(earlier.trees, leaves.T, np.asarray(earlier.tree_output)):
            self._add(tree, np.searchsorted(np.flatnonzero(tree.is_leaf), reached), int(output))

    def add(self, tree: Tree, rows_of: Callable[[np.integer], NDArray[np.int32]], n_samples: int, output: int) -> None:
        """Add a tree; ``rows_of(leaf)`` are the rows of a leaf, all of which together are all rows."""
        place = np.empty(n_samples, dtype=np.int64)
        for k, leaf in enumerate(np.flatnonzero(tree.is_leaf)):
            place[rows_of(leaf)] = k
        self._add(tree, place, output)

    def _add(self, tree: Tree, place: NDArray[np.integer], output: int) -> None:
        values = tree.value[tree.is_leaf].astype(np.float32)
        self._values.append(values)
        self._places.append(place.astype(np.min_scalar_type(len(values) - 1)))
        self._output.append(output)

    def margin(self, start: NDArray[np.float32], weights: Sequence[float]) -> NDArray[np.float32]:
        """Margins, shape (n_outputs, n_samples), from where they start, shape (n_samples, n_outputs)."""
        margin = np.array(start.T, dtype=np.float32, order="C")
        for values, place, output, weight in zip(self._values, self._places, self._output, weights):
            if weight:
                margin[output] += (values.astype(np.float64) * weight).astype(np.float32)[place]
        return margin
