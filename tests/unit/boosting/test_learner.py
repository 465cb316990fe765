import copy
import json
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import Booster, DMatrix, QuantileDMatrix, XGBClassifier, XGBRegressor, train
from mlx.tree.document import ModelFormatError

rng = np.random.default_rng(0)
X = rng.integers(-9, 9, size=(300, 4)).astype(np.float64)
y = X[:, 0] + 2 * (X[:, 1] > 2) + rng.normal(size=300)
NAMES = ["a", "b", "c", "d"]


def rows(**known):
    return DMatrix(X, y, **known)


def fitted(n_rounds=4, params=(), **known):
    return train({"max_depth": 3, **dict(params)}, rows(**known), n_rounds)


def test_training_is_that_of_the_estimator():
    """One engine: the learner and the estimator grow the same trees."""
    estimator = XGBRegressor(n_estimators=4, max_depth=3, subsample=0.7, random_state=5).fit(X, y)
    model = fitted(params={"subsample": 0.7, "seed": 5})
    np.testing.assert_array_equal(model.predict(rows()), estimator.predict(X))
    np.testing.assert_array_equal(estimator.get_booster().predict(rows()), estimator.predict(X))


def test_rounds_one_by_one_are_the_rounds_of_train():
    matrix, model = rows(), Booster({"max_depth": 3})
    for number in range(4):
        model.update(matrix, number)
        model.predict(matrix)
        model.eval(matrix)
    assert model.get_dump() == fitted().get_dump()


def test_rows_of_weight_zero_are_as_good_as_not_there():
    weight = (np.arange(300) % 3 > 0).astype(float)
    model = fitted(weight=weight)
    kept = train({"max_depth": 3}, DMatrix(X[weight > 0], y[weight > 0]), 4)
    np.testing.assert_allclose(model.predict(rows()), kept.predict(rows()), rtol=1e-5)


def test_margins_that_are_kept_are_those_of_prediction():
    """Adding round by round and predicting at once round the same way, whatever was asked for in between."""
    matrix = rows()
    model = Booster({"max_depth": 3, "num_parallel_tree": 3})
    for number in range(3):
        model.update(matrix, number)
        model.eval(matrix)
    np.testing.assert_array_equal(model.predict(matrix), model.copy().predict(rows()))
    np.testing.assert_array_equal(model.predict(matrix), model.inplace_predict(X))


def test_margins_follow_a_new_start():
    matrix, model = rows(), fitted()
    before = model.predict(matrix)
    matrix.set_base_margin(np.full(300, 5.0))
    np.testing.assert_allclose(model.predict(matrix) - before, 5.0 - y.mean(), atol=1e-5)


def test_prediction_is_not_what_is_kept():
    matrix, model = rows(), fitted()
    model.predict(matrix)[:] = 0
    assert model.predict(matrix).any()


def test_shapes():
    model, several = fitted(), train({"objective": "multi:softprob", "num_class": 3}, DMatrix(X, np.arange(300) % 3), 2)
    assert model.predict(rows()).shape == (300,)
    assert model.predict(rows(), strict_shape=True).shape == (300, 1)
    assert model.predict(rows(), pred_leaf=True).shape == (300, 4)
    assert several.predict(rows()).shape == (300, 3)
    assert several.predict(rows(), pred_leaf=True, strict_shape=True).shape == (300, 2, 3, 1)
    assert model.predict(rows(), iteration_range=(2, 2)) == pytest.approx(np.full(300, y.mean()))


@pytest.mark.parametrize("argument", ["pred_contribs", "approx_contribs", "pred_interactions"])
def test_arguments_of_predict_refused_by_name(argument):
    with pytest.raises(NotImplementedError, match=argument):
        fitted().predict(rows(), **{argument: True})


def test_sparse_rows_predict_as_rows_with_nan():
    model = fitted()
    table = scipy.sparse.csr_matrix(X)
    filled = np.where(X == 0, np.nan, X)
    np.testing.assert_array_equal(model.predict(DMatrix(table)), model.predict(DMatrix(filled)))
    np.testing.assert_array_equal(model.inplace_predict(table.tocsc()), model.predict(DMatrix(filled)))
    leaves = model.predict(DMatrix(table), pred_leaf=True)
    np.testing.assert_array_equal(leaves, model.predict(DMatrix(filled), pred_leaf=True))


