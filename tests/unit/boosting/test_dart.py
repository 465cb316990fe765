"""Dropout: which trees, with which weights afterwards, and that prediction knows the weights."""

import dataclasses

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.booster import Training
from mlx.boosting.dart import Dropout
from mlx.boosting.known_leaves import KnownLeaves
from mlx.boosting.objectives import OBJECTIVES
from mlx.boosting.sampling import Sampling
from mlx.tree import TreeEnsemble
from tests.unit.boosting.test_growing import settings, small_table

NONE = np.empty(0, dtype=np.intp)
SQUARED = OBJECTIVES["reg:squarederror"]


@pytest.mark.parametrize(
    ("dropout", "n_new", "expected"),
    [
        # |D| = 2, η = 0.5: new 1 / 2.5, dropped times 2 / 2.5
        (Dropout(), 1, [1.0, 0.4, 0.8, 0.4]),
        # η = 0.25, as there are two new trees: new 1 / 2.25, dropped times 2 / 2.25
        (Dropout(), 2, [1.0, 0.5 * 2 / 2.25, 2 / 2.25, 1 / 2.25, 1 / 2.25]),
        # new 1 / 1.5, dropped the same
        (Dropout(forest=True), 1, [1.0, 0.5 / 1.5, 1 / 1.5, 1 / 1.5]),
    ],
)
def test_weights_by_hand(dropout, n_new, expected):
    weights = dropout.weights([1.0, 0.5, 1.0], np.array([1, 2]), n_new, 0.5)
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    assert dropout.weights([1.0, 0.5, 1.0], NONE, n_new, 0.5) == [1.0, 0.5, 1.0] + [1.0] * n_new


def test_shares_of_dropped_trees():
    weights = [0.5] * 60 + [1.5] * 60
    counts = np.zeros(120)
    for seed in range(400):
        counts[Dropout(rate_drop=0.3).dropped(weights, Sampling(seed=seed))] += 1
    assert abs(counts.mean() / 400 - 0.3) < 0.01
    counts[:] = 0
    for seed in range(400):
        counts[Dropout(rate_drop=0.3, weighted=True).dropped(weights, Sampling(seed=seed))] += 1
    assert abs(counts[:60].mean() / 400 - 0.15) < 0.01
    assert abs(counts[60:].mean() / 400 - 0.45) < 0.01


def test_one_drop_and_skip_drop():
    weights = [1.0, 1e-6, 1.0]
    drawn = [Dropout(one_drop=True, weighted=True).dropped(weights, Sampling(seed=seed)) for seed in range(60)]
    assert all(len(one) == 1 for one in drawn)
    assert {int(one[0]) for one in drawn} == {0, 2}
    skipped = [Dropout(1.0, 0.4).dropped(weights, Sampling(seed=seed)) for seed in range(400)]
    assert abs(np.mean([len(one) == 0 for one in skipped]) - 0.4) < 0.07
    assert all(len(one) in (0, 3) for one in skipped)


def test_a_round_takes_its_gradients_without_the_dropped_trees():
    X, y = small_table(9, n=300)
    training = Training(X, y, None, SQUARED, settings=settings(), max_bin=256, dropout=Dropout(rate_drop=0.5))
    for _ in range(6):
        expected = training.base_margin[0] + np.zeros(300, dtype=np.float32)
        dropped = training.dropout.dropped(training.weights, training.sampling)
        for number in np.setdiff1d(np.arange(len(training.trees)), dropped):
            expected += np.float32(training.weights[number]) * leaf_values(training.trees[number], X)
        np.testing.assert_allclose(training.seen_margin[0], expected, rtol=1e-5, atol=1e-6)
        training.round()
        tree = training.trees[-1]
        assert tree.record.sums[0, 0] == pytest.approx(np.sum(expected - y, dtype=np.float64), rel=1e-4)
    assert 0 < np.count_nonzero(np.array(training.weights) != 1.0) < 7
    summed = sum(np.float32(w) * leaf_values(t, X) for t, w in zip(training.trees, training.weights, strict=True))
    np.testing.assert_allclose(training.margin[0], training.base_margin[0] + summed, rtol=1e-5, atol=1e-6)


