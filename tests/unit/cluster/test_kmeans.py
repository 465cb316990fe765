"""K-means: slow twin, weights, empty clusters, ties, sparse and float32 rows, threads, runs, warnings, bad input."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, load_wine, make_blobs
from sklearn.exceptions import ConvergenceWarning

from mlx.cluster import KMeans
from mlx.cluster.assignment import LONG_TABLE
from tests.reference.kmeans import kmeans, squared_distances

ALGORITHMS = ("lloyd", "elkan")


def blobs(n=400, p=4, centers=5, std=3.0, seed=0):
    return make_blobs(n, p, centers=centers, cluster_std=std, random_state=seed)[0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("load", [lambda: load_iris().data, lambda: load_wine().data[:, :6], blobs])
def test_slow_twin(load, weighted, algorithm):
    X = load()
    weights = np.random.default_rng(1).uniform(0.2, 2.0, len(X)) if weighted else None
    labels, centers, inertias, n_iter = kmeans(X, 4, weights, seed=3)
    model = KMeans(4, random_state=3, algorithm=algorithm).fit(X, sample_weight=weights)
    np.testing.assert_array_equal(model.labels_, labels)
    np.testing.assert_allclose(model.cluster_centers_, centers, rtol=1e-12)
    assert model.inertia_ == pytest.approx(inertias[-1], rel=1e-12)
    assert model.n_iter_ == n_iter


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("max_iter", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [3000, LONG_TABLE])
def test_bounds_leave_out_no_row_that_moves(n, max_iter, algorithm):
    """After any number of iterations the labels are those of the nearest centers, in 12 dimensions without clusters."""
    X = np.random.default_rng(0).normal(size=(n, 12))
    model = KMeans(15, random_state=0, max_iter=max_iter, tol=0.0, algorithm=algorithm).fit(X)
    distances = ((X[:, None] - model.cluster_centers_) ** 2).sum(axis=2)
    np.testing.assert_array_equal(model.labels_, distances.argmin(axis=1))
    assert model.inertia_ == pytest.approx(distances.min(axis=1).sum(), rel=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    assert model.score(X) == pytest.approx(-model.inertia_, rel=1e-12)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("n", [4000, LONG_TABLE])
def test_many_iterations_with_tiny_moves(n, algorithm):
    """Bounds that are moved dozens of times are still bounds."""
    X = np.random.default_rng(2).uniform(size=(n, 2))
    model = KMeans(12, init=X[:12], n_init=1, max_iter=500, tol=0.0, algorithm=algorithm).fit(X)
    assert model.n_iter_ > 30
    np.testing.assert_array_equal(model.labels_, squared_distances(X, model.cluster_centers_).argmin(axis=1))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_weight_of_two_is_two_rows(kind, algorithm):
    """From given centers; those that are drawn depend on the numbers of the rows."""
    X, repeats = np.round(blobs(), 1), np.random.default_rng(0).integers(0, 4, 400)
    table = sparse.csr_array(X) if kind == "sparse" else X
    model = KMeans(5, init=X[:5], n_init=1, algorithm=algorithm)
    weighted = model.fit(table, sample_weight=repeats)
    centers, inertia = weighted.cluster_centers_, weighted.inertia_
    rows = np.repeat(X, repeats, axis=0)
    repeated = model.fit(sparse.csr_array(rows) if kind == "sparse" else rows)
    np.testing.assert_allclose(repeated.cluster_centers_, centers, rtol=1e-10)
    assert repeated.inertia_ == pytest.approx(inertia, rel=1e-10)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_same_bits_for_any_number_of_threads(algorithm, n_threads):
    X = blobs(9000, 6, 12)
    one, more = (KMeans(12, random_state=0, algorithm=algorithm, n_jobs=n).fit(X) for n in (1, n_threads))
    np.testing.assert_array_equal(one.cluster_centers_, more.cluster_centers_)
    np.testing.assert_array_equal(one.labels_, more.labels_)
    assert one.inertia_ == more.inertia_
    assert one.score(X) == more.score(X)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_sparse_rows_are_those_rows(algorithm):
    X = sparse.random_array((500, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    init = X[:6].toarray()
    thin = KMeans(6, init=init, algorithm=algorithm).fit(X)
    dense = KMeans(6, init=init, algorithm=algorithm).fit(X.toarray())
    np.testing.assert_array_equal(thin.labels_, dense.labels_)
    np.testing.assert_allclose(thin.cluster_centers_, dense.cluster_centers_, atol=1e-13)
    assert thin.inertia_ == pytest.approx(dense.inertia_, rel=1e-12)
    np.testing.assert_array_equal(thin.predict(sparse.csc_matrix(X)), dense.labels_)
    assert thin.score(X) == pytest.approx(-dense.inertia_, rel=1e-12)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_float32_rows_have_float32_centers(algorithm):
    X = blobs(2000).astype(np.float32)
    model = KMeans(5, random_state=0, algorithm=algorithm).fit(X)
    exact = KMeans(5, init=model.cluster_centers_.astype(np.float64), algorithm=algorithm).fit(X.astype(np.float64))
    assert model.cluster_centers_.dtype == model.transform(X).dtype == np.float32
    assert (model.labels_ == exact.labels_).mean() > 0.999
    np.testing.assert_allclose(model.cluster_centers_, exact.cluster_centers_, atol=1e-3)
    np.testing.assert_array_equal(exact.predict(X), exact.labels_)  # other precision than that of the centers
    assert model.score(X.astype(np.float64)) == pytest.approx(-model.inertia_, rel=1e-5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_empty_cluster_gets_the_farthest_row(algorithm):
    X = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 2.0], [10.0, 10.0]])
    # Nothing is nearest to the third center.
    init = np.array([[0.0, 0.0], [1.0, 1.0], [-50.0, -50.0]])
    model = KMeans(3, init=init, max_iter=1, algorithm=algorithm).fit(X)
    np.testing.assert_array_equal(model.cluster_centers_[2], [10.0, 10.0])
    np.testing.assert_allclose(model.cluster_centers_[1], [2.0, 2.0])  # what is left of the cluster that it came from
    assert len(np.unique(model.labels_)) == 3


def test_fewer_different_rows_than_clusters_warn():
    X = np.array([[0.0], [0.0], [1.0], [1.0]])
    with pytest.warns(ConvergenceWarning, match=r"clusters \(2\) found smaller than n_clusters \(3\)"):
        model = KMeans(3, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(0.0, abs=1e-30)


def test_the_transform_of_the_centers_is_zero_on_the_diagonal():
    model = KMeans(5, random_state=0).fit(blobs())
    apart = model.transform(model.cluster_centers_)
    np.testing.assert_allclose(np.diag(apart), 0.0, atol=1e-6)
    np.testing.assert_allclose(apart, apart.T, atol=1e-12)
    np.testing.assert_array_equal(model.predict(model.cluster_centers_), np.arange(5))
    X = blobs(50)
    np.testing.assert_allclose(model.transform(X) ** 2, squared_distances(X, model.cluster_centers_), rtol=1e-9)
    np.testing.assert_array_equal(model.fit_transform(X), model.transform(X))
    np.testing.assert_array_equal(model.fit_predict(X), model.labels_)


def test_more_runs_are_never_worse():
    X = np.random.default_rng(0).uniform(size=(500, 3))
    inertias = [KMeans(9, init="random", n_init=n, random_state=0).fit(X).inertia_ for n in (1, 3, 10)]
    assert inertias[0] >= inertias[1] >= inertias[2]
    assert KMeans(9, init="random", random_state=0).fit(X).inertia_ == inertias[2], "'auto' is ten runs"


def test_callable_init_is_given_the_rows_the_number_and_the_state():
    X, given = blobs(), []

    def init(rows, n_clusters, random_state):
        given.append((rows.copy(), n_clusters, random_state))
        return rows[:n_clusters]

    model = KMeans(3, init=init, n_init=2, random_state=0).fit(X)
    assert len(given) == 2 and given[0][1] == 3 and isinstance(given[0][2], np.random.RandomState)
    np.testing.assert_allclose(given[0][0], X - X.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(model.cluster_centers_, KMeans(3, init=X[:3]).fit(X).cluster_centers_, rtol=1e-12)


def test_input_is_left_alone_or_put_back():
    X = blobs()
    before = X.copy()
    kept = KMeans(3, random_state=0).fit(X)
    np.testing.assert_array_equal(X, before)
    freed = KMeans(3, random_state=0, copy_x=False).fit(X)
    np.testing.assert_allclose(X, before, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(kept.labels_, freed.labels_)


def test_verbose_prints_the_inertia_of_each_iteration(capsys):
    model = KMeans(3, random_state=0, verbose=1).fit(blobs())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Initialization complete"
    inertias = [float(line.split("inertia ")[1].rstrip(".")) for line in lines if line.startswith("Iteration")]
    assert len(inertias) == model.n_iter_
    assert lines[-1].startswith("Converged at iteration")


def test_warnings_are_scikit_learns():
    X = blobs()
    with pytest.warns(RuntimeWarning, match="performing only one init in KMeans instead of n_init=4"):
        KMeans(3, init=X[:3], n_init=4).fit(X)
    with pytest.warns(RuntimeWarning, match="doesn't make sense for a single cluster"):
        KMeans(1, algorithm="elkan").fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        KMeans(1).fit(X)


def test_names_of_the_output():
    X, _ = load_iris(return_X_y=True, as_frame=True)
    frame = KMeans(3, random_state=0).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["kmeans0", "kmeans1", "kmeans2"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 401}, "n_samples=400 should be >= n_clusters=401"),
        ({"init": np.zeros((3, 4))}, r"init: the shape of the initial centers \(3, 4\)"),
        ({"init": np.zeros((8, 3))}, r"init: the shape of the initial centers \(8, 3\)"),
        ({"init": np.full((8, 4), np.nan)}, "init"),
        ({"init": lambda X, k, random_state: X[:2]}, r"init: the shape of the initial centers \(2, 4\)"),
        ({"metric": "iou", "algorithm": "elkan"}, "X must have two columns"),
    ],
)
def test_what_does_not_fit_is_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        KMeans(**parameters).fit(blobs())
