"""Categories of data frames become codes, and other frames get the codes of the training frame."""

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import XGBRegressor
from mlx.boosting.category_encoding import CategoryColumns, check_codes, learn_categories, recoded

pd = pytest.importorskip("pandas")


def frame(values, categories, **others):
    return pd.DataFrame({"colour": pd.Categorical(values, categories=categories), **others})


TRAINING = frame(["red", None, "blue", "green"], ["green", "red", "blue"], size=[1.5, 2.5, 3.5, 4.5])
KNOWN = CategoryColumns(("c", "float"), (("green", "red", "blue"), None))


def test_a_training_frame_gets_codes_and_its_categories_are_kept():
    coded, known = learn_categories(TRAINING, True, None)
    assert known == KNOWN
    np.testing.assert_array_equal(coded.to_numpy(), [[1, 1.5], [np.nan, 2.5], [2, 3.5], [0, 4.5]])
    assert list(coded.columns) == ["colour", "size"]
    assert TRAINING.dtypes.iloc[0].name == "category"  # the user's own frame is as before


def test_a_frame_of_numbers_and_an_array_are_left_alone():
    for X in (TRAINING[["size"]], np.zeros((3, 2)), [[0.0, 1.0]]):
        coded, known = learn_categories(X, True, None)
        assert coded is X
        assert known is None
        assert recoded(X, None, None) is X


def test_categories_must_be_enabled():
    with pytest.raises(ValueError, match="enable_categorical=True: 'colour'"):
        learn_categories(TRAINING, False, None)


@pytest.mark.parametrize("categories", [[0.5, 1.5], [True, False], ["a", 1]])
def test_names_must_be_texts_or_whole_numbers(categories):
    with pytest.raises(ValueError, match="'colour' must be texts, or whole numbers"):
        learn_categories(frame([categories[0]], categories), True, None)


def test_another_order_of_categories_is_translated():
    other = frame(["blue", "green", None, "red"], ["blue", "yellow", "red", "green"], size=[1, 2, 3, 4])
    coded = recoded(other, KNOWN, ["colour", "size"])
    np.testing.assert_array_equal(coded.to_numpy(), [[2, 1], [0, 2], [np.nan, 3], [1, 4]])


def test_whole_numbers_are_translated_whatever_their_width():
    known = CategoryColumns(("c",), ((10, 20, 30),))
    other = frame([30, 10], pd.Index([30, 10], dtype=np.int8))
    np.testing.assert_array_equal(recoded(other, known, None).to_numpy(), [[2], [0]])


@pytest.mark.parametrize("unseen", ["aqua", "violet", "grey"])
def test_an_unseen_category_is_an_error(unseen):
    other = frame(["blue", unseen], ["blue", unseen], size=[1, 2])
    with pytest.raises(ValueError, match=f"'colour' has the category '{unseen}'"):
        recoded(other, KNOWN, ["colour", "size"])


def test_texts_are_no_numbers():
    with pytest.raises(ValueError, match="'colour' has the category '10'"):
        recoded(frame(["10"], ["10"]), CategoryColumns(("c",), ((10, 20),)), ["colour"])


def test_a_column_holds_categories_in_both_tables_or_in_none():
    with pytest.raises(ValueError, match="'colour' holds no categories"):
        recoded(TRAINING.assign(colour=1.0), KNOWN, ["colour", "size"])
    with pytest.raises(ValueError, match="'colour' holds categories"):
        recoded(TRAINING, None, None)
    with pytest.raises(ValueError, match="'size' holds categories"):
        recoded(TRAINING.assign(size=TRAINING.colour), KNOWN, ["colour", "size"])


def test_codes_without_names_are_taken_as_they_are():
    """As in files of xgboost before 3.1, and models of arrays."""
    coded = recoded(TRAINING, CategoryColumns(("c", "float")), ["colour", "size"])
    np.testing.assert_array_equal(coded["colour"], [1, np.nan, 2, 0])


