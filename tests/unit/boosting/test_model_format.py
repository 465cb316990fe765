"""Saving and loading a booster: what a file keeps, what it refuses, and that it is never half written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor, model_format
from mlx.boosting.model_format import ModelFormatError, read_model
from mlx.tree.json_text import read_json, write_json

STORED = Path(__file__).parent.parent.parent / "models" / "3.2"

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype(np.float32)
X[RNG.random(X.shape) < 0.2] = np.nan
SCORE = np.nan_to_num(X[:, 0]) * 2 + np.nan_to_num(X[:, 1])


def fitted(kind, labels=None):
    if kind == "regression":
        return XGBRegressor(n_estimators=3, max_depth=3).fit(X, SCORE)
    codes = np.digitize(SCORE, [0.0] if kind == "binary" else [-1.0, 1.0])
    labels = np.arange(3) if labels is None else labels
    return XGBClassifier(n_estimators=3, max_depth=3).fit(X, labels[codes])


def edited(model, tmp_path, edit):
    """Bytes of a saved model after `edit` has changed its document."""
    path = tmp_path / "model.json"
    model.save_model(path)
    document = read_json(path.read_bytes())
    edit(document["learner"])
    return write_json(document)


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize("kind", ["regression", "binary", "several"])
def test_a_loaded_model_is_the_saved_one(kind, form, tmp_path):
    saved = fitted(kind)
    path = tmp_path / f"model.{form}"
    assert saved.save_model(path) is None
    loaded = type(saved)()
    assert loaded.load_model(str(path)) is None
    assert np.array_equal(loaded.predict(X, output_margin=True), saved.predict(X, output_margin=True))
    assert np.array_equal(loaded.intercept_, saved.intercept_)
    assert np.array_equal(loaded.feature_importances_, saved.feature_importances_)
    assert np.array_equal(loaded.apply(X), saved.apply(X))
    assert repr(loaded.get_params()) == repr(saved.get_params())
    assert loaded.n_features_in_ == 4 and not hasattr(loaded, "feature_names_in_")
    loaded.load_model(path.read_bytes())
    assert np.array_equal(loaded.predict(X), saved.predict(X))
    again = tmp_path / f"again.{form}"
    loaded.save_model(again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", "é", "日本"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([-3, 5, 7], dtype=np.int8),
        np.array([1, 5, 2**63], dtype=np.uint64),
        np.array([-1.0, 2.0, 5.0]),
        np.array([False, True]),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_keep_values_and_type(labels, tmp_path):
    saved = fitted("binary" if len(labels) == 2 else "several", labels)
    saved.save_model(tmp_path / "model.ubj")
    loaded = XGBClassifier()
    loaded.load_model(tmp_path / "model.ubj")
    assert loaded.classes_.dtype == saved.classes_.dtype
    assert np.array_equal(loaded.classes_, labels) and np.array_equal(loaded.predict(X), saved.predict(X))
    assert loaded.n_classes_ == len(labels)


def test_labels_that_a_file_cannot_hold_are_refused(tmp_path):
    dates = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="datetime64[D]")
    saved = fitted("several")
    saved.classes_ = dates
    with pytest.raises(ValueError, match="classes_: a file holds labels"):
        saved.save_model(tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_the_number_of_threads_is_not_stored(tmp_path):
    saved = fitted("regression").set_params(n_jobs=1)
    saved.save_model(tmp_path / "model.json")
    loaded = XGBRegressor(n_jobs=2)
    loaded.load_model(tmp_path / "model.json")
    assert loaded.n_jobs == 2


def test_parameters_that_a_file_cannot_hold_are_named(tmp_path):
    saved = fitted("regression").set_params(random_state=np.random.RandomState(0))
    with pytest.warns(UserWarning, match="left out: random_state"):
        saved.save_model(tmp_path / "model.json")


def extras_with(**changes):
    def edit(learner):
        extras = json.loads(learner["attributes"]["mlx"])
        learner["attributes"]["mlx"] = json.dumps({**extras, **changes})

    return edit


def extras_text(text):
    def edit(learner):
        learner["attributes"]["mlx"] = text

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        extras_text("not JSON"),
        extras_text("[]"),
        extras_text('{"a":' * 1000),
        extras_text("{}"),
        extras_with(format=2),
        extras_with(parameters=[]),
        extras_with(parameters={"max_depth": "deep"}),
        extras_with(parameters={"max_depth": -1}),
        extras_with(parameters={"missing": "x"}),
        extras_with(parameters={"base_score": {"a": 1}}),
        extras_with(classes={"dtype": "int64"}),
        extras_with(classes={"dtype": "int64", "labels": [0, 1]}),
        extras_with(classes={"dtype": "int64", "labels": [0, 1, 1]}),
        extras_with(classes={"dtype": "int64", "labels": [2, 1, 0]}),
        extras_with(classes={"dtype": "int64", "labels": [0, 1, "a"]}),
        extras_with(classes={"dtype": "int64", "labels": [0, 1, 2**63]}),
        extras_with(classes={"dtype": "int8", "labels": [0, 1, 200]}),
        extras_with(classes={"dtype": "float64", "labels": [0.0, 1.0, float("nan")]}),
        extras_with(classes={"dtype": "object", "labels": ["a", "b", None]}),
        extras_with(classes={"dtype": "V8", "labels": [0, 1, 2]}),
        extras_with(classes={"dtype": "str", "labels": ["a", "b" * 10_000_000, "c"]}),
    ],
)
def test_damaged_extras_are_refused_and_leave_the_estimator_alone(edit, tmp_path):
    data = edited(fitted("several"), tmp_path, edit)
    victim = fitted("binary")
    before = victim.predict_proba(X)
    with pytest.raises(ModelFormatError, match=r"learner\.attributes\.mlx"):
        victim.load_model(data)
    assert np.array_equal(victim.predict_proba(X), before)
    assert victim.get_params()["max_depth"] == 3


def test_parameters_of_later_versions_are_ignored_with_a_warning(tmp_path):
    data = edited(fitted("several"), tmp_path, extras_with(parameters={"max_depth": 7, "new": 1}))
    loaded = XGBClassifier()
    with pytest.warns(UserWarning, match="new"):
        loaded.load_model(data)
    assert loaded.max_depth == 7


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("poisson.json", XGBClassifier, "count:poisson"),
        ("softprob.ubj", XGBRegressor, "multi:softprob"),
        ("squared_error.json", XGBClassifier, "reg:squarederror"),
        ("linear.json", XGBRegressor, "gblinear"),
    ],
)
def test_models_of_another_kind_are_refused_by_name(name, kind, message):
    with pytest.raises(ModelFormatError, match=message):
        kind().load_model(STORED / name)


def test_several_yes_or_no_answers_per_row():
    document = read_json((STORED / "two_targets.json").read_bytes())
    document["learner"]["objective"] = {"name": "binary:logistic"}
    document["learner"]["learner_model_param"]["base_score"] = "[0.5,0.25]"
    model = XGBClassifier()
    model.load_model(write_json(document))
    rows = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    assert model.classes_.tolist() == [0, 1]
    assert model.predict(rows, output_margin=True, validate_features=False).shape == (7, 2)


def test_one_class_alone_is_refused():
    document = read_json((STORED / "squared_error.json").read_bytes())
    document["learner"]["objective"] = {"name": "multi:softprob"}
    document["learner"]["learner_model_param"]["num_class"] = "1"
    with pytest.raises(ModelFormatError, match="one class alone"):
        XGBClassifier().load_model(write_json(document))


STORED_MODELS = [
    (version, path.name)
    for version in ("1.7", "2.1", "3.0", "3.2", "3.4")
    for path in sorted((STORED.parent / version).iterdir())
    if path.name not in ("margins.json", "linear.json")
    and not (path.name == "vector_leaf.json" and version in ("2.1", "3.0"))
]


@pytest.mark.parametrize(("version", "name"), STORED_MODELS, ids=[f"{v}-{n}" for v, n in STORED_MODELS])
def test_estimators_take_over_the_librarys_models(version, name, tmp_path):
    """Parallel trees, several targets, vectors, dropped trees, categories: read, written and read again."""
    answer = json.loads((STORED.parent / version / "margins.json").read_text())[name]
    rows = np.array(answer["rows"], dtype=np.float32)
    model = read_model(STORED.parent / version / name)
    kind = XGBClassifier if model.objective in XGBClassifier._objectives else XGBRegressor
    if model.objective not in kind._objectives:
        pytest.skip(f"no estimator has {model.objective}")
    first, second = kind(), kind()
    first.load_model(STORED.parent / version / name)
    names = model.ensemble.feature_names
    margin = first.predict(rows, output_margin=True, validate_features=False)
    expected = np.array(answer["margins"])
    np.testing.assert_allclose(margin, expected if expected.shape[1] > 1 else expected[:, 0], rtol=2e-6, atol=2e-6)
    assert names is None or tuple(first.feature_names_in_) == names
    shown = {"forest.json": ("num_parallel_tree", 2), "dart.json": ("booster", "dart")}
    shown["vector_leaf.json"] = ("multi_strategy", "multi_output_tree")
    if name in shown:
        assert getattr(first, shown[name][0]) == shown[name][1]
    for form in ("json", "ubj"):
        first.save_model(tmp_path / f"model.{form}")
        second.load_model(tmp_path / f"model.{form}")
        again, written = read_model(tmp_path / f"model.{form}"), model
        for part in ("objective", "objective_parameters", "n_classes", "n_parallel_trees", "booster", "category_names"):
            assert getattr(again, part) == getattr(written, part), part
        assert again.feature_types == written.feature_types
        np.testing.assert_array_equal(again.round_start, written.round_start)
        np.testing.assert_array_equal(again.base_score, written.base_score)
        np.testing.assert_array_equal(second.predict(rows, output_margin=True, validate_features=False), margin)


def test_the_best_round_is_kept():
    model = XGBRegressor()
    document = read_json((STORED / "squared_error.json").read_bytes())
    document["learner"]["attributes"] = {"best_iteration": "1", "best_score": "0.25"}
    model.load_model(write_json(document))
    assert (model.best_iteration, model.best_score, model.tree_ensemble_.n_trees) == (1, 0.25, 3)
    rows = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    first_two = model.predict(rows, iteration_range=(0, 2), validate_features=False)
    np.testing.assert_array_equal(model.predict(rows, validate_features=False), first_two)
    everything = model.predict(rows, iteration_range=(0, 3), validate_features=False)
    assert not np.array_equal(first_two, everything)


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ({"best_iteration": "3"}, "best_iteration"),
        ({"best_iteration": "-1"}, "best_iteration"),
        ({"best_iteration": "x"}, "best_iteration"),
        ({"best_iteration": "1", "best_score": "good"}, "best_score"),
    ],
)
def test_a_best_round_that_is_not_there_is_refused(attributes, key):
    document = read_json((STORED / "squared_error.json").read_bytes())
    document["learner"]["attributes"] = attributes
    with pytest.raises(ModelFormatError, match=rf"learner\.attributes\.{key}"):
        XGBRegressor().load_model(write_json(document))


def test_loading_forgets_the_names_of_an_earlier_fit(tmp_path):
    pandas = pytest.importorskip("pandas")
    named = XGBRegressor(n_estimators=2).fit(pandas.DataFrame(X, columns=list("abcd")), SCORE)
    fitted("regression").save_model(tmp_path / "model.json")
    named.load_model(tmp_path / "model.json")
    assert not hasattr(named, "feature_names_in_")


def test_unknown_endings_are_ubjson_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match=r"model\.bin"):
        fitted("regression").save_model(tmp_path / "model.bin")
    assert read_model(tmp_path / "model.bin").ensemble.n_trees == 3


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    fitted("regression").save_model(path)
    before = path.read_bytes()

    def full_disk(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(model_format.os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        fitted("binary").save_model(path)
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    os.symlink(tmp_path / "folder" / "real.json", tmp_path / "link.json")
    fitted("regression").save_model(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink() and (tmp_path / "folder" / "real.json").exists()


def test_a_model_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        XGBRegressor().save_model(tmp_path / "model.json")


def test_reading_a_model_loads_no_compiler():
    code = (
        f"import sys; from mlx.boosting import XGBRegressor; XGBRegressor().load_model({str(STORED / 'dart.json')!r}); "
    )
    code += "sys.exit('numba' in sys.modules or 'xgboost' in sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
