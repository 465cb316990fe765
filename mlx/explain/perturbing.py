"""Perturbing draws rows around what is to be explained, and says which of their features still agree with it.

Each drawn row has two forms: `rows`, which the model sees, and `agreement`, on which the local linear model is
fitted: 1 where the row's category or bin is that of the explained row and 0 elsewhere, and for numbers that are
not discretized the number itself.

Two ways to draw:

``sobol_sample``
    Points of scrambled Sobol sequences, one dimension per feature, in independent replicates whose spread gives
    standard errors. The points are always the same ones, and with discretized features they do not depend on the
    explained row: one sample, and one call of the model, serve all rows.
``random_sample``
    The draws that lime makes, in lime's order from the same stream.

References
----------
Owen, A. B. (1997). Scrambled net variance for integrals of smooth functions. Annals of Statistics 25(4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .discretizing import Bins, discretized_columns

__all__ = ["N_REPLICATES", "ColumnModel", "agreement_with", "column_model", "random_sample", "sobol_sample"]

# Independent scramblings: enough for a standard error, few enough to leave each a long sequence.
N_REPLICATES = 8

# Points stay this far inside (0, 1): the normal distribution's quantiles are infinite at the ends.
SMALLEST_PROBABILITY = 1e-12


class ColumnModel(NamedTuple):
    """How each column is drawn.

    Attributes
    ----------
    discretized : bool
        Whether numbers are discretized at all.
    bins : dict of int to Bins
        Of the discretized columns.
    values, frequencies : dict of int to ndarray
        Codes (categories or bins) of each drawn-by-code column, and how often they occur in training.
    means, scales : ndarray of shape (n_features,)
        Of the columns drawn from a normal distribution; 0 and 1 for all others.
    """

    discretized: bool
    bins: dict[int, Bins]
    values: dict[int, NDArray[np.float64]]
    frequencies: dict[int, NDArray[np.float64]]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]


def column_model(
    table: NDArray[np.float64], bins: dict[int, Bins], categorical: Sequence[int], discretized: bool
) -> ColumnModel:
    """How each column is drawn: codes by their frequency, numbers by mean and standard deviation."""
    codes = discretized_columns(table, bins)
    values, frequencies = {}, {}
    for j in range(table.shape[1]) if discretized else categorical:
        found, counts = np.unique(codes[:, j], return_counts=True)
        values[j], frequencies[j] = found, counts / counts.sum()
    means, scales = table.mean(axis=0), table.std(axis=0)
    scales[scales < 10 * np.finfo(float).eps * np.maximum(np.abs(means), 1.0)] = 1.0
    for j in values:
        means[j], scales[j] = 0.0, 1.0
    return ColumnModel(discretized, bins, values, frequencies, means, scales)


def sobol_sample(
    columns: ColumnModel, num_samples: int, centre: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Codes and model rows of the points of `N_REPLICATES` scrambled Sobol sequences.

    Parameters
    ----------
    columns : ColumnModel
    num_samples : int
        Rounded down to `N_REPLICATES` times a power of two, for which the sequences are balanced.
    centre : ndarray of shape (n_features,)
        Centre of the columns drawn from a normal distribution.

    Returns
    -------
    codes, rows : ndarray of shape (n_points, n_features)
        Replicate after replicate. `codes` has categories, bins, or the number itself.
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import qmc

    length = 2 ** ((num_samples // N_REPLICATES).bit_length() - 1)
    n_features = len(columns.means)
    points = np.concatenate(
        [qmc.Sobol(n_features, scramble=True, seed=replicate).random(length) for replicate in range(N_REPLICATES)]
    )
    codes, rows = np.empty_like(points), np.empty_like(points)
    for j in range(n_features):
        u = points[:, j]
        if j not in columns.values:
            inside = np.clip(u, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
            codes[:, j] = rows[:, j] = centre[j] + columns.scales[j] * ndtri(inside)
            continue
        # One coordinate chooses the code, and what is left of it the place within the bin.
        ends = np.cumsum(columns.frequencies[j])
        chosen = np.minimum(np.searchsorted(ends, u, side="right"), len(ends) - 1)
        codes[:, j] = rows[:, j] = columns.values[j][chosen]
        if j in columns.bins:
            bins, number = columns.bins[j], codes[:, j].astype(np.intp)
            rest = (u - (ends - columns.frequencies[j])[chosen]) / columns.frequencies[j][chosen]
            low = ndtr((bins.lows - bins.means) / bins.deviations)[number]
            high = ndtr((bins.highs - bins.means) / bins.deviations)[number]
            inside = np.clip(low + rest * (high - low), SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
            drawn = bins.means[number] + bins.deviations[number] * ndtri(inside)
            rows[:, j] = np.clip(drawn, bins.lows[number], bins.highs[number])
    return codes, rows


def random_sample(
    columns: ColumnModel,
    num_samples: int,
    row: NDArray[np.float64],
    centre: NDArray[np.float64],
    random_state: np.random.RandomState,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Codes and model rows as lime draws them; the first is the explained row.

    Without discretized columns lime draws all columns from the normal distribution and then replaces the
    categorical ones; with them it draws codes only, and then numbers within the bins.
    """
    n_features = len(columns.means)
    if columns.discretized:
        codes = np.zeros((num_samples, n_features))
    else:
        codes = random_state.normal(0, 1, num_samples * n_features).reshape(num_samples, n_features)
        codes = codes * columns.scales + centre
    for j, values in columns.values.items():
        codes[:, j] = random_state.choice(values, size=num_samples, replace=True, p=columns.frequencies[j])
    rows = codes.copy()
    for j, bins in columns.bins.items():
        rows[1:, j] = _random_in_bins(bins, codes[1:, j].astype(np.intp), random_state)
        codes[0, j] = bins.bin_of(row[j : j + 1])[0]
    rows[0] = row
    for j in range(n_features):
        if j not in columns.bins:
            codes[0, j] = row[j]
    return codes, rows


def agreement_with(
    row_codes: NDArray[np.float64], codes: NDArray[np.float64], columns: ColumnModel
) -> NDArray[np.float64]:
    """What the local model is fitted on: 1 or 0 for codes, standardized numbers for the other columns."""
    agreement = (codes - columns.means) / columns.scales
    for j in columns.values:
        agreement[:, j] = codes[:, j] == row_codes[j]
    return agreement


def _random_in_bins(bins: Bins, number: NDArray[np.intp], random_state: np.random.RandomState) -> NDArray[np.float64]:
    """Numbers from each bin's truncated normal distribution, as lime draws them.

    A bin without width gets its standardized bound, 0 in most cases, and not the bound: lime does so, and this
    stream is lime's.
    """
    from scipy.stats import truncnorm

    low = ((bins.lows - bins.means) / bins.deviations)[number]
    high = ((bins.highs - bins.means) / bins.deviations)[number]
    wide = low != high
    drawn = low.copy()
    drawn[wide] = truncnorm.rvs(
        low[wide],
        high[wide],
        loc=bins.means[number][wide],
        scale=bins.deviations[number][wide],
        random_state=random_state,
    )
    return drawn
