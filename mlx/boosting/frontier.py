"""The frontier is where a tree grows: which nodes were added last, which may be split, and whose turn it is.

One step, for a team of threads that hold a tree in common (`mlx.boosting.growing`)::

    chosen       nodes that are split now                     their rows are parted by the owners of the rows
    add_children their children get numbers, sums, bounds     and of each pair the one with fewer rows is counted
    choose       best split of each child                     those worth it wait; the next ones are chosen

These kernels run on one thread of the team while the others wait: a step has few nodes, and they are a few
microseconds of work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .categories import write_right_set
from .growth_policy import add_waiting, next_waiting
from .histogram import EVERY
from .nodes import BEST, RUNNER_UP, longer, new_nodes
from .searching import CANDIDATE, Scan, new_scan
from .splitting import leaf_weight

__all__ = [
    "FIRST_NEW",
    "LEAST_GAIN",
    "N_CHOSEN",
    "N_NODES",
    "N_PAIRS",
    "N_TAKEN",
    "Frontier",
    "Workspace",
    "add_children",
    "choose",
    "has_room",
    "may_go_on",
    "pair_and_group",
    "plant",
]

# The library splits a node only if the gain is more than this, whatever gamma is.
LEAST_GAIN = np.float32(1e-6)

# Rows of a root, which nobody has counted.
MANY = np.iinfo(np.int64).max

# Nodes for which there is room at first.
FIRST_CAPACITY = 128

# Entries of `Frontier.counts`: nodes of the tree, number of the first child of the last step, pairs of children whose
# splits are looked for, nodes that are split next, nodes in the heap, slots that were given back, slots ever taken.
N_NODES, FIRST_NEW, N_PAIRS, N_CHOSEN, N_WAITING, N_FREE, N_TAKEN = range(7)


class Frontier(NamedTuple):
    """State of a growing tree beside its nodes; arrays longer than what is in them.

    Attributes
    ----------
    counts : ndarray of int64, shape (7,)
        See the names of its entries.
    chosen : ndarray of int64
        Nodes that are split next; their children are the nodes from ``FIRST_NEW`` on, two by two.
    pairs : ndarray of int64, shape (n, 2)
        Pairs of children: the one that is counted, and its sibling; -1 is none, beside a root.
    waiting : ndarray of int64
        Heap of `mlx.boosting.growth_policy`.
    free : ndarray of int64
        Slots of histograms that were given back.
    """

    counts: NDArray[np.int64]
    chosen: NDArray[np.int64]
    pairs: NDArray[np.int64]
    waiting: NDArray[np.int64]
    free: NDArray[np.int64]


class Workspace:
    """Arrays that the trees of one model use one after the other; what a tree leaves in them, the next one overwrites.

    Parameters
    ----------
    n_places : int
        Places of a node's histograms.
    n_features : int
    n_words : int, default=0
        Words of a set of categories, see `mlx.boosting.categories`.

    Attributes
    ----------
    pool : ndarray of float64, shape (n_slots, n_places, 2)
        Histograms of the nodes that wait for their split. Slots are used again, and made as they are needed; the system
        gives the memory of a slot when it is first used.
    occupied : ndarray of uint16, shape (n_slots, n_places)
        For each slot and column the bins that have rows, in rising order, and in the place of missing values how many
        there are, or EVERY: they are not listed.
    candidates : ndarray of CANDIDATE, shape (n_nodes, n_features)
        Of the children of one step.
    nodes : Nodes
    frontier : Frontier
    values : ndarray of float32, shape (n_nodes,)
        Of a tree that is done: what each leaf adds to the margins.
    """

    def __init__(self, n_places: int, n_features: int, n_words: int = 0) -> None:
        self.pool: NDArray[np.float64] = np.empty((1, n_places, 2))
        self.occupied = np.full((1, n_places), EVERY, dtype=np.uint16)
        self.candidates = np.empty((1, n_features), dtype=CANDIDATE)
        self.nodes, self.frontier = new_nodes(FIRST_CAPACITY, n_words), new_frontier(FIRST_CAPACITY)
        self.values = np.empty(FIRST_CAPACITY, dtype=np.float32)
        self._scans: list[Scan] = []

    def scans(self, n_threads: int, n_bins: NDArray[np.int64], has_categories: bool) -> list[Scan]:
        """What each thread searches in; `n_bins` is of all columns, and always the same."""
        while len(self._scans) < n_threads:
            self._scans.append(new_scan(int(np.max(n_bins)), has_categories))
        return self._scans

    def clear(self) -> None:
        """Begin a tree, which is a root; nothing is known of its bins."""
        self.occupied[0] = EVERY
        counts = self.frontier.counts
        counts[:] = 0
        counts[N_NODES] = counts[N_PAIRS] = counts[N_TAKEN] = 1
        self.frontier.pairs[0] = (0, -1)

    def reserve(self, n_chosen: int) -> None:
        """Make room for the children of so many nodes, and keep what is there."""
        counts, (n_slots, *shape) = self.frontier.counts, self.pool.shape
        n_nodes = int(counts[N_NODES]) + 2 * n_chosen
        if n_nodes > len(self.nodes.facts):
            self.nodes = longer(self.nodes, 2 * n_nodes)
            self.frontier = longer_frontier(self.frontier, 2 * n_nodes)
            self.values = np.empty(2 * n_nodes, dtype=np.float32)
        if 2 * n_chosen > len(self.candidates):
            self.candidates = np.empty((4 * n_chosen, self.candidates.shape[1]), dtype=CANDIDATE)
        if counts[N_TAKEN] + n_chosen > n_slots:
            n_more = max(int(counts[N_TAKEN]) + n_chosen, 2 * n_slots)
            pool, occupied = np.empty((n_more, *shape)), np.empty((n_more, shape[0]), dtype=np.uint16)
            pool[:n_slots], occupied[:n_slots] = self.pool, self.occupied
            self.pool, self.occupied = pool, occupied


def new_frontier(n_nodes: int) -> Frontier:
    """Frontier with room for so many nodes."""
    counts, pairs = np.zeros(7, dtype=np.int64), np.zeros((n_nodes, 2), dtype=np.int64)
    chosen, waiting, free = (np.zeros(n_nodes, dtype=np.int64) for _ in range(3))
    return Frontier(counts, chosen, pairs, waiting, free)


def longer_frontier(frontier: Frontier, n_nodes: int) -> Frontier:
    """The same frontier, with room for so many nodes; the counts stay the same array."""
    longer = new_frontier(n_nodes)._replace(counts=frontier.counts)
    for old, new in zip(frontier[1:], longer[1:]):
        new[: len(old)] = old
    return longer


@kernel
def has_room(nodes, pool, candidates, rules, frontier):
    """Whether the arrays have room for the children of the chosen nodes."""
    counts = frontier.counts
    n_chosen = counts[N_CHOSEN]
    if counts[N_NODES] + 2 * n_chosen > len(nodes.facts):
        return False
    n_slots = len(pool) - counts[N_TAKEN] + counts[N_FREE]
    return not may_go_on(nodes, rules, frontier) or (n_chosen <= n_slots and 2 * n_chosen <= len(candidates))


@kernel
def may_go_on(nodes, rules, frontier):
    """Whether the children of the chosen nodes, which all have one depth, may be split in turn."""
    n_leaves = (frontier.counts[N_NODES] + 1) // 2 + frontier.counts[N_CHOSEN]
    may_be_deeper = rules.max_depth == 0 or nodes.facts[frontier.chosen[0]].depth + 1 < rules.max_depth
    return may_be_deeper and (rules.max_leaves == 0 or n_leaves < rules.max_leaves)


@kernel
def plant(table, nodes, pool, rules):
    """Write the root, whose histogram has been counted in slot 0."""
    # Arguments of one type everywhere: of a constant the compiler would make another copy of the kernel.
    add_node(np.int64(0), np.int64(0), -np.float32(np.inf), np.float32(np.inf), nodes)
    root = nodes.facts[0]
    # Every row has a place in the first column's histogram, so its sum is that of all rows.
    for place in range(table.start[1]):
        root.G += pool[0, place, 0]
        root.H += pool[0, place, 1]
    root.weight, root.n_rows = leaf_weight(root.G, root.H, rules.penalty), MANY


@kernel
def add_node(node, depth, low, high, nodes):
    """Write a leaf for which no split is known."""
    new = nodes.facts[node]
    new.depth, new.left, new.slot = depth, -1, 0
    new.low, new.high = low, high
    new.G = new.H = new.G_left = new.H_left = new.G_missing = new.H_missing = 0.0
    new.feature = new.runner_up_feature = -1
    new.bin = new.runner_up_bin = 0
    new.gain = new.runner_up_gain = np.float32(0.0)
    new.missing_left = new.runner_up_missing_left = new.is_listed = False
    nodes.right_sets[node] = np.uint32(0)


@kernel
def add_children(nodes, rules, frontier):
    """Children of the chosen nodes, with their sums, weights and bounds; their `n_rows` are known.

    The larger sibling takes over its parent's slot of histograms. There are no pairs if nothing may be below.
    """
    counts = frontier.counts
    n_chosen, first_new = counts[N_CHOSEN], counts[N_NODES]
    may_split = may_go_on(nodes, rules, frontier)
    counts[FIRST_NEW], counts[N_NODES] = first_new, first_new + 2 * n_chosen
    counts[N_PAIRS] = n_chosen if may_split else 0
    depth = nodes.facts[frontier.chosen[0]].depth + 1
    for place in range(n_chosen):
        node, left = frontier.chosen[place], first_new + 2 * place
        parent = nodes.facts[node]
        parent.left = left
        for child in (left, left + 1):
            add_node(child, depth, parent.low, parent.high, nodes)
        share_out(parent, nodes.facts[left], nodes.facts[left + 1], rules)
        if not may_split:
            give_back(parent.slot, frontier)
            continue
        fewer = left + 1 if nodes.facts[left + 1].n_rows < nodes.facts[left].n_rows else left
        sibling = 2 * left + 1 - fewer
        nodes.facts[sibling].slot, nodes.facts[fewer].slot = parent.slot, take_slot(frontier)
        frontier.pairs[place, 0], frontier.pairs[place, 1] = fewer, sibling


@kernel
def share_out(parent, left, right, rules):
    """Sums and weights of both children of a node, and the bounds below them."""
    left.G, left.H = parent.G_left, parent.H_left
    right.G, right.H = parent.G - parent.G_left, parent.H - parent.H_left
    for child in (left, right):
        child.weight = min(max(leaf_weight(child.G, child.H, rules.penalty), parent.low), parent.high)
    if len(rules.direction) == 0:
        return
    # What is right of the middle on a rising column must not come below it, and so on (`mlx.boosting.constraints`).
    middle = (left.weight + right.weight) / np.float32(2.0)
    direction = rules.direction[parent.feature]
    if direction > 0:
        left.high = right.low = middle
    elif direction < 0:
        left.low = right.high = middle


@kernel
def take_slot(frontier):
    """Number of a slot of histograms that nobody uses."""
    counts = frontier.counts
    if counts[N_FREE] > 0:
        counts[N_FREE] -= 1
        return frontier.free[counts[N_FREE]]
    counts[N_TAKEN] += 1
    return counts[N_TAKEN] - 1


@kernel
def give_back(slot, frontier):
    """Nobody needs the histogram in this slot any more."""
    frontier.free[frontier.counts[N_FREE]] = slot
    frontier.counts[N_FREE] += 1


@kernel
def pair_and_group(task, n_pairs, n_groups, n_threads):
    """Pair of nodes and group of columns of a task.

    Each thread's run of tasks has groups of its own, so that it finds the histograms of the parents where it made them,
    and goes from pair to pair, so that the rows of one are still in the cache for the next group::

        two threads, groups 0 1 2 3      pair 0: 0 1, pair 1: 0 1, ... | pair 0: 2 3, pair 1: 2 3, ...
    """
    first, run = 0, 0
    last = n_groups // n_threads
    while task >= last * n_pairs:
        run += 1
        first, last = last, n_groups * (run + 1) // n_threads
    task -= first * n_pairs
    return task // (last - first), first + task % (last - first)


@kernel
def choose(table, nodes, pool, candidates, rules, frontier, scan):
    """Write the best split of each child of the last step, and choose the nodes that are split next."""
    counts, gain = frontier.counts, nodes.facts["gain"]
    n_new = 2 * counts[N_PAIRS] if frontier.pairs[0, 1] >= 0 else counts[N_PAIRS]
    counts[N_CHOSEN] = 0
    for place in range(n_new):
        node = counts[FIRST_NEW] + place
        new = nodes.facts[node]
        choose_split(new, candidates[place], table, pool)
        write_sets(node, table, pool, nodes, rules, rules.categories, scan)
        is_worth = new.gain > LEAST_GAIN and new.gain >= rules.gamma
        if not is_worth or new.H_left == 0.0 or new.H - new.H_left == 0.0:
            give_back(new.slot, frontier)
        elif rules.best_first:
            add_waiting(node, frontier.waiting, counts[N_WAITING], gain)
            counts[N_WAITING] += 1
        else:
            frontier.chosen[counts[N_CHOSEN]] = node
            counts[N_CHOSEN] += 1
    n_leaves = (counts[N_NODES] + 1) // 2
    room = rules.max_leaves - n_leaves if rules.max_leaves > 0 else counts[N_NODES]
    if rules.best_first and counts[N_WAITING] > 0 and room > 0:
        frontier.chosen[0] = next_waiting(frontier.waiting, counts[N_WAITING], gain)
        counts[N_WAITING] -= 1
        counts[N_CHOSEN] = 1
    counts[N_CHOSEN] = min(counts[N_CHOSEN], room)


@kernel
def choose_split(node, candidates, table, pool):
    """Best column of a node, and the best of the others; -1 stays where nothing is gained."""
    best = best_column(candidates, np.int64(-1))
    if best < 0:
        return
    found = candidates[best]
    node.feature, node.bin, node.missing_left, node.gain = best, found.bin, found.missing_left, found.gain
    node.G_left, node.H_left = found.G_left, found.H_left
    # A column's last place is of missing values.
    missing = pool[node.slot, table.start[best] + table.n_bins[best]]
    node.G_missing, node.H_missing = missing[0], missing[1]
    second = best_column(candidates, best)
    if second >= 0:
        found = candidates[second]
        node.runner_up_feature, node.runner_up_bin = second, found.bin
        node.runner_up_missing_left, node.runner_up_gain = found.missing_left, found.gain


@kernel
def write_sets(node, table, pool, nodes, rules, categories, scan):
    """Write which categories would go right by the best split of a node, and by its runner-up."""
    if categories is None:
        return
    own = nodes.facts[node]
    for f, split_bin, right_set in (
        (own.feature, own.bin, nodes.right_sets[node, BEST]),
        (own.runner_up_feature, own.runner_up_bin, nodes.right_sets[node, RUNNER_UP]),
    ):
        if f >= 0 and categories.is_category[f]:
            histogram, n_bins = pool[own.slot, table.start[f] : table.start[f + 1]], table.n_bins[f]
            write_right_set(histogram, n_bins, split_bin, rules.penalty, categories, scan.categories, right_set)


@kernel
def best_column(candidates, besides):
    """Column with the largest gain but for one column, the lower number in a tie; -1 if nothing is gained."""
    best, largest = -1, np.float32(0.0)
    for f in range(len(candidates)):
        if f != besides and candidates[f].gain > largest:
            best, largest = f, candidates[f].gain
    return best
