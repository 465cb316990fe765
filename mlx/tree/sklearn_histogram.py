"""scikit-learn's HistGradientBoosting models, read by their attributes.

They put codes in the place of categories, and the columns of categories before the others, before a tree sees a row::

    columns of the table     x   colour   y   size          trees ask about     colour   size   x   y
                                                            (columns            1        3      0   2)

A category that training has not seen follows the missing values. Trees list in sets of 256 bits what goes left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .encoding import CategoryValues
from .ensemble import TreeEnsemble
from .fitted import Fitted
from .links import Link
from .tree import Tree

__all__ = ["histogram_ensemble"]

LINKS: dict[str, Link] = {
    **dict.fromkeys(("squared_error", "absolute_error", "quantile"), "identity"),
    **dict.fromkeys(("gamma", "poisson"), "log"),
}

NODE_FIELDS = {
    "value", "count", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "gain", "is_leaf",
    "is_categorical", "bitset_idx",
}  # fmt: skip

WORDS, WORD = 8, 32


def histogram_ensemble(model: Fitted) -> TreeEnsemble:
    """Trees of all rounds, and what they start from."""
    n_features = model.child("n_features_in_").integer(1)
    base = model.child("_baseline_prediction").array("f", 1, None)[0]
    columns, categories = _columns(model, n_features)
    trees = []
    for stage in model.child("_predictors").items():
        if len(list(stage.items())) != len(base):
            stage.refuse(f"must hold {len(base)} trees")
        trees += [_tree(place, columns) for place in stage.items()]
    loss = model.child("loss").one_of(("log_loss", *LINKS))
    link: Link = LINKS[loss] if loss in LINKS else ("logit" if len(base) == 1 else "softmax")
    return TreeEnsemble(
        tuple(trees),
        n_features,
        n_outputs=len(base),
        base_score=base.astype(np.float64),
        link=link,
        tree_output=np.arange(len(trees), dtype=np.int32) % len(base),
        comparison="<=",
        input_dtype="float64",
        unlisted_category="right",
        unstored="zero",
        category_values=categories,
        category_input="value",
        feature_names=model.feature_names(n_features),
    )


def _columns(model: Fitted, n_features: int) -> tuple[NDArray[np.intp], CategoryValues | None]:
    """Column of the table for each column of the trees, and the categories of the table's columns."""
    rule = model.optional("is_categorical_")
    if rule is None:
        return np.arange(n_features), None
    is_category = rule.array("b", n_features)
    preprocessor = model.optional("_preprocessor")
    if preprocessor is None:
        model.refuse("has categories but no '_preprocessor': models before scikit-learn 1.4 are not read")
    encoder = Fitted(preprocessor.child("named_transformers_").value["encoder"], f"{model.path}._preprocessor.encoder")
    listed = list(encoder.child("categories_").items())
    if len(listed) != np.count_nonzero(is_category):
        encoder.child("categories_").refuse(f"must be those of {np.count_nonzero(is_category)} columns")
    values: list[Any] = [None] * n_features
    for column, own in zip(np.flatnonzero(is_category), listed):
        # A missing value may stand behind the categories; it is none.
        values[column] = tuple(value for value in np.asarray(own.value).tolist() if value == value)
    return np.concatenate([np.flatnonzero(is_category), np.flatnonzero(~is_category)]), tuple(values)


def _tree(place: Fitted, columns: NDArray[np.intp]) -> Tree:
    at_nodes = place.child("nodes")
    nodes = np.asarray(at_nodes.value)
    if nodes.ndim != 1 or not set(nodes.dtype.names or ()) >= NODE_FIELDS:
        at_nodes.refuse(f"must be records with the fields {', '.join(sorted(NODE_FIELDS))}")
    inner = nodes["is_leaf"] == 0
    feature = nodes["feature_idx"].astype(np.int64)
    if np.any(inner & ((feature < 0) | (feature >= len(columns)))):
        at_nodes.refuse(f"feature_idx: must be columns from 0 to {len(columns) - 1}")
    asks = inner & (nodes["is_categorical"] != 0)
    listed = _listed(place, nodes, asks)
    # Where none but missing values go left no category is listed: every code is above this threshold.
    threshold = np.where(asks, -np.inf, np.where(inner, nodes["num_threshold"], 0.0))
    threshold[[len(own) > 0 for own in listed]] = 0.0
    return at_nodes.tree(
        left=np.where(inner, nodes["left"].astype(np.int64), -1),
        right=np.where(inner, nodes["right"].astype(np.int64), -1),
        feature=np.where(inner, columns[np.where(inner, feature, 0)], -1).astype(np.int32),
        threshold=threshold,
        missing_left=inner & (nodes["missing_go_to_left"] != 0),
        value=nodes["value"].astype(np.float64),
        cover=nodes["count"].astype(np.float64),
        gain=np.where(inner, nodes["gain"], 0.0),
        **_sets(listed),
    )


def _listed(place: Fitted, nodes: NDArray[Any], asks: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """For each node the categories that go left; none where it asks about none."""
    none = np.zeros(0, dtype=np.intp)
    if not asks.any():
        return [none] * len(nodes)
    at_sets = place.child("raw_left_cat_bitsets")
    sets = at_sets.array("u", None, WORDS)
    if np.any(nodes["bitset_idx"][asks] >= len(sets)):
        at_sets.refuse(f"a node has set {nodes['bitset_idx'][asks].max()} of {len(sets)}")
    bits = (sets[:, :, np.newaxis] >> np.arange(WORD, dtype=np.uint32)) & 1
    bits = bits.reshape(len(sets), WORDS * WORD)
    return [np.flatnonzero(bits[own]) if asked else none for own, asked in zip(nodes["bitset_idx"], asks)]


def _sets(listed: list[NDArray[np.intp]]) -> dict[str, NDArray[np.intp]]:
    """Arguments of `Tree`: the categories of the nodes end to end."""
    start = np.concatenate([[0], np.cumsum([len(own) for own in listed])])
    return {"category_start": start, "categories": np.concatenate(listed)} if start[-1] else {}
