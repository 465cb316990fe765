"""Grown trees: equal to the slow twin's, and the same bits for any number of threads and owners."""

import numpy as np
import pytest

from mlx.boosting.binning import bin_table
from mlx.boosting.booster import boost
from mlx.boosting.frontier import FIRST_CAPACITY, Workspace
from mlx.boosting.growing import Growth, GrowthSettings, HistGrower
from mlx.boosting.grown_tree import trees_of_nodes
from mlx.boosting.growth_policy import add_waiting, next_waiting
from mlx.boosting.objectives import OBJECTIVES
from mlx.boosting.partitioning import WITH_PARENT
from mlx.boosting.row_owner import RowOwner
from mlx.boosting.sampling import Sampling
from mlx.boosting.splitting import Penalty
from mlx.numeric.threads import thread_team
from mlx.tree import TreeEnsemble
from tests.reference import boosting as reference


def settings(reg_lambda=1.0, min_child_weight=1.0, gamma=0.0, max_depth=3, learning_rate=0.3):
    penalty = Penalty(reg_lambda, 0.0, 0.0, min_child_weight)
    return GrowthSettings(penalty, np.float32(gamma), max_depth, np.float32(learning_rate))


def small_table(seed, n=70, d=3):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 12, size=(n, d)).astype(np.float32)
    X[rng.random(X.shape) < 0.15] = np.nan
    return X, (np.nan_to_num(X[:, 0], nan=9) + rng.normal(size=n)).astype(np.float32)


@pytest.mark.parametrize("max_bin", [5, 256])
@pytest.mark.parametrize("parameters", [{}, {"gamma": 1.0}, {"min_child_weight": 4.0, "reg_lambda": 0.5}], ids=str)
@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softprob"])
def test_trees_are_the_slow_twins(objective, parameters, max_bin):
    X, score = small_table(0)
    n_outputs = 3 if objective.startswith("multi") else 1
    y = {"reg:squarederror": score, "binary:logistic": score > 6}.get(objective, np.digitize(score, [4, 8]))
    y = y.astype(np.float32)
    weight = np.random.default_rng(1).integers(1, 4, len(y)).astype(np.float32)
    chosen = settings(**parameters)
    ours = boost(X, y, weight, OBJECTIVES[objective], settings=chosen, n_rounds=4, max_bin=max_bin, n_outputs=n_outputs)
    theirs = reference.boost(
        X,
        y.astype(float),
        weight.astype(float),
        objective,
        ours.base_margin,
        n_rounds=4,
        learning_rate=float(chosen.learning_rate),
        max_bin=max_bin,
        max_depth=chosen.max_depth,
        gamma=float(chosen.gamma),
        reg_lambda=chosen.penalty.reg_lambda,
        min_child_weight=chosen.penalty.min_child_weight,
    )
    assert len(ours.trees) == len(theirs)
    for tree, nodes in zip(ours.trees, theirs):
        assert tree.feature.tolist() == [node.feature for node in nodes]
        assert tree.missing_left.tolist() == [node.missing_left for node in nodes]
        np.testing.assert_array_equal(tree.threshold, np.float32([node.threshold for node in nodes]))
        np.testing.assert_allclose(tree.gain, [node.gain for node in nodes], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(tree.cover, [node.H for node in nodes], rtol=1e-5)
        # A leaf has the learning rate in it, any other node has not.
        value = np.array([node.value for node in nodes]) / np.where(tree.is_leaf, 1.0, chosen.learning_rate)
        np.testing.assert_allclose(tree.value, value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softprob"])
def test_same_bits_for_any_number_of_threads(objective):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(40_000, 9)).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    score = np.nan_to_num(X[:, 0]) + rng.normal(size=len(X))
    n_outputs = 3 if objective.startswith("multi") else 1
    y = (score if objective == "reg:squarederror" else np.digitize(score, [-1, 1][:n_outputs])).astype(np.float32)
    y = y if n_outputs == 3 or objective == "reg:squarederror" else (y > 0).astype(np.float32)
    fits = [
        boost(
            X,
            y,
            None,
            OBJECTIVES[objective],
            settings=settings(),
            n_rounds=3,
            max_bin=256,
            n_outputs=n_outputs,
            n_threads=t,
        )
        for t in (1, 2, 3)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].margin, other.margin)
        for a, b in zip(fits[0].trees, other.trees):
            for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
                np.testing.assert_array_equal(getattr(a, part), getattr(b, part))


def test_rows_of_several_owners_grow_the_same_tree():
    """The seam: histograms of two owners are added. Integer gradients make the sums exact."""
    X, _ = small_table(3, n=600)
    gradients = np.random.default_rng(4).integers(-9, 9, size=(600, 2)).astype(np.float32)
    gradients[:, 1] = 1.0
    with thread_team(1) as run:
        table = bin_table(X, None, 256, 1, run)
        halves = [
            table._replace(codes=np.ascontiguousarray(table.codes[:, rows])) for rows in (slice(250), slice(250, None))
        ]
        trees = []
        for tables, own in (([table], [gradients]), (halves, [gradients[:250], gradients[250:]])):
            workspace = Workspace(int(table.start[-1]), table.n_features)
            owners = [RowOwner(t, run, 1) for t in tables]
            trees += trees_of_nodes([Growth(owners, workspace, settings(max_depth=5), run, 1).tree(own)])
    assert trees[0].n_nodes > 20
    for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
        np.testing.assert_array_equal(getattr(trees[0], part), getattr(trees[1], part))


