"""What is known of the rows of a data matrix, as objectives and metrics take it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..validation import check_sample_weight
from .groups import Groups, groups_of
from .matrix import DMatrix

__all__ = ["KnownRows", "known_rows"]

# Objective whose targets lie between bounds.
INTERVALS = "survival:aft"


class KnownRows(NamedTuple):
    """Targets and weights of rows.

    Attributes
    ----------
    y : ndarray of float32, shape (n_samples,), or (n_samples, n_targets), with 'survival:aft' of two bounds; or None
    weight : ndarray of float32, shape (n_samples,), or None
        Of the rows, or of their groups.
    groups : Groups or None
        Rows that are ranked among themselves, with the weights of the groups.
    """

    y: NDArray[np.float32] | None
    weight: NDArray[np.float32] | None
    groups: Groups | None


def known_rows(matrix: DMatrix, objective: str) -> KnownRows:
    """What is known of the rows of a matrix; weights are those of groups if there are groups, and as many weights.

    Raises
    ------
    ValueError
        If it does not fit the rows: the message names it.
    """
    label, weight, n_samples = matrix.given("label"), matrix.given("weight"), matrix.num_row()
    if objective == INTERVALS:
        lower, upper = matrix.given("label_lower_bound"), matrix.given("label_upper_bound")
        label = None if lower is None or upper is None else np.column_stack([lower, upper])
    ranked = objective.startswith("rank:")
    # Rows without groups are one group.
    sizes = matrix.get_group() if matrix.given("group_ptr") is not None else np.array([n_samples])
    groups = None
    if ranked or matrix.given("group_ptr") is not None:
        of_groups = weight is not None and len(weight) == len(sizes) and (ranked or len(weight) != n_samples)
        own_weight = weight if of_groups else None
        groups = groups_of(n_samples, group=sizes, weight=own_weight, names=("group", "qid", "weight"))
        weight = groups.weight_of_rows() if of_groups else weight
    if ranked and weight is not None and groups is not None and groups.weight is None:
        raise ValueError(f"weight: {objective} has weights of groups, {len(sizes)} and not {len(weight)}")
    if weight is not None and len(weight) != n_samples:
        raise ValueError(f"weight: {len(weight)} weights for {n_samples} rows")
    return KnownRows(label, check_sample_weight(weight, matrix.rows, dtype=np.float32), groups)
