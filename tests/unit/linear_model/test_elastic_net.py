"""Elastic net and lasso: by hand, against the slow twin, and by what any solution must satisfy."""

import warnings

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from mlx.linear_model import ElasticNet, Lasso, LinearRegression
from tests.reference.elastic_net import conditions_missed, duality_gap, elastic_net_by_hand, objective


def table(n, p, *, seed=0, noise=1.0):
    """Correlated columns in different units, of which a third matter, off centre."""
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1))) * rng.choice([0.1, 1.0, 5.0], p) + rng.normal(size=p)
    w = np.where(np.arange(p) % 3 == 0, rng.normal(size=p), 0.0) / X.std(axis=0)
    return X, X @ w + 3.0 + noise * rng.normal(size=n)


SHAPES = {"tall": (40, 6), "wide": (12, 25)}
PENALTIES = {"lasso": (0.1, 1.0), "both": (0.1, 0.5), "mostly ridge": (0.2, 0.05)}


def test_five_rows_by_hand():
    # As in least squares: Σ(x - x̄)² = 10, Σ(x - x̄)(y - ȳ) = 6, n = 5. The slope is S(6, 5 α) / 10.
    X, y = [[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5]
    model = Lasso(alpha=0.2).fit(X, y)
    assert model.coef_[0] == pytest.approx((6 - 1) / 10, rel=1e-14)
    assert model.intercept_ == pytest.approx(4 - 0.5 * 3, rel=1e-14)
    assert model.dual_gap_ == pytest.approx(0.0, abs=1e-15)
    # 5 α = 6 is where the slope vanishes.
    assert Lasso(alpha=1.2).fit(X, y).coef_[0] == 0.0 < Lasso(alpha=1.199).fit(X, y).coef_[0]
    # Half of each norm: S(6, 5 α / 2) / (10 + 5 α / 2).
    assert ElasticNet(alpha=0.4).fit(X, y).coef_[0] == pytest.approx((6 - 1) / (10 + 1), rel=1e-14)
    # Upside down, no coefficient may be positive.
    assert Lasso(alpha=0.2, positive=True).fit(X, np.negative(y)).coef_[0] == 0.0


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_slow_twin(shape, fit_intercept, weighted, positive, as_sparse):
    X, y = table(*SHAPES[shape])
    weights = np.random.default_rng(1).uniform(0.0, 2.0, len(y)) if weighted else None
    for alpha, l1_ratio in PENALTIES.values():
        model = ElasticNet(alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept, positive=positive, tol=1e-13)
        model.fit(sparse.csc_array(X) if as_sparse else X, y, weights)
        w, intercept = elastic_net_by_hand(X, y, alpha, l1_ratio, weights, fit_intercept, positive)
        scale = np.abs(w).max() or 1.0
        np.testing.assert_allclose(model.coef_, w, rtol=0, atol=1e-7 * scale)
        np.testing.assert_array_equal(model.coef_ != 0.0, np.array(w) != 0.0)
        assert model.intercept_ == pytest.approx(intercept, abs=1e-7 * scale * max(np.abs(X).max(), 1.0))


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-8])
@pytest.mark.parametrize("precompute", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gap_is_the_gap(shape, precompute, tol):
    """As it is defined, computed elsewhere; and it is a bound of what the best solution is below this one."""
    X, y = table(*SHAPES[shape], seed=2)
    size = np.var(y)
    for alpha, l1_ratio in PENALTIES.values():
        for positive in (False, True):
            model = ElasticNet(alpha, l1_ratio=l1_ratio, tol=tol, positive=positive, precompute=precompute).fit(X, y)
            gap = duality_gap(X, y, model.coef_, alpha, l1_ratio, positive=positive)
            assert model.dual_gap_ == pytest.approx(gap, abs=1e-13 * size)
            assert model.dual_gap_ <= tol * size
            best, intercept = elastic_net_by_hand(X, y, alpha, l1_ratio, positive=positive)
            ours = objective(X, y, model.coef_, model.intercept_, alpha, l1_ratio)
            assert ours - objective(X, y, best, intercept, alpha, l1_ratio) <= model.dual_gap_ + 1e-13 * size


@pytest.mark.parametrize("precompute", [True, False])
@pytest.mark.parametrize("shape", [(60, 10), (30, 60), (40, 40)])
def test_conditions_of_a_minimum(shape, precompute):
    X, y = table(*shape, seed=3)
    for alpha, l1_ratio in PENALTIES.values():
        for positive in (False, True):
            model = ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-12, positive=positive, precompute=precompute).fit(X, y)
            assert conditions_missed(X, y, model.coef_, alpha, l1_ratio, positive=positive) < 1e-8
            spoiled = model.coef_ + 1e-3 * np.abs(model.coef_).max()
            assert conditions_missed(X, y, spoiled, alpha, l1_ratio, positive=positive) > 1e-6


