"""Machine instructions beside their slow twins, called from a compiled loop as the booster calls them."""

import numpy as np
import pytest

from mlx.numeric import intrinsics
from mlx.numeric.jit import kernel


@kernel
def words_of(array, starts, out):
    for k in range(len(starts)):
        intrinsics_fetch(array, np.uint64(starts[k]))
        out[k] = intrinsics_load(array, np.uint64(starts[k]))


@kernel
def add_all(histogram, places, pairs):
    for k in range(len(places)):
        intrinsics_add(histogram, np.uint64(places[k]) << intrinsics_shift, pairs[k, 0], pairs[k, 1])


intrinsics_fetch, intrinsics_load = intrinsics.fetch_ahead, intrinsics.load_word
intrinsics_add, intrinsics_shift = intrinsics.add_pair, intrinsics.PAIR_SHIFT


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_word_is_eight_bytes_from_any_byte_on(dtype):
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, size=(5, 8)).astype(dtype)
    starts = np.arange(array.nbytes - 7)
    words = np.empty(len(starts), dtype=np.uint64)
    words_of(array, starts, words)
    assert words.tolist() == [int.from_bytes(array.tobytes()[s : s + 8], "little") for s in starts]
    assert words.tolist() == [int(intrinsics.load_word_slowly(array, s)) for s in starts]


def test_pairs_are_added_one_after_the_other():
    """The bits of float64 sums in this order, also where a place is met twice in a row."""
    rng = np.random.default_rng(1)
    places, pairs = np.repeat(rng.integers(0, 7, size=300), 2), rng.normal(size=(600, 2))
    histogram, slowly, by_hand = (np.zeros((7, 2)) for _ in range(3))
    add_all(histogram, places, pairs)
    for place, (g, h) in zip(places, pairs):
        intrinsics.add_pair_slowly(slowly, np.uint64(place) << intrinsics.PAIR_SHIFT, g, h)
        by_hand[place, 0] += g
        by_hand[place, 1] += h
    np.testing.assert_array_equal(histogram, by_hand)
    np.testing.assert_array_equal(slowly, by_hand)
