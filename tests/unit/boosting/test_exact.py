"""The exact method beside its slow twin, and what does not depend on threads, samples and the order of equal rows."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.exact import ExactGrower, rows_by_value
from mlx.boosting.growing import GrowthSettings
from mlx.boosting.sampling import Sampling
from mlx.boosting.splitting import Penalty
from mlx.numeric.threads import thread_team
from tests.reference import exact as reference

f32 = np.float32


def table(n, seed, missing=0.2):
    """Five columns: continuous, with ties, of two values, constant where there is a value, and without any value."""
    rng = np.random.default_rng(seed)
    columns = [rng.normal(size=n), rng.integers(0, 6, n), rng.integers(0, 2, n), np.ones(n), np.full(n, np.nan)]
    X = np.stack(columns, axis=1).astype(f32)
    X[rng.random(X.shape) < missing] = np.nan
    X[:, 2] = rng.integers(0, 2, n)
    # Multiples of 1/8: all sums are exact, whatever the order.
    g = np.round(8 * (rng.normal(size=n) + np.nan_to_num(X[:, 0]) - 2 * np.nan_to_num(X[:, 1] > 3))) / 8
    h = rng.integers(1, 5, n) / 8
    return X, np.stack([g, h], axis=1).astype(f32)


def grown(X, gradients, max_depth, reg_lambda=1.0, min_child_weight=0.5, n_threads=1, rate=1.0):
    settings = GrowthSettings(Penalty(reg_lambda, 0.0, 0.0, min_child_weight), f32(0), max_depth, f32(rate))
    with thread_team(n_threads) as run:
        grower = ExactGrower(X, settings, Sampling(), run=run, n_threads=n_threads)
        return grower, grower.grow(gradients, 0)


def assert_same_tree(tree, nodes):
    """Bit for bit the twin's tree, by its nodes in the order of their numbers."""
    assert tree.n_nodes == len(nodes)
    number = {id(node): i for i, node in enumerate(nodes)}
    for i, node in enumerate(nodes):
        assert tree.left[i] == number.get(id(node.left), -1)
        assert tree.right[i] == number.get(id(node.right), -1)
        assert tree.cover[i] == f32(node.H)
        assert tree.record.sums[i].tolist() == [node.G, node.H]
        if node.left is not None:
            assert (tree.feature[i], tree.threshold[i]) == (node.feature, f32(node.threshold))
            assert tree.missing_left[i] == node.missing_left
            assert tree.gain[i] == node.gain


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("parameters", [{}, {"reg_lambda": 0.0, "min_child_weight": 0.0}, {"min_child_weight": 6.0}])
def test_trees_of_the_slow_twin(parameters, missing):
    for seed in range(5):
        X, gradients = table(120, seed, missing)
        _, tree = grown(X, gradients, 4, **parameters)
        nodes = reference.grow(X, *gradients.T, max_depth=4, **{"min_child_weight": 0.5, **parameters})
        assert tree.n_nodes > 5
        assert_same_tree(tree, nodes)


def test_every_order_of_the_rows_gives_the_same_tree():
    X, gradients = table(200, 7)
    _, tree = grown(X, gradients, 5)
    order = np.random.default_rng(1).permutation(200)
    _, other = grown(X[order], gradients[order], 5)
    for name in ("left", "feature", "threshold", "missing_left", "value", "gain"):
        np.testing.assert_array_equal(getattr(tree, name), getattr(other, name))


@pytest.mark.parametrize("n_threads", [2, 3, 8])
def test_same_bits_for_any_number_of_threads(n_threads):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 7)).astype(f32)
    X[rng.random(X.shape) < 0.1] = np.nan
    gradients = rng.normal(size=(3000, 2)).astype(f32) ** [[1, 2]]
    one, other = grown(X, gradients, 6)[1], grown(X, gradients, 6, n_threads=n_threads)[1]
    for name in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.record.sums, other.record.sums)


def test_rows_that_are_not_seen_are_as_good_as_absent():
    """They have no part in the tree, not even in its thresholds; but they reach leaves."""
    X, gradients = table(300, 3)
    seen = np.random.default_rng(0).random(300) < 0.6
    # The columns must have missing values in both tables, or else they are scanned differently.
    assert np.isnan(X[seen]).any(axis=0).tolist() == np.isnan(X).any(axis=0).tolist()
    grower, tree = grown(X, gradients * seen[:, np.newaxis], 4)
    _, alone = grown(X[seen], gradients[seen], 4)
    for name in ("left", "feature", "threshold", "missing_left", "value", "cover"):
        np.testing.assert_array_equal(getattr(tree, name), getattr(alone, name))
    rows = np.concatenate([grower.rows_of(leaf) for leaf in np.flatnonzero(tree.is_leaf)])
    assert sorted(rows.tolist()) == list(range(300))


def test_a_row_of_negative_hessian_has_no_part():
    X, gradients = table(100, 4)
    others = np.arange(100) != 17
    gradients[17, 1] = -1.0
    _, tree = grown(X, gradients, 3)
    assert tree.cover[0] == gradients[others, 1].sum()


