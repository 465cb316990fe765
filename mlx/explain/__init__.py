"""Explanations of single predictions: why the model said this about that row.

>>> from mlx.explain import KernelExplainer
"""

from .explanation import Explanation, Game
from .kernel import KernelExplainer
from .lime_explanation import LimeExplanation
from .lime_tabular import LimeTabularExplainer

__all__ = ["KernelExplainer", "LimeTabularExplainer", "Explanation", "Game", "LimeExplanation"]
