"""Kinds of models through the file: forests, dropped trees, losses, own objectives: trained here, read by xgboost 3.2.

Margins must be equal to the last bit, of many rows and of one. Where both sides grow the same tree, their files must
say the same of every node, down to the weights of inner nodes.
"""

import json
import warnings

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.model_format import read_model

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::UserWarning:xgboost")]

xgboost = pytest.importorskip("xgboost")


def table(n=500):
    """Columns of few values, of which a fifth is missing."""
    rng = np.random.default_rng(4)
    X = rng.integers(0, 30, size=(n, 5)).astype(np.float32)
    score = X[:, 0] * X[:, 1] / 100 + np.sin(X[:, 2]) + 0.3 * rng.normal(size=n)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, score


def squared(y_true, y_pred):
    return y_pred - y_true, np.ones_like(y_true)


KINDS = {
    "forest": (XGBRegressor, {"num_parallel_tree": 3, "subsample": 0.6, "random_state": 1}),
    "forest of classes": (XGBClassifier, {"num_parallel_tree": 2, "subsample": 0.6, "objective": "multi:softprob"}),
    "dropped trees": (XGBRegressor, {"booster": "dart", "rate_drop": 0.5, "n_estimators": 6}),
    "absolute error": (XGBRegressor, {"objective": "reg:absoluteerror"}),
    "own objective": (XGBRegressor, {"objective": squared}),
    "shares": (XGBRegressor, {"objective": "reg:logistic"}),
    "pruned": (XGBRegressor, {"tree_method": "exact", "gamma": 2.0, "keep_pruned": True}),
    "directions": (XGBRegressor, {"monotone_constraints": (1, 0, -1, 0, 0)}),
    "deep": (XGBRegressor, {"max_depth": 10, "grow_policy": "lossguide"}),
    "quantiles": (XGBRegressor, {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.5]}),
    "no rounds": (XGBRegressor, {"n_estimators": 0}),
}


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize("kind", KINDS)
def test_xgboost_predicts_the_same_from_our_file(kind, form, tmp_path):
    X, y = table()
    model, parameters = KINDS[kind]
    if kind == "shares":
        y = (y - y.min()) / np.ptp(y)
    elif model is XGBClassifier:
        y = np.digitize(y, [0.5, 2.0])
    ours = model(**{"n_estimators": 4, "max_depth": 4, **parameters}).fit(X, y)
    path = tmp_path / f"model.{form}"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "parameters whose values a file cannot hold")
        ours.save_model(path)
    margin = ours.predict(X, output_margin=True).reshape(len(X), -1)
    booster = xgboost.Booster(model_file=path)
    assert booster.num_boosted_rounds() == ours.get_num_boosting_rounds()

    def theirs(rows):
        return booster.predict(xgboost.DMatrix(rows), output_margin=True).reshape(len(rows), -1)

    np.testing.assert_array_equal(theirs(X), margin)
    np.testing.assert_array_equal(np.concatenate([theirs(X[i : i + 1]) for i in range(20)]), margin[:20])
    loaded = model()
    loaded.load_model(path)
    np.testing.assert_array_equal(loaded.predict(X, output_margin=True).reshape(len(X), -1), margin)
    if ours.n_estimators > 2:
        some = loaded.predict(X, output_margin=True, iteration_range=(1, 3)).reshape(len(X), -1)
        part = booster.predict(xgboost.DMatrix(X), output_margin=True, iteration_range=(1, 3)).reshape(len(X), -1)
        np.testing.assert_array_equal(some, part)
    # xgboost writes it again, and we read that: records of growth are still those of the trees.
    again = read_model(bytes(booster.save_raw(form)))
    for before, after in zip(ours.tree_ensemble_.trees, again.ensemble.trees, strict=True):
        assert after.record is not None
        np.testing.assert_array_equal(after.record.sums, before.record.sums)
        assert len(after.record.pruned) == len(before.record.pruned)


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_shares_that_are_all_alike(constant, tmp_path):
    """The start is 0 or 1, and stays just inside when its margin is taken."""
    X, y = table()
    ours = XGBRegressor(objective="reg:logistic", n_estimators=2).fit(X, np.full(len(y), constant))
    ours.save_model(tmp_path / "model.json")
    booster = xgboost.Booster(model_file=tmp_path / "model.json")
    margin = booster.predict(xgboost.DMatrix(X), output_margin=True)
    np.testing.assert_array_equal(margin, ours.predict(X, output_margin=True))
    theirs = xgboost.train({"objective": "reg:logistic"}, xgboost.DMatrix(X, np.full(len(y), constant)), 2)
    read = XGBRegressor()
    read.load_model(bytearray(theirs.save_raw("json")))
    margin = theirs.predict(xgboost.DMatrix(X), output_margin=True)
    np.testing.assert_allclose(read.predict(X, output_margin=True), margin, rtol=1e-6)


def test_both_files_say_the_same_of_every_node(tmp_path):
    X, y = table()
    ours = XGBRegressor(n_estimators=3, max_depth=5).fit(X, y)
    ours.save_model(tmp_path / "ours.json")
    theirs = xgboost.train({"max_depth": 5, "tree_method": "hist"}, xgboost.DMatrix(X, y), 3)
    theirs.save_model(tmp_path / "theirs.json")
    first, second = (
        json.loads((tmp_path / f"{side}.json").read_text())["learner"]["gradient_booster"]
        for side in ("ours", "theirs")
    )
    assert first.keys() == second.keys() and first["model"].keys() == second["model"].keys()
    for part in ("gbtree_model_param", "iteration_indptr", "tree_info", "cats"):
        assert first["model"][part] == second["model"][part]
    approximate = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
    for a, b in zip(first["model"]["trees"], second["model"]["trees"], strict=True):
        assert a.keys() == b.keys()
        for key in a.keys() - set(approximate):
            assert a[key] == b[key], key
        for key in approximate:
            np.testing.assert_allclose(a[key], b[key], rtol=1e-5, atol=1e-6, err_msg=key)


def test_records_of_trees_that_xgboost_has_changed_are_left_out(tmp_path):
    X, y = table()
    ours = XGBRegressor(n_estimators=3, max_depth=4).fit(X, y)
    ours.save_model(tmp_path / "ours.json")
    longer = xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, y), 2, xgb_model=tmp_path / "ours.json")
    trees = read_model(bytes(longer.save_raw("ubj"))).ensemble.trees
    assert [tree.record is not None for tree in trees] == [True] * 3 + [False] * 2
    refreshed = {"process_type": "update", "updater": "refresh", "refresh_leaf": True}
    fresh = xgboost.train(refreshed, xgboost.DMatrix(X[:200], y[:200]), 3, xgb_model=tmp_path / "ours.json")
    with pytest.warns(UserWarning, match="about other trees"):
        trees = read_model(bytes(fresh.save_raw("json"))).ensemble.trees
    assert all(tree.record is None for tree in trees)
