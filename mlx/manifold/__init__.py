"""Maps: rows of a table as points in the plane, neighbours beside neighbours."""

from .tsne import TSNE

__all__ = ["TSNE"]
