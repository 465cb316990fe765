"""The arguments of a path function: each is checked, and turned into what the solver needs, or refused by name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Hidden, Interval, StrOptions

from ..validation import naming
from .elastic_net_problem import Rows

__all__ = [
    "PATH_PARAMETERS",
    "SolverSettings",
    "alphas_wanted",
    "checked_coefficients",
    "checked_gram",
    "checked_products",
    "checked_table",
    "reporter",
    "seed_from",
    "solver_settings",
]

Array = NDArray[np.floating]

ALPHAS_BY_DEFAULT = 100

# What `enet_path` takes beyond its named parameters, with the defaults that scikit-learn's code gives them.
SOLVER_DEFAULTS = {
    "tol": 1e-4,
    "max_iter": 1000,
    "random_state": None,
    "selection": "cyclic",
    "do_screening": True,
}
# What scikit-learn's estimators hand to its function, and users need not.
INTERNAL = ("X_offset", "X_scale", "sample_weight")

PATH_PARAMETERS: dict[str, Any] = {
    "X": ["array-like", "sparse matrix"],
    "y": ["array-like", "sparse matrix"],
    "eps": [Interval(Real, 0, None, closed="neither")],
    "n_alphas": [Interval(Integral, 1, None, closed="left"), Hidden(StrOptions({"deprecated"}))],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like", None, Hidden(StrOptions({"warn"}))],
    "precompute": [StrOptions({"auto"}), "boolean", "array-like"],
    "Xy": ["array-like", None],
    "copy_X": ["boolean"],
    "coef_init": ["array-like", None],
    "verbose": ["verbose"],
    "return_n_iter": ["boolean"],
    "positive": ["boolean"],
}


class SolverSettings(NamedTuple):
    """How each problem is solved; names as in scikit-learn, `seed` drawn from its ``random_state``."""

    tol: float = 1e-4
    max_iter: int = 1000
    positive: bool = False
    selection: str = "cyclic"
    seed: int = 1
    do_screening: bool = True


def checked_gram(precompute: Any, rows: Rows) -> Any:
    """The user's Gram matrix, if it is the one of these rows; 'auto' if centring has made it useless.

    Raises
    ------
    ValueError
        If it has another shape, or is not XᵀX: its product with one vector is compared.
    """
    if precompute is None or isinstance(precompute, str | bool | np.bool_):
        return precompute
    p = rows.X.shape[1]
    with naming("precompute"):
        gram = check_array(precompute, dtype=np.float64)
    if gram.shape != (p, p):
        raise ValueError(f"precompute: a Gram matrix of {p} columns has the shape {(p, p)}, this one {gram.shape}")
    if not np.allclose(rows.x_mean, 0.0):
        message = "precompute: the Gram matrix was given, but X is centred for the intercept: it is computed anew"
        warnings.warn(message, UserWarning, stacklevel=3)
        return "auto"
    if not is_gram_of(gram, rows):
        raise ValueError("precompute: the matrix is not the Gram matrix XᵀX of X (with weights: of the weighted rows)")
    return gram


def is_gram_of(gram: Array, rows: Rows) -> bool:
    """Whether G v = Xᵀ X v for a vector v without zeros."""
    v = 1.0 + 0.5 * np.cos(np.arange(len(gram)))
    weights = 1.0 if rows.root_weights is None else np.square(rows.root_weights)
    image = weights * (rows.X @ v - rows.x_mean @ v)
    expected = rows.X.T @ image - rows.x_mean * image.sum()
    size = np.abs(gram) @ np.abs(v)
    return bool((np.abs(gram @ v - expected) <= 1e-4 * size + 1e-12 * size.max(initial=0.0)).all())


def reporter(verbose: Any, n_alphas: int) -> Callable[[int, float, int], None] | None:
    """What prints the progress of a path, as `verbose` asks; None if nothing is to be printed."""
    if not verbose:
        return None

    def report(number: int, gap: float, n_iter: int) -> None:
        if verbose > 2:
            print(f"Path: {number:03d} out of {n_alphas:03d}, {n_iter} iterations, duality gap {gap:.3e}")
        elif verbose > 1:
            print(f"Path: {number:03d} out of {n_alphas:03d}")
        else:
            sys.stderr.write(".")

    return report


def seed_from(random_state: Any) -> int:
    """Seed of the kernels' draws."""
    return int(check_random_state(random_state).randint(0, 2**31 - 1))


