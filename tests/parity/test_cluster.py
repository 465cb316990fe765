"""K-means against scikit-learn, and the summary of a background against shap."""

import inspect

import numpy as np
import pytest
import sklearn.cluster
from scipy import sparse
from sklearn.cluster import KMeans as PeerKMeans
from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs

import mlx.cluster
from mlx.cluster import KMeans, k_means, kmeans_plusplus, summarize
from mlx.compare.parity import largest_difference
from tests import tolerances

pytestmark = pytest.mark.parity

# No table has rows that are equally near to two centers: there rounding decides, here and there.
TABLES = {
    "iris": lambda: load_iris().data,
    "wine": lambda: load_wine().data,
    "digits": lambda: load_digits().data,
    "blobs": lambda: make_blobs(3000, 10, centers=12, cluster_std=3.0, random_state=1)[0],
    "noise": lambda: np.random.default_rng(0).random((2000, 6)),
    "sparse": lambda: sparse.random_array((800, 60), density=0.1, rng=np.random.default_rng(0), format="csr"),
}
PARAMETERS = {
    "defaults": {},
    "elkan": {"algorithm": "elkan"},
    "random": {"init": "random", "n_init": 3},
    "random, elkan": {"init": "random", "algorithm": "elkan", "n_init": 2},
    "strict": {"tol": 0.0},
    "three iterations": {"max_iter": 3},
    "one cluster": {"n_clusters": 1},
    "many clusters": {"n_clusters": 25},
    "four runs": {"n_init": 4},
    "no copy": {"copy_x": False},
}


def compare(case, X, parameters, weights, record_difference):
    parameters = {"n_clusters": 8, "random_state": 5, **parameters}
    ours = KMeans(**parameters).fit(X.copy(), sample_weight=weights)
    theirs = PeerKMeans(**parameters).fit(X.copy(), sample_weight=weights)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.labels_.dtype == theirs.labels_.dtype
    assert ours.n_iter_ == theirs.n_iter_
    assert type(ours.inertia_) is type(theirs.inertia_)
    for name, a, b in (
        ("cluster_centers_", ours.cluster_centers_, theirs.cluster_centers_),
        ("inertia_", np.array([ours.inertia_]), np.array([theirs.inertia_])),
        ("transform", ours.transform(X), theirs.transform(X)),
        ("score", np.array([ours.score(X)]), np.array([theirs.score(X)])),
    ):
        record_difference(f"KMeans {case}: {name}", largest_difference(a, b), tolerances.CLUSTERS)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("table", TABLES)
def test_same_clusters_for_the_same_random_state(table, parameters, record_difference):
    compare(table, TABLES[table](), PARAMETERS[parameters], None, record_difference)


@pytest.mark.parametrize("parameters", ["defaults", "elkan", "random"])
@pytest.mark.parametrize("table", TABLES)
def test_same_clusters_of_weighted_rows(table, parameters, record_difference):
    X = TABLES[table]()
    weights = np.random.default_rng(1).random(X.shape[0])
    weights[::5] = 0.0
    compare(f"{table}, weighted", X, PARAMETERS[parameters], weights, record_difference)


@pytest.mark.parametrize("algorithm", ["lloyd", "elkan"])
@pytest.mark.parametrize("seed", range(5))
def test_same_draws_in_float32(seed, algorithm):
    """Well separated clusters: sums in float32 and in float64 agree on every label."""
    X = make_blobs(2000, 6, centers=7, cluster_std=1.0, random_state=seed)[0].astype(np.float32)
    ours, theirs = (cls(7, random_state=seed, algorithm=algorithm).fit(X) for cls in (KMeans, PeerKMeans))
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.cluster_centers_.dtype == theirs.cluster_centers_.dtype
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=1e-4)


@pytest.mark.parametrize("algorithm", ["lloyd", "elkan"])
def test_same_relocation_of_empty_clusters(algorithm):
    X = load_wine().data
    init = np.vstack([X[:4], X[:1] + 1e5, X[:1] + 2e5])
    ours, theirs = (cls(6, init=init, n_init=1, algorithm=algorithm).fit(X) for cls in (KMeans, PeerKMeans))
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)


