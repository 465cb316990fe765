"""Principal components against scikit-learn."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.decomposition import PCA as PeerPCA
from sklearn.decomposition import IncrementalPCA as PeerIncrementalPCA
from sklearn.utils.extmath import randomized_svd as peer_randomized_svd

from mlx.compare.cases_linear import PRINCIPAL_COMPONENTS
from mlx.compare.parity import differences, largest_difference
from mlx.decomposition import PCA, IncrementalPCA
from mlx.numeric.linalg import randomized_svd, row_signs
from tests import tolerances

pytestmark = pytest.mark.parity


@pytest.mark.parametrize("case", PRINCIPAL_COMPONENTS, ids=lambda case: case.name)
def test_components(case, record_difference):
    for quantity, difference in differences(case):
        record_difference(f"{case.name}: {quantity}", difference, tolerances.LINEAR_COMPONENTS)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_diabetes])
def test_every_variance(load, record_difference):
    """Each relative to itself: breast_cancer's lie between 4e5 and 7e-7, of which the largest would hide the others."""
    X, _ = load(return_X_y=True)
    ours, theirs = PCA().fit(X), PeerPCA(svd_solver="full").fit(X)
    for name in ("explained_variance_", "singular_values_"):
        shares = getattr(ours, name) / getattr(theirs, name)
        difference = largest_difference(shares, np.ones_like(shares))
        record_difference(f"PCA, each entry: {name}", difference, tolerances.LINEAR_COMPONENTS)


@pytest.mark.parametrize("n_components", [2, None])
@pytest.mark.parametrize("load", [load_iris, load_diabetes])
def test_model_quantities(load, n_components, record_difference):
    X, _ = load(return_X_y=True)
    ours = PCA(n_components).fit(X)
    theirs = PeerPCA(n_components, svd_solver="full").fit(X)
    for name in ("get_covariance", "get_precision"):
        difference = largest_difference(getattr(ours, name)(), getattr(theirs, name)())
        record_difference(f"PCA model: {name}", difference, tolerances.LINEAR_COMPONENTS)
    record_difference(
        "PCA model: score_samples",
        largest_difference(ours.score_samples(X), theirs.score_samples(X)),
        tolerances.LINEAR_COMPONENTS,
    )
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-12)


@pytest.mark.parametrize("svd_solver", ["full", "covariance_eigh", "arpack", "randomized"])
def test_whitened_scores_and_the_way_back(svd_solver, record_difference):
    X, _ = load_wine(return_X_y=True)
    parameters = {"n_components": 3, "whiten": True, "svd_solver": svd_solver, "random_state": 0}
    ours, theirs = PCA(**parameters), PeerPCA(**parameters)
    Z, their_Z = ours.fit_transform(X), theirs.fit_transform(X)
    for name, a, b in (
        ("fit_transform", Z, their_Z),
        ("transform", ours.transform(X), theirs.transform(X)),
        ("inverse_transform", ours.inverse_transform(Z), theirs.inverse_transform(their_Z)),
    ):
        difference = largest_difference(a, b)
        record_difference(f"PCA whiten {svd_solver}: {name}", difference, tolerances.LINEAR_COMPONENTS)


