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
margins with each row below it; with "mean" each row with k rows of other relevance, drawn at random (`draw_pairs`).

``lambdarank_score_normalization`` divides |ΔZ_ij| by 0.01 + |f_i - f_j|. ``lambdarank_normalization`` multiplies a
group's gradients by log₂(1 + S) / S, S = Σ 2 |λ_ij|, or with "mean" by 1 / k.

``lambdarank_unbiased`` (Hu et al. 2019, equations 25, 30 and 31): rows were shown in the order in which they stand,
and relevance is whether they were clicked. λ_ij and h_ij are divided by t⁺_i t⁻_j: how much more likely a row is
clicked, or not, for its place alone. After each round, with cost C_ij = log(1 / (1 - σ_ij)) |ΔZ_ij| and p =
``lambdarank_bias_norm``::

    t⁺_a = (Σ C_ij / t⁻_j  of pairs with i at place a / that sum for the first place)^(1 / (1 + p))
    t⁻_a = (Σ C_ij / t⁺_i  of pairs with j at place a / that sum for the first place)^(1 / (1 + p))

Sums over pairs are float32 and run in the order of the pairs, as in the library. Departure: where σ_ij is 1 in float32
the library's cost is infinite, its biases are NaN from then on and no longer looked at; here log(1 / (1 - σ_ij)) is
what it is but for rounding, f_i - f_j.

References: C. Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", Microsoft Research MSR-TR-2010-82, 2010.
Z. Hu, Y. Wang, Q. Peng and H. Li, "Unbiased LambdaMART: An Unbiased Pairwise Learning-to-Rank Algorithm", WWW 2019.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks
from .discounted_gain import MOST_RELEVANT, discounts, gains, ideal_dcg
from .drawn_pairs import draw_pairs
from .group_order import sort_groups
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

# Groups differ in their pairs: the threads that are ready first take what is left.
TASKS_PER_THREAD = 4

# exp of more than this is infinite in float32.
LARGEST_EXPONENT = f32(88.7)

# Smallest σ (1 - σ), and smallest bias that is divided by.
TINY = 1e-16

# Added to the difference of the margins that |ΔZ| is divided by.
SCORE_MARGIN = 0.01


class Ranking(NamedTuple):
    """Rows of all groups in the order of their margins, as kernels see them.

    Attributes
    ----------
    start : ndarray of int64, shape (n_groups + 1,)
    order : ndarray of int64, shape (n_samples,)
        Rows by falling margin, group by group.
    score, label : ndarray of float32, shape (n_samples,)
        Margins and relevances, in this order.
    gain : ndarray of float64, shape (n_samples,)
        In this order; empty unless the measure is NDCG.
    discount : ndarray of float64, shape (largest group,)
        By rank from 0 on.
    inverse_ideal : ndarray of float64, shape (n_groups,)
        1 / ideal DCG, 0 where nothing is relevant; empty unless the measure is NDCG.
    precisions : ndarray of float64, shape (3, n_samples)
        Room for those of `running_precision`; empty unless the measure is MAP.
    """

    start: NDArray[np.int64]
    order: NDArray[np.int64]
    score: NDArray[np.float32]
    label: NDArray[np.float32]
    gain: NDArray[np.float64]
    discount: NDArray[np.float64]
    inverse_ideal: NDArray[np.float64]
    precisions: NDArray[np.float64]


class Bias(NamedTuple):
    """Biases t⁺ and t⁻ of the first places, and the costs of the round, by row, that renew them."""

    plus: NDArray[np.float64]
    minus: NDArray[np.float64]
    cost_plus: NDArray[np.float64]
    cost_minus: NDArray[np.float64]


# Measures of a ranking. Kernels of one pair take numbers: to hand on an array costs more than they do. ----------------


@kernel
def ndcg_change(gain_a, gain_b, discount_a, discount_b):
    """Change of DCG if two rows swap places (Burges 2010, section 6)."""
    now = gain_a * discount_a + gain_b * discount_b
    swapped = gain_b * discount_a + gain_a * discount_b
    return now - swapped


