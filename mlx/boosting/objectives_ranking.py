"""Objectives of ranking: within a group, rows of higher relevance shall have higher margins.

LambdaMART (Burges 2010, sections 4 and 7). For each pair of rows i, j of a group with relevance y_i > y_j::

    σ_ij    = 1 / (1 + exp(-(f_i - f_j)))            how sure the margins are of the right order
    λ_ij    = (σ_ij - 1) |ΔZ_ij|                     gradient of row i; that of row j is -λ_ij
    h_ij    = 2 σ_ij (1 - σ_ij) |ΔZ_ij|              Hessian of both

Gradients are sums over the pairs. ΔZ_ij is by how much a measure of the ranking changes if i and j swap places:

================  =====================================================================================
rank:pairwise     1: RankNet's loss, log(1 + exp(f_j - f_i))
rank:ndcg         (G_i - G_j) (D_i - D_j) / ideal DCG; G = 2^y - 1 (y without ``ndcg_exp_gain``), D = 1 / log₂(1 + rank)
rank:map          change of the mean, over the relevant rows, of the precision at their ranks; y is 0 or 1
================  =====================================================================================

Pairs (``lambdarank_pair_method``, ``lambdarank_num_pair_per_sample`` = k): with "topk" each row of the k highest
margins with each row below it; with "mean" each row with k rows of other relevance, drawn at random. The stream is a
minimal standard generator (Park & Miller 1988, with the multiplier 48271) seeded by round and group, as in the library,
so that the pairs are the same.

``lambdarank_score_normalization`` divides |ΔZ_ij| by 0.01 + |f_i - f_j|. ``lambdarank_normalization`` multiplies a
group's gradients by log₂(1 + S) / S, S = Σ 2 |λ_ij|, or with "mean" by 1 / k.

``lambdarank_unbiased`` (Hu et al. 2019, equations 25, 30 and 31): rows were shown in the order in which they stand,
and relevance is whether they were clicked. λ_ij and h_ij are divided by t⁺_i t⁻_j: how much more likely a row is
clicked, or not, for its place alone. After each round, with cost C_ij = log(1 / (1 - σ_ij)) |ΔZ_ij| and p =
``lambdarank_bias_norm``::

    t⁺_a = (Σ C_ij / t⁻_j  of pairs with i at place a / that sum for the first place)^(1 / (1 + p))
    t⁻_a = (Σ C_ij / t⁺_i  of pairs with j at place a / that sum for the first place)^(1 / (1 + p))

Sums over pairs are float32 and run in the order of the pairs, as in the library.

References: C. Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", Microsoft Research MSR-TR-2010-82, 2010.
Z. Hu, Y. Wang, Q. Peng and H. Li, "Unbiased LambdaMART: An Unbiased Pairwise Learning-to-Rank Algorithm", WWW 2019.
S. Park and K. Miller, "Random number generators: good ones are hard to find", CACM 31(10), 1988.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .discounted_gain import MOST_RELEVANT, discounts, gains, ideal_dcg
from .groups import Groups
from .objective import Domain, Objective, newton_start

__all__ = ["RANK_MAP", "RANK_NDCG", "RANK_PAIRWISE", "LambdaGradients", "with_pairs"]

f32 = np.float32

# Codes of the measures, for kernels.
PAIRWISE, NDCG, MAP = 0, 1, 2
MEASURES = {"rank:pairwise": PAIRWISE, "rank:ndcg": NDCG, "rank:map": MAP}

# Pairs per row if nothing is stated: ranks from which pairs start, or pairs that are drawn.
DEFAULT_PAIRS = {"topk": 32, "mean": 1}

# Places whose bias is estimated with "mean"; with "topk" they are the k first.
MOST_PLACES = 32

# exp of more than this is infinite in float32.
LARGEST_EXPONENT = f32(88.7)

# Smallest σ (1 - σ), and smallest bias that is divided by.
TINY = 1e-16

# Added to the difference of the margins that |ΔZ| is divided by.
SCORE_MARGIN = 0.01

# Of the minimal standard generator, and how many values it has.
MULTIPLIER, MODULUS = 48271, 2147483647


class Ranking(NamedTuple):
    """Rows of all groups in the order of their margins, as kernels see them.

    Attributes
    ----------
    start : ndarray of int64, shape (n_groups + 1,)
    order : ndarray of int64, shape (n_samples,)
        Rows by falling margin, group by group.
    score, label : ndarray of float32, shape (n_samples,)
        Margins and relevances, by row.
    gain : ndarray of float64, shape (n_samples,)
        By row; empty unless the measure is NDCG.
    discount : ndarray of float64, shape (largest group,)
        By rank from 0 on.
    inverse_ideal : ndarray of float64, shape (n_groups,)
        1 / ideal DCG, 0 where nothing is relevant.
    n_relevant, precision : ndarray of float64, shape (n_samples,)
        By place in `order`: relevant rows so far, and sum of y / rank so far.
    """

    start: NDArray[np.int64]
    order: NDArray[np.int64]
    score: NDArray[np.float32]
    label: NDArray[np.float32]
    gain: NDArray[np.float64]
    discount: NDArray[np.float64]
    inverse_ideal: NDArray[np.float64]
    n_relevant: NDArray[np.float64]
    precision: NDArray[np.float64]


class Bias(NamedTuple):
    """Biases t⁺ and t⁻ of the first places, and the costs of the round, by row, that renew them."""

    plus: NDArray[np.float64]
    minus: NDArray[np.float64]
    cost_plus: NDArray[np.float64]
    cost_minus: NDArray[np.float64]


# Measures of a ranking -----------------------------------------------------------------------------------------------


@kernel
def ndcg_change(ranking, g, high, low, rank_high, rank_low):
    """Change of NDCG if two rows swap places (Burges 2010, section 6)."""
    gain_high, gain_low = ranking.gain[high], ranking.gain[low]
    discount_high, discount_low = ranking.discount[rank_high], ranking.discount[rank_low]
    now = gain_high * discount_high + gain_low * discount_low
    swapped = gain_low * discount_high + gain_high * discount_low
    return (now - swapped) * ranking.inverse_ideal[g]


@kernel
def map_change(ranking, g, high, low, rank_high, rank_low):
    """Change of the average precision if a relevant and another row swap places."""
    first, y_first, y_second = min(rank_high, rank_low), ranking.label[high], ranking.label[low]
    second = max(rank_high, rank_low)
    if rank_high > rank_low:
        y_first, y_second = y_second, y_first
    begin = ranking.start[g]
    up_to_first, up_to_second = ranking.n_relevant[begin + first], ranking.n_relevant[begin + second]
    between = ranking.precision[begin + second - 1] - ranking.precision[begin + first]
    of_group = ranking.n_relevant[ranking.start[g + 1] - 1]
    if y_first < y_second:
        moved = up_to_second / (second + 1.0) - (up_to_first + 1.0) / (first + 1.0)
        return (moved - between) / of_group
    moved = up_to_first / (first + 1.0) - up_to_second / (second + 1.0)
    return (moved + between) / of_group


# One pair ------------------------------------------------------------------------------------------------------------


@kernel
def order_probability(difference):
    """σ of a difference of margins, in float32 as in the library."""
    return f32(1.0) / (math.exp(min(-difference, LARGEST_EXPONENT)) + f32(1.0))


@kernel
def add_pair(ranking, bias, options, g, rank_a, rank_b, out):
    """Add λ and h of a pair to both of its rows, and its costs; return λ, or 0 if relevances are the same."""
    measure, by_score, unbiased = options
    begin, end = ranking.start[g], ranking.start[g + 1]
    rank_high, rank_low = rank_a, rank_b
    high, low = ranking.order[begin + rank_high], ranking.order[begin + rank_low]
    if ranking.label[high] == ranking.label[low]:
        return 0.0
    if ranking.label[high] < ranking.label[low]:
        rank_high, rank_low, high, low = rank_low, rank_high, low, high
    difference = ranking.score[high] - ranking.score[low]
    probability = np.float64(order_probability(difference))
    change = 1.0
    if measure == NDCG:
        change = abs(ndcg_change(ranking, g, high, low, rank_high, rank_low))
    elif measure == MAP:
        change = abs(map_change(ranking, g, high, low, rank_high, rank_low))
    if by_score and ranking.score[ranking.order[begin]] != ranking.score[ranking.order[end - 1]]:
        change /= np.float64(abs(difference)) + SCORE_MARGIN
    gradient = (probability - 1.0) * change
    hessian = max(probability * (1.0 - probability), TINY) * change * 2.0
    place_high, place_low = high - begin, low - begin
    if unbiased and place_high < len(bias.plus) and place_low < len(bias.plus):
        cost = math.log(1.0 / (1.0 - probability)) * change
        t_plus, t_minus = bias.plus[place_high], bias.minus[place_low]
        if t_minus >= TINY and t_plus >= TINY:
            gradient /= t_plus * t_minus
            hessian /= t_plus * t_minus
        if t_minus >= TINY:
            bias.cost_plus[high] += cost / t_minus
        if t_plus >= TINY:
            bias.cost_minus[low] += cost / t_plus
    out[high, 0] += f32(gradient)
    out[high, 1] += f32(hessian)
    out[low, 0] -= f32(gradient)
    out[low, 1] += f32(hessian)
    return np.float64(f32(gradient))


# All pairs of a group -----------------------------------------------------------------------------------------------


@kernel
def group_gradients(ranking, bias, options, pairs, pair_start, n_pairs, normalized, out):
    """Gradients and Hessians of all groups, without weights, shape (n_samples, 2).

    `pairs` are those that were drawn, as ranks, and `pair_start` where those of a group start; without any, pairs are
    those of the first `n_pairs` ranks.
    """
    drawn = len(pairs) > 0
    for g in range(len(ranking.start) - 1):
        begin, end = ranking.start[g], ranking.start[g + 1]
        total = 0.0
        if drawn:
            for k in range(pair_start[g], pair_start[g + 1]):
                total -= 2.0 * add_pair(ranking, bias, options, g, pairs[k, 0], pairs[k, 1], out)
        else:
            for a in range(min(end - begin, n_pairs)):
                for b in range(a + 1, end - begin):
                    total -= 2.0 * add_pair(ranking, bias, options, g, a, b, out)
        norm = 1.0
        if normalized and drawn:
            norm = 1.0 / n_pairs
        elif normalized and total > 0.0:
            norm = math.log2(1.0 + total) / total
        if norm != 1.0:
            for i in range(begin, end):
                out[i, 0] *= f32(norm)
                out[i, 1] *= f32(norm)


@kernel
def draw_pairs(start, by_label, label, n_pairs, iteration, pairs, pair_start):
    """Draw, for each row, `n_pairs` rows of other relevance; return how many pairs there are.

    `by_label` are ranks by falling relevance, group by group, and `label` the relevances in that order. Rows of one
    relevance stand together: with n rows before them and m behind, one of n + m numbers is drawn.
    """
    n_groups, count = len(start) - 1, 0
    for g in range(n_groups):
        pair_start[g] = count
        begin, size = start[g], start[g + 1] - start[g]
        seed = ((iteration + 1) * n_groups + g) % 2**32 % MODULUS
        state = 1 if seed == 0 else seed
        first = 0
        while first < size:
            last = first + 1
            while last < size and label[begin + first] == label[begin + last]:
                last += 1
            others = size - (last - first)
            # Draws that would make some rows likelier than others are thrown away.
            width = (MODULUS - 2) // max(others, 1)
            for _ in range(n_pairs if others else 0):
                for own in range(first, last):
                    state = state * MULTIPLIER % MODULUS
                    while state - 1 >= others * width:
                        state = state * MULTIPLIER % MODULUS
                    other = (state - 1) // width
                    other = other + last - first if other >= first else other
                    pairs[count, 0], pairs[count, 1] = by_label[begin + own], by_label[begin + other]
                    count += 1
            first = last
    pair_start[n_groups] = count
    return count


class LambdaGradients:
    """Gradients of a ranking objective for the rows of a training; each call is the next round.

    Parameters
    ----------
    objective : Objective
    y : ndarray of float32, shape (n_samples,)
    groups : Groups
    """

    def __init__(self, objective: Objective, y: NDArray[np.float32], groups: Groups) -> None:
        self._measure, self._given, self._y, self._groups = MEASURES[objective.name], objective.given, y, groups
        self._drawn = self._given["lambdarank_pair_method"] == "mean"
        self._n_pairs = n_pairs_of(objective)
        self._of_row = groups.of_rows()
        largest = int(groups.sizes.max())
        self._discount = discounts(largest)
        self._gain, self._inverse_ideal = np.empty(0), np.empty(0)
        if self._measure == NDCG:
            self._gain = gains(y, self._given["ndcg_exp_gain"])
            ideal = ideal_dcg(self._gain, groups, None if self._drawn else self._n_pairs)
            self._inverse_ideal = np.divide(1.0, ideal, out=np.zeros_like(ideal), where=ideal > 0)
        n_places = min(largest, MOST_PLACES) if self._drawn else self._n_pairs
        self.t_plus, self.t_minus = np.ones(n_places), np.ones(n_places)
        self._iteration = 0

    def __call__(self, rows, margin, y, weight, value, out):
        """Write the gradients of the next round; see `Objective.gradients`."""
        given, groups = self._given, self._groups
        ranking = self._ranking(margin[0])
        costs = np.zeros((2, len(self._y) if given["lambdarank_unbiased"] else 0))
        bias = Bias(self.t_plus, self.t_minus, costs[0], costs[1])
        options = (self._measure, given["lambdarank_score_normalization"], given["lambdarank_unbiased"])
        pairs, pair_start = self._pairs(ranking.order)
        sums = np.zeros((len(self._y), 2), dtype=np.float32)
        normalized = given["lambdarank_normalization"]
        group_gradients(ranking, bias, options, pairs, pair_start, self._n_pairs, normalized, sums)
        # Two products, each rounded, as in the library.
        weight_of_rows = groups.weight_of_rows()
        if weight_of_rows is not None:
            sums *= weight_of_rows[:, np.newaxis]
        sums *= np.float32(groups.weight_norm)
        out[0] = sums
        if given["lambdarank_unbiased"]:
            self._renew(bias)
        self._iteration += 1

    @property
    def position_bias(self) -> NDArray[np.float32] | None:
        """t⁺ and t⁻ of each place, if they are estimated."""
        unbiased = self._given["lambdarank_unbiased"]
        return np.stack([self.t_plus, self.t_minus]).astype(np.float32) if unbiased else None

    def _ranking(self, score: NDArray[np.float32]) -> Ranking:
        start = self._groups.start
        order = np.lexsort((-score, self._of_row))
        n_relevant = precision = np.empty(0)
        if self._measure == MAP:
            label = self._y[order].astype(np.float64)
            rank = np.arange(len(label)) - start[self._of_row] + 1.0
            n_relevant, precision = (_running_sums(part, self._groups) for part in (label, label / rank))
        gain, ideal = self._gain, self._inverse_ideal
        return Ranking(start, order, score, self._y, gain, self._discount, ideal, n_relevant, precision)

    def _pairs(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Pairs of ranks drawn for this round, and where those of each group start; none with "topk"."""
        start = self._groups.start
        if not self._drawn:
            return np.empty((0, 2), dtype=np.int32), np.zeros(len(start), dtype=np.int64)
        label = self._y[order]
        by_label = np.lexsort((-label, self._of_row))
        ranks = by_label - start[self._of_row]
        pairs, pair_start = np.empty((len(order) * self._n_pairs, 2), dtype=np.int32), np.empty(len(start), np.int64)
        count = draw_pairs(start, ranks, label[by_label], self._n_pairs, self._iteration, pairs, pair_start)
        return pairs[:count], pair_start

    def _renew(self, bias: Bias) -> None:
        """Biases of the next round from the costs of this one (Hu et al. 2019, equations 30 and 31)."""
        n_places, power = len(bias.plus), 1.0 / (1.0 + self._given["lambdarank_bias_norm"])
        place = np.arange(len(self._y)) - self._groups.start[self._of_row]
        seen = place < n_places
        for t, cost in ((bias.plus, bias.cost_plus), (bias.minus, bias.cost_minus)):
            of_place = np.bincount(place[seen], cost[seen], minlength=n_places)
            if of_place[0] >= TINY:
                t[:] = (of_place / of_place[0]) ** power


