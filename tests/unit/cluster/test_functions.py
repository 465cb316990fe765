"""K-means as functions: what they return of what they take, and what they refuse."""

import numpy as np
import pytest
from scipy import sparse

from mlx.cluster import KMeans, k_means, kmeans_plusplus

X = np.random.default_rng(0).normal(size=(60, 3))


def test_k_means_is_the_estimator():
    weights = np.linspace(0.0, 1.0, 60)
    model = KMeans(4, random_state=1, init="random", algorithm="elkan").fit(X, sample_weight=weights)
    centers, labels, inertia, n_iter = k_means(
        X, 4, sample_weight=weights, random_state=1, init="random", algorithm="elkan", return_n_iter=True
    )
    np.testing.assert_array_equal(centers, model.cluster_centers_)
    np.testing.assert_array_equal(labels, model.labels_)
    assert (inertia, n_iter) == (model.inertia_, model.n_iter_)


def test_rows_drawn_are_rows_of_the_table():
    for table in (X, sparse.csr_array(X), sparse.csc_matrix(X), X.astype(np.float32), X.tolist()):
        centers, indices = kmeans_plusplus(table, 5, random_state=0)
        np.testing.assert_array_equal(centers, np.asarray(X, dtype=centers.dtype)[indices])
        assert len(set(indices.tolist())) == 5 and isinstance(centers, np.ndarray)
    assert kmeans_plusplus((10 * X).astype(int), 5, random_state=0)[0].dtype == int


def test_rows_without_weight_are_not_drawn():
    for seed in range(5):
        indices = kmeans_plusplus(X, 5, sample_weight=np.arange(60) >= 50, random_state=seed)[1]
        assert (indices >= 50).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"n_clusters": 61}, "n_clusters"),
        ({"n_local_trials": 0}, "n_local_trials"),
        ({"random_state": "seed"}, "random_state"),
        ({"sample_weight": np.ones(59)}, "sample_weight"),
        ({"x_squared_norms": np.ones(59)}, "x_squared_norms"),
        ({"x_squared_norms": np.full(60, np.nan)}, "x_squared_norms"),
        ({"X": np.full((60, 3), np.inf)}, "X"),
    ],
)
def test_what_kmeans_plusplus_refuses(given, message):
    with pytest.raises(ValueError, match=message):
        kmeans_plusplus(**{"X": X, "n_clusters": 3, **given})


@pytest.mark.parametrize(
    ("given", "message"), [({"return_n_iter": 3}, "return_n_iter"), ({"n_clusters": 0}, "n_clusters")]
)
def test_what_k_means_refuses(given, message):
    with pytest.raises(ValueError, match=message):
        k_means(**{"X": X, "n_clusters": 3, **given})
