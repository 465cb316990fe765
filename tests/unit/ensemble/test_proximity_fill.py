"""Fills from leaf totals against their slow twins, which make every proximity."""

import numpy as np
import pytest

from mlx.ensemble.proximity_fill import proximity_average, proximity_mode
from tests.reference import forest as slow

rng = np.random.default_rng(0)
LEAVES = np.stack([rng.integers(0, n_leaves, 80) for n_leaves in rng.integers(3, 40, 20)], axis=1)
VALUES = np.where(rng.random(80) < 0.3, np.nan, rng.standard_normal(80))
CATEGORIES = np.where(rng.random(80) < 0.3, np.nan, rng.integers(2, 6, 80).astype(float))


def test_weighted_average_by_hand():
    """Proximities 0.1, 0.1 and 0.8 to rows of 125, 180 and 210 make 198.5."""
    leaves = np.array([[0, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 0, 2, 2, 2, 2, 2, 2, 2, 2], [2, 2, *[0] * 8], [0] * 10])
    values = np.array([125.0, 180.0, 210.0, np.nan])
    np.testing.assert_array_equal(slow.proximity(leaves[3:], leaves), [[0.1, 0.1, 0.8, 1]])
    assert proximity_average(values, leaves, leaves[3:]) == pytest.approx([198.5], rel=1e-15)


def test_mode_counts_proximities_not_rows():
    leaves = np.array([[0, 1, 1, 1, 1], [1, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0] * 5])
    assert proximity_mode(np.array([7.0, 7.0, 3.0, np.nan]), leaves, leaves[3:]) == 3
    # 2 against 2: the smaller
    leaves[2, 4] = 1
    assert proximity_mode(np.array([7.0, 7.0, 3.0, np.nan]), leaves, leaves[3:]) == 3
    assert proximity_mode(np.array([1.0, 1.0, 3.0, np.nan]), leaves, leaves[3:]) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_average_is_the_slow_twins(dtype):
    at = np.concatenate([LEAVES[np.isnan(VALUES)], LEAVES[:5] + 3])
    values = VALUES.astype(dtype)
    expected = slow.proximity_average(values.astype(np.float64), slow.proximity(at, LEAVES))
    np.testing.assert_allclose(proximity_average(values, LEAVES, at), expected, rtol=1e-12, atol=1e-13)


def test_mode_is_the_slow_twins():
    at = np.concatenate([LEAVES[np.isnan(CATEGORIES)], LEAVES[:5] + 3])
    # Sums of twentieths: equal votes may differ in the last bit there.
    expected = slow.proximity_mode(CATEGORIES, np.round(20 * slow.proximity(at, LEAVES)))
    np.testing.assert_array_equal(proximity_mode(CATEGORIES, LEAVES, at), expected)


@pytest.mark.parametrize("fill", [proximity_average, proximity_mode])
def test_nobody_near_is_nan(fill):
    far = LEAVES[:2] + 100
    far[1, 0] = LEAVES[np.flatnonzero(~np.isnan(CATEGORIES))[0], 0]
    assert np.isnan(fill(CATEGORIES, LEAVES, far)).tolist() == [True, False]
    assert np.isnan(fill(np.full(80, np.nan), LEAVES, LEAVES)).all()
    assert fill(CATEGORIES, LEAVES, LEAVES[:0]).shape == (0,)
