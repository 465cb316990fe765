"""The logistic objective is the mean log loss of a linear model plus a penalty on its coefficients.

Formula, with C the inverse strength of the penalty, r the share of the length in it, and S = Σ s_i (Hastie,
Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4, equations 4.20 and 4.31; penalty and
scale as in scikit-learn)::

    F(W, b) = (1/S) Σ_i s_i ℓ(W x_i + b, y_i) + 1/(C S) ((1 - r)/2 ‖W‖² + r ‖W‖₁)

ℓ is the binary log loss of one output for two classes, the multinomial log loss of K outputs otherwise. Derivatives of
all but the length, with p_i the probabilities (the binary case has one output, σ(f) - y for p - onehot(y) and
σ(1 - σ) for the bracket)::

    ∂F/∂w_k       = (1/S) Σ_i s_i (p_ik - [y_i = k]) x_i + (1 - r) w_k / (C S)
    ∂²F/∂w_k∂w_l  = (1/S) Σ_i s_i p_ik ([k = l] - p_il) x_i x_iᵀ + [k = l] (1 - r) I / (C S)

======  ================  ==================================================================
symbol  shape             meaning
======  ================  ==================================================================
X       (n, p)            rows x_i
y       (n,)              class codes 0, ..., n_classes - 1
s       (n,)              weights, here divided by their sum
K       int               outputs: 1 for two classes, else n_classes
W       (K, p + 1)        coefficients and, in the last column, intercepts (no such column without an intercept)
λ₂, λ₁  float             (1 - r) / (C S) and r / (C S)
m, d    (p,)              centre and scale of the columns
======  ================  ==================================================================

The variables that are minimised over are those of columns centred and divided by d, and the solution is translated
back. In exact arithmetic nothing changes: the centre goes into the intercept, which is not penalised, and the
penalties of a column become λ₂ / d² and λ₁ / d. In floating point everything changes: with d² = ¼ mean(x²) + λ₂, an
upper bound of the Hessian's diagonal, a column in millimetres and one in kilometres are equally easy. A large table
stays as it is: W x = U ((x - m) / d) is computed as (U / d) x - (U / d) m, unless that would lose digits. Sparse X is
not centred, and nothing is where the intercept is penalised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.linalg import row_blocks
from .column_scale import FARTHEST_MEAN, column_moments, column_scale
from .logistic_losses import Losses, mean_log_loss
from .penalties import stationarity

__all__ = ["LogisticObjective", "Point", "Trial", "logistic_objective"]

Array = NDArray[np.floating]

# A table of up to so many numbers, 8 MiB, is copied for speed: centred once, and stored by columns.
ENTRIES_OF_COPY = 2**20


class Point(NamedTuple):
    """Where a minimisation stands.

    Attributes
    ----------
    U : ndarray of shape (K, q)
    f : ndarray of shape (K, n)
        Scores of the rows.
    p : ndarray of shape (K, n)
        Probabilities.
    value : float
        F.
    gradient : ndarray of shape (K, q)
        ∂F/∂U.
    """

    U: Array
    f: Array
    p: Array
    value: float
    gradient: Array


class Trial(NamedTuple):
    """A point on a line that may be stepped to.

    Attributes
    ----------
    t : float
        How far along the line, in steps.
    U : ndarray of shape (K, q)
    f : ndarray of shape (K, n)
    losses : Losses
    value : float
        F.
    slope : float
        dF/dt along the line.
    """

    t: float
    U: Array
    f: Array
    losses: Losses
    value: float
    slope: float


class LogisticObjective(NamedTuple):
    """F in the scaled variables U, with W = U / d and b = U's last column - W m.

    Attributes
    ----------
    X : ndarray or CSR array of shape (n, p)
        Rows, float64: the user's own, or a centred copy.
    y : ndarray of int64, shape (n,)
    s : ndarray of shape (n,)
        Weights that sum to 1.
    n_outputs : int
        K.
    penalty : ndarray of shape (p + 1,) or (p,)
        λ₂ / d² for each column, 0 for an intercept that is free.
    l1 : ndarray of the same shape
        λ₁ / d for each column.
    centre : ndarray of shape (p,)
    scale : ndarray of shape (p,)
    offset : ndarray of shape (p,)
        What of the centre is still in the columns of X.
    fit_intercept : bool
    share : float
        Weight of these rows in the table of which they are a sample.
    """

    X: Any
    y: NDArray[Any]
    s: Array
    n_outputs: int
    penalty: Array
    l1: Array
    centre: Array
    scale: Array
    offset: Array
    fit_intercept: bool
    share: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (K, p + 1) or (K, p) of U."""
        return self.n_outputs, len(self.penalty)

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which columns of U have no penalty, shape (q,)."""
        return (self.penalty == 0.0) & (self.l1 == 0.0)

    def scores(self, U: Array) -> Array:
        """Raw predictions f, shape (K, n)."""
        p = self.X.shape[1]
        W = U[:, :p] / self.scale
        if self.n_outputs == 1:
            f = (self.X @ W[0])[None]
        elif sparse.issparse(self.X):
            f = np.ascontiguousarray((self.X @ W.T).T)
        else:
            f = W @ self.X.T
        f += ((U[:, p] if self.fit_intercept else 0.0) - W @ self.offset)[:, None]
        return f

    def at(self, U: Array) -> Point:
        """F and its gradient at U."""
        f = self.scores(U)
        return self._with_gradient(U, f, mean_log_loss(f, self.y, self.s))

    def along(self, point: Point, t: float, step: Array, score_step: Array) -> Trial:
        """F at U + t step, and its derivative in t: scores are linear in U, so no product with X is needed."""
        U, f = point.U + t * step, point.f + t * score_step
        losses = mean_log_loss(f, self.y, self.s)
        value = losses.value + 0.5 * float(np.sum(self.penalty * U**2))
        slope = float(np.vdot(losses.slopes, score_step) + np.sum(self.penalty * U * step))
        return Trial(t, U, f, losses, value, slope)

    def accept(self, trial: Trial) -> Point:
        """The point of a trial: only now is its gradient computed."""
        return self._with_gradient(trial.U, trial.f, trial.losses)

    def _with_gradient(self, U: Array, f: Array, losses: Losses) -> Point:
        value = losses.value + 0.5 * float(np.sum(self.penalty * U**2))
        return Point(U, f, losses.p, value, self._times_rows(losses.slopes) + self.penalty * U)

    def hessian(self, p: Array) -> Array:
        """∂²F/∂U² from the probabilities, shape (K q, K q); block (k, l) belongs to outputs k and l.

        With A_kl = Σ_i s_i p_ik p_il x_i x_iᵀ, block (k, l) is -A_kl and, as the probabilities of a row sum to 1,
        block (k, k) is Σ_l≠k A_kl: a sum of what is not negative, which no p near 1 can cancel. About n p² K² / 2
        multiplications.
        """
        K, q = self.shape
        if sparse.issparse(self.X):
            hessian = self._sparse_hessian(p)
        elif K == 1:
            hessian = np.zeros((q, q))
            for _, x in self._blocks(np.sqrt(self.s * p[0] * (1.0 - p[0])), q):
                hessian += x @ x.T
            self._scale_block(hessian)
        else:
            hessian = np.zeros((K * q, K * q))
            blocks = hessian.reshape(K, q, K, q)
            for rows, x in self._blocks(np.sqrt(self.s), K * q):
                z = (p[:, None, rows] * x).reshape(K * q, -1)
                for k in range(1, K):
                    hessian[k * q : (k + 1) * q, : k * q] -= z[k * q : (k + 1) * q] @ z[: k * q].T
            for k in range(1, K):
                for other in range(k):
                    blocks[other, :, k] = self._scale_block(blocks[k, :, other]).T
            for k in range(K):
                blocks[k, :, k] = -blocks[k].sum(axis=1)
        hessian[np.diag_indices(K * q)] += np.tile(self.penalty, K)
        return hessian

    def hessian_product(self, p: Array, V: Array) -> Array:
        """∂²F/∂U² times V, both of the shape of U, without the matrix: 4 n p K multiplications."""
        g = self.scores(V)
        bent = p * (1.0 - p) * g if self.n_outputs == 1 else p * (g - np.sum(p * g, axis=0))
        return self._times_rows(bent * self.s) + self.penalty * V

    def largest_slope(self, U: Array, gradient: Array) -> float:
        """How far the conditions of a minimum are missed, in the user's own units, given ∂F/∂U.

        Without a length in the penalty it is the largest |∂F/∂(W, b)|, which scikit-learn's `tol` bounds.
        """
        p = self.X.shape[1]
        slopes = gradient[:, :p] * self.scale
        if self.fit_intercept:
            # At fixed b, moving w_j moves the centred intercept by m_j too.
            slopes = np.column_stack([slopes + gradient[:, p:] * self.centre, gradient[:, p]])
        l1 = self.l1 * np.append(self.scale, np.ones(len(self.l1) - p))
        return float(stationarity(slopes, U, l1).max(initial=0.0))

    def to_users_units(self, U: Array) -> tuple[Array, Array]:
        """W of shape (K, p) and b of shape (K,), zeros without an intercept, from U."""
        p = self.X.shape[1]
        W = U[:, :p] / self.scale
        return W, U[:, p] - W @ self.centre if self.fit_intercept else np.zeros(self.n_outputs)

    def from_users_units(self, W: Array, b: Array) -> Array:
        """U from W of shape (K, p) and b of shape (K,): inverse of `to_users_units`."""
        U = W * self.scale
        return np.column_stack([U, b + W @ self.centre]) if self.fit_intercept else U

    def of_rows(self, rows: Any) -> LogisticObjective | None:
        """The objective of some of the rows; None if they have no weight."""
        s = self.s[rows]
        total = s.sum()
        if not total > 0.0:
            return None
        return self._replace(X=np.ascontiguousarray(self.X[rows]), y=self.y[rows], s=s / total, share=float(total))

    def of_columns(self, columns: Any) -> LogisticObjective:
        """The objective of some of the columns; the others' coefficients are zero."""
        kept = np.append(columns, np.arange(self.X.shape[1], self.shape[1]))
        return self._replace(
            X=self.X[:, columns],
            penalty=self.penalty[kept],
            l1=self.l1[kept],
            centre=self.centre[columns],
            scale=self.scale[columns],
            offset=self.offset[columns],
        )

    def _times_rows(self, R: Array) -> Array:
        """Σ_i r_i (x_i, 1)ᵀ for columns r_i of R, shape (K, q), in the scaled variables."""
        product = (self.X.T @ R[0])[None] if self.n_outputs == 1 else self._products(R)
        sums = R.sum(axis=1, keepdims=True)
        product = (product - sums * self.offset) / self.scale
        return np.column_stack([product, sums]) if self.fit_intercept else product

    def _products(self, R: Array) -> Array:
        return np.ascontiguousarray((self.X.T @ R.T).T) if sparse.issparse(self.X) else R @ self.X

    def _blocks(self, roots: Array, width: int) -> Iterator[tuple[slice, Array]]:
        """Blocks of columns v_i (x_i - m, 1), so many that tables of the given width stay in the cache.

        Each, shape (q, rows), overwrites the one before.
        """
        p, centred = self.X.shape[1], not self.offset.any()
        buffer: Array = np.empty((self.shape[1], 0))
        for rows in row_blocks(len(self.y), width):
            size = rows.stop - rows.start
            if buffer.shape[1] != size:
                buffer = np.empty((self.shape[1], size))
            x, v = self.X[rows].T, roots[rows]
            if not centred:
                x = np.subtract(x, self.offset[:, None], out=buffer[:p])
            np.multiply(x, v, out=buffer[:p])
            buffer[p:] = v
            yield rows, buffer

    def _scale_block(self, block: Array) -> Array:
        """Divide a block of the Hessian, shape (q, q), by the scales of its rows and columns, in place."""
        p = self.X.shape[1]
        block[:p] /= self.scale[:, None]
        block[:, :p] /= self.scale
        return block

    def _sparse_hessian(self, p: Array) -> Array:
        """The Hessian without its penalty, of sparse rows."""
        K, q = self.shape
        hessian = np.empty((K, q, K, q))
        for k in range(K):
            hessian[k, :, k, :] = self._sparse_gram(self.s * p[k] * (1.0 - p[k]))
            for other in range(k):
                block = -self._sparse_gram(self.s * p[k] * p[other])
                hessian[k, :, other, :] = hessian[other, :, k, :] = block
        return hessian.reshape(K * q, K * q)

    def _sparse_gram(self, weights: Array) -> Array:
        """Σ_i weights_i (x_i, 1)(x_i, 1)ᵀ, shape (q, q); sparse rows have no offset."""
        gram = (self.X.T @ self.X.multiply(weights[:, None]).tocsr()).toarray() / self.scale[:, None] / self.scale
        if not self.fit_intercept:
            return gram
        border = self.X.T @ weights / self.scale
        return np.block([[gram, border[:, None]], [border[None, :], weights.sum()]])


