"""Gradient-based sampling: the threshold solves its equation, and sums keep their expectation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx.boosting import XGBRegressor
from mlx.boosting.gradient_sampling import drawn_by_gradient, probabilities, threshold

SIZES = st.lists(
    st.sampled_from([0.0, 1e-9, 0.5, 1.0, 1.0, 3.0, 250.0]) | st.floats(1e-6, 1e6), min_size=2, max_size=60
)


@given(SIZES, st.data())
def test_probabilities_add_up_to_the_number_of_rows(sizes, data):
    size = np.array(sizes)
    n_positive = np.count_nonzero(size)
    n_expected = data.draw(st.integers(0, len(size) - 1))
    p = probabilities(size, n_expected)
    assert p.sum() == pytest.approx(min(n_expected, n_positive), rel=1e-9)
    assert np.all((p >= 0) & (p <= 1))
    assert np.all(p[size == 0] == 0)
    order = np.argsort(size)
    assert np.all(np.diff(p[order]) >= 0)
    below = (p < 1) & (p > 0)
    if np.any(below):  # in proportion to the size
        np.testing.assert_allclose(p[below] / size[below], 1.0 / threshold(size, n_expected), rtol=1e-9)


def test_threshold_by_hand():
    assert threshold(np.array([0.4, 2.0, 0.1, 0.3, 0.2]), 3) == pytest.approx(0.5)


def test_sums_keep_their_expectation_and_vary_less_than_with_uniform_draws():
    rng = np.random.default_rng(0)
    gradients = np.stack([rng.standard_t(3, 400), rng.uniform(0.1, 1.0, 400)], axis=1).astype(np.float32)
    sums, uniform = np.empty((2000, 2)), np.empty((2000, 2))
    for number in range(2000):
        drawn = drawn_by_gradient(gradients, 0.25, np.random.default_rng(number))
        sums[number] = drawn.sum(axis=0)
        uniform[number] = gradients[rng.random(400) < 0.25].sum(axis=0) / 0.25
    error = sums.std(axis=0) / np.sqrt(2000)
    np.testing.assert_array_less(np.abs(sums.mean(axis=0) - gradients.sum(axis=0)), 4 * error)
    assert sums[:, 0].std() < 0.6 * uniform[:, 0].std()
    assert drawn.dtype == np.float32


def test_of_several_outputs_the_squares_are_added():
    gradients = np.array([[[3.0, 0.0], [0.3, 0.0]], [[4.0, 0.0], [0.4, 0.0]]])
    draws = [drawn_by_gradient(gradients, 0.5, np.random.default_rng(number)) for number in range(400)]
    # Lengths 5 and 0.5 for one row of two: p is 10/11 and 1/11.
    seen = np.array([drawn[0, :, 0] > 0 for drawn in draws])
    np.testing.assert_allclose(seen.mean(axis=0), [10 / 11, 1 / 11], atol=0.06)
    for drawn, own in zip(draws, seen):
        np.testing.assert_allclose(drawn[:, own], (gradients * np.array([1.1, 11.0])[:, np.newaxis])[:, own])


def test_share_of_rows_and_reproducibility():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 4))
    y = X[:, 0] + rng.normal(size=500)
    parameters = {"n_estimators": 5, "max_depth": 3, "subsample": 0.3, "sampling_method": "gradient_based"}
    first, second = (XGBRegressor(**parameters).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    other = XGBRegressor(**{**parameters, "random_state": 1}).fit(X, y)
    uniform = XGBRegressor(**{**parameters, "sampling_method": "uniform"}).fit(X, y)
    assert np.any(first.predict(X) != other.predict(X))
    assert np.any(first.predict(X) != uniform.predict(X))
    # Covers are sums of Hessians over p: about as many as there are rows, not 30% of them.
    assert 300 < first.tree_ensemble_.trees[0].cover[0] < 700
