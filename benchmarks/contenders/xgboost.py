"""xgboost: the library whose trees and parameter names ours are. Its estimators bin X themselves (QuantileDMatrix)."""

from __future__ import annotations

from ..boosters import Answer, BoosterWork
from ..definitions import Contender
from ..tasks.booster_predict import fitted_by, predict


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    from xgboost import XGBClassifier, XGBRegressor

    estimator = XGBClassifier if work.n_classes else XGBRegressor
    model = estimator(tree_method="hist", n_jobs=threads, **work.parameters).fit(work.X, work.y)
    if work.n_classes == 2:
        return lambda X: model.predict_proba(X)[:, 1]
    return model.predict_proba if work.n_classes else model.predict


CONTENDERS = {
    "booster_fit": (Contender("xgboost", "xgboost", fit_booster),),
    "booster_regression": (Contender("xgboost", "xgboost", fit_booster),),
    "booster_classes": (Contender("xgboost", "xgboost", fit_booster),),
    "booster_predict": (Contender("xgboost", "xgboost", predict, prepare=fitted_by(fit_booster)),),
}
