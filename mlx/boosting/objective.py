"""What an objective consists of: a loss as boosting sees it, and all that the rest of the booster asks about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree.tree import Link
from .prediction import predicted

__all__ = ["PARAMETERS", "Domain", "Objective", "Parameter", "newton_start", "value_of", "weighted_mean"]

f32 = np.float32

# Smallest cover that the library divides by where it takes a Newton step for all rows.
LEAST_COVER = f32(1e-6)

Start = Callable[[NDArray[np.float32], NDArray[np.floating] | None, NDArray[np.float32], int], NDArray[np.float32]]


class Domain(NamedTuple):
    """Which targets an objective takes.

    Attributes
    ----------
    words : str
        As in "targets must be ...".
    contains : callable
        ``contains(y)`` is True where a target is one of them.
    """

    words: str
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]]


class Parameter(NamedTuple):
    """The one parameter that an objective may have.

    Attributes
    ----------
    name : str
        Of the estimator, and in a model file.
    file_group : str
        Where it stands in a model file.
    default : float or None
        None: it must be given.
    several : bool
        Whether it may have several values, one for each output.
    """

    name: str
    file_group: str
    default: float | None
    several: bool = False


# By objective. They stand here, where no kernel does, because a model file is read without a compiler.
PARAMETERS: Mapping[str, Parameter] = {
    "reg:pseudohubererror": Parameter("huber_slope", "pseudo_huber_param", default=1.0),
    "reg:quantileerror": Parameter("quantile_alpha", "quantile_loss_param", default=None, several=True),
    "reg:tweedie": Parameter("tweedie_variance_power", "tweedie_regression_param", default=1.5),
    # With 0.7 a leaf doubles or halves a mean at most.
    "count:poisson": Parameter("max_delta_step", "poisson_regression_param", default=0.7),
}


class Objective(NamedTuple):
    """A loss as boosting sees it.

    Attributes
    ----------
    name : str
        As in the library.
    link : {"identity", "logit", "log", "softmax"}
        What the margin is the link of.
    kernel : callable
        See `gradients`.
    metric : str
        What the library evaluates by default.
    start : callable or None
        ``start(y, weight, value, n_outputs)``: where predictions start, in units of the prediction (multi:*: of the
        margin), float32 of shape (n_outputs,); weight is None if rows have none. None: `newton_start`.
    domain : Domain or None
        None: all finite targets.
    value : ndarray of float32
        Of the parameter; empty if there is none.
    weighs_positives : bool
        Whether scale_pos_weight has a meaning.
    rows_apart : bool
        Whether the gradient of a row depends on that row alone; if not, `gradients` is called for all rows at once.
    leaf_quantile : bool
        Whether leaves are not Newton steps but quantiles of residuals (`leaf_quantiles`).
    """

    name: str
    link: Link
    kernel: Callable
    metric: str
    start: Start | None = None
    domain: Domain | None = None
    value: NDArray[np.float32] = np.empty(0, dtype=np.float32)
    weighs_positives: bool = False
    rows_apart: bool = True
    leaf_quantile: bool = False

    def gradients(
        self,
        rows: NDArray[np.int64],
        margin: NDArray[np.float32],
        y: NDArray[np.float32],
        weight: NDArray[np.floating],
        out: NDArray[np.floating],
    ) -> None:
        """Write gradient and Hessian of some rows.

        Parameters
        ----------
        rows : ndarray of int64, shape (2,)
            First and last (exclusive) row.
        margin : ndarray of float32, shape (n_outputs, n_samples)
        y : ndarray of float32, shape (n_samples,)
        weight : ndarray of the dtype of `out`, shape (n_samples,)
        out : ndarray, shape (n_outputs, n_samples, 2)
            float64 if rows have sample weights, else float32.
        """
        self.kernel(rows, margin, y, weight, self.value, out)

    @property
    def parameter(self) -> Parameter | None:
        """The parameter that the objective has, if it has one."""
        return PARAMETERS.get(self.name)

    def check_targets(self, y: NDArray[np.float32]) -> None:
        """Raise a ValueError that names y if a target is outside of the domain."""
        if self.domain is None:
            return
        wrong = np.flatnonzero(~self.domain.contains(y))
        if len(wrong):
            raise ValueError(
                f"y: {self.name} needs targets that are {self.domain.words}, "
                f"but y[{wrong[0]}] is {y[wrong[0]]:.6g} ({len(wrong)} such values)"
            )

    def file_parameters(self, scale_pos_weight: float, n_outputs: int) -> Mapping[str, Mapping[str, str]]:
        """Parameters as a model file has them."""
        if self.link == "softmax":
            return {"softmax_multiclass_param": {"num_class": str(n_outputs)}}
        if self.weighs_positives:
            return {"reg_loss_param": {"scale_pos_weight": f"{scale_pos_weight:.9g}"}}
        if self.parameter is None:
            return {}
        texts = [f"{value:.9g}" for value in self.value]
        text = f"[{','.join(texts)}]" if self.parameter.several else texts[0]
        return {self.parameter.file_group: {self.parameter.name: text}}


def value_of(objective: str, given: Mapping[str, Any]) -> NDArray[np.float32]:
    """Value of the parameter of an objective, of shape (1,), or (n_outputs,) if there are several; empty without one.

    Raises
    ------
    ValueError
        If the parameter has no value, or one that it cannot have: the message names it.
    """
    if objective not in PARAMETERS:
        return np.empty(0, dtype=np.float32)
    parameter = PARAMETERS[objective]
    value = given.get(parameter.name)
    value = parameter.default if value is None else value
    if value is None:
        raise ValueError(f"{parameter.name}: objective={objective!r} needs it")
    if not parameter.several:
        return np.array([value], dtype=np.float32)
    try:
        values = np.atleast_1d(np.asarray(value, dtype=np.float32))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{parameter.name}={value!r} must be a number or a list of numbers") from None
    if values.ndim != 1 or len(values) == 0 or not np.all((values >= 0) & (values <= 1)):
        raise ValueError(f"{parameter.name}={value!r} must be a number between 0 and 1, or a list of such numbers")
    return values


def weighted_mean(
    y: NDArray[np.float32], weight: NDArray[np.floating] | None, value: NDArray[np.float32], n_outputs: int
) -> NDArray[np.float32]:
    """Mean of the targets, added up in float64."""
    return np.full(n_outputs, np.average(y.astype(np.float64), weights=weight), dtype=np.float32)


def newton_start(
    objective: Objective, y: NDArray[np.float32], weight: NDArray[np.floating], n_outputs: int
) -> NDArray[np.float32]:
    """Prediction after one Newton step -G / H from margin 0."""
    gradients = np.empty((n_outputs, len(y), 2), dtype=weight.dtype)
    margin = np.zeros((n_outputs, len(y)), dtype=np.float32)
    objective.gradients(np.array([0, len(y)]), margin, y, weight, gradients)
    G, H = gradients.sum(axis=1, dtype=np.float64).T
    step = (-G / np.maximum(H, LEAST_COVER)).astype(np.float32)
    return predicted(step[np.newaxis], objective.name, objective.link)[0]
