"""Linear models: the prediction is a weighted sum of the features, or a function of it."""

from .elastic_net import ElasticNet, Lasso
from .elastic_net_cv import ElasticNetCV, LassoCV
from .elastic_net_path import enet_path, lasso_path
from .linear_regression import LinearRegression
from .logistic import LogisticRegression
from .logistic_cv import LogisticRegressionCV
from .perceptron import Perceptron
from .ridge import Ridge
from .ridge_cv import RidgeCV

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "LinearRegression",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Perceptron",
    "Ridge",
    "RidgeCV",
    "enet_path",
    "lasso_path",
]
