"""Fit logistic regressions, at the defaults and to a tolerance that leaves no doubt: the time of ``fit``.

Solvers stop where they are told to, some far from the minimum and some at it, so a time says nothing without the score:
by which share the penalised loss is above its minimum. It is what a Newton step from the answer promises, ½ gᵀ H⁻¹ g.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..datasets import digest, log_odds
from ..definitions import MEMORY, SECONDS, Bound, Case, Score, Task

ABOVE = "loss above the minimum"


class LogisticWork(NamedTuple):
    """A table, its classes, and the tolerance that all are given; None for the defaults."""

    X: np.ndarray
    y: np.ndarray
    tol: float | None
    facts: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that all contenders have in common."""
        return {} if self.tol is None else {"tol": self.tol, "max_iter": 10_000}


@lru_cache(maxsize=1)
def make_work(seed: int, quick: bool, *, n_rows: int, n_classes: int, tol: float | None = None) -> LogisticWork:
    """A Gaussian table of 50 columns."""
    n_rows = 2_000 if quick else n_rows
    X, y = log_odds.make(n_rows, 50, n_classes, seed)
    facts = {"rows": n_rows, "columns": 50, "classes": n_classes, "tol": tol}
    return LogisticWork(X, y, tol, {**facts, "digest of the first rows": digest(X[:1000], y[:1000])})


@lru_cache(maxsize=1)
def make_digits(seed: int, quick: bool) -> LogisticWork:
    """Handwritten digits, 1797 x 64, in another order for each seed."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    facts = {"rows": len(y), "columns": 64, "classes": 10, "tol": None, "digest": digest(X[order], y[order])}
    return LogisticWork(X[order], y[order], None, facts)


def judge(work: LogisticWork, model: Any) -> dict[str, float]:
    """The fall that a Newton step promises, over the objective."""
    rows = np.column_stack([work.X, np.ones(len(work.y))])
    W = np.column_stack([model.coef_, model.intercept_])
    if len(W) == 1:  # two classes: half the scores' difference each, with the same penalty on W
        return {ABOVE: _above(rows, work.y, np.concatenate([np.zeros_like(W), W]), only_last=True)}
    return {ABOVE: _above(rows, work.y, W, only_last=False)}


def _above(rows: np.ndarray, y: np.ndarray, W: np.ndarray, *, only_last: bool) -> float:
    K, q = W.shape
    f = rows @ W.T
    f -= f.max(axis=1, keepdims=True)
    p = np.exp(f)
    p /= p.sum(axis=1, keepdims=True)
    penalised = np.append(np.ones(q - 1), 0.0)
    value = -np.log(p[np.arange(len(y)), y]).sum() + 0.5 * (penalised * W**2).sum()
    gradient = (p - np.eye(K)[y]).T @ rows + penalised * W
    hessian = np.empty((K, q, K, q))
    for k in range(K):
        for other in range(K):
            weights = p[:, k] * ((k == other) - p[:, other])
            hessian[k, :, other] = rows.T @ (weights[:, None] * rows) + (k == other) * np.diag(penalised)
    if only_last:
        gradient, hessian = gradient[1:], hessian[1:, :, 1:]
    g = gradient.ravel()
    # Moving all intercepts at once changes nothing: the shortest step leaves them.
    step = np.linalg.lstsq(hessian.reshape(g.size, g.size), g)[0]
    return float(0.5 * g @ step / value)


def faster_than(*others: str, at_most: float, stretch: float) -> tuple[Bound, ...]:
    return tuple(Bound(SECONDS, against=other, at_most=at_most, stretch=stretch) for other in others)


LBFGS, NEWTON = "scikit-learn", "scikit-learn, newton-cholesky"

TASK = Task(
    name="logistic",
    title="Fit logistic regressions",
    question="Time of `fit`, at the defaults and at one tolerance; the score is the share by which the penalised loss "
    "is above its minimum.",
    scores=(Score(ABOVE, larger_is_better=False),),
    cases=(
        Case(
            "two classes, 200k x 50, tol=1e-9",
            partial(make_work, n_rows=200_000, n_classes=2, tol=1e-9),
            bounds=faster_than(LBFGS, NEWTON, at_most=0.8, stretch=0.5),
        ),
        Case(
            "two classes, 200k x 50, defaults",
            partial(make_work, n_rows=200_000, n_classes=2),
            bounds=(
                *faster_than(LBFGS, at_most=1.0, stretch=0.6),
                Bound(MEMORY, against=LBFGS, at_most=1.5, stretch=1.0),
            ),
        ),
        Case(
            "ten classes, 60k x 50, defaults",
            partial(make_work, n_rows=60_000, n_classes=10),
            bounds=faster_than(LBFGS, at_most=1.0, stretch=0.6),
        ),
        Case("ten classes, digits, defaults", make_digits, bounds=faster_than(LBFGS, at_most=1.0, stretch=0.6)),
    ),
    judge=judge,
)
