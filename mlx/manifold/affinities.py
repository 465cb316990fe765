"""Affinities say how much two rows are neighbours: the probability that one row would pick the other.

Formula (L. van der Maaten & G. Hinton, "Visualizing data using t-SNE", JMLR 9 (2008), equations 1 and 3 and section
3.1; the conditional probabilities and the perplexity are those of SNE, NIPS 2002)::

    p_{j|i} = exp(-β_i d_ij²) / Σ_{k≠i} exp(-β_i d_ik²)
    H_i     = -Σ_j p_{j|i} log p_{j|i} = log(perplexity)      decides β_i = 1 / 2σ_i²
    p_ij    = (p_{j|i} + p_{i|j}) / 2n

The perplexity is the number of neighbours that a row would have if it picked all of them with equal probability.

======  ======  ====================================================
symbol  shape   meaning
======  ======  ====================================================
d_ij²   (n, k)  squared distances of each row to its k neighbours
β_i     scalar  precision of the Gaussian around row i
P       (n, n)  joint probabilities p_ij, sparse, symmetric, sum 1
======  ======  ====================================================

Departs from scikit-learn: the entropy is met to 1e-10, not 1e-5, in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from ..numeric.threads import run_tasks
from .neighbors import Neighbors

__all__ = ["conditional_probabilities", "joint_probabilities", "neighbors_needed"]

# Error of the entropy at which the search ends, in nats.
ENTROPY_TOLERANCE = 1e-10
# More than Newton needs by far; only an entropy that no precision reaches goes on so long.
MOST_STEPS = 200
# Distances between which their squares, and the squares of their inverses, are numbers; 1 / SMALLEST still is one.
TINY, HUGE, SMALLEST = 1e-100, 1e100, 1e-300
# Rows of one task.
ROWS = 2048


def neighbors_needed(n_rows: int, perplexity: float) -> int:
    """Neighbours that are enough for a perplexity: three times as many. Farther ones have next to no probability."""
    return min(n_rows - 1, int(3.0 * perplexity + 1))


def conditional_probabilities(
    squared_distances: NDArray[np.float64], perplexity: float, n_threads: int
) -> NDArray[np.float64]:
    """Probabilities p_{j|i} of the neighbours of each row, shape (n, k), whose entropy is log(perplexity).

    Where no precision gives that entropy, the probabilities are equal: on all neighbours if there are no more than the
    perplexity, or on those at distance 0 if there are more of these.

    Parameters
    ----------
    squared_distances : ndarray of shape (n, k)
    perplexity : float
    n_threads : int
    """
    n = len(squared_distances)
    probabilities = np.empty_like(squared_distances)

    def search(first: int) -> None:
        rows = slice(first, first + ROWS)
        search_precision(squared_distances[rows], np.log(perplexity), probabilities[rows])

    run_tasks(search, range(0, n, ROWS), n_threads)
    return probabilities


def joint_probabilities(neighbors: Neighbors, perplexity: float, n_threads: int) -> sparse.csr_array:
    """Joint probabilities p_ij of rows and their neighbours, symmetric, of sum 1, shape (n, n), float64."""
    n, k = neighbors.indices.shape
    conditional = conditional_probabilities(neighbors.squared_distances, perplexity, n_threads)
    starts = np.arange(0, n * k + 1, k)
    P = sparse.csr_array((conditional.ravel(), neighbors.indices.ravel(), starts), shape=(n, n))
    P = sparse.csr_array(P + P.T)
    P.data /= P.data.sum()
    P.sort_indices()
    return P


@kernel(reassociate=True)
def search_precision(squared_distances, entropy, probabilities):
    """Find for each row the precision β whose probabilities have the entropy, by Newton's steps in log β.

    With m and v the mean and the variance of d² under the probabilities, H = log Σ exp(-β d²) + β m, and
    dH / d log β = -β² v. A step that leaves the interval known to hold the solution is replaced by its middle.

    Parameters
    ----------
    squared_distances : float64 (b, k)
        In any order.
    entropy : float64
        In nats.
    probabilities : float64 (b, k)
        Overwritten.
    """
    b, k = squared_distances.shape
    for i in range(b):
        distances, p = squared_distances[i], probabilities[i]
        nearest = distances[0]
        total = 0.0
        for j in range(k):
            nearest = min(nearest, distances[j])
            total += distances[j]
        scale = total / k - nearest
        # β and d² do not leave the range of float64 in units of about the scale; other units are rare.
        unit = 1.0 / max(scale, SMALLEST) if scale > HUGE or 0.0 < scale < TINY else 1.0
        beta = 1.0 / (scale * unit) if scale > 0.0 else 1.0
        low, high = 0.0, np.inf
        for _ in range(MOST_STEPS):
            s, s_d, s_dd = 0.0, 0.0, 0.0
            for j in range(k):
                d = (distances[j] - nearest) * unit
                p[j] = np.exp(-beta * d)
                s += p[j]
                s_d += p[j] * d
                s_dd += p[j] * d * d
            mean = s_d / s
            error = np.log(s) + beta * mean - entropy
            if abs(error) < ENTROPY_TOLERANCE or mean == 0.0:
                break
            if error > 0.0:
                low = beta
            else:
                high = beta
            slope = beta * beta * (s_dd / s - mean * mean)
            step = error / slope if slope > 0.0 else np.inf
            proposed = beta * np.exp(min(max(step, -2.0), 2.0))
            if not low < proposed < high:
                proposed = 0.5 * (low + high) if high < np.inf else 2.0 * beta
            if proposed == beta:
                break
            beta = proposed
        for j in range(k):
            p[j] /= s
