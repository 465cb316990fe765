"""A run: fairness of the folds, planted differences and failures, early ends."""

import contextlib
import os
import signal
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model

import mlx.linear_model
from mlx.compare.progress import Progress
from mlx.compare.reading import RawTable
from mlx.compare.results import Plan
from mlx.compare.run import all_failed, compare_on
from mlx.compare.table import make_table

PLAN = Plan(folds=2, repeats=1, models=["linear"], threads=1)


def _table(task="classification", **options):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"u": rng.normal(size=120), "v": rng.normal(size=120), "c": list("abc") * 40})
    signal_ = frame["u"] + 0.5 * frame["v"] + 0.3 * rng.normal(size=120)
    frame["w"] = rng.uniform(0.5, 2.0, size=120)
    frame["y"] = np.where(signal_ > 0, "yes", "no") if task == "classification" else signal_
    return make_table(RawTable("made", frame, "0" * 64, None, []), **options)


def _run(table, plan=PLAN):
    with Progress(1) as progress:
        return compare_on(table, plan, progress)


def _result(comparison, name):
    return next(result for result in comparison.results if result.contender.name == name)


def _replace(monkeypatch, name, **methods):
    """Put a subclass of our class with other methods in its place."""
    base = getattr(mlx.linear_model, name)
    monkeypatch.setattr(mlx.linear_model, name, type(name, (base,), methods))
    return base


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_right_models_agree(task):
    comparison = _run(_table(task))
    name = "LogisticRegression" if task == "classification" else "LinearRegression"
    result = _result(comparison, name)
    # Logistic regression stops at tol=1e-4 on both sides.
    assert 0 <= result.largest_difference() < (5e-3 if task == "classification" else 1e-10)
    assert [fold.number for fold in result.ours.folds] == [0, 1]
    assert result.ours.mean(comparison.metric) > 0.8
    assert result.time_ratio("fit").size == 2
    assert comparison.folds_done == 2
    assert not all_failed(comparison)


def test_planted_difference_is_reported(monkeypatch):
    def wrong(self, X):
        probabilities = sklearn.linear_model.LogisticRegression.predict_proba(self, X)
        probabilities[7] += [-0.125, 0.125]
        return probabilities

    twin = type("LogisticRegression", (sklearn.linear_model.LogisticRegression,), {"predict_proba": wrong})
    monkeypatch.setattr(mlx.linear_model, "LogisticRegression", twin)
    assert _result(_run(_table()), "LogisticRegression").largest_difference() == pytest.approx(0.125)


def test_planted_difference_of_a_regression_is_in_units_of_the_target(monkeypatch):
    def wrong(self, X):
        return sklearn.linear_model.LinearRegression.predict(self, X) + 3.0

    twin = type("LinearRegression", (sklearn.linear_model.LinearRegression,), {"predict": wrong})
    monkeypatch.setattr(mlx.linear_model, "LinearRegression", twin)
    table = _table("regression")
    largest = _result(_run(table), "LinearRegression").largest_difference()
    assert largest == pytest.approx(3.0 / table.y.std())


def test_both_sides_get_the_same_rows_in_turn(monkeypatch):
    calls = []

    def recording(side, base):
        def fit(self, X, y, sample_weight=None):
            calls.append((side, X.copy(), y.copy(), sample_weight))
            return base.fit(self, X, y, sample_weight=sample_weight)

        return type(base.__name__, (base,), {"fit": fit, "__init__": base.__init__})

    peer = sklearn.linear_model.LinearRegression
    monkeypatch.setattr(mlx.linear_model, "LinearRegression", recording("ours", peer))
    monkeypatch.setattr(sklearn.linear_model, "LinearRegression", recording("library", peer))
    _run(_table("regression", sample_weight="w"))
    timed = calls[4:]  # the first four are the warm-up of both sides
    assert [side for side, *_ in timed] == ["ours", "library", "library", "ours"]
    for one, other in (timed[:2], timed[2:]):
        for a, b in zip(one[1:], other[1:]):
            np.testing.assert_array_equal(a, b)
        assert one[3] is not None


