"""Penalties: each function against the definition of what it solves."""

import numpy as np
import pytest

from mlx.linear_model.penalties import elastic_net_penalty, soft_threshold, stationarity


@pytest.mark.parametrize("z", [-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.5])
def test_soft_threshold_minimises(z):
    grid = np.linspace(-4.0, 4.0, 8001)
    best = grid[np.argmin(0.5 * (grid - z) ** 2 + 1.0 * np.abs(grid))]
    assert soft_threshold(z, 1.0) == pytest.approx(best, abs=1e-9)


def test_soft_threshold_of_arrays():
    np.testing.assert_array_equal(soft_threshold(np.array([-3.0, 0.5, 2.0]), np.array([1.0, 1.0, 0.0])), [-2, 0, 2])


def test_penalty_by_hand():
    assert elastic_net_penalty(np.array([3.0, -4.0]), 2.0, 0.5) == 2.0 * 7.0 + 0.5 * 0.5 * 25.0
    assert elastic_net_penalty(np.array([3.0, -4.0]), np.array([1.0, 0.0]), 0.0) == 3.0


def test_stationarity_is_zero_at_the_minimum_only():
    # One coefficient, f = ½ (w - z)²: the minimum is the soft threshold.
    for z in (-3.0, -0.5, 0.0, 0.9, 2.0):
        w = np.array([soft_threshold(z, 1.0)])
        assert stationarity(w - z, w, 1.0)[0] == pytest.approx(0.0, abs=1e-15)
        elsewhere = w + 0.1
        assert stationarity(elsewhere - z, elsewhere, 1.0)[0] > 0.05
        nonnegative = np.array([max(soft_threshold(z, 1.0), 0.0)])
        assert stationarity(nonnegative - z, nonnegative, 1.0, positive=True)[0] == pytest.approx(0.0, abs=1e-15)
    assert stationarity(np.array([-3.0]), np.zeros(1), 1.0)[0] == 2.0
