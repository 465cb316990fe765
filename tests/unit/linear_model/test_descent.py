"""Gradient descent: its first step by hand, its gradient against differences, its limit, and what goes wrong."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mlx.linear_model import LinearRegression
from mlx.linear_model.descent import gradient, largest_curvature, mean_squared_errors
from tests.reference.linear import descent_by_hand


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3)) + [0.0, 1.0, -1.0]
    return X, X @ [1.0, -2.0, 0.5] + 3.0 + rng.normal(size=80)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_slow_twin(table, weighted, fit_intercept):
    X, y = table
    weights = np.linspace(0.0, 2.0, 80) if weighted else None
    model = LinearRegression(solver="gd", learning_rate=0.05, max_steps=7, fit_intercept=fit_intercept)
    model.fit(X, y, weights)
    w, b, losses = descent_by_hand(X, y, 0.05, 7, weights=weights, fit_intercept=fit_intercept)
    np.testing.assert_allclose(model.coef_, w, rtol=1e-12)
    assert model.intercept_ == pytest.approx(b, rel=1e-12)
    np.testing.assert_allclose(model.loss_curve_, losses, rtol=1e-12)
    assert model.n_iter_ == 7


def test_gradient_is_that_of_the_loss(table):
    X, y = table
    shares, W, b, step = np.linspace(0.0, 2.0, 80) / 80, np.array([[0.3], [0.1], [-0.4]]), np.array([0.2]), 1e-6

    def loss(W, b):
        return mean_squared_errors(y[:, None] - X @ W - b, shares)[0]

    slope_of_W, slope_of_b = gradient(X, y[:, None] - X @ W - b, shares)
    for j in range(3):
        up, down = W.copy(), W.copy()
        up[j] += step
        down[j] -= step
        assert slope_of_W[j, 0] == pytest.approx((loss(up, b) - loss(down, b)) / (2 * step), rel=1e-7)
    assert slope_of_b[0] == pytest.approx((loss(W, b + step) - loss(W, b - step)) / (2 * step), rel=1e-7)


def test_limit_is_the_closed_form(table):
    X, y = table
    Y = np.column_stack([y, -2.0 * y + X[:, 0]])
    descended = LinearRegression(solver="gd", tol=1e-13, max_steps=100_000).fit(X, Y)
    solved = LinearRegression().fit(X, Y)
    np.testing.assert_allclose(descended.coef_, solved.coef_, rtol=1e-10)
    np.testing.assert_allclose(descended.intercept_, solved.intercept_, rtol=1e-10)
    assert (np.diff(descended.loss_curve_) <= 1e-14).all()
    assert not hasattr(descended, "rank_")


def test_twice_the_safe_learning_rate_goes_nowhere(table):
    X, y = table
    limit = 2.0 / largest_curvature(X, np.full(80, 1 / 80), fit_intercept=True)
    below = LinearRegression(solver="gd", learning_rate=0.95 * limit, max_steps=5000).fit(X, y)
    assert below.loss_curve_[-1] < below.loss_curve_[0]
    with pytest.raises(ValueError, match=r"learning_rate=.* too large"):
        LinearRegression(solver="gd", learning_rate=1.05 * limit, max_steps=100_000).fit(X, y)


def test_steps_that_run_out_are_told(table):
    with pytest.warns(ConvergenceWarning, match="max_steps=3"):
        model = LinearRegression(solver="gd", max_steps=3).fit(*table)
    assert model.n_iter_ == 3 and len(model.loss_curve_) == 4
