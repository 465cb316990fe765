import numpy as np
import pytest

from mlx.explain.coalitions import CoalitionSample, all_coalitions
from mlx.explain.shapley import (
    constrained_least_squares,
    exact_shapley_values,
    paired_regression,
    shapley_kernel,
    shapley_weight,
    solve_pairs,
)
from tests.reference.explain import shapley_by_orders


def random_game(n_players, seed=0):
    return np.random.default_rng(seed).normal(size=2**n_players)


def by_orders(worth, n_players):
    return shapley_by_orders(lambda coalition: worth[sum(1 << player for player in coalition)], n_players)


@pytest.mark.parametrize("n_players", [1, 2, 3, 6])
def test_exact_values_are_the_average_over_orders(n_players):
    worth = random_game(n_players)
    values = exact_shapley_values(worth[None, :, None])[0, :, 0]
    np.testing.assert_allclose(values, by_orders(worth, n_players), rtol=0, atol=1e-14)


@pytest.mark.parametrize("n_players", [2, 3, 4, 7])
def test_regression_on_all_pairs_is_exact(n_players):
    worth = random_game(n_players)
    coalitions = all_coalitions(n_players)
    half = np.arange(1, 2 ** (n_players - 1))
    paired = np.empty((2 * len(half), n_players), dtype=bool)
    paired[0::2], paired[1::2] = coalitions[half], ~coalitions[half]
    sample = CoalitionSample(paired, np.ones(len(half)))
    differences = (worth[half] - worth[2**n_players - 1 - half])[None, :, None]
    total = np.array([[worth[-1] - worth[0]]])
    values, variances = solve_pairs(paired_regression(sample), differences, total)
    np.testing.assert_allclose(values[0, :, 0], by_orders(worth, n_players), rtol=0, atol=1e-12)
    assert (variances == 0).all()


def test_general_regression_agrees_with_the_definition():
    n_players = 5
    worth, coalitions = random_game(n_players), all_coalitions(n_players)[1:-1]
    weights = np.array([shapley_kernel(size, n_players) for size in coalitions.sum(axis=1)])
    values, errors = constrained_least_squares(
        coalitions, weights, worth[1:-1] - worth[0], worth[-1] - worth[0], np.zeros(len(weights))
    )
    np.testing.assert_allclose(values, by_orders(worth, n_players), rtol=0, atol=1e-12)
    assert (errors == 0).all()


def test_weights_of_the_definition_sum_to_one_over_the_coalitions_without_a_player():
    for n_players in (1, 4, 9):
        sizes = all_coalitions(n_players - 1).sum(axis=1)
        assert sum(shapley_weight(int(size), n_players) for size in sizes) == pytest.approx(1.0, abs=1e-14)


def test_kernel_is_symmetric():
    for size in range(1, 9):
        assert shapley_kernel(size, 9) == pytest.approx(shapley_kernel(9 - size, 9), rel=1e-15)
