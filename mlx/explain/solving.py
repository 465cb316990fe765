"""Solving turns the answers to Kernel SHAP's questions into values and standard errors.

Arrays: `worth` (n_games, n_coalitions, n_outputs) are the answers, `base` (n_outputs,) the worth of the empty
coalition, `outputs` (n_games, n_outputs) that of the full one. All functions return values and standard errors of
shape (n_games, n_players, n_outputs).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .questions import Questions
from .selection import selected_players
from .shapley import constrained_least_squares, exact_shapley_values, shapley_kernel, solve_pairs

__all__ = ["solve_exactly", "solve_groups", "solve_selected"]

Array = NDArray[np.float64]


def solve_exactly(questions: Questions, worth: Array, base: Array, outputs: Array) -> tuple[Array, Array]:
    """By the definition, from all coalitions."""
    if questions.coalitions.shape[1] == 0:
        nothing = np.zeros((len(outputs), 0, outputs.shape[1]))
        return nothing, nothing
    empty = np.broadcast_to(base, outputs.shape)
    values = exact_shapley_values(np.concatenate([empty[:, None], worth, outputs[:, None]], axis=1))
    return values, np.zeros_like(values)


def solve_groups(
    questions: Questions, worth: Array, bases: Sequence[Array], outputs: Array, shares: Sequence[float]
) -> tuple[Array, Array]:
    """By regression for each group of background rows, and the average weighted by the groups' shares.

    `bases` has the worth of the empty coalition for each group. The groups' coalitions were drawn independently,
    so that their variances add.
    """
    shape = (len(worth), questions.coalitions.shape[1], outputs.shape[1])
    values, variances, start = np.zeros(shape), np.zeros(shape), 0
    for regression, base, share in zip(questions.regressions, bases, shares):
        stop = start + 2 * len(regression.design)
        differences = worth[:, start:stop:2] - worth[:, start + 1 : stop : 2]
        found, variance = solve_pairs(regression, differences, outputs - base)
        values += share * found
        variances += share**2 * variance
        start = stop
    return values, np.sqrt(variances)


def solve_selected(
    questions: Questions, worth: Array, base: Array, outputs: Array, l1_reg: str | float
) -> tuple[Array, Array]:
    """By regression on the players that an L1 penalty keeps, chosen for each game and output."""
    n_players = questions.coalitions.shape[1]
    kernel = np.array([np.nan] + [shapley_kernel(size, n_players) for size in range(1, n_players)])
    weights = kernel[questions.coalitions.sum(axis=1)] / questions.inclusion
    gains, totals = worth - base, outputs - base
    values = np.zeros((len(worth), n_players, outputs.shape[1]))
    errors = np.zeros_like(values)
    for row, output in np.ndindex(outputs.shape):
        gain, total = gains[row, :, output], float(totals[row, output])
        kept = selected_players(l1_reg, questions.coalitions, weights, gain, total)
        if len(kept):
            values[row, kept, output], errors[row, kept, output] = constrained_least_squares(
                questions.coalitions[:, kept], weights, gain, total, 1.0 - questions.inclusion
            )
    return values, errors
