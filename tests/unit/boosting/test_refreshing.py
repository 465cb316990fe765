"""Updates of trees: sums by hand, and what cannot be updated."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.refreshing import refreshed
from mlx.boosting.splitting import Penalty
from mlx.tree import Tree
from tests.unit.boosting.test_booster import same_trees

RNG = np.random.default_rng(0)
X = RNG.integers(0, 30, size=(300, 4)).astype(np.float32)
Y = X[:, 0] - X[:, 1] * (X[:, 2] > 9) + RNG.normal(size=300)

UPDATE = {"process_type": "update", "updater": "refresh"}


def test_sums_by_hand():
    """Two questions, three leaves; λ = 1, α = 1, learning rate ½."""
    tree = Tree(
        left=np.array([1, -1, 3, -1, -1], dtype=np.int32),
        right=np.array([2, -1, 4, -1, -1], dtype=np.int32),
        feature=np.array([0, -1, 1, -1, -1], dtype=np.int32),
        threshold=np.zeros(5, dtype=np.float32),
        missing_left=np.zeros(5, dtype=bool),
        value=np.full(5, 7, dtype=np.float32),
        cover=np.ones(5, dtype=np.float32),
        gain=np.ones(5, dtype=np.float32),
    )
    leaf = np.array([1, 3, 3, 4], dtype=np.int32)
    gradients = np.array([[-5.0, 1.0], [2.0, 1.0], [3.0, 1.0], [0.5, 1.0]])
    new = refreshed(tree, leaf, gradients, Penalty(1.0, 1.0, 0.0, 1.0), np.float32(0.5))
    # G: 1: -5, 3: 5, 4: .5, 2: 5.5, 0: .5;  T(G): -4, 4, 0, 4.5, 0;  H: 1, 2, 1, 3, 4
    np.testing.assert_allclose(new.cover, [4, 1, 3, 2, 1])
    np.testing.assert_allclose(new.value, [0, 0.5 * 4 / 2, -4.5 / 4, 0.5 * -4 / 3, 0], rtol=1e-6)
    np.testing.assert_allclose(new.gain, [16 / 2 + 4.5**2 / 4, 0, 16 / 3 - 4.5**2 / 4, 0, 0], rtol=1e-6)
    kept = refreshed(tree, leaf, gradients, Penalty(1.0, 1.0, 0.0, 1.0), None)
    np.testing.assert_allclose(kept.value, [0, 7, -4.5 / 4, 7, 7], rtol=1e-6)


def test_refreshing_on_the_rows_of_the_growth_changes_nothing():
    model = XGBRegressor(n_estimators=4, max_depth=4).fit(X, Y)
    again = XGBRegressor(n_estimators=4, max_depth=4, **UPDATE).fit(X, Y, xgb_model=model)
    for old, new in zip(model.tree_ensemble_.trees, again.tree_ensemble_.trees, strict=True):
        np.testing.assert_array_equal(old.value, new.value)
        np.testing.assert_allclose(old.gain, new.gain, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(model.intercept_, again.intercept_)


def test_pruning_by_gamma_is_what_growing_with_it_afterwards_gives():
    whole = XGBRegressor(n_estimators=1, max_depth=5).fit(X, Y)
    pruned = XGBRegressor(n_estimators=1, max_depth=5, process_type="update", updater="prune", gamma=60.0)
    pruned.fit(X, Y, xgb_model=whole)
    grown = XGBRegressor(n_estimators=1, max_depth=5, gamma=60.0, prune="post").fit(X, Y)
    same_trees(pruned.tree_ensemble_.trees, grown.tree_ensemble_.trees)
    assert pruned.tree_ensemble_.trees[0].n_nodes < whole.tree_ensemble_.trees[0].n_nodes


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"updater": None}, ValueError, "updater=None must be"),
        ({"updater": "grow_histmaker"}, ValueError, "updater='grow_histmaker' must be"),
        ({"n_estimators": 5}, ValueError, "n_estimators=5: xgb_model has trees of 4 rounds"),
        ({"subsample": 0.5}, NotImplementedError, "subsample"),
        ({"booster": "dart"}, NotImplementedError, "dart"),
        ({"monotone_constraints": (1, 0, 0, 0)}, NotImplementedError, "monotone_constraints"),
        ({"objective": "reg:absoluteerror"}, NotImplementedError, "absoluteerror"),
        ({"process_type": None}, NotImplementedError, "updater has no meaning without process_type='update'"),
    ],
)
def test_what_cannot_be_updated_is_refused(parameters, error, message):
    model = XGBRegressor(n_estimators=4, max_depth=3).fit(X, Y)
    with pytest.raises(error, match=message):
        XGBRegressor(**{"n_estimators": 4, **UPDATE, **parameters}).fit(X, Y, xgb_model=model)


def test_updates_need_a_model():
    with pytest.raises(ValueError, match="xgb_model: process_type='update' needs a model"):
        XGBClassifier(**UPDATE).fit(X, Y > 0)
