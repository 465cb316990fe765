"""The sparse table and its two kernels beside the slow twin, and beside the dense table with NaN."""

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import sparse_table as module
from mlx.boosting.binning import CUTS, bin_table, codes_of
from mlx.boosting.nodes import new_nodes
from mlx.boosting.partitioning import Piece
from mlx.boosting.sparse_growing import SparseRowOwner
from mlx.boosting.sparse_table import count_entries, mark_rows_of_entries, sparse_table
from mlx.numeric.threads import thread_team
from tests.reference.sparse_table import entries_of, goes_left, histogram_of


def rows_of(n=60, d=7, density=0.4, n_values=9, seed=0):
    """Canonical rows with explicit zeros, an empty column, an empty row, and a column that every row has."""
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random(n, d, density, format="csr", dtype=np.float32, random_state=rng)
    X.data = rng.integers(-2, n_values - 2, size=X.nnz).astype(np.float32)
    X = X.tolil()
    X[:, 2] = rng.integers(1, 4, size=(n, 1))
    X[:, 4] = 0
    X[5] = 0
    X = X.tocsr().astype(np.float32)
    X.data[::7] = 0.0  # stored zeros are values
    return X


def dense(X):
    out = np.full(X.shape, np.nan, dtype=np.float32)
    X = X.tocoo()
    out[X.row, X.col] = X.data
    return out


def tabled(X, weight=None, max_bin=256, cuts="exact", n_threads=1):
    with thread_team(n_threads) as run:
        return sparse_table(X, weight, max_bin, n_threads, run, cuts)


def cuts_of(table):
    return [table.cuts[a : a + n] for a, n in zip(table.start, table.n_bins)]


