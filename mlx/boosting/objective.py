"""What an objective consists of: a loss as boosting sees it, and all that the rest of the booster asks about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree.links import Link
from .groups import Groups, one_group
from .prediction import predicted

__all__ = ["PARAMETERS", "Domain", "Objective", "Parameter", "newton_start", "values_of", "weighted_mean"]

f32 = np.float32

# Smallest cover that the library divides by where it takes a Newton step for all rows.
LEAST_COVER = f32(1e-6)

# What the library writes for a number of pairs that is not stated.
NOT_SET = 2**32 - 1

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
    """A parameter that an objective has.

    Attributes
    ----------
    name : str
        Of the estimator, and in a model file.
    file_group : str
        Where it stands in a model file.
    default : object
        None: it must be given, unless `unset` says otherwise.
    type : type
        np.float32, float, int, bool or str.
    words : str
        As in "must be ...".
    allows : callable
        ``allows(value)`` is True where a value of the type is one that the parameter may have.
    several : bool
        Whether it may have several values, one for each output.
    unset : str
        What stands in a file for None, where None is a value.
    """

    name: str
    file_group: str
    default: Any
    type: type = np.float32
    words: str = "a finite number"
    allows: Callable[[Any], Any] = np.isfinite
    several: bool = False
    unset: str = ""

    def checked(self, value: Any) -> Any:
        """A value as the type has it; a ValueError that names the parameter if it has none such."""
        if value is None:
            if self.unset:
                return None
            raise ValueError(f"{self.name}: the objective needs it")
        try:
            values = [self._one(one) for one in (np.ravel(value) if self.several else [value])]
            if not values or np.ndim(value) > 1 or not all(self.allows(one) for one in values):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            several = ", or a list of such numbers" if self.several else ""
            raise ValueError(f"{self.name}={value!r} must be {self.words}{several}") from None
        return np.array(values, dtype=self.type) if self.several else values[0]

    def _one(self, value: Any) -> Any:
        if self.type is str:
            return value
        if isinstance(value, str) or (self.type in (bool, int) and value != self.type(value)):
            raise ValueError
        return self.type(value)

    def text(self, value: Any) -> str:
        """A value as it stands in a model file."""
        if value is None:
            return self.unset
        if self.several:
            return f"[{','.join(f'{one:.9g}' for one in value)}]"
        return value if self.type is str else f"{self.type(value):.9g}"

    def of_text(self, text: str) -> Any:
        """The value that stands in a model file, as Python has it."""
        if self.unset and text == self.unset:
            return None
        given = json.loads(text) if self.several else text if self.type is str else float(text)
        value = self.checked(given)
        return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _ranking() -> tuple[Parameter, ...]:
    group, yes_or_no = "lambdarank_param", ("True or False", lambda value: True)
    return (
        Parameter(
            "lambdarank_pair_method",
            group,
            "topk",
            str,
            "'topk' or 'mean'",
            lambda value: value in ("topk", "mean"),
        ),
        Parameter(
            "lambdarank_num_pair_per_sample",
            group,
            None,
            int,
            "a whole number, 1 or more",
            lambda value: 1 <= value < NOT_SET,
            unset=str(NOT_SET),
        ),
        Parameter("lambdarank_normalization", group, True, bool, *yes_or_no),
        Parameter("lambdarank_score_normalization", group, True, bool, *yes_or_no),
        Parameter("lambdarank_unbiased", group, False, bool, *yes_or_no),
        Parameter("lambdarank_bias_norm", group, 1.0, float, "a number, 0 or more", lambda value: 0 <= value < np.inf),
        Parameter("ndcg_exp_gain", group, True, bool, *yes_or_no),
    )


# By objective. They stand here, where no kernel does, because a model file is read without a compiler.
PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "reg:pseudohubererror": (
        Parameter("huber_slope", "pseudo_huber_param", 1.0, words="above 0", allows=lambda value: 0 < value < np.inf),
    ),
    "reg:quantileerror": (
        Parameter(
            "quantile_alpha",
            "quantile_loss_param",
            None,
            words="a number between 0 and 1",
            allows=lambda value: 0 <= value <= 1,
            several=True,
        ),
    ),
    "reg:tweedie": (
        Parameter(
            "tweedie_variance_power",
            "tweedie_regression_param",
            1.5,
            words="between 1 and 2",
            allows=lambda value: 1 < value < 2,
        ),
    ),
    # With 0.7 a leaf doubles or halves a mean at most.
    "count:poisson": (
        Parameter(
            "max_delta_step",
            "poisson_regression_param",
            0.7,
            words="a number, 0 or more",
            allows=lambda value: 0 <= value < np.inf,
        ),
    ),
    "survival:aft": (
        Parameter(
            "aft_loss_distribution",
            "aft_loss_param",
            "normal",
            str,
            "'normal', 'logistic' or 'extreme'",
            lambda value: value in ("normal", "logistic", "extreme"),
        ),
        Parameter(
            "aft_loss_distribution_scale",
            "aft_loss_param",
            1.0,
            words="above 0",
            allows=lambda value: 0 < value < np.inf,
        ),
    ),
    **dict.fromkeys(("rank:ndcg", "rank:map", "rank:pairwise"), _ranking()),
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
        Of the parameters, as the kernel takes them; empty if there are none.
    given : dict of str to object
        Values of the parameters by name.
    weighs_positives : bool
        Whether scale_pos_weight has a meaning.
    rows_apart : bool
        Whether the gradient of a row depends on that row alone; if not, `gradients` is called for all rows at once.
    leaf_quantile : bool
        Whether leaves are not Newton steps but quantiles of residuals (`with_quantile_leaves`).
    bind : callable or None
        See `of_rows`; None: rows need no looking at together.
    n_threads : int
        That an objective may use which looks at all rows together; bits do not depend on it.
    """

    name: str
    link: Link
    kernel: Callable
    metric: str
    start: Start | None = None
    domain: Domain | None = None
    value: NDArray[np.float32] = np.empty(0, dtype=np.float32)
    given: Mapping[str, Any] = MappingProxyType({})
    weighs_positives: bool = False
    rows_apart: bool = True
    leaf_quantile: bool = False
    bind: Callable[[Objective, NDArray[np.float32], Groups], Objective] | None = None
    n_threads: int = 1

    def of_rows(self, y: NDArray[np.float32], groups: Groups | None = None, n_threads: int = 1) -> Objective:
        """The objective of a training, which may look at all rows together and remember its rounds.

        Parameters
        ----------
        y : ndarray of float32, shape (n_samples,), or (n_samples, 2) with 'survival:aft'
            Targets; of survival:aft the bounds between which each of them lies.
        groups : Groups, optional
            Rows that are ranked among themselves; None is all rows.
        n_threads : int, default=1
            See the attribute.

        Returns
        -------
        Objective
            `gradients` has to be called once per round, from the first one on, if the objective ranks.

        Raises
        ------
        ValueError
            If a target is outside of the domain: the message names y.
        """
        self.check_targets(y)
        if self.bind is None:
            return self
        return self.bind(self._replace(n_threads=n_threads), y, one_group(len(y)) if groups is None else groups)

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
            float64 if rows have sample weights that shall be repetitions, else float32.
        """
        self.kernel(rows, margin, y, weight, self.value, out)

    @property
    def n_outputs(self) -> int:
        """Outputs that the values of a parameter ask for; 1 if none does."""
        several = [one.name for one in PARAMETERS.get(self.name, ()) if one.several]
        return len(self.given[several[0]]) if several else 1

    @property
    def position_bias(self) -> NDArray[np.float32] | None:
        """Biases of places after the rounds so far, shape (2, n_places), with ``lambdarank_unbiased``; else None."""
        return getattr(self.kernel, "position_bias", None)

    def check_targets(self, y: NDArray[np.float32]) -> None:
        """Raise a ValueError that names y if a target is outside of the domain."""
        if self.domain is None:
            return
        contained = self.domain.contains(y)
        wrong = np.flatnonzero(~(contained if contained.ndim == 1 else contained.all(axis=1)))
        if len(wrong):
            first = ", ".join(f"{value:.6g}" for value in np.ravel(y[wrong[0]]))
            raise ValueError(
                f"y: {self.name} needs targets that are {self.domain.words}, "
                f"but y[{wrong[0]}] is {first} ({len(wrong)} such values)"
            )

    def file_parameters(self, scale_pos_weight: float, n_outputs: int) -> Mapping[str, Mapping[str, str]]:
        """Parameters as a model file has them."""
        if self.link == "softmax":
            return {"softmax_multiclass_param": {"num_class": str(n_outputs)}}
        if self.weighs_positives:
            return {"reg_loss_param": {"scale_pos_weight": f"{scale_pos_weight:.9g}"}}
        written: dict[str, dict[str, str]] = {}
        for parameter in PARAMETERS.get(self.name, ()):
            written.setdefault(parameter.file_group, {})[parameter.name] = parameter.text(self.given[parameter.name])
        return written


def values_of(objective: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the parameters of an objective, by name: those that are given, and defaults for None.

    Raises
    ------
    ValueError
        If a parameter has no value, or one that it cannot have: the message names it.
    """
    return {
        parameter.name: parameter.checked(
            parameter.default if given.get(parameter.name) is None else given[parameter.name]
        )
        for parameter in PARAMETERS.get(objective, ())
    }


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
