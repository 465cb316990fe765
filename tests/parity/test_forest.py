"""Forests: with the same random_state, scikit-learn's trees, seeds, samples and answers, to the last bit.

Least squares on all rows of a node may add in another order where a column has equal values
(`mlx.tree.decision_tree_regressor`): regressors get tables without equal values, or a criterion that keeps the order.
"""

import warnings

import numpy as np
import pytest
import sklearn.ensemble
from scipy import sparse
from sklearn.datasets import make_classification, make_regression
from sklearn.metrics import balanced_accuracy_score, mean_absolute_error

import mlx.ensemble
from tests.tolerances import FOREST_VALUE

pytestmark = pytest.mark.parity

TREE_ARRAYS = (
    "children_left",
    "children_right",
    "feature",
    "threshold",
    "n_node_samples",
    "weighted_n_node_samples",
    "missing_go_to_left",
)


def classes(n_classes=3, n=240, missing=0.0):
    X, y = make_classification(
        n, 8, n_informative=5, n_redundant=1, n_repeated=1, n_classes=n_classes, flip_y=0.1, random_state=n_classes
    )
    X[:, 0] = np.round(X[:, 0])
    X[np.random.default_rng(0).random(X.shape) < missing] = np.nan
    return X, y


def numbers(n=240, n_targets=1):
    return make_regression(n, 8, n_informative=5, n_targets=n_targets, noise=20.0, random_state=1)


def both(name, X, y, weights=None, **parameters):
    parameters = {"n_estimators": 12, "random_state": 5, **parameters}
    return [getattr(module, name)(**parameters).fit(X, y, weights) for module in (mlx.ensemble, sklearn.ensemble)]


def assert_same_forest(ours, theirs, X, *, values=0.0):
    """The same trees from the same seeds, and the same answers; values of nodes within a tolerance, 0 for bits."""
    assert len(ours) == len(theirs)
    for tree, other in zip(ours, theirs):
        assert tree.random_state == other.random_state
        assert tree.max_features_ == other.max_features_
        for name in TREE_ARRAYS:
            np.testing.assert_array_equal(getattr(tree.tree_, name), getattr(other.tree_, name), err_msg=name)
        for name in ("value", "impurity"):
            scale = np.abs(getattr(other.tree_, name)).max() or 1.0
            np.testing.assert_allclose(
                getattr(tree.tree_, name), getattr(other.tree_, name), rtol=0, atol=values * scale, err_msg=name
            )
    for tree, other in zip(ours.estimators_samples_, theirs.estimators_samples_):
        np.testing.assert_array_equal(tree, other)
    np.testing.assert_array_equal(ours.apply(X), theirs.apply(X))
    for part, other in zip(ours.decision_path(X), theirs.decision_path(X)):
        part, other = (p.toarray() if sparse.issparse(p) else p for p in (part, other))
        np.testing.assert_array_equal(part, other)
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, rtol=0, atol=values)
    if not hasattr(theirs, "predict_proba"):
        expected = theirs.predict(X)
        np.testing.assert_allclose(ours.predict(X), expected, rtol=0, atol=values * np.abs(expected).max())
        return
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    with np.errstate(divide="ignore"):
        for method in ("predict_proba", "predict_log_proba"):
            one, other = (getattr(model, method)(X) for model in (ours, theirs))
            assert isinstance(one, type(other))
            for part, expected in zip(
                [one] if ours.n_outputs_ == 1 else one, [other] if ours.n_outputs_ == 1 else other
            ):
                np.testing.assert_array_equal(part, expected)


CLASSIFIERS = ("RandomForestClassifier", "ExtraTreesClassifier")
REGRESSORS = ("RandomForestRegressor", "ExtraTreesRegressor")

