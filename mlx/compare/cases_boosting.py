"""Parity cases of the boosted trees: tables on which no column has more values than there are bins.

There every value is a bin, here as in the library, and trees are equal node for node. Tables with more values are cut
at other places by design (exact quantiles here, a sketch there), and are no cases.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn import datasets

from ..boosting import XGBClassifier, XGBRegressor
from .parity import Case, Quantity, Table

__all__ = ["CASES"]


def on_a_grid(name: str, n_values: int = 200) -> Callable[[], Table]:
    """Bundled table of scikit-learn, each column rounded to a grid of so many values."""

    def table() -> Table:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        low, high = X.min(axis=0), X.max(axis=0)
        return np.round((X - low) / np.where(high > low, high - low, 1.0) * (n_values - 1)), y

    return table


def with_holes(table: Callable[[], Table], share: float) -> Callable[[], Table]:
    """The same table with missing values."""

    def holed() -> Table:
        X, y = table()
        X[np.random.default_rng(0).random(X.shape) < share] = np.nan
        return X, y

    return holed


# One thread (n_jobs=1): more would only make the order of the library's sums, and so their last bit, depend on them.
QUANTITIES: dict[str, Quantity] = {
    "margin": lambda model, X: model.predict(X, output_margin=True),
    "leaves": lambda model, X: model.apply(X),
    "importances": lambda model, X: model.feature_importances_,
    "intercept": lambda model, X: model.intercept_,
}
PROBABILITIES: dict[str, Quantity] = {**QUANTITIES, "probabilities": lambda model, X: model.predict_proba(X)}

CASES: tuple[Case, ...] = (
    Case("XGBRegressor, diabetes", lambda: XGBRegressor(n_jobs=1), on_a_grid("diabetes"), QUANTITIES),
    Case(
        "XGBRegressor, diabetes, 20% missing, gamma",
        lambda: XGBRegressor(gamma=100.0, reg_alpha=2.0, n_jobs=1),
        with_holes(on_a_grid("diabetes"), 0.2),
        QUANTITIES,
    ),
    Case(
        "XGBClassifier, breast cancer",
        lambda: XGBClassifier(n_estimators=50, n_jobs=1),
        on_a_grid("breast_cancer"),
        PROBABILITIES,
    ),
    Case(
        "XGBClassifier, wine, 20% missing",
        lambda: XGBClassifier(n_estimators=50, max_depth=3, n_jobs=1),
        with_holes(on_a_grid("wine"), 0.2),
        PROBABILITIES,
    ),
    Case(
        "XGBClassifier, digits",
        lambda: XGBClassifier(n_estimators=10, n_jobs=1),
        on_a_grid("digits"),
        PROBABILITIES,
    ),
)
