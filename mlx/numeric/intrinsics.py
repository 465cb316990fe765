"""Four machine instructions that Numba's Python cannot say, for the innermost loop of the booster's histograms.

Counting a row into the histograms of eight columns, as the processor does it::

    codes of a row    | 17 | 4 | 201 | 0 | 9 | 33 | 128 | 5 |      `load_word`: eight bytes, one load
                         |   |
                         |   +---------------> 16 * 4  bytes into the histogram of column 1
                         +-------------------> 16 * 17 bytes into the histogram of column 0

    histogram         | Σ g  Σ h | Σ g  Σ h | ...                  a bin is 16 bytes, two float64
                      +  g    h                                    `add_pair`: both sums in one 128-bit addition

and, where a node's rows are far apart, `fetch_ahead` asks for the codes of a later row while this one is counted.

Reason: written with plain indexing, the loop takes about 1.6 times as long. The gradient and the Hessian are then added
one after the other, each code is a load of its own, and each index is checked for being negative.

The instructions check nothing: a position outside the array reads or writes memory that belongs to something else. Each
stands here a second time as plain Python, its slow twin, which runs where compiling is off (``NUMBA_DISABLE_JIT``).
"""

from __future__ import annotations

from typing import Any

import numba.core.config
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["PAIR_SHIFT", "add_pair", "add_pair_slowly", "fetch_ahead", "load_word", "load_word_slowly"]

# A pair of float64 is 2^4 bytes: place p of a histogram begins at byte p << PAIR_SHIFT.
PAIR_SHIFT = np.uint64(4)

WORD = ir.IntType(64)
BYTE = ir.IntType(8)
INT32 = ir.IntType(32)
PAIR = ir.VectorType(ir.DoubleType(), 2)

# Arguments of LLVM's prefetch: for reading, kept in all caches, data (not instructions).
PREFETCH = (INT32(0), INT32(3), INT32(1))


def load_word_slowly(array, byte):
    """Eight bytes of an array of integers, from a byte on, as one number; the first byte is the lowest."""
    return array.reshape(-1).view(np.uint8)[int(byte) : int(byte) + 8].view("<u8")[0]


def add_pair_slowly(histogram, byte, g, h):
    """Add g and h to the two float64 that begin at a byte of a histogram of shape (n_places, 2)."""
    histogram[int(byte) >> int(PAIR_SHIFT)] += (g, h)


def fetch_ahead_slowly(array, byte):
    """Bring what stands at a byte of an array into the cache: no result, only later loads are faster."""


def _address(context: Any, builder: Any, array_type: Any, array: Any, byte: Any, pointee: Any) -> Any:
    """Pointer to a byte of an array's data."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(builder.bitcast(data, BYTE.as_pointer()), [byte]), pointee.as_pointer())


def _load_word(typing_context, array, byte):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], WORD)
        return builder.load(address, align=1)

    return types.uint64(array, types.uint64), code


def _add_pair(typing_context, histogram, byte, g, h):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], PAIR)
        pair = ir.Constant(PAIR, ir.Undefined)
        for place, value in enumerate(arguments[2:]):
            pair = builder.insert_element(pair, value, INT32(place))
        builder.store(builder.fadd(builder.load(address, align=8), pair), address, align=8)
        return context.get_dummy_value()

    return types.void(histogram, types.uint64, types.float64, types.float64), code


def _fetch_ahead(typing_context, array, byte):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], BYTE)
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), *(value.type for value in PREFETCH)])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [address, *PREFETCH])
        return context.get_dummy_value()

    return types.void(array, types.uint64), code


load_word: Any
add_pair: Any
fetch_ahead: Any
if numba.core.config.DISABLE_JIT:  # type: ignore[attr-defined]
    load_word, add_pair, fetch_ahead = load_word_slowly, add_pair_slowly, fetch_ahead_slowly
else:
    load_word, add_pair, fetch_ahead = intrinsic(_load_word), intrinsic(_add_pair), intrinsic(_fetch_ahead)
