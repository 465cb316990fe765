"""Margins are kept for every matrix that is asked about, so that a round costs its own trees and not all of them."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .evaluation import checked_margin
from .grown_model import GrownModel
from .matrix import DMatrix

__all__ = ["Margins", "start_of"]


class Margins:
    """Margins of matrices under a model that grows at its end."""

    def __init__(self) -> None:
        # For each matrix: its margins, where they started, and the weights of the trees that are in them.
        self._kept: WeakKeyDictionary[DMatrix, tuple[NDArray[np.float32], Any, list[float]]] = WeakKeyDictionary()

    def of(self, matrix: DMatrix, model: GrownModel, n_threads: int) -> NDArray[np.float32]:
        """Margins of all trees so far, shape (n_samples, n_outputs); not to be written to."""
        its_start = matrix.given("base_margin")
        margin, start, weights = self._kept.get(matrix, (None, None, []))
        # Trees that are dropped in training change their weights later.
        if margin is None or start is not its_start or model.tree_weight[: len(weights)] != weights:
            margin, weights = start_of(its_start, matrix.num_row(), model), []
        if len(weights) < len(model.trees):
            table, new = matrix.rows_for(model.category_names), model.some_trees(slice(len(weights), None))
            margin = new.margin(table, n_threads, start=margin)
        self._kept[matrix] = (margin, its_start, list(model.tree_weight))
        return margin


def start_of(base_margin: Any, n_samples: int, model: GrownModel) -> NDArray[np.float32]:
    """Where the margins of rows start, shape (n_samples, n_outputs): where they say, or where the model starts."""
    start = checked_margin(base_margin, n_samples, model.n_outputs, "base_margin")
    return np.tile(model.base_margin, (n_samples, 1)) if start is None else start
