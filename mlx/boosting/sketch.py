"""A quantile sketch tells in little space how the values of a column are spread; sketches of parts merge into one.

A summary keeps some of the values, x_1 < ... < x_m, the smallest and the largest among them. Of each it knows the
weight w of its rows, and bounds on its rank: r⁻ is at most the weight of the rows below it, r⁺ at least the weight of
the rows up to it. What these bounds leave open, also for values y that were not kept, is the uncertainty ::

    E = max over y of  r⁺(y) - r⁻(y) - w(y),   with  r⁻(y) = r⁻(x_i) + w(x_i)          and  w(y) = 0
                                                     r⁺(y) = r⁺(x_i+1) - w(x_i+1)      for x_i < y < x_i+1

==============================  =================  ===============================
operation                       uncertainty        Chen & Guestrin (2016), appendix
==============================  =================  ===============================
`exact_summary` of rows         0                  A.2
`combine` two summaries         E_a + E_b          A.3
`prune` to m values             E + W / (m - 1)    A.4
==============================  =================  ===============================

with W the weight of all rows. `nearest` to a rank d returns a value that misses it by at most E / 2: the weight below
it is at most d + E / 2, and the weight up to it at least d - E / 2.

A sketch is built like a binary number. Up to `size` values are kept as they are; more of them are pruned to `size` and
become a summary of level 1. Of a level there is at most one summary: two are combined, pruned, and carried up ::

    a.merge(b)      level 3    level 2    level 1    values kept as they are
        a              x                     x              x x x
        b                         x          x              x x x x x   -- too many: a third one of level 1 -.
                       x         (x <------ x+x)            (none)                                           |
        sum            <-------- x+x         x  <------------------------------------------------------------'

So a summary of level l stands for at least 2 ** (l - 1) * (size + 1) rows, and none of them was pruned more than l
times: its uncertainty is at most l / (size - 1) of its weight. All summaries of a sketch stand for different rows, and
there is the bound: for n rows of total weight W, in any order and merged along any tree, a value that answers for a
rank misses it by at most ::

    L W / (2 (size - 1)),    L = 0 if n <= size,  otherwise  1 + floor(log2(n / (size + 1)))

A sketch also knows what it really reached (`QuantileSketch.rank_error`), which is mostly several times less. Both hold
up to the rounding of float64 sums. Nothing is random.

Its place is where no one has all rows of a column: one sketch for each column and chunk of rows, or owner of rows,
merged in any order, whose `cuts` are then the column's bins; weights are those of the rows, or, for new cuts in each
round, the Hessians. A table in memory has no need of it: `quantiles` and `approx` sort whole columns, and are exact.

References
----------
T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, appendix "Weighted quantile sketch".

Q. Zhang and W. Wang, "A Fast Algorithm for Approximate Quantiles in High Speed Data Streams", SSDBM 2007 (the levels).

P. K. Agarwal et al., "Mergeable Summaries", ACM Transactions on Database Systems 38(4), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .quantiles import closing_cut

__all__ = ["QuantileSketch", "Summary", "combine", "exact_summary", "nearest", "prune", "sketch_of"]


@dataclass(frozen=True, eq=False)
class Summary:
    """Some values of a column, in rising order, and bounds on their ranks.

    Attributes
    ----------
    value : ndarray of float32, shape (n_kept,)
    weight : ndarray of float64, shape (n_kept,)
        Least weight of the rows with the value.
    rank_min : ndarray of float64, shape (n_kept,)
        At most the weight of the rows below.
    rank_max : ndarray of float64, shape (n_kept,)
        At least the weight of the rows below and of those with the value.
    """

    value: NDArray[np.float32]
    weight: NDArray[np.float64]
    rank_min: NDArray[np.float64]
    rank_max: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, rows: NDArray[np.intp]) -> Summary:
        return Summary(self.value[rows], self.weight[rows], self.rank_min[rows], self.rank_max[rows])

    @property
    def total(self) -> float:
        """Weight of all rows: the largest value's upper bound is exact."""
        return float(self.rank_max[-1]) if len(self) else 0.0

    @property
    def uncertainty(self) -> float:
        """E, the most that the bounds on the rank of any value leave open."""
        if len(self) == 0:
            return 0.0
        at_values = self.rank_max - self.rank_min - self.weight
        between = (self.rank_max - self.weight)[1:] - (self.rank_min + self.weight)[:-1]
        return float(max(at_values.max(), between.max(initial=0.0)))

    def bounds(self, y: NDArray[np.float32]) -> tuple[NDArray, NDArray, NDArray]:
        """(w, r⁻, r⁺) of any rising values, kept or not."""
        if len(self) == 0:
            return np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y))
        following = np.searchsorted(self.value, y)
        # Between two kept values: what is certain up to the one before, and possible below the one after.
        rank_min = np.append(0.0, self.rank_min + self.weight)[following]
        rank_max = np.append(self.rank_max - self.weight, self.total)[following]
        weight = np.zeros(len(y))
        kept = np.flatnonzero(np.isin(y, self.value, assume_unique=True))
        own = following[kept]
        weight[kept], rank_min[kept], rank_max[kept] = self.weight[own], self.rank_min[own], self.rank_max[own]
        return weight, rank_min, rank_max


