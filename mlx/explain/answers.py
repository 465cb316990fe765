"""Answers are the worth of coalitions: the explained function, averaged over background rows, on the link's scale.

::

    v(S) = link( Σ_b ω_b f(x_S, b_¬S) / Σ_b ω_b )

where b runs over the background rows of the coalition's group, and ω are their weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..losses import logit
from .arguments import checked_outputs
from .background import Background
from .questions import Questions, runs

__all__ = ["ExplainedModel"]

Array = NDArray[np.float64]


class ExplainedModel:
    """The explained function together with the background that stands for what is not known.

    Parameters
    ----------
    function : callable
        The model.
    background : Background
        Rows that lend their values to unknown features.
    link : {"identity", "logit"}
        Scale of the worth.

    Attributes
    ----------
    is_vector : bool
        Whether the function returns a column per output, and not one number per row.
    n_outputs : int
        k, 1 if it is not a vector.
    """

    def __init__(self, function: Callable[[Any], Any], background: Background, link: str) -> None:
        self.function = function
        self.background = background
        self.link = link
        # Rows of weight 0 lend nothing: they are not asked, and their outputs are never looked at.
        used = np.flatnonzero(background.weights)
        on_used = checked_outputs(function(background.taken(used)), len(used), "model")
        self.is_vector = on_used.ndim == 2
        on_used = on_used.reshape(len(used), -1)
        self.n_outputs = on_used.shape[1]
        self._on_background = np.zeros((len(background.rows), self.n_outputs))
        self._on_background[used] = on_used

    def outputs(self, rows: Any) -> Array:
        """Output f of each row, shape (n_rows, n_outputs); the function may write into `rows`."""
        outputs = checked_outputs(self.function(rows), len(rows), "model")
        if outputs.size != len(rows) * self.n_outputs:
            raise ValueError(
                f"model returned an array of shape {outputs.shape} for {len(rows)} rows, and other outputs before: "
                f"their number was {self.n_outputs}."
            )
        return outputs.reshape(len(rows), self.n_outputs)

    def base(self, group: NDArray[np.intp]) -> Array:
        """v(∅), the worth of knowing nothing, on some background rows; shape (n_outputs,)."""
        return self.linked(self._average(self._on_background, group))

    def full(self, outputs: Array) -> Array:
        """v(N), the worth of knowing all, from the outputs for the explained rows; of their shape.

        It is averaged over background rows although these have no influence: the average of equal numbers may
        differ from them in the last bit, and a feature that changes nothing gets exactly 0 only if the full
        coalition is averaged as all others are.
        """
        n_background = len(self.background.rows)
        repeated = np.broadcast_to(outputs, (n_background, *outputs.shape)).reshape(n_background, -1)
        used = np.flatnonzero(self.background.weights)
        return self.linked(self._average(repeated, used).reshape(outputs.shape))

    def worth(
        self,
        rows: Any,
        batch: NDArray[np.intp],
        questions: Questions,
        player_of_column: NDArray[np.intp],
        max_rows: int,
    ) -> Array:
        """Worth v of every coalition asked, for a batch of rows; shape (n_batch, n_coalitions, n_outputs).

        Parameters
        ----------
        rows : ndarray or DataFrame
            Of `Background.matching`.
        batch : ndarray of int of shape (n_batch,)
            Numbers of the rows.
        questions : Questions
        player_of_column : ndarray of int of shape (n_features,)
            Column of ``questions.coalitions`` that says whether a feature is known; -1 for features that are the
            same in all rows, for which it does not matter.
        max_rows : int
            Largest number of rows in one call of the function; a coalition is never cut.
        """
        worth = np.empty((len(batch), len(questions.coalitions), self.n_outputs))
        weights = self.background.weights
        for first, last in runs(questions.starts, max(1, max_rows // len(batch))):
            offsets = questions.starts[first:last] - questions.starts[first]
            donors = questions.donors[questions.starts[first] : questions.starts[last]]
            lengths = np.diff(questions.starts[first : last + 1])
            unknown = np.zeros((last - first, 1), dtype=bool)
            known_players = np.concatenate([questions.coalitions[first:last], unknown], axis=1)
            known = np.repeat(known_players[:, player_of_column], lengths, axis=0)
            outputs = self.outputs(self.background.mix(rows, batch, donors, known))
            outputs = outputs.reshape(len(batch), len(donors), self.n_outputs)
            sums = np.add.reduceat(outputs * weights[donors][None, :, None], offsets, axis=1)
            worth[:, first:last] = sums / np.add.reduceat(weights[donors], offsets)[None, :, None]
        return self.linked(worth)

    def linked(self, averages: Array) -> Array:
        """Averages on the link's scale.

        Raises
        ------
        ValueError
            Naming link and model, if an average has no logit.
        """
        if self.link == "identity":
            return averages
        if not ((averages > 0) & (averages < 1)).all():
            raise ValueError(
                'link="logit" needs outputs strictly between 0 and 1; model returned an average of '
                f"{averages.min():.3g} to {averages.max():.3g}. Explain its margin with link='identity' instead."
            )
        return np.asarray(logit(averages), dtype=np.float64)

    def _average(self, outputs: Array, group: NDArray[np.intp]) -> Array:
        """Mean of the rows `group` of `outputs`, summed as in `worth`: equal games are equal in all bits."""
        weights = self.background.weights[group]
        sums = np.add.reduceat(outputs[group] * weights[:, None], [0], axis=0)[0]
        return np.asarray(sums / np.add.reduceat(weights, [0])[0])
