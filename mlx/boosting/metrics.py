"""A metric says how good predictions are: one number for all rows, by the names of xgboost.

Let w_i be the weight of row i, y_i its target, p_i its prediction: a value, a probability, or for several outputs one
of each. All metrics but two are weighted means of a loss of single rows, Σ w_i loss_i / Σ w_i:

====================  ======================================================================  ======================
metric                loss of a row                                                           departs from the mean
====================  ======================================================================  ======================
rmse                  (y - p)²                                                                its square root
rmsle                 (log(1 + y) - log(1 + p))²                                              its square root
mae                   abs(y - p)
mape                  abs((y - p) / y)
mphe                  δ² (sqrt(1 + ((y - p) / δ)²) - 1), δ the parameter huber_slope
quantile              α max(y - p, 0) + (1 - α) max(p - y, 0), for each output and its α
logloss               -y log p - (1 - y) log(1 - p)
error, error@t        1 - y if p > t, else y; t is 0.5 if not stated
mlogloss              -log p_y, p_y the probability of the row's class
merror                1 if the most probable class is another one than y, else 0
poisson-nloglik       log Γ(y + 1) + p - y log p
gamma-nloglik         y / p + log p
gamma-deviance        log(p / y) + y / p - 1, with 1e-6 added to y and p                      twice the mean
tweedie-nloglik@ρ     -y p^(1 - ρ) / (1 - ρ) + p^(2 - ρ) / (2 - ρ)
====================  ======================================================================  ======================

Metrics of the order of predictions stand in `metrics_thresholds`, those of rankings in `metrics_ranking`, and those of
times in `metrics_survival`.

All sums are float64; the library rounds the loss of a row to float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from .groups import Groups, one_group
from .metrics_ranking import DEPTH, area_of_groups, mean_precision, ndcg, own_of_groups, pairs_in_order, precision
from .metrics_survival import aft_nloglik, cox_nloglik, interval_accuracy
from .metrics_thresholds import ams, auc, aucpr

__all__ = ["METRICS", "METRIC_PARAMETERS", "RANKING_METRICS", "Metric", "metric"]

Array = NDArray[np.float64]

# Distance that probabilities and means of counts keep from zero before logarithms are taken.
LEAST_PROBABILITY = 1e-16

# The same for targets and predictions of gamma models.
LEAST_MEAN = 1e-6

# Ranks of a metric without an end, as in "ndcg@all".
WHOLE = "all"


class Metric(NamedTuple):
    """A metric with its parameters; call it with targets, predictions and weights.

    Attributes
    ----------
    name : str
        As the library names it, ``"error@0.7"`` for instance.
    score : callable
        ``score(y, prediction, weight)`` for float64 arrays of shape (n_samples,), (n_samples, n_outputs) and
        (n_samples,); weight may be None.
    larger_is_better : bool
    score_groups : callable or None
        ``score_groups(y, prediction, groups)``, both float64 of shape (n_samples,): what is called for rows that are
        ranked; None is `score`.
    is_own : bool
        Whether it is the user's function, which gets float32, and several targets as they are.
    """

    name: str
    score: Callable[[Array, Array, Array | None], float]
    larger_is_better: bool = False
    score_groups: Callable[[Array, Array, Groups], float] | None = None
    is_own: bool = False

    def __call__(
        self, y: NDArray, prediction: NDArray, weight: NDArray | None = None, groups: Groups | None = None
    ) -> float:
        """How good the predictions are.

        Parameters
        ----------
        y : ndarray of shape (n_samples,), or (n_samples, 2) with survival:aft
            Targets, numbers of classes, relevances, or bounds of times.
        prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            What the objective predicts: values, probabilities of class 1, or of each class; see `evaluated`.
        weight : ndarray of shape (n_samples,), optional
            None is 1 for each row.
        groups : Groups, optional
            Rows that are ranked among themselves, with weights of their own.

        Returns
        -------
        float
        """
        dtype: Any = np.float32 if self.is_own else np.float64
        prediction = np.asarray(prediction, dtype=dtype).reshape(len(y), -1)
        y = np.asarray(y, dtype=dtype)
        if groups is not None and self.score_groups is not None:
            return float(self.score_groups(y, prediction[:, 0], groups))
        weight = None if weight is None else np.asarray(weight, dtype=dtype)
        if y.ndim == 2 and y.shape == prediction.shape and not self.is_own:
            if self.name.split("@")[0] not in OF_TARGETS:
                raise NotImplementedError(f"eval_metric={self.name!r} is for one target per row")
            weight = None if weight is None else np.repeat(weight, y.shape[1])
            y, prediction = y.ravel(), prediction.reshape(-1, 1)
        return float(self.score(y, prediction, weight))


# Metrics of several targets: means over all of them.
OF_TARGETS = frozenset(
    ("rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "poisson-nloglik", "gamma-nloglik", "gamma-deviance")
    + ("tweedie-nloglik",)
)

# Parameters of `metric`, which are parameters of estimators, too.
METRIC_PARAMETERS = (
    "huber_slope",
    "quantile_alpha",
    "ndcg_exp_gain",
    "aft_loss_distribution",
    "aft_loss_distribution_scale",
)


def metric(
    name: str | Callable[..., float],
    *,
    huber_slope: float = 1.0,
    quantile_alpha: float | Sequence[float] = 0.5,
    ndcg_exp_gain: bool = True,
    aft_loss_distribution: str = "normal",
    aft_loss_distribution_scale: float = 1.0,
) -> Metric:
    """Metric of a name, or the user's own.

    Parameters
    ----------
    name : str or callable
        One of `METRICS` or `RANKING_METRICS`. A number may follow "error", and must follow "tweedie-nloglik" and "ams":
        ``error@0.7``; a number and a minus may follow the latter: ``ndcg@5-``. "ndcg@all" is ndcg without an end. A
        callable in the manner of scikit-learn, ``metric(y_true, y_pred)``, is taken for a loss: less is better. It is
        called with ``sample_weight=`` if there are weights, and for each group by itself if rows are ranked.
    huber_slope : float, default=1
        δ of "mphe".
    quantile_alpha : float or sequence of float, default=0.5
        α of "quantile", for each output.
    ndcg_exp_gain : bool, default=True
        Whether a relevance y is worth 2^y - 1 in "ndcg", or y.
    aft_loss_distribution, aft_loss_distribution_scale : str and float
        As in the objective 'survival:aft'.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        If there is no such metric: the message names the parameter eval_metric.
    """
    if callable(name):
        called = getattr(name, "__name__", type(name).__name__)
        return Metric(called, partial(_own_score, name), score_groups=partial(own_of_groups, name), is_own=True)
    stem, at, text = name.removesuffix("-").partition("@")
    if stem in RANKING_METRICS:
        options = {"exponential": ndcg_exp_gain} if stem == "ndcg" else {}
        return _ranking_metric(name, stem, text if at else str(DEPTH), options)
    stem, at, text = name.partition("@")
    if stem not in METRICS or (at and stem not in WITH_NUMBER):
        raise ValueError(f"eval_metric={name!r} is not known; choose one of {', '.join([*METRICS, *RANKING_METRICS])}")
    score = METRICS[stem]
    if stem == "mphe":
        score = partial(score, slope=huber_slope)
    elif stem == "quantile":
        score = partial(score, alpha=np.atleast_1d(np.asarray(quantile_alpha, dtype=np.float64)))
    elif stem == "aft-nloglik":
        score = partial(score, distribution=aft_loss_distribution, scale=aft_loss_distribution_scale)
    elif at or stem in ("tweedie-nloglik", "ams"):
        score = partial(score, **{WITH_NUMBER[stem]: _number(name, text)})
    area = AREAS.get(stem)
    return Metric(name, score, stem in LARGER_IS_BETTER, None if area is None else partial(area_of_groups, area))


def _ranking_metric(name: str, stem: str, depth: str, options: Mapping[str, Any]) -> Metric:
    """Metric of a ranking; rows without groups are one group."""
    if depth != WHOLE and not (depth.isascii() and depth.isdigit() and int(depth) > 0):
        raise ValueError(f"eval_metric={name!r}: a whole number above 0 must follow @")
    ranks = None if depth == WHOLE else int(depth)
    score_groups = partial(RANKING_METRICS[stem], depth=ranks, minus=name.endswith("-"), **options)

    def score(y: Array, p: Array, weight: Array | None) -> float:
        if weight is not None:
            raise ValueError(f"eval_metric={name!r} has weights of groups, not of rows")
        return score_groups(y, p[:, 0], one_group(len(y)))

    return Metric(name.removesuffix(f"@{WHOLE}"), score, True, score_groups)


def _number(name: str, text: str) -> float:
    """Number behind the @; that of a Tweedie metric lies between 1 and 2, where its formula has no poles."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"eval_metric={name!r} must end with @ and a number") from None
    if not np.isfinite(number) or (name.startswith("tweedie") and not 1.0 < number < 2.0):
        raise ValueError(f"eval_metric={name!r}: the number must be finite, and for tweedie-nloglik between 1 and 2")
    return number


