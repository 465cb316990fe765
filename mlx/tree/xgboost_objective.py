"""What xgboost's model file says about the loss: its name, its parameters, and where predictions start.

Base scores stand in the file in units of the prediction, which `margin_of` turns into margins as xgboost does, in
float32. A share of 0 or 1 is brought just inside first: models whose targets are all alike have such a start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .document import Place
from .links import Link

__all__ = ["OBJECTIVES", "ObjectiveText", "margin_of", "read_base_score", "read_objective"]

# What the margins of each objective are the link of.
OBJECTIVES: Mapping[str, Link] = {
    **dict.fromkeys(("reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror"), "identity"),
    **dict.fromkeys(("reg:absoluteerror", "reg:quantileerror", "reg:expectileerror"), "identity"),
    **dict.fromkeys(("binary:logitraw", "binary:hinge"), "identity"),
    **dict.fromkeys(("rank:pairwise", "rank:ndcg", "rank:map"), "identity"),
    **dict.fromkeys(("binary:logistic", "reg:logistic"), "logit"),
    **dict.fromkeys(("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"), "log"),
    **dict.fromkeys(("multi:softprob", "multi:softmax"), "softmax"),
}

# Distance from 0 and 1 that xgboost keeps before it takes the logit.
LEAST_SHARE = np.float32(1e-6)

# Bias of each position among what was clicked and what was not, which ranking without bias estimates.
BIAS_KEYS = ("ti+", "tj-")


class ObjectiveText(NamedTuple):
    """A loss as the file states it.

    Attributes
    ----------
    name : str
    parameters : dict of str to (dict of str to str)
        As in ``{"reg_loss_param": {"scale_pos_weight": "1"}}``.
    position_bias : ndarray of float32, shape (2, n_positions), or None
        Of ranking with ``lambdarank_unbiased``, which goes on from it when training continues.
    """

    name: str
    parameters: Mapping[str, Mapping[str, str]]
    position_bias: NDArray[np.float32] | None = None

    def document(self) -> dict[str, object]:
        """What the file says."""
        bias = {} if self.position_bias is None else dict(zip(BIAS_KEYS, self.position_bias))
        return {"name": self.name, **{key: dict(group) for key, group in self.parameters.items()}, **bias}


def margin_of(base_score: NDArray[np.float32], link: Link) -> NDArray[np.float32]:
    """Margins of predictions, in float32 as in xgboost; those of softmax are margins already.

    The logarithm is taken in float64 and rounded: C's logf gives this float32 nearly always, NumPy's less often.
    """
    one = np.float32(1)
    if link == "logit":
        share = np.clip(base_score, LEAST_SHARE, one - LEAST_SHARE)
        return -np.log((one / share - one).astype(np.float64)).astype(np.float32)
    return np.log(base_score.astype(np.float64)).astype(np.float32) if link == "log" else base_score


def read_objective(objective: Place, n_classes: int) -> ObjectiveText:
    """Name and parameters of the loss.

    Raises
    ------
    ModelFormatError
        If the loss is not known, or its classes are not those of the model.
    """
    at_name = objective.child("name")
    name = at_name.text()
    if name not in OBJECTIVES:
        at_name.refuse(f"objective {name[:40]!r} is not known")
    known = ["name", *(BIAS_KEYS if name.startswith("rank:") else ())]
    objective.note_unknown([key for key in objective.members() if key in known or key.endswith("_param")])
    parameters = {}
    for key in objective.members():
        if key.endswith("_param"):
            group = objective.child(key)
            parameters[key] = {parameter: group.child(parameter).text() for parameter in group.members()}
    stated = parameters.get("softmax_multiclass_param", {}).get("num_class")
    if OBJECTIVES[name] == "softmax" and (n_classes < 1 or stated not in (None, str(n_classes))):
        objective.refuse(f"{name} has {stated or 'no'} classes, learner_model_param.num_class is {n_classes}")
    return ObjectiveText(name, parameters, _read_bias(objective) if name.startswith("rank:") else None)


def read_base_score(place: Place, n_outputs: int, link: Link) -> NDArray[np.float32]:
    """Where predictions start, one for each output, in units of the prediction (of the margin for softmax).

    Raises
    ------
    ModelFormatError
        If there are none or too many, or they have no finite margin.
    """
    base_score = place.number_texts()
    if len(base_score) not in (1, n_outputs):
        place.refuse(f"has {len(base_score)} elements for {n_outputs} outputs")
    if link == "logit" and not np.all((base_score >= 0) & (base_score <= 1)):
        place.refuse("must lie from 0 to 1")
    if link == "log" and not np.all(base_score > 0):
        place.refuse("must be above 0")
    return np.broadcast_to(base_score, (n_outputs,)).copy()


def _read_bias(objective: Place) -> NDArray[np.float32] | None:
    """Both biases, or None; xgboost wants both or none."""
    places = [objective.optional(key) for key in BIAS_KEYS]
    if places[0] is None and places[1] is None:
        return None
    first, second = (objective.child(key) for key in BIAS_KEYS)
    bias = np.stack([first.floats(), second.floats(first.length())])
    if not np.all(np.isfinite(bias)):
        first.refuse("a bias of a position is not finite")
    return bias
