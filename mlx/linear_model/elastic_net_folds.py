"""Folds of a cross-validation of the elastic net: their problems, and the errors of their paths on the rows left out.

Where every row is left out exactly once, as k folds do it, the Gram matrices of all training parts come from one pass
over the rows instead of k: with G_i and m_i of the rows of fold i, centred about one origin for all (the mean of all
rows), the training part of fold k has, N rows in all::

    m = Σ_{i≠k} n_i m_i / N,    G = Σ_{i≠k} G_i - N m mᵀ

Matrices of other folds are added, never taken from the sum of all: a difference would leave rounding where a column is
constant in the training part. Subtracting N m mᵀ is harmless, because the training part's mean is near the origin.

Formula of pooled moments: T. Chan, G. Golub & R. LeVeque, "Algorithms for computing the sample variance", The American
Statistician 37 (1983), equation 2.1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.linalg import centred_blocks, column_means
from .elastic_net_path import PathFit, SolverSettings, fit_path
from .elastic_net_problem import Problem, Rows, gram_problems, problems_for, rows_of, wants_gram

__all__ = ["Fold", "folds_of", "squared_errors"]

Array = NDArray[np.floating]


class Fold(NamedTuple):
    """Rows to learn from and rows to be judged by.

    Attributes
    ----------
    train, test : ndarray of int
    rows : Rows or None
        Means of the training part; None until the fold is worked on.
    problem : Problem or None
        Of the training part; None until the fold is worked on.
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    rows: Rows | None = None
    problem: Problem | None = None


class Moments(NamedTuple):
    """Sums over some rows, about one origin: weight, Σ s z, Σ s z zᵀ for z = (x, y)."""

    weight: float
    total: Array
    gram: Array


def folds_of(
    X: Any, y: Array, weights: Array | None, splits: list[tuple[Any, Any]], *, fit_intercept: bool, precompute: Any
) -> list[Fold]:
    """Folds, with their problems where these come from one pass over the rows.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    y : ndarray of shape (n,)
    weights : ndarray of shape (n,) or None
    splits : list of (train, test)
        Row numbers, or masks.
    fit_intercept : bool
    precompute : 'auto' or bool
        As in `ElasticNetCV`.
    """
    folds = [Fold(_row_numbers(train), _row_numbers(test)) for train, test in splits]
    for number, fold in enumerate(folds):
        if weights is not None and weights[fold.train].sum() == 0.0:
            raise ValueError(f"sample_weight is 0 for all rows that fold {number + 1} of {len(folds)} would learn from")
    if sparse.issparse(X) or not wants_gram(X.shape, len(folds)) or not _is_partition(folds, len(y)):
        return folds
    z_mean = np.append(column_means(X), y.astype(np.float64).mean()) if fit_intercept else np.zeros(X.shape[1] + 1)
    parts = [_moments(X, y, weights, fold.test, z_mean) for fold in folds]
    return [
        _with_problem(fold, [part for i, part in enumerate(parts) if i != k], z_mean, fit_intercept, X.dtype)
        for k, fold in enumerate(folds)
    ]


def prepared(
    fold: Fold, X: Any, y: Array, weights: Array | None, n_alphas: int, *, fit_intercept: bool, precompute: Any
) -> Fold:
    """The fold with its problem."""
    if fold.problem is not None:
        return fold
    part = None if weights is None else weights[fold.train]
    rows = rows_of(X[fold.train], y[fold.train, None], part, fit_intercept)
    gram = precompute if isinstance(precompute, str | bool | np.bool_) else "auto"
    (problem,) = problems_for(rows, n_alphas, gram, overwrite_X=True)
    return fold._replace(rows=rows, problem=problem)


def squared_errors(
    fold: Fold, X: Any, y: Array, weights: Array | None, alphas: Array, l1_ratio: float, settings: SolverSettings
) -> tuple[Array, PathFit]:
    """Mean squared error of each solution of the path on the rows left out, shape (n_alphas,), and the path.

    NaN if the rows that are left out have no weight.

    Parameters
    ----------
    fold : Fold
        `prepared`.
    X, y, weights
        All rows.
    alphas, l1_ratio, settings
        As in `fit_path`.
    """
    assert fold.problem is not None and fold.rows is not None
    fit = fit_path(fold.problem, alphas, l1_ratio, settings)
    intercepts = fold.rows.y_mean[0] - fold.rows.x_mean @ fit.coefs
    # In the dtype of X: a float64 copy of the rows would cost more than the product.
    predictions = X[fold.test] @ fit.coefs.astype(X.dtype)
    residuals = predictions.astype(np.float64) + intercepts - y[fold.test, None]
    weight = np.ones(len(fold.test)) if weights is None else weights[fold.test].astype(np.float64)
    if weight.sum() == 0.0:  # rows that count for nothing judge nothing
        return np.full(len(alphas), np.nan), fit
    return weight @ np.square(residuals) / weight.sum(), fit


def _row_numbers(rows: Any) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)


def _is_partition(folds: list[Fold], n: int) -> bool:
    """Whether every row is left out exactly once, and learned from in all other folds, once."""
    left_out = np.bincount(np.concatenate([fold.test for fold in folds]), minlength=n)
    if (left_out != 1).any():
        return False
    return all((np.bincount(np.append(fold.train, fold.test), minlength=n) == 1).all() for fold in folds)


def _moments(X: Any, y: Array, weights: Array | None, rows: NDArray[np.intp], z_mean: Array) -> Moments:
    """Sums over these rows, in one pass."""
    p = X.shape[1]
    gram, total = np.zeros((p + 1, p + 1)), np.zeros(p + 1)
    roots = np.ones(len(rows)) if weights is None else np.sqrt(weights[rows].astype(np.float64))
    targets = (y[rows].astype(np.float64) - z_mean[p]) * roots
    for block_rows, block in centred_blocks(X[rows], z_mean[:p], None if weights is None else roots):
        xy = block.T @ targets[block_rows]
        gram[:p, :p] += block.T @ block
        gram[:p, p] += xy
        total[:p] += roots[block_rows] @ block
    gram[p, :p] = gram[:p, p]
    gram[p, p], total[p] = targets @ targets, roots @ targets
    return Moments(float(np.square(roots).sum()), total, gram)


def _with_problem(fold: Fold, parts: list[Moments], z_mean: Array, fit_intercept: bool, dtype: Any) -> Fold:
    """The fold with the problem that the sums of the other folds' rows make."""
    n, p = len(fold.train), len(z_mean) - 1
    weight = sum(part.weight for part in parts)
    gram = sum((part.gram for part in parts), np.zeros((p + 1, p + 1)))
    mean = sum((part.total for part in parts), np.zeros(p + 1)) / weight
    if fit_intercept:
        gram -= weight * np.outer(mean, mean)
        mean += z_mean
    else:
        mean[:] = 0.0
    gram *= n / weight
    # The rows themselves are not needed any more; their number, dtype and means are.
    rows = Rows(np.empty((0, p), dtype=dtype), np.empty((n, 0)), None, mean[:p], mean[p:])
    problem = gram_problems(rows, np.ascontiguousarray(gram[:p, :p]), gram[:p, p:], yy=gram[p, p:])[0]
    return fold._replace(rows=rows, problem=problem)
