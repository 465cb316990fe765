"""For every parameter of every constructor: a stated case in which changing it changes the result.

An entry says which other value is given, and which observation must differ from that with the default. What is not
supported stands here too, as `Refused`: it must raise NotImplementedError that names the parameter.
"""

import contextlib
import io
import pickle
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.metrics import mean_absolute_error
from sklearn.preprocessing import scale

from mlx.boosting.callback import LearningRateScheduler
from mlx.ensemble import RandomForestRegressor
from mlx.numeric import threads
from mlx.tree.decision_tree_classifier import DecisionTreeClassifier
from mlx.tree.decision_tree_regressor import DecisionTreeRegressor


class Effect(NamedTuple):
    """Changing the parameter to `other` changes the observation `changes`; `given` holds in both runs."""

    other: Any
    changes: str
    given: Mapping[str, Any] = MappingProxyType({})
    data: str = ""


class Refused(NamedTuple):
    """Setting the parameter to `other` raises NotImplementedError that names it."""

    other: Any
    given: Mapping[str, Any] = MappingProxyType({})


class NeedsPackage(NamedTuple):
    """Setting the parameter to `other` takes a package, and raises ImportError that names it where that is missing."""

    other: Any
    package: str


class Inert(NamedTuple):
    """The parameter has no effect here nor, with what is supported here, in the peer; its description says so."""

    other: Any
    reason: str
    given: Mapping[str, Any] = MappingProxyType({})


# Data --------------------------------------------------------------------------------------------------------------


def regression():
    X, y = load_diabetes(return_X_y=True)
    return X[:120] * 20, y[:120] / 50


def relevances():
    X, y = regression()
    return X, np.clip(np.round(y), 0, 5)


def few_rows():
    """Fewer rows than columns."""
    X, y = regression()
    return X[:8], y[:8]


def collinear():
    """A column that is another but for 1e-3: a cutoff of singular values decides what becomes of it."""
    X, y = regression()
    return np.column_stack([X[:, :2], X[:, 0] + 1e-3 * X[:, 2]]), y


def nearly_equal_columns():
    """Condition number about 1e9: beyond scikit-learn's cutoff of 1e-6, far from rounding error."""
    X, y = regression()
    return np.column_stack([X[:, :2], X[:, 0] + 1e-9 * X[:, 2]]), y


def with_gaps():
    X, y = regression()
    return np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X), y


def multi_target():
    X, y = regression()
    return X, np.column_stack([y, -y, y**2])


def binary():
    X, y = load_breast_cancer(return_X_y=True)
    return scale(X[:150, :6]), y[:150]


def unbalanced():
    X, y = binary()
    rare = np.flatnonzero(y == 0)[:12]
    rows = np.concatenate([np.flatnonzero(y == 1), rare])
    return X[rows], y[rows]


def multi_class():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


def many_rows():
    """Enough of them for several threads to be worth their start."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(40_000, 6))
    return X, (X[:, 0] + generator.normal(size=40_000) > 0).astype(int)


def columns_in_order():
    """Columns in one piece each, and more of them than rows: nothing need be copied to work on them."""
    generator = np.random.default_rng(0)
    return np.asfortranarray(generator.normal(size=(20, 30)) + 1.0), generator.normal(size=20)


def shapes():
    """Widths and heights of boxes."""
    generator = np.random.default_rng(0)
    return np.exp(generator.normal(size=(200, 2))) * 20, generator.normal(size=200)


def noise():
    """A spectrum without steps, for which an iteration that may stop early does."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(200, 150)), generator.normal(size=200)


def categories():
    """Codes of two columns, of 3 and of 9 categories, whose effects do not rise with the codes."""
    generator = np.random.default_rng(0)
    X = generator.integers(0, [3, 9], size=(300, 2)).astype(float)
    return X, (generator.random(300) < np.array([0.7, 0.2, 0.6])[X[:, 0].astype(int)] * (X[:, 1] % 3 + 1) / 3).astype(
        int
    )


def minus_nine_for_missing():
    """The target rises with the one column; -9 stands where it is highest, so it goes right only as a missing value."""
    x = np.linspace(0.0, 1.0, 60)
    return np.where(x > 0.8, -9.0, x)[:, None], np.floor(10 * x)


def minus_nine_for_missing_in_two_classes():
    X, y = minus_nine_for_missing()
    return X, (y > 5).astype(int)


DATA: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    function.__name__: function
    for function in (
        regression,
        relevances,
        few_rows,
        collinear,
        nearly_equal_columns,
        with_gaps,
        multi_target,
        binary,
        unbalanced,
        multi_class,
        many_rows,
        shapes,
        noise,
        columns_in_order,
        categories,
        minus_nine_for_missing,
        minus_nine_for_missing_in_two_classes,
    )
}


