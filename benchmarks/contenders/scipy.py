"""SciPy, where the usual way is a few lines of it."""

from __future__ import annotations

import numpy as np

from ..definitions import Contender
from ..tasks.proximity import LeavesWork


def multiply_leaves(work: LeavesWork, threads: int) -> np.ndarray:
    """S Sᵀ / n_trees, where S has a column for each leaf of each tree."""
    from scipy import sparse

    n_trees = work.leaves.shape[1]
    first = np.concatenate([[0], np.cumsum(work.leaves.max(axis=0) + 1)[:-1]])
    ones, row_start = np.ones(work.leaves.size, dtype=np.int32), np.arange(0, work.leaves.size + 1, n_trees)
    is_in = sparse.csr_array((ones, (work.leaves + first).ravel(), row_start))
    return (is_in @ is_in.T).toarray() / n_trees


CONTENDERS = {"proximity": (Contender("scipy", "scipy.sparse", multiply_leaves),)}
