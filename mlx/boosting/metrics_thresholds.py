"""Metrics of the order of predictions: what comes of it if a threshold falls from the highest to the lowest of them.

``auc`` is the area under the curve of true positives over false positives, ``aucpr`` that under the curve of precision
over recall; both grow with the quality of the predictions. Between two thresholds of the latter, false positives grow
linearly with true positives, and its area is the integral of that (Keilwagen et al. 2014). With several classes both
are means over the classes of one class against the rest, for auc weighted by the classes' shares.

``ams@k`` is the approximate median significance of the share k of the rows with the highest predictions: how sure one
may be that there is a signal among them (Adam-Bourdarios et al. 2015).

References: J. Keilwagen, I. Grosse and J. Grau, "Area under Precision-Recall Curves for Weighted and Unweighted Data",
PLoS ONE 9(3), 2014, equation 8. C. Adam-Bourdarios et al., "The Higgs boson machine learning challenge", JMLR W&CP 42,
2015, equation 7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ams", "auc", "aucpr"]

Array = NDArray[np.float64]

# Background events that are always added.
AMS_BACKGROUND = 10.0


def auc(y: Array, p: Array, weight: Array | None) -> float:
    """Area under the curve of true over false positives; nan if a class has no rows."""
    if p.shape[1] == 1:
        return _roc_area(*_positives(y, p[:, 0], weight))
    curves = [_positives(y == k, p[:, k], weight) for k in range(p.shape[1])]
    return float(np.average([_roc_area(*curve) for curve in curves], weights=[tp[-1] for _, tp in curves]))


def aucpr(y: Array, p: Array, weight: Array | None) -> float:
    """Area under the curve of precision over recall; nan if a class has no rows."""
    if p.shape[1] == 1:
        return _precision_recall_area(*_positives(y, p[:, 0], weight))
    return float(np.mean([_precision_recall_area(*_positives(y == k, p[:, k], weight)) for k in range(p.shape[1])]))


def _positives(y: NDArray, p: Array, weight: Array | None) -> tuple[Array, Array]:
    """Weights of false and true positives, from none to all, at each threshold between different predictions."""
    order = np.argsort(-p, kind="stable")
    w = np.ones(len(p)) if weight is None else weight[order]
    share, sorted_p = y[order].astype(np.float64), p[order]
    last_of_ties = np.append(sorted_p[1:] != sorted_p[:-1], True)
    fp, tp = np.cumsum((1.0 - share) * w)[last_of_ties], np.cumsum(share * w)[last_of_ties]
    return np.append(0.0, fp), np.append(0.0, tp)


def _roc_area(fp: Array, tp: Array) -> float:
    if fp[-1] <= 0.0 or tp[-1] <= 0.0:
        return np.nan
    return float(np.trapezoid(tp, fp) / (fp[-1] * tp[-1]))


def _precision_recall_area(fp: Array, tp: Array) -> float:
    """Sum over the steps of ∫ tp / (tp + fp) d tp / P, where fp = tp h + b along a step and P is all positives."""
    if fp[-1] <= 0.0 or tp[-1] <= 0.0:
        return np.nan
    step = np.diff(tp) > 0.0
    from_tp, to_tp, from_fp = tp[:-1][step], tp[1:][step], fp[:-1][step]
    h = np.diff(fp)[step] / (to_tp - from_tp)
    a, b = 1.0 + h, from_fp - h * from_tp
    # The integral of tp / (a tp + b); the logarithm vanishes with b.
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(b == 0.0, 0.0, b / a * np.log((a * to_tp + b) / (a * from_tp + b)))
    return float(np.sum((to_tp - from_tp - logarithm) / a) / tp[-1])


def ams(y: Array, p: Array, weight: Array | None, ratio: float) -> float:
    """Approximate median significance, with targets above ½ for signals (Adam-Bourdarios et al. 2015, equation 7).

    Of all rows whose prediction is among the highest ``ratio`` of them; with 0, the best over all thresholds. Rows of
    equal predictions count in their own order; in the library that is up to its sort.
    """
    order = np.argsort(-p[:, 0], kind="stable")
    w = np.ones(len(y)) if weight is None else weight[order]
    signal, n_top = y[order] > 0.5, int(np.float32(ratio) * len(y)) or len(y)
    # The library leaves the last row out.
    n_top_seen = min(n_top, len(y) - 1)
    s = np.cumsum(np.where(signal, w, 0.0))[:n_top_seen]
    b = np.cumsum(np.where(signal, 0.0, w))[:n_top_seen] + AMS_BACKGROUND
    significance = np.sqrt(2.0 * ((s + b) * np.log1p(s / b) - s))
    if n_top < len(y):
        return float(significance[-1])
    is_threshold = p[order[:-1], 0] != p[order[1:], 0]
    return float(max(significance[is_threshold], default=0.0))
