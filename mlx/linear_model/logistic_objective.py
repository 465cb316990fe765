"""The logistic objective is the mean log loss of a linear model plus the squared length of its coefficients.

Formula, with C the inverse strength of the penalty and S = Σ s_i (Hastie, Tibshirani & Friedman, The Elements of
Statistical Learning, 2nd ed., section 4.4, equations 4.20 and 4.31; penalty and scale as in scikit-learn)::

    F(W, b) = (1/S) Σ_i s_i ℓ(W x_i + b, y_i) + 1/(2 C S) ‖W‖²

ℓ is the binary log loss of one output for two classes, the multinomial log loss of K outputs otherwise. Derivatives,
with p_i the probabilities (the binary case has one output, σ(f) - y for p - onehot(y) and σ(1 - σ) for the bracket)::

    ∂F/∂w_k       = (1/S) Σ_i s_i (p_ik - [y_i = k]) x_i + w_k / (C S)
    ∂²F/∂w_k∂w_l  = (1/S) Σ_i s_i p_ik ([k = l] - p_il) x_i x_iᵀ + [k = l] I / (C S)

======  ================  ==================================================================
symbol  shape             meaning
======  ================  ==================================================================
X       (n, p)            rows x_i
y       (n,)              class codes 0, ..., n_classes - 1
s       (n,)              weights, here divided by their sum
K       int               outputs: 1 for two classes, else n_classes
W       (K, p + 1)        coefficients and, in the last column, intercepts (no such column without an intercept)
m, d    (p,)              centre and scale of the columns
======  ================  ==================================================================

Columns are centred and divided by d before anything is minimised, and the solution is translated back. In exact
arithmetic nothing changes: the centre goes into the intercept, which is not penalised, and the penalty of a column
becomes 1/(C S d²). In floating point everything changes: with d² = ¼ mean(x²) + 1/(C S), an upper bound of the
Hessian's diagonal, a column in millimetres and one in kilometres are equally easy. The price is one float64 copy of
X. Sparse X is scaled, not centred, to stay sparse.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import softmax

from ..losses import (
    binary_log_loss,
    binary_log_loss_gradient,
    binary_log_loss_hessian,
    multinomial_log_loss,
    multinomial_log_loss_gradient,
)
from ..numeric.linalg import centred_blocks, column_means

__all__ = ["LogisticObjective", "logistic_objective"]

Array = NDArray[np.floating]

# Largest curvature of the binary log loss and of any one output of the multinomial: p (1 - p) at p = ½.
LARGEST_CURVATURE = 0.25


class LogisticObjective(NamedTuple):
    """F in the scaled variables U, with W = U / d and b = U's last column - W m.

    Attributes
    ----------
    X : ndarray or CSR array of shape (n, p)
        Scaled columns (x - m) / d, float64.
    y : ndarray of int64, shape (n,)
    s : ndarray of shape (n,)
        Weights that sum to 1.
    n_outputs : int
        K.
    penalty : ndarray of shape (p + 1,) or (p,)
        1/(C S d²) for each column, 0 for the intercept.
    centre : ndarray of shape (p,)
    scale : ndarray of shape (p,)
    fit_intercept : bool
    """

    X: Any
    y: NDArray[Any]
    s: Array
    n_outputs: int
    penalty: Array
    centre: Array
    scale: Array
    fit_intercept: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (K, p + 1) or (K, p) of U."""
        return self.n_outputs, len(self.penalty)

    def scores(self, U: Array) -> Array:
        """Raw predictions f, shape (n, K)."""
        p = self.X.shape[1]
        return self.X @ U[:, :p].T + (U[:, p] if self.fit_intercept else 0.0)

    def value(self, U: Array, f: Array) -> float:
        """F at U, given its scores."""
        losses = binary_log_loss(f[:, 0], self.y) if self.n_outputs == 1 else multinomial_log_loss(f, self.y)
        return float(self.s @ losses + 0.5 * np.sum(self.penalty * U**2))

    def gradient(self, U: Array, f: Array) -> Array:
        """∂F/∂U, shape of U, given the scores."""
        if self.n_outputs == 1:
            slopes = binary_log_loss_gradient(f[:, 0], self.y)[:, None]
        else:
            slopes = multinomial_log_loss_gradient(f, self.y)
        return self._times_rows(slopes * self.s[:, None]) + self.penalty * U

    def hessian(self, f: Array) -> Array:
        """∂²F/∂U², shape (K q, K q) for U of shape (K, q); block (k, l) belongs to outputs k and l.

        n p² K (K + 1) / 4 multiplications.
        """
        K, q = self.shape
        hessian = np.empty((K, q, K, q))
        if K == 1:
            hessian[0, :, 0, :] = self._weighted_gram(self.s * binary_log_loss_hessian(f[:, 0]))
        else:
            p = softmax(f, axis=1)
            for k in range(K):
                hessian[k, :, k, :] = self._weighted_gram(self.s * p[:, k] * (1.0 - p[:, k]))
                for other in range(k):
                    block = -self._weighted_gram(self.s * p[:, k] * p[:, other])
                    hessian[k, :, other, :] = hessian[other, :, k, :] = block
        square = hessian.reshape(K * q, K * q)
        square[np.diag_indices(K * q)] += np.tile(self.penalty, K)
        return square

    def hessian_product(self, f: Array, V: Array) -> Array:
        """∂²F/∂U² times V, both of the shape of U, without the matrix: 4 n p K multiplications."""
        g = self.scores(V)
        if self.n_outputs == 1:
            bent = binary_log_loss_hessian(f[:, 0])[:, None] * g
        else:
            p = softmax(f, axis=1)
            bent = p * (g - np.sum(p * g, axis=1, keepdims=True))
        return self._times_rows(bent * self.s[:, None]) + self.penalty * V

    def largest_slope(self, gradient: Array) -> float:
        """Largest |∂F/∂(W, b)| in the user's own units, given ∂F/∂U: what scikit-learn's `tol` bounds."""
        p = self.X.shape[1]
        slopes = gradient[:, :p] * self.scale
        if self.fit_intercept:
            # At fixed b, moving w_j moves the centred intercept by m_j too.
            slopes = slopes + gradient[:, p:] * self.centre
            return float(max(np.abs(slopes).max(), np.abs(gradient[:, p]).max()))
        return float(np.abs(slopes).max())

    def to_users_units(self, U: Array) -> tuple[Array, Array]:
        """W of shape (K, p) and b of shape (K,), zeros without an intercept, from U."""
        p = self.X.shape[1]
        W = U[:, :p] / self.scale
        return W, U[:, p] - W @ self.centre if self.fit_intercept else np.zeros(self.n_outputs)

    def from_users_units(self, W: Array, b: Array) -> Array:
        """U from W of shape (K, p) and b of shape (K,): inverse of `to_users_units`."""
        U = W * self.scale
        return np.column_stack([U, b + W @ self.centre]) if self.fit_intercept else U

    def _times_rows(self, R: Array) -> Array:
        """Σ_i r_i (x_i, 1)ᵀ for rows r_i of R, shape (K, q)."""
        product = (self.X.T @ R).T
        return np.column_stack([product, R.sum(axis=0)]) if self.fit_intercept else product

    def _weighted_gram(self, weights: Array) -> Array:
        """Σ_i weights_i (x_i, 1)(x_i, 1)ᵀ for nonnegative weights, shape (q, q)."""
        p = self.X.shape[1]
        if sparse.issparse(self.X):
            gram = (self.X.T @ self.X.multiply(weights[:, None]).tocsr()).toarray()
        else:
            gram = np.zeros((p, p))
            for _, block in centred_blocks(self.X, np.zeros(p), np.sqrt(weights)):
                gram += block.T @ block
        if not self.fit_intercept:
            return gram
        border = self.X.T @ weights
        return np.block([[gram, border[:, None]], [border[None, :], weights.sum()]])


