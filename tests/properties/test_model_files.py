"""Any ensemble that xgboost's file can hold comes back from it the same, in either form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.tree import Tree, TreeEnsemble
from mlx.tree.json_text import write_json
from mlx.tree.ubjson import write_ubjson
from mlx.tree.xgboost_document import XGBoostModel, margin_of, read_xgboost, xgboost_document
from mlx.tree.xgboost_tree import LARGEST_CATEGORY

N_FEATURES = 5
SPECIAL = np.array([0.0, -0.0, 1e-45, -1e-38, 3.4e38, -3.4e38, 0.1, 16_777_216.0], dtype=np.float32)


def random_tree(rng, n_inner, n_values, breadth_first):
    """A tree of n_inner questions; siblings side by side only if `breadth_first`."""
    pairs = []
    unasked = [0]
    for _ in range(n_inner):
        node = unasked.pop(0 if breadth_first else rng.integers(len(unasked)))
        pairs.append(node)
        unasked += [2 * len(pairs) - 1, 2 * len(pairs)]
    n_nodes = 2 * n_inner + 1
    left = np.full(n_nodes, -1, dtype=np.int32)
    left[pairs] = 1 + 2 * np.arange(n_inner)
    right = np.where(left >= 0, left + 1, -1)
    if not breadth_first:
        # Exchange right children: those of two questions whose children both come after both of them.
        for a, b in zip(pairs[::2], pairs[1::2]):
            if max(a, b) < min(right[a], right[b]):
                right[a], right[b] = right[b], right[a]
    leaf = left < 0
    numbers = np.where(rng.random(n_nodes) < 0.3, rng.choice(SPECIAL, n_nodes), rng.normal(size=n_nodes))
    value = rng.normal(size=(n_nodes, n_values)).astype(np.float32)
    sizes = np.where(~leaf & (rng.random(n_nodes) < 0.3), rng.integers(1, 4, n_nodes), 0)
    codes = [np.sort(rng.choice(12, size, replace=False)) for size in sizes]
    codes = np.concatenate(codes).astype(np.int32)
    codes[codes == 11] = LARGEST_CATEGORY
    asked = np.where(leaf | (sizes > 0), 0, numbers).astype(np.float32)
    return Tree(
        left=left,
        right=right.astype(np.int32),
        feature=np.where(leaf, -1, rng.integers(0, N_FEATURES, n_nodes)).astype(np.int32),
        threshold=asked,
        missing_left=~leaf & (rng.random(n_nodes) < 0.5),
        value=value if n_values > 1 else value[:, 0],
        cover=rng.random(n_nodes).astype(np.float32),
        gain=np.where(leaf, 0, rng.random(n_nodes)).astype(np.float32),
        category_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32) if sizes.any() else None,
        categories=codes if sizes.any() else None,
    )


def random_model(seed):
    """Of any kind that the file knows: one output or three, trees per output, with weights or none, or vectors."""
    rng = np.random.default_rng(seed)
    n_outputs, vectors, n_rounds = rng.choice([1, 3]), rng.random() < 0.3, rng.integers(0, 4)
    vectors = bool(vectors and n_outputs > 1)
    per_round = 1 if vectors else n_outputs
    n_trees = int(n_rounds * per_round)
    ordered = rng.random() < 0.5
    trees = [random_tree(rng, rng.integers(0, 9), n_outputs if vectors else 1, ordered) for _ in range(n_trees)]
    link = rng.choice(["identity", "logit", "log", "softmax"] if n_outputs > 1 else ["identity", "logit", "log"])
    names = {
        "identity": "reg:squarederror",
        "logit": "binary:logistic",
        "log": "reg:gamma",
        "softmax": "multi:softprob",
    }
    base_score = rng.uniform(0.01, 0.99, n_outputs).astype(np.float32)
    weighted = rng.random() < 0.3 and not vectors
    ensemble = TreeEnsemble(
        trees,
        n_features=N_FEATURES,
        n_outputs=int(n_outputs),
        base_score=margin_of(base_score, link).astype(np.float64),
        link=str(link),
        tree_weight=rng.normal(size=n_trees).astype(np.float32).astype(float) if weighted else None,
        tree_output=None if vectors else (np.arange(n_trees) % n_outputs).astype(np.int32),
        feature_names=list("abcdé") if rng.random() < 0.5 else None,
    )
    return XGBoostModel(
        ensemble=ensemble,
        objective=names[link],
        base_score=base_score,
        n_classes=int(n_outputs) if link == "softmax" else 0,
        round_start=np.arange(0, n_trees + 1, per_round),
        objective_parameters={"any_param": {"x": "1"}},
        attributes={"a": 'quotes " \\ and\nlines', "é": "日本"},
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ensembles_come_back_the_same(seed):
    model = random_model(seed)
    rng = np.random.default_rng(seed)
    X = rng.choice(np.concatenate([SPECIAL, np.arange(-2, 14), [np.nan, LARGEST_CATEGORY]]), size=(30, N_FEATURES))
    X = np.where(rng.random(X.shape) < 0.5, X, rng.normal(size=X.shape)).astype(np.float32)
    margin = model.ensemble.margin(X)
    for write in (write_json, write_ubjson):
        data = write(xgboost_document(model))
        read = read_xgboost(data)
        assert np.array_equal(read.ensemble.margin(X), margin)
        assert read.attributes == model.attributes and read.objective == model.objective
        assert read.ensemble.feature_names == model.ensemble.feature_names
        assert read.ensemble.link == model.ensemble.link
        for mine, theirs in zip(model.ensemble.trees, read.ensemble.trees):
            assert np.array_equal(np.sort(mine.cover), np.sort(theirs.cover))
            inner = ~theirs.is_leaf
            assert np.array_equal(theirs.right[inner], theirs.left[inner] + 1)
        assert write(xgboost_document(read)) == data


def test_weights_of_vectors_are_refused():
    model = next(model for model in map(random_model, range(100)) if np.any(model.ensemble.tree_output < 0))
    xgboost_document(model)
    weighted = replace(model.ensemble, tree_weight=np.full(model.ensemble.n_trees, 0.5))
    for refused in (model._replace(booster="dart"), model._replace(ensemble=weighted)):
        with pytest.raises(ValueError, match="tree_weight"):
            xgboost_document(refused)