def test_margins_are_those_of_the_trees():
    """What is added to training rows while trees grow is what prediction finds again."""
    X, y = small_table(5, n=500)
    fit = boost(X, y, None, OBJECTIVES["reg:squarederror"], settings=settings(max_depth=6), n_rounds=10, max_bin=7)
    ensemble = TreeEnsemble(tuple(fit.trees), X.shape[1], base_score=fit.base_margin)
    np.testing.assert_array_equal(ensemble.margin(X)[:, 0], fit.margin[0])


@pytest.mark.parametrize("options", [{}, {"max_leaves": 11}, {"best_first": True, "max_depth": 0, "max_leaves": 40}])
def test_a_tree_grown_at_once_is_the_one_grown_by_steps(options):
    """Both ways of taking the steps, for more nodes than there is room at first."""
    X, _ = small_table(6, n=3000, d=9)
    gradients = np.random.default_rng(7).normal(size=(3000, 2)).astype(np.float32)
    gradients[:, 1] = 1.0
    chosen = settings(max_depth=12)._replace(**options)
    trees = []
    for n_threads in (1, 2):
        with thread_team(n_threads) as run:
            table = bin_table(X, None, 256, n_threads, run)
            for way in ("grow_at_once", "grow_by_steps"):
                owner = RowOwner(table, run, n_threads, rows_per_piece=64)
                workspace = Workspace(int(table.start[-1]), table.n_features)
                growth = Growth([owner], workspace, chosen, run, n_threads)
                growth.begin([gradients])
                getattr(growth, way)()
                trees.append(trees_of_nodes([growth.grown()])[0])
    assert trees[0].n_nodes == {11: 21, 40: 79}.get(chosen.max_leaves, trees[0].n_nodes)
    assert trees[0].n_nodes > FIRST_CAPACITY or chosen.max_leaves
    for tree in trees[1:]:
        for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
            np.testing.assert_array_equal(getattr(trees[0], part), getattr(tree, part))


@pytest.mark.parametrize("hessian", ["one", "tiny", "zero", "negative"])
def test_small_nodes_pass_over_empty_bins(hessian):
    """A tree that lists the occupied bins of its small nodes is the one that does not, whatever the Hessians are.

    If a Hessian is lost among others, a bin with rows may look empty, and the bins are not listed.
    """
    rng = np.random.default_rng(10)
    X = rng.normal(size=(1500, 6)).astype(np.float32)
    X[rng.random(X.shape) < np.array([0.0, 0.0, 0.1, 0.5, 0.95, 0.0])] = np.nan
    gradients = rng.normal(size=(1500, 2))
    gradients[:, 1] = {
        "one": 1.0,
        "tiny": 10.0 ** rng.integers(-19, 1, 1500),
        "zero": rng.integers(0, 2, 1500),
        "negative": rng.normal(1.0, 0.7, 1500),
    }[hessian]
    trees, listed = [], []
    with thread_team(1) as run:
        table = bin_table(X, None, 256, 1, run)
        for way in ("grow_at_once", "grow_by_steps"):
            owner, workspace = RowOwner(table, run, 1), Workspace(int(table.start[-1]), table.n_features)
            growth = Growth([owner], workspace, settings(max_depth=9, min_child_weight=0.0), run, 1)
            growth.begin([gradients.astype(np.float32)])
            getattr(growth, way)()
            trees.append(trees_of_nodes([growth.grown()])[0])
            listed.append(workspace.nodes.facts["is_listed"][: trees[-1].n_nodes].sum())
    assert trees[0].n_nodes > 100
    assert hessian == "negative" or (listed[0] > 50) == (hessian == "one")
    assert listed[1] == 0
    for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
        np.testing.assert_array_equal(getattr(trees[0], part), getattr(trees[1], part))
    for part in ("sums", "missing_sums", "runner_up_feature", "runner_up_threshold", "runner_up_gain"):
        np.testing.assert_array_equal(getattr(trees[0].record, part), getattr(trees[1].record, part))


def test_the_heap_gives_nodes_by_gain_and_then_by_number():
    rng = np.random.default_rng(8)
    gain = rng.integers(0, 6, size=200).astype(np.float32)
    heap, waiting, n = np.zeros(200, dtype=np.int64), [], 0
    for node in rng.permutation(200):
        add_waiting(node, heap, n, gain)
        waiting, n = [*waiting, node], n + 1
        while n and rng.random() < 0.45:
            first = next_waiting(heap, n, gain)
            assert first == min(waiting, key=lambda w: (-gain[w], w))
            waiting.remove(first)
            n -= 1


@pytest.mark.parametrize("n_threads", [1, 2])
def test_rows_of_a_last_level_stay_with_their_parents(n_threads):
    """Their leaves know them all the same, and so do the margins."""
    X, _ = small_table(8, n=5000, d=9)
    X[:, 4:] = np.round(X[:, 4:])  # of few values: they share a lane
    gradients = np.random.default_rng(9).normal(size=(len(X), 2)).astype(np.float32)
    gradients[:, 1] = 1.0
    with thread_team(n_threads) as run:
        grower = HistGrower(
            X, None, settings(max_depth=3), Sampling(), max_bin=256, cuts="exact", run=run, n_threads=n_threads
        )
        tree = grower.grow(gradients, 0)
        leaves = np.flatnonzero(tree.is_leaf)
        assert (grower._owner.parted.sides[leaves] == WITH_PARENT).any()
        rows = [grower.rows_of(leaf) for leaf in leaves]
        margin = np.zeros(len(X), dtype=np.float32)
        grower.add_values(tree, margin)
    assert sorted(np.concatenate(rows)) == list(range(len(X)))
    ensemble = TreeEnsemble((tree,), X.shape[1])
    for leaf, own in zip(leaves, rows):
        np.testing.assert_array_equal(np.flatnonzero(ensemble.apply(X)[:, 0] == leaf), own)
    np.testing.assert_array_equal(ensemble.margin(X)[:, 0], margin)
