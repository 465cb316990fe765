"""Neighbours against a full sort of all distances."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances

from mlx.manifold import neighbors as module
from mlx.manifold.neighbor_search import approximate_neighbors, neighbors_by_metric, neighbors_in_table
from mlx.manifold.neighbors import kth_smallest, nearest_neighbors
from tests.reference.tsne import nearest

TABLES = {
    "normal": np.random.default_rng(0).normal(size=(150, 5)),
    "far from the origin": np.random.default_rng(1).normal(size=(90, 3)) + 1e4,
    "few places": np.random.default_rng(2).integers(0, 3, size=(120, 2)).astype(float),
    "one place": np.ones((20, 3)),
    "float32": np.random.default_rng(3).normal(size=(60, 4)).astype(np.float32),
    # Distances within a crowd are far below the rounding of float32.
    "two crowds": np.random.default_rng(4).normal(size=(120, 3)) * 1e-5 + np.repeat([[1.0], [-1.0]], 60, axis=0),
    "two rows": np.array([[0.0, 1.0], [2.0, 3.0]]),
}


def assert_same(found, expected, rtol=1e-12):
    np.testing.assert_array_equal(found.indices, expected[0])
    np.testing.assert_allclose(found.squared_distances, expected[1], rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("k", [1, 7, None])
@pytest.mark.parametrize("name", TABLES)
def test_nearest_rows_are_those_of_a_full_sort(name, k, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_ENTRIES", 1000)  # several blocks
    X = TABLES[name]
    k = len(X) - 1 if k is None else min(k, len(X) - 1)
    expected = nearest(X.astype(np.float64), k)
    # Centring 1e4 away leaves twelve digits.
    assert_same(nearest_neighbors(X, k, 2), expected, rtol=1e-9 if name.startswith("far") else 1e-12)
    assert_same(neighbors_in_table(cdist(X, X), k), expected)


@pytest.mark.parametrize("name", TABLES)
def test_new_rows_have_all_rows_for_neighbours(name):
    X = TABLES[name].astype(np.float64)
    queries = np.concatenate([X[:5], X[:5] + 0.3])
    expected = nearest(X, min(4, len(X)), queries)
    found = nearest_neighbors(X, min(4, len(X)), 1, queries=queries)
    np.testing.assert_allclose(found.squared_distances, expected[1], rtol=1e-6, atol=1e-12)
    if name == "normal":
        assert_same(found, expected)
        by_name = neighbors_by_metric(X, 4, "euclidean", {}, queries=queries)
        np.testing.assert_array_equal(by_name.indices, expected[0])


def test_a_row_that_is_there_is_at_distance_zero_exactly():
    X = np.random.default_rng(0).normal(size=(50, 20)) * 1e3 + 1e5
    found = nearest_neighbors(X, 3, 1, queries=X).nearest_first()
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(50))
    assert (found.squared_distances[:, 0] == 0.0).all()


@pytest.mark.parametrize("rows", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows(rows):
    X = np.random.default_rng(0).normal(size=(80, 6)) * (np.random.default_rng(1).random((80, 6)) < 0.4)
    assert_same(nearest_neighbors(rows(X), 9, 2), nearest(X, 9), rtol=1e-9)
    assert_same(nearest_neighbors(X, 9, 2, queries=rows(X[:7] + 0.5)), nearest(X, 9, X[:7] + 0.5), rtol=1e-9)


def test_sparse_table_of_distances():
    X = TABLES["normal"]
    D = cdist(X, X)
    graph = sparse.csr_array(np.where(np.sort(D, axis=1)[:, [9]] < D, 0.0, D))
    assert_same(neighbors_in_table(graph, 4), nearest(X, 4), rtol=1e-9)
    with pytest.raises(ValueError, match=r"X: row \d+ of the sparse table .* 149 are needed"):
        neighbors_in_table(graph, 149)


@pytest.mark.parametrize("metric", ["cityblock", "cosine", lambda a, b: np.abs(a - b).max()])
def test_other_metrics(metric):
    X = TABLES["normal"]
    D = pairwise_distances(X, metric=metric)
    found = neighbors_by_metric(X, 6, metric, {})
    expected = neighbors_in_table(D, 6)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_allclose(found.squared_distances, np.take_along_axis(D, found.indices, axis=1) ** 2, rtol=1e-12)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_distances_that_are_none(value):
    with pytest.raises(ValueError, match="negative, infinite or not numbers"):
        neighbors_by_metric(np.eye(3), 1, lambda a, b: value, {})


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_kth_smallest(size):
    generator = np.random.default_rng(size)
    for values in (generator.normal(size=size), generator.integers(0, 3, size=size).astype(float), np.ones(size)):
        for k in range(1, size + 1):
            assert kth_smallest(values.copy(), size, k) == np.sort(values)[k - 1]


def test_bits_do_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_ENTRIES", 1000)
    one, three = (nearest_neighbors(TABLES["normal"], 10, n_threads) for n_threads in (1, 3))
    np.testing.assert_array_equal(one.indices, three.indices)
    np.testing.assert_array_equal(one.squared_distances, three.squared_distances)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what the package and Numba warn of
def test_pynndescent_finds_most_of_them():
    pytest.importorskip("pynndescent", reason="optional; needs pynndescent installed")
    X = np.random.default_rng(0).normal(size=(1000, 8))
    found = approximate_neighbors(X, 15, "euclidean", {}, 1, np.random.RandomState(0))
    expected, _ = nearest(X, 15)
    assert found.indices.shape == (1000, 15)
    assert not (found.indices == np.arange(1000)[:, None]).any()
    hits = np.mean([len(np.intersect1d(a, b)) for a, b in zip(found.indices, expected)]) / 15
    assert hits > 0.9
    measured = ((X[:, None, :] - X[found.indices]) ** 2).sum(axis=2)
    np.testing.assert_allclose(found.squared_distances, measured, rtol=1e-4)


@pytest.mark.parametrize("rows", [np.asarray, sparse.csr_array])
def test_squares_beyond_float64_are_an_error(rows):
    X = TABLES["normal"].copy()
    X[3, 1] = 1e160
    with np.errstate(over="ignore"):
        with pytest.raises(ValueError, match="X: the square"):
            nearest_neighbors(rows(X), 3, 1)
        with pytest.raises(ValueError, match="X: the square"):
            nearest_neighbors(rows(TABLES["normal"]), 3, 1, queries=rows(X))
