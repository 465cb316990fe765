"""Cuts and codes: which bin a value falls into."""

import numpy as np
import pytest

from mlx.boosting.binning import bin_table
from mlx.boosting.quantiles import column_cuts, weighted_quantiles
from mlx.numeric.threads import thread_team


def binned(X, max_bin=256, n_threads=1):
    with thread_team(n_threads) as run:
        return bin_table(np.ascontiguousarray(X, dtype=np.float32), None, max_bin, n_threads, run)


def codes_of(table):
    """Codes in the layout of the table that was binned."""
    return np.concatenate([group[:, : table.n_columns] for group in table.codes], axis=1)[:, : table.n_features]


def test_few_values_are_their_own_bins():
    cuts = column_cuts(np.float32([3, 1, 2, 1, np.nan]), None, 3)
    assert cuts[:-1].tolist() == [2, 3]
    assert cuts[-1] == np.float32(6.00001)


def test_a_column_of_one_value_or_none():
    assert len(column_cuts(np.float32([5, 5]), None, 256)) == 1
    assert len(column_cuts(np.float32([np.nan]), None, 256)) == 1


def test_the_closing_cut_is_finite():
    largest = np.finfo(np.float32).max
    assert np.isfinite(column_cuts(np.float32([0, largest / 1.5, largest]), None, 256)).all()


def test_quantiles_by_hand():
    values = np.arange(10, dtype=np.float32)
    assert weighted_quantiles(values, np.ones(10), 5).tolist() == [2, 4, 6, 8]
    assert weighted_quantiles(values, np.array([91, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 4).tolist() == [0]


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("d", [1, 7, 8, 9, 16, 17])
def test_codes_count_the_cuts_below(d, n_threads):
    rng = np.random.default_rng(d)
    X = rng.normal(size=(1300, d)).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    table = binned(X, 30, n_threads)
    codes = codes_of(table)
    for f in range(d):
        cuts = table.cuts[table.start[f] : table.start[f] + table.n_bins[f]]
        expected = np.where(np.isnan(X[:, f]), table.n_bins[f], np.searchsorted(cuts, X[:, f], side="right"))
        np.testing.assert_array_equal(codes[:, f], expected)


@pytest.mark.parametrize(
    ("n_values", "missing", "dtype"),
    [(256, False, np.uint8), (255, True, np.uint8), (256, True, np.uint16), (257, False, np.uint16)],
)
def test_nothing_is_collapsed(n_values, missing, dtype):
    X = np.arange(n_values, dtype=np.float32)[:, None]
    if missing:
        X = np.append(X, [[np.nan]], axis=0)
    table = binned(X, 65_535)
    assert table.codes.dtype == dtype
    assert len(np.unique(codes_of(table))) == n_values + missing


def test_categories_are_their_own_codes():
    """However many there are, and whether or not each of them has rows."""
    categories = np.array([0, 7, 3, np.nan, 299, 0], dtype=np.float32)
    X = np.column_stack([categories, np.arange(6, dtype=np.float32), np.full(6, np.nan, dtype=np.float32)])
    with thread_team(1) as run:
        table = bin_table(X, None, 4, 1, run, is_category=np.array([True, False, True]))
    assert table.n_bins.tolist() == [300, 4, 1]
    assert table.codes[0, :, 0].tolist() == [0, 7, 3, 300, 299, 0]
    assert table.codes[0, :, 2].tolist() == [1] * 6
