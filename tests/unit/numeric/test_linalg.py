"""Linear algebra against NumPy's plain forms, on matrices that are easy and on those that are not."""

import numpy as np
import pytest

from mlx.numeric.linalg import (
    BLOCK_ENTRIES,
    centred_blocks,
    column_means,
    conjugate_gradient,
    gram_matrix,
    minimum_norm_least_squares,
    randomized_svd,
    row_blocks,
    row_signs,
    scaled_cholesky,
    solve_positive_semidefinite,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (BLOCK_ENTRIES // 4 + 5, 4), (3, 1000)])
def test_row_blocks_cover_every_row_once(shape):
    rows = np.concatenate([np.arange(*block.indices(shape[0])) for block in row_blocks(*shape)])
    np.testing.assert_array_equal(rows, np.arange(shape[0]))


def test_constant_columns_are_centred_to_exact_zeros(rng):
    # 0.1 is not a binary fraction: a plain average of 100 000 of them is not 0.1.
    X = np.column_stack([np.full(100_000, 0.1), rng.normal(size=100_000) + 1e6])
    assert np.mean(X, axis=0)[0] != 0.1
    for weights in (None, rng.uniform(size=100_000)):
        means = column_means(X, weights)
        assert means[0] == 0.1
        assert means[1] == pytest.approx(np.average(X[:, 1], weights=weights), rel=1e-12)


def test_a_row_without_weight_takes_no_digits(rng):
    X, weights = rng.normal(size=(100, 3)), np.ones(100)
    X[0], weights[0] = 1e15, 0.0
    np.testing.assert_allclose(column_means(X, weights), X[1:].mean(axis=0), rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_gram_matrix_in_blocks(rng, dtype, weighted):
    n = BLOCK_ENTRIES // 3 + 17  # two blocks, the second short
    X = (rng.normal(size=(n, 3)) + 50.0).astype(dtype)
    weights = rng.uniform(size=n) if weighted else None
    mean = column_means(X, weights)
    centred = X.astype(np.float64) - mean
    expected = centred.T @ (centred if weights is None else centred * weights[:, None])
    found = gram_matrix(X, mean, None if weights is None else np.sqrt(weights))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    assert sum(len(block) for _, block in centred_blocks(X, mean)) == n


def test_scaled_cholesky_does_not_mind_units(rng):
    A = rng.normal(size=(30, 6))
    units = np.geomspace(1e-6, 1e6, 6)
    plain, scaled = scaled_cholesky(A.T @ A), scaled_cholesky((A * units).T @ (A * units))
    assert scaled.reciprocal_condition == pytest.approx(plain.reciprocal_condition, rel=1e-6)
    x = rng.normal(size=6)
    np.testing.assert_allclose(plain.solve(A.T @ (A @ x)), x, rtol=1e-10)
    np.testing.assert_allclose(plain.solve((A.T @ A) @ np.eye(6)), np.eye(6), atol=1e-10)


@pytest.mark.parametrize("A", [np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros((2, 2)), np.diag([1.0, -1.0])])
def test_scaled_cholesky_refuses_what_is_not_positive_definite(A):
    assert scaled_cholesky(A) is None


def test_semidefinite_systems_get_the_shortest_solution(rng):
    B = rng.normal(size=(5, 3))
    A = B @ B.T
    b = A @ rng.normal(size=5)
    np.testing.assert_allclose(solve_positive_semidefinite(A, b), np.linalg.pinv(A, hermitian=True) @ b, atol=1e-9)
    A += np.eye(5)
    np.testing.assert_allclose(solve_positive_semidefinite(A, b), np.linalg.solve(A, b), rtol=1e-12)


@pytest.mark.parametrize("shape", [(30, 6), (6, 30), (6, 6)])
@pytest.mark.parametrize("rank", [2, 6])
def test_least_squares_of_least_norm(rng, shape, rank):
    A = rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))
    B = rng.normal(size=(shape[0], 2))
    found = minimum_norm_least_squares(A, B, 1e-12)
    expected, _, expected_rank, singular_values = np.linalg.lstsq(A, B, rcond=1e-12)
    np.testing.assert_allclose(found.solution, expected, atol=1e-10)
    np.testing.assert_allclose(found.singular_values, singular_values, atol=1e-12)
    assert found.rank == expected_rank == rank
    assert minimum_norm_least_squares(A, B, 1e-12, noise=2 * singular_values[0]).rank == 0


def test_conjugate_gradient(rng):
    B = rng.normal(size=(20, 12))
    A = B.T @ B
    b = rng.normal(size=12)
    x = conjugate_gradient(lambda v: A @ v, b, 1e-12, 200)
    np.testing.assert_allclose(x, np.linalg.solve(A, b), rtol=1e-8)
    rough = conjugate_gradient(lambda v: A @ v, b, 0.5, 200)
    assert 1e-6 < np.linalg.norm(b - A @ rough) / np.linalg.norm(b) <= 0.5
    # A direction that A maps to zero is not entered.
    singular = np.diag([1.0, 2.0, 0.0])
    np.testing.assert_allclose(
        conjugate_gradient(lambda v: singular @ v, np.array([1.0, 2.0, 0.0]), 1e-12, 9), [1, 1, 0]
    )


@pytest.mark.parametrize("shape", [(80, 30), (30, 80)])
def test_randomized_svd_of_a_low_rank_matrix_is_exact(rng, shape):
    A = rng.normal(size=(shape[0], 4)) @ rng.normal(size=(4, shape[1]))
    U, s, Vt = randomized_svd(A, 4, n_oversamples=5, n_iter=2, normalizer="QR", random_state=np.random.RandomState(0))
    np.testing.assert_allclose((U * s) @ Vt, A, atol=1e-10)
    np.testing.assert_allclose(s, np.linalg.svd(A, compute_uv=False)[:4], rtol=1e-12)
    np.testing.assert_allclose(Vt @ Vt.T, np.eye(4), atol=1e-12)


def test_row_signs():
    Vt = np.array([[0.1, -3.0, 2.0], [0.5, 0.5, -0.1], [-1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(row_signs(Vt), [-1.0, 1.0, -1.0])
