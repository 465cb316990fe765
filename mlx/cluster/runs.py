"""A k-means fit is some runs from different centers, of which the one with the smallest inertia counts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.validation import check_array

from ..validation import naming
from .seeding import CostsWith, drawn_far_apart, drawn_rows

__all__ = ["Clustering", "best_run", "centers_by_init", "check_centers", "is_same_clustering", "number_of_runs"]

Array = NDArray[np.floating]


# Runs from different centers where n_init="auto" and each may end badly.
RUNS_BY_CHANCE = 10


class Clustering(NamedTuple):
    """What one run found.

    Attributes
    ----------
    labels : ndarray of int32 of shape (n,)
    centers : ndarray of shape (k, p)
    inertia : float
    n_iter : int
    """

    labels: NDArray[np.int32]
    centers: Array
    inertia: float
    n_iter: int


def number_of_runs(n_init: int | str, init: Any) -> int:
    """Number of runs that the parameters ask for; from centers that are given, one. Warns where more were asked for."""
    is_drawn = isinstance(init, str) or callable(init)
    if not is_drawn:
        if n_init not in ("auto", 1):
            warnings.warn(
                "Explicit initial center position passed: performing only one init in KMeans instead of "
                f"n_init={n_init}.",
                RuntimeWarning,
                stacklevel=3,
            )
        return 1
    if n_init != "auto":
        return int(n_init)
    return 1 if isinstance(init, str) and init == "k-means++" else RUNS_BY_CHANCE


def best_run(
    start: Callable[[], Array], iterate: Callable[[Array], Clustering], n_runs: int, *, verbose: bool
) -> Clustering:
    """The run with the smallest inertia; one that only numbers the same clusters otherwise does not count.

    Parameters
    ----------
    start : callable
        Gives the centers that a run starts from.
    iterate : callable
        Makes a run of them.
    n_runs : int
    verbose : bool
        Print when centers are there.
    """
    best: Clustering | None = None
    for _ in range(n_runs):
        centers = start()
        if verbose:
            print("Initialization complete")
        found = iterate(centers)
        is_less = best is None or found.inertia < best.inertia
        if best is None or (is_less and not is_same_clustering(found.labels, best.labels, len(centers))):
            best = found
    assert best is not None, "n_runs is at least 1"
    return best


def centers_by_init(
    init: Any,
    X: Any,
    weights: Array,
    n_clusters: int,
    costs_with: CostsWith,
    random_state: np.random.RandomState,
) -> Array:
    """Centers to start from, drawn or asked for as `init` tells.

    Parameters
    ----------
    init : {'k-means++', 'random'}, callable or ndarray of shape (n_clusters, n_features)
    X : ndarray or csr array of shape (n, n_features)
    weights : ndarray of shape (n,)
    n_clusters : int
    costs_with : callable
        Of `drawn_far_apart`.
    random_state : RandomState

    Raises
    ------
    ValueError
        Naming `init`, if what a callable returns does not fit.
    """
    if isinstance(init, np.ndarray):
        return init
    if callable(init):
        centers = init(X, n_clusters, random_state=random_state)
        return check_centers(centers, X, n_clusters)
    if isinstance(init, str) and init == "random":
        centers = X[drawn_rows(weights, n_clusters, random_state)]
    else:
        centers = X[drawn_far_apart(costs_with, weights, n_clusters, random_state)]
    return centers.toarray() if sparse.issparse(centers) else centers


def check_centers(centers: Any, X: Any, n_clusters: int) -> Array:
    """Centers that a user gave, as an array of the dtype of X.

    Raises
    ------
    ValueError
        Naming `init`, if they are not finite numbers of shape (n_clusters, n_features).
    """
    with naming("init"):
        centers = check_array(centers, dtype=X.dtype, order="C")
    expected = (n_clusters, X.shape[1])
    if centers.shape != expected:
        raise ValueError(
            f"init: the shape of the initial centers {centers.shape} is not (n_clusters, n_features) = {expected}."
        )
    return centers


def is_same_clustering(labels: NDArray[np.int32], other: NDArray[np.int32], k: int) -> bool:
    """Whether rows with the same label have the same label in `other`, too."""
    partner = np.full(k, -1, dtype=np.int32)
    partner[labels] = other
    return bool((partner[labels] == other).all())
