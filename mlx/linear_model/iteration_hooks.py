"""Iteration hooks tell scikit-learn's callbacks of each iteration, with the attributes that the model has by then."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IterationHooks"]

Array = NDArray[np.floating]


class IterationHooks:
    """Function that a solver calls after each iteration.

    Parameters
    ----------
    estimator : estimator
        The model that is being fitted.
    hooks : object
        scikit-learn's callback context of the whole fit.
    X : array-like of shape (n_samples, n_features)
        Training rows; the coefficients are told in their dtype.
    y : array-like of shape (n_samples,)
        Targets.
    """

    def __init__(self, estimator: Any, hooks: Any, X: Any, y: Any):
        self.estimator, self.hooks, self.X, self.y = estimator, hooks, X, y

    def __call__(self, coefficients: Array, intercepts: Array) -> bool:
        """Tell of one iteration; True if a callback asks to stop."""
        attributes = {
            "coef_": coefficients.astype(self.X.dtype),
            "intercept_": intercepts.astype(self.X.dtype),
        }
        state = {"estimator": self.estimator, "X": self.X, "y": self.y, "reconstruction_attributes": attributes}
        iteration = self.hooks.subcontext(task_name="iteration")
        iteration.call_on_fit_task_begin(**state)
        return bool(iteration.call_on_fit_task_end(**state))
