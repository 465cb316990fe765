"""The sketch's bound on any rows: any order, any partition, any tree of merges, ties, and weights of any spread."""

from functools import reduce

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.boosting.sketch import QuantileSketch, sketch_of

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(2, 40)
COLUMNS = st.sampled_from(["normal", "ties", "two values", "constant", "rising", "falling", "heavy-tailed", "spikes"])
WEIGHTS = st.sampled_from(["none", "whole", "even", "heavy-tailed", "Hessians", "one heavy"])
TREES = st.sampled_from(["chain", "balanced", "random"])
QUICK = settings(max_examples=150, deadline=None)

# Sums of some thousand float64 weights round by less than this share of their total.
ROUNDING = 1e-11


def draw(column, weight, n, rng):
    """A column of n rows and their weights."""
    normal = rng.normal(size=n)
    values = {
        "normal": normal,
        "ties": np.round(normal * 20),
        "two values": rng.integers(0, 2, n),
        "constant": np.full(n, 7.0),
        "rising": np.sort(normal),
        "falling": -np.sort(normal),
        "heavy-tailed": rng.pareto(0.5, n),
        "spikes": np.where(rng.random(n) < 0.8, np.round(normal), normal),
    }[column]
    one_heavy = np.ones(n)
    one_heavy[rng.integers(n)] = 10.0 * n
    p = 1 / (1 + np.exp(-30 * rng.normal(size=n)))
    weights = {
        "none": None,
        "whole": rng.integers(1, 9, n).astype(float),
        "even": rng.exponential(size=n),
        "heavy-tailed": rng.pareto(0.3, n) + 1e-9,
        "Hessians": np.maximum(p * (1 - p), 1e-16),
        "one heavy": one_heavy,
    }[weight]
    return values.astype(np.float32), weights


def merged(parts, tree, rng):
    """One sketch of all parts."""
    if tree == "chain":
        return reduce(QuantileSketch.merge, parts)
    while len(parts) > 1:
        i, j = rng.choice(len(parts), 2, replace=False) if tree == "random" else (0, 1)
        rest = [part for number, part in enumerate(parts) if number not in (i, j)]
        parts = [*rest, parts[i].merge(parts[j])]
    return parts[0]


def misses(answers, ranks, column, weight):
    """By how much each answer misses the rank that was asked for: 0 if its rows cover that."""
    order = np.argsort(column, kind="stable")
    up_to = np.append(0.0, np.cumsum(weight[order], dtype=np.longdouble))
    below = up_to[np.searchsorted(column[order], answers, side="left")]
    through = up_to[np.searchsorted(column[order], answers, side="right")]
    return np.maximum(0, np.maximum(below - ranks, ranks - through)).astype(float)


def check(sketch, column, weight):
    """The sketch's promises, against all rows."""
    weight = np.ones(len(column)) if weight is None else weight
    total = weight.sum()
    rounding = ROUNDING * total
    assert sketch.n_rows == len(column)
    assert all(len(summary) <= sketch.size for summary in (sketch.kept, *sketch.levels) if summary is not None)
    assert abs(sketch.summary().total - total) <= rounding
    assert sketch.kept.uncertainty <= rounding  # values that are kept as they are have never been pruned
    assert sketch.summary().value[[0, -1]].tolist() == [column.min(), column.max()]

    shares = np.linspace(0, 1, 301)
    answers = sketch.quantiles(shares)
    assert np.isin(answers, column).all()
    worst = misses(answers, shares * total, column, weight).max()
    assert worst <= sketch.rank_error + rounding
    assert sketch.rank_error <= sketch.rank_error_bound + rounding


@QUICK
@given(SEEDS, SIZES, COLUMNS, WEIGHTS, TREES, st.integers(1, 60))
def test_the_bound_holds(seed, size, column, weight, tree, n_parts):
    """At least 50 times as many rows as a summary keeps, in parts of any length."""
    rng = np.random.default_rng(seed)
    n = int(size * rng.integers(50, 81))
    column, weight = draw(column, weight, n, rng)
    ends = np.sort(rng.integers(0, n + 1, n_parts - 1))
    parts = [
        sketch_of(column[rows], None if weight is None else weight[rows], size=size)
        for rows in np.split(np.arange(n), ends)
    ]
    check(merged(parts, tree, rng), column, weight)


@settings(max_examples=15, deadline=None)
@given(SEEDS, COLUMNS, WEIGHTS)
def test_the_bound_holds_row_by_row(seed, column, weight):
    """A chain of a thousand merges, each with a sketch of one row."""
    rng = np.random.default_rng(seed)
    column, weight = draw(column, weight, 1000, rng)
    parts = [sketch_of(column[[i]], None if weight is None else weight[[i]], size=16) for i in range(1000)]
    check(merged(parts, "chain", rng), column, weight)


@QUICK
@given(SEEDS, COLUMNS, WEIGHTS)
def test_any_order_of_the_parts_stays_within_the_bound(seed, column, weight):
    """Different orders give different sketches, and answers at most two bounds of rank apart."""
    rng = np.random.default_rng(seed)
    column, weight = draw(column, weight, 2000, rng)
    parts = [
        sketch_of(column[rows], None if weight is None else weight[rows], size=30)
        for rows in np.array_split(rng.permutation(2000), 20)
    ]
    for _ in range(3):
        check(merged([parts[i] for i in rng.permutation(len(parts))], "random", rng), column, weight)


@QUICK
@given(SEEDS, COLUMNS, st.integers(2, 30))
def test_weight_is_repetition(seed, column, size):
    """A row of weight 3 counts as three rows; only the number of rows, and with it the bound, is another."""
    rng = np.random.default_rng(seed)
    column, weight = draw(column, "whole", 300, rng)
    weighted = sketch_of(column, weight, size=size)
    repeated = sketch_of(np.repeat(column, weight.astype(int)), size=size)
    shares = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(weighted.quantiles(shares), repeated.quantiles(shares))
