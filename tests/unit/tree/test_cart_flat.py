"""The quick way from CART trees to the flat view, against the way that all trees can go."""

import numpy as np
import pytest

from mlx.tree.cart_flat import flatten_cart
from mlx.tree.cart_tree import CartTree, cart_ensemble
from mlx.tree.prediction import find_leaves
from tests.reference.tree import leaf_of

INF = np.inf


def random_tree(seed, n_splits=60, n_features=3, n_values=2):
    """A tree grown by splitting leaves at random, at thresholds that are, and that are not, numbers of float32."""
    rng = np.random.default_rng(seed)
    left, right, feature, threshold, missing = [-1], [-1], [-2], [-2.0], [0]
    for _ in range(n_splits):
        leaf = rng.choice([node for node in range(len(left)) if left[node] < 0])
        left[leaf], right[leaf] = len(left), len(left) + 1
        feature[leaf], missing[leaf] = rng.integers(n_features), rng.integers(2)
        threshold[leaf] = rng.choice([rng.standard_normal(), np.float64(np.float32(rng.standard_normal())), 0.0, INF])
        for column, value in ((left, -1), (right, -1), (feature, -2), (threshold, -2.0), (missing, 0)):
            column += [value, value]
    n = len(left)
    return CartTree(
        n_features=n_features,
        n_classes=np.array([n_values]),
        max_depth=depth_of(left, right),
        children_left=np.array(left, dtype=np.int64),
        children_right=np.array(right, dtype=np.int64),
        feature=np.array(feature, dtype=np.int64),
        threshold=np.array(threshold),
        impurity=np.zeros(n),
        n_node_samples=np.ones(n, dtype=np.int64),
        weighted_n_node_samples=np.ones(n),
        value=rng.random((n, 1, n_values)),
        missing_go_to_left=np.array(missing, dtype=np.uint8),
    )


def depth_of(left, right, node=0):
    return 0 if left[node] < 0 else 1 + max(depth_of(left, right, left[node]), depth_of(left, right, right[node]))


TREES = [random_tree(seed, n_splits) for seed, n_splits in enumerate([60, 1, 0, 200, 7])]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_view_is_that_of_all_trees(n_threads):
    expected, _ = cart_ensemble(TREES).flat
    flat = flatten_cart(TREES, n_threads)
    np.testing.assert_array_equal(flat.root, expected.root)
    np.testing.assert_array_equal(flat.n_steps, expected.n_steps)
    np.testing.assert_array_equal(flat.output, expected.output)
    # The nodes of a tree stand in another order; each asks the same, and has the same children.
    tree = np.repeat(flat.root, np.diff(np.r_[flat.root, len(flat.child)]))
    mine, theirs = np.lexsort((flat.number, tree)), np.lexsort((expected.number, tree))
    place = np.empty(len(mine), dtype=np.int64)
    place[theirs] = mine
    leaf = expected.child == np.arange(len(place))
    for name in ("column", "threshold", "number"):
        one, other = getattr(flat, name), getattr(expected, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one[place], other, err_msg=name)
    np.testing.assert_array_equal(flat.value[place][leaf], expected.value[leaf])
    np.testing.assert_array_equal(flat.child[place], place[expected.child])
    np.testing.assert_array_equal(flat.child[place][~leaf] + 1, place[expected.child[~leaf] + 1])


def test_rows_reach_the_leaves_that_the_slow_twin_says():
    thresholds = np.concatenate([tree.threshold for tree in TREES])
    rng = np.random.default_rng(1)
    # On the thresholds, beside them, and missing.
    X = rng.choice(thresholds[np.isfinite(thresholds)], (300, 3)).astype(np.float32)
    X = np.where(rng.random(X.shape) < 0.3, np.nextafter(X, rng.choice([-1, 1], X.shape).astype(np.float32)), X)
    X[rng.random(X.shape) < 0.2] = np.nan
    leaves = np.empty((300, len(TREES)), dtype=np.int32)
    find_leaves(X, flatten_cart(TREES), None, leaves)
    trees = cart_ensemble(TREES).trees
    assert leaves.tolist() == [[leaf_of(tree, row, "<=") for tree in trees] for row in X]
