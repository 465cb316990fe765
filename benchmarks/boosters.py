"""What the booster tasks share: a table with rows held out, and the trees that every library is to grow.

Equal for all: rounds, depth or leaves, learning rate 0.1, lambda 1, at most 256 bins per column, no early stopping, no
sampling, leaves as small as min_child_weight 1 allows. What cannot be equal, because a library has no such parameter:

* **LightGBM** always splits the leaf with the largest gain next. With ``num_leaves = 2 ** depth`` the depth is its only
  limit, so its trees may be as large as ours; which nodes are split is the same. Its bins are 255 and one for missing
  values, cut from a sample of 200,000 rows; columns that are never set together become one (a gain on one-hot columns).
* **scikit-learn** likewise, with 255 bins from a sample of 200,000 rows, and with no smallest Hessian of a leaf.
* **xgboost** and **mlx** grow level by level, or by gain where the case is lossguide. xgboost's cuts come from its
  sketch, ours are exact quantiles.

Held-out scores of two libraries differ by chance, too. In the binary table a product of two columns shows no gain to
the first question about either, so the trees find it earlier or later as the cuts happen to fall: with 200,000 rows
and one seed, moving the cuts (254 bins, 256 or 200, or the same rows in another order for xgboost) moves the AUC
between 0.828 and 0.838. Over eight seeds exact cuts gave 0.8345 ± 0.001 and xgboost's cuts 0.8338 ± 0.001, while three
seeds of them happened to be 0.005 apart. With ``cuts="xgboost"`` models and scores are those of xgboost itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .datasets import digest
from .definitions import MEMORY, SECONDS, Bound, Equal

# The names are xgboost's; the files of the other libraries translate them.
PARAMETERS: Mapping[str, Any] = {
    "n_estimators": 100,
    "max_depth": 6,
    "learning_rate": 0.1,
    "reg_lambda": 1.0,
    "max_bin": 256,
}

# Trees that grow leaf by leaf, without a limit to their depth.
LEAF_WISE: Mapping[str, Any] = {"grow_policy": "lossguide", "max_leaves": 255, "max_depth": 0}

# From rows of X to probabilities of class 1, probabilities of all classes, or predicted numbers.
Answer = Callable[[np.ndarray], np.ndarray]


class BoosterWork(NamedTuple):
    """A table to fit, one to be judged on, and the trees to grow.

    Attributes
    ----------
    X, X_test : ndarray of shape (n_rows, n_features), float32
        Training and held-out rows.
    y, y_test : ndarray of shape (n_rows,)
        Their classes, from 0, or numbers.
    n_classes : int
        0 if y are numbers.
    parameters : mapping of str to object
        xgboost's names.
    facts : mapping of str to object
        For the result file.
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    n_classes: int
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]


def make_work(
    table: Callable[[int, int], tuple[np.ndarray, np.ndarray]],
    seed: int,
    quick: bool,
    *,
    n_rows: int,
    n_test: int | None = None,
    n_classes: int = 0,
    missing: float = 0.0,
    **changes: Any,
) -> BoosterWork:
    """Rows of a table for training and some for judging; quick: 2,000 rows, 5 trees.

    `table` is a function of the number of rows and the seed, `missing` the share of values that are taken away, and
    `changes` are parameters that differ from `PARAMETERS`.
    """
    n_test = max(n_rows // 4, 1_000) if n_test is None else n_test
    n_train, n_test = (min(n, 2_000) if quick else n for n in (n_rows, n_test))
    parameters = {**PARAMETERS, **changes, **({"n_estimators": 5} if quick else {})}
    X, y = table(n_train + n_test, seed)
    if missing:
        X[np.random.default_rng(seed).random(X.shape) < missing] = np.nan
    facts = {
        "rows": n_train,
        "columns": X.shape[1],
        "held-out rows": n_test,
        "digest of the first table": digest(X, y),
        **parameters,
    }
    # Copies, so that what is held out is no part of the memory of what is trained on.
    parts = (X[:n_train].copy(), y[:n_train].copy(), X[n_train:].copy(), y[n_train:].copy())
    return BoosterWork(*parts, n_classes, parameters, facts)


def speed(at_most: float, stretch: float) -> tuple[Bound, ...]:
    """Bounds of the time: a share of xgboost's, and no more than that of the others."""
    return (
        Bound(SECONDS, against="xgboost", at_most=at_most, stretch=stretch),
        Bound(SECONDS, against="lightgbm", at_most=1.0, stretch=1.0),
        Bound(SECONDS, against="scikit-learn", at_most=1.0, stretch=1.0),
    )


def memory(at_most: float, stretch: float) -> tuple[Bound, ...]:
    """Bound of the memory above the data."""
    return (Bound(MEMORY, against="xgboost", at_most=at_most, stretch=stretch),)


def as_good_as_xgboost(score: str) -> tuple[Equal, ...]:
    """The held-out score is xgboost's, but for chance."""
    return (Equal(score, against="xgboost"),)
