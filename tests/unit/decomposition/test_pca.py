"""Principal components: slow twin, invariants of every solver, choice of solver, the Gaussian model, bad input."""

import math

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, load_wine

from mlx.decomposition import PCA
from mlx.decomposition.principal_axes import SAFE_VARIANCE_RATIO
from mlx.decomposition.probabilistic import likeliest_dimension
from mlx.numeric.moments import moments
from tests.reference.linear import components_by_covariance, gaussian_log_density

SOLVERS = ("auto", "full", "covariance_eigh", "arpack", "randomized")


def spectrum(n, p, deviations, seed=0):
    """Table whose centred singular values are √n times `deviations`, exactly, with means not zero."""
    rng = np.random.default_rng(seed)
    k = len(deviations)
    left = rng.normal(size=(n, k))
    left, _ = np.linalg.qr(left - left.mean(axis=0))
    right, _ = np.linalg.qr(rng.normal(size=(p, k)))
    return np.sqrt(n) * (left * deviations) @ right.T + rng.normal(size=p)


def test_five_rows_by_hand():
    # Rows on the line y = 2x: one direction (1, 2)/√5, variance 5 · var(x) = 5 · 2.5.
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0], [5.0, 10.0]])
    model = PCA().fit(X)
    np.testing.assert_allclose(model.components_[0], np.array([1.0, 2.0]) / np.sqrt(5.0), rtol=1e-14)
    np.testing.assert_allclose(model.explained_variance_, [12.5, 0.0], atol=1e-14)
    np.testing.assert_allclose(model.singular_values_[0], np.sqrt(50.0))
    np.testing.assert_allclose(model.mean_, [3.0, 6.0])
    np.testing.assert_allclose(model.transform(X)[:, 0], np.sqrt(5.0) * np.array([-2, -1, 0, 1, 2]), atol=1e-14)


@pytest.mark.parametrize("svd_solver", ["auto", "full", "covariance_eigh"])
@pytest.mark.parametrize("shape", [(5, 2), (600, 3)])
def test_a_share_of_no_variance_keeps_one_component(shape, svd_solver):
    model = PCA(0.5, svd_solver=svd_solver).fit(np.ones(shape))
    assert model.n_components_ == 1
    assert np.isnan(model.explained_variance_ratio_).all()


@pytest.mark.parametrize("svd_solver", SOLVERS)
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_slow_twin(load, svd_solver):
    X, _ = load(return_X_y=True)
    values, axes = components_by_covariance(X)
    model = PCA(3, svd_solver=svd_solver, random_state=0).fit(X)
    np.testing.assert_allclose(model.explained_variance_, values[:3], rtol=1e-9)
    np.testing.assert_allclose(model.components_, axes[:3], atol=1e-9)
    np.testing.assert_allclose(model.explained_variance_ratio_, values[:3] / values.sum(), rtol=1e-9)
    assert model.noise_variance_ == pytest.approx(values[3:].mean(), rel=1e-6)


