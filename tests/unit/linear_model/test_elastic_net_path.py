"""The path: its alphas, its warm starts, its arguments; and the kernels' three forms of one problem."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from mlx.linear_model import ElasticNet, enet_path, lasso_path
from mlx.linear_model.elastic_net_problem import DENSE, GRAM, SPARSE, columns_problems, gram_problems, rows_of
from tests.reference.elastic_net import conditions_missed, duality_gap
from tests.unit.linear_model.test_elastic_net import table


def test_alphas_begin_where_all_coefficients_are_zero():
    X, y = table(30, 5)
    alphas, coefs, gaps = lasso_path(X, y, alphas=10, eps=1e-2)
    assert alphas[0] == pytest.approx(np.abs(X.T @ y).max() / 30, rel=1e-14)
    np.testing.assert_allclose(alphas[1:] / alphas[:-1], 0.01 ** (1 / 9), rtol=1e-12)
    assert (coefs[:, 0] == 0.0).all() and (coefs[:, 1] != 0.0).any()
    assert coefs.shape == (5, 10) and gaps.shape == (10,)
    half, _, _ = enet_path(X, y, alphas=10, l1_ratio=0.5)
    assert half[0] == pytest.approx(2.0 * alphas[0])
    positive, _, _ = lasso_path(X, y, alphas=10, positive=True)
    assert positive[0] == pytest.approx((X.T @ y).max() / 30, rel=1e-14)
    constant, _, _ = lasso_path(X, np.zeros(30), alphas=3)
    assert (constant == 1e-15).all()


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("shape", [(40, 8), (15, 40)])
def test_every_solution_of_the_path_is_one(shape, l1_ratio, as_sparse):
    X, y = table(*shape, seed=1)
    data = sparse.csr_array(X) if as_sparse else X
    alphas, coefs, gaps = enet_path(data, y, l1_ratio=l1_ratio, alphas=12, tol=1e-9)
    for alpha, w, gap in zip(alphas, coefs.T, gaps):
        assert conditions_missed(X, y, w, alpha, l1_ratio, fit_intercept=False) < 1e-5
        truth = duality_gap(X, y, w, alpha, l1_ratio, fit_intercept=False)
        assert gap == pytest.approx(truth, abs=1e-13 * (y @ y) / len(y))
        assert gap <= 1e-9 * (y @ y) / len(y)


def test_path_is_fewer_iterations_than_its_problems_one_by_one():
    X, y = table(30, 60, seed=2)
    alphas, coefs, _, n_iters = lasso_path(X, y, alphas=30, tol=1e-8, return_n_iter=True)
    alone = [lasso_path(X, y, alphas=[alpha], tol=1e-8, return_n_iter=True) for alpha in alphas]
    assert sum(n_iters) < 0.8 * sum(each[3][0] for each in alone)
    np.testing.assert_allclose(coefs, np.column_stack([each[1][:, 0] for each in alone]), rtol=1e-4, atol=1e-7)


def test_three_forms_of_one_problem():
    """Weighted and centred: the Gram matrix, the columns and the sparse columns say the same."""
    X, y = table(20, 6, seed=3)
    X[X < 0.5] = 0.0
    weights = np.random.default_rng(4).uniform(0.0, 2.0, 20)
    rows, sparse_rows = (rows_of(of, y[:, None], weights, True) for of in (X, sparse.csr_array(X)))
    (gram,), (columns,), (entries,) = gram_problems(rows), columns_problems(rows), columns_problems(sparse_rows)
    assert (gram.form, columns.form, entries.form) == (GRAM, DENSE, SPARSE)
    (sparse_gram,) = gram_problems(sparse_rows)
    for other in (columns, entries, sparse_gram):
        assert other.yy == pytest.approx(gram.yy) and other.n == gram.n
        for field in ("xy", "length"):
            np.testing.assert_allclose(other.columns[field], gram.columns[field], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(columns.lines @ columns.lines.T, gram.lines, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(sparse_gram.lines, gram.lines, rtol=1e-12, atol=1e-12)


def test_coefficients_to_begin_with():
    X, y = table(30, 60, seed=5)
    _, coefs, _, cold = lasso_path(X, y, alphas=[0.05], tol=1e-8, return_n_iter=True)
    _, again, _, warm = lasso_path(X, y, alphas=[0.05], tol=1e-8, return_n_iter=True, coef_init=coefs[:, 0])
    assert warm[0] < cold[0] / 3
    np.testing.assert_allclose(again, coefs, rtol=1e-5, atol=1e-8)


def test_alphas_are_sorted_and_screening_changes_nothing_but_the_work():
    X, y = table(15, 40, seed=6)
    alphas, coefs, _ = lasso_path(X, y, alphas=[0.1, 1.0, 0.3], tol=1e-12)
    np.testing.assert_array_equal(alphas, [1.0, 0.3, 0.1])
    _, unscreened, _ = lasso_path(X, y, alphas=[0.1, 1.0, 0.3], tol=1e-12, do_screening=False)
    np.testing.assert_allclose(unscreened, coefs, rtol=1e-6, atol=1e-9)


def test_products_given_are_used():
    X, y = table(30, 5, seed=7)
    alphas, coefs, _ = lasso_path(X, y, alphas=5, Xy=X.T @ y, precompute=X.T @ X)
    reference = lasso_path(X, y, alphas=5)
    np.testing.assert_allclose(alphas, reference[0], rtol=1e-12)
    np.testing.assert_allclose(coefs, reference[1], rtol=1e-8, atol=1e-10)
    assert lasso_path(X, y, alphas=[0.1], Xy=X.T @ y + 1.0)[1][0, 0] != lasso_path(X, y, alphas=[0.1])[1][0, 0]


def test_shape_and_dtype_follow_the_input():
    X, y = table(30, 5, seed=8)
    assert lasso_path(X, y[:, None], alphas=4)[1].shape == (1, 5, 4)
    assert lasso_path(X.astype(np.float32), y, alphas=4)[1].dtype == np.float32
    assert ElasticNet.path is enet_path


def test_progress_is_printed(capsys):
    X, y = table(30, 5, seed=9)
    lasso_path(X, y, alphas=4, verbose=True)
    assert capsys.readouterr().err == "...."
    lasso_path(X, y, alphas=4, verbose=2)
    assert capsys.readouterr().out.splitlines()[1] == "Path: 001 out of 004"
    lasso_path(X, y, alphas=4, verbose=3)
    assert "duality gap" in capsys.readouterr().out


def test_deprecated_ways_to_say_how_many_alphas():
    X, y = table(30, 5, seed=10)
    with pytest.warns(FutureWarning, match="n_alphas"):
        assert len(lasso_path(X, y, n_alphas=7)[0]) == 7
    with pytest.warns(FutureWarning, match="alphas=None"):
        assert len(lasso_path(X, y, alphas=None)[0]) == 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(lasso_path(X, y)[0]) == 100


def test_gaps_left_open_are_told():
    X, y = table(30, 60, seed=11)
    with pytest.warns(ConvergenceWarning, match="of 10 alphas"):
        lasso_path(X, y, alphas=10, max_iter=2, tol=1e-10)


BAD = {
    "Gram matrix of other rows": ({"precompute": np.eye(5)}, ValueError, "precompute"),
    "Gram matrix of another shape": ({"precompute": np.eye(4)}, ValueError, "precompute"),
    "too few products": ({"Xy": np.ones(3)}, ValueError, "Xy"),
    "products with nan": ({"Xy": np.full(5, np.nan)}, ValueError, "Xy"),
    "too few coefficients": ({"coef_init": np.ones(3)}, ValueError, "coef_init"),
    "negative alpha": ({"alphas": [-1.0]}, ValueError, "alphas"),
    "no alphas": ({"alphas": []}, ValueError, "alphas"),
    "alphas without an L1 norm": ({"l1_ratio": 0.0, "alphas": 5}, ValueError, "l1_ratio"),
    "unknown keyword": ({"tolerance": 1.0}, ValueError, "tolerance"),
    "selection": ({"selection": "best"}, ValueError, "selection"),
    "iterations": ({"max_iter": 0}, ValueError, "max_iter"),
    "tolerance": ({"tol": -1.0}, ValueError, "tol"),
    "estimators' own keyword": ({"X_offset": np.zeros(5)}, NotImplementedError, "X_offset"),
    "weights": ({"sample_weight": np.ones(30)}, NotImplementedError, "sample_weight"),
    "several targets": ({"y": np.ones((30, 2))}, NotImplementedError, "multi-task"),
    "other number of targets": ({"y": np.ones(29)}, ValueError, "inconsistent"),
    "text for targets": ({"y": ["a"] * 30}, ValueError, "y"),
    "number for targets": ({"y": 1.0}, ValueError, "y"),
    "nan in X": ({"X": np.full((30, 5), np.nan)}, ValueError, "X"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    given, error, match = BAD[case]
    X, y = table(30, 5, seed=12)
    with pytest.raises(error, match=match):
        enet_path(**{"X": X, "y": y, **given})
