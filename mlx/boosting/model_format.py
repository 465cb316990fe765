"""A fitted booster as a file that xgboost loads, and xgboost's file as a fitted booster.

The trees, the base score, the objective and the names of columns stand in the file where xgboost keeps them, so that
it predicts the same from it; the format is described, read and checked in `mlx.tree.xgboost_document`. What xgboost
has no place for stands in one of the texts that a user may store with a model, ``attributes["mlx"]``, as JSON::

    {"format": 1, "classes": {"dtype": "str", "labels": ["no", "yes"]}, "parameters": {"max_depth": 3, ...}}

xgboost keeps this text when it loads a model, trains on and saves it again. For that reason there is no checksum: it
would call such a file damaged. `n_jobs` is not stored: it is a property of the machine.

A file is written beside its place and then moved there, so that there is never half a file.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.validation import check_is_fitted

from ..tree.document import LARGEST_BYTES, ModelFormatError, Place
from ..tree.json_text import read_json, write_json
from ..tree.tree import TreeEnsemble
from ..tree.ubjson import write_ubjson
from ..tree.xgboost_document import XGBoostModel, read_xgboost, xgboost_document
from .objective import PARAMETERS

__all__ = ["ModelFile", "ModelFormatError", "read_model", "write_model"]

FORMAT = 1
ATTRIBUTE = "mlx"

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


def read_model(source: str | os.PathLike | bytes | bytearray | memoryview) -> XGBoostModel:
    """Model in a file, or in the bytes of one.

    Parameters
    ----------
    source : str, path-like, bytes, bytearray or memoryview
        Where the file is, or what it holds; JSON or UBJSON, of xgboost 1.7 or later, or of this package.

    Returns
    -------
    XGBoostModel

    Raises
    ------
    ModelFormatError
        A ValueError: the file is damaged, hostile or of a form that is not known. The message says where and what.
    OSError
        If the file cannot be opened.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return read_xgboost(bytes(source))
    with open(source, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_BYTES:
            raise ModelFormatError(f"{os.fspath(source)}: {size} bytes are more than the limit of {LARGEST_BYTES}")
        # A pipe has no size; one byte more than the limit is enough to see that it is exceeded.
        return read_xgboost(file.read(LARGEST_BYTES + 1))


def write_model(model: XGBoostModel, fname: str | os.PathLike) -> None:
    """Write a model, as JSON if the name ends with ``.json``, as UBJSON if it ends with ``.ubj``.

    Parameters
    ----------
    model : XGBoostModel
    fname : str or path-like
        With another ending the file is UBJSON, and a warning says so, as in xgboost.

    Raises
    ------
    ValueError
        If the trees predict by other rules than xgboost's, or their numbers are no float32.
    """
    suffix = Path(fname).suffix
    document = xgboost_document(model)
    if suffix not in (".json", ".ubj"):
        warnings.warn(f"fname={os.fspath(fname)!r} ends neither with .json nor .ubj: written as UBJSON", stacklevel=3)
    _write_atomically(Path(fname), write_json(document) if suffix == ".json" else write_ubjson(document))


class ModelFile(BaseEstimator):
    """`save_model` and `load_model` of the boosted estimators."""

    # Objectives whose models the class takes over from a file.
    _objectives: ClassVar[tuple[str, ...]] = ()

    # What `fit` leaves behind.
    tree_ensemble_: TreeEnsemble
    feature_names_in_: NDArray
    _intercept: NDArray[np.float32]
    _objective: str
    _objective_parameters: Mapping[str, Mapping[str, str]]

    def save_model(self, fname: str | os.PathLike) -> None:
        """Write the fitted model as a file that xgboost and this package load.

        Parameters
        ----------
        fname : str or path-like
            JSON if it ends with ``.json``, UBJSON otherwise.

        Raises
        ------
        ValueError
            If the labels of the classes are of a type that a file cannot hold.

        Warns
        -----
        UserWarning
            If a parameter's value is an object that a file cannot hold; it is left out.

        Notes
        -----
        Unlike in the library, labels of classes and parameters are stored too.
        """
        check_is_fitted(self)
        ensemble, n_outputs = self.tree_ensemble_, self.tree_ensemble_.n_outputs
        model = XGBoostModel(
            ensemble=ensemble,
            objective=self._objective,
            base_score=self._intercept,
            n_classes=n_outputs if ensemble.link == "softmax" else 0,
            round_start=np.arange(0, ensemble.n_trees + 1, n_outputs),
            objective_parameters=self._objective_parameters,
            attributes={
                ATTRIBUTE: extras_text(self.get_params(deep=False), getattr(self, "classes_", None)),
                **self._best_round_texts(),
            },
        )
        write_model(model, fname)

    def _best_round_texts(self) -> dict[str, str]:
        """Best round and its metric as xgboost stores them; empty without early stopping."""
        best = getattr(self, "_best", None)
        return {} if best is None else {"best_iteration": str(best[0]), "best_score": repr(float(best[1]))}

    def load_model(self, fname: str | os.PathLike | bytes | bytearray | memoryview) -> None:
        """Take over the model in a file that xgboost or this package has written.

        Parameters
        ----------
        fname : str, path-like, bytes, bytearray or memoryview
            Where the file is, or what it holds.

        Raises
        ------
        ModelFormatError
            A ValueError: the file is damaged, or its model is not one of this class. The estimator is then as before.

        Warns
        -----
        UserWarning
            If training was stopped early: the rounds after the best one are left out, as the library's class leaves
            them out when it predicts.

        Notes
        -----
        Parameters are those of the file if this package has written it; from a file of xgboost only `objective` is
        known. Classes are then 0, ..., n_classes - 1.
        """
        model = read_model(fname)
        classes, parameters = read_extras(model.attributes, self.get_params(deep=False).keys())
        ensemble = supported_ensemble(model, type(self).__name__, self._objectives)
        # Rounds after the best one are left out below, so that no best round need be known.
        fitted: dict[str, Any] = {
            "_best": None,
            "evals_result_": {},
            "tree_ensemble_": ensemble,
            "_intercept": model.base_score,
        }
        fitted |= {"_objective": model.objective, "_objective_parameters": dict(model.objective_parameters)}
        fitted["n_features_in_"] = ensemble.n_features
        if is_classifier(self):
            n_classes = max(2, ensemble.n_outputs)
            classes = np.arange(n_classes) if classes is None else classes
            if len(classes) != n_classes:
                refuse_extras(f"{len(classes)} labels for {n_classes} classes")
            fitted |= {"classes_": classes, "n_classes_": n_classes}
        if ensemble.feature_names is not None:
            fitted["feature_names_in_"] = np.array(ensemble.feature_names, dtype=object)
        try:
            trial = clone(self).set_params(**{**objective_parameters(model), **parameters})
            trial._validate_params()
        except ValueError as error:
            refuse_extras(str(error))
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.set_params(**trial.get_params(deep=False))
        for name, value in fitted.items():
            setattr(self, name, value)


def supported_ensemble(model: XGBoostModel, class_name: str, objectives: Collection[str]) -> TreeEnsemble:
    """Trees of a model that an estimator can predict with: those up to the best round.

    Raises
    ------
    ModelFormatError
        If the estimator has not this kind of model: the message names what.
    """
    ensemble, n_outputs = model.ensemble, model.ensemble.n_outputs
    if model.objective not in objectives:
        raise ModelFormatError(
            f"learner.objective.name: {class_name} has no objective {model.objective!r}; "
            f"it has {', '.join(map(repr, objectives))}"
        )
    several = {"softmax": n_outputs > 1, "identity": n_outputs == 1 or model.objective == "reg:quantileerror"}
    if not several.get(ensemble.link, n_outputs == 1):
        raise ModelFormatError(
            f"learner.learner_model_param: {class_name} has no model of {model.objective!r} with {n_outputs} outputs"
        )
    in_turn = np.arange(ensemble.n_trees) % n_outputs
    if np.any(np.diff(model.round_start) != n_outputs) or np.any(ensemble.tree_output != in_turn):
        raise ModelFormatError(
            "learner.gradient_booster.model: "
            f"{class_name} has one tree per round and output; several parallel trees, and vectors in leaves, it has not"
        )
    best = model.attributes.get("best_iteration")
    if best is None:
        return ensemble
    last = Place(best, "learner.attributes.best_iteration").integer_text(0, max(len(model.round_start) - 2, 0))
    if last + 2 < len(model.round_start):
        n_rounds = len(model.round_start) - 1
        warnings.warn(
            f"best_iteration of the model file is {last}: rounds {last + 1} to {n_rounds - 1} are left out",
            stacklevel=3,
        )
        return ensemble.select(np.arange(model.round_start[last + 1]))
    return ensemble


def objective_parameters(model: XGBoostModel) -> dict[str, Any]:
    """Parameters of an estimator that say what the objective is, and the values of its parameters.

    Raises
    ------
    ModelFormatError
        If the file gives a parameter a value that it cannot have.
    """
    stated: dict[str, Any] = {"objective": model.objective}
    for parameter in PARAMETERS.get(model.objective, ()):
        text = model.objective_parameters.get(parameter.file_group, {}).get(parameter.name)
        if text is None:
            continue
        try:
            stated[parameter.name] = value = parameter.of_text(text)
            if parameter.several and len(value) != model.ensemble.n_outputs:
                raise ValueError(f"{len(value)} values for {model.ensemble.n_outputs} outputs")
        except (ValueError, OverflowError, RecursionError) as error:
            raise ModelFormatError(f"learner.objective.{parameter.file_group}.{parameter.name}: {error}") from None
    return stated


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


def _write_atomically(path: Path, data: bytes) -> None:
    """Write beside the place, then move there: a reader sees the old file or the new one."""
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
