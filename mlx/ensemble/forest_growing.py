"""Growing one tree of a forest from its seed: draw its rows, then let CART draw its columns."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import compute_sample_weight

from ..tree.column_table import ColumnTable
from ..tree.decision_tree import LARGEST_SEED, growth_settings
from ..tree.growing import ClassTargets, ValueTargets, grow
from ..tree.ranking import RankedTable
from .bootstrap import draw_rows

__all__ = ["Ground", "grow_tree"]


class Ground(NamedTuple):
    """What all trees of a forest grow from.

    Attributes
    ----------
    table : RankedTable or ColumnTable
    targets : ClassTargets or ValueTargets
    y : ndarray of float64, shape (n_samples, n_outputs)
        The same, as numbers.
    weights : ndarray of float64, shape (n_samples,), or None
    n_drawn : int or None
        Size of the bootstrap samples; None: each tree sees all rows.
    balanced : bool
        Whether classes shall weigh the same in each bootstrap sample.
    """

    table: RankedTable | ColumnTable
    targets: ClassTargets | ValueTargets
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    n_drawn: int | None
    balanced: bool


def grow_tree(template: Any, seed: int, ground: Ground) -> Any:
    """A tree like the template, with that seed, grown.

    The same seed begins two streams, as in scikit-learn: that of the rows, and that of the columns.
    """
    n_features, n_samples = ground.table.shape
    weights: Any = ground.weights
    if ground.n_drawn is not None:
        rows = draw_rows(seed, n_samples, ground.n_drawn, weights)
        weights = np.bincount(rows, minlength=n_samples)
        if ground.balanced:
            weights = weights * compute_sample_weight("balanced", ground.y, indices=rows)
    tree = copy(template)
    settings = growth_settings(tree, n_samples, n_features, weights)
    tree.random_state, tree.max_features_ = seed, settings.max_features
    grown = grow(
        ground.table,
        ground.targets,
        weights,
        settings,
        np.random.RandomState(seed).randint(0, LARGEST_SEED),
        monotonic_cst=tree._monotonic(n_features),
    )
    tree._keep(grown)
    return tree