@kernel
def running_precision(label, begin, end, out):
    """Fill, by place: precision, precision with one hit more, sum of y / rank so far; return the hits of the group."""
    hits = total = 0.0
    for place in range(begin, end):
        rank, y = place - begin + 1.0, np.float64(label[place])
        hits += y
        total += y / rank
        out[0, place], out[1, place], out[2, place] = hits / rank, (hits + 1.0) / rank, total
    return hits


@kernel
def map_change(share_first, share_with_first, share_second, between, first_is_hit):
    """Change of Σ precisions at hits if a relevant and another row swap places; `between` is of the ranks between."""
    if first_is_hit:
        return share_first - share_second + between
    return share_second - share_with_first - between


# Pairs ---------------------------------------------------------------------------------------------------------------


@kernel
def order_probability(difference):
    """σ of a difference of margins, in float32 as in the library."""
    return f32(1.0) / (math.exp(min(-difference, LARGEST_EXPONENT)) + f32(1.0))


@kernel
def order_cost(difference, probability):
    """log(1 / (1 - σ)) = log(1 + exp(f_i - f_j)); the difference itself where σ is 1 but for less than its last bit."""
    return math.log(1.0 / (1.0 - probability)) if probability < 1.0 else np.float64(difference)


@kernel
def weighed_by_place(gradient, hessian, cost, bias, begin, high, low):
    """λ and h without the bias of the places of two rows; their costs are added to `bias`."""
    place_high, place_low = high - begin, low - begin
    if place_high >= len(bias.plus) or place_low >= len(bias.plus):
        return gradient, hessian
    t_plus, t_minus = bias.plus[place_high], bias.minus[place_low]
    if t_minus >= TINY and t_plus >= TINY:
        gradient /= t_plus * t_minus
        hessian /= t_plus * t_minus
    if t_minus >= TINY:
        bias.cost_plus[high] += cost / t_minus
    if t_plus >= TINY:
        bias.cost_minus[low] += cost / t_plus
    return gradient, hessian


@kernel
def add_pairs(ranking, g, bias, options, pairs, first, n_pairs, sums):
    """Add λ and h of the pairs of a group to `sums`, by place in the order; return Σ 2 |λ|.

    `pairs` are ranks that were drawn, those of the group from `first` on; without any, pairs are those of the first
    ranks with all below, `n_pairs` in all. a and b are the places of the two rows of a pair.
    """
    measure, by_score, unbiased = options
    begin, end = ranking.start[g], ranking.start[g + 1]
    rows, score, label, gain, discount = ranking.order, ranking.score, ranking.label, ranking.gain, ranking.discount
    precisions, inverse_ideal = ranking.precisions, ranking.inverse_ideal[g] if measure == NDCG else 1.0
    n_hits = running_precision(label, begin, end, precisions) if measure == MAP else 0.0
    by_score = by_score and score[begin] != score[end - 1]
    a = b = begin
    total = 0.0
    for k in range(first, first + n_pairs):
        if len(pairs) > 0:
            a, b = begin + pairs[k, 0], begin + pairs[k, 1]
        else:
            b += 1
            if b == end:
                a += 1
                b = a + 1
        if label[a] == label[b]:
            continue
        a_is_higher = label[a] > label[b]
        difference = score[a] - score[b] if a_is_higher else score[b] - score[a]
        probability = np.float64(order_probability(difference))
        change = 1.0
        if measure == NDCG:
            change = abs(ndcg_change(gain[a], gain[b], discount[a - begin], discount[b - begin]) * inverse_ideal)
        elif measure == MAP:
            i, j = min(a, b), max(a, b)
            between = precisions[2, j - 1] - precisions[2, i]
            moved = map_change(precisions[0, i], precisions[1, i], precisions[0, j], between, label[i] > label[j])
            change = abs(moved / n_hits)
        if by_score:
            change /= np.float64(abs(difference)) + SCORE_MARGIN
        gradient = (probability - 1.0) * change
        hessian = max(probability * (1.0 - probability), TINY) * change * 2.0
        if unbiased:
            high, low = (rows[a], rows[b]) if a_is_higher else (rows[b], rows[a])
            cost = order_cost(difference, probability) * change
            gradient, hessian = weighed_by_place(gradient, hessian, cost, bias, begin, high, low)
        g_a = f32(gradient) if a_is_higher else -f32(gradient)
        sums[a, 0] += g_a
        sums[a, 1] += f32(hessian)
        sums[b, 0] -= g_a
        sums[b, 1] += f32(hessian)
        total -= 2.0 * np.float64(f32(gradient))
    return total


