"""Splits on categories agree with the slow twin, whose candidates are sets."""

import numpy as np
import pytest

from mlx.boosting.categories import (
    CategoryRules,
    best_category_split,
    goes_right,
    holds_none,
    listed_categories,
    n_words,
    new_category_scratch,
    order_by_weight,
    parent_of,
    write_right_set,
)
from mlx.boosting.splitting import Penalty
from tests.reference import categories as slow


def histogram_of(n_categories, missing, seed, empty=0.2):
    """Sums that are exact in float64, whatever their order; some categories have no rows."""
    rng = np.random.default_rng(seed)
    H = rng.integers(1, 40, n_categories + 1).astype(float)
    G = rng.integers(-400, 400, n_categories + 1) / 16
    absent = rng.random(n_categories + 1) < empty
    absent[-1] = not missing
    return np.where(absent[:, np.newaxis], 0.0, np.stack([G, H], axis=1))


def found(histogram, penalty, rules):
    """Gain, set of the categories that go right, side of the missing values, sums of the left child."""
    n = len(histogram) - 1
    scratch = new_category_scratch(n)
    G, H = histogram.sum(axis=0)
    inf = np.float32(np.inf)
    parent = parent_of(G, H, np.float32(0), False, 0, -inf, inf, penalty)
    gain, split_bin, missing_left, *left = best_category_split(histogram, n, parent, penalty, rules, scratch)
    if gain == 0:
        return gain, None, False, None
    right_set = np.empty(n_words(np.array([n]), np.array([True])), dtype=np.uint32)
    write_right_set(histogram, n, split_bin, penalty, rules, scratch, right_set)
    return gain, {c for c in range(n) if goes_right(right_set, c)}, missing_left, left


@pytest.mark.parametrize("penalty", [Penalty(1.0, 0.0, 0.0, 1.0), Penalty(0.5, 3.0, 0.0, 30.0)])
@pytest.mark.parametrize("rules", [CategoryRules(), CategoryRules(100, 64), CategoryRules(1, 5)])
@pytest.mark.parametrize("n_categories", [1, 2, 3, 4, 7, 31, 32, 33, 100])
def test_the_best_split_is_the_slow_twins(n_categories, rules, penalty):
    for seed in range(6):
        histogram = histogram_of(n_categories, missing=seed % 2 == 0, seed=seed)
        gain, right, missing_left, left = found(histogram, penalty, rules)
        expected = slow.best_split(histogram, penalty, rules.max_cat_to_onehot, rules.max_cat_threshold)
        assert (gain, right, missing_left) == expected
        if right is not None:
            sides = [c for c in range(n_categories) if c not in right] + ([n_categories] if missing_left else [])
            np.testing.assert_array_equal(left, histogram[sides].sum(axis=0))


def test_equal_weights_keep_their_order():
    """Weights 0, 1, 0, 1, ...; those without rows have weight 0, too."""
    histogram = np.array([[0.0, 4.0], [-5.0, 4.0]] * 20 + [[0.0, 0.0]] * 3 + [[7.0, 2.0]])
    n = len(histogram) - 1
    scratch = new_category_scratch(n)
    order_by_weight(histogram, n, Penalty(1.0, 0.0, 0.0, 0.0), scratch)
    assert scratch.order.tolist() == [*range(0, 40, 2), 40, 41, 42, *range(1, 40, 2)]


def test_no_more_than_the_threshold_are_taken_from_either_end():
    """Twenty categories of which one half answers otherwise: five may not part them."""
    histogram = np.array([[-3.0 if c < 10 else 3.0, 2.0] for c in range(20)] + [[0.0, 0.0]])
    penalty = Penalty(1.0, 0.0, 0.0, 1.0)
    assert found(histogram, penalty, CategoryRules(4, 64))[1] == set(range(10, 20))
    assert len(found(histogram, penalty, CategoryRules(4, 5))[1]) in (4, 16)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_direction_forbids_the_wrong_order_of_weights(direction):
    """One-hot candidates with either order of weights exist; a partition always has the larger weights on the left."""
    histogram = np.array([[-9.0, 4.0], [2.0, 4.0], [5.0, 4.0], [0.0, 0.0]])
    penalty, scratch = Penalty(1.0, 0.0, 0.0, 1.0), new_category_scratch(3)
    G, H = histogram.sum(axis=0)
    weight = np.float32(-G / (H + 1))
    inf = np.float32(np.inf)
    parent = parent_of(G, H, weight, True, direction, -inf, inf, penalty)
    gain, category, *_ = best_category_split(histogram, 3, parent, penalty, CategoryRules(), scratch)
    # Category 0 alone on the right has the larger weight there.
    assert category == (0 if direction > 0 else 2)
    assert gain > 0
    partition = best_category_split(histogram, 3, parent, penalty, CategoryRules(1, 64), scratch)
    assert (partition[0] > 0) == (direction < 0)


def test_sets_of_all_nodes_become_lists():
    sets = np.array([[0b101, 0], [0, 0], [0, 0b10], [0, 0]], dtype=np.uint32)
    start, codes = listed_categories(sets)
    assert start.tolist() == [0, 2, 2, 3, 3]
    assert codes.tolist() == [0, 2, 33]
    assert [bool(holds_none(own)) for own in sets] == [False, True, False, True]


def test_a_tree_may_ask_about_no_category():
    assert listed_categories(np.zeros((3, 2), dtype=np.uint32)) == (None, None)
    assert listed_categories(np.zeros((3, 0), dtype=np.uint32)) == (None, None)


def test_a_table_without_categories_needs_no_sets():
    assert n_words(np.array([256, 10]), np.array([False, False])) == 0
    assert n_words(np.array([256, 10]), np.empty(0, dtype=bool)) == 0
    assert n_words(np.array([256, 33]), np.array([False, True])) == 2
