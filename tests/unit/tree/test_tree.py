"""Trees as flat arrays: what they refuse, and what they answer."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mlx.tree import Tree, TreeEnsemble
from tests.reference import tree as reference

PARTS = {
    "left": [1, -1, 3, -1, -1],
    "right": [2, -1, 4, -1, -1],
    "feature": [2, -1, 0, -1, -1],
    "threshold": np.array([0.5, 0, 7, 0, 0], dtype=np.float32),
    "missing_left": np.array([True, False, False, False, False]),
    "value": np.array([0.4, 0.3, 0.5, -1, 2], dtype=np.float32),
    "cover": np.array([10.0, 4, 6, 3, 3]),
    "gain": np.array([8.0, 0, 5, 0, 0]),
}


def a_tree(**changes):
    return Tree(**{**PARTS, **changes})


BAD = {
    "empty": ({name: np.asarray(part)[:0] for name, part in PARTS.items()}, "left"),
    "short threshold": ({"threshold": PARTS["threshold"][:4]}, "threshold"),
    "one child": ({"right": [2, -1, -1, -1, -1]}, "node 2 has one child"),
    "child is not there": ({"right": [2, -1, 5, -1, -1]}, "right: node 2"),
    "child before its parent": ({"left": [1, -1, 0, -1, -1]}, "left: node 2"),
    "own child": ({"left": [1, -1, 2, -1, -1]}, "left: node 2"),
    "two parents": (
        {"left": [1, -1, 3, -1, -1], "right": [2, -1, 3, -1, -1]},
        "node 3 must be the child of exactly one",
    ),
    "child below -1": ({"left": [1, -2, 3, -1, -1], "right": [2, -2, 4, -1, -1]}, "node 1 has a child below -1"),
    "question without a column": ({"feature": [-1, -1, 0, -1, -1]}, "feature: node 0"),
    "leaf with a column": ({"feature": [2, 0, 0, -1, -1]}, "feature: node 1 is a leaf"),
    "threshold nan": ({"threshold": np.array([np.nan, 0, 7, 0, 0])}, "threshold: node 0"),
    "value inf": ({"value": np.array([0, 0, 0, 0, np.inf])}, "value: node 4"),
    "vector value nan": ({"value": np.array([[0, 0], [0, np.nan], [0, 0], [0, 0], [0, 0]])}, "value: node 1"),
    "cover negative": ({"cover": np.array([10.0, 4, -6, 3, 3])}, "cover: node 2 is negative"),
    "gain nan": ({"gain": np.array([np.nan, 0, 5, 0, 0])}, "gain: node 0"),
    "children are floats": ({"left": [1.0, -1, 3, -1, -1]}, "left: must hold integers"),
    "child beyond 32 bits": ({"left": np.array([2**32, -1, 3, -1, -1])}, "32 bits"),
    "sides are integers": ({"missing_left": [1, 0, 0, 0, 0]}, "missing_left: must hold booleans"),
    "value is text": ({"value": np.array(["a"] * 5)}, "value: must hold numbers"),
    "categories alone": ({"categories": [1]}, "together"),
    "categories at a leaf": ({"category_start": [0, 0, 1, 1, 1, 1], "categories": [3]}, "node 1 is a leaf"),
    "categories do not rise": ({"category_start": [0, 2, 1, 1, 1, 1], "categories": [3]}, "must rise"),
    "negative category": ({"category_start": [0, 1, 1, 1, 1, 1], "categories": [-3]}, "must not be negative"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_tree_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        a_tree(**changes)


def test_tree_tells_about_itself():
    tree = a_tree()
    assert (tree.n_nodes, tree.n_leaves) == (5, 3)
    assert tree.is_leaf.tolist() == [False, True, False, True, True]
    assert tree.depth.tolist() == [0, 1, 1, 2, 2]
    assert tree.left.dtype == np.int32
    with pytest.raises(AttributeError):
        tree.left = None


def test_arrays_are_copied():
    value = PARTS["value"].copy()
    tree = a_tree(value=value)
    value[:] = 0
    assert tree.value[4] == 2


def test_a_grown_tree_takes_its_arrays_as_they_are():
    tree = a_tree()
    grown = Tree.grown(**{name: getattr(tree, name) for name in PARTS})
    assert all(getattr(grown, name) is getattr(tree, name) for name in PARTS)
    assert grown.categories is None
    assert grown.record is None
    with pytest.raises(AttributeError):
        grown.left = None
    assert pickle.loads(pickle.dumps(grown)).value.tolist() == tree.value.tolist()
    assert replace(grown, gain=np.ones(5)).gain.tolist() == [1.0] * 5
    with pytest.raises(ValueError, match="too large"):
        Tree.grown(**{**{name: getattr(tree, name) for name in PARTS}, "value": np.array([0, 0, 0, 0, np.inf])})


BAD_ENSEMBLES = {
    "too few columns": ({"n_features": 2}, "column 2 of 2"),
    "no columns": ({"n_features": 0}, "n_features"),
    "columns and a half": ({"n_features": 3.5}, "n_features=3.5"),
    "half an output": ({"n_outputs": 0.5}, "n_outputs=0.5"),
    "unknown link": ({"link": "probit"}, "link='probit'"),
    "unknown comparison": ({"comparison": ">"}, "comparison"),
    "base scores": ({"base_score": [1.0, 2.0]}, "base_score"),
    "base score nan": ({"base_score": np.nan}, "base_score"),
    "weights": ({"tree_weight": [1.0]}, "tree_weight"),
    "weight nan": ({"tree_weight": [1.0, np.nan]}, "tree_weight"),
    "output": ({"tree_output": [0, 1]}, "tree_output: tree 1"),
    "output of a vector": ({"tree_output": [0, -1]}, "tree_output: tree 1"),
    "mean of nothing": ({"n_outputs": 2, "aggregation": "mean"}, "mean"),
    "names": ({"feature_names": ["a"]}, "feature_names"),
    "scale of the link": ({"link_scale": 0.0}, "link_scale=0.0"),
    "zeros of too few columns": ({"zero_is_missing": np.array([True])}, "zero_is_missing: shape"),
    "zeros that are numbers": ({"zero_is_missing": [1, 0, 0]}, "zero_is_missing: must hold booleans"),
    "categories of too few columns": ({"category_values": [["a"]]}, "category_values: 1 columns"),
    "a category twice": ({"category_values": [["a", "b", "a"], None, None]}, "column 0 lists a category twice"),
    "unknown input": ({"category_input": "text"}, "category_input='text'"),
    "unknown filling": ({"unstored": "mean"}, "unstored='mean'"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_ENSEMBLES.values(), ids=BAD_ENSEMBLES)
def test_ensemble_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        TreeEnsemble(**{"trees": (a_tree(), a_tree()), "n_features": 3, **changes})


def random_tree(rng, n_features, n_splits, *, n_values=None, categorical=False):
    """A tree grown by splitting random leaves; half of its questions are about categories, if wanted."""
    left, right, feature = [-1], [-1], [-1]
    for _ in range(n_splits):
        node = rng.choice([i for i in range(len(left)) if left[i] < 0])
        left[node], right[node], feature[node] = len(left), len(left) + 1, int(rng.integers(n_features))
        left += [-1, -1]
        right += [-1, -1]
        feature += [-1, -1]
    n = len(left)
    inner = np.array(left) >= 0
    sizes = np.where(inner & categorical & (rng.random(n) < 0.5), rng.integers(1, 4, n), 0)
    parts = {"category_start": np.concatenate([[0], np.cumsum(sizes)]), "categories": rng.integers(0, 5, sizes.sum())}
    return Tree(
        left,
        right,
        feature,
        np.where(inner, rng.integers(-2, 6, n), 0).astype(np.float32),
        inner & (rng.random(n) < 0.5),
        rng.normal(size=n if n_values is None else (n, n_values)).astype(np.float32),
        np.ones(n),
        np.zeros(n),
        **(parts if categorical else {}),
    )


@pytest.mark.parametrize("aggregation", ["sum", "mean"])
@pytest.mark.parametrize("comparison", ["<", "<="])
@pytest.mark.parametrize("input_dtype", ["float32", "float64"])
@pytest.mark.parametrize("unlisted", ["left", "right"])
def test_margin_and_leaves_are_the_slow_twins(aggregation, comparison, input_dtype, unlisted):
    rng = np.random.default_rng(0)
    trees = [random_tree(rng, 4, 12, categorical=True) for _ in range(6)]
    trees += [random_tree(rng, 4, 5, n_values=2), random_tree(rng, 4, 0)]
    ensemble = TreeEnsemble(
        trees,
        4,
        n_outputs=2,
        base_score=[0.5, -1.0],
        tree_weight=rng.uniform(0.5, 2, 8),
        tree_output=[0, 1, 0, 1, 0, 1, -1, 1],
        aggregation=aggregation,
        comparison=comparison,
        input_dtype=input_dtype,
        unlisted_category=unlisted,
    )
    X = rng.integers(-3, 7, size=(200, 4)).astype(float)
    X[:50] += 0.5
    X[rng.random(X.shape) < 0.2] = np.nan
    tolerance = 1e-5 if input_dtype == "float32" else 1e-12
    np.testing.assert_allclose(ensemble.margin(X), reference.margin(ensemble, X), atol=tolerance)
    leaves = ensemble.apply(X)
    for t, tree in enumerate(trees):
        assert leaves[:, t].tolist() == [reference.leaf_of(tree, row, comparison, unlisted) for row in X]


@pytest.mark.parametrize("missing", [0.0, 0.01])
@pytest.mark.parametrize("comparison", ["<", "<="])
def test_rows_that_walk_in_step_are_the_slow_twins(comparison, missing):
    """Thresholds that are no float32, or are one that rows have; infinite values; leaves at every depth."""
    rng = np.random.default_rng(3)
    trees = [random_tree(rng, 4, n) for n in (0, 1, 14, 15, 31)]
    thirds = [replace(t, threshold=np.where(t.is_leaf, 0, rng.integers(-6, 9, t.n_nodes) / 3)) for t in trees]
    parts = {"n_outputs": 2, "tree_output": [0, 1, 0, 1, 1], "tree_weight": rng.uniform(0.5, 2, 5)}
    ensemble = TreeEnsemble(thirds, 4, comparison=comparison, **parts)
    X = (rng.integers(-7, 10, size=(300, 4)) / 3).astype(np.float32)
    X[rng.random(X.shape) < 0.05] = np.inf
    X[rng.random(X.shape) < 0.05] = -np.inf
    X[:100][rng.random((100, 4)) < missing] = np.nan
    np.testing.assert_allclose(ensemble.margin(X), reference.margin(ensemble, X), atol=1e-5)


@pytest.mark.parametrize("input_dtype", ["float32", "float64"])
@pytest.mark.parametrize("comparison", ["<", "<="])
def test_infinite_thresholds(comparison, input_dtype):
    """They part missing values from all numbers, infinite ones too."""
    column = np.array([-np.inf, -1e38, 0, 1e38, np.inf, np.nan])
    trees = []
    for threshold in (np.inf, -np.inf):
        for side in (False, True):
            changes = {"threshold": np.array([threshold, 0, 0, 0, 0]), "missing_left": np.array([side] + [False] * 4)}
            trees.append(a_tree(feature=[0, -1, 0, -1, -1], **changes))
    ensemble = TreeEnsemble(trees, 1, comparison=comparison, input_dtype=input_dtype)
    for t, tree in enumerate(trees):
        expected = [reference.leaf_of(tree, [x], comparison) for x in column]
        assert ensemble.apply(column[:, np.newaxis])[:, t].tolist() == expected


def test_a_value_on_the_threshold():
    X = [[0.0, 0.0, 0.5]]
    assert TreeEnsemble((a_tree(),), 3).apply(X)[0, 0] == 3
    assert TreeEnsemble((a_tree(),), 3, comparison="<=").apply(X)[0, 0] == 1


def test_rows_are_rounded_before_they_are_compared():
    """0.1 in float64 is less than 0.1 in float32; rounded to float32 it is not."""
    tree = a_tree(threshold=np.array([0.1, 0, 7, 0, 0], dtype=np.float32))
    X = [[0.0, 0.0, 0.1]]
    assert TreeEnsemble((tree,), 3).apply(X)[0, 0] == 3
    assert TreeEnsemble((tree,), 3, input_dtype="float64").apply(X)[0, 0] == 1


def test_rows_are_checked():
    with pytest.raises(ValueError, match="X: shape"):
        TreeEnsemble((a_tree(),), 3).margin([[1.0, 2.0]])
    with pytest.raises(ValueError, match="missing"):
        TreeEnsemble((a_tree(),), 3, missing="refused").apply([[np.nan, 0.0, 0.0]])


def test_threads_selection_and_pickle():
    rng = np.random.default_rng(1)
    trees = [random_tree(rng, 3, 10) for _ in range(5)]
    ensemble = TreeEnsemble(trees, 3, feature_names=["a", "b", "c"])
    X = rng.normal(size=(50_000, 3))
    margin = ensemble.margin(X)
    np.testing.assert_array_equal(margin, ensemble.margin(X, n_threads=2))
    parts = ensemble.select([0, 1]).margin(X) + ensemble.select([2, 3, 4]).margin(X)
    np.testing.assert_allclose(parts, margin, atol=1e-5)
    np.testing.assert_array_equal(ensemble.select(np.arange(5) < 2).margin(X), ensemble.select([0, 1]).margin(X))
    assert [t is trees[2] for t in ensemble.select([4, 2, -3]).trees] == [False, True, True]
    again = pickle.loads(pickle.dumps(ensemble))
    assert "flat" not in again.__dict__
    assert again.feature_names == ("a", "b", "c")
    np.testing.assert_array_equal(again.margin(X), margin)


@pytest.mark.parametrize("chosen", [[5], [-6], [0.0], [True, False], [[0]], 0, "ab"])
def test_selection_refuses(chosen):
    ensemble = TreeEnsemble([a_tree()] * 5, 3)
    with pytest.raises(ValueError, match="chosen"):
        ensemble.select(chosen)


def test_a_mean_of_no_trees_is_not_selected():
    with pytest.raises(ValueError, match="mean"):
        TreeEnsemble([a_tree()], 3, aggregation="mean").select([])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_rows_of_every_type_order_and_number(dtype):
    """Tables that are copied part by part predict as one float32 table does."""
    rng = np.random.default_rng(5)
    ensemble = TreeEnsemble([random_tree(rng, 3, 10) for _ in range(3)], 3)
    X = rng.integers(-3, 7, size=(10_000, 3)).astype(dtype)
    expected = ensemble.margin(X.astype(np.float32))
    for table in (X, np.asfortranarray(X), X[::-1][::-1], X.tolist()):
        np.testing.assert_array_equal(ensemble.margin(table), expected)
    for n in (0, 1, 63, 64, 65, 4097):
        np.testing.assert_array_equal(ensemble.margin(X[:n]), expected[:n])


@pytest.mark.parametrize("of", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_array])
def test_what_a_sparse_matrix_does_not_store_is_missing(of):
    rng = np.random.default_rng(6)
    ensemble = TreeEnsemble([random_tree(rng, 6, 20) for _ in range(3)], 6)
    dense = rng.integers(-2, 3, size=(9_000, 6)).astype(float)
    there = rng.random(dense.shape) < 0.5
    stored = of((dense[there], np.nonzero(there)), shape=dense.shape)
    filled = np.where(there, dense, np.nan)
    np.testing.assert_array_equal(ensemble.margin(stored), ensemble.margin(filled))
    np.testing.assert_array_equal(ensemble.apply(stored, n_threads=2), ensemble.apply(filled))
    assert (stored.toarray()[there] == 0).any()


def test_what_a_sparse_matrix_does_not_store_may_be_zero():
    rng = np.random.default_rng(6)
    ensemble = TreeEnsemble([random_tree(rng, 6, 20) for _ in range(3)], 6, unstored="zero")
    dense = rng.integers(-2, 3, size=(500, 6)).astype(float)
    np.testing.assert_array_equal(ensemble.margin(sparse.csr_array(dense)), ensemble.margin(dense))


def test_a_zero_may_be_missing_in_some_columns():
    rng = np.random.default_rng(8)
    trees = [random_tree(rng, 3, 20) for _ in range(3)]
    X = rng.integers(-2, 3, size=(500, 3)).astype(float)
    X[:9, 0], X[:9, 1] = 1e-36, -1e-36
    given = X.copy()
    ensemble = TreeEnsemble(trees, 3, input_dtype="float64", zero_is_missing=np.array([True, False, True]))
    filled = np.where((np.abs(X) < 1e-35) & [True, False, True], np.nan, X)
    expected = TreeEnsemble(trees, 3, input_dtype="float64").margin(filled)
    np.testing.assert_array_equal(ensemble.margin(X), expected)
    np.testing.assert_array_equal(X, given)


DOUBLE = {"input_dtype": "float64"}


@pytest.mark.parametrize(("link", "expected"), [("identity", 1.5), ("logit", 1 / (1 + np.exp(-3))), ("log", np.e**3)])
def test_prediction_is_the_inverse_link_of_the_scaled_margin(link, expected):
    ensemble = TreeEnsemble((), 1, base_score=1.5, link=link, link_scale=1.0 if link == "identity" else 2.0, **DOUBLE)
    np.testing.assert_allclose(ensemble.predict([[0.0]]), [[expected]], rtol=1e-12)


def test_prediction_of_classes_adds_up_to_one():
    ensemble = TreeEnsemble((), 1, n_outputs=3, base_score=[0.0, np.log(2), 800.0], link="softmax", **DOUBLE)
    np.testing.assert_allclose(ensemble.predict([[0.0]]), [[0, 0, 1]], atol=1e-12)
    ensemble = TreeEnsemble((), 1, n_outputs=2, base_score=[0.0, np.log(4)], link="softmax", link_scale=0.5, **DOUBLE)
    np.testing.assert_allclose(ensemble.predict([[0.0]]), [[1 / 3, 2 / 3]], rtol=1e-12)


def about_categories(**rules):
    """Column 1: categories 1 and 2 go left, others right; missing ones left."""
    tree = Tree(
        [1, -1, -1], [2, -1, -1], [1, -1, -1], np.zeros(3), np.array([True, False, False]),
        np.array([0.0, 1.0, 2.0]), np.ones(3), np.zeros(3), category_start=[0, 2, 2, 2], categories=[1, 2],
    )  # fmt: skip
    names = [None, ["red", "green", "blue"]]
    return TreeEnsemble((tree,), 2, unlisted_category="right", category_values=names, **rules)


def test_a_frame_is_encoded_by_the_names_of_its_categories():
    pandas = pytest.importorskip("pandas")
    column = pandas.Categorical(["blue", "green", "yellow", None, "red"], categories=["yellow", "green", "red", "blue"])
    frame = pandas.DataFrame({"x": np.arange(5.0), "c": column})
    for rules in ({}, {"category_input": "value"}):
        assert about_categories(**rules).margin(frame)[:, 0].tolist() == [1, 1, 1, 1, 2]
    with pytest.raises(ValueError, match="column 'c' holds categories; the ensemble knows of none"):
        replace(about_categories(), category_values=None).margin(frame)


def test_a_table_holds_codes_or_the_categories_themselves():
    codes = np.array([[0.0, 2.0], [0.0, 0.0], [0.0, 9.0], [0.0, np.nan]])
    assert about_categories().margin(codes)[:, 0].tolist() == [1, 2, 2, 1]
    table = np.array([[0.0, "blue"], [1, "red"], [2, "yellow"], [3, None], [4, np.nan]], dtype=object)
    assert about_categories(category_input="value").margin(table)[:, 0].tolist() == [1, 2, 1, 1, 1]
    numbers = replace(about_categories(category_input="value"), category_values=[None, [3.0, 5.0, 7.5]])
    assert numbers.margin([[0, 7.5], [0, 3], [0, 0], [0, np.nan]])[:, 0].tolist() == [1, 2, 1, 1]
    with pytest.raises(ValueError, match="X: shape"):
        numbers.margin([[0.0, 1.0, 2.0]])


def test_no_trees():
    ensemble = TreeEnsemble((), 2, n_outputs=2, base_score=[1.0, 2.0])
    assert ensemble.margin(np.zeros((3, 2))).tolist() == [[1.0, 2.0]] * 3
    assert ensemble.apply(np.zeros((3, 2))).shape == (3, 0)


@pytest.mark.parametrize("unlisted", ["left", "right"])
def test_categories_of_every_size(unlisted):
    """Sets of bits and lists of large categories; codes that are none: negative, fractions, infinite, huge."""
    rng = np.random.default_rng(7)
    codes = [[0, 31, 32, 63], [16_777_215, 3, 5_000_000], [2**31 - 1, 2**24, 7], [70_000], [64], []]
    trees = []
    for listed in codes:
        tree = random_tree(rng, 2, 1)
        parts = {"category_start": [0] + [len(listed)] * 3, "categories": np.array(listed, dtype=np.int64)}
        trees += [replace(tree, missing_left=np.array([side, False, False]), **parts) for side in (False, True)]
    ensemble = TreeEnsemble(trees, 2, unlisted_category=unlisted)
    values = [0, 1, 3, 7, 31, 32, 62, 63, 64, 64.5, 65, 95, 96, 128, 5e6, 70_000, 70_001, 2**24 - 1, 2**24, 2.0**31]
    column = np.array([*values, *(-v for v in values), -0.5, np.inf, -np.inf, np.nan], dtype=np.float32)
    X = np.stack([column, column], axis=1)
    leaves = ensemble.apply(X)
    for t, tree in enumerate(trees):
        assert leaves[:, t].tolist() == [reference.leaf_of(tree, row, "<", unlisted) for row in X]


def test_lists_of_large_categories_take_no_more_room_than_they_are_long():
    n = 2_000
    chain = Tree(
        [i for j in range(n) for i in (2 * j + 1, -1)] + [-1],
        [i for j in range(n) for i in (2 * j + 2, -1)] + [-1],
        [i for _ in range(n) for i in (0, -1)] + [-1],
        np.zeros(2 * n + 1),
        np.zeros(2 * n + 1, dtype=bool),
        np.arange(2 * n + 1.0),
        np.ones(2 * n + 1),
        np.zeros(2 * n + 1),
        category_start=[0, *(i // 2 + 1 for i in range(2 * n)), n],
        categories=np.full(n, 2**31 - 1),
    )
    _, sets = TreeEnsemble((chain,), 1).flat
    assert sets.words.nbytes < 100 * n
