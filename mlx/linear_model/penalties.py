"""Penalties on coefficients: the L1 norm makes some of them zero, the squared L2 norm makes all of them smaller.

Formula of the elastic net, with λ₁ and λ₂ the strengths (Zou & Hastie, "Regularization and variable selection via the
elastic net", JRSS B 67 (2005), equation 3; the factor ½ as in Friedman, Hastie & Tibshirani, "Regularization paths for
generalized linear models via coordinate descent", Journal of Statistical Software 33 (2010), equation 3)::

    λ₁ Σ_j |w_j| + ½ λ₂ Σ_j w_j²

The functions take numbers or arrays, and know nothing of the loss that the penalty is added to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["elastic_net_penalty", "soft_threshold", "stationarity"]


def soft_threshold(z: Any, threshold: Any) -> Any:
    """S(z, t) = sign(z) (|z| - t)₊, the minimiser of ½ (w - z)² + t |w| over w (Friedman et al. 2010, equation 6)."""
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0) + 0.0  # no zero with a minus sign


def elastic_net_penalty(w: NDArray, l1: Any, l2: Any) -> float:
    """λ₁ Σ |w_j| + ½ λ₂ Σ w_j²; a strength may be an array, one for each coefficient."""
    return float(np.sum(l1 * np.abs(w) + 0.5 * l2 * np.square(w)))


def stationarity(gradient: NDArray, w: NDArray, l1: Any, *, positive: bool = False) -> NDArray:
    """How far each coefficient is from satisfying the Karush-Kuhn-Tucker conditions, elementwise, never negative.

    w minimises a smooth f plus λ₁ Σ |w_j| exactly where 0 is a subgradient (Friedman et al. 2010, section 2.1)::

        |∂f/∂w_j + λ₁ sign(w_j)| = 0    if w_j ≠ 0
        (|∂f/∂w_j| - λ₁)₊ = 0           if w_j = 0

    Under w ≥ 0 the second line is (-∂f/∂w_j - λ₁)₊.

    Parameters
    ----------
    gradient : ndarray
        ∂f/∂w; what is differentiable of the penalty belongs to f.
    w : ndarray
        Same shape.
    l1 : float or ndarray
        λ₁.
    positive : bool, default=False
        Whether coefficients must not be negative.
    """
    at_zero = np.maximum((-gradient if positive else np.abs(gradient)) - l1, 0.0)
    return np.where(w != 0.0, np.abs(gradient + l1 * np.sign(w)), at_zero)
