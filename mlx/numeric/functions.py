"""Elementary functions for kernels, written so that the compiler computes several numbers at a time."""

from __future__ import annotations

import numpy as np

from .intrinsics import EXPONENT_SHIFT, power_of_two
from .jit import kernel

__all__ = ["exp32"]

f64 = np.float64

LN_2 = 0.6931471805599453

# exp of less is 0 in float32, and exp of more is infinite. The powers of two in between are normal in float64.
LOWEST, HIGHEST = -104.0, 89.0


@kernel
def exp32(x):
    """e^x, rounded to float32.

    ::

        x = k ln 2 + r,   k an integer,   |r| <= ln 2 / 2
        e^x = 2^k (1 + r + r^2 / 2! + ... + r^9 / 9!)

    In float64: what the series leaves out is below r^10 / 10! < 7e-12, and half a bit of a float32 is 3e-8. So the
    result is the float32 nearest to e^x for all but few x (less than one in a thousand, as a test holds), where it is
    the one beside it.

    Parameters
    ----------
    x : float32
    """
    x = f64(x)
    x = LOWEST if x < LOWEST else x
    x = HIGHEST if x > HIGHEST else x
    shifted_k = x * (1.0 / LN_2) + EXPONENT_SHIFT
    r = x - (shifted_k - EXPONENT_SHIFT) * LN_2
    series = 1.0 + r * (1.0 / 9.0)
    series = 1.0 + r * (1.0 / 8.0) * series
    series = 1.0 + r * (1.0 / 7.0) * series
    series = 1.0 + r * (1.0 / 6.0) * series
    series = 1.0 + r * (1.0 / 5.0) * series
    series = 1.0 + r * (1.0 / 4.0) * series
    series = 1.0 + r * (1.0 / 3.0) * series
    series = 1.0 + r * (1.0 / 2.0) * series
    series = 1.0 + r * series
    return np.float32(series * power_of_two(shifted_k))
