"""The perceptron's rule: where a row is on the wrong side of the plane, turn the plane towards it.

Formula, for a target y of -1 or +1 and the raw prediction f = wᵀx + b (Rosenblatt 1958; Hastie, Tibshirani &
Friedman, The Elements of Statistical Learning, 2nd ed., section 4.5.1, equation 4.44)::

    y f ≤ 0:    w ← w + η v y x,    b ← b + η v y          η: eta0,  v: the row's weight
    y f > 0:    nothing

It is a step of gradient descent on the loss max(0, -y f) of one row at a time. A penalty α (½ (1 - r) ‖w‖² + r ‖w‖₁)
is taken after each row: the squared length shrinks w by the factor 1 - η α (1 - r), the length pulls each entry towards
zero by η α r, at most to it (Tsuruoka, Tsujii & Ananiadou, "Stochastic gradient descent training for L1-regularized
log-linear models with cumulative penalty", ACL 2009, section 3.2): an entry that is not in the row is pulled when it
is next seen, by all that it then owes, u - q_j.

======  ==========  ====================================================================
symbol  shape       meaning
======  ==========  ====================================================================
X       (n, p)      rows, as values and columns of the entries that are stored
w       (p,)        coefficients divided by `scale`: shrinking all of them is one product
q       (p,)        pull that each coefficient has taken
u       ()          pull that a coefficient seen in every row would have taken
======  ==========  ====================================================================

Rows come in an order that is shuffled anew in each epoch (Fisher & Yates) with the numbers of `mlx.numeric.xorshift`,
and each number is rounded where scikit-learn rounds it: one seed gives one model in both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..numeric.jit import kernel
from ..numeric.xorshift import integer_from, next_state

__all__ = ["Rows", "Stopping", "epoch_state", "perceptron_epoch", "rows_of", "run_epochs", "shuffle_rows"]

# The intercept moves by a hundredth of its step where rows are sparse: it is in every row, other columns are not.
SPARSE_INTERCEPT_STEP = 0.01

# Scales below are multiplied into the coefficients, lest their quotient overflow (by the size of a float).
SMALLEST_SCALE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-6}


class Rows(NamedTuple):
    """Rows of a table, dense or sparse alike.

    Attributes
    ----------
    values : ndarray of float32 or float64, shape (n_stored,)
        Entries, row after row.
    columns : ndarray of int32, shape (n_stored,), or (p,) for a dense table
        Columns of the entries; those of one row, if they are the same in each.
    starts : ndarray of int64, shape (n + 1,)
        Where each row begins in `values`.
    y : ndarray of the dtype of values, shape (n,)
        -1 or +1.
    weights : ndarray of the dtype of values, shape (n,)
    held_out : ndarray of bool, shape (n,)
        Rows that nothing is learned from.
    dense : bool
    """

    values: NDArray
    columns: NDArray[np.int32]
    starts: NDArray[np.int64]
    y: NDArray
    weights: NDArray
    held_out: NDArray[np.bool_]
    dense: bool


def rows_of(X: Any, y: NDArray, weights: NDArray, held_out: NDArray[np.bool_]) -> Rows:
    """Rows of a C-ordered array or a CSR matrix."""
    if sparse.issparse(X):
        return Rows(X.data, X.indices.astype(np.int32), X.indptr.astype(np.int64), y, weights, held_out, False)
    n, p = X.shape
    columns = np.arange(p, dtype=np.int32)
    return Rows(X.ravel(), columns, np.arange(0, n * p + 1, p, dtype=np.int64), y, weights, held_out, True)


# What an epoch begins with and leaves behind. `stored` in the kernels rounds to the dtype of X what scikit-learn keeps
# in it.
EPOCH_STATE = np.dtype(
    [
        ("intercept", np.float64),
        ("scale", np.float64),
        ("smallest_scale", np.float64),
        ("squared_length", np.float64),
        ("length", np.float64),
        ("u", np.float64),
        ("eta", np.float64),
        ("alpha", np.float64),
        ("l1_ratio", np.float64),
        ("intercept_step", np.float64),
        ("weight_above", np.float64),
        ("weight_below", np.float64),
        ("loss", np.float64),
        ("objective", np.float64),
        ("shrinks", np.bool_),
        ("pulls", np.bool_),
        ("fit_intercept", np.bool_),
    ],
    align=True,
)


def epoch_state(
    w: NDArray,
    intercept: float,
    *,
    sparse_rows: bool,
    eta: float,
    penalty: str | None,
    alpha: float,
    l1_ratio: float,
    fit_intercept: bool,
    weight_above: float,
    weight_below: float,
) -> NDArray:
    """What the first epoch begins with, shape (1,) of EPOCH_STATE."""
    state = np.zeros(1, dtype=EPOCH_STATE)
    state["intercept"], state["scale"], state["smallest_scale"] = intercept, 1.0, SMALLEST_SCALE[w.dtype]
    state["squared_length"], state["length"] = w @ w, np.abs(w).sum()
    state["eta"], state["alpha"] = eta, alpha
    state["l1_ratio"] = {"l1": 1.0, "elasticnet": l1_ratio}.get(penalty or "none", 0.0)
    state["intercept_step"] = SPARSE_INTERCEPT_STEP if sparse_rows else 1.0
    state["weight_above"], state["weight_below"] = weight_above, weight_below
    state["shrinks"], state["pulls"] = penalty in ("l2", "elasticnet"), penalty in ("l1", "elasticnet")
    state["fit_intercept"] = fit_intercept
    return state


@kernel
def shuffle_rows(order, seed):
    """Shuffle an order of rows in place (Fisher & Yates) with the numbers from a seed of uint32."""
    n = len(order)
    for i in range(n - 1):
        seed = next_state(seed)
        j = integer_from(seed, np.int64(i), np.int64(n))
        order[i], order[j] = order[j], order[i]


@kernel
def perceptron_epoch(rows, order, w, q, states):
    """Go over the rows in an order and apply the rule to each; w, q and the state are changed in place.

    Parameters
    ----------
    rows : Rows
    order : ndarray of int64, shape (n,)
    w : ndarray of float32 or float64, shape (p,)
    q : ndarray of the dtype of w, shape (p,)
    states : record array of EPOCH_STATE, shape (1,)
    """
    state = states[0]
    stored = w.dtype.type
    state.loss, state.objective = 0.0, 0.0
    for i in order:
        if rows.held_out[i]:
            continue
        first, end = rows.starts[i], rows.starts[i + 1]
        shift = first if rows.dense else 0
        y, f = np.float64(rows.y[i]), 0.0
        for k in range(first, end):
            f += np.float64(w[rows.columns[k - shift]] * rows.values[k])
        f = np.float64(stored(f * state.scale)) + state.intercept
        wrong = y * f <= 0.0
        state.loss += -y * f if wrong else 0.0
        state.objective += -y * f if wrong else 0.0
        if state.shrinks or state.pulls:
            squared = np.float64(stored(np.sqrt(state.squared_length))) ** 2
            state.objective += state.alpha * ((1.0 - state.l1_ratio) * 0.5 * squared + state.l1_ratio * state.length)
        if state.shrinks:
            shrink(w, max(0.0, 1.0 - (1.0 - state.l1_ratio) * state.eta * state.alpha), state)
        if wrong:
            weight = stored(state.weight_above if y > 0.0 else state.weight_below) * rows.weights[i]
            turn(rows, first, end, shift, w, state.eta * y * np.float64(weight), state)
        if state.pulls:
            state.u += state.l1_ratio * state.eta * state.alpha
            for k in range(first, end):
                pull(w, q, rows.columns[k - shift], state)


@kernel
def turn(rows, first, end, shift, w, step, state):
    """Add a row, times a step, to the coefficients, and the step to the intercept."""
    stored = w.dtype.type
    if step == 0.0:
        return
    stretched = np.float64(stored(stored(step) / stored(state.scale)))
    squared_length, length = 0.0, 0.0
    for k in range(first, end):
        j = rows.columns[k - shift]
        w[j] = np.float64(w[j]) + np.float64(rows.values[k]) * stretched
        squared_length += np.float64(w[j] * w[j])
        length += abs(np.float64(w[j]))
    state.squared_length = stored(squared_length * np.float64(stored(state.scale * state.scale)))
    state.length = stored(length * state.scale)
    if state.fit_intercept:
        state.intercept += step * state.intercept_step


@kernel
def shrink(w, factor, state):
    """Multiply the coefficients by a factor."""
    stored = w.dtype.type
    factor = np.float64(stored(factor))
    state.scale = stored(state.scale * factor)
    state.squared_length = stored(state.squared_length * np.float64(stored(factor * factor)))
    state.length = stored(state.length * factor)
    if state.scale < state.smallest_scale:
        for j in range(len(w)):
            w[j] = np.float64(w[j]) * state.scale
        state.scale = 1.0


@kernel
def pull(w, q, j, state):
    """Pull one coefficient towards zero by what it owes, at most to it."""
    before = np.float64(w[j])
    if state.scale * before > 0.0:
        w[j] = max(0.0, before - (state.u + np.float64(q[j])) / state.scale)
    elif state.scale * before < 0.0:
        w[j] = min(0.0, before + (state.u - np.float64(q[j])) / state.scale)
    q[j] = np.float64(q[j]) + state.scale * (np.float64(w[j]) - before)


class Stopping(NamedTuple):
    """When epochs end, and what is done around them.

    Attributes
    ----------
    max_iter : int
    tol : float or None
        Least change for the better that counts as one; None to take all epochs.
    patience : int
        Epochs without a change for the better after which to stop.
    by_score : bool
        Whether the share of right answers on the rows held out decides, not the loss on the others.
    shuffle : bool
    verbose : bool
    """

    max_iter: int
    tol: float | None
    patience: int
    by_score: bool
    shuffle: bool
    verbose: bool


def run_epochs(X: Any, rows: Rows, w: NDArray, state: NDArray, seed: int, stopping: Stopping) -> int:
    """Take epochs until nothing gets better; the number taken. w and the state are changed in place.

    Raises
    ------
    ValueError
        If a coefficient is not finite any more.
    """
    order, q = np.arange(len(rows.y)), np.zeros_like(w)
    n_used = len(rows.y) - np.count_nonzero(rows.held_out)
    held_out = X[rows.held_out] if stopping.by_score else None
    best, without_change = -np.inf, 0
    for epoch in range(1, stopping.max_iter + 1):
        if stopping.shuffle:
            shuffle_rows(order, np.uint32(seed))
        perceptron_epoch(rows, order, w, q, state)
        intercept = state["intercept"][0]
        if not (np.isfinite(intercept) and np.isfinite(w).all()):
            raise ValueError(
                f"X: Floating-point under-/overflow occurred at epoch #{epoch}; bring the columns to similar units"
            )
        goodness = -state["objective"][0] / n_used
        if held_out is not None:
            right = ((held_out @ w + intercept) > 0.0) == (rows.y[rows.held_out] > 0.0)
            goodness = float(np.average(right, weights=rows.weights[rows.held_out]))
        if stopping.verbose:
            score = f", score {goodness:.6f}" if stopping.by_score else ""
            print(f"Perceptron: epoch {epoch}, mean loss {state['loss'][0] / n_used:.6f}{score}")
        without_change = without_change + 1 if stopping.tol is not None and goodness < best + stopping.tol else 0
        best = max(best, goodness)
        if without_change >= stopping.patience:
            return epoch
    return stopping.max_iter
