"""A fitted booster as a file that xgboost loads, and xgboost's file as a fitted booster.

The trees, the base score, the objective and the names of columns stand in the file where xgboost keeps them, so that
it predicts the same from it; the format is described, read and checked in `mlx.tree.xgboost_document`. What xgboost
has no place for stands in texts that a user may store with a model: see `mlx.boosting.model_extras`.

A file is written beside its place and then moved there, so that there is never half a file.
"""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.validation import check_is_fitted

from ..tree.category_names import CategoryNames
from ..tree.document import LARGEST_BYTES, ModelFormatError, Place
from ..tree.ensemble import TreeEnsemble
from ..tree.json_text import write_json
from ..tree.ubjson import write_ubjson
from ..tree.xgboost_document import XGBoostModel, read_xgboost, xgboost_document
from .model_extras import ATTRIBUTE, RECORDS, extras_text, read_extras, records_text, refuse_extras, with_stored_records
from .objective import PARAMETERS

__all__ = [
    "ONE_TREE_PER_ROUND",
    "ModelFile",
    "ModelFormatError",
    "model_bytes",
    "positive_weight",
    "read_model",
    "write_model",
]

Form = Literal["json", "ubj"]

# What a fit leaves behind that makes one tree per round and output, and knows columns by their numbers alone. The first
# tree of each round stands in `_round_start`.
ONE_TREE_PER_ROUND: Mapping[str, Any] = {
    "_round_start": None,
    "_n_parallel_trees": 1,
    "_booster": "gbtree",
    "_feature_types": None,
    "_category_names": None,
    "_position_bias": None,
}


def read_model(source: str | os.PathLike | bytes | bytearray | memoryview) -> XGBoostModel:
    """Model in a file, or in the bytes of one.

    Parameters
    ----------
    source : str, path-like, bytes, bytearray or memoryview
        Where the file is, or what it holds; JSON or UBJSON, of xgboost 1.7 or later, or of this package.

    Returns
    -------
    XGBoostModel
        Its trees have growth records if the file holds any.

    Raises
    ------
    ModelFormatError
        A ValueError: the file is damaged, hostile or of a form that is not known. The message says where and what.
    OSError
        If the file cannot be opened.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return with_stored_records(read_xgboost(bytes(source)))
    with open(source, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_BYTES:
            raise ModelFormatError(f"{os.fspath(source)}: {size} bytes are more than the limit of {LARGEST_BYTES}")
        # A pipe has no size; one byte more than the limit is enough to see that it is exceeded.
        return with_stored_records(read_xgboost(file.read(LARGEST_BYTES + 1)))


def model_bytes(model: XGBoostModel, form: Form, *, records: bool = True) -> bytes:
    """What a file of a model holds.

    Parameters
    ----------
    model : XGBoostModel
    form : {"json", "ubj"}
    records : bool, default=True
        Whether the growth records of the trees are written, see `mlx.tree.record_text`.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the trees predict by other rules than xgboost's, or their numbers are no float32.
    """
    text = records_text(model.ensemble) if records else None
    attributes = {**model.attributes} if text is None else {**model.attributes, RECORDS: text}
    document = xgboost_document(model._replace(attributes=attributes))
    return write_json(document) if form == "json" else write_ubjson(document)


def write_model(model: XGBoostModel, fname: str | os.PathLike, *, records: bool = True) -> None:
    """Write a model, as JSON if the name ends with ``.json``, as UBJSON if it ends with ``.ubj``.

    Parameters
    ----------
    model : XGBoostModel
    fname : str or path-like
        With another ending the file is UBJSON, and a warning says so, as in xgboost.
    records : bool, default=True
        Whether the growth records of the trees are written, see `mlx.tree.record_text`.

    Raises
    ------
    ValueError
        If the trees predict by other rules than xgboost's, or their numbers are no float32.
    """
    suffix = Path(fname).suffix
    data = model_bytes(model, "json" if suffix == ".json" else "ubj", records=records)
    if suffix not in (".json", ".ubj"):
        warnings.warn(f"fname={os.fspath(fname)!r} ends neither with .json nor .ubj: written as UBJSON", stacklevel=3)
    _write_atomically(Path(fname), data)


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
    _best: tuple[int, float] | None
    _round_start: NDArray[np.int64] | None
    _n_parallel_trees: int
    _booster: Literal["gbtree", "dart"]
    _feature_types: tuple[str, ...] | None
    _category_names: CategoryNames | None
    _position_bias: NDArray[np.float32] | None

    def save_model(self, fname: str | os.PathLike, *, records: bool = True) -> None:
        """Write the fitted model as a file that xgboost and this package load.

        Parameters
        ----------
        fname : str or path-like
            JSON if it ends with ``.json``, UBJSON otherwise.
        records : bool, default=True
            Whether the file keeps what was known of each node when it was grown (`explain_node`, and the columns of
            ours in `trees_to_dataframe`). It makes the file larger by a third to three quarters.

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
        Unlike in the library, labels of classes, parameters and growth records are stored too.
        """
        check_is_fitted(self)
        write_model(self._as_file(), fname, records=records)

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

        Notes
        -----
        Parameters are those of the file if this package has written it; from a file of xgboost only those are known
        that the model shows: `objective` with its own parameters, `booster`, `num_parallel_tree`, `multi_strategy`.
        Classes are then 0, ..., n_classes - 1.
        """
        model = read_model(fname)
        classes, parameters = read_extras(model.attributes, self.get_params(deep=False).keys())
        _check_kind(model, type(self).__name__, self._objectives)
        fitted = _fitted(model)
        if is_classifier(self):
            # Outputs of other losses are yes-or-no answers, of which a row may have several.
            n_classes = model.ensemble.n_outputs if model.ensemble.link == "softmax" else 2
            classes = np.arange(n_classes) if classes is None else classes
            if len(classes) != n_classes:
                refuse_extras(f"{len(classes)} labels for {n_classes} classes")
            fitted |= {"classes_": classes, "n_classes_": n_classes}
        try:
            trial = clone(self).set_params(**{**shown_parameters(model, self.get_params(deep=False)), **parameters})
            trial._validate_params()
        except ValueError as error:
            refuse_extras(str(error))
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.set_params(**trial.get_params(deep=False))
        for name, value in fitted.items():
            setattr(self, name, value)

    def _as_file(self) -> XGBoostModel:
        """The fitted model as a file has it, but for its growth records."""
        model = self._as_model()
        extras = extras_text(self.get_params(deep=False), getattr(self, "classes_", None))
        return model._replace(attributes={ATTRIBUTE: extras, **model.attributes})

    def _as_model(self) -> XGBoostModel:
        """The fitted model without what is the estimator's own: its parameters and labels."""
        ensemble, n_outputs = self.tree_ensemble_, self.tree_ensemble_.n_outputs
        per_round = n_outputs if np.all(np.asarray(ensemble.tree_output) >= 0) else 1
        rounds = self._round_start
        best = {} if self._best is None else {"best_iteration": str(self._best[0]), "best_score": repr(self._best[1])}
        return XGBoostModel(
            ensemble=ensemble,
            objective=self._objective,
            base_score=self._intercept,
            n_classes=n_outputs if ensemble.link == "softmax" else 0,
            round_start=np.arange(0, ensemble.n_trees + 1, per_round) if rounds is None else rounds,
            objective_parameters=self._objective_parameters,
            n_parallel_trees=self._n_parallel_trees,
            booster=self._booster,
            feature_types=self._feature_types,
            category_names=self._category_names,
            attributes=best,
            position_bias=self._position_bias,
        )


