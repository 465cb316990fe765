"""Decompositions: a table as a few directions and the coordinates along them."""

from .incremental_pca import IncrementalPCA
from .pca import PCA

__all__ = ["PCA", "IncrementalPCA"]
