"""Gradient-boosted trees for regression, with the parameters of xgboost's class of the same name."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, column_or_1d

from .continuation import EarlierModel
from .model import Goal, XGBModel
from .training import Rows

__all__ = ["XGBRegressor"]

OBJECTIVES = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "reg:logistic",
    "reg:gamma",
    "reg:tweedie",
    "count:poisson",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "survival:cox",
)


class XGBRegressor(RegressorMixin, XGBModel):
    """Gradient-boosted trees for regression, with xgboost's parameters and defaults.

    Parameters
    ----------
    objective : str or callable, default='reg:squarederror'
        None is the default. 'reg:squarederror', 'reg:squaredlogerror' (y above -1), 'reg:pseudohubererror',
        'reg:absoluteerror', 'reg:quantileerror'; 'reg:gamma' (y above 0), 'reg:tweedie' and 'count:poisson' (y at least
        0), whose margin is the logarithm of the prediction; 'reg:logistic', 'binary:logistic' and 'binary:logitraw' (y
        between 0 and 1; the last one predicts margins), 'binary:hinge' (y 0 or 1, and so are predictions);
        'survival:cox' (y a time until an event, minus the time if there was none until then; predictions are hazards
        relative to a row of margin 0). As in the library, 'survival:aft' is for `train`, whose table holds bounds. Or a
        function ``objective(y_true, y_pred)`` that returns gradient and Hessian of the loss in y_pred, two arrays of
        shape (n_samples,); with `sample_weight` it needs a parameter of that name, and multiplies by it itself.
    max_delta_step : float, default=None
        Largest absolute weight of a leaf, before the learning rate; None and 0 are no limit. With 'count:poisson' None
        is 0.7.
    scale_pos_weight : float, default=None
        Factor of the weights of rows whose target is 1, as in the library; None is 1. Only for 'reg:squarederror',
        'reg:logistic', 'reg:gamma' and 'binary:*' but for hinge.
    base_score : float or list of float, default=None
        Prediction before the first tree; None is the mean of the targets.
    tweedie_variance_power : float, default=None
        ρ of 'reg:tweedie', between 1 and 2: the variance is the mean to this power, times a constant; None is 1.5. The
        library takes this and the next two among its ``**kwargs``.
    huber_slope : float, default=None
        δ of 'reg:pseudohubererror', above 0: errors below count as their squares, errors above as their absolute
        values; None is 1.
    quantile_alpha : float or list of float, default=None
        α of 'reg:quantileerror', from 0 to 1; several are several outputs, in the same order.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import XGBRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = XGBRegressor(n_estimators=20, max_depth=3).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.73
    """

    _objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    _takes_own_objective: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict] = {
        **XGBModel._parameter_constraints,
        "tweedie_variance_power": [Interval(Real, 1, 2, closed="neither"), None],
        "huber_slope": [Interval(Real, 0, None, closed="neither"), None],
        "quantile_alpha": [Interval(Real, 0, 1, closed="both"), "array-like", None],
    }

    def __init__(
        self,
        *,
        objective: Any = "reg:squarederror",
        tweedie_variance_power: float | None = None,
        huber_slope: float | None = None,
        quantile_alpha: Any = None,
        **parameters: Any,
    ) -> None:
        super().__init__(objective=objective, **parameters)
        self.tweedie_variance_power = tweedie_variance_power
        self.huber_slope = huber_slope
        self.quantile_alpha = quantile_alpha

    def _goal(self, y: Any, rows: Rows, earlier: EarlierModel | None) -> Goal:
        targets = self._targets(y)[rows]
        objective = "reg:squarederror" if self.objective is None else self.objective
        several = targets.ndim == 2
        if several and callable(objective):
            raise NotImplementedError("XGBRegressor: an own objective takes one target per row")
        n_outputs = targets.shape[1] if several else 1
        return Goal(targets, targets, objective, n_outputs)

    def _targets(self, y: Any) -> NDArray[np.float32]:
        """Targets as float32."""
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", ensure_all_finite=False)
        y = column_or_1d(y, warn=True) if y.ndim < 2 or y.shape[1] == 1 else y
        with np.errstate(over="ignore"):
            targets = np.asarray(y, dtype=np.float32)
        if not np.all(np.isfinite(targets)):
            raise ValueError("y: has values too large for float32, or that are no numbers")
        return targets

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: tuple[int, int] | None = None,
    ) -> NDArray:
        """Predicted targets, or margins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        output_margin : bool, default=False
            Return margins instead of predictions; for objectives named 'reg:*error' they are the same.
        validate_features : bool, default=True
            Whether column names must be those of the fit, in the same order.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margins start, in place of the start of the model.
        iteration_range : (int, int), optional
            First and last (exclusive) round; None is all, or after early stopping those up to the best one.

        Returns
        -------
        ndarray of float32, shape (n_samples,), or (n_samples, n_outputs) if there are several targets, or if
            `quantile_alpha` has several values
        """
        predicted = self._predict(X, output_margin, validate_features, base_margin, iteration_range)
        return predicted[:, 0] if predicted.shape[1] == 1 else predicted
