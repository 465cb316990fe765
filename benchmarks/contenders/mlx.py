"""Our models."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..boosters import Answer, BoosterWork
from ..definitions import Contender
from ..forests import Answer as ForestAnswer
from ..forests import ForestWork
from ..tasks import forest_predict
from ..tasks.booster_predict import fitted_by, predict
from ..tasks.kernel_shap import Attributions, CountingModel, ExplanationWork
from ..tasks.lasso_path import N_ALPHAS, Path, PathWork
from ..tasks.least_squares import RegressionWork
from ..tasks.logistic import LogisticWork
from ..tasks.pca_fit import BATCH, TableWork
from ..tasks.proximity import LeavesWork
from ..tasks.tsne import MapWork


def fit_booster(work: BoosterWork, threads: int, **options: Any) -> Answer:
    from mlx.boosting import XGBClassifier, XGBRegressor

    estimator = XGBClassifier if work.n_classes else XGBRegressor
    model = estimator(tree_method="hist", n_jobs=threads, **work.parameters, **options).fit(work.X, work.y)
    if work.n_classes == 2:
        return lambda X: model.predict_proba(X)[:, 1]
    return model.predict_proba if work.n_classes else model.predict


def fit_stumps(work: BoosterWork, threads: int) -> Answer:
    from mlx.ensemble import AdaBoostClassifier

    rounds = work.parameters["n_estimators"]
    return AdaBoostClassifier(n_estimators=rounds, random_state=0, n_jobs=threads).fit(work.X, work.y).predict


def grow_tree(work: BoosterWork, threads: int) -> Answer:
    from mlx.tree import DecisionTreeClassifier, DecisionTreeRegressor

    estimator = DecisionTreeClassifier if work.n_classes else DecisionTreeRegressor
    return estimator(random_state=0).fit(work.X, work.y).predict


def fit_forest(work: ForestWork, threads: int) -> ForestAnswer:
    return work.fit("mlx", threads)


def count_shared_leaves(work: LeavesWork, threads: int) -> Any:
    from mlx.ensemble.proximity import proximity

    return proximity(work.leaves, n_threads=threads)


def fit_least_squares(work: RegressionWork, threads: int) -> Any:
    from mlx.linear_model import LinearRegression, Ridge

    model = LinearRegression() if work.penalty is None else Ridge(work.penalty)
    return model.fit(work.X, work.y)


def follow_lasso(work: PathWork, threads: int) -> Path:
    from mlx.linear_model import LassoCV, lasso_path

    if work.by_folds:
        model = LassoCV(alphas=N_ALPHAS, fit_intercept=False, n_jobs=threads).fit(work.X, work.y)
        return Path(np.array([model.alpha_]), model.coef_[:, None])
    alphas, coefs, _ = lasso_path(work.X, work.y, alphas=N_ALPHAS)
    return Path(alphas, coefs)


def fit_logistic(work: LogisticWork, threads: int) -> Any:
    from mlx.linear_model import LogisticRegression

    return LogisticRegression(**work.parameters).fit(work.X, work.y)


def infer(work: RegressionWork, threads: int) -> Any:
    return fit_least_squares(work, threads).summary().standard_errors


def explain(work: ExplanationWork, threads: int) -> Attributions:
    from mlx.explain import KernelExplainer

    model = CountingModel(work.model)
    explainer = KernelExplainer(model, work.background, seed=work.seed)
    values = explainer.shap_values(work.rows, nsamples=work.coalitions, silent=True)
    return Attributions(values, model.rows)


def find_components(work: TableWork, threads: int) -> Any:
    from mlx.decomposition import PCA

    return PCA(work.k).fit(work.X).components_


def find_components_in_batches(work: TableWork, threads: int) -> Any:
    from mlx.decomposition import IncrementalPCA

    return IncrementalPCA(work.k, batch_size=BATCH).fit(work.X).components_


def find_clusters(work: TableWork, threads: int) -> Any:
    from mlx.cluster import KMeans

    model = KMeans(work.k, algorithm=work.algorithm, random_state=0, n_jobs=threads)
    return model.fit(work.X).cluster_centers_


COMPONENTS = (
    Contender("mlx", "mlx.decomposition", find_components),
    Contender("mlx, incremental", "mlx.decomposition", find_components_in_batches),
)

# xgboost's cuts: with them come its trees, so that both libraries walk the same ones.
fit_like_xgboost = partial(fit_booster, cuts="xgboost")


def draw_map(work: MapWork, threads: int) -> Any:
    from mlx.manifold import TSNE

    return TSNE(max_iter=work.iterations, n_jobs=threads).fit_transform(work.X)


CONTENDERS = {
    "adaboost_fit": (Contender("mlx", "mlx.ensemble", fit_stumps),),
    "booster_fit": (Contender("mlx", "mlx.boosting", fit_booster),),
    "booster_regression": (Contender("mlx", "mlx.boosting", fit_booster),),
    "booster_classes": (Contender("mlx", "mlx.boosting", fit_booster),),
    "booster_predict": (Contender("mlx", "mlx.boosting", predict, prepare=fitted_by(fit_like_xgboost)),),
    "tree_fit": (Contender("mlx", "mlx.tree", grow_tree),),
    "forest_fit": (Contender("mlx", "mlx.ensemble", fit_forest),),
    "forest_predict": (
        Contender("mlx", "mlx.ensemble", forest_predict.predict, prepare=forest_predict.fitted_by(fit_forest)),
    ),
    "inference": (Contender("mlx", "mlx.linear_model", infer),),
    "lasso_path": (Contender("mlx", "mlx.linear_model", follow_lasso),),
    "logistic": (Contender("mlx", "mlx.linear_model", fit_logistic),),
    "least_squares": (Contender("mlx", "mlx.linear_model", fit_least_squares),),
    "proximity": (Contender("mlx", "mlx.ensemble", count_shared_leaves),),
    "pca_fit": COMPONENTS,
    "pca_wide_fit": COMPONENTS,
    "kmeans_fit": (Contender("mlx", "mlx.cluster", find_clusters),),
    "kernel_shap": (Contender("mlx", "mlx.explain", explain),),
    "tsne": (Contender("mlx", "mlx.manifold", draw_map),),
}