EMPTY = Summary(np.empty(0, dtype=np.float32), np.empty(0), np.empty(0), np.empty(0))


def exact_summary(column: NDArray[np.float32], sample_weight: NDArray[np.floating] | None = None) -> Summary:
    """Summary that keeps every distinct value of a column without missing values; weights are positive."""
    value, number = np.unique(column, return_inverse=True)
    weight = np.bincount(number, weights=sample_weight, minlength=len(value)).astype(np.float64)
    up_to = np.cumsum(weight)
    return Summary(value, weight, np.append(0.0, up_to)[:-1], up_to)


def combine(a: Summary, b: Summary) -> Summary:
    """Summary of the rows of two summaries: their values, and the sums of what both say of them."""
    value = np.union1d(a.value, b.value)
    return Summary(value, *(of_a + of_b for of_a, of_b in zip(a.bounds(value), b.bounds(value))))


def prune(summary: Summary, size: int) -> Summary:
    """At most `size` values of a summary: those nearest to ranks of equal distance, the first and the last among them.

    A value heavier than that distance is nearest to some rank, and therefore stays.
    """
    if len(summary) <= size:
        return summary
    return summary[np.unique(nearest(summary, np.arange(size), size - 1))]


def nearest(summary: Summary, k: ArrayLike, n_parts: float) -> NDArray[np.intp]:
    """Places of the values nearest to the ranks ``k / n_parts`` of the total weight.

    A value is the answer up to the middle of what is certain up to it and what is possible below its successor. In an
    exact summary it is the first one with more than that weight up to it.
    """
    # Products instead of quotients, as for exact quantiles: ties fall the same way.
    doubled = 2.0 * np.asarray(k, dtype=np.float64) * summary.total
    middle = n_parts * np.maximum.accumulate(summary.rank_min + summary.rank_max)
    before = np.maximum(np.searchsorted(middle, doubled, side="right") - 1, 0)
    after = np.minimum(before + 1, len(summary) - 1)
    border = (summary.rank_min + summary.weight)[before] + (summary.rank_max - summary.weight)[after]
    return np.where((doubled < n_parts * border) | (doubled < middle[before]), before, after)


