import pickle

import numpy as np
import pytest

import mlx.callbacks
from mlx.boosting import Booster, DMatrix, cv, train
from mlx.boosting.callback import (
    EarlyStopping,
    EvaluationMonitor,
    LearningRateScheduler,
    ProgressBar,
    TrainingCallback,
    TrainingCheckPoint,
)

rng = np.random.default_rng(0)
X = rng.integers(-9, 9, size=(200, 3)).astype(np.float64)
y = X[:, 0] + rng.normal(size=200)


def log_of(*scores):
    return {"test": {"rmse": list(scores)}}


def rounds_until_stop(stopping, scores, model=None):
    """Number of scores that it takes."""
    model = Booster() if model is None else model
    for number in range(len(scores)):
        if stopping.after_iteration(model, number, log_of(*scores[: number + 1])):
            return number + 1
    return None


def test_early_stopping_by_hand():
    model = Booster()
    assert rounds_until_stop(EarlyStopping(rounds=3), [0.69, 0.61, 0.58, 0.59, 0.58, 0.60], model) == 6
    assert (model.best_iteration, model.best_score) == (2, 0.58)
    assert rounds_until_stop(EarlyStopping(rounds=3, maximize=True), [1, 2, 3, 3, 2, 1]) == 6
    assert rounds_until_stop(EarlyStopping(rounds=2, min_delta=0.1), [1.0, 0.95, 0.92]) == 3
    assert rounds_until_stop(EarlyStopping(rounds=2), [1.0, 0.95, 0.92]) is None


def test_early_stopping_goes_by_the_name_of_the_metric():
    for metric, maximize in (("auc", True), ("ndcg@3", True), ("map", True), ("mape", False), ("rmse", False)):
        stopping = EarlyStopping(rounds=1)
        stopping.after_iteration(Booster(), 0, {"test": {metric: [0.5]}})
        assert stopping.maximize is maximize


def test_early_stopping_keeps_the_best():
    rows, others = DMatrix(X[:100], y[:100]), DMatrix(X[100:], y[100:])
    stopping = EarlyStopping(rounds=2, save_best=True)
    model = train({"eta": 1}, rows, 50, evals=[(others, "test")], callbacks=[stopping], verbose_eval=False)
    assert model.num_boosted_rounds() == model.best_iteration + 1 < 50
    with pytest.raises(ValueError, match="save_best"):
        cv({}, rows, 3, callbacks=[EarlyStopping(rounds=2, save_best=True)])


@pytest.mark.parametrize(
    ("options", "log", "name"),
    [
        ({}, {}, "evals"),
        ({"data_name": "train"}, log_of(1), "data_name"),
        ({"metric_name": "mae"}, log_of(1), "metric_name"),
    ],
)
def test_early_stopping_without_its_metric(options, log, name):
    with pytest.raises(ValueError, match=name):
        EarlyStopping(rounds=1, **options).after_iteration(Booster(), 0, log)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStopping(rounds=0),
        lambda: EarlyStopping(rounds=1.5),
        lambda: EarlyStopping(rounds=1, min_delta=-1),
        lambda: EvaluationMonitor(period=0),
        lambda: TrainingCheckPoint(".", interval=0),
    ],
)
def test_wrong_arguments(make):
    with pytest.raises(ValueError, match=r"rounds|min_delta|period|interval"):
        make()


def test_other_refusals():
    with pytest.raises(NotImplementedError, match="rank"):
        EvaluationMonitor(rank=1)
    for rates in (0.3, "0.3"):
        with pytest.raises(TypeError, match="learning_rates"):
            LearningRateScheduler(rates)


@pytest.mark.parametrize("rates", [lambda epoch: 0.5 / (epoch + 1), [0.5, 0.25, 0.125]], ids=["function", "list"])
def test_learning_rate_of_each_round(rates):
    rows = DMatrix(X, y)
    model = train({"max_depth": 2, "eta": 1.0}, rows, 3, callbacks=[LearningRateScheduler(rates)])
    again, rate = Booster({"max_depth": 2, "eta": 1.0}), rates if callable(rates) else rates.__getitem__
    for number in range(3):
        again.update(rows, number)
        again.set_param("eta", rate(number))
    assert model.get_dump() == again.get_dump()
    assert model.get_dump() != train({"max_depth": 2, "eta": 1.0}, rows, 3).get_dump()


def test_monitor():
    lines = []
    monitor = EvaluationMonitor(period=3, logger=lines.append)
    for number in range(5):
        monitor.after_iteration(None, number, {"a": {"rmse": [number / 3]}, "b": {"mae": [(1.0, 0.25)]}})
    monitor.after_training(None)
    assert lines == [
        "[0]\ta-rmse:0.00000\tb-mae:1.00000\n",
        "[3]\ta-rmse:1.00000\tb-mae:1.00000\n",
        "[4]\ta-rmse:1.33333\tb-mae:1.00000\n",
    ]
    lines.clear()
    EvaluationMonitor(show_stdv=True, logger=lines.append).after_iteration(None, 0, {"b": {"mae": [(1.0, 0.25)]}})
    assert lines == ["[0]\tb-mae:1.00000+0.25000\n"]
    assert EvaluationMonitor(logger=lines.append).after_iteration(None, 1, {}) is False
    assert len(lines) == 1


def test_checkpoints(tmp_path):
    rows = DMatrix(X, y)
    model = train({"max_depth": 2}, rows, 6, callbacks=[TrainingCheckPoint(tmp_path, name="m", interval=2)])
    train({"max_depth": 2}, rows, 4, callbacks=[TrainingCheckPoint(tmp_path, "p", as_pickle=True, interval=3)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m_2.ubj", "m_4.ubj", "p_3.pkl"]
    assert Booster(model_file=tmp_path / "m_4.ubj").get_dump() == model.get_dump()[:5]
    assert pickle.loads((tmp_path / "p_3.pkl").read_bytes()).get_dump() == model.get_dump()[:4]
    train({}, rows, 3, xgb_model=model, callbacks=[TrainingCheckPoint(tmp_path, name="further", interval=1)])
    assert (tmp_path / "further_7.ubj").exists()


def test_progress_bar(monkeypatch):
    shown = []

    def watched(iterable, total, description):
        for item in iterable:
            shown.append((item, total, description))
            yield item

    monkeypatch.setattr("mlx.boosting.callback.progress", watched)
    train({}, DMatrix(X, y), 3, callbacks=[ProgressBar(total=3, description="trees")])
    assert shown == [(number, 3, "trees") for number in range(4)]
    assert mlx.callbacks.progress is not watched


def test_callbacks_may_end_the_training_before_a_round():
    class Two(TrainingCallback):
        def before_iteration(self, model, epoch, evals_log):
            return epoch == 2

    assert train({}, DMatrix(X, y), 9, callbacks=[Two()]).num_boosted_rounds() == 2


def test_a_callback_may_replace_the_model():
    class First(TrainingCallback):
        def after_training(self, model):
            return model[0]

    assert train({}, DMatrix(X, y), 3, callbacks=[First()]).num_boosted_rounds() == 1
