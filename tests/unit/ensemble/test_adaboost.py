"""AdaBoost against the papers' formulas, and what it promises beyond them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from mlx.ensemble import AdaBoostClassifier, AdaBoostRegressor
from mlx.tree.decision_tree_classifier import DecisionTreeClassifier
from mlx.tree.decision_tree_regressor import DecisionTreeRegressor
from tests.reference import adaboost as slow


def three_classes(n_samples=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 3)).astype(np.float32).astype(float)
    return X, np.digitize(X[:, 0] + 0.6 * X[:, 1] + 0.4 * rng.normal(size=n_samples), [-0.5, 0.5])


class Fixed:
    """A model that says what it was told, whatever it is fitted to: `answers` in turn."""

    def __init__(self, answers=()):
        self.answers = answers

    def get_params(self, deep=True):
        return {"answers": self.answers}

    def set_params(self, **parameters):
        return self

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.asarray(self.answers, dtype=float)


@pytest.mark.parametrize("rate", [0.5, 1.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_rounds_are_those_of_the_paper(n_classes, rate):
    X, y = three_classes()
    y = np.minimum(y, n_classes - 1)
    weights = np.random.default_rng(1).random(len(y))
    expected = slow.samme(X.tolist(), y.tolist(), 6, rate, weights.tolist())
    model = AdaBoostClassifier(n_estimators=6, learning_rate=rate).fit(X, y, weights)
    for tree, found, (stump, error, alpha) in zip(model, model.rounds_, expected):
        assert (tree.tree_.feature[0], tree.tree_.threshold[0]) == pytest.approx((stump.column, stump.threshold))
        assert [tree.predict([row])[0] for row in X] == [stump.says(row) for row in X.tolist()]
        assert found.total_error == pytest.approx(error, rel=1e-12)
        assert found.estimator_weight == pytest.approx(alpha, rel=1e-12)
    votes = np.array([slow.votes(expected, row, range(n_classes)) for row in X.tolist()])
    votes = votes[:, 1] - votes[:, 0] if n_classes == 2 else votes
    np.testing.assert_allclose(model.decision_function(X), votes, atol=1e-12)


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_regression_is_that_of_the_paper(loss):
    rng = np.random.default_rng(0)
    y = rng.normal(size=30)
    answers = y + 0.5 * rng.normal(size=30)
    model = AdaBoostRegressor(Fixed(answers), n_estimators=3, loss=loss, learning_rate=0.7).fit(y[:, None], y)
    weights = [1 / 30] * 30
    for found in model.rounds_:
        error, weight, weights = slow.r2_step(answers, y, weights, loss, 0.7)
        assert found.total_error == pytest.approx(error, rel=1e-12)
        assert found.estimator_weight == pytest.approx(weight, rel=1e-12)
    assert len(model.rounds_) == 3


def test_weighted_median():
    model = AdaBoostRegressor()
    model.estimator_weights_ = np.array([0.5, 1.0, 0.7])
    predictions = np.round(np.random.default_rng(0).normal(size=(40, 3)), 1)
    expected = [slow.weighted_median(row, model.estimator_weights_) for row in predictions]
    np.testing.assert_array_equal(model._weighted_median(predictions), expected)


def test_rows_of_regression_are_drawn_in_proportion_to_their_weights():
    """What stands for the equivalence of weights and repetitions, which holds on average only."""
    rng = np.random.default_rng(0)
    X = np.arange(3000.0)[:, None]
    weights = np.repeat([3.0, 1.0, 0.0], 1000)
    model = AdaBoostRegressor(DecisionTreeRegressor(max_depth=1), n_estimators=1, random_state=0)
    counts = model.fit(X, rng.normal(size=3000), weights)[0].tree_.n_node_samples
    assert counts[0] == 3000
    threshold = model[0].tree_.threshold[0]
    expected = np.minimum(threshold, 1000) * 3 / 4000 + np.clip(threshold - 1000, 0, 1000) / 4000
    assert threshold < 2000
    assert counts[1] / 3000 == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 3000))


# Beyond the papers ----------------------------------------------------------------------------------------------------


def test_rounds_can_be_read():
    X, y = three_classes()
    model = AdaBoostClassifier(n_estimators=7).fit(X, y)
    frame = pd.DataFrame(model.rounds_)
    assert list(frame) == ["number", "total_error", "estimator_weight", "amount_of_say"]
    np.testing.assert_array_equal(frame.total_error, model.estimator_errors_)
    np.testing.assert_array_equal(frame.estimator_weight, model.estimator_weights_)
    np.testing.assert_array_equal(frame.amount_of_say, model.estimator_weights_ / 2)


@pytest.mark.parametrize("weighted", [False, True])
def test_working_of_every_round_goes_over_into_the_next(weighted):
    X, y = three_classes()
    weights = np.maximum(np.random.default_rng(0).random(60) - 0.2, 0) if weighted else None
    model = AdaBoostClassifier(n_estimators=7, learning_rate=0.8).fit(X, y, weights)
    workings = [model.explain_round(X, y, number, weights) for number in range(7)]
    for working, following in pairwise(workings):
        np.testing.assert_allclose(following.weights, working.new_weights, rtol=1e-12)
        np.testing.assert_array_equal(working.wrong, working.predicted != y)
        assert working.weights[working.wrong].sum() == pytest.approx(working.round.total_error)
    frame = workings[3].to_frame()
    assert list(frame) == ["y", "predicted", "wrong", "weight", "raised", "new_weight"]
    assert frame.new_weight.sum() == pytest.approx(1.0)
    assert "10 more rows are not shown" in str(workings[0])


def test_working_needs_the_training_data_and_a_round_that_is_there():
    X, y = three_classes()
    model = AdaBoostClassifier(n_estimators=4).fit(X, y)
    with pytest.raises(ValueError, match="number=4: the model has 4 rounds"):
        model.explain_round(X, y, 4)
    with pytest.raises(ValueError, match="X, y and sample_weight must be those of fit"):
        model.explain_round(X[::-1], y, 2)
    with pytest.raises(ValueError, match="X, y and sample_weight must be those of fit"):
        model.explain_round(X, y, 2, np.arange(60.0))


def test_working_of_a_perfect_round_changes_no_weight():
    _, y = three_classes()
    model = AdaBoostClassifier().fit(y[:, None] == 1, y == 1)
    working = model.explain_round(y[:, None] == 1, y == 1, 0)
    assert working.round.total_error == 0.0
    np.testing.assert_array_equal(working.new_weights, working.weights)


def test_resampling_needs_no_weights_of_the_base():
    X, y = three_classes()
    model = AdaBoostClassifier(KNeighborsClassifier(25), n_estimators=5, resample=True, random_state=0).fit(X, y)
    assert len(model) == 5
    assert model.score(X, y) > 0.6


def test_resampling_draws_rows_in_proportion_to_their_weights():
    seen = []

    class Recorder(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(X[:, 0])
            return super().fit(X, y)

    X, y = three_classes(4000)
    X[:, 0] = np.arange(4000)
    weights = np.r_[np.full(2000, 3.0), np.full(1000, 1.0), np.zeros(1000)]
    AdaBoostClassifier(Recorder(), n_estimators=1, resample=True, random_state=0).fit(X / 4000, y, weights)
    (rows,) = (np.round(column * 4000).astype(int) for column in seen)
    assert len(rows) == 4000
    counts = np.array([np.sum(rows < 2000), np.sum((rows >= 2000) & (rows < 3000)), np.sum(rows >= 3000)])
    # 4000 draws: shares of 6/7 and 1/7 are met within four standard errors.
    np.testing.assert_allclose(counts / 4000, [6 / 7, 1 / 7, 0], atol=4 * np.sqrt(6 / 49 / 4000))
    assert counts[2] == 0


def test_resampled_stumps_are_as_good_as_weighted_ones():
    X, y = three_classes(400)
    scores = [
        np.mean(
            [AdaBoostClassifier(n_estimators=20, resample=r, random_state=i).fit(X, y).score(X, y) for i in range(5)]
        )
        for r in (False, True)
    ]
    assert scores[1] == pytest.approx(scores[0], abs=0.05)


def test_default_and_explicit_stump_are_the_same_model():
    X, y = three_classes()
    default = AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, y)
    explicit = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(default.decision_function(X), explicit.decision_function(X))
    assert default._stumps is not None
    assert explicit._stumps is not None


@pytest.mark.parametrize("n_jobs", [1, 2, 3, None])
def test_bits_do_not_depend_on_threads(n_jobs):
    X, y = three_classes(700)
    one = AdaBoostClassifier(n_estimators=10, n_jobs=1, random_state=0).fit(X, y)
    some = clone(one).set_params(n_jobs=n_jobs).fit(X, y)
    np.testing.assert_array_equal(some.estimator_weights_, one.estimator_weights_)
    np.testing.assert_array_equal(some.decision_function(X), one.decision_function(X))
    for stump, other in zip(some, one):
        np.testing.assert_array_equal(stump.tree_.value, other.tree_.value)


def test_a_weight_is_a_repetition():
    """Where no two cuts are equally good, as chance would decide between those."""
    X, y = three_classes(200)
    counts = np.random.default_rng(1).integers(0, 4, 200)
    weighted = AdaBoostClassifier(n_estimators=15).fit(X, y, counts)
    repeated = AdaBoostClassifier(n_estimators=15).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(weighted.decision_function(X), repeated.decision_function(X), rtol=1e-9)


def test_sparse_rows_are_dense_ones(monkeypatch):
    X, y = three_classes()
    X[np.abs(X) < 0.7] = 0.0
    model = AdaBoostClassifier(n_estimators=8, random_state=0)
    dense, rows = model.fit(X, y).decision_function(X), sparse.csr_array(X)
    np.testing.assert_array_equal(clone(model).fit(rows, y).decision_function(rows), dense)
    monkeypatch.setattr("mlx.ensemble.stump_trees.LARGEST_DENSE", 100)
    np.testing.assert_array_equal(model.decision_function(rows), dense)


def test_weights_are_routed():
    X, y = three_classes()
    weights = np.arange(60.0)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = AdaBoostClassifier(n_estimators=3).fit(X, y, sample_weight=weights)
    direct = AdaBoostClassifier(n_estimators=3).fit(X, y, weights)
    np.testing.assert_array_equal(routed.estimator_weights_, direct.estimator_weights_)


def test_is_a_sequence_of_its_models():
    X, y = three_classes()
    model = AdaBoostClassifier(n_estimators=4).fit(X, y)
    assert len(model) == 4
    assert model[1] is model.estimators_[1]
    assert list(model) == model.estimators_


def test_importances_are_an_attribute_error_without_those_of_the_base():
    X, y = three_classes()
    model = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(X, y)
    assert not hasattr(model, "feature_importances_")
    with pytest.raises(AttributeError, match="LogisticRegression has none"):
        _ = model.feature_importances_
