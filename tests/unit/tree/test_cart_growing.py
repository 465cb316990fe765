"""The parts of CART's engine, each beside its slow twin or NumPy, and the gain ratio beside its definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_matrix

from mlx.numeric.jit import kernel
from mlx.tree.column_table import column_table, float32_up_to
from mlx.tree.cost_complexity import prune, pruning_path
from mlx.tree.decision_tree_classifier import DecisionTreeClassifier
from mlx.tree.growing import CRITERIA, ClassTargets, GrowthSettings, grow, table_for, whole_weights
from mlx.tree.key_sorting import n_buckets, sort_keys
from mlx.tree.order_parting import NO_RANK, divide, mark_ranks, missing_last, missing_to_the_left, take_ranks
from mlx.tree.order_sorting import AS_THEY_WERE, new_sort_room, sort_as_introsort, sort_by_heap
from mlx.tree.ranking import ranked_table
from tests.reference import cart
from tests.reference.cart_order import introsort
from tests.reference.cart_order import missing_last as missing_rows_last


@kernel
def sorted_row(keys, n, lowest, highest, bucket):
    return sort_keys(keys, n, lowest, highest, bucket)


@kernel
def sorted_as_introsort(ranks, order, room):
    n = np.int64(len(order))
    lowest, highest, _ = take_ranks(ranks, NO_RANK, order, np.int64(0), n, room.keys)
    return sort_as_introsort(room.keys, n, lowest, highest, room.bucket, room.waiting)


@kernel
def sorted_by_heap(keys):
    sort_by_heap(keys, np.int64(0), np.int64(keys.shape[1]))


@kernel
def moved_missing(ranks, order, missing, keys):
    n_missing = missing_last(ranks, missing, order, np.int64(0), np.int64(len(order)))
    last = order.copy()
    own = ranks[order]
    missing_to_the_left(own, order, np.int64(0), np.int64(len(order)), n_missing, keys)
    return n_missing, last, own


@kernel
def divided(ranks, order, last, missing, missing_left, keys):
    goes_left, n = np.empty(len(order), dtype=np.uint8), np.int64(len(order))
    mark_ranks(ranks, np.uint32(last), missing, missing_left, order, np.int64(0), n, goes_left)
    return divide(order, goes_left, np.int64(0), n, keys)


# Ranks of a node: spread, all equal, in two crowds (so that one bucket holds many), few distinct.
SPREADS = {
    "spread": lambda random, n: random.integers(0, 4 * n, n),
    "equal": lambda random, n: np.full(n, 7),
    "crowded": lambda random, n: np.r_[random.integers(0, n, n - 1), 2**31],
    "few": lambda random, n: random.integers(0, 3, n),
}


@pytest.mark.parametrize("n", [1, 2, 8, 9, 60, 700])
@pytest.mark.parametrize("spread", SPREADS)
def test_keys_are_sorted_by_rank(spread, n):
    random = np.random.default_rng(n)
    rank = SPREADS[spread](random, n).astype(np.uint64)
    keys = np.zeros((2, n), dtype=np.uint64)
    keys[0] = (rank << np.uint64(32)) | random.integers(0, 2**32, n, dtype=np.uint64)
    given, bucket = keys[0].copy(), np.empty(n_buckets(n), dtype=np.uint32)
    row = sorted_row(keys, n, rank.min(), rank.max(), bucket)
    np.testing.assert_array_equal(keys[row] >> np.uint64(32), np.sort(rank))
    np.testing.assert_array_equal(np.sort(keys[row]), np.sort(given))


@pytest.mark.parametrize("n", [1, 15, 16, 40, 300, 3000])
@pytest.mark.parametrize("ties", ["many", "few", "none", "all"])
def test_sorting_leaves_ties_as_the_twin_does(n, ties):
    random = np.random.default_rng(n)
    ranks = {
        "many": random.integers(0, max(2, n // 4), n),
        "few": np.r_[random.permutation(n)[: n - n // 20], random.integers(0, n, n // 20)],
        "none": random.permutation(n),
        "all": np.full(n, 3),
    }[ties].astype(np.uint32)
    order, room = random.permutation(n).astype(np.uint32), new_sort_room(n)
    rows = order.tolist()
    introsort(rows, ranks.tolist())
    row = sorted_as_introsort(ranks, order, room)
    assert (room.keys[row] & np.uint64(2**32 - 1)).tolist() == rows
    np.testing.assert_array_equal(room.keys[row] >> np.uint64(32), np.sort(ranks))


@pytest.mark.parametrize("n", [2, 3, 16, 101])
def test_heap_sorts_too(n):
    ranks = np.random.default_rng(n).integers(0, n, n).astype(np.uint64)
    keys = np.zeros((3, n), dtype=np.uint64)
    keys[AS_THEY_WERE] = (ranks << np.uint64(32)) | np.arange(n, dtype=np.uint64)
    sorted_by_heap(keys)
    np.testing.assert_array_equal(keys[AS_THEY_WERE] >> np.uint64(32), np.sort(ranks))
    np.testing.assert_array_equal(np.sort(keys[AS_THEY_WERE] & np.uint64(2**32 - 1)), np.arange(n))


def swapped(rows, goes_left):
    """scikit-learn's moves: one that goes right changes places with the last that was not looked at."""
    rows, start, end = list(rows), 0, len(rows)
    while start < end:
        if goes_left[rows[start]]:
            start += 1
        else:
            end -= 1
            rows[start], rows[end] = rows[end], rows[start]
    return rows, start


