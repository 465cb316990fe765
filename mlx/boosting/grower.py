"""A grower makes one tree from the gradients of all rows: what a tree method is to the boosting loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..tree import Tree
from .approx import ApproxGrower
from .exact import ExactGrower
from .fixed_point import FixedPointGrower
from .growing import GrowthSettings, HistGrower
from .pruning import PruningGrower
from .row_owner import Run
from .sampling import Sampling
from .sparse_exact import SparseExactGrower
from .sparse_growing import SparseApproxGrower, SparseGrower
from .sparse_vectors import SparseVectorGrower
from .vector_growing import VectorGrower

__all__ = ["Grower", "grower_of"]


class Grower(Protocol):
    """A tree method, holding the rows in the form in which it asks about them.

    Attributes
    ----------
    settings : GrowthSettings
        Of the next tree.
    table : BinnedTable, SparseTable or None
        With the cuts of the tree grown last; None if the method does not cut columns, or has not yet.
    """

    settings: GrowthSettings

    @property
    def table(self) -> Any:
        """See above."""
        ...

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree.

        Parameters
        ----------
        gradients : ndarray of float32 or float64, shape (n_samples, 2)
            Gradient and Hessian of each row; both are 0 where the tree does not see it.
        number : int
            Number of the tree in the model, which names its random streams.
        margin : ndarray of float32, shape (n_samples,), optional
            Margins to which the values of the tree are added at once, as `add_values` does.
        """
        ...

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add to the margin of each row, shape (n_samples,), the value of the leaf that it is in.

        `tree` is the one grown last, maybe with other values in its leaves.
        """
        ...

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf of the tree grown last, in rising order."""
        ...


def grower_of(
    tree_method: str,
    X: Any,
    sample_weight: NDArray[np.float32] | None,
    settings: GrowthSettings,
    sampling: Sampling,
    *,
    max_bin: int,
    cuts: str,
    run: Run,
    n_threads: int,
    constant_hessians: bool = False,
) -> Grower:
    """Grower of a tree method.

    Parameters
    ----------
    tree_method : {'hist', 'approx', 'exact', 'vectors'}
        'vectors' is 'hist' for trees with vectors in their leaves: it takes the gradients of all outputs, and adds to
        the margins of all.
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous; or such a scipy.sparse.csr_matrix
        Sparse rows as of `sparse_rows.stored_values`.
    sample_weight : ndarray of float32, shape (n_samples,), or None
    settings : GrowthSettings
    sampling : Sampling
        Of which a grower draws the columns.
    max_bin : int
    cuts : {'exact', 'xgboost'}
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.
    constant_hessians : bool, default=False
        Whether the Hessians never change, see `ApproxGrower`.
    """
    prunes_after = settings.prunes_after or tree_method == "exact"
    gamma, settings = settings.gamma, settings._replace(gamma=np.float32(0.0)) if prunes_after else settings
    cutting: dict[str, Any] = {"max_bin": max_bin, "cuts": cuts, "run": run, "n_threads": n_threads}
    sparse = scipy.sparse.issparse(X)
    exact: Any = SparseExactGrower if sparse else ExactGrower
    hist: Any = SparseGrower if sparse else HistGrower
    approx: Any = SparseApproxGrower if sparse else ApproxGrower
    vectors: Any = SparseVectorGrower if sparse else VectorGrower
    growers: dict[str, Callable[[], Grower]] = {
        "vectors": lambda: vectors(X, sample_weight, settings, sampling, **cutting),
        "exact": lambda: exact(X, settings, sampling, run=run, n_threads=n_threads),
        "hist": lambda: hist(X, sample_weight, settings, sampling, **cutting),
        "approx": lambda: approx(X, sample_weight, settings, sampling, **cutting, constant_hessians=constant_hessians),
    }
    grower = growers[tree_method]()
    grower = FixedPointGrower(grower, run) if settings.deterministic else grower
    return PruningGrower(grower, gamma, settings.keep_pruned) if prunes_after and gamma > 0 else grower
