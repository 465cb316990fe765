"""A growth record keeps what was known of each node when its tree was grown, so that every number can be traced.

A tree without it predicts the same. Trees that are read from a model file have none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .checks import flags, floats, integers, refuse_nodes

__all__ = ["GrowthRecord"]


@dataclass(frozen=True, eq=False)
class GrowthRecord:
    """Sums of each node of one boosted tree, and the best candidate that was not taken there.

    The candidates of a node are the best split on each column. At an inner node the runner-up is the best one on
    another column than the node's own; at a leaf it is the best one of all, refused because it gains less than gamma.

    Parameters
    ----------
    sums : ndarray of float64, shape (n_nodes, 2)
        Sums of gradients and of Hessians of the training rows that reached the node: G and H.
    missing_sums : ndarray of float64, shape (n_nodes, 2)
        The part of them that comes from rows whose value is missing in the node's column; 0 at leaves.
    runner_up_feature : ndarray of int32, shape (n_nodes,)
        Column of the runner-up; -1 where there is none: no split lowers the loss, or none was looked for because the
        tree may not be deeper.
    runner_up_threshold : ndarray of float32, shape (n_nodes,)
        Rows with a lower value would go left.
    runner_up_missing_left : ndarray of bool, shape (n_nodes,)
        Whether missing values would go left.
    runner_up_gain : ndarray of float32, shape (n_nodes,)
        What it would have gained.

    Raises
    ------
    ValueError
        If the arrays are not about the same nodes, or hold something else than numbers.
    """

    sums: NDArray[np.float64]
    missing_sums: NDArray[np.float64]
    runner_up_feature: NDArray[np.int32]
    runner_up_threshold: NDArray[np.floating]
    runner_up_missing_left: NDArray[np.bool_]
    runner_up_gain: NDArray[np.floating]

    def __post_init__(self) -> None:
        kinds = {"runner_up_feature": integers, "runner_up_missing_left": flags}
        for name in self.__dataclass_fields__:
            array = kinds.get(name, floats)(getattr(self, name), name)
            shape = (len(array), 2) if name in ("sums", "missing_sums") else (len(array),)
            if array.shape != shape or len(array) != len(self.sums):
                raise ValueError(f"{name}: shape {array.shape} does not fit {len(self.sums)} nodes")
            if array.dtype.kind == "f":
                finite = np.isfinite(array)
                refuse_nodes(~(finite if array.ndim == 1 else finite.all(axis=1)), name + ": node {} is not finite")
            object.__setattr__(self, name, array)

    @classmethod
    def grown(
        cls,
        *,
        sums: NDArray[np.float64],
        missing_sums: NDArray[np.float64],
        runner_up_feature: NDArray[np.int32],
        runner_up_threshold: NDArray[np.floating],
        runner_up_missing_left: NDArray[np.bool_],
        runner_up_gain: NDArray[np.floating],
    ) -> GrowthRecord:
        """Record of arrays that this package has just made, taken as they are: no check, no copy."""
        record = cls.__new__(cls)
        record.__dict__.update(
            sums=sums,
            missing_sums=missing_sums,
            runner_up_feature=runner_up_feature,
            runner_up_threshold=runner_up_threshold,
            runner_up_missing_left=runner_up_missing_left,
            runner_up_gain=runner_up_gain,
        )
        return record

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.sums)
