"""The best cut of a node on one column, beside a loop over the cuts in plain Python."""

import numpy as np
import pytest

from mlx.boosting.searching import UNBOUNDED, Cuts, NodeFacts, best_of_column, new_scan
from mlx.boosting.splitting import Penalty, similarity, split_gain

f32 = np.float32


def best_slowly(histogram, parent, penalty):
    """Gain, last bin on the left, and its sums: the first cut of largest gain, of a column without missing values."""
    (G, H), best = histogram.sum(axis=0), (f32(0.0), -1, 0.0, 0.0)
    for b in range(len(histogram) - 1):
        g, h = np.cumsum(histogram[: b + 1], axis=0)[-1]
        if h < penalty.min_child_weight or H - h < penalty.min_child_weight:
            continue
        gain = split_gain(g, h, G - g, H - h, parent, penalty)
        if best[0] < gain < np.inf:
            best = (gain, b, g, h)
    return best


def best_of(histogram, penalty):
    """The same by the kernel."""
    n = len(histogram)
    scan = new_scan(n, has_categories=False)
    scan.sums[0, : 2 * n] = np.cumsum(histogram, axis=0).ravel()
    with_missing = np.concatenate([histogram, np.zeros((1, 2))])
    cuts = Cuts(with_missing, n, np.arange(n + 1, dtype=np.uint16), n, scan.sums[0])
    G, H = histogram.sum(axis=0)
    parent = f32(similarity(G, H, penalty))
    node = NodeFacts(G, H, parent, f32(0.0), f32(-np.inf), f32(np.inf))
    found = best_of_column(cuts, node, UNBOUNDED, penalty, scan.gain)
    return (found.gain, found.bin, found.G_left, found.H_left), parent


@pytest.mark.parametrize("max_delta_step", [0.0, 0.2])
@pytest.mark.parametrize("min_child_weight", [0.0, 1.5])
@pytest.mark.parametrize("reg_alpha", [0.0, 0.7])
def test_the_first_cut_of_the_largest_gain(reg_alpha, min_child_weight, max_delta_step):
    """For any number of cuts: they are weighed several at a time. Sums of integers are exact, and gains tie."""
    rng = np.random.default_rng(3)
    penalty = Penalty(1.0, reg_alpha, max_delta_step, min_child_weight)
    n_split = 0
    for n in [*range(1, 36), 200]:
        histogram = rng.integers(-3, 4, size=(n, 2)).astype(float)
        histogram[:, 1] = np.abs(histogram[:, 1]) / 4.0
        found, parent = best_of(histogram, penalty)
        assert found == best_slowly(histogram, parent, penalty)
        n_split += found[1] >= 0
    assert n_split > 15


@pytest.mark.parametrize("min_child_weight", [0.0, 1e-60])
def test_gains_that_are_not_finite_are_passed_over(min_child_weight):
    """A cover that is 0 in float32 makes the gain infinite where λ is 0."""
    histogram = np.array([[1.0, 1e-50], [-2.0, 1.0], [0.5, 2.0], [0.25, 1e-50]])
    found, _ = best_of(histogram, Penalty(0.0, 0.0, 0.0, min_child_weight))
    assert found[1] == 1
    assert np.isfinite(found[0]) and found[0] > 0