def _fitted(model: XGBoostModel) -> dict[str, Any]:
    """What a fit that made this model would have left behind, whatever the estimator."""
    names = model.ensemble.feature_names
    return {
        "tree_ensemble_": model.ensemble,
        "evals_result_": {},
        "n_features_in_": model.ensemble.n_features,
        "_intercept": model.base_score,
        "_objective": model.objective,
        "_objective_parameters": dict(model.objective_parameters),
        "_best": _best_round(model),
        "_round_start": model.round_start,
        "_n_parallel_trees": model.n_parallel_trees,
        "_booster": model.booster,
        "_feature_types": model.feature_types,
        "_category_names": model.category_names,
        "_position_bias": model.position_bias,
        **({} if names is None else {"feature_names_in_": np.array(names, dtype=object)}),
    }


def _best_round(model: XGBoostModel) -> tuple[int, float] | None:
    """Best round and its metric, NaN if it is not stated; None without early stopping."""
    best = model.attributes.get("best_iteration")
    if best is None:
        return None
    place = Place(best, "learner.attributes.best_iteration")
    number = place.integer_text(0, max(len(model.round_start) - 2, 0))
    try:
        return number, float(model.attributes.get("best_score", "nan"))
    except ValueError:
        raise ModelFormatError("learner.attributes.best_score: must be the text of a number") from None


def _check_kind(model: XGBoostModel, class_name: str, objectives: Collection[str]) -> None:
    """Raise `ModelFormatError` if an estimator has not this kind of model: the message names what."""
    n_outputs = model.ensemble.n_outputs
    if model.objective not in objectives:
        raise ModelFormatError(
            f"learner.objective.name: {class_name} has no objective {model.objective!r}; "
            f"it has {', '.join(map(repr, objectives))}"
        )
    if model.ensemble.link == "softmax" and n_outputs == 1:
        raise ModelFormatError(f"learner.learner_model_param: {class_name} has no model of one class alone")


def shown_parameters(model: XGBoostModel, known: Collection[str]) -> dict[str, Any]:
    """Parameters of an estimator that its trees show, and those of its objective."""
    shown: dict[str, Any] = {}
    if model.booster != "gbtree":
        shown["booster"] = model.booster
    if model.n_parallel_trees > 1:
        shown["num_parallel_tree"] = model.n_parallel_trees
    if np.any(np.asarray(model.ensemble.tree_output) < 0):
        shown["multi_strategy"] = "multi_output_tree"
    if model.feature_types is not None and "c" in model.feature_types:
        shown |= {"enable_categorical": True, "feature_types": list(model.feature_types)}
    shown |= objective_parameters(model)
    return {name: value for name, value in shown.items() if name in known}


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


def positive_weight(model: XGBoostModel) -> float:
    """What a file says of `scale_pos_weight`; 1 if it says nothing.

    Raises
    ------
    ModelFormatError
        If that is no finite number.
    """
    text = model.objective_parameters.get("reg_loss_param", {}).get("scale_pos_weight", "1")
    place = Place(text, "learner.objective.reg_loss_param.scale_pos_weight")
    weights = place.number_texts()
    return float(weights[0]) if len(weights) == 1 else place.refuse("must be the text of one number")


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
