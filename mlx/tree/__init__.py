"""Trees as flat arrays: the one format that CART, the booster and foreign models convert to.

A name is imported when it is first asked for (PEP 562): who boosts does not wait for conversions and pictures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conversion import tree_ensemble_of
    from .decision_tree_classifier import DecisionTreeClassifier, ExtraTreeClassifier
    from .decision_tree_regressor import DecisionTreeRegressor, ExtraTreeRegressor
    from .drawing import plot_tree
    from .ensemble import TreeEnsemble
    from .graphviz_text import export_graphviz
    from .text_report import export_text
    from .tree import Tree

__all__ = [
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "Tree",
    "TreeEnsemble",
    "export_graphviz",
    "export_text",
    "plot_tree",
    "tree_ensemble_of",
]

# Where each name stands.
_FILES = {
    "DecisionTreeClassifier": "decision_tree_classifier",
    "DecisionTreeRegressor": "decision_tree_regressor",
    "ExtraTreeClassifier": "decision_tree_classifier",
    "ExtraTreeRegressor": "decision_tree_regressor",
    "Tree": "tree",
    "TreeEnsemble": "ensemble",
    "export_graphviz": "graphviz_text",
    "export_text": "text_report",
    "plot_tree": "drawing",
    "tree_ensemble_of": "conversion",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_FILES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
