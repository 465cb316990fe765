"""Starting maps."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

from mlx.manifold import initialization
from mlx.manifold.initialization import principal_start, random_start

X = load_iris().data


def expected_scores(X, d):
    centred = X - X.mean(axis=0)
    U, s, Vt = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(axis=1)])
    return (U * s * signs)[:, :d]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("way", ["covariance", "projection", "sparse"])
def test_principal_start(way, d, monkeypatch):
    if way == "projection":
        monkeypatch.setattr(initialization, "MOST_COLUMNS", 1)
    table = sparse.csr_matrix(X) if way == "sparse" else X
    found = principal_start(table, d, np.random.RandomState(0))
    scores = expected_scores(X, d)
    np.testing.assert_allclose(found, 1e-4 * scores / scores[:, 0].std(), atol=1e-9)
    assert found.dtype == np.float32
    assert found[:, 0].std() == pytest.approx(1e-4, rel=1e-5)


def test_equal_rows_start_at_one_place():
    np.testing.assert_array_equal(principal_start(np.ones((5, 3)), 2, np.random.RandomState(0)), 0.0)


def test_too_many_components():
    with pytest.raises(ValueError, match=r"init='pca'.*n_components=5"):
        principal_start(X, 5, np.random.RandomState(0))


def test_random_start_is_small_and_drawn():
    one, other = (random_start(1000, 2, np.random.RandomState(seed)) for seed in (0, 1))
    assert one.dtype == np.float32
    assert one.std() == pytest.approx(1e-4, rel=0.05)
    assert (one != other).all()
