"""A neighbourhood is the sample of one explained row: rows like it, how far they agree with it, what the model says.

The rows are drawn by `perturbing`. Points of Sobol sequences are the same for every explained row unless numbers are
drawn around the row itself: one sample, and one call of the model, then serve all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .discretizing import discretized_columns
from .perturbing import ColumnModel, agreement_with, random_sample, sobol_sample

__all__ = ["Neighbourhood", "neighbourhoods"]

Array = NDArray[np.float64]


class Neighbourhood(NamedTuple):
    """Drawn rows of one explained row, the row itself first, and what the model says about them.

    Attributes
    ----------
    agreement : ndarray of shape (n_points + 1, n_features)
        z of the local model.
    outputs : ndarray of shape (n_points + 1, n_outputs)
        f of the local model, by output.
    evaluations : int
        Rows of the calls of the model that this explanation rests on.
    """

    agreement: Array
    outputs: Array
    evaluations: int


def neighbourhoods(
    table: Array,
    columns: ColumnModel,
    predict: Callable[[Array], Array],
    num_samples: int,
    *,
    sampling: str,
    around_row: bool,
    random_state: np.random.RandomState,
) -> Iterator[Neighbourhood]:
    """Neighbourhood of each row of a table.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_features)
        Rows to explain.
    columns : ColumnModel
        How each column is drawn.
    predict : callable
        The model: a table in, outputs of shape (n, n_outputs) out.
    num_samples : int
        Size of each sample.
    sampling : {"sobol", "random"}
    around_row : bool
        Whether numbers that are not discretized are drawn around the row, and not around the mean.
    random_state : RandomState
        Stream of "random".
    """
    codes_of = discretized_columns(table, columns.bins)
    around_row = around_row and len(columns.values) < table.shape[1]
    if sampling == "sobol" and not around_row:
        codes, rows = sobol_sample(columns, num_samples, columns.means)
        outputs = predict(np.concatenate([table, rows]))
        for i, own in enumerate(codes_of):
            own_codes = np.concatenate([own[None], codes])
            own_outputs = np.concatenate([outputs[i : i + 1], outputs[len(table) :]])
            yield Neighbourhood(agreement_with(own, own_codes, columns), own_outputs, len(outputs))
        return
    for row, own in zip(table, codes_of):
        centre = row if around_row else columns.means
        if sampling == "sobol":
            codes, rows = sobol_sample(columns, num_samples, centre)
            codes, rows = np.concatenate([own[None], codes]), np.concatenate([row[None], rows])
        else:
            codes, rows = random_sample(columns, num_samples, row, centre, random_state)
        outputs = predict(rows)
        yield Neighbourhood(agreement_with(own, codes, columns), outputs, len(outputs))
