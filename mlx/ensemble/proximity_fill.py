r"""A missing value is filled with what the rows near it have: the average, or the most frequent category.

Where x_{if} is missing, J are the rows in which column f is there, and p is the proximity (`mlx.ensemble.proximity`),

.. math:: \hat x_{if} = \frac{\sum_{j \in J} p_{ij} x_{jf}}{\sum_{j \in J} p_{ij}}
          \qquad\text{or}\qquad
          \hat x_{if} = \operatorname{argmax}_c \sum_{j \in J} p_{ij} [x_{jf} = c]

(Breiman & Cutler [1]_). No proximity is ever made for it. Put the definition of p into the sum and turn the sums round:

.. math:: T \sum_{j \in J} p_{ij} x_{jf} = \sum_t \sum_{j \in J} [\ell_t(i) = \ell_t(j)] x_{jf} = \sum_t S_t(\ell_t(i)),

where S_t(leaf) is the total of the column over a leaf of tree t. The work is one pass over the leaf numbers for each
column, not one over all pairs of rows.

References
----------
.. [1] L. Breiman, A. Cutler, "Random Forests", stat.berkeley.edu/~breiman/RandomForests: "Missing value replacement
   for the training set".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["proximity_average", "proximity_mode"]


def proximity_average(
    values: NDArray[np.floating], leaves: NDArray[np.integer], at: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Average of the values that are there, weighted by proximity.

    Parameters
    ----------
    values : ndarray of float, shape (n_others,)
        A column; NaN where it is missing.
    leaves : ndarray of int, shape (n_others, n_trees)
        Leaves of the rows of this column.
    at : ndarray of int, shape (n_samples, n_trees)
        Leaves of the rows to fill.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        NaN for a row that shares no leaf with a row that has a value.
    """
    there = ~np.isnan(values)
    known, leaves = values[there].astype(np.float64), leaves[there]
    total, weight = np.zeros(len(at)), np.zeros(len(at))
    for t in range(at.shape[1]):
        n_leaves = 1 + max(leaves[:, t].max(initial=-1), at[:, t].max(initial=-1))
        total += np.bincount(leaves[:, t], known, minlength=n_leaves)[at[:, t]]
        weight += np.bincount(leaves[:, t], minlength=n_leaves)[at[:, t]]
    with np.errstate(invalid="ignore"):
        return total / weight


def proximity_mode(
    values: NDArray[np.floating], leaves: NDArray[np.integer], at: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Value with the largest sum of proximities, the smallest of equal ones; arguments and result as above."""
    there = ~np.isnan(values)
    categories, code = np.unique(values[there], return_inverse=True)
    leaves, n_categories = leaves[there], len(categories)
    if n_categories == 0:
        return np.full(len(at), np.nan)
    votes = np.zeros((len(at), n_categories), dtype=np.int64)
    for t in range(at.shape[1]):
        n_leaves = 1 + max(leaves[:, t].max(initial=-1), at[:, t].max(initial=-1))
        of_leaf = np.bincount(leaves[:, t] * n_categories + code, minlength=n_leaves * n_categories)
        votes += of_leaf.reshape(n_leaves, n_categories)[at[:, t]]
    chosen = categories[votes.argmax(axis=1)].astype(np.float64)
    return np.where(votes.any(axis=1), chosen, np.nan)
