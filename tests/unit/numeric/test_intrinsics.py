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


@kernel
def add_up_differences(minuend, subtrahend, out):
    """Running sums of differences of pairs, in the place of those before that are 0; returns how many are not."""
    place, total = np.uint64(0), pair_of(0.0, 0.0)
    for k in range(np.uint64(len(minuend))):
        byte = k << intrinsics_shift
        difference = pair_difference(pair_at(minuend, byte), pair_at(subtrahend, byte))
        total = pair_sum(total, difference)
        put_pair(out, place << intrinsics_shift, total)
        place += is_any(difference)
    return place


@kernel
def all_bits(numbers, out):
    for k in range(len(numbers)):
        out[k] = bits_of(numbers[k])


pair_at, pair_of, put_pair, is_any = intrinsics.pair_at, intrinsics.pair_of, intrinsics.put_pair, intrinsics.is_any
pair_sum, pair_difference, bits_of = intrinsics.pair_sum, intrinsics.pair_difference, intrinsics.bits_of
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


def test_pairs_are_subtracted_and_added_up():
    """A pair counts if any of its two numbers is not 0."""
    rng = np.random.default_rng(2)
    minuend, subtrahend = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    subtrahend[::3], subtrahend[1::3, 0], subtrahend[2::6, 1] = minuend[::3], minuend[1::3, 0], minuend[2::6, 1]
    out = np.zeros((40, 2))
    n = add_up_differences(minuend, subtrahend, out)
    occupied = np.flatnonzero(np.any(minuend != subtrahend, axis=1))
    assert n == len(occupied) == 26
    np.testing.assert_array_equal(out[:n], np.cumsum((minuend - subtrahend), axis=0)[occupied])


def test_pairs_slowly():
    numbers = np.arange(6.0).reshape(3, 2)
    byte = np.uint64(1) << intrinsics.PAIR_SHIFT
    one, other = intrinsics.pair_at_slowly(numbers, byte), intrinsics.pair_of_slowly(2.0, 2.0)
    difference = intrinsics.pair_difference_slowly(one, other)
    np.testing.assert_array_equal(difference, [0.0, 1.0])
    assert intrinsics.is_any_slowly(difference) == 1
    assert intrinsics.is_any_slowly(intrinsics.pair_difference_slowly(one, one)) == 0
    intrinsics.put_pair_slowly(numbers, byte, intrinsics.pair_sum_slowly(one, other))
    np.testing.assert_array_equal(numbers, [[0.0, 1.0], [4.0, 5.0], [4.0, 5.0]])


def test_bits_of_a_float():
    """Those of positive numbers are in the order of the numbers, those of negative ones are negative."""
    numbers = np.array([0.0, 1e-45, 0.5, 3.0, np.inf, np.nan, -0.0, -1.0, -np.inf], dtype=np.float32)
    out = np.empty(len(numbers), dtype=np.int32)
    all_bits(numbers, out)
    np.testing.assert_array_equal(out, numbers.view(np.int32))
    assert np.all(np.diff(out[:6]) > 0)
    assert np.all(out[6:] < 0)
    assert out.tolist() == [intrinsics.bits_of_slowly(number) for number in numbers]
