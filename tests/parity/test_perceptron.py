"""The perceptron against scikit-learn's: one seed, one model."""

import copy

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import Perceptron as Peer

from mlx.compare.parity import largest_difference
from mlx.linear_model import Perceptron
from tests import tolerances

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

SETTINGS = [
    {},
    {"penalty": "l2"},
    {"penalty": "l1"},
    {"penalty": "elasticnet", "alpha": 0.01, "l1_ratio": 0.4},
    {"early_stopping": True, "n_iter_no_change": 3, "random_state": 4},
    {"early_stopping": True, "penalty": "l2", "alpha": 0.01, "validation_fraction": 0.3},
    {"fit_intercept": False},
    {"shuffle": False, "eta0": 0.1},
    {"class_weight": "balanced", "random_state": 3},
    {"class_weight": {0: 2.0, 1: 0.5}},
    {"tol": None, "max_iter": 7, "penalty": "l2", "alpha": 0.1},
    {"random_state": 5, "tol": 1e-1},
]
# In float32 the scale that all coefficients share is rounded once more or less where they are shrunk.
KINDS = {"dense": np.asarray, "sparse": sparse.csr_array, "float32": lambda X: X.astype(np.float32)}


def fit_both(parameters, *data, method="fit", **arguments):
    models = [cls(**copy.deepcopy(parameters)) for cls in (Perceptron, Peer)]
    for model in models:
        getattr(model, method)(*data, **arguments)
    return models


def assert_same(ours, theirs, record_difference, tolerance=tolerances.PERCEPTRON):
    assert ours.n_iter_ == theirs.n_iter_ and ours.t_ == theirs.t_
    for name in ("coef_", "intercept_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert mine.dtype == other.dtype and mine.shape == other.shape
        record_difference(f"Perceptron: {name}", largest_difference(mine, other), tolerance)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_fit(load, parameters, kind, record_difference):
    X, y = load(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0.0, 2.0, len(y))
    tolerance = tolerances.PERCEPTRON_FLOAT32 if kind == "float32" else tolerances.PERCEPTRON
    for sample_weight in (None, weights):
        ours, theirs = fit_both(parameters, KINDS[kind](X), y, sample_weight=sample_weight)
        assert_same(ours, theirs, record_difference, tolerance)
        assert (ours.predict(X) == theirs.predict(X)).mean() > (0.99 if kind == "float32" else 0.9999)


def test_ten_classes_with_text_labels_and_threads(record_difference):
    X, y = load_digits(return_X_y=True)
    labels = np.array([f"digit {k}" for k in range(10)])[y]
    ours, theirs = fit_both({"n_jobs": 2, "penalty": "l2"}, X, labels)
    assert_same(ours, theirs, record_difference)
    assert (ours.predict(X) == theirs.predict(X)).all()


def test_in_parts_and_warm(record_difference):
    X, y = load_iris(return_X_y=True)
    models = [Perceptron(), Peer()]
    for rows in np.array_split(np.random.default_rng(0).permutation(150), 5):
        for model in models:
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert_same(*models, record_difference)
    models = [Perceptron(warm_start=True, max_iter=3), Peer(warm_start=True, max_iter=3)]
    for _ in range(3):
        for model in models:
            model.fit(X, y)
        assert_same(*models, record_difference)