def test_columns_that_are_others_are_refused():
    model = fitted(feature_names=NAMES)
    for wrong in (rows(feature_names=NAMES[::-1]), rows(feature_names=["a", "b", "c", "e"]), rows()):
        with pytest.raises(ValueError, match="feature_names"):
            model.predict(wrong)
        with pytest.raises(ValueError, match="feature_names"):
            model.update(wrong, 4)
        with pytest.raises(ValueError, match="feature_names"):
            model.eval(wrong)
    model.predict(rows(feature_names=NAMES[::-1]), validate_features=False)
    for columns in (3, 5):
        with pytest.raises(ValueError, match="columns"):
            model.predict(DMatrix(np.ones((2, columns))), validate_features=False)


def test_inplace_predict_checks_names_of_frames():
    pandas = pytest.importorskip("pandas")
    model, frame = fitted(feature_names=NAMES), pandas.DataFrame(X, columns=NAMES)
    np.testing.assert_array_equal(model.inplace_predict(frame), model.predict(rows(feature_names=NAMES)))
    with pytest.raises(ValueError, match="feature_names"):
        model.inplace_predict(frame[NAMES[::-1]])
    with pytest.raises(ValueError, match="predict_type"):
        model.inplace_predict(X, predict_type="leaf")


def test_training_does_not_change_the_model_it_goes_on_from():
    model = fitted()
    dump = model.get_dump()
    further = train({"max_depth": 3}, rows(), 3, xgb_model=model)
    assert model.get_dump() == dump
    assert further.get_dump()[:4] == dump
    assert further.get_dump() == fitted(7).get_dump()


def test_parameters_may_change_between_rounds():
    matrix, model = rows(), Booster({"max_depth": 3})
    model.update(matrix, 0)
    model.set_param("max_depth", 1)
    model.update(matrix, 1)
    model.set_param({"eta": 0.0})
    model.update(matrix, 2)
    depths = [dump.count("\n") for dump in model.get_dump()]
    assert depths[0] > 3
    assert depths[1] == 3
    np.testing.assert_array_equal(model.predict(matrix), model[:2].predict(matrix))


def test_own_gradients():
    def half_squared(margin, matrix):
        return margin - matrix.get_label(), np.ones_like(margin)

    model = train({"max_depth": 3, "base_score": 0.5}, rows(), 3, obj=half_squared)
    np.testing.assert_allclose(model.predict(rows()), fitted(3, {"base_score": 0.5}).predict(rows()), rtol=1e-6)
    by_hand, matrix = Booster({"max_depth": 3, "base_score": 0.5}), rows()
    for number in range(3):
        grad, hess = half_squared(by_hand.predict(matrix) if number else np.full(300, 0.5), matrix)
        by_hand.boost(matrix, number, grad=grad, hess=hess)
    np.testing.assert_allclose(by_hand.predict(matrix), model.predict(matrix), rtol=1e-6)


def test_own_gradients_need_no_targets():
    matrix = DMatrix(X)
    model = Booster({"max_depth": 2})
    model.boost(matrix, 0, grad=-y, hess=np.ones(300))
    assert np.corrcoef(model.predict(matrix), y)[0, 1] > 0.5


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, "grad"),
        ({"grad": np.ones(300)}, "hess"),
        ({"grad": np.ones(300), "hess": np.ones(300), "fobj": len}, "fobj"),
        ({"grad": np.ones(299), "hess": np.ones(300)}, "grad"),
        ({"grad": np.ones(300), "hess": np.full(300, np.nan)}, "hess"),
        ({"grad": ["a"] * 300, "hess": np.ones(300)}, "grad"),
        ({"fobj": lambda margin, matrix: (margin,)}, "fobj"),
    ],
)
def test_wrong_gradients_are_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        Booster().boost(rows(), 0, **arguments)


def test_what_cannot_be_trained_on_is_refused_by_name():
    for matrix, name in (
        (DMatrix(X), "label"),
        (DMatrix(X, y, weight=np.ones(5)), "weight"),
        (DMatrix(np.ones((0, 4)), []), "dtrain"),
        (QuantileDMatrix(X, y, max_bin=16), "max_bin"),
    ):
        with pytest.raises((ValueError, NotImplementedError), match=name):
            Booster().update(matrix, 0)
    with pytest.raises(TypeError, match="dtrain"):
        Booster().update(X, 0)
    with pytest.raises(ValueError, match="label"):
        fitted().eval(DMatrix(X))


