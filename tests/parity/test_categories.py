"""Columns of categories: splits, trees, frames and files are those of xgboost 3.2."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import xgboost

from mlx import boosting
from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.categories import (
    CategoryRules,
    best_category_split,
    goes_right,
    new_category_scratch,
    parent_of,
    write_right_set,
)
from mlx.boosting.splitting import Penalty


def one_column(n_categories, missing, n_samples=3000, seed=0):
    """Categories, and targets on a grid of 1/64: sums are exact in any order."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(n_categories, n_samples, p=rng.dirichlet(np.ones(n_categories))).astype(np.float32)
    codes[0] = n_categories - 1
    y = np.round((rng.normal(size=n_categories)[codes.astype(int)] + rng.normal(size=n_samples)) * 64) / 64
    codes[rng.random(n_samples) < missing] = np.nan
    return codes, y.astype(np.float32)


def library_split(codes, y, **parameters):
    """Gain, categories that go right, side of the missing values of a tree of one split."""
    table = xgboost.DMatrix(codes[:, np.newaxis], y, feature_types=["c"])
    settings = {"max_depth": 1, "base_score": 0.0, "tree_method": "hist", "nthread": 1, **parameters}
    tree = json.loads(xgboost.train(settings, table, 1).save_raw("json"))
    tree = tree["learner"]["gradient_booster"]["model"]["trees"][0]
    if len(tree["left_children"]) == 1:
        return 0.0, set(), False
    return np.float32(tree["loss_changes"][0]), set(tree["categories"]), bool(tree["default_left"][0])


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("rules", [CategoryRules(), CategoryRules(100, 64), CategoryRules(4, 3)])
@pytest.mark.parametrize("n_categories", [2, 3, 8, 60, 200])
def test_the_split_of_one_column(n_categories, rules, missing):
    codes, y = one_column(n_categories, missing, seed=n_categories)
    penalty = Penalty(1.0, 0.0, 0.0, 5.0)
    histogram = np.zeros((n_categories + 1, 2))
    place = np.where(np.isnan(codes), n_categories, codes).astype(int)
    np.add.at(histogram, place, np.stack([-y.astype(float), np.ones(len(y))], axis=1))
    G, H = histogram.sum(axis=0)
    inf, scratch = np.float32(np.inf), new_category_scratch(n_categories)
    parent = parent_of(G, H, np.float32(0), False, 0, -inf, inf, penalty)
    gain, split_bin, missing_left, *_ = best_category_split(histogram, n_categories, parent, penalty, rules, scratch)
    right_set = np.zeros(n_categories // 32 + 1, dtype=np.uint32)
    if gain > 0:
        write_right_set(histogram, n_categories, split_bin, penalty, rules, scratch, right_set)
    found = (gain, {c for c in range(n_categories) if goes_right(right_set, c)}, missing_left)
    options = {name: getattr(rules, name) for name in ("max_cat_to_onehot", "max_cat_threshold")}
    assert found == library_split(codes, y, min_child_weight=5, **options)


TYPES = ["c"] * 5 + ["q"] * 2


def table(n_samples=20_000, missing=0.2, seed=0):
    """Columns of 3, 4, 7, 20 and 60 categories, and two of numbers; a target in which they meet."""
    rng = np.random.default_rng(seed)
    codes = [rng.choice(k, n_samples, p=rng.dirichlet(2 * np.ones(k))) for k in (3, 4, 7, 20, 60)]
    numbers = np.round(rng.normal(size=(n_samples, 2)), 1)
    effects = sum(rng.normal(size=60)[column] for column in codes)
    y = effects + np.abs(numbers[:, 0]) * rng.normal(size=7)[codes[2]] + rng.normal(size=n_samples) / 2
    X = np.column_stack([*codes, numbers]).astype(np.float32)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y.astype(np.float32)


def library_trees(peer):
    return json.loads(peer.get_booster().save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]


def assert_same_trees(ours, peer):
    """Nodes, questions, categories and sides of missing values exactly; gains up to the rounding of sums."""
    trees = library_trees(peer)
    assert len(ours.tree_ensemble_.trees) == len(trees)
    for number, (own, other) in enumerate(zip(ours.tree_ensemble_.trees, trees)):
        where, inner = f"tree {number}", ~own.is_leaf
        np.testing.assert_array_equal(own.left, other["left_children"], err_msg=where)
        np.testing.assert_array_equal(own.feature[inner], np.array(other["split_indices"])[inner], err_msg=where)
        np.testing.assert_array_equal(own.missing_left, np.array(other["default_left"], dtype=bool), err_msg=where)
        start = np.zeros(own.n_nodes + 1) if own.category_start is None else own.category_start
        numeric = inner & (np.diff(start) == 0)
        np.testing.assert_array_equal(np.flatnonzero(inner & ~numeric), other["categories_nodes"], err_msg=where)
        np.testing.assert_array_equal([] if own.categories is None else own.categories, other["categories"])
        condition = np.array(other["split_conditions"], dtype=np.float32)
        np.testing.assert_array_equal(own.threshold[numeric], condition[numeric], err_msg=where)
        np.testing.assert_allclose(own.gain, other["loss_changes"], rtol=1e-4, atol=1e-4, err_msg=where)
        np.testing.assert_allclose(own.cover, other["sum_hessian"], rtol=1e-5, err_msg=where)


def fitted(task, X, y, **parameters):
    """Ours and the library's model of the same table."""
    classes = {"XGBClassifier": np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))}
    y = classes.get(task, y)
    options = {"n_estimators": 10, "n_jobs": 1, "cuts": "xgboost", **parameters}
    ours = {"XGBClassifier": XGBClassifier, "XGBRegressor": XGBRegressor}[task](**options).fit(X, y)
    del options["cuts"]
    return ours, getattr(xgboost, task)(tree_method="hist", **options).fit(X, y)


