"""For every argument of the public methods, and of the explainers' constructors: a stated case in which it matters.

A case calls the method with its ordinary arguments, and again with one of them changed. What is not supported must be
refused by name; what has no effect in the peer either stands here with the reason.
"""

import contextlib
import io
import pickle
import tempfile
import warnings
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from sklearn.linear_model import Ridge

import mlx.explain.kernel
from mlx.ensemble import RandomForestRegressor
from mlx.explain import KernelExplainer, LimeTabularExplainer
from tests.inventory import fitting_classes
from tests.signatures.effects import DATA, DEFAULT_DATA, FOLDS


class Changes(NamedTuple):
    """Putting `change(value)` in place of the ordinary value changes the result; `given` holds in both calls."""

    change: Callable[[Any], Any]
    given: Mapping[str, Any] = MappingProxyType({})


class Refused(NamedTuple):
    """`change(value)` raises NotImplementedError that names the argument."""

    change: Callable[[Any], Any]


class Inert(NamedTuple):
    """`change(value)` changes nothing, here or in the peer."""

    change: Callable[[Any], Any]
    reason: str
    given: Mapping[str, Any] = MappingProxyType({})


def other(value):
    """The argument becomes this, whatever it was."""
    return lambda _: value


# What methods are called on -----------------------------------------------------------------------------------------

TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")

QUICK = {
    "AdaBoostClassifier": {"n_estimators": 4, "random_state": 0},
    **{name: {"random_state": 0, "max_depth": 4} for name in TREES},
    "AdaBoostRegressor": {"n_estimators": 4, "random_state": 0},
    "ExtraTreesClassifier": {"n_estimators": 5, "max_depth": 4, "random_state": 0},
    "ExtraTreesRegressor": {"n_estimators": 5, "max_depth": 4, "random_state": 0},
    "Lasso": {"alpha": 0.1},
    "ForestImputer": {"estimator": RandomForestRegressor(5), "random_state": 0},
    "RandomForestClassifier": {"n_estimators": 5, "max_depth": 4, "random_state": 0},
    "RandomForestRegressor": {"n_estimators": 5, "max_depth": 4, "random_state": 0},
    "KMeans": {"n_clusters": 3, "random_state": 0},
    "MLPClassifier": {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0},
    "MLPRegressor": {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0},
    "TSNE": {"max_iter": 250},
    "LogisticRegressionCV": {**FOLDS, "Cs": 3},
    "XGBClassifier": {"n_estimators": 4, "max_depth": 3, "colsample_bynode": 0.7, "early_stopping_rounds": 4},
    "XGBRanker": {"n_estimators": 4, "max_depth": 3, "colsample_bynode": 0.7, "early_stopping_rounds": 4},
    "XGBRegressor": {"n_estimators": 4, "max_depth": 3, "colsample_bynode": 0.7, "early_stopping_rounds": 4},
    "XGBRFClassifier": {"n_estimators": 4, "max_depth": 3},
    "XGBRFRegressor": {"n_estimators": 4, "max_depth": 3},
}
TABLE = np.random.default_rng(0).normal(size=(60, 4))
MANY_COLUMNS = np.random.default_rng(1).normal(size=(8, 13))


def output(X):
    """Linear in its first column, with a product that makes the values of two others depend on each other."""
    return 2.0 * X[:, 0] + X[:, 1] * X[:, 2] + X[:, 3] ** 2


def probabilities(X):
    p = np.exp(np.column_stack([output(X), X[:, 1], 0.2 * X[:, 2]]))
    return p / p.sum(axis=1, keepdims=True)


def other_probabilities(X):
    return np.roll(probabilities(X), 1, axis=1)


def many_columns(X):
    return np.sin(X[:, :6]).sum(axis=1) + X[:, 6] * X[:, 7] * X[:, 8] + X[:, 9:].prod(axis=1)


EXPLAINERS = {
    "KernelExplainer": (KernelExplainer, {"model": many_columns, "data": MANY_COLUMNS[2:]}, "__call__"),
    "LimeTabularExplainer": (LimeTabularExplainer, {"training_data": TABLE}, "explain_instance"),
}


