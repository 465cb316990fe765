"""Nodes of a tree while it grows: rows of a table by the number of the node, longer than the tree so far.

A table of rows, and not an array for each quantity: a kernel that is handed a dozen arrays takes ten times as long to
compile, and half a microsecond to call.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NODE", "Nodes", "copy_of_first", "longer", "new_nodes", "unread"]

# What is known of a node: itself, its best split, and the best split on another column (as in `GrowthRecord`). Columns
# are -1 where nothing is gained.
NODE = np.dtype(
    [
        ("G", np.float64),
        ("H", np.float64),
        ("weight", np.float32),  # as a leaf, before the learning rate
        ("low", np.float32),  # bounds of the leaf weights below the node
        ("high", np.float32),
        ("depth", np.int32),
        ("n_rows", np.int64),  # of all owners; of a root it is not known
        ("slot", np.int64),  # histogram; that of a sibling which is not counted is its parent's until `find_splits`
        ("left", np.int32),  # first child; -1 while the node is a leaf
        ("feature", np.int32),
        ("bin", np.int32),
        ("gain", np.float32),
        ("G_left", np.float64),
        ("H_left", np.float64),
        ("G_missing", np.float64),  # of rows whose value is missing in the column
        ("H_missing", np.float64),
        ("runner_up_feature", np.int32),
        ("runner_up_bin", np.int32),
        ("runner_up_gain", np.float32),
        ("runner_up_missing_left", np.bool_),
        ("missing_left", np.bool_),
        ("is_listed", np.bool_),  # whether its occupied bins are listed, and its children need look at no others
    ],
    align=True,
)

# Its bytes without the fields.
UNREAD = np.dtype(f"V{NODE.itemsize}")

# Places in `Nodes.right_sets`.
BEST, RUNNER_UP = 0, 1


class Nodes(NamedTuple):
    """Nodes by number.

    Attributes
    ----------
    facts : ndarray of NODE, shape (n_nodes,)
    right_sets : ndarray of uint32, shape (n_nodes, 2, n_words)
        Categories that go right by the best split and by the runner-up, as bits (`mlx.boosting.categories`); an empty
        set is that of a cut.
    """

    facts: NDArray[np.void]
    right_sets: NDArray[np.uint32]


def new_nodes(n: int, n_words: int = 0) -> Nodes:
    """Room for so many nodes, and sets of categories of so many words; it is written when a node is added."""
    return Nodes(np.zeros(n, dtype=NODE), np.zeros((n, 2, n_words), dtype=np.uint32))


def longer(nodes: Nodes, n: int) -> Nodes:
    """The same nodes, with room for so many."""
    more = new_nodes(n - len(nodes.facts), nodes.right_sets.shape[2])
    return Nodes(*(np.concatenate(both) for both in zip(nodes, more)))


def copy_of_first(nodes: Nodes, n: int | np.integer) -> Nodes:
    """The first so many nodes."""
    return Nodes(unread(nodes.facts)[:n].copy().view(NODE), nodes.right_sets[:n].copy())


def unread(facts: NDArray[np.void]) -> NDArray[np.void]:
    """The same records without their fields: NumPy copies these at once, and others field by field."""
    return facts.view(UNREAD)
