"""Slow twin of the exact method and of pruning: plain loops over sorted rows, written to be read. No Numba.

Rows are sorted anew for every node and column. Sums are Python floats; thresholds and gains are float32, as there.
"""

import numpy as np

from tests.reference.boosting import Node, similarity

f32 = np.float32


def splits_of(node, column, g, h, reg_lambda, min_child_weight, table_has_missing):
    """(gain, threshold, missing_left) of everything that can be asked about a column, in the order of the trials."""
    rows = [i for i in node.rows if not np.isnan(column[i])]
    rows.sort(key=lambda i: column[i])
    parent = similarity(node.G, node.H, reg_lambda)
    several = len(set(column[~np.isnan(column)].tolist())) > 1
    for rises in [True, False] if table_has_missing and several else [False]:
        side = rows if rises else rows[::-1]
        for k in range(1, len(side) + 1):
            before = column[side[k - 1]]
            if k == len(side):
                gap = f32(abs(before) + f32(1e-6))
                threshold = before + gap if rises else before - gap
            elif column[side[k]] == before:
                continue
            else:
                middle = f32(f32(before + column[side[k]]) * f32(0.5))
                threshold = before if middle == column[side[k]] else middle
            G, H = sum(float(g[i]) for i in side[:k]), sum(float(h[i]) for i in side[:k])
            if min(H, node.H - H) >= min_child_weight:
                gain = similarity(G, H, reg_lambda) + similarity(node.G - G, node.H - H, reg_lambda) - parent
                yield gain, threshold, not rises


def grow(X, g, h, *, max_depth, reg_lambda=1.0, min_child_weight=1.0):
    """Nodes of one tree, level by level from left to right; gamma has no part in it."""
    seen = [i for i in range(len(X)) if g[i] != 0 or h[i] != 0]
    level = [Node(seen, sum(float(g[i]) for i in seen), sum(float(h[i]) for i in seen))]
    nodes = list(level)
    for _ in range(max_depth):
        following = []
        for node in level:
            for f in range(X.shape[1]):
                has_missing = np.isnan(X[:, f]).any()
                for gain, threshold, missing_left in splits_of(
                    node, X[:, f], g, h, reg_lambda, min_child_weight, has_missing
                ):
                    if gain > node.gain and not np.isinf(gain):
                        node.gain, node.feature = gain, f
                        node.threshold, node.missing_left = threshold, missing_left
            if node.gain <= f32(1e-6):
                node.gain, node.feature = f32(0), -1
                continue
            x = X[:, node.feature]
            left = [i for i in node.rows if (node.missing_left if np.isnan(x[i]) else x[i] < node.threshold)]
            for name, part in (("left", left), ("right", [i for i in node.rows if i not in set(left)])):
                child = Node(part, sum(float(g[i]) for i in part), sum(float(h[i]) for i in part))
                setattr(node, name, child)
                following.append(child)
        nodes += following
        level = following
    return nodes


def prune(node, gamma):
    """Take back splits of a node and of those below it, from the leaves up; True if the node is a leaf then."""
    if node.left is None:
        return True
    # Both sides are pruned, whatever becomes of the other.
    below = [prune(node.left, gamma), prune(node.right, gamma)]
    if all(below) and node.gain < gamma:
        node.left = node.right = None
    return node.left is None


def level_by_level(root):
    """The nodes that are left, as they are numbered."""
    nodes, level = [], [root]
    while level:
        nodes += level
        level = [child for node in level if node.left is not None for child in (node.left, node.right)]
    return nodes
