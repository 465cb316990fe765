"""Explanations of single predictions: why the model said this about that row.

>>> from mlx.explain import KernelExplainer
"""

from .explanation import Explanation, Game
from .kernel import KernelExplainer

__all__ = ["KernelExplainer", "Explanation", "Game"]
