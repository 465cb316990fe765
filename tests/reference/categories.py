"""Slow twin of splits on categories: candidates listed one by one, as sets, with Python's own sorting."""

import itertools

import numpy as np

f32 = np.float32


def weight(G, H, penalty):
    if penalty.min_child_weight > H or H <= 0:
        return f32(0)
    thresholded = np.sign(G) * max(abs(G) - penalty.reg_alpha, 0.0)
    return f32(-thresholded / (H + penalty.reg_lambda))


def similarity(G, H, penalty):
    if H <= 0:
        return f32(0)
    thresholded = max(abs(G) - penalty.reg_alpha, 0.0)
    return f32(thresholded * thresholded) / f32(H + penalty.reg_lambda)


def candidates(histogram, penalty, max_cat_to_onehot, max_cat_threshold):
    """(categories that go right, missing_left) in the order in which they are tried."""
    n = len(histogram) - 1
    if n < max_cat_to_onehot:
        return [({c}, missing_left) for c in range(n) for missing_left in (True, False)]
    order = sorted(range(n), key=lambda c: weight(*histogram[c], penalty))
    most = min(n, max_cat_threshold) - 1
    low_end = [(set(order[: k + 1]), True) for k in range(most)]
    high_end = [(set(order[: n - 1 - k]), False) for k in range(most)]
    return low_end + high_end


def gain_of(right, missing_left, histogram, penalty):
    """Gain of a partition, -inf if a child is too small."""
    n = len(histogram) - 1
    G, H = histogram.sum(axis=0)
    sides = [c for c in range(n) if c in right] + ([] if missing_left else [n])
    G_right, H_right = histogram[sides].sum(axis=0)
    if min(H_right, H - H_right) < penalty.min_child_weight:
        return f32(-np.inf)
    children = similarity(G - G_right, H - H_right, penalty) + similarity(G_right, H_right, penalty)
    return children - similarity(G, H, penalty)


def best_split(histogram, penalty, max_cat_to_onehot, max_cat_threshold):
    """(gain, categories that go right, missing_left); the first of equals, gain 0 and no set if nothing is gained."""
    best = (f32(0), None, False)
    for right, missing_left in candidates(histogram, penalty, max_cat_to_onehot, max_cat_threshold):
        gain = gain_of(right, missing_left, histogram, penalty)
        if gain > best[0]:
            best = (gain, right, missing_left)
    return best


def best_of_all_partitions(histogram, penalty):
    """Largest gain of any partition with the missing values on any side."""
    n = len(histogram) - 1
    subsets = itertools.chain.from_iterable(itertools.combinations(range(n), k) for k in range(1, n))
    return max(gain_of(set(s), side, histogram, penalty) for s in subsets for side in (True, False))
