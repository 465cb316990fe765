"""Several targets per row: each is an output with the same loss, and the model is one, by its cuts and its rounds.

With ``multi_strategy="one_output_per_tree"`` a round grows one tree for each target, on its gradients; with
"multi_output_tree" it grows a single tree with a vector in each leaf (`vector_growing`). The gradients are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .groups import Groups
from .objective import Objective

__all__ = ["SINGLE_TARGET", "of_targets"]

# Objectives that have several outputs, or several numbers per row, for other reasons, and those of groups of rows.
SINGLE_TARGET = (
    "reg:quantileerror",
    "multi:softprob",
    "multi:softmax",
    "survival:cox",
    "survival:aft",
    "rank:ndcg",
    "rank:map",
    "rank:pairwise",
)


def of_targets(objective: Objective, n_targets: int, positive_weight: float = 1.0) -> Objective:
    """The objective of each of several targets.

    Parameters
    ----------
    objective : Objective
    n_targets : int
    positive_weight : float, default=1
        Factor of the weight of each target that is 1.

    Returns
    -------
    Objective
        Its targets have shape (n_samples, n_targets).

    Raises
    ------
    NotImplementedError
        If the objective is one of `SINGLE_TARGET`: the message names it.
    """
    if objective.name in SINGLE_TARGET:
        raise NotImplementedError(f"objective={objective.name!r} takes one target per row, there are {n_targets}")
    one_start = objective.start

    def start(
        y: NDArray[np.float32], weight: NDArray[np.floating] | None, value: NDArray[np.float32], n_outputs: int
    ) -> NDArray[np.float32]:
        assert one_start is not None
        return np.concatenate([one_start(np.ascontiguousarray(column), weight, value, 1) for column in y.T])

    def bind(own: Objective, y: NDArray[np.float32], groups: Groups) -> Objective:
        columns = [np.ascontiguousarray(column) for column in y.T]

        def gradients(rows, margin, y, weight, value, out):
            for k, column in enumerate(columns):
                factor = np.where(column == 1.0, weight.dtype.type(positive_weight), weight.dtype.type(1.0))
                weighted = weight if positive_weight == 1.0 else weight * factor
                objective.kernel(rows, margin[k : k + 1], column, weighted, value, out[k : k + 1])

        return own._replace(kernel=gradients, bind=None)

    return objective._replace(start=None if one_start is None else start, bind=bind)
