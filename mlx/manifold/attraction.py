"""Attraction pulls each point of the map towards the points whose rows are its neighbours.

Formula (van der Maaten & Hinton 2008, equation 5; for other than one degree of freedom L. van der Maaten, "Learning a
parametric embedding by preserving local structure", AISTATS 2009)::

    t_ij = 1 + ‖y_i - y_j‖² / ν          w_ij = t_ij^(-(ν+1)/2)
    A_i  = Σ_j p_ij t_ij⁻¹ (y_i - y_j)

======  ======  =====================================================================
symbol  shape   meaning
======  ======  =====================================================================
Y       (d, m)  points of the map, one column each, float32
C       (d, n)  charges: the points that pull, the same or those of a fitted map
P       (m, n)  probabilities, sparse
w_ij    scalar  similarity of two points, Student's t without its constant
ν       scalar  degrees of freedom, 1 for maps of one and two dimensions
======  ======  =====================================================================

The map is stored by coordinates, not by points: the kernels then read eight or sixteen neighbours at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel

__all__ = ["Affinities", "attract", "cross_entropy"]

f32 = np.float32


class Affinities(NamedTuple):
    """A sparse matrix of probabilities, as the kernels read it.

    Attributes
    ----------
    starts : ndarray of int64, shape (m + 1,)
    columns : ndarray of int32, shape (n_stored,)
    probabilities : ndarray of float32, shape (n_stored,)
    entropy : float
        -Σ p log p of all of them, in nats.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    probabilities: NDArray[np.float32]
    entropy: float

    @classmethod
    def of(cls, P: sparse.csr_array) -> Affinities:
        """The same matrix in other dtypes, with its entropy."""
        p = P.data[P.data > 0.0]
        return cls(
            P.indptr.astype(np.int64),
            P.indices.astype(np.int32),
            P.data.astype(np.float32),
            -float(p @ np.log(p)),
        )


def attract(
    affinities: Affinities, points: NDArray, charges: NDArray, freedom: int, first: int, last: int, force: NDArray
) -> None:
    """Write A_i of the points from `first` to before `last` into `force`, shape (d, m)."""
    matrix = affinities[:3]
    if len(points) == 2 and freedom == 1:
        attract_in_plane(*matrix, points, charges, first, last, force)
    else:
        attract_in_space(*matrix, points, charges, freedom, first, last, force)


@kernel(reassociate=True)
def attract_in_plane(starts, columns, probabilities, points, charges, first, last, force):
    """A_i for two coordinates and one degree of freedom."""
    X, Y = charges[0], charges[1]
    for i in range(first, last):
        x, y = points[0, i], points[1, i]
        force_x, force_y = f32(0), f32(0)
        for entry in range(starts[i], starts[i + 1]):
            j = columns[entry]
            dx, dy = x - X[j], y - Y[j]
            pull = probabilities[entry] / (f32(1) + dx * dx + dy * dy)
            force_x += pull * dx
            force_y += pull * dy
        force[0, i], force[1, i] = force_x, force_y


@kernel
def attract_in_space(starts, columns, probabilities, points, charges, freedom, first, last, force):
    """A_i for any number of coordinates."""
    d = points.shape[0]
    scale = f32(1) / f32(freedom)
    for i in range(first, last):
        for c in range(d):
            force[c, i] = f32(0)
        for entry in range(starts[i], starts[i + 1]):
            j = columns[entry]
            squared = f32(0)
            for c in range(d):
                squared += (points[c, i] - charges[c, j]) ** 2
            pull = probabilities[entry] / (f32(1) + squared * scale)
            for c in range(d):
                force[c, i] += pull * (points[c, i] - charges[c, j])


def cross_entropy(
    affinities: Affinities, points: NDArray, charges: NDArray, freedom: int, first: int, last: int
) -> float:
    """-Σ_ij p_ij log w_ij of the rows from `first` to before `last`: what the divergence has of pairs."""
    entries = slice(affinities.starts[first], affinities.starts[last])
    t = np.empty(entries.stop - entries.start, dtype=np.float32)
    spread_of_pairs(affinities.starts, affinities.columns, points, charges, freedom, first, last, t)
    # NumPy computes sixteen logarithms at a time, where the kernel would one.
    np.log(t, out=t)
    t *= affinities.probabilities[entries]
    return 0.5 * (freedom + 1) * float(t.sum(dtype=np.float64))


@kernel
def spread_of_pairs(starts, columns, points, charges, freedom, first, last, t):
    """t_ij of the entries of some rows, one after the other.

    Parameters
    ----------
    starts, columns
        As in `Affinities`.
    points, charges : float32 (d, m), (d, n)
    freedom, first, last : int
    t : float32, shape of the entries
        Overwritten.
    """
    scale = f32(1) / f32(freedom)
    for i in range(first, last):
        for entry in range(starts[i], starts[i + 1]):
            squared = f32(0)
            for c in range(points.shape[0]):
                squared += (points[c, i] - charges[c, columns[entry]]) ** 2
            t[entry - starts[first]] = f32(1) + squared * scale
