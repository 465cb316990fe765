"""Histograms and the parting of rows beside plain NumPy, for both widths of codes and gradients."""

import numpy as np
import pytest

from mlx.boosting.binning import Group, bin_table, codes_of
from mlx.boosting.histogram import EVERY, clear_group, subtract_and_list
from mlx.boosting.nodes import new_nodes
from mlx.boosting.row_owner import RowOwner
from mlx.numeric.threads import thread_team

N_SAMPLES = 3000


def table_of(d, max_bin, n_threads, run):
    """Binned table of d columns, the last one with few values, and of many columns every second; a tenth is missing."""
    X = np.random.default_rng(d).normal(size=(N_SAMPLES, d)).astype(np.float32)
    X[:, -1] = np.round(X[:, -1])
    if d > 9:
        X[:, ::2] = np.round(0.25 * X[:, ::2])
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    return bin_table(X, None, max_bin, n_threads, run)


def expected_histogram(table, rows, gradients):
    """Sums of float64, added row by row."""
    histogram = np.zeros((table.start[-1], 2))
    for f in range(table.n_features):
        np.add.at(histogram, table.start[f] + codes_of(table, f, rows), gradients[rows].astype(float))
    return histogram


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("d", "max_bin"), [(1, 9), (2, 300), (3, 9), (5, 300), (8, 255), (9, 256), (15, 9), (23, 300)])
def test_nodes_are_counted_and_parted(d, max_bin, dtype, n_threads):
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(N_SAMPLES, 2)).astype(dtype)
    with thread_team(n_threads) as run:
        table = table_of(d, max_bin, n_threads, run)
        assert table.lane_bits == (9 if max_bin >= 256 else 8)
        assert (table.groups[:-1, Group.N_LANES] > table.groups[:-1, Group.N_PLAIN]).any() == (d > 9)
        owner = RowOwner(table, run, n_threads, rows_per_piece=100)
        owner.start(gradients)
        expected = [np.arange(N_SAMPLES)]
        leaves = [0]
        growing = new_nodes(16)
        growing.facts["left"] = -1
        # Three steps: all leaves are split, then all, then one alone, so that leaves lie on both sides.
        for nodes in ([0], [1, 2], [5]):
            feature = rng.integers(0, d, size=len(nodes)).astype(np.int32)
            split_bin = (table.n_bins[feature] // 2 - 1).astype(np.int32)
            missing_left = rng.random(len(nodes)) < 0.5
            for name, values in {"feature": feature, "bin": split_bin, "missing_left": missing_left}.items():
                growing.facts[name][nodes] = values
            owner.split(np.array(nodes), growing, len(expected), move_gradients=True)
            for node, f, b, left in zip(nodes, feature, split_bin, missing_left):
                codes = codes_of(table, f, expected[node])
                goes_left = (codes <= b) | (left & (codes == table.n_bins[f]))
                growing.facts["left"][node] = len(expected)
                expected += [expected[node][goes_left], expected[node][~goes_left]]
                leaves.remove(node)
                leaves += [len(expected) - 2, len(expected) - 1]
            slots = np.arange(len(leaves))[::-1].copy()
            histograms = np.full((len(leaves), table.start[-1], 2), np.nan)
            owner.count(np.array(leaves), slots, histograms)
            for node, slot in zip(leaves, slots):
                np.testing.assert_array_equal(owner.rows_of(node, growing), expected[node])
                used = np.concatenate([np.arange(table.start[f], table.start[f + 1]) for f in range(d)])
                wanted = expected_histogram(table, expected[node], gradients)
                # Sums over a shared lane are added in another order.
                np.testing.assert_allclose(histograms[slot][used], wanted[used], rtol=0, atol=1e-11 if d > 9 else 0)
        margin = np.zeros(N_SAMPLES, dtype=np.float32)
        values = np.arange(len(expected), dtype=np.float32) + 1
        owner.add_values(values, growing, margin)
    for node in leaves:
        assert np.all(margin[expected[node]] == node + 1)


def test_no_histogram_is_a_whole_number_of_pages():
    """255 bins and one for missing values are 4 KB: columns would fall on the same lines of the cache."""
    X = np.tile(np.arange(255, dtype=np.float32)[:, None], (1, 4))
    with thread_team(1) as run:
        table = bin_table(X, None, 256, 1, run)
    assert table.n_bins.tolist() == [255] * 4
    assert np.diff(table.start).tolist() == [257] * 4


@pytest.mark.parametrize("is_listed", [False, True])
def test_siblings_bins_are_listed_and_added_up(is_listed):
    """What stands in bins that the parent has not is never looked at, if its bins are listed."""
    rng = np.random.default_rng(3)
    n_bins, child = 40, np.zeros((41, 2))
    parent = np.where(rng.random((41, 1)) < 0.5, rng.normal(size=(41, 2)), 0.0)
    child[::3] = parent[::3] * np.where(rng.random((14, 1)) < 0.5, 1.0, 0.25)
    expected = (child.copy(), parent - child)
    parent_bins, child_bins = (np.zeros(n_bins + 1, dtype=np.uint16) for _ in range(2))
    known = np.flatnonzero(parent[:n_bins].any(axis=1))
    parent_bins[: len(known)], parent_bins[n_bins] = known, len(known) if is_listed else EVERY
    if is_listed:
        empty = np.setdiff1d(np.arange(n_bins), known)
        child[empty] = parent[empty] = np.nan
    both_sums = np.empty((2, 2 * n_bins))
    every = np.arange(n_bins, dtype=np.uint16)
    counts = subtract_and_list(child, parent, child_bins, parent_bins, n_bins, every, both_sums)
    np.testing.assert_array_equal(parent[known], expected[1][known])
    np.testing.assert_array_equal(parent[n_bins], expected[1][n_bins])
    for side, bins in enumerate((child_bins, parent_bins)):
        occupied = np.flatnonzero(expected[side][:n_bins].any(axis=1))
        assert 0 < len(occupied) < len(known) + side
        np.testing.assert_array_equal(bins[: counts[side]], occupied)
        sums = np.cumsum(expected[side][occupied], axis=0)
        np.testing.assert_array_equal(both_sums[side, : 2 * counts[side]], sums.ravel())


def test_listed_bins_are_cleared_and_no_others():
    with thread_team(1) as run:
        table = table_of(3, 300, 1, run)
    bins = np.full(table.start[-1], EVERY, dtype=np.uint16)
    histogram = np.ones((table.start[-1], 2))
    first, n_bins = table.start[1], table.n_bins[1]
    bins[first : first + 2], bins[first + n_bins] = (4, 7), 2
    clear_group(0, bins, table, histogram)
    kept = np.setdiff1d(np.arange(first, first + n_bins), first + np.array([4, 7]))
    assert np.all(histogram[kept] == 1.0)
    assert np.all(np.delete(histogram, kept, axis=0)[: table.start[3] - len(kept)] == 0.0)
