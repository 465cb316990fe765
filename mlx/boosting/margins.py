"""Margins are kept for every matrix that is asked about, so that a round costs its own trees and not all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .evaluation import checked_margin
from .grown_model import GrownModel
from .matrix import DMatrix

__all__ = ["Margins", "by_parts", "start_of"]

# Rows of a sparse matrix that are filled up at a time.
ROWS_AT_A_TIME = 16_384


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
            new, begin = model.some_trees(slice(len(weights), None)), margin
            margin = by_parts(
                matrix.rows_for(model.category_names), lambda rows, part: new.margin(rows, n_threads, start=begin[part])
            )
        self._kept[matrix] = (margin, its_start, list(model.tree_weight))
        return margin


def start_of(base_margin: Any, n_samples: int, model: GrownModel) -> NDArray[np.float32]:
    """Where the margins of rows start, shape (n_samples, n_outputs): where they say, or where the model starts."""
    start = checked_margin(base_margin, n_samples, model.n_outputs, "base_margin")
    return np.tile(model.base_margin, (n_samples, 1)) if start is None else start


def by_parts(rows: Any, function: Callable[[NDArray[np.float32], slice], NDArray]) -> NDArray:
    """What a function returns for rows; those of a sparse matrix are filled up with NaN, some at a time.

    Parameters
    ----------
    rows : ndarray or scipy.sparse.csr_matrix of float32, shape (n_samples, n_features)
    function : callable
        ``function(rows, part)`` for an array of some of the rows, and which they are.
    """
    if not scipy.sparse.issparse(rows):
        return function(rows, slice(None))
    parts = [slice(first, first + ROWS_AT_A_TIME) for first in range(0, max(rows.shape[0], 1), ROWS_AT_A_TIME)]
    return np.concatenate([function(_filled(rows[part]), part) for part in parts])


def _filled(rows: scipy.sparse.csr_matrix) -> NDArray[np.float32]:
    """The rows as an array, with NaN for what is not stored."""
    filled = np.full(rows.shape, np.nan, dtype=np.float32)
    filled[np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices] = rows.data
    return filled
