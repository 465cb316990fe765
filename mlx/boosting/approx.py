r"""The approx method cuts the columns anew for each tree, finer where the model is still unsure.

The loss around the present margin is, up to a constant, a sum of squares weighted by the Hessians h (Chen & Guestrin
2016, section 3.3)::

    Σ_i ½ h_i (w(x_i) + g_i / h_i)²

so a cut shall part the weight of the Hessians, not the number of rows. Once a class is clear, h = p (1 - p) is small,
and the bins move to where the classes meet::

    h        _.-''-._                      h              _/\_
    cuts   |  |  | |  |  |                 cuts    |     |||||||    |
    first tree                             later

Where a column is cut, W(v) being the Hessians' weight of the values up to v, as `quantiles` defines it:

==================  ====================================================================================================
cuts                what
==================  ====================================================================================================
``"exact"``         exact quantiles: the smallest value v with ``max_bin W(v) > k W`` for each k; at most max_bin
                    different values are all kept
``"xgboost"``       the cuts of xgboost 3.2, bit for bit: `library_sorted_cuts`, or, for objectives whose Hessians do
                    not change, those of `library_cuts`, made before the first tree
==================  ====================================================================================================

Exact quantiles are the default, and not the mergeable sketch of `sketch`, because the columns are sorted once and stay
so: after that, all quantiles of a column cost one pass per tree, which is what it costs to fill any sketch, and there
is no error to bound. The sketch is for rows that no single owner can sort. To be free of the order of the rows, to the
last bit, Hessians are first rounded to multiples of a power of two so small that all sums of them are exact.

From the cuts on, a tree grows as with ``hist`` (`growing`). Where Hessians are what they were for the tree before, cuts
stay, too: with squared error, and without samples of rows, this method is ``hist``.

Reference: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from .binning import encode_table
from .categories import category_cuts
from .exact import rows_by_value
from .growing import GrowthSettings, HistGrower
from .library_cuts import library_cuts
from .library_sorted_cuts import library_sorted_cuts
from .quantiles import closing_cut, weighted_quantiles
from .row_owner import Run
from .sampling import Sampling

__all__ = ["CONSTANT_HESSIANS", "ApproxGrower", "CutAnew", "hessian_quantiles", "whole_units"]

# Objectives for which the library cuts only once.
CONSTANT_HESSIANS = frozenset({"reg:squarederror", "reg:absoluteerror", "reg:quantileerror"})

# Whole numbers up to this power of two, and all their sums that are not greater, are exact in float64.
EXACT_BITS = 52


class CutAnew(HistGrower):
    """A `HistGrower` whose columns are cut anew for each tree, by Hessians.

    A subclass calls `keep_columns` once it is made, and says how to make a table of cuts.
    """

    cuts_once: ClassVar[bool] = False

    _columns: list[NDArray[np.float32]]

    def keep_columns(
        self,
        columns: list[NDArray[np.float32]],
        rows: list[NDArray[np.int32]] | None,
        sample_weight: NDArray[np.float32] | None,
        *,
        max_bin: int,
        cuts: str,
        constant_hessians: bool,
    ) -> None:
        """Sort the columns for all trees.

        Parameters
        ----------
        columns : list of ndarray of float32
            Values of each column; NaN is a missing one.
        rows : list of ndarray of int32, or None
            The rows that the values belong to; None is all rows, one after the other.
        sample_weight, max_bin, cuts, constant_hessians
            As of `ApproxGrower`.
        """
        self._columns, self._row_of_value, self._weight = columns, rows, sample_weight
        self._max_bin, self._cuts = max_bin, cuts
        self._constant = constant_hessians and cuts == "xgboost"
        self._hessians = np.empty(0, dtype=np.float32)
        places = self._run(rows_by_value, columns)
        self._values = [column[own] for column, own in zip(columns, places)]
        self._orders = places if rows is None else [own[order] for own, order in zip(rows, places)]

    def table_of_cuts(self, columns: list[NDArray[np.float32]]) -> Any:
        """Table in which each column is cut as is said."""
        raise NotImplementedError

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Cut the columns, and grow one tree, see `Grower`."""
        hessians = np.maximum(gradients[:, 1], 0)
        is_first = len(self._hessians) == 0
        if is_first or not (self._constant or np.array_equal(hessians, self._hessians)):
            self._cut(hessians)
            self._hessians = hessians
        return super().grow(gradients, number, margin)

    def _cut(self, hessians: NDArray[np.floating]) -> None:
        if self._cuts == "exact":
            weight = whole_units(hessians)
            columns = self._run(lambda f: self._exact_cuts(f, weight), range(len(self._orders)))
        else:
            single = hessians.astype(np.float32)
            product = single if self._weight is None else single * self._weight
            columns = self._run(lambda f: self._library_cuts(f, product), range(len(self._orders)))
        self.use_table(self.table_of_cuts(columns))

    def _exact_cuts(self, f: int, weight: NDArray[np.float64]) -> NDArray[np.float32]:
        if self._holds_categories(f):
            return category_cuts(self._values[f])
        return hessian_quantiles(self._values[f], weight[self._orders[f]], self._max_bin)

    def _holds_categories(self, f: int) -> bool:
        is_category = self.settings.categories.is_category
        return len(is_category) > 0 and bool(is_category[f])

    def _library_cuts(self, f: int, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._holds_categories(f):
            return category_cuts(self._values[f])
        if self._constant:
            own = weight if self._row_of_value is None else weight[self._row_of_value[f]]
            return library_cuts(np.ascontiguousarray(self._columns[f]), own, self._max_bin)
        return library_sorted_cuts(self._values[f], weight[self._orders[f]], self._max_bin)


class ApproxGrower(CutAnew):
    """The tree method 'approx', a `Grower`.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    sample_weight : ndarray of float32, shape (n_samples,), or None
    settings : GrowthSettings
    sampling : Sampling
        Of which the columns are drawn.
    max_bin : int
    cuts : {'exact', 'xgboost'}
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.
    constant_hessians : bool, default=False
        Whether the library would cut before the first tree only; regarded with ``cuts="xgboost"``.
    """

    def __init__(
        self,
        X: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        settings: GrowthSettings,
        sampling: Sampling,
        *,
        max_bin: int,
        cuts: str,
        run: Run,
        n_threads: int,
        constant_hessians: bool = False,
    ) -> None:
        super().__init__(X, sample_weight, settings, sampling, max_bin=max_bin, cuts=cuts, run=run, n_threads=n_threads)
        self._X = X
        how = {"max_bin": max_bin, "cuts": cuts, "constant_hessians": constant_hessians}
        self.keep_columns(list(X.T), None, sample_weight, **how)  # type: ignore[arg-type]

    def table_of_cuts(self, columns: list[NDArray[np.float32]]) -> Any:
        """Table in which each column is cut as is said."""
        has_missing = [len(order) < len(self._X) for order in self._orders]
        return encode_table(self._X, columns, has_missing, self._n_threads, self._run)


def hessian_quantiles(values: NDArray[np.float32], weight: NDArray[np.float64], max_bin: int) -> NDArray[np.float32]:
    """Cuts of one column, in rising order, as `quantiles.column_cuts` makes them.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Those that are not missing, sorted.
    weight : ndarray of float64, shape (n,)
        Of each of them; whole numbers, see `whole_units`.
    max_bin : int
        Largest number of bins, at least 2.
    """
    if len(values) == 0:
        return np.array([closing_cut(np.float32(0.0))], dtype=np.float32)
    first = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    inner = values[first]
    if len(first) > max_bin and weight.any():
        inner = weighted_quantiles(inner, np.add.reduceat(weight, first), max_bin)
    inner = inner[inner > values[0]]
    return np.append(inner[: max_bin - 1], closing_cut(values[-1])).astype(np.float32)


def whole_units(weight: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weights as whole numbers of a unit, a power of two, of which all together are at most 2 ** `EXACT_BITS`.

    The unit depends on the largest weight and on how many there are, and so not on their order.
    """
    largest = float(weight.max(initial=0.0))
    if largest == 0.0:
        return np.zeros(len(weight))
    _, bits = math.frexp(largest)
    return np.rint(np.ldexp(weight.astype(np.float64), EXACT_BITS - bits - len(weight).bit_length()))
