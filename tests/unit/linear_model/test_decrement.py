"""Newton's decrement: its bounds beside the number itself, and fits that go on until nothing is left to fall."""

import math

import numpy as np
import pytest

from mlx.linear_model import LogisticRegression, logistic_fit
from mlx.linear_model.decrement import curvature_kept, has_no_minimum, is_nothing, largest_move, promise_after
from mlx.linear_model.logistic_objective import logistic_objective
from mlx.linear_model.newton import cholesky_direction, near_inverse, newton
from tests.reference.linear import logistic_objective_by_hand


def table(n_classes, n=150, seed=0):
    rng = np.random.default_rng([seed, n_classes])
    X = rng.normal(size=(n, 4)) * [1.0, 30.0, 0.1, 1.0]
    y = (X[:, :2] / [1.0, 30.0] @ rng.normal(size=(2, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    return X, y, rng.choice([0.0, 0.5, 1.0, 2.0], size=n)


def objective_of(n_classes, C=3.0, seed=0):
    X, y, weights = table(n_classes, seed=seed)
    return logistic_objective(X, y, weights, n_classes=n_classes, C=C, fit_intercept=True)


def half_squared_decrement(objective, point):
    gradient = point.gradient.ravel()
    return 0.5 * gradient @ np.linalg.pinv(objective.hessian(point.p), rcond=1e-13) @ gradient


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("far", [0.002, 0.02, 0.1])
def test_after_a_full_step_no_more_is_promised_than_the_bound(n_classes, far):
    objective = objective_of(n_classes)
    lowest = newton(objective, objective.at(np.zeros(objective.shape)), cholesky_direction, tol=1e-10, max_iter=50)
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(20):
        point = objective.at(lowest.point.U + far * rng.normal(size=objective.shape))
        step, _ = cholesky_direction(objective, point)
        move = largest_move(objective, objective.scores(step))
        bound = promise_after(half_squared_decrement(objective, point), move)
        if bound < np.inf:
            shares.append(half_squared_decrement(objective, objective.at(point.U + step)) / bound)
    assert len(shares) >= 10 or far == 0.1
    assert max(shares, default=0.0) <= 1.0
    assert promise_after(1.0, 0.0) == 0.0 and promise_after(1.0, 0.0, 0.1) == pytest.approx(0.01)
    assert promise_after(1.0, 1.5) == np.inf


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_hessian_from_elsewhere_bounds_the_decrement(n_classes, sampled):
    objective = objective_of(n_classes)
    sample = objective.of_rows(slice(0, None, 3)) if sampled else None
    rng = np.random.default_rng(1)
    start = objective.at(0.3 * rng.normal(size=objective.shape))
    inverse = near_inverse(objective, start, sample)
    for far in (0.0, 0.01, 0.1, 0.5):
        point = objective.at(start.U + far * rng.normal(size=objective.shape))
        kept = curvature_kept(point.p, start.p)
        # What is kept, is kept in all directions.
        spare = objective.hessian(point.p) - kept * objective.hessian(start.p)
        assert np.linalg.eigvalsh(spare)[0] >= -1e-12 and kept <= 1.0
        if sampled:
            spare = objective.hessian(start.p) - sample.share * sample.hessian(sample.at(start.U).p)
            assert np.linalg.eigvalsh(spare)[0] >= -1e-12 and 0.1 < sample.share < 0.6
        decrement = half_squared_decrement(objective, point)
        assert decrement <= inverse.promise_at(point) * (1.0 + 1e-9)
        if not sampled and far == 0.0:
            assert inverse.promise_at(point) == pytest.approx(decrement, rel=1e-6)
    far_away = objective.at(start.U + 50.0 * rng.normal(size=objective.shape))
    assert inverse.promise_at(far_away) == np.inf


def test_a_singular_hessian_bounds_nothing():
    X, y, weights = table(2)
    objective = logistic_objective(np.column_stack([X, X]), y, weights, n_classes=2, C=np.inf, fit_intercept=True)
    point = objective.at(np.zeros(objective.shape))
    assert near_inverse(objective, point).promise_at(point) == np.inf


@pytest.mark.parametrize("n_classes", [2, 3])
def test_separated_classes_without_a_penalty_have_no_minimum(n_classes):
    X = np.array([[-3.0], [-2.0], [2.0], [3.0], [8.0]])
    y = np.array([0, 0, 1, 1, n_classes - 1])
    U = np.array([[1.0, 0.0]]) if n_classes == 2 else np.array([[-1.0, 0.0], [0.0, 1.0], [1.0, -4.0]])
    weights = np.ones(5)
    free = logistic_objective(X, y, weights, n_classes=n_classes, C=np.inf, fit_intercept=True)
    held = logistic_objective(X, y, weights, n_classes=n_classes, C=1.0, fit_intercept=True)
    U = free.from_users_units(U[:, :1], U[:, 1])
    assert has_no_minimum(free, free.at(U))
    assert not has_no_minimum(held, held.at(U)) and not has_no_minimum(free, free.at(-U))
    wrong = logistic_objective(X, y[::-1].copy(), weights, n_classes=n_classes, C=np.inf, fit_intercept=True)
    assert not has_no_minimum(wrong, wrong.at(U))


# A table with little curvature at its minimum: three of the classes are almost told apart by large numbers.
FLAT_X = np.array([[0.0], [1000.0], [-1000.0], [1000.0], [0.0], [-1000.0]])
FLAT_Y, FLAT_WEIGHTS = np.array([0, 1, 2, 3, 0, 3]), np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.5])


@pytest.mark.parametrize("limits", [{}, {"CHEAP_HESSIAN": 0}, {"CHEAP_HESSIAN": 0, "STORED_HESSIAN": 0}], ids=str)
@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
def test_every_way_ends_where_nothing_is_left_to_fall(monkeypatch, solver, limits):
    for name, value in limits.items():
        monkeypatch.setattr(logistic_fit, name, value)
    tables = [(FLAT_X, FLAT_Y, FLAT_WEIGHTS, 100.0), (*table(3), 1.0), (*table(2), 1e4)]
    for X, y, weights, C in tables:
        model = LogisticRegression(C=C, solver=solver).fit(X, y, weights)
        exact = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-13).fit(X, y, weights)
        lowest = logistic_objective_by_hand(exact.coef_, exact.intercept_, X, y, C, weights)
        found = logistic_objective_by_hand(model.coef_, model.intercept_, X, y, C, weights)
        assert found <= lowest * (1.0 + 1e-12)


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
def test_a_sample_far_off_the_other_rows_is_not_begun_with(monkeypatch, solver):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] + 0.5 * rng.logistic(size=60) > 0).astype(int)
    X[::2, 1], y[::2] = 1.0, (X[::2, 0] > 0)
    X[1::2, 0] *= -1e6  # rows that the sample, every other one, has not seen
    for name, value in {"CHEAP_HESSIAN": 0, "LEAST_ROWS": 50, "SAMPLE_ROWS": 30}.items():
        monkeypatch.setattr(logistic_fit, name, value)
    sampled = LogisticRegression(solver=solver, C=100.0).fit(X, y)
    monkeypatch.undo()
    alone = LogisticRegression(solver=solver, C=100.0).fit(X, y)
    losses = [
        logistic_objective_by_hand(model.coef_, model.intercept_, X, y, 100.0, np.ones(60))
        for model in (sampled, alone)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=2e-12)


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_warm_start_from_far_out_comes_home(n_classes, solver):
    X, y, weights = table(n_classes)
    alone = LogisticRegression(solver=solver).fit(X, y, weights)
    warm = LogisticRegression(solver=solver, warm_start=True).fit(X, y, weights)
    warm.coef_ = 1e3 * np.random.default_rng(2).normal(size=warm.coef_.shape)
    warm.fit(X, y, weights)
    np.testing.assert_allclose(warm.coef_, alone.coef_, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_where_no_row_has_any_curvature_newton_follows_the_gradient(n_classes):
    objective = objective_of(n_classes)
    lowest = newton(objective, objective.at(np.zeros(objective.shape)), cholesky_direction, tol=1e-10, max_iter=100)
    far = np.zeros(objective.shape)
    far[0, -1] = 300.0
    far[:, -1] -= far[:, -1].mean() if n_classes > 2 else 0.0
    start = objective.at(far)
    assert objective.hessian(start.p)[-1, -1] < 1e-16
    found = newton(objective, start, cholesky_direction, tol=1e-10, max_iter=300)
    assert found.converged and found.point.value == pytest.approx(lowest.point.value, rel=1e-12)


def test_what_counts_as_nothing_is_a_share_of_the_loss():
    objective = objective_of(2)
    point = objective.at(np.zeros(objective.shape))
    assert point.value == pytest.approx(math.log(2.0))
    for tol, share in ((1e-9, 1e-12), (1e-4, 1e-12), (1e-3, 1e-10)):
        assert is_nothing(0.9 * share * math.log(2.0), point, tol)
        assert not is_nothing(1.1 * share * math.log(2.0), point, tol)
