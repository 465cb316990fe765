"""Gradients of rankings beside a twin that swaps rows, and beside finite differences where there is a loss."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from mlx.boosting.groups import Groups, groups_of
from mlx.boosting.objectives import objective_of
from tests.reference import ranking as twin

SIZES = [7, 1, 4, 12, 2, 3]
ONE = np.ones(sum(SIZES), dtype=np.float32)


def rows(name, seed=0):
    """Margins with ties, and relevances; one group has none, and one no pairs."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(size=sum(SIZES)), 1).astype(np.float32)
    y = rng.integers(0, 2 if name == "rank:map" else 5, sum(SIZES)).astype(np.float32)
    y[7:8], y[-3:] = 1.0, 0.0
    return score, y


def gradients(objective, score):
    out, one = np.empty((1, len(score), 2), dtype=np.float32), ONE[: len(score)]
    objective.gradients(np.array([0, len(score)]), score[np.newaxis], one, one, out)
    return out[0]


def measure_of(name, given):
    """The twin's measure; None is none."""
    if name == "rank:ndcg":
        depth = given.get("lambdarank_num_pair_per_sample", 32)
        return partial(twin.ndcg, depth=depth, exponential=given.get("ndcg_exp_gain", True))
    return twin.average_precision if name == "rank:map" else None


OPTIONS = [
    {},
    {"lambdarank_num_pair_per_sample": 3},
    {"lambdarank_normalization": False},
    {"lambdarank_score_normalization": False},
    {"ndcg_exp_gain": False},
]


@pytest.mark.parametrize("given", OPTIONS, ids=lambda given: next(iter(given), "defaults"))
@pytest.mark.parametrize("name", ["rank:ndcg", "rank:map", "rank:pairwise"])
def test_gradients_are_those_of_the_twin(name, given):
    score, y = rows(name)
    groups = groups_of(len(y), group=SIZES)
    out = gradients(objective_of(name, given).of_rows(y, groups), score)
    n_pairs, by_score = (
        given.get("lambdarank_num_pair_per_sample", 32),
        given.get("lambdarank_score_normalization", True),
    )
    for first, last in zip(groups.start, groups.start[1:]):
        own = score[first:last].astype(float).tolist(), y[first:last].tolist()
        pairs = twin.top_pairs(last - first, n_pairs)
        g, h, _, _, total = twin.group_gradients(*own, pairs, measure_of(name, given), by_score=by_score)
        norm = twin.norm_of_group(total) if given.get("lambdarank_normalization", True) else 1.0
        np.testing.assert_allclose(out[first:last], norm * np.column_stack([g, h]), rtol=2e-6, atol=2e-7)


def test_weights_of_groups():
    score, y = rows("rank:ndcg")
    weight = np.float32([1, 2, 0.5, 3, 1, 1])
    plain, weighted = (groups_of(len(y), group=SIZES, weight=w) for w in (None, weight))
    a, b = (gradients(objective_of("rank:ndcg", {}).of_rows(y, groups), score) for groups in (plain, weighted))
    factor = np.repeat(weight * len(weight) / weight.sum(), SIZES)
    np.testing.assert_allclose(b, a * factor[:, None], rtol=1e-6)


@pytest.mark.parametrize("name", ["rank:ndcg", "rank:pairwise"])
def test_biases_of_places(name):
    """Three rounds: each uses the biases that the costs of the one before it have given."""
    groups = groups_of(sum(SIZES), group=SIZES)
    y = rows(name)[1]
    given = {"lambdarank_unbiased": True, "lambdarank_bias_norm": 0.5, "lambdarank_num_pair_per_sample": 4}
    objective = objective_of(name, given).of_rows(y, groups)
    plus, minus = [1.0] * 4, [1.0] * 4
    for seed in range(3):
        score = rows(name, seed)[0]
        out = gradients(objective, score)
        costs = []
        for first, last in zip(groups.start, groups.start[1:]):
            own = score[first:last].astype(float).tolist(), y[first:last].tolist()
            pairs = twin.top_pairs(last - first, 4)
            g, h, *cost, total = twin.group_gradients(*own, pairs, measure_of(name, given), places=(plus, minus))
            expected = twin.norm_of_group(total) * np.column_stack([g, h])
            np.testing.assert_allclose(out[first:last], expected, rtol=5e-6, atol=1e-6)
            costs.append(cost)
        plus, minus = (twin.renewed_bias([cost[k] for cost in costs], 4, 0.5) for k in (0, 1))
    np.testing.assert_allclose(objective.kernel.t_plus, plus, rtol=1e-5)
    np.testing.assert_allclose(objective.kernel.t_minus, minus, rtol=1e-5)
    assert plus[0] == 1.0


