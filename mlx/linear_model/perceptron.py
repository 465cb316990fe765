"""The perceptron: a plane between two classes, turned towards each row that lies on its wrong side.

Formula: `perceptron_epoch` states the rule. Epochs follow each other until the mean loss max(0, -y f) (with the
penalty, if there is one) has not fallen by `tol` for `n_iter_no_change` epochs, or, with `early_stopping`, until the
share of right answers on rows that were set aside has not risen. More than two classes: one plane for each class
against all others. Where classes can be separated the rule stops to turn after finitely many steps (Novikoff 1962);
where they cannot it never does, and where it stands when the epochs end depends on the order of the rows.

References: F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the
brain", Psychological Review 65 (1958); T. Hastie, R. Tibshirani & J. Friedman, The Elements of Statistical Learning,
2nd ed., section 4.5.1.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets

from ..numeric.threads import resolve_n_jobs, run_tasks
from ..validation import check_sample_weight, naming, validate_data
from .linear_classifier import LinearClassifierMixin

__all__ = ["Perceptron"]

# Seeds are drawn below this, where scikit-learn draws them.
LARGEST_SEED = 2**31 - 1


class Plane(NamedTuple):
    """One class against the others, fitted.

    Attributes
    ----------
    w : ndarray of shape (p,)
    b : float
    n_iter : int
        Epochs.
    """

    w: NDArray
    b: float
    n_iter: int


class Perceptron(LinearClassifierMixin, BaseEstimator):
    """Rosenblatt's perceptron, with scikit-learn's parameters, attributes and, for one seed, coefficients.

    Parameters
    ----------
    penalty : {'l2', 'l1', 'elasticnet'}, default=None
        Penalty on the coefficients, taken after each row.
    alpha : float, default=0.0001
        Strength of the penalty.
    l1_ratio : float, default=0.15
        Share of the length in the penalty 'elasticnet'; the rest is of half the squared length.
    fit_intercept : bool, default=True
        Whether the plane has an intercept. On sparse rows it moves by a hundredth of its step.
    max_iter : int, default=1000
        Most epochs of `fit`.
    tol : float, default=1e-3
        Least fall of the mean loss (rise of the score, with `early_stopping`) that counts as one; None to take all
        `max_iter` epochs.
    shuffle : bool, default=True
        Whether rows come in another order in each epoch.
    verbose : int, default=0
        If positive, prints each epoch's loss.
    eta0 : float, default=1
        Size of the steps.
    n_jobs : int, default=None
        Threads, for more than two classes. The result is the same for any number.
    random_state : int, RandomState instance or None, default=0
        Seed of the orders and of the rows set aside.
    early_stopping : bool, default=False
        Whether rows are set aside to say when to stop.
    validation_fraction : float, default=0.1
        Share of the rows that is set aside.
    n_iter_no_change : int, default=5
        Epochs without a fall of the loss (rise of the score) after which to stop.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, multiplied with `sample_weight`. 'balanced' gives every class the same total weight.
    warm_start : bool, default=False
        Whether `fit` begins with the coefficients of the last `fit`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, in the dtype of `X`. One row for two classes: the score of the second.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    n_iter_ : int
        Epochs; the most that any class took.
    t_ : float
        1 and the number of rows seen.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all are text.

    Notes
    -----
    With `early_stopping` and a penalty that shrinks the coefficients, the rows set aside are judged, as in
    scikit-learn, by coefficients that the shrinking of the epoch has not reached yet: all signs are right, but
    the intercept weighs less than it will. Weights that are negative are refused, which scikit-learn accepts.

    References
    ----------
    F. Rosenblatt, "The perceptron", Psychological Review 65 (1958).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from mlx.linear_model import Perceptron
    >>> X, y = load_digits(return_X_y=True)
    >>> round(Perceptron().fit(X, y).score(X, y), 3)
    0.939
    """

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions({"l2", "l1", "elasticnet"}), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "eta0": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        *,
        penalty=None,
        alpha=0.0001,
        l1_ratio=0.15,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-3,
        shuffle=True,
        verbose=0,
        eta0=1.0,
        n_jobs=None,
        random_state=0,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        class_weight=None,
        warm_start=False,
    ):
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.eta0 = eta0
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, coef_init=None, intercept_init=None, sample_weight=None):
        """Fit the planes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, float32 or float64 (other types become float64).
        y : array-like of shape (n_samples,)
            Labels of any sortable kind, at least two of them.
        coef_init : array-like of shape (1, n_features) or (n_classes, n_features), optional
            Coefficients to begin with, zeros by default.
        intercept_init : array-like of shape (1,) or (n_classes,), optional
            Intercepts to begin with, zeros by default.
        sample_weight : array-like of shape (n_samples,), optional
            Nonnegative weights: factors of the rows' steps.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If an argument or a parameter is not what it must be, or if coefficients overflow.

        Warns
        -----
        ConvergenceWarning
            If the loss was still falling after `max_iter` epochs.
        """
        y = validate_data(self, y=y)
        started = self.warm_start and hasattr(self, "coef_")
        if started:
            self.densify()
            coef_init = self.coef_ if coef_init is None else coef_init
            intercept_init = self.intercept_ if intercept_init is None else intercept_init
        X, y = self._table(X, y, reset=True)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(
                f"The number of classes in y has to be greater than one; got {len(self.classes_)} class: y contains "
                f"only {self.classes_[0]!r}"
            )
        self.t_ = 1.0
        self._start(X, coef_init, intercept_init)
        self._run(X, y, sample_weight, self.max_iter)
        if self.tol is not None and self.n_iter_ == self.max_iter:
            warnings.warn(
                f"Perceptron took max_iter={self.max_iter} epochs, and the loss had not stopped to fall; increase "
                "max_iter",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take one epoch over some rows, from where the last call ended.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,), optional
            All labels that calls will bring, needed in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            Nonnegative weights.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit` does; if the first call has no `classes`; if `early_stopping` is set, or `class_weight` is
            'balanced', which needs all rows at once.
        """
        first = not hasattr(self, "classes_")
        if first and self.early_stopping:
            raise ValueError("early_stopping should be False with partial_fit")
        if first and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit: it needs all rows at once; give the weights "
                "of the classes as a dict"
            )
        X, y = self._table(X, y, reset=first)
        _check_partial_fit_first_call(self, classes)
        if len(self.classes_) < 2:
            raise ValueError(f"The number of classes has to be greater than one; got {len(self.classes_)} class")
        if getattr(self, "coef_", None) is None:
            self.t_ = 1.0
            self._start(X, None, None)
        return self._run(X, y, sample_weight, 1)

    def _table(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            accept_large_sparse=False,
            reset=reset,
        )
        with naming("y"):
            check_classification_targets(y)
        return X, y

    def _start(self, X: Any, coef_init: Any, intercept_init: Any) -> None:
        """Set `coef_` and `intercept_` to zeros or to copies of what was given."""
        n_outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        shape = (n_outputs, X.shape[1])
        self.coef_, self.intercept_ = np.zeros(shape, X.dtype), np.zeros(n_outputs, X.dtype)
        for name, init, target in (
            ("coef_init", coef_init, self.coef_),
            ("intercept_init", intercept_init, self.intercept_),
        ):
            if init is not None:
                init = np.asarray(init, dtype=X.dtype)
                if init.size != target.size or (n_outputs > 1 and init.shape != target.shape):
                    raise ValueError(f"{name} has shape {init.shape}, the data need {target.shape}")
                target[:] = init.reshape(target.shape)

    def _run(self, X: Any, y: NDArray, sample_weight: Any, max_iter: int) -> Perceptron:
        """Fit the planes from `coef_` and `intercept_` on."""
        by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        if self.early_stopping and sample_weight is not None and not np.any(sample_weight):
            raise ValueError("The sample weights for validation set are all zero: sample_weight has no other entry")
        weights = check_sample_weight(sample_weight, X, dtype=X.dtype)
        if weights is None:
            weights = np.ones(X.shape[0], X.dtype)
        if len(self.classes_) == 2:
            plane = self._fit_plane(X, y, weights, 1, by_class[1], by_class[0], None, self.random_state, max_iter)
            planes = [plane]
        else:
            held_out = self._held_out(y, weights)
            seeds = check_random_state(self.random_state).randint(LARGEST_SEED, size=len(self.classes_))

            def fit_class(k: int) -> Plane:
                return self._fit_plane(X, y, weights, k, by_class[k], 1.0, held_out, seeds[k], max_iter)

            planes = run_tasks(fit_class, range(len(seeds)), resolve_n_jobs(self.n_jobs))
        self.coef_ = np.stack([plane.w for plane in planes])
        # For two classes the library keeps the float64 that the rule adds up.
        dtype = np.float64 if len(planes) == 1 else X.dtype
        self.intercept_ = np.array([plane.b for plane in planes], dtype=dtype)
        self.n_iter_ = max(plane.n_iter for plane in planes)
        self.t_ += self.n_iter_ * X.shape[0]
        return self

    def _held_out(self, y: NDArray, weights: NDArray) -> NDArray[np.bool_]:
        """Which rows are set aside: none without `early_stopping`."""
        held_out = np.zeros(len(y), dtype=np.bool_)
        if self.early_stopping:
            splitter = StratifiedShuffleSplit(test_size=self.validation_fraction, random_state=self.random_state)
            _, aside = next(splitter.split(np.zeros((len(y), 1)), y))
            if not weights[aside].any():
                raise ValueError(
                    "The sample weights for validation set are all zero: sample_weight leaves nothing to judge by; try "
                    "another random_state"
                )
            held_out[aside] = True
        return held_out

    def _fit_plane(
        self,
        X: Any,
        y: NDArray,
        weights: NDArray,
        k: int,
        weight_above: float,
        weight_below: float,
        held_out: NDArray[np.bool_] | None,
        seed: Any,
        max_iter: int,
    ) -> Plane:
        """Class k against the others. The numbers are drawn where scikit-learn draws them."""
        from .perceptron_epoch import Stopping, epoch_state, rows_of, run_epochs  # loads Numba

        signs = np.where(y == self.classes_[k], 1.0, -1.0).astype(X.dtype)
        random = check_random_state(seed)
        random.randint(1, LARGEST_SEED)  # seeds what scikit-learn's table could draw rows with; nothing does
        if held_out is None:
            held_out = self._held_out(signs, weights)
        row = 0 if len(self.classes_) == 2 else k
        w = self.coef_[row].astype(X.dtype)
        state = epoch_state(
            w,
            self.intercept_[row],
            sparse_rows=sparse.issparse(X),
            eta=self.eta0,
            penalty=self.penalty,
            alpha=self.alpha,
            l1_ratio=self.l1_ratio,
            fit_intercept=self.fit_intercept,
            weight_above=weight_above,
            weight_below=weight_below,
        )
        rows = rows_of(X, signs, weights, held_out)
        stopping = Stopping(
            max_iter, self.tol, self.n_iter_no_change, self.early_stopping, self.shuffle, self.verbose > 0
        )
        n_iter = run_epochs(X, rows, w, state, random.randint(LARGEST_SEED), stopping)
        return Plane(w * w.dtype.type(state["scale"][0]), float(state["intercept"][0]), n_iter)
