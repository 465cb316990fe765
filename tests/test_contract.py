"""scikit-learn's contract: its common checks over every estimator, and what those checks leave out."""

import importlib
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils._test_common.instance_generator import PER_ESTIMATOR_XFAIL_CHECKS
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from tests.inventory import fitting_classes

# Networks are trained for a few epochs only: whether they settle is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Checks that fail, with the reason. Only those that scikit-learn lists for its own class of that name may stand here.
EXPECTED_FAILURES: dict[str, dict[str, str]] = {
    # With 'lsqr' it is there: tests/unit/linear_model/test_ridge.py.
    "Ridge": {"check_non_transformer_estimators_n_iter": "n_iter_ is None for solvers that are exact"},
    # What holds instead is tested in tests/unit/ensemble/test_adaboost.py.
    "AdaBoostClassifier": {
        f"check_sample_weight_equivalence_on_{kind}_data": "chance decides between cuts that are equally good"
        for kind in ("dense", "sparse")
    },
    # What holds instead is tested in tests/unit/cluster/test_kmeans.py.
    "KMeans": {
        f"check_sample_weight_equivalence_on_{kind}_data": "rows are drawn by their weights, but by their numbers too"
        for kind in ("dense", "sparse")
    },
    # What holds instead is tested in tests/unit/ensemble/test_forest_weights.py.
    **{
        name: {
            f"check_sample_weight_equivalence_on_{kind}_data": "rows are drawn as often as they weigh"
            for kind in ("dense", "sparse")
        }
        for name in ("RandomForestClassifier", "RandomForestRegressor")
    },
    # What holds instead is tested in tests/unit/linear_model/test_perceptron.py.
    "Perceptron": {
        f"check_sample_weight_equivalence_on_{kind}_data": "a row of weight 2 takes one step, of twice the size"
        for kind in ("dense", "sparse")
    },
}

