"""The path of the elastic net: its solutions for a falling sequence of α, each found from the one before.

Formula (Friedman, Hastie & Tibshirani 2010, equations 2 and 3)::

    w(α) = argmin  (1/2n) ‖y - X w‖² + α ratio ‖w‖₁ + ½ α (1 - ratio) ‖w‖²

From α_max = max_j |X_jᵀ y| / (n ratio) upwards all coefficients are zero (section 2.5). A path begins there and goes
down to ``eps`` α_max in equal steps of the logarithm. The next solution is near the last one, which is why a path is
little more work than its last problem alone.

The duality gaps that are returned are those of this objective, with its factor 1/n, as scikit-learn's are. How a
problem is solved, and what the gap is, stands in `mlx.linear_model.coordinate_descent` and `duality_gap`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, validate_params

from .elastic_net_problem import Problem, problems_for, rows_of
from .path_arguments import (
    PATH_PARAMETERS,
    SolverSettings,
    alphas_wanted,
    checked_coefficients,
    checked_gram,
    checked_products,
    checked_table,
    reporter,
    solver_settings,
)

__all__ = [
    "PathFit",
    "SolverSettings",
    "alpha_grid",
    "enet_path",
    "fit_path",
    "lasso_path",
    "problems_for",
    "warn_open",
]

Array = NDArray[np.floating]

# Below this α_max the targets are constant but for rounding (scikit-learn's line).
SMALLEST_ALPHA = float(np.finfo(np.float64).resolution)


class PathFit(NamedTuple):
    """Solutions along a path.

    Attributes
    ----------
    coefs : ndarray of shape (n_features, n_alphas)
        float64.
    gaps : ndarray of shape (n_alphas,)
        Duality gaps of the objective with its factor 1/n.
    n_iters : list of int
        Iterations.
    allowed : float
        Gap that was asked for, ``tol`` ‖y‖² / n.
    """

    coefs: Array
    gaps: Array
    n_iters: list[int]
    allowed: float


def alpha_grid(xy: Array, n: int, *, l1_ratio: float, eps: float, n_alphas: int, positive: bool = False) -> Array:
    """Falling sequence of α from α_max to ``eps`` α_max, shape (n_alphas,).

    Parameters
    ----------
    xy : ndarray of shape (p,)
        Xᵀ y of the centred rows.
    n : int
        Rows.
    l1_ratio, eps, n_alphas, positive
        As in `enet_path`.

    Raises
    ------
    ValueError
        If `l1_ratio` is 0: without an L1 norm no α makes all coefficients zero.
    """
    if l1_ratio == 0:
        raise ValueError("alphas: with l1_ratio=0 there is no largest alpha to begin with; give the alphas as a list")
    largest = max(float(np.max(xy)), 0.0) if positive else float(np.max(np.abs(xy)))
    alpha_max = largest / (n * l1_ratio)
    if alpha_max <= SMALLEST_ALPHA:
        return np.full(n_alphas, SMALLEST_ALPHA)
    return np.geomspace(alpha_max, alpha_max * eps, num=n_alphas)


def fit_path(
    problem: Problem,
    alphas: Array,
    l1_ratio: float,
    settings: SolverSettings,
    *,
    w: Array | None = None,
    report: Callable[[int, float, int], None] | None = None,
) -> PathFit:
    """Solve a problem for each α in turn, from the solution for the one before.

    Parameters
    ----------
    problem : Problem
    alphas : ndarray of shape (n_alphas,)
        In the order in which they are to be solved.
    l1_ratio : float
    settings : SolverSettings
    w : ndarray of shape (p,), optional
        Coefficients to begin with; zeros by default.
    report : callable, optional
        Told the number, the gap and the iterations of each problem that is solved.

    Raises
    ------
    ValueError
        If the numbers are so large that their squares overflow.
    """
    columns = problem.columns
    if not all(np.isfinite(sums).all() for sums in (problem.yy, columns["xy"], columns["length"])):
        raise ValueError("X or y has numbers so large that their squares overflow: scale them first")
    from .coordinate_descent import descend  # loads Numba
    from .duality_gap import Penalty, rules_for, start_point

    rules = rules_for(
        problem,
        settings.tol,
        settings.max_iter,
        positive=settings.positive,
        random=settings.selection == "random",
        screening=settings.do_screening,
    )
    p = len(columns)
    point = start_point(problem, np.zeros(p) if w is None else w, settings.seed)
    coefs, gaps, n_iters = np.empty((p, len(alphas))), np.empty(len(alphas)), []
    for number, alpha in enumerate(alphas):
        strength = float(alpha) * problem.n
        gap, n_iter = descend(problem, Penalty(strength * l1_ratio, strength * (1.0 - l1_ratio)), rules, point)
        coefs[:, number] = point.columns["w"]
        gaps[number] = gap / problem.n
        n_iters.append(int(n_iter))
        if report is not None:
            report(number, gaps[number], n_iters[-1])
    return PathFit(coefs, gaps, n_iters, rules.gap / problem.n)


def warn_open(fit: PathFit, alphas: Array) -> None:
    """Warn if a gap is larger than what was asked for."""
    is_open = ~(fit.gaps <= fit.allowed)
    if is_open.any():
        worst = int(np.argmax(np.where(is_open, fit.gaps, -np.inf)))
        message = (
            f"Coordinate descent ended with duality gap {fit.gaps[worst]:.3e} at alpha={float(alphas[worst]):.3g}, "
            f"where tol allows {fit.allowed:.3e} ({int(is_open.sum())} of {len(alphas)} alphas). A larger max_iter or "
            "tol, columns of similar scale, or a larger alpha help"
        )
        if float(np.min(alphas)) == 0.0:
            message += "; without a penalty LinearRegression is the better model, without its L1 part Ridge"
        warnings.warn(message, ConvergenceWarning, stacklevel=3)


@validate_params(PATH_PARAMETERS, prefer_skip_nested_validation=True)
def lasso_path(
    X,
    y,
    *,
    eps=1e-3,
    n_alphas="deprecated",
    alphas="warn",
    precompute="auto",
    Xy=None,
    copy_X=True,
    coef_init=None,
    verbose=False,
    return_n_iter=False,
    positive=False,
    **params,
):
    """Compute the lasso's path: `enet_path` with ``l1_ratio=1``.

    The objective is ``(1/2n) ‖y - X w‖² + α ‖w‖₁``; nothing is centred, so there is no intercept.

    Parameters
    ----------
    X, y, eps, n_alphas, alphas, precompute, Xy, copy_X, coef_init, verbose, return_n_iter, positive, **params
        As in `enet_path`.

    Returns
    -------
    alphas, coefs, dual_gaps, n_iters
        As of `enet_path`.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.linear_model import lasso_path
    >>> X = np.array([[1.0, 2.0, 3.1], [2.3, 5.4, 4.3]]).T
    >>> alphas, coefs, gaps = lasso_path(X, [1.0, 2.0, 3.1], alphas=[5.0, 1.0, 0.5], tol=1e-10)
    >>> coefs.round(4)
    array([[0.    , 0.    , 0.4692],
           [0.2159, 0.4426, 0.2367]])
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


