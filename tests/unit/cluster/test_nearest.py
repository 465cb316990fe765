"""Nearest centers: the formula written with one array, ties, blocks that are not full, sparse rows, threads."""

import numpy as np
import pytest
from scipy import sparse

from mlx.cluster.nearest import nearest_labels, squared_distances
from mlx.numeric.threads import thread_team


def found(X, centers, n_threads=1):
    with thread_team(n_threads) as run:
        labels = nearest_labels(X, centers, run)
        return labels, squared_distances(X, centers, labels, run)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n, p, k", [(1, 1, 1), (255, 3, 2), (513, 7, 30), (5001, 2, 9)])
def test_formula_and_ties(n, p, k, dtype):
    """Rows and centers of small integers: sums are exact, and many rows are equally near to several centers."""
    rng = np.random.default_rng(n)
    X, centers = (rng.integers(-2, 3, size=(m, p)).astype(dtype) for m in (n, k))
    distances = ((X[:, None] - centers) ** 2).sum(axis=2)
    if k > 1:
        assert ((distances == distances.min(axis=1, keepdims=True)).sum(axis=1) > 1).any()
    for table in (X, sparse.csr_array(X)):
        labels, own = found(table, centers)
        np.testing.assert_array_equal(labels, distances.argmin(axis=1))
        np.testing.assert_array_equal(own, distances.min(axis=1))
        assert (labels.dtype, own.dtype) == (np.int32, np.float64)


def test_distances_far_from_the_origin_keep_their_digits():
    X = 1e6 + np.random.default_rng(0).normal(size=(300, 4))
    labels, distances = found(X, X[:5] + 1e-4)
    np.testing.assert_array_equal(labels[:5], range(5))
    np.testing.assert_allclose(distances[:5], 4e-8, rtol=1e-5)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_same_bits_for_any_number_of_threads(n_threads):
    rng = np.random.default_rng(1)
    X, centers = rng.normal(size=(9000, 5)), rng.normal(size=(11, 5))
    for one, more in zip(found(X, centers), found(X, centers, n_threads), strict=True):
        np.testing.assert_array_equal(one, more)