@pytest.fixture
def several_groups(monkeypatch):
    monkeypatch.setattr(module, "SHARED_VALUES", 1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("max_bin", [2, 4, 5, 256])
@pytest.mark.parametrize("cuts", sorted({"exact", "xgboost"}))
def test_cuts_and_places_are_those_of_the_dense_table(cuts, max_bin, weighted):
    X = rows_of(n=300)
    weight = np.random.default_rng(1).exponential(size=X.shape[0]).astype(np.float32) if weighted else None
    table = tabled(X, weight, max_bin, cuts)
    with thread_team(1) as run:
        twin = bin_table(dense(X), weight, max_bin, 1, run, cuts)
    np.testing.assert_array_equal(table.start, twin.start)
    np.testing.assert_array_equal(table.n_bins, twin.n_bins)
    np.testing.assert_array_equal(table.cuts, twin.cuts)
    codes = np.stack([codes_of(twin, f) for f in range(twin.n_features)], axis=1)
    expected = (twin.start[:-1] + codes)[codes < twin.n_bins]
    np.testing.assert_array_equal(table.places, expected)
    np.testing.assert_array_equal(table.has_missing, np.isnan(dense(X)).any(axis=0))


@pytest.mark.parametrize("values", [[], [3.0], [0.0], [-0.0, 0.0], [3e38, -3e38], [1.5, 1.5, 2.5], [1e-45, -1e-45]])
@pytest.mark.parametrize("cuts", ["exact", "xgboost"])
def test_cuts_of_few_values_are_those_of_the_columns_own_function(values, cuts):
    column = np.array([*values, *([np.nan] * 3)], dtype=np.float32)
    X = scipy.sparse.csr_matrix(
        (np.float32(values), (np.arange(len(values)), np.zeros(len(values), dtype=int))), shape=(len(column), 1)
    )
    np.testing.assert_array_equal(cuts_of(tabled(X, cuts=cuts))[0], CUTS[cuts](column, None, 256))


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_groups_hold_all_values_once(n_threads, several_groups):
    X = rows_of(n=50, d=11)
    table, one = tabled(X, n_threads=n_threads), tabled(X)
    assert table.row_start.shape == (n_threads, 51)
    per_row = [
        np.concatenate([table.places[own[i] : own[i + 1]] for own in table.row_start]) for i in range(table.n_samples)
    ]
    np.testing.assert_array_equal(np.concatenate(per_row), one.places)
    for group, own in enumerate(table.row_start):
        inside = table.places[own[0] : own[-1]]
        assert np.all(inside >= table.start[table.first_column[group]])
        assert np.all(inside < table.start[table.first_column[group + 1]])


def one_node(table, rows, gradients):
    """Some rows as those of the only node, with their gradients."""
    owner = SparseRowOwner(table, lambda function, tasks: [function(task) for task in tasks], 1)
    owner.start(np.zeros((table.n_samples, 2), dtype=gradients.dtype))
    parted = owner.parted
    parted.rows[1, : len(rows)], parted.gradients[1][: len(rows)] = rows, gradients
    parted.sides[0], parted.segments[0] = 1, (0, len(rows))
    return parted


def counted(table, rows, gradients):
    """Histogram of rows, with what is missing."""
    histogram = np.full((table.start[-1], 2), np.nan)
    for group in range(len(table.row_start)):
        count_entries(group, 0, table, one_node(table, rows, gradients), histogram)
    return histogram


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counting_is_that_of_the_slow_twin(dtype, n_threads, several_groups):
    X = rows_of()
    table, rng = tabled(X, max_bin=4, n_threads=n_threads), np.random.default_rng(2)
    rows = np.flatnonzero(rng.random(X.shape[0]) < 0.6)
    gradients = rng.normal(size=(X.shape[0], 2)).astype(dtype)
    found = counted(table, rows, gradients[rows])
    expected = histogram_of(entries_of(X), rows, gradients, cuts_of(table))
    for f in range(X.shape[1]):
        for b in range(table.n_bins[f]):
            assert tuple(found[table.start[f] + b]) == expected.get((f, b), (0.0, 0.0))
        missing = expected.get((f, int(table.n_bins[f])), (0.0, 0.0))
        if f == 0:
            assert tuple(found[table.start[f] + table.n_bins[f]]) == missing
        np.testing.assert_allclose(found[table.start[f] + table.n_bins[f]], missing, rtol=0, atol=1e-13)


def test_a_column_without_missing_values_has_exactly_none():
    X = rows_of()
    X = X[np.diff(X.indptr) > 0]
    table = tabled(X)
    gradients = np.random.default_rng(3).normal(size=(X.shape[0], 2)).astype(np.float32)
    found = counted(table, np.arange(X.shape[0]), gradients)
    assert not table.has_missing[2]
    assert tuple(found[table.start[2] + table.n_bins[2]]) == (0.0, 0.0)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("missing_left", [False, True])
def test_rows_go_where_the_slow_twin_sends_them(missing_left, n_threads, several_groups):
    X = rows_of()
    table, rows = tabled(X, n_threads=n_threads), np.arange(0, X.shape[0], 2, dtype=np.int32)
    parted = one_node(table, rows, np.zeros((len(rows), 2), dtype=np.float32))
    for f in range(X.shape[1]):
        for split_bin in range(-1, table.n_bins[f]):
            nodes = new_nodes(1)
            for name, value in {"feature": f, "bin": split_bin, "missing_left": missing_left}.items():
                nodes.facts[name] = value
            piece = np.zeros(len(Piece), dtype=np.int64)
            piece[Piece.LAST] = len(rows)
            mark_rows_of_entries(piece, 0, table, parted, nodes)
            left, n_left = parted.goes_left[: len(rows)], piece[Piece.N_LEFT]
            expected = goes_left(entries_of(X), rows, f, split_bin, missing_left, cuts_of(table))
            np.testing.assert_array_equal(left, expected)
            assert n_left == expected.sum()


def test_too_many_bins_are_refused(monkeypatch):
    monkeypatch.setattr(module, "place_columns", lambda n_bins: np.array([0, 2**31]))
    with pytest.raises(ValueError, match="lower max_bin"):
        tabled(rows_of(d=5))
