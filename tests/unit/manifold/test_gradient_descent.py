"""The gradient against finite differences of the divergence, and the descent against its slow twin."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

from mlx.manifold.affinities import joint_probabilities
from mlx.manifold.attraction import Affinities, attract
from mlx.manifold.gradient_descent import Forces, Phase, descend
from mlx.manifold.neighbors import nearest_neighbors
from mlx.manifold.repulsion_barnes_hut import BarnesHutTree
from mlx.manifold.repulsion_exact import AllPairs
from mlx.manifold.repulsion_fft import Mesh
from tests.reference import tsne as reference
from tests.unit.manifold.test_repulsion import clusters, run

FREEDOMS = [(2, 1), (3, 2), (3, 1), (4, 3)]
N = 60


def some_affinities(n=N, k=15, perplexity=5.0):
    X = load_iris().data[:: 150 // n][:n]
    return joint_probabilities(nearest_neighbors(X, k, 1), perplexity, 1)


def forces_on(Y, P, freedom, repulsion=None):
    points = np.ascontiguousarray(Y.T, dtype=np.float32)
    forces = Forces(Affinities.of(P), repulsion or AllPairs(freedom), freedom, points.shape, run, 1)
    forces.compute(points)
    return forces, points


def gradient_of(forces, freedom):
    factor = 2 * (freedom + 1) / freedom
    return factor * (forces.attraction - forces.push / forces.normalizer()).T


@pytest.mark.parametrize(("d", "freedom"), FREEDOMS)
def test_slow_gradient_is_the_derivative_of_the_divergence(d, freedom):
    """By central differences, in float64: the formula itself."""
    P, Y, step = some_affinities().toarray(), clusters(N, d, 5.0), 1e-5
    found = reference.gradient(P, Y, freedom)
    for i, c in [(0, 0), (7, d - 1), (33, 1)]:
        above, below = Y.copy(), Y.copy()
        above[i, c] += step
        below[i, c] -= step
        slope = (reference.divergence(P, above, freedom) - reference.divergence(P, below, freedom)) / (2 * step)
        assert found[i, c] == pytest.approx(slope, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("extent", [1e-3, 1.0, 40.0])
@pytest.mark.parametrize(("d", "freedom"), FREEDOMS)
def test_gradient_is_the_slow_twins(d, freedom, extent):
    P = some_affinities()
    Y = np.float32(clusters(N, d, extent)).astype(np.float64)
    forces, _ = forces_on(Y, P, freedom)
    expected = reference.gradient(P.toarray(), Y, freedom)
    assert np.linalg.norm(gradient_of(forces, freedom) - expected) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("freedom", [1, 2])
def test_attraction_to_other_charges(freedom):
    generator = np.random.default_rng(0)
    P = sparse.random_array((30, 50), density=0.2, rng=generator, format="csr")
    Y, charges = clusters(30, 2, 3.0), clusters(50, 2, 3.0, seed=1)
    points, there = (np.ascontiguousarray(A.T, dtype=np.float32) for A in (Y, charges))
    force = np.full_like(points, 7.0)
    attract(Affinities.of(P), points, there, freedom, 4, 20, force)
    expected = reference.attraction(P.toarray(), Y, charges, freedom)
    np.testing.assert_allclose(force[:, 4:20].T, expected[4:20], atol=1e-5)
    assert (force[:, :4] == 7.0).all()
    assert (force[:, 20:] == 7.0).all()


@pytest.mark.parametrize(
    ("repulsion", "d", "freedom", "largest"),
    [
        (AllPairs(1), 2, 1, 1e-6),
        (AllPairs(2), 3, 2, 1e-6),
        (Mesh(), 2, 1, 1e-4),
        (BarnesHutTree(0.5, 1), 2, 1, 1e-2),
        (BarnesHutTree(0.5, 2), 3, 2, 1e-2),
    ],
)
def test_divergence(repulsion, d, freedom, largest):
    P, Y = some_affinities(), np.float32(clusters(N, d, 20.0)).astype(np.float64)
    forces, points = forces_on(Y, P, freedom, repulsion)
    expected = reference.divergence(P.toarray(), Y, freedom)
    assert forces.divergence(points) == pytest.approx(expected, abs=largest)


@pytest.mark.parametrize(("repulsion", "largest"), [(AllPairs(1), 1e-4), (Mesh(), 1e-2), (BarnesHutTree(0.2, 1), 2e-2)])
def test_whole_gradient_of_each_approximation(repulsion, largest):
    """On a map as a fit leaves it, where attraction and repulsion nearly cancel: relative to the attraction."""
    P = some_affinities()
    Y = reference.descend(
        P.toarray(), 1e-2 * clusters(N, 2, 1.0), 60, learning_rate=30.0, exaggeration=1.0, momentum=0.5
    )
    forces, _ = forces_on(Y, P, 1, repulsion)
    error = gradient_of(forces, 1) - reference.gradient(P.toarray(), Y)
    assert np.linalg.norm(error) < largest * np.linalg.norm(4 * forces.attraction)


class Counting:
    """Watches, and stops after some iterations."""

    def __init__(self, stop_after=None):
        self.stop_after, self.begun, self.seen = stop_after, 0, []

    def begin(self):
        self.begun += 1

    def end(self, n_iter, state):
        self.seen.append((n_iter, state().divergence))
        return n_iter == self.stop_after


def descent(start, P, phases, n_threads=1, watch=None, repulsion=None, smallest_gradient=0.0):
    return descend(
        np.ascontiguousarray(start.T, dtype=np.float32),
        Affinities.of(P),
        repulsion or AllPairs(1),
        1,
        phases,
        smallest_gradient=smallest_gradient,
        n_threads=n_threads,
        watch=watch or Counting(),
    )


START = 1e-2 * clusters(N, 2, 1.0)
TWO_PHASES = (Phase(10, 12.0, 0.5, 20.0, 250), Phase(25, 1.0, 0.8, 35.0, 300))


def test_descent_is_the_slow_twins():
    """Few iterations: a descent is not stable, and float32 and float64 part after more."""
    P = some_affinities()
    found = descent(START, P, TWO_PHASES)
    middle = reference.descend(P.toarray(), START, 10, learning_rate=20.0, exaggeration=12.0, momentum=0.5)
    expected = reference.descend(P.toarray(), middle, 15, learning_rate=35.0, exaggeration=1.0, momentum=0.8)
    assert found.n_iter == 25
    np.testing.assert_allclose(found.points.T, expected, atol=1e-3 * np.abs(expected).max())
    assert found.divergence == pytest.approx(reference.divergence(P.toarray(), found.points.T), abs=1e-5)


def test_watch_is_told_and_may_stop():
    watch = Counting(stop_after=17)
    found = descent(START, some_affinities(), TWO_PHASES, watch=watch)
    assert found.n_iter == 17
    assert watch.begun == 17
    assert [n_iter for n_iter, _ in watch.seen] == list(range(1, 18))
    assert watch.seen[-1][1] == found.divergence


def test_divergence_told_is_without_exaggeration():
    P, watch = some_affinities(), Counting(stop_after=3)
    found = descent(START, P, TWO_PHASES, watch=watch)
    assert watch.seen[-1][1] == pytest.approx(reference.divergence(P.toarray(), found.points.T), abs=1e-5)


def test_phase_ends_without_progress_and_at_a_small_gradient():
    P = some_affinities()
    # With steps this short the map stays where it is: the divergence of iteration 150 remains the smallest.
    patient = descent(START, P, (Phase(100, 1.0, 0.5, 1e-30, 250), Phase(5000, 1.0, 0.8, 1e-30, 100)))
    assert patient.n_iter == 150 + 100 + 50
    content = descent(
        START, P, (Phase(250, 1.0, 0.5, 20.0, 250), Phase(500, 1.0, 0.8, 20.0, 300)), smallest_gradient=1e9
    )
    assert content.n_iter == 100


def test_steps_too_large_are_an_error():
    with pytest.raises(ValueError, match="learning_rate"):
        descent(START, some_affinities(), (Phase(250, 12.0, 0.5, 1e30, 250),))


@pytest.mark.parametrize("repulsion", [AllPairs(1), Mesh(), BarnesHutTree(0.5, 1)])
def test_bits_do_not_depend_on_threads(repulsion):
    generator = np.random.default_rng(0)
    P = joint_probabilities(nearest_neighbors(generator.normal(size=(2000, 4)), 10, 1), 3.0, 1)
    start = generator.normal(size=(2000, 2))
    one, three = (descent(start, P, (Phase(8, 12.0, 0.5, 20.0, 250),), n, repulsion=repulsion) for n in (1, 3))
    np.testing.assert_array_equal(one.points, three.points)
    assert one.divergence == three.divergence
