"""A growth policy says which of the nodes that are worth a split is split next.

=============  ==================================================================  ==============================
grow_policy    next are                                                            nodes are numbered
=============  ==================================================================  ==============================
depthwise      all nodes of the level, from left to right                          level by level
lossguide      the node with the largest gain, of equals the one that came first   as they are split
=============  ==================================================================  ==============================

Both end where nothing is worth a split, or where the tree has max_leaves leaves; then a level may be split in part, as
in the library.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

__all__ = ["BestFirst", "LevelByLevel"]


class LevelByLevel:
    """`grow_policy="depthwise"`."""

    def __init__(self) -> None:
        self._nodes = np.empty(0, dtype=np.int64)

    def push(self, nodes: NDArray[np.int64], gain: NDArray[np.float32]) -> None:
        """Let the nodes of a level wait; their numbers rise."""
        self._nodes = nodes

    def pop(self, most: int | None) -> NDArray[np.int64]:
        """Nodes to split now, `most` at most (None is no limit); empty if the tree is grown."""
        chosen, self._nodes = self._nodes[:most], self._nodes[:0]
        return chosen


class BestFirst:
    """`grow_policy="lossguide"`."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []

    def push(self, nodes: NDArray[np.int64], gain: NDArray[np.float32]) -> None:
        """Let nodes wait."""
        for node, own_gain in zip(nodes.tolist(), gain.tolist()):
            heapq.heappush(self._heap, (-own_gain, node))

    def pop(self, most: int | None) -> NDArray[np.int64]:
        """The node to split now; none if `most` is 0 or the tree is grown."""
        if most == 0 or not self._heap:
            return np.empty(0, dtype=np.int64)
        return np.array([heapq.heappop(self._heap)[1]], dtype=np.int64)
