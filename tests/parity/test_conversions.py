"""Models of scikit-learn, xgboost and LightGBM predict the same as the ensembles that they are converted to.

Margins must be equal to the last bit: thresholds and leaves are taken as they are, rows are rounded and compared as the
library does it, and leaves are added up in the same type and order. Two places round otherwise and have a tolerance:
trees with weights of xgboost (dart), and the inverse links, whose exponentials compilers and libraries take otherwise.

Rows lie on thresholds (all numbers have one decimal), have missing values, zeros, and categories that were not seen.
"""

import json

import numpy as np
import pytest
from scipy import sparse

from mlx.tree import tree_ensemble_of
from mlx.tree.sklearn_trees import average_path_length
from tests import tolerances

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::UserWarning")]

N, RNG = 500, np.random.default_rng(0)
X = np.round(RNG.normal(size=(N, 5)), 1)
SCORE = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.2 * RNG.normal(size=N)
WITH_NAN = np.where(RNG.random(X.shape) < 0.15, np.nan, X)
TARGETS = {
    "two classes": (SCORE > 0).astype(int),
    "three classes": np.digitize(SCORE, [-0.7, 0.7]),
    "number": SCORE,
    "positive": np.exp(SCORE),
    "two numbers": np.c_[SCORE, X[:, 3] - SCORE],
}
# Columns 2 and 4 hold categories; to ask about: unseen ones, rows of nothing but missing values, or of zeros.
CATEGORIES = [2, 4]
TABLE = np.c_[WITH_NAN[:, :2], RNG.integers(0, 30, N), WITH_NAN[:, 3], RNG.integers(0, 9, N)]
TABLE[:20, 4] = np.nan
ASKED = TABLE.copy()
ASKED[:50, 2], ASKED[50:80, 4], ASKED[80:90], ASKED[90:100] = 77, 20, np.nan, 0


def probabilities(model, rows, n_outputs):
    """What a model predicts, one column for each output; of two classes the second's."""
    predicted = np.asarray((getattr(model, "predict_proba", None) or model.predict)(rows)).reshape(len(rows), -1)
    return predicted if predicted.shape[1] == n_outputs else predicted[:, 1:]


def assert_same(model, margin_of, rows, *, record_difference, case, margin_tolerance=0.0, sparse_rows=None):
    """Margins of all rows and of one alone, from a sparse table too, and predictions."""
    ensemble = tree_ensemble_of(model)
    for asked in (rows, rows[:1], *(() if sparse_rows is None else (sparse_rows,))):
        theirs = np.asarray(margin_of(asked)).reshape(asked.shape[0], -1)
        record_difference(f"{case}: margin", np.abs(ensemble.margin(asked) - theirs).max(), margin_tolerance)
    theirs = probabilities(model, rows, ensemble.n_outputs)
    scale = 1 + np.abs(theirs).max()
    tolerance = tolerances.CONVERTED_FLOAT32 if theirs.dtype == np.float32 else tolerances.CONVERTED_PREDICTION
    record_difference(f"{case}: prediction", np.abs(ensemble.predict(rows) - theirs).max() / scale, tolerance)
    return ensemble


# --- scikit-learn -------------------------------------------------------------------------------------------------

sklearn_tree, sklearn_ensemble = pytest.importorskip("sklearn.tree"), pytest.importorskip("sklearn.ensemble")


@pytest.mark.parametrize("rows", [X, WITH_NAN], ids=["complete", "missing"])
@pytest.mark.parametrize("target", ["two classes", "three classes", "number", "two numbers", "two targets of classes"])
@pytest.mark.parametrize("name", ["DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees"])
def test_trees_and_forests(name, target, rows, record_difference):
    kind = "Classifier" if "classes" in target else "Regressor"
    settings = {"n_estimators": 7} if name in ("RandomForest", "ExtraTrees") else {}
    module = sklearn_ensemble if settings else sklearn_tree
    two = np.c_[TARGETS["two classes"], TARGETS["three classes"]]
    model = getattr(module, name + kind)(random_state=0, **settings).fit(rows, TARGETS.get(target, two))
    predict = model.predict_proba if kind == "Classifier" else model.predict

    def margin_of(asked):
        margin = predict(asked)
        return np.hstack(margin) if isinstance(margin, list) else margin

    ensemble = tree_ensemble_of(model)
    for asked in (rows, rows[:1], sparse.csr_array(X)):
        theirs = margin_of(asked).reshape(asked.shape[0], -1)
        record_difference(f"{name} of {target}", np.abs(ensemble.margin(asked) - theirs).max(), 0.0)
    leaves = model.apply(rows).reshape(len(rows), -1)
    np.testing.assert_array_equal(ensemble.apply(rows), leaves)


