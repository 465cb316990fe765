"""Examples E69 to E73 of the study notes: who earns what because of age, gender and job."""

import numpy as np
import pytest

from mlx.explain import KernelExplainer
from mlx.explain.coalitions import all_coalitions
from mlx.explain.shapley import constrained_least_squares, exact_shapley_values, shapley_kernel, shapley_weight

# Predicted salary in thousands when only some of age, gender and job are known.
SALARY = {"": 50, "A": 40, "G": 48, "J": 100, "AG": 39, "AJ": 85, "GJ": 95, "AGJ": 83}
PLAYERS = "AGJ"
EXACT = {"A": -34 / 3, "G": -7 / 3, "J": 140 / 3}


def known(coalition):
    return "".join(player for player, member in zip(PLAYERS, coalition) if member)


def model(rows):
    """Salary of rows of zeros and ones: which of the three are known."""
    return np.array([float(SALARY[known(row)]) for row in rows])


@pytest.fixture
def explanation():
    return KernelExplainer(model, np.zeros((1, 3)), feature_names=list(PLAYERS))(np.ones(3), silent=True)


def test_e69_age(explanation):
    """−11.33, with contributions −10, −9, −15, −12 and weights 1/3, 1/6, 1/6, 1/3."""
    assert SALARY["AG"] - SALARY["G"] == -9
    gains = [SALARY["A"] - 50, SALARY["AG"] - 48, SALARY["AJ"] - 100, SALARY["AGJ"] - 95]
    assert gains == [-10, -9, -15, -12]
    assert np.dot(gains, [1 / 3, 1 / 6, 1 / 6, 1 / 3]) == pytest.approx(EXACT["A"], abs=1e-13)
    assert explanation["A"].values == pytest.approx(EXACT["A"], abs=1e-13)


def test_e70_gender_and_job(explanation):
    """The notes swap the two labels (they print job −2.33 and gender 46.60) and 46.60 should be 46.67."""
    assert explanation["G"].values == pytest.approx(-2.333333, abs=1e-6)
    assert explanation["J"].values == pytest.approx(46.666667, abs=1e-6)
    worth = model(all_coalitions(3))
    np.testing.assert_allclose(exact_shapley_values(worth[None, :, None])[0, :, 0], list(EXACT.values()), atol=1e-13)


def test_e71_efficiency(explanation):
    """33 = −11.33 − 2.33 + 46.67, and not with the 46.60 that the notes also print."""
    assert explanation.values.sum() == pytest.approx(33.0, abs=1e-12)
    assert float(explanation.base_values) == 50.0
    assert EXACT["A"] + EXACT["G"] + 46.60 < 32.95


def test_e72_weights_of_three_players():
    """1/3, 1/6, 1/6, 1/3: one coalition without the player, two of one, one of two."""
    assert shapley_weight(0, 3) == pytest.approx(1 / 3, abs=1e-15)
    assert shapley_weight(1, 3) == pytest.approx(1 / 6, abs=1e-15)
    assert shapley_weight(2, 3) == pytest.approx(1 / 3, abs=1e-15)
    assert shapley_weight(0, 3) == 2 * shapley_weight(1, 3) == shapley_weight(2, 3)
    assert np.bincount(all_coalitions(3).sum(axis=1)).tolist() == [1, 3, 3, 1]


def test_e73_shapley_kernel():
    """The notes give the formula; with it the weighted regression finds the same values."""
    assert [shapley_kernel(size, 3) for size in (1, 2)] == pytest.approx([1 / 3, 1 / 3], abs=1e-15)
    assert [shapley_kernel(size, 4) for size in (1, 2, 3)] == pytest.approx([0.25, 0.125, 0.25], abs=1e-15)
    coalitions = all_coalitions(3)[1:-1]
    weights = np.array([shapley_kernel(size, 3) for size in coalitions.sum(axis=1)])
    values, _ = constrained_least_squares(coalitions, weights, model(coalitions) - 50.0, 33.0, np.zeros(6))
    np.testing.assert_allclose(values, list(EXACT.values()), rtol=0, atol=1e-12)
