"""Cross-validated logistic regression against scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV as Peer
from sklearn.model_selection import GroupKFold, KFold
from sklearn.preprocessing import StandardScaler

from mlx.compare.parity import largest_difference
from mlx.linear_model import LogisticRegressionCV
from tests import tolerances

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:Line search of Newton solver:sklearn.exceptions.ConvergenceWarning"),
]

NEW = {"use_legacy_attributes": False, "l1_ratios": (0.0,), "scoring": "neg_log_loss"}
EXACT = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}


def tables():
    X, y = load_breast_cancer(return_X_y=True)
    many, three = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    return {
        "two classes": (StandardScaler().fit_transform(X)[::3, :6], y[::3]),
        "three classes": (StandardScaler().fit_transform(many), names[three]),
    }


TABLES = tables()


def fit_both(table, parameters, sample_weight=None, theirs=EXACT):
    X, y = TABLES[table]
    ours = LogisticRegressionCV(**{"tol": 1e-12, **parameters}).fit(X, y, sample_weight)
    return ours, Peer(**{**parameters, **theirs}).fit(X, y, sample_weight)


def assert_same(ours, theirs, record_difference, tolerance=tolerances.LINEAR_LOGISTIC):
    for name in ("coef_", "intercept_", "Cs_", "C_", "scores_", "coefs_paths_", "l1_ratio_", "l1_ratios_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert type(mine) is type(other), name
        if isinstance(mine, dict):
            assert list(mine) == list(other)
            mine, other = np.stack(list(mine.values())), np.stack(list(other.values()))
        if np.asarray(other).dtype == object:
            assert mine.tolist() == other.tolist()
            continue
        assert np.shape(mine) == np.shape(other), name
        difference = largest_difference(np.atleast_1d(mine), np.atleast_1d(other))
        record_difference(f"LogisticRegressionCV: {name}", difference, tolerance)
    assert ours.n_iter_.shape == theirs.n_iter_.shape


@pytest.mark.parametrize(
    ("scoring", "refit"),
    [("neg_log_loss", True), ("neg_log_loss", False), (None, True), ("roc_auc_ovr", False), ("neg_brier_score", True)],
)
@pytest.mark.parametrize("table", TABLES)
def test_new_attributes(table, scoring, refit, record_difference):
    parameters = {**NEW, "scoring": scoring, "refit": refit, "Cs": 4, "cv": 3}
    assert_same(*fit_both(table, parameters), record_difference)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("l1_ratios", [None, (0.0,), "warn"])
@pytest.mark.parametrize("table", TABLES)
def test_legacy_attributes(table, l1_ratios, record_difference):
    parameters = {"l1_ratios": l1_ratios, "use_legacy_attributes": True, "Cs": [0.1, 1.0, 30.0]}
    ours, theirs = fit_both(table, parameters)
    assert_same(ours, theirs, record_difference)
    X, y = TABLES[table]
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_and_folds(weighted, class_weight, fit_intercept, record_difference):
    weights = np.random.default_rng(0).uniform(0.5, 2.0, 150) if weighted else None
    parameters = {**NEW, "class_weight": class_weight, "fit_intercept": fit_intercept, "Cs": [0.01, 1.0, 100.0]}
    parameters["cv"] = KFold(4, shuffle=True, random_state=0)
    assert_same(*fit_both("three classes", parameters, weights), record_difference)


@pytest.mark.parametrize("legacy", [True, False])
def test_elastic_net(legacy, record_difference):
    parameters = {"use_legacy_attributes": legacy, "scoring": "neg_log_loss", "l1_ratios": np.array([0.2, 1.0])}
    parameters |= {"Cs": [0.05, 0.5], "solver": "saga", "cv": 3}
    theirs = {"tol": 1e-8, "max_iter": 20_000, "random_state": 0}
    ours, peer = fit_both("two classes", {**parameters, "refit": not legacy}, theirs=theirs)
    assert_same(ours, peer, record_difference, tolerances.LINEAR_STOCHASTIC)


def test_folds_without_a_class(record_difference):
    # An intercept of a class that is not there has no minimum.
    parameters = {**NEW, "cv": KFold(3), "Cs": [0.1, 1.0], "fit_intercept": False}  # rows are sorted by class
    assert_same(*fit_both("three classes", parameters), record_difference)


@pytest.mark.parametrize("scoring", ["f1", "recall"])
def test_scorers_of_one_class_are_told_the_second(scoring, record_difference):
    X, y = TABLES["two classes"]
    names = np.array(["benign", "malign"])[y]
    models = [
        cls(**{**NEW, "scoring": scoring}, Cs=[1e-3, 1.0], **more).fit(X, names)
        for cls, more in ((LogisticRegressionCV, {"tol": 1e-12}), (Peer, EXACT))
    ]
    assert_same(*models, record_difference)


def test_routed_groups(record_difference):
    X, y = TABLES["two classes"]
    groups = np.arange(len(y)) % 7
    models = []
    with sklearn.config_context(enable_metadata_routing=True):
        for cls, more in ((LogisticRegressionCV, {"tol": 1e-12}), (Peer, EXACT)):
            cv = GroupKFold(3).set_split_request(groups=True)
            models.append(cls(**NEW, Cs=3, cv=cv, **more).fit(X, y, groups=groups))
    assert_same(*models, record_difference)
    for model in models:
        with pytest.raises(ValueError, match="enable_metadata_routing"):
            model.fit(X, y, groups=groups)


def test_warnings_are_those_of_the_library():
    X, y = TABLES["two classes"]
    for parameters in ({}, {"l1_ratios": None, "scoring": None}, {"penalty": "l2", **NEW}, {"max_iter": 1, **NEW}):
        kinds = []
        for cls in (LogisticRegressionCV, Peer):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                cls(**parameters, cv=2, Cs=2).fit(X, y)
            kinds.append(sorted({warning.category.__name__ for warning in caught}))
            future = [warning for warning in caught if warning.category is FutureWarning]
            kinds.append(len(future))
            if cls is LogisticRegressionCV:
                assert all(warning.filename == __file__ for warning in future)
        assert kinds[:2] == kinds[2:]
    assert ConvergenceWarning.__name__ in kinds[0]


def test_threads_change_no_bit_and_sparse_rows_little():
    X, y = TABLES["three classes"]
    one = LogisticRegressionCV(**NEW, Cs=4).fit(X, y)
    for n_jobs in (2, -1):
        more = LogisticRegressionCV(**NEW, Cs=4, n_jobs=n_jobs).fit(X, y)
        for name in ("coef_", "intercept_", "coefs_paths_", "scores_", "n_iter_"):
            np.testing.assert_array_equal(getattr(one, name), getattr(more, name))
    thin = LogisticRegressionCV(**NEW, Cs=4, tol=1e-10).fit(sparse.csr_array(X), y)
    assert thin.C_ == one.C_
    np.testing.assert_allclose(thin.coef_, one.coef_, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"Cs": [0.0, 1.0]}, "Cs"),
        ({"Cs": []}, "Cs"),
        ({"Cs": ["many"]}, "Cs"),
        ({"l1_ratios": (0.0, 1.5), "solver": "saga"}, "l1_ratios"),
        ({"l1_ratios": (), "solver": "saga"}, "l1_ratios"),
        ({"l1_ratios": (0.5,)}, "saga"),
        ({"class_weight": {7: 1.0}}, "class_weight"),
        ({"dual": True}, "dual"),
    ],
)
def test_what_cannot_be_is_said(parameters, name):
    X, y = TABLES["two classes"]
    with pytest.raises(ValueError, match=name):
        LogisticRegressionCV(**{**NEW, **parameters}).fit(X, y)


def test_one_weight_for_all_rows_or_weights_in_text():
    X, y = TABLES["two classes"]
    plain = LogisticRegressionCV(Cs=3, **NEW).fit(X, y)
    for given in (2.0, np.full(len(y), "2.0")):
        ours = LogisticRegressionCV(Cs=plain.Cs_ / 2, **NEW).fit(X, y, given)
        np.testing.assert_allclose(ours.coef_, plain.coef_, rtol=1e-6)
        np.testing.assert_allclose(ours.scores_, plain.scores_, rtol=1e-6)


@pytest.mark.parametrize(
    ("fold", "message"), [(0, "fold 1 of 2 would learn from"), (1, "fold 1 of 2 would be scored on")]
)
def test_a_fold_without_weight_is_named(fold, message):
    X, y = TABLES["two classes"]
    folds = list(KFold(2).split(X))
    weights = np.ones(len(y))
    weights[folds[0][fold]] = 0.0
    with pytest.raises(ValueError, match=f"sample_weight is 0 for all rows that {message}"):
        LogisticRegressionCV(Cs=3, cv=folds, **NEW).fit(X, y, weights)
