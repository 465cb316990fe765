"""A quantile matrix is a data matrix that is made for training with one number of bins.

xgboost's holds bins in place of rows. Here bins are made where trees are grown, so that it differs from a `DMatrix` in
what it may be used for alone: it fixes `max_bin`, cannot be cut into folds, and as a set to evaluate needs `ref`.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .matrix import DataSplitMode, DMatrix

__all__ = ["QuantileDMatrix"]


class QuantileDMatrix(DMatrix):
    """A `DMatrix` for training with one number of bins, with the parameters of xgboost's class of the same name.

    Parameters
    ----------
    data, label, weight, base_margin, missing, silent, feature_names, feature_types, nthread
        As of `DMatrix`.
    max_bin : int, default=None
        Largest number of bins of a column; None is 256. Training with another `max_bin` is refused.
    ref : DMatrix, optional
        The matrix that is trained on, for one that is only evaluated.
    group, qid, label_lower_bound, label_upper_bound, feature_weights, enable_categorical
        As of `DMatrix`.
    max_quantile_batches : int, default=None
        Has no effect: the table is one batch.
    data_split_mode : DataSplitMode, default=DataSplitMode.ROW
        Only ROW is supported.
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
        max_bin: int | None = None,
        ref: DMatrix | None = None,
        group: Any = None,
        qid: Any = None,
        label_lower_bound: Any = None,
        label_upper_bound: Any = None,
        feature_weights: Any = None,
        enable_categorical: bool = False,
        max_quantile_batches: int | None = None,
        data_split_mode: DataSplitMode = DataSplitMode.ROW,
    ) -> None:
        if ref is not None and not isinstance(ref, DMatrix):
            raise TypeError(f"ref: a DMatrix is needed, not {type(ref).__name__}")
        if max_bin is not None and not 2 <= max_bin <= 65_535:
            raise ValueError(f"max_bin={max_bin!r} must lie between 2 and 65535")
        super().__init__(
            data,
            label,
            weight=weight,
            base_margin=base_margin,
            missing=missing,
            silent=silent,
            feature_names=feature_names,
            feature_types=feature_types,
            nthread=nthread,
            group=group,
            qid=qid,
            label_lower_bound=label_lower_bound,
            label_upper_bound=label_upper_bound,
            feature_weights=feature_weights,
            enable_categorical=enable_categorical,
            data_split_mode=data_split_mode,
        )
        if ref is not None and ref.num_col() != self.num_col():
            raise ValueError(f"ref: has {ref.num_col()} columns, data has {self.num_col()}")
        self.max_bin = max_bin
        self._ref = None if ref is None else weakref.ref(ref)

    @property
    def ref(self) -> weakref.ReferenceType[DMatrix] | None:
        """The matrix that is trained on."""
        return self._ref

    def _known_cuts(self) -> list[NDArray[np.float32]]:
        """Cuts of the matrix that is trained on; before any training those that it makes by default."""
        trained_on = None if self._ref is None else self._ref()
        if trained_on is not None:
            return trained_on._known_cuts() or []
        if self._cuts is None:
            from .quantile_cut import cuts_of_rows

            weight, group = self.given("weight"), self.get_group()
            if weight is not None and len(weight) != self.num_row():
                weight = np.repeat(weight, group)
            self._cuts = cuts_of_rows(self.rows, weight, self.max_bin or 256, self._is_category())
        return self._cuts

    def slice(self, rindex: Any, allow_groups: bool = False) -> DMatrix:
        """Refused, as in xgboost: its rows are bins of all of them."""
        raise NotImplementedError("QuantileDMatrix.slice: is not supported; slice a DMatrix")
