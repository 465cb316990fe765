"""Leading eigenvectors by products alone: against LAPACK, where eigenvalues repeat, cluster, vanish, or have no end."""

import numpy as np
import pytest

from mlx.numeric import krylov
from mlx.numeric.krylov import block_size, leading_eigenpairs, orthonormal_beside, tolerances

ORDER = 300


def matrix(values, seed=0):
    """A symmetric matrix with these eigenvalues, and zeros for the others; and the vectors, in their order."""
    rng = np.random.default_rng(seed)
    vectors, _ = np.linalg.qr(rng.normal(size=(ORDER, len(values))))
    return (vectors * values) @ vectors.T, vectors


def counted(A):
    """Products with A, and the number of columns multiplied so far in a list."""
    columns = []

    def product(Q):
        columns.append(Q.shape[1])
        return A @ Q

    return product, columns


TAIL = np.linspace(1.0, 0.5, 250)
SPECTRA = {
    "apart": (np.concatenate([np.geomspace(100.0, 5.0, 12), TAIL]), 10),
    "eight equal": (np.concatenate([[50.0] * 8, TAIL]), 8),
    "equal ones within": (np.concatenate([[50.0] * 3, [20.0] * 6, [12.0] * 2, TAIL]), 11),
    "nearly equal": (np.concatenate([50.0 + 1e-9 * np.arange(5)[::-1], [20.0, 19.9999], TAIL]), 7),
    "no tail": (np.geomspace(10.0, 1.0, 9), 6),
    "fewer than wanted": (np.geomspace(10.0, 1.0, 4), 6),
    "one": (np.concatenate([[9.0], TAIL]), 1),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("seed", range(3))
def test_as_lapack(name, seed):
    values, k = SPECTRA[name]
    A, _ = matrix(values, seed)
    right, right_vectors = np.linalg.eigh(A)
    right, right_vectors = right[::-1], right_vectors[:, ::-1]
    found, vectors = leading_eigenpairs(lambda Q: A @ Q, ORDER, k, ORDER)
    np.testing.assert_allclose(found, right[:k], rtol=1e-12, atol=1e-12 * right[0])
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-12)
    np.testing.assert_allclose(A @ vectors, vectors * found, atol=1e-8)
    # Of equal values only the span is determined: each run of values up to a gap is compared as one.
    ends = [end for end in range(1, k + 1) if right[end - 1] - right[end] > 1e-3]
    for end in ends:
        one, other = vectors[:, :end], right_vectors[:, :end]
        np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-9)
    assert ends or name == "fewer than wanted"


def test_a_block_is_wide_enough_for_any_multiplicity():
    """Two columns find two of eight vectors of one eigenvalue: the six others would be taken from what is smaller."""
    A, _ = matrix(np.concatenate([[50.0] * 8, TAIL]))
    assert all(block_size(k) > k for k in range(1, 200))
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(ORDER, 2)))[0]
    for _ in range(5):
        basis = np.hstack([basis, orthonormal_beside(basis, A @ basis[:, -2:])])
    assert np.linalg.eigvalsh(basis.T @ A @ basis)[-3] < 1.1, "what a block of two columns misses"
    np.testing.assert_allclose(leading_eigenpairs(lambda Q: A @ Q, ORDER, 8, ORDER)[0], 50.0, rtol=1e-13)


def test_what_has_converged_is_not_multiplied_again():
    A, _ = matrix(np.concatenate([np.geomspace(1e4, 50.0, 20), TAIL]))
    product, columns = counted(A)
    assert leading_eigenpairs(product, ORDER, 20, ORDER) is not None
    assert columns[0] == block_size(20) and columns[-1] < block_size(20)
    assert sum(columns) <= ORDER


def test_a_spectrum_without_an_end_is_given_up_early():
    A, _ = matrix(np.linspace(2.0, 1.0, ORDER))
    product, columns = counted(A)
    assert leading_eigenpairs(product, ORDER, 10, 200) is None
    assert len(columns) == krylov.STEPS_BEFORE_JUDGEMENT


def test_no_matrix_has_no_leading_vectors():
    assert leading_eigenpairs(np.zeros_like, ORDER, 3, ORDER) is None


def test_columns_within_a_space_are_replaced():
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(50, 20)))
    block = np.column_stack([Q @ rng.normal(size=20), np.zeros(50), Q[:, 0] + 1e-12 * rng.normal(size=50)])
    both = np.hstack([Q, orthonormal_beside(Q, block)])
    np.testing.assert_allclose(both.T @ both, np.eye(23), atol=1e-14)


def test_tolerances_follow_the_gaps():
    np.testing.assert_allclose(
        tolerances(np.array([10.0, 6.0, 5.0, 5.0, 1.0])),
        np.maximum(krylov.LARGEST_ANGLE * np.array([4.0, 1.0, 0.0, 0.0]), krylov.ROUNDING * 10.0),
    )
