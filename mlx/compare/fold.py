"""A fold is one division into training and test rows, prepared once and handed to both sides unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .preparation import MATRICES, Preparation, fit_preparation
from .roster import Contender
from .table import Table

__all__ = ["FoldData", "Work", "make_fold", "parameters_of", "warm_up_rows"]

# Rows of the first fit, which compiles: enough for every class and every branch of the code, too few to take time.
WARM_UP_ROWS = 200


class FoldData(NamedTuple):
    """Training and test rows of one fold.

    Attributes
    ----------
    number : int
        From 0.
    preparation : Preparation
        Fitted on the training rows.
    train, test : dict of str to ndarray
        The matrices of each kind.
    X_test : ndarray of shape (n_test, n_columns)
        Test rows of the table as they are.
    y_train, y_test : ndarray
        Targets.
    weights_train, weights_test : ndarray or None
        Sample weights.
    """

    number: int
    preparation: Preparation
    train: dict[str, NDArray[np.float64]]
    test: dict[str, NDArray[np.float64]]
    X_train: NDArray[np.float64]
    X_test: NDArray[np.float64]
    y_train: NDArray
    y_test: NDArray
    weights_train: NDArray[np.float64] | None
    weights_test: NDArray[np.float64] | None


class Fitted(NamedTuple):
    """A fitted model and how to bring its predictions back to the target's units."""

    model: Any
    shift: float
    scale: float


class Work(NamedTuple):
    """One side's work on one fold."""

    make: Callable[[], Any]
    contender: Contender
    fold: FoldData
    task: str

    def fit(self) -> Fitted:
        """Make and fit the model; what is timed as a fit."""
        contender, fold = self.contender, self.fold
        model = self.make()
        X = fold.train[contender.matrix]
        if contender.kind == "transformer":
            return Fitted(model.fit(X), 0.0, 1.0)
        y, shift, scale = fold.y_train, 0.0, 1.0
        if contender.scale_target:
            shift, scale = float(y.mean()), float(y.std()) or 1.0
            y = (y - shift) / scale
        weights = {} if fold.weights_train is None else {"sample_weight": fold.weights_train}
        return Fitted(model.fit(X, y, **weights), shift, scale)

    def predict(self, fitted: Fitted, X: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Probabilities (n, k), values (n,) or components (n, m) of the test rows, or of prepared rows X."""
        X = self.fold.test[self.contender.matrix] if X is None else X
        if self.contender.kind == "transformer":
            return np.asarray(fitted.model.transform(X), dtype=np.float64)
        if self.task == "classification":
            return np.asarray(fitted.model.predict_proba(X), dtype=np.float64)
        return np.asarray(fitted.model.predict(X), dtype=np.float64) * fitted.scale + fitted.shift

    def predict_columns(self, fitted: Fitted, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predictions for rows as the table has them, before the preparation: what an explanation asks for."""
        return self.predict(fitted, self.fold.preparation.matrix(self.contender.matrix, X))


def make_fold(table: Table, train: NDArray[np.intp], test: NDArray[np.intp], number: int) -> FoldData:
    """Fit the preparation on the training rows and make every matrix of both parts."""
    preparation = fit_preparation(table.X[train], table.levels)
    weights = table.weights
    return FoldData(
        number,
        preparation,
        {kind: preparation.matrix(kind, table.X[train]) for kind in MATRICES},
        {kind: preparation.matrix(kind, table.X[test]) for kind in MATRICES},
        table.X[train],
        table.X[test],
        table.y[train],
        table.y[test],
        None if weights is None else weights[train],
        None if weights is None else weights[test],
    )


def warm_up_rows(fold: FoldData, task: str) -> FoldData:
    """A fold of a few training rows with every class among them."""
    n = len(fold.y_train)
    if task == "classification":
        classes = np.unique(fold.y_train)
        each = max(2, WARM_UP_ROWS // len(classes))
        rows = np.sort(np.concatenate([np.flatnonzero(fold.y_train == code)[:each] for code in classes]))
    else:
        rows = np.arange(min(n, WARM_UP_ROWS))
    few = {kind: X[rows] for kind, X in fold.train.items()}
    weights = None if fold.weights_train is None else fold.weights_train[rows]
    return fold._replace(train=few, test=few, y_train=fold.y_train[rows], weights_train=weights)


def parameters_of(model: Any) -> dict[str, Any]:
    """Parameters of a model as JSON can hold them."""
    return {
        name: value if isinstance(value, bool | int | float | str | type(None)) else repr(value)
        for name, value in model.get_params(deep=False).items()
    }