def logistic_objective(
    X: Any,
    y: NDArray[np.int64],
    weights: Array | None,
    *,
    n_classes: int,
    C: float,
    fit_intercept: bool,
    l1_ratio: float = 0.0,
    intercept_scaling: float | None = None,
) -> LogisticObjective:
    """The objective of a table: columns scaled, weights divided by their sum.

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
    l1_ratio : float, default=0.0
        r, the share of the length in the penalty.
    intercept_scaling : float, optional
        a, if b / a is penalised as a coefficient is (liblinear's objective); None for an intercept that is free.
    """
    n, p = X.shape
    total = float(n) if weights is None else float(weights.sum())
    s = np.full(n, 1.0 / n) if weights is None else weights / total
    l2, l1 = (1.0 - l1_ratio) / (C * total), l1_ratio / (C * total)
    offset = centre = np.zeros(p)
    if sparse.issparse(X):
        X = sparse.csr_array(X, dtype=np.float64)
        scale = column_scale(X.power(2).T @ s, l2)
    else:
        means, variances = column_moments(X, s)
        if fit_intercept and intercept_scaling is None:
            offset = centre = means
        scale = column_scale(variances + (means - centre) ** 2, l2)
        if X.size <= ENTRIES_OF_COPY:
            X, offset = np.subtract(X.T, centre[:, None], dtype=np.float64, order="C").T, np.zeros(p)
        elif X.dtype != np.float64 or not X.flags.c_contiguous or (np.abs(centre) > FARTHEST_MEAN * scale).any():
            X, offset = np.subtract(X, centre, dtype=np.float64), np.zeros(p)
    penalty, lengths = l2 / scale**2, l1 / scale
    if fit_intercept:
        of_intercept = np.inf if intercept_scaling is None else intercept_scaling
        penalty, lengths = np.append(penalty, l2 / of_intercept**2), np.append(lengths, l1 / of_intercept)
    n_outputs = 1 if n_classes == 2 else n_classes
    return LogisticObjective(X, y, s, n_outputs, penalty, lengths, centre, scale, offset, fit_intercept)