OF_CLASSES = {
    "defaults": {},
    "all columns": {"max_features": None},
    "entropy": {"criterion": "entropy", "max_features": 0.5},
    "log_loss, shallow": {"criterion": "log_loss", "max_depth": 3},
    "large leaves": {"min_samples_leaf": 0.03, "min_samples_split": 0.1},
    "best first": {"max_leaf_nodes": 11},
    "decrease, weight of leaves": {"min_impurity_decrease": 0.003, "min_weight_fraction_leaf": 0.01},
    "pruned": {"ccp_alpha": 0.01},
    "balanced": {"class_weight": "balanced"},
    "balanced in samples": {"class_weight": "balanced_subsample", "bootstrap": True},
    "weights of classes": {"class_weight": {0: 1.0, 1: 2.5, 2: 0.3}},
    "few rows": {"bootstrap": True, "max_samples": 0.4},
    "five rows": {"bootstrap": True, "max_samples": 5},
    "more rows than there are": {"bootstrap": True, "max_samples": 1.7},
}


@pytest.mark.parametrize("case", OF_CLASSES)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifier(name, case):
    X, y = classes()
    assert_same_forest(*both(name, X, y, **OF_CLASSES[case]), X[::3])


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_two_and_five_classes_with_labels_of_text(name, n_classes):
    X, y = classes(n_classes)
    y = np.array(["zebra", "ape", "lion", "bee", "cow"])[y]
    assert_same_forest(*both(name, X, y), X[::3])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_missing_values(name):
    X, y = classes(missing=0.2)
    X[:, 3] = np.nan_to_num(X[:, 3])
    ours, theirs = both(name, X, y, max_depth=5)
    X[::2, 3] = np.nan  # nothing was missing there in training
    assert_same_forest(ours, theirs, X)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_several_outputs(name):
    X, y = classes()
    y = np.column_stack([y, X[:, 1] > 0, np.round(np.abs(X[:, 2])) % 5])
    ours, theirs = both(name, X, y, max_depth=6)
    assert_same_forest(ours, theirs, X[::3])
    assert list(map(len, ours.classes_)) == list(map(len, theirs.classes_)) == list(ours.n_classes_)


