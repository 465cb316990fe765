"""Parity cases of the neural networks: every solver, activation, output and schedule, on bundled tables.

The same seed must give the same network: draws, order of rows and order of operations are scikit-learn's, so whole
training runs are compared, not only predictions. Networks are small and epochs few; a difference in one operation
would show after the first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from .parity import Case, Quantity, Table

__all__ = ["CASES"]


@cache
def _table(name: str) -> Table:
    """A table bundled with scikit-learn, its columns standardised."""
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def _counts() -> Table:
    """Diabetes with a target of counts."""
    X, y = _table("diabetes")
    return X, np.round(y / 50)


def _two_outputs() -> Table:
    """Diabetes with its last two features as targets too, without them in X."""
    X, y = _table("diabetes")
    return X[:, :-2], np.column_stack([y / 100, X[:, -2:]])


def _two_labels() -> Table:
    """Wine with two labels that may hold at once."""
    X, y = _table("wine")
    return X[:, 1:], np.column_stack([y == 0, X[:, 0] > 0]).astype(int)


def _strings() -> Table:
    """Iris with its species' names as classes."""
    X, y = _table("iris")
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def _sparse_digits() -> Table:
    """Digits as a sparse matrix; two thirds of its entries are zero."""
    from scipy.sparse import csr_matrix
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return csr_matrix(X / 16.0), y


def _flat(model: Any, _: Any) -> Any:
    return np.concatenate([array.ravel() for array in (*model.coefs_, *model.intercepts_)])


def _attribute(name: str) -> Quantity:
    return lambda model, _: getattr(model, name)


ANY: dict[str, Quantity] = {"weights": _flat, "n_iter_": _attribute("n_iter_"), "loss_": _attribute("loss_")}
STOCHASTIC: dict[str, Quantity] = {"loss_curve_": _attribute("loss_curve_"), "t_": _attribute("t_")}
EARLY: dict[str, Quantity] = {name: _attribute(name) for name in ("validation_scores_", "best_validation_score_")}
LATE: dict[str, Quantity] = {"best_loss_": _attribute("best_loss_")}
OUTPUTS: dict[str, dict[str, Quantity]] = {
    "MLPClassifier": {"predict_proba": lambda model, X: model.predict_proba(X)},
    "MLPRegressor": {"predict": lambda model, X: model.predict(X)},
}


def _make(class_name: str, parameters: dict[str, Any]) -> Any:
    from .. import neural_network

    small = {"hidden_layer_sizes": (10, 7), "random_state": 3, "max_iter": 15}
    return getattr(neural_network, class_name)(**{**small, **parameters})


def _case(class_name: str, name: str, table: Callable[[], Table], **parameters: Any) -> Case:
    quantities = {**ANY, **OUTPUTS[class_name]}
    if parameters.get("solver") != "lbfgs":
        quantities |= STOCHASTIC | (
            EARLY if parameters.get("early_stopping") else {"best_loss_": _attribute("best_loss_")}
        )
    return Case(f"{class_name} {name}", partial(_make, class_name, parameters), table, quantities)


_classifier = partial(_case, "MLPClassifier")
_regressor = partial(_case, "MLPRegressor")
_wine, _iris, _digits = partial(_table, "wine"), partial(_table, "iris"), partial(_table, "digits")
_cancer, _diabetes = partial(_table, "breast_cancer"), partial(_table, "diabetes")
_SOLVERS = ("adam", "sgd", "lbfgs")
_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
# The target of diabetes has a spread of 77: at the default rate plain gradient descent diverges on it.
_GENTLE = {"learning_rate_init": 1e-5}

CASES: tuple[Case, ...] = (
    *(_classifier(f"wine, {s}, {a}", _wine, solver=s, activation=a) for s in _SOLVERS for a in _ACTIVATIONS),
    *(_classifier(f"digits, {s}", _digits, solver=s) for s in _SOLVERS),
    *(_classifier(f"breast cancer, {s}, two classes", _cancer, solver=s) for s in _SOLVERS),
    *(_classifier(f"wine, {s}, two labels", _two_labels, solver=s) for s in _SOLVERS),
    *(_regressor(f"diabetes, {s}", _diabetes, solver=s, **_GENTLE) for s in _SOLVERS),
    *(_regressor(f"diabetes, {s}, two outputs more", _two_outputs, solver=s) for s in _SOLVERS),
    *(_regressor(f"diabetes, {s}, poisson", _counts, solver=s, loss="poisson") for s in _SOLVERS),
    *(_classifier(f"digits, {s}, sparse", _sparse_digits, solver=s, max_iter=5) for s in _SOLVERS),
    _classifier("iris, until it stalls", _iris, max_iter=1000, learning_rate_init=0.01, n_iter_no_change=3),
    _classifier("iris, text classes", _strings),
    _classifier("iris, no hidden layer", _iris, hidden_layer_sizes=()),
    _classifier("iris, one number of units", _iris, hidden_layer_sizes=4),
    _classifier("wine, alpha=1", _wine, alpha=1.0),
    _classifier("wine, batch_size=17", _wine, batch_size=17),
    _classifier("wine, not shuffled", _wine, shuffle=False, batch_size=50),
    _classifier("wine, adam decays", _wine, beta_1=0.8, beta_2=0.9, epsilon=1e-3),
    _classifier("wine, lbfgs, max_fun=7", _wine, solver="lbfgs", max_fun=7),
    _classifier("wine, lbfgs, tol=1e-2", _wine, solver="lbfgs", tol=1e-2, max_iter=200),
    _classifier("wine, sgd, no momentum", _wine, solver="sgd", momentum=0.0),
    _classifier("wine, sgd, plain momentum", _wine, solver="sgd", nesterovs_momentum=False),
    _classifier("wine, sgd, invscaling", _wine, solver="sgd", learning_rate="invscaling", power_t=0.3),
    _classifier(
        "wine, sgd, adaptive",
        _wine,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=0.3,
        tol=0.05,
        n_iter_no_change=2,
        max_iter=100,
    ),
    *(_classifier(f"digits, {s}, early stopping", _digits, solver=s, early_stopping=True) for s in ("adam", "sgd")),
    _classifier("breast cancer, early stopping", _cancer, early_stopping=True, max_iter=100, n_iter_no_change=2),
    _classifier("wine, early stopping, two labels", _two_labels, early_stopping=True, validation_fraction=0.3),
    _regressor("diabetes, early stopping", _diabetes, early_stopping=True, validation_fraction=0.25),
)
