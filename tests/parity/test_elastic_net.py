"""Lasso and elastic net against scikit-learn: where the solution is unique, its coefficients; else the objective."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_linnerud

import mlx.linear_model
from mlx.compare.peers import peer_of
from mlx.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV
from tests import tolerances

pytestmark = [
    pytest.mark.parity,
    # At tol=1e-12 the library's coordinate descent does not always come to an end, nor does ours without a penalty.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:.*alpha=0.*:UserWarning"),
]
EXACT = {"tol": 1e-12, "max_iter": 50_000}
OBJECTIVES = [(1.0, 1.0), (0.05, 1.0), (0.1, 0.5), (0.02, 0.05)]


def tables():
    rng = np.random.default_rng(0)
    X, y = load_diabetes(return_X_y=True)
    tumours = load_breast_cancer().data[:200]
    wide = rng.normal(size=(25, 60)) + 0.5 * rng.normal(size=(25, 1))
    wide_target = wide[:, :5] @ [3.0, -2.0, 1.0, 1.0, -1.0] + rng.normal(size=25)
    noise = rng.normal(size=200)
    return {
        "tall": (X * 20.0 + 3.0, y / 50.0),
        "tumours": (tumours[:, 1:] / tumours[:, 1:].std(axis=0), tumours[:, 0] + 0.1 * noise),
        "wide": (wide, wide_target),
        "collinear": (np.column_stack([X[:, :4], X[:, 0] + X[:, 1], X[:, :2]]) * 20.0, y / 50.0),
        "constant columns": (np.column_stack([X[:, :4] * 20.0, np.full(len(y), 0.3), np.zeros(len(y))]), y / 50.0),
    }


TABLES = tables()


def objective(model, X, y, weights=None):
    """The objective that both classes state, of a fitted model."""
    l1_ratio = getattr(model, "l1_ratio", 1.0)
    squared = np.average((y - model.predict(X)) ** 2, weights=weights)
    w = model.coef_
    return 0.5 * squared + model.alpha * (l1_ratio * np.abs(w).sum() + 0.5 * (1.0 - l1_ratio) * w @ w)


def fitted(ours, X, y, *arguments):
    theirs = peer_of(ours)
    return ours.fit(X, y, *arguments), theirs.fit(X, y, *arguments)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_models(name, fit_intercept, weighted, positive, as_sparse, record_difference):
    X, y = TABLES[name]
    weights = np.random.default_rng(1).uniform(0.0, 2.0, len(y)) if weighted else None
    data, size = sparse.csr_array(X) if as_sparse else X, np.mean((y - y.mean()) ** 2)
    for alpha, l1_ratio in OBJECTIVES:
        given = {"alpha": alpha, "fit_intercept": fit_intercept, "positive": positive, **EXACT}
        model = Lasso(**given) if l1_ratio == 1.0 else ElasticNet(l1_ratio=l1_ratio, **given)
        ours, theirs = fitted(model, data, y, weights)
        what = f"{name}, alpha={alpha}, l1_ratio={l1_ratio}"
        above = (objective(ours, X, y, weights) - objective(theirs, X, y, weights)) / size
        record_difference(f"{what}: objective above", above, tolerances.LINEAR_ELASTIC_NET_OBJECTIVE)
        assert ours.dual_gap_ <= EXACT["tol"] * np.mean(y**2) * 2.0
        if name != "collinear" or l1_ratio < 1.0:
            scale = max(np.abs(theirs.coef_).max(), 1e-3)
            largest = np.abs(ours.coef_ - theirs.coef_).max() / scale
            record_difference(f"{what}: coef_", largest, tolerances.LINEAR_SPARSE_COEFFICIENTS)


@pytest.mark.parametrize("precompute", [True, False])
def test_several_targets(precompute, record_difference):
    X, Y = load_linnerud(return_X_y=True)
    ours, theirs = fitted(ElasticNet(0.5, precompute=precompute, **EXACT), X, Y)
    assert ours.dual_gap_.shape == theirs.dual_gap_.shape and len(ours.n_iter_) == len(theirs.n_iter_)
    for name in ("coef_", "intercept_"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a.shape == b.shape
        difference = np.abs(a - b).max() / np.abs(b).max()
        record_difference(f"linnerud: {name}", difference, tolerances.LINEAR_SPARSE_COEFFICIENTS)
    assert ours.sparse_coef_.shape == theirs.sparse_coef_.shape
    assert type(ours.sparse_coef_) is type(theirs.sparse_coef_)


def test_gram_matrix_given_with_weights(record_difference):
    """As scikit-learn's own example has it: of centred rows, times the roots of the weights scaled to the sum n."""
    X, y = load_diabetes(return_X_y=True)
    weights = np.random.default_rng(2).lognormal(size=len(y))
    weights *= len(y) / weights.sum()
    X = X - np.average(X, axis=0, weights=weights)
    scaled = X * np.sqrt(weights)[:, None]
    ours, theirs = fitted(ElasticNet(0.01, precompute=scaled.T @ scaled, **EXACT), X, y, weights)
    difference = np.abs(ours.coef_ - theirs.coef_).max() / np.abs(theirs.coef_).max()
    record_difference("gram given", difference, tolerances.LINEAR_SPARSE_COEFFICIENTS)


