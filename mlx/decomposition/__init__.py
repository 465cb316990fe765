"""Decompositions: a table as a few directions and the coordinates along them."""

from .pca import PCA

__all__ = ["PCA"]
