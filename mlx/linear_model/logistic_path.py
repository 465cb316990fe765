"""A path of logistic regressions: one for each strength of the penalty, each begun where the last one ended.

Cross-validation fits a path on all folds but one, and scores its models on that one, for each fold and each share of
the length in the penalty.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, make_scorer
from sklearn.utils.validation import _check_method_params

from ..numeric.threads import one_blas_thread, run_tasks
from .logistic import LogisticRegression
from .logistic_fit import LogisticFit, fit_logistic

__all__ = ["Choice", "Paths", "cross_validated_paths", "logistic_path", "scorer_with_labels", "split_intercept"]

Array = NDArray[np.floating]


class Paths(NamedTuple):
    """Models of every fold, share of the length and strength.

    Attributes
    ----------
    coefficients : ndarray of shape (n_folds, n_l1_ratios, n_cs, K, n_dof)
        The intercept last, if there is one.
    scores : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        On the rows that the models have not seen.
    n_iter : ndarray of int32, shape (n_folds, n_l1_ratios, n_cs)
    n_unfinished : int
        Models that took `max_iter` iterations in vain.
    """

    coefficients: Array
    scores: Array
    n_iter: NDArray[np.int32]
    n_unfinished: int


class Choice(NamedTuple):
    """What cross-validation chose.

    Attributes
    ----------
    C : float
    l1_ratio : float or None
    coefficients : ndarray of shape (K, p)
    intercepts : ndarray of shape (K,)
    unfinished : bool
        Whether `max_iter` iterations were not enough for it.
    """

    C: float
    l1_ratio: float | None
    coefficients: Array
    intercepts: Array
    unfinished: bool


def split_intercept(W: Array, fit_intercept: bool) -> tuple[Array, Array]:
    """Coefficients and intercepts of a model in a path; zeros where it has none."""
    return (W[:, :-1], W[:, -1]) if fit_intercept else (W, np.zeros(len(W)))


def logistic_path(
    X: Any,
    codes: NDArray[np.int64],
    weights: Array | None,
    Cs: Any,
    *,
    start: tuple[Array, Array] | None = None,
    **settings: Any,
) -> list[LogisticFit]:
    """One fit for each C, in their order, each begun where the last one ended; settings as for `fit_logistic`."""
    fits = []
    for C in Cs:
        fits.append(fit_logistic(X, codes, weights, C=float(C), start=start, **settings))
        start = (fits[-1].coefficients, fits[-1].intercepts)
    return fits


def check_weights_of_folds(sample_weight: Array, folds: Sequence[tuple[NDArray, NDArray]]) -> None:
    """Raise ValueError if nothing that a fold learns from, or is scored on, has weight."""
    for number, (train, test) in enumerate(folds, start=1):
        for rows, purpose in ((train, "would learn from"), (test, "would be scored on")):
            if not sample_weight[rows].any():
                raise ValueError(f"sample_weight is 0 for all rows that fold {number} of {len(folds)} {purpose}")


def scorer_with_labels(scoring: Any, classes: NDArray) -> Any:
    """The scorer of a name, told of all classes if it asks for labels: a fold need not have all of them."""
    scorer = get_scorer(scoring)
    if scorer is None or not hasattr(scorer, "_score_func"):
        return scorer
    asked = inspect.signature(scorer._score_func).parameters
    if "labels" not in asked:
        return scorer
    told = {"labels": classes}
    if len(classes) <= 2 and "pos_label" in asked:
        told["pos_label"] = classes[-1]
    return make_scorer(
        scorer._score_func,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        **told,
        **getattr(scorer, "_kwargs", {}),
    )


def cross_validated_paths(
    X: Any,
    y: NDArray,
    codes: NDArray[np.int64],
    weights: Array | None,
    *,
    classes: NDArray,
    folds: Sequence[tuple[NDArray, NDArray]],
    Cs: Array,
    l1_ratios: Sequence[float],
    scoring: Any,
    score_params: Mapping[str, Any],
    n_threads: int,
    **settings: Any,
) -> Paths:
    """Paths of all folds and shares, in threads; the same bits for any number of them.

    Parameters
    ----------
    X, y, codes, weights
        All rows, their labels, class codes and weights (of the classes included).
    classes : ndarray of shape (n_classes,)
    folds : sequence of tuple of ndarray of int
        Rows to fit, rows to score.
    Cs : ndarray of shape (n_cs,)
    l1_ratios : sequence of float
    scoring : str, callable or None
        None is the accuracy.
    score_params : mapping
        Arguments of the scorer; those with one entry for each row are cut to the fold.
    n_threads : int
    **settings
        As for `fit_logistic`.
    """
    scorer = scorer_with_labels(scoring, classes)

    def one_path(task: tuple[int, float]) -> tuple[list[LogisticFit], list[float]]:
        (train, test), l1_ratio = folds[task[0]], task[1]
        seen = None if weights is None else weights[train]
        fits = logistic_path(X[train], codes[train], seen, Cs, n_classes=len(classes), l1_ratio=l1_ratio, **settings)
        score = _score_on(X, y, test, scorer, score_params)
        return fits, [score(_model(fit, classes, float(C))) for fit, C in zip(fits, Cs, strict=True)]

    tasks = [(fold, l1_ratio) for fold in range(len(folds)) for l1_ratio in l1_ratios]
    with one_blas_thread():  # BLAS adds in another order on other numbers of threads
        done = run_tasks(one_path, tasks, n_threads)
    shape = (len(folds), len(l1_ratios), len(Cs))
    all_fits = [fit for fits, _ in done for fit in fits]
    coefficients = np.stack([_with_intercept(fit, settings["fit_intercept"]) for fit in all_fits])
    return Paths(
        coefficients.reshape(*shape, *coefficients.shape[1:]),
        np.array([scores for _, scores in done]).reshape(shape),
        np.array([fit.n_iter for fit in all_fits], dtype=np.int32).reshape(shape),
        sum(not fit.converged for fit in all_fits),
    )


def _with_intercept(fit: LogisticFit, fit_intercept: bool) -> Array:
    return np.column_stack([fit.coefficients, fit.intercepts]) if fit_intercept else fit.coefficients


def _model(fit: LogisticFit, classes: NDArray, C: float) -> LogisticRegression:
    model = LogisticRegression(C=C)
    model.classes_, model.coef_, model.intercept_ = classes, fit.coefficients, fit.intercepts
    return model


def _score_on(
    X: Any, y: NDArray, rows: NDArray, scorer: Any, score_params: Mapping[str, Any]
) -> Callable[[LogisticRegression], float]:
    """Score of a model on some rows."""
    params = _check_method_params(X, params=dict(score_params), indices=rows)
    X, y = X[rows], y[rows]
    if scorer is None:
        return lambda model: float(model.score(X, y, sample_weight=params.get("sample_weight")))
    return lambda model: float(scorer(model, X, y, **params))
