"""The nearest center of each row and the squared distance to it, for `predict`, `score` and the inertia of a fit.

Formulas, with c_a the center of the label a of row x::

    a = argmin_j ‖c_j‖² - 2 x·c_j     ‖x‖² is the same for all centers: it is left out
    d = ‖x - c_a‖²                    of the differences: products would lose digits

Nothing is remembered from one call to the next: where centers move, `assignment` leaves out most of this work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from .rows import BLOCK, parts_of, squared_row_norms

__all__ = ["nearest_labels", "squared_distances"]

Array = NDArray[np.floating]


@kernel
def label_rows(X, first, last, scaled, norms, labels):
    """Labels of rows first to last of a dense table; of equally near centers the first counts.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    first, last : int
    scaled : ndarray of shape (p, k)
        -2 c, in the dtype of X.
    norms : ndarray of shape (k,)
        ‖c‖², in the dtype of X.
    labels : ndarray of int32 of shape (n,)
        Result.
    """
    k = len(norms)
    memory, best = np.empty(BLOCK * k, X.dtype), np.empty(BLOCK, X.dtype)
    for start in range(first, last, BLOCK):
        n = min(BLOCK, last - start)
        products = memory[: k * n].reshape((k, n))
        np.dot(scaled.T, X[start : start + n].T, products)
        nearest = labels[start : start + n]
        for r in range(n):
            best[r], nearest[r] = products[0, r] + norms[0], 0
        for j in range(1, k):  # center by center, so that several rows are compared at once
            for r in range(n):
                this = products[j, r] + norms[j]
                nearest[r] = j if this < best[r] else nearest[r]
                best[r] = this if this < best[r] else best[r]


@kernel(reassociate=True)
def distances_of_rows(X, first, last, centers, labels, distances):
    """‖x - c_a‖² of rows first to last of a dense table, summed in float64.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    first, last : int
    centers : ndarray of shape (k, p)
        In the dtype of X.
    labels : ndarray of int32 of shape (n,)
    distances : ndarray of shape (n,)
        Result.
    """
    for i in range(first, last):
        label = labels[i]
        total = 0.0
        for f in range(X.shape[1]):
            apart = np.float64(X[i, f] - centers[label, f])
            total += apart * apart
        distances[i] = total


def nearest_labels(X: Any, centers: Array, run: Callable) -> NDArray[np.int32]:
    """Number of the nearest center of each row.

    Parameters
    ----------
    X : ndarray, in C order, or csr array of shape (n, p)
    centers : ndarray of shape (k, p)
        In the dtype of X.
    run : callable
        Of `mlx.numeric.threads.thread_team`.
    """
    labels = np.empty(X.shape[0], dtype=np.int32)
    scaled = np.ascontiguousarray(-2 * centers.T)
    norms = np.einsum("ij,ij->i", centers, centers)

    def label(part: slice) -> None:
        if sparse.issparse(X):
            labels[part] = (X[part] @ scaled + norms).argmin(axis=1)
        else:
            label_rows(X, part.start, part.stop, scaled, norms, labels)

    run(label, parts_of(X.shape[0]))
    return labels


def squared_distances(X: Any, centers: Array, labels: NDArray[np.int32], run: Callable) -> Array:
    """Squared distance of each row to the center of its label, float64, shape (n,).

    Parameters
    ----------
    X, centers, run
        As in `nearest_labels`.
    labels : ndarray of int32 of shape (n,)
    """
    parts = parts_of(X.shape[0])
    if sparse.issparse(X):
        exact = centers.astype(np.float64)
        products = [X[part].multiply(exact[labels[part]]).sum(axis=1) for part in parts]
        norms = np.einsum("ij,ij->i", exact, exact)
        return np.maximum(squared_row_norms(X) - 2.0 * np.concatenate(products) + norms[labels], 0.0)
    distances = np.empty(len(labels))
    run(lambda part: distances_of_rows(X, part.start, part.stop, centers, labels, distances), parts)
    return distances
