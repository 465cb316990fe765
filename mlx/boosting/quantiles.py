"""Cuts divide the values of a column into bins of about equal weight; trees then ask only about cuts.

For a column with the distinct values v_0 < v_1 < ... < v_{m-1}, of weights w_0, ..., w_{m-1}, and at most B bins:

* if m <= B, every value has its own bin: the cuts are v_1, ..., v_{m-1};
* otherwise the cuts are the weighted quantiles q_1 <= ... <= q_{B-1}, each counted once, where q_k is the smallest
  value v with ``B * W(v) > k * W``; W(v) is the weight of all values <= v, and W that of all values.

A cut is the lowest value of its bin: a row goes left of it if ``x < cut``. One more cut closes the last bin above the
largest value; a tree uses it to ask "is the value missing?".

The cuts depend neither on the order of the rows nor on the scale of the weights, and a row of weight 2 counts as two
rows. xgboost's cuts are the same where m <= B. Where m > B it approximates the quantiles by a sketch of the rows in
their order (Chen & Guestrin 2016, section 3.3), and its cuts differ a little; `library_cuts` reproduces them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .radixsort import sort_floats

__all__ = ["closing_cut", "column_cuts", "weighted_quantiles"]

# xgboost's distance between the largest value of a column and the cut that closes its last bin: |max| and this.
CLOSING_MARGIN = np.float32(1e-5)


def column_cuts(
    column: NDArray[np.float32], sample_weight: NDArray[np.floating] | None, max_bin: int
) -> NDArray[np.float32]:
    """Cuts of one column, in rising order.

    Parameters
    ----------
    column : ndarray of float32, shape (n_samples,)
        NaN is a missing value, and has no part in the cuts.
    sample_weight : ndarray of shape (n_samples,) or None
        None is weight 1 for each row. All weights must be positive.
    max_bin : int
        Largest number of bins, at least 2.

    Returns
    -------
    ndarray of float32, shape (n_bins,)
        Bin b holds the values from cut b - 1 (or minus infinity) up to, not including, cut b.
    """
    missing = np.isnan(column)
    if missing.any():
        column = column[~missing]
        sample_weight = None if sample_weight is None else sample_weight[~missing]
    if len(column) == 0:
        return np.array([closing_cut(np.float32(0.0))], dtype=np.float32)
    if sample_weight is None:
        ordered = sort_floats(column)
        lowest, highest = ordered[0], ordered[-1]
        first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        inner = ordered[first] if np.count_nonzero(first) <= max_bin else _quantiles_of_ordered(ordered, max_bin)
    else:
        values, weights = _distinct(column, sample_weight)
        lowest, highest = values[0], values[-1]
        inner = values if len(values) <= max_bin else weighted_quantiles(values, weights, max_bin)
    # The lowest value opens the first bin, which needs no cut.
    inner = inner[inner > lowest]
    return np.append(inner, closing_cut(highest)).astype(np.float32)


def _quantiles_of_ordered(ordered: NDArray[np.float32], n_parts: int) -> NDArray[np.float32]:
    """Distinct quantiles of rising values of weight 1: ``W(v) > k W / B`` holds first at the value of that rank."""
    return np.unique(ordered[np.arange(1, n_parts) * len(ordered) // n_parts])


def weighted_quantiles(values: NDArray[np.float32], weights: NDArray[np.floating], n_parts: int) -> NDArray[np.float32]:
    """Distinct quantiles q_1, ..., q_{n_parts - 1}, as the file's docstring defines them, of rising values."""
    cumulative = np.cumsum(weights, dtype=np.float64)
    ranks = np.arange(1, n_parts) * cumulative[-1]
    # Products instead of quotients: exact, so that ties fall the same way for whole weights and for repeated rows.
    index = np.searchsorted(cumulative * n_parts, ranks, side="right")
    return values[np.unique(index)]


def _distinct(
    column: NDArray[np.float32], sample_weight: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.floating]]:
    """Distinct values in rising order, and the weight of each."""
    # Sorted by value and then by weight, so that the sums do not depend on the order of the rows.
    order = np.lexsort((sample_weight, column))
    ordered = column[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[first], np.add.reduceat(sample_weight[order].astype(np.float64), first)


def closing_cut(largest: np.float32) -> np.float32:
    """A cut above the largest value, as xgboost sets it; the largest float32 if that would be infinite."""
    cut = float(largest) + (abs(float(largest)) + float(CLOSING_MARGIN))
    return np.float32(min(cut, float(np.finfo(np.float32).max)))