# Observing ----------------------------------------------------------------------------------------------------------


def observe(estimator, data, *, fits=1, **fit_arguments):
    """What a user can see of a fit: fitted attributes, outputs, printed text, threads, and the input afterwards.

    Returns a mapping from names to pickles, so that equal means equal bits.
    """
    X, y = DATA[data]()
    X_before = X.copy()
    printed, pools = io.StringIO(), []

    class CountedPool(ThreadPoolExecutor):
        def __init__(self, max_workers=None, *arguments, **keywords):
            pools.append(max_workers)
            super().__init__(max_workers, *arguments, **keywords)

    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        mock.patch.object(threads, "ThreadPoolExecutor", CountedPool),
        mock.patch.object(threads, "available_cores", lambda: 4),
        mock.patch.object(threads, "effective_n_jobs", lambda n: 1 if n is None else n if n > 0 else 4),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        for _ in range(fits):
            estimator.fit(X, y, **fit_arguments)
        seen = {
            name: value
            for name, value in vars(estimator).items()
            if name.endswith("_") and not name.startswith("_") and not callable(value)
        }
        for method in ("predict", "predict_proba", "transform", "inverse_transform", "score_samples"):
            if hasattr(estimator, method):
                argument = X_before[:, : estimator.n_components_] if method == "inverse_transform" else X_before
                seen[method] = getattr(estimator, method)(argument)
        for name in ("feature_importances_",):  # properties
            if hasattr(type(estimator), name):
                seen[name] = getattr(estimator, name)
    seen["attributes"] = sorted(seen)
    seen["output"] = printed.getvalue()
    seen["warnings"] = [str(warning.message) for warning in warned]
    seen["threads"] = max(pools, default=1)
    seen["input"] = np.array_equal(X, X_before, equal_nan=True)
    seen["parameters"] = sorted(map(repr, estimator.get_params().items()))
    return {name: pickle.dumps(value) for name, value in seen.items()}


# The table ----------------------------------------------------------------------------------------------------------

LINEAR_REGRESSION = {
    "fit_intercept": Effect(False, "coef_"),
    "copy_X": Effect(False, "input", data="few_rows"),
    "tol": Effect(0.5, "coef_", data="collinear"),
    "n_jobs": Effect(2, "threads", {"positive": True}, data="multi_target"),
    "positive": Effect(True, "coef_"),
    "solver": Effect("lstsq", "rank_", data="nearly_equal_columns"),
    "learning_rate": Effect(0.01, "loss_curve_", {"solver": "gd"}),
    "max_steps": Effect(10, "coef_", {"solver": "gd"}),
}

RIDGE = {
    "alpha": Effect(5.0, "coef_"),
    "fit_intercept": Effect(False, "coef_"),
    "copy_X": Effect(False, "input", {"solver": "svd"}, data="few_rows"),
    "max_iter": Effect(2, "coef_", {"solver": "lsqr"}),
    "tol": Effect(0.5, "coef_", {"solver": "lsqr"}),
    "solver": Effect("svd", "solver_"),
    "positive": Effect(True, "coef_"),
    "random_state": Inert(0, "nothing is random, also where scikit-learn's 'sag' and 'saga' are"),
}

RIDGE_CV = {
    "alphas": Effect((0.5, 5.0), "alpha_"),
    "fit_intercept": Effect(False, "coef_"),
    "scoring": Effect("neg_mean_absolute_error", "best_score_"),
    "cv": Effect(3, "best_score_"),
    "gcv_mode": Effect("svd", "best_score_", data="noise"),
    "store_cv_results": Effect(True, "attributes"),
    "alpha_per_target": Effect(True, "alpha_", data="multi_target"),
}

LOGISTIC_REGRESSION = {
    "penalty": Effect(None, "coef_"),
    "C": Effect(0.1, "coef_"),
    "l1_ratio": Effect(1.0, "coef_", {"solver": "saga"}),
    "dual": Inert(True, "the dual problem has the same solution, which is found the same way", {"solver": "liblinear"}),
    "tol": Effect(0.5, "coef_"),
    "fit_intercept": Effect(False, "coef_"),
    "intercept_scaling": Effect(10.0, "coef_", {"solver": "liblinear"}),
    "class_weight": Effect("balanced", "coef_", data="unbalanced"),
    "random_state": Inert(1, "no solver is random here, and in scikit-learn its effect is what is left of the error"),
    "solver": Effect("liblinear", "coef_"),
    "max_iter": Effect(2, "n_iter_"),
    "verbose": Effect(1, "output"),
    "warm_start": Effect(True, "n_iter_"),
    "n_jobs": Effect(2, "warnings"),  # scikit-learn 1.8 deprecated it: it has no other effect there either
}

