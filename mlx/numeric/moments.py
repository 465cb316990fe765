"""Moments are the sums that one pass over the rows of a table leaves behind: means, squares and products of columns.

Formula, with the weights s_i and any row c near the middle of the data (`typical_row`)::

    r_i = (x_i - c, y_i - c'),    M = Σ_i s_i r_i r_iᵀ,    d = Σ_i s_i r_i / Σ s

The means are c + d, and the products about them are those about c less Σ s d dᵀ. Where c turns out to lie so far from
a mean that this difference would lose digits, the pass is made once more about the means themselves.

Rows are read in blocks that stay in the cache of a core, and no centred copy of the table is made. The blocks are cut
into runs of neighbours, whose sums are added in their order: threads take whole runs, so that the bits of a result do
not depend on their number. All sums are in float64, whatever the dtype of the table.

======  =============  ====================================================
symbol  shape          meaning
======  =============  ====================================================
X       (n, p)         float32 or float64
Y       (n, t)         float64
s       (n,)           weights, 1 if not given
m, ȳ    (p,), (t,)     weighted means, or zeros
======  =============  ====================================================

Reference: T. Chan, G. Golub & R. LeVeque, "Algorithms for computing the sample variance", The American Statistician
37 (1983): sums about a shift, and how much they lose. J. Demmel, L. Grigori, M. Hoemmen & J. Langou,
"Communication-optimal parallel and sequential QR", SIAM J. Sci. Comput. 34 (2012): QR one block of rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .linalg import column_means
from .threads import blas_threads, one_blas_thread, run_tasks

__all__ = ["Moments", "moments", "sum_over_rows", "triangular_factor"]

Array = NDArray[np.floating]

# Entries of a block: half a MiB of float64 beside the product that they are added to.
BLOCK_ENTRIES = 2**16

# Rows of a block of many columns: the product of the block is then worth the sum that it is added to.
ROWS_OF_WIDE_BLOCK = 1024

# Runs of blocks, at most, and blocks and multiplications that make a run worth its buffer and a thread's while.
MOST_RUNS, BLOCKS_OF_A_RUN, WORK_OF_A_RUN = 32, 4, 2e7

# Columns above which a sum for each run would take too much memory; BLAS has its own threads for products that large.
MOST_COLUMNS_OF_RUNS = 512

# Rows that tell where the data lie.
SAMPLE = 1024

# Share of the squares about the shift that its distance from the mean may have: two of sixteen digits are lost.
LARGEST_SHARE = 0.99


class Moments(NamedTuple):
    """Sums over rows, about the means.

    Attributes
    ----------
    total_weight : float
        Σ s.
    x_mean : ndarray of shape (p,)
        m.
    y_mean : ndarray of shape (t,)
        ȳ.
    gram : ndarray of shape (p, p)
        Σ s (x - m)(x - m)ᵀ.
    cross : ndarray of shape (p, t)
        Σ s (x - m)(y - ȳ)ᵀ.
    squares : ndarray of shape (t,)
        Σ s (y - ȳ)².
    """

    total_weight: float
    x_mean: Array
    y_mean: Array
    gram: Array
    cross: Array
    squares: Array


def sum_over_rows(
    n: int, width: int, multiplications: float, term: Callable[[slice, Array], tuple[Array, ...]]
) -> tuple[Array, ...]:
    """Σ term(rows, buffer) over blocks of rows; the same bits for any number of threads.

    Parameters
    ----------
    n : int
        Rows, at least one.
    width : int
        Columns of the buffer.
    multiplications : float
        Size of the whole work, by which it is cut.
    term : callable
        From a slice of rows and a buffer of shape (rows, width), which it may overwrite, to new arrays.
    """
    size = max(BLOCK_ENTRIES // width, min(width, ROWS_OF_WIDE_BLOCK))
    starts = range(0, n, size)
    n_runs = int(max(min(MOST_RUNS, len(starts) // BLOCKS_OF_A_RUN, multiplications // WORK_OF_A_RUN), 1))
    if width > MOST_COLUMNS_OF_RUNS:
        n_runs = 1

    def sum_of_run(run: int) -> tuple[Array, ...]:
        buffer: Array = np.empty((min(size, n), width))
        sums: tuple[Array, ...] = ()
        for start in starts[len(starts) * run // n_runs : len(starts) * (run + 1) // n_runs]:
            rows = slice(start, min(start + size, n))
            values = term(rows, buffer[: rows.stop - rows.start])
            sums = add(sums, values) if sums else values
        return sums

    if n_runs == 1:
        with one_blas_thread(multiplications):
            return sum_of_run(0)
    n_threads = blas_threads()
    with one_blas_thread():
        first, *others = run_tasks(sum_of_run, range(n_runs), n_threads)
    for sums in others:
        add(first, sums)
    return first


def add(totals: tuple[Array, ...], values: tuple[Array, ...]) -> tuple[Array, ...]:
    """Add values to totals in place."""
    for total, value in zip(totals, values, strict=True):
        total += value
    return totals


def moments(X: Array, Y: Array, weights: Array | None = None, *, centre: bool = True) -> Moments:
    """Moments of a table and its targets.

    Parameters
    ----------
    X : ndarray of shape (n, p)
    Y : ndarray of shape (n, t)
    weights : ndarray of shape (n,), optional
        Nonnegative, not all zero.
    centre : bool, default=True
        False takes zeros for the means.
    """
    p = X.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that are none are for the caller to notice
        shift = typical_row(X, Y, weights) if centre else np.zeros(p + Y.shape[1])
    roots = None if weights is None else np.sqrt(weights)
    total_weight = float(len(X) if weights is None else weights.sum())
    for _ in range(2):
        products, sums = products_about(X, Y, shift, roots)
        if not centre:
            break
        distance = sums / total_weight
        shift = shift + distance
        with np.errstate(over="ignore", invalid="ignore"):
            lost = total_weight * np.outer(distance, distance)
            if not (np.diag(lost) > LARGEST_SHARE * np.diag(products)).any():
                products = products - lost
                break
    return Moments(total_weight, shift[:p], shift[p:], products[:p, :p], products[:p, p:], np.diag(products)[p:].copy())


def typical_row(X: Array, Y: Array, weights: Array | None) -> Array:
    """A row (c, c') near the middle of the data: the mean of rows from all over the table, shape (p + t,)."""
    with_weight = slice(None, None, max(len(X) // SAMPLE, 1))
    if weights is not None:
        weighty = np.flatnonzero(weights)
        rows = weighty[:: max(len(weighty) // SAMPLE, 1)]
        return np.concatenate([column_means(X[rows], weights[rows]), column_means(Y[rows], weights[rows])])
    return np.concatenate([column_means(X[with_weight]), column_means(Y[with_weight])])


def products_about(X: Array, Y: Array, shift: Array, root_weights: Array | None) -> tuple[Array, Array]:
    """M and Σ s r of this file's head, shapes (p + t, p + t) and (p + t,)."""
    n, p = X.shape
    width = p + Y.shape[1]

    def term(rows: slice, block: Array) -> tuple[Array, Array]:
        np.subtract(X[rows], shift[:p], out=block[:, :p])
        np.subtract(Y[rows], shift[p:], out=block[:, p:])
        roots = np.ones(len(block)) if root_weights is None else root_weights[rows]
        if root_weights is not None:
            block *= roots[:, None]
        return block.T @ block, roots @ block

    with np.errstate(over="ignore", invalid="ignore"):  # squares that are no floats are for the caller to notice
        products, sums = sum_over_rows(n, width, float(n) * width**2, term)
    return products, sums


def triangular_factor(X: Array, Y: Array, x_mean: Array, y_mean: Array, root_weights: Array | None = None) -> Array:
    """R of the QR decomposition of the rows v_i (x_i - m, y_i - ȳ), shape (min(n, p + t), p + t).

    Its first p rows hold what least squares needs of a tall table, and the others have the length of what is left of
    Y. Backward stable where products are not, for 2 n (p + t)² multiplications; memory for some blocks of rows only.

    Parameters
    ----------
    X : ndarray of shape (n, p)
    Y : ndarray of shape (n, t)
    x_mean : ndarray of shape (p,)
    y_mean : ndarray of shape (t,)
    root_weights : ndarray of shape (n,), optional
        v, square roots of the weights.
    """
    n, p = X.shape
    width = p + Y.shape[1]
    size = max(BLOCK_ENTRIES // width, 4 * width)
    buffer: Array = np.empty((width + min(size, n), width))
    height = 0  # of R
    # Two threads of BLAS make the decomposition of a narrow block slower, not faster.
    with one_blas_thread(float(size) * width**2):
        for start in range(0, n, size):
            rows = slice(start, min(start + size, n))
            stack = buffer[: height + rows.stop - start]
            block = stack[height:]
            np.subtract(X[rows], x_mean, out=block[:, :p])
            np.subtract(Y[rows], y_mean, out=block[:, p:])
            if root_weights is not None:
                block *= root_weights[rows, None]
            R = np.asarray(np.linalg.qr(stack, mode="r"))
            height = len(R)
            buffer[:height] = R
    return R