def solver_settings(params: dict[str, Any], positive: bool) -> SolverSettings:
    """Settings from the keywords that a path function takes beyond its named parameters."""
    for name in INTERNAL:
        if params.get(name) is not None:
            raise NotImplementedError(
                f"{name} is what scikit-learn's estimators hand to this function; it is not supported here. ElasticNet "
                "and Lasso take weights and centre X"
            )
    unknown = sorted(params.keys() - SOLVER_DEFAULTS.keys() - set(INTERNAL))
    if unknown:
        raise ValueError(f"unexpected keyword arguments: {', '.join(unknown)}")
    given = SOLVER_DEFAULTS | {name: value for name, value in params.items() if name not in INTERNAL}
    if given["selection"] not in ("cyclic", "random"):
        raise ValueError(f"selection={given['selection']!r} must be 'cyclic' or 'random'")
    if not isinstance(given["max_iter"], Integral) or given["max_iter"] < 1:
        raise ValueError(f"max_iter={given['max_iter']!r} must be an integer of at least 1")
    if not isinstance(given["tol"], Real) or not float(given["tol"]) >= 0.0:
        raise ValueError(f"tol={given['tol']!r} must be a number that is not negative")
    return SolverSettings(
        float(given["tol"]),
        int(given["max_iter"]),
        bool(positive),
        given["selection"],
        seed_from(given["random_state"]),
        bool(given["do_screening"]),
    )


def alphas_wanted(n_alphas: Any, alphas: Any) -> Any:
    """Number of alphas, or the alphas, falling; warns of what scikit-learn 1.9 has deprecated."""
    if not (isinstance(n_alphas, str) and n_alphas == "deprecated"):
        message = "n_alphas is deprecated in scikit-learn 1.9 and removed in 1.11; give the number as alphas"
        warnings.warn(message, FutureWarning, stacklevel=3)
    else:
        n_alphas = ALPHAS_BY_DEFAULT
    if isinstance(alphas, str):
        return n_alphas
    if alphas is None:
        message = "alphas=None is deprecated in scikit-learn 1.9 and removed in 1.11; give a number, or the alphas"
        warnings.warn(message, FutureWarning, stacklevel=3)
        return n_alphas
    if isinstance(alphas, Integral):
        return alphas
    with naming("alphas"):
        found = check_array(alphas, dtype=np.float64, ensure_2d=False)
    if found.ndim != 1 or (found < 0.0).any():
        raise ValueError("alphas must be one row of numbers that are not negative")
    return np.sort(found)[::-1]


def checked_table(X: Any, y: Any) -> tuple[Any, Array]:
    """X and y as float64 or float32, X perhaps CSC."""
    with naming("X"):
        X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32], accept_large_sparse=False)
    with naming("y"):
        y = check_array(y, dtype=[np.float64, np.float32], ensure_2d=False)
    if y.ndim == 0:
        raise ValueError("y must have one number for each row of X")
    check_consistent_length(X, y)
    return X, y


def checked_products(Xy: Any, n_features: int) -> Array | None:
    """Xᵀ y as the user gave it, shape (n_features, 1)."""
    if Xy is None:
        return None
    with naming("Xy"):
        xy = check_array(Xy, dtype=np.float64, ensure_2d=False)
    if xy.size != n_features:
        raise ValueError(f"Xy must have one number for each of the {n_features} columns of X, it has {xy.size}")
    return xy.reshape(n_features, 1)


def checked_coefficients(coef_init: Any, n_features: int, positive: bool) -> Array:
    """Coefficients to begin with, shape (n_features,)."""
    with naming("coef_init"):
        w = check_array(coef_init, dtype=np.float64, ensure_2d=False).ravel()
    if w.size != n_features:
        raise ValueError(f"coef_init must have one number for each of the {n_features} columns of X, it has {w.size}")
    return np.maximum(w, 0.0) if positive else w
