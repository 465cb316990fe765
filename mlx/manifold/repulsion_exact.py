"""Repulsion pushes every two points of the map apart; here by all pairs, n² of them in each step.

Formula (van der Maaten & Hinton 2008, equation 5), with t_ij and w_ij as in `attraction`::

    R_i = Σ_j w_ij t_ij⁻¹ (y_i - c_j)        m_i = Σ_j w_ij

A point that is itself one of the charges adds 0 to R_i and 1 to m_i. Z = Σ_i (m_i - 1) normalises the similarities.

Up to some thousand points this is the fastest way: the processor does eight or sixteen pairs at a time. The other
ways, `repulsion_fft` and `repulsion_barnes_hut`, offer the same two methods.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .stages import Stage

__all__ = ["AllPairs", "Repulsion"]

f32 = np.float32

# Charges that one row looks at before it goes on: what is computed of them stays in the nearest cache.
STRIP = 1024


class Repulsion(Protocol):
    """Charges in the map, and what they do to points."""

    def place(self, charges: NDArray[np.float32]) -> list[Stage]:
        """Say where the charges are, shape (d, n); returns what is to be done before `repel`, one stage at a time."""
        ...

    def repel(
        self,
        points: NDArray[np.float32],
        first: int,
        last: int,
        force: NDArray[np.float32],
        similarity: NDArray[np.float64],
    ) -> None:
        """Write R_i, shape (d, m), and m_i, shape (m,), of the points from `first` to before `last`."""
        ...


class AllPairs:
    """Repulsion by its definition.

    Parameters
    ----------
    freedom : int
        Degrees of freedom ν.
    """

    def __init__(self, freedom: int) -> None:
        self.freedom = freedom
        self.charges: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def place(self, charges: NDArray[np.float32]) -> list[Stage]:
        """Remember the charges."""
        self.charges = charges
        return []

    def repel(self, points, first, last, force, similarity) -> None:
        """Add up all charges for each point."""
        if len(points) == 2 and self.freedom == 1:
            repel_in_plane(points, self.charges, first, last, force, similarity)
        else:
            repel_in_space(points, self.charges, self.freedom, first, last, force, similarity)


@kernel(reassociate=True)
def repel_in_plane(points, charges, first, last, force, similarity):
    """R_i and m_i for two coordinates and one degree of freedom, where w_ij = t_ij⁻¹.

    Parameters
    ----------
    points, charges : float32 (2, m), (2, n)
    first, last : int
    force : float32 (2, m)
        Overwritten from `first` to before `last`.
    similarity : float64 (m,)
        The same.
    """
    X, Y = charges[0], charges[1]
    for i in range(first, last):
        x, y = points[0, i], points[1, i]
        force_x, force_y, sum_w = f32(0), f32(0), f32(0)
        for j in range(X.size):
            dx, dy = x - X[j], y - Y[j]
            w = f32(1) / (f32(1) + dx * dx + dy * dy)
            sum_w += w
            push = w * w
            force_x += push * dx
            force_y += push * dy
        force[0, i], force[1, i] = force_x, force_y
        similarity[i] = sum_w


@kernel(reassociate=True)
def repel_in_space(points, charges, freedom, first, last, force, similarity):
    """R_i and m_i for any number of coordinates and degrees of freedom: w_ij = (t_ij^(-1/2))^(ν+1).

    Parameters
    ----------
    points, charges : float32 (d, m), (d, n)
    freedom, first, last : int
    force : float32 (d, m)
        Overwritten from `first` to before `last`.
    similarity : float64 (m,)
        The same.
    """
    d, n = charges.shape
    root, push = np.empty(STRIP, dtype=np.float32), np.empty(STRIP, dtype=np.float32)
    scale = f32(1) / f32(freedom)
    for i in range(first, last):
        similarity[i] = 0.0
        for c in range(d):
            force[c, i] = f32(0)
        for start in range(0, n, STRIP):
            size = min(STRIP, n - start)
            root[:size] = f32(1)
            for c in range(d):
                for j in range(size):
                    difference = points[c, i] - charges[c, start + j]
                    root[j] += difference * difference * scale
            for j in range(size):
                root[j] = f32(1) / np.sqrt(root[j])
                push[j] = f32(1)
            for _ in range(freedom + 1):
                for j in range(size):
                    push[j] *= root[j]
            sum_w = f32(0)
            for j in range(size):
                sum_w += push[j]
                push[j] *= root[j] * root[j]
            similarity[i] += sum_w
            for c in range(d):
                total = f32(0)
                for j in range(size):
                    total += push[j] * (points[c, i] - charges[c, start + j])
                force[c, i] += total
