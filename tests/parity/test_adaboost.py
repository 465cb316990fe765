"""AdaBoost beside scikit-learn's: every stump, weight and error to the bit, ties and all."""

import itertools

import numpy as np
import pytest
import sklearn.ensemble
import sklearn.tree
from scipy import sparse
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlx.ensemble import AdaBoostClassifier, AdaBoostRegressor

pytestmark = [
    pytest.mark.parity,
    # scikit-learn takes the logarithm of weights that are zero.
    pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning"),
]

TABLES = ("continuous", "integers", "rounded", "doubled columns", "doubled integers", "constants", "close values")


def table(kind, n_samples, n_classes, seed):
    """Columns of a kind, and classes that the first of them tells in part."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    y = np.clip(np.round(X[:, 0] - X[:, 1] + 0.5 * rng.normal(size=n_samples) + (n_classes - 1) / 2), 0, n_classes - 1)
    if kind == "integers":
        X = np.round(2 * X)
    elif kind == "rounded":
        X = np.round(X, 1)
    elif kind == "doubled columns":
        X = np.column_stack([X, X, -X[:, :1], np.exp(X[:, 1])])
    elif kind == "doubled integers":
        X = np.column_stack([np.round(X), X[:, 2], np.round(X)])
    elif kind == "constants":
        X = np.column_stack([np.ones(n_samples), X, X[:, 0] * 1e-9, np.zeros(n_samples)])
    elif kind == "close values":
        X = np.column_stack([1.0 + np.round(X, 1) * 1e-7, X[:, 1]])
    return X, np.unique(y, return_inverse=True)[1]


def weights_of(kind, n_samples, seed):
    rng = np.random.default_rng(seed)
    return {
        "none": None,
        "numbers": rng.random(n_samples) + 0.01,
        "some zero": np.maximum(rng.random(n_samples) - 0.3, 0.0),
        "counts": rng.integers(0, 4, n_samples).astype(float),
        "tiny": np.where(rng.random(n_samples) < 0.5, 1.0, 1e-12),
    }[kind]


def assert_same_rounds(ours, theirs):
    np.testing.assert_array_equal(ours.estimator_weights_, theirs.estimator_weights_)
    np.testing.assert_array_equal(ours.estimator_errors_, theirs.estimator_errors_)
    assert len(ours.estimators_) == len(theirs.estimators_)


def assert_same_stump(ours, theirs):
    for name in ("children_left", "children_right", "feature", "threshold", "n_node_samples", "missing_go_to_left"):
        np.testing.assert_array_equal(getattr(ours.tree_, name), getattr(theirs.tree_, name), err_msg=name)
    np.testing.assert_array_equal(ours.tree_.value.argmax(axis=2), theirs.tree_.value.argmax(axis=2))
    # Sums in another order; a small weight right of a cut is a difference of large ones there.
    smallest = theirs.tree_.weighted_n_node_samples.min()
    for name in ("value", "weighted_n_node_samples"):
        np.testing.assert_allclose(getattr(ours.tree_, name), getattr(theirs.tree_, name), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours.tree_.impurity, theirs.tree_.impurity, rtol=0, atol=1e-12 / smallest)
    assert ours.random_state == theirs.random_state
    assert ours.n_features_in_ == theirs.n_features_in_
    assert (ours.n_classes_, ours.n_outputs_, ours.max_features_) == (theirs.n_classes_, 1, theirs.max_features_)


def fit_both(X, y, weights=None, **parameters):
    both = AdaBoostClassifier(**parameters), sklearn.ensemble.AdaBoostClassifier(**parameters)
    return tuple(model.fit(X, y, sample_weight=weights) for model in both)


@pytest.mark.parametrize("n_classes", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", TABLES)
def test_stumps_weights_and_errors(kind, n_classes):
    """Over sizes, weights, learning rates and random states, which decide between equal columns."""
    cases = itertools.product((23, 150), ("none", "numbers", "some zero", "counts", "tiny"))
    for seed, (n_samples, weighted) in enumerate(cases):
        X, y = table(kind, n_samples, n_classes, seed)
        rate = (0.5, 1.0, 1.7)[seed % 3]
        ours, theirs = fit_both(
            X, y, weights_of(weighted, n_samples, seed), n_estimators=12, learning_rate=rate, random_state=seed
        )
        assert_same_rounds(ours, theirs)
        for stump, other in zip(ours, theirs):
            assert_same_stump(stump, other)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_long_columns(n_classes):
    """Many blocks of rows, most of which are never looked at; the last of them not full."""
    X, y = table("continuous", 3001, n_classes, 7)
    X[:, 2] = np.round(X[:, 2], 2)
    ours, theirs = fit_both(X, y, n_estimators=15, random_state=0)
    assert_same_rounds(ours, theirs)
    for stump, other in zip(ours, theirs):
        assert_same_stump(stump, other)


def test_weights_that_vanish():
    """After many rounds on classes far apart, most weights are at the smallest that is kept: noise in their sums."""
    X, y = table("continuous", 200, 2, 3)
    X[:, 0] += 4 * y
    y[:3] = 1 - y[:3]
    ours, theirs = fit_both(X, y, n_estimators=150, learning_rate=2.0, random_state=0)
    assert_same_rounds(ours, theirs)
    assert len(theirs) == 150
    assert ours.explain_round(X, y, 149).weights.min() < 1e-15
    for stump, other in zip(ours, theirs):
        assert_same_stump(stump, other)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_answer(n_classes):
    X, y = table("continuous", 300, n_classes, 1)
    labels = np.array(["no", "perhaps", "yes"])[y]
    weights = weights_of("numbers", 300, 0)
    ours, theirs = fit_both(X, labels, weights, n_estimators=30, random_state=2)
    unseen = np.random.default_rng(9).normal(size=(200, 4))
    for method in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        for rows in (X, unseen, unseen.astype(np.float32), sparse.csr_matrix(unseen)):
            np.testing.assert_array_equal(getattr(ours, method)(rows), getattr(theirs, method)(rows), err_msg=method)
    for method in ("staged_decision_function", "staged_predict", "staged_predict_proba"):
        stages = list(getattr(ours, method)(unseen)), list(getattr(theirs, method)(unseen))
        assert len(stages[0]) == len(stages[1]) == 30
        np.testing.assert_array_equal(*stages, err_msg=method)
    assert list(ours.staged_score(X, labels, weights)) == list(theirs.staged_score(X, labels, weights))
    assert ours.score(X, labels) == theirs.score(X, labels)
    np.testing.assert_array_equal(ours.feature_importances_, theirs.feature_importances_)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    for stump, other in zip(ours, theirs):
        np.testing.assert_array_equal(stump.predict(unseen), other.predict(unseen))
        np.testing.assert_array_equal(stump.apply(unseen), other.apply(unseen))


@pytest.mark.parametrize("on_zero_error", [False, True])
def test_early_ends(on_zero_error):
    X, y = table("continuous", 40, 2, 0)
    if on_zero_error:
        X[:, 3] = y
    else:
        X, y = np.ones_like(X), y[np.argsort(y)]
        y[:] = np.arange(40) < 19
    ours, theirs = fit_both(X, y, n_estimators=30, random_state=0)
    assert_same_rounds(ours, theirs)
    assert len(ours) < 30
    np.testing.assert_array_equal(ours.decision_function(X), theirs.decision_function(X))
    assert len(ours.rounds_) == len(ours)


def test_no_better_than_a_guess_is_an_error():
    X, y = np.ones((4, 2)), [0, 1, 0, 1]
    for cls in (AdaBoostClassifier, sklearn.ensemble.AdaBoostClassifier):
        with pytest.raises(ValueError, match="ensemble can not be fit"):
            cls().fit(X, y)


def test_one_class():
    X = np.random.default_rng(0).normal(size=(10, 2))
    ours, theirs = fit_both(X, np.full(10, "only"), n_estimators=5)
    assert_same_rounds(ours, theirs)
    for method in ("predict", "predict_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(ours, method)(X), getattr(theirs, method)(X))


BASES = {
    "scikit-learn's stump": sklearn.tree.DecisionTreeClassifier(max_depth=1),
    "deeper tree": sklearn.tree.DecisionTreeClassifier(max_depth=3, max_features=2),
    "logistic regression": LogisticRegression(),
    "naive Bayes": GaussianNB(),
    "random split": sklearn.tree.ExtraTreeClassifier(max_depth=1),
}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_any_base_estimator(base, n_classes):
    X, y = table("continuous", 150, n_classes, 4)
    ours, theirs = fit_both(
        X, y, weights_of("some zero", 150, 1), estimator=BASES[base], n_estimators=8, random_state=1
    )
    assert_same_rounds(ours, theirs)
    assert ours.estimator_ is BASES[base]
    for method in ("predict", "predict_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(ours, method)(X), getattr(theirs, method)(X))
    assert [m.get_params().get("random_state") for m in ours] == [m.get_params().get("random_state") for m in theirs]


def test_sparse_rows():
    X, y = table("integers", 150, 2, 4)
    base = sklearn.tree.DecisionTreeClassifier(max_depth=1)
    for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        ours, theirs = fit_both(kind(X), y, estimator=base, n_estimators=8, random_state=1)
        assert_same_rounds(ours, theirs)
        np.testing.assert_array_equal(ours.decision_function(kind(X)), theirs.decision_function(kind(X)))


def test_a_base_that_takes_no_weights_is_refused():
    X, y = table("continuous", 30, 2, 0)
    for cls in (AdaBoostClassifier, sklearn.ensemble.AdaBoostClassifier):
        with pytest.raises(ValueError, match="KNeighborsClassifier doesn't support sample_weight"):
            cls(KNeighborsClassifier()).fit(X, y)


def test_weights_that_overflow_warn():
    X, y = table("continuous", 60, 2, 2)
    messages = []
    for cls in (AdaBoostClassifier, sklearn.ensemble.AdaBoostClassifier):
        with pytest.warns() as caught:
            cls(n_estimators=20, learning_rate=1e3, random_state=0).fit(X, y)
        messages.append(sum("reached infinite values" in str(w.message) for w in caught))
    assert messages == [1, 1]


# Regression -----------------------------------------------------------------------------------------------------------


def numbers(n_samples=120, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    return X, 3 * X[:, 0] + np.sin(3 * X[:, 1]) + 0.3 * rng.normal(size=n_samples)


REGRESSION_BASES = {
    "tree": sklearn.tree.DecisionTreeRegressor(max_depth=3),
    "linear": LinearRegression(),
    "pipeline": make_pipeline(StandardScaler(), sklearn.tree.DecisionTreeRegressor(max_depth=2, max_features=2)),
}


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
@pytest.mark.parametrize("base", REGRESSION_BASES)
def test_regression(base, loss):
    X, y = numbers()
    for seed, (rate, weighted) in enumerate([(1.0, "none"), (0.3, "numbers"), (2.0, "some zero")]):
        both = [
            cls(REGRESSION_BASES[base], n_estimators=12, learning_rate=rate, loss=loss, random_state=seed)
            for cls in (AdaBoostRegressor, sklearn.ensemble.AdaBoostRegressor)
        ]
        ours, theirs = (model.fit(X, y, weights_of(weighted, len(y), seed)) for model in both)
        assert_same_rounds(ours, theirs)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_array_equal(list(ours.staged_predict(X)), list(theirs.staged_predict(X)))
        assert list(ours.staged_score(X, y)) == list(theirs.staged_score(X, y))


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_regression_with_the_default_tree(loss):
    """Drawn rows are copies of rows: the only ties that our regression trees must part as scikit-learn does."""
    X, y = numbers(80)
    for seed in range(8):
        both = [
            cls(n_estimators=30, loss=loss, random_state=seed)
            for cls in (AdaBoostRegressor, sklearn.ensemble.AdaBoostRegressor)
        ]
        ours, theirs = (model.fit(X, y) for model in both)
        assert len(ours) == len(theirs)
        for name in ("estimator_errors_", "estimator_weights_", "feature_importances_"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("exact", [False, True])
def test_early_ends_of_regression(exact):
    """A perfect model ends the fit; so does a bad one, which is kept if it is the first."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    y = 2 * X[:, 0] if exact else np.where(rng.random(50) < 0.5, 1.0, -1.0)
    base = Ridge(alpha=0.0, solver="svd") if exact else sklearn.tree.DecisionTreeRegressor(max_depth=1)
    both = [cls(base, random_state=0) for cls in (AdaBoostRegressor, sklearn.ensemble.AdaBoostRegressor)]
    ours, theirs = (model.fit(X, np.round(y) if exact else y) for model in both)
    assert_same_rounds(ours, theirs)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
