"""Conversion of models that are made by hand, so that each rule of a library stands alone; no library is imported."""

import importlib
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from mlx.tree import Tree, TreeEnsemble, tree_ensemble_of
from mlx.tree.lightgbm_model import read_lightgbm
from mlx.tree.sklearn_trees import average_path_length
from tests.foreign_models import MODEL_TEXT, cart, fitted

COLUMN = np.array([-2.0, -1e-36, 0.0, 1e-36, 0.5, 0.6, np.inf, -np.inf, np.nan])


def text_of(decision_type, threshold="0.5"):
    """A model of one question about column 0: left 1, right 2."""
    return MODEL_TEXT.format(decision_type=decision_type, threshold=threshold, sets="num_cat=0", more="")


def answers(text, column):
    return read_lightgbm(text).margin(np.c_[column, np.zeros(len(column))])[:, 0].tolist()


@pytest.mark.parametrize(
    ("decision_type", "threshold", "expected"),
    [
        # Missing values: none. NaN is a zero, whatever the default side.
        (0, "0.5", [1, 1, 1, 1, 1, 2, 2, 1, 1]),
        (2, "-1", [1, 2, 2, 2, 2, 2, 2, 1, 2]),
        (0, "0", [1, 1, 1, 2, 2, 2, 2, 1, 1]),
        # Zero: zeros and NaN go to the default side.
        (4, "0.5", [1, 2, 2, 2, 1, 2, 2, 1, 2]),
        (6, "-1", [1, 1, 1, 1, 2, 2, 2, 1, 1]),
        # NaN alone goes to the default side.
        (8, "0.5", [1, 1, 1, 1, 1, 2, 2, 1, 2]),
        (10, "-1", [1, 2, 2, 2, 2, 2, 2, 1, 1]),
        (10, "inf", [1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (8, "inf", [1, 1, 1, 1, 1, 1, 1, 1, 2]),
        (10, "-inf", [2, 2, 2, 2, 2, 2, 2, 1, 1]),
    ],
)
def test_lightgbm_asks_about_numbers(decision_type, threshold, expected):
    assert answers(text_of(decision_type, threshold), COLUMN) == expected


def test_lightgbm_asks_about_categories():
    """Categories 0, 2 and 33 go left; all else, missing values too, goes right."""
    sets = "num_cat=1\ncat_boundaries=0 2\ncat_threshold=5 2"
    text = MODEL_TEXT.format(decision_type=1, threshold="0", sets=sets, more="")
    column = np.array([0, 1, 2, 31, 32, 33, 34, 65, -1, 1e9, np.nan])
    assert answers(text, column) == [1, 2, 1, 2, 2, 1, 2, 2, 2, 2, 2]


def test_lightgbm_that_has_not_learned():
    text = MODEL_TEXT.split("Tree=0")[0] + "Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=0.25\n\nend of trees\n\n"
    assert answers(text, [1.0, np.nan]) == [0.25, 0.25]


def test_lightgbm_names_what_a_tree_knows():
    tree = read_lightgbm(text_of(2)).trees[0]
    assert (tree.cover.tolist(), tree.gain.tolist()) == ([7, 3, 4], [9, 0, 0])
    assert tree.value.tolist() == [1.5, 1, 2]


def test_scikit_learn_sends_missing_values_alone_to_one_side():
    model = fitted("DecisionTreeRegressor", tree_=cart(threshold=[np.inf, -2, -2], missing_go_to_left=[0, 0, 0]))
    assert tree_ensemble_of(model).margin(COLUMN[:, np.newaxis])[:, 0].tolist() == [1] * 8 + [2]


def test_scikit_learn_before_missing_values_refuses_them():
    model = fitted("DecisionTreeRegressor", tree_=cart(missing_go_to_left=None))
    with pytest.raises(ValueError, match="missing"):
        tree_ensemble_of(model).margin([[np.nan]])


def test_scikit_learn_gains_are_decreases_of_impurity():
    tree = tree_ensemble_of(fitted("DecisionTreeRegressor")).trees[0]
    # 5 rows of impurity 1, of which 2 of 0.5 and 3 of 0.25 remain.
    np.testing.assert_allclose(tree.gain, [5 - 1 - 0.75, 0, 0])
    assert (tree.feature.tolist(), tree.threshold.tolist()) == ([0, -1, -1], [0.5, 0, 0])


def test_path_length_of_an_isolation_tree():
    euler = 0.5772156649
    expected = [0, 0, 1, 2 * (np.log(2) + euler) - 4 / 3, 2 * (np.log(255) + euler) - 2 * 255 / 256]
    np.testing.assert_allclose(average_path_length(np.array([0, 1, 2, 3, 256])), expected, rtol=1e-9)


def test_what_is_an_ensemble_or_has_one_is_taken():
    ensemble = TreeEnsemble((), 1)
    assert tree_ensemble_of(ensemble) is ensemble
    assert tree_ensemble_of(SimpleNamespace(__tree_ensemble__=lambda: ensemble)) is ensemble


def test_a_subclass_is_converted_as_its_base():
    class OwnTree(type(fitted("DecisionTreeRegressor"))):
        pass

    model = OwnTree()
    model.__dict__.update(fitted("DecisionTreeRegressor").__dict__)
    assert isinstance(tree_ensemble_of(model).trees[0], Tree)


@pytest.mark.parametrize("model", [3, None, "tree", object(), SimpleNamespace(tree_=1), TreeEnsemble])
def test_other_objects_are_refused(model):
    with pytest.raises(TypeError, match=r"model: .* is no model of trees that is known"):
        tree_ensemble_of(model)


def test_our_boosters_are_converted():
    from mlx.boosting import DMatrix, XGBRegressor, train

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = X[:, 0] + X[:, 1] ** 2
    model = XGBRegressor(n_estimators=3, max_depth=2).fit(X, y)
    np.testing.assert_array_equal(tree_ensemble_of(model).margin(X)[:, 0], model.predict(X, output_margin=True))
    booster = train({"max_depth": 2}, DMatrix(X, y), 3)
    theirs = booster.predict(DMatrix(X), output_margin=True)
    np.testing.assert_array_equal(tree_ensemble_of(booster).margin(X)[:, 0], theirs)


@pytest.mark.parametrize("place", ["mlx.tree.decision_tree", "mlx.ensemble.forest"])
def test_our_trees_and_forests_are_converted(place):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).round(1)
    y = np.digitize(X[:, 0] + X[:, 1] ** 2, [0, 1])
    name = "DecisionTree" if "tree" in place.split(".") else "RandomForest"
    cls = getattr(importlib.import_module(f"{place}_classifier"), f"{name}Classifier")
    for target in (y, np.c_[y, y > 0]):
        model = cls(max_depth=4, random_state=0).fit(X, target)
        probability = model.predict_proba(X)
        expected = np.hstack(probability) if isinstance(probability, list) else probability
        ensemble = tree_ensemble_of(model)
        assert ensemble.n_outputs == (3 if target.ndim == 1 else 5)
        for rows in (X, sparse.csr_array(X)):
            np.testing.assert_array_equal(ensemble.predict(rows), expected)
        # Its attributes are scikit-learn's: reading them gives the same.
        stand_in = fitted(f"{name}Classifier", **model.__dict__)
        np.testing.assert_array_equal(tree_ensemble_of(stand_in).predict(X), expected)
    assert tree_ensemble_of(cls().fit(pandas_frame(X), y)).feature_names == ("a", "b")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_our_adaboost_is_converted(n_classes):
    from mlx.ensemble.adaboost_classifier import AdaBoostClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    model = AdaBoostClassifier(n_estimators=9, random_state=0).fit(
        X, np.digitize(X.sum(axis=1), [0, 1][: n_classes - 1])
    )
    decision = model.decision_function(X).reshape(len(X), -1)
    np.testing.assert_array_equal(tree_ensemble_of(model).margin(X), decision)


def pandas_frame(X):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(X, columns=["a", "b"])


def test_no_foreign_library_is_imported():
    code = (
        "import sys, mlx.tree; print([name for name in ('xgboost', 'lightgbm', 'matplotlib') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
