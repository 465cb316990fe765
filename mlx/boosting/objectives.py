"""An objective is a loss as boosting sees it: a gradient and a Hessian for each row, and a prediction to start from.

=====================  ============================  =================================  =========  ==================
objective              gradient g_i                  Hessian h_i                        link of    start
=====================  ============================  =================================  =========  ==================
reg:squarederror       f - y                         1                                  f          mean
reg:squaredlogerror    (l(f) - l(y)) / (1 + f)       (1 - l(f) + l(y)) / (1 + f)²       f          Newton step
reg:pseudohubererror   (f - y) / s                   1 / s³                             f          Newton step
reg:absoluteerror      sign(f - y)                   1                                  f          median
reg:quantileerror      [f >= y] - α                  1                                  f          α-quantile
reg:logistic,          p - y                         max(p (1 - p), 1e-16)              logit p    mean
binary:logistic
binary:logitraw        p - y                         max(p (1 - p), 1e-16)              f          mean
binary:hinge           1 - 2 y if (2 y - 1) f < 1    1, where there is no gradient      f          sign of Newton step
                                                     almost 0
multi:softprob,        p_k - [y = k]                 max(2 p_k (1 - p_k), 1e-16)        softmax    log of the share of
multi:softmax                                                                                      each class, centred
count:poisson          exp(f) - y                    exp(f + max_delta_step)            log        mean
reg:gamma              1 - y exp(-f)                 y exp(-f)                          log        mean
reg:tweedie            u₂ - y u₁                     (2 - ρ) u₂ - (1 - ρ) y u₁          log        mean
=====================  ============================  =================================  =========  ==================

f is the margin of a row, p = σ(f) or p = softmax(f), l(x) = log(1 + x), s = sqrt(1 + ((f - y) / δ)²) with δ the
parameter huber_slope, u₁ = exp((1 - ρ) f) and u₂ = exp((2 - ρ) f) with ρ the parameter tweedie_variance_power. All
times the weight of the row. A Newton step is -Σ g / Σ h at margin 0. The losses are those of `mlx.losses`, where the
formulas stand once more in NumPy. The factor 2 in the Hessian of the softmax is the library's (an upper bound of the
matrix by its diagonal), and so are the starts: that of binary:logitraw is a mean, although its margin is a logit.

A user's own objective is a function of targets and margins that returns gradients and Hessians; it starts at 0.5.

Margins, gradients and Hessians are float32 as in xgboost 3.2, and are rounded at the same places, so that trees are the
same. The product with a sample weight is the exception: the library rounds it to float32, these files keep it in
float64, where it is exact. Only so is a row of weight 3 the same as three rows, to the last bit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .objective import Objective, values_of
from .objectives_classes import HINGE, LOGISTIC, LOGISTIC_REGRESSION, LOGIT_RAW, SOFTMAX, SOFTPROB
from .objectives_counts import GAMMA, POISSON, TWEEDIE
from .objectives_quantiles import ABSOLUTE_ERROR, QUANTILE_ERROR
from .objectives_ranking import RANK_MAP, RANK_NDCG, RANK_PAIRWISE, with_pairs
from .objectives_survival import AFT, COX, with_distribution
from .objectives_values import PSEUDO_HUBER_ERROR, SQUARED_ERROR, SQUARED_LOG_ERROR

__all__ = ["OBJECTIVES", "objective_of", "own_objective"]

OBJECTIVES: Mapping[str, Objective] = {
    objective.name: objective
    for objective in (
        SQUARED_ERROR,
        SQUARED_LOG_ERROR,
        PSEUDO_HUBER_ERROR,
        ABSOLUTE_ERROR,
        QUANTILE_ERROR,
        LOGISTIC_REGRESSION,
        LOGISTIC,
        LOGIT_RAW,
        HINGE,
        SOFTPROB,
        SOFTMAX,
        POISSON,
        GAMMA,
        TWEEDIE,
        COX,
        AFT,
        RANK_NDCG,
        RANK_MAP,
        RANK_PAIRWISE,
    )
}

# Where the library starts if it does not know the loss.
START_OF_OWN = np.float32(0.5)


def objective_of(name: str, given: Mapping[str, Any]) -> Objective:
    """Objective of a name, with the values of its parameters.

    Parameters
    ----------
    name : str
        One of `OBJECTIVES`.
    given : dict of str to (float, array-like or None)
        Parameters of an estimator by name; others than those of the objective are left alone.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        If a parameter has no value, or one that it cannot have: the message names it.
    """
    objective, values = OBJECTIVES[name], values_of(name, given)
    if not values:
        return objective
    objective = objective._replace(given=values)
    if name == "survival:aft":
        return with_distribution(objective)
    if name.startswith("rank:"):
        return with_pairs(objective)
    value = np.ravel(np.array(list(values.values()), dtype=np.float32))
    metric = f"{objective.metric}@{value[0]:g}" if name == "reg:tweedie" else objective.metric
    return objective._replace(value=value, metric=metric)


def own_objective(
    function: Callable[..., Any], sample_weight: NDArray[np.float32] | None, like: Objective = SQUARED_ERROR
) -> Objective:
    """Objective of a user's function.

    Parameters
    ----------
    function : callable
        ``function(y_true, y_pred)`` returns gradient and Hessian for targets of shape (n_samples,) and margins of shape
        (n_samples,), or (n_samples, n_outputs) if there are several; both of the shape of the margins, or flat. If it
        has a parameter sample_weight it is given the weights, or None; it has to multiply by them.
    sample_weight : ndarray of float32, shape (n_samples,), or None
    like : Objective, optional
        Of which the link and the metric are; its name stands in a model file.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        If there are weights that the function would not see, and later if it returns something else.
    """
    takes_weight = "sample_weight" in inspect.signature(function).parameters
    if sample_weight is not None and not takes_weight:
        raise ValueError("sample_weight: the function given as objective has no parameter sample_weight to take it")

    def write_gradients(rows, margin, y, weight, value, out):
        shape = margin.T.shape if len(margin) > 1 else y.shape
        extra = {} if sample_weight is None else {"sample_weight": sample_weight}
        returned = function(y.copy(), np.array(margin.T, order="C").reshape(shape), **extra)
        try:
            gradient, hessian = (np.asarray(part, dtype=np.float32).reshape(shape) for part in returned)
        except (TypeError, ValueError):
            raise ValueError(
                f"objective: the function must return gradient and Hessian, two arrays of shape {shape}"
            ) from None
        if not (np.all(np.isfinite(gradient)) and np.all(np.isfinite(hessian))):
            raise ValueError("objective: the function returned a gradient or Hessian that is not finite")
        out[..., 0], out[..., 1] = gradient.reshape(margin.T.shape).T, hessian.reshape(margin.T.shape).T

    return like._replace(
        kernel=write_gradients,
        start=lambda y, weight, value, n_outputs: np.full(n_outputs, START_OF_OWN),
        weighs_positives=False,
        rows_apart=False,
    )
