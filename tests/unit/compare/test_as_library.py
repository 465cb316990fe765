"""Where a default of ours differs on purpose, the comparison also says what is left once ours does as the library."""

import numpy as np
import pandas as pd
import pytest

import mlx.compare.run
from mlx.compare.progress import Progress
from mlx.compare.reading import RawTable
from mlx.compare.report_html import as_html
from mlx.compare.report_json import as_record
from mlx.compare.report_text import print_report
from mlx.compare.results import Plan
from mlx.compare.roster import contenders
from mlx.compare.run import compare_on
from mlx.compare.table import make_table


def _table(n=120, distinct=1000):
    rng = np.random.default_rng(0)
    u = rng.permutation(np.arange(n) % distinct).astype(float)
    frame = pd.DataFrame({"u": u, "v": rng.integers(0, 9, n), "y": 3.0 + u / n + 0.1 * rng.normal(size=n)})
    return make_table(RawTable("made", frame, "0" * 64, None, []))


def _compare(monkeypatch, as_library):
    """Least squares, with another setting on a second try."""
    baseline, linear = contenders(_table(), models=["linear"], seed=0, threads=1)
    roster = [baseline, linear._replace(as_library=as_library)]
    monkeypatch.setattr(mlx.compare.run, "contenders", lambda *args, **options: roster)
    with Progress(1) as progress:
        comparison = compare_on(_table(), Plan(folds=2, threads=1), progress)
    return comparison, comparison.results[1]


def test_the_second_difference_is_that_of_the_other_settings(monkeypatch):
    _, result = _compare(monkeypatch, {"fit_intercept": False})
    assert result.largest_difference() < 1e-10
    assert sorted(result.differences_as_library) == [0, 1]
    assert result.largest_difference_as_library() > 0.01
    assert len(result.ours.folds) == 2  # no third fit among the timed ones


def test_every_report_shows_it(monkeypatch, capsys):
    comparison, result = _compare(monkeypatch, {"fit_intercept": False})
    shown = f"{result.largest_difference_as_library():.1e}"
    print_report(comparison)
    line = next(line for line in capsys.readouterr().out.splitlines() if 'fit_intercept="False"' in line)
    assert line.split() == ['fit_intercept="False"', shown]
    assert shown in as_html([comparison], "mlx compare")
    record = as_record([comparison], "mlx compare")["tables"][0]["models"][1]["as_library"]
    assert record == {
        "parameters": {"fit_intercept": False},
        "largest_difference": result.largest_difference_as_library(),
    }


def test_nothing_is_shown_where_there_is_nothing_to_undo(monkeypatch, capsys):
    comparison, result = _compare(monkeypatch, {})
    assert result.largest_difference_as_library() is None
    print_report(comparison)
    assert "=" not in capsys.readouterr().out.split("LinearRegression", 2)[1].splitlines()[1]
    assert "<td></td>" not in as_html([comparison], "mlx compare")


def test_a_failure_of_the_second_try_is_ours(monkeypatch):
    _, result = _compare(monkeypatch, {"fit_intercept": "yes"})
    assert "fit_intercept" in result.ours.failure
    assert result.differences_as_library == {}


@pytest.mark.parametrize(("distinct", "as_library"), [(256, {}), (257, {"cuts": "xgboost"})])
def test_the_booster_has_something_to_undo_where_the_library_sketches(distinct, as_library):
    booster = contenders(_table(600, distinct), models=["xgb"], seed=0, threads=1)[1]
    assert booster.as_library == as_library
    assert bool(booster.expected) == bool(as_library)