def fresh(name):
    """An explainer, or an estimator that is not fitted."""
    if name in EXPLAINERS:
        cls, settings, _ = EXPLAINERS[name]
        return cls(**settings)
    return fitting_classes()[name](**QUICK.get(name, {}))


def ordinary_arguments(name, method, folder):
    """What a method is called with when nothing is changed."""
    if name == "KernelExplainer":
        return {"X": MANY_COLUMNS[:2], "nsamples": 60, "silent": True}
    if name == "LimeTabularExplainer":
        rows = {"data_row": TABLE[0]} if method == "explain_instance" else {"rows": TABLE[:2]}
        return {**rows, "predict_fn": probabilities, "num_samples": 256, "num_features": 3}
    X, y = DATA[DEFAULT_DATA[name]]()
    if method in ("load_model", "save_model"):
        for file, rows in (("one.json", slice(None)), ("two.json", slice(60))):
            fresh(name).fit(X[rows], y[rows]).save_model(folder / file)
        return {"fname": folder / ("one.json" if method == "load_model" else "written.json")}
    if method == "inverse_transform":
        return {"X": X[:, : min(X.shape)]}
    arguments = {"X": X}
    with_target = (
        "fit",
        "fit_transform",
        "partial_fit",
        "score",
        "staged_score",
        "path",
        "cost_complexity_pruning_path",
    )
    if method in with_target and name not in WITHOUT_TARGET:
        arguments["y"] = y
    if name in ("MLPClassifier", "Perceptron") and method == "partial_fit":
        arguments["classes"] = np.unique(y)
    return {} if method in NOTHING_ASKED else arguments


WITHOUT_TARGET = {"IncrementalPCA", "KMeans", "PCA", "TSNE"}
NOTHING_ASKED = {
    "get_depth",
    "get_n_leaves",
    "densify",
    "sparsify",
    "get_covariance",
    "get_precision",
    "summary",
    "get_feature_names_out",
    "get_num_boosting_rounds",
    "get_booster",
    "get_xgb_params",
    "evals_result",
}


def consequences_of_settings(name, given, **changed):
    """What an explainer of these settings says about a row; as pickles."""
    cls, settings, method = EXPLAINERS[name]
    settings = {**settings, **given}
    for argument, change in changed.items():
        settings[argument] = change(settings.get(argument))
    calls, model = [], settings.get("model", output if settings.get("mode") == "regression" else probabilities)

    def watched_model(X):
        calls.append(len(X))
        return model(X)

    if "model" in settings:
        settings["model"] = watched_model
    arguments = ordinary_arguments(name, method, None)
    if "predict_fn" in arguments:
        arguments["predict_fn"] = watched_model
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        explanation = getattr(cls(**settings), method)(**arguments)
    names = [getattr(explanation, key, None) for key in ("feature_names", "output_names", "class_names", "conditions")]
    return pickle.dumps((calls, printed.getvalue(), list(map(str, names)), _without_time(explanation)))


def consequences(name, method, given=MappingProxyType({}), **changed):
    """What a call leaves behind: result, fitted attributes, files, whether progress was shown; as pickles."""
    shown, printed = [], io.StringIO()

    def watched_progress(iterable, **options):
        shown.append(options["enabled"])
        return iterable

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(mlx.explain.kernel, "progress", watched_progress),
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # networks are stopped long before they settle
        subject = fresh(name)
        arguments = {**ordinary_arguments(name, method, Path(folder)), **given}
        if hasattr(subject, "fit") and method not in ("fit", "fit_transform", "partial_fit", "load_model"):
            X, y = DATA[DEFAULT_DATA[name]]()
            subject.fit(X, y)
        for argument, change in changed.items():
            if argument in ("params", "score_params"):  # any keywords
                arguments |= change({})
            else:
                arguments[argument] = change(arguments.get(argument))
        result = getattr(subject, method)(**arguments)
        seen = {"shown": shown, "files": sorted((path.name, path.stat().st_size) for path in Path(folder).iterdir())}
        seen |= {key: value for key, value in vars(subject).items() if key.endswith("_") and not key.startswith("_")}
        seen["result"] = None if result is subject else _without_time(result)
        seen["printed"] = printed.getvalue()
    return {key: pickle.dumps(value) for key, value in seen.items()}


