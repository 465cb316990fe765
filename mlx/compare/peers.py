"""A peer is the same model in the library that people use today; this file says which, and with what parameters.

The one place where parameters are translated. Parameter names and defaults are the library's own, so a translation
is the removal of the parameters that only this package has; the one exception stands in `KEYWORDS` with its reason.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

__all__ = ["PEERS", "Peer", "peer_of"]


class Peer(NamedTuple):
    """Where the counterpart of a class stands.

    Attributes
    ----------
    distribution : str
        Name of the distribution that a user installs, for messages.
    module : str
        Module that holds the class.
    """

    distribution: str
    module: str


PEERS: dict[str, Peer] = {
    **{
        name: Peer("scikit-learn", "sklearn.linear_model")
        for name in ("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV")
    },
    "LinearRegression": Peer("scikit-learn", "sklearn.linear_model"),
    "LogisticRegression": Peer("scikit-learn", "sklearn.linear_model"),
    "Ridge": Peer("scikit-learn", "sklearn.linear_model"),
    "RidgeCV": Peer("scikit-learn", "sklearn.linear_model"),
    "LogisticRegressionCV": Peer("scikit-learn", "sklearn.linear_model"),
    "Perceptron": Peer("scikit-learn", "sklearn.linear_model"),
    "PCA": Peer("scikit-learn", "sklearn.decomposition"),
    "MLPClassifier": Peer("scikit-learn", "sklearn.neural_network"),
    "MLPRegressor": Peer("scikit-learn", "sklearn.neural_network"),
    **{
        f"{name}{suffix}": Peer("scikit-learn", module)
        for name, module in (
            ("DecisionTree", "sklearn.tree"),
            ("RandomForest", "sklearn.ensemble"),
            ("ExtraTrees", "sklearn.ensemble"),
            ("AdaBoost", "sklearn.ensemble"),
        )
        for suffix in ("Classifier", "Regressor")
    },
    "XGBClassifier": Peer("xgboost", "xgboost"),
    "XGBRegressor": Peer("xgboost", "xgboost"),
    "XGBRFClassifier": Peer("xgboost", "xgboost"),
    "XGBRFRegressor": Peer("xgboost", "xgboost"),
    "XGBRanker": Peer("xgboost", "xgboost"),
}

# Parameters that xgboost's classes take among their ``**kwargs`` and do not list: handed on where they are set.
KEYWORDS = {
    *("tweedie_variance_power", "huber_slope", "quantile_alpha"),
    *("rate_drop", "skip_drop", "one_drop", "sample_type", "normalize_type"),
    *("process_type", "updater", "refresh_leaf"),
    *("lambdarank_pair_method", "lambdarank_num_pair_per_sample", "lambdarank_normalization"),
    *("lambdarank_score_normalization", "lambdarank_unbiased", "lambdarank_bias_norm", "ndcg_exp_gain"),
}


def peer_of(estimator: Any, **overrides: Any) -> Any:
    """Unfitted counterpart of an estimator of this package, with the same parameters.

    Parameters
    ----------
    estimator : estimator
        Instance of a class that `PEERS` lists.
    **overrides
        Parameters of the peer that shall differ (a solver, a tolerance).

    Raises
    ------
    ImportError
        If the library is not installed.
    KeyError
        If the class has no peer.
    """
    name = type(estimator).__name__
    peer_class = getattr(importlib.import_module(PEERS[name].module), name)
    known = peer_class().get_params(deep=False)
    shared = {
        parameter: value
        for parameter, value in estimator.get_params(deep=False).items()
        if parameter in known or (parameter in KEYWORDS and value is not None)
    }
    return peer_class(**{**shared, **overrides})
