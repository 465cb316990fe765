"""Conversion turns a fitted model of this or of another library into the `TreeEnsemble` that predicts the same.

No library is imported: a model is known by the names of its class and of the package that the class comes from, and is
read by its attributes, or by the text or bytes that it writes of itself. What is read is checked as a file would be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .document import ModelFormatError
from .ensemble import TreeEnsemble
from .fitted import Fitted
from .lightgbm_model import read_lightgbm
from .sklearn_histogram import histogram_ensemble
from .sklearn_trees import (
    adaboost_ensemble,
    boosting_ensemble,
    decision_tree_ensemble,
    forest_ensemble,
    isolation_ensemble,
)
from .xgboost_document import XGBoostModel, read_xgboost

__all__ = ["tree_ensemble_of"]


def tree_ensemble_of(model: Any) -> TreeEnsemble:
    """Ensemble that predicts as a fitted model does.

    Parameters
    ----------
    model : object
        One of this package's models of trees, or anything with a method ``__tree_ensemble__``; scikit-learn's
        DecisionTree*, ExtraTree*, RandomForest*, ExtraTrees*, GradientBoosting*, HistGradientBoosting*,
        AdaBoostClassifier of decision trees, and IsolationForest; xgboost's Booster and XGB* models; LightGBM's Booster
        and LGBM* models, and the dict that its ``Booster.dump_model`` returns. Of a model that was stopped early it is
        the rounds that it predicts with.

    Returns
    -------
    TreeEnsemble
        `margin` is what the library calls ``decision_function``, raw score or ``output_margin`` (of decision trees
        and forests the prediction, or all probabilities); `predict` is the prediction, or the probability.

    Raises
    ------
    TypeError
        If it is none of these.
    ModelFormatError
        If the model is not fitted, is damaged, or predicts by a rule that an ensemble of trees has not; the message
        says where and what.
    """
    if isinstance(model, TreeEnsemble):
        return model
    if hasattr(model, "__tree_ensemble__") and not isinstance(model, type):
        return model.__tree_ensemble__()
    if isinstance(model, dict) and "tree_info" in model:
        return read_lightgbm(model)
    for cls in type(model).__mro__:
        convert = CONVERSIONS.get((cls.__module__.split(".")[0], cls.__name__))
        if convert is not None:
            return _checked(convert, Fitted(model, type(model).__name__))
    raise TypeError(f"model: {type(model).__module__}.{type(model).__name__} is no model of trees that is known")


def _checked(convert: Callable[[Fitted], TreeEnsemble], model: Fitted) -> TreeEnsemble:
    try:
        return convert(model)
    except ModelFormatError:
        raise
    except ValueError as error:
        # Parts that are right one by one, and do not fit each other.
        model.refuse(str(error))


def _xgboost_booster(model: Fitted) -> TreeEnsemble:
    return _with_categories(_xgboost_model(model))


def _xgboost_estimator(model: Fitted) -> TreeEnsemble:
    missing = getattr(model.value, "missing", math.nan)
    if not (isinstance(missing, float | np.floating) and math.isnan(missing)):
        model.refuse(f"missing={missing!r}: an ensemble of trees takes NaN alone for missing")
    read = _xgboost_model(Fitted(model.child("get_booster").call(), f"{model.path}.get_booster()"))
    ensemble = _with_categories(read)
    if "best_iteration" not in read.attributes:
        return ensemble
    stated = read.attributes["best_iteration"]
    if not (stated.isascii() and stated.isdigit() and int(stated) < len(read.round_start) - 1):
        model.refuse(f"best_iteration {stated[:40]!r} is none of {len(read.round_start) - 1} rounds")
    return ensemble.select(np.arange(read.round_start[int(stated) + 1]))


def _xgboost_model(booster: Fitted) -> XGBoostModel:
    return read_xgboost(bytes(booster.child("save_raw").call(raw_format="ubj")))


def _with_categories(read: XGBoostModel) -> TreeEnsemble:
    return replace(read.ensemble, category_values=read.category_names)


def _lightgbm_booster(model: Fitted) -> TreeEnsemble:
    return read_lightgbm(model.child("model_to_string").call())


def _lightgbm_estimator(model: Fitted) -> TreeEnsemble:
    return _lightgbm_booster(model.child("booster_"))


def _weighted_median(model: Fitted) -> TreeEnsemble:
    model.refuse("predicts a weighted median of its trees, which an ensemble, a sum or mean, does not")


# By the package and the name of a class; of a subclass, the nearest that is here.
CONVERSIONS: Mapping[tuple[str, str], Callable[[Fitted], TreeEnsemble]] = {
    **{
        ("sklearn", f"{name}{kind}"): convert
        for name, convert in (
            ("DecisionTree", decision_tree_ensemble),
            ("ExtraTree", decision_tree_ensemble),
            ("RandomForest", forest_ensemble),
            ("ExtraTrees", forest_ensemble),
            ("GradientBoosting", boosting_ensemble),
            ("HistGradientBoosting", histogram_ensemble),
        )
        for kind in ("Classifier", "Regressor")
    },
    ("sklearn", "AdaBoostClassifier"): adaboost_ensemble,
    ("sklearn", "AdaBoostRegressor"): _weighted_median,
    ("sklearn", "IsolationForest"): isolation_ensemble,
    ("xgboost", "Booster"): _xgboost_booster,
    ("xgboost", "XGBModel"): _xgboost_estimator,
    ("lightgbm", "Booster"): _lightgbm_booster,
    ("lightgbm", "LGBMModel"): _lightgbm_estimator,
}
