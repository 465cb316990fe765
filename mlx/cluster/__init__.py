"""Clustering: rows that belong together, without being told what together means."""

from .functions import k_means, kmeans_plusplus
from .kmeans import KMeans
from .summary import Summary, summarize

__all__ = ["KMeans", "Summary", "k_means", "kmeans_plusplus", "summarize"]
