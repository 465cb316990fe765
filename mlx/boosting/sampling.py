"""Sampling lets each tree see a part of the rows, and each tree, level and node a part of the columns.

=================  =====================================  ==========================================================
parameter          drawn                                  from
=================  =====================================  ==========================================================
subsample          for each tree, each row by itself      all rows; the others have g = h = 0 in this tree. With
                                                          sampling_method="gradient_based" see `gradient_sampling`
colsample_bytree   for each tree                          all columns
colsample_bylevel  for each depth of the tree             the columns of the tree
colsample_bynode   for each node                          the columns of its depth
=================  =====================================  ==========================================================

Of n columns a share s is max(1, ⌊s n⌋) columns, as in the library. With weights v_f, columns are drawn without
replacement, each time in proportion to the weights of those that are left: the n columns of largest log(u_f) / v_f, u_f
uniform between 0 and 1 (Efraimidis and Spirakis 2006, algorithm A). A column of weight 0 is never drawn; the library
takes it where the others are not enough.

Each tree, depth and node has a random stream of its own, named by the seed and its numbers (`numpy.random.SeedSequence`
with a spawn key). What is drawn therefore depends neither on the number of threads, nor on the order in which nodes
are split, nor on whether training was interrupted and continued. The streams are not those of the library.

Reference: P. S. Efraimidis and P. G. Spirakis, "Weighted random sampling with a reservoir", Information Processing
Letters 97, 2006.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gradient_sampling import drawn_by_gradient

__all__ = ["ColumnSampler", "Sampling", "sampled_gradients", "seed_of"]

# First number of a spawn key, after that of the tree: what is drawn.
ROWS, TREE, LEVEL, NODE = range(4)


class Sampling(NamedTuple):
    """Which shares are drawn, and the seed.

    Attributes
    ----------
    subsample, by_tree, by_level, by_node : float
        Shares, in (0, 1].
    column_weights : ndarray of float64, shape (n_features,), or None
        How much more often one column is drawn than another; None is all alike.
    seed : int
    by_gradient : bool
        Rows of large gradients are drawn more often (`gradient_sampling`).
    """

    subsample: float = 1.0
    by_tree: float = 1.0
    by_level: float = 1.0
    by_node: float = 1.0
    column_weights: NDArray[np.float64] | None = None
    seed: int = 0
    by_gradient: bool = False

    def stream(self, tree: int, *key: int) -> np.random.Generator:
        """Random stream of one purpose within one tree."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(tree, *key)))

    def columns_of(self, tree: int, n_features: int) -> ColumnSampler | None:
        """Sampler of the columns of a tree; None if it sees them all."""
        if min(self.by_tree, self.by_level, self.by_node) >= 1.0:
            return None
        return ColumnSampler(self, tree, n_features)


class ColumnSampler:
    """Columns that the nodes of one tree may ask about.

    Parameters
    ----------
    sampling : Sampling
    tree : int
        Number of the tree.
    n_features : int

    Attributes
    ----------
    same_for_all : bool
        Whether all nodes of the tree may ask about the same columns.
    """

    def __init__(self, sampling: Sampling, tree: int, n_features: int) -> None:
        self._sampling, self._tree, self._n_features = sampling, tree, n_features
        self._of_tree = self._draw(np.arange(n_features), sampling.by_tree, TREE)
        self._of_level: dict[int, NDArray[np.intp]] = {}
        self.same_for_all = min(sampling.by_level, sampling.by_node) >= 1.0

    def allowed(self, node: int, depth: int) -> NDArray[np.bool_]:
        """Whether the node may ask about each column."""
        if depth not in self._of_level:
            self._of_level[depth] = self._draw(self._of_tree, self._sampling.by_level, LEVEL, depth)
        mask = np.zeros(self._n_features, dtype=np.bool_)
        mask[self._draw(self._of_level[depth], self._sampling.by_node, NODE, node)] = True
        return mask

    def _draw(self, columns: NDArray[np.intp], share: float, *key: int) -> NDArray[np.intp]:
        if share >= 1.0:
            return columns
        n = max(1, int(share * len(columns)))
        uniform = 1.0 - self._sampling.stream(self._tree, *key).random(len(columns))
        if self._sampling.column_weights is None:
            return np.sort(columns[np.argsort(-uniform, kind="stable")[:n]])
        weight = self._sampling.column_weights[columns]
        keys = np.full(len(columns), -np.inf)
        np.divide(np.log(uniform), weight, out=keys, where=weight > 0)
        chosen = np.argsort(-keys, kind="stable")[: min(n, np.count_nonzero(weight))]
        return np.sort(columns[chosen])


def sampled_gradients(gradients: NDArray[np.floating], sampling: Sampling, tree: int) -> NDArray[np.floating]:
    """Gradients and Hessians, shape (..., n_samples, 2), with 0 for the rows that the tree does not see."""
    if sampling.subsample >= 1.0:
        return gradients
    if sampling.by_gradient:
        return drawn_by_gradient(gradients, sampling.subsample, sampling.stream(tree, ROWS))
    seen = sampling.stream(tree, ROWS).random((gradients.shape[-2],)) < sampling.subsample
    return gradients * seen[:, np.newaxis]


def seed_of(random_state: Any) -> int:
    """Seed that a `random_state` stands for: 0 for None as in the library, the next number of a RandomState."""
    if random_state is None:
        return 0
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    return int(random_state)