ELASTIC_NET = {
    "alpha": Effect(0.1, "coef_"),
    "l1_ratio": Effect(0.9, "coef_"),
    "fit_intercept": Effect(False, "coef_"),
    "precompute": Effect(True, "coef_", {"alpha": 0.1}, "columns_in_order"),  # in the last digits: other sums
    "max_iter": Effect(1, "n_iter_", {"alpha": 1e-3}),
    "copy_X": Effect(False, "input", data="columns_in_order"),
    "tol": Effect(0.5, "coef_", {"alpha": 1e-3}),
    "warm_start": Effect(True, "n_iter_"),
    "positive": Effect(True, "coef_", {"alpha": 1e-3}),
    "random_state": Effect(1, "n_iter_", {"alpha": 1e-3, "selection": "random"}),
    "selection": Effect("random", "n_iter_", {"alpha": 1e-3, "random_state": 0}),
}

LASSO = {
    **{
        name: ELASTIC_NET[name]
        for name in (
            *("alpha", "fit_intercept", "precompute", "copy_X", "max_iter", "tol", "warm_start", "positive"),
            *("random_state", "selection"),
        )
    },
    "alpha": Effect(0.1, "coef_"),
    "fit_intercept": Effect(False, "coef_", {"alpha": 0.1}),
    "warm_start": Effect(True, "n_iter_", {"alpha": 0.1}),
}

ELASTIC_NET_CV = {
    "l1_ratio": Effect(0.9, "coef_"),
    "eps": Effect(0.1, "alphas_"),
    "alphas": Effect(7, "alphas_"),
    "fit_intercept": Effect(False, "coef_"),
    "precompute": Effect(True, "mse_path_", {"alphas": 5, "cv": 2}, "columns_in_order"),
    "max_iter": Effect(1, "n_iter_"),
    "tol": Effect(0.5, "mse_path_"),
    "cv": Effect(3, "mse_path_"),
    "copy_X": Effect(False, "input", data="columns_in_order"),
    "verbose": Effect(1, "output"),
    "n_jobs": Effect(2, "threads"),
    "positive": Effect(True, "coef_"),
    "random_state": Effect(1, "mse_path_", {"selection": "random"}),
    "selection": Effect("random", "mse_path_", {"random_state": 0}),
}

LASSO_CV = {
    name: ELASTIC_NET_CV[name]
    for name in (
        *("eps", "alphas", "fit_intercept", "precompute", "max_iter", "tol", "copy_X", "cv", "verbose", "n_jobs"),
        *("positive", "random_state", "selection"),
    )
}

FOLDS = {"l1_ratios": (0.0,), "scoring": "neg_log_loss", "use_legacy_attributes": False, "cv": 3}
LOGISTIC_REGRESSION_CV = {
    "Cs": Effect([0.01, 0.1], "coef_", FOLDS),
    "l1_ratios": Effect((1.0,), "coef_", {**FOLDS, "solver": "saga"}),
    "fit_intercept": Effect(False, "coef_", FOLDS),
    "cv": Effect(2, "scores_", FOLDS),
    "dual": Inert(True, "the dual problem has the same solution", {**FOLDS, "solver": "liblinear"}),
    "penalty": Effect("l1", "coef_", {"solver": "saga", "scoring": None, "use_legacy_attributes": False}),
    "scoring": Effect("roc_auc", "scores_", FOLDS),
    "solver": Effect("liblinear", "coef_", FOLDS),
    "tol": Effect(0.5, "coef_", FOLDS),
    "max_iter": Effect(2, "n_iter_", FOLDS),
    "class_weight": Effect("balanced", "coef_", FOLDS, data="unbalanced"),
    "n_jobs": Effect(2, "threads", FOLDS),
    "verbose": Effect(1, "output", FOLDS),
    "refit": Effect(False, "coef_", FOLDS),
    "intercept_scaling": Effect(10.0, "coef_", {**FOLDS, "solver": "liblinear"}),
    "random_state": Inert(1, "no solver is random here, and in scikit-learn its effect is what is left of the error"),
    "use_legacy_attributes": Effect(True, "scores_", FOLDS),
}

PERCEPTRON = {
    "penalty": Effect("l2", "coef_"),
    "alpha": Effect(0.1, "coef_", {"penalty": "l2"}),
    "l1_ratio": Effect(0.9, "coef_", {"penalty": "elasticnet"}),
    "fit_intercept": Effect(False, "intercept_"),
    "max_iter": Effect(2, "n_iter_"),
    "tol": Effect(None, "n_iter_", {"max_iter": 50}),
    "shuffle": Effect(False, "coef_"),
    "verbose": Effect(1, "output"),
    "eta0": Effect(0.1, "coef_"),
    "n_jobs": Effect(2, "threads", data="multi_class"),
    "random_state": Effect(1, "coef_"),
    "early_stopping": Effect(True, "coef_"),
    "validation_fraction": Effect(0.5, "coef_", {"early_stopping": True}),
    "n_iter_no_change": Effect(1, "n_iter_"),
    "class_weight": Effect("balanced", "coef_", data="unbalanced"),
    "warm_start": Effect(True, "coef_"),
}

