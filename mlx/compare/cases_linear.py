"""Parity cases of the linear models and of principal components, on scikit-learn's bundled tables and made ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import datasets

from ..decomposition import PCA
from ..linear_model import LinearRegression, LogisticRegression
from .parity import Case, Quantity, Table

__all__ = ["CASES", "LEAST_SQUARES", "LOGISTIC", "PRINCIPAL_COMPONENTS"]


def bundled(name: str) -> Callable[[], Table]:
    """Table of scikit-learn by the name of its loader."""
    return lambda: getattr(datasets, f"load_{name}")(return_X_y=True)


def last_column(name: str) -> Callable[[], Table]:
    """Regression of the last feature of a bundled table on the others."""

    def table() -> Table:
        X, _ = bundled(name)()
        return X[:, :-1].copy(), X[:, -1].copy()

    return table


def made_regression(n: int, p: int, *, targets: int = 1, rank: int | None = None) -> Callable[[], Table]:
    """Gaussian features, of lower rank on request, with means far from zero, and noisy targets."""

    def table() -> Table:
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n, p if rank is None else rank))
        if rank is not None:
            X = X @ rng.normal(size=(rank, p))
        y = X @ rng.normal(size=(p, targets)) + rng.normal(size=(n, targets))
        return X + 100.0 * np.arange(p), y[:, 0] if targets == 1 else y

    return table


def made_classes(n_classes: int) -> Callable[[], Table]:
    """Overlapping classes with text labels and columns in units from 1e-3 to 1e3."""

    def table() -> Table:
        X, y = datasets.make_classification(
            400, 10, n_informative=6, n_redundant=0, n_classes=n_classes, flip_y=0.1, random_state=0
        )
        return X * np.geomspace(1e-3, 1e3, 10), np.array(["ant", "bee", "cat", "dog", "eel"])[y]

    return table


def made_spectrum(n: int, p: int) -> Callable[[], Table]:
    """Gaussian table with deviations from 10 down to 1, means not zero."""

    def table() -> Table:
        rng = np.random.default_rng(1)
        return rng.normal(size=(n, p)) * np.geomspace(10.0, 1.0, p) + 3.0, np.zeros(n)

    return table


def attribute(name: str) -> Quantity:
    """The fitted attribute of this name."""
    return lambda model, X: getattr(model, name)


def result(method: str) -> Quantity:
    """What a method returns for the training rows."""
    return lambda model, X: getattr(model, method)(X)


def centred_scores(model: Any, X: Any) -> Any:
    """Scores less their mean over the classes: a common shift of all classes changes no probability.

    Nothing but the penalty resists such a shift, so that rounding in the library moves it on columns of weak penalty.
    """
    scores = model.decision_function(X)
    return scores if scores.ndim == 1 else scores - scores.mean(axis=1, keepdims=True)


REGRESSION_QUANTITIES: dict[str, Quantity] = {
    **{name: attribute(name) for name in ("coef_", "intercept_", "rank_", "singular_")},
    "predict": result("predict"),
}
CLASS_QUANTITIES: dict[str, Quantity] = {
    **{name: attribute(name) for name in ("coef_", "intercept_")},
    "decision_function": centred_scores,
    "predict_proba": result("predict_proba"),
}
COMPONENT_NAMES = (
    "mean_",
    "components_",
    "explained_variance_",
    "explained_variance_ratio_",
    "singular_values_",
    "noise_variance_",
)
COMPONENT_QUANTITIES: dict[str, Quantity] = {
    **{name: attribute(name) for name in COMPONENT_NAMES},
    "transform": result("transform"),
    "get_covariance": lambda model, X: model.get_covariance(),
}

# The library's cutoff set to rounding error, for designs whose condition number is above its default of 1e6.
NO_CUTOFF = {"tol": 1e-13}


def _least_squares(name: str, table: Callable[[], Table], overrides: Any = None, **parameters: Any) -> Case:
    quantities = {
        key: quantity
        for key, quantity in REGRESSION_QUANTITIES.items()
        if not (parameters.get("positive") and key in ("rank_", "singular_"))
    }
    return Case(f"LinearRegression {name}", lambda: LinearRegression(**parameters), table, quantities, overrides or {})


LEAST_SQUARES: tuple[Case, ...] = (
    _least_squares("diabetes", bundled("diabetes")),
    _least_squares("diabetes, no intercept", bundled("diabetes"), fit_intercept=False),
    _least_squares("diabetes, positive", bundled("diabetes"), positive=True),
    _least_squares("linnerud, three targets", bundled("linnerud")),
    _least_squares("iris", last_column("iris")),
    _least_squares("wine", last_column("wine")),
    _least_squares("breast_cancer, condition 5e6", last_column("breast_cancer"), NO_CUTOFF),
    _least_squares("digits, constant columns", bundled("digits")),
    _least_squares("made, long", made_regression(20_000, 15)),
    _least_squares("made, wide", made_regression(40, 90, targets=2)),
    _least_squares("made, rank 4 of 9", made_regression(300, 9, rank=4)),
    _least_squares("breast_cancer, solver lstsq", last_column("breast_cancer"), solver="lstsq"),
)

EXACT_PEER = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}
CLASS_TABLES: dict[str, Callable[[], Table]] = {
    "breast_cancer": bundled("breast_cancer"),
    "wine": bundled("wine"),
    "iris": bundled("iris"),
    "digits": bundled("digits"),
    "made, 2 classes": made_classes(2),
    "made, 5 classes": made_classes(5),
}


def _logistic(name: str, table: Callable[[], Table], solver: str) -> Case:
    return Case(
        f"LogisticRegression {solver} {name}",
        lambda: LogisticRegression(solver=solver, tol=1e-12),
        table,
        CLASS_QUANTITIES,
        EXACT_PEER,
    )


LOGISTIC: tuple[Case, ...] = tuple(
    _logistic(name, table, solver)
    for name, table in CLASS_TABLES.items()
    for solver in ("lbfgs", "newton-cholesky", "newton-cg")
    if not (name == "digits" and solver == "newton-cg")  # exact, but takes seconds
)


def _components(name: str, table: Callable[[], Table], overrides: Any = None, **parameters: Any) -> Case:
    return Case(f"PCA {name}", lambda: PCA(**parameters), table, COMPONENT_QUANTITIES, overrides or {})


# Compared with the library's exact solver: its 'auto' is randomized or forms an uncentred product on some tables.
FULL = {"svd_solver": "full"}

PRINCIPAL_COMPONENTS: tuple[Case, ...] = (
    _components("iris", bundled("iris"), FULL),
    _components("wine", bundled("wine"), FULL),
    _components("breast_cancer", bundled("breast_cancer"), FULL),
    _components("diabetes", bundled("diabetes"), FULL),
    _components("digits, 40 components", bundled("digits"), FULL, n_components=40),
    _components("digits, share 0.9", bundled("digits"), FULL, n_components=0.9),
    _components("wine, mle", bundled("wine"), FULL, n_components="mle"),
    _components("made, long", made_spectrum(3000, 20), FULL),
    _components("made, wide", made_spectrum(40, 700), FULL, n_components=30),
    _components("made, rank 4 of 9", made_regression(300, 9, rank=4), FULL, n_components=4),
    _components("iris, covariance_eigh", bundled("iris"), svd_solver="covariance_eigh"),
    _components("digits, arpack", bundled("digits"), svd_solver="arpack", n_components=10, random_state=0),
    _components("digits, randomized", bundled("digits"), svd_solver="randomized", n_components=10, random_state=0),
)

CASES: tuple[Case, ...] = LEAST_SQUARES + LOGISTIC + PRINCIPAL_COMPONENTS
