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

The map is stored by coordinates, not by points, and each row of P is filled up with zeros to a multiple of sixteen:
the kernels then read sixteen neighbours at a time, and no row ends in some that are read one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel

__all__ = ["Affinities", "attract", "cross_entropy"]

f32 = np.float32

# Entries that the processor takes at a time, at most: a row has a multiple of them.
LANES = np.uint64(16)


class Affinities(NamedTuple):
    """A sparse matrix of probabilities, as the kernels read it.

    Attributes
    ----------
    starts : ndarray of uint64, shape (m + 1,)
        Where the rows begin, in units of `LANES` entries.
    columns : ndarray of uint16 or uint32, shape (n_entries,)
        Half as much to read at each step if there are no more than 65,536 of them. Entries that fill up a row: 0.
    probabilities : ndarray of float32, shape (n_entries,)
        The same.
    entropy : float
        -Σ p log p of all of them, in nats.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    probabilities: NDArray[np.float32]
    entropy: float

    @classmethod
    def of(cls, P: sparse.csr_array) -> Affinities:
        """The same matrix with rows filled up, and its entropy."""
        sizes, lanes = np.diff(P.indptr), int(LANES)
        starts = np.concatenate([[0], np.cumsum(-(-sizes // lanes))])
        places = np.arange(P.nnz) + np.repeat(lanes * starts[:-1] - P.indptr[:-1], sizes)
        columns = np.zeros(lanes * starts[-1], dtype=np.uint16 if P.shape[1] <= 2**16 else np.uint32)
        probabilities = np.zeros(columns.size, dtype=np.float32)
        columns[places], probabilities[places] = P.indices, P.data
        p = P.data[P.data > 0.0]
        return cls(starts.astype(np.uint64), columns, probabilities, -float(p @ np.log(p)))


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
        for entry in range(starts[i] * LANES, starts[i + 1] * LANES):
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
        for entry in range(starts[i] * LANES, starts[i + 1] * LANES):
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
    entries = slice(*(int(affinities.starts[row] * LANES) for row in (first, last)))
    t = np.empty(entries.stop - entries.start, dtype=np.float32)
    spread_of_pairs(*affinities[:3], points, charges, freedom, first, last, t)
    # NumPy computes sixteen logarithms at a time, where the kernel would one.
    np.log(t, out=t)
    t *= affinities.probabilities[entries]
    return 0.5 * (freedom + 1) * float(t.sum(dtype=np.float64))


@kernel
def spread_of_pairs(starts, columns, probabilities, points, charges, freedom, first, last, t):
    """t_ij of the entries of some rows, one after the other; 1 where p_ij is 0.

    Parameters
    ----------
    starts, columns, probabilities
        As in `Affinities`.
    points, charges : float32 (d, m), (d, n)
    freedom, first, last : int
    t : float32, shape of the entries
        Overwritten.
    """
    scale = f32(1) / f32(freedom)
    begin = starts[first] * LANES
    for i in range(first, last):
        for entry in range(starts[i] * LANES, starts[i + 1] * LANES):
            squared = f32(0)
            for c in range(points.shape[0]):
                squared += (points[c, i] - charges[c, columns[entry]]) ** 2
            t[entry - begin] = f32(1) + squared * scale if probabilities[entry] > f32(0) else f32(1)
