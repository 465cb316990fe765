"""The command line: quick start, exit statuses, files, warm-up and doctor."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import mlx
from mlx import environment
from mlx.cli import METRIC_NAMES, main
from mlx.compare import warmup
from mlx.compare.metrics import METRICS

QUICK = ["--models", "linear", "--folds", "2", "--repeats", "1", "--threads", "1", "--no-explain"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"u": rng.normal(size=80), "v": rng.normal(size=80), "c": list("ab") * 40})
    frame["y"] = np.where(frame["u"] + frame["v"] > 0, "yes", "no")
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


def _python(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **options)


# Start --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["compare", "--help"]])
def test_start_loads_no_heavy_library(words):
    code = f"""
import sys
from mlx.cli import main
try:
    main({words!r})
except SystemExit as stop:
    assert stop.code == 0
heavy = {{"numpy", "sklearn", "numba", "pandas", "scipy", "matplotlib", "rich", "xgboost"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = _python(code)
    assert done.returncode == 0, done.stderr


def test_module_runs_as_a_program():
    done = subprocess.run([sys.executable, "-m", "mlx.cli", "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"mlx {mlx.__version__}\n"


def test_no_command_prints_help(capsys):
    assert main([]) == 2
    assert "compare" in capsys.readouterr().out


def test_metric_names_are_those_of_the_metrics():
    assert tuple(METRICS) == METRIC_NAMES


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--folds", "1"], "at least 2"),
        (["--folds", "many"], "whole number"),
        (["--threads", "0"], "at least 1"),
        (["--time-limit", "-3"], "positive"),
        (["--metric", "auc"], "invalid choice"),
        (["--task", "ranking"], "invalid choice"),
        (["--models", " , "], "names no"),
        (["--unknown"], "unrecognized"),
    ],
)
def test_usage_errors_have_status_2(words, text, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["compare", "t.csv", *words])
    assert stop.value.code == 2
    assert text in capsys.readouterr().err


# compare ------------------------------------------------------------------------------------------------------------


def test_compare_writes_table_and_files(table, tmp_path, capsys):
    json_path, html_path = tmp_path / "r.json", tmp_path / "r.html"
    status = main(["compare", str(table), "--target", "y", *QUICK, "--json", str(json_path), "--html", str(html_path)])
    captured = capsys.readouterr()
    assert status == 0
    assert captured.err == ""  # no progress where stderr is no terminal
    assert "LogisticRegression" in captured.out
    assert "task is classification: 'y' holds 2 different texts" in captured.out
    record = json.loads(json_path.read_text())
    assert record["command"].startswith(f"mlx compare {table} --target y")
    assert record["command"].endswith("--seed 0")
    assert html_path.read_text().startswith("<!DOCTYPE html>")


def test_same_seed_gives_the_same_scores(table, tmp_path):
    scores = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        main(["compare", str(table), *QUICK, "--seed", seed, "--json", str(tmp_path / name)])
        models = json.loads((tmp_path / name).read_text())["tables"][0]["models"]
        scores.append([[fold["scores"] for fold in model["ours"]["folds"]] for model in models])
    assert scores[0] == scores[1] != scores[2]


def test_default_runs_on_bundled_data_of_both_tasks(capsys):
    assert main(["compare", "--quick", *QUICK]) == 0
    out = capsys.readouterr().out
    assert "LogisticRegression" in out
    assert "LinearRegression" in out
    assert "bundled with scikit-learn" in out


def test_options_reach_the_comparison(table, capsys):
    words = ["--drop", "c,v", "--metric", "log_loss", "--task", "classification"]
    assert main(["compare", str(table), *QUICK, *words]) == 0
    out = capsys.readouterr().out
    assert "80 rows × 1 columns" in out
    assert "main metric is log loss" in out
    assert "2 folds × 1, 1 thread, seed 0" in out


def test_all_failed_has_status_1(table, monkeypatch, capsys):
    import sklearn.linear_model

    import mlx.linear_model

    def failing(self, X, y):
        raise RuntimeError("planted")

    for module in (mlx.linear_model, sklearn.linear_model):
        base = module.LogisticRegression
        monkeypatch.setattr(module, "LogisticRegression", type("LogisticRegression", (base,), {"fit": failing}))
    assert main(["compare", str(table), *QUICK]) == 1
    captured = capsys.readouterr()
    assert "Failed: LogisticRegression (mlx): a few rows: RuntimeError: planted" in captured.out
    assert "Traceback" not in captured.out + captured.err
    assert main(["compare", str(table), *QUICK, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_unexpected_error_is_one_line(table, monkeypatch, capsys):
    def broken(*arguments):
        raise KeyError("planted")

    monkeypatch.setattr("mlx.compare.run.compare_on", broken)
    assert main(["compare", str(table), *QUICK]) == 1
    assert capsys.readouterr().err == "mlx compare: KeyError: 'planted' (--debug shows where)\n"
    with pytest.raises(KeyError, match="planted"):
        main(["compare", str(table), *QUICK, "--debug"])


def test_ctrl_c_prints_what_is_done_and_writes_the_files(table, tmp_path):
    """A real signal to a real process, sent while its slow model fits for the second fold."""
    code = f"""
import sys, time
import mlx.linear_model
from mlx.cli import main
fits = []
base = mlx.linear_model.LogisticRegression
def fit(self, X, y):
    fits.append(1)
    if len(fits) == 4:
        print("fitting", file=sys.stderr, flush=True)
        time.sleep(60)
    return base.fit(self, X, y)
mlx.linear_model.LogisticRegression = type("LogisticRegression", (base,), {{"fit": fit}})
sys.exit(main(["compare", {str(table)!r}, *{QUICK!r}, "--json", {str(tmp_path / "r.json")!r}]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "fitting\n"
    started = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=50)
    assert process.returncode == 130
    assert time.monotonic() - started < 50
    assert "Stopped early: interrupted by Ctrl-C; 1 of 2 folds are complete." in out
    assert "LogisticRegression" in out
    assert "Traceback" not in err
    assert json.loads((tmp_path / "r.json").read_text())["tables"][0]["stopped"] == "interrupted by Ctrl-C"


def test_closed_pipe_is_no_error(table):
    words = " ".join([sys.executable, "-m", "mlx.cli", "compare", str(table), *QUICK])
    done = subprocess.run(["bash", "-c", f"{words} | true"], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


# doctor and warmup --------------------------------------------------------------------------------------------------


def test_doctor_says_what_is_there(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("mlx.numeric.jit.cache_base", lambda: tmp_path)
    monkeypatch.setattr("mlx.compare.doctor.apple_mlx_version", lambda: None)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"numpy +\d", out)
    assert str(tmp_path / "mlx-kernels") in out  # the folder itself: a user may delete what is shown
    assert "No problems found." in out


def test_doctor_finds_apples_framework_and_two_boosters(monkeypatch, capsys):
    monkeypatch.setattr("mlx.compare.doctor.apple_mlx_version", lambda: "0.30.0")
    monkeypatch.setattr(
        "mlx.compare.doctor.versions", lambda: {**environment.versions(), "xgboost": "3.2", "xgboost-cpu": "3.2"}
    )
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "Found mlx 0.30.0" in out
    assert "xgboost-cpu are both installed" in out


def test_warmup_names_what_failed(monkeypatch, capsys):
    def failing():
        raise RuntimeError("planted")

    monkeypatch.setattr(warmup, "_works", lambda: {"good": lambda: None, "bad": failing})
    monkeypatch.setattr("mlx.numeric.jit.remove_stale_folders", list)
    assert main(["warmup"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"good +\d+\.\d\d s", out)
    assert "failed: RuntimeError: planted" in out
    assert "compiled code is in" in out


def test_warmup_works(monkeypatch, capsys):
    # The folder is the user's own: what else is in it is not the test's to remove.
    monkeypatch.setattr("mlx.numeric.jit.remove_stale_folders", lambda: ["one", "two"])
    assert main(["warmup"]) == 0
    out = capsys.readouterr().out
    assert "XGBClassifier, three classes, float32" in out
    assert "removed 2 folders" in out
