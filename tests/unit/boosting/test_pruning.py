"""Pruning from the leaves up: the slow twin, XOR, what is kept in sight, and that rows follow their leaves."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.pruning import leaves_after_pruning, prune
from mlx.tree import Tree
from mlx.tree.pruned import as_grown
from mlx.tree.record import GrowthRecord
from tests.reference import exact as reference
from tests.unit.boosting.test_exact import assert_same_tree, grown, table

f32 = np.float32
METHODS = ["hist", "approx", "exact"]


def xor(n=400, noise=0.05, seed=0):
    """The target hangs on whether two columns are equal: neither tells anything alone."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, size=(n, 2)).astype(f32)
    return X, (X[:, 0] != X[:, 1]) + noise * rng.normal(size=n)


def assert_same_arrays(a, b):
    for name in ("left", "right", "feature", "threshold", "missing_left", "value", "cover", "gain"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0, 1e6])
def test_trees_of_the_slow_twin(gamma):
    for seed in range(5):
        X, gradients = table(120, seed)
        _, tree = grown(X, gradients, 4)
        pruned, _ = prune(tree, f32(gamma), f32(1.0))
        nodes = reference.grow(X, *gradients.T, max_depth=4, min_child_weight=0.5)
        reference.prune(nodes[0], f32(gamma))
        assert_same_tree(pruned, reference.level_by_level(nodes[0]))


def test_picture():
    """The example of the file: a split of small gain stays where one below it gains enough."""
    gain = np.array([0.1, 5, 1, 0, 0, 0, 0], dtype=f32)
    tree = small_tree(gain)
    assert np.flatnonzero(leaves_after_pruning(tree, 2.0)).tolist() == [2, 3, 4, 5, 6]
    pruned, holder = prune(tree, 2.0, f32(0.5))
    assert pruned.left.tolist() == [1, 3, -1, -1, -1]
    assert pruned.gain.tolist() == [f32(0.1), 5, 0, 0, 0]
    assert holder.tolist() == [0, 1, 2, 3, 4, 2, 2]
    # Inner nodes have weights before the learning rate, 0.5; node 2 is a leaf now.
    assert pruned.value.tolist() == [0, 1, 1.0, 3, 4]


@pytest.mark.parametrize(("left", "right"), [(1, 5), (5, 1), (5, 5), (1, 1)])
def test_one_side_is_enough_to_keep_the_split_above(left, right):
    tree = small_tree(np.array([0.1, left, right, 0, 0, 0, 0], dtype=f32))
    pruned, _ = prune(tree, 2.0, f32(1))
    assert pruned.n_nodes == (1 if left == right == 1 else 3 + 2 * (left == 5) + 2 * (right == 5))


def small_tree(gain, **record):
    """Seven nodes, all levels full; node i has the value i."""
    n = 7
    left = np.array([1, 3, 5, -1, -1, -1, -1], dtype=np.int32)
    inner = left >= 0
    return Tree(
        left=left,
        right=np.where(inner, left + 1, -1).astype(np.int32),
        feature=np.where(inner, np.arange(n), -1).astype(np.int32),
        threshold=np.where(inner, 0.5, 0).astype(f32),
        missing_left=np.zeros(n, dtype=bool),
        value=np.arange(n, dtype=f32),
        cover=np.ones(n, dtype=f32),
        gain=gain,
        **record,
    )


def test_gain_of_exactly_gamma_stays():
    tree = small_tree(np.array([2, 2, 2, 0, 0, 0, 0], dtype=f32))
    assert prune(tree, 2.0, f32(1))[0] is tree
    assert prune(tree, np.nextafter(2.0, 3.0), f32(1))[0].n_nodes == 1


