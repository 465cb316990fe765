"""The library's cuts against their slow twin, and what holds for any cuts; `tests/parity` puts the library beside."""

import numpy as np
import pytest

from mlx.boosting import XGBRegressor
from mlx.boosting.library_cuts import library_cuts, sketch_shape
from mlx.boosting.quantiles import column_cuts
from tests.reference import library_cuts as reference


def columns(n, seed):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=n).astype(np.float32)
    missing = mixed.copy()
    missing[rng.random(n) < 0.3] = np.nan
    return {
        "normal": mixed,
        "missing": missing,
        "ties": np.floor(mixed * 20),
        "constant": np.full(n, 2.5, dtype=np.float32),
        "rising": np.sort(mixed),
        "mostly zero": np.where(rng.random(n) < 0.9, np.float32(0), mixed),
        "nothing": np.full(n, np.nan, dtype=np.float32),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("max_bin", [2, 3, 7])
@pytest.mark.parametrize("n", [1, 2, 10, 300, 1500])
def test_equal_to_the_slow_twin(n, max_bin, weighted):
    """With 1,500 rows and 2 bins, summaries are carried up to level 4."""
    for name, column in columns(n, seed=n).items():
        weight = np.random.default_rng(1).integers(1, 9, n).astype(np.float32) if weighted else np.ones(n, np.float32)
        ours = library_cuts(column, weight if weighted else None, max_bin)
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, reference.library_cuts(column, weight, max_bin), err_msg=name)


def test_uneven_weights_of_distinct_values():
    rng = np.random.default_rng(2)
    column, weight = rng.permutation(1200).astype(np.float32), rng.pareto(0.7, 1200).astype(np.float32) + 1e-3
    ours = library_cuts(column, weight, 4)
    np.testing.assert_array_equal(ours, reference.library_cuts(column, weight, 4))


def test_shape_of_the_sketch():
    """n_levels is the smallest number with ``2 ** n_levels * limit >= n``."""
    assert sketch_shape(10, 1 / 80) == (1, 10)
    assert sketch_shape(4098, 1 / 2048) == (1, 2049)
    assert sketch_shape(4099, 1 / 2048) == (2, 4097)
    assert sketch_shape(200_000, 1 / 2048) == (5, 10_241)


def test_the_same_as_exact_cuts_where_every_value_has_its_bin():
    rng = np.random.default_rng(3)
    column = rng.integers(0, 60, 2000).astype(np.float32)
    column[rng.random(2000) < 0.1] = np.nan
    np.testing.assert_array_equal(library_cuts(column, None, 60), column_cuts(column, None, 60))


def test_bins_are_about_equally_heavy():
    """A cut is off by less than the sketch's ε = 1 / (8 max_bin) and one part of the last pruning."""
    rng = np.random.default_rng(4)
    column, weight = rng.normal(size=30_000).astype(np.float32), rng.exponential(size=30_000).astype(np.float32)
    cuts = library_cuts(column, weight, 32)
    assert len(cuts) == 32
    share = np.array([weight[column < cut].sum(dtype=float) for cut in cuts[:-1]]) / weight.sum(dtype=float)
    np.testing.assert_allclose(share, np.arange(1, 32) / 32, atol=1.5 / (8 * 32))
    assert cuts[-1] > column.max()


def test_the_order_of_the_rows_matters():
    """Unlike the exact cuts: this is why those are the default."""
    rng = np.random.default_rng(5)
    column = rng.normal(size=5000).astype(np.float32)
    other = rng.permutation(column)
    np.testing.assert_array_equal(column_cuts(column, None, 16), column_cuts(other, None, 16))
    assert not np.array_equal(library_cuts(column, None, 16), library_cuts(other, None, 16))


def test_rows_of_weight_zero_have_no_part():
    column = np.array([5, 1, 2, 3, 9], dtype=np.float32)
    weight = np.array([0, 1, 1, 1, 0], dtype=np.float32)
    np.testing.assert_array_equal(library_cuts(column, weight, 256)[:-1], [2, 3])


def test_column_and_weights_are_left_alone():
    column, weight = np.random.default_rng(6).normal(size=(2, 500)).astype(np.float32) ** 2
    before = column.copy(), weight.copy()
    library_cuts(column, weight, 8)
    np.testing.assert_array_equal(column, before[0])
    np.testing.assert_array_equal(weight, before[1])


def test_the_closing_cut_is_finite():
    column = np.array([1.0, 3.0e38], dtype=np.float32)
    assert library_cuts(column, None, 256)[-1] == np.finfo(np.float32).max


def test_any_number_of_threads_gives_the_same_trees():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(6000, 10))
    y = X[:, 0] + rng.normal(size=len(X))
    models = [XGBRegressor(n_estimators=3, cuts="xgboost", n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2)]
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))
