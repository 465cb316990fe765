"""Linear models: the prediction is a weighted sum of the features, or a function of it."""

from .linear_regression import LinearRegression
from .logistic import LogisticRegression
from .perceptron import Perceptron

__all__ = ["LinearRegression", "LogisticRegression", "Perceptron"]