@pytest.mark.parametrize("name", CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("bootstrap", [True, False])
def test_weights_of_rows(name, bootstrap):
    X, y = classes() if name in CLASSIFIERS else numbers()
    weights = np.random.default_rng(0).uniform(0, 3, len(y)) * (np.arange(len(y)) % 7 > 0)
    ours, theirs = both(name, X, y, weights, bootstrap=bootstrap, max_depth=6)
    assert_same_forest(ours, theirs, X[::3], values=FOREST_VALUE if name in REGRESSORS else 0.0)
    if name in CLASSIFIERS:
        ours, theirs = both(name, X, y, weights, bootstrap=bootstrap, class_weight="balanced", max_depth=4)
        assert_same_forest(ours, theirs, X[::3])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_sparse(name):
    X, y = classes()
    X[np.abs(X) < 1] = 0
    ours, theirs = both(name, sparse.csr_matrix(X), y, bootstrap=True, oob_score=True, n_estimators=30)
    assert_same_forest(ours, theirs, sparse.csr_matrix(X[::3]))
    np.testing.assert_array_equal(ours.oob_decision_function_, theirs.oob_decision_function_)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_monotone_columns(name):
    X, y = classes(2)
    assert_same_forest(*both(name, X, y, monotonic_cst=[1, -1, 0, 0, 1, 0, 0, -1], max_depth=5), X[::3])


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error", "poisson"])
@pytest.mark.parametrize("parameters", [{}, {"max_features": 0.4, "min_samples_leaf": 4, "bootstrap": True}])
def test_regressor(name, criterion, parameters):
    X, y = numbers()
    y = np.round(np.abs(y) / 20) if criterion == "poisson" else y
    ours, theirs = both(name, X, y, criterion=criterion, max_depth=6, **parameters)
    assert_same_forest(ours, theirs, X[::3], values=FOREST_VALUE)


@pytest.mark.parametrize("name", REGRESSORS)
def test_several_numbers(name):
    X, y = numbers(n_targets=2)
    ours, theirs = both(name, X, y, max_depth=5, bootstrap=True, oob_score=True, n_estimators=30)
    assert_same_forest(ours, theirs, X[::3], values=FOREST_VALUE)
    np.testing.assert_allclose(
        ours.oob_prediction_, theirs.oob_prediction_, rtol=0, atol=FOREST_VALUE * np.abs(y).max()
    )


# Out of bag, and adding trees -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("oob_score", [True, balanced_accuracy_score], ids=["accuracy", "callable"])
def test_out_of_bag(name, oob_score):
    X, y = classes()
    weights = np.random.default_rng(0).uniform(0, 3, len(y))
    for own in (None, weights):
        ours, theirs = both(
            name, X, np.array(list("abc"))[y], own, bootstrap=True, oob_score=oob_score, n_estimators=40
        )
        np.testing.assert_array_equal(ours.oob_decision_function_, theirs.oob_decision_function_)
        assert ours.oob_score_ == theirs.oob_score_


def test_out_of_bag_with_several_outputs_and_few_trees():
    X, y = classes()
    y = np.column_stack([X[:, 1] > 0, y > 0]).astype(int)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ours, theirs = both("RandomForestClassifier", X, y, oob_score=True, n_estimators=3)
    assert [("OOB scores" in str(warning.message)) for warning in caught] == [True, True]
    np.testing.assert_array_equal(ours.oob_decision_function_, theirs.oob_decision_function_)
    assert ours.oob_score_ == theirs.oob_score_


def test_out_of_bag_numbers():
    X, y = numbers()
    for score in (True, mean_absolute_error):
        ours, theirs = both("RandomForestRegressor", X, y, oob_score=score, n_estimators=40, max_depth=6)
        np.testing.assert_allclose(
            ours.oob_prediction_, theirs.oob_prediction_, rtol=0, atol=FOREST_VALUE * np.abs(y).max()
        )
        assert ours.oob_score_ == pytest.approx(theirs.oob_score_, rel=1e-12)


@pytest.mark.parametrize("name", ["RandomForestClassifier", "ExtraTreesRegressor"])
def test_warm_start(name):
    X, y = classes() if name in CLASSIFIERS else numbers()
    models = []
    for module in (mlx.ensemble, sklearn.ensemble):
        model = getattr(module, name)(4, warm_start=True, random_state=3, max_depth=5).fit(X, y)
        first = model.estimators_[0]
        models.append(model.set_params(n_estimators=9).fit(X, y))
        assert model.estimators_[0] is first
    assert_same_forest(*models, X[::3], values=FOREST_VALUE if name in REGRESSORS else 0.0)


def test_random_state_may_be_a_stream():
    X, y = classes()
    ours, theirs = [
        module.RandomForestClassifier(4, random_state=np.random.RandomState(3)).fit(X, y)
        for module in (mlx.ensemble, sklearn.ensemble)
    ]
    assert_same_forest(ours, theirs, X[::3])


@pytest.mark.parametrize("parameters", [{}, {"max_features": 3, "min_samples_leaf": 4}])
def test_least_squares_with_ties_scores_alike(parameters):
    """Where ties change the last bit of a sum, either of two equal splits may win: no better, no worse over seeds."""
    differences = []
    for seed in range(10):
        X, y = make_regression(400, 8, n_informative=5, noise=20.0, random_state=seed)
        X = np.round(2 * X) / 2
        parameters = {"random_state": seed, **parameters}
        own, peer = both("RandomForestRegressor", X[:250], y[:250], **parameters)
        differences.append(own.score(X[250:], y[250:]) - peer.score(X[250:], y[250:]))
    assert abs(np.mean(differences)) <= 3 * np.std(differences) / np.sqrt(len(differences)) + 1e-12


@pytest.mark.parametrize("weights", [None, "fractions"])
def test_least_squares_with_ties_where_few_columns_are_searched(weights):
    """Of many columns few are searched: they are sorted as in scikit-learn, equal values too, and bits are the same."""
    X, y = make_regression(200, 30, n_informative=5, noise=20.0, random_state=0)
    X = np.round(X)
    sample_weight = None if weights is None else np.random.default_rng(0).random(200)
    ours, theirs = both("RandomForestRegressor", X, y, sample_weight, max_features=2)
    assert_same_forest(ours, theirs, X)
