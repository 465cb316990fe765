"""Cross-validation of the penalty: folds from one pass, the errors by hand, and the same bits for any threads."""

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit

from mlx.linear_model import ElasticNet, ElasticNetCV, LassoCV
from mlx.linear_model.elastic_net_folds import folds_of, prepared
from mlx.linear_model.elastic_net_problem import gram_problems, rows_of
from tests.unit.linear_model.test_elastic_net import table


def by_hand(X, y, alphas, l1_ratio, splits, weights=None, **parameters):
    """Errors of separate fits, shape (n_alphas, n_folds)."""
    weights = np.ones(len(y)) if weights is None else weights
    errors = np.empty((len(alphas), len(splits)))
    for k, (train, test) in enumerate(splits):
        for i, alpha in enumerate(alphas):
            model = ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-13, **parameters)
            model.fit(X[train], y[train], weights[train])
            errors[i, k] = np.average((y[test] - model.predict(X[test])) ** 2, weights=weights[test])
    return errors


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(40, 6), (20, 30)])
def test_errors_are_those_of_separate_fits(shape, weighted, fit_intercept, as_sparse):
    X, y = table(*shape)
    weights = np.random.default_rng(1).uniform(0.0, 2.0, len(y)) if weighted else None
    ratios = [0.4, 1.0]
    data = sparse.csr_array(X) if as_sparse else X
    model = ElasticNetCV(l1_ratio=ratios, alphas=5, cv=4, tol=1e-13, fit_intercept=fit_intercept)
    model.fit(data, y, weights)
    splits = list(KFold(4).split(X))
    assert model.mse_path_.shape == (2, 5, 4) and model.alphas_.shape == (2, 5)
    means = []
    for errors, alphas, ratio in zip(model.mse_path_, model.alphas_, ratios):
        expected = by_hand(X, y, alphas, ratio, splits, weights, fit_intercept=fit_intercept)
        np.testing.assert_allclose(errors, expected, rtol=1e-7)
        means.append(expected.mean(axis=1))
    best = int(np.argmin([mean.min() for mean in means]))
    assert model.l1_ratio_ == ratios[best]
    assert model.alpha_ == model.alphas_[best, np.argmin(means[best])]
    refit = ElasticNet(model.alpha_, l1_ratio=model.l1_ratio_, tol=1e-13, fit_intercept=fit_intercept)
    np.testing.assert_array_equal(refit.fit(data, y, weights).coef_, model.coef_)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_folds_from_one_pass_are_those_of_their_rows(fit_intercept, weighted):
    X, y = table(40, 6, seed=2)
    X[:8, 1], X[8:, 1] = np.arange(8), 5.0  # does not vary but in the first fold's own rows
    weights = np.random.default_rng(3).uniform(0.5, 2.0, 40) if weighted else None
    splits = list(KFold(5).split(X))
    folds = folds_of(X, y, weights, splits, fit_intercept=fit_intercept, precompute="auto")
    for fold in folds:
        assert fold.problem is not None, "the folds part the rows: one pass is enough"
        part = None if weights is None else weights[fold.train]
        (expected,) = gram_problems(rows_of(X[fold.train], y[fold.train, None], part, fit_intercept))
        size = np.abs(expected.lines).max()
        np.testing.assert_allclose(fold.problem.lines, expected.lines, rtol=1e-11, atol=1e-13 * size)
        np.testing.assert_allclose(fold.problem.columns["xy"], expected.columns["xy"], rtol=1e-9, atol=1e-10)
        assert fold.problem.yy == pytest.approx(expected.yy) and fold.problem.n == expected.n
    overlapping = list(ShuffleSplit(3, random_state=0).split(X))
    for fold in folds_of(X, y, weights, overlapping, fit_intercept=fit_intercept, precompute="auto"):
        assert fold.problem is None
        ready = prepared(fold, X, y, weights, 5, fit_intercept=fit_intercept, precompute="auto")
        assert ready.problem.n == len(fold.train)


@pytest.mark.parametrize("cv", [3, KFold(4, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)])
def test_any_splitter(cv):
    X, y = table(30, 4, seed=4)
    splitter = KFold(cv) if isinstance(cv, int) else cv
    model = LassoCV(alphas=4, cv=cv, tol=1e-12).fit(X, y)
    expected = by_hand(X, y, model.alphas_, 1.0, list(splitter.split(X)))
    np.testing.assert_allclose(model.mse_path_, expected, rtol=1e-7)
    masks = [(np.isin(np.arange(30), train), test) for train, test in splitter.split(X)]
    by_masks = LassoCV(alphas=4, cv=masks, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(by_masks.mse_path_, model.mse_path_, rtol=1e-9)


@pytest.mark.parametrize("shape", [(60, 8), (20, 40)])
def test_same_bits_for_any_number_of_threads(shape):
    X, y = table(*shape, seed=5)
    for cv in (5, ShuffleSplit(4, random_state=0)):
        one, two = (ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=20, cv=cv, n_jobs=n).fit(X, y) for n in (None, 2))
        np.testing.assert_array_equal(one.mse_path_, two.mse_path_)
        np.testing.assert_array_equal(one.coef_, two.coef_)


def test_groups_reach_the_splitter():
    X, y = table(30, 4, seed=6)
    groups = np.arange(30) % 3
    with sklearn.config_context(enable_metadata_routing=True):
        splitter = GroupKFold(3).set_split_request(groups=True)
        model = LassoCV(alphas=4, cv=splitter, tol=1e-12).fit(X, y, groups=groups)
    expected = by_hand(X, y, model.alphas_, 1.0, list(GroupKFold(3).split(X, y, groups)))
    np.testing.assert_allclose(model.mse_path_, expected, rtol=1e-7)
    with pytest.raises(ValueError, match="groups"):
        LassoCV().fit(X, y, groups=groups)


def test_folds_without_weight():
    X, y = table(30, 4, seed=7)
    weights = np.r_[np.zeros(10), np.ones(20)]
    model = LassoCV(alphas=4, cv=3).fit(X, y, weights)
    assert np.isnan(model.mse_path_[:, 0]).all() and np.isfinite(model.mse_path_[:, 1:]).all()
    assert model.alpha_ == model.alphas_[np.argmin(model.mse_path_[:, 1:].mean(axis=1))]
    with pytest.raises(ValueError, match=r"sample_weight.*fold 1 of 3"):
        LassoCV(alphas=4, cv=3).fit(X, y, 1.0 - np.r_[np.zeros(10), np.ones(20)])


def test_alphas_of_ones_own():
    X, y = table(30, 4, seed=8)
    model = ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=[0.1, 1.0, 0.01]).fit(X, y)
    np.testing.assert_array_equal(model.alphas_, [1.0, 0.1, 0.01])
    assert model.alpha_ in model.alphas_ and model.mse_path_.shape == (2, 3, 5)
    with pytest.raises(ValueError, match="l1_ratio"):
        ElasticNetCV(l1_ratio=[0.0, 1.0]).fit(X, y)
    with pytest.raises(ValueError, match="y has 2 columns"):
        LassoCV().fit(X, np.column_stack([y, y]))


def test_a_line_for_each_fold(capsys):
    X, y = table(30, 4, seed=9)
    LassoCV(alphas=4, cv=3, verbose=1).fit(X, y)
    assert capsys.readouterr().out.splitlines() == [f"LassoCV: fold {k} of 3 done" for k in (1, 2, 3)]
