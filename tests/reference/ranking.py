"""Slow twin of the ranking objectives: measures by their definitions, swaps by swapping, pairs by plain loops.

Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", 2010, sections 4 to 7; for the biases of places Hu et
al., "Unbiased LambdaMART", 2019, equations 25, 30 and 31. Everything is a Python float.
"""

import math


def dcg(gains):
    """Σ gain / log₂(1 + rank)."""
    return sum(gain / math.log2(1 + rank) for rank, gain in enumerate(gains, start=1))


def ndcg(labels, depth, exponential=True):
    """DCG of labels in their order over that of the first `depth` in the best order; 0 if nothing is relevant."""
    gains = [2.0**y - 1 if exponential else y for y in labels]
    ideal = dcg(sorted(gains, reverse=True)[:depth])
    return dcg(gains) / ideal if ideal else 0.0


def average_precision(labels):
    """Mean, over the relevant rows, of the precision at their ranks."""
    hits = [sum(labels[: k + 1]) for k in range(len(labels))]
    return sum(y * h / (k + 1) for k, (y, h) in enumerate(zip(labels, hits))) / sum(labels)


def change_by_swap(measure, labels, a, b):
    """How much a measure of the ranking changes if the rows at two ranks swap places."""
    swapped = list(labels)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    return measure(swapped) - measure(labels)


def ranking_of(scores):
    """Rows by falling score; ties in their order."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


def top_pairs(n, k):
    """Pairs of ranks: each of the first k with each below it."""
    return [(a, b) for a in range(min(n, k)) for b in range(a + 1, n)]


def minimal_standard(seed):
    """Numbers 0 to 2^31 - 3 of Park and Miller's generator x <- 48271 x mod (2^31 - 1), which starts from 1 for 0."""
    modulus = 2**31 - 1
    x = seed % modulus or 1
    while True:
        x = x * 48271 % modulus
        yield x - 1


def number_below(n, stream):
    """A number from 0 to n - 1, each as likely: the range of the stream is cut into n, the rest is drawn anew."""
    width = (2**31 - 3) // n
    return next(x for x in stream if x < n * width) // width


def drawn_pairs(labels, n_pairs, iteration, group, n_groups):
    """Pairs of ranks: rows of each relevance, the highest first, take turns to draw one of another relevance.

    `labels` are in the order of the ranks.
    """
    stream = minimal_standard(((iteration + 1) * n_groups + group) % 2**32)
    by_label, pairs = sorted(range(len(labels)), key=lambda rank: -labels[rank]), []
    for relevance in sorted(set(labels), reverse=True):
        own = [rank for rank in by_label if labels[rank] == relevance]
        others = [rank for rank in by_label if labels[rank] != relevance]
        for _ in range(n_pairs if others else 0):
            pairs += [(rank, others[number_below(len(others), stream)]) for rank in own]
    return pairs


def group_gradients(scores, labels, pairs, measure, *, by_score=True, places=None):
    """Gradients, Hessians and costs of one group, without normalization.

    `places` are biases (t⁺, t⁻) of the places in which the rows stand, or None. Costs are those of the rows as the more
    relevant one of a pair, and as the other one; S is the sum of 2 |λ|.
    """
    n, order = len(scores), ranking_of(scores)
    ranked = [labels[i] for i in order]
    g, h, cost_plus, cost_minus, total = [0.0] * n, [0.0] * n, [0.0] * n, [0.0] * n, 0.0
    for a, b in pairs:
        if ranked[a] == ranked[b]:
            continue
        high, low = (a, b) if ranked[a] > ranked[b] else (b, a)
        i, j = order[high], order[low]
        sigma = 1 / (1 + math.exp(-(scores[i] - scores[j])))
        change = abs(change_by_swap(measure, ranked, a, b)) if measure else 1.0
        if by_score and max(scores) != min(scores):
            change /= 0.01 + abs(scores[i] - scores[j])
        gradient, hessian = (sigma - 1) * change, 2 * sigma * (1 - sigma) * change
        if places and max(i, j) < len(places[0]):
            cost = math.log(1 / (1 - sigma)) * change
            plus, minus = places[0][i], places[1][j]
            # A place without costs has a bias of 0 in the next round, and nothing is divided by that.
            if plus and minus:
                gradient, hessian = (part / (plus * minus) for part in (gradient, hessian))
            cost_plus[i] += cost / minus if minus else 0.0
            cost_minus[j] += cost / plus if plus else 0.0
        g[i] += gradient
        g[j] -= gradient
        h[i] += hessian
        h[j] += hessian
        total -= 2 * gradient
    return g, h, cost_plus, cost_minus, total


def norm_of_group(total):
    """log₂(1 + S) / S."""
    return math.log2(1 + total) / total if total > 0 else 1.0


def renewed_bias(costs_of_groups, n_places, bias_norm):
    """Biases of places from the costs of all groups: their sums, over that of the first place, to 1 / (1 + p)."""
    sums = [sum(costs[place] for costs in costs_of_groups if place < len(costs)) for place in range(n_places)]
    return [(part / sums[0]) ** (1 / (1 + bias_norm)) for part in sums]
