"""Validation turns what a user passes into arrays of a known shape, or says which argument is wrong.

The checks are scikit-learn's (`check_array`, `validate_data`); what stands here are the texts of errors that
scikit-learn has no need of, and the refusal of parameters that a peer has and this package does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_array

__all__ = ["check_background", "check_sample_weight", "column_names", "refuse_unsupported"]


def check_sample_weight(sample_weight: Any, X: np.ndarray, *, dtype: Any = np.float64) -> np.ndarray | None:
    """Validated weights of shape (n_samples,), or None if none were given.

    Raises
    ------
    ValueError
        If `sample_weight` has another length than X, is not one-dimensional, has NaN, inf or negative
        entries, or is zero everywhere.
    """
    if sample_weight is None:
        return None
    return _check_sample_weight(sample_weight, X, dtype=dtype, ensure_non_negative=True, ensure_same_device=False)


def check_background(data: Any, name: str = "data", *, allow_nan: bool = False) -> np.ndarray:
    """Background rows of an explainer as float64 of shape (n_rows, n_features); errors call them `name`."""
    return check_array(data, dtype=np.float64, ensure_all_finite="allow-nan" if allow_nan else True, input_name=name)


def column_names(X: Any) -> list[str] | None:
    """Names of the columns of a data frame, or None for an array (or a frame with names that are not text)."""
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = list(columns)
    return names if all(isinstance(name, str) for name in names) else None


def refuse_unsupported(owner: Any, defaults: Mapping[str, Any], hints: Mapping[str, str] | None = None) -> None:
    """Raise for each parameter that the peer has, this class has not, and the user has set.

    A parameter that is accepted and ignored would be a silent lie about the model.

    Parameters
    ----------
    owner : object
        Estimator whose attributes are the parameters.
    defaults : mapping of str to object
        Parameters not supported, with the only value that is accepted.
    hints : mapping of str to str, optional
        What to do instead, by parameter.

    Raises
    ------
    NotImplementedError
        Naming the parameter.
    """
    for name, default in defaults.items():
        value = getattr(owner, name)
        if not _same(value, default):
            hint = f" {hints[name]}" if hints and name in hints else ""
            raise NotImplementedError(
                f"{type(owner).__name__}: parameter {name}={value!r} is not supported; leave it at {default!r}.{hint}"
            )


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    if isinstance(value, float) and isinstance(default, float) and np.isnan(value) and np.isnan(default):
        return True
    return isinstance(value, str | int | float | bool) and type(value) is type(default) and value == default
