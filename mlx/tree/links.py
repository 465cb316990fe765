"""A link carries a prediction to the scale on which trees add up; its inverse carries the margin back."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Link", "mean_of"]

Link = Literal["identity", "logit", "log", "softmax"]

# The exponential of more than this is infinite.
LARGEST_EXPONENT = {np.dtype(np.float32): 88.7, np.dtype(np.float64): 709.0}


def mean_of(margin: NDArray[np.floating], link: Link) -> NDArray[np.floating]:
    """Inverse link of margins of shape (n_samples, n_outputs): values, means, probabilities of one or all classes.

    In the type of the margins: float32 is xgboost's arithmetic.
    """
    number = margin.dtype.type
    if link == "identity":
        return margin
    if link == "logit":
        largest = number(LARGEST_EXPONENT[margin.dtype])
        return number(1.0) / (number(1.0) + np.exp(np.minimum(-margin, largest)))
    if link == "log":
        return np.exp(margin)
    exponential = np.exp(margin - margin.max(axis=1, keepdims=True))
    return exponential / exponential.sum(axis=1, keepdims=True, dtype=np.float64).astype(margin.dtype)