# Parameters that make an iterative model quick on the checks' small tables; scikit-learn's own checks do the same.
QUICK = {
    "AdaBoostClassifier": {"n_estimators": 20},
    "AdaBoostRegressor": {"n_estimators": 10},
    **{name: {"n_estimators": 5} for name in ("ExtraTreesClassifier", "ExtraTreesRegressor")},
    **{name: {"n_estimators": 5} for name in ("RandomForestClassifier", "RandomForestRegressor")},
    "KMeans": {"n_clusters": 4, "max_iter": 20},
    # The same rows written otherwise end at another point within the gap that is allowed.
    **{name: {"tol": 1e-12} for name in ("ElasticNetCV", "LassoCV")},
    # Of the parameters whose defaults the library is about to change, each not set is a warning.
    "LogisticRegressionCV": {
        "Cs": 3,
        "cv": 3,
        "l1_ratios": (0.0,),
        "scoring": "neg_log_loss",
        "use_legacy_attributes": False,
    },
    "MLPClassifier": {"max_iter": 100},
    "MLPRegressor": {"max_iter": 100},
    "TSNE": {"perplexity": 2, "max_iter": 250},
    "XGBClassifier": {"n_estimators": 20},
    # This objective, and this metric, take any number for a relevance.
    "XGBRanker": {"n_estimators": 20, "objective": "rank:pairwise", "eval_metric": "auc"},
    "XGBRegressor": {"n_estimators": 20},
    # A row of weight 2 counts as two rows where a tree sees all rows.
    "XGBRFClassifier": {"n_estimators": 20, "subsample": 1.0},
    "XGBRFRegressor": {"n_estimators": 20, "subsample": 1.0},
}
PEER_MODULES = {
    "AdaBoostClassifier": "sklearn.ensemble",
    "DecisionTreeClassifier": "sklearn.tree",
    "DecisionTreeRegressor": "sklearn.tree",
    "ExtraTreeClassifier": "sklearn.tree",
    "ExtraTreeRegressor": "sklearn.tree",
    "AdaBoostRegressor": "sklearn.ensemble",
    "ExtraTreesClassifier": "sklearn.ensemble",
    "ExtraTreesRegressor": "sklearn.ensemble",
    "ForestImputer": "sklearn.impute:KNNImputer",  # it fills from near rows, too
    "RandomForestClassifier": "sklearn.ensemble",
    "RandomForestRegressor": "sklearn.ensemble",
    **dict.fromkeys(("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV"), "sklearn.linear_model"),
    "LinearRegression": "sklearn.linear_model",
    "LogisticRegression": "sklearn.linear_model",
    "Ridge": "sklearn.linear_model",
    "RidgeCV": "sklearn.linear_model",
    "LogisticRegressionCV": "sklearn.linear_model",
    "IncrementalPCA": "sklearn.decomposition",
    "KMeans": "sklearn.cluster",
    "PCA": "sklearn.decomposition",
    "Perceptron": "sklearn.linear_model",
    "TSNE": "sklearn.manifold",
    "MLPClassifier": "sklearn.neural_network",
    "MLPRegressor": "sklearn.neural_network",
    # xgboost's classes fail most checks (it wants classes 0 to k - 1 and changes its parameters in fit); the models
    # that answer scikit-learn's contract as trees boosted on histograms should are scikit-learn's.
    "XGBClassifier": "sklearn.ensemble:HistGradientBoostingClassifier",
    "XGBRanker": "sklearn.ensemble:HistGradientBoostingRegressor",
    "XGBRegressor": "sklearn.ensemble:HistGradientBoostingRegressor",
    "XGBRFClassifier": "sklearn.ensemble:HistGradientBoostingClassifier",
    "XGBRFRegressor": "sklearn.ensemble:HistGradientBoostingRegressor",
}
# Tags in which a class differs from its peer, with the reason.
TAG_DEPARTURES: dict[tuple[str, str], str] = (
    {
        ("ForestImputer", "target_tags.required"): "a forest learns from targets",
        ("ForestImputer", "transformer_tags.preserves_dtype"): "float32 stays float32, too",
    }
    | {
        (name, "input_tags.sparse"): "scikit-learn's histograms take no sparse rows; ours do, as xgboost's"
        for name in ("XGBClassifier", "XGBRanker", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")
    }
    | {
        (
            "TSNE",
            "transformer_tags.preserves_dtype",
        ): "the map is float32, as scikit-learn's, whose tag is not looked at"
    }
    | {("XGBRanker", tag): "a ranker is no regressor" for tag in ("estimator_type", "regressor_tags.poor_score")}
)

CLASSES = fitting_classes()
CLASSIFIERS_BY_OTHER_NAMES = {"LogisticRegression", "LogisticRegressionCV", "Perceptron"}
REGRESSORS_BY_OTHER_NAMES = {"ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "LinearRegression", "Ridge", "RidgeCV"}
estimators = pytest.mark.parametrize("name", sorted(CLASSES))


def quick(name):
    return CLASSES[name](**QUICK.get(name, {}))


def seeded(name):
    estimator = quick(name)
    drawing = ("AdaBoost", "DecisionTree", "ExtraTree", "ForestImputer", "KMeans", "MLP", "RandomForest")
    return estimator.set_params(random_state=0) if name.startswith(drawing) else estimator


def peer(name):
    module, _, other_name = PEER_MODULES[name].partition(":")
    return getattr(importlib.import_module(module), other_name or name)()


def expected_failures(estimator):
    return EXPECTED_FAILURES.get(type(estimator).__name__, {})


def table(name):
    """A data frame with named columns, and a target that fits the estimator."""
    X, y = load_breast_cancer(return_X_y=True) if is_classifier(CLASSES[name]()) else load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X[:120, :4])
    return pd.DataFrame(X, columns=["a", "b", "c", "d"]), y[:120]


def output_of(estimator, X):
    return np.asarray(estimator.predict(X) if hasattr(estimator, "predict") else estimator.transform(X))


# The common checks ----------------------------------------------------------------------------------------------------


@parametrize_with_checks([quick(name) for name in sorted(CLASSES)], expected_failed_checks=expected_failures)
def test_scikit_learns_check(estimator, check):
    check(estimator)


def test_every_estimator_has_a_peer_in_the_table():
    assert set(PEER_MODULES) == set(CLASSES)


def test_expected_failures_are_scikit_learns_own():
    for name, checks in EXPECTED_FAILURES.items():
        listed = PER_ESTIMATOR_XFAIL_CHECKS.get(type(peer(name)), {})
        assert checks.keys() <= listed.keys()


def flat_tags(estimator):
    """Tags of an estimator as one level of names."""
    flat = {}
    for key, value in asdict(get_tags(estimator)).items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": v for inner, v in value.items()}
        else:
            flat[key] = value
    # Whether arrays of other libraries are accepted: nothing here promises it.
    flat.pop("array_api_support")
    return flat


@estimators
def test_tags_are_the_peers(name):
    ours, theirs = flat_tags(CLASSES[name]()), flat_tags(peer(name))
    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    assert different == {tag for cls, tag in TAG_DEPARTURES if cls == name}


def checks_of(estimator):
    """The common checks of an estimator by name, bound to nothing."""
    checks = [getattr(check, "func", check) for _, check in estimator_checks_generator(estimator)]
    return {check.__name__: check for check in checks if "array_api" not in check.__name__}


@estimators
@pytest.mark.filterwarnings("ignore:The least populated class in y has only 2 members")  # with folds, in five rows
def test_not_fewer_checks_than_the_peer(name):
    """What scikit-learn checks in its own class because of a base class, it checks in ours too."""
    excused = {"check_estimator_sparse_tag", "check_sample_weight_equivalence_on_sparse_data"}
    if (name, "input_tags.sparse") not in TAG_DEPARTURES:
        excused = set()
    if "class_weight" not in CLASSES[name]().get_params():  # xgboost has none
        excused |= {check for check in checks_of(peer(name)) if "class_weight" in check}
    if not takes_weights(name):  # a ranker's are those of groups
        excused |= {check for check in checks_of(peer(name)) if "sample_weight" in check}
    if (name, "estimator_type") in TAG_DEPARTURES:
        excused |= {check for check in checks_of(peer(name)) if "regressor" in check}
    ours, theirs = checks_of(CLASSES[name]()), checks_of(peer(name))
    for check in theirs.keys() - ours.keys() - excused:
        theirs[check](name, quick(name))


# What the common checks leave out -------------------------------------------------------------------------------------


@estimators
def test_clone_is_unfitted_and_gives_the_same_bits(name):
    X, y = table(name)
    fitted = seeded(name).fit(X, y)
    copy = clone(fitted)
    assert not [key for key in vars(copy) if key.endswith("_") and not key.startswith("_")]
    assert copy.get_params() == fitted.get_params()
    np.testing.assert_array_equal(output_of(copy.fit(X, y), X), output_of(fitted, X))


@estimators
def test_fit_returns_self_and_changes_no_parameter(name):
    X, y = table(name)
    estimator = seeded(name)
    before = {key: repr(value) for key, value in estimator.get_params().items()}
    assert estimator.fit(X, y) is estimator
    assert {key: repr(value) for key, value in estimator.get_params().items()} == before


@estimators
def test_names_of_columns_are_kept(name):
    X, y = table(name)
    estimator = seeded(name).fit(X, y)
    assert estimator.n_features_in_ == 4
    assert list(estimator.feature_names_in_) == ["a", "b", "c", "d"]
    assert not hasattr(seeded(name).fit(X.to_numpy(), y), "feature_names_in_")


@estimators
@pytest.mark.parametrize("columns", [["b", "a", "c", "d"], ["a", "b", "c", "e"]], ids=["reordered", "renamed"])
def test_other_columns_are_an_error(name, columns):
    X, y = table(name)
    estimator = seeded(name).fit(X, y)
    other = X[columns] if set(columns) == set(X) else X.set_axis(columns, axis=1)
    with pytest.raises(ValueError, match="feature names should match"):
        output_of(estimator, other)


@estimators
def test_frame_and_array_give_the_same_bits(name):
    X, y = table(name)
    from_frame, from_array = seeded(name).fit(X, y), seeded(name).fit(X.to_numpy(), np.asarray(y))
    np.testing.assert_array_equal(output_of(from_frame, X), output_of(from_array, X.to_numpy()))


@estimators
def test_set_output_gives_a_frame(name):
    if not hasattr(CLASSES[name], "transform"):
        assert not hasattr(CLASSES[name](), "set_output")
        return
    X, y = table(name)
    frame = seeded(name).set_output(transform="pandas").fit(X, y).transform(X)
    assert isinstance(frame, pd.DataFrame)
    n_columns = 2 if name == "TSNE" else 4
    expected = list("abcd") if name == "ForestImputer" else [f"{name.lower()}{i}" for i in range(n_columns)]
    assert list(frame.columns) == expected
    assert frame.index.equals(X.index)
    np.testing.assert_array_equal(frame.to_numpy(), seeded(name).fit(X, y).transform(X))


def takes_weights(name):
    import inspect

    return "sample_weight" in inspect.signature(CLASSES[name].fit).parameters


def asking_its_scorer(estimator):
    """An estimator that scores by a scorer, and not by itself, has it say that it takes weights."""
    if not hasattr(estimator, "set_score_request") and "scoring" in estimator.get_params():
        estimator.set_params(scoring=get_scorer(estimator.scoring).set_score_request(sample_weight=True))
    return estimator


@estimators
def test_weights_are_routed_through_pipeline_and_search(name):
    """The weights reach fit: rows of weight zero, with targets of nonsense, change nothing."""
    if not takes_weights(name):
        pytest.skip("fit takes no weights")
    X, y = table(name)
    X = X.to_numpy()
    weights = np.r_[np.ones(80), np.zeros(40)]
    spoiled = np.array(y, copy=True)
    spoiled[80:] = spoiled[80:].max() - spoiled[80:] if is_classifier(CLASSES[name]()) else 1e3
    with sklearn.config_context(enable_metadata_routing=True):
        unchanged = StandardScaler(with_mean=False, with_std=False).set_fit_request(sample_weight=False)
        model = make_pipeline(unchanged, asking_its_scorer(seeded(name)).set_fit_request(sample_weight=True))
        routed = model.fit(X, spoiled, sample_weight=weights)[-1]
        direct = asking_its_scorer(seeded(name)).fit(model[0].transform(X), spoiled, sample_weight=weights)
        np.testing.assert_array_equal(output_of(routed, X), output_of(direct, X))
        ignored = clone(model).set_params(**{name.lower(): seeded(name).set_fit_request(sample_weight=False)})
        assert not np.array_equal(output_of(ignored.fit(X, spoiled), X), output_of(routed, X))


@estimators
def test_search_and_cross_validation_work(name):
    X, y = table(name)
    parameter, values = {
        "AdaBoostClassifier": ("learning_rate", [0.1, 1.0]),
        "DecisionTreeClassifier": ("max_depth", [1, 3]),
        "DecisionTreeRegressor": ("max_depth", [1, 3]),
        "ExtraTreeClassifier": ("max_depth", [1, 3]),
        "ExtraTreeRegressor": ("max_depth", [1, 3]),
        "AdaBoostRegressor": ("learning_rate", [0.1, 1.0]),
        "ExtraTreesClassifier": ("max_depth", [1, 3]),
        "ExtraTreesRegressor": ("max_depth", [1, 3]),
        "ForestImputer": ("max_iter", [1, 2]),
        "ElasticNet": ("alpha", [0.1, 1.0]),
        "ElasticNetCV": ("l1_ratio", [0.5, 1.0]),
        "Lasso": ("alpha", [0.1, 1.0]),
        "LassoCV": ("eps", [1e-3, 1e-2]),
        "LinearRegression": ("fit_intercept", [True, False]),
        "Ridge": ("alpha", [0.1, 1.0]),
        "RidgeCV": ("fit_intercept", [True, False]),
        "LogisticRegression": ("C", [0.1, 1.0]),
        "LogisticRegressionCV": ("Cs", [1, 3]),
        "IncrementalPCA": ("n_components", [1, 2]),
        "KMeans": ("n_clusters", [2, 3]),
        "PCA": ("n_components", [1, 2]),
        "TSNE": ("perplexity", [2, 3]),
        "Perceptron": ("alpha", [1e-4, 1e-2]),
        "MLPClassifier": ("alpha", [1e-4, 1.0]),
        "MLPRegressor": ("alpha", [1e-4, 1.0]),
        "RandomForestClassifier": ("max_depth", [1, 3]),
        "RandomForestRegressor": ("max_depth", [1, 3]),
        "XGBClassifier": ("max_depth", [1, 3]),
        "XGBRanker": ("max_depth", [1, 3]),
        "XGBRegressor": ("max_depth", [1, 3]),
        "XGBRFClassifier": ("max_depth", [1, 3]),
        "XGBRFRegressor": ("max_depth", [1, 3]),
    }[name]
    if not hasattr(CLASSES[name], "score"):
        pytest.skip("has no score to search by")
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = seeded(name)
        arguments = {}
        if takes_weights(name):
            estimator = asking_its_scorer(estimator).set_fit_request(sample_weight=True)
            if hasattr(estimator, "set_score_request"):
                estimator.set_score_request(sample_weight=True)
            arguments = {"sample_weight": np.linspace(0.5, 1.5, len(y))}
        search = GridSearchCV(estimator, {parameter: values}, cv=2, error_score="raise").fit(X, y, **arguments)
    assert search.best_params_[parameter] in values
    scores = cross_val_score(seeded(name), X, y, cv=3, error_score="raise")
    assert np.isfinite(scores).all()


@estimators
def test_kind_is_told_by_tags(name):
    estimator = CLASSES[name]()
    assert is_classifier(estimator) == name.endswith("Classifier") or name in CLASSIFIERS_BY_OTHER_NAMES
    assert is_regressor(estimator) == (name.endswith("Regressor") or name in REGRESSORS_BY_OTHER_NAMES)


@estimators
def test_representation_shows_what_was_set(name):
    estimator = quick(name)
    assert repr(CLASSES[name]()) == f"{name}()" or "XGB" in name
    assert name in estimator._repr_html_()


@pytest.mark.parametrize("name", [name for name in sorted(CLASSES) if is_classifier(CLASSES[name]())])
@pytest.mark.parametrize("kind", ["text", "shifted", "bool", "negative"])
def test_any_labels_do(name, kind):
    """Classes are what y holds, not 0 to k - 1; the outputs are the same bits under other names."""
    X, y = table(name)
    values = {"text": ["no", "yes"], "shifted": [3, 7], "bool": [False, True], "negative": [-1, 1]}[kind]
    renamed = np.asarray(values)[y]
    estimator = seeded(name).fit(X, renamed)
    plain = seeded(name).fit(X, y)
    assert list(estimator.classes_) == values
    np.testing.assert_array_equal(estimator.predict(X), np.asarray(values)[plain.predict(X)])
    outputs = "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"
    np.testing.assert_array_equal(getattr(estimator, outputs)(X), getattr(plain, outputs)(X))
