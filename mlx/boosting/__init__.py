"""Gradient-boosted trees with xgboost's names, parameters and trees."""

from .classifier import XGBClassifier
from .regressor import XGBRegressor

__all__ = ["XGBClassifier", "XGBRegressor"]
