"""Early stopping ends training when a metric on rows that are not trained on has not improved for some rounds.

::

    round       0     1     2     3     4     5
    metric     .69   .61   .58   .59   .58   .60        rounds=3: none of 3, 4, 5 is below .58
                            ^ best                      training ends after round 5, prediction takes rounds 0 to 2

The metric that counts is the last one on the last set of rows, as in the library. Trees after the best round are kept;
prediction leaves them out unless it is asked for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ..validation import naming
from .groups import Groups
from .metrics import Metric

__all__ = ["EarlyStopping", "grows_with_quality", "hold_out"]

# Beginnings of the names of metrics that grow with the quality of the predictions. The library goes by the name alone.
GROWING = ("auc", "aucpr", "pre", "map", "ndcg")


class EarlyStopping:
    """The best round so far, and whether to stop.

    Parameters
    ----------
    patience : int
        Rounds without improvement after which training ends.
    maximize : bool
        Whether larger is better.

    Attributes
    ----------
    best_iteration : int
        -1 before the first round.
    best_score : float
    """

    def __init__(self, patience: int, maximize: bool) -> None:
        self.patience, self.maximize = patience, maximize
        self.best_iteration, self.best_score = -1, np.nan

    def update(self, iteration: int, score: float) -> bool:
        """Take note of a round's score; True if training shall end."""
        better = score > self.best_score if self.maximize else score < self.best_score
        if self.best_iteration < 0 or better:
            self.best_iteration, self.best_score = iteration, score
        return iteration - self.best_iteration >= self.patience


def grows_with_quality(metric: Metric) -> bool:
    """Whether larger is better: for the user's own metrics the library's rule by name, for all others what they are."""
    return metric.larger_is_better or (metric.name.startswith(GROWING) and metric.name != "mape")


def hold_out(
    n_samples: int, fraction: float, classes: NDArray | None, seed: int, groups: Groups | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on, and rows to stop by, each in rising order.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Share that is held out.
    classes : ndarray of shape (n_samples,), or None
        Classes whose shares shall be the same in both parts.
    seed : int
    groups : Groups, optional
        Groups whose rows shall be in one part, of which a share is held out.

    Raises
    ------
    ValueError
        If there are too few rows: the message names validation_fraction.
    """
    options: dict[str, Any] = {"test_size": fraction, "random_state": seed, "stratify": classes}
    with naming("validation_fraction"):
        if groups is not None:
            train, held_out = train_test_split(np.arange(groups.n_groups), **options)
            return np.flatnonzero(np.isin(groups.of_rows(), train)), np.flatnonzero(np.isin(groups.of_rows(), held_out))
        train, held_out = train_test_split(np.arange(n_samples), **options)
    return np.sort(train), np.sort(held_out)