def test_same_centers_from_a_callable():
    def init(X, n_clusters, random_state):
        return X[random_state.permutation(len(X))[:n_clusters]]

    X = load_iris().data
    ours, theirs = (cls(4, init=init, random_state=3).fit(X) for cls in (KMeans, PeerKMeans))
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-12)


# Functions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["k_means", "kmeans_plusplus"])
def test_functions_take_what_those_of_the_library_take(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (mlx.cluster, sklearn.cluster))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@pytest.mark.parametrize("parameters", ["defaults", "random, elkan", "strict", "no copy"])
@pytest.mark.parametrize("table", TABLES)
def test_k_means_is_that_of_the_library(table, parameters, record_difference):
    X = TABLES[table]()
    parameters = {"n_clusters": 6, "random_state": 2, "return_n_iter": True, **PARAMETERS[parameters]}
    weights = np.random.default_rng(1).random(X.shape[0])
    ours = k_means(X.copy(), sample_weight=weights, **parameters)
    theirs = sklearn.cluster.k_means(X.copy(), sample_weight=weights, **parameters)
    np.testing.assert_array_equal(ours[1], theirs[1])
    assert len(ours) == len(theirs) == 4 and ours[3] == theirs[3]
    for place, what in ((0, "centers"), (2, "inertia")):
        record_difference(f"k_means: {what}", largest_difference(ours[place], theirs[place]), tolerances.CLUSTERS)
    assert len(k_means(X, 2)) == len(sklearn.cluster.k_means(X, 2)) == 3


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("n_local_trials", [None, 1, 7])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_kmeans_plusplus_draws_the_rows_of_the_library(table, weighted, n_local_trials, dtype):
    if table == "sparse" and dtype is np.int64:
        pytest.skip("the library fails on sparse integers")
    X = TABLES[table]()
    X = (X * (10 if dtype is np.int64 else 1)).astype(dtype)
    weights = np.random.default_rng(1).random(X.shape[0]) if weighted else None
    for seed in range(3):
        given = {"sample_weight": weights, "n_local_trials": n_local_trials, "random_state": seed}
        ours, theirs = (draw(X, 12, **given) for draw in (kmeans_plusplus, sklearn.cluster.kmeans_plusplus))
        np.testing.assert_array_equal(ours[1], theirs[1])
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert ours[0].dtype == theirs[0].dtype and ours[1].dtype == theirs[1].dtype


def test_kmeans_plusplus_takes_norms_that_are_known():
    X = load_iris().data
    norms = np.einsum("ij,ij->i", X, X)
    given = {"x_squared_norms": norms, "random_state": 0}
    found = [draw(X, 5, **given)[1].tolist() for draw in (kmeans_plusplus, sklearn.cluster.kmeans_plusplus)]
    assert found[0] == found[1] == kmeans_plusplus(X, 5, random_state=0)[1].tolist()
    # They are taken as they are.
    norms += np.linspace(0.0, 30.0, len(X))
    assert kmeans_plusplus(X, 5, **given)[1].tolist() != found[0]


# The background of an explainer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("round_values", [True, False])
@pytest.mark.parametrize("table", ["iris", "wine", "sparse"])
def test_summary_is_that_of_shap(table, round_values):
    shap = pytest.importorskip("shap")
    X = TABLES[table]()
    # shap slices columns out of sparse matrices only.
    theirs = shap.kmeans(sparse.csr_matrix(X) if sparse.issparse(X) else X, 6, round_values)
    ours = summarize(X, 6, round_values)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-12)
    assert ours.group_names == list(theirs.group_names)


def test_summary_with_missing_numbers_and_names_is_that_of_shap():
    shap = pytest.importorskip("shap")
    frame = load_wine(as_frame=True).data
    frame.iloc[::7, 2] = np.nan
    ours, theirs = summarize(frame, 5), shap.kmeans(frame, 5)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-12)
    assert ours.group_names == list(theirs.group_names)