@pytest.mark.parametrize("depth, rounds", [(3, 50), (6, 20), (10, 5)])
@pytest.mark.parametrize("max_cat_to_onehot", [4, 100])
def test_trees_are_the_librarys(depth, rounds, max_cat_to_onehot):
    X, y = table()
    options = {"max_depth": depth, "n_estimators": rounds, "max_cat_to_onehot": max_cat_to_onehot}
    ours, peer = fitted("XGBRegressor", X, y, feature_types=TYPES, **options)
    assert_same_trees(ours, peer)
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_cat_threshold": 6},
        {"grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0},
        {"monotone_constraints": (1, 0, -1, 0, 0, 1, 0)},
        {"monotone_constraints": (0, 0, 0, 0, 1, -1, 0), "max_cat_to_onehot": 100},
        {"interaction_constraints": "[[0, 3], [2, 4, 5]]"},
        {"reg_lambda": 0.0, "reg_alpha": 2.0, "max_delta_step": 0.5, "min_child_weight": 0.0},
        {"gamma": 20.0, "min_child_weight": 30.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("task", ["XGBRegressor", "XGBClassifier"])
def test_parameters_mean_what_they_mean_there(task, parameters):
    X, y = table(4000)
    options = {"max_depth": 5, "n_estimators": 5, "feature_types": TYPES, **parameters}
    assert_same_trees(*fitted(task, X, y, **options))


def frame(n_samples=3000, seed=0):
    """Categories that are texts, not in the order of the alphabet, and whole numbers; some missing."""
    rng = np.random.default_rng(seed)
    colours = ["white", "red", "blue", "grey", "black", "green"]
    X = pd.DataFrame(
        {
            "colour": pd.Categorical(rng.choice(colours, n_samples), categories=colours),
            "size": pd.Categorical(rng.choice([10, 20, 40], n_samples)),
            "weight": np.round(rng.normal(size=n_samples), 1),
        }
    )
    X.loc[rng.random(n_samples) < 0.1, "colour"] = None
    effect = (X["colour"].cat.codes % 3) + X["size"].astype(float) / 20 * X["weight"]
    return X, (effect + rng.normal(size=n_samples) / 10).to_numpy(dtype=np.float32)


def in_other_order(X):
    """The same rows, with the categories in another order."""
    return X.assign(
        colour=X["colour"].cat.set_categories(["black", "blue", "green", "grey", "red", "white"]),
        size=X["size"].cat.set_categories([40, 10, 20]),
    )


@pytest.fixture(scope="module")
def models_of_a_frame():
    X, y = frame()
    return fitted("XGBRegressor", X, y, enable_categorical=True, max_depth=4)


def test_a_frame_is_coded_as_there(models_of_a_frame):
    ours, peer = models_of_a_frame
    assert_same_trees(ours, peer)
    X, _ = frame(seed=1)
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=1e-6)
    np.testing.assert_array_equal(ours.predict(in_other_order(X)), ours.predict(X))
    np.testing.assert_allclose(peer.predict(in_other_order(X)), peer.predict(X), rtol=1e-6)


def test_an_evaluation_set_is_coded_as_the_training_frame(models_of_a_frame):
    (X, y), (X_val, y_val) = frame(), frame(500, seed=2)
    options = {"enable_categorical": True, "max_depth": 4, "n_estimators": 5, "n_jobs": 1}
    ours = XGBRegressor(**options).fit(X, y, eval_set=[(in_other_order(X_val), y_val)], verbose=False)
    peer = xgboost.XGBRegressor(**options).fit(X, y, eval_set=[(in_other_order(X_val), y_val)], verbose=False)
    own, other = (model.evals_result()["validation_0"]["rmse"] for model in (ours, peer))
    np.testing.assert_allclose(own, other, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_files_go_both_ways(suffix, models_of_a_frame, tmp_path):
    """Categories keep their names, so that the reader translates frames, too."""
    ours, peer = models_of_a_frame
    X, _ = frame(seed=1)
    expected = peer.predict(X)
    for written, read in ((ours, xgboost.XGBRegressor()), (peer, XGBRegressor()), (ours, XGBRegressor())):
        path = tmp_path / f"model.{suffix}"
        written.save_model(path)
        read.load_model(path)
        np.testing.assert_allclose(read.predict(X), expected, rtol=1e-6)
        np.testing.assert_allclose(read.predict(in_other_order(X)), expected, rtol=1e-6)
        np.testing.assert_allclose(read.predict(X.iloc[:1]), expected[:1], rtol=1e-6)
        assert read.enable_categorical


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize("width", ["int8", "uint8", "int16", "int32", "int64"])
def test_files_keep_the_width_of_whole_numbers(width, suffix, tmp_path):
    """The library predicts a frame only if its categories have the width that stands in the file."""
    X, y = frame(500)
    X["size"] = pd.Categorical(X["size"].astype(width))
    ours, peer = fitted("XGBRegressor", X, y, enable_categorical=True, max_depth=4)
    path = tmp_path / f"model.{suffix}"
    for written, read in ((ours, xgboost.XGBRegressor()), (ours, XGBRegressor()), (peer, XGBRegressor())):
        written.save_model(path)
        read.load_model(path)
        # A second time: what has been read is written with the same width.
        read.save_model(path)
        for again in (xgboost.XGBRegressor(), XGBRegressor()):
            again.load_model(path)
            np.testing.assert_allclose(again.predict(X), peer.predict(X), rtol=1e-6)


@pytest.mark.parametrize("width", ["uint16", "uint32", "uint64"])
def test_widths_that_the_library_cannot_train_on_are_written_as_int64(width, tmp_path):
    X, y = frame(500)
    numbers = X["size"].astype(width)
    with pytest.raises(xgboost.core.XGBoostError, match="Unknown construct"):
        xgboost.XGBRegressor(enable_categorical=True).fit(X.assign(size=pd.Categorical(numbers)), y)
    ours = XGBRegressor(n_estimators=5, enable_categorical=True).fit(X.assign(size=pd.Categorical(numbers)), y)
    for suffix in ("json", "ubj"):
        ours.save_model(tmp_path / f"model.{suffix}")
        peer = xgboost.XGBRegressor()
        peer.load_model(tmp_path / f"model.{suffix}")
        as_int64 = X.assign(size=pd.Categorical(numbers.astype("int64")))
        np.testing.assert_allclose(peer.predict(as_int64), ours.predict(as_int64), rtol=1e-6)


@pytest.mark.parametrize("max_depth", [3, 10])
def test_files_of_codes_go_both_ways(max_depth, tmp_path):
    X, y = table(3000)
    ours, peer = fitted("XGBRegressor", X, y, feature_types=TYPES, max_depth=max_depth)
    path = tmp_path / "model.json"
    # Categories that training has not seen, negative ones, and fractions.
    X[:4, :5] = np.array([99, 1e6, -3, 1.75])[:, np.newaxis]
    for written, read in ((ours, xgboost.XGBRegressor()), (peer, XGBRegressor())):
        written.save_model(path)
        read.load_model(path)
        np.testing.assert_allclose(read.predict(X), peer.predict(X), rtol=1e-6)
        np.testing.assert_allclose(read.predict(X[:1]), peer.predict(X[:1]), rtol=1e-6)
        assert list(read.feature_types) == TYPES


def test_texts_and_frames_of_trees_are_those_of_the_library(models_of_a_frame):
    ours, peer = models_of_a_frame
    booster = peer.get_booster()
    assert ours.to_text(0) == booster.get_dump(with_stats=True)[0]
    own, other = ours.trees_to_dataframe(), booster.trees_to_dataframe()
    pd.testing.assert_frame_equal(own[other.columns], other, check_dtype=False, rtol=1e-5)
    assert any(own["Category"].notna())
    np.testing.assert_allclose(ours.feature_importances_, peer.feature_importances_, rtol=1e-5)


def test_a_pickle_keeps_the_categories(models_of_a_frame):
    ours, _ = models_of_a_frame
    X, _ = frame(seed=1)
    restored = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(restored.predict(in_other_order(X)), ours.predict(X))


@pytest.mark.parametrize("parameters", [{"tree_method": "approx"}, {"tree_method": "approx", "max_cat_to_onehot": 100}])
def test_the_approx_method(parameters):
    """Cuts of the numbers are made anew in each round, those between categories never change."""
    X, y = table(4000)
    options = {"max_depth": 5, "n_estimators": 5, "feature_types": TYPES, "n_jobs": 1, **parameters}
    ours = XGBRegressor(cuts="xgboost", **options).fit(X, y)
    assert_same_trees(ours, xgboost.XGBRegressor(**options).fit(X, y))


def test_training_goes_on_with_the_codes_of_the_model(models_of_a_frame):
    (first, second), (X, y) = models_of_a_frame, frame(seed=3)
    options = {"enable_categorical": True, "n_estimators": 4, "max_depth": 4, "n_jobs": 1}
    ours = XGBRegressor(cuts="xgboost", **options).fit(in_other_order(X), y, xgb_model=first)
    peer = xgboost.XGBRegressor(**options).fit(in_other_order(X), y, xgb_model=second.get_booster())
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=1e-5)


def test_the_learning_api():
    """Matrices of frames are translated to the codes of the matrix that was trained on."""
    (X, y), (X_val, y_val), options = (
        frame(),
        frame(500, seed=2),
        {"max_depth": 4, "max_cat_to_onehot": 5, "nthread": 1},
    )
    predictions, histories = [], []
    for library in (boosting, xgboost):
        matrix = library.DMatrix(X, y, enable_categorical=True)
        other = library.DMatrix(in_other_order(X_val), y_val, enable_categorical=True)
        history = {}
        booster = library.train(options, matrix, 5, evals=[(other, "val")], evals_result=history, verbose_eval=False)
        assert list(matrix.feature_types) == ["c", "c", "float"]
        histories.append(history["val"]["rmse"])
        predictions += [booster.predict(other), booster.inplace_predict(in_other_order(X_val))]
        again = library.Booster(model_file=bytearray(booster.save_raw("json")))
        predictions.append(again.predict(other))
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-6)
    for predicted in predictions:
        np.testing.assert_allclose(predicted, predictions[-1], rtol=1e-5)


