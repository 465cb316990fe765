"""The study notes' formulas of least squares, on five rows by hand: the closed form, descent, ridge."""

import numpy as np
import pytest

from mlx.linear_model import LinearRegression, Ridge
from mlx.linear_model.descent import gradient

X, Y = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), np.array([2.0, 4.0, 5.0, 4.0, 5.0])


def test_closed_form_of_one_feature():
    """β1 = Σ(x - x̄)(y - ȳ) / Σ(x - x̄)² = 6 / 10 and β0 = ȳ - β1 x̄ = 4 - 0.6 · 3."""
    x = X[:, 0]
    slope = ((x - x.mean()) * (Y - Y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    assert slope == pytest.approx(0.6, rel=1e-15)
    model = LinearRegression().fit(X, Y)
    np.testing.assert_allclose([model.coef_[0], model.intercept_], [0.6, 2.2], rtol=1e-14)
    # The step before it in the notes: Σ x (y - ȳ) = β1 Σ x (x - x̄).
    assert (x * (Y - Y.mean())).sum() == pytest.approx(model.coef_[0] * (x * (x - x.mean())).sum(), rel=1e-14)
    # One line of the notes divides Σ(y - ȳ) by Σ(x - x̄), which are both zero.
    assert (Y - Y.mean()).sum() == (x - x.mean()).sum() == 0.0


def test_first_step_of_descent():
    """From β = 0: ∂L/∂β0 = -(2/5) Σ y = -8 and ∂L/∂β1 = -(2/5) Σ x y = -26.4; with η = 0.01 the step is 0.08, 0.264."""
    slope, slope_of_intercept = gradient(X, Y[:, None], np.full(5, 0.2))
    np.testing.assert_allclose([slope_of_intercept[0], slope[0, 0]], [-8.0, -26.4], rtol=1e-15)
    with pytest.warns(UserWarning, match="max_steps=1"):
        model = LinearRegression(solver="gd", learning_rate=0.01, max_steps=1).fit(X, Y)
    np.testing.assert_allclose([model.intercept_, model.coef_[0]], [0.08, 0.264], rtol=1e-14)
    # L before: (4 + 16 + 25 + 16 + 25) / 5; after, of ŷ = 0.08 + 0.264 x.
    np.testing.assert_allclose(model.loss_curve_, [17.2, np.mean((Y - 0.08 - 0.264 * X[:, 0]) ** 2)], rtol=1e-14)


def test_descent_ends_at_the_closed_form():
    """Claim of the notes: both are the same model."""
    model = LinearRegression(solver="gd", tol=1e-12, max_steps=10_000).fit(X, Y)
    np.testing.assert_allclose([model.coef_[0], model.intercept_], [0.6, 2.2], rtol=1e-11)
    # The matrix of second derivatives is 2 [[1, 3], [3, 11]]: its eigenvalues are 12 ± 2√34, so that a rate above
    # 2 / (12 + 2√34) = 0.0845 leads away.
    assert LinearRegression(solver="gd", learning_rate=0.084, max_steps=10_000).fit(X, Y).coef_[0] == pytest.approx(0.6)
    with pytest.raises(ValueError, match="learning_rate"):
        LinearRegression(solver="gd", learning_rate=0.085, max_steps=200_000).fit(X, Y)


def test_ridge_shrinks_and_selects_nothing():
    """Σ(y - ŷ)² + λ Σ β²: β1 = 6 / (10 + λ), which no λ makes zero. The notes list ridge among ways to select."""
    for penalty in (0.0, 2.0, 10.0, 1e6):
        model = Ridge(penalty).fit(X, Y)
        assert model.coef_[0] == pytest.approx(6.0 / (10.0 + penalty), rel=1e-14)
        assert model.intercept_ == pytest.approx(4.0 - 3.0 * model.coef_[0], rel=1e-14)


def test_least_squares_measures_along_y():
    """Claim of the notes: its residuals are vertical, and no other line has a smaller sum of their squares."""
    model = LinearRegression().fit(X, Y)
    residuals = Y - model.predict(X)
    np.testing.assert_allclose(residuals, [-0.8, 0.6, 1.0, -0.6, -0.2], atol=1e-14)
    assert (residuals**2).sum() == pytest.approx(2.4)
    # The line of least orthogonal distance is the first principal axis: it is steeper.
    axis = np.linalg.svd(np.column_stack([X[:, 0] - 3.0, Y - 4.0]))[2][0]
    steeper = axis[1] / axis[0]
    assert steeper > model.coef_[0]
    assert ((Y - 4.0 - steeper * (X[:, 0] - 3.0)) ** 2).sum() > 2.4
