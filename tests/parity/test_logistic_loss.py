"""Logistic regression on any table: at the defaults its loss is never above scikit-learn's."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as PeerLogisticRegression

from mlx.linear_model import LogisticRegression
from tests.properties.test_logistic import tables
from tests.reference.linear import logistic_objective_by_hand

pytestmark = pytest.mark.parity


def objective(model, X, y, weights):
    return logistic_objective_by_hand(model.coef_, model.intercept_, X, y, model.C, weights)


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([0.01, 1.0, 100.0]), st.sampled_from(["lbfgs", "newton-cg", "newton-cholesky"]))
def test_loss_is_never_above_the_librarys(table, C, solver):
    X, y, weights = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs may stop short
        theirs = PeerLogisticRegression(C=C, solver=solver).fit(X, y, weights)
    ours = LogisticRegression(C=C, solver=solver).fit(X, y, weights)
    assert np.isfinite(ours.coef_).all() and np.isfinite(ours.intercept_).all()
    assert objective(ours, X, y, weights) <= objective(theirs, X, y, weights) * (1 + 1e-12) + 1e-14


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_classes_have_finite_coefficients_and_a_loss_not_above_the_librarys(n_classes, solver, fit_intercept):
    rng = np.random.default_rng(n_classes)
    X = rng.normal(size=(90, 3))
    y = np.digitize(X[:, 0], [0.0] if n_classes == 2 else [-0.5, 0.5])
    X[:, 0] += 2.0 * y  # a gap between the classes
    if not fit_intercept:
        X[:, 0] -= X[:, 0].mean()
    for C in (1e6, np.inf):
        parameters = {"C": C, "solver": solver, "fit_intercept": fit_intercept}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = PeerLogisticRegression(**parameters).fit(X, y)
        ours = LogisticRegression(**parameters).fit(X, y)
        assert np.isfinite(ours.coef_).all() and np.isfinite(ours.intercept_).all()
        weights = np.ones(len(y))
        # Without a penalty the loss falls for ever: within tol, both stop where they are.
        allowed = 1e-14 if np.isfinite(C) else 1e-4
        assert objective(ours, X, y, weights) <= objective(theirs, X, y, weights) + allowed