@pytest.mark.parametrize("width", ["int8", "uint8", "int64"])
def test_categories_are_handed_on_as_there(width):
    """By a matrix and by a model; another frame gets their codes."""
    X, y = frame(400)
    X["size"] = pd.Categorical(X["size"].astype(width))
    told, coded = [], []
    for library in (boosting, xgboost):
        matrix = library.DMatrix(X, y, enable_categorical=True)
        model = library.train({}, matrix, 1)
        told += [given.get_categories(export_to_arrow=True).to_arrow() for given in (matrix, model)]
        reordered = X.assign(colour=X["colour"].cat.set_categories(["black", "blue", "green", "grey", "red", "white"]))
        other = library.DMatrix(reordered, feature_types=model.get_categories(), enable_categorical=True)
        assert list(other.feature_types) == ["c", "c", "float"]
        coded.append(other.get_data().toarray())
    assert told[0] == told[1] == told[2] == told[3]
    np.testing.assert_array_equal(*coded)


@pytest.mark.parametrize("categorical", [False, True])
def test_types_of_columns_are_the_librarys(categorical, tmp_path):
    """Whole numbers and truth values keep their types: in the file, and in dumps, whose thresholds are rounded up."""
    rng, n = np.random.default_rng(0), 500
    X = pd.DataFrame(
        {
            "whole": rng.integers(0, 30, n),
            "number": rng.normal(size=n).round(1),
            "truth": rng.random(n) < 0.5,
            "byte": rng.integers(0, 9, n).astype("uint8"),
            "nullable": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        }
    )
    y = 0.3 * X["whole"] + X["number"] + 2 * X["truth"] + rng.normal(size=n)
    X = X.assign(byte=X["byte"].astype("category")) if categorical else X
    options = {"n_estimators": 3, "max_depth": 4, "enable_categorical": categorical}
    ours, peer = XGBRegressor(**options).fit(X, y), xgboost.XGBRegressor(**options).fit(X, y)
    booster = peer.get_booster()
    assert ours.get_booster().feature_types == booster.feature_types
    assert ours.get_booster().get_dump(with_stats=True) == booster.get_dump(with_stats=True)
    ours.save_model(tmp_path / "model.json")
    again, theirs = XGBRegressor(), xgboost.XGBRegressor()
    for model in (again, theirs):
        model.load_model(tmp_path / "model.json")
        np.testing.assert_array_equal(model.predict(X), ours.predict(X))
        assert model.get_booster().feature_types == booster.feature_types
    more = XGBRegressor(**options).fit(X, y, xgb_model=ours)
    assert more.get_booster().feature_types == booster.feature_types