def test_biases_of_places_at_margins_far_apart():
    """σ is 1 in float32: a pair costs the difference of its margins, log(1 + exp(d)), and not infinitely much."""
    y = np.float32([2, 1, 0, 1, 0, 2])
    given = {"lambdarank_unbiased": True, "lambdarank_score_normalization": False, "lambdarank_num_pair_per_sample": 3}
    objective = objective_of("rank:pairwise", given).of_rows(y, groups_of(6, group=[3, 3]))
    score = np.float32([300, 200, -500, 40, -60, -20])
    out = gradients(objective, score)
    d = {(0, 1): 100.0, (0, 2): 800.0, (1, 2): 700.0, (5, 3): -60.0, (5, 4): 40.0, (3, 4): 100.0}
    cost = {pair: np.logaddexp(0, difference) for pair, difference in d.items()}
    of_place = [sum(cost[i, j] for i, j in d if i % 3 == place) for place in range(3)]
    np.testing.assert_allclose(objective.kernel.t_plus, np.sqrt(np.array(of_place) / of_place[0]), rtol=1e-5)
    assert np.isfinite(out).all() and np.isfinite(objective.position_bias).all()


def test_pairwise_gradient_is_that_of_a_loss():
    """Without normalizations it is the derivative of Σ log(1 + exp(f_j - f_i)) over pairs with y_i > y_j."""
    score, y = (part.astype(float) for part in rows("rank:pairwise"))
    groups = groups_of(len(y), group=SIZES)
    given = {"lambdarank_normalization": False, "lambdarank_score_normalization": False}
    out = gradients(objective_of("rank:pairwise", given).of_rows(y.astype(np.float32), groups), np.float32(score))

    def loss(f):
        better = (y[:, None] > y) & (groups.of_rows()[:, None] == groups.of_rows())
        return np.logaddexp(0, f - f[:, None])[better].sum()

    step = 1e-5 * np.eye(len(y))
    slope = [(loss(score + d) - loss(score - d)) / 2e-5 for d in step]
    np.testing.assert_allclose(out[:, 0], slope, atol=1e-5)


def drawn_pairs(objective, order):
    """Rows (own, other) of the pairs of the next round, in the order in which they are drawn."""
    pairs, start = objective.kernel._pairs(order)
    return [order[pairs[a:b] + first] for a, b, first in zip(start, start[1:], objective.kernel._groups.start)]


@pytest.mark.parametrize("n_pairs", [1, 3])
@pytest.mark.parametrize("name", ["rank:ndcg", "rank:map", "rank:pairwise"])
def test_drawn_pairs_and_their_gradients_are_those_of_the_twin(name, n_pairs):
    """Three rounds, each with pairs of its own; the sums of a group are divided by the pairs of a row."""
    groups, y = groups_of(sum(SIZES), group=SIZES), rows(name)[1]
    given = {"lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": n_pairs}
    objective = objective_of(name, given).of_rows(y, groups)
    measure = {"rank:ndcg": lambda labels: twin.ndcg(labels, len(labels)), "rank:map": twin.average_precision}.get(name)
    for iteration in range(3):
        score = rows(name, iteration)[0]
        out, seen = gradients(objective, score), 0
        for g, (first, last) in enumerate(zip(groups.start, groups.start[1:])):
            own = score[first:last].astype(float).tolist(), y[first:last].tolist()
            ranked = [own[1][i] for i in twin.ranking_of(own[0])]
            pairs = twin.drawn_pairs(ranked, n_pairs, iteration, g, groups.n_groups)
            gradient, hessian, *_ = twin.group_gradients(*own, pairs, measure)
            expected = np.column_stack([gradient, hessian]) / n_pairs
            np.testing.assert_allclose(out[first:last], expected, rtol=3e-6, atol=3e-7)
            seen += len(pairs)
        assert seen >= 19 * n_pairs


