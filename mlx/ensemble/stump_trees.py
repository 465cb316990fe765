"""Between stumps and decision trees: which trees are stumps, and a stump as the fitted tree that users find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from ..tree.cart_tree import CartTree
from ..tree.decision_tree_classifier import DecisionTreeClassifier
from ..validation import naming
from .stumps import Stump

__all__ = ["fitted_tree", "is_stump", "table_of_stumps"]

# Parameters of a decision tree that `StumpGrower` grows; `random_state` is free.
STUMP = {
    name: value for name, value in DecisionTreeClassifier(max_depth=1).get_params().items() if name != "random_state"
}

# Entries of a sparse table up to which it is made an array: 256 MiB.
LARGEST_DENSE = 2**26


def is_stump(estimator: Any) -> bool:
    """Whether `StumpGrower` grows what this estimator would."""
    if type(estimator) is not DecisionTreeClassifier:
        return False
    own = estimator.get_params()
    return all(type(own[name]) is type(value) and own[name] == value for name, value in STUMP.items())


def table_of_stumps(X: Any) -> NDArray[np.float32] | None:
    """Table as an array that stumps can compare; None for one that is sparse and large, or has not two dimensions.

    Raises
    ------
    ValueError
        If an entry is too large for float32, or no number.
    """
    if X.ndim != 2 or (sparse.issparse(X) and X.shape[0] * X.shape[1] > LARGEST_DENSE):
        return None
    with naming("X"):
        return check_array(X.toarray() if sparse.issparse(X) else X, dtype=np.float32, order="C")


def fitted_tree(
    parameters: Mapping[str, Any], random_state: int, stump: Stump, classes: NDArray, n_features: int
) -> DecisionTreeClassifier:
    """Decision tree with these parameters, as if it had been fitted and had found this stump."""
    model = DecisionTreeClassifier(**{**parameters, "random_state": random_state})
    model.n_features_in_, model.n_outputs_, model.max_features_ = n_features, 1, n_features
    model.classes_, model.n_classes_ = classes, np.int64(len(classes))
    splits = stump.column >= 0
    model.tree_ = CartTree(
        n_features=n_features,
        n_classes=np.array([len(classes)]),
        max_depth=int(splits),
        children_left=np.array([1, -1, -1] if splits else [-1]),
        children_right=np.array([2, -1, -1] if splits else [-1]),
        feature=np.array([stump.column, -2, -2] if splits else [-2]),
        threshold=np.array([stump.threshold, -2.0, -2.0] if splits else [-2.0]),
        impurity=stump.impurities,
        n_node_samples=stump.n_rows,
        weighted_n_node_samples=stump.weights,
        value=stump.proportions[:, None, :],
        missing_go_to_left=np.array([stump.n_rows[1] > stump.n_rows[2], 0, 0] if splits else [0], dtype=np.uint8),
    )
    return model
