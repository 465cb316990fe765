"""Callbacks of the library's kind in `fit`: what they are told, and what they may change."""

import pickle

import numpy as np
import pytest

from mlx.boosting import Booster, DMatrix, XGBClassifier, XGBRegressor, train
from mlx.boosting.callback import EarlyStopping, LearningRateScheduler, TrainingCallback, TrainingCheckPoint

RNG = np.random.default_rng(0)
X = RNG.integers(0, 30, size=(300, 4)).astype(np.float32)
Y = X[:, 0] - X[:, 1] * (X[:, 2] > 9) + RNG.normal(size=300)
SMALL = {"n_estimators": 6, "max_depth": 3}


class Noting(TrainingCallback):
    def __init__(self, stop_before=99, stop_after=99):
        self.seen, self.stop_before, self.stop_after = [], stop_before, stop_after

    def before_training(self, model):
        self.seen.append(("begins", model.num_boosted_rounds()))
        return model

    def before_iteration(self, model, epoch, evals_log):
        return epoch == self.stop_before

    def after_iteration(self, model, epoch, evals_log):
        lengths = {len(values) for metrics in evals_log.values() for values in metrics.values()}
        self.seen.append((epoch, model.num_boosted_rounds(), lengths, model.predict(DMatrix(X))))
        return epoch == self.stop_after

    def after_training(self, model):
        self.seen.append(("ends", model.num_boosted_rounds()))
        return model


def test_they_see_the_model_grow():
    first = XGBRegressor(**SMALL).fit(X, Y)
    noting = Noting()
    model = XGBRegressor(**SMALL, callbacks=[noting])
    model.fit(X, Y, xgb_model=first, eval_set=[(X[:50], Y[:50])], verbose=False)
    begins, *rounds, ends = noting.seen
    assert (begins, ends) == (("begins", 6), ("ends", 12))
    assert [seen[:3] for seen in rounds] == [(epoch, 7 + epoch, {epoch + 1}) for epoch in range(6)]
    for epoch, n_rounds, _, predicted in rounds:
        np.testing.assert_array_equal(predicted, model.predict(X, iteration_range=(0, n_rounds)), err_msg=str(epoch))


@pytest.mark.parametrize(("stop", "n_rounds"), [({"stop_before": 2}, 2), ({"stop_after": 2}, 3)])
def test_they_may_end_the_fit(stop, n_rounds):
    model = XGBRegressor(**SMALL, callbacks=[Noting(**stop)]).fit(X, Y)
    assert model.tree_ensemble_.n_trees == n_rounds


@pytest.mark.parametrize("parameters", [{}, {"booster": "dart", "one_drop": True}, {"num_parallel_tree": 2}], ids=str)
def test_learning_rates_are_those_of_train(parameters):
    rates = [0.9, 0.5, 0.1, 0.05, 0.8, 0.3]
    model = XGBRegressor(**SMALL, **parameters, callbacks=[LearningRateScheduler(rates)]).fit(X, Y)
    plain = XGBRegressor(**SMALL, **parameters).fit(X, Y)
    given = {"max_depth": 3, **parameters}
    booster = train(given, DMatrix(X, Y), 6, callbacks=[LearningRateScheduler(rates)], verbose_eval=False)
    np.testing.assert_array_equal(model.predict(X), booster.predict(DMatrix(X)))
    assert np.any(model.predict(X) != plain.predict(X))


@pytest.mark.parametrize("save_best", [True, False])
def test_early_stopping(save_best):
    labels = np.digitize(Y, [-9, 9])
    stopping = EarlyStopping(rounds=3, save_best=save_best)
    model = XGBClassifier(n_estimators=80, max_depth=4, learning_rate=0.9, callbacks=[stopping])
    model.fit(X[50:], labels[50:], eval_set=[(X[:50], labels[:50])], verbose=False)
    scores = model.evals_result()["validation_0"]["mlogloss"]
    assert model.best_iteration == int(np.argmin(scores)) < len(scores) - 1
    assert model.tree_ensemble_.n_trees == 3 * (model.best_iteration + 1 if save_best else len(scores))
    expected = model.predict_proba(X, iteration_range=(0, model.best_iteration + 1))
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_check_points_are_models_that_go_on(tmp_path):
    parameters = {**SMALL, "subsample": 0.7, "booster": "dart", "rate_drop": 0.5}
    points = [TrainingCheckPoint(tmp_path, interval=1), TrainingCheckPoint(tmp_path, as_pickle=True, interval=1)]
    whole = XGBRegressor(**parameters, callbacks=points).fit(X, Y)
    again = XGBRegressor(**{**parameters, "n_estimators": 4}).fit(X, Y, xgb_model=tmp_path / "model_1.ubj")
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))
    booster = pickle.loads((tmp_path / "model_1.pkl").read_bytes())
    assert isinstance(booster, Booster)
    again.fit(X, Y, xgb_model=booster)
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))


class SetsDepth(TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        model.set_param({"max_depth": 2})


def test_other_parameters_cannot_be_set_during_fit():
    with pytest.raises(NotImplementedError, match="not max_depth"):
        XGBRegressor(**SMALL, callbacks=[SetsDepth()]).fit(X, Y)


def test_something_else_is_no_callback():
    with pytest.raises(TypeError, match="TrainingCallback"):
        XGBRegressor(**SMALL, callbacks=[print]).fit(X, Y)