def test_quantile_matrix_fixes_the_bins():
    assert train({"max_bin": 16}, QuantileDMatrix(X, y, max_bin=16), 2).num_boosted_rounds() == 2


def test_evaluation_as_text_and_numbers():
    model = fitted(params={"eval_metric": ["mae", "rmse"]})
    text = model.eval_set([(rows(), "one"), (rows(), "two")], 3, feval=lambda p, m: [("top", p.max())])
    assert [part.split(":")[0] for part in text.split("\t")] == [
        *("[3]", "one-mae", "one-rmse", "two-mae", "two-rmse", "one-top", "two-top")
    ]
    numbers = model.scores([(rows(), "one")])
    assert numbers[1][2] == pytest.approx(np.sqrt(np.mean((model.predict(rows()) - y.astype(np.float32)) ** 2)))
    model = fitted(params={"disable_default_eval_metric": True})
    assert model.eval(rows()) == "[0]"
    with pytest.raises(TypeError, match="evals"):
        model.eval_set([(X, "a")])


def test_slices_share_trees_and_not_more():
    model = fitted(6)
    part = model[1:5:2]
    assert part.get_dump() == [model.get_dump()[k] for k in (1, 3)]
    part.set_param("max_depth", 1)
    part.update(rows(), 0)
    assert model.num_boosted_rounds() == 6
    assert model.copy().get_dump() == model.get_dump()
    assert [one.get_dump()[0] for one in model] == model.get_dump()


@pytest.mark.parametrize("make", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy, Booster.copy])
def test_copies_are_whole_and_apart(make):
    model = fitted(feature_names=NAMES, feature_types=["q", "int", "q", "q"], params={"eval_metric": "mae"})
    model.set_attr(kept="yes")
    other = make(model)
    assert other.get_dump(with_stats=True) == model.get_dump(with_stats=True)
    assert (other.feature_names, other.feature_types) == (model.feature_names, model.feature_types)
    assert other.attributes() == {"kept": "yes"}
    assert other.eval(rows(feature_names=NAMES)) == model.eval(rows(feature_names=NAMES))
    other.set_attr(kept=None)
    other.update(rows(feature_names=NAMES), 4)
    assert model.attributes() == {"kept": "yes"}
    assert (model.num_boosted_rounds(), other.num_boosted_rounds()) == (4, 5)
    model.update(rows(feature_names=NAMES), 4)
    assert other.get_dump() == model.get_dump()


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_files(tmp_path, suffix):
    model = fitted(feature_names=NAMES)
    model.set_attr(kept="yes", best_iteration=2)
    path = tmp_path / f"model.{suffix}"
    model.save_model(path)
    assert path.read_bytes() == bytes(model.save_raw(suffix))
    for source in (path, str(path), model.save_raw(suffix), bytes(model.save_raw(suffix))):
        other = Booster(model_file=source)
        assert other.get_dump() == model.get_dump()
        assert other.attributes() == {"kept": "yes", "best_iteration": "2"}
        assert other.feature_names == NAMES
        assert other.best_iteration == 2
    with pytest.raises(TypeError, match="fname"):
        model.save_model(3)
    with pytest.raises(ValueError, match="raw_format"):
        model.save_raw("deprecated")


def test_damaged_file_leaves_the_booster_as_it_was():
    model = fitted()
    dump = model.get_dump()
    with pytest.raises(ModelFormatError):
        model.load_model(model.save_raw()[:-9])
    assert model.get_dump() == dump
    with pytest.raises(FileNotFoundError):
        model.load_model("nowhere.json")


def test_configuration_comes_back():
    given = {"max_depth": 2, "eta": 0.11, "grow_policy": "lossguide", "cuts": "xgboost", "eval_metric": ["mae", "rmse"]}
    model = fitted(params=given)
    other = Booster(model_file=model.save_raw())
    other.load_config(model.save_config())
    assert json.loads(other.save_config()) == json.loads(model.save_config())
    for one in (model, other):
        one.update(rows(), 4)
    assert other.get_dump() == model.get_dump()
    for wrong in ("{}", "[", '{"learner": 3}'):
        with pytest.raises(ValueError, match="config"):
            model.load_config(wrong)
    with pytest.raises(TypeError, match="config"):
        model.load_config({})