@pytest.mark.parametrize("seed", range(20))
def test_samples_are_moved_as_in_the_twin(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 60))
    ranks, order = random.integers(0, 6, n).astype(np.uint32), random.permutation(n).astype(np.uint32)
    before, keys, missing = order.tolist(), np.empty((3, n), dtype=np.uint64), np.uint32(5)
    for last, missing_left in ((2, 0), (2, 1), (0, 1), (4, 0)):
        own = order.copy()
        cut = divided(ranks, own, last, missing, missing_left, keys)
        goes_left = np.where(ranks == missing, missing_left == 1, ranks <= last)
        expected, at = swapped(before, goes_left)
        assert (own.tolist(), cut) == (expected, at)
    n_missing, last_ones, own = moved_missing(ranks, order, missing, keys)
    values = np.where(ranks == missing, np.nan, ranks)
    expected = missing_rows_last(before, values)
    assert last_ones.tolist() == expected
    n_values = n - n_missing
    assert order.tolist() == expected[n_values:] + expected[:n_values]
    np.testing.assert_array_equal(own, ranks[order])


def test_ranks_stand_for_values():
    X = np.array([[2.5, 0.0], [-np.inf, -0.0], [np.nan, 1e-30], [2.5, np.inf], [-1.0, -3.0]], dtype=np.float32)
    table = ranked_table(X)
    assert table.missing.tolist() == [True, False]
    assert table.ranks[:, :2].tolist() == [[2, 0], [1, 1]]  # both zeros are one value
    for f in range(2):
        back = table.distinct[table.start[f] :][table.ranks[f]]
        np.testing.assert_array_equal(back, X[:, f])
    np.testing.assert_array_equal(ranked_table(X, n_threads=2).ranks, table.ranks)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("sparse", [False, True])
def test_columns_are_those_of_the_rows(sparse, n_threads):
    X = np.random.default_rng(0).integers(-1, 2, (1100, 5)).astype(np.float32)
    if not sparse:
        X[3, 2] = np.nan
    table = column_table(csc_matrix(X) if sparse else X, n_threads)
    np.testing.assert_array_equal(table.columns, X.T)
    assert table.missing.tolist() == [False, False, not sparse, False, False]
    assert table.shape == (5, 1100)


@given(st.floats(-3e38, 3e38))
def test_float32_up_to_a_threshold_is_the_largest(threshold):
    last = np.float32(float32_up_to(threshold))
    assert np.float64(last) <= threshold < np.float64(np.nextafter(last, np.float32(np.inf)))


def table_of(seed, n=60, d=4, n_classes=3):
    random = np.random.default_rng(seed)
    X = np.round(random.normal(size=(n, d)), 1).astype(np.float32)
    return X, random.integers(0, n_classes, n), random


def settings_of(criterion="gini", **changed):
    given = {"max_depth": 30, "min_samples_split": 2, "min_samples_leaf": 1, "min_weight_leaf": 0.0, "max_features": 2}
    given |= {"max_leaf_nodes": -1, "min_impurity_decrease": 0.0} | changed
    return GrowthSettings(criterion=CRITERIA[criterion], **given)


