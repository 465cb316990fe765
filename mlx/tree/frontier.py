"""The frontier is where a tree grows: the nodes that are open, and the rule which of them is next.

Depth first, it is a stack: a node is searched when it is taken off, then its left child is next. Best first, a node
is searched as soon as its parent is split, and the one whose split improves most is split next, until there are
``max_leaf_nodes`` leaves::

    depth first                         best first
    take a node off the stack           search the root
    search it for a split               take the best of the searched nodes
    put its children on the stack       search its children

Nodes are numbered in the order in which they are searched. The heap of the searched nodes moves as those of C++'s
standard library do (GNU's): where two nodes improve equally, the same one is next as in scikit-learn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel

__all__ = ["Frontier", "GrowthSettings", "Nodes", "may_split", "new_frontier", "new_nodes", "next_open", "settle"]

LEAF, UNDEFINED = -1, -2

# Impurities and improvements up to here are 0 but for rounding.
EPSILON = float(np.finfo(np.float64).eps)

OPEN_NODE = np.dtype(
    [
        # what its parent knows
        ("start", np.int64),  # its samples are samples[start:end]
        ("end", np.int64),
        ("depth", np.int64),
        ("parent", np.int64),
        ("is_left", np.int64),
        ("n_constants", np.int64),  # columns known to be constant; the search adds to it
        ("impurity", np.float64),
        ("lower", np.float64),  # bounds of its value, for monotone columns
        ("upper", np.float64),
        # what the search finds
        ("node", np.int64),  # its number in the tree
        ("weight", np.float64),
        ("feature", np.int64),  # LEAF if no split was found
        ("threshold", np.float64),
        ("cut", np.int64),  # samples[start:cut] go left
        ("missing_left", np.int64),
        ("improvement", np.float64),
        ("impurity_left", np.float64),
        ("impurity_right", np.float64),
        ("middle", np.float64),  # bound between the children's values
        ("direction", np.int64),  # -1, 0 or 1: how the column must act on the value
    ],
    align=True,
)

FRONTIER_STATE = np.dtype(
    [
        ("n_nodes", np.int64),  # of the tree so far
        ("depth", np.int64),
        ("n_open", np.int64),
        ("n_heap", np.int64),
        ("n_fresh", np.int64),  # children of the last split that are not searched yet
        ("n_splits_left", np.int64),
    ],
    align=True,
)

# As in `mlx.tree.cart_tree.CartTree`.
GROWN_NODE = np.dtype(
    [
        ("left", np.int64),
        ("right", np.int64),
        ("feature", np.int64),
        ("threshold", np.float64),
        ("impurity", np.float64),
        ("n_samples", np.int64),
        ("weight", np.float64),
        ("missing_left", np.int64),
    ],
    align=True,
)


class GrowthSettings(NamedTuple):
    """When a node may be split, in numbers of samples and columns (not in fractions).

    Attributes
    ----------
    criterion : int
        Number of the impurity measure, one of `mlx.tree.growing.CRITERIA`.
    max_depth : int
    min_samples_split : int
    min_samples_leaf : int
    min_weight_leaf : float
    max_features : int
        Columns to search at each node.
    max_leaf_nodes : int
        -1: no limit, and the tree grows depth first.
    min_impurity_decrease : float
    total_weight : float
        Weight of all samples of the tree.
    """

    criterion: int
    max_depth: int
    min_samples_split: int
    min_samples_leaf: int
    min_weight_leaf: float
    max_features: int
    max_leaf_nodes: int
    min_impurity_decrease: float
    total_weight: float = 0.0


class Nodes(NamedTuple):
    """The grown tree, node by node, with room for more.

    Attributes
    ----------
    node : record array of GROWN_NODE
    value : ndarray of float64, shape (len(node), n_outputs, K)
        What each node answers.
    """

    node: NDArray
    value: NDArray[np.float64]


class Frontier(NamedTuple):
    """Open nodes.

    Attributes
    ----------
    open : record array of OPEN_NODE
        Depth first a stack; best first every node of the tree.
    heap : ndarray of int64, or None
        Places in `open`, the best improvement first; None: depth first.
    state : record array of FRONTIER_STATE, shape (1,)
    """

    open: NDArray
    heap: NDArray[np.int64] | None
    state: NDArray


def most_nodes(n_samples: int, settings: GrowthSettings) -> int:
    """Upper bound of the number of nodes of a tree."""
    most_leaves = max(n_samples, 1)
    if settings.max_leaf_nodes >= 0:
        most_leaves = min(most_leaves, settings.max_leaf_nodes)
    if settings.max_depth < most_leaves.bit_length():
        most_leaves = min(most_leaves, 2**settings.max_depth)
    return 2 * most_leaves - 1


def new_nodes(n_samples: int, value_shape: tuple[int, int], settings: GrowthSettings) -> Nodes:
    """Room for the nodes of a tree of n_samples samples."""
    n = most_nodes(n_samples, settings)
    return Nodes(np.zeros(n, dtype=GROWN_NODE), np.zeros((n, *value_shape)))


def new_frontier(n_samples: int, settings: GrowthSettings) -> Frontier:
    """Frontier whose only node is the root with all samples."""
    n_nodes, best_first = most_nodes(n_samples, settings), settings.max_leaf_nodes >= 0
    # A stack holds one node a level, and the children of the last.
    n_open = n_nodes if best_first else min(n_nodes, n_samples, settings.max_depth) + 2
    nodes = np.zeros(n_open, dtype=OPEN_NODE)
    root = nodes[0]
    root["end"], root["parent"] = n_samples, UNDEFINED
    root["impurity"], root["lower"], root["upper"] = np.inf, -np.inf, np.inf
    state = np.zeros(1, dtype=FRONTIER_STATE)
    state["n_open"] = state["n_fresh"] = 1
    state["n_splits_left"] = settings.max_leaf_nodes - 1
    return Frontier(nodes, np.empty(n_open, dtype=np.int64) if best_first else None, state)


@kernel
def may_split(node, settings):
    """Whether a node may be searched for a split; its weight and impurity are known."""
    n_samples = node.end - node.start
    return (
        node.depth < settings.max_depth
        and n_samples >= settings.min_samples_split
        and n_samples >= 2 * settings.min_samples_leaf
        and not node.weight < 2 * settings.min_weight_leaf
        and not node.impurity <= EPSILON
    )


@kernel
def next_open(frontier, settings, nodes):
    """Place in `open` of the node to search next; -1 if the tree is grown."""
    return next_in(frontier.open, frontier.heap, frontier.state[0], nodes.node)


@kernel
def next_in(open_nodes, heap, state, grown):
    """`next_open` on arrays: which of the two orders it is, is decided when the kernel is compiled."""
    if heap is None:
        return state.n_open - 1
    if state.n_fresh > 0:
        return state.n_open - state.n_fresh
    while state.n_heap > 0:
        at = take_best(open_nodes, heap, state)
        node = open_nodes[at]
        if node.feature != LEAF and state.n_splits_left > 0:
            state.n_splits_left -= 1
            first = state.n_open
            open_child(node, open_nodes[first], np.int64(1))
            open_child(node, open_nodes[first + 1], np.int64(0))
            # Best first, a node looks for constant columns anew.
            open_nodes[first].n_constants = 0
            open_nodes[first + 1].n_constants = 0
            state.n_open += 2
            state.n_fresh = 2
            return first
        close_leaf(grown[node.node])
    return -1


@kernel
def settle(frontier, at, settings, nodes):
    """Enter a searched node into the tree, and open its children or, best first, let it wait for its turn.

    Returns the node's number. The record of the node is its right child's afterwards.
    """
    return settle_in(frontier.open, frontier.heap, frontier.state[0], at, settings.min_impurity_decrease, nodes.node)


@kernel
def settle_in(open_nodes, heap, state, at, min_impurity_decrease, grown):
    """`settle` on arrays."""
    node = open_nodes[at]
    if node.improvement + EPSILON < min_impurity_decrease:
        node.feature = LEAF
    number = state.n_nodes
    state.n_nodes += 1
    node.node = number
    add_node(grown, node)
    if node.depth > state.depth:
        state.depth = node.depth
    if heap is None:
        if node.feature == LEAF:
            state.n_open -= 1
        else:
            left, right = open_nodes[at + 1], node
            open_child(node, left, np.int64(1))
            open_child(node, right, np.int64(0))
            state.n_open += 1
    else:
        if node.feature == LEAF:
            node.improvement = 0.0
        state.n_fresh -= 1
        if state.n_fresh == 0:
            # Both of a pair are searched before either can be chosen.
            for waiting in range(max(at - 1, 0), at + 1):
                state.n_heap += 1
                sift_up(open_nodes, heap, state.n_heap - 1, waiting)
    return number


@kernel
def open_child(node, child, is_left):
    """Write what a child knows from its parent. A right child may stand in its parent's place."""
    low, middle, high = node.lower, node.middle, node.upper
    if is_left == 1:
        child.start = node.start
        child.end = node.cut
        child.impurity = node.impurity_left
        child.lower = middle if node.direction < 0 else low
        child.upper = middle if node.direction > 0 else high
    else:
        child.start = node.cut
        child.end = node.end
        child.impurity = node.impurity_right
        child.lower = middle if node.direction > 0 else low
        child.upper = middle if node.direction < 0 else high
    child.depth = node.depth + 1
    child.parent = node.node
    child.is_left = is_left
    child.n_constants = node.n_constants


