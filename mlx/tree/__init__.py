"""Trees as flat arrays: the one format that CART, the booster and foreign models convert to."""

from .conversion import tree_ensemble_of
from .ensemble import TreeEnsemble
from .tree import Tree

__all__ = ["Tree", "TreeEnsemble", "tree_ensemble_of"]
