"""Placement: new rows get a place in a map that stays as it is.

Formula (P. Poličar, M. Stražar & B. Zupan, "Embedding to reference t-SNE space addresses batch effects in
single-cell classification", Machine Learning 112 (2021), section 2.2): a new row i has probabilities p_{j|i} of picking
the training rows j, and the place y_i where the similarities with the points of the map agree with them best::

    KL_i      = Σ_j p_{j|i} log (p_{j|i} / q_{j|i}),    q_{j|i} = w_ij / m_i
    ∂KL_i/∂y_i = (ν + 1) / ν (A_i - R_i / m_i)

with A, R, m as in `attraction` and the files on repulsion. New rows do not act on each other: each gets the same place
whatever comes with it. The descent begins at the median of the places of the nearest training rows.

Departs from openTSNE: there is no exaggeration, so that the place is that of the smallest KL_i near the start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.threads import thread_team
from .affinities import conditional_probabilities
from .attraction import Affinities
from .gradient_descent import Forces, step
from .neighbors import Neighbors
from .repulsion_exact import Repulsion
from .stages import run_stages

__all__ = ["PERPLEXITY", "place_rows"]

# A new row is placed among few neighbours; the map knows their surroundings.
PERPLEXITY = 5.0
# Neighbours of whose places the descent starts at the median.
NEIGHBORS_AT_START = 10
N_ITERATIONS = 250
LEARNING_RATE = 0.1
MOMENTUM = 0.8


def place_rows(
    embedding: NDArray[np.float32],
    neighbors: Neighbors,
    repulsion: Repulsion,
    freedom: int,
    n_threads: int,
) -> NDArray[np.float32]:
    """Places of new rows, shape (m, d).

    Parameters
    ----------
    embedding : ndarray of float32, shape (n, d)
        Places of the training rows.
    neighbors : Neighbors
        Training rows near each new one, nearest first.
    repulsion : Repulsion
    freedom : int
        Degrees of freedom ν.
    n_threads : int
    """
    m, k = neighbors.indices.shape
    probabilities = conditional_probabilities(neighbors.squared_distances, PERPLEXITY, n_threads)
    P = sparse.csr_array(
        (probabilities.ravel(), neighbors.indices.ravel(), np.arange(0, m * k + 1, k)), shape=(m, len(embedding))
    )
    start = np.median(embedding[neighbors.indices[:, :NEIGHBORS_AT_START]], axis=1)
    points = np.ascontiguousarray(start.T, dtype=np.float32)
    charges = np.ascontiguousarray(embedding.T)
    if len(charges) == 1:  # stored as two dimensions, the second of zeros
        points, charges = (np.concatenate([row, np.zeros_like(row)]) for row in (points, charges))
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    factor = (freedom + 1.0) / freedom
    with thread_team(n_threads) as run:
        run_stages(run, n_threads, repulsion.place(charges), [])
        forces = Forces(Affinities.of(P), repulsion, freedom, points.shape, run, n_threads)
        for _ in range(N_ITERATIONS):
            forces.compute(points, charges)
            forces.push /= forces.similarity
            step(points, velocity, gains, forces.attraction, forces.push, factor, factor, MOMENTUM, LEARNING_RATE)
    return np.ascontiguousarray(points[: embedding.shape[1]].T)