def test_leaves_and_values_of_the_rows():
    """Rows of leaves rise; the values that are added are those of prediction."""
    X, gradients = table(250, 5)
    grower, tree = grown(X, gradients, 5, rate=0.3)
    margin = np.zeros(250, dtype=f32)
    grower.add_values(tree, margin)
    for leaf in np.flatnonzero(tree.is_leaf):
        rows = grower.rows_of(leaf)
        assert np.all(np.diff(rows) > 0)
        assert (margin[rows] == tree.value[leaf]).all()
        assert tree.cover[leaf] == gradients[rows, 1].sum()


def test_record():
    """Sums of missing rows, and the best split on another column."""
    X, gradients = table(150, 6)
    _, tree = grown(X, gradients, 3)
    root = int(tree.feature[0])
    missing = np.isnan(X[:, root])
    assert tree.record.missing_sums[0].tolist() == gradients[missing].astype(float).sum(axis=0).tolist()
    _, without = grown(np.delete(X, root, axis=1), gradients, 3)
    others = [f for f in range(X.shape[1]) if f != root]
    assert tree.record.runner_up_feature[0] == others[without.feature[0]]
    assert tree.record.runner_up_threshold[0] == without.threshold[0]
    assert tree.record.runner_up_gain[0] == without.gain[0]
    assert np.all(tree.record.runner_up_feature[tree.is_leaf & (tree.depth == 3)] == -1)


def test_threshold_between_neighbouring_floats():
    """The middle of two neighbours is one of them by rounding: the one of the even last bit."""
    one = f32(1)
    for low in (one, np.nextafter(one, f32(2))):
        high = np.nextafter(low, f32(2))
        X = np.array([low, high], dtype=f32)[:, np.newaxis]
        _, tree = grown(X, np.array([[1, 1], [-1, 1]], dtype=f32), 1, min_child_weight=0.0)
        assert low < tree.threshold[0] <= high
        assert tree.record.sums[1:, 0].tolist() == [1.0, -1.0]


def test_a_middle_that_overflows_stays_finite():
    X = np.array([[3.0e38], [3.2e38]], dtype=f32)
    _, tree = grown(X, np.array([[1, 1], [-1, 1]], dtype=f32), 1, min_child_weight=0.0)
    assert X[0, 0] < tree.threshold[0] <= X[1, 0]


def test_rows_by_value():
    column = np.array([2, np.nan, -1, 2, 0, np.nan], dtype=f32)
    rows = rows_by_value(column)
    assert rows.dtype == np.int32
    assert column[rows].tolist() == [-1, 0, 2, 2]
    assert sorted(rows.tolist()) == [0, 2, 3, 4]


@pytest.mark.parametrize(
    "parameters",
    [{"max_bin": 64}, {"grow_policy": "lossguide"}, {"max_leaves": 4}, {"max_depth": 0}],
)
def test_what_has_no_meaning_is_refused(parameters):
    (name,) = parameters
    with pytest.raises(NotImplementedError, match=rf"parameter {name}=.* no meaning with tree_method='exact'"):
        XGBRegressor(tree_method="exact", **parameters).fit([[1.0], [2.0]], [1.0, 2.0])


def test_leaves_of_absolute_errors_keep_their_weights():
    """Pruning, which has the last word, knows no rows to take a median of; with 'hist' leaves are medians."""
    X, y = np.arange(6.0)[:, np.newaxis], np.array([0.0, 1.0, 5.0, 20.0, 30.0, 90.0])
    options = {"objective": "reg:absoluteerror", "n_estimators": 1, "max_depth": 1, "base_score": 10.0, "reg_lambda": 0}
    exact = XGBRegressor(tree_method="exact", **options).fit(X, y)
    np.testing.assert_allclose(exact.predict(X), [9.7] * 3 + [10.3] * 3, rtol=1e-6)
    assert "η w" in str(exact.explain_node(0, 1))
    hist = XGBRegressor(**options).fit(X, y)
    np.testing.assert_allclose(hist.predict(X), [10 - 0.3 * 9] * 3 + [10 + 0.3 * 20] * 3, rtol=1e-6)
    assert "η q" in str(hist.explain_node(0, 1))


def test_samples_of_rows_and_columns():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 6))
    y = X[:, 0] + X[:, 1] * X[:, 2] > 0
    options = {"subsample": 0.5, "colsample_bytree": 0.8, "colsample_bylevel": 0.8, "colsample_bynode": 0.8}
    model = XGBClassifier(tree_method="exact", n_estimators=20, random_state=3, **options).fit(X, y)
    assert model.score(X, y) > 0.9
    again = XGBClassifier(tree_method="exact", n_estimators=20, random_state=3, n_jobs=2, **options).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    other = XGBClassifier(tree_method="exact", n_estimators=20, random_state=4, **options).fit(X, y)
    assert not np.array_equal(model.predict_proba(X), other.predict_proba(X))


def test_weight_is_repetition():
    X, gradients = table(150, 8, missing=0.1)
    y, weight = gradients[:, 0].astype(float), np.random.default_rng(0).integers(1, 4, 150)
    weighted = XGBRegressor(tree_method="exact", n_estimators=5, base_score=0.0).fit(X, y, sample_weight=weight)
    repeated = XGBRegressor(tree_method="exact", n_estimators=5, base_score=0.0)
    repeated.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)
