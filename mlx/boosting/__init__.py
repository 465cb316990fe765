"""Gradient-boosted trees with xgboost's names, parameters and trees.

A name is imported when it is first asked for (PEP 562): estimators do not wait for the learning API and for plots.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classifier import XGBClassifier
    from .cross_validation import cv
    from .forests import XGBRFClassifier, XGBRFRegressor
    from .learner import Booster
    from .matrix import DMatrix
    from .plotting import plot_importance, plot_tree, to_graphviz
    from .quantile_matrix import QuantileDMatrix
    from .ranker import XGBRanker
    from .regressor import XGBRegressor
    from .training_rounds import train

__all__ = [
    "Booster",
    "DMatrix",
    "QuantileDMatrix",
    "XGBClassifier",
    "XGBRFClassifier",
    "XGBRFRegressor",
    "XGBRanker",
    "XGBRegressor",
    "cv",
    "plot_importance",
    "plot_tree",
    "to_graphviz",
    "train",
]

# Where each name stands.
_FILES = {
    "Booster": "learner",
    "DMatrix": "matrix",
    "QuantileDMatrix": "quantile_matrix",
    "XGBClassifier": "classifier",
    "XGBRFClassifier": "forests",
    "XGBRFRegressor": "forests",
    "XGBRanker": "ranker",
    "XGBRegressor": "regressor",
    "cv": "cross_validation",
    "plot_importance": "plotting",
    "plot_tree": "plotting",
    "to_graphviz": "plotting",
    "train": "training_rounds",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_FILES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
