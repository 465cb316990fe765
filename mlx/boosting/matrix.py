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
from .columns import checked_names, checked_types
from .tables import table_of

__all__ = ["DMatrix", "DataSplitMode"]

# What is known of the rows, as float32: one number for each row, or a row of numbers.
OF_ROWS = ("label", "weight", "base_margin", "label_lower_bound", "label_upper_bound")
FLOATS = (*OF_ROWS, "feature_weights")


class DataSplitMode(IntEnum):
    """How a table is split over workers; it is not: only ROW is supported."""

    ROW = 0
    COL = 1


class DMatrix:
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
    feature_types : list of str, optional
        Of each column "float" or "q", "int", "i" (true or false), which matter for what dumps of trees look
        like, or "c", a column of codes of categories.
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

    def given(self, field: str) -> NDArray | None:
        """What has been said of the rows, or None; not to be changed."""
        return self._info.get(field)

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

    def set_float_info(self, field: str, data: Any) -> None:
        """Say what is known of the rows, as numbers.

        Parameters
        ----------
        field : {"label", "weight", "base_margin", "label_lower_bound", "label_upper_bound", "feature_weights"}
        data : array-like
        """
        if field not in FLOATS:
            raise ValueError(f"field={field!r} must be one of {', '.join(map(repr, FLOATS))}")
        values = _numbers(field, data)
        bounds = field.endswith("bound")
        if np.isnan(values).any() or (not bounds and np.isinf(values).any()):
            raise ValueError(f"{field}: has NaN, or infinite values, or numbers too large for float32")
        if field.endswith(("weight", "weights")):
            if np.any(values < 0):
                raise ValueError(f"{field}: must not be negative")
            values = values.ravel()
        if field == "feature_weights":
            wrong = len(values) != self.num_col()
        else:
            # Weights may be those of groups, which are not known yet.
            wrong = field != "weight" and values.size % max(self.num_row(), 1) != 0
        if wrong or (values.size == 0 and self.num_row() > 0):
            raise ValueError(f"{field}: {values.size} numbers for {self.num_row()} rows and {self.num_col()} columns")
        per_row = 1 if self.num_row() == 0 else values.size // self.num_row()
        self._info[field] = values.reshape(-1, per_row) if field in OF_ROWS[:3] and per_row > 1 else values.ravel()

    def set_float_info_npy2d(self, field: str, data: Any) -> None:
        """As `set_float_info`."""
        self.set_float_info(field, data)

    def set_uint_info(self, field: str, data: Any) -> None:
        """Say which rows belong together.

        Parameters
        ----------
        field : {"group", "qid"}
            Sizes of groups, or a number for each row.
        data : array-like of int
        """
        if field not in ("group", "qid"):
            raise ValueError(f"field={field!r} must be one of 'group', 'qid'")
        values = _whole_numbers(field, data)
        if field == "group":
            start = np.concatenate([[0], np.cumsum(values)])
        else:
            if np.any(values[1:] < values[:-1]):
                raise ValueError("qid: must not fall from one row to the next")
            start = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]])
        if start[-1] != self.num_row():
            raise ValueError(f"{field}: is about {start[-1]} rows, the table has {self.num_row()}")
        self._info["group_ptr"] = start.astype(np.uint32)

    def get_float_info(self, field: str) -> NDArray[np.float32]:
        """What is known of the rows, as numbers; empty if nothing is. `field` as in `set_float_info`."""
        if field not in FLOATS:
            raise ValueError(f"field={field!r} must be one of {', '.join(map(repr, FLOATS))}")
        return self._info.get(field, np.empty(0, dtype=np.float32)).copy()

    def get_uint_info(self, field: str) -> NDArray[np.uint32]:
        """First row of each group, and the number of rows; empty without groups. `field` is "group_ptr"."""
        if field != "group_ptr":
            raise ValueError(f"field={field!r} must be 'group_ptr'")
        return self._info.get(field, np.empty(0, dtype=np.uint32)).copy()

    def set_label(self, label: Any) -> None:
        """Set the targets."""
        self.set_float_info("label", label)

    def set_weight(self, weight: Any) -> None:
        """Set the weights of the rows, or of the groups when ranking."""
        self.set_float_info("weight", weight)

    def set_base_margin(self, margin: Any) -> None:
        """Set where the margin of each row starts."""
        self.set_float_info("base_margin", margin)

    def set_group(self, group: Any) -> None:
        """Set the sizes of the groups."""
        self.set_uint_info("group", group)

    def get_label(self) -> NDArray[np.float32]:
        """The targets; empty if there are none."""
        return self.get_float_info("label")

    def get_weight(self) -> NDArray[np.float32]:
        """The weights; empty if there are none."""
        return self.get_float_info("weight")

    def get_base_margin(self) -> NDArray[np.float32]:
        """Where the margins start; empty if nothing is known of it."""
        return self.get_float_info("base_margin")

    def get_group(self) -> NDArray[np.uint32]:
        """The sizes of the groups; empty if there are none."""
        return np.diff(self.get_uint_info("group_ptr"))

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
        chosen = _whole_numbers("rindex", rindex)
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
        """Refused: the file would be one of xgboost's own form."""
        raise NotImplementedError("DMatrix.save_binary: xgboost's binary form of a table is not written")

    def get_quantile_cut(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Refused: cuts belong to the trees that are grown, not to the table."""
        raise NotImplementedError("DMatrix.get_quantile_cut: cuts are made when trees are grown, and not kept")

    def get_categories(self, export_to_arrow: bool = False) -> Any:
        """Refused: the library's container of categories is not made; `categories` has their names."""
        raise NotImplementedError("DMatrix.get_categories: is not supported; the attribute categories has their names")


def _numbers(field: str, data: Any) -> NDArray[np.float32]:
    """A copy as float32."""
    array = np.asarray(data)
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"{field}: numbers are needed, not {array.dtype}")
    try:
        with np.errstate(over="ignore"):
            return np.array(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{field}: {error}") from None


def _whole_numbers(field: str, data: Any) -> NDArray[np.int64]:
    array = np.asarray(data)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or np.any(array != np.floor(array)) or np.any(array < 0):
        raise ValueError(f"{field}: must be a row of whole numbers that are not negative")
    return array.astype(np.int64)
