"""A Shapley value is a player's gain on joining, averaged over the orders in which players can join.

For a game v over d players, v(S) the worth of coalition S::

    φ_j = Σ_{S ∌ j}  |S|! (d − |S| − 1)! / d!  ·  (v(S ∪ j) − v(S))                            (1)

The same numbers solve a weighted least squares problem with the Shapley kernel k (Lundberg and Lee 2017,
theorem 2)::

    φ = argmin Σ_S k(|S|) (v(S) − v(∅) − Σ_{j ∈ S} φ_j)²   subject to  Σ_j φ_j = v(N) − v(∅)   (2)
    k(s) = (d − 1) / (C(d, s) s (d − s))

Equation 1 is evaluated where all coalitions are known, equation 2 where a sample of them is.

The regression on pairs
-----------------------
If S and its complement come with the same weight, only δ = v(S) − v(Sᶜ) matters, because the other half of the
information, v(S) + v(Sᶜ), does not involve φ. With c = 2 z − 1, where z is the 0/1 vector of S, (2) becomes::

    φ = argmin Σ_pairs w (δ − c·φ)²   subject to  Σ_j φ_j = T,      T = v(N) − v(∅),  w = k / π  (3)

The constraint is built in by φ = T/d + ψ with Σ ψ = 0, so that ψ = Ω (δ − (T/d) Σ_j c_j).

========== ============== ==========================================================================
symbol     shape          meaning
========== ============== ==========================================================================
d, P       scalars        players, pairs
c          (P, d)         +1 for members of the first coalition of a pair, −1 for the others
π          (P,)           probability that the pair is in the sample
w          (P,)           k / π: a sampled pair stands for 1/π pairs
Ω          (d, P)         G⁻¹ c̃ᵀ W, c̃ the rows of c without their mean, G = c̃ᵀ W c̃ + 11ᵀ/d
h          (P,)           leverage of a pair, c̃ Ω
========== ============== ==========================================================================

Standard errors are those of survey sampling: the estimate is, to first order, a sum over drawn pairs of Ω e
(e the residual), and a pair that was sure to be drawn (π = 1) adds no variance::

    Var φ_j = Σ_pairs (1 − π) (Ω_j e)² / (1 − h)                                                (4)

The division by 1 − h makes up for residuals that the fit itself has made small.

References
----------
Lundberg, S. M. and Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS,
arXiv:1705.07874.

Covert, I. and Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using linear
regression. AISTATS, arXiv:2012.01536.

Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model assisted survey sampling, section 5.10 (variance of
regression coefficients).
"""

from __future__ import annotations

from math import comb, factorial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .coalitions import CoalitionSample

__all__ = [
    "PairedRegression",
    "constrained_least_squares",
    "exact_shapley_values",
    "paired_regression",
    "shapley_kernel",
    "shapley_weight",
    "solve_pairs",
]

# A sample whose Gram matrix has a larger condition number leaves some directions undecided; they get no share.
LARGEST_CONDITION = 1e12

# A pair that decides its own fit has no residual to learn from; 1 − h is kept away from 0.
SMALLEST_COMPLEMENT = 1e-3


def shapley_weight(size: int, n_players: int) -> float:
    """|S|! (d − |S| − 1)! / d!, the share of orders in which the players of S come first, then j (equation 1)."""
    return factorial(size) * factorial(n_players - size - 1) / factorial(n_players)


def shapley_kernel(size: int, n_players: int) -> float:
    """k(s) = (d − 1) / (C(d, s) s (d − s)) for 0 < s < d (Lundberg and Lee 2017, theorem 2)."""
    return (n_players - 1) / (comb(n_players, size) * size * (n_players - size))


