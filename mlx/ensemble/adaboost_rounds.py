"""The working of a round of AdaBoost, row by row, as one writes it down by hand.

::

    total error    TE  = Σ w_i over the rows that are wrong
    amount of say  say = ½ ln((1 - TE) / TE)                                     (two classes, learning rate 1)
    new weights    w_i e^say if row i is wrong, w_i e^-say if it is right, then divided by their sum

Reference: Y. Freund & R. Schapire, "A decision-theoretic generalization of on-line learning and an application to
boosting", Journal of Computer and System Sciences 55 (1997), figure 2, with β = e^(-2 say).

scikit-learn's weight of an estimator is twice the amount of say: there only wrong rows are multiplied, by e^(2 say),
which is the same after the division. With K classes ln(K - 1) is added to it, and `learning_rate` multiplies it
(J. Zhu et al., "Multi-class AdaBoost", Statistics and Its Interface 2 (2009), algorithm 2); the amount of say is still
its half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SMALLEST", "BoostingRound", "RoundWorking", "amount_of_say", "raised", "working_of_round"]

COLUMNS = ("y", "predicted", "wrong", "weight", "raised", "new_weight")

# Rows that a printed table shows.
MOST_ROWS = 50

# A weight that has shrunk to nothing would never come back (scikit-learn#20320): no row with weight has less.
SMALLEST = float(np.finfo(np.float64).eps)


class BoostingRound(NamedTuple):
    """What a round found; `pandas.DataFrame(model.rounds_)` makes a table of all."""

    number: int
    total_error: float
    estimator_weight: float
    amount_of_say: float

    @classmethod
    def of(cls, number: int, total_error: float, estimator_weight: float) -> BoostingRound:
        """Record of a round."""
        return cls(number, float(total_error), float(estimator_weight), float(estimator_weight) / 2.0)


def raised(weights: NDArray[np.float64], wrong: NDArray[np.bool_], alpha: float) -> NDArray[np.float64]:
    """Weights times e^α on rows that are wrong; by way of logarithms, as in scikit-learn, whose rounding is met so."""
    with np.errstate(divide="ignore"):
        return np.exp(np.log(weights) + alpha * wrong * (weights > 0))


def working_of_round(model: Any, X: Any, y: NDArray, number: int, weights: NDArray[np.float64] | None) -> RoundWorking:
    """Working of a round of a fitted classifier, from the data that it was fitted to.

    Raises
    ------
    ValueError
        If there is no such round, or if the errors of the rounds are not what they were in `fit`.
    """
    if not 0 <= number < len(model.rounds_):
        raise ValueError(f"number={number}: the model has {len(model.rounds_)} rounds, the first one is number 0")
    weights = np.ones(len(y)) if weights is None else weights.copy()
    without_weight = weights == 0.0
    weights /= weights.sum()
    for found, estimator in zip(model.rounds_[: number + 1], model.estimators_):
        weights = np.clip(weights, SMALLEST, None)
        weights[without_weight] = 0.0
        predicted = estimator.predict(X)
        error = np.average(predicted != y, weights=weights)
        if error != found.total_error:
            raise ValueError(
                f"X, y and sample_weight must be those of fit: with these, the error of round {found.number} is "
                f"{error:.6g}, not {found.total_error:.6g}"
            )
        if found.number < number:
            weights = raised(weights, predicted != y, found.estimator_weight)
            weights /= weights.sum()
    return RoundWorking.of(found, y, predicted, weights)


def amount_of_say(total_error: float) -> float:
    """½ ln((1 - TE) / TE): positive below one half, 0 at one half, negative above; infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return float(0.5 * (np.log1p(-total_error) - np.log(total_error)))


@dataclass(frozen=True)
class RoundWorking:
    """A round, row by row. Prints as a table; ``rich.print`` shows it in colour.

    Attributes
    ----------
    round : BoostingRound
        Error, weight and amount of say.
    y, predicted : ndarray of shape (n_samples,)
        Labels, and those that the round's model gives.
    weights : ndarray of float64, shape (n_samples,)
        Weights that the model was fitted with.
    wrong : ndarray of bool, shape (n_samples,)
        Whether the model is wrong.
    raised : ndarray of float64, shape (n_samples,)
        Weights times e^say where it is wrong and e^-say where it is right.
    new_weights : ndarray of float64, shape (n_samples,)
        The same divided by their sum: weights of the next round.
    """

    round: BoostingRound
    y: NDArray
    predicted: NDArray
    weights: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    raised: NDArray[np.float64]
    new_weights: NDArray[np.float64]

    @classmethod
    def of(cls, found: BoostingRound, y: NDArray, predicted: NDArray, weights: NDArray[np.float64]) -> RoundWorking:
        """Working of a round from its labels, predictions and weights."""
        wrong = predicted != y
        if found.total_error == 0.0:  # the last round: nothing is raised
            raised = weights.copy()
        else:
            raised = weights * np.exp(np.where(wrong, found.amount_of_say, -found.amount_of_say))
        return cls(found, y, predicted, weights, wrong, raised, raised / raised.sum())

    def to_frame(self) -> Any:
        """The rows as a data frame.

        Returns
        -------
        pandas.DataFrame
            Columns y, predicted, wrong, weight, raised, new_weight; one row per row.
        """
        import pandas as pd

        return pd.DataFrame(dict(zip(COLUMNS, self._columns())))

    def _columns(self) -> Sequence[NDArray]:
        return self.y, self.predicted, self.wrong, self.weights, self.raised, self.new_weights

    def __rich__(self) -> Any:
        from rich import box
        from rich.table import Table

        table = Table(title=self._title(), title_justify="left", box=box.ASCII2, caption=self._caption())
        for heading in ("row", "y", "predicted", "weight", "times e^±say", "new weight"):
            table.add_column(heading, justify="right")
        n_rows = len(self.y)
        for i in range(min(n_rows, MOST_ROWS)):
            numbers = (f"{values[i]:.6f}" for values in (self.weights, self.raised, self.new_weights))
            style = "bold red" if self.wrong[i] else None
            table.add_row(
                str(i), str(self.y[i]), str(self.predicted[i]) + (" *" if self.wrong[i] else ""), *numbers, style=style
            )
        return table

    def _title(self) -> str:
        return (
            f"round {self.round.number}: total error {self.round.total_error:.6g}, "
            f"amount of say {self.round.amount_of_say:.6g}"
        )

    def _caption(self) -> str:
        left_out = len(self.y) - MOST_ROWS
        return "* wrong" + (f"; {left_out} more rows are not shown" if left_out > 0 else "")

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        text = StringIO()
        Console(file=text, width=100, color_system=None).print(self)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    __repr__ = __str__
