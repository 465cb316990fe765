"""Filling missing values in before trees are grown: by the column, or by the rows that a forest holds to be near.

The two ways of Breiman & Cutler:

``strategy="median"``
    The median of the column; of a column of categories, the most frequent one.
``strategy="proximity"``
    Begin with that. Grow a forest on the filled table; fill each missing value with the average over the other rows,
    weighted by proximity (`mlx.ensemble.proximity_fill`), or with the category of the largest weight; and again, until
    the fills settle::

        fill by median -> grow a forest -> who shares leaves with whom -> fill by proximity
                              ^                                                  |
                              +---------------- not yet settled -----------------+

Trees also know missing values themselves (NaN in `X`), without any fill.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import FLOAT_DTYPES, check_is_fitted

from ..tree.decision_tree import LARGEST_SEED
from ..validation import validate_data
from .forest_classifier import RandomForestClassifier
from .forest_regressor import RandomForestRegressor
from .proximity_fill import proximity_average, proximity_mode

__all__ = ["ForestImputer"]


class ForestImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Fills missing values (NaN) by the median or mode of the column, or by proximity in a forest.

    Parameters
    ----------
    strategy : {'proximity', 'median'}, default='proximity'
        'median' takes the median of a column of numbers and the most frequent value of a column of categories.
        'proximity' begins with it and goes on with averages weighted by proximity; it needs `y`.
    estimator : forest, default=None
        Forest of this package, for 'proximity'; a copy of it is fitted in each round. None is a
        RandomForestRegressor if `y` is an array of floats, else a RandomForestClassifier.
    categorical_features : array-like of int, of bool, or of str, default=None
        Columns of categories, by number, as a mask, or by name. Their values are numbers too (codes).
    max_iter : int, default=10
        Most rounds of 'proximity'. Breiman and Cutler found 4 to 6 enough.
    tol : float, default=0.05
        The fills have settled if they change by no more than this in a round: root mean square over the missing
        numbers, in standard deviations of the column, and share of the missing categories.
    n_jobs : int, default=None
        Threads of the default forest, as there.
    random_state : int, RandomState instance or None, default=None
        Seed of the forest: the same in all rounds, so that fills can settle.

    Attributes
    ----------
    statistics_ : ndarray of shape (n_features,)
        Median, or most frequent value, of each column.
    estimator_ : forest
        The last forest, with 'proximity'.
    n_iter_ : int
        Rounds of 'proximity'; 1 if nothing was missing.
    changes_ : ndarray of shape (n_iter_,)
        How much the fills changed in each round, as `tol` measures it.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    ``fit_transform(X, y)`` gives the settled training table, and is what a pipeline calls. `transform` fills new rows,
    whose targets nobody knows: each begins at `statistics_`, goes down the last forest, and is filled from the training
    rows near it, until it has settled too, on its own. So a training row that comes back as a new one may be filled
    otherwise than it was.

    The targets help to fill the training rows: judge a model by rows that were held out before.

    References
    ----------
    L. Breiman, A. Cutler, "Random Forests", stat.berkeley.edu/~breiman/RandomForests: "Missing value replacement for
    the training set". Their first way takes the medians within the row's class, which new rows do not have.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.ensemble import ForestImputer
    >>> X = np.array([[1.0, 10.0], [1.2, np.nan], [1.1, 11.0], [5.0, 50.0], [5.2, np.nan], [5.1, 51.0]])
    >>> y = ["low", "low", "low", "high", "high", "high"]
    >>> ForestImputer("median").fit_transform(X)[[1, 4], 1]
    array([30.5, 30.5])
    >>> ForestImputer(random_state=0).fit_transform(X, y)[[1, 4], 1].round(1)
    array([11.7, 49.3])
    """

    _parameter_constraints: ClassVar[dict] = {
        "strategy": [StrOptions({"proximity", "median"})],
        "estimator": [HasMethods(["fit", "apply"]), None],
        "categorical_features": ["array-like", None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        strategy="proximity",
        *,
        estimator=None,
        categorical_features=None,
        max_iter=10,
        tol=0.05,
        n_jobs=None,
        random_state=None,
    ):
        self.strategy = strategy
        self.estimator = estimator
        self.categorical_features = categorical_features
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn from training rows how to fill.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN is missing. Each column needs a value.
        y : array-like of shape (n_samples,), default=None
            Targets; 'proximity' needs them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column has no value at all, `y` is not there, or `categorical_features` are no columns of `X`.
        """
        self.fit_transform(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y=None):
        """Fill the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN is missing. Each column needs a value.
        y : array-like of shape (n_samples,), default=None
            Targets; 'proximity' needs them.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            float32 if X is, else float64.

        Raises
        ------
        ValueError
            As `fit` does.
        """
        # The forest validates the targets.
        X = validate_data(self, X, dtype=FLOAT_DTYPES, ensure_all_finite="allow-nan", ensure_min_samples=1)
        missing = np.isnan(X)
        if missing.all(axis=0).any():
            raise ValueError(f"X: column {int(np.argmax(missing.all(axis=0)))} has no value at all")
        self._categorical = self._categories()
        statistics = [_mode(x) if own else np.nanmedian(x) for x, own in zip(X.T, self._categorical)]
        self.statistics_ = np.array(statistics, dtype=X.dtype)
        filled = np.where(missing, self.statistics_, X)
        if self.strategy == "median":
            return filled
        if y is None:
            raise ValueError("strategy='proximity' requires y to be passed, but the target y is None")
        # A column without spread has no fill but its value.
        spread = np.nanstd(X, axis=0, dtype=np.float64)
        self._scale = np.where(spread > 0, spread, 1.0)
        return self._settle(X, y, missing, filled)

    def transform(self, X):
        """Fill new rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN is missing.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            float32 if X is, else float64.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOAT_DTYPES, ensure_all_finite="allow-nan", reset=False)
        missing = np.isnan(X)
        filled = np.where(missing, self.statistics_.astype(X.dtype), X)
        if self.strategy == "median":
            return filled
        open_rows = np.flatnonzero(missing.any(axis=1))
        for _ in range(self.max_iter):
            if len(open_rows) == 0:
                break
            before, gaps = filled[open_rows], missing[open_rows]
            after = self._filled_by_proximity(before, gaps, self.estimator_.apply(before))
            filled[open_rows] = after
            open_rows = open_rows[self._change(before, after, gaps, axis=1) > self.tol]
        return filled

    def _settle(self, X: NDArray, y: Any, missing: NDArray[np.bool_], filled: NDArray) -> NDArray:
        """Fill by proximity in forests on the filled table, until it does not change."""
        seed = check_random_state(self.random_state).randint(LARGEST_SEED)
        self._training, changes = X, []
        while True:
            self.estimator_ = self._forest(y, seed).fit(filled, y)
            self._leaves = self.estimator_.apply(filled)
            before, filled = filled, self._filled_by_proximity(filled, missing, self._leaves)
            changes.append(float(self._change(before, filled, missing)))
            if changes[-1] <= self.tol:
                break
            if len(changes) == self.max_iter:
                warnings.warn(
                    f"The fills have not settled after max_iter={self.max_iter} rounds: they still change by "
                    f"{changes[-1]:.3g}, more than tol={self.tol}.",
                    ConvergenceWarning,
                    stacklevel=4,
                )
                break
        self.n_iter_, self.changes_ = len(changes), np.array(changes)
        return filled

    def _forest(self, y: Any, seed: int) -> Any:
        """The forest to be fitted."""
        if self.estimator is not None:
            forest = clone(self.estimator)
            return forest.set_params(random_state=seed) if "random_state" in forest.get_params() else forest
        kind = RandomForestRegressor if np.asarray(y).dtype.kind == "f" else RandomForestClassifier
        return kind(n_jobs=self.n_jobs, random_state=seed)

    def _filled_by_proximity(self, filled: NDArray, missing: NDArray[np.bool_], leaves: NDArray) -> NDArray:
        """The table with each missing value filled from the training rows; as it was where none of them is near."""
        renewed = filled.copy()
        for f in np.flatnonzero(missing.any(axis=0)):
            rows = np.flatnonzero(missing[:, f])
            fill: Callable[..., NDArray] = proximity_mode if self._categorical[f] else proximity_average
            values = fill(self._training[:, f], self._leaves, leaves[rows])
            renewed[rows, f] = np.where(np.isnan(values), filled[rows, f], values)
        return renewed

    def _change(self, before: NDArray, after: NDArray, missing: NDArray[np.bool_], axis: int | None = None) -> NDArray:
        """How much fills have changed, of all rows or (axis 1) of each: numbers or categories, whichever more."""
        numbers, categories = missing & ~self._categorical, missing & self._categorical
        steps = np.where(numbers, (after.astype(np.float64) - before) / self._scale, 0.0)
        moved = np.sqrt((steps**2).sum(axis=axis) / np.maximum(numbers.sum(axis=axis), 1))
        switched = ((before != after) & categories).sum(axis=axis) / np.maximum(categories.sum(axis=axis), 1)
        return np.maximum(moved, switched)

    def _categories(self) -> NDArray[np.bool_]:
        """Which columns hold categories."""
        is_category, n_features = np.zeros(self.n_features_in_, dtype=bool), self.n_features_in_
        if self.categorical_features is None:
            return is_category
        columns = np.asarray(self.categorical_features)
        if columns.dtype.kind in "OU":
            names = list(getattr(self, "feature_names_in_", []))
            unknown = [name for name in columns.tolist() if name not in names]
            if unknown:
                raise ValueError(f"categorical_features: X has no column named {unknown[0]!r}")
            columns = np.array([names.index(name) for name in columns.tolist()], dtype=int)
        is_mask = columns.dtype.kind == "b" and columns.shape == (n_features,)
        if columns.size == 0 or is_mask:
            is_category[columns.astype(bool) if is_mask else slice(0)] = True
        elif columns.dtype.kind in "iu" and columns.ndim == 1 and np.all((columns >= 0) & (columns < n_features)):
            is_category[columns] = True
        else:
            raise ValueError(
                f"categorical_features={self.categorical_features!r} must be numbers of columns from 0 to "
                f"{n_features - 1}, their names, or {n_features} booleans"
            )
        return is_category

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = self.strategy == "proximity"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _mode(values: NDArray) -> Any:
    """Most frequent of the values that are there, the smallest of equally frequent ones."""
    found, count = np.unique(values[~np.isnan(values)], return_counts=True)
    return found[np.argmax(count)]