@pytest.mark.parametrize("init", [None, "zero"])
@pytest.mark.parametrize(
    ("loss", "target"), [("log_loss", "two classes"), ("log_loss", "three classes"), ("exponential", "two classes")]
)
def test_gradient_boosting_of_classes(loss, target, init, record_difference):
    settings = {"n_estimators": 7, "max_depth": 10, "loss": loss, "init": init}
    model = sklearn_ensemble.GradientBoostingClassifier(**settings).fit(X, TARGETS[target])
    parts = {"case": f"{loss} of {target}", "sparse_rows": sparse.csr_array(X)}
    assert_same(model, model.decision_function, X, record_difference=record_difference, **parts)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_gradient_boosting_of_numbers(loss, record_difference):
    model = sklearn_ensemble.GradientBoostingRegressor(loss=loss, n_estimators=7).fit(X, SCORE)
    assert_same(model, model.predict, X, record_difference=record_difference, case=loss)


@pytest.mark.parametrize("strategy", ["most_frequent", "uniform", "constant"])
def test_gradient_boosting_from_a_dummy(strategy, record_difference):
    dummy = pytest.importorskip("sklearn.dummy").DummyClassifier(strategy=strategy, constant=1)
    model = sklearn_ensemble.GradientBoostingClassifier(n_estimators=2, init=dummy).fit(X, TARGETS["three classes"])
    assert_same(model, model.decision_function, X, record_difference=record_difference, case=strategy)


@pytest.mark.parametrize("target", ["two classes", "three classes"])
def test_histogram_boosting_of_classes(target, record_difference):
    settings = {"max_iter": 7, "categorical_features": CATEGORIES, "min_samples_leaf": 5}
    model = sklearn_ensemble.HistGradientBoostingClassifier(**settings).fit(TABLE, TARGETS[target])
    ensemble = assert_same(model, model.decision_function, ASKED, record_difference=record_difference, case=target)
    assert any(tree.category_start is not None for tree in ensemble.trees)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "quantile", "poisson", "gamma"])
def test_histogram_boosting_of_numbers(loss, record_difference):
    settings = {"loss": loss, "max_iter": 7, "quantile": 0.3 if loss == "quantile" else None}
    model = sklearn_ensemble.HistGradientBoostingRegressor(**settings).fit(TABLE, TARGETS["positive"])

    def margin_of(rows):
        return model._raw_predict(rows)

    rows = np.where(ASKED == 77, np.inf, ASKED)
    assert_same(model, margin_of, rows, record_difference=record_difference, case=f"histogram, {loss}")


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("target", ["two classes", "three classes"])
def test_adaboost(target, depth, record_difference):
    stump = sklearn_tree.DecisionTreeClassifier(max_depth=depth)
    model = sklearn_ensemble.AdaBoostClassifier(stump, n_estimators=20, random_state=0).fit(X, TARGETS[target])
    parts = {"case": target, "sparse_rows": sparse.csr_array(X)}
    assert_same(model, model.decision_function, X, record_difference=record_difference, **parts)


@pytest.mark.parametrize("max_features", [1.0, 0.6])
def test_isolation_forest(max_features, record_difference):
    model = sklearn_ensemble.IsolationForest(n_estimators=10, max_features=max_features, random_state=0).fit(WITH_NAN)
    length = tree_ensemble_of(model).margin(WITH_NAN)[:, 0]
    score = -(2 ** (-length / average_path_length(np.array([model.max_samples_]))))
    difference = np.abs(score - model.score_samples(WITH_NAN)).max()
    record_difference("isolation", difference, tolerances.CONVERTED_PREDICTION)