@kernel
def group_gradients(groups, ranking, bias, options, pairs, pair_start, depth, normalized, out):
    """Gradients and Hessians of the groups from one to another (exclusive), without weights, shape (n_samples, 2).

    Rows are in the order of the ranking; `out` is 0 at the start.

    `pairs` are those that were drawn, as ranks, and `pair_start` where those of a group start; without any, pairs are
    those of the first `depth` ranks.
    """
    drawn = len(pairs) > 0
    for g in range(groups[0], groups[1]):
        begin, end = ranking.start[g], ranking.start[g + 1]
        first, n_pairs = pair_start[g], pair_start[g + 1] - pair_start[g]
        if not drawn:
            top = min(end - begin, depth)
            n_pairs = top * (end - begin - 1) - top * (top - 1) // 2
        total = add_pairs(ranking, g, bias, options, pairs, first, n_pairs, out)
        norm = 1.0
        if normalized and drawn:
            norm = 1.0 / depth
        elif normalized and total > 0.0:
            norm = math.log2(1.0 + total) / total
        for place in range(begin, end):
            out[place, 0] *= f32(norm)
            out[place, 1] *= f32(norm)


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
        self._n_threads = objective.n_threads
        # First and last (exclusive) group of each task: about as many rows each, and several tasks for each thread.
        ends = np.searchsorted(groups.start, np.linspace(0, len(y), TASKS_PER_THREAD * self._n_threads + 1))
        self._parts = list(zip(ends[:-1].tolist(), ends[1:].tolist()))
        # Sorted anew in each round, from the order of the round before, which is close.
        self._order = np.arange(len(y))
        self._iteration = 0

    def __call__(self, rows, margin, y, weight, value, out):
        """Write the gradients of the next round; see `Objective.gradients`."""
        given, groups = self._given, self._groups
        ranking = self._ranking(margin[0])
        costs = np.zeros((2, len(self._y) if given["lambdarank_unbiased"] else 0))
        bias = Bias(self.t_plus, self.t_minus, costs[0], costs[1])
        options = (self._measure, given["lambdarank_score_normalization"], given["lambdarank_unbiased"])
        pairs, pair_start = self._pairs(ranking.order)
        sums, of_places = np.empty((len(self._y), 2), dtype=np.float32), np.zeros((len(self._y), 2), dtype=np.float32)
        normalized = given["lambdarank_normalization"]

        def of_groups(part):
            group_gradients(part, ranking, bias, options, pairs, pair_start, self._n_pairs, normalized, of_places)

        run_tasks(of_groups, self._parts, self._n_threads)
        sums[ranking.order] = of_places
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
        start, order = self._groups.start, self._order
        sort_groups(start, score, order)
        gain = self._gain[order] if self._measure == NDCG else self._gain
        precisions = np.empty((3, len(order) if self._measure == MAP else 0))
        return Ranking(
            start, order, score[order], self._y[order], gain, self._discount, self._inverse_ideal, precisions
        )

    def _pairs(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Pairs of ranks drawn for this round, and where those of each group start; none with "topk"."""
        start = self._groups.start
        if not self._drawn:
            return np.empty((0, 2), dtype=np.int32), np.zeros(len(start), dtype=np.int64)
        label, by_label = self._y[order], np.arange(len(order))
        sort_groups(start, label, by_label)
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
