"""Repulsion by a tree: charges that stand close together, seen from afar, push as one charge in their midst.

The tree (J. Barnes & P. Hut, "A hierarchical O(N log N) force-calculation algorithm", Nature 324 (1986); for t-SNE L.
van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15 (2014), section 4.2) halves a cube of space
along every coordinate, again and again, until each cell holds one charge or several at the same place. A point that is
at distance r of the mean place of a cell of width s takes the whole cell for one charge if

    s / r < angle

and looks at its parts otherwise. Angle 0 is the definition, all pairs. A cell that holds the point itself is always
looked into.

Cells are stored in the order in which they are met, each before its parts (so a pass over the cells needs no stack):
a point that takes a cell as one goes on behind all of its parts, at the cell's `skip`::

    cell     0  1  2  3  4  5  6        0 ─┬─ 1 ─┬─ 2
    skip     7  4  3  4  5  7  7           │     └─ 3
                                           ├─ 4
                                           └─ 5 ─── 6

Two dimensions and one are three with zeros: their cells have four parts, or two, that hold anything.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .stages import Stage

__all__ = ["BarnesHutTree", "Cells", "build_cells"]

f32 = np.float32

# Cells are halved no more often than this: float32 tells places in one cube apart by no more.
DEEPEST = 24


class Cells(NamedTuple):
    """A tree of cells.

    Attributes
    ----------
    places : ndarray of float32, shape (n_cells, 3)
        Mean place of the charges of each cell.
    squared_widths : ndarray of float32, shape (n_cells,)
        0 for cells without parts.
    ranges : ndarray of int32, shape (n_cells, 2)
        First and last + 1 of the cell's charges in `order`.
    skips : ndarray of int32, shape (n_cells,)
        The cell that follows when this one is not looked into.
    order : ndarray of int32, shape (n,)
        Charges, sorted so that those of each cell are neighbours.
    """

    places: NDArray[np.float32]
    squared_widths: NDArray[np.float32]
    ranges: NDArray[np.int32]
    skips: NDArray[np.int32]
    order: NDArray[np.int32]


class BarnesHutTree:
    """Repulsion in one to three dimensions, in time n log n.

    Parameters
    ----------
    angle : float
        Largest ratio of width to distance at which a cell counts as one charge.
    freedom : int
        Degrees of freedom ν.
    """

    def __init__(self, angle: float, freedom: int) -> None:
        self.angle, self.freedom = angle, freedom
        self.cells: Cells | None = None
        self.ranks: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self.charges: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def place(self, charges: NDArray[np.float32]) -> list[Stage]:
        """Build the tree: one task."""
        self.charges = charges

        def build() -> None:
            self.cells = build_cells(_in_space(charges))
            self.ranks = np.empty(charges.shape[1], dtype=np.int32)
            self.ranks[self.cells.order] = np.arange(charges.shape[1], dtype=np.int32)

        return [[build]]

    def repel(self, points, first, last, force, similarity) -> None:
        """Walk through the tree for each point."""
        here = _in_space(points[:, first:last])
        # Only a point that is a charge has a cell of its own.
        ranks = self.ranks[first:last] if points is self.charges else np.full(last - first, -1, dtype=np.int32)
        found = np.empty_like(here)
        walk(self.cells, ranks, here, self.angle**2, self.freedom, found, similarity[first:last])
        force[:, first:last] = found[: len(force)]


def _in_space(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """A copy with three coordinates."""
    space = np.zeros((3, points.shape[1]), dtype=np.float32)
    space[: len(points)] = points
    return space


def build_cells(charges: NDArray[np.float32]) -> Cells:
    """The tree of charges of shape (3, n)."""
    n = charges.shape[1]
    # Every cell with parts has two of them with charges, or one that is smaller; the kernel says where it ended.
    capacity = 4 * n + 64
    while True:
        cells = Cells(
            np.empty((capacity, 3), dtype=np.float32),
            np.empty(capacity, dtype=np.float32),
            np.empty((capacity, 2), dtype=np.int32),
            np.empty(capacity, dtype=np.int32),
            np.arange(n, dtype=np.int32),
        )
        n_cells = grow_cells(charges, cells)
        if n_cells <= capacity:
            return Cells(
                cells.places[:n_cells],
                cells.squared_widths[:n_cells],
                cells.ranges[:n_cells],
                cells.skips[:n_cells],
                cells.order,
            )
        capacity *= 2


@kernel
def grow_cells(charges, cells):
    """Fill the tree; returns the number of cells, or more than there is room for if there was too little.

    A stack holds cells to do: their charges, their lower corner, their width. Charges of a cell are sorted into its
    eight parts by counting; the parts go onto the stack in reverse, so that the first is taken next.
    """
    n = charges.shape[1]
    order, other = cells.order, np.empty(n, dtype=np.int32)
    part_of = np.empty(n, dtype=np.uint8)
    corner = np.array([charges[0].min(), charges[1].min(), charges[2].min()])
    width = max(charges[0].max() - corner[0], charges[1].max() - corner[1], charges[2].max() - corner[2])
    ranges, depths = np.zeros((8 * DEEPEST + 8, 2), np.int32), np.zeros(8 * DEEPEST + 8, np.int32)
    corners = np.zeros((8 * DEEPEST + 8, 3), np.float32)
    ranges[0, 1], corners[0], waiting, n_cells = n, corner, 1, 0
    starts = np.empty(9, np.int32)
    middle = np.empty(3, np.float32)
    while waiting > 0:
        waiting -= 1
        first, last, depth = ranges[waiting, 0], ranges[waiting, 1], depths[waiting]
        corner[:] = corners[waiting]
        if n_cells == cells.skips.size:
            return cells.skips.size + 1
        half = width * f32(0.5) ** (depth + 1)
        for c in range(3):
            middle[c] = corner[c] + half
        cells.ranges[n_cells, 0], cells.ranges[n_cells, 1] = first, last
        apart = look_into(charges, order, first, last, middle, cells.places[n_cells], part_of, starts)
        divided = apart and depth < DEEPEST
        cells.squared_widths[n_cells] = (half + half) ** 2 if divided else f32(0)
        n_cells += 1
        if not divided:
            continue
        for place in range(first, last):
            other[starts[part_of[place]]] = order[place]
            starts[part_of[place]] += 1
        order[first:last] = other[first:last]
        for part in range(7, -1, -1):  # each start has moved to its end
            begin = starts[part - 1] if part > 0 else first
            if begin < starts[part]:
                ranges[waiting, 0], ranges[waiting, 1], depths[waiting] = begin, starts[part], depth + 1
                for c in range(3):
                    corners[waiting, c] = middle[c] if part >> c & 1 else corner[c]
                waiting += 1
    # What follows the parts of a cell is the first later cell whose charges begin where those of the cell end.
    begins_at = np.full(n + 1, n_cells, np.int32)
    for cell in range(n_cells - 1, -1, -1):
        cells.skips[cell] = begins_at[cells.ranges[cell, 1]]
        begins_at[cells.ranges[cell, 0]] = cell
    return n_cells


@kernel
def look_into(charges, order, first, last, middle, mean, part_of, starts):
    """Mean place of a cell's charges, the part of the cell that each is in, and where each part starts in the order.

    Returns whether the charges are at more than one place.
    """
    starts[:] = 0
    apart = False
    for c in range(3):
        total = 0.0
        for place in range(first, last):
            total += charges[c, order[place]]
            apart |= charges[c, order[place]] != charges[c, order[first]]
        mean[c] = total / (last - first)
    for place in range(first, last):
        part = 0
        for c in range(3):
            part += (charges[c, order[place]] >= middle[c]) << c
        part_of[place] = part
        starts[part + 1] += 1
    starts[0] = first
    for part in range(8):
        starts[part + 1] += starts[part]
    return apart


@kernel(reassociate=True)
def walk(cells, ranks, points, squared_angle, freedom, force, similarity):
    """R_i and m_i of points.

    Parameters
    ----------
    cells : Cells
    ranks : int32 (m,)
        Place of the point among the tree's charges; -1 if it is none of them.
    points : float32 (3, m)
    squared_angle : float
    freedom : int
    force : float32 (3, m)
        Overwritten.
    similarity : float64 (m,)
        Overwritten.
    """
    scale = f32(1) / f32(freedom)
    threshold = f32(squared_angle)
    for i in range(points.shape[1]):
        x, y, z, rank = points[0, i], points[1, i], points[2, i], ranks[i]
        force_x, force_y, force_z, sum_w = f32(0), f32(0), f32(0), f32(0)
        cell = 0
        while cell < cells.skips.size:
            dx, dy, dz = x - cells.places[cell, 0], y - cells.places[cell, 1], z - cells.places[cell, 2]
            squared = dx * dx + dy * dy + dz * dz
            begin, end = cells.ranges[cell, 0], cells.ranges[cell, 1]
            has_parts = cells.squared_widths[cell] > f32(0)
            if has_parts and (cells.squared_widths[cell] >= threshold * squared or begin <= rank < end):
                cell += 1
                continue
            near = f32(1) / (f32(1) + squared * scale)
            w = near
            if freedom != 1:
                w = f32(1)
                root = np.sqrt(near)
                for _ in range(freedom + 1):
                    w *= root
            w *= f32(end - begin)
            sum_w += w
            push = w * near
            force_x += push * dx
            force_y += push * dy
            force_z += push * dz
            cell = cells.skips[cell]
        force[0, i], force[1, i], force[2, i] = force_x, force_y, force_z
        similarity[i] = sum_w