def frames():
    """A frame to train on; its rows with the categories in another order; and with some that training has not."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WITH_NAN, columns=list("abcde"))
    frame["c"] = pandas.Categorical(RNG.choice(["x", "y", "zed", "q"], N))
    frame["e"] = pandas.Categorical(RNG.choice([3, 1, 7], N))
    other, unseen = frame.copy(), frame.copy()
    other["c"] = other["c"].cat.reorder_categories(["zed", "q", "y", "x"])
    unseen["c"] = pandas.Categorical(RNG.choice(["new", "y", "zed", None], N))
    return frame, other, unseen


def test_histogram_boosting_of_frames(record_difference):
    frame, other, unseen = frames()
    model = sklearn_ensemble.HistGradientBoostingRegressor(max_iter=7).fit(frame, SCORE)
    ensemble = tree_ensemble_of(model)
    assert ensemble.feature_names == tuple("abcde")
    for asked in (frame, other, unseen):
        record_difference("frame", np.abs(ensemble.margin(asked)[:, 0] - model.predict(asked)).max(), 0.0)


# --- xgboost ------------------------------------------------------------------------------------------------------

xgboost = pytest.importorskip("xgboost")

XGBOOST = {
    "squared error": ("XGBRegressor", {}, "number"),
    "two targets": ("XGBRegressor", {}, "two numbers"),
    "vector leaf": ("XGBRegressor", {"multi_strategy": "multi_output_tree"}, "two numbers"),
    "poisson": ("XGBRegressor", {"objective": "count:poisson"}, "positive"),
    "dart": ("XGBRegressor", {"booster": "dart", "rate_drop": 0.5}, "number"),
    "two classes": ("XGBClassifier", {}, "two classes"),
    "three classes": ("XGBClassifier", {}, "three classes"),
    "forest": ("XGBRFClassifier", {}, "two classes"),
}


@pytest.mark.parametrize("case", XGBOOST)
def test_xgboost(case, record_difference):
    name, settings, target = XGBOOST[case]
    model = getattr(xgboost, name)(n_estimators=7, max_depth=10, n_jobs=1, **settings).fit(WITH_NAN, TARGETS[target])
    tolerance = tolerances.MODEL_FILE_MARGIN if case == "dart" else 0.0
    parts = {"case": f"xgboost, {case}", "margin_tolerance": tolerance, "sparse_rows": sparse.csr_matrix(X)}

    def margin_of(rows):
        return model.predict(rows, output_margin=True)

    assert_same(model, margin_of, WITH_NAN, record_difference=record_difference, **parts)
    booster = tree_ensemble_of(model.get_booster())
    np.testing.assert_array_equal(booster.margin(X), tree_ensemble_of(model).margin(X))


def test_xgboost_of_codes_and_of_frames(record_difference):
    settings = {"n_estimators": 7, "max_cat_to_onehot": 4, "enable_categorical": True, "n_jobs": 1}
    model = xgboost.XGBClassifier(feature_types=["q", "q", "c", "q", "c"], **settings)
    model.fit(TABLE, TARGETS["two classes"])
    theirs = model.predict(ASKED, output_margin=True)
    record_difference("codes", np.abs(tree_ensemble_of(model).margin(ASKED)[:, 0] - theirs).max(), 0.0)
    frame, other, _ = frames()
    model = xgboost.XGBClassifier(**settings).fit(frame, TARGETS["two classes"])
    for asked in (frame, other):
        theirs = model.predict(asked, output_margin=True)
        record_difference("frame", np.abs(tree_ensemble_of(model).margin(asked)[:, 0] - theirs).max(), 0.0)


def test_xgboost_predicts_with_its_best_rounds():
    y = TARGETS["three classes"]
    model = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=3, n_jobs=1)
    model.fit(X[:250], y[:250], eval_set=[(X[250:], y[250:])], verbose=False)
    ensemble, whole = tree_ensemble_of(model), tree_ensemble_of(model.get_booster())
    assert ensemble.n_trees == 3 * (model.best_iteration + 1) < whole.n_trees
    np.testing.assert_array_equal(ensemble.margin(X), model.predict(X, output_margin=True))
    theirs = model.get_booster().predict(xgboost.DMatrix(X), output_margin=True)
    np.testing.assert_array_equal(whole.margin(X), theirs)


# --- LightGBM -----------------------------------------------------------------------------------------------------

lightgbm = pytest.importorskip("lightgbm")

FOREST = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
LIGHTGBM = {
    "regression": ({}, "number"),
    "l1": ({"objective": "l1"}, "number"),
    "poisson": ({"objective": "poisson"}, "positive"),
    "gamma": ({"objective": "gamma"}, "positive"),
    "tweedie": ({"objective": "tweedie"}, "positive"),
    "cross entropy": ({"objective": "cross_entropy"}, "two classes"),
    "zero as missing": ({"zero_as_missing": True}, "number"),
    "no missing": ({"use_missing": False}, "number"),
    "dart": ({"boosting_type": "dart", "drop_rate": 0.5}, "number"),
    "forest": (FOREST, "number"),
    "binary": ({"objective": "binary", "sigmoid": 0.7}, "two classes"),
    "multiclass": ({"objective": "multiclass", "num_class": 3}, "three classes"),
    "forest of classes": ({"objective": "multiclass", "num_class": 3, **FOREST}, "three classes"),
    "one against all": ({"objective": "multiclassova", "num_class": 3, "sigmoid": 2.0}, "three classes"),
}


@pytest.mark.parametrize("categories", [[], CATEGORIES], ids=["numbers", "categories"])
@pytest.mark.parametrize("case", LIGHTGBM)
def test_lightgbm(case, categories, record_difference):
    settings, target = LIGHTGBM[case]
    rows, asked = (TABLE, ASKED) if categories else (WITH_NAN, WITH_NAN)
    data = lightgbm.Dataset(rows, TARGETS[target], categorical_feature=categories)
    quiet = {"verbose": -1, "num_leaves": 63, "min_data_in_leaf": 2, "num_threads": 1}
    model = lightgbm.train({**quiet, **settings}, data, 7)
    n_rounds = 7 if settings.get("boosting_type") == "rf" else 1

    def margin_of(rows):
        # A forest's raw score is the sum of its trees, of which the prediction takes the mean.
        return model.predict(rows, raw_score=True) / n_rounds

    parts = {"case": f"LightGBM, {case}", "sparse_rows": sparse.csr_matrix(np.abs(X))}
    assert_same(model, margin_of, asked, record_difference=record_difference, **parts)
    assert_dump_is_the_same(model)


def assert_dump_is_the_same(model):
    """LightGBM's JSON, as it is and written to a file and read, is the same ensemble as its text."""
    ensemble = tree_ensemble_of(model)
    for document in (model.dump_model(), json.loads(json.dumps(model.dump_model()))):
        dumped = tree_ensemble_of(document)
        assert dumped.n_trees == ensemble.n_trees
        for field in ("link", "link_scale", "aggregation", "feature_names", "category_values", "zero_is_missing"):
            np.testing.assert_equal(getattr(dumped, field), getattr(ensemble, field))
        for own, other in zip(dumped.trees, ensemble.trees):
            for array in ("left", "right", "feature", "threshold", "missing_left", "categories"):
                np.testing.assert_array_equal(getattr(own, array), getattr(other, array), err_msg=array)
            np.testing.assert_array_equal(own.value[own.is_leaf], other.value[other.is_leaf])
            # Written with fewer digits, some of them in one form only.
            np.testing.assert_allclose(own.cover, other.cover, rtol=1e-5)
            np.testing.assert_allclose(own.value, other.value, rtol=1e-5)
            np.testing.assert_allclose(own.gain, other.gain, rtol=1e-4)