@pytest.mark.parametrize("shape", [(700, 30), (30, 700), (600, 520), (50, 50)])
@pytest.mark.parametrize("svd_solver", SOLVERS)
def test_what_every_decomposition_keeps(shape, svd_solver):
    deviations = np.geomspace(8.0, 1.0, 8)
    X = spectrum(*shape, deviations)
    model = PCA(8, svd_solver=svd_solver, random_state=0)
    Z = model.fit_transform(X)
    V = model.components_
    np.testing.assert_allclose(V @ V.T, np.eye(8), atol=1e-12)
    np.testing.assert_allclose(model.singular_values_, np.sqrt(shape[0]) * deviations, rtol=1e-10)
    np.testing.assert_allclose(Z.T @ Z, np.diag(model.singular_values_**2), atol=1e-8 * shape[0])
    np.testing.assert_allclose(Z, model.transform(X), atol=1e-9)
    np.testing.assert_allclose(model.inverse_transform(Z), X, atol=1e-9)
    np.testing.assert_allclose(model.explained_variance_ratio_.sum(), 1.0, rtol=1e-12)
    assert (V[np.arange(8), np.abs(V).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize(
    ("shape", "smallest", "n_components", "expected"),
    [
        ((600, 20), 0.1, None, "covariance_eigh"),
        ((20, 600), 0.1, 15, "row_gram"),
        ((600, 20), 1e-4, None, "full"),
        ((600, 20), 1e-4, 5, "covariance_eigh"),
        ((600, 20), 1e-4, 0.9, "covariance_eigh"),
        ((600, 20), 1e-4, "mle", "full"),
        ((20, 600), 0.1, None, "full"),
        ((400, 20), 0.1, None, "full"),
    ],
)
def test_auto_takes_the_gram_matrix_only_where_it_is_safe(shape, smallest, n_components, expected):
    deviations = np.geomspace(1.0, smallest, min(shape) - 1 if shape[0] < shape[1] else min(shape))
    X = spectrum(*shape, deviations)
    model = PCA(n_components).fit(X)
    assert model._fit_svd_solver == expected
    k = min(model.n_components_, len(deviations))
    np.testing.assert_allclose(model.singular_values_[:k], np.sqrt(shape[0]) * deviations[:k], rtol=1e-9)
    if expected != "full":
        kept = model.explained_variance_
        assert kept[-1] >= SAFE_VARIANCE_RATIO * kept[0]


def test_tiny_singular_values_survive():
    deviations = np.array([1.0, 1e-4, 1e-8, 1e-11])
    X = spectrum(2000, 4, deviations) - 0.0
    X -= X.mean(axis=0)
    np.testing.assert_allclose(PCA().fit(X).singular_values_ / np.sqrt(2000), deviations, rtol=1e-4)
    lost = PCA(svd_solver="covariance_eigh").fit(X).singular_values_ / np.sqrt(2000)
    assert abs(lost[-1] / deviations[-1] - 1) > 0.1


def test_large_means_cost_covariance_eigh_nothing():
    X = spectrum(1000, 5, np.array([5.0, 4.0, 3.0, 2.0, 1.0])) + 1e6
    model = PCA(svd_solver="covariance_eigh").fit(X)
    np.testing.assert_allclose(model.singular_values_, np.sqrt(1000) * np.array([5.0, 4.0, 3.0, 2.0, 1.0]), rtol=1e-8)


def test_large_means_of_sparse_float32_rows_cost_covariance_eigh_half_the_digits():
    rows = np.random.default_rng(0).normal(size=(600, 8)) * np.arange(1, 9) + 1000.0
    X = sparse.csr_array(rows.astype(np.float32))
    dense = PCA(svd_solver="full").fit(X.toarray().astype(np.float64))
    found = PCA(svd_solver="covariance_eigh").fit(X)
    # n m² is 1e6 times the smallest n λ: of 16 digits 10 are left, and float32 shows 7 of them.
    np.testing.assert_allclose(found.explained_variance_, dense.explained_variance_, rtol=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_share_of_variance_is_the_fewest_components(share):
    X, _ = load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = PCA(share).fit(X)
    ratios = model.explained_variance_ratio_
    assert ratios.sum() > share >= ratios[:-1].sum()


def test_likeliest_dimension_finds_the_planes_of_signal():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 10)) * 3.0 + 0.1 * rng.normal(size=(500, 10))
    assert PCA("mle").fit(X).n_components_ == 3
    assert likeliest_dimension(np.array([2.0]), 10) == 0


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("n_components", [0, 2, 4])
def test_gaussian_model(n_components, whiten):
    X, _ = load_iris(return_X_y=True)
    model = PCA(n_components, whiten=whiten).fit(X)
    sigma = model.get_covariance()
    np.testing.assert_allclose(sigma @ model.get_precision(), np.eye(4), atol=1e-10)
    assert np.trace(sigma) == pytest.approx(np.trace(np.cov(X, rowvar=False)))
    if n_components == 4:
        np.testing.assert_allclose(sigma, np.cov(X, rowvar=False), atol=1e-12)
    for row, found in zip(X[:3], model.score_samples(X[:3])):
        assert found == pytest.approx(gaussian_log_density(row, X.mean(axis=0), sigma), rel=1e-12)
    assert model.score(X) == pytest.approx(model.score_samples(X).mean())


def test_a_singular_model_has_no_precision():
    X = spectrum(30, 4, np.array([2.0, 1.0]))
    with pytest.raises(np.linalg.LinAlgError, match="variance 0"):
        PCA().fit(np.column_stack([X[:, 0], np.zeros(30)])).get_precision()
    wide = PCA().fit(np.random.default_rng(0).normal(size=(5, 9)))
    with pytest.raises(np.linalg.LinAlgError, match="variance 0"):
        wide.get_precision()


@pytest.mark.parametrize("svd_solver", SOLVERS)
def test_whitened_scores_have_variance_one(svd_solver):
    X, _ = load_wine(return_X_y=True)
    model = PCA(3, whiten=True, svd_solver=svd_solver, random_state=0)
    Z = model.fit_transform(X)
    np.testing.assert_allclose(np.cov(Z, rowvar=False), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(model.transform(X), Z, atol=1e-9)
    plain = PCA(3).fit(X)
    np.testing.assert_allclose(model.inverse_transform(Z), plain.inverse_transform(plain.transform(X)), atol=1e-8)


def test_wholly_constant_rows():
    model = PCA().fit(np.full((6, 3), 0.1))
    np.testing.assert_array_equal(model.explained_variance_, 0.0)
    np.testing.assert_array_equal(model.transform(np.full((2, 3), 0.1)), 0.0)


@pytest.mark.parametrize("svd_solver", SOLVERS)
def test_float32_in_float32_out(svd_solver):
    X, _ = load_iris(return_X_y=True)
    model = PCA(2, svd_solver=svd_solver, random_state=0).fit(X.astype(np.float32))
    exact = PCA(2).fit(X)
    for name in ("components_", "explained_variance_", "singular_values_", "mean_", "explained_variance_ratio_"):
        assert getattr(model, name).dtype == np.float32
        np.testing.assert_allclose(getattr(model, name), getattr(exact, name), atol=1e-4)
    assert model.transform(X.astype(np.float32)).dtype == np.float32
    assert model.fit_transform(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("svd_solver", SOLVERS)
def test_input_is_left_alone_unless_allowed(svd_solver):
    X, _ = load_iris(return_X_y=True)
    before = X.copy()
    kept = PCA(2, svd_solver=svd_solver, random_state=0).fit_transform(X)
    np.testing.assert_array_equal(X, before)
    freed = PCA(2, svd_solver=svd_solver, random_state=0, copy=False).fit_transform(before)
    np.testing.assert_array_equal(kept, freed)


def test_names_of_the_output():
    X, _ = load_iris(return_X_y=True, as_frame=True)
    frame = PCA(2).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["pca0", "pca1"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 5}, "n_components"),
        ({"n_components": -1}, "n_components"),
        ({"n_components": 1.5}, "n_components"),
        ({"n_components": "all"}, "n_components"),
        ({"n_components": 4, "svd_solver": "arpack"}, "n_components"),
        ({"n_components": "mle", "svd_solver": "arpack"}, "n_components"),
        ({"n_components": 0.5, "svd_solver": "randomized"}, "n_components"),
        ({"svd_solver": "qr"}, "svd_solver"),
        ({"tol": -1.0}, "tol"),
        ({"iterated_power": -1}, "iterated_power"),
        ({"n_oversamples": 0}, "n_oversamples"),
        ({"power_iteration_normalizer": "svd"}, "power_iteration_normalizer"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    X, _ = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        PCA(**parameters).fit(X)


def test_mle_needs_more_rows_than_features():
    with pytest.raises(ValueError, match="n_components='mle'"):
        PCA("mle").fit(np.eye(3, 5))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[np.nan, 1.0], [0.0, 1.0]], "X contains NaN"),
        ([[np.inf, 1.0], [0.0, 1.0]], "X contains inf"),
        ([[1.0, 2.0]], "1 sample"),
        (np.empty((0, 2)), "0 sample"),
        ([1.0, 2.0], "Expected 2D array"),
    ],
)
def test_bad_input_is_named(X, message):
    with pytest.raises(ValueError, match=message):
        PCA().fit(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("svd_solver", SOLVERS)
@pytest.mark.parametrize("shape", [(20, 5), (3000, 40)])
def test_entries_that_are_no_numbers_are_found_by_every_solver(shape, svd_solver, bad):
    X = spectrum(*shape, np.ones(3))
    X[-1, 2] = bad
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        PCA(2, svd_solver=svd_solver).fit(X)


@pytest.mark.parametrize("svd_solver", ["full", "randomized"])
def test_sparse_rows_need_a_solver_that_takes_them(svd_solver):
    with pytest.raises(TypeError, match="sparse"):
        PCA(1, svd_solver=svd_solver).fit(sparse.csr_array(np.eye(4)))


@pytest.mark.parametrize("first_rows", ["like the others", "far from the others"])
def test_products_of_columns_keep_their_digits(first_rows):
    X = spectrum(9000, 60, np.geomspace(1.0, 0.05, 60))
    if first_rows == "far from the others":
        X[:5000] += 1e4 * np.sign(np.arange(60) - 30.0)
    sums = moments(X, np.empty((9000, 0)))
    mean, gram = sums.x_mean, sums.gram
    # Sums of Python's own, without rounding, of a few entries.
    for i, j in ((0, 0), (3, 41), (59, 59)):
        centred = [(a, b) for a, b in zip(X[:, i] - math.fsum(X[:, i]) / 9000, X[:, j] - math.fsum(X[:, j]) / 9000)]
        exact = math.fsum(a * b for a, b in centred)
        assert mean[i] == pytest.approx(math.fsum(X[:, i]) / 9000, rel=1e-13)
        assert gram[i, j] == pytest.approx(exact, abs=1e-13 * np.sqrt(gram[i, i] * gram[j, j]))


@pytest.mark.parametrize("shape", [(640, 560), (560, 640)])
@pytest.mark.parametrize(
    ("deviations", "k", "solver"),
    [
        (np.concatenate([np.geomspace(30.0, 6.0, 8), np.linspace(1.0, 0.1, 500)]), 6, "krylov"),
        (np.concatenate([[9.0] * 4, [8.0] * 3, np.linspace(1.0, 0.1, 500)]), 7, "krylov"),
        (np.geomspace(30.0, 1.0, 12), 8, "krylov"),
        (np.concatenate([np.geomspace(30.0, 6.0, 3), [1e-3] * 200]), 5, "full"),
        (np.linspace(2.0, 1.0, 540), 6, ("covariance_eigh", "row_gram")),
    ],
    ids=["signal in noise", "equal variances", "rank deficient", "too small for squares", "no end of the spectrum"],
)
def test_few_of_many_components_are_those_of_the_singular_value_decomposition(shape, deviations, k, solver):
    X = spectrum(*shape, deviations)
    model = PCA(k).fit(X)
    assert model._fit_svd_solver == (solver if isinstance(solver, str) else solver[shape[0] < shape[1]])
    exact = PCA(k, svd_solver="full").fit(X)
    for name in ("singular_values_", "explained_variance_", "explained_variance_ratio_", "noise_variance_", "mean_"):
        np.testing.assert_allclose(getattr(model, name), getattr(exact, name), rtol=1e-9)
    np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(k), atol=1e-12)
    for end in (j for j in range(1, k + 1) if deviations[j - 1] > 1.0001 * deviations[j]):
        one, other = model.components_[:end], exact.components_[:end]
        np.testing.assert_allclose(one.T @ one, other.T @ other, atol=1e-9)
    np.testing.assert_allclose(np.abs(model.fit_transform(X)), np.abs(model.transform(X)), atol=1e-8)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(60, 5), (700, 30), (30, 700), (640, 560)])
@pytest.mark.parametrize("svd_solver", ["auto", "full", "covariance_eigh"])
def test_the_sums_tell_of_an_entry_that_is_no_number(shape, svd_solver, bad):
    X = np.random.default_rng(0).normal(size=shape)
    X[3, 2] = bad
    with pytest.raises(ValueError, match="Input X contains"):
        PCA(2, svd_solver=svd_solver).fit(X)


@pytest.mark.parametrize("shape", [(700, 30), (30, 700), (640, 560)])
def test_numbers_whose_squares_are_no_floats(shape):
    X = spectrum(*shape, np.linspace(3.0, 1.0, 20))
    with np.errstate(over="ignore"):  # the variances are inf
        model = PCA(3).fit(X * 1e200)
    assert model._fit_svd_solver == "full"
    np.testing.assert_allclose(model.components_, PCA(3).fit(X).components_, atol=1e-9)
    with pytest.raises(ValueError, match="squares are no floats; svd_solver='full'"):
        PCA(3, svd_solver="covariance_eigh").fit(X * 1e200)
