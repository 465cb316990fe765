"""Ensembles: the answers of many models, put together.

A name is imported when it is first asked for (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adaboost_classifier import AdaBoostClassifier
    from .adaboost_regressor import AdaBoostRegressor
    from .extra_trees import ExtraTreesClassifier, ExtraTreesRegressor
    from .forest_classifier import RandomForestClassifier
    from .forest_regressor import RandomForestRegressor
    from .imputation import ForestImputer

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "ForestImputer",
    "RandomForestClassifier",
    "RandomForestRegressor",
]

# Where each name stands.
_FILES = {
    "AdaBoostClassifier": "adaboost_classifier",
    "AdaBoostRegressor": "adaboost_regressor",
    "ExtraTreesClassifier": "extra_trees",
    "ExtraTreesRegressor": "extra_trees",
    "ForestImputer": "imputation",
    "RandomForestClassifier": "forest_classifier",
    "RandomForestRegressor": "forest_regressor",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_FILES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
