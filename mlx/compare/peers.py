"""A peer is the same model in the library that people use today; this file says which, and with what parameters.

The one place where parameters are translated. Parameter names and defaults are the library's own, so a translation
is mostly the removal of the parameters that only this package has; every exception stands in `TRANSLATIONS` with
its reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
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
    "LinearRegression": Peer("scikit-learn", "sklearn.linear_model"),
    "LogisticRegression": Peer("scikit-learn", "sklearn.linear_model"),
    "PCA": Peer("scikit-learn", "sklearn.decomposition"),
    "MLPClassifier": Peer("scikit-learn", "sklearn.neural_network"),
    "MLPRegressor": Peer("scikit-learn", "sklearn.neural_network"),
    "XGBClassifier": Peer("xgboost", "xgboost"),
    "XGBRegressor": Peer("xgboost", "xgboost"),
}

# Parameters that xgboost's classes take among their ``**kwargs``.
KEYWORDS = {"tweedie_variance_power", "huber_slope", "quantile_alpha"}

# By class: a function from our parameters to the peer's, where they differ.
TRANSLATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}


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
    parameters = estimator.get_params(deep=False)
    parameters = TRANSLATIONS.get(name, _shared_with(peer_class))(parameters)
    return peer_class(**{**parameters, **overrides})


def _shared_with(peer_class: type) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Translation that leaves out the parameters that only this package has."""
    known = peer_class().get_params(deep=False)
    return lambda parameters: {
        name: value for name, value in parameters.items() if name in known or (name in KEYWORDS and value is not None)
    }