@kernel
def add_node(grown, node):
    """Write a node into the tree, and enter it as its parent's child."""
    if node.parent >= 0:
        if node.is_left != 0:
            grown[node.parent].left = node.node
        else:
            grown[node.parent].right = node.node
    own = grown[node.node]
    own.impurity = node.impurity
    own.n_samples = node.end - node.start
    own.weight = node.weight
    if node.feature == LEAF:
        close_leaf(own)
    else:
        own.feature = node.feature
        own.threshold = node.threshold
        own.missing_left = node.missing_left


@kernel
def close_leaf(own):
    """Make a node of the tree a leaf."""
    own.left = LEAF
    own.right = LEAF
    own.feature = UNDEFINED
    own.threshold = UNDEFINED


@kernel
def sift_up(open_nodes, heap, hole, at):
    """Move the hole of the heap up past nodes that improve less, and fill it."""
    while hole > 0 and open_nodes[heap[(hole - 1) // 2]].improvement < open_nodes[at].improvement:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = at


@kernel
def take_best(open_nodes, heap, state):
    """Take the node off the heap whose split improves most.

    The hole goes down to the bottom, by the better child (the right one if they are equal), and the last node up again.
    """
    best = heap[0]
    state.n_heap -= 1
    n, hole = state.n_heap, np.int64(0)
    if n == 0:
        return best
    last = heap[n]
    while 2 * hole + 1 < n:
        child = 2 * hole + 2
        if child == n or open_nodes[heap[child]].improvement < open_nodes[heap[child - 1]].improvement:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    sift_up(open_nodes, heap, hole, last)
    return best
