"""xgboost's model file, in its JSON and UBJSON forms of versions 1.7 to 3.4, read into a `TreeEnsemble` and written.

What the file says of a model::

    learner
      attributes                 texts that the user has stored
      feature_names, -_types     of all columns, or empty
      learner_model_param        base_score, num_feature, num_class, num_target; all are texts
      objective                  see `mlx.tree.xgboost_objective`
      gradient_booster           "gbtree" or "dart" (3.4 and later: "gbtree" with weight_drop)
        model
          gbtree_model_param     num_trees, num_parallel_tree
          tree_info              output that each tree adds to
          iteration_indptr       first tree of each round (2.0 and later)
          weight_drop            weight of each tree, if trees were dropped in training
          cats                   names of categories (3.1 and later)
          trees                  see `mlx.tree.xgboost_tree`

Everything is checked before a model is built, so that a damaged or hostile file ends in `ModelFormatError`; nothing in
a file is executed, and nothing is allocated that its size does not pay for. Keys that are not known are ignored with a
warning. Linear boosters (gblinear) are refused by name.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .category_names import CategoryNames, category_names_document, read_category_names
from .document import Place
from .ensemble import TreeEnsemble
from .json_text import read_json
from .ubjson import looks_like_ubjson, read_ubjson
from .xgboost_objective import OBJECTIVES, ObjectiveText, margin_of, read_base_score, read_objective
from .xgboost_tree import read_tree, tree_document

__all__ = ["OBJECTIVES", "XGBoostModel", "margin_of", "read_xgboost", "xgboost_document"]

# Columns, outputs and rounds are counted in the file and not by its size: their numbers are limited.
LARGEST_FEATURES = 1 << 24
LARGEST_OUTPUTS = 1 << 16
LARGEST_COUNT = 2**31 - 1

FEATURE_TYPES = {"float", "int", "i", "q", "c"}

WRITTEN_VERSION = (3, 2, 0)

_LEARNER_KEYS = {"attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"}
_LEARNER_PARAMETERS = {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"}
_MODEL_KEYS = {"cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees", "weight_drop"}
_MODEL_PARAMETERS = {"num_trees", "num_parallel_tree", "size_leaf_vector"}


class XGBoostModel(NamedTuple):
    """All that a model file says.

    Attributes
    ----------
    ensemble : TreeEnsemble
        Trees, base score in units of the margin, weights and outputs of the trees, names of columns.
    objective : str
    objective_parameters : dict of str to (dict of str to str)
        As in ``{"reg_loss_param": {"scale_pos_weight": "1"}}``.
    base_score : ndarray of float32, shape (n_outputs,)
        In units of the prediction (of the margin for multi:*).
    n_classes : int
        0 unless the objective has classes of its own.
    round_start : ndarray of int64, shape (n_rounds + 1,)
        First tree of each round; the last entry is the number of trees.
    n_parallel_trees : int
        Trees per round and output.
    booster : {"gbtree", "dart"}
    feature_types : tuple of str, or None
    category_names : tuple, or None
        For each column its categories in the order of their codes, or None.
    attributes : dict of str to str
    position_bias : ndarray of float32, shape (2, n_positions), or None
        See `ObjectiveText`.
    """

    ensemble: TreeEnsemble
    objective: str
    base_score: NDArray[np.float32]
    n_classes: int
    round_start: NDArray[np.int64]
    objective_parameters: Mapping[str, Mapping[str, str]]
    n_parallel_trees: int = 1
    booster: Literal["gbtree", "dart"] = "gbtree"
    feature_types: tuple[str, ...] | None = None
    category_names: CategoryNames | None = None
    attributes: Mapping[str, str] = {}
    position_bias: NDArray[np.float32] | None = None


class _Sizes(NamedTuple):
    """Counts of a model: columns, classes (0 if it has none of its own), outputs."""

    n_features: int
    n_classes: int
    n_outputs: int


def read_xgboost(data: bytes) -> XGBoostModel:
    """Model that the bytes of a file stand for.

    Parameters
    ----------
    data : bytes
        JSON or UBJSON.

    Returns
    -------
    XGBoostModel

    Raises
    ------
    ModelFormatError
        If the bytes are no model, with the place in the file and what is wrong there.

    Warns
    -----
    UserWarning
        If the file has keys that are not known; they are ignored.
    """
    document = Place(read_ubjson(data) if looks_like_ubjson(data) else read_json(data))
    document.note_unknown({"learner", "version"})
    version = document.optional("version")
    if version is not None and (len(version.integers()) != 3 or np.any(version.integers() < 0)):
        version.refuse("must be three numbers")
    model = _read_learner(document.child("learner"))
    if document.ignored:
        shown = ", ".join(document.ignored[:5]) + (", ..." if len(document.ignored) > 5 else "")
        warnings.warn(f"keys of the model file that are not known are ignored: {shown}", UserWarning, stacklevel=2)
    return model


def xgboost_document(model: XGBoostModel) -> dict[str, Any]:
    """What the file says of a model, in the form that xgboost 3.2 writes, for `write_json` or `write_ubjson`.

    Raises
    ------
    ValueError
        If the ensemble predicts by other rules than xgboost's, or holds numbers that float32 does not.
    """
    ensemble = model.ensemble
    _check_rules(ensemble)
    names = ensemble.feature_names or ()
    n_targets = 1 if model.n_classes > 1 else ensemble.n_outputs
    trees = {
        "cats": category_names_document(model.category_names),
        "gbtree_model_param": {"num_parallel_tree": str(model.n_parallel_trees), "num_trees": str(ensemble.n_trees)},
        "iteration_indptr": model.round_start.tolist(),
        "tree_info": np.maximum(np.asarray(ensemble.tree_output), 0).tolist(),
        "trees": [tree_document(tree, number, ensemble.n_features) for number, tree in enumerate(ensemble.trees)],
    }
    booster: dict[str, Any] = {"model": trees, "name": "gbtree"}
    if model.booster == "dart" or np.any(ensemble.tree_weight != 1):
        if np.any(np.asarray(ensemble.tree_output) < 0):
            raise ValueError("tree_weight: xgboost 3.2 has no weights for trees with vectors in their leaves")
        weights = np.asarray(ensemble.tree_weight).astype(np.float32).astype(np.float64)
        booster = {"gbtree": booster, "name": "dart", "weight_drop": weights.tolist()}
    base_score = ",".join(str(score) for score in model.base_score.astype(np.float32))
    learner = {
        "attributes": dict(model.attributes),
        "feature_names": list(names),
        "feature_types": list(model.feature_types or ("float",) * len(names)),
        "gradient_booster": booster,
        "learner_model_param": {
            "base_score": f"[{base_score}]",
            "boost_from_average": "1",
            "num_class": str(model.n_classes),
            "num_feature": str(ensemble.n_features),
            "num_target": str(n_targets),
        },
        "objective": ObjectiveText(model.objective, model.objective_parameters, model.position_bias).document(),
    }
    return {"learner": learner, "version": list(WRITTEN_VERSION)}


def _read_learner(learner: Place) -> XGBoostModel:
    learner.note_unknown(_LEARNER_KEYS)
    parameters = learner.child("learner_model_param")
    sizes = _read_sizes(parameters)
    objective = read_objective(learner.child("objective"), sizes.n_classes)
    link = OBJECTIVES[objective.name]
    base_score = read_base_score(parameters.child("base_score"), sizes.n_outputs, link)
    attributes = learner.child("attributes")
    feature_types = _read_names(learner, "feature_types", sizes.n_features)
    for item in learner.child("feature_types").items() if feature_types else ():
        if item.value not in FEATURE_TYPES:
            item.refuse(f"must be one of {', '.join(sorted(FEATURE_TYPES))}")
    feature_names = _read_names(learner, "feature_names", sizes.n_features)
    if feature_names is not None and len(set(feature_names)) < len(feature_names):
        learner.child("feature_names").refuse("a name stands twice")
    model, weight, booster = _booster_model(learner.child("gradient_booster"))
    trees, output, round_start, n_parallel_trees = _read_trees(model, sizes)
    cats = model.optional("cats")
    ensemble = TreeEnsemble(
        trees,
        n_features=sizes.n_features,
        n_outputs=sizes.n_outputs,
        base_score=margin_of(base_score, link).astype(np.float64),
        link=link,
        tree_weight=None if weight is None else _read_weights(weight, len(trees)),
        tree_output=output,
        feature_names=feature_names,
    )
    return XGBoostModel(
        ensemble=ensemble,
        objective=objective.name,
        objective_parameters=objective.parameters,
        position_bias=objective.position_bias,
        base_score=base_score,
        n_classes=sizes.n_classes,
        round_start=round_start,
        n_parallel_trees=n_parallel_trees,
        booster=booster,
        feature_types=feature_types,
        category_names=None if cats is None else read_category_names(cats, sizes.n_features),
        attributes={key: attributes.child(key).text() for key in attributes.members()},
    )


def _read_sizes(parameters: Place) -> _Sizes:
    parameters.note_unknown(_LEARNER_PARAMETERS)
    n_features = parameters.child("num_feature").integer_text(1, LARGEST_FEATURES)
    n_classes = parameters.child("num_class").integer_text(0, LARGEST_OUTPUTS)
    targets = parameters.optional("num_target")
    n_targets = 1 if targets is None else targets.integer_text(1, LARGEST_OUTPUTS)
    if n_classes > 1 and n_targets > 1:
        parameters.refuse(f"has {n_classes} classes and {n_targets} targets; one of them must be 1")
    return _Sizes(n_features, n_classes, max(n_classes, n_targets))


def _read_names(learner: Place, key: str, n_features: int) -> tuple[str, ...] | None:
    """Texts for all columns, or None if there are none."""
    place = learner.optional(key)
    if place is None or place.length() == 0:
        return None
    if place.length() != n_features:
        place.refuse(f"has {place.length()} elements for {n_features} columns")
    return place.texts()


def _booster_model(booster: Place) -> tuple[Place, Place | None, Literal["gbtree", "dart"]]:
    """Where the trees are, where their weights are, and the kind of booster."""
    at_name = booster.child("name")
    name = at_name.text()
    if name == "gbtree":
        booster.note_unknown({"name", "model"})
        model = booster.child("model")
        weight = model.optional("weight_drop")
        return model, weight, "gbtree" if weight is None else "dart"
    if name == "gblinear":
        at_name.refuse("a linear booster (gblinear) has no trees; it is not supported")
    if name != "dart":
        at_name.refuse(f"booster {name[:40]!r} is not known")
    booster.note_unknown({"name", "gbtree", "weight_drop"})
    inside = booster.child("gbtree")
    inside.note_unknown({"name", "model"})
    return inside.child("model"), booster.child("weight_drop"), "dart"


def _read_weights(place: Place, n_trees: int) -> NDArray[np.float64]:
    weights = place.floats(n_trees)
    wrong = np.flatnonzero(~np.isfinite(weights))
    if len(wrong):
        place.refuse(f"element {wrong[0]} is not finite")
    return weights.astype(np.float64)


def _read_trees(model: Place, sizes: _Sizes) -> tuple[tuple[Any, ...], NDArray[np.int32], NDArray[np.int64], int]:
    """Trees, their outputs, the first tree of each round, and the number of trees per round and output."""
    model.note_unknown(_MODEL_KEYS)
    parameters = model.child("gbtree_model_param")
    parameters.note_unknown(_MODEL_PARAMETERS)
    at_trees, at_output = model.child("trees"), model.child("tree_info")
    n_trees = at_trees.length()
    parameters.child("num_trees").integer_text(n_trees, n_trees)
    parallel = parameters.optional("num_parallel_tree")
    n_parallel_trees = 1 if parallel is None else parallel.integer_text(1, LARGEST_COUNT)
    output = at_output.integers(n_trees)
    wrong = np.flatnonzero((output < 0) | (output >= sizes.n_outputs))
    if len(wrong):
        at_output.refuse(f"element {wrong[0]} is {output[wrong[0]]}; the model has {sizes.n_outputs} outputs")
    trees = tuple(
        read_tree(place, number, sizes.n_features, sizes.n_outputs) for number, place in enumerate(at_trees.items())
    )
    are_vectors = {tree.value.ndim == 2 for tree in trees}
    if len(are_vectors) == 2:
        at_trees.refuse("some trees hold vectors in their leaves and some do not")
    if are_vectors == {True}:
        if np.any(output != 0):
            at_output.refuse("trees with vectors in their leaves have no output of their own; it must be 0")
        round_start = _rounds(model, output, 1, n_parallel_trees)
        return trees, np.full(n_trees, -1, dtype=np.int32), round_start, n_parallel_trees
    round_start = _rounds(model, output, sizes.n_outputs, n_parallel_trees)
    return trees, output.astype(np.int32), round_start, n_parallel_trees


def _rounds(model: Place, output: NDArray[np.int64], n_outputs: int, n_parallel_trees: int) -> NDArray[np.int64]:
    """First tree of each round; each round must have as many trees for each output."""
    place = model.optional("iteration_indptr")
    if place is None:
        place = model.child("tree_info")
        per_round = n_outputs * n_parallel_trees
        if len(output) % per_round:
            place.refuse(f"{len(output)} trees are no whole number of rounds of {per_round} trees")
        start = np.arange(0, len(output) + 1, per_round)
    else:
        start = place.integers()
        if len(start) == 0 or start[0] != 0 or start[-1] != len(output) or np.any(np.diff(start) <= 0):
            place.refuse(f"must rise from 0 to the number of trees, {len(output)}")
    if np.any(np.diff(start) % n_outputs):
        place.refuse(f"a round must have a multiple of {n_outputs} trees")
    size = np.repeat(np.diff(start), np.diff(start))
    of_round = np.repeat(np.arange(len(start) - 1), np.diff(start))
    # With rounds of at least n_outputs trees there are at most as many counts as trees.
    counts = np.bincount(of_round * n_outputs + output, minlength=(len(start) - 1) * n_outputs)
    if len(output) and np.any(counts[of_round * n_outputs + output] * n_outputs != size):
        place.refuse("a round must have as many trees for one output as for another")
    return start.astype(np.int64)


def _check_rules(ensemble: TreeEnsemble) -> None:
    """Raise unless rows are sent left and right, and leaves added up, as xgboost does it."""
    rules = {"comparison": "<", "input_dtype": "float32", "missing": "learned", "unlisted_category": "left"}
    rules["aggregation"] = "sum"
    for name, rule in rules.items():
        if getattr(ensemble, name) != rule:
            raise ValueError(f"{name}={getattr(ensemble, name)!r}: an xgboost model has {rule!r}")
