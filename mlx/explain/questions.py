"""Questions are what Kernel SHAP asks the model: which coalitions, filled up from which background rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .coalitions import all_coalitions, sample_coalitions
from .shapley import PairedRegression, paired_regression

__all__ = ["Questions", "all_fit", "draw_questions", "runs"]

# Above this number of players the coalitions are too many to list, whatever the budget.
LARGEST_ENUMERATION = 24


class Questions(NamedTuple):
    """The coalitions that are asked about rows with d varying players; the same for all such rows.

    Attributes
    ----------
    coalitions : ndarray of bool of shape (n_coalitions, d)
        All groups' coalitions, one group after the other.
    donors : ndarray of int of shape (n_evaluations,)
        Background row of each evaluation; a coalition's evaluations stand together.
    starts : ndarray of int of shape (n_coalitions + 1,)
        Where the evaluations of each coalition begin, and the end of the last.
    groups : tuple of ndarray of int
        Background rows of each group.
    regressions : tuple of PairedRegression
        One per group; empty if all coalitions are asked.
    inclusion : ndarray of shape (n_coalitions,)
        Probability with which each coalition was drawn.
    """

    coalitions: NDArray[np.bool_]
    donors: NDArray[np.intp]
    starts: NDArray[np.intp]
    groups: tuple[NDArray[np.intp], ...]
    regressions: tuple[PairedRegression, ...]
    inclusion: NDArray[np.float64]

    @property
    def exact(self) -> bool:
        """Whether every coalition is asked."""
        return not self.regressions


def all_fit(n_players: int, n_coalitions: int) -> bool:
    """Whether all coalitions but the empty and the full one fit the budget."""
    return n_players < 2 or (n_players <= LARGEST_ENUMERATION and 2**n_players - 2 <= n_coalitions)


def draw_questions(donors: NDArray[np.intp], n_players: int, n_coalitions: int, n_groups: int, seed: int) -> Questions:
    """All coalitions if they fit, else a sample for each group of background rows.

    Parameters
    ----------
    donors : ndarray of int
        Background rows with weight.
    n_players, n_coalitions : int
        Players that vary; coalitions asked per group.
    n_groups : int
        At most the number of donors.
    seed : int
        The same seed and numbers give the same questions.
    """
    groups = tuple(donors[start::n_groups] for start in range(n_groups))
    if all_fit(n_players, n_coalitions):
        # The empty coalition is known from the background, the full one from the row itself.
        samples = [all_coalitions(n_players)[1:-1]]
        regressions: tuple[PairedRegression, ...] = ()
        inclusion = np.ones(len(samples[0]))
    else:
        seeds = np.random.SeedSequence([seed, n_players, n_coalitions]).spawn(n_groups)
        drawn = [sample_coalitions(n_players, n_coalitions, np.random.default_rng(child)) for child in seeds]
        samples = [sample.coalitions for sample in drawn]
        regressions = tuple(map(paired_regression, drawn))
        inclusion = np.concatenate([np.repeat(sample.inclusion, 2) for sample in drawn])
    lengths = np.concatenate([np.full(len(sample), len(group)) for group, sample in zip(groups, samples)])
    return Questions(
        coalitions=np.concatenate(samples),
        donors=np.concatenate([np.tile(group, len(sample)) for group, sample in zip(groups, samples)]),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        groups=groups,
        regressions=regressions,
        inclusion=inclusion,
    )


def runs(starts: NDArray[np.intp], largest: int) -> Iterator[tuple[int, int]]:
    """Runs of whole coalitions with at most `largest` evaluations each; one coalition may have more."""
    first, n_coalitions = 0, len(starts) - 1
    while first < n_coalitions:
        last = int(np.searchsorted(starts, starts[first] + largest, side="right")) - 1
        last = min(max(last, first + 1), n_coalitions)
        yield first, last
        first = last
