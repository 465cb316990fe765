"""Logistic regression on any table: at the defaults its loss is never above scikit-learn's."""

import warnings
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as PeerLogisticRegression

from mlx.linear_model import LogisticRegression, logistic_fit
from tests.properties.test_logistic import tables
from tests.reference.linear import logistic_objective_by_hand

pytestmark = pytest.mark.parity


SOLVERS = ["lbfgs", "newton-cg", "newton-cholesky"]

# Three classes almost told apart by large numbers: at the minimum there is next to no curvature, and a gradient within
# the tolerance says little of how far it is.
FLAT = (
    np.array([[0.0], [1000.0], [-1000.0], [1000.0], [0.0], [-1000.0]]),
    np.array([0, 1, 2, 3, 0, 3]),
    np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.5]),
)


@st.composite
def hard_tables(draw):
    """Columns between 1e-6 and 1e6, far from zero, collinear, more than rows; many classes; classes told apart."""
    rng, fit_intercept = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.booleans())
    kind = draw(st.sampled_from(["units", "far", "collinear", "wide", "many classes", "separable"]))
    n, p, n_classes = draw(st.integers(6, 60)), draw(st.integers(1, 5)), draw(st.integers(2, 4))
    if kind == "many classes":
        n_classes = draw(st.integers(5, 8))
        n = max(n, 3 * n_classes)
    if kind == "wide":
        p = draw(st.integers(n, 2 * n))
    X = rng.normal(size=(n, p)) * 10.0 ** rng.integers(-2, 3, size=p)
    y = np.r_[np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)]
    if kind == "units":
        X *= 10.0 ** rng.integers(-4, 5, size=p)
    elif kind == "far":
        # Without an intercept columns cannot be centred: the square of this number is what rounding is multiplied by.
        X += X.std(axis=0) * 10.0 ** rng.integers(0, 6 if fit_intercept else 4) * rng.normal(size=p)
    elif kind == "collinear":
        X = np.column_stack([X, X @ rng.normal(size=(p, 2)), np.full(n, 10.0 ** rng.integers(-3, 5))])
    elif kind == "separable":
        y[np.argsort(X @ rng.normal(size=p))] = np.arange(n) * n_classes // n
        X[:, 0] += X[:, 0].std() * y
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], size=n)
    weights[np.unique(y, return_index=True)[1]] = 1.0
    return (X, y, weights), fit_intercept


def objective(model, X, y, weights):
    return logistic_objective_by_hand(model.coef_, model.intercept_, X, y, model.C, weights)


def rounding(model, X, weights):
    """Mean rounding error of the scores: without an intercept, far from zero, they are differences of large numbers."""
    sizes = np.abs(X) @ np.abs(model.coef_).T + np.abs(model.intercept_)
    return np.finfo(float).eps * (weights @ sizes.max(axis=1)) / weights.sum()


def check_loss(table, with_rounding=False, **parameters):
    X, y, weights = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs may stop short
        theirs = PeerLogisticRegression(**parameters).fit(X, y, weights)
    ours = LogisticRegression(**parameters).fit(X, y, weights)
    assert np.isfinite(ours.coef_).all() and np.isfinite(ours.intercept_).all()
    allowed = rounding(ours, X, weights) + rounding(theirs, X, weights) if with_rounding else 1e-14
    assert objective(ours, X, y, weights) <= objective(theirs, X, y, weights) * (1 + 1e-12) + max(allowed, 1e-14)


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([0.01, 1.0, 100.0]), st.sampled_from(SOLVERS))
@example(FLAT, 100.0, "lbfgs")
@example(FLAT, 100.0, "newton-cg")
@example(FLAT, 100.0, "newton-cholesky")
def test_loss_is_never_above_the_librarys(table, C, solver):
    check_loss(table, C=C, solver=solver)


@settings(max_examples=60, deadline=None)
@given(hard_tables(), st.sampled_from([0.01, 1.0, 100.0, 1e4]), st.sampled_from(SOLVERS))
def test_loss_is_never_above_the_librarys_on_hard_tables(table_and_intercept, C, solver):
    table, fit_intercept = table_and_intercept
    check_loss(table, with_rounding=True, C=C, solver=solver, fit_intercept=fit_intercept)


@settings(max_examples=60, deadline=None)
@given(hard_tables(), st.sampled_from([0.01, 1.0, 100.0, 1e4]), st.sampled_from(["lbfgs", "newton-cg"]))
@example((FLAT, True), 100.0, "lbfgs")
def test_loss_is_never_above_the_librarys_where_a_hessian_costs_much(table_and_intercept, C, solver):
    table, fit_intercept = table_and_intercept
    with mock.patch.multiple(logistic_fit, HESSIAN_LIKE_A_PASS=0, CHEAP_HESSIAN=0):
        check_loss(table, with_rounding=True, C=C, solver=solver, fit_intercept=fit_intercept)


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
