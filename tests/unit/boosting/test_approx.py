"""Cuts of equal sums of Hessians: their definition, what they do not depend on, and where they move."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.approx import ApproxGrower, hessian_quantiles, whole_units
from mlx.boosting.growing import GrowthSettings
from mlx.boosting.library_sorted_cuts import library_sorted_cuts
from mlx.boosting.quantiles import column_cuts
from mlx.boosting.sampling import Sampling
from mlx.boosting.splitting import Penalty
from mlx.numeric.threads import thread_team
from tests.reference.boosting import cuts_of

f32 = np.float32


def sorted_column(n, seed, ties=False):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.integers(0, 40, n) if ties else rng.normal(size=n)).astype(f32)
    return values, rng.exponential(size=n).astype(f32)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("max_bin", [2, 7, 39, 300])
def test_quantiles_by_their_definition(max_bin, ties):
    values, weight = sorted_column(200, 0, ties)
    ours = hessian_quantiles(values, whole_units(weight), max_bin)
    np.testing.assert_array_equal(ours, np.array(cuts_of(values, weight.astype(float), max_bin), dtype=f32))
    assert len(ours) <= max_bin


def test_equal_hessians_are_as_good_as_none():
    values, _ = sorted_column(1000, 1)
    for hessian in (1.0, 0.3):
        ours = hessian_quantiles(values, whole_units(np.full(1000, hessian, dtype=f32)), 64)
        np.testing.assert_array_equal(ours, column_cuts(values, None, 64))


def test_no_values_and_no_weight():
    assert len(hessian_quantiles(np.empty(0, dtype=f32), np.empty(0), 16)) == 1
    values, _ = sorted_column(30, 2)
    assert len(hessian_quantiles(values, whole_units(np.zeros(30)), 8)) <= 8


def test_whole_units():
    """Whole numbers; all together at most 2 ** 52, so that no sum of them is rounded; in any order the same."""
    weight = np.random.default_rng(0).pareto(0.4, 5000)
    units = whole_units(weight)
    assert (units == np.rint(units)).all()
    assert units.max() > 2**49 / 5000
    assert units.sum() <= 2**52
    np.testing.assert_array_equal(whole_units(weight[::-1]), units[::-1])
    np.testing.assert_allclose(units / units.max(), weight / weight.max(), rtol=0, atol=2.0**-38)
    np.testing.assert_array_equal(whole_units(weight * 0.25), units)
    assert whole_units(np.zeros(3)).tolist() == [0, 0, 0]


def test_model_does_not_depend_on_the_order_of_the_rows():
    """Cuts are the same bits; sums of gradients are not, so that values differ by rounding."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(1500, 4)).astype(f32)
    X[:, 3] = X[:, 3].round(1)
    y = rng.random(1500) < 1 / (1 + np.exp(-3 * X[:, 0]))
    order = rng.permutation(1500)
    options = {"tree_method": "approx", "n_estimators": 4, "max_bin": 16, "n_jobs": 1}
    one, other = XGBClassifier(**options).fit(X, y), XGBClassifier(**options).fit(X[order], y[order])
    for a, b in zip(one.tree_ensemble_.trees, other.tree_ensemble_.trees):
        np.testing.assert_array_equal(a.left, b.left)
        np.testing.assert_array_equal(a.threshold, b.threshold)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("cuts", ["exact", "xgboost"])
def test_squared_error_is_that_of_hist(cuts):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(1200, 5))
    X[rng.random(X.shape) < 0.2] = np.nan
    y = np.nan_to_num(X[:, 0]) + rng.normal(size=1200)
    options = {"n_estimators": 5, "max_bin": 32, "cuts": cuts}
    hist, approx = (XGBRegressor(tree_method=method, **options).fit(X, y) for method in ("hist", "approx"))
    np.testing.assert_array_equal(hist.predict(X), approx.predict(X))


def test_weight_is_repetition():
    rng = np.random.default_rng(5)
    X, weight = rng.normal(size=(300, 3)).astype(f32), rng.integers(1, 4, 300)
    y = rng.random(300) < 0.5
    options = {"tree_method": "approx", "n_estimators": 3, "max_bin": 8, "base_score": 0.4}
    weighted = XGBClassifier(**options).fit(X, y, sample_weight=weight)
    repeated = XGBClassifier(**options).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    for a, b in zip(weighted.tree_ensemble_.trees, repeated.tree_ensemble_.trees):
        np.testing.assert_array_equal(a.threshold, b.threshold)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-5, atol=1e-7)


def test_bins_move_to_where_the_model_is_unsure():
    """Classes part at 0; once the model knows that, most cuts lie near it."""
    rng = np.random.default_rng(6)
    X = rng.normal(size=(4000, 1)).astype(f32)
    y = (X[:, 0] + 0.05 * rng.normal(size=4000) > 0).astype(f32)
    p = np.full(4000, 0.5)
    settings = GrowthSettings(Penalty(1.0, 0.0, 0.0, 0.0), f32(0), 3, f32(1))
    share, margin = [], np.zeros(4000, dtype=f32)
    with thread_team(1) as run:
        grower = ApproxGrower(X, None, settings, Sampling(), max_bin=32, cuts="exact", run=run, n_threads=1)
        for number in range(4):
            p = 1 / (1 + np.exp(-margin))
            tree = grower.grow(np.stack([p - y, p * (1 - p)], axis=1).astype(f32), number)
            grower.add_values(tree, margin)
            cuts = grower.table.cuts[: grower.table.n_bins[0] - 1]
            share.append(np.mean(np.abs(cuts) < 0.2))
    assert share[0] < 0.25
    assert share[-1] > 0.45


@pytest.mark.parametrize("max_bin", [2, 3, 300, 65_535])
def test_any_number_of_bins(max_bin):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(700, 3))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.nan_to_num(X[:, 0]) > 0
    for cuts in ("exact", "xgboost"):
        model = XGBClassifier(tree_method="approx", n_estimators=10, max_bin=max_bin, cuts=cuts).fit(X, y)
        assert model.score(X, y) > (0.8 if max_bin == 2 else 0.9)


def test_samples_and_threads():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(9000, 6))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    options = {"tree_method": "approx", "n_estimators": 4, "subsample": 0.5, "colsample_bynode": 0.5, "random_state": 1}
    one, two = (XGBClassifier(n_jobs=n, **options).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_library_cuts_by_hand():
    """Ten values of weight 1 and shares of a quarter: kept are those through which 0, 2.5, 5 and 7.5 are reached."""
    values = np.arange(10, dtype=f32)
    # Kept: 0, then 2, 4 and 7 at the weights 3, 5 and 8; there are four, and 9 as the largest. The first is no cut.
    cuts = library_sorted_cuts(values, np.ones(10, dtype=f32), 4)
    assert cuts[:-1].tolist() == [2, 4, 7]
    assert cuts[-1] > 9
