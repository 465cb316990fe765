"""Parameters have other names in the library's engine, and estimators take them, too: `eta` is `learning_rate`.

A parameter that the library once had is not used, there as here, and a warning says so.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Self

from sklearn.base import BaseEstimator

__all__ = ["ALIASES", "TakesAliases", "with_aliases", "without_aliases"]

# Other names of parameters, as the library's engine knows them.
ALIASES: Mapping[str, str] = {
    "eta": "learning_rate",
    "min_split_loss": "gamma",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
    "seed": "random_state",
    "nthread": "n_jobs",
    "updater_seq": "updater",
}

# Classes are counted without it since 1.6; much code still says use_label_encoder=False.
NOT_USED = ("use_label_encoder",)


def with_aliases(init: Callable[..., None]) -> Callable[..., None]:
    """An ``__init__`` that takes the other names of parameters, too, and says which one is not known."""
    known = inspect.signature(init).parameters
    passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())

    @wraps(init)
    def named(self: Any, **parameters: Any) -> None:
        parameters = without_aliases(parameters)
        unknown = [name for name in parameters if not passes_on and name not in known]
        if unknown:
            raise TypeError(f"{type(self).__name__}: unknown parameter {unknown[0]!r}")
        init(self, **parameters)

    return named


def without_aliases(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by the names under which estimators keep them.

    Raises
    ------
    TypeError
        If a parameter is given by two names.

    Warns
    -----
    UserWarning
        If a parameter is not used, in the library's words.
    """
    named: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in NOT_USED:
            warnings.warn(f'Parameters: {{ "{name}" }} are not used.', UserWarning, stacklevel=4)
            continue
        own = ALIASES.get(name, name)
        if own in named or (own != name and own in parameters):
            raise TypeError(f"{name}: is another name of the parameter {own}, which is given as well")
        named[own] = value
    return named


class TakesAliases(BaseEstimator):
    """`set_params` of the boosted estimators."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters.

        Parameters
        ----------
        **params : dict
            By their names, those of xgboost's engine included (eta, lambda, ...).

        Returns
        -------
        self
        """
        return super().set_params(**without_aliases(params))
