"""Trees as flat arrays: the one format that CART, the booster and foreign models convert to."""

from .ensemble import TreeEnsemble
from .tree import Tree

__all__ = ["Tree", "TreeEnsemble"]
