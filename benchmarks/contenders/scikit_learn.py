"""scikit-learn. Its threads are OpenMP's and BLAS's, which the harness caps."""

from __future__ import annotations

from ..definitions import Contender
from ..tasks.booster_fit import Answer, BoosterWork


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    from sklearn.ensemble import HistGradientBoostingClassifier

    ours = work.parameters
    model = HistGradientBoostingClassifier(
        max_iter=ours["n_estimators"],
        max_depth=ours["max_depth"],
        max_leaf_nodes=None,
        learning_rate=ours["learning_rate"],
        l2_regularization=ours["reg_lambda"],
        max_bins=ours["max_bin"] - 1,  # its largest; one more is for missing values
        min_samples_leaf=1,
        early_stopping=False,
    ).fit(work.X, work.y)
    return lambda X: model.predict_proba(X)[:, 1]


CONTENDERS = {"booster_fit": (Contender("scikit-learn", "sklearn.ensemble", fit_booster),)}
