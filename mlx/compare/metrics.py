"""A metric turns held-out predictions into one number per fold, and says which way is better and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["METRICS", "Metric", "default_metric", "difference_of_predictions", "metrics_of", "with_signs_of"]

# Probabilities of 0 and 1 are taken as this far from them, as a single sure mistake would make the loss infinite.
SMALLEST_PROBABILITY = 1e-15

Weights = NDArray[np.float64] | None
Score = Callable[[NDArray, NDArray[np.float64], Weights], float]


class Metric(NamedTuple):
    """A score of held-out predictions.

    Attributes
    ----------
    name : str
        As ``--metric`` takes it.
    label : str
        As tables print it.
    task : str
        ``"classification"`` or ``"regression"``.
    sign : int
        1 if more is better, -1 if less is.
    reason : str
        Why it would be the main metric.
    score : callable
        (y, predictions, weights) to float; predictions are probabilities of shape (n, k) for classification and
        values of shape (n,) for regression.
    """

    name: str
    label: str
    task: str
    sign: int
    reason: str
    score: Score


def _roc_auc(y: NDArray, probabilities: NDArray[np.float64], weights: Weights) -> float:
    from sklearn.metrics import roc_auc_score

    if probabilities.shape[1] == 2:
        return float(roc_auc_score(y, probabilities[:, 1], sample_weight=weights))
    # One class against the rest, averaged over the classes.
    each = [
        roc_auc_score(y == code, probabilities[:, code], sample_weight=weights)
        for code in range(probabilities.shape[1])
    ]
    return float(np.mean(each))


def _log_loss(y: NDArray, probabilities: NDArray[np.float64], weights: Weights) -> float:
    clipped = np.clip(probabilities, SMALLEST_PROBABILITY, 1.0)
    of_truth = clipped[np.arange(len(y)), y] / clipped.sum(axis=1)
    return float(-np.average(np.log(of_truth), weights=weights))


def _accuracy(y: NDArray, probabilities: NDArray[np.float64], weights: Weights) -> float:
    return float(np.average(probabilities.argmax(axis=1) == y, weights=weights))


def _r2(y: NDArray, predictions: NDArray[np.float64], weights: Weights) -> float:
    spread = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    return float(1.0 - np.average((y - predictions) ** 2, weights=weights) / spread)


def _rmse(y: NDArray, predictions: NDArray[np.float64], weights: Weights) -> float:
    return float(np.sqrt(np.average((y - predictions) ** 2, weights=weights)))


def _mae(y: NDArray, predictions: NDArray[np.float64], weights: Weights) -> float:
    return float(np.average(np.abs(y - predictions), weights=weights))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "ROC AUC", "classification", 1, "needs no threshold, bears unequal classes", _roc_auc),
        Metric("log_loss", "log loss", "classification", -1, "judges the whole distribution of classes", _log_loss),
        Metric("accuracy", "accuracy", "classification", 1, "share of right answers", _accuracy),
        Metric("r2", "R²", "regression", 1, "share of the variance explained, free of units", _r2),
        Metric("rmse", "RMSE", "regression", -1, "typical error in units of the target", _rmse),
        Metric("mae", "MAE", "regression", -1, "mean error in units of the target", _mae),
    )
}


def metrics_of(task: str) -> list[Metric]:
    """Metrics of a task; all of them are computed, one is the main one."""
    return [metric for metric in METRICS.values() if metric.task == task]


def default_metric(task: str, n_classes: int) -> Metric:
    """Main metric: ROC AUC for two classes, log loss for more, R² for regression."""
    if task == "regression":
        return METRICS["r2"]
    return METRICS["roc_auc"] if n_classes == 2 else METRICS["log_loss"]


def difference_of_predictions(ours: NDArray[np.float64], theirs: NDArray[np.float64], unit: float) -> float:
    """Largest absolute difference of two arrays of predictions, divided by `unit`.

    Raises
    ------
    ValueError
        If the shapes differ, or one side has nan where the other has a number: not to be compared is no equality.
    """
    if ours.shape != theirs.shape:
        raise ValueError(f"predictions differ in shape: ours {ours.shape}, the library's {theirs.shape}")
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise ValueError("predictions are not all finite")
    return float(np.max(np.abs(ours - theirs)) / unit)


def with_signs_of(theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Our scores along components, shape (n, m), each column turned round where it points away from theirs.

    The sign of a component is free. Both sides make its largest entry positive, but where two entries are of one size,
    as always with two standardised columns, rounding decides which of them is the larger.
    """
    if ours.shape != theirs.shape:
        return ours
    return np.where(np.sum(ours * theirs, axis=0) < 0, -ours, ours)
