"""What Shapley values must obey whatever the model, the row and the background; and what LIME must not depend on."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.explain import KernelExplainer, LimeTabularExplainer

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=25, deadline=None)


def game(seed, n_features, n_background):
    """A model with interactions of all orders that uses each row alone, a background and rows."""
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n_features, 5)), rng.normal(size=5)

    def model(X):
        # Sums by einsum: the same bits for a row whatever the batch.
        return np.einsum("nh,h->n", np.tanh(np.einsum("nd,dh->nh", X, inner)), outer)

    return model, rng.normal(size=(n_background, n_features)), rng.normal(size=(3, n_features))


@QUICK
@given(SEEDS, st.integers(1, 6), st.integers(1, 5))
def test_values_add_up_to_the_output(seed, n_features, n_background):
    model, background, rows = game(seed, n_features, n_background)
    explainer = KernelExplainer(model, background)
    values = explainer.shap_values(rows, silent=True)
    np.testing.assert_allclose(explainer.expected_value + values.sum(axis=1), model(rows), rtol=0, atol=1e-12)


@QUICK
@given(SEEDS, st.integers(12, 16))
def test_sampled_values_add_up_to_the_output(seed, n_features):
    model, background, rows = game(seed, n_features, 3)
    explainer = KernelExplainer(model, background)
    values = explainer.shap_values(rows, nsamples=64, silent=True)
    np.testing.assert_allclose(explainer.expected_value + values.sum(axis=1), model(rows), rtol=0, atol=1e-11)


@QUICK
@given(SEEDS, st.integers(2, 6), st.integers(1, 5), st.data())
def test_a_feature_that_the_model_does_not_use_gets_exactly_zero(seed, n_features, n_background, data):
    unused = data.draw(st.integers(0, n_features - 1))
    model, background, rows = game(seed, n_features, n_background)

    def blind(X):
        X = X.copy()
        X[:, unused] = 0.0
        return model(X)

    values = KernelExplainer(blind, background).shap_values(rows, silent=True)
    assert (values[:, unused] == 0).all()


@QUICK
@given(SEEDS, st.integers(2, 6), st.integers(1, 5), st.data())
def test_features_that_play_the_same_part_get_the_same(seed, n_features, n_background, data):
    a, b = data.draw(st.lists(st.integers(0, n_features - 1), min_size=2, max_size=2, unique=True))
    model, background, rows = game(seed, n_features, n_background)
    swapped = np.arange(n_features)
    swapped[[a, b]] = b, a
    background[:, b], rows[:, b] = background[:, a], rows[:, a]

    def symmetric(X):
        return model(X) + model(X[:, swapped])

    values = KernelExplainer(symmetric, background).shap_values(rows, silent=True)
    np.testing.assert_allclose(values[:, a], values[:, b], rtol=0, atol=1e-12)


@QUICK
@given(SEEDS, st.integers(2, 14), st.integers(1, 5))
def test_a_linear_model_gives_slope_times_distance_from_the_mean(seed, n_features, n_background):
    """Exact even where coalitions are sampled: a regression on members fits an additive game without residual."""
    rng = np.random.default_rng(seed)
    slope = rng.normal(size=n_features)
    background, rows = rng.normal(size=(n_background, n_features)), rng.normal(size=(2, n_features))
    explanation = KernelExplainer(lambda X: X @ slope, background)(rows, silent=True, nsamples=300)
    np.testing.assert_allclose(explanation.values, slope * (rows - background.mean(axis=0)), rtol=0, atol=1e-11)
    assert (explanation.standard_errors < 1e-11).all()


@QUICK
@given(SEEDS, st.integers(2, 13), st.integers(1, 5), st.integers(1, 2000), st.permutations(range(3)))
def test_order_of_rows_and_size_of_calls_do_not_matter(seed, n_features, n_background, size, order):
    model, background, rows = game(seed, n_features, n_background)
    whole = KernelExplainer(model, background).shap_values(rows, nsamples=200, silent=True)
    cut = KernelExplainer(model, background, max_rows_per_call=size).shap_values(rows[order], nsamples=200, silent=True)
    np.testing.assert_array_equal(cut, whole[order])


@QUICK
@given(SEEDS, st.integers(1, 14))
def test_a_row_equal_to_its_only_background_row_gets_zero(seed, n_features):
    model, background, _ = game(seed, n_features, 1)
    assert (KernelExplainer(model, background).shap_values(background, silent=True) == 0).all()


@QUICK
@given(SEEDS, st.integers(2, 5), st.floats(-3, 3), st.floats(-3, 3))
def test_values_are_linear_in_the_model(seed, n_features, first_share, second_share):
    first, background, rows = game(seed, n_features, 3)
    second = game(seed + 1, n_features, 1)[0]
    mixed = KernelExplainer(lambda X: first_share * first(X) + second_share * second(X), background)
    parts = [KernelExplainer(model, background).shap_values(rows, silent=True) for model in (first, second)]
    expected = first_share * parts[0] + second_share * parts[1]
    np.testing.assert_allclose(mixed.shap_values(rows, silent=True), expected, rtol=0, atol=1e-11)


@QUICK
@given(SEEDS, st.integers(0, 2**31 - 1), st.integers(1, 5), st.booleans(), st.booleans())
def test_lime_is_the_same_for_every_seed_and_alone_or_with_others(seed, random_state, n_features, discretize, around):
    model, background, rows = game(seed, n_features, 40)
    settings = {"mode": "regression", "discretize_continuous": discretize, "sample_around_instance": around}
    first = LimeTabularExplainer(background, random_state=0, **settings)
    other = LimeTabularExplainer(background, random_state=random_state, **settings)
    together = first.explain_instances(rows, model, num_samples=64)
    for row, explanation in zip(rows, together):
        assert other.explain_instance(row, model, num_samples=64).as_map() == explanation.as_map()