def test_lightgbm_of_frames(record_difference):
    frame, other, unseen = frames()
    model = lightgbm.LGBMClassifier(n_estimators=7, min_child_samples=2, verbose=-1, n_jobs=1)
    model.fit(frame, TARGETS["two classes"])
    ensemble = tree_ensemble_of(model)
    for asked in (frame, other, unseen):
        theirs = model.predict(asked, raw_score=True)
        record_difference("frame", np.abs(ensemble.margin(asked)[:, 0] - theirs).max(), 0.0)
    assert_dump_is_the_same(model.booster_)


def test_lightgbm_predicts_with_its_best_rounds():
    y = TARGETS["three classes"]
    model = lightgbm.LGBMClassifier(n_estimators=60, min_child_samples=2, verbose=-1, n_jobs=1)
    stop = lightgbm.early_stopping(3, verbose=False)
    model.fit(X[:250], y[:250], eval_X=X[250:], eval_y=y[250:], callbacks=[stop])
    ensemble = tree_ensemble_of(model)
    assert ensemble.n_trees == 3 * model.best_iteration_ < 180
    np.testing.assert_array_equal(ensemble.margin(X), model.predict(X, raw_score=True))


def test_what_no_ensemble_can_say_is_refused_by_name():
    quiet = {"n_estimators": 2, "verbose": -1, "n_jobs": 1}
    y = TARGETS["two classes"]
    for settings, message in [
        ({"linear_tree": True}, "linear models in their leaves"),
        ({"reg_sqrt": True}, "'sqrt'"),
        ({"objective": "cross_entropy_lambda"}, "'cross_entropy_lambda'"),
    ]:
        with pytest.raises(ValueError, match=message):
            tree_ensemble_of(lightgbm.LGBMRegressor(**quiet, **settings).fit(X, y))
    with pytest.raises(ValueError, match="gblinear"):
        tree_ensemble_of(xgboost.XGBRegressor(booster="gblinear").fit(X, y))
    with pytest.raises(ValueError, match="missing=0"):
        tree_ensemble_of(xgboost.XGBRegressor(n_estimators=1, missing=0).fit(X, y))
    with pytest.raises(ValueError, match="weighted median"):
        tree_ensemble_of(sklearn_ensemble.AdaBoostRegressor(n_estimators=2).fit(X, y))
    start = sklearn_tree.DecisionTreeRegressor(max_depth=1)
    with pytest.raises(ValueError, match="init_: DecisionTreeRegressor starts from a margin that depends on the row"):
        tree_ensemble_of(sklearn_ensemble.GradientBoostingRegressor(n_estimators=1, init=start).fit(X, y))
    for model in (lightgbm.LGBMRegressor(), xgboost.XGBRegressor(), sklearn_tree.DecisionTreeRegressor()):
        with pytest.raises(ValueError, match="fit"):
            tree_ensemble_of(model)
