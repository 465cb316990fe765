"""A local model is a weighted ridge regression of the model's outputs on what the drawn rows agree in.

::

    β = argmin Σ_i π_i (f(x_i) − β_0 − z_i·β)² + α ‖β‖²,      π_i = kernel(distance(z_i, z_0))

after a selection of features. Everything here is computed from the weighted, centred Gram matrix of z and f, so
that a candidate set of features costs a small linear system and not a pass over the sample.

========== ============== ==========================================================================
symbol     shape          meaning
========== ============== ==========================================================================
z          (N, d)         agreement of each drawn row with the explained row; z_0 is the row itself
f          (N,)           output of the model
π          (N,)           proximity
G, c, q    (d, d), (d,),  Σ π z̃ z̃ᵀ, Σ π z̃ f̃ and Σ π f̃², with z̃, f̃ centred by their weighted means
           scalar
========== ============== ==========================================================================

References
----------
Ribeiro, M. T., Singh, S. and Guestrin, C. (2016). "Why should I trust you?" Explaining the predictions of any
classifier. KDD, equation 1 and algorithm 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SELECTIONS", "LocalModel", "fit_local_model", "replicate_errors", "select_features"]

SELECTIONS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")

# "auto" adds features one by one if no more than this many are asked for.
LARGEST_FORWARD_SELECTION = 6

# Penalty of the local model, and of the fit whose largest weights "highest_weights" keeps.
PENALTY = 1.0
SELECTION_PENALTY = 0.01

EPSILON = float(np.finfo(np.float64).eps)


class LocalModel(NamedTuple):
    """Fitted local model.

    Attributes
    ----------
    features : ndarray of int
        Selected features, in the order of selection.
    coefficients : ndarray of float64
        One per selected feature.
    intercept : float
    score : float
        R², weighted by proximity; 1 if the outputs are all the same but for rounding, for then so is the model's.
    prediction : ndarray of shape (1,)
        For the explained row.
    """

    features: NDArray[np.intp]
    coefficients: NDArray[np.float64]
    intercept: float
    score: float
    prediction: NDArray[np.float64]


class _Moments(NamedTuple):
    z_mean: NDArray[np.float64]
    f_mean: float
    gram: NDArray[np.float64]
    cross: NDArray[np.float64]
    total: float


def fit_local_model(
    agreement: NDArray[np.float64],
    outputs: NDArray[np.float64],
    proximity: NDArray[np.float64],
    features: NDArray[np.intp],
    regressor: Any = None,
) -> LocalModel:
    """Weighted ridge regression on the selected features, or the user's regressor in its place.

    Parameters
    ----------
    agreement : ndarray of shape (n_points, n_features)
        z; the first row is the explained row.
    outputs : ndarray of shape (n_points,)
        f.
    proximity : ndarray of shape (n_points,)
        π.
    features : ndarray of int
        Selected features.
    regressor : object, optional
        With `fit(X, y, sample_weight=)`, `score`, `predict`, `coef_` and `intercept_`.
    """
    chosen = agreement[:, features]
    if regressor is not None:
        regressor.fit(chosen, outputs, sample_weight=proximity)
        return LocalModel(
            features,
            np.ravel(regressor.coef_).astype(np.float64),
            float(np.ravel(regressor.intercept_)[0]) if np.ndim(regressor.intercept_) else float(regressor.intercept_),
            float(regressor.score(chosen, outputs, sample_weight=proximity)),
            np.ravel(regressor.predict(chosen[:1])),
        )
    moments = _moments(chosen, outputs, proximity)
    coefficients = _ridge(moments, PENALTY)
    intercept = moments.f_mean - float(moments.z_mean @ coefficients)
    residual = outputs - intercept - chosen @ coefficients
    # The weighted mean of N equal numbers misses them by up to N ε of their size.
    rounding = len(outputs) * EPSILON * float(np.abs(outputs).max())
    is_constant = moments.total <= float(proximity.sum()) * rounding**2
    score = 1.0 if is_constant else 1.0 - float(proximity @ residual**2) / moments.total
    return LocalModel(features, coefficients, intercept, score, np.atleast_1d(intercept + chosen[0] @ coefficients))


def replicate_errors(
    agreement: NDArray[np.float64],
    outputs: NDArray[np.float64],
    proximity: NDArray[np.float64],
    features: NDArray[np.intp],
    n_replicates: int,
) -> NDArray[np.float64]:
    """Standard errors of the coefficients, from the spread of the same fit on each replicate of the sample.

    The arguments are those of `fit_local_model` without the explained row: `n_replicates` samples of equal length,
    one after the other. The penalty is divided among them, so that each fit aims at the same coefficients.
    """
    fits = [
        _ridge(_moments(z, f, w), PENALTY / n_replicates)
        for z, f, w in zip(
            np.split(agreement[:, features], n_replicates),
            np.split(outputs, n_replicates),
            np.split(proximity, n_replicates),
        )
    ]
    return np.std(fits, axis=0, ddof=1) / np.sqrt(n_replicates)


def select_features(
    agreement: NDArray[np.float64],
    outputs: NDArray[np.float64],
    proximity: NDArray[np.float64],
    num_features: int,
    method: str,
) -> NDArray[np.intp]:
    """Features of the local model.

    Parameters
    ----------
    agreement, outputs, proximity
        As in `fit_local_model`.
    num_features : int
        Largest number of features; "none" takes all of them whatever it says.
    method : {"auto", "forward_selection", "highest_weights", "lasso_path", "none"}
        "forward_selection" adds the feature with the best R² until there are `num_features`; "highest_weights"
        keeps the largest |coefficient · z_0| of a fit on all; "lasso_path" the last set on the lasso's path that
        is not too large; "auto" the first for up to 6 features and the second above.
    """
    if method == "auto":
        method = "forward_selection" if num_features <= LARGEST_FORWARD_SELECTION else "highest_weights"
    if method == "none":
        return np.arange(agreement.shape[1])
    if method == "lasso_path":
        return _on_lasso_path(agreement, outputs, proximity, num_features)
    moments = _moments(agreement, outputs, proximity)
    if method == "highest_weights":
        weights = _ridge(moments, SELECTION_PENALTY) * agreement[0]
        return np.argsort(-np.abs(weights), kind="stable")[:num_features]
    return _forward(moments, min(num_features, agreement.shape[1]))


def _moments(z: NDArray[np.float64], f: NDArray[np.float64], weights: NDArray[np.float64]) -> _Moments:
    total_weight = weights.sum()
    z_mean = weights @ z / total_weight
    f_mean = float(weights @ f / total_weight)
    centred, f_centred = z - z_mean, f - f_mean
    weighted = centred.T * weights
    return _Moments(z_mean, f_mean, weighted @ centred, weighted @ f_centred, float(weights @ f_centred**2))


def _ridge(moments: _Moments, penalty: float) -> NDArray[np.float64]:
    system = moments.gram + penalty * np.eye(len(moments.gram))
    return np.asarray(np.linalg.solve(system, moments.cross), dtype=np.float64)


def _forward(moments: _Moments, count: int) -> NDArray[np.intp]:
    """Forward selection by sweeping: after each step `gram` and `cross` are those of the residuals.

    The gain in R² of a feature is then c_j² / G_jj, one division per candidate. A feature that is a linear
    combination of chosen ones has G_jj = 0 up to rounding, and no gain.
    """
    gram, cross = moments.gram.copy(), moments.cross.copy()
    negligible = 1e-12 * np.maximum(np.diag(gram), np.finfo(float).tiny)
    chosen: list[int] = []
    for _ in range(count):
        diagonal = np.diag(gram)
        gains = np.where(diagonal > negligible, cross**2 / np.maximum(diagonal, negligible), 0.0)
        gains[chosen] = -1.0
        best = int(np.argmax(gains))
        chosen.append(best)
        if diagonal[best] > negligible[best]:
            factor = gram[best] / gram[best, best]
            cross = cross - factor * cross[best]
            gram = gram - np.outer(factor, gram[best])
    return np.array(chosen, dtype=np.intp)


def _on_lasso_path(
    z: NDArray[np.float64], f: NDArray[np.float64], weights: NDArray[np.float64], num_features: int
) -> NDArray[np.intp]:
    from sklearn.linear_model import lars_path

    root = np.sqrt(weights)
    design = (z - np.average(z, axis=0, weights=weights)) * root[:, None]
    targets = (f - np.average(f, weights=weights)) * root
    path = lars_path(design, targets, method="lasso")[2].T
    chosen = np.arange(z.shape[1])
    for coefficients in path[:0:-1]:
        chosen = np.flatnonzero(coefficients)
        if len(chosen) <= num_features:
            break
    return chosen
