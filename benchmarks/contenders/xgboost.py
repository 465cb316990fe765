"""xgboost: the library whose trees and parameter names ours are."""

from __future__ import annotations

from ..definitions import Contender
from ..tasks.booster_fit import Answer, BoosterWork


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    from xgboost import XGBClassifier

    model = XGBClassifier(tree_method="hist", n_jobs=threads, **work.parameters).fit(work.X, work.y)
    return lambda X: model.predict_proba(X)[:, 1]


CONTENDERS = {"booster_fit": (Contender("xgboost", "xgboost", fit_booster),)}
