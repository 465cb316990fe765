"""What a tree is grown to tell: classes, or numbers, of one output or several."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassTargets", "ValueTargets"]


class ClassTargets(NamedTuple):
    """Classes to tell apart.

    Attributes
    ----------
    codes : ndarray of int32, shape (n_samples, n_outputs)
    n_classes : ndarray of int64, shape (n_outputs,)
    """

    codes: NDArray[np.int32]
    n_classes: NDArray[np.int64]


class ValueTargets(NamedTuple):
    """Numbers to predict.

    Attributes
    ----------
    values : ndarray of float64, shape (n_samples, n_outputs)
    """

    values: NDArray[np.float64]
