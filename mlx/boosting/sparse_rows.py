"""Sparse rows store what is there; a stored zero is a value, and what is not stored is missing, as in xgboost."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["stored_values"]


def stored_values(X: Any, missing: float) -> Any:
    """Rows as trees are grown on them: sorted, each column at most once, nothing stored that is missing.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix or csr_array of float32, shape (n_samples, n_features)
        Values that stand at one place are added, as scipy does. X itself is not changed.
    missing : float
        Value that stands for a missing one; NaN always does.

    Returns
    -------
    csr_matrix or csr_array of float32
        X itself where nothing was to be done.

    Raises
    ------
    ValueError
        If a value that is not missing is infinite.
    """
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    is_missing = np.isnan(X.data) | (X.data == np.float32(missing))
    if is_missing.any():
        stored_before = np.concatenate([[0], np.cumsum(~is_missing)])
        kept = (X.data[~is_missing], X.indices[~is_missing], stored_before[X.indptr])
        X = type(X)(kept, shape=X.shape)
    if np.isinf(X.data).any():
        raise ValueError("X: has infinite values")
    return X
