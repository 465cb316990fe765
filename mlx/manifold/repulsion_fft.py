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

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..numeric.jit import kernel
from .repulsion_exact import Run

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
# K of a point that has no charge.
NOT_A_CHARGE = np.zeros((4, 4), dtype=np.float32)


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

    def place(self, charges: NDArray[np.float32], run: Run) -> None:
        """Compute the potential of the charges."""
        self.charges = charges
        self.is_flat = bool(charges[1].min() == charges[1].max())
        low, high = charges.min(axis=1).astype(np.float64), charges.max(axis=1).astype(np.float64)
        extent = float((high - low).max())
        self.n_charges = charges.shape[1]
        if extent < SMALLEST_EXTENT:
            self.potential = None
            self.centre = charges.mean(axis=1, dtype=np.float64).astype(np.float32)
            self.spread_about_centre = float(((charges - self.centre[:, None]) ** 2).sum(dtype=np.float64))
            return
        halvings = np.ceil(np.log2(FEWEST_CELLS * self.largest_cell / extent))
        self.cell = self.largest_cell * 0.5 ** min(max(halvings, 0.0), MOST_HALVINGS)
        while np.prod((high - low) / self.cell + 2 * MARGIN) > MOST_NODES:
            self.cell *= 2.0
        sizes = [_good_size(int(length / self.cell) + 2 * MARGIN) for length in high - low]
        # A node is in the middle of the map: one of a single dimension has all its points on nodes of the other.
        self.origin = ((low + high) / 2 - np.array(sizes) // 2 * self.cell).astype(np.float32)
        grid = np.zeros(sizes, dtype=np.float32)
        spread(charges, self.origin, f32(1.0 / self.cell), grid)
        self.potential = self._convolve(grid, run)

    def repel(self, points, first, last, force, similarity) -> None:
        """Gather potential and slope where the points are.

        Points outside of the mesh are treated as if they were on its edge.
        """
        if self.potential is None:
            self._repel_nearby(points, first, last, force, similarity)
        else:
            are_charges = points is self.charges
            own = self._of_one if are_charges else NOT_A_CHARGE
            gather(points, self.origin, f32(1.0 / self.cell), self.potential, own, first, last, force, similarity)
            similarity[first:last] += are_charges
            if self.is_flat:  # rounding must not push a map of one dimension out of it
                force[1, first:last] = 0.0

    def _repel_nearby(self, points, first, last, force, similarity) -> None:
        """Repulsion while all r² are tiny: w = 1 - r², R_i = Σ_j (y_i - c_j)."""
        difference = points[:, first:last] - self.centre[:, None]
        force[:, first:last] = f32(self.n_charges) * difference
        squared = (difference.astype(np.float64) ** 2).sum(axis=0)
        similarity[first:last] = self.n_charges * (1.0 - squared) - self.spread_about_centre

    def _convolve(self, grid: NDArray[np.float32], run: Run) -> NDArray[np.float32]:
        """Φ from G."""
        response = self._transfer(grid.shape)
        rows, columns = grid.shape
        lines = [slice(start, start + LINES) for start in range(0, rows, LINES)]
        # The slope of a small map is small beside its potential, and float32 would lose it. Its grid costs nothing.
        precise = self.cell < self.largest_cell
        grid = grid.astype(np.float64) if precise else grid
        spectrum = np.empty((rows, columns + 1), dtype=np.complex128 if precise else np.complex64)
        potential = np.empty(grid.shape, dtype=np.float32)

        def along_rows(block: slice) -> None:
            spectrum[block] = fft.rfft(grid[block], 2 * columns, axis=1)

        def along_columns(block: slice) -> None:
            waves = fft.fft(spectrum[:, block], 2 * rows, axis=0)
            waves *= response[:, block]
            spectrum[:, block] = fft.ifft(waves, axis=0, overwrite_x=True)[:rows]

        def back_along_rows(block: slice) -> None:
            potential[block] = fft.irfft(spectrum[block], 2 * columns, axis=1)[:, :columns]

        run(along_rows, lines)
        run(along_columns, [slice(start, start + LINES) for start in range(0, columns + 1, LINES)])
        run(back_along_rows, lines)
        return potential

    def _transfer(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """F[w] / b² on the doubled grid, shape (2 N, N' + 1); the last one is kept, as maps grow slowly."""
        key = (shape[0], shape[1], self.cell)
        if key != self._response_of:
            squares, smoothing = [], []
            for size in shape:
                steps = np.minimum(np.arange(2 * size), 2 * size - np.arange(2 * size))
                squares.append((steps * self.cell) ** 2)
                smoothing.append(((4.0 + 2.0 * np.cos(np.pi * np.arange(2 * size) / size)) / 6.0) ** 2)
            response = fft.rfft2(1.0 / (1.0 + squares[0][:, None] + squares[1])).real
            response /= smoothing[0][:, None] * smoothing[1][: shape[1] + 1]
            self._response, self._response_of = response.astype(np.float32), key
            self._of_one = fft.irfft2(response)[:4, :4].astype(np.float32)
        return self._response


def _good_size(nodes: int) -> int:
    """A number of nodes, not smaller, whose double the FFT likes; the same while a map grows a little."""
    nodes = max(nodes, FEWEST_NODES)
    step = 1 << (nodes.bit_length() - 5)
    return fft.next_fast_len(-(-nodes // step) * step, real=True)


@kernel
def spline(t, weights, slopes):
    """Values and derivatives of the cubic B-spline at the four nodes around a point, for t in [0, 1) past the second.

    Parameters
    ----------
    t : float32
    weights, slopes : float32 (4,)
        Overwritten.
    """
    u = f32(1) - t
    weights[0] = u * u * u * f32(1 / 6)
    weights[1] = f32(2 / 3) - t * t * (f32(1) - f32(0.5) * t)
    weights[2] = f32(2 / 3) - u * u * (f32(1) - f32(0.5) * u)
    weights[3] = t * t * t * f32(1 / 6)
    slopes[0] = f32(-0.5) * u * u
    slopes[1] = t * (f32(1.5) * t - f32(2))
    slopes[2] = u * (f32(2) - f32(1.5) * u)
    slopes[3] = f32(0.5) * t * t


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
    weights_x, weights_y, slopes = np.empty(4, np.float32), np.empty(4, np.float32), np.empty(4, np.float32)
    for i in range(charges.shape[1]):
        x, y = (charges[0, i] - origin[0]) * per_cell, (charges[1, i] - origin[1]) * per_cell
        a, b = int(x), int(y)
        spline(x - f32(a), weights_x, slopes)
        spline(y - f32(b), weights_y, slopes)
        for p in range(4):
            for q in range(4):
                grid[a + p - 1, b + q - 1] += weights_x[p] * weights_y[q]


@kernel
def overlaps(weights, slopes, products, derivatives):
    """Σ_a B(a) B(a + p) over both signs of p = 0, 1, 2, 3, and half of its derivative, for one coordinate."""
    for p in range(4):
        products[p], derivatives[p] = f32(0), f32(0)
        for a in range(4 - p):
            products[p] += weights[a] * weights[a + p]
            derivatives[p] += slopes[a] * weights[a + p] + weights[a] * slopes[a + p]
        if p > 0:
            products[p] *= f32(2)
        else:
            derivatives[p] *= f32(0.5)


@kernel(reassociate=True)
def gather(points, origin, per_cell, potential, own, first, last, force, similarity):
    """R_i = -½ ∇Φ(y_i) and m_i = Φ(y_i), less S, of the points from `first` to before `last`.

    Parameters
    ----------
    points : float32 (2, m)
    origin, per_cell
        As in `spread`.
    potential : float32 (N, N')
    own : float32 (4, 4)
        K of the nearest nodes; zeros if the points are not charges.
    first, last : int
    force : float32 (2, m)
        Overwritten in part.
    similarity : float64 (m,)
        The same.
    """
    weights_x, weights_y = np.empty(4, np.float32), np.empty(4, np.float32)
    slopes_x, slopes_y = np.empty(4, np.float32), np.empty(4, np.float32)
    products_x, products_y = np.empty(4, np.float32), np.empty(4, np.float32)
    halves_x, halves_y = np.empty(4, np.float32), np.empty(4, np.float32)
    most_x, most_y = f32(potential.shape[0]) - f32(2.001), f32(potential.shape[1]) - f32(2.001)
    for i in range(first, last):
        x, y = (points[0, i] - origin[0]) * per_cell, (points[1, i] - origin[1]) * per_cell
        x, y = min(max(x, f32(1)), most_x), min(max(y, f32(1)), most_y)
        a, b = int(x), int(y)
        spline(x - f32(a), weights_x, slopes_x)
        spline(y - f32(b), weights_y, slopes_y)
        overlaps(weights_x, slopes_x, products_x, halves_x)
        overlaps(weights_y, slopes_y, products_y, halves_y)
        value, slope_x, slope_y = f32(0), f32(0), f32(0)
        for p in range(4):
            along, slope_along = f32(0), f32(0)
            for q in range(4):
                value -= products_x[p] * products_y[q] * own[p, q]
                slope_x -= halves_x[p] * products_y[q] * own[p, q]
                slope_y -= products_x[p] * halves_y[q] * own[p, q]
                along += weights_y[q] * potential[a + p - 1, b + q - 1]
                slope_along += slopes_y[q] * potential[a + p - 1, b + q - 1]
            value += weights_x[p] * along
            slope_x += slopes_x[p] * along
            slope_y += weights_x[p] * slope_along
        force[0, i] = f32(-0.5) * per_cell * slope_x
        force[1, i] = f32(-0.5) * per_cell * slope_y
        similarity[i] = value
