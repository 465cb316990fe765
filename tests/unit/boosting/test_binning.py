"""Cuts and codes: which bin a value falls into."""

import numpy as np
import pytest

from mlx.boosting.binning import SHARED_CODES, Column, Group, bin_table, codes_of
from mlx.boosting.quantiles import column_cuts, weighted_quantiles
from mlx.numeric.threads import thread_team


def binned(X, max_bin=256, n_threads=1):
    with thread_team(n_threads) as run:
        return bin_table(np.ascontiguousarray(X, dtype=np.float32), None, max_bin, n_threads, run)


def all_codes(table):
    """Codes in the layout of the table that was binned."""
    return np.stack([codes_of(table, f) for f in range(table.n_features)], axis=1)


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
    codes = all_codes(table)
    for f in range(d):
        cuts = table.cuts[table.start[f] : table.start[f] + table.n_bins[f]]
        expected = np.where(np.isnan(X[:, f]), table.n_bins[f], np.searchsorted(cuts, X[:, f], side="right"))
        np.testing.assert_array_equal(codes[:, f], expected)


@pytest.mark.parametrize(
    ("n_values", "missing", "lane_bits"),
    [(256, False, 8), (255, True, 8), (256, True, 9), (257, False, 9), (512, False, 9), (512, True, 10)],
)
def test_nothing_is_collapsed(n_values, missing, lane_bits):
    X = np.arange(n_values, dtype=np.float32)[:, None]
    if missing:
        X = np.append(X, [[np.nan]], axis=0)
    table = binned(X, 65_535)
    assert table.lane_bits == lane_bits
    assert len(np.unique(all_codes(table))) == n_values + missing


def test_categories_are_their_own_codes():
    """However many there are, and whether or not each of them has rows."""
    categories = np.array([0, 7, 3, np.nan, 299, 0], dtype=np.float32)
    X = np.column_stack([categories, np.arange(6, dtype=np.float32), np.full(6, np.nan, dtype=np.float32)])
    with thread_team(1) as run:
        table = bin_table(X, None, 4, 1, run, is_category=np.array([True, False, True]))
    assert table.n_bins.tolist() == [300, 4, 1]
    assert codes_of(table, 0).tolist() == [0, 7, 3, 300, 299, 0]
    assert codes_of(table, 2).tolist() == [1] * 6


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_columns_of_few_bins_share_lanes(n_threads):
    """Two wide columns among twenty narrow ones; which columns share does not depend on the number of threads."""
    rng = np.random.default_rng(0)
    n_values = np.array([2, 3, 40, 2, 2, 2, 4, 2, 2, 2, 2, 40, 5, 2, 2, 2, 2, 3, 2, 1, 16, 17])
    X = rng.integers(0, n_values, size=(900, len(n_values))).astype(np.float32)
    X[rng.random(X.shape) < 0.05] = np.nan
    X[:, [0, 3, 20]] = np.nan_to_num(X[:, [0, 3, 20]])
    table = binned(X, 256, n_threads)
    np.testing.assert_array_equal(all_codes(table), np.where(np.isnan(X), table.n_bins, X))
    lanes = {tuple(table.columns[f, [Column.GROUP, Column.LANE]]) for f in range(len(n_values))}
    assert len(lanes) == table.groups[:, Group.N_LANES].sum() < len(n_values)
    assert table.groups[:-1, Group.N_PLAIN].sum() >= 3  # 40, 40 and 17 values
    sizes = table.columns[:, Column.STRIDE] * table.columns[:, Column.N_CODES]
    assert sizes[n_values <= 16].max() <= SHARED_CODES
    alone = binned(X, 256)
    np.testing.assert_array_equal(table.columns[:, Column.STRIDE], alone.columns[:, Column.STRIDE])