def test_drawn_pairs_are_even():
    """Each row has its number of pairs, all with rows of other relevance, each of these as often as the others."""
    y = np.float32([3, 1, 1, 0, 2, 0, 0])
    given = {"lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": 200}
    objective = objective_of("rank:ndcg", given).of_rows(y, Groups(np.array([0, 7])))
    (pairs,) = drawn_pairs(objective, np.array([4, 0, 6, 2, 1, 3, 5]))
    for own in range(7):
        others = pairs[pairs[:, 0] == own, 1]
        possible = np.flatnonzero(y != y[own])
        assert len(others) == 200
        assert np.isin(others, possible).all()
        assert stats.chisquare(np.bincount(others, minlength=7)[possible]).pvalue > 1e-4


def test_drawn_pairs_depend_on_round_and_group_alone():
    score, y = rows("rank:ndcg")
    groups = groups_of(len(y), group=SIZES)
    one, two = (objective_of("rank:ndcg", {"lambdarank_pair_method": "mean"}).of_rows(y, groups) for _ in range(2))
    rounds = [gradients(one, score) for _ in range(3)]
    np.testing.assert_array_equal(rounds, [gradients(two, score) for _ in range(3)])
    assert not np.array_equal(rounds[0], rounds[1])
    # A start does not take a round away.
    three = objective_of("rank:ndcg", {"lambdarank_pair_method": "mean"}).of_rows(y, groups)
    three.start(y, None, three.value, 1)
    np.testing.assert_array_equal(gradients(three, score), rounds[0])


@pytest.mark.parametrize("sizes", [SIZES, [29], [1] * 29], ids=["some", "one", "single rows"])
@pytest.mark.parametrize("method", ["topk", "mean"])
def test_threads_change_no_bit(method, sizes):
    score, y = rows("rank:ndcg")
    groups = groups_of(len(y), group=sizes)
    objective = objective_of("rank:ndcg", {"lambdarank_pair_method": method, "lambdarank_unbiased": True})
    one, *others = (objective.of_rows(y, groups, n_threads) for n_threads in (1, 2, 3, 40))
    for _ in range(3):
        expected = gradients(one, score)
        for other in others:
            np.testing.assert_array_equal(gradients(other, score), expected)
            np.testing.assert_array_equal(other.position_bias, one.position_bias)


def test_groups_without_pairs_have_no_gradient():
    y = np.float32([1, 1, 1, 0])
    for method in ("topk", "mean"):
        objective = objective_of("rank:pairwise", {"lambdarank_pair_method": method})
        assert (gradients_of_groups(objective, y, [3, 1]) == 0).all()


def gradients_of_groups(objective, y, sizes):
    out = np.full((1, len(y), 2), 9.0, dtype=np.float32)
    bound = objective.of_rows(y, groups_of(len(y), group=sizes))
    bound.gradients(np.array([0, len(y)]), np.float32([[1, 2, 3, 4]]), y, np.ones(4, dtype=np.float32), out)
    return out


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("rank:ndcg", {}, -1.0),
        ("rank:ndcg", {}, 0.5),
        ("rank:ndcg", {}, 32.0),
        ("rank:ndcg", {"ndcg_exp_gain": False}, -0.5),
        ("rank:map", {}, 2.0),
    ],
)
def test_relevances_outside_of_the_domain(name, given, value):
    with pytest.raises(ValueError, match=rf"y: {name}"):
        objective_of(name, given).of_rows(np.float32([0, 1, value]))
    objective_of("rank:pairwise", {}).of_rows(np.float32([0, 1, value]))
    objective_of("rank:ndcg", {"ndcg_exp_gain": False}).of_rows(np.float32([0, 1, abs(value)]))


def test_names_of_metrics():
    for given, metric in [
        ({}, "ndcg@32"),
        ({"lambdarank_num_pair_per_sample": 7}, "ndcg@7"),
        ({"lambdarank_pair_method": "mean"}, "ndcg@all"),
    ]:
        assert objective_of("rank:ndcg", given).metric == objective_of("rank:pairwise", given).metric == metric
    assert objective_of("rank:map", {"lambdarank_pair_method": "mean"}).metric == "map"


def test_unbound_objective_says_so():
    with pytest.raises(TypeError, match="of_rows"):
        gradients(objective_of("rank:ndcg", {}), np.zeros(3, dtype=np.float32))
