"""Prediction walks each row from the root of each tree to a leaf, and adds up the leaves.

=========  ==========================================================  =======================
symbol     what                                                        shape
=========  ==========================================================  =======================
X          rows, float32 or float64                                    (n_samples, n_features)
trees      `mlx.tree.flat.FlatTrees`, all trees one after the other
at_most    go left if x <= threshold, not x < threshold
margin     margins, added to in place, float32 or float64              (n_samples, n_outputs)
=========  ==========================================================  =======================

Comparisons are made in float64, in which float32 values and thresholds are exact: the answer is the one of a
comparison in float32.
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

# Rows that go through one tree before the next tree's turn: rows and tree stay in the first-level cache.
BLOCK = 64

# Beyond this no float is an exact integer, so it is no category code either.
LARGEST_CATEGORY = 16_777_216.0


@kernel
def is_listed(code, trees, node):
    """Whether a category is among those that the node lists; a code that is none (negative, huge) is not."""
    if not (0.0 <= code < LARGEST_CATEGORY):
        return False
    category = int(code)
    for k in range(trees.category_start[node], trees.category_start[node + 1]):
        if trees.categories[k] == category:
            return True
    return False


@kernel
def goes_left(x, trees, node, at_most, listed_left):
    """Answer of a node to a row whose value in the node's column is x."""
    if x != x:
        return trees.missing_left[node]
    if trees.category_start[node] < trees.category_start[node + 1]:
        return is_listed(x, trees, node) == listed_left
    if at_most:
        return x <= trees.threshold[node]
    return x < trees.threshold[node]


@kernel
def leaf_of(row, trees, tree, at_most, listed_left):
    """Node of the leaf that a row reaches, counted from the first tree on."""
    node = trees.root[tree]
    while trees.left[node] >= 0:
        if goes_left(row[trees.feature[node]], trees, node, at_most, listed_left):
            node = trees.left[node]
        else:
            node = trees.right[node]
    return node


@kernel
def add_trees(X, trees, at_most, listed_left, margin):
    """Add the leaves' values to the margins, tree by tree in order."""
    n_rows, n_trees, n_values = len(X), len(trees.output), trees.value.shape[1]
    for first in range(0, n_rows, BLOCK):
        last = min(first + BLOCK, n_rows)
        for tree in range(n_trees):
            output = trees.output[tree]
            for i in range(first, last):
                leaf = leaf_of(X[i], trees, tree, at_most, listed_left)
                if output >= 0:
                    margin[i, output] += margin.dtype.type(trees.value[leaf, 0])
                else:
                    for k in range(n_values):
                        margin[i, k] += margin.dtype.type(trees.value[leaf, k])


@kernel
def add_trees_in_step(X, trees, margin):
    """`add_trees` for `mlx.tree.flat.Steps` and rows of float32: the rows of a block walk side by side.

    A processor waits at every node: for the threshold, for the row's value, and, if it guessed the answer, for half of
    its guesses to be taken back. Here it guesses nothing, and while one row waits it goes on with the next::

        step      1        2        3
        row 0   0 -> 2 -> 5 -> 11       all rows of the block make step 1, then all make step 2, ...
        row 1   0 -> 1 -> 1 -> 1        node 1 is a leaf: its children are itself
        row 2   0 -> 2 -> 6 -> 13
    """
    n_rows, n_trees = len(X), len(trees.output)
    at = np.empty(BLOCK, dtype=np.uint32)
    for first in range(0, n_rows, BLOCK):
        rows = X[first : first + BLOCK]
        n = np.uint64(len(rows))
        has_missing = _has_missing(rows)
        for tree in range(n_trees):
            root, output = np.uint32(trees.root[tree]), np.uint64(trees.output[tree])
            for i in range(n):
                at[i] = root
            for _ in range(trees.n_steps[tree]):
                for i in range(n):
                    node = np.uint64(at[i])
                    x = rows[i, np.uint64(trees.feature[node])]
                    right = x >= trees.threshold[node]
                    # Decided before the loop by the compiler: half of the time if nothing is missing.
                    if has_missing:
                        right |= (x != x) & trees.missing_right[node]
                    at[i] = trees.child[node + node + np.uint64(right)]
            for i in range(n):
                margin[np.uint64(first) + i, output] += margin.dtype.type(trees.value[np.uint64(at[i])])


@kernel
def _has_missing(rows):
    """Whether a value is missing."""
    missing = False
    for i in range(len(rows)):
        for f in range(rows.shape[1]):
            missing |= rows[i, f] != rows[i, f]
    return missing


@kernel
def find_leaves(X, trees, at_most, listed_left, leaves):
    """Write the leaf of each row in each tree, counted from the root of its tree."""
    for i in range(len(X)):
        for tree in range(len(trees.output)):
            leaves[i, tree] = leaf_of(X[i], trees, tree, at_most, listed_left) - trees.root[tree]