def _own_score(function: Callable[..., float], y: Array, prediction: Array, weight: Array | None) -> float:
    predicted = prediction[:, 0] if prediction.shape[1] == 1 else prediction
    return function(y, predicted) if weight is None else function(y, predicted, sample_weight=weight)


# Means of losses of rows ------------------------------------------------------------------------------------------


def rmse(y: Array, p: Array, weight: Array | None) -> float:
    """Root of the mean squared error."""
    return np.sqrt(_mean((y[:, None] - p) ** 2, weight))


def rmsle(y: Array, p: Array, weight: Array | None) -> float:
    """Root of the mean squared error of log(1 + y)."""
    return rmse(np.log1p(y), np.log1p(p), weight)


def mae(y: Array, p: Array, weight: Array | None) -> float:
    """Mean absolute error."""
    return _mean(np.abs(y[:, None] - p), weight)


def mape(y: Array, p: Array, weight: Array | None) -> float:
    """Mean of the absolute error as a share of the target; infinite if a target is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _mean(np.abs((y[:, None] - p) / y[:, None]), weight)


def mphe(y: Array, p: Array, weight: Array | None, slope: float) -> float:
    """Mean pseudo-Huber error."""
    return _mean(slope**2 * (np.sqrt(1.0 + ((y[:, None] - p) / slope) ** 2) - 1.0), weight)


def quantile(y: Array, p: Array, weight: Array | None, alpha: Array) -> float:
    """Mean pinball loss over rows and outputs."""
    residual = y[:, None] - p
    return _mean(np.where(residual >= 0.0, alpha, alpha - 1.0) * residual, weight)


def logloss(y: Array, p: Array, weight: Array | None) -> float:
    """Minus the mean log-likelihood of a Bernoulli distribution."""
    y = y[:, None]
    positive, negative = np.maximum(p, LEAST_PROBABILITY), np.maximum(1.0 - p, LEAST_PROBABILITY)
    return _mean(-xlogy(y, positive) - xlogy(1.0 - y, negative), weight)


def error(y: Array, p: Array, weight: Array | None, threshold: float = 0.5) -> float:
    """Share of rows on the wrong side of a threshold."""
    return _mean(np.where(p > np.float32(threshold), 1.0 - y[:, None], y[:, None]), weight)


def mlogloss(y: Array, p: Array, weight: Array | None) -> float:
    """Minus the mean log of the probability of the row's class."""
    of_class = p[np.arange(len(y)), y.astype(np.intp)]
    return _mean(-np.log(np.maximum(of_class, LEAST_PROBABILITY)), weight)


