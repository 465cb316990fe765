"""The estimators: parameters, labels, weights, what is refused."""

import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlx.boosting import XGBClassifier, XGBRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = X[:, 0] + 0.3 * RNG.normal(size=120)
LABELS = np.array(["low", "middle", "top"])[np.digitize(Y, [-0.5, 0.5])]

UNSUPPORTED = {
    "booster": "gblinear",
    "device": "cuda",
    "objective": "rank:ndcg",
}


@parametrize_with_checks([XGBRegressor(), XGBClassifier(), XGBClassifier(objective="multi:softprob")])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
@pytest.mark.parametrize("estimator", [XGBRegressor, XGBClassifier])
def test_what_is_not_supported_is_refused_by_name(estimator, name):
    with pytest.raises(NotImplementedError, match=name):
        estimator(**{name: UNSUPPORTED[name]}).fit(X, Y > 0)


def test_values_that_mean_the_default_are_accepted():
    same = {"grow_policy": "depthwise", "tree_method": "hist", "subsample": 1.0, "device": "cpu", "max_leaves": 0}
    a, b = XGBRegressor(n_estimators=3).fit(X, Y), XGBRegressor(n_estimators=3, **same).fit(X, Y)
    np.testing.assert_array_equal(a.predict(X), b.predict(X))


