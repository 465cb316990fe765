"""Fit a lasso's path: the time of ``lasso_path`` for a hundred alphas, or of ``LassoCV`` for a hundred on five folds.

The objective is (1/2n) ‖y - X w‖² + α ‖w‖₁; no two libraries stop at the same point. So the score is the duality gap,
an upper bound of how far a solution is above the minimum, computed here from the coefficients: the largest along the
path, as a share of ‖y‖² / n. By default a gap of 1e-4 is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..datasets import digest
from ..definitions import COMPILED, COMPILING, SECONDS, Bound, Case, Equal, Limit, Score, Task

GAP = "largest gap"
N_ALPHAS = 100


class PathWork(NamedTuple):
    """A centred table (or a sparse one), its target, and whether the penalty is to be chosen by cross-validation."""

    X: Any
    y: np.ndarray
    by_folds: bool
    facts: Mapping[str, Any]


class Path(NamedTuple):
    """Alphas of shape (n_alphas,) and solutions of shape (n_columns, n_alphas)."""

    alphas: np.ndarray
    coefs: np.ndarray


@lru_cache(maxsize=1)
def make_work(seed: int, quick: bool, *, n_rows: int, n_columns: int, by_folds: bool = False) -> PathWork:
    """Columns that share a common part; the first fifty matter, or as many as there are."""
    if quick:
        n_rows, n_columns = max(n_rows // 100, 30), max(n_columns // 50, 20)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns)) + 0.5 * rng.normal(size=(n_rows, 1))
    some = min(50, n_columns)
    y = X[:, :some] @ rng.normal(size=some) + 3.0 * rng.normal(size=n_rows)
    return _work(X - X.mean(axis=0), y - y.mean(), by_folds)


@lru_cache(maxsize=1)
def make_text(seed: int, quick: bool, *, n_rows: int, n_columns: int) -> PathWork:
    """Sparse columns with the frequencies of words in a text: the j-th stands in a row with a chance of about 1 / j."""
    if quick:
        n_rows, n_columns = n_rows // 20, n_columns // 20
    rng = np.random.default_rng(seed)
    chances = np.minimum(2.0 / np.arange(1, n_columns + 1), 0.3)
    counts = rng.binomial(n_rows, chances)
    places = np.concatenate([rng.choice(n_rows, count, replace=False) for count in counts])
    starts = np.concatenate([[0], np.cumsum(counts)])
    numbers = (rng.exponential(size=len(places)), places.astype(np.int32), starts.astype(np.int32))
    X = sparse.csc_array(numbers, shape=(n_rows, n_columns))
    y = X[:, :50] @ rng.normal(size=50) + rng.normal(size=n_rows)
    return _work(X, y - y.mean(), by_folds=False)


def _work(X: Any, y: np.ndarray, by_folds: bool) -> PathWork:
    first = X[:100].toarray() if sparse.issparse(X) else X[:100]
    facts = {
        "rows": X.shape[0],
        "columns": X.shape[1],
        "alphas": N_ALPHAS,
        "digest of the first rows": digest(first, y),
    }
    return PathWork(X, y, by_folds, facts)


def judge(work: PathWork, path: Path) -> dict[str, float]:
    """Largest duality gap ½ (1 - s)² ‖r‖² + Σ (α |w| - s w c), c = Xᵀ r, s = min(1, α / max |c|), all over n."""
    n = len(work.y)
    residuals = work.y[:, None] - work.X @ path.coefs
    c = work.X.T @ residuals / n
    s = np.minimum(1.0, path.alphas / np.maximum(np.abs(c).max(axis=0), 1e-300))
    slack = (path.alphas * np.abs(path.coefs) - s * path.coefs * c).sum(axis=0)
    gaps = 0.5 * (1.0 - s) ** 2 * np.square(residuals).mean(axis=0) + slack
    return {GAP: float(gaps.max() / np.mean(np.square(work.y)))}


BOUNDS = (Bound(SECONDS, against="scikit-learn", at_most=0.5, stretch=0.35),)
NO_LARGER_GAP = (Equal(GAP, against="scikit-learn"),)

TASK = Task(
    name="lasso_path",
    title="Fit a lasso's path",
    question="Time for a hundred alphas; the score is the largest duality gap, as a share of ‖y‖² / n.",
    scores=(Score(GAP, larger_is_better=False),),
    cases=(
        Case(
            "50k x 500",
            partial(make_work, n_rows=50_000, n_columns=500),
            bounds=BOUNDS,
            limits=(Limit(COMPILING, at_most=4.0, stretch=2.0), Limit(COMPILED, at_most=0.5, stretch=0.5)),
            equals=NO_LARGER_GAP,
        ),
        Case(
            "200 x 5k",
            partial(make_work, n_rows=200, n_columns=5_000),
            bounds=BOUNDS,
            equals=NO_LARGER_GAP,
        ),
        Case(
            "sparse, 5k x 20k",
            partial(make_text, n_rows=5_000, n_columns=20_000),
            equals=NO_LARGER_GAP,
        ),
        Case(
            "cross-validated, 20k x 200",
            partial(make_work, n_rows=20_000, n_columns=200, by_folds=True),
            bounds=BOUNDS,
            equals=NO_LARGER_GAP,
        ),
    ),
    judge=judge,
)