def exact_shapley_values(worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley values of games whose every coalition is known, by equation 1.

    The gains v(S ∪ j) − v(S) are formed before they are weighted: a player that changes nothing gets exactly 0.

    Parameters
    ----------
    worth : ndarray of shape (n_games, 2 ** n_players, n_outputs)
        v in the order of `coalitions.all_coalitions`.

    Returns
    -------
    ndarray of shape (n_games, n_players, n_outputs)
    """
    n_games, n_coalitions, n_outputs = worth.shape
    n_players = n_coalitions.bit_length() - 1
    numbers = np.arange(n_coalitions // 2, dtype=np.int64)
    sizes = np.bitwise_count(numbers)
    weights = np.array([shapley_weight(size, n_players) for size in range(n_players)])[sizes]
    values = np.empty((n_games, n_players, n_outputs))
    for player in range(n_players):
        # Bit `player` of a coalition's number says whether the player is in: picture the numbers as
        # (higher bits, 0 or 1, lower bits). Without it the two halves list the same coalitions.
        by_player = worth.reshape(n_games, -1, 2, 2**player, n_outputs)
        gains = (by_player[:, :, 1] - by_player[:, :, 0]).reshape(n_games, -1, n_outputs)
        values[:, player] = (weights[:, None] * gains).sum(axis=1)
    return values


class PairedRegression(NamedTuple):
    """The part of regression 3 that does not depend on the game: one for all rows and outputs.

    Attributes
    ----------
    solution : ndarray of shape (n_players, n_pairs)
        Ω.
    design : ndarray of shape (n_pairs, n_players)
        c̃.
    row_sums : ndarray of shape (n_pairs,)
        Σ_j c_j.
    variance_factor : ndarray of shape (n_pairs,)
        (1 − π) / (1 − h) of equation 4.
    """

    solution: NDArray[np.float64]
    design: NDArray[np.float64]
    row_sums: NDArray[np.float64]
    variance_factor: NDArray[np.float64]


def paired_regression(sample: CoalitionSample) -> PairedRegression:
    """Ω and what goes with it, for one sample of coalitions."""
    first = sample.coalitions[0::2]
    n_players = first.shape[1]
    signs = np.where(first, 1.0, -1.0)
    row_sums = signs.sum(axis=1)
    design = signs - row_sums[:, None] / n_players
    kernel = np.array([np.nan] + [shapley_kernel(s, n_players) for s in range(1, n_players)])
    weights = kernel[first.sum(axis=1)] / sample.inclusion
    weights /= weights.sum()
    gram = (design.T * weights) @ design + 1.0 / n_players
    solution = _solve_symmetric(gram, design.T * weights)
    leverage = np.einsum("pj,jp->p", design, solution)
    complement = np.maximum(1.0 - leverage, SMALLEST_COMPLEMENT)
    return PairedRegression(solution, design, row_sums, (1.0 - sample.inclusion) / complement)


def solve_pairs(
    regression: PairedRegression, differences: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solution of regression 3 and its variances by equation 4.

    Parameters
    ----------
    regression : PairedRegression
        Of the sample that the differences come from.
    differences : ndarray of shape (n_games, n_pairs, n_outputs)
        δ = v(S) − v(Sᶜ).
    total : ndarray of shape (n_games, n_outputs)
        T = v(N) − v(∅).

    Returns
    -------
    values, variances : ndarray of shape (n_games, n_players, n_outputs)
    """
    n_players = len(regression.solution)
    share = total[:, None, :] / n_players
    targets = differences - regression.row_sums[:, None] * share
    centred = regression.solution @ targets
    centred -= centred.mean(axis=1, keepdims=True)
    residuals = targets - regression.design @ centred
    variances = (regression.solution**2 * regression.variance_factor) @ residuals**2
    return centred + share, variances


def constrained_least_squares(
    coalitions: NDArray[np.bool_],
    weights: NDArray[np.float64],
    gains: NDArray[np.float64],
    total: float,
    not_drawn: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solution of regression 2 for one game, with only some players having a share.

    Without the other players the two coalitions of a pair no longer mirror each other, so that the regression on
    pairs does not apply.

    Parameters
    ----------
    coalitions : ndarray of bool of shape (n_coalitions, n_players)
        z, the columns of the players that have a share; coalitions 2 p and 2 p + 1 are a pair.
    weights : ndarray of shape (n_coalitions,)
        k, or k / π for a sample.
    gains : ndarray of shape (n_coalitions,)
        v(S) − v(∅).
    total : float
        v(N) − v(∅), the sum of the solution.
    not_drawn : ndarray of shape (n_coalitions,)
        1 − π of equation 4.

    Returns
    -------
    values, standard_errors : ndarray of shape (n_players,)
    """
    n_players = coalitions.shape[1]
    members = coalitions.astype(np.float64)
    sizes = members.sum(axis=1)
    design = members - sizes[:, None] / n_players
    targets = gains - sizes * (total / n_players)
    weights = weights / weights.sum()
    gram = (design.T * weights) @ design + 1.0 / n_players
    solution = _solve_symmetric(gram, design.T * weights)
    centred = solution @ targets
    centred -= centred.mean()
    influence = solution * (targets - design @ centred)
    # The two members of a pair are drawn together: their influences add before they are squared.
    by_pair = influence[:, 0::2] + influence[:, 1::2]
    return centred + total / n_players, np.sqrt(by_pair**2 @ not_drawn[0::2])


def _solve_symmetric(gram: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.linalg.cond(gram, 1) < LARGEST_CONDITION:
        return np.asarray(np.linalg.solve(gram, right), dtype=np.float64)
    return np.asarray(np.linalg.pinv(gram, rcond=1.0 / LARGEST_CONDITION, hermitian=True) @ right, dtype=np.float64)
