"""Linear models: the prediction is a weighted sum of the features, or a function of it."""

from .least_squares import LinearRegression

__all__ = ["LinearRegression"]
