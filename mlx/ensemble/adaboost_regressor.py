"""AdaBoost for numbers: Drucker's AdaBoost.R2.

In each round (H. Drucker, "Improving regressors using boosting techniques", ICML 1997, section 3)::

    draw             as many rows as there are, with replacement, in proportion to their weights; fit a model to them
    loss of row i    d_i = |model(x_i) - y_i| / max over rows
                     L_i = d_i  (linear),  d_i²  (square),  1 - e^-d_i  (exponential)
    error            L = Σ w_i L_i
    confidence       β = L / (1 - L)                                         small: confident
    weight of model  learning_rate ln(1 / β)
    lower            w_i ← w_i β^(learning_rate (1 - L_i)),  then divide by the sum: rows with small loss count less

    prediction       weighted median of the models' predictions

A model with an error of one half or more ends the fit, and is left out unless it is the only one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted

from ..callbacks import FitRounds
from .adaboost import Outcome, WeightBoosting, Weights

__all__ = ["AdaBoostRegressor"]


class AdaBoostRegressor(RegressorMixin, WeightBoosting):
    """AdaBoost.R2 regressor, with scikit-learn's parameters, attributes and models.

    Parameters
    ----------
    estimator : object, default=None
        Base estimator. None is ``DecisionTreeRegressor(max_depth=3)`` of `mlx.tree`.
    n_estimators : int, default=50
        Most rounds.
    learning_rate : float, default=1.0
        Factor of the models' weights, and of the exponents that lower the rows' weights.
    loss : {'linear', 'square', 'exponential'}, default='linear'
        Loss of a row, from its absolute error divided by the largest.
    random_state : int, RandomState instance or None, default=None
        The draws of rows, and seeds of the base estimators.

    Attributes
    ----------
    estimator_ : estimator
        Base estimator, not fitted.
    estimators_ : list of estimators
        Fitted models.
    estimator_weights_ : ndarray of float64, shape (n_estimators,)
        Weights of the models; 0 after the last.
    estimator_errors_ : ndarray of float64, shape (n_estimators,)
        Errors of the models; 1 after the last.
    rounds_ : list of BoostingRound
        Error, weight and amount of say of each round; ``pandas.DataFrame(model.rounds_)`` is a table of them.
    feature_importances_ : ndarray of shape (n_features,)
        Mean of the models' under their weights.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    scikit-learn's class refuses `sample_weight` under metadata routing; here it is routed.

    Ctrl-C keeps the rounds that are finished, and scikit-learn's callbacks (``set_callbacks``) are told of every round.

    References
    ----------
    H. Drucker, "Improving regressors using boosting techniques", ICML 1997.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.ensemble import AdaBoostRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaBoostRegressor(n_estimators=20, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **WeightBoosting._parameter_constraints,
        "loss": [StrOptions({"linear", "square", "exponential"})],
    }

    def __init__(self, estimator=None, *, n_estimators=50, learning_rate=1.0, loss="linear", random_state=None):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.loss = loss
        self.random_state = random_state

    def _base_estimator(self) -> Any:
        if self.estimator is not None:
            return self.estimator
        from ..tree.decision_tree_regressor import DecisionTreeRegressor

        return DecisionTreeRegressor(max_depth=3)

    def _boost(self, X: Any, y: NDArray, weights: Weights, rounds: FitRounds) -> None:
        self._run_rounds(self._learner(X, y, check_random_state(self.random_state)), y, weights, rounds)

    def _learner(self, X: Any, y: NDArray, random_state: np.random.RandomState) -> Callable:
        """Fits a clone of the base estimator to rows drawn by their weights."""
        n_samples = _num_samples(X)

        def learn(weights: Weights) -> tuple[Any, NDArray]:
            model = self._new_estimator(random_state)
            drawn = random_state.choice(n_samples, size=n_samples, replace=True, p=weights)
            model.fit(_safe_indexing(X, drawn), _safe_indexing(y, drawn))
            return model, model.predict(X)

        return learn

    def _outcome(self, number: int, y: NDArray, predicted: NDArray, weights: Weights) -> Outcome | None:
        counts = weights > 0
        losses = row_losses(np.abs(predicted - y)[counts], self.loss)
        error = (weights[counts] * losses).sum()
        if error <= 0:
            return Outcome(weights, 1.0, 0.0)
        if error >= 0.5:
            if len(self.estimators_) > 1:
                self.estimators_.pop()
            return None
        beta = error / (1.0 - error)
        if number < self.n_estimators - 1:
            weights[counts] *= np.power(beta, (1.0 - losses) * self.learning_rate)
        return Outcome(weights, self.learning_rate * np.log(1.0 / beta), error)

    def predict(self, X):
        """Weighted median of the models' predictions.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self._weighted_median(self._predictions(X))

    def staged_predict(self, X):
        """`predict` of the first model, of the first two, and so on.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Yields
        ------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        predictions = self._predictions(X)
        for n_models in range(1, len(self.estimators_) + 1):
            yield self._weighted_median(predictions[:, :n_models])

    def _predictions(self, X: Any) -> NDArray:
        """Prediction of each model, shape (n_samples, n_models)."""
        X = self._validated(X)
        return np.array([model.predict(X) for model in self.estimators_]).T

    def _weighted_median(self, predictions: NDArray) -> NDArray:
        """First prediction, in rising order, at which the models up to it have half of the weight (Drucker, step 8)."""
        rising = np.argsort(predictions, axis=1)
        mass = np.cumsum(self.estimator_weights_[rising], axis=1)
        middle = (mass >= 0.5 * mass[:, -1:]).argmax(axis=1)
        rows = np.arange(len(predictions))
        return predictions[rows, rising[rows, middle]]


def row_losses(errors: NDArray, loss: str) -> NDArray:
    """Losses between 0 and 1 from absolute errors (Drucker, step 4)."""
    largest = errors.max()
    losses = errors / largest if largest != 0 else errors
    if loss == "square":
        return losses**2
    if loss == "exponential":
        return 1.0 - np.exp(-losses)
    return losses
