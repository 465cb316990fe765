"""The three reports of one comparison: what they contain, and what they must not."""

import json
import re

import numpy as np
import pytest

from mlx.compare.report_html import as_html
from mlx.compare.report_json import FORMAT, as_record, write_json
from mlx.compare.report_text import format_difference, format_interval, format_score, format_signed, print_report
from mlx.compare.statistics import Interval

COMMAND = "mlx compare 'my table.csv' --seed 0"


@pytest.fixture(scope="module")
def html(comparison):
    return as_html([comparison], COMMAND)


@pytest.fixture(scope="module")
def record(comparison):
    return json.loads(json.dumps(as_record([comparison], COMMAND), allow_nan=False))


# JSON ---------------------------------------------------------------------------------------------------------------


def test_json_has_all_that_is_needed_to_repeat(record):
    assert record["format"] == FORMAT
    assert record["command"] == COMMAND
    assert set(record["environment"]) == {"machine", "versions", "thread_variables", "thread_pools"}
    assert {"numpy", "scikit-learn", "python"} <= set(record["environment"]["versions"])
    table = record["tables"][0]
    assert table["data"]["sha256"] == "0" * 64
    assert table["data"]["rows"] == 90
    assert table["plan"]["threads"] == 1


def test_json_has_every_fold_of_both_sides(record):
    models = {model["name"]: model for model in record["tables"][0]["models"]}
    assert set(models) == {"DummyRegressor", "LinearRegression", "PCA"}
    model = models["LinearRegression"]
    for side in ("ours", "library"):
        assert [fold["number"] for fold in model[side]["folds"]] == [0, 1]
        assert set(model[side]["folds"][0]["scores"]) == {"r2", "rmse", "mae"}
        assert model[side]["folds"][0]["fit_seconds"] > 0
        assert model[side]["parameters"]["fit_intercept"] is True
    assert len(model["difference_by_fold"]) == 2
    assert model["largest_difference"] == max(model["difference_by_fold"])
    assert model["fit_time_ratio"]["size"] == 2


def test_json_ratio_is_the_median_of_the_folds_ratios(record):
    model = next(model for model in record["tables"][0]["models"] if model["name"] == "LinearRegression")
    seconds = [[fold["fit_seconds"] for fold in model[side]["folds"]] for side in ("ours", "library")]
    assert model["fit_time_ratio"]["median"] == pytest.approx(np.median(np.divide(*seconds)))


def test_json_lists_failures(record):
    assert record["tables"][0]["failures"] == ["PCA (mlx): fold 2: ValueError: planted"]


def test_json_file_is_strict_json(comparison, tmp_path):
    write_json(tmp_path / "r.json", [comparison], COMMAND)
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["format"] == FORMAT


# HTML ---------------------------------------------------------------------------------------------------------------


def test_html_loads_nothing_and_is_small(html):
    assert len(html.encode()) < 2_000_000
    assert re.findall(r"https?://", html) == []
    assert re.findall(r"<(?:script|link|iframe|img)\b", html) == []
    assert "@import" not in html
    assert re.findall(r"url\((?!#)", html) == []


def test_html_shows_every_picture_and_part(html):
    assert html.count("<svg") == html.count("</svg>") == 5
    for part in ("LinearRegression", "DummyRegressor", "fold 2: ValueError: planted", "Nadeau", "prefers-color-scheme"):
        assert part in html
    assert "mlx compare &#x27;my table.csv&#x27; --seed 0" in html


def test_html_escapes_names_of_the_data(html):
    assert "<b>u</b>" not in html
    assert "made &amp; planted" in html


def test_html_is_balanced(html):
    for tag in ("table", "tr", "td", "ul", "figure", "details", "main"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>"), tag


def test_html_without_matplotlib_has_the_tables(comparison, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    html = as_html([comparison], COMMAND)
    assert "<svg" not in html
    assert "matplotlib is not installed" in html
    assert "LinearRegression" in html


def test_pictures_do_not_depend_on_the_run(comparison, html):
    again = as_html([comparison], COMMAND)
    assert re.findall(r"<svg.*?</svg>", again, re.DOTALL) == re.findall(r"<svg.*?</svg>", html, re.DOTALL)


# Text ---------------------------------------------------------------------------------------------------------------


def test_text_has_table_failures_and_agreement(comparison, capsys):
    print_report(comparison)
    out = capsys.readouterr().out
    for part in (
        "made & planted: regression of 'y', 90 rows × 3 columns",
        "LinearRegression",
        "LinearRegression beats DummyRegressor in 2/2 folds; mean advantage",
        "Failed: PCA (mlx): fold 2: ValueError: planted",
        "Kernel SHAP",
        "LIME",
    ):
        assert part in out
    assert max(map(len, out.splitlines())) < 250


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.92841, "0.9284"), (float("nan"), "–"), (123456.7, "123,457"), (1234.5, "1,234"), (-0.5, "-0.5000")],
)
def test_scores_are_written_with_four_digits(value, text):
    assert format_score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (3e-17, "0"), (0.0123, "+0.0123"), (-2e-6, "-2.0e-06"), (float("nan"), "–")]
)
def test_differences_of_scores_have_a_sign(value, text):
    assert format_signed(value) == text


def test_interval_is_written_as_half_width():
    assert format_interval(Interval(0.02, 0.01, 0.03)) == "+0.0200 ± 0.0100"
    assert format_interval(Interval(0.02, float("nan"), float("nan"))) == "+0.0200"
    assert format_interval(Interval(0.0, 0.0, 0.0)) == "0"


def test_no_difference_is_told_from_an_unknown_one():
    assert format_difference(0.0) == "0"
    assert format_difference(None) == "–"
    assert format_difference(2.345e-9) == "2.3e-09"


@pytest.mark.parametrize("width", [58, 80, 100, 126])
def test_no_figure_is_cut_on_a_narrow_terminal(comparison, monkeypatch, capsys, width):
    monkeypatch.setattr("mlx.compare.report_text.WIDTH_IN_FILES", width)
    print_report(comparison)
    table = capsys.readouterr().out.partition("Largest difference:")[0]
    model = next(result for result in comparison.results if result.contender.name == "LinearRegression")
    assert "…" not in table
    assert "LinearRegression" in table
    assert format_score(model.ours.mean(comparison.metric)) in table
    assert format_difference(model.largest_difference()) in table
    lines = [line for line in table.splitlines() if "LinearRegression" in line]
    assert max(map(len, lines)) <= width
    assert ("compile" in table) == (width >= 118)