def _running_sums(values: NDArray[np.float64], groups: Groups) -> NDArray[np.float64]:
    """Sums up to each place within its group, added in that order."""
    return np.concatenate([np.cumsum(part) for part in np.split(values, groups.start[1:-1])])


def n_pairs_of(objective: Objective) -> int:
    """Pairs per row: ranks from which pairs start, or pairs that are drawn."""
    stated = objective.given["lambdarank_num_pair_per_sample"]
    return DEFAULT_PAIRS[objective.given["lambdarank_pair_method"]] if stated is None else stated


def in_groups(objective: Objective, y: NDArray[np.float32], groups: Groups) -> Objective:
    """The objective of the groups of a training."""

    def start(y, weight, value, n_outputs):
        # A Newton step takes no part in the rounds: it has gradients of its own.
        first = objective._replace(kernel=LambdaGradients(objective, y, groups))
        return newton_start(first, y, np.ones(len(y), dtype=np.float32), n_outputs)

    return objective._replace(kernel=LambdaGradients(objective, y, groups), start=start)


def with_pairs(objective: Objective) -> Objective:
    """The objective with the metric and the domain that its parameters give it."""
    # The library's own ndcg of pairs that are drawn has no end; its map, and an ndcg that is asked for, has one.
    whole = "@all" if objective.metric == "ndcg" else ""
    depth = whole if objective.given["lambdarank_pair_method"] == "mean" else f"@{n_pairs_of(objective)}"
    objective = objective._replace(metric=f"{objective.metric}{depth}")
    if objective.name == "rank:ndcg" and not objective.given["ndcg_exp_gain"]:
        return objective._replace(domain=Domain("relevances of 0 or more", lambda y: y >= 0))
    return objective


def _unbound(rows, margin, y, weight, value, out):
    raise TypeError("a ranking objective has gradients only for rows whose groups are known: see Objective.of_rows")


DEGREES = Domain(
    f"whole numbers from 0 to {MOST_RELEVANT}, unless ndcg_exp_gain=False",
    lambda y: (y >= 0) & (y <= MOST_RELEVANT) & (y == np.floor(y)),
)

RANK_NDCG = Objective("rank:ndcg", "identity", _unbound, "ndcg", domain=DEGREES, rows_apart=False, bind=in_groups)
RANK_PAIRWISE = RANK_NDCG._replace(name="rank:pairwise", domain=None)
RANK_MAP = RANK_NDCG._replace(name="rank:map", metric="map", domain=Domain("0 or 1", lambda y: (y == 0) | (y == 1)))
