"""scikit-learn. Its threads are OpenMP's and BLAS's, which the harness caps."""

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
from ..tasks.lasso_path import N_ALPHAS, Path, PathWork
from ..tasks.least_squares import RegressionWork
from ..tasks.logistic import NEWTON, LogisticWork
from ..tasks.pca_fit import BATCH, TableWork
from ..tasks.tsne import MapWork


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    ours = work.parameters
    estimator = HistGradientBoostingClassifier if work.n_classes else HistGradientBoostingRegressor
    model = estimator(
        max_iter=ours["n_estimators"],
        max_depth=ours["max_depth"] or None,
        max_leaf_nodes=ours.get("max_leaves"),
        learning_rate=ours["learning_rate"],
        l2_regularization=ours["reg_lambda"],
        max_bins=ours["max_bin"] - 1,  # its largest; one more is for missing values
        min_samples_leaf=1,
        early_stopping=False,
    ).fit(work.X, work.y)
    if work.n_classes == 2:
        return lambda X: model.predict_proba(X)[:, 1]
    return model.predict_proba if work.n_classes else model.predict


def fit_stumps(work: BoosterWork, threads: int) -> Answer:
    from sklearn.ensemble import AdaBoostClassifier

    rounds = work.parameters["n_estimators"]
    return AdaBoostClassifier(n_estimators=rounds, random_state=0).fit(work.X, work.y).predict


def grow_tree(work: BoosterWork, threads: int) -> Answer:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    estimator = DecisionTreeClassifier if work.n_classes else DecisionTreeRegressor
    return estimator(random_state=0).fit(work.X, work.y).predict


def fit_least_squares(work: RegressionWork, threads: int) -> Any:
    from sklearn.linear_model import LinearRegression, Ridge

    model = LinearRegression() if work.penalty is None else Ridge(work.penalty)
    return model.fit(work.X, work.y)


def follow_lasso(work: PathWork, threads: int) -> Path:
    from sklearn.linear_model import LassoCV, lasso_path

    if work.by_folds:
        model = LassoCV(alphas=N_ALPHAS, fit_intercept=False, n_jobs=threads).fit(work.X, work.y)
        return Path(np.array([model.alpha_]), model.coef_[:, None])
    alphas, coefs, _ = lasso_path(work.X, work.y, alphas=N_ALPHAS)
    return Path(alphas, coefs)


def fit_logistic(work: LogisticWork, threads: int, **parameters: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**work.parameters, **parameters).fit(work.X, work.y)


def fit_forest(work: ForestWork, threads: int) -> ForestAnswer:
    return work.fit("sklearn", threads)


def find_components(work: TableWork, threads: int, *, solver: str) -> Any:
    from sklearn.decomposition import PCA

    return PCA(work.k, svd_solver=solver, random_state=0).fit(work.X).components_


def find_components_in_batches(work: TableWork, threads: int) -> Any:
    from sklearn.decomposition import IncrementalPCA

    return IncrementalPCA(work.k, batch_size=BATCH).fit(work.X).components_


def find_clusters(work: TableWork, threads: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(work.k, algorithm=work.algorithm, random_state=0).fit(work.X).cluster_centers_


COMPONENTS = (
    *(
        Contender(f"scikit-learn, {solver}", "sklearn.decomposition", partial(find_components, solver=solver))
        for solver in ("full", "randomized", "arpack")
    ),
    Contender("scikit-learn, incremental", "sklearn.decomposition", find_components_in_batches),
)
BY_COVARIANCE = Contender(
    "scikit-learn, covariance_eigh", "sklearn.decomposition", partial(find_components, solver="covariance_eigh")
)


def draw_map(work: MapWork, threads: int) -> Any:
    from sklearn.manifold import TSNE

    return TSNE(max_iter=work.iterations, n_jobs=threads).fit_transform(work.X)


CONTENDERS = {
    "pca_fit": (BY_COVARIANCE, *COMPONENTS),
    "pca_wide_fit": COMPONENTS,
    "kmeans_fit": (Contender("scikit-learn", "sklearn.cluster", find_clusters),),
    "adaboost_fit": (Contender("scikit-learn", "sklearn.ensemble", fit_stumps),),
    "booster_fit": (Contender("scikit-learn", "sklearn.ensemble", fit_booster),),
    "booster_regression": (Contender("scikit-learn", "sklearn.ensemble", fit_booster),),
    "booster_classes": (Contender("scikit-learn", "sklearn.ensemble", fit_booster),),
    "booster_predict": (Contender("scikit-learn", "sklearn.ensemble", predict, prepare=fitted_by(fit_booster)),),
    "tree_fit": (Contender("scikit-learn", "sklearn.tree", grow_tree),),
    "lasso_path": (Contender("scikit-learn", "sklearn.linear_model", follow_lasso),),
    "logistic": (
        Contender("scikit-learn", "sklearn.linear_model", fit_logistic),
        Contender(NEWTON, "sklearn.linear_model", partial(fit_logistic, solver="newton-cholesky")),
    ),
    "least_squares": (Contender("scikit-learn", "sklearn.linear_model", fit_least_squares),),
    "forest_fit": (Contender("scikit-learn", "sklearn.ensemble", fit_forest),),
    "forest_predict": (
        Contender(
            "scikit-learn", "sklearn.ensemble", forest_predict.predict, prepare=forest_predict.fitted_by(fit_forest)
        ),
    ),
    "tsne": (Contender("scikit-learn", "sklearn.manifold", draw_map),),
}
