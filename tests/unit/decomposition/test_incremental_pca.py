"""Incremental principal components: exact while nothing is left out, in any batches; sparse, float32, bad input."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, load_wine

from mlx.decomposition import PCA, IncrementalPCA
from tests.reference.linear import components_by_covariance


def in_batches(X, sizes, **parameters):
    model = IncrementalPCA(**parameters)
    for rows in np.split(X, np.cumsum(sizes)[:-1]):
        model.partial_fit(rows)
    return model


@pytest.mark.parametrize("sizes", [(150,), (4, 146), (50, 50, 50), (140, 1, 1, 8), (30,) * 5])
def test_all_components_are_exact_in_any_batches(sizes):
    X, _ = load_iris(return_X_y=True)
    values, axes = components_by_covariance(X)
    model = in_batches(X, sizes)
    np.testing.assert_allclose(model.explained_variance_, values, rtol=1e-9)
    np.testing.assert_allclose(model.components_, axes, atol=1e-9)
    np.testing.assert_allclose(model.explained_variance_ratio_, values / values.sum(), rtol=1e-9)
    np.testing.assert_allclose(model.mean_, X.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(model.var_, X.var(axis=0), rtol=1e-12)
    assert model.n_samples_seen_ == 150
    assert model.noise_variance_ == 0.0


@pytest.mark.parametrize("batch_size", [5, 40, 699])
def test_components_of_rows_of_that_rank_are_exact(batch_size):
    """What lies outside of k axes is lost from one batch to the next: of rows of rank k nothing does."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 4)) * [8.0, 4.0, 2.0, 1.0] @ rng.normal(size=(4, 30)) + rng.normal(size=30)
    whole, parts = PCA(4, svd_solver="full").fit(X), IncrementalPCA(4, batch_size=batch_size).fit(X)
    np.testing.assert_allclose(parts.components_, whole.components_, atol=1e-9)
    np.testing.assert_allclose(parts.singular_values_, whole.singular_values_, rtol=1e-9)
    np.testing.assert_allclose(parts.transform(X), whole.transform(X), atol=1e-8)
    assert parts.noise_variance_ < 1e-12


def test_a_large_batch_takes_the_gram_matrix_and_a_small_one_does_not():
    X = np.random.default_rng(0).normal(size=(1200, 6)) * [6, 5, 4, 3, 2, 1] + 100.0
    values, axes = components_by_covariance(X)
    for batch_size in (100, 600):
        model = IncrementalPCA(6, batch_size=batch_size).fit(X)
        np.testing.assert_allclose(model.components_, axes, atol=1e-9)
        np.testing.assert_allclose(model.explained_variance_, values, rtol=1e-9)


def test_fit_is_partial_fit_in_batches_and_forgets():
    X, _ = load_wine(return_X_y=True)
    model = IncrementalPCA(3, batch_size=60).fit(X)
    parts = in_batches(X, (60, 60, 58), n_components=3)
    again = model.fit(X)
    for name in ("components_", "singular_values_", "mean_", "var_", "noise_variance_", "n_samples_seen_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(parts, name))
        np.testing.assert_array_equal(getattr(again, name), getattr(parts, name))


def test_the_last_batch_is_never_smaller_than_the_components():
    """Otherwise it would be a batch of its own with fewer rows than components."""
    X, _ = load_iris(return_X_y=True)
    model = IncrementalPCA(4, batch_size=49).fit(X)  # 49 + 49 + 52, not 49 + 49 + 49 + 3
    np.testing.assert_array_equal(model.components_, in_batches(X, (49, 49, 52), n_components=4).components_)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.lil_array])
def test_sparse_rows_are_those_rows(kind):
    X = sparse.random_array((120, 10), density=0.3, rng=np.random.default_rng(0)).toarray()
    dense, thin = IncrementalPCA(3).fit(X), IncrementalPCA(3).fit(kind(X))
    np.testing.assert_array_equal(thin.components_, dense.components_)
    np.testing.assert_allclose(thin.transform(kind(X)), dense.transform(X), atol=1e-13)
    with pytest.raises(TypeError, match="sparse X"):
        IncrementalPCA(3).partial_fit(kind(X))


@pytest.mark.parametrize("batch_size", [30, 600])
def test_float32_components_of_float32_rows(batch_size):
    X = (np.random.default_rng(0).normal(size=(1200, 5)) * [5, 4, 3, 2, 1]).astype(np.float32)
    model = IncrementalPCA(3, batch_size=batch_size).fit(X)
    exact = IncrementalPCA(3, batch_size=batch_size).fit(X.astype(np.float64))
    for name in ("components_", "singular_values_", "explained_variance_", "explained_variance_ratio_"):
        assert getattr(model, name).dtype == np.float32
        np.testing.assert_allclose(getattr(model, name), getattr(exact, name), rtol=1e-4, atol=1e-4)
    assert model.transform(X).dtype == np.float32


def test_whitened_scores_have_variance_one():
    X, _ = load_wine(return_X_y=True)
    model = IncrementalPCA(3, whiten=True, batch_size=len(X))
    np.testing.assert_allclose(np.cov(model.fit_transform(X), rowvar=False), np.eye(3), atol=1e-9)
    plain = PCA(3).fit(X)
    rows = model.inverse_transform(model.transform(X))
    np.testing.assert_allclose(rows, plain.inverse_transform(plain.transform(X)), atol=1e-8)


def test_input_is_left_alone_unless_allowed():
    X, _ = load_iris(return_X_y=True)
    before = X.copy()
    kept = IncrementalPCA(2, batch_size=50).fit(X)
    np.testing.assert_array_equal(X, before)
    freed = IncrementalPCA(2, batch_size=50, copy=False).fit(before)
    np.testing.assert_array_equal(kept.components_, freed.components_)


def test_loadings_explain_the_covariance():
    X, _ = load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    for model in (PCA(), IncrementalPCA(batch_size=60)):
        loadings = model.fit(X).loadings_
        np.testing.assert_allclose(loadings @ loadings.T, np.cov(X, rowvar=False), atol=1e-12)
        # Of standardised features they are correlations with the scores.
        correlations = np.corrcoef(X, model.transform(X), rowvar=False)[:13, 13:]
        np.testing.assert_allclose(loadings, correlations, atol=1e-12)


def test_one_row_at_a_time_has_no_variance_at_first():
    model = IncrementalPCA(1).partial_fit([[1.0, 2.0]])
    assert np.isnan(model.explained_variance_).all()
    model.partial_fit([[3.0, 2.0]])
    np.testing.assert_allclose(model.explained_variance_, [2.0])
    np.testing.assert_allclose(model.components_, [[1.0, 0.0]], atol=1e-15)


@pytest.mark.parametrize(
    ("n_components", "rows", "message"),
    [(5, 150, "n_components=5 must be at most n_features=4"), (3, 2, "n_components=3 must be at most 2")],
)
def test_components_must_fit_the_first_batch(n_components, rows, message):
    X, _ = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        IncrementalPCA(n_components).partial_fit(X[:rows])


def test_a_batch_must_be_like_those_before():
    X, _ = load_iris(return_X_y=True)
    model = IncrementalPCA(2).partial_fit(X[:50])
    with pytest.raises(ValueError, match="X has 3 features"):
        model.partial_fit(X[50:, :3])
    with pytest.raises(ValueError, match="n_components=3 was 2"):
        model.set_params(n_components=3).partial_fit(X[50:])