def test_failure_is_listed_and_stops_nobody_else(monkeypatch):
    fits = []

    def failing(self, X, y):
        fits.append(len(y))
        if len(fits) == 4:  # two warm-ups and the first fold are well
            raise RuntimeError("planted\nwith a second line")
        return base.fit(self, X, y)

    base = _replace(monkeypatch, "LogisticRegression", fit=failing)
    comparison = _run(_table())
    result = _result(comparison, "LogisticRegression")
    assert result.ours.failure == "fold 2: RuntimeError: planted with a second line"
    assert len(result.ours.folds) == 1
    assert len(result.library.folds) == 2
    assert len(result.differences) == 1
    assert "planted" in result.ours.traceback


def test_nan_predictions_are_a_failure(monkeypatch):
    _replace(monkeypatch, "LogisticRegression", predict_proba=lambda self, X: np.full((len(X), 2), np.nan))
    result = _result(_run(_table()), "LogisticRegression")
    assert "fold 1" in result.ours.failure
    assert result.largest_difference() is None


def test_model_that_cannot_be_made_is_a_failure(monkeypatch):
    monkeypatch.delattr(mlx.linear_model, "LogisticRegression")
    result = _result(_run(_table()), "LogisticRegression")
    assert "LogisticRegression" in result.ours.failure
    assert len(result.library.folds) == 2


def test_missing_library_is_named_and_ours_still_runs(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    comparison = _run(_table(), PLAN._replace(models=["xgb"]))
    result = _result(comparison, "XGBClassifier")
    assert result.library.is_missing
    assert result.library.failure == "xgboost is not installed: pip install 'ml-explained[compare]'"
    assert len(result.ours.folds) == 2


def test_all_failed_when_only_the_baseline_is_left(monkeypatch):
    def failing(self, X, y):
        raise RuntimeError("planted")

    _replace(monkeypatch, "LogisticRegression", fit=failing)
    monkeypatch.setattr(sklearn.linear_model, "LogisticRegression", mlx.linear_model.LogisticRegression)
    assert all_failed(_run(_table()))


def test_interrupt_swallowed_by_a_model_ends_the_run_and_does_not_count(monkeypatch):
    fits = []

    def swallowing(self, X, y):
        fits.append(1)
        if len(fits) == 4:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        return base.fit(self, X, y)

    base = _replace(monkeypatch, "LogisticRegression", fit=swallowing)
    before = signal.getsignal(signal.SIGINT)
    comparison = _run(_table(), PLAN._replace(folds=3))
    assert comparison.interrupted
    assert comparison.folds_done == 1
    assert len(_result(comparison, "LogisticRegression").ours.folds) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_time_limit_ends_the_run_with_what_is_done():
    comparison = _run(_table(), PLAN._replace(time_limit=1e-9))
    assert comparison.folds_done == 0
    assert "time limit" in comparison.stopped
    assert not comparison.interrupted


def test_warnings_are_counted_per_side(monkeypatch):
    def warning(self, X, y):
        warnings.warn("planted", stacklevel=1)
        return base.fit(self, X, y)

    base = _replace(monkeypatch, "LogisticRegression", fit=warning)
    comparison = _run(_table(), PLAN._replace(models=["linear"]))
    result = _result(comparison, "LogisticRegression")
    assert result.ours.warnings == {"UserWarning: planted": 2}
    assert result.library.warnings == {}


def test_paired_advantage_is_positive_for_the_better_whatever_the_metric():
    for metric in ("log_loss", "accuracy"):
        comparison = _run(_table(), PLAN._replace(metric=metric))
        best, baseline = comparison.best(), comparison.ranked()[-1]
        assert baseline.contender.name == "DummyClassifier"
        interval, won = comparison.paired(best.ours, baseline.ours)
        assert interval.mean > 0
        assert won == (2, 2)
