"""Clustering: rows that belong together, without being told what together means."""

from .kmeans import KMeans
from .summary import Summary, summarize

__all__ = ["KMeans", "Summary", "summarize"]
