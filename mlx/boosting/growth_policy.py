"""A growth policy says which of the nodes that are worth a split is split next.

=============  ==================================================================  ==============================
grow_policy    next are                                                            nodes are numbered
=============  ==================================================================  ==============================
depthwise      all nodes of the level, from left to right                          level by level
lossguide      the node with the largest gain, of equals the one that came first   as they are split
=============  ==================================================================  ==============================

Both end where nothing is worth a split, or where the tree has max_leaves leaves; then a level may be split in part, as
in the library.

The nodes that wait for their turn with lossguide are a binary heap: the parent of place k is place (k - 1) // 2, and no
node comes before its parent.
"""

from __future__ import annotations

from ..numeric.jit import kernel

__all__ = ["add_waiting", "next_waiting"]


@kernel
def comes_first(a, b, gain):
    """Whether node a is split before node b."""
    return gain[a] > gain[b] or (gain[a] == gain[b] and a < b)


@kernel
def add_waiting(node, heap, n_waiting, gain):
    """Put a node into the heap of `n_waiting` nodes; one by one up from the end, until its parent comes first."""
    place = n_waiting
    while place > 0 and comes_first(node, heap[(place - 1) // 2], gain):
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = node


@kernel
def next_waiting(heap, n_waiting, gain):
    """Take the first node out of the heap of `n_waiting` nodes; the last one moves down to where it belongs."""
    first, moved = heap[0], heap[n_waiting - 1]
    n, place = n_waiting - 1, 0
    while 2 * place + 1 < n:
        child = 2 * place + 1
        if child + 1 < n and comes_first(heap[child + 1], heap[child], gain):
            child += 1
        if not comes_first(heap[child], moved, gain):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = moved
    return first