def test_names_may_be_set():
    model = fitted()
    model.feature_names, model.feature_types = NAMES, ["int"] * 4
    assert "a<" in "".join(model.get_dump())
    model.feature_names = model.feature_types = None
    assert "f0<" in "".join(model.get_dump())
    with pytest.raises(ValueError, match="feature_names"):
        model.feature_names = ["a"]
    assert model.get_categories().empty()


def test_attributes():
    model = Booster()
    for name in ("best_iteration", "best_score"):
        with pytest.raises(AttributeError, match=name):
            getattr(model, name)
    model.best_iteration, model.best_score = 3, 0.25
    assert (model.best_iteration, model.best_score) == (3, 0.25)
    assert model.attributes() == {"best_iteration": "3", "best_score": "0.25"}
    assert model.attr("colour") is None


def test_views(tmp_path):
    pytest.importorskip("pandas")
    model = fitted()
    assert sum(model.get_fscore().values()) == sum(dump.count("[") for dump in model.get_dump())
    frame = model.trees_to_dataframe()
    assert set(frame["Tree"]) == {0, 1, 2, 3}
    histogram = model.get_split_value_histogram("f0", as_pandas=False)
    assert histogram[:, 1].sum() == model.get_fscore()["f0"]
    path = tmp_path / "dump.json"
    model.dump_model(path, dump_format="json", with_stats=True)
    assert len(json.loads(path.read_text())) == 4
    with open(tmp_path / "dump.txt", "w") as file:
        model.dump_model(file)
    assert (tmp_path / "dump.txt").read_text().startswith("booster[0]:\n")
    fmap = tmp_path / "map.txt"
    fmap.write_text("0 zero q\n2 two q\n")
    with pytest.raises(ValueError, match="fmap"):
        model.get_dump(fmap)
    for method, argument in (("get_dump", "dump_format"), ("get_score", "importance_type")):
        with pytest.raises(ValueError, match=argument):
            getattr(model, method)(**{argument: "no"})


def test_booster_without_columns_says_so():
    for method in ("num_features", "num_boosted_rounds", "get_dump", "save_raw", "save_config"):
        with pytest.raises(ValueError, match="no columns yet"):
            getattr(Booster(), method)()


def test_model_without_trees_starts_where_it_says():
    for params, start in (({}, 0.5), ({"objective": "binary:logistic"}, 0.5), ({"base_score": 0.25}, 0.25)):
        assert set(Booster(params, [rows()]).predict(rows())) == {np.float32(start)}


def test_same_trees_for_any_number_of_threads():
    big = np.random.default_rng(1).normal(size=(20_000, 4))
    target = big[:, 0] * big[:, 1]
    dumps = [train({"nthread": n, "max_depth": 4}, DMatrix(big, target), 2).get_dump() for n in (1, 2)]
    assert dumps[0] == dumps[1]


def test_a_booster_of_an_own_objective_is_no_file_that_lacks_it():
    def squares(y_true, y_pred):
        return y_pred - y_true, np.ones_like(y_true)

    model = XGBRegressor(n_estimators=2, objective=squares).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        booster = model.get_booster()
    np.testing.assert_array_equal(booster.predict(rows()), model.predict(X))


def test_estimators_as_boosters():
    labels = np.array(["no", "yes", "maybe"])[np.arange(300) % 3]
    model = XGBClassifier(n_estimators=9, max_depth=2, early_stopping_rounds=2).fit(
        X, labels, eval_set=[(X[:90], labels[:90])], verbose=False
    )
    booster = model.get_booster()
    assert booster.num_boosted_rounds() >= model.best_iteration + 1
    assert booster.best_iteration == model.best_iteration
    best = booster.predict(rows(), iteration_range=(0, model.best_iteration + 1))
    np.testing.assert_array_equal(best, model.predict_proba(X))
    assert model.get_xgb_params()["objective"] == "multi:softprob"
    assert "n_estimators" not in model.get_xgb_params()
    trees = [id(tree) for tree in model.tree_ensemble_.trees]
    assert [id(tree) for tree in booster.__tree_ensemble__().trees] == trees