PCA = {
    "n_components": Effect(2, "components_"),
    "copy": Effect(False, "input", {"svd_solver": "arpack"}),
    "whiten": Effect(True, "transform"),
    "svd_solver": Effect("randomized", "components_", {"n_components": 2, "random_state": 0}),
    "tol": Effect(0.9, "components_", {"n_components": 2, "svd_solver": "arpack", "random_state": 0}, "noise"),
    "iterated_power": Effect(0, "components_", {"n_components": 2, "svd_solver": "randomized", "random_state": 0}),
    "n_oversamples": Effect(1, "components_", {"n_components": 2, "svd_solver": "randomized", "random_state": 0}),
    "power_iteration_normalizer": Effect(
        "QR", "components_", {"n_components": 2, "svd_solver": "randomized", "random_state": 0}
    ),
    "random_state": Effect(1, "components_", {"n_components": 2, "svd_solver": "randomized"}),
}

INCREMENTAL_PCA = {
    "n_components": Effect(2, "components_"),
    "whiten": Effect(True, "transform"),
    "copy": Effect(False, "input"),
    "batch_size": Effect(7, "components_", {"n_components": 2}),
}

_CLUSTERS = {"n_clusters": 3, "random_state": 0}
K_MEANS = {
    "n_clusters": Effect(4, "cluster_centers_", {"random_state": 0}),
    "init": Effect("random", "cluster_centers_", {**_CLUSTERS, "n_init": 1}),
    "n_init": Effect(5, "inertia_", {"random_state": 0}),
    "max_iter": Effect(2, "n_iter_", _CLUSTERS),
    "tol": Effect(10.0, "n_iter_", _CLUSTERS),
    "verbose": Effect(1, "output", _CLUSTERS),
    "random_state": Effect(1, "labels_", {"n_clusters": 3}),
    "copy_x": Effect(False, "input", _CLUSTERS, "many_rows"),
    # The labels are the same, here and in scikit-learn; of one cluster there is nothing to bound.
    "algorithm": Effect("elkan", "warnings", {"n_clusters": 1}),
    "metric": Effect("iou", "labels_", _CLUSTERS, "shapes"),
    "n_jobs": Effect(2, "threads", _CLUSTERS, "many_rows"),
}

_MAP = {"max_iter": 250}

TSNE = {
    "n_components": Effect(1, "embedding_", _MAP),
    "perplexity": Effect(5.0, "embedding_", _MAP),
    "early_exaggeration": Effect(4.0, "embedding_", _MAP),
    "learning_rate": Effect(10.0, "embedding_", _MAP),
    "max_iter": Effect(300, "n_iter_"),
    "n_iter_without_progress": Effect(-1, "n_iter_", {"learning_rate": 300.0, "perplexity": 5.0}),
    "min_grad_norm": Effect(1e9, "n_iter_"),
    "metric": Effect("cityblock", "embedding_", _MAP),
    "metric_params": Effect({"p": 1.0}, "embedding_", {**_MAP, "metric": "minkowski"}),
    "init": Effect("random", "embedding_", {**_MAP, "random_state": 0}),
    "verbose": Effect(1, "output", _MAP),
    "random_state": Effect(1, "embedding_", {**_MAP, "init": "random", "random_state": 0}),
    "method": Effect("exact", "embedding_", {**_MAP, "perplexity": 5.0}),
    "angle": Effect(0.9, "embedding_", {**_MAP, "method": "barnes_hut"}),
    "n_jobs": Effect(1, "threads", _MAP),
    "neighbors": NeedsPackage("pynndescent", "pynndescent"),
}

# Of equally good splits the one on the column that is drawn first wins.
_SEEDED = {"random_state": 0}


def decision_tree(criterion, directions, splitter="random", max_features=1, *, of_classes=False):
    """Effects of a tree's parameters, in their order; three of them differ from class to class."""
    weights = {"class_weight": Effect("balanced", "tree_", _SEEDED, data="unbalanced")} if of_classes else {}
    return {
        "criterion": Effect(criterion, "tree_", _SEEDED),
        "splitter": Effect(splitter, "tree_", _SEEDED),
        "max_depth": Effect(2, "tree_", _SEEDED),
        "min_samples_split": Effect(40, "tree_", _SEEDED),
        "min_samples_leaf": Effect(10, "tree_", _SEEDED),
        "min_weight_fraction_leaf": Effect(0.1, "tree_", _SEEDED),
        "max_features": Effect(max_features, "tree_", _SEEDED),
        "random_state": Effect(1, "tree_", {"max_features": 1}),
        "max_leaf_nodes": Effect(4, "tree_", _SEEDED),
        "min_impurity_decrease": Effect(0.03, "tree_", _SEEDED),
        **weights,
        "ccp_alpha": Effect(0.03, "tree_", _SEEDED),
        "monotonic_cst": Effect(directions, "tree_", _SEEDED),
    }


