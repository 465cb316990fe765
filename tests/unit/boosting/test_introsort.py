"""The sort orders values, takes weights along, and leaves equal values as GNU's ``std::sort`` leaves them."""

import numpy as np
import pytest

from mlx.boosting.introsort import sort_with_weights


def order_of(values):
    """Places that the sorted values came from."""
    sorted_values, places = np.array(values, dtype=np.float32), np.arange(len(values), dtype=np.float32)
    sort_with_weights(sorted_values, places, len(values))
    np.testing.assert_array_equal(sorted_values, np.sort(np.array(values, dtype=np.float32)))
    np.testing.assert_array_equal(sorted_values, np.array(values, dtype=np.float32)[places.astype(int)])
    return places.astype(int)


def organ_pipe(n):
    """Rises, then falls: each median of three is among the smallest values, and quicksort would need n²/4 steps."""
    return np.minimum(np.arange(n), n - 1 - np.arange(n))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 16, 17, 18, 100, 5000])
@pytest.mark.parametrize(
    "column",
    [
        lambda n: np.random.default_rng(0).normal(size=n),
        lambda n: np.random.default_rng(1).integers(0, 7, n),
        np.arange,
        lambda n: -np.arange(n),
        np.zeros,
        organ_pipe,
        lambda n: organ_pipe(n) // 3,
    ],
    ids=["normal", "seven values", "rising", "falling", "constant", "organ pipe", "organ pipe with ties"],
)
def test_sorts(column, n):
    assert sorted(order_of(column(n))) == list(range(n))


def test_only_the_first_n():
    values, weights = np.array([3, 1, 2, 0], dtype=np.float32), np.array([30, 10, 20, 0], dtype=np.float32)
    sort_with_weights(values, weights, 3)
    assert values.tolist() == [1, 2, 3, 0]
    assert weights.tolist() == [10, 20, 30, 0]


# Values and the places they came from after ``std::sort`` of libstdc++ (g++ 12) by value alone.
# fmt: off
TIED = [4, 4, 0, 4, 2, 3, 3, 1, 5, 0, 1, 2, 3, 2, 0, 0, 0, 0, 0, 5,
        1, 3, 4, 1, 1, 2, 1, 5, 1, 5, 4, 5, 0, 2, 3, 2, 3, 4, 3, 0]
GNU_ORDER = [39, 2, 32, 18, 9, 17, 16, 15, 14, 20, 28, 26, 24, 23, 10, 7, 33, 11, 13, 4,
             35, 25, 12, 34, 5, 6, 36, 21, 38, 37, 1, 3, 30, 22, 0, 31, 29, 27, 19, 8]
# fmt: on


def test_ties_fall_as_in_the_librarys_sort():
    assert order_of(TIED).tolist() == GNU_ORDER


def test_ties_of_a_heap_fall_as_in_the_librarys_sort():
    from mlx.boosting.introsort import _heapsort

    values = np.array([1, 2, 2, 1, 3, 1, 2, 1, 1, 3, 0, 2, 1], dtype=np.float32)
    places = np.arange(len(values), dtype=np.float32)
    _heapsort(values, places)
    # As std::make_heap and std::sort_heap leave them.
    assert places.tolist() == [10, 3, 8, 0, 7, 12, 5, 1, 11, 2, 6, 4, 9]
