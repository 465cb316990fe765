"""What a model file keeps of a fitted estimator beside xgboost's own: parameters, labels of classes, growth records.

xgboost has no place for them, but keeps texts that a user stores with a model. Two of them are ours, both JSON::

    attributes["mlx"]           {"format": 1, "classes": {"dtype": "str", "labels": ["no", "yes"]},
                                 "parameters": {"max_depth": 3, ...}}
    attributes["mlx_records"]   where the numbers of the trees come from, see `mlx.tree.record_text`

xgboost keeps them when it loads a model, trains on and saves it again. For that reason there is no checksum: it would
call such a file damaged. `n_jobs` is not stored: it is a property of the machine.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import warnings
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..tree import TreeEnsemble
from ..tree.document import ModelFormatError, Place
from ..tree.json_text import read_json, write_json
from ..tree.record_text import records_document, with_records
from ..tree.xgboost_document import XGBoostModel

__all__ = [
    "ATTRIBUTE",
    "RECORDS",
    "extras_text",
    "read_extras",
    "records_text",
    "refuse_extras",
    "with_stored_records",
]

FORMAT = 1
ATTRIBUTE = "mlx"
RECORDS = "mlx_records"

# Types that labels may have in a file, by the name that stands there.
LABEL_TYPES: Mapping[str, Any] = {
    **{name: np.dtype(name) for name in ("bool", "int8", "int16", "int32", "int64", "float32", "float64")},
    **{name: np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64")},
    "str": np.dtype(str),
    "object": np.dtype(object),
}
LABELS_OF_KIND = {"b": bool, "i": int, "u": int, "f": float, "U": str, "O": str}

# Characters of all labels together, each as long as the longest one, as NumPy stores text.
LARGEST_TEXTS = 1 << 24

# Parameters that are not stored: how many threads to use is for the machine that predicts.
NOT_STORED = {"n_jobs"}


def extras_text(parameters: Mapping[str, Any], classes: NDArray | None) -> str:
    """What stands in ``attributes["mlx"]``: parameters, and labels of the classes."""
    extras: dict[str, Any] = {"format": FORMAT}
    if classes is not None:
        extras["classes"] = {"dtype": _label_type(classes), "labels": classes.tolist()}
    stored, left_out = {}, []
    for name, value in parameters.items():
        try:
            if name not in NOT_STORED:
                stored[name] = _plain(value)
        except TypeError:
            left_out.append(name)
    if left_out:
        warnings.warn(f"parameters whose values a file cannot hold are left out: {', '.join(left_out)}", stacklevel=3)
    return json.dumps({**extras, "parameters": stored})


def read_extras(
    attributes: Mapping[str, str], parameter_names: Collection[str]
) -> tuple[NDArray | None, dict[str, Any]]:
    """Labels of the classes, or None, and parameters that stand in ``attributes["mlx"]``.

    Raises
    ------
    ModelFormatError
        If they are not what `extras_text` writes.
    """
    if ATTRIBUTE not in attributes:
        return None, {}
    try:
        extras = Place(read_json(attributes[ATTRIBUTE].encode()), f"learner.attributes.{ATTRIBUTE}")
    except ModelFormatError as error:
        refuse_extras(str(error))
    extras.child("format").integer(FORMAT, FORMAT)
    at_parameters = extras.child("parameters")
    at_parameters.note_unknown(parameter_names)
    if at_parameters.ignored:
        warnings.warn(f"parameters that are not known are ignored: {', '.join(at_parameters.ignored)}", stacklevel=3)
    known = [name for name in at_parameters.members() if name in parameter_names and name not in NOT_STORED]
    parameters = {name: _parameter(at_parameters.child(name)) for name in known}
    at_classes = extras.optional("classes")
    return None if at_classes is None else _read_labels(at_classes), parameters


def records_text(ensemble: TreeEnsemble) -> str | None:
    """What stands in ``attributes["mlx_records"]``; None if no tree has a record."""
    document = records_document(ensemble.trees, ensemble.n_features)
    return None if document is None else write_json(document).decode("utf-8")


def with_stored_records(model: XGBoostModel) -> XGBoostModel:
    """The model with its growth records, out of the attributes and into the trees.

    Raises
    ------
    ModelFormatError
        If they are not what `records_text` writes.

    Warns
    -----
    UserWarning
        If they are about other trees: the model was changed by another program.
    """
    if RECORDS not in model.attributes:
        return model
    attributes = dict(model.attributes)
    path = f"learner.attributes.{RECORDS}"
    try:
        document = Place(read_json(attributes.pop(RECORDS).encode()), path)
    except ModelFormatError as error:
        raise ModelFormatError(f"{path}: {error}") from None
    trees = with_records(model.ensemble.trees, document, model.ensemble.n_features)
    return model._replace(ensemble=dataclasses.replace(model.ensemble, trees=trees), attributes=attributes)


def refuse_extras(message: str) -> NoReturn:
    """Raise `ModelFormatError` about ``attributes["mlx"]``."""
    raise ModelFormatError(f"learner.attributes.{ATTRIBUTE}: {message}")


def _label_type(classes: NDArray) -> str:
    """Name of the type of labels."""
    texts = all(type(label) is str for label in classes.tolist())
    name = "str" if classes.dtype.kind == "U" else classes.dtype.name
    if name not in LABEL_TYPES or (name == "object" and not texts):
        raise ValueError(
            f"classes_: a file holds labels that are numbers, texts or booleans, not {classes.dtype} of "
            f"{type(classes[0]).__name__}"
        )
    return name


def _read_labels(place: Place) -> NDArray:
    """Labels, sorted, each once, all of the type that is stated."""
    at_type, at_labels = place.child("dtype"), place.child("labels")
    name = at_type.text()
    if name not in LABEL_TYPES:
        at_type.refuse(f"must be one of {', '.join(LABEL_TYPES)}")
    dtype = LABEL_TYPES[name]
    labels = [item.text() if dtype.kind in "UO" else item.value for item in at_labels.items()]
    if dtype.kind == "U" and len(labels) * max(map(len, labels), default=0) > LARGEST_TEXTS:
        at_labels.refuse("are too long: each takes the room of the longest one")
    if set(map(type, labels)) != {LABELS_OF_KIND[dtype.kind]}:
        at_labels.refuse(f"must be of type {name}, as dtype says")
    try:
        array = np.array(labels, dtype=dtype)
    except OverflowError:
        at_labels.refuse(f"a label does not fit in {name}")
    if len(array) < 2 or any(not low < high for low, high in itertools.pairwise(labels)):
        at_labels.refuse("must be at least two, in rising order")
    return array


def _plain(value: Any) -> Any:
    """A parameter's value as JSON has it."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError


def _parameter(place: Place) -> Any:
    """A parameter's value: one of those that `_plain` gives."""
    if isinstance(place.value, list):
        return [_parameter(item) for item in place.items()]
    if isinstance(place.value, dict):
        place.refuse(f"must be no object, but is {place.kind}")
    return place.value
