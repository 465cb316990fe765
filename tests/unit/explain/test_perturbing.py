import numpy as np
import pytest
from scipy.stats import truncnorm

from mlx.explain import LimeTabularExplainer
from mlx.explain.perturbing import agreement_with, sobol_sample


@pytest.fixture(scope="module")
def explainer():
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.normal(size=400), rng.exponential(size=400), rng.integers(0, 3, 400)])
    return LimeTabularExplainer(table, mode="regression", categorical_features=[2])


def test_codes_come_as_often_as_in_training(explainer):
    codes, _ = sobol_sample(explainer.columns, 8192, np.zeros(3))
    for j, values in explainer.columns.values.items():
        found = np.array([(codes[:, j] == value).mean() for value in values])
        np.testing.assert_allclose(found, explainer.columns.frequencies[j], atol=2e-3)


def test_numbers_in_a_bin_follow_its_truncated_normal_distribution(explainer):
    codes, rows = sobol_sample(explainer.columns, 8192, np.zeros(3))
    for j, bins in explainer.columns.bins.items():
        np.testing.assert_array_equal(bins.bin_of(rows[:, j]), codes[:, j])
        for number in range(len(bins.names)):
            drawn = rows[codes[:, j] == number, j]
            mean, deviation = bins.means[number], bins.deviations[number]
            low, high = (bins.lows[number] - mean) / deviation, (bins.highs[number] - mean) / deviation
            law = truncnorm(low, high, loc=mean, scale=deviation)
            assert drawn.mean() == pytest.approx(law.mean(), abs=0.02 * deviation)
            assert drawn.std() == pytest.approx(law.std(), rel=0.03)


def test_columns_drawn_from_a_normal_distribution():
    table = np.random.default_rng(1).normal([3.0, -1.0], [2.0, 0.5], size=(300, 2))
    explainer = LimeTabularExplainer(table, mode="regression", discretize_continuous=False)
    codes, rows = sobol_sample(explainer.columns, 8192, explainer.columns.means)
    np.testing.assert_array_equal(codes, rows)
    np.testing.assert_allclose(rows.mean(axis=0), table.mean(axis=0), atol=5e-3)
    np.testing.assert_allclose(rows.std(axis=0), table.std(axis=0), rtol=5e-3)
    standardized = agreement_with(codes[0], codes, explainer.columns)
    np.testing.assert_allclose(standardized.mean(axis=0), 0.0, atol=5e-3)


def test_agreement_is_one_where_codes_are_equal(explainer):
    codes = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 2.0], [3.0, 1.0, 0.0]])
    assert agreement_with(codes[0], codes, explainer.columns).tolist() == [[1, 1, 1], [1, 0, 1], [0, 1, 0]]
