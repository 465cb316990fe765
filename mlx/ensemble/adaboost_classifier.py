"""AdaBoost for classes: SAMME, which is Freund & Schapire's algorithm where there are two.

In each round, with K classes (J. Zhu, H. Zou, S. Rosset & T. Hastie, "Multi-class AdaBoost", Statistics and Its
Interface 2 (2009), algorithm 2)::

    error            err = Σ w_i [model is wrong on row i] / Σ w_i
    weight of model  α   = learning_rate (ln((1 - err) / err) + ln(K - 1))
    raise            w_i ← w_i e^(α [model is wrong on row i]),  then divide by the sum

    f_k(x) = Σ_models α (1 if the model says k, else -1 / (K - 1)) / Σ α         the vote; the largest f_k wins

A model that is no better than a guess, err >= 1 - 1/K, ends the fit and is left out.

With depth-1 trees, the default, all rounds share one sorting of the columns (`mlx.ensemble.stumps`).
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.extmath import softmax
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples, check_is_fitted, has_fit_parameter

from ..callbacks import FitRounds
from ..numeric.threads import resolve_n_jobs, thread_team
from ..validation import check_sample_weight, naming
from .adaboost import SEEDS, Outcome, VotesOfTrees, WeightBoosting, Weights
from .adaboost_rounds import raised, working_of_round

if TYPE_CHECKING:
    from .stumps import Stump, StumpGrower

__all__ = ["AdaBoostClassifier"]


class AdaBoostClassifier(VotesOfTrees, ClassifierMixin, WeightBoosting):
    """AdaBoost classifier (SAMME), with scikit-learn's parameters, attributes and models.

    Parameters
    ----------
    estimator : object, default=None
        Base estimator; it must take `sample_weight`, unless `resample`. None is ``DecisionTreeClassifier(max_depth=1)``
        of `mlx.tree`.
    n_estimators : int, default=50
        Most rounds.
    learning_rate : float, default=1.0
        Factor of the models' weights.
    random_state : int, RandomState instance or None, default=None
        Seeds of the base estimators; the draws of `resample`.
    resample : bool, default=False
        Each round fits the base estimator to as many rows as there are, drawn with replacement in proportion to their
        weights, instead of to weighted rows ("boosting by resampling", Freund & Schapire 1997, section 4). The error is
        that on all rows, under their weights.
    n_jobs : int, default=None
        Threads that search stumps and count votes; None and -1 are all cores. The bits are the same for any number.
        Other base estimators decide for themselves.

    Attributes
    ----------
    estimator_ : estimator
        Base estimator, not fitted.
    estimators_ : list of estimators
        Fitted models.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_classes_ : int
        Number of classes.
    estimator_weights_ : ndarray of float64, shape (n_estimators,)
        Weights of the models (α); 0 after the last.
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
    Stumps of the default base estimator are grown together, and are scikit-learn's: column, threshold, leaves' classes,
    and with them errors and weights, to the bit. The class proportions and impurities in their ``tree_`` are equal up
    to the last digits, as they are sums in another order.

    scikit-learn's class refuses `sample_weight` under metadata routing; here it is routed.

    Ctrl-C keeps the rounds that are finished, and scikit-learn's callbacks (``set_callbacks``) are told of every round.

    References
    ----------
    Y. Freund & R. Schapire, "A decision-theoretic generalization of on-line learning ...", JCSS 55 (1997).
    J. Zhu, H. Zou, S. Rosset & T. Hastie, "Multi-class AdaBoost", Statistics and Its Interface 2 (2009).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from mlx.ensemble import AdaBoostClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaBoostClassifier(n_estimators=20, random_state=0).fit(X, y)
    >>> round(model.score(X, y), 3)
    0.989
    """

    _parameter_constraints: ClassVar[dict] = {
        **WeightBoosting._parameter_constraints,
        "resample": ["boolean"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self, estimator=None, *, n_estimators=50, learning_rate=1.0, random_state=None, resample=False, n_jobs=None
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.resample = resample
        self.n_jobs = n_jobs

    def _base_estimator(self) -> Any:
        from ..tree.decision_tree_classifier import DecisionTreeClassifier  # brings Numba, as all that is lazy here

        base = DecisionTreeClassifier(max_depth=1) if self.estimator is None else self.estimator
        if not self.resample and not has_fit_parameter(base, "sample_weight"):
            raise ValueError(
                f"estimator: {type(base).__name__} doesn't support sample_weight; resample=True needs none"
            )
        return base

    # Rounds -----------------------------------------------------------------------------------------------------------

    def _boost(self, X: Any, y: NDArray, weights: Weights, rounds: FitRounds) -> None:
        from .stump_trees import is_stump, table_of_stumps
        from .stump_votes import stump_arrays
        from .stumps import StumpGrower

        n_threads = resolve_n_jobs(self.n_jobs, when_none=-1)
        random_state = check_random_state(self.random_state)
        with naming("y"):
            self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_classes_ = len(self.classes_)
        self._stumps: Any = None
        table = table_of_stumps(X) if is_stump(self.estimator_) and not self.resample else None
        if table is None:
            self._run_rounds(self._learner(X, y, random_state), y, weights, rounds)
            return
        with naming("y"):
            check_classification_targets(y)
        stumps: list[Stump] = []
        with thread_team(n_threads) as run:
            grower = StumpGrower(table, codes, self.n_classes_, weights > 0.0, n_threads, run)
            self._run_rounds(self._stump_learner(grower, stumps, random_state), y, weights, rounds)
        self._stumps = stump_arrays(stumps[: len(self.estimators_)])

    def _learner(self, X: Any, y: NDArray, random_state: np.random.RandomState) -> Callable:
        """Fits a clone of the base estimator to rows with weights."""

        def learn(weights: Weights) -> tuple[Any, NDArray]:
            model = self._new_estimator(random_state)
            if self.resample:
                drawn = random_state.choice(_num_samples(X), size=_num_samples(X), replace=True, p=weights)
                model.fit(_safe_indexing(X, drawn), _safe_indexing(y, drawn))
            else:
                model.fit(X, y, sample_weight=weights)
            return model, model.predict(X)

        return learn

    def _stump_learner(self, grower: StumpGrower, stumps: list[Stump], random_state: np.random.RandomState) -> Callable:
        """Grows the next stump, and keeps it as a fitted tree too."""
        from .stump_trees import fitted_tree

        parameters, n_features = self.estimator_.get_params(), self.n_features_in_

        def learn(weights: Weights) -> tuple[Any, NDArray]:
            seed = random_state.randint(SEEDS)
            stump, goes_left = grower.grow(weights, seed)
            stumps.append(stump)
            model = fitted_tree(parameters, seed, stump, self.classes_, n_features)
            of_sides = self.classes_.take([stump.classes[-1], stump.classes[min(1, len(stump.classes) - 1)]])
            return model, of_sides.take(goes_left)

        return learn

    def _outcome(self, number: int, y: NDArray, predicted: NDArray, weights: Weights) -> Outcome | None:
        wrong = predicted != y
        error = float(np.average(wrong, weights=weights))
        if error <= 0:
            return Outcome(weights, 1.0, 0.0)
        if error >= 1.0 - 1.0 / self.n_classes_:
            self.estimators_.pop()
            if not self.estimators_:
                raise ValueError(
                    f"estimator: BaseClassifier in AdaBoostClassifier ensemble is worse than random (error {error:.3g} "
                    f"with {self.n_classes_} classes), ensemble can not be fit."
                )
            return None
        alpha = self.learning_rate * (np.log((1.0 - error) / error) + np.log(self.n_classes_ - 1.0))
        if number < self.n_estimators - 1:
            weights = raised(weights, wrong, alpha)
        return Outcome(weights, alpha, error)

    # Votes ------------------------------------------------------------------------------------------------------------

    def decision_function(self, X):
        """Votes for the classes, under the models' weights, divided by the sum of the weights.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes those for the second less those for the first, from -2 to 2.
        """
        check_is_fitted(self)
        X = self._validated(X)
        if self.n_classes_ == 1:
            return np.zeros((_num_samples(X), 1))
        rows = self._stump_rows(X)
        if rows is None:
            votes: Any = sum(self._votes(X))
        else:
            from .stump_votes import add_votes

            weights = self.estimator_weights_[: len(self.estimators_)]
            n_threads = resolve_n_jobs(self.n_jobs, when_none=-1)
            votes = add_votes(rows, self._stumps, weights, self.n_classes_, n_threads)
        votes /= self.estimator_weights_.sum()
        if self.n_classes_ == 2:
            return votes[:, 1] - votes[:, 0]
        return votes

    def staged_decision_function(self, X):
        """`decision_function` of the first model, of the first two, and so on.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Yields
        ------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        X = self._validated(X)
        votes, norm = np.zeros((_num_samples(X), self.n_classes_)), 0.0
        if self.n_classes_ == 1:
            yield from (votes.copy() for _ in self.estimators_)
            return
        for weight, own in zip(self.estimator_weights_, self._votes(X)):
            norm += weight
            votes += own
            share = votes / norm
            yield share[:, 1] - share[:, 0] if self.n_classes_ == 2 else share

    def predict(self, X):
        """Class with the most votes, the first of equals (of two classes the second needs more than the first).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._labels(self.decision_function(X))

    def staged_predict(self, X):
        """`predict` of the first model, of the first two, and so on.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Yields
        ------
        ndarray of shape (n_samples,)
        """
        for votes in self.staged_decision_function(X):
            yield self._labels(votes)

    def predict_proba(self, X):
        """Probabilities of the classes: softmax of the votes over K - 1 (Zhu et al., eq. 15).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._probabilities(self.decision_function(X))

    def staged_predict_proba(self, X):
        """`predict_proba` of the first model, of the first two, and so on.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Yields
        ------
        ndarray of shape (n_samples, n_classes)
        """
        for votes in self.staged_decision_function(X):
            yield self._probabilities(votes)

    def predict_log_proba(self, X):
        """Logarithms of `predict_proba`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.log(self.predict_proba(X))

    def _labels(self, votes: NDArray) -> NDArray:
        return self.classes_.take(votes > 0 if votes.ndim == 1 else votes.argmax(axis=1))

    def _probabilities(self, votes: NDArray) -> NDArray[np.float64]:
        if self.n_classes_ == 1:
            return np.ones((len(votes), 1))
        if self.n_classes_ == 2:
            return softmax(np.vstack([-votes, votes]).T / 2, copy=False)
        return softmax(votes / (self.n_classes_ - 1), copy=False)

    def _votes(self, X: Any):
        """Votes of each model in turn, shape (n_samples, n_classes)."""
        rows, codes = self._stump_rows(X), np.arange(self.n_classes_)
        for number, (weight, model) in enumerate(zip(self.estimator_weights_, self.estimators_)):
            if rows is None:
                is_class = model.predict(X)[:, None] == self.classes_
            else:
                is_class = self._stumps.codes(number, rows)[:, None] == codes
            yield np.where(is_class, weight, -1 / (self.n_classes_ - 1) * weight)

    def _stump_rows(self, X: Any) -> NDArray[np.float32] | None:
        """Rows as stumps compare them; None if the models must be asked."""
        from .stump_trees import table_of_stumps

        return None if self._stumps is None else table_of_stumps(X)

    # Working ----------------------------------------------------------------------------------------------------------

    def explain_round(self, X, y, number, sample_weight=None):
        """The working of a round, row by row: weights, who is wrong, weights times e^±say, new weights.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        number : int
            Round, from 0.
        sample_weight : array-like of shape (n_samples,), default=None
            This, X and y are what `fit` was given: the rows' weights are not kept, but found again.

        Returns
        -------
        RoundWorking
            Prints as a table; ``to_frame()`` makes a data frame of it.

        Raises
        ------
        ValueError
            If there is no such round, or if the data are not those of `fit`.

        Examples
        --------
        >>> from mlx.ensemble import AdaBoostClassifier
        >>> X, y = [[0], [1], [0], [2], [2]], ["yes", "yes", "no", "no", "no"]
        >>> model = AdaBoostClassifier(n_estimators=3).fit(X, y)
        >>> model.explain_round(X, y, 0).to_frame().round(3)
             y predicted  wrong  weight  raised  new_weight
        0  yes       yes  False     0.2     0.1       0.125
        1  yes       yes  False     0.2     0.1       0.125
        2   no       yes   True     0.2     0.4       0.500
        3   no        no  False     0.2     0.1       0.125
        4   no        no  False     0.2     0.1       0.125
        """
        check_is_fitted(self)
        weights = check_sample_weight(sample_weight, X)
        return working_of_round(self, self._validated(X), np.asarray(y), number, weights)
