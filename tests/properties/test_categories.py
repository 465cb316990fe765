"""What must hold for splits on categories, whatever the histogram is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.boosting.categories import CategoryRules, best_category_split, new_category_scratch, parent_of
from mlx.boosting.splitting import Penalty
from tests.reference import categories as slow

# Sums that float64 holds exactly.
cells = st.tuples(st.integers(-400, 400).map(lambda g: g / 16), st.integers(1, 40).map(float))


def best_gain(histogram, penalty, rules):
    n = len(histogram) - 1
    G, H = histogram.sum(axis=0)
    inf = np.float32(np.inf)
    parent = parent_of(G, H, np.float32(0), False, 0, -inf, inf, penalty)
    scratch = new_category_scratch(n)
    return best_category_split(histogram, n, parent, penalty, rules, scratch)[0]


def close(gain, other, histogram):
    """Equal but for the rounding of the float32 similarities of which gains are made."""
    present = histogram[histogram[:, 1] > 0]
    return abs(float(gain) - float(other)) <= 1e-6 * float((present[:, 0] ** 2 / present[:, 1]).sum() + 1e-3)


@settings(deadline=None)  # the first example compiles
@given(st.lists(cells, min_size=2, max_size=7))
def test_no_partition_at_all_is_better_for_squared_error(columns):
    """Fisher 1958: without a penalty, the best of the k - 1 cuts of the order is the best of all 2^(k-1) - 1."""
    histogram, penalty = np.array([*columns, (0.0, 0.0)]), Penalty(0.0, 0.0, 0.0, 0.0)
    best = max(slow.best_of_all_partitions(histogram, penalty), np.float32(0))
    assert close(best_gain(histogram, penalty, CategoryRules(1, 64)), best, histogram)


@settings(deadline=None)  # the first example compiles
@given(
    st.lists(cells, min_size=2, max_size=12),
    cells | st.just((0.0, 0.0)),
    st.floats(0, 5),
    st.floats(0, 30),
    st.sampled_from([CategoryRules(1, 64), CategoryRules(1, 4), CategoryRules(20, 64)]),
)
def test_no_candidate_of_the_order_is_better(columns, missing, reg_lambda, min_child_weight, rules):
    histogram = np.array([*columns, missing])
    penalty = Penalty(float(np.float32(reg_lambda)), 0.0, 0.0, float(np.float32(min_child_weight)))
    candidates = slow.candidates(histogram, penalty, rules.max_cat_to_onehot, rules.max_cat_threshold)
    best = max([slow.gain_of(right, side, histogram, penalty) for right, side in candidates] + [np.float32(0)])
    assert best_gain(histogram, penalty, rules) == best


@settings(deadline=None)  # the first example compiles
@given(st.lists(cells, min_size=2, max_size=12), cells, st.randoms(use_true_random=False))
def test_the_numbers_of_the_categories_do_not_matter(columns, missing, random):
    shuffled = columns.copy()
    random.shuffle(shuffled)
    penalty = Penalty(1.0, 0.0, 0.0, 1.0)
    for rules in (CategoryRules(1, 64), CategoryRules(20, 64)):
        gains = [best_gain(np.array([*order, missing]), penalty, rules) for order in (columns, shuffled)]
        assert gains[0] == gains[1]