def _without_time(result):
    if isinstance(result, list | Generator):
        return [_without_time(each) for each in result]
    if hasattr(result, "local_exp"):
        return (result.local_exp, result.intercept, result.score, result.top_labels)
    return (result.values, result.standard_errors, result.game) if hasattr(result, "base_values") else result


# The table ----------------------------------------------------------------------------------------------------------

SQUARED = Changes(np.square)
ROLLED = Changes(lambda y: np.roll(y, 7))
NO_TARGET = "a decomposition has no target; scikit-learn has the argument so that it fits into a pipeline"
X_ONLY = {"X": SQUARED}


def weighted(name):
    """Weights for the rows of the class's table."""
    n_rows = len(DATA[DEFAULT_DATA[name]]()[0])
    return Changes(lambda _: np.random.default_rng(2).uniform(0.1, 3.0, size=n_rows))


def of_supervised(name):
    learning = {"X": SQUARED, "y": ROLLED, "sample_weight": weighted(name)}
    return {"fit": learning, "predict": X_ONLY, "score": learning}


def of_path_model(name):
    """An elastic net or a lasso, with the function of its path."""
    methods = of_supervised(name)
    if name.endswith("CV"):
        to_splitter = Inert(other({}), "they go to the splitter, where routing is enabled: tested with the estimator")
        methods["fit"] = {**methods["fit"], "params": to_splitter}
    else:
        methods["fit"] = {**methods["fit"], "check_input": Changes(other(False))}  # features are not noted
    X, _ = DATA[DEFAULT_DATA[name]]()
    wide = dict(zip("Xy", DATA["columns_in_order"](), strict=True))
    integers = {"X": (X * 10).astype(np.int64)}
    methods["path"] = {
        "X": SQUARED,
        "y": ROLLED,
        "eps": Changes(other(0.1)),
        "n_alphas": Changes(other(7)),
        "alphas": Changes(other(7)),
        "precompute": Changes(other(True), wide),  # in the last digits: other sums
        "Xy": Changes(other(np.ones(X.shape[1]))),
        "copy_X": Inert(other(False), "nothing is centred here, so nothing is ever overwritten"),
        "coef_init": Changes(other(np.full(X.shape[1], 3.0)), {"alphas": [0.05], "return_n_iter": True}),
        "verbose": Changes(other(2)),
        "return_n_iter": Changes(other(True)),
        "positive": Changes(other(True)),
        "params": Changes(other({"tol": 0.5})),
    }
    if name.startswith("Elastic"):
        methods["path"]["l1_ratio"] = Changes(other(0.9))
    if name != "LassoCV":
        methods["path"]["check_input"] = Changes(other(False), integers)  # coefficients in the dtype of X
        methods["path"]["l1_ratio"] = Changes(other(0.9))
    return methods


def of_booster(name):
    methods = of_supervised(name)
    X, y = DATA[DEFAULT_DATA[name]]()
    n_rows, n_columns = X.shape
    margin, rounds = Changes(lambda _: np.linspace(-3.0, 3.0, n_rows)), Changes(other((0, 2)))
    followed, some = {"eval_set": [(X[:40], y[:40])]}, np.linspace(0.1, 2.0, 40)
    held_out = {"X_val": X[:40], "y_val": y[:40]}
    names = Inert(other(False), "arrays have no column names to compare; a frame's are tested with the estimators")
    methods["fit"] = {
        **methods["fit"],
        "base_margin": margin,
        "eval_set": Changes(other(followed["eval_set"])),
        "verbose": Changes(other(False), followed),
        "xgb_model": Changes(lambda _: fitting_classes()[name](n_estimators=2, max_depth=2).fit(X, y)),
        "sample_weight_eval_set": Changes(other([some]), followed),
        "base_margin_eval_set": Changes(other([some]), followed),
        "feature_weights": Changes(lambda _: np.arange(n_columns)),
        "X_val": Changes(other(X[20:60]), held_out),
        "y_val": Changes(other(y[20:60]), held_out),
        "sample_weight_val": Changes(other(some), held_out),
    }
    predicting = {"X": SQUARED, "validate_features": names, "base_margin": margin, "iteration_range": rounds}
    margins = (
        Changes(other(True))
        if name.endswith("Classifier")
        else Inert(other(True), "with an identity link the margin is the prediction, in xgboost too")
    )
    methods["predict"] = {**predicting, "output_margin": margins}
    methods["predict_proba"] = predicting
    methods["apply"] = {"X": SQUARED, "iteration_range": rounds}
    methods["get_num_boosting_rounds"] = {}
    methods["get_booster"] = {}
    methods["get_xgb_params"] = {}
    methods["evals_result"] = {}
    elsewhere = Changes(lambda path: path.with_name("elsewhere.json"))
    methods["save_model"] = {"fname": elsewhere, "records": Changes(other(False))}
    methods["load_model"] = {"fname": Changes(lambda path: path.with_name("two.json"))}
    return methods


