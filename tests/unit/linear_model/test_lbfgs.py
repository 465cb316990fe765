"""L-BFGS: its two loops beside the matrix that they stand for, Wolfe's conditions, stops, starts from a Hessian."""

import numpy as np
import pytest

from mlx.linear_model.lbfgs import SLOPE_LEFT, SUFFICIENT_DECREASE, lbfgs, line_search, two_loops
from mlx.linear_model.logistic_objective import logistic_objective
from mlx.linear_model.newton import near_inverse


def objective_of(n_classes=2, n=120, C=1.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4))
    y = (X[:, :2] @ rng.normal(size=(2, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    return logistic_objective(X, y, None, n_classes=n_classes, C=C, fit_intercept=True)


def inverse_by_updates(pairs, first):
    """The matrix B after the pairs: B ← (I - ρ s yᵀ) B (I - ρ y sᵀ) + ρ s sᵀ (Nocedal & Wright, equation 6.17)."""
    B = first
    for s, y, rho in pairs:
        left = np.eye(len(s)) - rho * np.outer(s, y)
        B = left @ B @ left.T + rho * np.outer(s, s)
    return B


@pytest.mark.parametrize("n_pairs", [0, 1, 5])
def test_two_loops_are_the_product_with_the_updated_matrix(n_pairs):
    rng = np.random.default_rng(n_pairs)
    A = rng.normal(size=(6, 6))
    H = A @ A.T + np.eye(6)
    steps = rng.normal(size=(n_pairs, 6))
    pairs = [(s, H @ s, 1.0 / (s @ H @ s)) for s in steps]
    first, g = np.diag(rng.uniform(0.5, 2.0, 6)), rng.normal(size=6)
    found = two_loops(g, pairs, lambda v: first @ v)
    np.testing.assert_allclose(found, inverse_by_updates(pairs, first) @ g, rtol=1e-9)
    if n_pairs:
        s, y, _ = pairs[-1]  # the secant equation, of the newest pair
        np.testing.assert_allclose(two_loops(y, pairs, lambda v: first @ v), s, atol=1e-10)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("length", [1e-6, 1e-2, 1.0, 1e3, 1e6])
def test_line_search_meets_wolfes_conditions_from_steps_of_any_length(n_classes, length):
    objective = objective_of(n_classes)
    point = objective.at(np.random.default_rng(1).normal(size=objective.shape))
    step = -length * point.gradient
    trial = line_search(objective, point, step)
    slope = np.vdot(point.gradient, step)
    t = np.vdot(trial.U - point.U, step) / np.vdot(step, step)
    new = objective.accept(trial)
    assert new.value <= point.value + SUFFICIENT_DECREASE * t * slope
    assert abs(np.vdot(new.gradient, step)) <= SLOPE_LEFT * abs(slope)
    beside = objective.at(trial.U)
    assert new.value == pytest.approx(beside.value, rel=1e-13)
    np.testing.assert_allclose(new.gradient, beside.gradient, atol=1e-13)


def test_no_step_is_taken_uphill_or_where_rounding_hides_the_fall():
    objective = objective_of()
    point = objective.at(np.zeros(objective.shape))
    assert line_search(objective, point, point.gradient) is None
    assert line_search(objective, point, np.zeros(objective.shape)) is None


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_minimum_is_that_of_newton_and_a_hessian_saves_iterations(n_classes):
    objective = objective_of(n_classes, n=400)
    start = objective.at(np.zeros(objective.shape))
    alone = lbfgs(objective, start, tol=1e-9, max_iter=500)
    assert alone.converged and alone.slope <= 1e-9
    again = objective.at(alone.point.U)
    assert alone.slope == pytest.approx(objective.largest_slope(again.U, again.gradient), abs=1e-14)
    first = lbfgs(objective, start, tol=1e-2, max_iter=500)
    inverse = near_inverse(objective, first.point)
    helped = lbfgs(objective, first.point, tol=1e-9, max_iter=500, before_pairs=inverse.solve)
    assert helped.converged and first.n_iter + helped.n_iter < alone.n_iter
    np.testing.assert_allclose(helped.point.U, alone.point.U, atol=1e-6)


def test_near_inverse_is_the_inverse_off_the_gauge():
    objective = objective_of(3)
    point = objective.at(0.1 * np.ones(objective.shape))
    solve, hessian = near_inverse(objective, point).solve, objective.hessian(point.p)
    V = np.random.default_rng(0).normal(size=objective.shape)
    V[:, objective.free] -= V[:, objective.free].mean(axis=0)
    image = (hessian @ V.ravel()).reshape(V.shape)
    np.testing.assert_allclose(solve(image), V, rtol=1e-9, atol=1e-10)


def test_iterations_end_at_their_limit_and_at_a_request():
    objective = objective_of()
    start = objective.at(np.zeros(objective.shape))
    short = lbfgs(objective, start, tol=1e-12, max_iter=3)
    assert short.n_iter == 3 and not short.converged and not short.stopped
    seen = []
    stopped = lbfgs(objective, start, tol=1e-12, max_iter=50, report=lambda U: seen.append(U) or len(seen) == 2)
    assert stopped.n_iter == 2 == len(seen) and stopped.stopped
    np.testing.assert_array_equal(stopped.point.U, seen[-1])


def test_it_goes_on_until_a_point_is_enough():
    objective = objective_of()
    start = objective.at(np.zeros(objective.shape))
    asked = []

    def third_time(point):
        asked.append(objective.largest_slope(point.U, point.gradient))
        return len(asked) == 3

    alone = lbfgs(objective, start, tol=1e-2, max_iter=50)
    beyond = lbfgs(objective, start, tol=1e-2, max_iter=50, is_enough=third_time)
    assert beyond.n_iter == alone.n_iter + 2 and max(asked) <= 1e-2 and beyond.slope == asked[-1]
