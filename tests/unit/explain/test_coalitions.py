from math import comb

import numpy as np
import pytest

from mlx.explain.coalitions import all_coalitions, inclusion_probabilities, pairs_per_size, sample_coalitions


def test_all_coalitions_number_their_players_by_bits():
    coalitions = all_coalitions(3)
    assert coalitions.shape == (8, 3)
    assert coalitions[5].tolist() == [True, False, True]
    assert len(np.unique(coalitions, axis=0)) == 8


@pytest.mark.parametrize("n_players", [2, 3, 6, 11, 20, 41])
@pytest.mark.parametrize("n_pairs", [30, 500])
def test_inclusion_gives_each_size_an_equal_share_until_it_is_full(n_players, n_pairs):
    available = pairs_per_size(n_players)
    n_pairs = int(min(n_pairs, available.sum()))
    inclusion = inclusion_probabilities(n_players, n_pairs)
    expected = available * inclusion
    assert expected.sum() == pytest.approx(n_pairs)
    shares = expected / np.array([0.5 if 2 * s == n_players else 1.0 for s in range(1, n_players // 2 + 1)])
    not_full = shares[inclusion < 1]
    if len(not_full):
        np.testing.assert_allclose(not_full, not_full[0])
        assert (shares[inclusion == 1] <= not_full[0] + 1e-9).all()


@pytest.mark.parametrize(("n_players", "n_coalitions"), [(2, 2), (5, 12), (8, 100), (13, 2074), (16, 64), (60, 500)])
def test_samples_are_different_pairs_of_complements(n_players, n_coalitions):
    sample = sample_coalitions(n_players, n_coalitions, np.random.default_rng(0))
    assert sample.coalitions.shape == (n_coalitions, n_players)
    np.testing.assert_array_equal(sample.coalitions[0::2], ~sample.coalitions[1::2])
    assert len(np.unique(sample.coalitions, axis=0)) == n_coalitions
    sizes = sample.coalitions.sum(axis=1)
    assert sizes.min() >= 1
    assert sizes.max() <= n_players - 1
    assert len(sample.inclusion) == n_coalitions // 2


def test_more_coalitions_than_exist_gives_all():
    sample = sample_coalitions(6, 1000, np.random.default_rng(0))
    assert len(sample.coalitions) == 2**6 - 2
    assert (sample.inclusion == 1).all()


def test_pairs_come_in_as_often_as_inclusion_says():
    n_players, n_coalitions, n_draws = 6, 30, 4000
    counts = {}
    for seed in range(n_draws):
        sample = sample_coalitions(n_players, n_coalitions, np.random.default_rng(seed))
        for row in sample.coalitions:
            key = row.tobytes()
            counts[key] = counts.get(key, 0) + 1
    inclusion = inclusion_probabilities(n_players, n_coalitions // 2)
    for row in all_coalitions(n_players)[1:-1]:
        size = min(row.sum(), n_players - row.sum())
        expected = inclusion[size - 1]
        spread = np.sqrt(expected * (1 - expected) / n_draws)
        assert counts.get(row.tobytes(), 0) / n_draws == pytest.approx(expected, abs=4.5 * spread + 1e-12)


def test_pairs_per_size_counts_half_of_the_middle():
    assert pairs_per_size(6).tolist() == [6, 15, comb(6, 3) / 2]
    assert pairs_per_size(5).tolist() == [5, 10]