def of_ranker():
    """Groups have weights, and rows to stop by have none of their own names."""
    methods = {name: methods for name, methods in of_booster("XGBRanker").items() if name != "predict_proba"}
    X, y = DATA[DEFAULT_DATA["XGBRanker"]]()
    followed, own = {"eval_set": [(X[:40], y[:40])]}, ("X_val", "y_val", "sample_weight_val")
    of_groups = {
        "group": Changes(other([20] * 6), {"group": [10] * 12}),
        "qid": Changes(lambda _: np.arange(120) // 20),
        "sample_weight": Changes(lambda _: np.linspace(0.1, 3.0, 12)),
        "eval_group": Changes(other([[20, 20]]), followed),
        "eval_qid": Changes(other([np.arange(40) // 20]), followed),
        "sample_weight_eval_set": Changes(other([[0.1, 1.0, 2.0, 3.0]]), followed),
        "verbose": Changes(other(True), followed),
    }
    methods["fit"] = {name: entry for name, entry in (methods["fit"] | of_groups).items() if name not in own}
    methods["score"] = {"X": SQUARED, "y": ROLLED}
    return methods


def of_trees(methods, name):
    """A random forest, or extremely randomized trees."""
    X, y = DATA[DEFAULT_DATA[name]]()
    return {
        **methods,
        "apply": X_ONLY,
        "decision_path": X_ONLY,
        "proximity": {"X": SQUARED, "Y": Changes(other(X[:9])), "top_k": Changes(other(3))},
        "outlier_scores": {"X": SQUARED, "y": Changes(other(np.arange(len(y)) % 3))},
    }


def of_forest(name):
    """A model with as many trees goes before the one round that there is."""
    methods = of_booster(name)
    X, y = DATA[DEFAULT_DATA[name]]()
    earlier = Changes(lambda _: fitting_classes()[name](n_estimators=4, max_depth=2).fit(X, y))
    methods["fit"] = {**methods["fit"], "xgb_model": earlier}
    for method in ("predict", "predict_proba", "apply"):
        one_round = Inert(other((0, 1)), "all trees belong to the one round that there is")
        methods[method] = {**methods[method], "iteration_range": one_round}
    return methods


def of_ridge_cv():
    """Ridge regression that chooses its penalty."""
    methods = of_supervised("RidgeCV")
    to_scorer = Inert(other({}), "they go to the scorer, where routing is enabled: tested with the estimator")
    return {**methods, "fit": {**methods["fit"], "params": to_scorer}}


def of_classifier(name):
    methods = of_supervised(name)
    return {**methods, "predict_proba": X_ONLY, "predict_log_proba": X_ONLY}


def of_logistic_cv():
    """Logistic regression that chooses its penalty."""
    methods = of_classifier("LogisticRegressionCV")
    routed = Inert(
        other({}), "they go to the splitter and the scorer, where routing is enabled: tested beside the peer"
    )
    return {
        **methods,
        "fit": {**methods["fit"], "params": routed},
        "score": {**methods["score"], "score_params": routed},
    }


def of_tree(name):
    methods = of_classifier(name) if name.endswith("Classifier") else of_supervised(name)
    methods |= {"apply": X_ONLY, "decision_path": X_ONLY, "cost_complexity_pruning_path": methods["fit"]}
    methods |= {"get_depth": {}, "get_n_leaves": {}}
    unchecked = Inert(other(False), "it saves the time of checks that rows which are right pass, in scikit-learn too")
    checking = methods.keys() & {"fit", "predict", "predict_proba", "apply", "decision_path"}
    return methods | {method: {**methods[method], "check_input": unchecked} for method in checking}


def of_network(methods, **more):
    return {**methods, "partial_fit": {**methods["fit"], **more}}


KERNEL_CALL = {
    "X": SQUARED,
    "l1_reg": Changes(other("num_features(3)")),
    "silent": Changes(other(False)),
    "nsamples": Changes(other(90)),
}

LIME_CALL = {
    "predict_fn": Changes(other(other_probabilities)),
    "labels": Changes(other((0, 2))),
    "top_labels": Changes(other(2)),
    "num_features": Changes(other(2)),
    "num_samples": Changes(other(512)),
    "distance_metric": Changes(other("cityblock")),
    "model_regressor": Changes(lambda _: Ridge(alpha=7.0)),
}

STAGES = ("staged_predict", "staged_predict_proba", "staged_decision_function")

ARGUMENTS: dict[str, dict[str, dict[str, Changes | Refused | Inert]]] = {
    "AdaBoostClassifier": {
        **of_classifier("AdaBoostClassifier"),
        **dict.fromkeys(("decision_function", *STAGES), X_ONLY),
        "staged_score": of_supervised("AdaBoostClassifier")["score"],
    },
    **{name: of_tree(name) for name in TREES},
    "AdaBoostRegressor": {
        **of_supervised("AdaBoostRegressor"),
        "staged_predict": X_ONLY,
        "staged_score": of_supervised("AdaBoostRegressor")["score"],
    },
    "ExtraTreesClassifier": of_trees(of_classifier("ExtraTreesClassifier"), "ExtraTreesClassifier"),
    "ExtraTreesRegressor": of_trees(of_supervised("ExtraTreesRegressor"), "ExtraTreesRegressor"),
    "ForestImputer": {
        "fit": {"X": SQUARED, "y": ROLLED},
        "fit_transform": {"X": SQUARED, "y": ROLLED},
        "transform": X_ONLY,
        "get_feature_names_out": {"input_features": Changes(other([f"column {j}" for j in range(10)]))},
    },
    **{name: of_path_model(name) for name in ("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV")},
    "LinearRegression": {
        **of_supervised("LinearRegression"),
        "summary": {
            "target": Inert(other(np.int64(0)), "the table has one target; several are tested with the estimator"),
            "confidence": Changes(other(0.5)),
        },
    },
    "Ridge": of_supervised("Ridge"),
    "RidgeCV": of_ridge_cv(),
    "LogisticRegressionCV": {
        **of_logistic_cv(),
        "decision_function": X_ONLY,
        "densify": {},
        "sparsify": {},
    },
    "LogisticRegression": {
        **of_classifier("LogisticRegression"),
        "decision_function": X_ONLY,
        "densify": {},
        "sparsify": {},
    },
    "KMeans": {
        **{
            name: {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET), "sample_weight": weighted("KMeans")}
            for name in ("fit", "fit_predict", "fit_transform", "score")
        },
        "get_feature_names_out": {
            "input_features": Inert(other(["a"] * 10), "the names are those of clusters, in scikit-learn too")
        },
        **dict.fromkeys(("predict", "transform"), X_ONLY),
    },
    "IncrementalPCA": {
        "fit": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "fit_transform": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "partial_fit": {
            "X": SQUARED,
            "y": Inert(other(np.ones(120)), NO_TARGET),
            "check_input": Changes(other(False)),  # the number of features is not noted
        },
        "get_feature_names_out": {
            "input_features": Inert(other(["a"] * 10), "the names are those of components, in scikit-learn too")
        },
        **dict.fromkeys(("transform", "inverse_transform"), X_ONLY),
        "get_covariance": {},
        "get_precision": {},
    },
    "PCA": {
        "fit": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "fit_transform": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "score": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "get_feature_names_out": {
            "input_features": Inert(other(["a"] * 10), "the names are those of components, in scikit-learn too")
        },
        **dict.fromkeys(("transform", "inverse_transform", "score_samples"), X_ONLY),
        "get_covariance": {},
        "get_precision": {},
    },
    "TSNE": {
        "fit": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "fit_transform": {"X": SQUARED, "y": Inert(other(np.ones(120)), NO_TARGET)},
        "transform": X_ONLY,
        "get_feature_names_out": {
            "input_features": Inert(other(["a"] * 10), "the names are those of coordinates, in scikit-learn too")
        },
    },
    "MLPClassifier": of_network(of_classifier("MLPClassifier"), classes=Changes(lambda known: np.append(known, 9))),
    "MLPRegressor": of_network(of_supervised("MLPRegressor")),
    "Perceptron": {
        **of_network(of_supervised("Perceptron"), classes=Changes(lambda known: np.append(known, 9))),
        "fit": {
            **of_supervised("Perceptron")["fit"],
            "coef_init": Changes(other(np.full((1, 6), 5.0))),
            "intercept_init": Changes(other(np.array([5.0]))),
        },
        "decision_function": X_ONLY,
        "densify": {},
        "sparsify": {},
    },
    "RandomForestClassifier": of_trees(of_classifier("RandomForestClassifier"), "RandomForestClassifier"),
    "RandomForestRegressor": of_trees(of_supervised("RandomForestRegressor"), "RandomForestRegressor"),
    "XGBClassifier": of_booster("XGBClassifier"),
    "XGBRFClassifier": of_forest("XGBRFClassifier"),
    "XGBRFRegressor": {
        name: methods for name, methods in of_forest("XGBRFRegressor").items() if name != "predict_proba"
    },
    "XGBRanker": of_ranker(),
    "XGBRegressor": {name: methods for name, methods in of_booster("XGBRegressor").items() if name != "predict_proba"},
    "KernelExplainer": {
        "__call__": KERNEL_CALL,
        "shap_values": {**KERNEL_CALL, "gc_collect": Refused(other(True))},
    },
    "LimeTabularExplainer": {
        "explain_instance": {"data_row": Changes(np.negative), **LIME_CALL},
        "explain_instances": {"rows": Changes(np.negative), **LIME_CALL},
    },
}

# Settings of the explainers -----------------------------------------------------------------------------------------

CODED = {"categorical_features": [3], "training_data": np.column_stack([TABLE[:, :3], TABLE[:, 3] > 0]).astype(float)}
ENTROPY = {"discretizer": "entropy", "training_labels": (TABLE[:, 0] > 0).astype(int), "random_state": 0}
AS_DRAWN = {"discretize_continuous": False}

SETTINGS: dict[str, dict[str, Changes | Refused | Inert]] = {
    "KernelExplainer": {
        "model": Changes(lambda model: lambda X: model(X) * X[:, 0]),
        "data": SQUARED,
        "feature_names": Changes(other([f"column {j}" for j in range(13)])),
        "link": Changes(other("logit"), {"model": lambda X: 1 / (1 + np.exp(-many_columns(X)))}),
        "keep_index": Refused(other(True)),
        "keep_index_ordered": Refused(other(True)),
        "weights": Changes(other([1, 2, 3, 4, 5, 6])),
        "groups": Changes(other({"pair": [0, 1]})),
        "output_names": Changes(other(["size"])),
        "seed": Changes(other(1)),
        "max_rows_per_call": Changes(other(100)),
    },
    "LimeTabularExplainer": {
        "training_data": SQUARED,
        "mode": Changes(other("regression")),
        "training_labels": Changes(other(TABLE[:, 1] > 0), ENTROPY),
        "feature_names": Changes(other(["a", "b", "c", "d"])),
        "categorical_features": Changes(other([3]), {"training_data": CODED["training_data"]}),
        "categorical_names": Changes(other({3: ["low", "high"]}), CODED),
        "kernel_width": Changes(other(0.5)),
        "kernel": Changes(other(lambda distances, kernel_width: 1 / (1 + distances / kernel_width))),
        "verbose": Changes(other(True)),
        "class_names": Changes(other(["a", "b", "c"])),
        "feature_selection": Changes(other("none")),
        "discretize_continuous": Changes(other(False)),
        "discretizer": Changes(other("decile")),
        "sample_around_instance": Changes(other(True), AS_DRAWN),
        "random_state": Changes(other(1), {"sampling": "random", "random_state": 0}),
        "training_data_stats": Refused(other({})),
        "sampling": Changes(other("random"), {"random_state": 0}),
    },
}
