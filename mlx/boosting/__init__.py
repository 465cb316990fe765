"""Gradient-boosted trees with xgboost's names, parameters and trees."""

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
