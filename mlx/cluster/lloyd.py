"""Lloyd's iteration: rows go to their nearest center, centers go to the mean of their rows, until nothing changes.

Formula (S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982); C. Bishop, Pattern
Recognition and Machine Learning, section 9.1, equations 9.1 to 9.4)::

    J = Σ_i w_i ‖x_i - c_{a_i}‖²
    a_i ← argmin_j ‖x_i - c_j‖²         assignment: J falls or stays
    c_j ← Σ_{a_i=j} w_i x_i / Σ_{a_i=j} w_i    update: J falls or stays

======  ======  ==========================================
symbol  shape   meaning
======  ======  ==========================================
x       (n, p)  rows
w       (n,)    weights
c       (k, p)  centers
a       (n,)    labels
J               inertia
======  ======  ==========================================

A center that no row is nearest to is put on the row that is farthest from its own center, as scikit-learn does it.
Sums are made in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .assignment import Assignment, assign_part, centers_at, new_assignment
from .nearest import squared_distances
from .rows import Rows
from .runs import Clustering

__all__ = ["lloyd"]

Array = NDArray[np.floating]


def lloyd(
    rows: Rows, centers: Array, *, max_iter: int, tolerance: float, bound_each: bool, verbose: bool
) -> Clustering:
    """Iterate from given centers.

    Parameters
    ----------
    rows : Rows
    centers : ndarray of shape (k, p)
        Where to start, in the dtype of X.
    max_iter : int
    tolerance : float
        The iteration ends when the squared moves of all centers sum to no more.
    bound_each : bool
        Whether each row keeps a bound for each center: algorithm "elkan".
    verbose : bool
        Print the inertia of each iteration.
    """
    k = len(centers)
    assignment = new_assignment(rows, k, max_iter, bound_each=bound_each)
    moved = np.zeros(k)
    for iteration in range(max_iter):
        n_changed, sums, sizes = _assign(rows, centers, moved, assignment)
        relocate_empty(rows, centers, assignment.labels, sums, sizes)
        means = _means(sums, sizes).astype(centers.dtype)
        moves = np.subtract(means, centers, dtype=np.float64)
        moved = np.sqrt(np.einsum("ij,ij->i", moves, moves))
        centers = means
        if verbose:
            print(f"Iteration {iteration}, inertia {inertia_of(rows, centers, assignment.labels)}.")
        if n_changed == 0:
            if verbose:
                print(f"Converged at iteration {iteration}: strict convergence.")
            break
        shift = float(moved @ moved)
        if shift <= tolerance:
            if verbose:
                print(f"Converged at iteration {iteration}: center shift {shift} within tolerance {tolerance}.")
            break
    if n_changed:  # labels must be those that `predict` would give
        _assign(rows, centers, moved, assignment)
    labels = assignment.labels
    return Clustering(labels, centers, inertia_of(rows, centers, labels), iteration + 1)


def _assign(rows: Rows, centers: Array, moved: Array, assignment: Assignment) -> tuple[int, Array, Array]:
    """Give every row its label; returns how many changed, and the sums of rows and of weights of all clusters."""
    at = centers_at(centers, moved, len(assignment.labels))
    parts = rows.run(lambda part: assign_part(rows, at, assignment, part), rows.parts)
    n_changed, sums, sizes = parts[0]
    for more_changed, more_sums, more_sizes in parts[1:]:
        n_changed += more_changed
        sums += more_sums
        sizes += more_sizes
    return n_changed, sums, sizes


def relocate_empty(rows: Rows, centers: Array, labels: NDArray[np.int32], sums: Array, sizes: Array) -> None:
    """Give each cluster without weight the row that is farthest from its center; changes sums and sizes."""
    if sizes.all():
        return
    empty = np.flatnonzero(sizes == 0.0)
    distances = squared_distances(rows.X, centers, labels, rows.run)
    if distances.max() == 0.0:  # more clusters than different rows
        return
    farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
    for new, row in zip(empty, farthest):
        old, weight = labels[row], rows.weights[row]
        x = rows.X[[row]]
        x = (x.toarray() if sparse.issparse(x) else x)[0] * weight
        sums[old] -= x
        sums[new] = x
        sizes[new] = weight
        sizes[old] -= weight


def _means(sums: Array, sizes: Array) -> Array:
    """Centers from the sums; one that is still empty is put where the heaviest cluster is."""
    weighted = sizes > 0.0
    means = sums * np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=weighted)[:, None]
    if not weighted.all():
        means[~weighted] = means[np.argmax(sizes)]
    return means


def inertia_of(rows: Rows, centers: Array, labels: NDArray[np.int32]) -> float:
    """J of the formula."""
    return float(squared_distances(rows.X, centers, labels, rows.run) @ rows.weights)
