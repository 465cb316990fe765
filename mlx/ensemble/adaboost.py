"""AdaBoost: models in sequence, each on row weights that stress what the ones before got wrong; then they vote.

What the classifier and the regressor share: the loop over the rounds, ::

    weights = sample_weight / sum
    repeat n_estimators times
        fit a clone of the base estimator to the weighted rows
        error   of its predictions, under the weights        0: stop, this model says it all
        weight  of the model, from its error                 too large an error: stop, without this model
        raise the weights of rows that were wrong, and divide by their sum

and what is read from it: a record of each round, the stages of the vote, the importances of columns. How error, weight
and raise are defined stands in `mlx.ensemble.adaboost_classifier` and `mlx.ensemble.adaboost_regressor`.

Weights, errors and models are scikit-learn's to the bit, with the same `random_state` and base estimator.
"""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context, clone, is_regressor
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import _num_samples, check_is_fitted

from ..callbacks import CallbackSupportMixin, FitRounds
from ..tree.ensemble import TreeEnsemble
from ..tree.fitted import Fitted
from ..tree.sklearn_trees import adaboost_ensemble
from ..validation import check_sample_weight, validate_data
from .adaboost_rounds import SMALLEST, BoostingRound

__all__ = ["Outcome", "VotesOfTrees", "WeightBoosting", "draw_seeds"]

Weights = NDArray[np.float64]

# Seeds of base estimators are below this.
SEEDS = int(np.iinfo(np.int32).max)


class Outcome(NamedTuple):
    """What a round leaves behind."""

    weights: Weights  # of the rows, raised but not divided by their sum
    estimator_weight: float
    error: float


class WeightBoosting(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator, metaclass=ABCMeta):
    """Models in sequence on changing row weights; the classes that are used say how weights change."""

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    # The base estimator is the user's: it validates its parameters itself.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Fit the models, one after the other.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, of a kind that the base estimator takes.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            First weights of the rows, divided by their sum; None: all the same.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X`, `y` or `sample_weight` have NaN, inf or the wrong shape, if a parameter is out of range, if the base
            estimator cannot take weights, or if the first model is no better than a guess.
        """
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            ensure_2d=True,
            allow_nd=True,
            dtype=None,
            y_numeric=is_regressor(self),
        )
        weights = check_sample_weight(sample_weight, X)
        weights = np.ones(_num_samples(X)) if weights is None else weights.copy()
        weights /= weights.sum()
        self.estimator_ = self._base_estimator()
        self.estimators_: list[Any] = []
        self.estimator_weights_ = np.zeros(self.n_estimators)
        self.estimator_errors_ = np.ones(self.n_estimators)
        self.rounds_: list[BoostingRound] = []
        with FitRounds(
            self, max_rounds=self.n_estimators, round_name="round", X=X, y=y, sample_weight=sample_weight
        ) as rounds:
            self._boost(X, y, weights, rounds)
        return self

    @abstractmethod
    def _base_estimator(self) -> Any:
        """The base estimator, or the default one; ValueError if it cannot be boosted."""

    @abstractmethod
    def _boost(self, X: Any, y: NDArray, weights: Weights, rounds: FitRounds) -> None:
        """All rounds: calls `_run_rounds` with the means that they need."""

    @abstractmethod
    def _outcome(self, number: int, y: NDArray, predicted: NDArray, weights: Weights) -> Outcome | None:
        """Error and weight of the newest model, and the weights raised after it; None: it ends the fit."""

    @abstractmethod
    def staged_predict(self, X: Any) -> Iterator[NDArray]:
        """Predictions of the first model, of the first two, and so on."""

    def _run_rounds(self, learn: Any, y: NDArray, weights: Weights, rounds: FitRounds) -> None:
        """Call ``learn(weights)``, which returns a fitted model and its predictions, and weigh anew, in each round."""
        without_weight = weights == 0.0
        for number in range(self.n_estimators):
            rounds.begin()
            weights = np.clip(weights, SMALLEST, None)
            weights[without_weight] = 0.0
            model, predicted = learn(weights)
            self.estimators_.append(model)
            outcome = self._outcome(number, y, predicted, weights)
            if outcome is None:
                break
            weights = outcome.weights
            self.estimator_weights_[number] = outcome.estimator_weight
            self.estimator_errors_[number] = outcome.error
            self.rounds_.append(BoostingRound.of(number, outcome.error, outcome.estimator_weight))
            total = weights.sum()
            if not np.isfinite(total):
                warnings.warn(
                    f"Sample weights have reached infinite values, at iteration {number}, causing overflow. "
                    "Iterations stopped. Try lowering the learning rate.",
                    stacklevel=5,
                )
            last = outcome.error == 0 or not np.isfinite(total) or total <= 0
            if rounds.end(self._fitted_attributes) or last:
                break
            if number < self.n_estimators - 1:
                weights /= total

    def _fitted_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name.endswith("_") and not name.startswith("_")}

    def _new_estimator(self, random_state: np.random.RandomState) -> Any:
        """Clone of the base estimator, with seeds of its own."""
        model = clone(self.estimator_)
        draw_seeds(model, random_state)
        return model

    def _validated(self, X: Any) -> Any:
        return validate_data(
            self,
            X,
            accept_sparse=["csr", "csc"],
            ensure_2d=True,
            allow_nd=True,
            dtype=None,
            reset=False,
        )

    def staged_score(self, X, y, sample_weight=None):
        """Scores after each round: accuracy of a classifier, R² of a regressor.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Yields
        ------
        float
        """
        from sklearn.metrics import accuracy_score, r2_score

        score = r2_score if is_regressor(self) else accuracy_score
        for predicted in self.staged_predict(X):
            yield score(y, predicted, sample_weight=sample_weight)

    @property
    def feature_importances_(self):
        """Mean of the models' `feature_importances_` under their weights, ndarray of shape (n_features,).

        AttributeError if the base estimator has none.
        """
        check_is_fitted(self)
        try:
            importances = [model.feature_importances_ for model in self.estimators_]
        except AttributeError as error:
            raise AttributeError(
                f"feature_importances_: the base estimator {type(self.estimator_).__name__} has none"
            ) from error
        return sum(w * own for w, own in zip(self.estimator_weights_, importances)) / self.estimator_weights_.sum()

    def __len__(self) -> int:
        return len(self.estimators_)

    def __getitem__(self, index: int) -> Any:
        return self.estimators_[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.estimators_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def draw_seeds(estimator: Any, random_state: np.random.RandomState) -> None:
    """Set every parameter called `random_state`, nested ones too, to a number drawn for it, in the order of names."""
    names = [
        name
        for name in sorted(estimator.get_params(deep=True))
        if name == "random_state" or name.endswith("__random_state")
    ]
    if names:
        estimator.set_params(**{name: random_state.randint(SEEDS) for name in names})


class VotesOfTrees:
    """Votes of decision trees are an ensemble of trees."""

    def __tree_ensemble__(self) -> TreeEnsemble:
        """The votes for explanations, plots and text: the margin is `decision_function`."""
        return adaboost_ensemble(Fitted(self, type(self).__name__))