# The one whose parameters stand in another order.
EXTRA_TREE_REGRESSOR = decision_tree("absolute_error", [-1] * 10, "best", 5)
for _name in ("max_leaf_nodes", "ccp_alpha", "monotonic_cst"):
    EXTRA_TREE_REGRESSOR[_name] = EXTRA_TREE_REGRESSOR.pop(_name)

_NETWORK = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}
_STOPPING = {**_NETWORK, "max_iter": 60, "tol": 10.0}

MULTILAYER_PERCEPTRON = {
    "hidden_layer_sizes": Effect((3,), "predict", {"max_iter": 5, "random_state": 0}),
    "activation": Effect("tanh", "coefs_", _NETWORK),
    "solver": Effect("sgd", "coefs_", _NETWORK),
    "alpha": Effect(1.0, "coefs_", _NETWORK),
    "batch_size": Effect(10, "coefs_", _NETWORK),
    "learning_rate": Effect("invscaling", "coefs_", {**_NETWORK, "solver": "sgd"}),
    "learning_rate_init": Effect(0.1, "coefs_", _NETWORK),
    "power_t": Effect(0.9, "coefs_", {**_NETWORK, "solver": "sgd", "learning_rate": "invscaling"}),
    "max_iter": Effect(7, "n_iter_", {"hidden_layer_sizes": (4,), "random_state": 0}),
    "shuffle": Effect(False, "coefs_", {**_NETWORK, "batch_size": 10}),
    "random_state": Effect(1, "coefs_", {"hidden_layer_sizes": (4,), "max_iter": 5}),
    "tol": Effect(10.0, "n_iter_", {**_NETWORK, "max_iter": 60}),
    "verbose": Effect(True, "output", _NETWORK),
    "warm_start": Effect(True, "coefs_", _NETWORK),
    "momentum": Effect(0.1, "coefs_", {**_NETWORK, "solver": "sgd"}),
    "nesterovs_momentum": Effect(False, "coefs_", {**_NETWORK, "solver": "sgd"}),
    "early_stopping": Effect(True, "coefs_", _NETWORK),
    "validation_fraction": Effect(0.4, "coefs_", {**_NETWORK, "early_stopping": True}),
    "beta_1": Effect(0.5, "coefs_", _NETWORK),
    "beta_2": Effect(0.5, "coefs_", _NETWORK),
    "epsilon": Effect(0.1, "coefs_", _NETWORK),
    "n_iter_no_change": Effect(3, "n_iter_", _STOPPING),
    "max_fun": Effect(3, "coefs_", {**_NETWORK, "max_iter": 50, "solver": "lbfgs"}),
}

_STUMP = {"n_estimators": 1, "max_depth": 1}
_TREES = {"n_estimators": 4, "max_depth": 3}
_DART = {**_TREES, "booster": "dart"}
_CODES = {**_TREES, "feature_types": ["c", "c"]}

