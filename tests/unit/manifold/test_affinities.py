"""Affinities: their defining constraint, and the slow twin."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mlx.manifold.affinities import conditional_probabilities, joint_probabilities, neighbors_needed
from mlx.manifold.neighbors import Neighbors, nearest_neighbors
from tests.reference import tsne as reference

generator = np.random.default_rng(0)
DISTANCES = {
    "squares of normals": generator.normal(size=(40, 91)) ** 2,
    "of very different sizes": np.exp(generator.normal(size=(40, 91)) * 5),
    "tiny": generator.random((20, 91)) * 1e-12,
    "huge": generator.random((20, 91)) * 1e12,
    "far and alike": 1e6 + generator.random((20, 91)),
    "unsorted with ties": generator.integers(0, 40, size=(20, 91)).astype(float),
}


@pytest.mark.parametrize("perplexity", [1.5, 5.0, 30.0, 80.0])
@pytest.mark.parametrize("name", DISTANCES)
def test_entropy_of_each_row_is_that_of_the_perplexity(name, perplexity):
    """The constraint that defines the probabilities."""
    p = conditional_probabilities(DISTANCES[name], perplexity, 1)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    reachable = (DISTANCES[name] == DISTANCES[name].min(axis=1, keepdims=True)).sum(axis=1) < perplexity
    entropies = np.array([reference.entropy(row) for row in p])
    assert reachable.any()
    np.testing.assert_allclose(entropies[reachable], np.log(perplexity), atol=1e-9)


@pytest.mark.parametrize("name", ["squares of normals", "of very different sizes", "huge"])
def test_probabilities_are_the_slow_twins(name):
    p = conditional_probabilities(DISTANCES[name], 20.0, 1)
    expected = [reference.conditional(row, 20.0) for row in DISTANCES[name]]
    np.testing.assert_allclose(p, expected, atol=1e-8)


def test_perplexities_that_no_precision_reaches():
    """More duplicates than the perplexity, and no more neighbours than it."""
    duplicates = np.r_[np.zeros(10), np.full(20, 3.0)][None]
    np.testing.assert_allclose(conditional_probabilities(duplicates, 5.0, 1)[0, :10], 0.1, atol=1e-12)
    few = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(conditional_probabilities(few, 3.0, 1), 1 / 3, atol=1e-4)
    np.testing.assert_allclose(conditional_probabilities(few, 3.5, 1), 1 / 3, atol=1e-4)
    np.testing.assert_array_equal(conditional_probabilities(np.full((2, 4), 7.0), 2.0, 1), 0.25)


@pytest.mark.parametrize("k", [20, 59])
def test_joint_probabilities(k):
    X = load_digits().data[:60]
    P = joint_probabilities(nearest_neighbors(X, k, 1), 8.0, 1)
    np.testing.assert_allclose(P.toarray(), reference.joint(X, 8.0, k), atol=1e-9)
    assert (P != P.T).nnz == 0
    assert P.sum() == pytest.approx(1.0, abs=1e-12)
    assert P.diagonal().max() == 0.0
    assert P.has_sorted_indices


def test_number_of_neighbours():
    assert neighbors_needed(1000, 30.0) == 91
    assert neighbors_needed(50, 30.0) == 49


def test_bits_do_not_depend_on_threads():
    distances = np.random.default_rng(1).random((5000, 20))
    one, three = (conditional_probabilities(distances, 6.0, n_threads) for n_threads in (1, 3))
    np.testing.assert_array_equal(one, three)
    neighbors = Neighbors(np.tile(np.arange(20, dtype=np.int32), (5000, 1)), distances)
    assert joint_probabilities(neighbors, 6.0, 1).shape == (5000, 5000)