def logistic_objective(
    X: Any, y: NDArray[np.int64], weights: Array | None, *, n_classes: int, C: float, fit_intercept: bool
) -> LogisticObjective:
    """The objective of a table: columns centred and scaled, weights divided by their sum.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, p)
    y : ndarray of int64, shape (n,)
        Class codes.
    weights : ndarray of shape (n,), optional
        Nonnegative, not all zero.
    n_classes : int
        At least 2.
    C : float
        Inverse strength of the penalty; inf for none.
    fit_intercept : bool
    """
    n, p = X.shape
    total = float(n) if weights is None else float(weights.sum())
    s = np.full(n, 1.0 / n) if weights is None else weights / total
    strength = 1.0 / (C * total)
    if sparse.issparse(X):
        centre = np.zeros(p)
        scaled = sparse.csr_array(X, dtype=np.float64, copy=True)
        mean_square = scaled.power(2).T @ s
        scale = _column_scale(mean_square, strength)
        scaled = sparse.csr_array(scaled.multiply(1.0 / scale))
    else:
        centre = column_means(X, weights) if fit_intercept else np.zeros(p)
        scaled = np.subtract(X, centre, dtype=np.float64)
        scale = _column_scale(s @ scaled**2, strength)
        scaled /= scale
    penalty = strength / scale**2
    if fit_intercept:
        penalty = np.append(penalty, 0.0)
    return LogisticObjective(scaled, y, s, 1 if n_classes == 2 else n_classes, penalty, centre, scale, fit_intercept)


def _column_scale(mean_square: Array, strength: float) -> Array:
    """Scale d = √(¼ mean(x²) + 1/(C S)), 1 for a column of zeros without a penalty."""
    scale = np.sqrt(LARGEST_CURVATURE * mean_square + strength)
    return np.where(scale > 0.0, scale, 1.0)