@validate_params(
    PATH_PARAMETERS | {"l1_ratio": [Interval(Real, 0.0, 1.0, closed="both")], "check_input": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def enet_path(
    X,
    y,
    *,
    l1_ratio=0.5,
    eps=1e-3,
    n_alphas="deprecated",
    alphas="warn",
    precompute="auto",
    Xy=None,
    copy_X=True,
    coef_init=None,
    verbose=False,
    return_n_iter=False,
    positive=False,
    check_input=True,
    **params,
):
    """Compute the elastic net's path with coordinate descent.

    The objective is ``(1/2n) ‖y - X w‖² + α l1_ratio ‖w‖₁ + ½ α (1 - l1_ratio) ‖w‖²``; nothing is centred, so there is
    no intercept.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        float32 or float64 (other types become float64).
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets. Several at once would be the multi-task problem, which is not supported.
    l1_ratio : float, default=0.5
        Share of the L1 norm in the penalty, from 0 to 1 (the lasso).
    eps : float, default=1e-3
        Smallest α, as a share of the largest, of a path whose alphas are chosen here.
    n_alphas : int, default='deprecated'
        Number of alphas; scikit-learn 1.9 wants it in `alphas`.
    alphas : int or array-like, default=100
        Number of alphas, or the alphas themselves, which are sorted to fall.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        True asks for the Gram matrix XᵀX, an array is one. With 'auto' or False, cost decides: the solution is the
        same. Sparse `X` is never made dense for True.
    Xy : array-like of shape (n_features,) or (n_features, 1), optional
        Xᵀ y. Used with a Gram matrix, and for the choice of alphas.
    copy_X : bool, default=True
        If False, `X` may be overwritten. It never is here, as nothing is centred: the parameter has no effect.
    coef_init : array-like of shape (n_features,), optional
        Coefficients to begin with; zeros by default.
    verbose : bool or int, default=False
        1 prints a dot for each α on the standard error stream, 2 a line for each on the output, more its gap too.
    return_n_iter : bool, default=False
        Whether to return the iterations.
    positive : bool, default=False
        Whether coefficients must not be negative.
    check_input : bool, default=True
        If False, `X`, `y` and a Gram matrix are taken as they are: float64 or float32, of fitting shapes, finite.
    **params
        ``tol`` (1e-4), ``max_iter`` (1000), ``random_state`` (None), ``selection`` ('cyclic'), as in `ElasticNet`, and
        ``do_screening`` (True): whether columns that cannot matter are left out.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
    coefs : ndarray of shape (n_features, n_alphas)
        In the dtype of `X`; (1, n_features, n_alphas) if `y` has two dimensions.
    dual_gaps : ndarray of shape (n_alphas,)
        Upper bounds of how far each objective is above its minimum.
    n_iters : list of int
        Iterations; only with `return_n_iter`.

    Raises
    ------
    ValueError
        If an argument has NaN, inf or the wrong shape, a matrix for `precompute` is not that of `X`, or a keyword is
        unknown.
    NotImplementedError
        If `y` has several columns, or a keyword is one that scikit-learn's estimators use among themselves.
    """
    settings = solver_settings(params, positive)
    alphas = alphas_wanted(n_alphas, alphas)
    if check_input:
        X, y = checked_table(X, y)
    if y.ndim > 1 and y.shape[1] > 1:
        raise NotImplementedError(
            f"y has {y.shape[1]} columns: the multi-task path is not supported; fit ElasticNet or Lasso, which solve "
            "one problem for each column"
        )
    rows = rows_of(X, y.reshape(len(y), 1), None, fit_intercept=False)
    gram = checked_gram(precompute, rows) if check_input else precompute
    n_problems = int(alphas) if isinstance(alphas, Integral) else len(alphas)
    (problem,) = problems_for(rows, n_problems, gram, xy=checked_products(Xy, X.shape[1]))
    if isinstance(alphas, Integral):
        xy = problem.columns["xy"]
        alphas = alpha_grid(xy, problem.n, l1_ratio=l1_ratio, eps=eps, n_alphas=n_problems, positive=positive)
    w = None if coef_init is None else checked_coefficients(coef_init, X.shape[1], positive)
    fit = fit_path(problem, alphas, l1_ratio, settings, w=w, report=reporter(verbose, len(alphas)))
    warn_open(fit, alphas)
    coefs = fit.coefs.astype(X.dtype)
    if y.ndim > 1:
        coefs = coefs[None]
    return (alphas, coefs, fit.gaps, fit.n_iters) if return_n_iter else (alphas, coefs, fit.gaps)
