"""Matrix-free solvers reach the coefficients of least squares and ridge regression by products with the design only.

So sparse rows stay sparse: what is multiplied is the table X as it is, and centring is done to the results::

    Z = V (X - 1 mᵀ),    Z w = v ∘ (X w - mᵀ w),    Zᵀ r = Xᵀ (v ∘ r) - m (vᵀ r)

with v the square roots of the weights and V their diagonal. Three methods, for ‖y - Z w‖² + α ‖w‖²:

``lsqr``
    Golub-Kahan bidiagonalisation, the normal equations without their squared condition number (Paige & Saunders).
``sparse_cg``
    Conjugate gradients on (ZᵀZ + α I) w = Zᵀ y, or on (Z Zᵀ + α I) c = y with w = Zᵀ c if there are fewer rows than
    columns.
``lbfgs``
    Limited-memory quasi-Newton steps within bounds (Byrd et al.), for coefficients that must not be negative.

All stop at a tolerance that the user gives, and their result is as good as that.

References: C. Paige & M. Saunders, "LSQR: an algorithm for sparse linear equations and sparse least squares", ACM TOMS
8 (1982). R. Byrd, P. Lu, J. Nocedal & C. Zhu, "A limited memory algorithm for bound constrained optimization", SIAM
J. Sci. Comput. 16 (1995).
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse.linalg import LinearOperator, lsqr
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..numeric.linalg import column_means, conjugate_gradient
from ..numeric.threads import run_tasks

__all__ = ["CentredRows", "centred_rows", "solve_conjugate_gradient", "solve_lbfgs", "solve_lsqr"]

Array = NDArray[np.floating]

# Steps of conjugate gradients for each unknown: SciPy's default, which scikit-learn takes.
STEPS_PER_UNKNOWN = 10


class CentredRows(NamedTuple):
    """A least-squares problem whose design is centred and weighted, by itself or in each product.

    Attributes
    ----------
    design : LinearOperator of shape (n, p)
        Z.
    targets : ndarray of shape (n, t)
        Centred and weighted.
    x_mean : ndarray of shape (p,)
    y_mean : ndarray of shape (t,)
    """

    design: Any
    targets: Array
    x_mean: Array
    y_mean: Array


def centred_rows(X: Any, Y: Array, weights: Array | None, *, fit_intercept: bool) -> CentredRows:
    """The problem for sparse rows, which are left as they are, or dense ones, which are centred in a copy.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
        CSR or CSC if sparse.
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
        Nonnegative.
    fit_intercept : bool
        Whether to centre.
    """
    n, p = X.shape
    x_mean = means_of(X, weights) if fit_intercept else np.zeros(p)
    y_mean = column_means(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    v = np.ones(n) if weights is None else np.sqrt(weights)
    targets = (Y - y_mean) * v[:, None]
    if not sparse.issparse(X):
        # Products with the rows as they are would lose the digits of the means, where those are large.
        design = X - x_mean
        if weights is not None:
            design *= v[:, None]
        return CentredRows(design, targets, x_mean, y_mean)
    X = X.astype(np.float64)
    design = LinearOperator(
        shape=(n, p),
        dtype=np.float64,
        matvec=lambda w: v * (X @ w.ravel() - x_mean @ w.ravel()),
        rmatvec=lambda r: X.T @ (v * r.ravel()) - x_mean * (v @ r.ravel()),
    )
    return CentredRows(design, targets, x_mean, y_mean)


def means_of(X: Any, weights: Array | None) -> Array:
    """Weighted means of the columns of dense or sparse rows, shape (p,), in float64 for float32 rows too."""
    if sparse.issparse(X):
        return mean_variance_axis(X.astype(np.float64), axis=0, weights=weights)[0]
    return column_means(X, weights)


def solve_lsqr(
    rows: CentredRows,
    penalties: Array | None = None,
    *,
    tol: float,
    max_iter: int | None = None,
    n_threads: int = 1,
) -> tuple[Array, NDArray[np.int32]]:
    """W of shape (p, t) and the number of steps for each target.

    Parameters
    ----------
    rows : CentredRows
    penalties : ndarray of shape (t,), optional
        α of each target.
    tol : float
        LSQR's ``atol`` and ``btol``.
    max_iter : int, optional
        Steps at most, by default twice the number of columns.
    n_threads : int, default=1
        Targets solved side by side.
    """
    damping = np.zeros(rows.targets.shape[1]) if penalties is None else np.sqrt(penalties)

    def solve(target: int) -> tuple[Array, int]:
        found = lsqr(rows.design, rows.targets[:, target], damping[target], atol=tol, btol=tol, iter_lim=max_iter)
        return found[0], found[2]

    solved = run_tasks(solve, range(rows.targets.shape[1]), n_threads)
    return np.column_stack([w for w, _ in solved]), np.array([steps for _, steps in solved], dtype=np.int32)


def solve_conjugate_gradient(rows: CentredRows, penalties: Array, *, tol: float, max_iter: int | None = None) -> Array:
    """W of shape (p, t), each column from its own α.

    Parameters
    ----------
    rows : CentredRows
    penalties : ndarray of shape (t,)
    tol : float
        Length of the residual of the equations, as a share of that of their right side.
    max_iter : int, optional
        Steps at most, by default ten for each unknown; in force where the unknowns are the coefficients.
    """
    Z, (n, p) = rows.design, rows.design.shape
    columns = []
    for y, alpha in zip(rows.targets.T, penalties):
        if p > n:
            product = lambda c, alpha=alpha: Z @ (Z.T @ c) + alpha * c  # noqa: E731
            columns.append(Z.T @ conjugate_gradient(product, y, tol, STEPS_PER_UNKNOWN * n))
        else:
            product = lambda w, alpha=alpha: Z.T @ (Z @ w) + alpha * w  # noqa: E731
            steps = STEPS_PER_UNKNOWN * p if max_iter is None else max_iter
            columns.append(conjugate_gradient(product, Z.T @ y, tol, steps))
    return np.column_stack(columns)


def solve_lbfgs(rows: CentredRows, penalties: Array, *, tol: float, max_iter: int | None = None) -> Array:
    """W ≥ 0 of shape (p, t), each column from its own α.

    Parameters
    ----------
    rows : CentredRows
    penalties : ndarray of shape (t,)
    tol : float
        Largest slope that is left.
    max_iter : int, optional
        Steps at most, by default 15,000.

    Warns
    -----
    ConvergenceWarning
        If the steps run out.
    """
    Z, p = rows.design, rows.design.shape[1]
    options = {} if max_iter is None else {"maxiter": max_iter}
    columns = []
    for y, alpha in zip(rows.targets.T, penalties):

        def half_squares(w: Array, y: Array = y, alpha: float = alpha) -> tuple[float, Array]:
            residual = Z @ w - y
            return 0.5 * (residual @ residual + alpha * (w @ w)), Z.T @ residual + alpha * w

        found = optimize.minimize(
            half_squares,
            np.zeros(p),
            method="L-BFGS-B",
            jac=True,
            tol=tol,
            bounds=[(0.0, np.inf)] * p,
            options=options,
        )
        if not found.success:
            warnings.warn(
                f"solver='lbfgs' did not converge with max_iter={max_iter} and tol={tol}; raise one of them",
                ConvergenceWarning,
                stacklevel=2,
            )
        columns.append(found.x)
    return np.column_stack(columns)
