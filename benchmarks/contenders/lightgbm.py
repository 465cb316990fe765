"""LightGBM, where it is installed."""

from __future__ import annotations

from ..boosters import Answer, BoosterWork
from ..definitions import Contender
from ..tasks.booster_predict import fitted_by, predict


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    import lightgbm

    ours = work.parameters
    max_depth = ours["max_depth"]
    parameters = {
        "objective": {0: "regression", 2: "binary"}.get(work.n_classes, "multiclass"),
        "max_depth": max_depth or -1,
        "num_leaves": ours.get("max_leaves") or 2**max_depth,  # where depth is the limit, it is the only one
        "learning_rate": ours["learning_rate"],
        "lambda_l2": ours["reg_lambda"],
        "max_bin": ours["max_bin"] - 1,  # 255 and one for missing values fill a byte
        "min_data_in_bin": 1,
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": 1.0,  # xgboost's min_child_weight
        "num_threads": threads,
        "verbosity": -1,
        **({"num_class": work.n_classes} if work.n_classes > 2 else {}),
    }
    model = lightgbm.train(parameters, lightgbm.Dataset(work.X, work.y), ours["n_estimators"])
    return lambda X: model.predict(X, num_threads=threads)


CONTENDERS = {
    "booster_fit": (Contender("lightgbm", "lightgbm", fit_booster),),
    "booster_regression": (Contender("lightgbm", "lightgbm", fit_booster),),
    "booster_classes": (Contender("lightgbm", "lightgbm", fit_booster),),
    "booster_predict": (Contender("lightgbm", "lightgbm", predict, prepare=fitted_by(fit_booster)),),
}
