"""Gains, discounts and the ideal DCG beside their definitions."""

import math

import numpy as np
import pytest

from mlx.boosting.discounted_gain import MOST_RELEVANT, discounts, gains, ideal_dcg
from mlx.boosting.groups import groups_of, one_group
from tests.reference import ranking as twin


def test_gains():
    y = np.float32([0, 1, 3, MOST_RELEVANT])
    np.testing.assert_array_equal(gains(y, True), [0.0, 1.0, 7.0, 2.0**31 - 1])
    np.testing.assert_array_equal(gains(y, False), y)
    assert gains(y, True).dtype == gains(y, False).dtype == np.float64


def test_discounts():
    # The first row counts in full, the third half: log₂ 4 is 2.
    np.testing.assert_allclose(discounts(4), [1.0, 1 / math.log2(3), 0.5, 1 / math.log2(5)], rtol=1e-15)
    assert discounts(1).tolist() == [1.0]


def test_by_hand():
    # Relevances 2, 0, 1 in the best order 2, 1, 0.
    gain = gains(np.float32([0, 2, 1]), True)
    assert ideal_dcg(gain, one_group(3), None)[0] == pytest.approx(3.0 + 1.0 / math.log2(3), rel=1e-15)
    assert ideal_dcg(gain, one_group(3), 1)[0] == 3.0


@pytest.mark.parametrize("depth", [None, 1, 3, 100])
@pytest.mark.parametrize("exponential", [True, False])
def test_ideal_of_each_group(depth, exponential):
    sizes = [5, 1, 8, 2]
    y = np.random.default_rng(0).integers(0, 5, sum(sizes)).astype(np.float32)
    y[-2:] = 0  # nothing relevant
    groups = groups_of(len(y), group=sizes)
    gain = gains(y, exponential)
    expected = [twin.dcg(sorted(part.tolist(), reverse=True)[:depth]) for part in np.split(gain, groups.start[1:-1])]
    np.testing.assert_allclose(ideal_dcg(gain, groups, depth), expected, rtol=1e-14)
    assert ideal_dcg(gain, groups, depth)[-1] == 0.0
