"""Ridge regression, and the choice of its penalty, against scikit-learn."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_linnerud
from sklearn.linear_model import Ridge as PeerRidge
from sklearn.linear_model import RidgeCV as PeerRidgeCV

from mlx.compare.parity import largest_difference
from mlx.linear_model import Ridge, RidgeCV
from tests import tolerances

pytestmark = pytest.mark.parity


def table(shape, n_targets=1, *, as_sparse=False):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=shape) + 1.0) * (rng.random(shape) < 0.6)
    Y = X @ rng.normal(size=(shape[1], n_targets)) + 3.0 * rng.normal(size=(shape[0], n_targets))
    return sparse.csr_array(X) if as_sparse else X, Y[:, 0] if n_targets == 1 else Y


def compare(ours, theirs, names, record_difference, title, tolerance):
    for name in names:
        mine, peers = np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name))
        assert mine.shape == peers.shape and mine.dtype == peers.dtype, name
        record_difference(f"{title}: {name}", largest_difference(mine, peers), tolerance)


@pytest.mark.parametrize("load", [load_diabetes, load_linnerud, load_breast_cancer])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e3])
def test_defaults(load, alpha, record_difference):
    X, y = load(return_X_y=True)
    ours, theirs = Ridge(alpha).fit(X, y), PeerRidge(alpha).fit(X, y)
    assert ours.solver_ == theirs.solver_ and ours.n_iter_ is theirs.n_iter_ is None
    compare(ours, theirs, ("coef_", "intercept_"), record_difference, "Ridge", tolerances.LINEAR_LEAST_SQUARES)


@pytest.mark.parametrize("shape", [(60, 8), (20, 50)], ids=["tall", "wide"])
@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["auto", "svd", "cholesky", "lsqr", "sparse_cg", "lbfgs"])
def test_solvers(solver, fit_intercept, as_sparse, n_targets, shape, record_difference):
    if as_sparse and (solver == "svd" or (solver == "cholesky" and fit_intercept)):
        pytest.skip("refused by the library")
    X, y = table(shape, n_targets, as_sparse=as_sparse)
    parameters = {"solver": solver, "fit_intercept": fit_intercept, "tol": 1e-13, "positive": solver == "lbfgs"}
    parameters["alpha"] = 0.7 if n_targets == 1 else [0.5, 1.0, 3.0]
    weights = np.random.default_rng(1).uniform(0.1, 2.0, shape[0])
    ours, theirs = Ridge(**parameters).fit(X, y, weights), PeerRidge(**parameters).fit(X, y, weights)
    assert ours.solver_ == theirs.solver_
    # Both quasi-Newton runs may end where rounding hides the slope: as far off as the root of it.
    tolerance = tolerances.LINEAR_QUASI_NEWTON if solver == "lbfgs" else tolerances.LINEAR_LEAST_SQUARES
    compare(ours, theirs, ("coef_", "intercept_"), record_difference, f"Ridge {solver}", tolerance)


@pytest.mark.parametrize("solver", ["lsqr", "sparse_cg"])
def test_iterations_stop_where_the_library_stops(solver, record_difference):
    X, y = table((200, 30), 2)
    ours, theirs = (cls(solver=solver, tol=0.05).fit(X, y) for cls in (Ridge, PeerRidge))
    exact = Ridge().fit(X, y)
    assert np.abs(ours.coef_ - exact.coef_).max() > 1e-4
    compare(ours, theirs, ("coef_",), record_difference, f"Ridge {solver} stopped", tolerances.LINEAR_LEAST_SQUARES)
    if solver == "lsqr":
        np.testing.assert_array_equal(ours.n_iter_, theirs.n_iter_)
        assert ours.n_iter_.dtype == theirs.n_iter_.dtype


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["sag", "saga"])
def test_stochastic_averages(solver, fit_intercept, as_sparse, n_targets, record_difference):
    if solver == "saga" and as_sparse and fit_intercept:
        pytest.skip("refused by the library")
    X, y = table((60, 8), n_targets, as_sparse=as_sparse)
    weights = np.random.default_rng(1).uniform(0.1, 2.0, 60)
    parameters = {"solver": solver, "fit_intercept": fit_intercept, "alpha": 0.7 if n_targets == 1 else [0.5, 1.0, 3.0]}
    ours = Ridge(**parameters, tol=1e-11).fit(X, y, weights)
    theirs = PeerRidge(**parameters, tol=1e-11, max_iter=100_000, random_state=0).fit(X, y, weights)
    compare(ours, theirs, ("coef_", "intercept_"), record_difference, f"Ridge {solver}", tolerances.LINEAR_STOCHASTIC)
    if theirs.n_iter_ is not None:  # with an intercept the library takes 'sparse_cg' for sparse X
        assert ours.n_iter_.shape == theirs.n_iter_.shape and ours.n_iter_.dtype == theirs.n_iter_.dtype


@pytest.mark.parametrize("spread", [1.0, 10.0, 1000.0])
@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
@pytest.mark.parametrize("solver", ["sag", "saga"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_stochastic_averages_are_not_nearer_in_the_library(solver, tol, alpha, spread):
    for shape in ((300, 40), (60, 100)):
        X, y = table(shape, as_sparse=True)
        X = sparse.csr_array(X * np.geomspace(1.0, spread, shape[1]))
        parameters = {"alpha": alpha, "tol": tol, "fit_intercept": False}
        exact = PeerRidge(alpha, fit_intercept=False, solver="svd").fit(X.toarray(), y).coef_
        ours = Ridge(solver=solver, **parameters).fit(X, y).coef_
        theirs = PeerRidge(solver=solver, random_state=0, **parameters).fit(X, y).coef_
        assert np.abs(ours - exact).max() <= np.abs(theirs - exact).max()


def test_positive_is_exact_where_the_library_is_near(record_difference):
    X, y = load_diabetes(return_X_y=True)
    ours = Ridge(0.1, positive=True).fit(X, y)
    theirs = PeerRidge(0.1, positive=True, tol=1e-14).fit(X, y)
    compare(ours, theirs, ("coef_",), record_difference, "Ridge positive", tolerances.LINEAR_QUASI_NEWTON)
    Z, T = X - X.mean(axis=0), y - y.mean()

    def value(w):
        return ((T - Z @ w) ** 2).sum() + 0.1 * (w**2).sum()

    assert value(ours.coef_) <= value(PeerRidge(0.1, positive=True).fit(X, y).coef_)


@pytest.mark.parametrize("shape", [(60, 8), (20, 50), (20, 20)], ids=["tall", "wide", "square"])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
@pytest.mark.parametrize(("n_targets", "alpha_per_target"), [(1, False), (2, False), (2, True)])
def test_leave_one_out(n_targets, alpha_per_target, scoring, fit_intercept, as_sparse, shape, record_difference):
    X, y = table(shape, n_targets, as_sparse=as_sparse)
    for gcv_mode, weights in (("eigen", None), ("svd", np.random.default_rng(1).uniform(0.1, 2.0, shape[0]))):
        parameters = {
            "alphas": np.geomspace(1e-2, 1e3, 9),
            "fit_intercept": fit_intercept,
            "scoring": scoring,
            "gcv_mode": "eigen" if as_sparse else gcv_mode,
            "store_cv_results": True,
            "alpha_per_target": alpha_per_target,
        }
        ours, theirs = RidgeCV(**parameters).fit(X, y, weights), PeerRidgeCV(**parameters).fit(X, y, weights)
        np.testing.assert_array_equal(ours.alpha_, theirs.alpha_)
        names = ("coef_", "intercept_", "best_score_", "cv_results_")
        compare(ours, theirs, names, record_difference, "RidgeCV", tolerances.LINEAR_LEAST_SQUARES)


@pytest.mark.parametrize("scoring", [None, "neg_mean_squared_error"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_folds(n_targets, scoring, record_difference):
    X, y = table((60, 8), n_targets)
    weights = np.random.default_rng(1).uniform(0.1, 2.0, 60)
    ours, theirs = (cls((0.1, 1.0, 100.0), cv=4, scoring=scoring).fit(X, y, weights) for cls in (RidgeCV, PeerRidgeCV))
    assert ours.alpha_ == theirs.alpha_
    names = ("coef_", "intercept_", "best_score_")
    compare(ours, theirs, names, record_difference, "RidgeCV folds", tolerances.LINEAR_LEAST_SQUARES)


@pytest.mark.parametrize("classes", [(Ridge, PeerRidge), (RidgeCV, PeerRidgeCV)], ids=["Ridge", "RidgeCV"])
def test_float32_types_are_those_of_the_library(classes, record_difference):
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = (cls().fit(X.astype(np.float32), y) for cls in classes)
    names = ("coef_", "intercept_")
    # In units of the largest coefficient: of 300, float32 keeps 2e-5.
    compare(ours, theirs, names, record_difference, "Ridge float32", tolerances.LINEAR_FLOAT32)
    assert ours.predict(X.astype(np.float32)).dtype == theirs.predict(X.astype(np.float32)).dtype
