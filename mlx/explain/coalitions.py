"""A coalition is the set of players (features, or groups of them) that take the explained row's values.

The other players take the values of a background row. With few players every coalition is asked; with many, a
sample is drawn from which a regression (`shapley.py`) finds the Shapley values.

How the sample is drawn
-----------------------
* A coalition is always drawn together with its complement. The even part of a game, which has no influence on
  Shapley values, then drops out of the regression (Covert and Lee 2021, section 3.2).
* Sizes are drawn by leverage: the leverage of a coalition of size s in the regression is proportional to
  1 / C(d, s), so that each size gets the same share of the sample, until all coalitions of that size are in it
  (Musco and Witter 2024, theorem 3.1 and algorithm 1).
* Within a size, coalitions are drawn without replacement.

========== ============== ==========================================================================
symbol     shape          meaning
========== ============== ==========================================================================
d          scalar         number of players
P          scalar         number of pairs drawn
s          1 .. d // 2    size of the smaller coalition of a pair
N_s        scalar         number of pairs of that size: C(d, s), and half of it if 2 s = d
π_s        scalar         probability that a given pair of size s is drawn, min(1, c / C(d, s)),
                          where c solves Σ_s N_s π_s = P
========== ============== ==========================================================================

References
----------
Covert, I. and Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using linear
regression. AISTATS, arXiv:2012.01536.

Musco, C. and Witter, R. T. (2024). Provably accurate Shapley value estimation via leverage score sampling.
arXiv:2410.01917.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CoalitionSample", "all_coalitions", "sample_coalitions"]

# A size with at most this many pairs per pair asked for is listed whole and chosen from; above it, drawing and
# dropping what was drawn before is quicker than listing.
LIST_FACTOR = 4


class CoalitionSample(NamedTuple):
    """Coalitions in pairs, with the probability with which each pair came in.

    Attributes
    ----------
    coalitions : ndarray of bool of shape (2 * n_pairs, n_players)
        Rows 2 p and 2 p + 1 are a coalition and its complement.
    inclusion : ndarray of float64 of shape (n_pairs,)
        π of each pair; 1 where all pairs of that size are in the sample.
    """

    coalitions: NDArray[np.bool_]
    inclusion: NDArray[np.float64]


def all_coalitions(n_players: int) -> NDArray[np.bool_]:
    """Every coalition, shape (2 ** n_players, n_players): row r has player j if bit j of r is set."""
    numbers = np.arange(2**n_players, dtype=np.int64)
    return (numbers[:, None] >> np.arange(n_players) & 1).astype(bool)


def pairs_per_size(n_players: int) -> NDArray[np.float64]:
    """N_s, the number of pairs whose smaller coalition has size s = 1 .. n_players // 2."""
    return np.array([comb(n_players, s) / (2.0 if 2 * s == n_players else 1.0) for s in range(1, n_players // 2 + 1)])


def inclusion_probabilities(n_players: int, n_pairs: int) -> NDArray[np.float64]:
    """π_s by leverage for s = 1 .. n_players // 2, so that n_pairs are expected (Musco and Witter 2024).

    The sizes are filled from the smallest: a size whose equal share of what is left exceeds its number of pairs
    is taken whole, and its surplus goes to the others.
    """
    available = pairs_per_size(n_players)
    share = np.array([0.5 if 2 * s == n_players else 1.0 for s in range(1, n_players // 2 + 1)])
    inclusion = np.ones(len(available))
    left = float(n_pairs)
    for index in range(len(available)):
        expected = left * share[index:] / share[index:].sum()
        if expected[0] < available[index]:
            inclusion[index:] = expected / available[index:]
            break
        left -= available[index]
    return np.minimum(inclusion, 1.0)


def sample_coalitions(n_players: int, n_coalitions: int, rng: np.random.Generator) -> CoalitionSample:
    """Draw coalitions in pairs, by leverage, without replacement.

    Parameters
    ----------
    n_players : int
        d, at least 2.
    n_coalitions : int
        Size of the sample, the empty and the full coalition not counted; rounded down to whole pairs.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    CoalitionSample
        With n_coalitions // 2 pairs, or all pairs if there are no more.
    """
    available = pairs_per_size(n_players)
    n_pairs = int(min(n_coalitions // 2, available.sum()))
    inclusion = inclusion_probabilities(n_players, n_pairs)
    counts = _round_at_random(available * inclusion, rng)
    coalitions = np.concatenate(
        [_draw_of_size(n_players, size, int(count), rng) for size, count in enumerate(counts, start=1) if count]
    )
    paired = np.empty((2 * len(coalitions), n_players), dtype=bool)
    paired[0::2] = coalitions
    paired[1::2] = ~coalitions
    return CoalitionSample(paired, np.repeat(inclusion, counts))


def _round_at_random(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with the given expectations and the same sum: systematic sampling of the fractions."""
    edges = np.concatenate([[0.0], np.cumsum(expected - np.floor(expected))])
    extra = np.diff(np.floor(edges + rng.random() + 1e-9 * (edges > 0)))
    counts = np.floor(expected) + np.maximum(extra, 0)
    return counts.astype(np.int64)


def _draw_of_size(n_players: int, size: int, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """`count` different coalitions of one size; of the half size, only those with player 0 (one of each pair)."""
    half = 2 * size == n_players
    free = n_players - half
    chosen_size = size - half
    total = comb(free, chosen_size)
    if total <= LIST_FACTOR * count:
        members = np.array(list(combinations(range(free), chosen_size)), dtype=np.int64).reshape(total, chosen_size)
        if count < total:
            members = members[rng.choice(total, count, replace=False)]
        drawn = np.zeros((len(members), free), dtype=bool)
        drawn[np.arange(len(members))[:, None], members] = True
    else:
        drawn = _draw_different(free, chosen_size, count, rng)
    if half:
        drawn = np.concatenate([np.ones((len(drawn), 1), dtype=bool), drawn], axis=1)
    return drawn


def _draw_different(n_players: int, size: int, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """`count` different coalitions of one size, by drawing anew what was drawn twice."""
    drawn = np.empty((0, n_players), dtype=bool)
    # A random sum tells coalitions apart much quicker than comparing rows; should two ever share one, the later
    # is drawn anew, which does no harm.
    numbers = rng.integers(2**63, size=n_players, dtype=np.uint64)
    while len(drawn) < count:
        keys = rng.random((count - len(drawn), n_players))
        members = np.argpartition(keys, size - 1, axis=1)[:, :size]
        fresh = np.zeros(keys.shape, dtype=bool)
        fresh[np.arange(len(fresh))[:, None], members] = True
        drawn = np.concatenate([drawn, fresh])
        first = np.unique(np.where(drawn, numbers, np.uint64(0)).sum(axis=1), return_index=True)[1]
        drawn = drawn[np.sort(first)]
    return drawn
