r"""LightGBM's models, read from their text or their JSON into a `TreeEnsemble`.

Of the objectives those are known whose predictions are a link's inverse of the margin. The link of binary:

.. math:: p = 1 / (1 + \exp(-s \cdot margin))

has the scale s that the text calls ``sigmoid``. A forest (``boosting=rf``) averages its trees (``average_output``): its
margin is the mean of which the prediction is made, while LightGBM calls the sum of the trees the raw score.

A negative number between -1 and 0 in a column of categories is category 0 to LightGBM, and no category here.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .document import ModelFormatError
from .encoding import CategoryValues
from .ensemble import TreeEnsemble
from .lightgbm_dump import sections_of_dump
from .lightgbm_text import Section, TreeText, read_tree_text, sections_of
from .links import Link

__all__ = ["read_lightgbm"]

LINKS: dict[str, Link] = {
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), "identity"),
    **dict.fromkeys(("lambdarank", "rank_xendcg", "custom"), "identity"),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), "log"),
    **dict.fromkeys(("binary", "cross_entropy", "multiclassova"), "logit"),
    "multiclass": "softmax",
}

MOST_FEATURES, MOST_CLASSES = 1 << 24, 1 << 16


def read_lightgbm(model: str | dict[str, Any]) -> TreeEnsemble:
    """Ensemble that a model of LightGBM 3 or 4 stands for.

    Parameters
    ----------
    model : str or dict
        What ``Booster.model_to_string`` returns, and ``save_model`` writes; or what ``Booster.dump_model`` returns.

    Raises
    ------
    ModelFormatError
        If it is none, with the place and what is wrong there; if leaves hold linear models, the objective is not
        known, or a column takes zeros for missing in some trees and NaN alone in others.
    """
    lines, parts, rest = sections_of_dump(model) if isinstance(model, dict) else sections_of(model)
    n_features = lines.integer("max_feature_idx", 0, MOST_FEATURES - 1) + 1
    n_outputs = lines.integer("num_tree_per_iteration", 1, MOST_CLASSES)
    if len(parts) % n_outputs:
        lines.refuse("num_tree_per_iteration", f"{len(parts)} trees are no whole number of rounds of {n_outputs}")
    link, scale = _link(lines)
    read = [read_tree_text(part, n_features) for part in parts]
    average = "average_output" in lines.values
    names = tuple(lines.text("feature_names").split(" "))
    if len(names) != n_features:
        lines.refuse("feature_names", f"has {len(names)} names for {n_features} columns")
    if average and not parts:
        lines.refuse("average_output", "there are no trees to average")
    return TreeEnsemble(
        tuple(one.tree for one in read),
        n_features,
        n_outputs=n_outputs,
        link=link,
        link_scale=scale,
        tree_output=np.arange(len(read), dtype=np.int32) % n_outputs,
        aggregation="mean" if average else "sum",
        comparison="<=",
        input_dtype="float64",
        unlisted_category="right",
        unstored="zero",
        zero_is_missing=_zero_is_missing(read, n_features),
        category_values=_category_values(lines, rest, n_features),
        feature_names=names,
    )


def _link(model: Section) -> tuple[Link, float]:
    """Link of the objective, and its scale."""
    name, *parameters = model.values.get("objective", "custom").split(" ")
    if name not in LINKS:
        model.refuse("objective", f"predictions of {name[:40]!r} are not known as a link's inverse of a margin")
    scale = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition(":")
        if key == "sqrt":
            model.refuse("objective", "'sqrt' predicts squares, which no link does")
        if key == "sigmoid":
            try:
                scale = float(value)
            except ValueError:
                scale = 0.0
            if not 0 < scale < np.inf:
                model.refuse("objective", f"sigmoid {value[:40]!r} must be a finite number above 0")
    return LINKS[name], scale


def _zero_is_missing(read: list[TreeText], n_features: int) -> Any:
    """Columns in which a zero is missing; None if there are none."""
    zero, only_nan = set[int](), set[int]()
    for one in read:
        zero |= one.zero_is_missing
        only_nan |= one.only_nan_is_missing
    if zero & only_nan:
        column = min(zero & only_nan)
        raise ModelFormatError(f"decision_type: zeros of column {column} are missing in some trees, not in others")
    return np.isin(np.arange(n_features), list(zero)) if zero else None


def _category_values(model: Section, rest: str, n_features: int) -> CategoryValues | None:
    """What the codes of each column stand for, of a model that was trained on a data frame."""
    line = next((line for line in rest.split("\n") if line.startswith("pandas_categorical:")), "")
    try:
        listed = json.loads(line.partition(":")[2] or "null")
    except (ValueError, RecursionError):
        model.refuse("pandas_categorical", "is no JSON")
    if listed is None or listed == []:
        return None
    right = isinstance(listed, list) and all(isinstance(own, list) for own in listed)
    if not right or not all(isinstance(value, str | int | float) for own in listed for value in own):
        model.refuse("pandas_categorical", "must be lists of categories")
    infos = model.text("feature_infos").split(" ")
    # A column of categories lists codes between colons, one of numbers its range in brackets.
    columns = [column for column, info in enumerate(infos) if info != "none" and not info.startswith("[")]
    if len(infos) != n_features or len(columns) != len(listed):
        return None
    values: list[Any] = [None] * n_features
    for column, own in zip(columns, listed):
        values[column] = tuple(own)
    return tuple(values)