@dataclass(frozen=True, eq=False)
class QuantileSketch:
    """Sketch of the rows seen so far; `sketch_of` makes one of a chunk.

    Attributes
    ----------
    size : int
        Most values that a summary keeps, at least 2.
    n_rows : int
        Rows that have been seen, those without a value or weight left out.
    kept : Summary
        Values that are kept as they are, at most `size`.
    levels : tuple of Summary or None
        The summary of level 1, 2, ...; None where there is none.
    """

    size: int
    n_rows: int
    kept: Summary = EMPTY
    levels: tuple[Summary | None, ...] = ()

    def merge(self, other: QuantileSketch) -> QuantileSketch:
        """Sketch of the rows of both; neither is changed. ``a.merge(b)`` and ``b.merge(a)`` have the same bits.

        Raises
        ------
        ValueError
            If the sketches differ in size.
        """
        if self.size != other.size:
            raise ValueError(f"size={self.size} and size={other.size}: only sketches of one size can be merged")
        kept, carried = combine(self.kept, other.kept), None
        if len(kept) > self.size:
            kept, carried = EMPTY, prune(kept, self.size)
        levels: list[Summary | None] = []
        for own, others in zip_longest(self.levels, other.levels):
            present = [summary for summary in (carried, own, others) if summary is not None]
            carried = prune(combine(present.pop(), present.pop()), self.size) if len(present) > 1 else None
            levels.append(present[0] if present else None)
        if carried is not None:
            levels.append(carried)
        return QuantileSketch(self.size, self.n_rows + other.n_rows, kept, tuple(levels))

    def summary(self) -> Summary:
        """All summaries combined; not pruned any more."""
        whole = self.kept
        for summary in self.levels:
            whole = whole if summary is None else combine(whole, summary)
        return whole

    @property
    def is_exact(self) -> bool:
        """Whether every value that was seen is still there."""
        return not self.levels

    @property
    def rank_error(self) -> float:
        """Most by which an answer misses its rank, in units of weight, from what the summaries know."""
        return self.summary().uncertainty / 2

    @property
    def rank_error_bound(self) -> float:
        """Most by which an answer can miss its rank after so many rows, whatever they are; in units of weight."""
        if self.n_rows <= self.size:
            return 0.0
        most_prunings = (self.n_rows // (self.size + 1)).bit_length()
        return most_prunings * self.summary().total / (2 * (self.size - 1))

    def quantiles(self, probabilities: ArrayLike) -> NDArray[np.float32]:
        """Values at the given shares of the total weight.

        Parameters
        ----------
        probabilities : array-like of float
            Between 0 and 1.

        Returns
        -------
        ndarray of float32, of the shape of `probabilities`
            Values that were seen.

        Raises
        ------
        ValueError
            If a probability is not between 0 and 1, or nothing has been seen.
        """
        probabilities = np.asarray(probabilities, dtype=np.float64)
        if not np.all((probabilities >= 0) & (probabilities <= 1)):
            raise ValueError("probabilities: must be between 0 and 1")
        summary = self.summary()
        if len(summary) == 0:
            raise ValueError("the sketch is empty: there are no quantiles of nothing")
        return summary.value[nearest(summary, probabilities, 1.0)]

    def cuts(self, max_bin: int) -> NDArray[np.float32]:
        """Cuts of the column into at most `max_bin` bins, as `quantiles.column_cuts` makes them of all rows.

        The same cuts, if the sketch is exact; otherwise each is off by `rank_error` at most.
        """
        summary = self.summary()
        if len(summary) == 0:
            return np.array([closing_cut(np.float32(0.0))], dtype=np.float32)
        if self.is_exact and len(summary) <= max_bin:
            inner = summary.value[1:]
        else:
            inner = summary.value[np.unique(nearest(summary, np.arange(1, max_bin), max_bin))]
        inner = inner[inner > summary.value[0]]
        return np.append(inner, closing_cut(summary.value[-1])).astype(np.float32)


def sketch_of(
    column: NDArray[np.float32], sample_weight: NDArray[np.floating] | None = None, *, size: int
) -> QuantileSketch:
    """Sketch of a chunk of rows.

    Parameters
    ----------
    column : ndarray of float32, shape (n_samples,)
        Finite; NaN is a missing value, and has no part.
    sample_weight : ndarray of shape (n_samples,) or None
        Not negative; None is weight 1 for each row.
    size : int
        Most values that a summary keeps, at least 2. All sketches that are to be merged have the same.

    Raises
    ------
    ValueError
        If `size` is below 2.
    """
    if size < 2:
        raise ValueError(f"size={size} must be at least 2: a summary keeps the smallest and the largest value")
    rows = ~np.isnan(column)
    if sample_weight is not None:
        rows &= sample_weight > 0
        sample_weight = sample_weight[rows]
    summary = exact_summary(column[rows], sample_weight)
    n_rows = int(np.count_nonzero(rows))
    if len(summary) <= size:
        return QuantileSketch(size, n_rows, summary)
    return QuantileSketch(size, n_rows, levels=(prune(summary, size),))
