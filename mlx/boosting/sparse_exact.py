"""The exact method on sparse rows: a column is as long as it has values, and a row goes by its place in the column.

The values of all columns stand one after the other, with the rows that they belong to::

    column 0            column 1                      places of column 1 by value, from which nodes keep theirs:
    row     0   3   4   row     1   4                 1 0
    value  .5  .1  .2   value  .7  .3

`exact` works with such places as with numbers of rows, and gradients are copied once per tree into the same order. So
only three steps differ: which row a place is of, and how rows go down and columns are parted. The trees are those on
the same rows with NaN for what is not stored, to the last bit.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from .exact import ExactGrower, Level
from .growth_settings import GrowthSettings
from .row_owner import Run
from .sampling import Sampling

__all__ = ["SparseExactGrower"]


class SparseExactGrower(ExactGrower):
    """The tree method 'exact' on sparse rows, a `Grower`; other parameters as of `ExactGrower`.

    Parameters
    ----------
    X : scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
        As `sparse_table.sparse_table` wants it.
    """

    def __init__(
        self, X: scipy.sparse.csr_matrix, settings: GrowthSettings, sampling: Sampling, *, run: Run, n_threads: int
    ) -> None:
        self.settings, self.sampling, self._run = settings, sampling, run
        by_column = X.tocsc()
        self._values, self._value_start = by_column.data, by_column.indptr.astype(np.int64)
        self._row_of_value = by_column.indices.astype(np.int32)
        self._gradients: NDArray[np.floating] | None = None
        self._sort_columns(X.shape[0], n_threads)

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree, see `Grower`."""
        self._gradients = None
        return super().grow(gradients, number, margin)

    def _rows_at(self, f: int, places: NDArray[np.int32]) -> NDArray[np.int32]:
        return self._row_of_value[self._value_start[f] + places]

    def _gradients_of_values(self, gradients: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        if self._gradients is None:
            self._gradients = gradients[self._row_of_value]
        return self._gradients, self._value_start[:-1]

    def _send_down(self, first: int, level: Level) -> None:
        goes_left = np.zeros(len(self._position), dtype=np.bool_)
        self._run(lambda rows: send_missing(rows, self._position, first, level, goes_left), self._row_shares)
        asked = np.unique(level.feature[level.left >= 0])
        self._run(
            lambda f: send_values(
                f,
                self._values[self._value_start[f] : self._value_start[f + 1]],
                self._row_of_value[self._value_start[f] : self._value_start[f + 1]],
                self._position,
                first,
                level,
                goes_left,
            ),
            asked,
        )
        self._run(lambda rows: move_down(rows, self._position, first, level, goes_left), self._row_shares)

    def _part_columns(self, side: int, segments: NDArray[np.int64], left: NDArray[np.int32]) -> NDArray[np.int64]:
        parents = np.flatnonzero(left >= 0)
        children = np.empty((len(segments), len(parents), 2, 2), dtype=np.int64)
        self._run(
            lambda features: part_sparse_columns(
                features,
                self._row_of_value,
                self._value_start,
                self._rows[side],
                self._rows[1 - side],
                self._position,
                segments,
                parents,
                left,
                children,
            ),
            self._column_shares,
        )
        return children.reshape(len(segments), -1, 2)


@kernel
def send_missing(rows, position, first, level, goes_left):
    """Where each of some rows goes if its value is missing."""
    for row in range(rows[0], rows[1]):
        node = position[row] - first
        if node >= 0:
            goes_left[row] = level.missing_left[node]


@kernel
def send_values(f, values, row_of_value, position, first, level, goes_left):
    """Where the rows go that have a value of column f, and are in nodes that ask about it."""
    for k in range(len(values)):
        row = row_of_value[k]
        node = position[row] - first
        if node >= 0 and level.left[node] >= 0 and level.feature[node] == f:
            goes_left[row] = values[k] < level.threshold[node]


@kernel
def move_down(rows, position, first, level, goes_left):
    """Move some rows from the nodes of a level, numbered from `first` on, to their children."""
    for row in range(rows[0], rows[1]):
        node = position[row] - first
        if node >= 0 and level.left[node] >= 0:
            position[row] = level.left[node] + (0 if goes_left[row] else 1)


@kernel
def part_sparse_columns(
    features, row_of_value, value_start, places, target, position, segments, parents, left, children
):
    """Part the segments of some columns, as `exact.part_columns`."""
    right = np.empty(len(position), dtype=np.int32)
    for f in range(features[0], features[1]):
        rows = row_of_value[value_start[f] :]
        for p in range(len(parents)):
            first, last = segments[f, parents[p]]
            left_child, n_left, n_right = left[parents[p]], first, np.int64(0)
            for k in range(first, last):
                place = places[k]
                goes_left = np.int64(position[rows[place]] == left_child)
                target[n_left], right[n_right] = place, place
                n_left += goes_left
                n_right += 1 - goes_left
            target[n_left:last] = right[:n_right]
            children[f, p, 0, 0], children[f, p, 0, 1] = first, n_left
            children[f, p, 1, 0], children[f, p, 1, 1] = n_left, last