BAD = [
    ({"max_depth": -1}, "max_depth"),
    ({"max_bin": 1}, "max_bin"),
    ({"max_bin": 65_536}, "max_bin"),
    ({"learning_rate": -0.1}, "learning_rate"),
    ({"n_estimators": 2.5}, "n_estimators"),
    ({"gamma": -1}, "gamma"),
    ({"reg_lambda": -1}, "reg_lambda"),
    ({"base_score": [1.0, 2.0]}, "base_score"),
    ({"base_score": np.nan}, "base_score"),
    ({"n_jobs": 0}, "n_jobs"),
    ({"importance_type": "shap"}, "importance_type"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD, ids=lambda value: str(value))
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        XGBRegressor(**parameters).fit(X, Y)


def test_bad_data():
    model = XGBRegressor(n_estimators=1)
    for bad, message in [
        ((np.where(X > 2, np.inf, X), Y), "infinity"),
        ((X, np.where(Y > 1, np.nan, Y)), "NaN"),
        ((X, Y * 1e39), "y: has values too large"),
        ((X[:0], Y[:0]), "0 sample"),
        ((X, Y[:5]), "inconsistent numbers"),
        ((X, np.stack([Y, np.where(Y > 1, np.nan, Y)], axis=1)), "y contains NaN"),
        ((X, np.stack([Y, Y * 1e39], axis=1)), "y: has values too large"),
        ((X, np.ones((120, 2, 2))), "y: Found array with dim 3"),
        ((X, np.ones((120, 0))), r"y: Found array with 0 feature\(s\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(*bad)
    with pytest.raises(ValueError, match="class"):
        XGBClassifier().fit(X, np.zeros(120))
    with pytest.raises(ValueError, match="probability"):
        XGBClassifier(base_score=1.5).fit(X, Y > 0)
    with pytest.raises(NotImplementedError, match="scale_pos_weight"):
        XGBClassifier(scale_pos_weight=2.0).fit(X, LABELS)
    with pytest.raises(ValueError, match="weight"):
        model.fit(X, Y, sample_weight=np.zeros(120))
    with pytest.raises(NotFittedError):
        XGBRegressor().predict(X)
    with pytest.raises(NotFittedError):
        _ = XGBRegressor().feature_importances_


@pytest.mark.parametrize("rounds", [(0, 6), (3, 2), (-1, 3), "ab", (1, 2, 3)])
def test_iteration_range_must_be_there(rounds):
    with pytest.raises(ValueError, match="iteration_range"):
        XGBRegressor(n_estimators=5).fit(X, Y).predict(X, iteration_range=rounds)


def test_any_labels():
    named = XGBClassifier(n_estimators=3).fit(X, LABELS)
    coded = XGBClassifier(n_estimators=3).fit(X, np.unique(LABELS, return_inverse=True)[1])
    assert named.classes_.tolist() == ["low", "middle", "top"]
    np.testing.assert_array_equal(named.predict(X), named.classes_[coded.predict(X)])
    np.testing.assert_array_equal(named.predict_proba(X), coded.predict_proba(X))
    assert named.objective == "binary:logistic"
    assert named.predict(X, output_margin=True).shape == (120, 3)


def test_missing_marks():
    with_nan, with_mark, infinite = X.copy(), X.copy(), X.copy()
    hole = RNG.random(X.shape) < 0.2
    with_nan[hole], with_mark[hole], infinite[hole] = np.nan, -999.0, np.inf
    expected = XGBRegressor(n_estimators=3).fit(with_nan, Y).predict(with_nan)
    for marked, value in [(with_mark, -999.0), (infinite, np.inf)]:
        model = XGBRegressor(n_estimators=3, missing=value).fit(marked, Y)
        np.testing.assert_array_equal(model.predict(marked), expected)
        np.testing.assert_array_equal(model.predict(with_nan), expected)
    with pytest.raises(ValueError, match="infinite"):
        XGBRegressor(n_estimators=3, missing=-np.inf).fit(infinite, Y)


def test_column_names():
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcd"))
    model = XGBRegressor(n_estimators=3).fit(frame, Y)
    assert model.tree_ensemble_.feature_names == tuple("abcd")
    with pytest.raises(ValueError, match="order"):
        model.predict(frame[list("dcba")])
    np.testing.assert_array_equal(
        model.predict(frame.set_axis(list("dcba"), axis=1), validate_features=False), model.predict(frame)
    )


def test_state_survives():
    model = XGBClassifier(n_estimators=3, max_depth=2).fit(X, LABELS)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert model.__tree_ensemble__() is model.tree_ensemble_
    copy = clone(model)
    assert copy.get_params() == {**model.get_params(), "missing": copy.missing}
    assert not hasattr(copy, "tree_ensemble_")


def test_rounds():
    assert XGBRegressor().get_num_boosting_rounds() == 100
    none = XGBRegressor(n_estimators=0).fit(X, Y)
    np.testing.assert_allclose(none.predict(X), Y.mean(), rtol=1e-6)
    assert none.feature_importances_.tolist() == [0, 0, 0, 0]
    two = XGBClassifier(n_estimators=2).fit(X, LABELS)
    assert two.apply(X).shape == (120, 6)
    assert two.apply(X, (1, 2)).shape == (120, 3)


def test_scikit_learns_callbacks_see_every_round():
    from mlx.callbacks import SUPPORTS_CALLBACKS

    if not SUPPORTS_CALLBACKS:
        pytest.skip("this scikit-learn has another callback protocol")
    seen = []

    class Watcher:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **details):
            pass

        def on_fit_task_end(self, estimator, context, **details):
            seen.append(context.task_name)
            return context.task_name == "round" and seen.count("round") == 3

    model = XGBRegressor(n_estimators=10).set_callbacks(Watcher()).fit(X, Y)
    assert seen.count("round") == 3
    assert model.tree_ensemble_.n_trees == 3


# Copies


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", ["plain", "missing=0", "weights of 0"])
def test_rows_are_copied_at_most_once_and_never_changed(how, dtype, order):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.integers(0, 50, size=(20_000, 40)), dtype=dtype, order=order)
    y, before = X[:, 0] + X[:, 1], X.copy()
    weight = rng.integers(0, 2, size=len(y)) if how == "weights of 0" else None
    model = XGBRegressor(n_estimators=1, max_depth=1, n_jobs=1, **({"missing": 0.0} if how == "missing=0" else {}))
    model.fit(X, y, sample_weight=weight)  # compiled, imported
    tracemalloc.start()
    model.fit(X, y, sample_weight=weight)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(X, before)
    # In float32, codes of one byte and a mask of as many, and what is there per row: less than another copy.
    copies = 0 if how == "plain" and (dtype, order) == (np.float32, "C") else 1
    assert peak < (copies + 0.95) * X.size * 4
