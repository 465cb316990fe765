"""Draw a map of a table by t-SNE: the time of ``fit_transform``, for the same number of iterations.

The descent has many minima, and no two implementations end in the same one. So the score is what all of them minimise,
the Kullback-Leibler divergence, computed here for all alike: with one matrix of affinities, of exact neighbours and of
entropies met to 1e-9, and with the sum over all pairs of points where the contenders approximate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from mlx.manifold.affinities import joint_probabilities, neighbors_needed
from mlx.manifold.neighbors import nearest_neighbors

from ..datasets import digest, groups
from ..definitions import COMPILED, COMPILING, SECONDS, Bound, Case, Equal, Limit, Score, Task

DIVERGENCE = "KL divergence"
PERPLEXITY = 30.0
EXPLORATION = 250  # iterations with early exaggeration, in all libraries
QUICK_ROWS = 300

# Rows of one block of pairs in the score.
ROWS = 500


class MapWork(NamedTuple):
    """A table to draw.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
    iterations : int
        In all, those of early exaggeration included.
    affinities : csr_array of shape (n_rows, n_rows)
        What the score is computed with; contenders compute their own.
    seed : int
    facts : mapping
    """

    X: np.ndarray
    iterations: int
    affinities: sparse.csr_array
    seed: int
    facts: Mapping[str, Any]


@lru_cache(maxsize=2)
def make_map_work(table: Callable[[int, int], np.ndarray], n_rows: int, seed: int, quick: bool) -> MapWork:
    """A table of its own for each seed."""
    X = table(QUICK_ROWS if quick else n_rows, seed)
    near = nearest_neighbors(X, neighbors_needed(len(X), PERPLEXITY), 1)
    iterations = EXPLORATION if quick else 1_000
    facts = {"rows": len(X), "columns": X.shape[1], "iterations": iterations, "digest of X": digest(X)}
    return MapWork(X, iterations, joint_probabilities(near, PERPLEXITY, 1), seed, facts)


def judge(work: MapWork, embedding: np.ndarray) -> dict[str, float]:
    """Divergence of a map, in float64."""
    Y = np.asarray(embedding, dtype=np.float64)
    Y = Y - Y.mean(axis=0)
    squared = (Y**2).sum(axis=1)
    similarities = -float(len(Y))  # of points with themselves
    for first in range(0, len(Y), ROWS):
        block = slice(first, first + ROWS)
        distances = squared[block, None] + squared - 2.0 * (Y[block] @ Y.T)
        similarities += (1.0 / (1.0 + np.maximum(distances, 0.0))).sum()
    P = work.affinities.tocoo()
    i, j = P.coords
    spread = np.log1p(((Y[i] - Y[j]) ** 2).sum(axis=1))
    stored = P.data > 0
    p = P.data[stored]
    return {DIVERGENCE: float(p @ (np.log(p) + spread[stored]) + np.log(similarities))}


TASK = Task(
    name="tsne",
    title="Draw a map by t-SNE",
    question="Time of 1,000 iterations and all that goes before; the score is the divergence of the map, of one matrix "
    "of affinities for all.",
    scores=(Score(DIVERGENCE, larger_is_better=False),),
    cases=(
        Case(
            "digits, 1797 x 64",
            partial(make_map_work, groups.digits, 1_797),
            bounds=(Bound(SECONDS, against="scikit-learn", at_most=0.20, stretch=0.125),),
            limits=(Limit(COMPILING, at_most=4.0, stretch=2.5), Limit(COMPILED, at_most=0.5, stretch=0.3)),
            equals=(Equal(DIVERGENCE, against="scikit-learn"), Equal(DIVERGENCE, against="openTSNE")),
        ),
        Case(
            "groups, 20k x 50",
            partial(make_map_work, groups.overlapping, 20_000),
            bounds=(
                Bound(SECONDS, against="scikit-learn", at_most=0.08, stretch=0.05),
                Bound(SECONDS, against="openTSNE", at_most=0.30, stretch=0.23),
            ),
            equals=(Equal(DIVERGENCE, against="scikit-learn"), Equal(DIVERGENCE, against="openTSNE")),
        ),
    ),
    judge=judge,
)
