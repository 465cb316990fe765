"""Preparation turns a table's columns into the matrix that a model takes, fitted on the training rows of a fold.

Two matrices are made, and both sides of a comparison get the same one:

``"columns"``
    For trees: the columns as they are. Categories are codes in the order of their texts, missing values stay nan; a
    level that the training rows do not hold is missing.
``"dense"``
    For linear models, networks and PCA: missing numbers become the column's median, with an indicator column beside
    them; numbers are brought to mean 0 and variance 1; categories become one 0/1 column per level. The most frequent
    level has none (it is the case of all zeros, so that the columns are independent beside an intercept), missing is
    a level of its own, and the levels past the `MOST_LEVELS` most frequent share one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MATRICES", "Preparation", "fit_preparation"]

Matrix = NDArray[np.float64]

MATRICES = ("columns", "dense")

# A level rarer than the twentieth gets no column of its own: it would be zero nearly everywhere.
MOST_LEVELS = 20


class NumberColumn(NamedTuple):
    """How one column of numbers is imputed and scaled."""

    median: float
    mean: float
    scale: float
    has_missing: bool


class CategoryColumn(NamedTuple):
    """Which codes the training rows hold, and which of them get a column."""

    seen: NDArray[np.bool_]
    own_column: tuple[int, ...]
    reference: int
    shared_column: bool
    has_missing: bool


class Preparation(NamedTuple):
    """What was learned of the training rows, one entry per column of the table."""

    fitted: tuple[NumberColumn | CategoryColumn, ...]

    def columns(self, X: Matrix) -> Matrix:
        """Matrix for trees, of the table's shape (n_rows, n_columns)."""
        out = X.copy()
        for j, column in enumerate(self.fitted):
            if isinstance(column, CategoryColumn):
                out[~_is_seen(column, X[:, j]), j] = np.nan
        return out

    def dense(self, X: Matrix) -> Matrix:
        """Matrix without missing values, of shape (n_rows, n_dense_columns)."""
        parts: list[Matrix] = []
        for j, column in enumerate(self.fitted):
            if isinstance(column, CategoryColumn):
                parts += _one_hot(column, X[:, j])
            else:
                missing = np.isnan(X[:, j])
                parts.append((np.where(missing, column.median, X[:, j]) - column.mean) / column.scale)
                if column.has_missing:
                    parts.append(missing.astype(np.float64))
        return np.column_stack(parts) if parts else np.empty((len(X), 0))

    def matrix(self, kind: str, X: Matrix) -> Matrix:
        """The matrix of a kind that `MATRICES` names."""
        return self.columns(X) if kind == "columns" else self.dense(X)


def fit_preparation(X: Matrix, levels: Mapping[int, tuple[str, ...]]) -> Preparation:
    """Learn medians, scales and levels from the training rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Training rows of a `Table`.
    levels : mapping of int to tuple of str
        Levels of its categorical columns, by index.

    Returns
    -------
    Preparation
    """
    return Preparation(
        tuple(
            _fit_categories(X[:, j], len(levels[j])) if j in levels else _fit_numbers(X[:, j])
            for j in range(X.shape[1])
        )
    )


def _fit_numbers(values: Matrix) -> NumberColumn:
    missing = np.isnan(values)
    median = 0.0 if missing.all() else float(np.median(values[~missing]))
    filled = np.where(missing, median, values)
    if np.ptp(filled) == 0:
        # By the formulas 0.1, 0.1, ... has a deviation of 3e-17, by which another value in the test rows is divided.
        return NumberColumn(median, median, 1.0, bool(missing.any()))
    return NumberColumn(median, float(filled.mean()), float(filled.std()), bool(missing.any()))


def _fit_categories(codes: Matrix, n_levels: int) -> CategoryColumn:
    present = codes[~np.isnan(codes)].astype(np.int64)
    counts = np.bincount(present, minlength=n_levels)
    seen = counts > 0
    by_frequency = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    reference = by_frequency[0] if by_frequency else -1
    own, shared = by_frequency[1:MOST_LEVELS], by_frequency[MOST_LEVELS:]
    return CategoryColumn(seen, tuple(sorted(own)), reference, bool(shared), len(present) < len(codes))


def _is_seen(column: CategoryColumn, codes: Matrix) -> NDArray[np.bool_]:
    missing = np.isnan(codes)
    return column.seen[np.where(missing, 0, codes).astype(np.int64)] & ~missing


def _one_hot(column: CategoryColumn, codes: Matrix) -> list[Matrix]:
    """0/1 columns of a category; an unseen level is all zeros, as the most frequent one."""
    parts = [(codes == code).astype(np.float64) for code in column.own_column]
    if column.shared_column:
        named = np.isin(codes, [*column.own_column, column.reference])
        parts.append((_is_seen(column, codes) & ~named).astype(np.float64))
    if column.has_missing:
        parts.append(np.isnan(codes).astype(np.float64))
    return parts
