"""Rows to predict: in any type and order without a copy of them all, and margins that start elsewhere."""

import tracemalloc

import numpy as np
import pytest

from mlx.boosting import XGBRegressor


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 20))
    X[rng.random(X.shape) < 0.2] = np.nan
    return XGBRegressor(n_estimators=3, max_depth=4).fit(X[:500], np.nan_to_num(X[:500, 0])), X


def test_rows_are_rounded_part_by_part(fitted):
    model, X = fitted
    expected = model.predict(X.astype(np.float32))
    for table in (X, np.asfortranarray(X)):
        np.testing.assert_array_equal(model.predict(table), expected)
    tracemalloc.start()
    model.predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 3


@pytest.mark.parametrize("value", [1e300, -1e300, np.inf])
def test_values_beyond_float32_are_refused(fitted, value):
    model, X = fitted
    wrong = X[:5].copy()
    wrong[2, 1] = value
    with pytest.raises(ValueError, match="too large"):
        model.predict(wrong)


def test_margins_start_where_they_are_told(fitted):
    model, X = fitted
    start = np.full(len(X), model.intercept_[0])
    np.testing.assert_array_equal(model.predict(X, base_margin=start), model.predict(X))
