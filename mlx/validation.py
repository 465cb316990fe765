"""Validation turns what a user passes into arrays of a known shape, or says which argument is wrong.

The checks are scikit-learn's (`check_array`, `validate_data`); what stands here adds the name of the argument where
scikit-learn's text leaves it out ("Expected 2D array, got 1D array instead"), and refuses the parameters that a peer
has and this package does not.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import sklearn.utils.validation
from sklearn.utils.validation import _check_sample_weight, check_array

__all__ = ["check_sample_weight", "column_names", "naming", "refuse_unsupported", "validate_data"]

NOT_GIVEN = "no_validation"  # scikit-learn's word for an argument that is not validated

# Options that change nothing in an array of floats which fits them; others are left to scikit-learn.
UNDEMANDING = {
    "accept_large_sparse",
    "accept_sparse",
    "dtype",
    "ensure_all_finite",
    "ensure_min_samples",
    "force_writeable",
    "multi_output",
    "reset",
    "y_numeric",
}
FLOATS = (np.float64, np.float32)


def validate_data(estimator: Any, /, X: Any = NOT_GIVEN, y: Any = NOT_GIVEN, **options: Any) -> Any:
    """`sklearn.utils.validation.validate_data`, whose errors say whether X or y is wrong.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and `feature_names_in_`, or is compared with them if ``reset=False``.
    X : array-like of shape (n_samples, n_features)
        Table.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        Targets.
    **options
        As in scikit-learn.

    Returns
    -------
    ndarray, sparse matrix, or a tuple of two of them
        X, y, or both, validated.

    Raises
    ------
    ValueError, TypeError
        As scikit-learn does; the message names X, y or both.
    """
    if _is_plain(estimator, X, y, options):
        if options.get("reset", True):
            estimator.n_features_in_ = X.shape[1]
        return X if isinstance(y, str) else (X, y)
    try:
        validated = sklearn.utils.validation.validate_data(estimator, X, y, **options)
    except (ValueError, TypeError) as error:
        if re.search(r"\b[Xy]\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{_wrong_argument(X, y, options, str(error))}: {error}") from error
    # scikit-learn turns objects into numbers where targets must be numbers, but lets fixed-width text pass.
    if options.get("y_numeric") and validated[1].dtype.kind in "US":
        raise ValueError("y: targets must be numbers, not text")
    return validated


def _is_plain(estimator: Any, X: Any, y: Any, options: Mapping[str, Any]) -> bool:
    """Whether scikit-learn's checks would hand back X and y as they are, without a word.

    They look for data frames, text, sparse and foreign arrays, which takes longer than many a small fit or prediction.
    Arrays of finite floats that need nothing of that are told here; all others are theirs to judge.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or X.dtype not in FLOATS:
        return False
    if options.keys() - UNDEMANDING or hasattr(estimator, "feature_names_in_"):
        return False
    wanted = options.get("dtype", "numeric")
    n, p = X.shape
    return (
        (
            wanted == "numeric"
            if isinstance(wanted, str)
            else X.dtype in (wanted if isinstance(wanted, list | tuple) else (wanted,))
        )
        and n >= options.get("ensure_min_samples", 1)
        and p >= 1
        and (X.flags.writeable or not options.get("force_writeable", False))
        and (options.get("reset", True) or getattr(estimator, "n_features_in_", None) == p)
        and (options.get("ensure_all_finite", True) is False or _is_finite(X))
        and ((isinstance(y, str) and y == NOT_GIVEN) or _is_plain_target(y, n))
    )


def _is_plain_target(y: Any, n: int) -> bool:
    """Whether y is n finite numbers, one after the other."""
    return (
        type(y) is np.ndarray
        and y.shape == (n,)
        and y.flags.c_contiguous
        and y.dtype.kind in "fiub"
        and y.dtype.isnative
        and _is_finite(y)
    )


def _is_finite(values: np.ndarray) -> bool:
    """Whether the sum of the values is finite: then they are; where it is not, they may be."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def _wrong_argument(X: Any, y: Any, options: Mapping[str, Any], text: str) -> str:
    """Which of X and y an error that names none is about: X if it fails alone."""
    if y is None or (isinstance(y, str) and y == NOT_GIVEN):
        return "X"
    if isinstance(X, str) and X == NOT_GIVEN:
        return "y"
    if "inconsistent" in text:
        return "X and y"
    about_x = inspect.signature(check_array).parameters
    try:
        check_array(X, **{name: value for name, value in options.items() if name in about_x})
    except (ValueError, TypeError):
        return "X"
    return "y"


@contextmanager
def naming(argument: str) -> Iterator[None]:
    """Put the argument's name before the text of an error that leaves it out.

    Parameters
    ----------
    argument : str
        Name of the argument that the code inside looks at.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        if re.search(rf"\b{argument}\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{argument}: {error}") from error


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
    with naming("sample_weight"):
        return _check_sample_weight(sample_weight, X, dtype=dtype, ensure_non_negative=True, ensure_same_device=False)


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
