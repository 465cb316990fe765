"""Rows come block by block to the kernels, in the type and order that these read: no copy of a whole table is made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Rows"]

# A part has at most this many rows, so that threads end together, and (if it has to be copied) about this many values.
ROWS_PER_PART = 4_096
VALUES_PER_PART = 1_000_000

# Parts for each thread, if they do not get smaller than this by it.
PARTS_PER_THREAD = 4
FEWEST_ROWS_PER_PART = 512

# LightGBM takes a number up to this one for zero.
LARGEST_ZERO = np.float32(1e-35)


class Rows:
    """A table of rows to predict.

    Parameters
    ----------
    X : array-like or SciPy sparse matrix of shape (n_samples, n_features)
        A stored zero is a zero. A matrix that is stored by columns is stored by rows first.
    n_features : int
        What shape[1] has to be.
    dtype : {"float32", "float64"}
        Of the parts.
    unstored : {"missing", "zero"}, default="missing"
        What entries are that a sparse matrix does not store.
    zero_is_missing : ndarray of bool, shape (n_features,), optional
        Columns in which zeros are missing too.

    Raises
    ------
    ValueError
        If X is not such a table of numbers.
    """

    def __init__(
        self,
        X: Any,
        n_features: int,
        dtype: str,
        *,
        unstored: str = "missing",
        zero_is_missing: NDArray[np.bool_] | None = None,
    ) -> None:
        # A table of text becomes numbers, or an error, here; floats and integers wait for their part's turn.
        table = X.tocsr() if sparse.issparse(X) else np.asarray(X)
        self.table = table if table.dtype.kind in "fiub" else table.astype(dtype)
        self.dtype = np.dtype(dtype)
        self.unstored = np.nan if unstored == "missing" else 0.0
        self.zero_is_missing = zero_is_missing
        if self.table.ndim != 2 or self.table.shape[1] != n_features:
            raise ValueError(f"X: shape {self.table.shape} must be (n_samples, {n_features})")

    def __len__(self) -> int:
        return int(self.table.shape[0])

    def parts(self, n_threads: int = 1) -> list[slice]:
        """All rows, cut into parts for threads."""
        n_rows, n_features = self.table.shape
        step = min(ROWS_PER_PART, max(1, VALUES_PER_PART // n_features))
        if n_threads > 1:
            step = min(step, max(FEWEST_ROWS_PER_PART, -(-n_rows // (PARTS_PER_THREAD * n_threads))))
        return [slice(first, first + step) for first in range(0, n_rows, step)]

    def part(self, rows: slice) -> NDArray[np.floating]:
        """Some of the rows, C-contiguous; NaN is a missing value."""
        some = self.table[rows]
        if sparse.issparse(some):
            part = _dense(some, self.dtype, self.unstored)
        else:
            # A number beyond float32 is infinite there.
            with np.errstate(over="ignore"):
                part = np.ascontiguousarray(some, dtype=self.dtype)
        if self.zero_is_missing is None:
            return part
        return np.where(self.zero_is_missing & (np.abs(part) <= LARGEST_ZERO), self.dtype.type(np.nan), part)

    def has_missing(self) -> bool:
        """Whether a value is missing."""
        return any(bool(np.isnan(self.part(rows)).any()) for rows in self.parts())


def _dense(some: Any, dtype: np.dtype, unstored: float) -> NDArray[np.floating]:
    dense = np.full(some.shape, unstored, dtype=dtype)
    with np.errstate(over="ignore"):
        dense[np.repeat(np.arange(len(dense)), np.diff(some.indptr)), some.indices] = some.data
    return dense
