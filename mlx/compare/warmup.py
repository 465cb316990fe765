"""The command ``mlx warmup`` compiles every kernel now, so that no later process has to: for images and CI.

Kernels are compiled when they are first called with arguments of a type. So small models are fitted here that call
each of them with the types it meets in use.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["run_warmup"]

ROWS, COLUMNS = 120, 4


def run_warmup() -> int:
    """Fit the small models, print seconds for each and the folder, remove older kernels; 1 if one fails, else 0."""
    from ..numeric.jit import FOLDER, cache_base, remove_stale_folders

    failed = 0
    total = time.perf_counter()
    for name, work in _works().items():
        start = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # twenty rounds on noise need not converge
                work()
        except Exception as error:
            failed += 1
            print(f"{name:<40} failed: {type(error).__name__}: {error}")
        else:
            print(f"{name:<40} {time.perf_counter() - start:6.2f} s")
    base = cache_base()
    folder = base / FOLDER if base else "memory only"
    print(f"{time.perf_counter() - total:.1f} s in all; compiled code is in {folder}")
    stale = remove_stale_folders()
    if stale:
        print(f"removed {len(stale)} folders of kernels of older sources")
    return 1 if failed else 0


def _works() -> dict[str, Callable[[], Any]]:
    """What is done, by name: both precisions, missing values, two classes and more, weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS))
    X[::7, 0] = np.nan
    two, three, value = (X[:, 1] > 0).astype(np.int64), np.arange(ROWS) % 3, X[:, 1] + X[:, 2]
    weights = rng.uniform(0.5, 1.5, size=ROWS)
    works: dict[str, Callable[[], Any]] = {}
    for dtype in (np.float64, np.float32):
        for task, class_name, y in (
            ("two classes", "XGBClassifier", two),
            ("three classes", "XGBClassifier", three),
            ("regression", "XGBRegressor", value),
        ):
            works[f"{class_name}, {task}, {np.dtype(dtype).name}"] = _booster(class_name, X.astype(dtype), y, weights)
    for task, y in (("two classes", two), ("three classes", three)):
        works[f"AdaBoostClassifier, {task}"] = _stumps(np.nan_to_num(X), y)
    works["LogisticRegression, lengths in the penalty"] = _logistic(np.nan_to_num(X), two)
    works["ElasticNet"] = _elastic_net(np.nan_to_num(X), value)
    for dtype in (np.float64, np.float32):
        works[f"Perceptron, {np.dtype(dtype).name}"] = _perceptron(np.nan_to_num(X).astype(dtype), two)
    works["AdaBoostRegressor"] = _trees("mlx.ensemble", "AdaBoostRegressor", np.nan_to_num(X), value, n_estimators=2)
    for class_name, y in (("DecisionTreeClassifier", three), ("DecisionTreeRegressor", value)):
        works[class_name] = _trees("mlx.tree", class_name, np.nan_to_num(X), y)
        works[f"{class_name}, missing values"] = _trees("mlx.tree", class_name, X, y)
    works["DecisionTreeClassifier, entropy"] = _trees(
        "mlx.tree", "DecisionTreeClassifier", np.nan_to_num(X), three, criterion="entropy"
    )
    for class_name, y in (
        ("RandomForestClassifier", three),
        ("RandomForestRegressor", value),
        ("ExtraTreesClassifier", three),
        ("ExtraTreesRegressor", value),
    ):
        works[class_name] = _trees("mlx.ensemble", class_name, np.nan_to_num(X), y, n_estimators=2)
    for dtype in (np.float64, np.float32):
        works[f"KMeans, {np.dtype(dtype).name}"] = _clusters(np.nan_to_num(X).astype(dtype))
    works["TSNE"] = _maps(np.nan_to_num(X))
    works["XGBRegressor, the library's cuts"] = _booster("XGBRegressor", X, value, weights, cuts="xgboost")
    return works


def _logistic(X: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..linear_model import LogisticRegression

        LogisticRegression(solver="saga", l1_ratio=1.0).fit(X, y)

    return work


def _elastic_net(X: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..linear_model import ElasticNet

        ElasticNet(0.1).fit(X, y)  # one kernel, for rows of any kind

    return work


def _perceptron(X: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..linear_model import Perceptron

        Perceptron(penalty="elasticnet").fit(X, y)

    return work


def _clusters(X: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..cluster import KMeans

        KMeans(3, random_state=0).fit(X).predict(X)

    return work


def _trees(module: str, class_name: str, X: np.ndarray, y: np.ndarray, **parameters: Any) -> Callable[[], Any]:
    def work() -> None:
        make = getattr(importlib.import_module(module), class_name)
        make(random_state=0, **parameters).fit(X, y).predict(X)

    return work


def _stumps(X: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..ensemble import AdaBoostClassifier

        # Columns twice: which of two equals is taken, another kernel says.
        model = AdaBoostClassifier(n_estimators=2, random_state=0).fit(np.column_stack([X, X]), y)
        model.predict(np.column_stack([X, X]))

    return work


def _maps(X: np.ndarray) -> Callable[[], Any]:
    def work() -> None:
        from ..manifold import TSNE

        for method, n_components in (("exact", 2), ("exact", 3), ("fft", 2), ("barnes_hut", 3)):
            model = TSNE(n_components, method=method, perplexity=5.0, max_iter=250).fit(X)
            model.transform(X[:2] + 0.1)

    return work


def _booster(
    class_name: str, X: np.ndarray, y: np.ndarray, weights: np.ndarray, **parameters: Any
) -> Callable[[], Any]:
    def work() -> None:
        make = getattr(importlib.import_module("mlx.boosting"), class_name)
        model = make(n_estimators=2, max_depth=3, **parameters)
        model.fit(X, y).predict(X)
        model.fit(X, y, sample_weight=weights)
        if hasattr(model, "predict_proba"):
            model.predict_proba(X)

    return work
