"""Stumps against the slow twin of CART, and the search for the best cut against looking at every cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.ensemble.stump_search import BLOCK
from mlx.ensemble.stumps import StumpGrower
from tests.reference import cart


def run(function, tasks):
    return [function(task) for task in tasks]


def grower_of(X, codes, weights, n_threads=1):
    return StumpGrower(X.astype(np.float32), codes, int(codes.max()) + 1, weights > 0, n_threads, run)


def twin(X, codes, weights, random_state):
    seed = np.random.RandomState(random_state).randint(0, 2**31 - 1)
    return cart.grow(X.astype(np.float32), codes, max_depth=1, sample_weight=weights, seed=seed)


def assert_same(stump, grown):
    assert stump.column == (grown.feature[0] if len(grown.feature) > 1 else -1)
    if stump.column >= 0:
        assert stump.threshold == grown.threshold[0]
    np.testing.assert_array_equal(stump.n_rows, grown.n_node_samples)
    shares = np.reshape(grown.value, stump.proportions.shape)
    np.testing.assert_allclose(stump.proportions, shares, rtol=1e-9, atol=1e-13)
    np.testing.assert_array_equal(stump.classes, shares.argmax(axis=1))


TABLES = st.integers(1, 4).flatmap(
    lambda n_columns: st.lists(
        st.tuples(
            st.lists(st.integers(-2, 2), min_size=n_columns, max_size=n_columns),
            st.integers(0, 2),
            st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 1 / 3, 1e-13]),
        ),
        min_size=2,
        max_size=40,
    )
)


@given(TABLES, st.integers(0, 1000))
@settings(deadline=None, max_examples=150)
def test_stump_is_the_slow_twins(rows, random_state):
    """Few values and few weights: cuts that are equally good, and sums that differ in their last bits."""
    X = np.array([values for values, _, _ in rows], dtype=float)
    codes = np.unique([code for _, code, _ in rows], return_inverse=True)[1]
    weights = np.array([weight for _, _, weight in rows])
    if weights.sum() == 0 or codes.max() == 0:
        return
    weights = weights / weights.sum()
    stump, goes_left = grower_of(X, codes, weights).grow(weights, random_state)
    assert_same(stump, twin(X, codes, weights, random_state))
    if stump.column >= 0:
        np.testing.assert_array_equal(goes_left, X[:, stump.column] <= stump.threshold)


@pytest.mark.parametrize("n_rows", [2, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 400])
@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("signal", [0.0, 1.0])
def test_search_finds_what_looking_at_every_cut_finds(n_rows, n_classes, signal):
    rng = np.random.default_rng(n_rows + n_classes)
    X = rng.normal(size=(n_rows, 5))
    X[:, 1] = np.round(X[:, 1], 1)
    X[:, 4] = 0
    codes = np.digitize(signal * X[:, 0] + rng.normal(size=n_rows), np.linspace(-1, 1, n_classes - 1))
    codes = np.unique(codes, return_inverse=True)[1]
    weights = rng.exponential(size=n_rows) ** 3
    grower = grower_of(X, codes, weights)
    if codes.max() == 0:
        return
    grower.grow(weights, 0)
    found = grower._found
    one_hot = np.eye(codes.max() + 1)[codes] * weights[:, None]
    best = np.full(5, -np.inf)
    for column in range(4):
        values = X[:, column].astype(np.float32)
        for threshold in np.unique(values)[:-1]:
            sides = one_hot[values <= threshold].sum(axis=0), one_hot[values > threshold].sum(axis=0)
            best[column] = max(best[column], sum((side**2).sum() / side.sum() for side in sides))
    winner = int(best.argmax())
    assert found["score"][winner] == pytest.approx(best[winner], rel=1e-12)
    # What was left out is below the best: nothing that is said of another column is more than it has.
    assert np.all(found["score"] <= best + 1e-12 * best[winner])
    assert int(found["score"].argmax()) == winner


def test_most_cuts_are_never_looked_at(monkeypatch):
    """With a clear winner, ceilings of other blocks are below it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 6))
    codes = (X[:, 2] + 0.3 * rng.normal(size=len(X)) > 0.2).astype(int)
    weights = np.full(len(X), 1 / len(X))
    grower = grower_of(X, codes, weights)
    grower.grow(weights, 0)
    looked_at = (grower._space.ceilings >= grower._found["score"].max()).mean()
    assert 0 < looked_at < 0.01
    assert grower.n_replayed == 0


def test_equal_columns_are_replayed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    X = np.column_stack([X, np.exp(X[:, 0])])
    codes = (X[:, 0] > 0.1).astype(int) ^ (rng.random(200) < 0.2)
    weights = rng.random(200)
    grower = grower_of(X, codes, weights)
    columns = {grower.grow(weights, seed)[0].column for seed in range(12)}
    assert columns == {0, 3}
    assert grower.n_replayed == 12


def test_columns_are_sorted_without_rows_of_no_weight():
    X = np.array([[3.0, 1.0], [1.0, 1.0], [2.0, 1.0], [2.0, 1.0 + 5e-8]])
    grower = grower_of(X, np.array([0, 1, 0, 1]), np.array([1.0, 1.0, 0.0, 1.0]))
    columns = grower.columns
    np.testing.assert_array_equal(columns.order[0], [1, 3, 0])
    np.testing.assert_array_equal(columns.cuts, [[False, True, True], [False, False, False]])
    np.testing.assert_array_equal(columns.constant, [False, True])
    np.testing.assert_array_equal(columns.tied, [False, True])


@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_find_the_same_in_any_order(n_threads):
    """A thread that is first knows less of the best score, looks at more, and finds the same."""
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(1500, 7)), rng.integers(0, 2, 1500)
    weights = rng.random(1500)
    one = grower_of(X, codes, weights)
    one.grow(weights, 0)
    some = grower_of(X, codes, weights, n_threads)
    some.run = lambda function, tasks: [function(task) for task in reversed(tasks)]
    some.grow(weights, 0)
    best = one._found["score"].max()
    assert some._found["score"].max() == best
    winner = one._found["score"].argmax()
    assert some._found["place"][winner] == one._found["place"][winner]
