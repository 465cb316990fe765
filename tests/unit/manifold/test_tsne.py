"""TSNE: methods, tables of all kinds, callbacks, and new rows."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph

from mlx.callbacks import SUPPORTS_CALLBACKS
from mlx.manifold import TSNE
from mlx.manifold.drawing import learning_rates, repulsion_of, starting_map
from mlx.manifold.neighbors import nearest_neighbors
from mlx.manifold.placement import place_rows
from mlx.manifold.repulsion_exact import AllPairs
from tests.reference import tsne as reference

IRIS = load_iris().data
DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS, LABELS = DIGITS[:500], LABELS[:500]


@pytest.fixture(scope="module")
def map_of_digits():
    return TSNE(max_iter=500).fit(DIGITS)


@pytest.mark.parametrize(
    ("method", "n_components", "largest"),
    [
        ("exact", 1, 1e-5),
        ("exact", 2, 1e-5),
        ("exact", 3, 1e-5),
        ("exact", 4, 1e-5),
        ("fft", 1, 1e-3),
        ("fft", 2, 1e-3),
        ("barnes_hut", 1, 0.03),
        ("barnes_hut", 2, 0.03),
        ("barnes_hut", 3, 0.03),
        ("auto", 2, 1e-5),
    ],
)
def test_divergence_is_that_of_the_map(method, n_components, largest):
    """Recomputed from the table and the map alone, by the slow twin."""
    X = DIGITS[:150]
    model = TSNE(n_components, method=method, perplexity=8.0, max_iter=300).fit(X)
    P = reference.joint(X, 8.0, len(X) - 1 if method == "exact" else 25)
    expected = reference.divergence(P, model.embedding_, max(n_components - 1, 1))
    assert model.kl_divergence_ == pytest.approx(expected, abs=largest)
    assert model.embedding_.shape == (150, n_components)
    assert model.embedding_.dtype == np.float32
    assert np.isfinite(model.embedding_).all()
    assert model.kl_divergence_ < 1.5
    np.testing.assert_allclose(model.embedding_.mean(axis=0), 0.0, atol=1e-4)


def test_methods_draw_maps_of_the_same_quality():
    quality = {
        method: TSNE(method=method, max_iter=500).fit(DIGITS).kl_divergence_ for method in ("auto", "fft", "barnes_hut")
    }
    assert max(quality.values()) < 1.05 * min(quality.values())


@pytest.mark.parametrize(
    ("n", "n_components", "kind"), [(4_000, 2, "AllPairs"), (4_001, 1, "Mesh"), (4_001, 3, "BarnesHutTree")]
)
def test_what_auto_takes(n, n_components, kind):
    assert type(repulsion_of(TSNE(n_components), n)).__name__ == kind
    assert type(repulsion_of(TSNE(4), 10**6)).__name__ == "AllPairs"


def test_neighbours_of_the_table_are_neighbours_in_the_map(map_of_digits):
    assert trustworthiness(DIGITS, map_of_digits.embedding_, n_neighbors=12) > 0.98
    knn = KNeighborsClassifier(1).fit(map_of_digits.embedding_[::2], LABELS[::2])
    assert knn.score(map_of_digits.embedding_[1::2], LABELS[1::2]) > 0.9


@pytest.mark.parametrize("method", ["auto", "exact"])
def test_precomputed_distances_give_the_map_of_the_rows(method):
    parameters = {"init": "random", "random_state": 0, "method": method}
    of_rows = TSNE(**parameters).fit(IRIS)
    of_distances = TSNE(metric="precomputed", **parameters).fit(cdist(IRIS, IRIS))
    # Distances that are equal but for rounding: the descent is not stable.
    assert of_distances.kl_divergence_ == pytest.approx(of_rows.kl_divergence_, abs=0.02)
    twice = TSNE(metric="precomputed", **parameters).fit(cdist(IRIS, IRIS))
    np.testing.assert_array_equal(twice.embedding_, of_distances.embedding_)


def test_sparse_table_of_distances():
    graph = kneighbors_graph(IRIS, 40, mode="distance")
    parameters = {"init": "random", "random_state": 0, "max_iter": 260, "perplexity": 10.0, "metric": "precomputed"}
    dense = TSNE(**parameters).fit(cdist(IRIS, IRIS))
    assert TSNE(**parameters).fit(graph).kl_divergence_ == pytest.approx(dense.kl_divergence_, abs=0.05)
    with pytest.raises(TypeError, match="exact"):
        TSNE(**{**parameters, "method": "exact"}).fit(graph)


@pytest.mark.parametrize("format", ["csr", "csc", "coo"])
def test_sparse_rows(format):
    X = np.where(DIGITS[:200] > 8, DIGITS[:200], 0.0)
    dense, of_sparse = (
        TSNE(max_iter=300, random_state=0).fit(table) for table in (X, sparse.csr_array(X).asformat(format))
    )
    assert of_sparse.kl_divergence_ == pytest.approx(dense.kl_divergence_, abs=0.05)
    np.testing.assert_array_equal(of_sparse.transform(sparse.csr_array(X)[:9]), of_sparse.embedding_[:9])
    assert np.isfinite(of_sparse.transform(X[:9] + 1.0)).all()


@pytest.mark.parametrize("metric", ["cityblock", "cosine", lambda a, b: np.abs(a - b).sum()])
def test_metrics(metric):
    model = TSNE(metric=metric, max_iter=250).fit(IRIS)
    by_table = TSNE(metric="precomputed", max_iter=250, init=starting_map(TSNE(), IRIS, None))
    by_table.fit(pairwise_distances(IRIS, metric=metric))
    assert model.kl_divergence_ == pytest.approx(by_table.kl_divergence_, abs=0.02)


def test_parameters_of_a_metric():
    one, same = (TSNE(metric="minkowski", metric_params=given, max_iter=250).fit(IRIS) for given in ({"p": 1}, None))
    cityblock = TSNE(metric="cityblock", max_iter=250).fit(IRIS)
    assert one.kl_divergence_ == pytest.approx(cityblock.kl_divergence_, abs=0.02)
    assert same.kl_divergence_ != one.kl_divergence_


def test_start_that_is_given_is_not_changed():
    start = np.random.default_rng(0).normal(size=(150, 2)) * 1e-4
    before = start.copy()
    model = TSNE(init=start, max_iter=500).fit(IRIS)
    np.testing.assert_array_equal(start, before)
    assert model.kl_divergence_ < 1.0


# Small and degenerate tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "exact", "fft", "barnes_hut"])
def test_four_rows(method):
    X = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 0.0], [5.0, 1.0]])
    # Steps as long as those of 'auto', 50, throw so few points about.
    Y = TSNE(perplexity=1.5, method=method, learning_rate=1.0).fit_transform(X)
    assert np.isfinite(Y).all()
    D = cdist(Y, Y)
    assert max(D[0, 1], D[2, 3]) < min(D[0, 2], D[1, 3], D[0, 3], D[1, 2])


@pytest.mark.parametrize("n", [2, 3])
def test_fewest_rows(n):
    Y = TSNE(perplexity=1.0, max_iter=250).fit_transform(np.arange(2.0 * n).reshape(n, 2) ** 2)
    assert np.isfinite(Y).all()


def test_constant_columns_change_nothing():
    widened = np.column_stack([IRIS, np.full(150, 3.0), np.zeros(150)])
    one, other = (TSNE(max_iter=250).fit(table).kl_divergence_ for table in (IRIS, widened))
    assert other == pytest.approx(one, abs=0.02)


@pytest.mark.parametrize("method", ["auto", "exact", "fft", "barnes_hut"])
@pytest.mark.parametrize("init", ["pca", "random"])
def test_rows_that_are_all_equal(init, method):
    model = TSNE(perplexity=5.0, init=init, method=method, max_iter=250, random_state=0).fit(np.ones((30, 4)))
    assert np.isfinite(model.embedding_).all()
    assert np.isfinite(model.kl_divergence_)


def test_duplicates_are_drawn_beside_each_other():
    """More of them than the perplexity."""
    X = np.repeat(np.random.default_rng(0).normal(size=(10, 5)), 12, axis=0)
    model = TSNE(perplexity=5.0, init="random", random_state=0).fit(X)
    groups = model.embedding_.reshape(10, 12, 2)
    inside = np.linalg.norm(groups - groups.mean(axis=1, keepdims=True), axis=2).max()
    centres = groups.mean(axis=1)
    apart = cdist(centres, centres)[np.triu_indices(10, 1)].min()
    assert inside < apart


# New rows -------------------------------------------------------------------------------------------------------------


def test_rows_of_the_table_have_their_places(map_of_digits):
    np.testing.assert_array_equal(map_of_digits.transform(DIGITS), map_of_digits.embedding_)
    np.testing.assert_array_equal(map_of_digits.transform(DIGITS[[7, 3]]), map_of_digits.embedding_[[7, 3]])


def test_rows_near_those_of_the_table_get_places_near_theirs(map_of_digits):
    noise = 0.01 * np.random.default_rng(0).normal(size=DIGITS.shape)
    distances = np.linalg.norm(map_of_digits.transform(DIGITS + noise) - map_of_digits.embedding_, axis=1)
    extent = np.ptp(map_of_digits.embedding_)
    assert np.median(distances) < 0.01 * extent
    assert np.quantile(distances, 0.95) < 0.03 * extent


def test_new_rows_are_placed_among_their_kind(map_of_digits):
    X, y = load_digits(return_X_y=True)
    places = map_of_digits.transform(X[500:800])
    knn = KNeighborsClassifier(5).fit(map_of_digits.embedding_, LABELS)
    assert knn.score(places, y[500:800]) > 0.85


@pytest.mark.parametrize(
    ("method", "n_components"),
    [("exact", 2), ("exact", 1), ("fft", 2), ("fft", 1), ("barnes_hut", 2), ("barnes_hut", 3)],
)
def test_a_place_does_not_depend_on_what_comes_with_it(method, n_components):
    model = TSNE(n_components, method=method, max_iter=250).fit(DIGITS[:300])
    new = DIGITS[300:340]
    together = model.transform(new)
    assert together.shape == (40, n_components)
    np.testing.assert_array_equal(together, model.transform(new))
    np.testing.assert_array_equal(together[:3], model.transform(new[:3]))
    np.testing.assert_array_equal(together[::-1], model.transform(new[::-1]))


def test_new_rows_by_their_distances():
    rows, new = DIGITS[:300], DIGITS[300:320]
    parameters = {"init": "random", "random_state": 0, "max_iter": 250}
    model = TSNE(metric="precomputed", **parameters).fit(cdist(rows, rows))
    places = model.transform(cdist(new, rows))
    assert places.shape == (20, 2)
    np.testing.assert_array_equal(model.transform(cdist(rows, rows)[:5]), model.embedding_[:5])
    with pytest.raises(ValueError, match="X"):
        model.transform(-cdist(new, rows))


def test_place_is_where_the_divergence_is_smallest(map_of_digits):
    """Against plain gradient descent in float64 that begins where ours ended."""
    Y, new = map_of_digits.embedding_, DIGITS[:8] + np.random.default_rng(0).normal(size=(8, 64))
    nearest = nearest_neighbors(DIGITS, 16, 1, queries=new).nearest_first()
    places = place_rows(Y, nearest, AllPairs(1), 1, 1)
    for i in range(8):
        p = np.zeros(len(DIGITS))
        p[nearest.indices[i]] = reference.conditional(nearest.squared_distances[i], 5.0)
        expected = reference.placed(p, Y.astype(np.float64), places[i], n_iter=3000)
        np.testing.assert_allclose(places[i], expected, atol=0.05)


# Watching -------------------------------------------------------------------------------------------------------------


class Watching:
    """A callback that notes the divergence every 50 iterations and stops when it is small enough."""

    def __init__(self, enough=0.0):
        self.enough, self.seen, self.n_begun = enough, [], 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **_):
        self.n_begun += context.task_name == "iteration"

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, **_):
        if context.task_name != "iteration" or self.n_begun % 50:
            return False
        self.seen.append((fitted_estimator.n_iter_, fitted_estimator.kl_divergence_, fitted_estimator.embedding_.shape))
        return self.seen[-1][1] < self.enough


@pytest.mark.skipif(not SUPPORTS_CALLBACKS, reason="scikit-learn has another callback protocol")
def test_callbacks_see_the_divergence_and_stop():
    watching = Watching(enough=0.6)
    X = np.unique(IRIS, axis=0)
    model = TSNE(max_iter=2000).set_callbacks(watching).fit(X)
    assert [seen[0] for seen in watching.seen] == list(range(50, model.n_iter_ + 1, 50))
    assert all(seen[2] == (len(X), 2) for seen in watching.seen)
    assert watching.seen[-1][1] == model.kl_divergence_ < 0.6
    assert model.n_iter_ < 2000
    np.testing.assert_array_equal(model.transform(X), model.embedding_)


@pytest.mark.skipif(not SUPPORTS_CALLBACKS, reason="scikit-learn has another callback protocol")
def test_callbacks_change_no_bit():
    watched, alone = TSNE(max_iter=300).set_callbacks(Watching()).fit(IRIS), TSNE(max_iter=300).fit(IRIS)
    np.testing.assert_array_equal(watched.embedding_, alone.embedding_)


def test_verbose(capsys):
    TSNE(max_iter=250, verbose=1).fit(IRIS)
    assert capsys.readouterr().out.count("\n") == 1
    TSNE(max_iter=250, verbose=2).fit(IRIS)
    printed = capsys.readouterr().out
    assert "[t-SNE] iteration 50: KL divergence" in printed
    assert printed.count("\n") == 6


def test_learning_rate():
    assert TSNE(max_iter=250).fit(IRIS).learning_rate_ == 50.0
    assert TSNE(max_iter=250, early_exaggeration=1.0, learning_rate=7.0).fit(IRIS).learning_rate_ == 7.0
    many = np.random.default_rng(0).normal(size=(900, 3))
    assert TSNE(max_iter=250, early_exaggeration=4.0).fit(many).learning_rate_ == 900 / 4.0 / 4.0


def test_learning_rate_after_early_exaggeration():
    assert learning_rates(TSNE(), 100) == (50.0, 50.0)
    assert learning_rates(TSNE(), 1_800) == (50.0, 150.0)
    assert learning_rates(TSNE(early_exaggeration=4.0), 1_600) == (100.0, 400.0)
    assert learning_rates(TSNE(learning_rate=7.0), 1_600) == (7.0, 7.0)


def test_failed_fit_leaves_no_half_model():
    model = TSNE(init=np.zeros((3, 2)))
    with pytest.raises(ValueError, match="init"):
        model.fit(IRIS)
    with pytest.raises(NotFittedError):
        model.transform(IRIS)


def test_names_that_do_not_go_together():
    with pytest.raises(ValueError, match="n_components"):
        TSNE(3, method="fft").fit(IRIS)
    with pytest.raises(ValueError, match="n_components"):
        TSNE(4, method="barnes_hut").fit(IRIS)
    with pytest.raises(ValueError, match="init='pca'"):
        TSNE(metric="precomputed").fit(cdist(IRIS, IRIS))
    with pytest.raises(ValueError, match="neighbors"):
        TSNE(neighbors="pynndescent", method="exact").fit(IRIS)
    with pytest.raises(ValueError, match="square"):
        TSNE(metric="precomputed", init="random").fit(IRIS)
    with pytest.raises(ValueError, match="X"):
        TSNE(metric="precomputed", init="random").fit(-cdist(IRIS, IRIS))
