"""The elastic net's problem in numbers: what coordinate descent needs to know of the rows, in one of three forms.

Formula, with the rows centred if there is an intercept, and the weights s scaled to the sum n (Friedman, Hastie &
Tibshirani 2010, equation 3, multiplied by n)::

    P(w) = ½ ‖y - X w‖² + λ₁ ‖w‖₁ + ½ λ₂ ‖w‖²,    λ₁ = n α ratio,    λ₂ = n α (1 - ratio)

    X = V (X₀ - 1 mᵀ),   y = V (y₀ - ȳ),   V = diag(√s)

Coordinate descent asks for the product of a column with the residual, and moves the residual along a column. How these
two are done depends on the form, and nothing else does:

=========  ==================================================  ===================  =====================
form       what is stored                                      product X_jᵀ r       move along column j
=========  ==================================================  ===================  =====================
`GRAM`     G = XᵀX, shape (p, p), and the products Xᵀ r        1 look-up            p multiplications
`DENSE`    the columns of X, shape (p, n), and r               n multiplications    n multiplications
`SPARSE`   the columns of V X₀, and r + c √s with a number c   entries of column j  entries of column j
=========  ==================================================  ===================  =====================

G costs n p² / 2 multiplications once, by BLAS, which is ten times as fast as single products. So it pays where n is
above p. Sparse columns stay sparse: what centring adds to all rows at once is kept in the one number c.

References: J. Friedman, T. Hastie & R. Tibshirani, "Regularization paths for generalized linear models via coordinate
descent", Journal of Statistical Software 33 (2010), sections 2.1 ("naive updates"), 2.2 ("covariance updates") and 2.3
("sparse updates").
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..numeric.linalg import centred_blocks, column_means

__all__ = [
    "DENSE",
    "GRAM",
    "SPARSE",
    "Problem",
    "Rows",
    "columns_problems",
    "gram_problems",
    "problems_for",
    "products_of",
    "rows_of",
]

Array = NDArray[np.floating]

GRAM, DENSE, SPARSE = 0, 1, 2

# Columns up to which the Gram matrix of one fit is worth its price: it replaces about twenty passes over the rows.
FEW_COLUMNS = 1000

NO_MATRIX = np.empty((0, 0))
NO_NUMBERS = np.empty(0)
NO_PLACES = np.empty(0, dtype=np.int32)


# ‖X_j‖² (0 where the column is constant but for rounding), m_j, and X_jᵀ y.
COLUMN = np.dtype([("length", np.float64), ("mean", np.float64), ("xy", np.float64)])


class Rows(NamedTuple):
    """Rows as the user gave them, with what centring and weighting makes of them.

    Attributes
    ----------
    X : ndarray or CSC array of shape (n, p)
        X₀, float32 or float64.
    Y : ndarray of shape (n, t)
        Targets, centred and multiplied by the root weights, float64.
    root_weights : ndarray of shape (n,) or None
        √s.
    x_mean : ndarray of shape (p,)
        m; zeros without an intercept.
    y_mean : ndarray of shape (t,)
        ȳ; zeros without an intercept.
    """

    X: Any
    Y: Array
    root_weights: Array | None
    x_mean: Array
    y_mean: Array


class Problem(NamedTuple):
    """What coordinate descent needs to know. All arrays are float64, but for `places` and `starts`.

    Attributes
    ----------
    form : int
        `GRAM`, `DENSE` or `SPARSE`.
    lines : ndarray of shape (p, p) or (p, n)
        G, or the columns of X, each in a line. Empty for `SPARSE`.
    entries, places, starts : ndarray
        The columns of V X₀ in scipy's CSC format (``data``, ``indices``, ``indptr``). Empty otherwise.
    roots : ndarray of shape (n,)
        √s, for `SPARSE`.
    origin : ndarray of shape (p,), (n,) or (n + 1,)
        What the residual is where all coefficients are 0: Xᵀ y, or y, or y and a zero.
    columns : record array of COLUMN, shape (p,)
    yy : float
        ‖y‖².
    n : int
        Rows.
    """

    form: int
    lines: Array
    entries: Array
    places: NDArray[np.int32]
    starts: NDArray[np.int32]
    roots: Array
    origin: Array
    columns: NDArray
    yy: float
    n: int


def rows_of(X: Any, Y: Array, weights: Array | None, fit_intercept: bool) -> Rows:
    """Means, root weights and centred targets of the rows.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,) or None
        Nonnegative, not all zero; any scale.
    fit_intercept : bool
        Whether to centre.
    """
    n, p = X.shape
    if sparse.issparse(X):
        X = sparse.csc_array(X)
    Y = Y.astype(np.float64)
    if weights is not None:
        weights = weights * (n / weights.sum())
    x_mean: Array = np.zeros(p)
    y_mean: Array = np.zeros(Y.shape[1])
    if fit_intercept:
        y_mean = column_means(Y, weights)
        if sparse.issparse(X):
            x_mean = mean_variance_axis(X.astype(np.float64), axis=0, weights=weights)[0]
        else:
            x_mean = column_means(X, weights)
    root_weights = None if weights is None else np.sqrt(weights)
    Y = Y - y_mean
    if root_weights is not None:
        Y *= root_weights[:, None]
    return Rows(X, Y, root_weights, x_mean, y_mean)


def wants_gram(shape: tuple[int, int], n_alphas: int) -> bool:
    """Whether the Gram matrix is worth its price.

    Parameters
    ----------
    shape : (int, int)
        n, p.
    n_alphas : int
        Problems that will share the matrix.
    """
    n, p = shape
    return n > p and (n_alphas > 1 or p <= FEW_COLUMNS)


def problems_for(
    rows: Rows, n_alphas: int, precompute: Any, *, xy: Any = None, overwrite_X: bool = False
) -> list[Problem]:
    """The rows' problems, one for each target, in the form that costs least for so many alphas.

    Parameters
    ----------
    rows : Rows
    n_alphas : int
    precompute : 'auto', bool or ndarray of shape (p, p)
        True asks for a Gram matrix, an array is one; otherwise cost decides.
    xy : ndarray of shape (p, t), optional
        XᵀY, used with a Gram matrix.
    overwrite_X : bool, default=False
        Whether X may be centred in place.
    """
    if isinstance(precompute, np.ndarray):
        return gram_problems(rows, precompute, xy)
    # A sparse table stays sparse unless its Gram matrix is small: True is no reason to fill the memory.
    asked = precompute is True and not sparse.issparse(rows.X)
    if asked or wants_gram(rows.X.shape, n_alphas):
        return gram_problems(rows, None, xy)
    return columns_problems(rows, overwrite_X=overwrite_X)


def gram_problems(
    rows: Rows, gram: Array | None = None, xy: Array | None = None, yy: Array | None = None
) -> list[Problem]:
    """One problem of the form `GRAM` for each target.

    Parameters
    ----------
    rows : Rows
    gram : ndarray of shape (p, p), optional
        G, if it is known.
    xy : ndarray of shape (p, t), optional
        XᵀY, if it is known.
    yy : ndarray of shape (t,), optional
        ‖y‖², if it is known.
    """
    if gram is None:
        gram, products = _gram_and_products(rows)
        xy = products if xy is None else xy
    gram = _writeable(gram, np.float64)
    xy = products_of(rows) if xy is None else xy
    yy = np.square(rows.Y).sum(axis=0) if yy is None else yy
    columns = _columns(rows, np.diag(gram), xy)
    empty = (NO_NUMBERS, NO_PLACES, NO_PLACES, NO_NUMBERS)
    return [
        Problem(GRAM, gram, *empty, column["xy"].copy(), column, float(squared), len(rows.Y))
        for column, squared in zip(columns, yy)
    ]


def columns_problems(rows: Rows, *, overwrite_X: bool = False) -> list[Problem]:
    """One problem of the form `DENSE` or `SPARSE` for each target; the columns of X are shared.

    Parameters
    ----------
    rows : Rows
    overwrite_X : bool, default=False
        Centre and weight X in place where that spares a copy.
    """
    if sparse.issparse(rows.X):
        return _sparse_problems(rows)
    lines = _lines(rows, overwrite_X)
    columns = _columns(rows, np.einsum("ji,ji->j", lines, lines), lines @ rows.Y)
    return [
        Problem(DENSE, lines, NO_NUMBERS, NO_PLACES, NO_PLACES, NO_NUMBERS, y.copy(), column, float(y @ y), len(y))
        for column, y in zip(columns, rows.Y.T)
    ]


def _sparse_problems(rows: Rows) -> list[Problem]:
    X, n = rows.X, len(rows.Y)
    roots = np.ones(n) if rows.root_weights is None else rows.root_weights
    entries = X.data.astype(np.float64)
    if rows.root_weights is not None:
        entries *= roots[X.indices]
    # Σ s (x - m)²: over the entries of the column, then m² for the weight of all other rows.
    number = np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
    lengths = np.bincount(number, np.square(entries - rows.x_mean[number] * roots[X.indices]), X.shape[1])
    weight_elsewhere = n - np.bincount(number, np.square(roots[X.indices]), X.shape[1])
    lengths += np.square(rows.x_mean) * np.maximum(weight_elsewhere, 0.0)
    columns = _columns(rows, np.asarray(lengths, dtype=np.float64), products_of(rows))
    places, starts = _writeable(X.indices, np.int32), _writeable(X.indptr, np.int32)
    return [
        Problem(SPARSE, NO_MATRIX, entries, places, starts, roots, np.append(y, 0.0), column, float(y @ y), n)
        for column, y in zip(columns, rows.Y.T)
    ]


def _columns(rows: Rows, lengths: Array, xy: Array) -> list[NDArray]:
    """Record array of COLUMN for each target."""
    # Entries near a mean m are stored and centred with errors up to ε |m| each: a length that is no more is none.
    precision = float(np.finfo(np.float32 if rows.X.dtype == np.float32 else np.float64).eps)
    noise = len(rows.Y) * np.square(2.0 * precision * rows.x_mean)
    found = []
    for products in xy.T:
        columns = np.empty(len(products), dtype=COLUMN)
        columns["length"] = np.where(lengths > noise, lengths, 0.0)
        columns["mean"] = rows.x_mean
        columns["xy"] = products
        found.append(columns)
    return found


def _gram_and_products(rows: Rows) -> tuple[Array, Array]:
    """XᵀX and XᵀY in one pass over the rows."""
    if sparse.issparse(rows.X):
        X = rows.X.astype(np.float64)
        if rows.root_weights is not None:
            X = sparse.csc_array(X.multiply(rows.root_weights[:, None]))
        n = len(rows.Y)
        gram = (X.T @ X).toarray() - n * np.outer(rows.x_mean, rows.x_mean)
        return gram, products_of(rows)
    p = rows.X.shape[1]
    gram, xy = np.zeros((p, p)), np.zeros((p, rows.Y.shape[1]))
    if rows.X.dtype == np.float64 and rows.root_weights is None and not rows.x_mean.any():
        return rows.X.T @ rows.X, rows.X.T @ rows.Y
    for block_rows, block in centred_blocks(rows.X, rows.x_mean, rows.root_weights):
        gram += block.T @ block
        xy += block.T @ rows.Y[block_rows]
    return gram, xy


def products_of(rows: Rows) -> Array:
    """XᵀY, shape (p, t)."""
    weighted = rows.Y if rows.root_weights is None else rows.Y * rows.root_weights[:, None]
    return rows.X.T @ weighted - np.outer(rows.x_mean, weighted.sum(axis=0))


def _lines(rows: Rows, overwrite_X: bool) -> Array:
    """The centred, weighted columns, one in each line of a C-contiguous array of shape (p, n)."""
    X, (n, p) = rows.X, rows.X.shape
    in_order = X.dtype == np.float64 and X.flags.f_contiguous and X.flags.writeable
    if in_order and rows.root_weights is None and not rows.x_mean.any():
        return X.T
    if in_order and overwrite_X:
        lines = X.T
        lines -= rows.x_mean[:, None]
        if rows.root_weights is not None:
            lines *= rows.root_weights
        return lines
    lines = np.empty((p, n))
    for block_rows, block in centred_blocks(X, rows.x_mean, rows.root_weights):
        lines[:, block_rows] = block.T
    return lines


def _writeable(array: Any, dtype: Any) -> NDArray:
    """The array in a dtype, contiguous and writeable: a kernel is compiled for that kind only."""
    array = np.ascontiguousarray(array, dtype=dtype)
    return array if array.flags.writeable else array.copy()
