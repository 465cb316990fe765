"""Trees as flat arrays: the one format that CART, the booster and foreign models convert to."""

from .tree import Tree, TreeEnsemble

__all__ = ["Tree", "TreeEnsemble"]
