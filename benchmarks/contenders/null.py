"""The contender that does nothing: its time is what the harness itself costs, its score is that of no answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ..boosters import Answer, BoosterWork
from ..definitions import NULL_MODULE, Contender
from ..forests import Answer as ForestAnswer
from ..forests import ForestWork
from ..tasks import forest_predict
from ..tasks.booster_predict import fitted_by, predict
from ..tasks.kernel_shap import Attributions, ExplanationWork
from ..tasks.lasso_path import Path, PathWork
from ..tasks.least_squares import RegressionWork
from ..tasks.logistic import LogisticWork
from ..tasks.pca_fit import TableWork
from ..tasks.proximity import LeavesWork
from ..tasks.tsne import MapWork


def fit_nothing(work: BoosterWork, threads: int) -> Answer:
    if work.n_classes > 2:
        return lambda X: np.full((len(X), work.n_classes), 1 / work.n_classes)
    return lambda X: np.full(len(X), 0.5 if work.n_classes else work.y.mean())


def say_the_first(work: BoosterWork, threads: int) -> Answer:
    return lambda X: np.zeros(len(X), dtype=np.int64)


def explain_nothing(work: ExplanationWork, threads: int) -> Attributions:
    return Attributions(np.zeros(work.rows.shape), model_rows=0)


def say_the_mean(work: BoosterWork, threads: int) -> Answer:
    return lambda X: np.zeros(len(X), dtype=np.int64) if work.n_classes else np.full(len(X), work.y.mean())


def follow_nothing(work: PathWork, threads: int) -> Path:
    return Path(np.zeros(1), np.zeros((work.X.shape[1], 1)))


def weigh_nothing(work: RegressionWork, threads: int) -> SimpleNamespace:
    return SimpleNamespace(coef_=np.zeros(work.X.shape[1]))


def doubt_nothing(work: RegressionWork, threads: int) -> np.ndarray:
    return np.zeros(work.X.shape[1] + 1)


def say_the_shares(work: LogisticWork, threads: int) -> Any:
    shares = np.bincount(work.y) / len(work.y)
    odds = np.log(shares[1:] / shares[:1]) if len(shares) == 2 else np.log(shares)
    return SimpleNamespace(coef_=np.zeros((len(odds), work.X.shape[1])), intercept_=odds)


def fit_no_forest(work: ForestWork, threads: int) -> ForestAnswer:
    return lambda X: np.full(len(X), work.y[0])


def name_the_first(work: TableWork, threads: int) -> np.ndarray:
    """The first axes, or rows: neither components nor centers, but of their shape."""
    return np.eye(work.k, work.X.shape[1])


def count_nothing(work: LeavesWork, threads: int) -> np.ndarray:
    return np.zeros((len(work.leaves), len(work.leaves)))


def draw_nothing(work: MapWork, threads: int) -> np.ndarray:
    return np.random.default_rng(work.seed).normal(size=(len(work.X), 2))


CONTENDERS = {
    "adaboost_fit": (Contender("null", NULL_MODULE, say_the_first),),
    "booster_fit": (Contender("null", NULL_MODULE, fit_nothing),),
    "booster_regression": (Contender("null", NULL_MODULE, fit_nothing),),
    "booster_classes": (Contender("null", NULL_MODULE, fit_nothing),),
    "booster_predict": (Contender("null", NULL_MODULE, predict, prepare=fitted_by(fit_nothing)),),
    "inference": (Contender("null", NULL_MODULE, doubt_nothing),),
    "lasso_path": (Contender("null", NULL_MODULE, follow_nothing),),
    "logistic": (Contender("null", NULL_MODULE, say_the_shares),),
    "least_squares": (Contender("null", NULL_MODULE, weigh_nothing),),
    "tree_fit": (Contender("null", NULL_MODULE, say_the_mean),),
    "forest_fit": (Contender("null", NULL_MODULE, fit_no_forest),),
    "forest_predict": (
        Contender("null", NULL_MODULE, forest_predict.predict, prepare=forest_predict.fitted_by(fit_no_forest)),
    ),
    "proximity": (Contender("null", NULL_MODULE, count_nothing),),
    **{task: (Contender("null", NULL_MODULE, name_the_first),) for task in ("pca_fit", "pca_wide_fit", "kmeans_fit")},
    "kernel_shap": (Contender("null", NULL_MODULE, explain_nothing),),
    "tsne": (Contender("null", NULL_MODULE, draw_nothing),),
}
