"""What growth records of each node, beside sums and candidates that are found by looking at the rows."""

import pickle

import numpy as np
import pytest

from mlx.boosting import XGBRegressor
from mlx.tree.record import GrowthRecord

LAMBDA = 1.5
GAMMA = 120.0


def table(n=300, d=4, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, size=(n, d)).astype(np.float32)
    y = 3.0 * X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=n)
    X[rng.random(X.shape) < 0.15] = np.nan
    return X, y


def rows_of_nodes(X, tree):
    """For each node, which rows reach it: the definition, one node after the other."""
    reaches = np.zeros((tree.n_nodes, len(X)), dtype=bool)
    reaches[0] = True
    for node in np.flatnonzero(~tree.is_leaf):
        x = X[:, tree.feature[node]]
        left = np.where(np.isnan(x), tree.missing_left[node], x < tree.threshold[node])
        reaches[tree.left[node]] = reaches[node] & left
        reaches[tree.right[node]] = reaches[node] & ~left
    return reaches


def best_gain(x, g):
    """Largest gain of a split on one column, with missing values on either side; every Hessian is 1."""

    def similarity(rows):
        return g[rows].sum() ** 2 / (np.count_nonzero(rows) + LAMBDA)

    cuts = [*np.unique(x[~np.isnan(x)]), np.inf]
    sides = [left for cut in cuts for left in (x < cut, (x < cut) | np.isnan(x)) if left.any() and not left.all()]
    parent = similarity(np.ones(len(g), bool))
    return max([0.0, *(similarity(left) + similarity(~left) - parent for left in sides)])


@pytest.fixture(scope="module")
def grown():
    X, y = table()
    model = XGBRegressor(n_estimators=1, max_depth=4, gamma=GAMMA, reg_lambda=LAMBDA).fit(X, y)
    tree = model.tree_ensemble_.trees[0]
    gradient = np.stack([model.intercept_[0] - y.astype(np.float32), np.ones(len(y))], axis=1).astype(np.float64)
    return X, gradient, tree, rows_of_nodes(X, tree)


def test_sums_are_those_of_the_rows(grown):
    X, gradient, tree, reaches = grown
    for node in range(tree.n_nodes):
        assert tree.record.sums[node] == pytest.approx(gradient[reaches[node]].sum(axis=0), rel=1e-5, abs=1e-4)
        missing = np.zeros(len(X), bool) if tree.is_leaf[node] else reaches[node] & np.isnan(X[:, tree.feature[node]])
        assert tree.record.missing_sums[node] == pytest.approx(gradient[missing].sum(axis=0), rel=1e-5, abs=1e-4)
    assert np.count_nonzero(tree.record.missing_sums[:, 1]) > 3
    np.testing.assert_array_equal(tree.cover, tree.record.sums[:, 1].astype(np.float32))


def test_runner_up_is_the_best_of_the_other_columns(grown):
    """At leaves that were not split because of gamma: the best of all columns; at the bottom: none."""
    X, gradient, tree, reaches = grown
    record, refused = tree.record, 0
    for node in range(tree.n_nodes):
        if tree.depth[node] == 4:
            assert record.runner_up_feature[node] == -1
            continue
        rows = reaches[node]
        gains = np.array([best_gain(X[rows, f], gradient[rows, 0]) for f in range(X.shape[1])])
        if not tree.is_leaf[node]:
            assert tree.gain[node] == pytest.approx(gains[tree.feature[node]], rel=1e-4)
            gains[tree.feature[node]] = 0.0
        assert record.runner_up_feature[node] == (np.argmax(gains) if gains.max() > 0 else -1)
        assert record.runner_up_gain[node] == pytest.approx(gains.max(), rel=1e-3)
        refused += tree.is_leaf[node] and 0 < record.runner_up_gain[node] < GAMMA
    assert refused > 2


def test_runner_up_can_be_asked(grown):
    """Its threshold and side part the rows so that the gain is what is recorded."""
    X, gradient, tree, reaches = grown
    for node in np.flatnonzero(tree.record.runner_up_feature >= 0):
        x = X[reaches[node], tree.record.runner_up_feature[node]]
        g = gradient[reaches[node], 0]
        side = tree.record.runner_up_missing_left[node]
        left = np.where(np.isnan(x), side, x < tree.record.runner_up_threshold[node])
        terms = [
            g[rows].sum() ** 2 / (np.count_nonzero(rows) + LAMBDA) for rows in (left, ~left, np.ones(len(g), bool))
        ]
        assert tree.record.runner_up_gain[node] == pytest.approx(terms[0] + terms[1] - terms[2], rel=1e-3)


def test_one_column_has_no_runner_up():
    X, y = table()
    tree = XGBRegressor(n_estimators=1, max_depth=1).fit(X[:, :1], y).tree_ensemble_.trees[0]
    assert tree.n_nodes == 3
    assert tree.record.runner_up_feature.tolist() == [-1, -1, -1]


def test_record_is_pickled(grown):
    tree = grown[2]
    again = pickle.loads(pickle.dumps(tree))
    np.testing.assert_array_equal(again.record.runner_up_gain, tree.record.runner_up_gain)


PARTS = {
    "sums": np.ones((3, 2)),
    "missing_sums": np.zeros((3, 2)),
    "runner_up_feature": [1, -1, -1],
    "runner_up_threshold": np.zeros(3),
    "runner_up_missing_left": [False, False, False],
    "runner_up_gain": np.zeros(3),
}


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("sums", np.ones(3), "sums: shape"),
        ("missing_sums", np.zeros((2, 2)), "missing_sums: shape"),
        ("runner_up_feature", [0.5, 1.0, 1.0], "runner_up_feature: must hold integers"),
        ("runner_up_missing_left", [0, 1, 0], "runner_up_missing_left: must hold booleans"),
        ("runner_up_gain", [1.0, np.nan, 0.0], "runner_up_gain: node 1 is not finite"),
        ("sums", [[1.0, 1.0], [1.0, np.inf], [0.0, 0.0]], "sums: node 1 is not finite"),
    ],
)
def test_record_refuses(part, value, message):
    with pytest.raises(ValueError, match=message):
        GrowthRecord(**{**PARTS, part: value})
