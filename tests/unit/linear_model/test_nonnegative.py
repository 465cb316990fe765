"""Least squares under W ≥ 0: by hand, the conditions of its minimum, and columns that depend on each other."""

import numpy as np
import pytest

from mlx.linear_model.nonnegative import fit_nonnegative, nonnegative_solution


def assert_is_minimum(design, target, w):
    """Free coefficients have no slope, bound ones none that leads up from zero (Karush, Kuhn and Tucker)."""
    slopes = design.T @ (target - design @ w)
    bound = 1e-10 * np.linalg.norm(design, axis=0) * np.linalg.norm(target)
    assert (w >= 0.0).all()
    assert (np.abs(slopes)[w > 0.0] <= bound[w > 0.0]).all()
    assert (slopes[w == 0.0] <= bound[w == 0.0]).all()


def test_by_hand():
    # Without bounds w = (2, -1); on the edge w_1 = 0 the best is w_0 = zᵀy / zᵀz = (1·1 + 1·2) / 2 = 1.5.
    design, target = np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([1.0, 2.0])
    np.testing.assert_allclose(nonnegative_solution(design, target), [1.5, 0.0], rtol=1e-15)
    np.testing.assert_array_equal(nonnegative_solution(design, -target), [0.0, 0.0])


@pytest.mark.parametrize(("n", "p"), [(200, 30), (30, 80), (5, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_conditions_of_the_minimum(n, p, seed):
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(n, p)) * np.geomspace(1e-6, 1e6, p) + rng.normal(size=(n, 1))
    target = design @ (rng.normal(size=p) / np.geomspace(1e-6, 1e6, p)) + rng.normal(size=n)
    assert_is_minimum(design, target, nonnegative_solution(design, target))


def test_columns_leave_the_passive_set_again():
    """A column that is alone the best one has no part in the minimum: it must be freed and bound again."""
    a, b, c = np.eye(3)
    design = np.column_stack([a + b + 0.1 * c, a, b])
    target = a + b - c
    w = nonnegative_solution(design, target)
    np.testing.assert_allclose(w, [0.0, 1.0, 1.0], atol=1e-15)


def test_dependent_and_empty_columns():
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(50, 3)))
    design = np.column_stack([X, X, X[:, 0] + X[:, 1], np.zeros(50)])
    target = X @ [1.0, 2.0, -1.0] + rng.normal(size=50)
    w = nonnegative_solution(design, target)
    assert_is_minimum(design, target, w)
    alone = nonnegative_solution(X, target)
    np.testing.assert_allclose(design @ w, X @ alone, rtol=1e-10)


def test_a_penalty_is_more_rows():
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(40, 6)) + 1.0, rng.normal(size=(40, 2))
    fit = fit_nonnegative(X, Y, penalties=np.array([0.0, 5.0]))
    Z, T = X - X.mean(axis=0), Y - Y.mean(axis=0)
    assert_is_minimum(Z, T[:, 0], fit.coefficients[:, 0])
    taller = np.vstack([Z, np.sqrt(5.0) * np.eye(6)])
    assert_is_minimum(taller, np.concatenate([T[:, 1], np.zeros(6)]), fit.coefficients[:, 1])
    assert (np.linalg.norm(fit.coefficients[:, 1]) > 0.0).all()
