"""Frames of other kinds become plain ones: texts as names, full columns, and no dates."""

import json

import numpy as np
import pandas as pd
import pytest

from mlx.boosting import Booster, DMatrix, XGBClassifier, XGBRanker, XGBRegressor, train
from mlx.boosting.columns import plain_table

rng = np.random.default_rng(0)
X = np.round(rng.normal(size=(60, 3)), 1)
X[rng.random(X.shape) < 0.4] = 0.0
y = X[:, 0] + 2.0 * X[:, 1]


def fitted(table, **options):
    return XGBRegressor(n_estimators=3, **options).fit(table, y)


def test_columns_without_text_for_names_are_named_by_their_numbers():
    model = fitted(pd.DataFrame(X))
    assert list(model.feature_names_in_) == ["0", "1", "2"]
    assert set(model.get_booster().get_score()) <= {"0", "1", "2"}
    np.testing.assert_array_equal(model.predict(pd.DataFrame(X)), fitted(X).predict(X))
    assert DMatrix(pd.DataFrame(X)).feature_names == ["0", "1", "2"]


def test_numbers_for_names_are_as_good_as_none(recwarn):
    """A frame made of an array, and the array: they say the same, and nothing is warned of."""
    frame = pd.DataFrame(X)
    for one, other in ((frame, X), (X, frame)):
        model = fitted(one)
        np.testing.assert_array_equal(model.predict(other), model.predict(one))
        XGBRegressor(n_estimators=1).fit(one, y, eval_set=[(other, y)], verbose=False)
        with pytest.raises(ValueError, match=r"X:? has 2 features"):
            model.predict(other[:, :2] if other is X else other[[0, 1]].to_numpy())
    assert not recwarn.list
    with pytest.warns(UserWarning, match="fitted without feature names"):
        fitted(X).predict(frame[[1, 0, 2]])


@pytest.mark.parametrize("names", [[0, 1, 2], ["a", "b", 2], pd.MultiIndex.from_product([["a"], [0, 1, 2]])])
def test_another_order_of_columns_is_an_error(names):
    """Whatever their names are."""
    frame = pd.DataFrame(X, columns=names)
    model = fitted(frame)
    with pytest.raises(ValueError, match="same order"):
        model.predict(frame.iloc[:, [1, 0, 2]])
    with pytest.raises(ValueError, match="same order"):
        XGBRegressor(n_estimators=1).fit(frame, y, eval_set=[(frame.iloc[:, [1, 0, 2]], y)], verbose=False)
    booster = train({}, DMatrix(frame, y), 1)
    with pytest.raises(ValueError, match="feature_names"):
        booster.predict(DMatrix(frame.iloc[:, [1, 0, 2]]))


def test_constraints_may_name_columns_by_their_numbers():
    frame = pd.DataFrame(X)
    expected = fitted(X, monotone_constraints=(0, -1, 0), interaction_constraints=[[0, 1], [2]]).predict(X)
    by_name = fitted(frame, monotone_constraints={"1": -1}, interaction_constraints=[["0", "1"], ["2"]])
    np.testing.assert_array_equal(by_name.predict(frame), expected)


@pytest.mark.parametrize("columns", [[0, 1, 2], [1]])
def test_sparse_columns_of_pandas_are_filled_up(columns):
    """Their zeros are zeros, as in xgboost; those that a matrix of SciPy does not store are missing."""
    frame = pd.DataFrame(X, columns=list("abc"))
    for j in columns:
        frame.isetitem(j, pd.arrays.SparseArray(X[:, j], fill_value=0.0))
    expected = fitted(X).predict(X)
    np.testing.assert_array_equal(fitted(frame).predict(frame), expected)
    np.testing.assert_array_equal(DMatrix(frame).rows, X.astype(np.float32))
    assert any(hasattr(dtype, "fill_value") for dtype in frame.dtypes), "the user's frame has been changed"


@pytest.mark.parametrize("kind", ["datetime64[s]", "timedelta64[s]", "datetime64[ns, UTC]"])
def test_dates_are_refused(kind):
    frame = pd.DataFrame({"a": X[:, 0], "when": pd.Series(np.arange(60)).astype(kind)})
    for table in (frame, frame[["when"]]):
        with pytest.raises(ValueError, match=r"X: column 'when' of type .* holds no numbers"):
            XGBRegressor(n_estimators=1).fit(table, y)
        with pytest.raises(ValueError, match="column 'when'"):
            DMatrix(table)
    model = fitted(frame[["a"]])
    with pytest.raises(ValueError, match="X: column 'when'"):
        model.predict(frame[["when"]])


def test_arrays_of_dates_are_refused():
    dates = np.arange(60).astype("datetime64[s]").reshape(-1, 1)
    for fit in (XGBRegressor(n_estimators=1).fit, XGBClassifier(n_estimators=1).fit):
        with pytest.raises(ValueError, match="X: a table of numbers"):
            fit(dates, y > 0)
    with pytest.raises(ValueError, match="data: a table of numbers"):
        DMatrix(dates)
    with pytest.raises(ValueError, match="X: a table of numbers"):
        XGBRanker(n_estimators=1).fit(dates, y > 0, qid=np.zeros(60, dtype=int))


def test_tables_of_arrow_keep_their_names_and_categories():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": X[:, 0], "b": X[:, 1], "c": pa.array(list("xyz") * 20).dictionary_encode()})
    matrix = DMatrix(table, y, enable_categorical=True)
    assert matrix.feature_names == ["a", "b", "c"] and matrix.feature_types == ["float", "float", "c"]
    booster = train({}, matrix, 2)
    with pytest.raises(ValueError, match="feature_names"):
        booster.predict(DMatrix(table.select(["b", "a", "c"]), enable_categorical=True))
    model = XGBRegressor(n_estimators=2, enable_categorical=True).fit(table, y)
    np.testing.assert_array_equal(model.predict(table), model.predict(table.to_pandas()))


def test_a_plain_table_is_not_copied():
    frame = pd.DataFrame(X, columns=list("abc"))
    assert plain_table(frame) is frame and plain_table(X) is X


@pytest.mark.parametrize("text", ["heavy", "", "nan", "1e99", "[1,2]"])
def test_a_weight_of_positives_that_is_no_number_is_refused(text):
    """By the learner, which goes on training with it."""
    model = XGBClassifier(n_estimators=1).fit(X, y > 0)
    document = json.loads(model.get_booster().save_raw("json"))
    document["learner"]["objective"]["reg_loss_param"]["scale_pos_weight"] = text
    with pytest.raises(ValueError, match=r"reg_loss_param\.scale_pos_weight") as refused:
        Booster().load_model(json.dumps(document).encode())
    assert type(refused.value).__name__ == "ModelFormatError"
