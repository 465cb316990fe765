r"""Fixed point: gradients as whole numbers of a unit, of which every sum is exact, whatever the order of its terms.

A sum of floats depends on their order, because each addition rounds. Here the gradients of a tree are rounded once,
before they are added, to multiples of a power of two::

    unit = 2^(⌈log₂(n max |g|)⌉ - 52)            ĝ_i = unit * round(g_i / unit)            and so for the Hessians

The sum of any of them is a whole number of at most 2^52 units, and float64 holds it exactly. So histograms have the
same bits for rows in any order, on any number of threads, and in any number of parts whose histograms are added.

The sums are kept in float64, not in int64: 52 bits are exact there, in the same kernels, and a float32 gradient that is
rounded to the unit is a float32 still. With a million rows a unit is 2^-32 of the largest gradient, and the last bit of
a float32 of that size is 2^-24 of it.

Cost: one pass for the largest, and one to round. Measured on one thread, in time of the processor, trees of depth 6:
8 % of the rounds of a fit of 200,000 x 28 (6 % of the whole fit), 3 % of one of 20,000 x 200. It is off by default:
where one owner has all rows, it adds them in one order whatever the number of threads, so that the bits of a model do
not depend on threads without it, either; and what is rounded is no longer the library's to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from .row_owner import Run

if TYPE_CHECKING:
    from .grower import Grower
    from .growth_settings import GrowthSettings

__all__ = ["FixedPointGrower", "unit_of"]

# Whole numbers up to this power of two, and all their sums that are not greater, are exact in float64.
EXACT_BITS = 52

# Numbers that one task rounds.
NUMBERS_PER_TASK = 65_536


class FixedPointGrower:
    """A `Grower` that another one grows for, with gradients in fixed point.

    Parameters
    ----------
    grower : Grower
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    """

    def __init__(self, grower: Grower, run: Run) -> None:
        self._grower, self._run = grower, run

    @property
    def settings(self) -> GrowthSettings:
        """Settings of the next tree."""
        return self._grower.settings

    @settings.setter
    def settings(self, settings: GrowthSettings) -> None:
        self._grower.settings = settings

    @property
    def table(self) -> Any:
        """What the other one cuts columns in, see `Grower`."""
        return self._grower.table

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree, see `Grower`."""
        return self._grower.grow(in_units(gradients, self._run), number, margin)

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        self._grower.add_values(tree, margin)

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf, in rising order."""
        return self._grower.rows_of(leaf)


def in_units(gradients: NDArray[np.floating], run: Run) -> NDArray[np.floating]:
    """Gradients and Hessians, shape (n_samples, ..., 2), as multiples of the units of both."""
    flat = np.ascontiguousarray(gradients).reshape(-1, 2)
    rounded = np.empty_like(flat)
    parts = [(first, min(first + NUMBERS_PER_TASK, len(flat))) for first in range(0, len(flat), NUMBERS_PER_TASK)]
    largest = np.max(run(lambda part: largest_of(flat, part[0], part[1]), parts), axis=0)
    units = np.array([unit_of(float(value), len(flat)) for value in largest])
    run(lambda part: round_to_units(flat, part[0], part[1], units, rounded), parts)
    return rounded.reshape(gradients.shape)


def unit_of(largest: float, n: int) -> float:
    """Unit of n numbers of which none is larger: a power of two.

    Parameters
    ----------
    largest : float
        At least as large as each number without its sign.
    n : int
        How many numbers there are.
    """
    _, bits = math.frexp(largest)
    return math.ldexp(1.0, bits + n.bit_length() - EXACT_BITS)


@kernel
def largest_of(flat, first, last):
    """Largest gradient and Hessian of some rows, without their signs."""
    largest = np.zeros(2)
    for i in range(np.uint64(first), np.uint64(last)):
        largest[0] = max(largest[0], abs(np.float64(flat[i, 0])))
        largest[1] = max(largest[1], abs(np.float64(flat[i, 1])))
    return largest


@kernel
def round_to_units(flat, first, last, units, rounded):
    """Write each number as the nearest multiple of its unit, the even one of two.

    To add and take away a number whose last bit is worth a unit leaves whole units.
    """
    g_shift, h_shift = 1.5 * 2.0**EXACT_BITS * units[0], 1.5 * 2.0**EXACT_BITS * units[1]
    for i in range(np.uint64(first), np.uint64(last)):
        rounded[i, 0] = (np.float64(flat[i, 0]) + g_shift) - g_shift
        rounded[i, 1] = (np.float64(flat[i, 1]) + h_shift) - h_shift
