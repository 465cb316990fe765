"""Both matrices of a fold, by hand, and that nothing is learned from the test rows."""

import numpy as np
import pytest

from mlx.compare.preparation import MOST_LEVELS, fit_preparation

NAN = np.nan


def _column(*values):
    return np.array(values, dtype=np.float64)[:, None]


def test_numbers_are_imputed_by_the_median_and_scaled():
    preparation = fit_preparation(_column(1, 3, NAN, 8), {})
    # median 3; filled 1, 3, 3, 8 with mean 3.75 and variance 6.6875
    dense = preparation.dense(_column(3.75, NAN))
    np.testing.assert_allclose(dense, [[0.0, 0.0], [-0.75 / 6.6875**0.5, 1.0]])


def test_column_without_missing_values_has_no_indicator():
    assert fit_preparation(_column(1, 2, 3), {}).dense(_column(1, 2)).shape == (2, 1)


@pytest.mark.parametrize("constant", [5.0, 0.1, 1 / 3, 1e6 + 0.1])
def test_constant_column_becomes_zero(constant):
    # The mean of fifty times 0.1 is not 0.1, and their deviation not 0: nothing may be divided by it.
    dense = fit_preparation(np.full((50, 1), constant), {}).dense(_column(constant, constant + 1))
    np.testing.assert_array_equal(dense, [[0], [constant + 1 - constant]])


def test_levels_but_the_most_frequent_have_a_column():
    levels = {0: ("a", "b", "c", "d")}
    preparation = fit_preparation(_column(1, 1, 0, 2, NAN), levels)
    dense = preparation.dense(_column(0, 1, 2, 3, NAN))
    # a, c, missing; b is the reference, d was not seen
    np.testing.assert_array_equal(dense, [[1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_rare_levels_share_a_column():
    n_levels = MOST_LEVELS + 3
    codes = np.concatenate([np.repeat(np.arange(MOST_LEVELS), 2), np.arange(MOST_LEVELS, n_levels)])
    preparation = fit_preparation(_column(*codes), {0: tuple(map(str, range(n_levels)))})
    dense = preparation.dense(_column(*range(n_levels)))
    assert dense.shape == (n_levels, MOST_LEVELS)
    np.testing.assert_array_equal(dense[:, -1], np.arange(n_levels) >= MOST_LEVELS)
    np.testing.assert_array_equal(dense.sum(axis=1), np.arange(n_levels) > 0)


def test_trees_get_columns_as_they_are_but_for_unseen_levels():
    X = np.array([[0, NAN], [1, 2.5]])
    preparation = fit_preparation(X, {0: ("a", "b", "c")})
    np.testing.assert_array_equal(preparation.columns(np.array([[2, NAN], [1, 7.0]])), [[NAN, NAN], [1, 7.0]])


def test_given_rows_are_left_alone():
    X = np.array([[0.0, 1.0], [2.0, NAN]])
    before = X.copy()
    preparation = fit_preparation(X[:1], {0: ("a", "b", "c")})
    preparation.columns(X)
    preparation.dense(X)
    np.testing.assert_array_equal(X, before)


def test_matrix_of_no_columns_has_rows():
    assert fit_preparation(_column(0, 0), {0: ("a", "b")}).dense(_column(0, 1, 0)).shape == (3, 0)
