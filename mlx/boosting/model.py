"""What `XGBClassifier` and `XGBRegressor` have in common: the fit, from validation to the booster, and prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.base import _fit_context, is_regressor
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from ..callbacks import CallbackSupportMixin, FitRounds
from ..numeric.threads import resolve_n_jobs
from ..tree import TreeEnsemble
from ..tree.importance import column_importance
from ..validation import check_sample_weight, column_names, refuse_unsupported, validate_data
from .aliases import TakesAliases
from .category_encoding import EncodesCategories, check_codes
from .columns import are_numbers
from .continuation import EarlierModel, earlier_model
from .estimator_booster import ShowsBooster
from .estimator_parameters import ACCEPTED, BELONG_TO, DEFAULTS
from .evaluation import checked_margin
from .groups import Groups
from .model_format import ONE_TREE_PER_ROUND, ModelFile
from .prediction import outputs_of, predicted, rounds_of, starts_of_rounds
from .sampling import seed_of
from .sparse_rows import stored_values
from .targets import of_targets
from .tracing import TracedTrees
from .training import FitArguments, Rows, TrainingData, TrainingOptions

if TYPE_CHECKING:
    from .fit_callbacks import FitCallbacks

__all__ = ["Goal", "XGBModel"]


class Goal(NamedTuple):
    """What is learned.

    Attributes
    ----------
    targets : ndarray of float32, shape (n_samples,) or (n_samples, n_outputs)
        Of the rows that count; numbers of classes.
    labels : ndarray of shape (n_samples,)
        The same as the user wrote them.
    objective : str or callable
    n_outputs : int
        At least: an objective may have more.
    like : str
        Objective of the library whose link the user's own one has.
    """

    targets: NDArray[np.float32]
    labels: NDArray
    objective: Any
    n_outputs: int = 1
    like: str = "reg:squarederror"


class XGBModel(
    CallbackSupportMixin, TakesAliases, TrainingOptions, EncodesCategories, TracedTrees, ShowsBooster, ModelFile
):
    """Base of the boosted estimators: all but the targets."""

    # Whether the user's own function may be the objective.
    _takes_own_objective: ClassVar[bool] = False

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        base_margin: Any = None,
        eval_set: Any = None,
        verbose: bool | int | None = True,
        xgb_model: Any = None,
        sample_weight_eval_set: Any = None,
        base_margin_eval_set: Any = None,
        feature_weights: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the trees.

        Parameters
        ----------
        X : array-like or SciPy sparse matrix of shape (n_samples, n_features)
            NaN, and the value of the parameter `missing`, are missing values, and so is what a sparse matrix does not
            store; a zero that it stores is a zero. It is not filled up.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; for a classifier labels of at least two classes.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight k counts as k rows, one of weight 0 as none.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margin of each row starts, in place of one start for all.
        eval_set : list of (X, y), optional
            Rows on which metrics are followed, and by the last of which training is stopped.
        verbose : bool or int, default=True
            Whether metrics on `eval_set` are printed; a number prints every so many rounds.
        xgb_model : fitted estimator, Booster, str, path-like or bytes, optional
            A model, or a file of one, whose trees come before the new ones. It stays as it is. Its base score and
            its labels are kept, unless the parameter `base_score` is set.
        sample_weight_eval_set, base_margin_eval_set : list of array-like, optional
            Weights and margins of the rows of each pair of `eval_set`.
        feature_weights : array-like of shape (n_features,), optional
            As the parameter of this name.
        X_val, y_val, sample_weight_val : array-like, optional
            One set to follow and to stop by, named as in scikit-learn's histogram-based boosting; nothing is printed.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y or sample_weight is not valid: the message names it.
        NotImplementedError
            If a parameter or argument is set that is not supported: the message names it.
        """
        self._refuse_unsupported(self._objectives)
        arguments = FitArguments(
            base_margin,
            eval_set,
            verbose,
            sample_weight_eval_set,
            base_margin_eval_set,
            feature_weights,
            X_val,
            y_val,
            sample_weight_val,
        )
        how = self._kind_of_rows()
        earlier = None if xgb_model is None else earlier_model(xgb_model, self.get_params(deep=False))
        given = self._learn_categories(X, earlier)
        X, y = validate_data(self, given, y, y_numeric=is_regressor(self), multi_output=True, **how)
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        weight = check_sample_weight(sample_weight, X, dtype=np.float32)
        rows = positive_rows(weight)
        X = self._mark_missing(X[rows], given)
        check_codes(X, self._categories)
        goal = self._goal(y, rows, earlier)
        self._boost(X, None if weight is None else weight[rows], goal, arguments, rows, earlier=earlier)
        return self

    def _goal(self, y: Any, rows: Rows, earlier: EarlierModel | None) -> Goal:
        """What `fit` shall learn from the targets of some of the rows, maybe going on from a model."""
        raise NotImplementedError

    def get_num_boosting_rounds(self) -> int:
        """Number of boosting rounds: `n_estimators`, 100 if it is None."""
        return self._resolved("n_estimators")

    def apply(self, X: Any, iteration_range: tuple[int, int] | None = None) -> NDArray[np.int32]:
        """Leaf that each row reaches in each tree.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all.

        Returns
        -------
        ndarray of int32, shape (n_samples, n_trees)
            Node numbers; the trees of a round side by side.
        """
        X = self._check_X(X, validate_features=True)
        return self._trees_of(iteration_range).apply(X, self._n_threads())

    @property
    def feature_importances_(self) -> NDArray[np.float32]:
        """Importance of each column by `importance_type`, divided by their sum; float32, shape (n_features,).

        "weight" counts the splits on a column; "gain" and "cover" are means over them, "total_gain" and "total_cover"
        sums.
        """
        check_is_fitted(self)
        importance = column_importance(self.tree_ensemble_, self._resolved("importance_type")).astype(np.float32)
        return importance / importance.sum() if importance.sum() > 0 else importance

    @property
    def intercept_(self) -> NDArray[np.float32]:
        """Where the predictions start, before the first tree; shape (n_outputs,), per class in units of the margin."""
        check_is_fitted(self)
        return self._intercept.copy()

    def __tree_ensemble__(self) -> TreeEnsemble:
        """The trees that predict, for explanations, plots and other code that works on any trees."""
        check_is_fitted(self)
        return self._trees_of(None)

    def _trees_of(self, iteration_range: tuple[int, int] | None) -> TreeEnsemble:
        """The trees that predict if these rounds are asked for."""
        return rounds_of(self.tree_ensemble_, self._rounds_asked_for(iteration_range), self._round_start)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "tree_ensemble_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = tags.input_tags.string = bool(self.enable_categorical)
        return tags

    def _resolved(self, name: str) -> Any:
        value = getattr(self, name)
        return DEFAULTS[name] if value is None else value

    def _n_threads(self) -> int:
        return resolve_n_jobs(self.n_jobs, when_none=-1)

    def _refuse_unsupported(self, supported_objectives: tuple[str, ...]) -> None:
        """Raise NotImplementedError for a parameter that would have no effect here."""
        refused = {name: values[0] for name, values in ACCEPTED.items() if not _is_one_of(getattr(self, name), values)}
        refuse_unsupported(self, refused)
        own = callable(self.objective) and self._takes_own_objective
        if not own and not _is_one_of(self.objective, (None, *supported_objectives)):
            raise NotImplementedError(
                f"{type(self).__name__}: parameter objective={self.objective!r} is not supported; "
                f"choose one of {', '.join(map(repr, supported_objectives))}"
            )
        for name, (other, value) in BELONG_TO.items():
            if getattr(self, name) is not None and getattr(self, other) != value:
                raise NotImplementedError(
                    f"{type(self).__name__}: parameter {name} has no meaning without {other}={value!r}"
                )

    def _mark_missing(self, X: Any, given: Any = None) -> Any:
        """Rows with NaN, or nothing stored, where a value equals the parameter `missing`; `given` is what X was."""
        if scipy.sparse.issparse(X):
            return stored_values(X, self.missing)
        if np.isnan(self.missing):
            return X
        is_missing = np.float32(self.missing) == X
        if is_missing.any():
            # What was copied on its way here is ours to write to.
            own = isinstance(given, np.ndarray) and not np.may_share_memory(X, given)
            X = X if own else X.copy()
            X[is_missing] = np.nan
        if np.isinf(X).any():
            raise ValueError("X: has infinite values")
        return X

    def _check_X(self, X: Any, validate_features: bool) -> Any:
        """Rows to predict with NaN, or nothing stored, for what is missing; prediction rounds them part by part."""
        check_is_fitted(self)
        X = self._recoded(X, by_name=validate_features)
        how = self._kind_of_rows()
        if np.isnan(self.missing) and not scipy.sparse.issparse(X):
            how |= {"dtype": [np.float32, np.float64], "order": None}
        X = self._as_fitted(X, how, validate_features)
        if X.dtype == np.float64 and max(np.fmax.reduce(X, None), -np.fmin.reduce(X, None)) > np.finfo(np.float32).max:
            raise ValueError("X: has values too large for float32")
        return self._mark_missing(X)

    def _as_fitted(self, X: Any, how: Mapping[str, Any], validate_features: bool = True) -> Any:
        """Rows with the columns of the fit. Columns that are named by their numbers alone may have no names as well."""
        names = [given for given in (column_names(X), getattr(self, "feature_names_in_", None)) if given is not None]
        if len(names) == 1 and are_numbers(names[0]):
            validate_features = False
        if validate_features:
            return validate_data(self, X, reset=False, **how)
        X = check_array(X, input_name="X", **how)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X: has {X.shape[1]} features, but the model was fitted with {self.n_features_in_}")
        return X

    def _kind_of_rows(self) -> dict[str, Any]:
        """What scikit-learn's validation shall make of rows. An infinite value may be the mark of a missing one."""
        finite = False if np.isinf(self.missing) else "allow-nan"
        return {"dtype": np.float32, "order": "C", "accept_sparse": "csr", "ensure_all_finite": finite}

    def _boost(
        self,
        X: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        goal: Goal,
        arguments: FitArguments,
        rows: Rows,
        groups: Groups | None = None,
        earlier: EarlierModel | None = None,
    ) -> None:
        """Fit the trees to some `rows` of what `fit` got, and store them; X, weights and groups are of these rows."""
        from .booster import Training

        objective = self._checked_objective(goal.objective, goal.targets, sample_weight, goal.like)
        n_outputs = max(goal.n_outputs, objective.n_outputs)
        positive_weight = float(self._resolved("scale_pos_weight"))
        if goal.targets.ndim == 2:
            objective = of_targets(objective, n_outputs, positive_weight)
        seed = seed_of(self.random_state)
        data = TrainingData(X, goal.targets, sample_weight, goal.labels, groups=groups)
        options = self._training_options(objective, n_outputs, arguments, seed, earlier)
        data, evaluation = self._prepare(data, rows, arguments, objective, n_outputs, seed, earlier)
        file_parameters = objective.file_parameters(positive_weight, n_outputs)
        n_rounds = self.get_num_boosting_rounds()
        if options["updates"] is not None and earlier is not None and n_rounds > earlier.n_rounds:
            raise ValueError(f"n_estimators={n_rounds}: xgb_model has trees of {earlier.n_rounds} rounds to update")
        with (
            FitRounds(self, max_rounds=n_rounds, X=data.X, y=data.labels, sample_weight=data.weight) as rounds,
            Training(
                data.X, data.y, data.weight, objective, **options, groups=data.groups, base_margin=data.base_margin
            ) as boosted,
        ):
            told = self._told(boosted, evaluation, file_parameters)
            for _ in range(n_rounds):
                if told is not None and told.round_begins():
                    break
                rounds.begin()
                boosted.round()
                enough = evaluation.round_done(boosted.trees, boosted.weights, boosted.base_margin, boosted.n_parallel)
                enough |= told is not None and told.round_done()
                if rounds.end(lambda: self._fitted(boosted, evaluation, file_parameters)) or enough:
                    break
        evaluation.finish()
        changed = {} if told is None else told.finish()
        for name, value in {**self._fitted(boosted, evaluation, file_parameters), **changed}.items():
            setattr(self, name, value)

    def _fitted(
        self, boosted: Any, evaluation: Any, file_parameters: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        """What `fit` leaves behind if it ends here."""
        return {
            "tree_ensemble_": self._ensemble(boosted),
            "_intercept": boosted.intercept,
            "_objective": boosted.objective.name,
            "_objective_parameters": file_parameters,
            **ONE_TREE_PER_ROUND,
            "_position_bias": boosted.objective.position_bias,
            "_round_start": starts_of_rounds(boosted.trees, len(boosted.intercept), boosted.n_parallel),
            "_n_parallel_trees": boosted.n_parallel,
            "_booster": self.booster or "gbtree",
            "_best": evaluation.best(),
            "evals_result_": evaluation.history,
            "_feature_types": self._feature_types,
            "_category_names": self._category_names,
        }

    def _told(self, fit: Any, evaluation: Any, file_parameters: Mapping[str, Mapping[str, str]]) -> FitCallbacks | None:
        """The user's callbacks of this fit; None if there are none."""
        if not self.callbacks:
            return None
        from .fit_callbacks import FitCallbacks

        names = getattr(self, "feature_names_in_", None)
        return FitCallbacks(self.callbacks, fit, evaluation.history, file_parameters, names)

    def _ensemble(self, boosted: Any) -> TreeEnsemble:
        n_outputs = len(boosted.base_margin)
        return TreeEnsemble(
            tuple(boosted.trees),
            n_features=self.n_features_in_,
            n_outputs=n_outputs,
            base_score=boosted.base_margin.astype(np.float64),
            link=boosted.objective.link,
            tree_weight=np.array(boosted.weights),
            tree_output=outputs_of(boosted.trees, n_outputs, boosted.n_parallel),
            feature_names=getattr(self, "feature_names_in_", None),
        )

    def _predict(
        self, X: Any, output_margin: bool, validate_features: bool, base_margin: Any, iteration_range: Any
    ) -> NDArray[np.float32]:
        """Margins, or what they are the link of; shape (n_samples, n_outputs), float32."""
        X = self._check_X(X, validate_features)
        ensemble = self._trees_of(iteration_range)
        start = checked_margin(base_margin, X.shape[0], ensemble.n_outputs, "base_margin")
        margin = ensemble.margin(X, self._n_threads(), start=start)
        return margin if output_margin else predicted(margin, self._objective, ensemble.link)


def positive_rows(sample_weight: NDArray[np.float32] | None) -> Rows:
    """Rows that count: a row of weight zero is as good as not there."""
    if sample_weight is None or np.all(sample_weight > 0):
        return slice(None)
    return sample_weight > 0


def _is_one_of(value: Any, accepted: tuple[Any, ...]) -> bool:
    """Whether a parameter is one of the accepted ones; an array is none of them."""
    return any(value is a or (isinstance(value, str | int | float) and value == a) for a in accepted)
