"""Prediction turns the margins of a boosted ensemble into what the user asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree, TreeEnsemble
from ..tree.links import Link, mean_of

__all__ = ["evaluated", "mean_of", "outputs_of", "predicted", "rounds_of", "starts_of_rounds"]


def predicted(margin: NDArray[np.float32], objective: str, link: Link) -> NDArray[np.float32]:
    """What an objective predicts at margins of shape (n_samples, n_outputs): `mean_of` them, or with hinge 0 or 1."""
    return (margin > 0).astype(np.float32) if objective == "binary:hinge" else mean_of(margin, link)


def evaluated(margin: NDArray[np.float32], objective: str, link: Link) -> NDArray[np.float32]:
    """What metrics compare with targets: predictions, but with survival:aft margins, the logs of times."""
    return margin if objective == "survival:aft" else predicted(margin, objective, link)


def outputs_of(trees: Sequence[Tree], n_outputs: int, n_parallel: int = 1) -> NDArray[np.int32]:
    """Output of each tree: those of a round output after output, `n_parallel` of each; -1 with vectors in leaves."""
    output = np.arange(len(trees), dtype=np.int32) // n_parallel % n_outputs
    return np.where([tree.value.ndim == 2 for tree in trees], np.int32(-1), output)


def starts_of_rounds(trees: Sequence[Tree], n_outputs: int, n_parallel: int = 1) -> NDArray[np.int64]:
    """First tree of each round, and the number of trees."""
    vectors = len(trees) > 0 and trees[0].value.ndim == 2
    return np.arange(0, len(trees) + 1, n_parallel * (1 if vectors else n_outputs))


def rounds_of(
    ensemble: TreeEnsemble,
    iteration_range: tuple[int, int] | None,
    round_start: NDArray[np.integer] | None = None,
) -> TreeEnsemble:
    """The trees of the rounds from the first up to, not including, the last; ``(0, 0)`` and None are all.

    `round_start` holds the first tree of each round, and the number of trees; None is one tree per round and output.

    Raises
    ------
    ValueError
        If there are no such rounds.
    """
    if iteration_range is None or tuple(iteration_range) == (0, 0):
        return ensemble
    start = np.arange(0, ensemble.n_trees + 1, ensemble.n_outputs) if round_start is None else round_start
    n_rounds = len(start) - 1
    try:
        first, last = (int(end) for end in iteration_range)
    except (TypeError, ValueError):
        raise ValueError(f"iteration_range={iteration_range!r} must be a pair of integers") from None
    last = n_rounds if last == 0 else last
    if not 0 <= first < last <= n_rounds:
        raise ValueError(f"iteration_range={iteration_range!r} must lie within the {n_rounds} rounds of the model")
    return ensemble.select(np.arange(start[first], start[last]))
