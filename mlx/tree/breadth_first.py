"""Breadth first: the nodes of a tree level after level, the two children of a node side by side.

The child that missing values take comes first.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

__all__ = ["breadth_first"]


@kernel
def breadth_first(left, right, missing_left, start, order, child, n_steps):
    """Write the nodes of each tree in their new order, the new number of each one's first child, and the depths."""
    for tree in range(len(n_steps)):
        root = start[tree]
        order[root] = root
        n_known, level_end, depth = root + 1, root + 1, 0
        for k in range(root, start[tree + 1]):
            if k == level_end:
                level_end, depth = n_known, depth + 1
            node = order[k]
            child[k] = k
            if left[node] >= 0:
                child[k] = n_known
                left_first = np.int64(missing_left[node])
                order[n_known + 1 - left_first] = root + left[node]
                order[n_known + left_first] = root + right[node]
                n_known += 2
        n_steps[tree] = depth
