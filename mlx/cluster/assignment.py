"""Assignment gives each row the label of its nearest center, and looks only at rows whose label may have changed.

A center that moves by δ comes nearer to a row by at most δ. So a row keeps an upper bound u of the distance to its own
center and lower bounds of the distances to others, and moves them with the centers. While u is below the lower bounds,
or below half the distance from its center to the next one, the label stays, and no distance is computed.

Formulas (G. Hamerly, "Making k-means even faster", SDM 2010, section 3 and algorithm 1; C. Elkan, "Using the triangle
inequality to accelerate k-means", ICML 2003, lemmas 1 and 2, steps 2 to 6), with δ_j the move of center j::

    u ← u + δ_a               ℓ ← ℓ - max_{j≠a} δ_j         one lower bound for all others: Hamerly, for "lloyd"
                              ℓ_j ← ℓ_j - δ_j               one for each center: Elkan, for "elkan"
    a stays if  u < max(ℓ, ½ min_{j≠a} ‖c_a - c_j‖),  or  u < max(ℓ_j, ½ ‖c_a - c_j‖) for all j ≠ a

======  ======  ===================================================================
symbol  shape   meaning
======  ======  ===================================================================
a       (n,)    labels; -1 before the first assignment
u       (n,)    upper bounds of the distance to the row's own center
ℓ       (n, 1)  or (n, k): lower bounds of the distances to the others
δ       (k,)    how far the centers moved since the bounds were right
======  ======  ===================================================================

Where a row is in doubt, its distances to all centers are computed at once, by a matrix product:
‖x - c‖² - ‖x‖² = ‖c‖² - 2 x·c. The bounds leave room for the rounding of that product (`slack`), so that no row is left
out whose label the product would change: labels are those of the assignment without bounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from .rows import BLOCK, Rows

__all__ = ["Assignment", "Centers", "assign_part", "centers_at", "new_assignment"]

Array = NDArray[np.floating]

EPSILON = float(np.finfo(np.float64).eps)

# Rows from which the distances between centers may spare more than they cost; the bounds do without them.
LONG_TABLE = 8192


class Assignment(NamedTuple):
    """Labels of all rows and what is known of their distances; changed in place.

    Attributes
    ----------
    labels : ndarray of int32 of shape (n,)
    upper : ndarray of shape (n,)
    lower : ndarray of shape (n, 1) or (n, k)
    slack : float
        Bound of the rounding of a squared distance, relative to (‖x‖ + max ‖c‖)².
    """

    labels: NDArray[np.int32]
    upper: Array
    lower: Array
    slack: float


class Centers(NamedTuple):
    """Centers as one assignment needs them.

    Attributes
    ----------
    scaled : ndarray of shape (p, k)
        -2 c, in the dtype of X.
    squared_norms : ndarray of shape (k,)
        In the dtype of X.
    reach : float
        Largest norm.
    moved, moved_others : ndarray of shape (k,)
        δ: how far each has moved since the assignment before; the largest δ of another one; float64.
    half_gaps : ndarray of shape (k, k)
        ½ ‖c_i - c_j‖ or less, by rounding, or 0 where the table is short; infinite for i = j; float64.
    half_gap : ndarray of shape (k,)
        The smallest of each row.
    """

    scaled: Array
    squared_norms: Array
    reach: float
    moved: Array
    moved_others: Array
    half_gaps: Array
    half_gap: Array


def new_assignment(rows: Rows, n_clusters: int, max_iter: int, *, bound_each: bool) -> Assignment:
    """No row has a label, and nothing is known.

    Parameters
    ----------
    rows : Rows
    n_clusters : int
    max_iter : int
        Number of times that bounds may be moved, each with a rounding.
    bound_each : bool
        A lower bound for each center (Elkan) instead of one for all (Hamerly).
    """
    n, p = rows.X.shape
    # A product of p terms has at most p roundings; the two norms and the sum a few more.
    slack = (p + max_iter + 8) * float(np.finfo(rows.X.dtype).eps)
    lower = np.zeros((n, n_clusters if bound_each else 1))
    return Assignment(np.full(n, -1, dtype=np.int32), np.zeros(n), lower, slack)


def centers_at(points: Array, moved: Array, n_rows: int) -> Centers:
    """Centers with their norms and, for a long table, the distances between them."""
    k = len(points)
    exact = points.astype(np.float64, copy=False)
    norms = np.einsum("ij,ij->i", exact, exact)
    reach = float(np.sqrt(norms.max()))
    if n_rows >= LONG_TABLE:
        rounding = (points.shape[1] + 8) * EPSILON * (2.0 * reach) ** 2
        gaps = norms[:, None] + norms - 2.0 * (exact @ exact.T) - rounding  # never too large
        half_gaps = np.sqrt(np.maximum(gaps, 0.0)) / 2.0
        half_gaps.flat[:: k + 1] = np.inf
        half_gap = half_gaps.min(axis=1)
    else:
        half_gaps, half_gap = np.zeros((k, k)), np.zeros(k)
    scaled = np.ascontiguousarray(-2 * points.T)
    squared_norms = np.einsum("ij,ij->i", points, points)
    return Centers(scaled, squared_norms, reach, moved, _of_others(moved), half_gaps, half_gap)


@kernel
def unsettled_rows(start, stop, assignment, centers, picked):
    """Move the bounds of rows with the centers, and list the rows whose label may change.

    Parameters
    ----------
    start, stop : int
        First row, and the one after the last.
    assignment : Assignment
        Bounds are moved in place.
    centers : Centers
    picked : ndarray of int64
        Filled from the front with the numbers of these rows.

    Returns
    -------
    int
        Number of these rows.
    """
    labels, upper, lower = assignment.labels, assignment.upper, assignment.lower
    moved, moved_others = centers.moved, centers.moved_others
    half_gaps, half_gap = centers.half_gaps, centers.half_gap
    n_picked = 0
    for i in range(start, stop):
        label = labels[i]
        settled = label >= 0
        if settled:
            upper[i] += moved[label]
            if lower.shape[1] == 1:
                lower[i, 0] -= moved_others[label]
                settled = upper[i] < max(lower[i, 0], half_gap[label])
            else:
                for j in range(lower.shape[1]):
                    lower[i, j] -= moved[j]
                    settled &= (j == label) | (upper[i] < max(lower[i, j], half_gaps[label, j]))
        if not settled:
            picked[n_picked] = i
            n_picked += 1
    return n_picked


@kernel
def settle_rows(picked, products, squared_norms, assignment, centers):
    """Labels and bounds of rows from their products with the centers; of equal distances the first counts.

    Parameters
    ----------
    picked : ndarray of int64 of shape (m,)
        Numbers of the rows.
    products : ndarray of shape (k, m)
        -2 x·c of these rows, float32 or float64.
    squared_norms : ndarray of shape (n,)
        ‖x‖² of all rows.
    assignment : Assignment
        Changed in place.
    centers : Centers

    Returns
    -------
    int
        Number of labels that changed.
    """
    labels, upper, lower = assignment.labels, assignment.upper, assignment.lower
    norms, reach, slack = centers.squared_norms, centers.reach, assignment.slack
    best, second = np.empty(len(picked)), np.empty(len(picked))
    nearest = np.empty(len(picked), np.int32)
    for r in range(len(picked)):
        best[r] = second[r] = np.inf
        nearest[r] = 0
    for j in range(len(norms)):  # center by center, so that several rows are compared at once
        for r in range(len(picked)):
            this = products[j, r] + norms[j]
            other = best[r] if this < best[r] else this
            second[r] = other if other < second[r] else second[r]
            nearest[r] = j if this < best[r] else nearest[r]
            best[r] = this if this < best[r] else best[r]
    n_changed = 0
    for r in range(len(picked)):
        i = picked[r]
        rounding = slack * (np.sqrt(squared_norms[i]) + reach) ** 2
        upper[i] = np.sqrt(max(squared_norms[i] + best[r], 0.0) + rounding)
        if lower.shape[1] == 1:
            lower[i, 0] = np.sqrt(max(squared_norms[i] + second[r] - rounding, 0.0))
        else:
            for j in range(len(norms)):
                lower[i, j] = np.sqrt(max(squared_norms[i] + norms[j] + products[j, r] - rounding, 0.0))
        n_changed += labels[i] != nearest[r]
        labels[i] = nearest[r]
    return n_changed


@kernel
def assign_rows(X, first, last, squared_norms, weights, assignment, centers, sums, sizes):
    """Assign rows first to last of a dense table, and add them and their weights to the sums of their clusters.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    first, last : int
    squared_norms, weights : ndarray of shape (n,)
    assignment : Assignment
        Changed in place.
    centers : Centers
    sums : ndarray of shape (k, p)
        Changed in place, as is
    sizes : ndarray of shape (k,)

    Returns
    -------
    int
        Number of labels that changed.
    """
    p, k = X.shape[1], len(sizes)
    n_changed = 0
    picked = np.empty(BLOCK, np.int64)
    rows = np.empty((BLOCK, p), X.dtype)
    memory = np.empty(BLOCK * k, X.dtype)
    labels = assignment.labels
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        n = unsettled_rows(start, stop, assignment, centers, picked)
        chosen = X[start:stop]
        if n < stop - start:
            for r in range(n):
                i = picked[r]
                for f in range(p):
                    rows[r, f] = X[i, f]
            chosen = rows[:n]
        if n > 0:
            products = memory[: k * n].reshape((k, n))
            np.dot(centers.scaled.T, chosen.T, products)
            n_changed += settle_rows(picked[:n], products, squared_norms, assignment, centers)
        for i in range(start, stop):
            label, weight = labels[i], weights[i]
            sizes[label] += weight
            for f in range(p):
                sums[label, f] += X[i, f] * weight
    return n_changed


def assign_part(rows: Rows, centers: Centers, assignment: Assignment, part: slice) -> tuple[int, Array, Array]:
    """Assign the rows of one part.

    Returns
    -------
    n_changed : int
        Number of labels that changed.
    sums : ndarray of shape (k, p)
        Weighted sums of the rows of each cluster.
    sizes : ndarray of shape (k,)
        Sums of their weights.
    """
    p, k = centers.scaled.shape
    if not sparse.issparse(rows.X):
        sums, sizes = np.zeros((k, p)), np.zeros(k)
        fixed = rows.X, part.start, part.stop, rows.squared_norms, rows.weights
        return assign_rows(*fixed, assignment, centers, sums, sizes), sums, sizes
    picked = np.empty(part.stop - part.start, dtype=np.int64)
    picked = picked[: unsettled_rows(part.start, part.stop, assignment, centers, picked)]
    products = np.ascontiguousarray((rows.X[picked] @ centers.scaled).T)
    n_changed = settle_rows(picked, products, rows.squared_norms, assignment, centers)
    labels, weights = assignment.labels[part], rows.weights[part]
    members = sparse.csr_array((weights, (labels, np.arange(len(labels)))), shape=(k, len(labels)))
    return n_changed, (members @ rows.X[part]).toarray(), np.bincount(labels, weights, minlength=k).astype(np.float64)


def _of_others(moved: Array) -> Array:
    """For each center the largest move of another one, shape (k,)."""
    if len(moved) == 1:
        return np.zeros(1)
    second, first = moved.argsort()[-2:]
    others = np.full(len(moved), moved[first])
    others[first] = moved[second]
    return others