BOOSTER = {
    "max_depth": Effect(2, "predict", {"n_estimators": 4}),
    "max_leaves": Effect(3, "predict", _TREES),
    "max_bin": Effect(4, "predict", _TREES),
    "grow_policy": Effect("lossguide", "predict", {"n_estimators": 4, "max_leaves": 5}),
    "learning_rate": Effect(0.1, "predict", _TREES),
    "n_estimators": Effect(3, "predict", {"max_depth": 2}),
    "verbosity": Inert(2, "nothing is printed, whatever the level"),
    "objective": Effect("reg:absoluteerror", "predict", _TREES),
    "booster": Refused("gblinear", _TREES),
    "tree_method": Effect("exact", "tree_ensemble_", _TREES),
    "n_jobs": Effect(2, "threads", _TREES, data="many_rows"),
    "gamma": Effect(5.0, "predict", _TREES),
    "min_child_weight": Effect(20.0, "predict", _TREES),
    "max_delta_step": Effect(0.1, "predict", _TREES),
    "subsample": Effect(0.5, "predict", _TREES),
    "sampling_method": Effect("gradient_based", "predict", {**_TREES, "subsample": 0.5}),
    "colsample_bytree": Effect(0.5, "predict", _TREES),
    "colsample_bylevel": Effect(0.5, "predict", _TREES),
    "colsample_bynode": Effect(0.5, "predict", _TREES),
    "reg_alpha": Effect(1.0, "predict", _TREES),
    "reg_lambda": Effect(10.0, "predict", _TREES),
    "scale_pos_weight": Effect(5.0, "predict", _TREES, data="binary"),
    "base_score": Effect(0.2, "predict", _TREES),
    "random_state": Effect(1, "predict", {**_TREES, "subsample": 0.5}),
    "missing": Effect(-9.0, "predict", _STUMP, data="minus_nine_for_missing"),
    "num_parallel_tree": Effect(2, "predict", {**_TREES, "subsample": 0.5}),
    "monotone_constraints": Effect("(1,1,1,1,1,1)", "predict", _TREES),
    "interaction_constraints": Effect("[[0], [1], [2]]", "predict", _TREES),
    "importance_type": Effect("weight", "feature_importances_", _TREES),
    "device": Refused("cuda", _TREES),
    "validate_parameters": Inert(False, "parameters are always validated"),
    "enable_categorical": Inert(True, "arrays do not say which columns are of categories; frames are tested elsewhere"),
    "feature_types": Effect(["c", "c"], "tree_ensemble_", _TREES, "categories"),
    "feature_weights": Effect([0.0] + [1.0] * 9, "predict", {**_TREES, "colsample_bynode": 0.5}),
    "max_cat_to_onehot": Effect(20, "tree_ensemble_", _CODES, "categories"),
    "max_cat_threshold": Effect(2, "tree_ensemble_", _CODES, "categories"),
    "multi_strategy": Effect("multi_output_tree", "predict", _TREES, "multi_target"),
    "eval_metric": Effect("mae", "evals_result_", {**_TREES, "early_stopping_rounds": 2}),
    "early_stopping_rounds": Effect(2, "predict", _TREES),
    "callbacks": Effect([LearningRateScheduler([0.9] * 4)], "predict", _TREES),
    "cuts": Effect("xgboost", "predict", {**_TREES, "max_bin": 8}),
    "prune": Effect("post", "predict", {**_TREES, "gamma": 8.0}),
    "keep_pruned": Effect(True, "tree_ensemble_", {**_TREES, "gamma": 8.0, "prune": "post"}),
    "deterministic": Inert(
        True, "it changes last bits of sums, and on few rows none: tests/unit/boosting/test_fixed_point.py"
    ),
    "validation_fraction": Effect(0.4, "predict", {**_TREES, "early_stopping_rounds": 2}),
    "rate_drop": Effect(0.9, "predict", _DART),
    "skip_drop": Effect(1.0, "predict", {**_DART, "rate_drop": 1.0}),
    "one_drop": Effect(True, "predict", _DART),
    "sample_type": Effect("weighted", "predict", {**_DART, "n_estimators": 12, "rate_drop": 0.5}),
    "normalize_type": Effect("forest", "predict", {**_DART, "rate_drop": 1.0}),
    # These need a model whose trees are updated: see the tests of `refreshing`.
    "process_type": Refused("update", _DART),
    "updater": Refused("refresh", _TREES),
    "refresh_leaf": Refused(False, _TREES),
}

_OF_CLASSIFIER = {
    "objective": Effect("binary:logitraw", "predict_proba", _TREES),
    "multi_strategy": Effect("multi_output_tree", "predict_proba", _TREES, "multi_class"),
    "missing": Effect(-9.0, "predict_proba", _STUMP, data="minus_nine_for_missing_in_two_classes"),
    "feature_weights": Effect([0.0] + [1.0] * 5, "predict", {**_TREES, "colsample_bynode": 0.5}),
}
_OF_REGRESSOR = {
    "tweedie_variance_power": Effect(1.2, "predict", {**_TREES, "objective": "reg:tweedie"}),
    "huber_slope": Effect(0.3, "predict", {**_TREES, "objective": "reg:pseudohubererror"}),
    "quantile_alpha": Effect(0.9, "predict", {**_TREES, "objective": "reg:quantileerror", "quantile_alpha": 0.5}),
}
# There is one round: nothing to stop, to drop, to go on from. What an eval_set shows stands in the tests of `forests`.
_OF_FOREST = {
    "booster": Refused("dart", _TREES),
    "num_parallel_tree": Refused(2, _TREES),
    "eval_metric": Effect("mae", "parameters", _TREES),
    "early_stopping_rounds": Refused(2, _TREES),
    "callbacks": Refused([LearningRateScheduler([0.9])], _TREES),
    "validation_fraction": Inert(0.4, "there are no rounds to stop"),
    "rate_drop": Refused(0.9, _TREES),
    "skip_drop": Refused(1.0, _TREES),
    "one_drop": Refused(True, _TREES),
    "sample_type": Refused("weighted", _TREES),
    "normalize_type": Refused("forest", _TREES),
    "process_type": Refused("update", _TREES),
    "prune": Effect("post", "predict", {"n_estimators": 10, "max_depth": 6, "gamma": 4.0}),
    "keep_pruned": Effect(True, "tree_ensemble_", {"n_estimators": 10, "max_depth": 6, "gamma": 4.0, "prune": "post"}),
}

