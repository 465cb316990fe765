"""Moments and triangular factors against their definition, where one pass is hard, and on several threads."""

from unittest import mock

import numpy as np
import pytest

from mlx.numeric import moments as module
from mlx.numeric.moments import moments, sum_over_rows, triangular_factor


def by_definition(X, Y, weights):
    s = np.ones(len(X)) if weights is None else weights
    m, y_mean = s @ X / s.sum(), s @ Y / s.sum()
    Z, T = X - m, Y - y_mean
    return s.sum(), m, y_mean, Z.T @ (s[:, None] * Z), Z.T @ (s[:, None] * T), s @ T**2


def table(n=3000, p=5, t=2):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, p)) * np.geomspace(1e-3, 1e3, p) + np.arange(p), rng.normal(size=(n, t)) - 5.0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_definition(dtype, weighted):
    X, Y = table()
    X = X.astype(dtype)
    weights = np.random.default_rng(1).integers(0, 3, len(X)).astype(float) if weighted else None
    for found, expected in zip(moments(X, Y, weights), by_definition(X.astype(float), Y, weights)):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


def test_without_centring():
    X, Y = table()
    found = moments(X, Y, centre=False)
    assert not found.x_mean.any() and not found.y_mean.any()
    np.testing.assert_allclose(found.gram, X.T @ X, rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(found.squares, (Y**2).sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("shift", [1e6, 1e9])
def test_a_sample_that_lies_apart_costs_no_digits(shift):
    """The rows that tell where the data lie are evenly spaced, and here they lie far from all others."""
    X, Y = table()
    X[::2] += shift
    found = moments(X, Y)
    exact = by_definition(X.astype(np.longdouble), Y.astype(np.longdouble), None)
    lengths = np.sqrt(np.diag(found.gram))
    assert np.abs((found.gram - exact[3]) / lengths[:, None] / lengths).max() < 1e-12
    outliers = np.zeros((400_000, 1))
    outliers[:: 400_000 // module.SAMPLE] = np.random.default_rng(0).normal(size=(1026, 1)) + shift
    outliers[0] = 0.0
    found = moments(outliers, np.zeros((400_000, 1)))
    exact = by_definition(outliers.astype(np.longdouble), np.zeros((400_000, 1)), None)
    assert found.gram[0, 0] == pytest.approx(float(exact[3][0, 0]), rel=1e-13)


def test_a_constant_column_has_no_squares():
    X, Y = table()
    X[:, 1] = 0.1
    found = moments(X, Y, np.linspace(0.0, 1.0, len(X)))
    assert found.x_mean[1] == 0.1 and found.gram[1, 1] == 0.0 and not found.gram[1].any()


def test_a_row_without_weight_is_no_row():
    X, Y = table(200)
    weights = np.ones(200)
    weights[:5] = 0.0
    spoiled = X.copy()
    spoiled[:5] = 1e15
    for found, expected in zip(moments(spoiled, Y, weights), moments(X[5:], Y[5:])):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_threads_do_not_change_bits():
    n = 100_000
    values = np.random.default_rng(0).normal(size=n)

    def term(rows, buffer):
        buffer[:, 0] = values[rows]
        return (buffer[:, :1].sum(axis=0),)

    sums, runs = set(), []
    for n_threads in (1, 2, 5):
        with (
            mock.patch.object(module, "blas_threads", lambda n_threads=n_threads: n_threads),
            mock.patch.object(module, "run_tasks", side_effect=module.run_tasks) as tasks,
        ):
            sums.add(sum_over_rows(n, 100, 1e9, term)[0].tobytes())
            runs.append(tasks.call_args.args[2])
    assert len(sums) == 1 and runs == [1, 2, 5]


@pytest.mark.parametrize(("n", "p"), [(5000, 20), (10, 20), (3, 1)])
def test_triangular_factor(n, p):
    X, Y = table(n, p)
    v = np.random.default_rng(2).uniform(0.0, 2.0, n)
    R = triangular_factor(X, Y, X.mean(axis=0), Y.mean(axis=0), v)
    assert R.shape == (min(n, p + 2), p + 2) and not np.tril(R, -1).any()
    rows = v[:, None] * np.hstack([X - X.mean(axis=0), Y - Y.mean(axis=0)])
    lengths = np.linalg.norm(rows, axis=0)
    np.testing.assert_allclose(
        R.T @ R / lengths[:, None] / lengths, rows.T @ rows / lengths[:, None] / lengths, atol=1e-13
    )