@pytest.mark.parametrize("splitter", ["best", "random"])
@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("weights", ["none", "whole", "halves", "any"])
def test_trees_are_the_twins(criterion, splitter, weights):
    X, y, random = table_of(5)
    weight = {
        "none": None,
        "whole": random.integers(0, 4, len(X)).astype(float),
        "halves": random.integers(0, 5, len(X)) / 2,
        "any": random.uniform(0.1, 2.0, len(X)),
    }[weights]
    targets = ClassTargets(y[:, None].astype(np.int32), np.array([3]))
    if weight is not None:
        assert (whole_weights(weight, targets, settings_of()) is None) == (weights == "any")
    for leaves in (-1, 9):
        settings = settings_of(criterion, max_leaf_nodes=leaves)
        ours = grow(table_for(X, targets, settings, splitter), targets, weight, settings, 77)
        limit = None if leaves < 0 else leaves
        twin = cart.grow(
            X, y, seed=77, criterion=criterion, splitter=splitter, max_features=2, sample_weight=weight,
            max_leaf_nodes=limit,
        )  # fmt: skip
        inner = ours.children_left >= 0
        for name in cart.Grown._fields:
            # Leaves that were searched keep the side of missing values, as in scikit-learn; the twin forgets it.
            rows = inner if name == "missing_go_to_left" else slice(None)
            np.testing.assert_array_equal(getattr(ours, name)[rows], getattr(twin, name)[rows], err_msg=name)


def test_pruning_path_is_the_twins():
    X, y, _ = table_of(6)
    tree = DecisionTreeClassifier(random_state=0).fit(X, y).tree_
    alphas, impurities = pruning_path(tree)
    twin = cart.pruning_path(tree)
    np.testing.assert_array_equal(alphas, [alpha for alpha, _, _ in twin])
    np.testing.assert_array_equal(impurities, [impurity for _, impurity, _ in twin])
    assert prune(tree, np.inf).node_count == 1
    sizes = [prune(tree, alpha).n_leaves for alpha in alphas]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


# Gain ratio, which no peer has -------------------------------------------------------------------------------------


def entropy_of(y):
    share = np.bincount(y) / len(y)
    return -sum(p * math.log2(p) for p in share if p > 0)


def best_by_gain_ratio(X, y):
    """Columns and their thresholds by C4.5's rule, as `candidates` states it; several if they are equally good."""
    found = []
    for f in range(X.shape[1]):
        values = np.unique(X[:, f]).astype(np.float64)
        gains = []
        for threshold in (values[:-1] + values[1:]) / 2:
            left = X[:, f] <= threshold
            p = left.mean()
            gain = entropy_of(y) - p * entropy_of(y[left]) - (1 - p) * entropy_of(y[~left])
            gains.append((gain, threshold, -p * math.log2(p) - (1 - p) * math.log2(1 - p)))
        found.append((*max(gains, key=lambda each: each[0]), f))
    average = np.mean([gain for gain, *_ in found if gain > 0])
    enough = [(gain / bits, f, threshold) for gain, threshold, bits, f in found if gain >= average * (1 - 1e-12)]
    return {f: threshold for ratio, f, threshold in enough if ratio >= max(enough)[0] * (1 - 1e-12)}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_first_split_by_gain_ratio(seed, weighted):
    X, y, random = table_of(seed)
    X[:, 0] = np.where(random.random(len(X)) < 0.1, 1.0, 0.0)  # a column whose split takes few bits
    weight = np.full(len(X), 0.3) if weighted else None  # the sums of which are not exact: grown in order
    tree = DecisionTreeClassifier(criterion="gain_ratio", max_depth=1).fit(X, y, sample_weight=weight).tree_
    best = best_by_gain_ratio(X, y)
    assert tree.threshold[0] == pytest.approx(best[tree.feature[0]], abs=1e-6)


def test_gain_ratio_chooses_otherwise_than_gain():
    tables = [table_of(seed)[:2] for seed in range(12)]
    by_gain = [DecisionTreeClassifier(criterion="entropy", max_depth=1).fit(X, y).tree_.feature[0] for X, y in tables]
    assert any(column not in best_by_gain_ratio(X, y) for column, (X, y) in zip(by_gain, tables))