_BOOSTED = {"n_estimators": 5, "random_state": 0}

ADABOOST_CLASSIFIER = {
    "estimator": Effect(DecisionTreeClassifier(max_depth=2), "predict_proba", _BOOSTED),
    "n_estimators": Effect(6, "predict_proba", {"random_state": 0}),
    "learning_rate": Effect(0.5, "predict_proba", _BOOSTED),
    "random_state": Effect(1, "predict_proba", {"n_estimators": 5, "resample": True}),
    "resample": Effect(True, "predict_proba", _BOOSTED),
    "n_jobs": Effect(1, "threads", _BOOSTED, data="many_rows"),
}

ADABOOST_REGRESSOR = {
    "estimator": Effect(DecisionTreeRegressor(max_depth=2), "predict", _BOOSTED),
    "n_estimators": Effect(6, "predict", {"random_state": 0}),
    "learning_rate": Effect(0.5, "predict", _BOOSTED),
    "loss": Effect("square", "predict", _BOOSTED),
    "random_state": Effect(1, "predict", {"n_estimators": 5}),
}

# Leaves of several rows: trees that have learnt their rows by heart all say the same of them.
_FOREST = {"n_estimators": 5, "random_state": 0, "min_samples_leaf": 3}
_DRAWN = {**_FOREST, "bootstrap": True}

FOREST = {
    "n_estimators": Effect(6, "predict", {"random_state": 0, "min_samples_leaf": 3}),
    "criterion": Effect("poisson", "predict", {**_FOREST, "max_depth": 3}),
    "max_depth": Effect(2, "predict", _FOREST),
    "min_samples_split": Effect(0.2, "predict", _FOREST),
    "min_samples_leaf": Effect(9, "predict", _FOREST),
    "min_weight_fraction_leaf": Effect(0.1, "predict", _FOREST),
    "max_features": Effect(2, "predict", _FOREST),
    "max_leaf_nodes": Effect(7, "predict", _FOREST),
    "min_impurity_decrease": Effect(0.2, "predict", _FOREST),
    "bootstrap": Effect(True, "predict", _FOREST),
    "oob_score": Effect(mean_absolute_error, "oob_score_", {**_DRAWN, "oob_score": True}),
    "n_jobs": Effect(2, "threads", _FOREST),
    "random_state": Effect(1, "predict", {"n_estimators": 5, "min_samples_leaf": 3}),
    "verbose": Effect(1, "output", _FOREST),
    "warm_start": Effect(True, "warnings", _FOREST),
    "ccp_alpha": Effect(0.1, "predict", _FOREST),
    "max_samples": Effect(0.3, "predict", _DRAWN),
    "monotonic_cst": Effect([1] * 10, "predict", _FOREST),
}
_OF_FOREST_OF_CLASSES = {
    "criterion": Effect("entropy", "predict_proba", {**_FOREST, "max_depth": 3}),
    "max_features": Effect(None, "predict_proba", _FOREST),
    "class_weight": Effect("balanced", "predict_proba", {**_FOREST, "max_depth": 2}, "unbalanced"),
    "monotonic_cst": Effect([-1] * 6, "predict_proba", _FOREST, "binary"),
}


def _forest(*, of_classes, drawn):
    """In the order of the signature; where rows are drawn by default, `bootstrap` is switched off."""
    effects = {**FOREST, **(_OF_FOREST_OF_CLASSES if of_classes else {})}
    effects["bootstrap"] = Effect(not drawn, "predict_proba" if of_classes else "predict", _FOREST)
    names = list(FOREST)
    if of_classes:
        names.insert(names.index("ccp_alpha"), "class_weight")
        effects = {
            name: effect._replace(changes="predict_proba") if effect.changes == "predict" else effect
            for name, effect in effects.items()
        }
    return {name: effects[name] for name in names}


_GAPS = {"estimator": RandomForestRegressor(5), "random_state": 0}

FOREST_IMPUTER = {
    "strategy": Effect("median", "transform", _GAPS),
    "estimator": Effect(RandomForestRegressor(5, max_depth=2), "transform", _GAPS),
    "categorical_features": Effect([0], "transform", _GAPS),
    "max_iter": Effect(1, "n_iter_", {**_GAPS, "tol": 0.0}),
    "tol": Effect(10.0, "n_iter_", _GAPS),
    "n_jobs": Effect(2, "threads", {"random_state": 0}),
    "random_state": Effect(1, "transform", {"estimator": RandomForestRegressor(5)}),
}

