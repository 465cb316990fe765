"""Prediction walks each row from the root of each tree to a leaf, and adds up the leaves.

=========  ==========================================================  =======================
symbol     what                                                        shape
=========  ==========================================================  =======================
X          rows, float32 or float64, C-contiguous                      (n_samples, n_features)
trees      `mlx.tree.flat.FlatTrees`, all trees one after the other
sets       `mlx.tree.flat.CategorySets` of their nodes, or None
margin     margins, added to in place, of the type of trees.value      (n_samples, n_outputs)
block      some rows, and behind each its negative                     (BLOCK, 2 n_features)
at         the node at which each row of the block is                  (BLOCK,)
=========  ==========================================================  =======================

The rows of a block walk a tree side by side. A processor waits at every node: for the threshold, for the row's value,
and, if it guessed the answer, for half of its guesses to be taken back. Here it guesses nothing, and while one row
waits it goes on with the next::

    step      1        2        3
    row 0   0 -> 2 -> 5 -> 11       all rows of the block make step 1, then all make step 2, ...
    row 1   0 -> 1 -> 1 -> 1        node 1 is a leaf: it is its own child
    row 2   0 -> 2 -> 6 -> 13
"""

from __future__ import annotations

import numpy as np

from ..numeric.jit import kernel

# Rows that go through one tree before the next tree's turn. The more there are, the more often a node is found in the
# first-level cache: against 64 rows a fifth less time in trees of thousands of nodes, a twentieth in trees of depth 6.
BLOCK = 256

# Steps after which to see whether all rows are at leaves: trees that grew best split first are deep in a few places.
STEPS_PER_LOOK = 8

# From here on not every integer is a float32, so numbers are no categories.
LARGEST_CATEGORY = np.float32(16_777_216.0)

# A category that no set has.
NO_CATEGORY = np.uint32(2**32 - 1)


@kernel
def add_trees(X, trees, sets, margin):
    """Add the leaves' values to the margins, tree by tree in order."""
    column, threshold, child = trees.column, trees.threshold, trees.child
    block = np.empty((BLOCK if len(X) > BLOCK else len(X), 2 * X.shape[1]), dtype=X.dtype)
    at = np.empty(BLOCK, dtype=np.uint32)
    for first in range(0, len(X), BLOCK):
        n_rows = with_negatives(X[first : first + BLOCK], block)
        own_margin = margin[first : first + BLOCK]
        for tree in range(len(trees.output)):
            walk(block, n_rows, column, threshold, child, sets, trees.root[tree], trees.n_steps[tree], at)
            output = trees.output[tree]
            if output >= 0:
                for i in range(n_rows):
                    own_margin[i, np.uint64(output)] += trees.value[np.uint64(at[i]), 0]
            else:
                for i in range(n_rows):
                    for k in range(trees.value.shape[1]):
                        own_margin[i, k] += trees.value[np.uint64(at[i]), k]


@kernel
def find_leaves(X, trees, sets, leaves):
    """Write the leaf of each row in each tree, by the number that the tree itself gives it."""
    column, threshold, child = trees.column, trees.threshold, trees.child
    block = np.empty((BLOCK if len(X) > BLOCK else len(X), 2 * X.shape[1]), dtype=X.dtype)
    at = np.empty(BLOCK, dtype=np.uint32)
    for first in range(0, len(X), BLOCK):
        n_rows = with_negatives(X[first : first + BLOCK], block)
        for tree in range(len(trees.output)):
            walk(block, n_rows, column, threshold, child, sets, trees.root[tree], trees.n_steps[tree], at)
            for i in range(n_rows):
                leaves[np.uint64(first) + i, tree] = trees.number[at[i]]


@kernel
def with_negatives(rows, block):
    """Copy rows, each with its negative behind it; their number, unsigned."""
    n_features = rows.shape[1]
    for i in range(len(rows)):
        for f in range(n_features):
            block[i, f] = rows[i, f]
            block[i, n_features + f] = -rows[i, f]
    return np.uint64(len(rows))


@kernel
def walk(block, n_rows, column, threshold, child, sets, root, n_steps, at):
    """Walk the rows of a block from the root of a tree to their leaves."""
    for i in range(n_rows):
        at[i] = root
    for step in range(n_steps):
        if step % STEPS_PER_LOOK == STEPS_PER_LOOK - 1 and all_at_leaves(n_rows, child, at):
            return
        # Which of the two is decided when the kernel is compiled.
        if sets is None:
            for i in range(n_rows):
                node = np.uint64(at[i])
                second = block[i, np.uint64(column[node])] >= threshold[node]
                at[i] = child[node] + np.uint32(second)
        else:
            for i in range(n_rows):
                node = np.uint64(at[i])
                x = block[i, np.uint64(column[node])]
                code = np.uint32(x) if 0 <= x < LARGEST_CATEGORY else NO_CATEGORY
                bit = np.uint64(min(code, sets.n_codes[node]))
                word = sets.words[np.uint64(sets.start[node]) + (bit >> np.uint64(5))]
                listed = (word >> np.uint32(bit & np.uint64(31))) & np.uint32(1) == np.uint32(1)
                for k in range(1, sets.n_listed[node] + 1):
                    listed |= sets.words[np.uint64(sets.start[node]) + np.uint64(k)] == code
                second = (x >= threshold[node]) != listed
                at[i] = child[node] + np.uint32(second)


@kernel
def all_at_leaves(n_rows, child, at):
    """Whether every row of the block is at a leaf."""
    at_leaves = True
    for i in range(n_rows):
        at_leaves &= child[at[i]] == at[i]
    return at_leaves
