"""Progress, Ctrl-C and scikit-learn's callbacks, on loops small enough to follow by hand."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import ProgressBar, ScoringMonitor

from mlx import callbacks
from mlx.callbacks import CallbackSupportMixin, FitRounds, InterruptGuard, progress


@pytest.fixture(autouse=True)
def default_sigint():
    """A test runner may ignore SIGINT or have its own handler; a user's session has Python's."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler was not restored"
    signal.signal(signal.SIGINT, previous)


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestProgress:
    def test_draws_on_a_terminal_and_yields_every_item(self, monkeypatch):
        stderr = Terminal()
        monkeypatch.setattr(sys, "stderr", stderr)
        assert list(progress(range(5), description="trees")) == [0, 1, 2, 3, 4]
        assert "trees" in stderr.getvalue()

    @pytest.mark.parametrize(("stderr", "enabled"), [(Terminal(), False), (io.StringIO(), True), (None, True)])
    def test_draws_nothing_elsewhere(self, monkeypatch, stderr, enabled):
        monkeypatch.setattr(sys, "stderr", stderr)
        assert list(progress(iter("abc"), total=3, enabled=enabled)) == ["a", "b", "c"]
        assert stderr is None or stderr.getvalue() == ""

    def test_an_early_break_leaves_no_bar_running(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        before = threading.active_count()
        for item in progress(range(5)):
            if item == 2:
                break
        # rich tells its thread to end and does not wait for it.
        deadline = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() == before


class TestInterruptGuard:
    def test_keeps_the_round_under_way_and_warns(self):
        with pytest.warns(UserWarning, match="keeps the 3 epochs finished"), InterruptGuard("epoch") as guard:
            for epoch in range(10):
                if epoch == 2:
                    press_ctrl_c()
                if guard.round_finished():
                    break
        assert guard.n_finished == 3
        assert guard.interrupted

    def test_raises_before_the_first_round_is_finished(self):
        with pytest.raises(KeyboardInterrupt), InterruptGuard() as guard:
            press_ctrl_c()
            guard.round_finished()
        assert guard.n_finished == 0

    def test_second_ctrl_c_raises_at_once(self):
        with pytest.raises(KeyboardInterrupt), InterruptGuard() as guard:
            guard.round_finished()
            press_ctrl_c()
            assert guard.interrupted
            press_ctrl_c()
            pytest.fail("the second Ctrl-C was swallowed")

    def test_leaves_a_programs_own_handler_alone(self):
        pressed = []
        signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
        try:
            with InterruptGuard() as guard:
                guard.round_finished()
                press_ctrl_c()
                assert not guard.round_finished()
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        assert pressed == [True]

    def test_does_nothing_in_another_thread(self):
        finished = []

        def loop():
            with InterruptGuard() as guard:
                finished.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
                guard.round_finished()
                finished.append(guard.n_finished)

        thread = threading.Thread(target=loop)
        thread.start()
        thread.join()
        assert finished == [True, 1]

    def test_handler_is_restored_after_an_error(self):
        with pytest.raises(ZeroDivisionError), InterruptGuard():
            raise ZeroDivisionError


class Doubling(CallbackSupportMixin, BaseEstimator):
    """Doubles a number each round; predicts it."""

    _parameter_constraints: ClassVar[dict] = {}

    def __init__(self, max_iter=5):
        self.max_iter = max_iter

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        number = 1.0
        with FitRounds(
            self, max_rounds=self.max_iter, round_name="doubling", X=X, y=y, sample_weight=sample_weight
        ) as rounds:
            for _ in range(self.max_iter):
                rounds.begin()
                number *= 2
                if rounds.end(lambda: {"number_": number}):  # noqa: B023 (called before the next round)
                    break
        self.number_ = number
        self.n_iter_ = rounds.n_finished
        return self

    def predict(self, X):
        return np.full(len(X), self.number_)


class Recorder:
    """Callback that writes down what it is told, and may ask to stop."""

    def __init__(self, stop_after=None):
        self.told, self.stop_after = [], stop_after

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.told.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        number = None if fitted_estimator is None else fitted_estimator.predict(X)[0]
        self.told.append(("end", context.task_name, number, y, metadata))
        return number == self.stop_after


X, Y = np.zeros((3, 1)), np.array([2.0, 4.0, 6.0])


class TestSklearnCallbacks:
    def test_order_of_the_hooks_and_what_they_see(self):
        recorder = Recorder()
        weight = np.ones(3)
        Doubling(2).set_callbacks(recorder).fit(X, Y, sample_weight=weight)
        metadata = {"sample_weight": weight}
        assert recorder.told == [
            "setup",
            ("begin", "fit"),
            ("begin", "doubling"),
            ("end", "doubling", 2.0, Y, metadata),
            ("begin", "doubling"),
            ("end", "doubling", 4.0, Y, metadata),
            ("end", "fit", None, Y, metadata),
            "teardown",
        ]

    def test_a_hook_that_returns_true_stops_the_fit(self):
        model = Doubling(10).set_callbacks(Recorder(stop_after=8.0)).fit(X, Y)
        assert (model.number_, model.n_iter_) == (8.0, 3)

    def test_scoring_monitor_scores_each_round(self):
        monitor = ScoringMonitor(scoring="neg_mean_absolute_error")
        Doubling(3).set_callbacks(monitor).fit(X, Y)
        log = monitor.get_logs()
        scores = [row["neg_mean_absolute_error"] for row in log.data if row["task_name"] == "doubling"]
        assert scores == pytest.approx([-2.0, -4.0 / 3.0, -4.0])

    def test_progress_bar_runs(self, capsys):
        Doubling(3).set_callbacks(ProgressBar()).fit(X, Y)
        assert "Doubling" in capsys.readouterr().out

    def test_without_callbacks_nothing_is_left_on_the_estimator(self):
        assert set(vars(Doubling(2).fit(X, Y))) == {"max_iter", "number_", "n_iter_"}

    def test_torn_down_after_an_error(self):
        recorder = Recorder()
        model = Doubling("many").set_callbacks(recorder)
        with pytest.raises(TypeError):
            model.fit(X, Y)
        assert recorder.told[-1] == "teardown"

    def test_an_unknown_protocol_is_refused_by_name(self):
        assert callbacks.SUPPORTS_CALLBACKS
        stand_in = callbacks._NoCallbackSupport()
        assert stand_in.set_callbacks() is stand_in
        with pytest.raises(NotImplementedError, match="callbacks need"):
            stand_in.set_callbacks(Recorder())


def test_import_loads_neither_numba_nor_matplotlib():
    code = "import sys, mlx.callbacks; print([m for m in ('numba', 'matplotlib') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
