"""A bootstrap sample is drawn with replacement from the training rows: each tree of a forest sees another one.

A tree is not given the drawn rows but a weight for each row, how often it was drawn (0 for about 37 % of them, the
tree's out-of-bag rows). One seed is a tree's whole randomness: the rows, and after them the columns that its nodes
look at, are drawn from it. So the sample need not be kept; it is drawn again where it is asked for.

The draws are scikit-learn 1.9's: rows with weights are drawn as often as they weigh, and a tree then counts them
without their weights.
"""

from __future__ import annotations

import warnings
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_rows", "n_rows_to_draw", "out_of_bag_rows"]

# Fewer drawn rows than this, or than the cube root of the rows, are taken for a mistake about a fraction.
FEWEST_EXPECTED = 10


def n_rows_to_draw(n_samples: int, max_samples: float | None, sample_weight: NDArray[np.float64] | None) -> int:
    """Size of a bootstrap sample.

    Parameters
    ----------
    n_samples : int
    max_samples : int, float or None
        None is as many as there are, an integer so many, a float this share of them, or of the sum of the weights.
    sample_weight : ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If a weight is negative, or all are zero.
    """
    _refuse_weights_of_no_draw(sample_weight)
    if max_samples is None:
        return n_samples
    if isinstance(max_samples, Integral):
        return int(max_samples)
    whole = n_samples if sample_weight is None else float(sample_weight.sum())
    n_drawn = max(int(max_samples * whole), 1)
    if n_drawn < max(FEWEST_EXPECTED, n_samples ** (1 / 3)):
        of_what = "rows" if sample_weight is None else "the weights' sum"
        warnings.warn(
            f"max_samples={max_samples!r} of {of_what}, {whole:g}, is a bootstrap sample of only {n_drawn}; "
            "an integer would be the number of rows itself",
            UserWarning,
            stacklevel=4,
        )
    return n_drawn


def draw_rows(seed: int, n_samples: int, n_drawn: int, sample_weight: NDArray[np.float64] | None) -> NDArray[np.int32]:
    """Numbers of the rows of a tree's bootstrap sample, shape (n_drawn,).

    With weights, a row is drawn with the probability that is its share of their sum.
    """
    stream = np.random.RandomState(seed)
    if sample_weight is None:
        rows = stream.randint(0, n_samples, n_drawn)
    else:
        rows = stream.choice(n_samples, n_drawn, replace=True, p=sample_weight / np.sum(sample_weight))
    return rows.astype(np.int32)


def out_of_bag_rows(drawn: NDArray[np.int32], n_samples: int) -> NDArray[np.intp]:
    """Numbers of the rows that are not among the drawn ones, rising."""
    return np.flatnonzero(np.bincount(drawn, minlength=n_samples) == 0)


def _refuse_weights_of_no_draw(weights: NDArray[np.float64] | None) -> None:
    """Raise ValueError if weights of rows, those of their classes included, are no chances to be drawn."""
    if weights is None:
        return
    if weights.min() < 0.0:
        raise ValueError("sample_weight (times class_weight): negative; a bootstrap draws rows as often as they weigh")
    if not weights.sum() > 0.0:
        raise ValueError("sample_weight (times class_weight): zero for all rows; a bootstrap has none to draw")
