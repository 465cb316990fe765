"""Rows of groups by falling score, beside NumPy's stable sort, from any order at the start."""

from itertools import pairwise

import numpy as np
import pytest

from mlx.boosting.group_order import RUN, sort_groups

# Below, at and above the ends of runs and merges.
SIZES = [1, 2, RUN - 1, RUN, RUN + 1, 2 * RUN, 2 * RUN + 1, 3 * RUN, 5 * RUN + 3, 300]
START = np.concatenate([[0], np.cumsum(SIZES)])


def sorted_rows(score):
    return np.lexsort((-score, np.repeat(np.arange(len(SIZES)), SIZES)))


@pytest.mark.parametrize("decimals", [0, 1, 8], ids=["mostly ties", "some ties", "hardly any"])
def test_any_order_at_the_start(decimals):
    rng = np.random.default_rng(decimals)
    score = np.round(rng.normal(size=START[-1]), decimals).astype(np.float32)
    expected = sorted_rows(score)
    own, reverse = np.arange(len(score)), np.empty(len(score), dtype=np.int64)
    mixed = own.copy()
    for first, last in pairwise(START):
        rng.shuffle(mixed[first:last])
        reverse[first:last] = expected[first:last][::-1]
    for order in (own, mixed, reverse, expected.copy()):
        sort_groups(START, score, order)
        np.testing.assert_array_equal(order, expected)


def test_zeros_and_infinities():
    score = np.zeros(START[-1], dtype=np.float32)
    score[::3], score[1::5], score[2::7] = -0.0, np.inf, -np.inf
    order = np.arange(len(score))
    sort_groups(START, score, order)
    np.testing.assert_array_equal(order, sorted_rows(score))
