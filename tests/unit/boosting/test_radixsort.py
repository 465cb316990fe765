"""Radix sort beside a sort by comparisons."""

import numpy as np
import pytest

from mlx.boosting.radixsort import sort_floats

EXTREMES = [0.0, -0.0, 1e-45, -1e-45, 1.5, -1.5, 3.4e38, -3.4e38, np.inf, -np.inf]


@pytest.mark.parametrize("n", [0, 1, 2, 1000, 5000])
@pytest.mark.parametrize("scale", [1e-40, 1.0, 1e30])
def test_floats_are_in_rising_order(n, scale):
    rng = np.random.default_rng(n)
    column = np.concatenate([rng.normal(size=n) * scale, rng.integers(-3, 3, size=n), EXTREMES]).astype(np.float32)
    rng.shuffle(column)
    before = column.copy()
    np.testing.assert_array_equal(sort_floats(column), np.sort(column))
    np.testing.assert_array_equal(column, before)


def test_the_two_zeros_are_one():
    assert not np.signbit(sort_floats(np.float32([0.0, -0.0, -0.0]))).any()


def test_a_column_of_a_table():
    X = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    np.testing.assert_array_equal(sort_floats(X[:, 1]), np.sort(X[:, 1]))
