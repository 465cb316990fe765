"""Seeding chooses the centers that k-means starts from: rows drawn far from those already drawn.

Formula (D. Arthur & S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, section 2.2 and, for
the greedy trials, the remark in section 5), with D(x) the distance of x to the nearest center chosen so far::

    P(next center = x) = w_x D(x)² / Σ w D²

Of ℓ rows drawn so, the one that leaves the smallest Σ w D² becomes a center. All random numbers are drawn as
scikit-learn draws them: with the same random state the same rows are chosen.

======  ========  ================================================================
symbol  shape     meaning
======  ========  ================================================================
w       (n,)      weights of the rows
D²      (n,)      squared distances, or another cost that a center spares a row
ℓ                 trials for one center, 2 + ⌊ln k⌋
======  ========  ================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["CostsWith", "drawn_far_apart", "drawn_rows"]

Array = NDArray[np.floating]
# (rows that may become centers, D² so far, D² with each of them, of shape (trials, n), to be filled)
CostsWith = Callable[[NDArray[np.integer], Array, Array], None]


def drawn_far_apart(
    costs_with: CostsWith,
    weights: Array,
    n_clusters: int,
    random_state: np.random.RandomState,
    n_trials: int | None = None,
) -> NDArray[np.intp]:
    """Numbers of the rows that k-means++ makes centers.

    Parameters
    ----------
    costs_with : callable
        Of candidate rows, the costs so far and an array for the costs with each candidate.
    weights : ndarray of shape (n,)
    n_clusters : int
    random_state : RandomState
    n_trials : int, optional
        ℓ, if it is not to be that of the table above.

    Returns
    -------
    ndarray of shape (n_clusters,)
    """
    n = len(weights)
    n_trials = 2 + int(np.log(n_clusters)) if n_trials is None else n_trials
    chosen = np.empty(n_clusters, dtype=np.intp)
    chosen[0] = random_state.choice(n, p=weights / weights.sum())
    tables = np.empty((2, n_trials, n), dtype=weights.dtype)  # of this center and the one before, in turns
    sums = np.empty(n, dtype=weights.dtype)
    costs = tables[0, 0]
    costs_with(chosen[:1], np.full(n, np.inf, dtype=weights.dtype), tables[0, :1])
    total = costs @ weights
    for center in range(1, n_clusters):
        levels = random_state.uniform(size=n_trials) * total
        np.cumsum(np.multiply(weights, costs, out=sums), out=sums)
        candidates = np.searchsorted(sums, levels)
        np.minimum(candidates, n - 1, out=candidates)  # rounding can leave the last sum below the total
        trials = tables[center % 2]
        costs_with(candidates, costs, trials)
        totals = trials @ weights
        best = np.argmin(totals)
        chosen[center], costs, total = candidates[best], trials[best], totals[best]
    return chosen


def drawn_rows(weights: Array, n_clusters: int, random_state: np.random.RandomState) -> NDArray[np.intp]:
    """Numbers of different rows, drawn with probabilities in proportion to their weights."""
    return random_state.choice(len(weights), size=n_clusters, replace=False, p=weights / weights.sum())
