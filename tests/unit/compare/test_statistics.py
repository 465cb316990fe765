"""Intervals, wins and rank correlations against sums done by hand."""

import math

import numpy as np
import pytest

from mlx.compare.statistics import Interval, corrected_interval, rank_correlation, wins

# Upper 2.5 % points of Student's t with 2 and with 14 degrees of freedom, from a printed table.
T_2, T_14 = 4.302652730, 2.144786688


def test_interval_of_three_differences_by_hand():
    # mean 2, s² = 1, variance of the mean (1/3 + 1/2) · 1
    interval = corrected_interval([1.0, 2.0, 3.0], test_over_train=0.5)
    half_width = T_2 * math.sqrt(5.0 / 6.0)
    assert interval == pytest.approx(Interval(2.0, 2.0 - half_width, 2.0 + half_width), rel=1e-9)


def test_interval_of_five_folds_repeated_three_times_by_hand():
    differences = [0.0, 1.0] * 7 + [0.5]
    # s² = 14 · 0.25 / 14
    half_width = T_14 * math.sqrt((1.0 / 15.0 + 0.25) * 0.25)
    interval = corrected_interval(differences, test_over_train=0.25)
    assert interval.mean == pytest.approx(0.5)
    assert interval.upper - interval.mean == pytest.approx(half_width, rel=1e-9)


def test_correction_widens_the_plain_interval():
    differences = [0.1, 0.3, 0.2, 0.4]
    plain = corrected_interval(differences, test_over_train=0.0)
    corrected = corrected_interval(differences, test_over_train=0.25)
    assert (corrected.upper - corrected.mean) / (plain.upper - plain.mean) == pytest.approx(math.sqrt(2.0))


def test_one_fold_has_a_mean_and_no_interval():
    interval = corrected_interval([0.25], 0.25)
    assert interval.mean == 0.25
    assert math.isnan(interval.lower)
    assert math.isnan(interval.upper)


def test_no_fold_has_nothing():
    assert all(map(math.isnan, corrected_interval([], 0.25)))


def test_a_draw_is_not_won():
    assert wins([0.1, 0.0, -0.1, 0.2]) == (2, 4)


def test_rank_correlation_by_hand():
    # 1 - 6 · (0 + 1 + 1 + 0) / (4 · 15)
    assert rank_correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 30.0, 20.0, 40.0])) == pytest.approx(0.8)


def test_rank_correlation_of_matrices_and_constants():
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert rank_correlation(a, np.exp(a)) == pytest.approx(1.0)
    assert rank_correlation(a, -a) == pytest.approx(-1.0)
    assert math.isnan(rank_correlation(a, np.ones((2, 2))))
