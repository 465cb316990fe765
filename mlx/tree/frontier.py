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
        ("n_open", np.int64),
        ("n_heap", np.int64),
        ("n_fresh", np.int64),
        ("n_splits_left", np.int64),
        ("depth", np.int64),
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
    """The grown tree, node by node, with room for more; as in `mlx.tree.cart_tree.CartTree`."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    impurity: NDArray[np.float64]
    n_samples: NDArray[np.int64]
    weight: NDArray[np.float64]
    missing_left: NDArray[np.uint8]
    value: NDArray[np.float64]
    n_nodes: NDArray[np.int64]


class Frontier(NamedTuple):
    """Open nodes.

    Attributes
    ----------
    open : record array of OPEN_NODE
        Depth first a stack; best first every node of the tree.
    heap : ndarray of int64
        Places in `open`, the best improvement first.
    state : record array of FRONTIER_STATE, shape (1,)
    """

    open: NDArray
    heap: NDArray[np.int64]
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
    left, right, feature, n_in = np.empty((4, n), dtype=np.int64)
    threshold, impurity, weight = np.empty((3, n))
    missing_left = np.zeros(n, dtype=np.uint8)
    value, n_nodes = np.zeros((n, *value_shape)), np.zeros(1, dtype=np.int64)
    return Nodes(left, right, feature, threshold, impurity, n_in, weight, missing_left, value, n_nodes)


def new_frontier(n_samples: int, settings: GrowthSettings) -> Frontier:
    """Frontier whose only node is the root with all samples."""
    n_nodes = most_nodes(n_samples, settings)
    # A stack holds one node a level, and the children of the last.
    n_open = n_nodes if settings.max_leaf_nodes >= 0 else min(n_nodes, n_samples, settings.max_depth) + 2
    nodes = np.zeros(n_open, dtype=OPEN_NODE)
    root = nodes[0]
    root["end"], root["parent"] = n_samples, UNDEFINED
    root["impurity"], root["lower"], root["upper"] = np.inf, -np.inf, np.inf
    state = np.zeros(1, dtype=FRONTIER_STATE)
    state["n_open"] = state["n_fresh"] = 1
    state["n_splits_left"] = settings.max_leaf_nodes - 1
    state["depth"] = -1
    return Frontier(nodes, np.empty(n_open, dtype=np.int64), state)


@kernel(inner=True)
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


@kernel(inner=True)
def next_open(frontier, settings, nodes):
    """Place in `open` of the node to search next; -1 if the tree is grown."""
    state = frontier.state[0]
    if settings.max_leaf_nodes < 0:
        return state.n_open - 1
    if state.n_fresh > 0:
        return state.n_open - state.n_fresh
    while state.n_heap > 0:
        at = take_best(frontier)
        node = frontier.open[at]
        if node.feature != LEAF and state.n_splits_left > 0:
            state.n_splits_left -= 1
            first = state.n_open
            open_child(node, frontier.open[first], np.int64(1))
            open_child(node, frontier.open[first + 1], np.int64(0))
            # Best first, a node looks for constant columns anew.
            frontier.open[first].n_constants = 0
            frontier.open[first + 1].n_constants = 0
            state.n_open += 2
            state.n_fresh = 2
            return first
        close_leaf(nodes, node.node)
    return -1


@kernel(inner=True)
def settle(frontier, at, settings, nodes):
    """Enter a searched node into the tree, and open its children or, best first, let it wait for its turn.

    Returns the node's number. The record of the node is its right child's afterwards.
    """
    state, node = frontier.state[0], frontier.open[at]
    if node.improvement + EPSILON < settings.min_impurity_decrease:
        node.feature = LEAF
    number = add_node(nodes, node)
    state.depth = max(state.depth, node.depth)
    if settings.max_leaf_nodes >= 0:
        if node.feature == LEAF:
            node.improvement = 0.0
        state.n_fresh -= 1
        if state.n_fresh == 0:
            # Both of a pair are searched before either can be chosen.
            first = at - 1 if at > 0 else at
            for waiting in range(first, at + 1):
                add_to_heap(frontier, waiting)
    elif node.feature == LEAF:
        state.n_open -= 1
    else:
        left, right = frontier.open[at + 1], frontier.open[at]
        open_child(node, left, np.int64(1))
        open_child(node, right, np.int64(0))
        state.n_open += 1
    return number


@kernel(inner=True)
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


@kernel(inner=True)
def add_node(nodes, node):
    """Append a node to the tree, and enter it as its parent's child; its number."""
    number = nodes.n_nodes[0]
    nodes.n_nodes[0] += 1
    node.node = number
    if node.parent >= 0:
        if node.is_left != 0:
            nodes.left[node.parent] = number
        else:
            nodes.right[node.parent] = number
    nodes.impurity[number] = node.impurity
    nodes.n_samples[number] = node.end - node.start
    nodes.weight[number] = node.weight
    if node.feature == LEAF:
        close_leaf(nodes, number)
    else:
        nodes.feature[number] = node.feature
        nodes.threshold[number] = node.threshold
        nodes.missing_left[number] = np.uint8(node.missing_left)
    return number


@kernel(inner=True)
def close_leaf(nodes, number):
    """Make a node a leaf."""
    nodes.left[number] = LEAF
    nodes.right[number] = LEAF
    nodes.feature[number] = UNDEFINED
    nodes.threshold[number] = UNDEFINED


@kernel(inner=True)
def add_to_heap(frontier, at):
    """Put a searched node on the heap."""
    state = frontier.state[0]
    state.n_heap += 1
    sift_up(frontier, state.n_heap - 1, at)


@kernel(inner=True)
def sift_up(frontier, hole, at):
    """Move the hole up past nodes that improve less, and fill it."""
    heap, nodes = frontier.heap, frontier.open
    while hole > 0 and nodes[heap[(hole - 1) // 2]].improvement < nodes[at].improvement:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = at


@kernel(inner=True)
def take_best(frontier):
    """Take the node off the heap whose split improves most.

    The hole goes down to the bottom, by the better child (the right one if they are equal), and the last node up again.
    """
    state, heap, nodes = frontier.state[0], frontier.heap, frontier.open
    best = heap[0]
    state.n_heap -= 1
    n, hole = state.n_heap, 0
    if n == 0:
        return best
    last = heap[n]
    while 2 * hole + 1 < n:
        child = 2 * hole + 2
        if child == n or nodes[heap[child]].improvement < nodes[heap[child - 1]].improvement:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    sift_up(frontier, hole, last)
    return best
