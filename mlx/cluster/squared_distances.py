"""Squared distances of all rows to the rows that k-means++ tries as a center.

They are computed as ‖x‖² - 2 x·c + ‖c‖², as scikit-learn computes them: where rows are equal but for rounding, what is
left of them decides about the draw.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from .rows import Rows
from .seeding import CostsWith

__all__ = ["squared_distances_to"]

Array = NDArray[np.floating]


@kernel(reassociate=True)
def squared_distances_in_part(X, first, last, squared_norms, centers, center_norms, costs, with_each):
    """D² of rows first to last with each candidate: min(D² so far, max(‖x‖² - 2 x·c + ‖c‖², 0)).

    Parameters
    ----------
    X : ndarray of shape (n, p)
        float32 or float64.
    first, last : int
    squared_norms : ndarray of shape (n,)
    centers : ndarray of shape (trials, p)
        c, float64.
    center_norms : ndarray of shape (trials,)
        ‖c‖².
    costs : ndarray of shape (n,)
        D² so far, in the dtype of X.
    with_each : ndarray of shape (trials, n)
        Result, in the dtype of X.
    """
    for i in range(first, last):
        for t in range(len(centers)):
            product = 0.0
            for f in range(X.shape[1]):
                product += X[i, f] * centers[t, f]
            apart = center_norms[t] - 2.0 * product + squared_norms[i]
            apart = apart if apart > 0.0 else 0.0
            with_each[t, i] = apart if apart < costs[i] else costs[i]


def squared_distances_to(rows: Rows) -> CostsWith:
    """D² of `drawn_far_apart` for Euclidean distances, computed in float64 and kept in the dtype of X."""
    X, norms = rows.X, rows.squared_norms

    def costs_with(candidates: NDArray[np.integer], costs: Array, with_each: Array) -> None:
        centers: Any = X[candidates]
        centers = (centers.toarray() if sparse.issparse(centers) else centers).astype(np.float64, copy=False)
        center_norms = norms[candidates]

        def fill(part: slice) -> None:
            if sparse.issparse(X):
                apart = -2.0 * (X[part] @ centers.T).T + center_norms[:, None] + norms[part]
                np.minimum(np.maximum(apart, 0.0), costs[part], out=with_each[:, part], casting="same_kind")
            else:
                fixed = X, part.start, part.stop, norms
                squared_distances_in_part(*fixed, centers, center_norms, costs, with_each)

        rows.run(fill, rows.parts)

    return costs_with
