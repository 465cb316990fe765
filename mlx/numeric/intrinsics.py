"""Machine instructions that Numba's Python cannot say, for the booster's histograms and for teams of threads.

Counting a row into the histograms of eight columns, as the processor does it::

    codes of a row    | 17 | 4 | 201 | 0 | 9 | 33 | 128 | 5 |      one word of 64 bits
                         |   |
                         |   +---------------> 16 * 4  bytes into the histogram of column 1
                         +-------------------> 16 * 17 bytes into the histogram of column 0

    histogram         | Σ g  Σ h | Σ g  Σ h | ...                  a bin is 16 bytes, two float64
                      +  g    h                                    `add_pair`: both sums in one 128-bit addition

and, where a node's rows are far apart, `fetch_ahead` asks for the codes of a later row while this one is counted.

Both sums of a bin stay together where histograms are subtracted and added up, too: `pair_at` reads them as one value of
128 bits, `pair_sum` and `pair_difference` make another one, and `put_pair` writes it. A core writes one number per
cycle, whether it has 64 bits or 128.

Reason: written with plain indexing, the loop takes about 1.6 times as long. The gradient and the Hessian are then added
one after the other, each code is a load of its own, and each index is checked for being negative.

`power_of_two` writes the exponent of a float64 straight into its bits, so that the exponential function can be computed
for several numbers at a time (`mlx.numeric.functions`). `bits_of` reads the bits of a float32.

Threads of a team (`mlx.numeric.team`) share counters: `fetch_add` adds to one and returns what was there, as one step
that no other thread can come between; `load_now` reads it from memory, not from what the compiler remembers of it; and
`yield_core` lets another thread have the core.

The instructions check nothing: a position outside the array reads or writes memory that belongs to something else. Each
stands here a second time as plain Python, its slow twin, which runs where compiling is off (``NUMBA_DISABLE_JIT``).
"""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import numba.core.config
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

__all__ = [
    "EXPONENT_SHIFT",
    "PAIR_SHIFT",
    "add_pair",
    "add_pair_slowly",
    "bits_of",
    "fetch_add",
    "fetch_ahead",
    "is_any",
    "load_now",
    "pair_at",
    "pair_difference",
    "pair_of",
    "pair_sum",
    "power_of_two",
    "power_of_two_slowly",
    "put_pair",
    "yield_core",
]

# A pair of float64 is 2^4 bytes: place p of a histogram begins at byte p << PAIR_SHIFT.
PAIR_SHIFT = np.uint64(4)

# Added to a float64, it leaves the nearest integer in the lowest bits: 1.5 * 2^52, whose last bit is worth 1.
EXPONENT_SHIFT = 1.5 * 2.0**52

WORD = ir.IntType(64)
BYTE = ir.IntType(8)
COUNTER_BYTES = 8
INT32 = ir.IntType(32)
PAIR = ir.VectorType(ir.DoubleType(), 2)
PAIR_BITS = ir.IntType(128)

# Arguments of LLVM's prefetch: for reading, kept in all caches, data (not instructions).
PREFETCH = (INT32(0), INT32(3), INT32(1))


class PairType(types.Type):
    """Numba's type of a pair of float64 that the processor adds at once."""

    def __init__(self) -> None:
        super().__init__(name="PairOfFloat64")


@register_model(PairType)
class PairModel(models.PrimitiveModel):
    """How Numba keeps a pair: as a vector."""

    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, PAIR)


pair_type = PairType()


def add_pair_slowly(histogram, byte, g, h):
    """Add g and h to the two float64 that begin at a byte of a histogram of shape (n_places, 2)."""
    histogram[int(byte) >> int(PAIR_SHIFT)] += (g, h)


def pair_at_slowly(histogram, byte):
    """The two float64 that begin at a byte of an array of pairs."""
    return histogram.reshape(-1, 2)[int(byte) >> int(PAIR_SHIFT)].copy()


def pair_of_slowly(g, h):
    """Two numbers as a pair."""
    return np.array([g, h])


def put_pair_slowly(histogram, byte, pair):
    """Write a pair to where a byte of an array of pairs is."""
    histogram.reshape(-1, 2)[int(byte) >> int(PAIR_SHIFT)] = pair


def pair_sum_slowly(a, b):
    """Sum of two pairs."""
    return a + b


def pair_difference_slowly(a, b):
    """Difference of two pairs."""
    return a - b


def is_any_slowly(pair):
    """1 unless both numbers of a pair are 0 (not -0, which is what no sum is that began with 0), as uint64."""
    return np.uint64(np.any(pair.view(np.uint64) != 0))


def fetch_ahead_slowly(array, byte):
    """Bring what stands at a byte of an array into the cache: no result, only later loads are faster."""


def power_of_two_slowly(shifted):
    """2^k for an integer k from -1022 to 1023, handed over as k + `EXPONENT_SHIFT`, all float64."""
    return math.ldexp(1.0, int(shifted - EXPONENT_SHIFT))


def bits_of_slowly(number):
    """The bits of a float32, as an int32."""
    return np.float32(number).view(np.int32)


def fetch_add_slowly(counters, place, more):
    """Add to a counter, and return what it was."""
    before = counters[place]
    counters[place] += more
    return before


def load_now_slowly(counters, place):
    """What a counter is now."""
    return counters[place]


