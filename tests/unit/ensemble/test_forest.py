"""What forests promise beyond scikit-learn's, and what they refuse."""

import pickle
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError

from mlx.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from tests.reference import forest as slow

X, LABELS = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
VALUES = make_regression(200, 6, noise=5.0, random_state=0)[1]
FORESTS = (RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor, ExtraTreesRegressor)
forests = pytest.mark.parametrize("forest", FORESTS, ids=lambda cls: cls.__name__)


def fitted(forest, **parameters):
    y = LABELS if "Classifier" in forest.__name__ else VALUES
    return forest(**{"n_estimators": 10, "random_state": 0, **parameters}).fit(X, y)


def values(model, X):
    """What a forest is the mean of."""
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


# The same answers in other ways ---------------------------------------------------------------------------------------


@forests
def test_threads_change_no_bit(forest):
    one = fitted(forest, bootstrap=True, oob_score=True, n_estimators=30)
    two = fitted(forest, bootstrap=True, oob_score=True, n_estimators=30, n_jobs=2)
    many = np.tile(X, (40, 1))
    np.testing.assert_array_equal(values(two, many), values(one, many))
    np.testing.assert_array_equal(two.apply(many), one.apply(many))
    np.testing.assert_array_equal(two.feature_importances_, one.feature_importances_)
    np.testing.assert_array_equal(two.proximity(X, top_k=5).toarray(), one.proximity(X, top_k=5).toarray())
    assert two.oob_score_ == one.oob_score_
    for tree, other in zip(one, two):
        np.testing.assert_array_equal(tree.tree_.threshold, other.tree_.threshold)


@forests
def test_forest_is_the_mean_of_its_trees(forest):
    model = fitted(forest)
    mean = sum(values(tree, X) for tree in model) / len(model)
    np.testing.assert_array_equal(values(model, X), mean)
    np.testing.assert_array_equal(model.apply(X), np.column_stack([tree.apply(X) for tree in model]))
    assert model[3] is model.estimators_[3]


@forests
def test_trees_that_the_user_takes_out_are_out(forest):
    model = fitted(forest)
    values(model, X)
    model.estimators_ = model.estimators_[2:5]
    np.testing.assert_array_equal(values(model, X), sum(values(tree, X) for tree in model) / 3)
    assert model.apply(X).shape == (200, 3)


@forests
def test_ensemble_of_trees_answers_the_same(forest):
    model = fitted(forest)
    expected = values(model, X)
    np.testing.assert_array_equal(model.__tree_ensemble__().margin(X).reshape(expected.shape), expected)


@forests
def test_pickled_forest_answers_the_same(forest):
    model = fitted(forest)
    before = pickle.dumps(model)
    expected = values(model, X)
    # The view for prediction is made again, not stored.
    assert pickle.dumps(model) == before
    np.testing.assert_array_equal(values(pickle.loads(before), X), expected)


def test_out_of_bag_is_the_mean_of_the_trees_that_have_not_seen_the_row():
    model = fitted(RandomForestClassifier, oob_score=True, n_estimators=40)
    for i in (0, 17, 199):
        unseen = [tree for tree, rows in zip(model, model.estimators_samples_) if i not in rows]
        mean = sum(tree.predict_proba(X[i : i + 1]) for tree in unseen) / len(unseen)
        np.testing.assert_array_equal(model.oob_decision_function_[i], mean[0])


def test_proximities_are_those_of_the_leaves():
    model = fitted(RandomForestClassifier, max_depth=4)
    leaves = model.apply(X)
    np.testing.assert_array_equal(model.proximity(X), slow.proximity(leaves, leaves))
    np.testing.assert_array_equal(model.proximity(X[:9], X[50:]), slow.proximity(leaves[:9], leaves[50:]))
    nearest = model.proximity(X, X[50:], top_k=4)
    assert sparse.issparse(nearest)
    assert nearest.shape == (200, 150)
    assert np.all(np.diff(nearest.indptr) == 4)


def test_a_row_in_the_wrong_class_is_an_outlier_there():
    rng = np.random.default_rng(0)
    own = rng.standard_normal((100, 2)) + np.repeat([[0, 0], [6, 6]], 50, axis=0)
    label = np.repeat([0, 1], 50)
    label[0] = 1
    model = RandomForestClassifier(100, min_samples_leaf=5, random_state=0).fit(own, label)
    scores = model.outlier_scores(own, label)
    assert scores[0] > 10
    assert np.argmax(scores) == 0
    assert model.outlier_scores(own)[0] < scores[0]


# Saying and refusing --------------------------------------------------------------------------------------------------


def test_verbose_says_what_was_done(capsys):
    model = fitted(RandomForestClassifier, verbose=1)
    model.predict(X)
    out, said = capsys.readouterr()
    assert out == ""
    assert re.search(r"\[RandomForestClassifier\] 10 trees grown by 1 threads in \d+\.\d s", said)
    assert "10 trees asked about 200 rows" in said
    fitted(RandomForestClassifier, verbose=2)
    assert capsys.readouterr().out.startswith("building tree 1 of 10\nbuilding tree 2 of 10\n")
    fitted(RandomForestClassifier)
    assert capsys.readouterr() == ("", "")


