"""Objectives of quantiles: losses with corners, whose leaves are quantiles of what is left to explain.

Newton steps need a Hessian, and these losses have none. Splits are found with h_i = w_i; then the value of a leaf is
the α-quantile of the residuals y - f of its rows, times the learning rate. That of the absolute error is the median.
With ``tree_method="exact"`` leaves keep their weights -T(G) / (H + λ), as in the library, where pruning has the last
word on a tree and knows no rows.

The quantile of n values without weights lies between two of them, at the place α (n + 1), and is interpolated. With
weights it is the first of the sorted values up to which there is a share α of the weight. So weights of one are not the
same here as no weights, as in the library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..tree import Tree
from .objective import Objective

__all__ = ["ABSOLUTE_ERROR", "QUANTILE_ERROR", "quantile_of", "with_quantile_leaves"]

f32 = np.float32

MEDIAN = f32(0.5)


@kernel
def absolute_error_gradients(rows, margin, y, weight, parameter, out):
    """Sign of f - y, and 1 for the Hessian."""
    for i in range(rows[0], rows[1]):
        residual = margin[0, i] - y[i]
        sign = f32(1.0) if residual > f32(0.0) else (f32(-1.0) if residual < f32(0.0) else f32(0.0))
        out[0, i, 0] = sign * weight[i]
        out[0, i, 1] = weight[i]


@kernel
def quantile_error_gradients(rows, margin, y, weight, parameter, out):
    """Gradient of the pinball loss, 1 - α above the target and -α below, and 1 for the Hessian; for each α."""
    for k in range(len(margin)):
        above, below = f32(1.0) - parameter[k], -parameter[k]
        for i in range(rows[0], rows[1]):
            out[k, i, 0] = (above if margin[k, i] >= y[i] else below) * weight[i]
            out[k, i, 1] = weight[i]


def quantile_of(values: NDArray[np.float32], weight: NDArray[np.floating] | None, alpha: np.float32) -> np.float32:
    """The α-quantile of some values, see above."""
    order = np.argsort(values, kind="stable")
    n, share = len(values), float(alpha)
    if weight is not None:
        up_to = np.cumsum(weight[order], dtype=np.float32)
        first = int(np.searchsorted(up_to, f32(up_to[-1] * share)))
        return values[order[min(first, n - 1)]]
    if share <= 1 / (n + 1):
        return values[order[0]]
    if share >= n / (n + 1):
        return values[order[-1]]
    place = share * (n + 1)
    below = int(place) - 1
    low, high = values[order[below]], values[order[below + 1]]
    return f32(float(low) + (place - 1 - below) * float(high - low))


def with_quantile_leaves(
    tree: Tree,
    rows_of_leaves: Sequence[NDArray[np.integer]],
    residual: NDArray[np.float32],
    weight: NDArray[np.floating] | None,
    alpha: np.float32 | NDArray[np.float32],
    learning_rate: np.float32,
) -> Tree:
    """The tree with quantiles of residuals for leaf values; of each output, if leaves hold vectors.

    Parameters
    ----------
    tree : Tree
    rows_of_leaves : sequence of ndarray of int
        Rows of each leaf, in the order of the nodes; a leaf without rows keeps its value.
    residual : ndarray of float32, shape (n_samples,) or (n_outputs, n_samples)
        y - f.
    weight : ndarray of shape (n_samples,), or None
    alpha : float32, or ndarray of float32, shape (n_outputs,)
    learning_rate : float32

    Returns
    -------
    Tree
    """
    value = tree.value.copy()
    by_output = value.reshape(len(value), -1)
    of_outputs = list(zip(np.atleast_2d(residual), np.atleast_1d(alpha)))
    for leaf, rows in zip(np.flatnonzero(tree.is_leaf), rows_of_leaves):
        own_weight = None if weight is None else weight[rows]
        for k, (own, share) in enumerate(of_outputs if len(rows) else ()):
            by_output[leaf, k] = quantile_of(own[rows], own_weight, share) * learning_rate
    return dataclasses.replace(tree, value=value)


def median_start(
    y: NDArray[np.float32], weight: NDArray[np.floating] | None, value: NDArray[np.float32], n_outputs: int
) -> NDArray[np.float32]:
    """Median of the targets, times the sum of the weights and divided by it, in float32, as in the library."""
    total = float(len(y)) if weight is None else float(np.sum(weight, dtype=np.float64))
    median = quantile_of(y, weight, MEDIAN)
    return np.full(n_outputs, f32(f32(median * total) / total), dtype=np.float32)


def quantiles_start(
    y: NDArray[np.float32], weight: NDArray[np.floating] | None, value: NDArray[np.float32], n_outputs: int
) -> NDArray[np.float32]:
    """The quantiles of the targets."""
    return np.array([quantile_of(y, weight, alpha) for alpha in value], dtype=np.float32)


ABSOLUTE_ERROR = Objective(
    "reg:absoluteerror",
    "identity",
    absolute_error_gradients,
    "mae",
    median_start,
    value=np.array([MEDIAN]),
    leaf_quantile=True,
)
QUANTILE_ERROR = Objective(
    "reg:quantileerror",
    "identity",
    quantile_error_gradients,
    "quantile",
    quantiles_start,
    leaf_quantile=True,
)
