"""Forests: one round of trees that share the learning rate."""

import numpy as np
import pytest

from mlx.boosting import XGBRegressor, XGBRFClassifier, XGBRFRegressor
from tests.unit.boosting.test_booster import same_trees

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5)).astype(np.float32)
Y = X[:, 0] - 2 * X[:, 1] * (X[:, 2] > 0) + RNG.normal(size=300)


def test_a_forest_is_one_round_of_parallel_trees():
    forest = XGBRFRegressor(n_estimators=9, max_depth=4).fit(X, Y)
    defaults = {"learning_rate": 1.0, "subsample": 0.8, "colsample_bynode": 0.8, "reg_lambda": 1e-5}
    boosted = XGBRegressor(n_estimators=1, num_parallel_tree=9, max_depth=4, **defaults).fit(X, Y)
    same_trees(forest.tree_ensemble_.trees, boosted.tree_ensemble_.trees)
    assert forest.get_num_boosting_rounds() == 1


def test_leaves_are_means_of_the_targets_over_the_number_of_trees():
    forest = XGBRFRegressor(n_estimators=5, max_depth=3, subsample=1.0, reg_lambda=0.0, base_score=0.0).fit(X, Y)
    leaves = forest.apply(X)
    for number, tree in enumerate(forest.tree_ensemble_.trees):
        for leaf in np.unique(leaves[:, number]):
            assert tree.value[leaf] == pytest.approx(Y[leaves[:, number] == leaf].mean() / 5, rel=1e-4)


def test_classes_have_trees_of_their_own():
    labels = np.array(["a", "b", "c"])[np.digitize(Y, [-1, 1])]
    forest = XGBRFClassifier(n_estimators=6, max_depth=4).fit(X, labels)
    assert forest.tree_ensemble_.tree_output.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert forest.score(X, labels) > 0.7


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_metrics_of_the_round(metric):
    forest = XGBRFRegressor(n_estimators=6, eval_metric=metric).fit(
        X[50:], Y[50:], eval_set=[(X[:50], Y[:50])], verbose=0
    )
    error = forest.predict(X[:50]) - Y[:50]
    expected = np.abs(error).mean() if metric == "mae" else np.sqrt((error**2).mean())
    assert forest.evals_result()["validation_0"][metric] == [pytest.approx(expected, rel=1e-5)]


def test_a_forest_has_a_tree():
    with pytest.raises(ValueError, match="n_estimators=0"):
        XGBRFRegressor(n_estimators=0).fit(X, Y)


@pytest.mark.parametrize("given", [{"early_stopping_rounds": 2}, {"callbacks": []}, {"num_parallel_tree": 3}], ids=str)
def test_what_has_no_meaning_is_refused(given):
    with pytest.raises(NotImplementedError, match=next(iter(given))):
        XGBRFRegressor(**given).fit(X, Y)