def test_columns_that_others_make_up_and_columns_that_do_not_vary():
    X, y = table(40, 6, seed=4)
    hard = np.column_stack([X, X[:, 0], X[:, 1] + X[:, 2], np.full(40, 0.1), np.zeros(40), np.full(40, 1e9)])
    for precompute in (True, False):
        model = Lasso(0.05, tol=1e-10, precompute=precompute).fit(hard, y)
        assert (model.coef_[-3:] == 0.0).all()
        assert conditions_missed(hard[:, :-3], y, model.coef_[:-3], 0.05, 1.0) < 1e-6
        # Equal columns share a coefficient in any way: their sum and the objective are what is determined.
        w, intercept = elastic_net_by_hand(hard[:, :-3], y, 0.05, 1.0)
        ours = objective(hard, y, model.coef_, model.intercept_, 0.05, 1.0)
        assert ours == pytest.approx(objective(hard[:, :-3], y, w, intercept, 0.05, 1.0), rel=1e-9)


def test_highly_correlated_columns_need_no_more_iterations_than_are_allowed():
    """Where plain coordinate descent needs tens of thousands of sweeps, conjugate gradients need few steps."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 1)) + 1e-3 * rng.normal(size=(200, 20))
    y = X @ rng.normal(size=20) + 1e-3 * rng.normal(size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Lasso(1e-7, tol=1e-8).fit(X, y)
    assert model.n_iter_ < 500
    assert duality_gap(X, y, model.coef_, 1e-7, 1.0) <= 1.01e-8 * np.var(y)


def test_without_penalty_it_is_least_squares():
    X, y = table(50, 5, seed=6)
    with pytest.warns(UserWarning, match="alpha=0"):
        model = ElasticNet(0.0, tol=1e-14).fit(X, y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, y).coef_, rtol=1e-7)
    with pytest.warns(UserWarning, match="alpha=0"):
        nonnegative = ElasticNet(0.0, tol=1e-14, positive=True).fit(X, y)
    np.testing.assert_allclose(nonnegative.coef_, LinearRegression(positive=True).fit(X, y).coef_, atol=1e-7)


@pytest.mark.parametrize("positive", [False, True])
def test_without_l1_norm_it_is_ridge_regression(positive):
    X, y = table(50, 5, seed=7)
    model = ElasticNet(0.3, l1_ratio=0.0, tol=1e-13, positive=positive).fit(X, y)
    w, _ = elastic_net_by_hand(X, y, 0.3, 0.0, positive=positive)
    np.testing.assert_allclose(model.coef_, w, atol=1e-7 * np.abs(w).max())
    assert 0.0 <= model.dual_gap_ <= 1e-13 * np.var(y)


def test_weights_are_repetitions_and_their_scale_is_nothing():
    X, y = table(30, 4, seed=8)
    counts = np.random.default_rng(9).integers(0, 4, 30)
    weighted = ElasticNet(0.1, tol=1e-12).fit(X, y, counts)
    repeated = ElasticNet(0.1, tol=1e-12).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9)
    np.testing.assert_allclose(ElasticNet(0.1, tol=1e-12).fit(X, y, 7.0 * counts).coef_, weighted.coef_, rtol=1e-9)
    np.testing.assert_array_equal(ElasticNet(0.1).fit(X, y, 3.5).coef_, ElasticNet(0.1).fit(X, y).coef_)


def test_several_targets_are_separate_problems():
    X, y = table(30, 4, seed=10)
    Y = np.column_stack([y, -2.0 * y, y**2])
    model = Lasso(0.1).fit(X, Y)
    assert model.coef_.shape == (3, 4) and model.intercept_.shape == model.dual_gap_.shape == (3,)
    assert len(model.n_iter_) == 3 and model.predict(X).shape == (30, 3)
    for target, coefficients in zip(Y.T, model.coef_):
        np.testing.assert_allclose(Lasso(0.1).fit(X, target).coef_, coefficients, rtol=1e-9, atol=1e-12)
    column = Lasso(0.1).fit(X, y[:, None])
    assert column.coef_.shape == (4,) and column.intercept_.shape == (1,)


def test_float32_comes_back_as_float32():
    X, y = table(40, 5, seed=11)
    single = Lasso(0.1).fit(X.astype(np.float32), y.astype(np.float32))
    assert single.coef_.dtype == single.intercept_.dtype == single.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single.coef_, Lasso(0.1).fit(X, y).coef_, rtol=1e-4, atol=1e-6)


def test_a_gram_matrix_of_ones_own():
    X, y = table(40, 5, seed=12)
    X -= X.mean(axis=0)
    reference = Lasso(0.1, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(Lasso(0.1, tol=1e-12, precompute=X.T @ X).fit(X, y).coef_, reference.coef_, rtol=1e-9)
    with pytest.raises(ValueError, match=r"precompute.*not the Gram"):
        Lasso(0.1, precompute=X.T @ X + np.eye(5)).fit(X, y)
    with pytest.warns(UserWarning, match="precompute"):
        centred_anew = Lasso(0.1, tol=1e-12, precompute=X.T @ X).fit(X + 1.0, y)
    np.testing.assert_allclose(centred_anew.coef_, reference.coef_, rtol=1e-9)


def test_warm_start_begins_where_the_last_fit_ended():
    X, y = table(30, 60, seed=13)
    model = Lasso(0.02, tol=1e-10, warm_start=True).fit(X, y)
    first, coefficients = model.n_iter_, model.coef_
    assert model.fit(X, y).n_iter_ < first / 3
    np.testing.assert_allclose(model.coef_, coefficients, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X[:, :5], y)


def test_what_is_not_solved_is_told():
    X, y = table(30, 60, seed=14)
    with pytest.warns(ConvergenceWarning, match=r"duality gap .* max_iter"):
        model = Lasso(1e-3, max_iter=2, tol=1e-10).fit(X, y)
    assert model.n_iter_ == 2
    assert model.dual_gap_ == pytest.approx(duality_gap(X, y, model.coef_, 1e-3, 1.0), rel=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_columns_drawn_by_chance_lead_to_the_same_solution(seed):
    X, y = table(30, 20, seed=15)
    random = Lasso(0.05, selection="random", random_state=seed, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(random.coef_, Lasso(0.05, tol=1e-12).fit(X, y).coef_, rtol=1e-6, atol=1e-9)
    again = Lasso(0.05, selection="random", random_state=seed, tol=1e-12).fit(X, y)
    np.testing.assert_array_equal(again.coef_, random.coef_)


def test_copy_x_and_check_input():
    X, y = table(12, 25, seed=16)
    for order in "CF":
        kept = np.array(X, order=order)
        reference = Lasso(0.1).fit(kept, y)
        np.testing.assert_array_equal(kept, X)
        taken = np.array(X, order=order)
        np.testing.assert_array_equal(Lasso(0.1, copy_X=False).fit(taken, y).coef_, reference.coef_)
        assert np.array_equal(taken, X) == (order == "C")  # columns in one piece are centred where they lie
        np.testing.assert_array_equal(Lasso(0.1).fit(kept, y, check_input=False).coef_, reference.coef_)
    kept.flags.writeable = False
    np.testing.assert_array_equal(Lasso(0.1).fit(kept, y).coef_, reference.coef_)


def test_sparse_coefficients_follow_the_setting():
    X, y = table(30, 6, seed=17)
    model = Lasso(0.5).fit(X, y)
    np.testing.assert_array_equal(model.sparse_coef_.toarray()[0], model.coef_)
    assert model.sparse_coef_.nnz == np.count_nonzero(model.coef_) < 6
    with sklearn.config_context(sparse_interface="sparray"):
        assert isinstance(model.sparse_coef_, sparse.sparray)
    with sklearn.config_context(sparse_interface="spmatrix"):
        assert sparse.isspmatrix(model.sparse_coef_)


def test_numbers_that_overflow_are_an_error():
    X, y = table(30, 6, seed=18)
    with pytest.raises(ValueError, match="scale"), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Lasso(1e-3).fit(X * 1e200, y * 1e200)