EFFECTS: dict[str, dict[str, Effect | Refused | NeedsPackage | Inert]] = {
    "AdaBoostClassifier": ADABOOST_CLASSIFIER,
    "DecisionTreeClassifier": decision_tree("entropy", [1] * 6, of_classes=True),
    "DecisionTreeRegressor": decision_tree("absolute_error", [-1] * 10),
    "ExtraTreeClassifier": decision_tree("entropy", [1] * 6, "best", 5, of_classes=True),
    "ExtraTreeRegressor": EXTRA_TREE_REGRESSOR,
    "AdaBoostRegressor": ADABOOST_REGRESSOR,
    "ExtraTreesClassifier": _forest(of_classes=True, drawn=False),
    "ExtraTreesRegressor": _forest(of_classes=False, drawn=False),
    "ForestImputer": FOREST_IMPUTER,
    "RandomForestClassifier": _forest(of_classes=True, drawn=True),
    "RandomForestRegressor": _forest(of_classes=False, drawn=True),
    "ElasticNet": ELASTIC_NET,
    "ElasticNetCV": ELASTIC_NET_CV,
    "Lasso": LASSO,
    "LassoCV": LASSO_CV,
    "LinearRegression": LINEAR_REGRESSION,
    "Ridge": RIDGE,
    "RidgeCV": RIDGE_CV,
    "LogisticRegression": LOGISTIC_REGRESSION,
    "LogisticRegressionCV": LOGISTIC_REGRESSION_CV,
    "IncrementalPCA": INCREMENTAL_PCA,
    "KMeans": K_MEANS,
    "PCA": PCA,
    "TSNE": TSNE,
    "Perceptron": PERCEPTRON,
    "MLPClassifier": MULTILAYER_PERCEPTRON,
    "MLPRegressor": {"loss": Effect("poisson", "coefs_", _NETWORK), **MULTILAYER_PERCEPTRON},
    "XGBClassifier": {**BOOSTER, **_OF_CLASSIFIER},
    "XGBRFClassifier": {**BOOSTER, **_OF_CLASSIFIER, **_OF_FOREST},
    "XGBRFRegressor": {**BOOSTER, **_OF_FOREST, **_OF_REGRESSOR},
    "XGBRanker": {
        **BOOSTER,
        "objective": Effect("rank:pairwise", "predict", _TREES),
        "multi_strategy": Inert("multi_output_tree", "a ranker has one output"),
        "min_child_weight": Effect(3.0, "predict", _TREES),
        "gamma": Effect(0.5, "predict", _TREES),
        "scale_pos_weight": Refused(5.0, _TREES),
        "eval_metric": Effect("ndcg@2", "evals_result_", {**_TREES, "early_stopping_rounds": 2}),
        "prune": Effect("post", "predict", {**_TREES, "gamma": 1.5}),
        "keep_pruned": Effect(True, "tree_ensemble_", {**_TREES, "gamma": 1.5, "prune": "post"}),
        "lambdarank_pair_method": Effect("mean", "predict", _TREES),
        "lambdarank_num_pair_per_sample": Effect(2, "predict", _TREES),
        "lambdarank_normalization": Effect(False, "predict", _TREES),
        "lambdarank_score_normalization": Effect(False, "predict", _TREES),
        "lambdarank_unbiased": Effect(True, "predict", _TREES),
        "lambdarank_bias_norm": Effect(5.0, "predict", {**_TREES, "lambdarank_unbiased": True}),
        "ndcg_exp_gain": Effect(False, "predict", _TREES),
    },
    "XGBRegressor": {**BOOSTER, **_OF_REGRESSOR},
}

# Data of a class where its entry names none.
DEFAULT_DATA = {
    "AdaBoostClassifier": "binary",
    "DecisionTreeClassifier": "binary",
    "DecisionTreeRegressor": "regression",
    "ExtraTreeClassifier": "binary",
    "ExtraTreeRegressor": "regression",
    "AdaBoostRegressor": "regression",
    "ExtraTreesClassifier": "binary",
    "ExtraTreesRegressor": "regression",
    "ForestImputer": "with_gaps",
    "ElasticNet": "regression",
    "ElasticNetCV": "regression",
    "Lasso": "regression",
    "LassoCV": "regression",
    "LinearRegression": "regression",
    "Ridge": "regression",
    "RidgeCV": "regression",
    "LogisticRegression": "binary",
    "LogisticRegressionCV": "binary",
    "IncrementalPCA": "regression",
    "KMeans": "regression",
    "PCA": "regression",
    "TSNE": "regression",
    "Perceptron": "binary",
    "MLPClassifier": "multi_class",
    "MLPRegressor": "regression",
    "RandomForestClassifier": "binary",
    "RandomForestRegressor": "regression",
    "XGBClassifier": "binary",
    "XGBRFClassifier": "binary",
    "XGBRFRegressor": "regression",
    "XGBRanker": "relevances",
    "XGBRegressor": "regression",
}
