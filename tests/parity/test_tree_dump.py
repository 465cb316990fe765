"""Text, JSON and DOT dumps, data frames and importances of one model beside xgboost's, whose file we read.

Dumps must be equal to the letter. Numbers of the data frame have been through the nine digits of the dump there and are
the float32 itself here. Importances are float32 sums there and float64 sums here.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.model_format import read_model
from mlx.tree.dump import dot_dump, json_dump, text_dump
from mlx.tree.frame import trees_to_dataframe
from mlx.tree.importance import IMPORTANCE_TYPES, importance_by_name
from tests import tolerances

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")

STORED = Path(__file__).parent.parent / "models" / "3.2"
NAMES = sorted(path.name for path in STORED.iterdir() if path.name not in ("margins.json", "linear.json"))
DUMPS = {"text": text_dump, "json": json_dump, "dot": dot_dump}


def mixed_columns(n=500):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, (n, 4)).astype(float)
    X[:, 0] = X[:, 0] > 2
    y = X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=n)
    X[:, 1] -= 0.5
    X[::9, 0] = np.nan
    names, types = ['a "name"', "größe\t", "back\\slash", "plain"], ["i", "int", "float", "q"]
    return xgboost.DMatrix(X, y, feature_names=names, feature_types=types)


def scales(n=3000):
    """Thresholds from 1e-30 to 1e30, and leaves of as many sizes."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 6)) * [1, 1e-30, 1e30, 1e-7, 1e7, 1]
    y = np.sin(X[:, 0]) * 100 + np.sign(X[:, 1]) + np.sign(X[:, 2]) + X[:, 3] * 1e7 + np.cos(X[:, 5])
    return xgboost.DMatrix(X, y)


def trained(name):
    if name == "mixed columns":
        return xgboost.train({"max_depth": 4}, mixed_columns(), 5)
    if name == "scales":
        return xgboost.train({"max_depth": 10, "learning_rate": 1.0}, scales(), 10)
    if name == "leaf alone":
        return xgboost.train({"gamma": 1e9}, scales(300), 2)
    return xgboost.Booster(model_file=STORED / name)


@pytest.fixture(params=[*NAMES, "mixed columns", "scales", "leaf alone"])
def both(request):
    booster = trained(request.param)
    return request.param, booster, read_model(booster.save_raw("json"))


@pytest.mark.parametrize("with_stats", [False, True], ids=["bare", "with stats"])
@pytest.mark.parametrize("form", sorted(DUMPS))
def test_dump_is_the_librarys(both, form, with_stats):
    name, booster, model = both
    if name == "vector_leaf.json" and with_stats:
        pytest.skip("the library has no statistics for vectors in leaves")
    if name.startswith("categories") and form == "dot" and not with_stats:
        pytest.skip("the library shows statistics of some nodes that nobody asked for")
    theirs = booster.get_dump(dump_format=form, with_stats=with_stats)
    ours = DUMPS[form](model.ensemble, with_stats=with_stats, feature_types=model.feature_types)
    if name == "pruned.json":
        theirs, ours = renumbered(theirs), renumbered(ours)
    if name == "mixed columns" and form == "dot":
        theirs, ours = without_answers_at(theirs, "name"), without_answers_at(ours, "name")
    assert ours == theirs


def renumbered(dumps):
    """Nodes numbered by their first appearance: the library counts those that pruning has deleted."""
    number = r'(?:^\s*|yes=|no=|missing=|"nodeid": |"yes": |"no": |"missing": |-> )(\d+)(?=[:,\s\[]|$)'

    def of_tree(text):
        new = {}
        return re.sub(
            number,
            lambda found: found.group(0)[: -len(found.group(1))] + f"#{new.setdefault(found.group(1), len(new))}",
            text,
            flags=re.MULTILINE,
        )

    return [of_tree(text) for text in dumps]


def without_answers_at(dumps, word):
    """The edges below a true-or-false node say yes and no the other way round than the library's own lines."""
    return [
        "\n\n".join(re.sub(r'label="[^"]*" color', "color", block) if word in block else block for block in blocks)
        for blocks in (text.split("\n\n") for text in dumps)
    ]


@pytest.mark.parametrize("kind", IMPORTANCE_TYPES)
def test_importances_are_the_librarys(both, kind, record_difference):
    name, booster, model = both
    theirs, ours = booster.get_score(importance_type=kind), importance_by_name(model.ensemble, kind)
    assert sorted(ours) == sorted(theirs)
    difference = max((abs(ours[key] - theirs[key]) / theirs[key] for key in theirs), default=0.0)
    record_difference(f"importance {kind}: {name}", difference, tolerances.DUMP_IMPORTANCE)


@pytest.mark.parametrize("kind", IMPORTANCE_TYPES)
def test_estimators_have_the_importances_of_the_librarys(kind, record_difference, tmp_path):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 5))
    for ours, theirs, y in (
        (XGBRegressor, xgboost.XGBRegressor, X[:, 0] * X[:, 1]),
        (XGBClassifier, xgboost.XGBClassifier, np.digitize(X[:, 0] * X[:, 1], [-0.3, 0.3])),
    ):
        model = ours(n_estimators=5, importance_type=kind).fit(X, y)
        model.save_model(tmp_path / "model.json")
        loaded = theirs(importance_type=kind)
        loaded.load_model(tmp_path / "model.json")
        difference = np.abs(model.feature_importances_ - loaded.feature_importances_).max()
        record_difference(f"importance {kind}: {ours.__name__}", difference, tolerances.DUMP_IMPORTANCE)


def test_frame_is_the_librarys(both):
    """Its columns, types and missing entries, too; numbers but for the nine digits of the text that it reads."""
    pandas = pytest.importorskip("pandas")
    name, booster, model = both
    if name in ("mixed columns", "vector_leaf.json"):
        pytest.skip("the library has no frame for true-or-false columns and for vectors in leaves")
    theirs = booster.trees_to_dataframe()
    ours = trees_to_dataframe(model.ensemble)[theirs.columns]
    if name == "pruned.json":
        numbering = ["Node", "ID", "Yes", "No", "Missing"]
        ours, theirs = ours.drop(columns=numbering), theirs.drop(columns=numbering)
    pandas.testing.assert_frame_equal(ours, theirs, rtol=tolerances.DUMP_NUMBER, atol=0)
