"""Repulsion by a mesh: the charges are spread on a grid, and a convolution by FFT gives the potential of all at once.

For one degree of freedom, w = 1 / (1 + r²) is the potential of a charge at distance r, and repulsion is its slope::

    Φ(y) = Σ_j w(‖y - c_j‖)          m_i = Φ(y_i)        R_i = Σ_j w_ij² (y_i - c_j) = -½ ∇Φ(y_i)

since ∇ 1/(1 + r²) = -2 (y - c) / (1 + r²)². So one potential is enough, and three steps (particle mesh, R. Hockney & J.
Eastwood, Computer Simulation Using Particles, 1988, chapter 5)::

    spread     G[a] = Σ_j B(a - c_j / h)                      B: cubic B-spline, 4 nodes a coordinate
    convolve   Φ = F⁻¹ [ F[G] F[w] / b² ]                     b: F of B at the nodes, (4 + 2 cos k) / 6 a coordinate
    gather     Φ(y) = Σ_a Φ[a] B(a - y / h), and ∇Φ with the derivative of B

Splines smooth; dividing by b twice undoes it, so that Φ is exact for charges and points on nodes and off by O(h⁴)
between them. A point that is a charge would feel its own potential in the mesh, and a slope of it that is nothing but
error: what the mesh makes of a single charge, S, is known and taken out::

    S(t) = Σ_ab B(a - t) B(b - t) K[a - b],    K = F⁻¹ [ F[w] / b² ]

The idea of interpolating on a grid is that of G. Linderman et al., "Fast interpolation-based t-SNE for
improved visualization of single-cell RNA-seq data", Nature Methods 16 (2019); they interpolate three or more charges by
polynomials.

======  ==========  ====================================================================
symbol  shape       meaning
======  ==========  ====================================================================
Y, C    (2, n)      points and charges; a map of one dimension has zeros in the second
h       scalar      size of a cell, at most `LARGEST_CELL`
G, Φ    (N, N')     charge and potential at the nodes
======  ==========  ====================================================================

The FFT is taken of twice the size, half of it empty: else charges would act around the edges. Lines and columns are
transformed in blocks that do not depend on the number of threads.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..numeric.jit import kernel
from .stages import Stage

__all__ = ["Mesh"]

f32 = np.float32

# w has width 1. The error of the force goes with the fourth power of the cell (the tests say how large it is).
LARGEST_CELL = 1.0 / 3.0
# The slope of a small map is small, and the error of the mesh is to be small beside it: so its cells are halved, which
# costs next to nothing there. Even smaller ones would lose the slope, a difference of neighbouring potentials, to the
# rounding of float32.
FEWEST_CELLS = 48
MOST_HALVINGS = 4
# Nodes beyond the outermost points: a spline reaches two of them.
MARGIN = 3
# The doubled grid is periodic, so w has a kink at the length of the grid. Undoing the splines carries a kink a few
# nodes far.
FEWEST_NODES = 32
# A map that flies apart (too large a learning rate) gets larger cells before the grid takes more memory than this.
MOST_NODES = 2**24
# Below this extent w is 1 - r² as good as exactly.
SMALLEST_EXTENT = 0.02
# Lines of one task of the FFT.
LINES = 32
# Unsigned, for places in a table need no test of being negative.
ONE, TWO, THREE = np.uint32(1), np.uint32(2), np.uint32(3)


class Mesh:
    """Repulsion in one and two dimensions, in time that grows with the area of the map and not with pairs.

    Parameters
    ----------
    largest_cell : float, default=1/3
        Largest h.
    """

    def __init__(self, largest_cell: float = LARGEST_CELL) -> None:
        self.largest_cell = largest_cell
        self.n_charges = 0
        self.centre: NDArray[np.float32] = np.zeros(2, dtype=np.float32)
        self.spread_about_centre = 0.0
        self.potential: NDArray[np.float32] | None = None
        self.charges: NDArray[np.float32] | None = None
        self.origin: NDArray[np.float32] = np.zeros(2, dtype=np.float32)
        self.cell = largest_cell
        self.is_flat = False
        self._response: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._of_one: NDArray[np.float32] = np.zeros((4, 4), dtype=np.float32)
        self._response_of: tuple[int, int, float] = (0, 0, 0.0)

    def place(self, charges: NDArray[np.float32]) -> list[Stage]:
        """Lay the grid; the potential of the charges comes in four stages."""
        self.charges = charges
        self.is_flat = bool(charges[1].min() == charges[1].max())
        low, high = charges.min(axis=1).astype(np.float64), charges.max(axis=1).astype(np.float64)
        extent = float((high - low).max())
        self.n_charges = charges.shape[1]
        if extent < SMALLEST_EXTENT:
            self.potential = None
            self.centre = charges.mean(axis=1, dtype=np.float64).astype(np.float32)
            self.spread_about_centre = float(((charges - self.centre[:, None]) ** 2).sum(dtype=np.float64))
            return []
        halvings = np.ceil(np.log2(FEWEST_CELLS * self.largest_cell / extent))
        self.cell = self.largest_cell * 0.5 ** min(max(halvings, 0.0), MOST_HALVINGS)
        while np.prod((high - low) / self.cell + 2 * MARGIN) > MOST_NODES:
            self.cell *= 2.0
        sizes = [_good_size(int(length / self.cell) + 2 * MARGIN) for length in high - low]
        # A node is in the middle of the map: one of a single dimension has all its points on nodes of the other.
        self.origin = ((low + high) / 2 - np.array(sizes) // 2 * self.cell).astype(np.float32)
        grid = np.zeros(sizes, dtype=np.float32)
        return [
            [partial(spread, charges, self.origin, f32(1.0 / self.cell), grid), partial(self._prepare, grid.shape)],
            *self._convolve(grid),
        ]

    def repel(self, points, first, last, force, similarity) -> None:
        """Gather potential and slope where the points are.

        Points outside of the mesh are treated as if they were on its edge.
        """
        if self.potential is None:
            self._repel_nearby(points, first, last, force, similarity)
        else:
            per_cell, are_charges = f32(1.0 / self.cell), points is self.charges
            gather(points, self.origin, per_cell, self.potential, first, last, force, similarity)
            if are_charges:
                block = slice(first, last)
                places = points[0, block], points[1, block], self.origin, per_cell
                take_out_own(*places, self._of_one, force[0, block], force[1, block], similarity[block])
            if self.is_flat:  # rounding must not push a map of one dimension out of it
                force[1, first:last] = 0.0

    def _repel_nearby(self, points, first, last, force, similarity) -> None:
        """Repulsion while all r² are tiny: w = 1 - r², R_i = Σ_j (y_i - c_j)."""
        difference = points[:, first:last] - self.centre[:, None]
        force[:, first:last] = f32(self.n_charges) * difference
        squared = (difference.astype(np.float64) ** 2).sum(axis=0)
        similarity[first:last] = self.n_charges * (1.0 - squared) - self.spread_about_centre

    def _convolve(self, grid: NDArray[np.float32]) -> list[Stage]:
        """Φ from G."""
        rows, columns = grid.shape
        lines = [slice(start, start + LINES) for start in range(0, rows, LINES)]
        # The slope of a small map is small beside its potential, and float32 would lose it. Its grid costs nothing.
        precise = self.cell < self.largest_cell
        spectrum = np.empty((rows, columns + 1), dtype=np.complex128 if precise else np.complex64)
        potential: NDArray[np.float32] = np.empty(grid.shape, dtype=np.float32)
        self.potential = potential

        def along_rows(block: slice) -> None:
            charge = grid[block].astype(np.float64) if precise else grid[block]
            spectrum[block] = fft.rfft(charge, 2 * columns, axis=1)

        def along_columns(block: slice) -> None:
            waves = fft.fft(spectrum[:, block], 2 * rows, axis=0)
            waves *= self._response[:, block]
            spectrum[:, block] = fft.ifft(waves, axis=0, overwrite_x=True)[:rows]

        def back_along_rows(block: slice) -> None:
            potential[block] = fft.irfft(spectrum[block], 2 * columns, axis=1)[:, :columns]

        return [
            [partial(along_rows, block) for block in lines],
            [partial(along_columns, slice(start, start + LINES)) for start in range(0, columns + 1, LINES)],
            [partial(back_along_rows, block) for block in lines],
        ]

    def _prepare(self, shape: tuple[int, int]) -> None:
        """Set F[w] / b² on the doubled grid, shape (2 N, N' + 1), and K; the last ones are kept: maps grow slowly.

        On the doubled grid w is even, so that its transform is one of cosines, of a quarter of the nodes.
        """
        key = (*shape, self.cell)
        if key == self._response_of:
            return
        steps = [np.arange(size + 1) for size in shape]
        squares = [(step * self.cell) ** 2 for step in steps]
        smoothing = [((4.0 + 2.0 * np.cos(np.pi * step / step[-1])) / 6.0) ** 2 for step in steps]
        quarter = fft.dctn(1.0 / (1.0 + squares[0][:, None] + squares[1]), type=1)
        quarter /= smoothing[0][:, None] * smoothing[1]
        self._of_one = fft.idctn(quarter, type=1)[:4, :4].astype(np.float32)
        self._response = np.concatenate([quarter, quarter[-2:0:-1]]).astype(np.float32)
        self._response_of = key


def _good_size(nodes: int) -> int:
    """A number of nodes, not smaller, whose double the FFT likes; the same while a map grows a little."""
    nodes = max(nodes, FEWEST_NODES)
    step = 1 << (nodes.bit_length() - 5)
    return fft.next_fast_len(-(-nodes // step) * step, real=True)


@kernel
def spline(t):
    """The cubic B-spline at the four nodes around a point, for t in [0, 1) past the second of them."""
    u = f32(1) - t
    return (
        u * u * u * f32(1 / 6),
        f32(2 / 3) - t * t * (f32(1) - f32(0.5) * t),
        f32(2 / 3) - u * u * (f32(1) - f32(0.5) * u),
        t * t * t * f32(1 / 6),
    )


@kernel
def spline_slopes(t):
    """Its derivative by t."""
    u = f32(1) - t
    return f32(-0.5) * u * u, t * (f32(1.5) * t - f32(2)), u * (f32(2) - f32(1.5) * u), f32(0.5) * t * t


@kernel
def spread(charges, origin, per_cell, grid):
    """Add each charge to the nodes around it.

    Parameters
    ----------
    charges : float32 (2, n)
    origin : float32 (2,)
        Place of the first node.
    per_cell : float32
        1 / h.
    grid : float32 (N, N')
        Zeros at first.
    """
    for i in range(charges.shape[1]):
        x, y = (charges[0, i] - origin[0]) * per_cell, (charges[1, i] - origin[1]) * per_cell
        a, b = int(x), int(y)
        weights_x, weights_y = spline(x - f32(a)), spline(y - f32(b))
        for p in range(4):
            for q in range(4):
                grid[a + p - 1, b + q - 1] += weights_x[p] * weights_y[q]


@kernel
def product(u, v):
    """Σ u v of two times four numbers."""
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2] + u[3] * v[3]


@kernel
def across(weights, table, place):
    """Σ_q weights[q] table[place + q]."""
    return product(weights, (table[place], table[place + ONE], table[place + TWO], table[place + THREE]))


@kernel
def weigh(weights_x, weights_y, table, place, width):
    """Σ_pq weights_x[p] weights_y[q] table[p, q] of the four lines of a table of some width, from a place on."""
    lines = (
        across(weights_y, table, place),
        across(weights_y, table, place + width),
        across(weights_y, table, place + TWO * width),
        across(weights_y, table, place + THREE * width),
    )
    return product(weights_x, lines)


@kernel(reassociate=True)
def gather(points, origin, per_cell, potential, first, last, force, similarity):
    """R_i = -½ ∇Φ(y_i) and m_i = Φ(y_i) of the points from `first` to before `last`.

    Parameters
    ----------
    points : float32 (2, m)
    origin, per_cell
        As in `spread`.
    potential : float32 (N, N')
    first, last : int
    force : float32 (2, m)
        Overwritten in part.
    similarity : float64 (m,)
        The same.
    """
    most_x, most_y = f32(potential.shape[0]) - f32(2.001), f32(potential.shape[1]) - f32(2.001)
    width, nodes = np.uint32(potential.shape[1]), potential.ravel()
    half = f32(-0.5) * per_cell
    for i in range(first, last):
        x, y = (points[0, i] - origin[0]) * per_cell, (points[1, i] - origin[1]) * per_cell
        x, y = min(max(x, f32(1)), most_x), min(max(y, f32(1)), most_y)
        a, b = np.uint32(x), np.uint32(y)
        place = np.uint32((a - ONE) * width + b - ONE)
        x, y = x - f32(a), y - f32(b)
        weights_x, weights_y = spline(x), spline(y)
        value = weigh(weights_x, weights_y, nodes, place, width)
        slope_x = weigh(spline_slopes(x), weights_y, nodes, place, width)
        slope_y = weigh(weights_x, spline_slopes(y), nodes, place, width)
        force[0, i], force[1, i], similarity[i] = half * slope_x, half * slope_y, value


@kernel
def four_of(line):
    """Four numbers out of an array."""
    return line[0], line[1], line[2], line[3]


@kernel
def times(lines, v):
    """A matrix of four lines times four numbers."""
    return product(lines[0], v), product(lines[1], v), product(lines[2], v), product(lines[3], v)


@kernel
def overlaps(u, v):
    """Σ_a u(a) v(a + p), over both signs of p = 0, 1, 2, 3."""
    return (
        product(u, v),
        u[0] * v[1] + u[1] * v[2] + u[2] * v[3] + u[1] * v[0] + u[2] * v[1] + u[3] * v[2],
        u[0] * v[2] + u[1] * v[3] + u[2] * v[0] + u[3] * v[1],
        u[0] * v[3] + u[3] * v[0],
    )


@kernel(reassociate=True)
def take_out_own(points_x, points_y, origin, per_cell, own, force_x, force_y, similarity):
    """Take S out of m_i and -½ ∇S out of R_i, and count the charge itself as the 1 that it is.

    Nothing is looked up in the mesh, and each coordinate is an array of its own: the processor does sixteen points at a
    time.

    Parameters
    ----------
    points_x, points_y : float32 (b,)
        Some of the points.
    origin, per_cell
        As in `spread`.
    own : float32 (4, 4)
        K of the nearest nodes.
    force_x, force_y, similarity : float32 (b,), float32 (b,), float64 (b,)
        Changed.
    """
    half = f32(0.5) * per_cell
    lines = four_of(own[0]), four_of(own[1]), four_of(own[2]), four_of(own[3])
    origin_x, origin_y = origin[0], origin[1]
    for i in range(points_x.size):
        x, y = (points_x[i] - origin_x) * per_cell, (points_y[i] - origin_y) * per_cell
        x, y = x - np.floor(x), y - np.floor(y)
        weights_x, weights_y = spline(x), spline(y)
        own_x, own_y = overlaps(weights_x, weights_x), overlaps(weights_y, weights_y)
        # Half the derivative: a product of two splines has two equal terms of it.
        slopes_x, slopes_y = overlaps(spline_slopes(x), weights_x), overlaps(spline_slopes(y), weights_y)
        force_x[i] += half * product(slopes_x, times(lines, own_y))
        force_y[i] += half * product(own_x, times(lines, slopes_y))
        similarity[i] += f32(1) - product(own_x, times(lines, own_y))
