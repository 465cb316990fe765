"""An estimator holds what a `Booster` holds: trees, objective, parameters; here it shows itself as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from .learner import Booster

__all__ = ["ShowsBooster"]

# Parameters of estimators that are none of a Booster.
OF_ESTIMATORS = (
    "importance_type",
    "missing",
    "n_estimators",
    "enable_categorical",
    "early_stopping_rounds",
    "callbacks",
    "feature_types",
    "feature_weights",
    "validation_fraction",
)


class ShowsBooster(BaseEstimator):
    """`get_booster` and `get_xgb_params` of the boosted estimators."""

    # Of the class that this one is a part of.
    _as_model: Any
    _objective: Any

    def get_booster(self) -> Booster:
        """The fitted model as a Booster.

        Returns
        -------
        Booster
            It shares the trees with the estimator, which what is done to it leaves as it is. With early stopping it
            has all rounds, and `best_iteration`.
        """
        from .learner import Booster

        check_is_fitted(self)
        booster = Booster()
        model = self._as_model()
        booster._take(model)
        parameters = {name: value for name, value in self.get_xgb_params().items() if name != "objective"}
        booster._parameters.set_known(parameters)
        booster._parameters.take_objective(model)
        return booster

    def get_xgb_params(self) -> dict[str, Any]:
        """Parameters that are those of a Booster, too, as `train` takes them; functions are left out.

        Returns
        -------
        dict of str to object
            After a fit `objective` is what the fit has made of it.
        """
        given = self.get_params(deep=False)
        if getattr(self, "_objective", None) is not None and not callable(given["objective"]):
            given["objective"] = self._objective
        return {name: value for name, value in given.items() if name not in OF_ESTIMATORS and not callable(value)}
