"""Inference: five rows by hand, coverage of the intervals by simulation, and what has no answer."""

import numpy as np
import pytest
from scipy import sparse

from mlx.linear_model import LinearRegression
from tests.reference.linear import inference_by_hand


def test_five_rows_by_hand():
    # ŷ = 2.2 + 0.6 x, residuals (-0.8, 0.6, 1.0, -0.6, -0.2): RSS = 2.4, TSS = 6, σ² = 2.4 / 3 = 0.8.
    found = LinearRegression().fit([[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5]).summary()
    assert found.residual_variance == pytest.approx(0.8)
    # Var(w) = 0.8 / 10; Var(b) = 0.8 (1/5 + 9/10).
    np.testing.assert_allclose(found.standard_errors, [np.sqrt(0.88), np.sqrt(0.08)], rtol=1e-14)
    np.testing.assert_allclose(found.t_values, [2.2 / np.sqrt(0.88), 0.6 / np.sqrt(0.08)], rtol=1e-14)
    # Student's 97.5 % point for 3 degrees of freedom is 3.1824463: times √0.08.
    np.testing.assert_allclose(found.intervals[1], [0.6 - 0.9001317, 0.6 + 0.9001317], atol=1e-7)
    assert (found.r_squared, found.adjusted_r_squared) == pytest.approx((0.6, 1 - 0.4 * 4 / 3))
    assert found.f_statistic == pytest.approx(3.6 / 0.8) == pytest.approx(found.t_values[1] ** 2)
    assert found.f_p_value == pytest.approx(found.p_values[1], rel=1e-10)
    log_likelihood = -2.5 * (np.log(2 * np.pi * 2.4 / 5) + 1)
    assert found.log_likelihood == pytest.approx(log_likelihood)
    assert (found.aic, found.bic) == pytest.approx((4 - 2 * log_likelihood, 2 * np.log(5) - 2 * log_likelihood))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("condition", [1.0, 1e7])
def test_slow_twin(condition, weighted, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) + 2.0
    X[:, 1] = X[:, 0] + X[:, 1] / condition
    y, weights = X @ [1.0, 2.0, 3.0] + rng.normal(size=50), rng.uniform(0.1, 2.0, 50) if weighted else None
    found = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weights).summary()
    errors, variance = inference_by_hand(X, y, weights, fit_intercept=fit_intercept)
    np.testing.assert_allclose(found.standard_errors, errors, rtol=1e-14 * condition**1.2 + 1e-12)
    assert found.residual_variance == pytest.approx(variance, rel=1e-8)


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(0)
    X, truth = rng.normal(size=(12, 2)), np.array([1.0, 2.0, -1.0])
    Y = truth[0] + X @ truth[1:, None] + rng.standard_normal((12, 2000))
    model = LinearRegression().fit(X, Y)
    intervals = np.array([model.summary(target=k, confidence=0.8).intervals for k in range(2000)])
    covered = ((intervals[:, :, 0] <= truth) & (truth <= intervals[:, :, 1])).mean(axis=0)
    assert (np.abs(covered - 0.8) < 3 * np.sqrt(0.16 / 2000)).all()


def test_what_the_rows_do_not_determine_has_no_error():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) + 1.0
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=40)
    plain = LinearRegression().fit(X, y).summary()
    units = LinearRegression().fit(np.column_stack([X, X[:, 0], 1e-15 * X[:, 0], np.full(40, 7.0)]), y).summary()
    np.testing.assert_array_equal(np.isnan(units.standard_errors), [False, True, False, False, True, True, True])
    np.testing.assert_allclose(units.standard_errors[[0, 2, 3]], plain.standard_errors[[0, 2, 3]], rtol=1e-10)
    assert (units.r_squared, units.f_statistic, units.aic) == pytest.approx(
        (plain.r_squared, plain.f_statistic, plain.aic)
    )
    assert units.model_degrees == 3
    # A sum of columns that is always 5 can stand for the intercept.
    of_whole = LinearRegression().fit(np.column_stack([X, 5.0 - X.sum(axis=1)]), y).summary()
    assert np.isnan(of_whole.standard_errors).all()


def test_as_many_coefficients_as_rows_leave_no_degrees():
    rng = np.random.default_rng(0)
    for p in (9, 10, 15):
        found = LinearRegression().fit(rng.normal(size=(10, p)), rng.normal(size=10)).summary()
        assert found.residual_degrees == 0 and np.isnan(found.standard_errors).all() and np.isnan(found.f_p_value)
        assert found.r_squared == pytest.approx(1.0)


def test_rows_without_weight_are_no_rows():
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(30, 2)), rng.normal(size=30), rng.uniform(1.0, 2.0, 30)
    weights[:10] = 0.0
    found = LinearRegression().fit(X, y, weights).summary()
    expected = LinearRegression().fit(X[10:], y[10:], weights[10:]).summary()
    for name in ("standard_errors", "n_rows", "residual_degrees", "bic", "adjusted_r_squared"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)


def test_table_names_columns():
    import pandas as pd

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(30, 2)), columns=["age", "height"])
    found = LinearRegression().fit(X, X["age"] + rng.normal(size=30)).summary(confidence=0.9)
    assert list(found.to_frame().index) == ["intercept", "age", "height"]
    assert list(found.to_frame().columns)[-2:] == ["[0.05", "0.95]"]
    text = str(found)
    assert "height" in text and "adjusted R²" in text and "Least squares" in text
    assert LinearRegression(fit_intercept=False).fit(X.to_numpy(), X["age"]).summary().names == ["x0", "x1"]


@pytest.mark.parametrize("parameters", [{"positive": True}, {"solver": "gd"}, {}])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_refused_where_the_formulas_do_not_hold(parameters):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    model = LinearRegression(**parameters).fit(X if parameters else sparse.csr_array(X), y)
    with pytest.raises(NotImplementedError, match="summary"):
        model.summary()


@pytest.mark.parametrize(
    "bad", [{"target": 1}, {"target": -1}, {"target": 0.5}, {"confidence": 1.0}, {"confidence": "a"}]
)
def test_bad_arguments_are_named(bad):
    model = LinearRegression().fit([[1], [2], [3]], [1, 2, 4])
    with pytest.raises(ValueError, match=next(iter(bad))):
        model.summary(**bad)
