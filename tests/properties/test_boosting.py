"""Laws of cuts and of boosted trees, on tables that Hypothesis makes up."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.boosting import XGBRegressor
from mlx.boosting.quantiles import column_cuts
from tests.reference.boosting import cuts_of

COLUMN = st.lists(
    st.one_of(st.floats(-1e6, 1e6, width=32), st.integers(-3, 3).map(float), st.just(float("nan"))),
    min_size=1,
    max_size=60,
).map(lambda values: np.array(values, dtype=np.float32))
MAX_BIN = st.integers(2, 12)


@given(COLUMN, MAX_BIN, st.randoms(use_true_random=False))
def test_cuts_do_not_depend_on_the_order_of_rows(column, max_bin, random):
    weight = np.array([random.choice([0.5, 1.0, 2.5]) for _ in column])
    order = np.array(random.sample(range(len(column)), len(column)))
    np.testing.assert_array_equal(column_cuts(column, None, max_bin), column_cuts(column[order], None, max_bin))
    np.testing.assert_array_equal(
        column_cuts(column, weight, max_bin), column_cuts(column[order], weight[order], max_bin)
    )


@given(COLUMN, MAX_BIN, st.data())
def test_a_weight_is_a_repetition(column, max_bin, data):
    weight = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(column), max_size=len(column))))
    np.testing.assert_array_equal(
        column_cuts(column, weight, max_bin), column_cuts(np.repeat(column, weight), None, max_bin)
    )


@given(COLUMN, MAX_BIN)
def test_cuts_are_the_slow_twins(column, max_bin):
    cuts = column_cuts(column, None, max_bin)
    expected = cuts_of(column.astype(float), np.ones(len(column)), max_bin)
    if expected:
        np.testing.assert_array_equal(cuts, np.array(expected, dtype=np.float32))
    assert len(cuts) <= max_bin
    assert np.all(np.diff(cuts) > 0)
    assert not np.any(column >= cuts[-1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_a_fit_with_weights_is_a_fit_with_repeated_rows(seed, depth):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    X[rng.random(X.shape) < 0.2] = np.nan
    weight = rng.integers(0, 4, size=60)
    weight[0] = 1
    model = XGBRegressor(n_estimators=3, max_depth=depth, max_bin=8)
    weighted = model.fit(X, y, sample_weight=weight).predict(X)
    repeated = model.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight)).predict(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-6, atol=1e-7)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_squared_error_never_rises(seed):
    """A tree with learning rate <= 1 never raises the training loss that it is fitted to."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    model = XGBRegressor(n_estimators=8, max_depth=3, reg_lambda=0.5).fit(X, y)
    losses = [np.mean((model.predict(X, iteration_range=(0, r)) - y) ** 2) for r in range(1, 9)]
    assert np.all(np.diff([np.var(y), *losses]) <= 1e-6)