def test_feature_types_stand_above_the_frame():
    assert learn_categories(TRAINING, True, ["q", "q"])[1] is None
    assert learn_categories(np.zeros((2, 2)), False, ["q", "c"])[1] == CategoryColumns(("q", "c"))
    assert learn_categories(TRAINING, True, ["c", "c"])[1] == CategoryColumns(("c", "c"), KNOWN.names)


@pytest.mark.parametrize("value", [-1, 0.5, 65_535, np.inf])
def test_codes_are_whole_numbers_from_0(value):
    X = np.array([[0, 1], [3, value], [np.nan, np.nan]], dtype=np.float32)
    check_codes(X, CategoryColumns(("c", "q")))
    check_codes(X, None)
    with pytest.raises(ValueError, match="column 1 must hold categories"):
        check_codes(X, CategoryColumns(("c", "c")))


X = frame(["red", "blue", "green", None] * 10, ["green", "red", "blue"], size=np.arange(40.0))
Y = X["colour"].cat.codes.to_numpy() % 2 + X["size"] / 40
CODES = np.column_stack([X["colour"].cat.codes.replace(-1, 7), X["size"]])


def test_any_number_of_threads_gives_the_same_trees():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 12, size=(20_000, 4))
    y = rng.normal(size=(4, 12))[0, rows[:, 0]] + rows[:, 1] % 3
    trees = [
        XGBRegressor(n_estimators=2, feature_types=["c"] * 4, n_jobs=n_jobs).fit(rows, y).tree_ensemble_.trees
        for n_jobs in (1, 2)
    ]
    for one, two in zip(*trees):
        for name in ("left", "feature", "value", "gain", "category_start", "categories"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_what_estimators_refuse():
    model = XGBRegressor(enable_categorical=True, n_estimators=2, n_jobs=1)
    with pytest.raises(ValueError, match="enable_categorical=True"):
        XGBRegressor().fit(X, Y)
    with pytest.raises(NotImplementedError, match="tree_method='exact'"):
        XGBRegressor(enable_categorical=True, tree_method="exact").fit(X, Y)
    with pytest.raises(NotImplementedError, match="sparse"):
        XGBRegressor(feature_types=["c", "q"]).fit(scipy.sparse.csr_matrix(CODES), Y)
    with pytest.raises(ValueError, match="feature_types"):
        XGBRegressor(feature_types=["c"]).fit(CODES, Y)
    with pytest.raises(ValueError, match="feature_types"):
        XGBRegressor(feature_types=["c", "text"]).fit(CODES, Y)
    with pytest.raises(ValueError, match="column 1 must hold categories"):
        XGBRegressor(feature_types=["c", "c"]).fit(CODES + [0, 0.5], Y)
    model.fit(X, Y)
    with pytest.raises(ValueError, match="'violet'"):
        model.predict(X.assign(colour=X["colour"].cat.add_categories("violet").fillna("violet")))
    with pytest.raises(ValueError, match="'colour' holds no categories"):
        model.predict(X.assign(colour=1.0))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[["size", "colour"]])
    assert len(model.predict(X.assign(colour=X["colour"].cat.add_categories("violet")))) == 40


def test_a_node_and_its_runner_up_are_explained_by_their_categories():
    model = XGBRegressor(enable_categorical=True, n_estimators=1, max_depth=1, reg_lambda=0, n_jobs=1)
    own = model.fit(X.iloc[:, :1], Y).trees_to_dataframe()
    assert "colour:{" in str(model.explain_node(0, 0))
    assert own["Category"][0] == [str(code) for code in model.tree_ensemble_.trees[0].categories]
    # On both columns the split on numbers is the better one.
    second = model.fit(X, Y + X["size"]).trees_to_dataframe()
    assert (second["Feature"][0], second["RunnerUp"][0]) == ("size", "colour")
    assert np.isnan(second["RunnerUpSplit"][0])
    assert "runner-up   colour:{" in str(model.explain_node(0, 0))
