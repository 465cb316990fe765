"""LightGBM, where it is installed."""

from __future__ import annotations

from ..definitions import Contender
from ..tasks.booster_fit import Answer, BoosterWork


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    import lightgbm

    ours = work.parameters
    parameters = {
        "objective": "binary",
        "max_depth": ours["max_depth"],
        "num_leaves": 2 ** ours["max_depth"],  # depth is the only limit
        "learning_rate": ours["learning_rate"],
        "lambda_l2": ours["reg_lambda"],
        "max_bin": ours["max_bin"] - 1,  # 255 and one for missing values fill a byte
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": 1.0,  # xgboost's min_child_weight
        "num_threads": threads,
        "verbosity": -1,
    }
    model = lightgbm.train(parameters, lightgbm.Dataset(work.X, work.y), ours["n_estimators"])
    return lambda X: model.predict(X, num_threads=threads)


CONTENDERS = {"booster_fit": (Contender("lightgbm", "lightgbm", fit_booster),)}
