"""What a lasso must obey whatever the table: a gap that bounds the error, and no objective above scikit-learn's."""

import warnings

import numpy as np
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.linear_model import ElasticNet, lasso_path

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=60, deadline=None)


def problem(seed, n, p, correlation):
    """Columns in units from 1e-3 to 1e3, some of them equal, constant or nearly another one."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + correlation * rng.normal(size=(n, 1))
    for j in np.flatnonzero(rng.random(p) < 0.3):
        other = X[:, rng.integers(p)]
        X[:, j] = [other, np.full(n, rng.normal()), other + 1e-6 * X[:, j], -other][rng.integers(4)]
    X *= 10.0 ** rng.integers(-3, 4, p)
    w = rng.normal(size=p) / np.abs(X).max(axis=0) * (rng.random(p) < 0.5)
    y = X @ w + rng.normal(size=n)
    return X, y + 10.0 * rng.normal()


def objective(model, X, y):
    w = model.coef_
    penalty = model.l1_ratio * np.abs(w).sum() + 0.5 * (1.0 - model.l1_ratio) * w @ w
    return 0.5 * np.mean((y - model.predict(X)) ** 2) + model.alpha * penalty


@QUICK
@given(
    SEEDS,
    st.integers(3, 40),
    st.integers(1, 30),
    st.sampled_from([0.0, 1.0, 10.0]),
    st.floats(-4, 1),
    st.sampled_from([1.0, 0.5, 0.1]),
    st.booleans(),
    st.booleans(),
)
def test_objective_is_never_above_scikit_learns(seed, n, p, correlation, log_share, l1_ratio, positive, fit_intercept):
    """At its defaults, up to a thousandth of the gap that both are allowed."""
    X, y = problem(seed, n, p, correlation)
    centred, target = (X - X.mean(axis=0), y - y.mean()) if fit_intercept else (X, y)
    alpha = 10.0**log_share * np.abs(centred.T @ target).max() / n + 1e-9 * np.abs(X).max() * np.abs(y).max()
    given = {"alpha": alpha, "l1_ratio": l1_ratio, "positive": positive, "fit_intercept": fit_intercept}
    size = np.mean((y - fit_intercept * y.mean()) ** 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = ElasticNet(**given).fit(X, y)
        theirs = sklearn.linear_model.ElasticNet(**given).fit(X, y)
    assert objective(ours, X, y) <= objective(theirs, X, y) + 1e-7 * size
    assert ours.dual_gap_ <= 1e-4 * size * (1 + 1e-12) or ours.n_iter_ == ours.max_iter


@QUICK
@given(SEEDS, st.integers(3, 40), st.integers(1, 30), st.sampled_from([0.0, 1.0]))
def test_penalty_falls_and_fit_rises_along_the_path(seed, n, p, correlation):
    X, y = problem(seed, n, p, correlation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, coefs, _ = lasso_path(X, y, alphas=8, tol=1e-8)
    squares = np.square(y[:, None] - X @ coefs).sum(axis=0)
    sizes = np.abs(coefs).sum(axis=0)
    assert (np.diff(squares) <= 1e-6 * squares[0]).all()
    assert (np.diff(sizes) >= -1e-4 * sizes.max()).all()
