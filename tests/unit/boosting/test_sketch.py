"""Summaries and sketches on examples small enough to count; `tests/properties` holds the bound on any rows."""

import pickle
from functools import reduce

import numpy as np
import pytest

from mlx.boosting.quantiles import column_cuts
from mlx.boosting.sketch import QuantileSketch, combine, exact_summary, nearest, prune, sketch_of


def column_of(*values):
    return np.array(values, dtype=np.float32)


def parts_of(column, weight, n_parts, size):
    rows = np.array_split(np.arange(len(column)), n_parts)
    return [sketch_of(column[r], None if weight is None else weight[r], size=size) for r in rows]


def assert_same(a, b):
    """Bit for bit the same sketch."""
    assert (a.size, a.n_rows, len(a.levels)) == (b.size, b.n_rows, len(b.levels))
    for one, other in zip([a.kept, *a.levels], [b.kept, *b.levels]):
        assert (one is None) == (other is None)
        if one is not None:
            for name in ("value", "weight", "rank_min", "rank_max"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_exact_summary_by_hand():
    summary = exact_summary(column_of(3, 1, 3, 2), np.array([1.0, 2.0, 4.0, 8.0]))
    assert summary.value.tolist() == [1, 2, 3]
    assert summary.weight.tolist() == [2, 8, 5]
    assert summary.rank_min.tolist() == [0, 2, 10]
    assert summary.rank_max.tolist() == [2, 10, 15]
    assert summary.total == 15
    assert summary.uncertainty == 0


def test_combining_exact_summaries_is_the_summary_of_all_rows():
    a, b = column_of(1, 2, 2, 5), column_of(0, 2, 7)
    together = exact_summary(np.concatenate([a, b]))
    combined = combine(exact_summary(a), exact_summary(b))
    for name in ("value", "weight", "rank_min", "rank_max"):
        np.testing.assert_array_equal(getattr(combined, name), getattr(together, name))


def test_what_a_pruned_summary_does_not_know_by_hand():
    """Ten values of weight 1, of which 0, 3, 6 and 9 stay: between two of them lie two rows."""
    pruned = prune(exact_summary(np.arange(10, dtype=np.float32)), 4)
    assert pruned.value.tolist() == [0, 3, 6, 9]
    assert pruned.uncertainty == 2
    weight, rank_min, rank_max = pruned.bounds(column_of(-1, 3, 4, 20))
    assert weight.tolist() == [0, 1, 0, 0]
    assert rank_min.tolist() == [0, 3, 4, 10]
    assert rank_max.tolist() == [0, 4, 6, 10]


def test_pruning_keeps_ends_and_heavy_values():
    column = np.arange(1000, dtype=np.float32)
    weight = np.ones(1000)
    weight[[137, 700]] = 500.0
    pruned = prune(exact_summary(column, weight), 6)
    assert len(pruned) <= 6
    assert {0.0, 137.0, 700.0, 999.0} <= set(pruned.value.tolist())


def test_nearest_in_an_exact_summary_is_the_quantile():
    summary = exact_summary(column_of(1, 2, 3, 4), np.array([1.0, 1.0, 1.0, 1.0]))
    shares = np.array([0.0, 0.2, 0.25, 0.5, 0.74, 0.75, 1.0])
    assert summary.value[nearest(summary, shares, 1.0)].tolist() == [1, 1, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("max_bin", [2, 7, 40, 64])
def test_cuts_of_an_exact_sketch_are_the_exact_cuts(max_bin, weighted):
    rng = np.random.default_rng(0)
    column = rng.integers(0, 50, 3000).astype(np.float32)
    column[rng.random(3000) < 0.1] = np.nan
    weight = rng.integers(1, 6, 3000).astype(np.float64) if weighted else None
    sketch = reduce(QuantileSketch.merge, parts_of(column, weight, 7, size=50))
    assert sketch.is_exact
    assert sketch.rank_error == 0
    np.testing.assert_array_equal(sketch.cuts(max_bin), column_cuts(column, weight, max_bin))


def test_cuts_of_a_pruned_sketch():
    rng = np.random.default_rng(1)
    column = rng.normal(size=20_000).astype(np.float32)
    sketch = reduce(QuantileSketch.merge, parts_of(column, None, 10, size=400))
    cuts = sketch.cuts(16)
    assert len(cuts) == 16
    assert cuts[-1] > column.max()
    below = np.array([np.count_nonzero(column < cut) for cut in cuts[:-1]])
    np.testing.assert_allclose(below, np.arange(1, 16) * 20_000 / 16, atol=sketch.rank_error + 1)
    assert sketch.rank_error < 20_000 / 16 / 4


def test_the_bound_by_hand():
    """3,500 rows and size 6: n / 7 = 500, so at most 9 prunings of W / 5, of which half counts."""
    sketch = sketch_of(np.random.default_rng(2).normal(size=3500).astype(np.float32), size=6)
    assert sketch.rank_error_bound == 9 * 3500 / (2 * 5)
    assert sketch_of(np.zeros(6, dtype=np.float32), size=6).rank_error_bound == 0


def test_merging_is_commutative_and_changes_nothing():
    rng = np.random.default_rng(3)
    column, weight = rng.normal(size=900).astype(np.float32), rng.exponential(size=900)
    parts = parts_of(column, weight, 9, size=20)
    a, b = reduce(QuantileSketch.merge, parts[:4]), reduce(QuantileSketch.merge, parts[4:])
    before = pickle.loads(pickle.dumps(a))
    assert_same(a.merge(b), b.merge(a))
    assert_same(a, before)


def test_sketch_of_nothing():
    nothing = sketch_of(column_of(np.nan, np.nan), size=4)
    some = sketch_of(column_of(2, 1), size=4)
    assert nothing.n_rows == 0
    assert len(nothing.cuts(256)) == 1
    assert nothing.rank_error == nothing.rank_error_bound == 0
    assert_same(some.merge(nothing), some)
    with pytest.raises(ValueError, match="empty"):
        nothing.quantiles([0.5])


def test_rows_without_weight_are_as_good_as_absent():
    column, weight = column_of(1, 2, 3, 9), np.array([1.0, 0.0, 2.0, 0.0])
    assert_same(sketch_of(column, weight, size=4), sketch_of(column_of(1, 3), np.array([1.0, 2.0]), size=4))


def test_errors():
    with pytest.raises(ValueError, match="size=1"):
        sketch_of(column_of(1), size=1)
    with pytest.raises(ValueError, match="size=4 and size=5"):
        sketch_of(column_of(1), size=4).merge(sketch_of(column_of(1), size=5))
    for probability in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="probabilities"):
            sketch_of(column_of(1), size=4).quantiles(probability)
