"""The generator beside its slow twin."""

import numpy as np
import pytest

from mlx.numeric.jit import kernel
from mlx.numeric.xorshift import integer_from, next_state
from tests.reference.xorshift import Stream


@kernel
def draw(x, low, high, out):
    for i in range(len(out)):
        x = next_state(x)
        out[i] = integer_from(x, low, high)


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 2, 2**32 - 1])
@pytest.mark.parametrize(("low", "high"), [(0, 2**31), (-3, 4), (7, 8)])
def test_draws_are_those_of_the_twin(seed, low, high):
    found, stream = np.empty(50, dtype=np.int64), Stream(seed)
    draw(np.uint32(seed), np.int64(low), np.int64(high), found)
    assert found.tolist() == [stream.integer(low, high) for _ in found]
