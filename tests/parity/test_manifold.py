"""t-SNE against scikit-learn: the same start and affinities, and maps that are not worse.

The descent is not stable: two programs that differ in a last bit end in different minima. So the maps themselves are
judged, by the divergence and by the neighbours that they keep, over several tables.
"""

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.manifold import TSNE as PeerTSNE
from sklearn.manifold import trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities, _joint_probabilities_nn, _kl_divergence
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from mlx.manifold import TSNE
from mlx.manifold.affinities import joint_probabilities
from mlx.manifold.drawing import starting_map
from mlx.manifold.neighbors import nearest_neighbors
from tests import tolerances
from tests.reference import tsne as reference

pytestmark = [pytest.mark.parity, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def one_thread():
    """On tables this small scikit-learn's threads wait for each other most of the time."""
    with threadpool_limits(1):
        yield


DIGITS = load_digits().data
SLOW = pytest.mark.slow
TABLES = {
    "digits": DIGITS[:400],
    "iris": load_iris().data,
    "groups": make_blobs(300, 10, centers=8, cluster_std=3.0, random_state=0)[0],
}


@pytest.mark.parametrize("table", TABLES)
def test_affinities(table, record_difference):
    """scikit-learn meets the entropy to 1e-5 and rounds distances to float32."""
    X = TABLES[table] + 1e-6 * np.random.default_rng(0).normal(size=TABLES[table].shape)  # no ties
    graph = NearestNeighbors(n_neighbors=91).fit(X).kneighbors_graph(mode="distance")
    graph.data **= 2
    theirs = _joint_probabilities_nn(graph, 30.0, 0).toarray()
    ours = joint_probabilities(nearest_neighbors(X, 91, 1), 30.0, 1).toarray()
    record_difference(f"TSNE affinities, {table}", abs(ours - theirs).max() * len(X), tolerances.TSNE_AFFINITY)
    dense = squareform(_joint_probabilities(pairwise_distances(X, squared=True), 30.0, 0))
    ours = joint_probabilities(nearest_neighbors(X, len(X) - 1, 1), 30.0, 1).toarray()
    record_difference(
        f"TSNE affinities of all rows, {table}", abs(ours - dense).max() * len(X), tolerances.TSNE_AFFINITY
    )


@pytest.mark.parametrize("init", ["pca", "random"])
def test_start(init):
    """What scikit-learn begins with is seen where it has made no step: a learning rate that moves nothing."""
    parameters = {"init": init, "random_state": 0, "max_iter": 250, "learning_rate": 1e-30}
    theirs = PeerTSNE(**parameters).fit_transform(DIGITS[:200])
    ours = starting_map(TSNE(**parameters), DIGITS[:200], np.random.RandomState(0))
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("n_components", [1, 2])
def test_divergence_and_gradient_of_one_degree_of_freedom(n_components):
    generator = np.random.default_rng(0)
    P = reference.joint(DIGITS[:40], 5.0, 39)
    Y = generator.normal(size=(40, n_components))
    divergence, gradient = _kl_divergence(Y.ravel(), squareform(P), 1, 40, n_components)
    assert reference.divergence(P, Y) == pytest.approx(divergence, rel=1e-12)
    np.testing.assert_allclose(reference.gradient(P, Y).ravel(), gradient, atol=1e-12)


def test_gradient_of_two_degrees_of_freedom_is_not_the_librarys():
    """The departure that the docstring states: scikit-learn's is not the derivative of its own divergence."""
    P = reference.joint(DIGITS[:40], 5.0, 39)
    Y = np.random.default_rng(0).normal(size=(40, 3))
    condensed, step = squareform(P), 1e-6
    _, theirs = _kl_divergence(Y.ravel(), condensed, 2, 40, 3)
    above, below = Y.copy(), Y.copy()
    above[0, 0] += step
    below[0, 0] -= step
    slope = sum(
        sign * _kl_divergence(place.ravel(), condensed, 2, 40, 3)[0] for sign, place in ((1, above), (-1, below))
    ) / (2 * step)
    assert reference.gradient(P, Y, 2)[0, 0] == pytest.approx(slope, rel=1e-5)
    assert abs(theirs[0] / slope - 1) > 0.05


@pytest.mark.parametrize(
    ("table", "n_components"),
    [
        ("iris", 2),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in (("digits", 2), ("groups", 1), ("groups", 3))),
    ],
)
def test_maps_are_not_worse(table, n_components):
    """Over random starts: divergence on one P, and trustworthiness."""
    X = TABLES[table]
    P = reference.joint(X, 30.0, 91)
    freedom = max(n_components - 1, 1)
    divergences, trust = {"ours": [], "theirs": []}, {"ours": [], "theirs": []}
    for seed in range(2):
        parameters = {"init": "random", "random_state": seed, "max_iter": 750}
        for name, cls in (("ours", TSNE), ("theirs", PeerTSNE)):
            Y = cls(n_components, **parameters).fit_transform(X)
            divergences[name].append(reference.divergence(P, Y, freedom))
            trust[name].append(trustworthiness(X, Y, n_neighbors=12))
    noise = np.std(divergences["theirs"]) + np.std(divergences["ours"]) + 0.01
    assert np.mean(divergences["ours"]) <= np.mean(divergences["theirs"]) + noise
    assert np.mean(trust["ours"]) >= np.mean(trust["theirs"]) - 0.003


@pytest.mark.slow
def test_mesh_draws_maps_that_are_not_worse():
    """The default above 4,000 rows, asked for by name on fewer."""
    X = make_blobs(1_500, 20, centers=15, cluster_std=3.0, random_state=0)[0]
    P = joint_probabilities(nearest_neighbors(X, 91, 1), 30.0, 1)
    i, j = P.tocoo().coords

    def divergence(Y):
        Y = Y.astype(np.float64)
        log_w = -np.log1p(((Y[i] - Y[j]) ** 2).sum(axis=1))
        blocks = np.array_split(Y, 10)
        total = sum((1 / (1 + ((block[:, None] - Y) ** 2).sum(axis=2))).sum() for block in blocks)
        return P.data @ (np.log(P.data) - log_w) + np.log(total - len(Y))

    ours, theirs = TSNE(method="fft", max_iter=600).fit(X), PeerTSNE(max_iter=600).fit(X)
    assert ours.kl_divergence_ == pytest.approx(divergence(ours.embedding_), abs=1e-3)
    assert divergence(ours.embedding_) <= divergence(theirs.embedding_) + 0.02
