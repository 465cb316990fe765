"""Machine instructions beside their slow twins, called from a compiled loop as the booster calls them."""

import numpy as np

from mlx.numeric import intrinsics
from mlx.numeric.jit import kernel


@kernel
def powers_of(shifted, out):
    for k in range(len(shifted)):
        out[k] = intrinsics_power(shifted[k])


@kernel
def add_all(histogram, places, pairs):
    for k in range(len(places)):
        intrinsics_fetch(histogram, np.uint64(places[k]))
        intrinsics_add(histogram, np.uint64(places[k]) << intrinsics_shift, pairs[k, 0], pairs[k, 1])


intrinsics_fetch, intrinsics_power = intrinsics.fetch_ahead, intrinsics.power_of_two
intrinsics_add, intrinsics_shift = intrinsics.add_pair, intrinsics.PAIR_SHIFT


def test_every_power_of_two():
    exponents = np.arange(-1022, 1024)
    shifted, out = exponents + intrinsics.EXPONENT_SHIFT, np.empty(len(exponents))
    powers_of(shifted, out)
    np.testing.assert_array_equal(out, np.exp2(exponents.astype(float)))
    assert out.tolist() == [intrinsics.power_of_two_slowly(number) for number in shifted]


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
