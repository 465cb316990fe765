"""The mean log loss of all rows with its derivatives, from one exponential for each score.

`mlx.losses` says each formula by itself; minimising takes all of them at every point, on every row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Losses", "mean_log_loss"]

Array = NDArray[np.floating]


class Losses(NamedTuple):
    """The weighted mean log loss at some scores, with what its derivatives need.

    Attributes
    ----------
    value : float
    slopes : ndarray of shape (K, n)
        s_i (p_ik - [y_i = k]): derivatives in the scores.
    p : ndarray of shape (K, n)
        Probabilities; for two classes that of the second.
    """

    value: float
    slopes: Array
    p: Array


def mean_log_loss(f: Array, y: NDArray, s: Array) -> Losses:
    """Σ_i s_i ℓ(f_i, y_i), with its derivatives in f.

    Each exponential is taken once. `mlx.losses` says the formulas of ℓ; here e = exp(-|f|), or exp(f_k - max f), never
    overflows::

        two classes:   ℓ = log(1 + e) + |f| [(f > 0) ≠ y],   p = 1 / (1 + e) or e / (1 + e)
        K classes:     ℓ = log Σ_k e_k - (f_y - max f),      p_k = e_k / Σ_j e_j

    Parameters
    ----------
    f : ndarray of shape (K, n)
        Scores; one row for two classes.
    y : ndarray of int64, shape (n,)
        Class codes.
    s : ndarray of shape (n,)
    """
    if len(f) == 1:
        # In place where it can be: a column of a million rows is 8 MB, and a pass over it is the cost.
        e = np.abs(f[0])
        np.exp(np.negative(e, out=e), out=e)
        above = f[0] > 0.0
        wrong = np.flatnonzero(above != y)
        losses = np.log1p(e)
        losses[wrong] += np.abs(f[0, wrong])
        value = float(s @ losses)
        p = np.where(above, 1.0, e)
        p /= np.add(e, 1.0, out=e)
        slopes = np.subtract(p, y, out=losses)
        slopes *= s
        return Losses(value, slopes[None], p[None])
    p = f - f.max(axis=0)
    rows = np.arange(len(y))
    of_label = p[y, rows]
    np.exp(p, out=p)
    total = p.sum(axis=0)
    value = float(s @ (np.log(total) - of_label))
    p /= total
    slopes = p * s
    slopes[y, rows] -= s
    return Losses(value, slopes, p)