@pytest.mark.parametrize("function", ["lasso_path", "enet_path"])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("name", ["tall", "wide"])
def test_paths(name, positive, function, record_difference):
    X, y = TABLES[name]
    X, y = X - X.mean(axis=0), y - y.mean()
    ours = getattr(mlx.linear_model, function)(X, y, alphas=30, positive=positive, return_n_iter=True, **EXACT)
    peers = getattr(sklearn.linear_model, function)
    theirs = peers(X, y, alphas=30, positive=positive, return_n_iter=True, **EXACT)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    assert ours[1].shape == theirs[1].shape and len(ours[3]) == len(theirs[3])
    difference = np.abs(ours[1] - theirs[1]).max() / np.abs(theirs[1]).max()
    record_difference(f"{function} {name}", difference, tolerances.LINEAR_SPARSE_COEFFICIENTS)


@pytest.mark.parametrize("function", ["lasso_path", "enet_path"])
@pytest.mark.parametrize("name", ["tall", "wide", "tumours"])
def test_gaps_at_defaults_are_not_larger(name, function):
    X, y = TABLES[name]
    X, y = X - X.mean(axis=0), y - y.mean()
    ours = getattr(mlx.linear_model, function)(X, y, alphas=100)[2]
    theirs = getattr(sklearn.linear_model, function)(X, y, alphas=100)[2]
    # The library's can be 0 by luck. A hundred-thousandth of what is allowed is as good as that.
    assert (ours <= np.maximum(theirs, 1e-9 * np.mean(y**2))).all()


CROSS_VALIDATED = {
    "LassoCV": LassoCV(alphas=20, cv=4, **EXACT),
    "LassoCV, positive": LassoCV(alphas=20, cv=4, positive=True, **EXACT),
    "LassoCV, own alphas": LassoCV(alphas=[0.1, 1.0, 0.01], **EXACT),
    "ElasticNetCV": ElasticNetCV(alphas=20, l1_ratio=[0.2, 0.7, 1.0], cv=3, **EXACT),
    "ElasticNetCV, no intercept": ElasticNetCV(alphas=20, fit_intercept=False, **EXACT),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("name", ["tall", "wide"])
@pytest.mark.parametrize("model", CROSS_VALIDATED)
def test_cross_validation(model, name, as_sparse, weighted, record_difference):
    X, y = TABLES[name]
    weights = np.random.default_rng(3).uniform(0.5, 2.0, len(y)) if weighted else None
    data = sparse.csc_array(X) if as_sparse else X
    ours, theirs = fitted(clone(CROSS_VALIDATED[model]), data, y, weights)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    assert ours.alphas_.shape == theirs.alphas_.shape and ours.mse_path_.shape == theirs.mse_path_.shape
    assert getattr(ours, "l1_ratio_", None) == getattr(theirs, "l1_ratio_", None)
    errors = np.abs(ours.mse_path_ / theirs.mse_path_ - 1.0).max()
    record_difference(f"{model}, {name}: mse_path_", errors, tolerances.LINEAR_FOLD_ERRORS)
    scale = np.abs(theirs.coef_).max() or 1.0
    difference = np.abs(ours.coef_ - theirs.coef_).max() / scale
    record_difference(f"{model}, {name}: coef_", difference, tolerances.LINEAR_SPARSE_COEFFICIENTS)


def test_float32(record_difference):
    X, y = TABLES["tall"]
    X, y = X.astype(np.float32), y.astype(np.float32)
    for ours in (Lasso(0.05), LassoCV(alphas=10)):
        ours, theirs = fitted(ours, X, y)
        for name in ("coef_", "intercept_"):
            a, b = np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name))
            assert a.dtype == b.dtype == np.float32
        difference = np.abs(ours.predict(X) - theirs.predict(X)).max() / np.abs(y).max()
        # Both stop at tol=1e-4, at other points.
        record_difference(f"float32 {type(ours).__name__}", difference, 1e-3)


def test_warm_start_and_alpha_zero(record_difference):
    X, y = TABLES["tall"]
    for alpha, l1_ratio in ((0.0, 0.5), (0.3, 0.0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours, theirs = fitted(ElasticNet(alpha, l1_ratio=l1_ratio, warm_start=True, **EXACT), X, y)
            ours.fit(X, y)
        scale = np.abs(theirs.coef_).max()
        difference = np.abs(ours.coef_ - theirs.coef_).max() / scale
        record_difference(f"alpha={alpha}", difference, tolerances.LINEAR_SPARSE_COEFFICIENTS)
