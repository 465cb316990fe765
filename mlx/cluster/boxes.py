"""Boxes are clustered by how much of each other they cover: the shapes of the clusters are the anchors of a detector.

Formula, with |A| the area of a box (intersection over union, Jaccard's index)::

    IoU(A, B) = |A ∩ B| / (|A| + |B| - |A ∩ B|)
    A ∩ B = [max x1, min x2] x [max y1, min y2], empty if a side is negative
    d(A, B) = 1 - IoU(A, B)

Of shapes only width and height are known; they are compared with one corner in common, so that |A ∩ B| is
min(w_A, w_B) min(h_A, h_B) (J. Redmon & A. Farhadi, "YOLO9000: better, faster, stronger", CVPR 2017, section 2,
"dimension clusters", who leave open what a center is).

Here a center is the weighted median of the widths and that of the heights of its boxes: a few large boxes do not draw
it away, as they do with the mean. Neither makes Σ w d of a cluster smallest, so a step can raise the sum: of all
iterations the one with the smallest Σ w d counts. Euclidean distances would give large boxes large errors; d does not
know of scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .runs import Clustering
from .seeding import CostsWith

__all__ = ["check", "cluster_boxes", "costs_of_boxes", "distances", "intersection_over_union"]

Array = NDArray[np.floating]

# Entries of the table of distances that are held at once.
BLOCK_ENTRIES = 2**20


def intersection_over_union(first: Any, second: Any) -> Array:
    """IoU of every box of one list with every box of another.

    Parameters
    ----------
    first : array-like of shape (n, 4) or (n, 2)
        Corners x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2, or widths and heights of boxes with one corner in common.
    second : array-like of shape (m, 4) or (m, 2)
        The same kind.

    Returns
    -------
    ndarray of shape (n, m)
    """
    a, b = _corners(first)[:, None], _corners(second)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.maximum(sides, 0.0).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b)]
    return common / (areas[0] + areas[1] - common)


def _corners(boxes: Any) -> Array:
    boxes = np.asarray(boxes, dtype=np.float64)
    return np.concatenate([np.zeros_like(boxes), boxes], axis=1) if boxes.shape[1] == 2 else boxes


def distances(shapes: Array, centers: Array) -> Array:
    """D of each shape and each center, shape (n, k), float64."""
    size = max(BLOCK_ENTRIES // len(centers), 1)
    blocks = [intersection_over_union(shapes[at : at + size], centers) for at in range(0, len(shapes), size)]
    return 1.0 - np.concatenate(blocks)


def check(X: Array) -> None:
    """Raise ValueError unless every row is the width and height of a box."""
    if X.shape[1] != 2:
        raise ValueError(f"X must have two columns, width and height, with metric='iou'; it has {X.shape[1]}")
    if not (X > 0.0).all():
        raise ValueError("X must hold positive widths and heights with metric='iou'")


def costs_of_boxes(X: Array) -> CostsWith:
    """Costs for k-means++: d to the nearest center chosen so far takes the place of the squared distance."""

    def costs_with(candidates: NDArray[np.integer], costs: Array, with_each: Array) -> None:
        np.minimum(distances(X, X[candidates]).T, costs, out=with_each, casting="same_kind")

    return costs_with


def cluster_boxes(
    X: Array, weights: Array, centers: Array, *, max_iter: int, tolerance: float, verbose: bool
) -> Clustering:
    """Iterate from given centers: boxes go to their nearest center, centers to the median of their boxes.

    Parameters
    ----------
    X : ndarray of shape (n, 2)
    weights : ndarray of shape (n,)
    centers : ndarray of shape (k, 2)
    max_iter : int
    tolerance : float
        The iteration ends when the squared moves of all centers sum to no more.
    verbose : bool
        Print Σ w d of each iteration.

    Returns
    -------
    Clustering
        Of the iteration with the smallest Σ w d; `n_iter` counts all.
    """
    labels, nearest = _nearest(X, centers)
    best = Clustering(labels, centers, float(nearest @ weights), 0)
    for iteration in range(max_iter):
        medians = _medians(X, weights, labels, nearest, len(centers)).astype(centers.dtype)
        shift = float(np.sum((medians - centers) ** 2))
        centers, old_labels = medians, labels
        labels, nearest = _nearest(X, centers)
        inertia = float(nearest @ weights)
        if verbose:
            print(f"Iteration {iteration}, inertia {inertia}.")
        if inertia < best.inertia:
            best = Clustering(labels, centers, inertia, 0)
        if shift <= tolerance or np.array_equal(labels, old_labels):
            break
    return best._replace(n_iter=iteration + 1)


def _nearest(X: Array, centers: Array) -> tuple[NDArray[np.int32], Array]:
    """Number of the nearest center of each box, and d to it."""
    apart = distances(X, centers)
    labels = apart.argmin(axis=1)
    return labels.astype(np.int32), apart[np.arange(len(X)), labels]


def _medians(X: Array, weights: Array, labels: NDArray[np.int32], nearest: Array, k: int) -> Array:
    """Weighted median sides of each cluster; an empty one gets a box that is farthest from its center."""
    sizes = np.bincount(labels, weights, minlength=k)
    farthest = iter(np.argsort(-nearest, kind="stable"))
    medians = np.empty((k, 2))
    for j in range(k):
        own = labels == j
        if sizes[j] > 0.0:
            medians[j] = [weighted_median(side, weights[own]) for side in X[own].T]
        else:
            medians[j] = X[next(farthest)]
    return medians


def weighted_median(values: Array, weights: Array) -> float:
    """The value with half of the weight on either side; of two, as between two equal halves, their mean."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    low, high = (values[order[np.searchsorted(sums, 0.5 * sums[-1], side)]] for side in ("left", "right"))
    return 0.5 * (low + high)
