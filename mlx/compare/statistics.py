"""A paired interval says how far the mean difference of two models, measured on the same folds, can be trusted.

Scores of cross-validation folds are not independent: the training sets overlap. The plain t interval is too narrow;
the corrected one widens the variance of the mean by the share of rows that was tested on (`corrected_interval`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Interval", "Wins", "corrected_interval", "rank_correlation", "wins"]


class Interval(NamedTuple):
    """Mean of paired differences with an interval; the bounds are nan if one fold is all there is."""

    mean: float
    lower: float
    upper: float


class Wins(NamedTuple):
    """In how many of the folds one model was strictly better than another."""

    won: int
    folds: int


def corrected_interval(differences: Sequence[float], test_over_train: float, confidence: float = 0.95) -> Interval:
    """Corrected resampled t interval of a mean of paired differences, Nadeau & Bengio (2003), section 5 [1]_.

    mean ± t(J - 1) · sqrt((1/J + n_test/n_train) · s²), with J differences of sample variance s².

    Parameters
    ----------
    differences : sequence of float
        One per fold, over all repeats.
    test_over_train : float
        n_test / n_train; 1 / (k - 1) for k folds.
    confidence : float, default=0.95
        Share of such intervals that cover the true mean difference.

    Returns
    -------
    Interval

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003), 239-281.
    """
    from scipy.stats import t as student

    values = np.asarray(differences, dtype=np.float64)
    if values.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    mean = float(values.mean())
    if values.size == 1:
        return Interval(mean, float("nan"), float("nan"))
    variance_of_mean = (1.0 / values.size + test_over_train) * float(values.var(ddof=1))
    half_width = float(student.ppf(0.5 + confidence / 2.0, values.size - 1)) * variance_of_mean**0.5
    return Interval(mean, mean - half_width, mean + half_width)


def wins(differences: Sequence[float]) -> Wins:
    """Number of strictly positive differences."""
    return Wins(sum(difference > 0 for difference in differences), len(differences))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays of any equal shape; nan if one of them is constant."""
    from scipy.stats import rankdata

    ranks_a, ranks_b = (rankdata(values.ravel()) for values in (a, b))
    if np.ptp(ranks_a) == 0 or np.ptp(ranks_b) == 0:
        return float("nan")
    return float(np.corrcoef(ranks_a, ranks_b)[0, 1])