def merror(y: Array, p: Array, weight: Array | None) -> float:
    """Share of rows whose most probable class is a wrong one."""
    return _mean(np.argmax(p, axis=1) != y, weight)


def poisson_nloglik(y: Array, p: Array, weight: Array | None) -> float:
    """Minus the mean log-likelihood of a Poisson distribution of mean p."""
    y, p = y[:, None], np.maximum(p, LEAST_PROBABILITY)
    return _mean(gammaln(y + 1.0) + p - y * np.log(p), weight)


def gamma_nloglik(y: Array, p: Array, weight: Array | None) -> float:
    """Minus the mean log-likelihood of a gamma distribution of mean p and dispersion 1."""
    p = np.maximum(p, LEAST_MEAN)
    return _mean(y[:, None] / p + np.log(p), weight)


def gamma_deviance(y: Array, p: Array, weight: Array | None) -> float:
    """Mean deviance of a gamma distribution."""
    y, p = y[:, None] + LEAST_MEAN, p + LEAST_MEAN
    return 2.0 * _mean(np.log(p / y) + y / p - 1.0, weight)


def tweedie_nloglik(y: Array, p: Array, weight: Array | None, rho: float) -> float:
    """Minus the mean log-likelihood of a Tweedie distribution of variance power ρ, without the terms free of p."""
    return _mean(-y[:, None] * p ** (1.0 - rho) / (1.0 - rho) + p ** (2.0 - rho) / (2.0 - rho), weight)


def _mean(losses: NDArray, weight: Array | None) -> float:
    """Weighted mean of losses of shape (n_samples,) or (n_samples, n_outputs)."""
    of_row = losses if losses.ndim == 1 else losses.mean(axis=1)
    return np.average(of_row, weights=weight)


METRICS: dict[str, Callable[..., float]] = {
    "rmse": rmse,
    "rmsle": rmsle,
    "mae": mae,
    "mape": mape,
    "mphe": mphe,
    "quantile": quantile,
    "logloss": logloss,
    "error": error,
    "mlogloss": mlogloss,
    "merror": merror,
    "poisson-nloglik": poisson_nloglik,
    "gamma-nloglik": gamma_nloglik,
    "gamma-deviance": gamma_deviance,
    "tweedie-nloglik": tweedie_nloglik,
    "auc": auc,
    "aucpr": aucpr,
    "ams": ams,
    "cox-nloglik": cox_nloglik,
    "aft-nloglik": aft_nloglik,
    "interval-regression-accuracy": interval_accuracy,
}

RANKING_METRICS: dict[str, Callable[..., float]] = {"ndcg": ndcg, "map": mean_precision, "pre": precision}

# Areas of one group: rows, and predictions.
AREAS: dict[str, Callable[[Array, Array], float]] = {
    "auc": pairs_in_order,
    "aucpr": lambda y, p: aucpr(y, p[:, np.newaxis], None),
}

LARGER_IS_BETTER = {"auc", "aucpr", "ams", "interval-regression-accuracy"}

# Metrics that a number may follow, and which of their arguments it is.
WITH_NUMBER = {"error": "threshold", "tweedie-nloglik": "rho", "ams": "ratio"}
