"""Laws of cuts and of boosted trees, on tables that Hypothesis makes up."""

import numpy as np
import pytest
import scipy.sparse
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
@settings(deadline=None)
def test_cuts_do_not_depend_on_the_order_of_rows(column, max_bin, random):
    weight = np.array([random.choice([0.5, 1.0, 2.5]) for _ in column])
    order = np.array(random.sample(range(len(column)), len(column)))
    np.testing.assert_array_equal(column_cuts(column, None, max_bin), column_cuts(column[order], None, max_bin))
    np.testing.assert_array_equal(
        column_cuts(column, weight, max_bin), column_cuts(column[order], weight[order], max_bin)
    )


@given(COLUMN, MAX_BIN, st.data())
@settings(deadline=None)
def test_a_weight_is_a_repetition(column, max_bin, data):
    weight = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(column), max_size=len(column))))
    np.testing.assert_array_equal(
        column_cuts(column, weight, max_bin), column_cuts(np.repeat(column, weight), None, max_bin)
    )


@given(COLUMN, MAX_BIN)
@settings(deadline=None)
def test_cuts_are_the_slow_twins(column, max_bin):
    cuts = column_cuts(column, None, max_bin)
    expected = cuts_of(column.astype(float), np.ones(len(column)), max_bin)
    if expected:
        np.testing.assert_array_equal(cuts, np.array(expected, dtype=np.float32))
    assert len(cuts) <= max_bin
    assert np.all(np.diff(cuts) > 0)
    assert not np.any(column >= cuts[-1])


METHODS = {
    "hist": {},
    "approx": {"tree_method": "approx"},
    "exact": {"tree_method": "exact", "max_bin": None},
    "library's cuts": {"cuts": "xgboost"},
    "vectors": {"multi_strategy": "multi_output_tree"},
    "sparse": {},
}


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from(["reg:squarederror", "reg:logistic"]))
@settings(max_examples=12, deadline=None)
@pytest.mark.parametrize("method", METHODS)
def test_a_fit_with_weights_is_a_fit_with_repeated_rows(method, seed, depth, objective):
    """With every tree method. The library's quantiles are approximate: it is cut nowhere where a value is a bin."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 3)), rng.random(size=(60, 2) if method == "vectors" else 60)
    X[rng.random(X.shape) < 0.2] = np.nan
    weight = rng.integers(0, 4, size=60)
    weight[0] = 1
    bins = 256 if method == "library's cuts" else 8
    model = XGBRegressor(objective=objective, n_estimators=3, max_depth=depth, max_bin=bins)
    model.set_params(min_child_weight=0.1, **METHODS[method])

    def rows(X):
        return stored(X) if method == "sparse" else X

    weighted = model.fit(rows(X), y, sample_weight=weight).predict(X)
    repeated = model.fit(rows(np.repeat(X, weight, axis=0)), np.repeat(y, weight, axis=0)).predict(X)
    assert len(np.unique(weighted)) > 1
    np.testing.assert_allclose(weighted, repeated, rtol=1e-6, atol=1e-7)


def stored(X):
    """Sparse rows without what is missing."""
    there = ~np.isnan(X)
    start = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return scipy.sparse.csr_matrix((X[there], np.nonzero(there)[1], start), shape=X.shape)


DIRECTIONS = st.tuples(*3 * [st.sampled_from([-1, 0, 1])]).filter(any)
GROWTH = st.sampled_from(
    [
        {},
        {"tree_method": "approx"},
        {"tree_method": "exact"},
        {"grow_policy": "lossguide", "max_leaves": 12},
        {"reg_alpha": 0.3, "max_delta_step": 0.2},
        {"interaction_constraints": [[0, 1], [1, 2]]},
        {"min_child_weight": 0.0, "reg_lambda": 0.0, "subsample": 0.7},
        {"num_parallel_tree": 2, "colsample_bynode": 0.7},
        {"booster": "dart", "rate_drop": 0.5},
    ]
)


@given(st.integers(0, 2**32 - 1), DIRECTIONS, GROWTH, st.sampled_from(["reg:squarederror", "reg:logistic"]))
@settings(max_examples=60, deadline=None)
def test_predictions_move_in_the_direction_of_their_columns(seed, directions, growth, objective):
    """To the last bit: where a column rises and all others stay, also where they are missing, no sum may fall."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(80, 3)), 1)
    y = np.clip(0.5 + 0.2 * X @ rng.normal(size=3) + 0.2 * rng.normal(size=80), 0, 1)
    X[rng.random(X.shape) < 0.2] = np.nan
    model = XGBRegressor(objective=objective, n_estimators=6, max_depth=5, monotone_constraints=directions, **growth)
    model.fit(X, y)
    for column in np.flatnonzero(directions):
        values = np.unique(np.append(X[~np.isnan(X[:, column]), column], [-9.0, 9.0]))
        rows = np.repeat(X[:20], len(values), axis=0)
        rows[:, column] = np.tile(values, 20)
        margin = model.predict(rows, output_margin=True).reshape(20, -1)
        assert np.all(np.diff(margin, axis=1) * directions[column] >= 0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_squared_error_never_rises(seed):
    """A tree with learning rate <= 1 never raises the training loss that it is fitted to."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    model = XGBRegressor(n_estimators=8, max_depth=3, reg_lambda=0.5).fit(X, y)
    losses = [np.mean((model.predict(X, iteration_range=(0, r)) - y) ** 2) for r in range(1, 9)]
    assert np.all(np.diff([np.var(y), *losses]) <= 1e-6)