def yield_core_slowly():
    """Let another thread run."""
    time.sleep(0)


def _address(context: Any, builder: Any, array_type: Any, array: Any, byte: Any, pointee: Any) -> Any:
    """Pointer to a byte of an array's data."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(builder.bitcast(data, BYTE.as_pointer()), [byte]), pointee.as_pointer())


def _vector(builder: Any, numbers: Any) -> Any:
    """Two float64 as one value of 128 bits."""
    pair = ir.Constant(PAIR, ir.Undefined)
    for place, number in enumerate(numbers):
        pair = builder.insert_element(pair, number, INT32(place))
    return pair


def _add_pair(typing_context, histogram, byte, g, h):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], PAIR)
        pair = _vector(builder, arguments[2:])
        builder.store(builder.fadd(builder.load(address, align=8), pair), address, align=8)
        return context.get_dummy_value()

    return types.void(histogram, types.uint64, types.float64, types.float64), code


def _pair_at(typing_context, histogram, byte):
    def code(context, builder, signature, arguments):
        return builder.load(_address(context, builder, signature.args[0], arguments[0], arguments[1], PAIR), align=8)

    return pair_type(histogram, types.uint64), code


def _pair_of(typing_context, g, h):
    def code(context, builder, signature, arguments):
        return _vector(builder, arguments)

    return pair_type(types.float64, types.float64), code


def _put_pair(typing_context, histogram, byte, pair):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], PAIR)
        builder.store(arguments[2], address, align=8)
        return context.get_dummy_value()

    return types.void(histogram, types.uint64, pair_type), code


def _pair_sum(typing_context, a, b):
    def code(context, builder, signature, arguments):
        return builder.fadd(*arguments)

    return pair_type(pair_type, pair_type), code


def _pair_difference(typing_context, a, b):
    def code(context, builder, signature, arguments):
        return builder.fsub(*arguments)

    return pair_type(pair_type, pair_type), code


def _is_any(typing_context, pair):
    def code(context, builder, signature, arguments):
        is_any = builder.icmp_unsigned("!=", builder.bitcast(arguments[0], PAIR_BITS), PAIR_BITS(0))
        return builder.zext(is_any, WORD)

    return types.uint64(pair_type), code


def _fetch_ahead(typing_context, array, byte):
    def code(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], BYTE)
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), *(value.type for value in PREFETCH)])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [address, *PREFETCH])
        return context.get_dummy_value()

    return types.void(array, types.uint64), code


def _power_of_two(typing_context, shifted):
    def code(context, builder, signature, arguments):
        # The lowest bits of the sum are k. An exponent stands above the 52 other bits, and 1023 stands for 0.
        bits = builder.bitcast(arguments[0], WORD)
        return builder.bitcast(builder.shl(builder.add(bits, WORD(1023)), WORD(52)), ir.DoubleType())

    return types.float64(types.float64), code


def _bits_of(typing_context, number):
    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], INT32)

    return types.int32(types.float32), code


def _fetch_add(typing_context, counters, place, more):
    def code(context, builder, signature, arguments):
        address = _counter(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.atomic_rmw("add", address, arguments[2], "seq_cst")

    return types.int64(counters, types.int64, types.int64), code


def _load_now(typing_context, counters, place):
    def code(context, builder, signature, arguments):
        address = _counter(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load_atomic(address, "seq_cst", COUNTER_BYTES)

    return types.int64(counters, types.int64), code


def _yield_core(typing_context):
    def code(context, builder, signature, arguments):
        if sys.platform != "win32":  # there, a thread that waits keeps its core until its time is up
            kind = ir.FunctionType(INT32, [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), code


def _counter(context: Any, builder: Any, array_type: Any, array: Any, place: Any) -> Any:
    """Pointer to an entry of an array of int64."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [place])


add_pair: Any
pair_of: Any
pair_at: Any
put_pair: Any
pair_sum: Any
pair_difference: Any
is_any: Any
fetch_ahead: Any
power_of_two: Any
bits_of: Any
fetch_add: Any
load_now: Any
yield_core: Any
if numba.core.config.DISABLE_JIT:  # type: ignore[attr-defined]
    add_pair, pair_at, put_pair, is_any = add_pair_slowly, pair_at_slowly, put_pair_slowly, is_any_slowly
    pair_of, pair_sum, pair_difference = pair_of_slowly, pair_sum_slowly, pair_difference_slowly
    fetch_ahead, power_of_two, bits_of = fetch_ahead_slowly, power_of_two_slowly, bits_of_slowly
    fetch_add, load_now, yield_core = fetch_add_slowly, load_now_slowly, yield_core_slowly
else:
    add_pair, pair_at, put_pair = intrinsic(_add_pair), intrinsic(_pair_at), intrinsic(_put_pair)
    is_any = intrinsic(_is_any)
    pair_of, pair_sum, pair_difference = intrinsic(_pair_of), intrinsic(_pair_sum), intrinsic(_pair_difference)
    fetch_ahead, power_of_two, bits_of = intrinsic(_fetch_ahead), intrinsic(_power_of_two), intrinsic(_bits_of)
    fetch_add, load_now, yield_core = intrinsic(_fetch_add), intrinsic(_load_now), intrinsic(_yield_core)