@pytest.mark.parametrize("svd_solver", ["auto", "arpack", "covariance_eigh"])
def test_sparse_rows(svd_solver, record_difference):
    X = sparse.random_array((200, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    ours = PCA(5, svd_solver=svd_solver, random_state=0).fit(X)
    theirs = PeerPCA(5, svd_solver=svd_solver, random_state=0).fit(X)
    dense = PeerPCA(5, svd_solver="full").fit(X.toarray())
    for name in ("components_", "explained_variance_ratio_", "noise_variance_", "mean_"):
        for other in (theirs, dense):
            difference = largest_difference(getattr(ours, name), getattr(other, name))
            record_difference(f"PCA sparse {svd_solver}: {name}", difference, tolerances.LINEAR_COMPONENTS)
    np.testing.assert_allclose(ours.transform(X), dense.transform(X.toarray()), atol=1e-12)


@pytest.mark.parametrize("iterated_power", ["auto", 0, 2])
@pytest.mark.parametrize("normalizer", ["auto", "QR", "LU", "none"])
@pytest.mark.parametrize("shape", [(120, 60), (60, 120)])
def test_randomized_numbers_are_the_library_s(shape, normalizer, iterated_power, record_difference):
    X = np.random.default_rng(0).normal(size=shape) * np.geomspace(5.0, 1.0, shape[1])
    parameters = {
        "n_components": 4,
        "svd_solver": "randomized",
        "iterated_power": iterated_power,
        "power_iteration_normalizer": normalizer,
        "n_oversamples": 6,
        "random_state": 3,
    }
    difference = largest_difference(PCA(**parameters).fit(X).components_, PeerPCA(**parameters).fit(X).components_)
    # Without a normalizer, rounding grows with every power iteration: one bound for all keeps that visible.
    record_difference(f"PCA randomized {normalizer}: components_", difference, tolerances.LINEAR_COMPONENTS)


@pytest.mark.parametrize(("shape", "rank"), [((300, 80), 2), ((80, 300), 2), ((60, 60), 20)])
def test_randomized_svd_with_defaults(shape, rank, record_difference):
    """Few triplets take seven power iterations, more take four: both sides of that border."""
    A = np.random.default_rng(1).normal(size=shape) * np.geomspace(5.0, 1.0, shape[1])
    U, s, Vt = randomized_svd(A, rank, random_state=np.random.RandomState(3))
    signs = row_signs(Vt)
    their_U, their_s, their_Vt = peer_randomized_svd(A, rank, random_state=3)
    their_signs = row_signs(their_Vt)
    for name, a, b in (
        ("U", U * signs, their_U * their_signs),
        ("s", s, their_s),
        ("Vt", Vt * signs[:, None], their_Vt * their_signs[:, None]),
    ):
        record_difference(f"randomized_svd: {name}", largest_difference(a, b), tolerances.LINEAR_COMPONENTS)


def test_the_library_counts_the_variances_twice_when_it_whitens():
    X, _ = load_iris(return_X_y=True)
    truth = np.cov(X, rowvar=False)
    np.testing.assert_allclose(PCA(whiten=True).fit(X).get_covariance(), truth, atol=1e-12)
    assert np.abs(PeerPCA(whiten=True).fit(X).get_covariance() - truth).max() > 1.0


def test_auto_is_exact_where_the_library_is_not():
    X = np.random.default_rng(0).normal(size=(600, 550))
    exact = PeerPCA(10, svd_solver="full").fit(X).explained_variance_
    np.testing.assert_allclose(PCA(10).fit(X).explained_variance_, exact, rtol=1e-12)
    assert np.abs(PeerPCA(10, random_state=0).fit(X).explained_variance_ / exact - 1).max() > 1e-6


ATTRIBUTES = (
    "components_",
    "explained_variance_",
    "explained_variance_ratio_",
    "singular_values_",
    "mean_",
    "var_",
    "noise_variance_",
)


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize(
    ("shape", "n_components", "batch_size"),
    [
        ((300, 6), 3, 40),
        ((300, 6), None, 40),
        ((100, 30), 5, 20),
        ((60, 200), 5, 10),
        ((40, 5), 5, 5),
        ((1500, 40), 10, 700),
        ((700, 520), 5, 300),
    ],
)
def test_incremental_components(shape, n_components, batch_size, whiten, record_difference):
    """Batches of both kinds: those small enough for singular values, and those whose Gram matrix is taken."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape) * np.geomspace(5.0, 1.0, shape[1]) + 3.0 * rng.normal(size=shape[1])
    parameters = {"n_components": n_components, "batch_size": batch_size, "whiten": whiten}
    ours, theirs = IncrementalPCA(**parameters).fit(X), PeerIncrementalPCA(**parameters).fit(X)
    quantities = [(name, getattr(ours, name), getattr(theirs, name)) for name in ATTRIBUTES]
    quantities.append(("transform", ours.transform(X), theirs.transform(X)))
    for name, a, b in quantities:
        difference = largest_difference(np.asarray(a), np.asarray(b))
        record_difference(f"IncrementalPCA: {name}", difference, tolerances.LINEAR_COMPONENTS)
    assert ours.n_samples_seen_ == theirs.n_samples_seen_ and ours.batch_size_ == theirs.batch_size_


def test_incremental_components_of_sparse_rows(record_difference):
    X = sparse.random_array((300, 12), density=0.2, rng=np.random.default_rng(0), format="csr")
    ours, theirs = IncrementalPCA(4).fit(X), PeerIncrementalPCA(4).fit(X)
    for name in ATTRIBUTES:
        difference = largest_difference(np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name)))
        record_difference(f"IncrementalPCA sparse: {name}", difference, tolerances.LINEAR_COMPONENTS)


@pytest.mark.parametrize("svd_solver", ["full", "auto", "covariance_eigh"])
@pytest.mark.parametrize("kind", ["tall", "wide", "rank 3", "constant column"])
def test_against_singular_values_by_numpy(kind, svd_solver):
    """The definition itself: NumPy's decomposition of the centred rows."""
    rng = np.random.default_rng(0)
    shape = {"tall": (800, 12), "wide": (12, 800)}.get(kind, (600, 8))
    X = rng.normal(size=shape) * np.geomspace(4.0, 1.0, shape[1]) + 2.0
    if kind == "rank 3":
        X = X[:, :3] @ rng.normal(size=(3, 8))
    if kind == "constant column":
        X[:, 5] = 0.1
    k = 3
    _, s, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    model = PCA(k, svd_solver=svd_solver).fit(X)
    np.testing.assert_allclose(model.singular_values_, s[:k], rtol=1e-9)
    np.testing.assert_allclose(model.components_, Vt[:k] * row_signs(Vt)[:k, None], atol=1e-9)
    np.testing.assert_allclose(model.explained_variance_ratio_, s[:k] ** 2 / (s**2).sum(), rtol=1e-9)
    if kind == "constant column":
        np.testing.assert_allclose(model.components_[:, 5], 0.0, atol=1e-15)
        np.testing.assert_allclose(PCA(svd_solver=svd_solver).fit(X).explained_variance_[-1], 0.0, atol=1e-13)
