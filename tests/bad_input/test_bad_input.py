"""A table of bad inputs × every estimator: an error that names the argument, or a right answer that is stated here."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError

from mlx.ensemble import RandomForestRegressor
from tests.inventory import fitting_classes

# Networks are trained for a few epochs only: whether they settle is not what is tested here.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Some bad tables are data frames: that the model was fitted without names is told before what is wrong.
    pytest.mark.filterwarnings("ignore:X has feature names:UserWarning"),
]

CLASSES = fitting_classes()
QUICK = {"AdaBoostClassifier": {"n_estimators": 3}, "AdaBoostRegressor": {"n_estimators": 3}}
QUICK |= {"TSNE": {"perplexity": 3, "max_iter": 250}}
QUICK |= {"MLPClassifier": {"max_iter": 3}, "MLPRegressor": {"max_iter": 3}}
QUICK |= {name: {"n_estimators": 2} for name in ("XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRegressor")}
# Of the rankers this one takes any number for a relevance.
QUICK |= {"XGBRanker": {"n_estimators": 2, "objective": "rank:pairwise"}}
FORESTS = {"ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor"}
QUICK |= {name: {"n_estimators": 2} for name in FORESTS} | {"ForestImputer": {"estimator": RandomForestRegressor(2)}}
TREES = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
QUICK |= {
    "LogisticRegressionCV": {
        "Cs": 3,
        "cv": 3,
        "l1_ratios": (0.0,),
        "scoring": "neg_log_loss",
        "use_legacy_attributes": False,
    }
}
BOOSTERS = {"XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor"}
# Trees compare rows as float32; a map is drawn of squares.
IN_FLOAT32 = BOOSTERS | TREES | FORESTS | {"AdaBoostClassifier", "AdaBoostRegressor", "TSNE"}

N, D = 12, 3
X = np.random.default_rng(0).normal(size=(N, D))
CLASS = np.tile([0, 1], N // 2)
NUMBER = X[:, 0] + np.arange(N) / 10


def quick(name, **parameters):
    return CLASSES[name](**{**QUICK.get(name, {}), **parameters})


def target(name):
    return CLASS if is_classifier(CLASSES[name]()) else NUMBER


def needs_y(name):
    return CLASSES[name]().__sklearn_tags__().target_tags.required


def takes_weights(name):
    # The signature looks through scikit-learn's decorators of `fit`.
    return "sample_weight" in inspect.signature(CLASSES[name].fit).parameters


def with_entry(table, value):
    changed = np.array(table, dtype=object if isinstance(value, str) else np.result_type(table, value), copy=True)
    changed[(3, 1) if changed.ndim == 2 else 3] = value
    return changed


def assert_error_names(argument, action):
    """The action fails with an error of the right kind whose text has the argument as a word."""
    with pytest.raises((ValueError, TypeError)) as caught:
        action()
    assert not isinstance(caught.value, NotFittedError)
    assert re.search(rf"\b({argument})\b", str(caught.value)), f"does not name {argument}: {caught.value}"


# Bad tables -----------------------------------------------------------------------------------------------------------

BAD_X = {
    "nan": with_entry(X, np.nan),
    "inf": with_entry(X, np.inf),
    "minus inf": with_entry(X, -np.inf),
    "too large for float32": with_entry(X, 1e300),
    "one-dimensional": X[:, 0],
    "three-dimensional": X[None],
    "scalar": 3.0,
    "none": None,
    "text": with_entry(X, "many"),
    "all text": np.full((N, D), "many"),
    "a string": "X",
    "complex": X + 1j,
    "no rows": X[:0],
    "no columns": X[:, :0],
    "ragged": [[1.0, 2.0], [3.0]],
    "sparse with nan": sparse.csr_array(with_entry(X, np.nan)),
    "sparse with inf": sparse.csr_array(with_entry(X, np.inf)),
    "sparse, by columns, with minus inf": sparse.csc_array(with_entry(X, -np.inf)),
    "sparse, complex": sparse.csr_array(X + 1j),
    "sparse, no rows": sparse.csr_array(X[:0]),
    "sparse, no columns": sparse.csr_array((N, 0)),
    "dates": pd.DataFrame({"when": pd.date_range("2020", periods=N), "x": NUMBER}),
    "text frame": pd.DataFrame({"word": ["many"] * N, "x": NUMBER}),
    "dictionary": {"a": 1},
}
# (class, input): what happens instead of an error, and why that is right.
RIGHT_X = {
    **{
        (name, case): "a missing value goes the learned way" for name in BOOSTERS for case in ("nan", "sparse with nan")
    },
    **{(name, "nan"): "a missing value goes where it is best" for name in TREES | FORESTS},
    ("ForestImputer", "nan"): "it is filled",
    **{
        (name, "too large for float32"): "computed in float64"
        for name in (
            *(
                "IncrementalPCA",
                "KMeans",
                "LinearRegression",
                "LogisticRegression",
                "LogisticRegressionCV",
                "PCA",
                "MLPClassifier",
                "Perceptron",
            ),
            *("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "Ridge", "RidgeCV"),
        )
    },
}


@pytest.mark.parametrize("case", BAD_X)
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_bad_table_in_fit(name, case):
    bad = BAD_X[case]
    rows = bad.shape[0] if isinstance(bad, np.ndarray | sparse.sparray) and bad.ndim == 2 else N
    y = target(name)[:rows]
    if (name, case) in RIGHT_X:
        with np.errstate(all="ignore"):
            assert quick(name).fit(bad, y).n_features_in_ == D
        return
    with np.errstate(all="ignore"):  # a network that meets 1e300 computes with inf before it says so
        assert_error_names("X", lambda: quick(name).fit(bad, y))


@pytest.mark.parametrize("case", BAD_X)
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_bad_table_in_predict(name, case):
    estimator = quick(name).fit(X, target(name))
    for method in ("predict", "predict_proba", "transform", "inverse_transform", "score_samples"):
        if not hasattr(estimator, method):
            continue
        if (name, case) in RIGHT_X or (case == "too large for float32" and name not in IN_FLOAT32):
            with np.errstate(all="ignore"):
                assert len(getattr(estimator, method)(BAD_X[case])) == N
        else:
            with np.errstate(all="ignore"):
                assert_error_names("X", lambda method=method: getattr(estimator, method)(BAD_X[case]))


@pytest.mark.parametrize("name", sorted(BOOSTERS))
def test_sparse_rows_too_large_for_float32(name):
    with np.errstate(over="ignore"):
        assert_error_names("X", lambda: quick(name).fit(sparse.csr_matrix(with_entry(X, 1e300)), target(name)))


@pytest.mark.parametrize("n_columns", [1, D - 1, D + 1])
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_wrong_number_of_columns_in_predict(name, n_columns):
    estimator = quick(name).fit(X, target(name))
    table = np.ones((4, n_columns))
    for method in ("predict", "predict_proba", "transform", "score_samples"):
        if hasattr(estimator, method):
            assert_error_names("X", lambda method=method: getattr(estimator, method)(table))
    if hasattr(estimator, "inverse_transform"):
        assert_error_names("X", lambda: estimator.inverse_transform(table))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_not_fitted(name):
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples"):
        if hasattr(CLASSES[name], method):
            with pytest.raises(NotFittedError, match=name):
                getattr(quick(name), method)(X)


# Bad targets ----------------------------------------------------------------------------------------------------------

BAD_Y = {
    "nan": with_entry(NUMBER, np.nan),
    "inf": with_entry(NUMBER, np.inf),
    "none": None,
    "no entries": NUMBER[:0],
    "too short": NUMBER[:-1],
    "too long": np.r_[NUMBER, 1.0],
    "three-dimensional": np.ones((N, 1, 1)),
    "scalar": 3.0,
    "complex": NUMBER + 1j,
    "missing text": np.array(["a", None] * (N // 2), dtype=object),
    "dictionary": {"a": 1},
}
BAD_Y_OF_REGRESSORS = {"text": np.full(N, "many"), "text among numbers": with_entry(NUMBER, "many")}
# (class, target): what happens instead of an error, and why that is right.
RIGHT_Y = {
    (name, case): "one leaf, or one model, that always says it, as in scikit-learn"
    for name in CLASSES
    if name == "AdaBoostClassifier" or (name in TREES | FORESTS and name.endswith("Classifier"))
    for case in ("one class", "one class of text")
}
BAD_Y_OF_CLASSIFIERS = {
    "one class": np.zeros(N, dtype=int),
    "one class of text": np.full(N, "many"),
    "numbers that are no classes": NUMBER,
}


@pytest.mark.parametrize("case", [*BAD_Y, *BAD_Y_OF_REGRESSORS, *BAD_Y_OF_CLASSIFIERS])
@pytest.mark.parametrize("name", [name for name in sorted(CLASSES) if needs_y(name)])
def test_bad_target(name, case):
    own = BAD_Y_OF_CLASSIFIERS if is_classifier(CLASSES[name]()) else BAD_Y_OF_REGRESSORS
    if case not in {**BAD_Y, **own}:
        pytest.skip("a good target for this kind of model")
    bad = {**BAD_Y, **own}[case]
    if (name, case) in RIGHT_Y:
        np.testing.assert_array_equal(quick(name).fit(X, bad).predict(X), bad)
        return
    assert_error_names("y", lambda: quick(name).fit(X, bad))


# Bad weights ----------------------------------------------------------------------------------------------------------

BAD_WEIGHTS = {
    "zeros": np.zeros(N),
    "negative": with_entry(np.ones(N), -1.0),
    "nan": with_entry(np.ones(N), np.nan),
    "inf": with_entry(np.ones(N), np.inf),
    "too short": np.ones(N - 1),
    "two-dimensional": np.ones((N, 2)),
    "text": np.full(N, "many"),
    "complex": np.ones(N) + 1j,
    "dictionary": {"a": 1},
}


# Trees count negative weights as they are, as scikit-learn's do; a bootstrap cannot draw by them.
TAKE_NEGATIVE_WEIGHTS = TREES | {name for name in FORESTS if name.startswith("ExtraTrees")}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
@pytest.mark.parametrize("name", [name for name in sorted(CLASSES) if takes_weights(name)])
def test_bad_weights(name, case):
    if case == "negative" and name in TAKE_NEGATIVE_WEIGHTS:
        assert_leaves_answer_their_weighted_mean(quick(name), X, target(name), BAD_WEIGHTS[case])
        return
    assert_error_names("sample_weight", lambda: quick(name).fit(X, target(name), sample_weight=BAD_WEIGHTS[case]))


def assert_leaves_answer_their_weighted_mean(model, X, y, weights):
    """Each leaf of a fitted tree, or of the trees of a forest, says the weighted mean target of the rows it holds."""
    model.fit(X, y, sample_weight=weights)
    for tree in (each.tree_ for each in getattr(model, "estimators_", [model])):
        assert tree.weighted_n_node_samples[0] == weights.sum()
        leaves = tree.apply(X.astype(np.float32))
        assert len(np.unique(leaves)) > 1
        for leaf in np.unique(leaves):
            rows = leaves == leaf
            with np.errstate(
                divide="ignore", invalid="ignore"
            ):  # weights 1 and -1 together have no mean, and the leaf says so
                mean = weights[rows] @ y[rows] / weights[rows].sum()
            # Of classes 0 and 1 the mean is the share of class 1.
            np.testing.assert_allclose(tree.value[leaf, 0, -1], mean, rtol=1e-12, atol=1e-12)


# Bad parameters -------------------------------------------------------------------------------------------------------


class Nonsense:
    """A value that no parameter takes."""

    def __repr__(self):
        return "Nonsense()"


# Parameters whose bad values are told by type alone are tried with these; a value may be good for some of them.
BAD_VALUES = {
    "number": [-1, -1e9, float("nan"), float("inf"), "text", [1.0], 1j],
    "choice": ["text", 3, ""],
    "flag": ["yes", 3, None],
}
# (class or family, parameter): bad values, one at least for every parameter that is supported.
LINEAR = {
    "fit_intercept": ["yes", 3, None],
    "copy_X": ["yes", 3],
    "tol": [-1.0, "small", float("nan"), None],
    "n_jobs": [0, 1.5, "two"],
    "positive": ["yes", None],
    "solver": ["text", None, 3],
    "learning_rate": [0.0, -1.0, "text", float("nan"), None],
    "max_steps": [0, -1, 1.5, "text", None],
}
RIDGE = {
    "alpha": [-1.0, "text", float("nan"), float("inf"), [1.0, 2.0], [-1.0], [[1.0]], ["a"], None],
    "fit_intercept": ["yes", 3, None],
    "copy_X": ["yes", 3],
    "max_iter": [0, -1, 1.5, "text"],
    "tol": [-1.0, "small", float("nan"), None],
    "solver": ["text", None, 3, "lbfgs"],
    "positive": ["yes", None],
    "random_state": ["text", -1, 1.5],
}
RIDGE_CV = {
    "alphas": [-1.0, 0.0, "text", float("nan"), [1.0, -1.0], [0.0], [[1.0, 2.0]], [], ["a"], [float("inf")], None],
    "fit_intercept": ["yes", 3, None],
    "scoring": ["text", 3],
    "cv": [1, 1.5, "text"],
    "gcv_mode": ["text", 3],
    "store_cv_results": ["yes", 3, None],
    "alpha_per_target": ["yes", 3, None],
}
LOGISTIC = {
    "penalty": ["text", 3],
    "C": [-1.0, 0.0, "text", float("nan"), None],
    "l1_ratio": [-0.1, 1.1, "text"],
    "dual": ["yes", 3],
    "tol": [-1.0, "small", float("nan"), None],
    "fit_intercept": ["yes", 3],
    "intercept_scaling": [0.0, -1.0, "text"],
    "class_weight": ["text", 3, {0: -1.0, 1: 1.0}],
    "random_state": ["text", -1, 1.5],
    "solver": ["text", None, 3],
    "max_iter": [-1, 1.5, "text", None],
    "verbose": [-1, "text"],
    "warm_start": ["yes", 3],
    "n_jobs": [1.5, "two"],
}
LOGISTIC_CV = {
    **{name: bad for name, bad in LOGISTIC.items() if name not in ("C", "l1_ratio", "warm_start")},
    "Cs": [0, -1, "text", None, [], [0.0], ["text"]],
    "l1_ratios": ["text", 3, [], [1.5], [-0.1]],
    "cv": ["text", 1.5],
    "n_jobs": [0, 1.5, "two"],
    "scoring": ["text", 3],
    "refit": ["yes", 3, None],
    "use_legacy_attributes": ["yes", 3, None],
}
COMPONENTS = {
    "n_components": [-1, D + 1, 1.5, "text", float("nan")],
    "copy": ["yes", 3],
    "whiten": ["yes", 3],
    "svd_solver": ["text", None, 3],
    "tol": [-1.0, "small"],
    "iterated_power": [-1, 1.5, "text"],
    "n_oversamples": [0, 1.5, "text"],
    "power_iteration_normalizer": ["text", 3],
    "random_state": ["text", -1, 1.5],
}
CLUSTERS = {
    "n_clusters": [0, -1, 1.5, "text", None],
    "init": ["text", None, 3, [[0.0]], [[float("nan")] * D] * 4],
    "n_init": [0, -1, 1.5, "text", None],
    "max_iter": [0, -1, 1.5, "text"],
    "tol": [-1.0, "small"],
    "verbose": [-1, "text"],
    "random_state": ["text", -1, 1.5],
    "copy_x": ["yes", 3],
    "algorithm": ["text", None, 3],
    "metric": ["manhattan", None, 3],
    "n_jobs": [0, 1.5, "two"],
}
INCREMENTAL_COMPONENTS = {
    "n_components": [-1, 0, D + 1, 0.5, "mle"],
    "whiten": ["yes", 3],
    "copy": ["yes", 3],
    "batch_size": [-1, 0, 1.5, "text"],
}
MAP = {
    "n_components": [0, -1, 1.5, "text", None],
    "perplexity": [0, -1.0, N, 1e9, "text", float("nan"), None],
    "early_exaggeration": [0.5, "text", float("nan"), None],
    "learning_rate": [0.0, -1.0, "text", float("nan"), None],
    "max_iter": [249, 1e3, "text", None],
    "n_iter_without_progress": [-2, 1.5, "text", None],
    "min_grad_norm": [-1.0, "text", float("nan"), None],
    "metric": ["text", 3, None],
    "metric_params": ["text", 3],
    "init": ["text", 3, None, np.zeros((N, 3)), np.zeros((N - 1, 2)), np.full((N, 2), np.nan)],
    "verbose": [-1, "text"],
    "random_state": ["text", -1, 1.5],
    "method": ["text", 3, None],
    "angle": [-0.1, 1.1, "text", float("nan"), None],
    "n_jobs": [0, 1.5, "two"],
    "neighbors": ["text", "auto", None, 3],
}
NETWORK = {
    "hidden_layer_sizes": [0, -3, (4, 0), (4, 1.5), "text", None],
    "activation": ["text", None, 3],
    "solver": ["text", None, 3],
    "alpha": [-1.0, "text", float("nan")],
    "batch_size": [0, -1, 1.5, "text"],
    "learning_rate": ["text", 0.1, None],
    "learning_rate_init": [0.0, -1.0, "text", float("nan")],
    "power_t": [-1.0, "text"],
    "max_iter": [0, -1, 1.5, "text"],
    "shuffle": ["yes", 3],
    "random_state": ["text", -1, 1.5],
    "tol": [-1.0, "text"],
    "verbose": [-1, "text"],
    "warm_start": ["yes", 3],
    "momentum": [-0.1, 1.1, "text"],
    "nesterovs_momentum": ["yes", 3],
    "early_stopping": ["yes", 3],
    "validation_fraction": [-0.1, 1.0, "text"],
    "beta_1": [-0.1, 1.0, "text"],
    "beta_2": [-0.1, 1.0, "text"],
    "epsilon": [0.0, -1.0, "text"],
    "n_iter_no_change": [0, -1, 1.5, "text"],
    "max_fun": [0, -1, 1.5, "text"],
    "loss": ["text", None, 3],
}
TREE = {
    "criterion": ["text", 3, None],
    "splitter": ["text", 3, None],
    "max_depth": [0, -1, 1.5, "text"],
    "min_samples_split": [1, 0.0, 1.5, "text", None],
    "min_samples_leaf": [0, 0.0, 1.0, "text", None],
    "min_weight_fraction_leaf": [-0.1, 0.6, "text", None],
    "max_features": [0, 0.0, 1.5, "text"],
    "random_state": ["text", 1.5, -1],
    "max_leaf_nodes": [1, 1.5, "text"],
    "min_impurity_decrease": [-0.1, "text", None],
    "class_weight": ["text", 3, {7: "heavy"}],
    "ccp_alpha": [-0.1, "text", None],
    "monotonic_cst": ["text", 3, [1, 0], [2, 0, 0]],
}
BOOSTER = {
    "max_depth": [-1, 1.5, "text"],
    "max_leaves": [-1, 1.5, "text"],
    "max_bin": [1, 0, -1, 1.5, "text"],
    "grow_policy": ["text", 3],
    "learning_rate": [-1.0, "text", float("nan"), float("inf")],
    "n_estimators": [-1, 1.5, "text"],
    "verbosity": [-1, 7, "text"],
    "objective": ["text", 3],
    "booster": ["text", 3],
    "tree_method": ["text", 3],
    "n_jobs": [0, 1.5, "two"],
    "gamma": [-1.0, "text", float("nan")],
    "min_child_weight": [-1.0, "text", float("nan")],
    "max_delta_step": [-1.0, "text"],
    "subsample": [0.0, 1.1, "text"],
    "sampling_method": ["text", 3],
    "colsample_bytree": [0.0, 1.1, "text"],
    "colsample_bylevel": [0.0, 1.1, "text"],
    "colsample_bynode": [0.0, 1.1, "text"],
    "reg_alpha": [-1.0, "text", float("nan")],
    "reg_lambda": [-1.0, "text", float("nan")],
    "scale_pos_weight": [-1.0, "text"],
    "base_score": ["text", float("nan")],
    "random_state": ["text", 1.5],
    "missing": ["text", None],
    "num_parallel_tree": [0, 1.5, "text"],
    "monotone_constraints": ["text", 3],
    "interaction_constraints": ["text", 3],
    "importance_type": ["text", 3],
    "device": ["text", 3],
    "validate_parameters": ["yes", 3],
    "enable_categorical": ["yes", 3],
    "feature_types": ["text", 3],
    "feature_weights": ["text", [-1.0] * D],
    "max_cat_to_onehot": [0, 1.5, "text"],
    "max_cat_threshold": [0, 1.5, "text"],
    "multi_strategy": ["text", 3],
    "eval_metric": ["text", 3],
    "early_stopping_rounds": [0, -1, "text"],
    "callbacks": ["text", 3],
    "cuts": ["text", None, 3],
    "prune": ["text", "pre", 3],
    "keep_pruned": [None, "text"],
    "deterministic": [None, "text"],
    "validation_fraction": [0.0, 1.0, "text"],
    "rate_drop": [-0.1, 1.1, float("nan"), "text"],
    "skip_drop": [-0.1, 1.1, float("nan"), "text"],
    "one_drop": ["yes", 3],
    "sample_type": ["text", 3],
    "normalize_type": ["text", 3],
    "process_type": ["text", 3],
    "updater": ["text", "", "refresh,text", 3, None],
    "refresh_leaf": ["yes", 3],
}
BOOSTED_REGRESSOR = {
    **BOOSTER,
    "tweedie_variance_power": [0.9, 2.1, "text"],
    "huber_slope": [0.0, -1.0, "text"],
    "quantile_alpha": [-0.1, 1.1],
}
BOOSTED_BASE = {
    "estimator": ["text", 3],
    "n_estimators": [0, -1, 1.5, "text", None],
    "learning_rate": [0.0, -1.0, "text", float("nan"), None],
    "random_state": ["text", -1, 1.5],
}
FOREST = {
    **TREE,
    "n_estimators": [0, -1, 1.5, "text", None],
    "bootstrap": ["yes", 3, None],
    "oob_score": ["text", 3, None],
    "n_jobs": [0, 1.5, "two"],
    "verbose": [-1, "text"],
    "warm_start": ["yes", 3, None],
    "class_weight": ["text", 3, [{0: 1.0}, {0: 1.0}], {5: 1.0}],
    "max_samples": [0, 0.0, -1, "text"],
}
FILLING = {
    "strategy": ["text", None, 3],
    "estimator": ["text", 3],
    "categorical_features": [[D], [-1], [0.5], "text", [True], ["x"]],
    "max_iter": [0, 1.5, "text", None],
    "tol": [-1.0, "small", float("nan"), None],
    "n_jobs": [1.5, "two"],
    "random_state": ["text", -1, 1.5],
}
ELASTIC_NET = {
    "alpha": [-1.0, "text", None, float("nan")],
    "l1_ratio": [-0.1, 1.1, "text", None],
    "fit_intercept": ["yes", 3, None],
    "precompute": ["text", None, np.eye(D + 1), np.ones(D)],
    "max_iter": [0, -1, 1.5, "text", None],
    "copy_X": ["yes", 3],
    "tol": [-1.0, "small", float("nan"), None],
    "warm_start": ["yes", 3, None],
    "positive": ["yes", 3, None],
    "random_state": ["text", -1, 1.5],
    "selection": ["text", None, 3],
}
ELASTIC_NET_CV = {
    **{name: values for name, values in ELASTIC_NET.items() if name not in ("alpha", "warm_start", "precompute")},
    "l1_ratio": [-0.1, 1.1, "text", None, [0.5, 2.0], [[0.5]], []],
    "eps": [0.0, -1.0, "text", None],
    "alphas": [0, 1.5, "text", None, [-1.0], [[1.0]], [float("nan")], []],
    "precompute": ["text", None, np.eye(D + 1), np.ones(D)],
    "cv": [1, "text", 1.5],
    "verbose": [-1, "text"],
    "n_jobs": [0, 1.5, "two"],
}
PERCEPTRON = {
    "penalty": ["text", 3],
    "alpha": [-1.0, "text", None],
    "l1_ratio": [-0.1, 1.1, "text", None],
    "fit_intercept": ["yes", 3, None],
    "max_iter": [0, 1.5, "text", None],
    "tol": [-1.0, "text"],
    "shuffle": ["yes", 3, None],
    "verbose": [-1, "text"],
    "eta0": [0.0, -1.0, "text", None],
    "n_jobs": [1.5, "two"],
    "random_state": ["text", -1, 1.5],
    "early_stopping": ["yes", 3, None],
    "validation_fraction": [0.0, 1.0, "text", None],
    "n_iter_no_change": [0, 1.5, "text", None],
    "class_weight": ["text", 3],
    "warm_start": ["yes", 3, None],
}
BAD_PARAMETERS = {
    "AdaBoostRegressor": {**BOOSTED_BASE, "loss": ["text", 3, None]},
    **dict.fromkeys(FORESTS, FOREST),
    "ForestImputer": FILLING,
    "AdaBoostClassifier": {**BOOSTED_BASE, "resample": ["yes", 3, None], "n_jobs": [0, 1.5, "two"]},
    **dict.fromkeys(TREES, TREE),
    **dict.fromkeys(("ElasticNet", "Lasso"), ELASTIC_NET),
    **dict.fromkeys(("ElasticNetCV", "LassoCV"), ELASTIC_NET_CV),
    "LinearRegression": LINEAR,
    "Ridge": RIDGE,
    "RidgeCV": RIDGE_CV,
    "LogisticRegression": LOGISTIC,
    "LogisticRegressionCV": LOGISTIC_CV,
    "IncrementalPCA": INCREMENTAL_COMPONENTS,
    "KMeans": CLUSTERS,
    "PCA": COMPONENTS,
    "TSNE": MAP,
    "Perceptron": PERCEPTRON,
    "MLPClassifier": NETWORK,
    "MLPRegressor": NETWORK,
    "XGBClassifier": BOOSTER,
    "XGBRanker": {
        **BOOSTER,
        "lambdarank_pair_method": ["text", 3],
        "lambdarank_num_pair_per_sample": [0, 1.5, 2**32, "text"],
        "lambdarank_normalization": ["yes", 3],
        "lambdarank_score_normalization": ["yes", 3],
        "lambdarank_unbiased": ["yes", 3],
        "lambdarank_bias_norm": [-1.0, "text"],
        "ndcg_exp_gain": ["yes", 3],
    },
    "XGBRFClassifier": BOOSTER,
    "XGBRFRegressor": BOOSTED_REGRESSOR,
    "XGBRegressor": BOOSTED_REGRESSOR,
}
# What another parameter must be for the bad value to be looked at.
GIVEN = {
    **{(name, "power_t"): {"solver": "sgd"} for name in ("MLPClassifier", "MLPRegressor")},
    **{
        (name, parameter): {"booster": "dart"}
        for name in BOOSTERS
        for parameter in ("rate_drop", "skip_drop", "one_drop", "sample_type", "normalize_type")
    },
    **{
        (name, parameter): {"process_type": "update", "subsample": 1.0}
        for name in BOOSTERS
        for parameter in ("updater", "refresh_leaf")
    },
}
CASES = [
    (name, parameter, value)
    for name, cls in CLASSES.items()
    for parameter in cls().get_params()
    for value in [*BAD_PARAMETERS.get(name, {}).get(parameter, []), Nonsense()]
]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_parameter_has_bad_values(name):
    assert CLASSES[name]().get_params().keys() <= BAD_PARAMETERS[name].keys()


@pytest.mark.parametrize(
    ("name", "parameter", "value"), CASES, ids=[f"{name}-{p}-{value!r}" for name, p, value in CASES]
)
def test_bad_parameter(name, parameter, value):
    """An error in fit that names the parameter; what is not supported at all may be refused instead."""
    estimator = quick(name, **{**GIVEN.get((name, parameter), {}), parameter: value})
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=rf"\b{parameter}\b"):
        estimator.fit(X, target(name))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_unknown_parameter(name):
    with pytest.raises(TypeError, match="no_such_parameter"):
        CLASSES[name](no_such_parameter=1)
    with pytest.raises(ValueError, match="no_such_parameter"):
        quick(name).set_params(no_such_parameter=1)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_failed_fit_leaves_no_half_model(name):
    """What failed before it began leaves an estimator that is not fitted, and that can be fitted."""
    estimator = quick(name)
    with pytest.raises(ValueError, match="X"):
        estimator.fit(X[:0], target(name)[:0])
    method = "predict" if hasattr(estimator, "predict") else "transform"
    with pytest.raises(NotFittedError):
        getattr(estimator, method)(X)
    assert len(getattr(estimator.fit(X, target(name)), method)(X)) == N