def leaf_values(tree, X):
    from mlx.tree import TreeEnsemble

    return TreeEnsemble((tree,), X.shape[1]).margin(X)[:, 0]


def test_dropout_of_two_fits_is_that_of_a_long_one():
    X, y = small_table(10, n=300)
    parameters = {"booster": "dart", "rate_drop": 0.4, "max_depth": 3, "subsample": 0.7}
    whole = XGBRegressor(n_estimators=8, **parameters).fit(X, y)
    first = XGBRegressor(n_estimators=5, **parameters).fit(X, y)
    second = XGBRegressor(n_estimators=3, **parameters).fit(X, y, xgb_model=first)
    np.testing.assert_array_equal(second.tree_ensemble_.tree_weight, whole.tree_ensemble_.tree_weight)
    np.testing.assert_array_equal(second.predict(X), whole.predict(X))


def test_metrics_follow_the_weights():
    X, y = small_table(11, n=300)
    labels = np.digitize(y, [4, 8])
    model = XGBClassifier(n_estimators=6, max_depth=3, booster="dart", rate_drop=0.5)
    model.fit(X, labels, eval_set=[(X, labels)], verbose=False)
    p = model.predict_proba(X)[np.arange(300), labels]
    assert model.evals_result()["validation_0"]["mlogloss"][-1] == pytest.approx(-np.log(p).mean(), rel=1e-5)


@pytest.mark.parametrize("name", ["rate_drop", "skip_drop", "one_drop", "sample_type", "normalize_type"])
def test_parameters_without_dropout_are_refused(name):
    value = {"one_drop": True, "sample_type": "weighted", "normalize_type": "forest"}.get(name, 0.5)
    X, y = small_table(12)
    with pytest.raises(NotImplementedError, match=rf"{name} has no meaning without booster='dart'"):
        XGBRegressor(**{name: value}).fit(X, y)


@pytest.mark.parametrize("how", [{}, {"tree_method": "exact"}, {"objective": "reg:absoluteerror"}], ids=str)
def test_margins_of_known_leaves_have_the_bits_of_prediction(how):
    """Also of trees that see some of the rows, and of a model that training goes on from."""
    X, y = small_table(4, n=500)
    options = {"booster": "dart", "rate_drop": 0.5, "one_drop": True, "num_parallel_tree": 2, "subsample": 0.7, **how}
    first = XGBRegressor(n_estimators=3, max_depth=4, **options).fit(X, y)
    more = XGBRegressor(n_estimators=6, max_depth=4, **options).fit(X, y, xgb_model=first)
    assert np.any(more.tree_ensemble_.tree_weight != 1.0)
    ensemble = more.tree_ensemble_
    known = KnownLeaves(X, ensemble)
    for weights in (ensemble.tree_weight, np.where(np.arange(ensemble.n_trees) % 3, ensemble.tree_weight, 0.0)):
        expected = dataclasses.replace(ensemble, tree_weight=np.asarray(weights)).margin(X)
        start = np.tile(np.float32(ensemble.base_score), (len(X), 1))
        np.testing.assert_array_equal(known.margin(start, list(weights)), expected.T)


def test_training_margins_are_predictions():
    X, y = small_table(5, n=400)
    training = Training(
        X, y, None, SQUARED, settings=settings(), max_bin=256, dropout=Dropout(rate_drop=0.5, one_drop=True)
    )
    for _ in range(7):
        training.round()
        margin = training.margin.copy()
        walked = TreeEnsemble(
            tuple(training.trees),
            X.shape[1],
            base_score=training.base_margin.astype(float),
            tree_weight=np.array(training.weights),
        ).margin(X)
        np.testing.assert_array_equal(margin, walked.T)
