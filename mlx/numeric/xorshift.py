"""Xorshift draws random integers by three shifts of a word: scikit-learn's generator, so that one seed is one model.

Formula (G. Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8, 14 (2003), section 3.1, the triple 13, 17, 5), for a state x
of 32 bits that is not 0::

    x ← x ⊕ (x << 13),   x ← x ⊕ (x >> 17),   x ← x ⊕ (x << 5)

The lower 31 bits of x are the number that is handed out. A seed of 0, which would stay 0, counts as 1.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

__all__ = ["LARGEST", "integer_from", "next_state"]

# Largest number that is handed out.
LARGEST = 2**31 - 1


@kernel
def next_state(x):
    """State after x; both uint32."""
    if x == np.uint32(0):
        x = np.uint32(1)
    x ^= np.uint32(x << np.uint32(13))
    x ^= np.uint32(x >> np.uint32(17))
    x ^= np.uint32(x << np.uint32(5))
    return x


@kernel
def integer_from(x, low, high):
    """Integer in [low, high) that a state of uint32 stands for; low and high are int64."""
    return low + np.int64(x & np.uint32(LARGEST)) % (high - low)