@pytest.mark.parametrize("method", METHODS)
def test_xor_needs_pruning_afterwards(method):
    """The first split gains nothing, those below it gain much: only what grows first, and prunes then, finds them."""
    X, y = xor()
    options = {"n_estimators": 1, "max_depth": 2, "gamma": 2.0, "learning_rate": 1.0, "tree_method": method}
    before = XGBRegressor(**options).fit(X, y)
    after = XGBRegressor(prune="post", **options).fit(X, y)
    assert after.tree_ensemble_.trees[0].n_nodes == 7
    assert after.score(X, y) > 0.95
    if method == "exact":
        np.testing.assert_array_equal(before.predict(X), after.predict(X))
    else:
        assert before.tree_ensemble_.trees[0].n_nodes == 1
        assert before.score(X, y) < 0.01
    assert XGBRegressor(prune="post", **{**options, "gamma": 200.0}).fit(X, y).tree_ensemble_.trees[0].n_nodes == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "options", [{}, {"grow_policy": "lossguide", "max_leaves": 12}], ids=["depthwise", "lossguide"]
)
def test_every_method_prunes_what_it_would_have_grown(method, options):
    """The first tree is that of gamma=0, pruned."""
    if method == "exact" and options:
        return
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 5))
    X[rng.random(X.shape) < 0.2] = np.nan
    y = np.nan_to_num(X[:, 0]) * np.nan_to_num(X[:, 1]) + 0.5 * rng.normal(size=500)
    options = {"n_estimators": 1, "tree_method": method, "learning_rate": 0.3, **options}
    whole = XGBRegressor(**options).fit(X, y).tree_ensemble_.trees[0]
    pruned = XGBRegressor(gamma=2.0, prune="post", **options).fit(X, y).tree_ensemble_.trees[0]
    assert 1 < pruned.n_nodes < whole.n_nodes
    assert_same_arrays(pruned, prune(whole, f32(2.0), f32(0.3))[0])


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:absoluteerror"])
@pytest.mark.parametrize("method", METHODS)
def test_margins_of_training_are_those_of_prediction(method, objective):
    """The second tree is grown on what the first one left over: the same as from its predictions."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 4)).astype(f32)
    y = (np.sin(3 * X[:, 0]) + rng.normal(size=600)).astype(f32)
    options = {"tree_method": method, "gamma": 4.0, "prune": "post", "objective": objective, "max_depth": 4}
    two = XGBRegressor(n_estimators=2, **options).fit(X, y)
    margin = XGBRegressor(n_estimators=1, **options).fit(X, y).predict(X, output_margin=True)
    other = XGBRegressor(n_estimators=1, **options).fit(X, y, base_margin=margin)
    assert two.tree_ensemble_.trees[0].n_nodes > 1
    assert_same_arrays(two.tree_ensemble_.trees[1], other.tree_ensemble_.trees[0])


def test_refused_candidate_and_record_of_a_pruned_node():
    X, gradients = table(150, 1)
    _, tree = grown(X, gradients, 4)
    pruned, holder = prune(tree, f32(3.0), f32(1.0))
    leaves = [n for n in range(tree.n_nodes) if not tree.is_leaf[n] and pruned.is_leaf[holder[n]]]
    tops = [n for n in leaves if n == np.flatnonzero(holder == holder[n])[0]]
    assert tops
    for node in tops:
        leaf, record = holder[node], pruned.record
        assert record.runner_up_feature[leaf] == tree.feature[node]
        assert record.runner_up_threshold[leaf] == tree.threshold[node]
        assert record.runner_up_missing_left[leaf] == tree.missing_left[node]
        assert record.runner_up_gain[leaf] == tree.gain[node] < 3.0
        assert record.sums[leaf].tolist() == tree.record.sums[node].tolist()
        assert record.missing_sums[leaf].tolist() == [0.0, 0.0]
    assert pruned.record.pruned == ()


def test_what_is_kept_makes_the_grown_tree_again():
    """`as_grown` puts every branch back; only the numbers of its nodes are others."""
    for seed in range(5):
        X, gradients = table(150, seed)
        _, tree = grown(X, gradients, 5)
        pruned, holder = prune(tree, f32(3.0), f32(0.3), keep_pruned=True)
        again, below = as_grown(pruned)
        assert again.n_nodes == tree.n_nodes
        # The same nodes where the same questions lead.
        pairs, waiting = {}, [(0, 0)]
        while waiting:
            a, b = waiting.pop()
            pairs[a] = b
            if tree.left[a] >= 0:
                waiting += [(tree.left[a], again.left[b]), (tree.right[a], again.right[b])]
        order = [pairs[node] for node in range(tree.n_nodes)]
        assert sorted(order) == list(range(tree.n_nodes))
        for name in ("feature", "threshold", "missing_left", "value", "cover", "gain"):
            np.testing.assert_array_equal(getattr(again, name)[order], getattr(tree, name), err_msg=name)
        for name in ("sums", "missing_sums", "runner_up_feature", "runner_up_threshold", "runner_up_gain"):
            expected = getattr(tree.record, name)
            np.testing.assert_array_equal(getattr(again.record, name)[order], expected, err_msg=name)
        gone = [pairs[n] for n in range(tree.n_nodes) if pruned.is_leaf[holder[n]] and (holder == holder[n]).sum() > 1]
        assert sorted(gone) == below.tolist()
        Tree(**{name: getattr(again, name) for name in again.__dataclass_fields__})  # passes every check


def test_categories_stay_with_their_nodes():
    """Nodes 0 and 2 ask about categories, and so does the candidate of node 1."""
    record = GrowthRecord(
        sums=np.ones((7, 2)),
        missing_sums=np.zeros((7, 2)),
        runner_up_feature=np.array([-1, 4, -1, -1, -1, -1, -1], dtype=np.int32),
        runner_up_threshold=np.zeros(7, dtype=f32),
        runner_up_missing_left=np.zeros(7, dtype=bool),
        runner_up_gain=np.zeros(7, dtype=f32),
        runner_up_category_start=np.array([0, 0, 2, 2, 2, 2, 2, 2], dtype=np.int32),
        runner_up_categories=np.array([8, 9], dtype=np.int32),
    )
    tree = small_tree(
        np.array([0.1, 5, 1, 0, 0, 0, 0], dtype=f32),
        category_start=np.array([0, 2, 2, 5, 5, 5, 5, 5], dtype=np.int32),
        categories=np.array([1, 3, 0, 2, 5], dtype=np.int32),
        record=record,
    )
    pruned, _ = prune(tree, 2.0, f32(1), keep_pruned=True)
    assert pruned.category_start.tolist() == [0, 2, 2, 2, 2, 2]
    assert pruned.categories.tolist() == [1, 3]
    assert pruned.record.candidate_categories(1) == [8, 9]
    assert pruned.record.candidate_categories(2) == [0, 2, 5]
    again, _ = as_grown(pruned)
    np.testing.assert_array_equal(again.category_start, tree.category_start)
    np.testing.assert_array_equal(again.categories, tree.categories)
    assert again.record.candidate_categories(1) == [8, 9]
    assert again.record.candidate_categories(2) == []


@pytest.mark.parametrize("method", ["hist", "exact"])
def test_kept_branches_are_shown(method):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 4))
    y = X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=400)
    options = {"n_estimators": 3, "max_depth": 4, "gamma": 6.0, "prune": "post", "tree_method": method}
    kept, plain = (XGBRegressor(keep_pruned=keep, **options).fit(X, y) for keep in (True, False))
    np.testing.assert_array_equal(kept.predict(X), plain.predict(X))
    frame, without = kept.trees_to_dataframe(), plain.trees_to_dataframe()
    own = frame[~frame["Pruned"]].drop(columns="Pruned").reset_index(drop=True)
    assert own.equals(without)
    gone = frame[frame["Pruned"] & (frame["Feature"] != "Leaf")]
    assert len(gone)
    assert (gone["Gain"] < 6.0).all()
    # Text: the library's lines, and the pruned ones below.
    for number, tree in enumerate(kept.tree_ensemble_.trees):
        head, _, below = kept.to_text(number).partition("pruned:\n")
        assert head == plain.to_text(number)
        shown = sorted(int(line.split(":")[0]) for line in below.splitlines())
        assert shown == as_grown(tree)[1].tolist()
        for node in shown:
            if node >= tree.n_nodes:
                assert str(kept.explain_node(number, node)).startswith(f"tree {number}, node {node}:")
        for branch in tree.record.pruned:
            assert "pruned" in str(kept.explain_node(number, branch.leaf))
    with pytest.raises(ValueError, match="has nodes 0 to"):
        plain.explain_node(0, 500)


def test_keeping_without_pruning_changes_nothing():
    X, y = xor()
    kept = XGBClassifier(n_estimators=2, keep_pruned=True).fit(X, y > 0.5)
    frame = kept.trees_to_dataframe()
    assert not frame["Pruned"].any()
    assert "pruned" not in kept.to_text()
