"""What the tasks of trees and forests share: a table with rows held out, and a model with scikit-learn's parameters.

Both sides grow the same trees from the same ``random_state``, so the work is equal and the scores are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from .datasets import digest
from .definitions import SECONDS, Bound, Equal, Score

SCORE = Score("held-out accuracy or R²", larger_is_better=True)

# From rows of X to predictions.
Answer = Callable[[np.ndarray], np.ndarray]


class ForestWork(NamedTuple):
    """A table to fit, one to be judged on, and the model.

    Attributes
    ----------
    X, X_test : ndarray of shape (n_rows, n_features), float32
    y, y_test : ndarray of shape (n_rows,)
    model : str
        Name of the class, in ``mlx`` and ``sklearn``, with the package: ``ensemble.RandomForestClassifier``.
    parameters : mapping of str to object
    facts : mapping of str to object
        For the result file.
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    model: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]

    def fit(self, library: str, threads: int) -> Answer:
        """The model of a library (``mlx`` or ``sklearn``), fitted."""
        import importlib

        package, _, name = self.model.partition(".")
        estimator = getattr(importlib.import_module(f"{library}.{package}"), name)(**self.parameters)
        if "n_jobs" in estimator.get_params():
            estimator.set_params(n_jobs=threads)
        return estimator.fit(self.X, self.y).predict


def make_work(
    table: Callable[[int, int], tuple[np.ndarray, np.ndarray]],
    seed: int,
    quick: bool,
    *,
    model: str,
    n_rows: int,
    n_test: int | None = None,
    **parameters: Any,
) -> ForestWork:
    """Rows of a table for training and some for judging; quick: 300 rows, 5 trees."""
    n_test = max(n_rows // 4, 1_000) if n_test is None else n_test
    n_train, n_test = (min(n, 300) if quick else n for n in (n_rows, n_test))
    X, y = table(n_train + n_test, seed)
    parameters = {"random_state": seed, **parameters}
    if quick and "n_estimators" in parameters:
        parameters["n_estimators"] = 5
    facts = {"rows": n_train, "columns": X.shape[1], "held-out rows": n_test, "digest of the first table": digest(X, y)}
    parts = (X[:n_train].copy(), y[:n_train].copy(), X[n_train:].copy(), y[n_train:].copy())
    return ForestWork(*parts, model, parameters, {**facts, "model": model, **parameters})


def judge(work: ForestWork, answer: Answer | np.ndarray) -> dict[str, float]:
    """Accuracy of classes, R² of numbers."""
    predicted = answer if isinstance(answer, np.ndarray) else answer(work.X_test)
    score = accuracy_score if work.y_test.dtype.kind in "iu" else r2_score
    return {SCORE.name: float(score(work.y_test, predicted))}


def speed(at_most: float, stretch: float) -> tuple[Bound, ...]:
    """Bound of the time, as a share of scikit-learn's."""
    return (Bound(SECONDS, against="scikit-learn", at_most=at_most, stretch=stretch),)


AS_GOOD = (Equal(SCORE.name, against="scikit-learn"),)