REFUSED = [
    ({"bootstrap": False, "max_samples": 0.5}, "max_samples cannot be set with bootstrap=False"),
    ({"bootstrap": False, "oob_score": True}, "oob_score: out-of-bag estimates are there only with bootstrap=True"),
    ({"n_jobs": 0}, "n_jobs=0 must be a nonzero integer or None"),
    ({"n_estimators": 0}, "The 'n_estimators' parameter of .* must be an int in the range"),
    ({"max_samples": 0.0}, "The 'max_samples' parameter of"),
    ({"max_features": "auto"}, "The 'max_features' parameter of"),
    ({"criterion": "giny"}, "The 'criterion' parameter of"),
    ({"oob_score": "r2"}, "The 'oob_score' parameter of"),
    ({"monotonic_cst": [1, 0]}, "monotonic_cst: shape"),
    ({"monotonic_cst": [2, 0, 0, 0, 0, 0]}, "monotonic_cst: must hold -1, 0 or 1"),
]


@forests
@pytest.mark.parametrize(("parameters", "message"), REFUSED, ids=lambda given: "-".join(given) if given else None)
def test_parameters_that_make_no_sense_are_named(forest, parameters, message):
    with pytest.raises(ValueError, match=message):
        fitted(forest, **parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_weight": "even"}, "The 'class_weight' parameter of RandomForestClassifier"),
        ({"class_weight": {7: 1.0}}, "The classes, .*, are not in class_weight"),
        ({"monotonic_cst": [1] * 6}, "monotonic_cst: not supported with more than two classes"),
    ],
)
def test_parameters_of_classes_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        fitted(RandomForestClassifier, **parameters)


@pytest.mark.parametrize(
    ("own", "y", "weights", "message"),
    [
        (X, sparse.csr_matrix(np.eye(200)), None, "y: sparse multilabel-indicator"),
        (X, VALUES, None, "Unknown label type: continuous"),
        (X[:0], LABELS[:0], None, "X: Found array with 0 sample"),
        (X, LABELS[:-1], None, "X and y: Found input variables with inconsistent numbers of samples"),
        (np.where(X > 2, np.inf, X), LABELS, None, "Input X contains infinity"),
        (X, LABELS, np.ones(3), "sample_weight"),
        (X, LABELS, np.zeros(200), "[Ss]ample.weight"),
        (sparse.csr_matrix(np.where(X > 2, np.nan, X)), LABELS, None, "Input X contains NaN"),
    ],
)
def test_data_that_make_no_sense_are_named(own, y, weights, message):
    with pytest.raises(ValueError, match=message):
        RandomForestClassifier(2).fit(own, y, weights)


def test_a_target_in_a_column_is_warned_about():
    from sklearn.exceptions import DataConversionWarning

    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = RandomForestClassifier(3, random_state=0).fit(X, LABELS[:, np.newaxis])
    np.testing.assert_array_equal(model.predict(X), RandomForestClassifier(3, random_state=0).fit(X, LABELS).predict(X))


def test_out_of_bag_needs_targets_of_a_known_kind():
    several = np.column_stack([LABELS, (LABELS + 1) % 3])
    with pytest.raises(ValueError, match=r"oob_score: .* Got multiclass-multioutput"):
        RandomForestClassifier(20, oob_score=True, random_state=0).fit(X, several)


@forests
def test_unfitted_forest_says_so(forest):
    for method in ("predict", "apply", "decision_path", "proximity", "outlier_scores"):
        with pytest.raises(NotFittedError):
            getattr(forest(), method)(X)
    for name in ("feature_importances_", "estimators_samples_"):
        with pytest.raises(NotFittedError):
            getattr(forest(), name)


def test_wide_indices_of_sparse_rows_are_refused():
    wide = sparse.csr_matrix(X.astype(np.float32))
    wide.indices = wide.indices.astype(np.int64)
    wide.indptr = wide.indptr.astype(np.int64)
    with pytest.raises(ValueError, match=r"X: no support for np\.int64 index"):
        fitted(RandomForestClassifier).predict(wide)


# Warm start -----------------------------------------------------------------------------------------------------------


def test_warm_start_cannot_take_trees_away_nor_add_none():
    model = fitted(RandomForestClassifier, warm_start=True)
    with pytest.raises(ValueError, match=r"n_estimators=4 must be larger or equal to len\(estimators_\)=10"):
        model.set_params(n_estimators=4).fit(X, LABELS)
    with pytest.warns(UserWarning, match="does not fit new trees"):
        model.set_params(n_estimators=10).fit(X, LABELS)
    assert len(model.estimators_) == 10


def test_warm_start_needs_data_of_the_same_form():
    model = fitted(RandomForestClassifier, warm_start=True).set_params(n_estimators=12)
    with pytest.raises(ValueError, match="warm_start: the trees have n_features_in_=6"):
        model.fit(X[:, :4], LABELS)
    with pytest.raises(ValueError, match="warm_start: the trees have n_classes_=3"):
        model.fit(X, LABELS > 0)
    assert len(model.fit(X, LABELS).estimators_) == 12


def test_balanced_classes_with_warm_start_are_warned_about():
    with pytest.warns(UserWarning, match='class_weight="balanced" is not recommended with warm_start'):
        fitted(RandomForestClassifier, warm_start=True, class_weight="balanced")


def test_a_fraction_that_is_hardly_a_row_is_warned_about():
    with pytest.warns(UserWarning, match=r"max_samples=0\.01 of rows, 200, is a bootstrap sample of only 2"):
        fitted(RandomForestClassifier, max_samples=0.01)
