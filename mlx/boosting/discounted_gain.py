"""Discounted cumulative gain: what the order of a group is worth, G(y_1) / log₂ 2 + G(y_2) / log₂ 3 + ... by rank.

G is the gain of a relevance, 2^y - 1 or y. The best order has the ideal DCG.

Reference: K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .groups import Groups

__all__ = ["MOST_RELEVANT", "discounts", "gains", "ideal_dcg"]

# 2^y - 1 is a whole number of 32 bits.
MOST_RELEVANT = 31


def gains(y: NDArray, exponential: bool) -> NDArray[np.float64]:
    """What a row of a relevance is worth at the first rank: 2^y - 1, or y."""
    return np.exp2(y.astype(np.float64)) - 1.0 if exponential else y.astype(np.float64)


def discounts(n_ranks: int) -> NDArray[np.float64]:
    """What a row is worth at each rank, as a share of the first one: 1 / log₂(1 + rank)."""
    return 1.0 / np.log2(np.arange(2.0, n_ranks + 2.0))


def ideal_dcg(gain: NDArray[np.float64], groups: Groups, depth: int | None) -> NDArray[np.float64]:
    """Sum of gain times discount over the first ranks of each group in its best order, shape (n_groups,)."""
    of_row = groups.of_rows()
    best = gain[np.lexsort((-gain, of_row))]
    rank = np.arange(len(gain)) - groups.start[of_row]
    counted = rank < (len(gain) if depth is None else depth)
    weights = np.where(counted, discounts(int(groups.sizes.max()))[rank] * best, 0.0)
    return np.bincount(of_row, weights=weights, minlength=groups.n_groups).astype(np.float64)
