"""Logistic regression with lengths in the penalty, and liblinear's objective, against scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as PeerLogisticRegression
from sklearn.preprocessing import StandardScaler

from mlx.compare.parity import largest_difference
from mlx.linear_model import LogisticRegression
from tests import tolerances

pytestmark = pytest.mark.parity


def standardised(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def objective(model, X, y, weights):
    """C times the sum of the losses, and the penalty, from scores."""
    scores = model.decision_function(X)
    scores = np.column_stack([np.zeros(len(X)), scores]) if scores.ndim == 1 else scores
    losses = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(y)), y]
    penalised = [model.coef_.ravel()]
    if model.solver == "liblinear":
        penalised.append(model.intercept_ / model.intercept_scaling)
    w, r = np.concatenate(penalised), model.l1_ratio
    return model.C * (weights * losses).sum() + (1 - r) / 2 * (w**2).sum() + r * np.abs(w).sum()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("C", [0.02, 0.1])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine])
def test_saga(load, C, l1_ratio, weighted, record_difference):
    if load is load_breast_cancer and (C == 0.1) != weighted:
        pytest.skip("the library needs thousands of passes over this table: half of the cases are enough")
    X, y = standardised(load)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else np.ones(len(y))
    parameters = {"solver": "saga", "l1_ratio": l1_ratio, "C": C}
    ours = LogisticRegression(**parameters, tol=1e-10).fit(X, y, weights)
    theirs = PeerLogisticRegression(**parameters, tol=1e-8, max_iter=20_000, random_state=0).fit(X, y, weights)
    # Free intercepts of many classes may all be moved at once: the library's end anywhere, ours with a sum of zero.
    moved = theirs.intercept_.mean() if len(ours.intercept_) > 1 else 0.0
    for name, other in (("coef_", theirs.coef_), ("intercept_", theirs.intercept_ - moved)):
        difference = largest_difference(getattr(ours, name), other)
        record_difference(f"LogisticRegression saga: {name}", difference, tolerances.LINEAR_STOCHASTIC)
    assert objective(ours, X, y, weights) <= objective(theirs, X, y, weights) * (1 + 1e-14)


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_liblinear(fit_intercept, l1_ratio, dual, record_difference):
    if dual and l1_ratio:
        pytest.skip("the library has no such dual problem, and both refuse it")
    X, y = standardised(load_breast_cancer)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    parameters = {"solver": "liblinear", "l1_ratio": l1_ratio, "dual": dual, "C": 0.3, "intercept_scaling": 3.0}
    parameters |= {"fit_intercept": fit_intercept, "class_weight": "balanced"}
    ours = LogisticRegression(**parameters, tol=1e-10).fit(X, y, weights)
    theirs = PeerLogisticRegression(**parameters, tol=1e-10, max_iter=100_000, random_state=0).fit(X, y, weights)
    for name in ("coef_", "intercept_"):
        difference = largest_difference(
            getattr(ours, name), np.reshape(getattr(theirs, name), getattr(ours, name).shape)
        )
        record_difference(f"LogisticRegression liblinear: {name}", difference, tolerances.LINEAR_LIBLINEAR)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine])
def test_defaults_end_lower_than_the_library(load):
    # Stochastic solvers go through 569 rows a hundred times without coming to an end where columns are not scaled.
    strengths = (0.01, 1.0, 100.0) if load is not load_breast_cancer else (1.0,)
    for X, y in (standardised(load), load(return_X_y=True)):
        for C in strengths:
            settings = [("lbfgs", 0.0), ("sag", 0.0), ("saga", 0.0), ("saga", 0.3), ("saga", 1.0)]
            settings += [("liblinear", 0.0), ("liblinear", 1.0)] if load is load_breast_cancer else []
            for solver, l1_ratio in settings:
                parameters = {"solver": solver, "l1_ratio": l1_ratio, "C": C}
                ours = LogisticRegression(**parameters).fit(X, y)
                theirs = PeerLogisticRegression(**parameters, random_state=0).fit(X, y)
                weights = np.ones(len(y))
                assert objective(ours, X, y, weights) <= objective(theirs, X, y, weights) * (1 + 1e-13), parameters
                assert ours.n_iter_.shape == theirs.n_iter_.shape and ours.n_iter_.dtype == theirs.n_iter_.dtype


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "lbfgs", "l1_ratio": 1.0},
        {"solver": "newton-cg", "l1_ratio": 0.5},
        {"solver": "liblinear", "l1_ratio": 0.5},
        {"solver": "liblinear", "C": np.inf},
        {"solver": "saga", "dual": True},
        {"penalty": "elasticnet", "l1_ratio": None, "solver": "saga"},
        {"solver": "liblinear", "dual": True, "l1_ratio": 1.0},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_both_refuse(parameters):
    for cls in (LogisticRegression, PeerLogisticRegression):
        with pytest.raises(ValueError):
            cls(**parameters).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])


@pytest.mark.parametrize(
    "parameters",
    [
        {"penalty": "l1", "solver": "saga", "l1_ratio": 1.0},
        {"penalty": "l1", "solver": "saga"},
        {"penalty": "elasticnet", "solver": "saga", "l1_ratio": 0.4},
        {"penalty": "l2", "l1_ratio": 0.3},
        {"penalty": None, "C": 3.0},
    ],
    ids=str,
)
def test_old_words_warn_and_mean_the_same(parameters, record_difference):
    X, y = standardised(load_iris)
    caught = []
    for cls in (LogisticRegression, PeerLogisticRegression):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            tight = {"tol": 1e-8 if parameters.get("solver") == "saga" else 1e-10, "max_iter": 20_000}
            caught.append((cls(**parameters, **tight, random_state=0).fit(X[50:], y[50:]), seen))
    (ours, mine), (theirs, other) = caught
    kinds = [
        sorted(warning.category.__name__ for warning in seen if warning.category is not ConvergenceWarning)
        for seen in (mine, other)
    ]
    assert kinds[0] == kinds[1]
    assert all(warning.filename == __file__ for warning in mine)
    difference = largest_difference(ours.coef_, theirs.coef_)
    record_difference("LogisticRegression old words: coef_", difference, tolerances.LINEAR_STOCHASTIC)
