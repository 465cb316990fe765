"""A data matrix is a table together with what is known of its rows: targets, weights, margins to start from, groups.

`DMatrix` is xgboost's name for it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..tree.category_names import CategoryNames
from .categories_of_columns import Categories
from .columns import checked_names, checked_types
from .row_info import FLOATS, OF_ROWS, RowInfo, whole_numbers
from .tables import table_of

__all__ = ["DMatrix", "DataSplitMode"]


class DataSplitMode(IntEnum):
    """How a table is split over workers; it is not: only ROW is supported."""

    ROW = 0
    COL = 1


class DMatrix(RowInfo):
    """A table and what is known of its rows, with the parameters of xgboost's class of the same name.

    Parameters
    ----------
    data : array-like, pandas.DataFrame or scipy sparse matrix, shape (n_samples, n_features)
        It is copied, once, to float32.
    label : array-like of shape (n_samples,) or (n_samples, n_targets), optional
        Targets; classes are numbers from 0.
    weight : array-like of shape (n_samples,), optional
        Weights of the rows; of the groups when ranking.
    base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        Where the margin of each row starts.
    missing : float, default=None
        Value that stands for a missing one; None is NaN, which always is one.
    silent : bool, default=False
        Has no effect, as nothing is printed.
    feature_names : list of str, optional
        Names of the columns; by default those of a data frame.
    feature_types : list of str or Categories, optional
        Of each column "float" or "q", "int", "i" (true or false), which matter for what dumps of trees look
        like, or "c", a column of codes of categories. Or what `get_categories` of another matrix or a model has
        returned: the categories of a data frame get the codes that they have there.
    nthread : int, default=None
        Has no effect: one thread copies the table.
    group : array-like of shape (n_groups,), optional
        Sizes of the groups that are ranked, which follow each other.
    qid : array-like of shape (n_samples,), optional
        The same as a number for each row, which must not fall.
    label_lower_bound, label_upper_bound : array-like of shape (n_samples,), optional
        Ends of the interval in which a target lies.
    feature_weights : array-like of shape (n_features,), optional
        How much more often a column is drawn than another, where columns are drawn.
    enable_categorical : bool, default=False
        Whether columns of categories of a data frame are taken, as codes with their names. In an array, columns of
        codes are those that `feature_types` calls "c".
    data_split_mode : DataSplitMode, default=DataSplitMode.ROW
        Only ROW is supported.

    Raises
    ------
    ValueError, TypeError
        If an argument is not valid: the message names it.
    NotImplementedError
        If it is not supported: the message names it.

    Examples
    --------
    >>> from mlx.boosting import DMatrix
    >>> rows = DMatrix([[1.0, float("nan")], [2.0, 0.5]], label=[0, 1])
    >>> rows.num_row(), rows.num_col(), rows.num_nonmissing()
    (2, 2, 3)
    """

    _cuts: list[NDArray[np.float32]] | None = None

    def __init__(
        self,
        data: Any,
        label: Any = None,
        *,
        weight: Any = None,
        base_margin: Any = None,
        missing: float | None = None,
        silent: bool = False,
        feature_names: Any = None,
        feature_types: Any = None,
        nthread: int | None = None,
        group: Any = None,
        qid: Any = None,
        label_lower_bound: Any = None,
        label_upper_bound: Any = None,
        feature_weights: Any = None,
        enable_categorical: bool = False,
        data_split_mode: DataSplitMode = DataSplitMode.ROW,
    ) -> None:
        if group is not None and qid is not None:
            raise ValueError("group, qid: only one of them may be given")
        if data_split_mode != DataSplitMode.ROW:
            raise NotImplementedError("data_split_mode: only DataSplitMode.ROW is supported")
        self.missing = np.nan if missing is None else float(missing)
        self.nthread, self.silent = -1 if nthread is None else nthread, silent
        self._table = table_of(data, self.missing, enable_categorical)
        if isinstance(feature_types, Categories):
            self._table, feature_types = feature_types.coded(self._table), None
        self._info: dict[str, NDArray] = {}
        self.set_info(
            label=label,
            weight=weight,
            base_margin=base_margin,
            group=group,
            qid=qid,
            label_lower_bound=label_lower_bound,
            label_upper_bound=label_upper_bound,
            feature_names=feature_names,
            feature_types=feature_types,
            feature_weights=feature_weights,
        )

    @property
    def rows(self) -> Any:
        """The table: float32, an array with NaN for what is missing, or a CSR matrix without it; not to be changed."""
        return self._table.rows

    def rows_for(self, categories: CategoryNames | None) -> Any:
        """The table with the codes by which a model knows its categories."""
        return self._table.rows_for(categories)

    @property
    def categories(self) -> CategoryNames | None:
        """For each column the names of its categories, or None."""
        return self._table.categories

    def num_row(self) -> int:
        """Number of rows."""
        return self._table.rows.shape[0]

    def num_col(self) -> int:
        """Number of columns."""
        return self._table.rows.shape[1]

    def num_nonmissing(self) -> int:
        """Number of values that are not missing."""
        rows = self._table.rows
        return int(rows.nnz if scipy.sparse.issparse(rows) else np.count_nonzero(~np.isnan(rows)))

    def data_split_mode(self) -> DataSplitMode:
        """How the table is split over workers: ``DataSplitMode.ROW``."""
        return DataSplitMode.ROW

    def get_data(self) -> scipy.sparse.csr_matrix:
        """The table as a sparse matrix of float32, without what is missing."""
        rows = self._table.rows
        if scipy.sparse.issparse(rows):
            return rows.copy()
        there = ~np.isnan(rows)
        start = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        return scipy.sparse.csr_matrix((rows[there], np.nonzero(there)[1], start), shape=rows.shape)

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns; None takes them away."""
        return None if self._table.names is None else list(self._table.names)

    @feature_names.setter
    def feature_names(self, feature_names: Any) -> None:
        names = None if feature_names is None else checked_names(feature_names, self.num_col())
        self._table = self._table._replace(names=names)

    @property
    def feature_types(self) -> list[str] | None:
        """Types of the columns; None takes them away."""
        return None if self._table.types is None else list(self._table.types)

    @feature_types.setter
    def feature_types(self, feature_types: Any) -> None:
        types = None if feature_types is None else checked_types(feature_types, self.num_col())
        self._table = self._table._replace(types=types)

    def set_info(
        self,
        *,
        label: Any = None,
        weight: Any = None,
        base_margin: Any = None,
        group: Any = None,
        qid: Any = None,
        label_lower_bound: Any = None,
        label_upper_bound: Any = None,
        feature_names: Any = None,
        feature_types: Any = None,
        feature_weights: Any = None,
    ) -> None:
        """Say what is known of rows and columns; arguments as of the class, None changes nothing."""
        floats = (label, weight, base_margin, label_lower_bound, label_upper_bound, feature_weights)
        for field, values in zip(FLOATS, floats):
            if values is not None:
                self.set_float_info(field, values)
        for field, values in (("group", group), ("qid", qid)):
            if values is not None:
                self.set_uint_info(field, values)
        if feature_names is not None:
            self.feature_names = feature_names
        if feature_types is not None:
            self.feature_types = feature_types

    def slice(self, rindex: Any, allow_groups: bool = False) -> DMatrix:
        """Some of the rows, as a matrix of its own, with all that is known of them but their groups.

        Parameters
        ----------
        rindex : list of int or ndarray of int
            Numbers of the rows.
        allow_groups : bool, default=False
            Whether rows of a matrix with groups may be taken out; the groups are then gone.
        """
        if "group_ptr" in self._info and not allow_groups:
            raise ValueError("allow_groups: the matrix has groups, which its slice would lose")
        chosen = whole_numbers("rindex", rindex)
        if np.any(chosen >= self.num_row()):
            raise IndexError(f"rindex: there is no row {chosen.max()}, the matrix has {self.num_row()}")
        part = DMatrix.__new__(DMatrix)
        part.missing, part.nthread, part.silent = self.missing, self.nthread, self.silent
        part._table = self._table._replace(rows=self._table.rows[chosen])
        of_rows = {k: v for k, v in self._info.items() if k in OF_ROWS and len(v) == self.num_row()}
        part._info = {k: v for k, v in self._info.items() if k != "group_ptr"}
        part._info.update({k: v[chosen] for k, v in of_rows.items()})
        return part

    def save_binary(self, fname: Any, silent: bool = True) -> None:
        """Refused: the form of the file is private to xgboost, and each of its versions may change it."""
        raise NotImplementedError(
            "DMatrix.save_binary: xgboost's own form of a table is not written; keep the table as .npz or .parquet"
        )

    def get_quantile_cut(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Cuts of the columns, as the last training on the matrix has made them.

        Returns
        -------
        start : ndarray of uint64, shape (n_features + 1,)
        cuts : ndarray of float32, shape (start[-1],)
            Numbers of column f are those from ``start[f]`` up to ``start[f + 1]``: one that no value is below, then
            the cuts; of a column of categories the categories alone.

        Raises
        ------
        ValueError
            If nothing was trained on the matrix, or only with ``tree_method="exact"``, which cuts nothing.

        Notes
        -----
        They are the library's, to the last bit, if the training has the parameter ``cuts="xgboost"``, or if no column
        has more distinct values than bins. With ``tree_method="approx"`` they are those of the last tree.
        """
        from .quantile_cut import cuts_in_one_row

        cuts = self._known_cuts()
        if cuts is None:
            raise ValueError("get_quantile_cut: cuts are made when trees are grown on the matrix, and none have been")
        return cuts_in_one_row(self.rows, cuts, self._is_category())

    def _keep_cuts(self, cuts: list[NDArray[np.float32]]) -> None:
        """Keep the cuts of each column, for `get_quantile_cut`."""
        self._cuts = cuts

    def _known_cuts(self) -> list[NDArray[np.float32]] | None:
        return self._cuts

    def _is_category(self) -> NDArray[np.bool_]:
        return np.array([kind == "c" for kind in self._table.types or [""] * self.num_col()], dtype=np.bool_)

    def get_categories(self, export_to_arrow: bool = False) -> Categories:
        """Categories of the columns: what other tables may be coded by, see `feature_types`.

        Parameters
        ----------
        export_to_arrow : bool, default=False
            Whether `Categories.to_arrow` shall work.

        Returns
        -------
        Categories
        """
        return Categories(self.categories, self.feature_names, self.num_col(), export_to_arrow)
