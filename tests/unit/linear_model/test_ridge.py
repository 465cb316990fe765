"""Ridge regression: by hand, against slow twins and 60 digits, every solver, and leaving one row out by doing it."""

import mpmath
import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import KFold

from mlx.linear_model import LinearRegression, Ridge, RidgeCV
from mlx.linear_model.leave_one_out import leave_one_out
from mlx.linear_model.ridge_solvers import fit_ridge
from tests.reference.linear import leave_one_out_by_hand, ridge_by_hand, solve_by_elimination

SOLVERS = ("auto", "cholesky", "svd", "lsqr", "sparse_cg", "sag", "saga")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4)) * [1.0, 3.0, 0.3, 1.0] + [0.0, 5.0, 0.0, -2.0]
    return X, X @ [1.0, -2.0, 3.0, 0.5] + 7.0 + rng.normal(size=40)


def test_five_rows_by_hand():
    # Σ(x - x̄)² = 10 and Σ(x - x̄)(y - ȳ) = 6, so w = 6 / (10 + α); the intercept is 4 - 3 w.
    for alpha, w in ((0.0, 0.6), (2.0, 0.5), (50.0, 0.1)):
        model = Ridge(alpha).fit([[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5])
        np.testing.assert_allclose([model.coef_[0], model.intercept_], [w, 4 - 3 * w], rtol=1e-14)
    # Without an intercept: Σxy / (Σx² + α) = 66 / 60.
    assert Ridge(5.0, fit_intercept=False).fit([[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5]).coef_ == pytest.approx(1.1)


@pytest.mark.parametrize("n", [40, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_slow_twin(table, solver, as_sparse, weighted, n):
    if solver == "svd" and as_sparse:
        pytest.skip("refused")
    X, y = table[0][:n], table[1][:n]
    weights = np.linspace(0.0, 2.0, n) if weighted else None
    rows = sparse.csr_array(X) if as_sparse else X
    model = Ridge(0.7, solver=solver, tol=1e-14).fit(rows, y, weights)
    coefficients, intercept = ridge_by_hand(X, y, 0.7, weights)
    np.testing.assert_allclose(model.coef_, coefficients, rtol=1e-9)
    assert model.intercept_ == pytest.approx(intercept, rel=1e-9)
    stochastic = "lsqr" if as_sparse else "cholesky"
    used = {"auto": "sparse_cg" if as_sparse else "cholesky", "sag": stochastic, "saga": stochastic}
    assert model.solver_ == used.get(solver, solver)
    assert (model.n_iter_ is None) == (solver not in ("lsqr", "sag", "saga"))


def test_n_iter_counts_the_steps_of_each_target(table):
    X, y = table
    model = Ridge([1.0, 2.0], solver="lsqr").fit(X, np.column_stack([y, y**2]))
    assert model.n_iter_.shape == (2,) and (model.n_iter_ >= 1).all()


@pytest.mark.parametrize("exponent", [2, 4, 6, 8, 10, 12])
@pytest.mark.parametrize("n", [30, 5])
def test_sixty_digits_on_ill_conditioned_designs(n, exponent):
    """A penalty that leaves the condition number as it is; squares lose twice its digits, singular values once."""
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.normal(size=(n, min(n, 6))))
    right, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    X = left * np.geomspace(1.0, 10.0**-exponent, left.shape[1]) @ right[:, : left.shape[1]].T
    y, alpha = X @ np.ones(6), 10.0 ** (-2 * exponent)
    truth = ridge_in_sixty_digits(X, y, alpha)
    model = Ridge(alpha, fit_intercept=False).fit(X, y)
    assert np.abs(model.coef_ - truth).max() < 100 * 2.2e-16 * 10.0**exponent * np.abs(truth).max()
    assert model.solver_ == ("cholesky" if exponent < 5 else "svd")


def ridge_in_sixty_digits(X, y, alpha):
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(value)) for value in row] for row in X]
        targets = [mpmath.mpf(float(value)) for value in y]
        p = len(rows[0])
        system = [
            [mpmath.fsum(row[i] * row[j] for row in rows) + (mpmath.mpf(alpha) if i == j else 0) for j in range(p)]
            for i in range(p)
        ]
        right = [mpmath.fsum(row[i] * value for row, value in zip(rows, targets)) for i in range(p)]
        return np.array([float(value) for value in solve_by_elimination(system, right)])


@pytest.mark.parametrize("shape", [(50, 4), (6, 9)])
def test_refinement_gives_back_digits(shape):
    """Of equations with a condition number between 1e4 and 1e8, which lose as many digits without it."""
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.normal(size=(shape[0], min(shape))))
    right, _ = np.linalg.qr(rng.normal(size=(shape[1], shape[1])))
    X = left * np.geomspace(1.0, 10.0**-3.3, min(shape)) @ right[:, : min(shape)].T
    y, alpha = X @ np.ones(shape[1]), 1e-9
    truth = ridge_in_sixty_digits(X, y, alpha)
    found = fit_ridge(X, y[:, None], np.array([alpha]), fit_intercept=False)
    assert found.solver == "cholesky"
    plain = np.linalg.solve(X.T @ X + alpha * np.eye(shape[1]), X.T @ y)
    errors = [np.abs(found.coefficients[:, 0] - truth).max(), np.abs(plain - truth).max()]
    assert errors[0] < 2e-12 and (errors[0] < errors[1] / 3 or shape[0] < shape[1])


@pytest.mark.parametrize("rows", [slice(None), slice(3)])
def test_no_penalty_is_least_squares(table, rows):
    X, y = table[0][rows], table[1][rows]
    X = np.column_stack([X, X[:, 0], np.full(len(X), 3.0)])
    model, least = Ridge(0.0).fit(X, y), LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, least.coef_, rtol=1e-9, atol=1e-12)


def test_each_target_has_its_penalty(table):
    X, y = table
    Y = np.column_stack([y, y**2, y])
    for solver in SOLVERS:
        together = Ridge([0.1, 10.0, 10.0], solver=solver, tol=1e-14).fit(X, Y)
        for k, alpha in enumerate((0.1, 10.0, 10.0)):
            np.testing.assert_allclose(together.coef_[k], Ridge(alpha).fit(X, Y[:, k]).coef_, rtol=1e-9)


@pytest.mark.parametrize("as_sparse", [False, True])
def test_positive_coefficients_meet_the_optimality_conditions(table, as_sparse):
    X, y = table
    model = Ridge(0.5, positive=True, tol=1e-12).fit(sparse.csr_array(X) if as_sparse else X, y)
    assert model.solver_ == ("lbfgs" if as_sparse else "active_set")
    slopes = (X - X.mean(axis=0)).T @ (y - model.predict(X)) - 0.5 * model.coef_
    assert (model.coef_ >= 0).all() and (model.coef_ == 0).any()
    np.testing.assert_allclose(slopes[model.coef_ > 0], 0.0, atol=1e-4 if as_sparse else 1e-10)
    assert (slopes[model.coef_ == 0] <= 1e-8).all()


def test_lbfgs_tells_when_its_steps_run_out(table):
    with pytest.warns(ConvergenceWarning, match="lbfgs"):
        Ridge(1e-6, positive=True, solver="lbfgs", max_iter=1, tol=1e-12).fit(*table)


@pytest.mark.parametrize("solver", ["sag", "saga"])
def test_what_is_random_in_the_library_is_not(table, solver):
    X, y = table
    for rows in (X, sparse.csr_array(X)):
        first, second = (Ridge(solver=solver, random_state=seed).fit(rows, y) for seed in (0, None))
        assert first.coef_.tobytes() == second.coef_.tobytes() and first.n_iter_ == second.n_iter_
    assert Ridge(solver=solver).fit(X, y).n_iter_.tolist() == [1]


@pytest.mark.parametrize("solver", ["sag", "saga"])
def test_sag_tells_when_its_steps_run_out(table, solver):
    with pytest.warns(ConvergenceWarning, match=solver):
        model = Ridge(1e-6, solver=solver, max_iter=2, tol=1e-12).fit(sparse.csr_array(table[0]), table[1])
    assert model.n_iter_.tolist() == [2]


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_numbers_whose_squares_are_no_floats(table, scale):
    X, y = table
    plain, scaled = Ridge(0.0).fit(X, y), Ridge(0.0).fit(X * scale, y)
    np.testing.assert_allclose(scaled.coef_ * scale, plain.coef_, rtol=1e-10)


def test_scalar_weights_and_one_column_of_targets(table):
    X, y = table
    np.testing.assert_allclose(Ridge(2.0).fit(X, y, 2.0).coef_, Ridge(1.0).fit(X, y).coef_, rtol=1e-12)
    model = Ridge().fit(X, y[:, None])
    assert model.coef_.shape == (4,) and model.intercept_.shape == (1,) and model.predict(X).shape == (40,)


@pytest.mark.parametrize(
    ("parameters", "rows", "error", "message"),
    [
        ({"solver": "sag", "positive": True}, np.asarray, ValueError, "solver"),
        ({"solver": "lbfgs"}, np.asarray, ValueError, "positive"),
        ({"solver": "svd", "positive": True}, np.asarray, ValueError, "solver"),
        ({"solver": "svd"}, sparse.csr_array, TypeError, "solver.*X"),
        ({"alpha": [1.0, 2.0]}, np.asarray, ValueError, "alpha has 2 penalties for 1"),
    ],
)
def test_what_a_solver_cannot_do_is_refused(table, parameters, rows, error, message):
    with pytest.raises(error, match=message):
        Ridge(**parameters).fit(rows(table[0]), table[1])


# Leaving one row out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(30, 4), (8, 8), (8, 12)])
@pytest.mark.parametrize("by_svd", [False, True])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leave_one_out_is_leaving_one_out(weighted, fit_intercept, as_sparse, by_svd, shape):
    if by_svd and as_sparse:
        pytest.skip("sparse rows are decomposed by their products")
    rng = np.random.default_rng(0)
    X, Y, alphas = rng.normal(size=shape) + 1.0, rng.normal(size=(shape[0], 2)), np.array([1e-3, 1.0, 50.0])
    weights = rng.integers(0, 3, shape[0]).astype(float) if weighted else None
    rows = sparse.csr_array(X) if as_sparse else X
    found = leave_one_out(rows, Y, alphas, weights, fit_intercept=fit_intercept, by_svd=by_svd, keep_errors=True)
    for place, alpha in enumerate(alphas):
        for target in range(2):
            expected = leave_one_out_by_hand(X, Y[:, target], alpha, weights, fit_intercept=fit_intercept)
            np.testing.assert_allclose(found.errors[:, target, place], expected, rtol=1e-8, atol=1e-10)
            s = np.ones(shape[0]) if weights is None else weights
            mean = (s * np.square(expected)).mean()
            assert found.mean_squares[target, place] == pytest.approx(mean, rel=1e-8)


def test_small_penalties_of_few_rows_keep_their_digits():
    """1 - leverage is of the size of the penalty, 1e-9: as a difference it would keep six digits."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 12)), rng.normal(size=8)
    found = leave_one_out(X, y[:, None], np.array([1e-9]), keep_errors=True).errors[:, 0, 0]
    # The limit for no penalty: the solution of least norm without the row.
    expected = []
    for i in range(8):
        rest = np.arange(8) != i
        expected.append(y[i] - LinearRegression().fit(X[rest], y[rest]).predict(X[[i]])[0])
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_best_penalty_is_the_best_of_all_fits(table):
    X, y = table
    alphas = np.geomspace(1e-3, 1e3, 13)
    model = RidgeCV(alphas, store_cv_results=True).fit(X, y)
    squares = [np.mean(np.square(leave_one_out_by_hand(X, y, alpha))) for alpha in alphas]
    assert model.alpha_ == alphas[np.argmin(squares)]
    assert model.best_score_ == pytest.approx(-min(squares), rel=1e-9)
    np.testing.assert_allclose(model.cv_results_.mean(axis=0), squares, rtol=1e-9)
    np.testing.assert_array_equal(model.coef_, Ridge(model.alpha_).fit(X, y).coef_)


def test_equal_scores_choose_the_first():
    model = RidgeCV([3.0, 1.0, 2.0]).fit([[1.0], [2.0], [3.0]], [0.0, 0.0, 0.0])
    assert model.alpha_ == 3.0


def test_scores_of_given_rows_without_weight_are_numbers(table):
    X, y = table
    weights = np.r_[np.zeros(5), np.ones(35)]
    for rows in (X, X[:, np.tile(np.arange(4), 12)] + np.random.default_rng(0).normal(size=(40, 48))):
        model = RidgeCV(scoring="r2", store_cv_results=True).fit(rows, y, weights)
        assert np.isfinite(model.best_score_) and np.isfinite(model.cv_results_).all()
        some = Ridge(0.1).fit(rows[5:], y[5:])
        np.testing.assert_allclose(model.cv_results_[:5, 0], some.predict(rows[:5]), rtol=1e-8)


def test_scorers_get_what_is_routed_to_them(table):
    X, y = table
    seen = []

    def score(y_true, y_pred, sample_weight=None, extra=None):
        seen.append((sample_weight is not None, extra))
        return -mean_absolute_error(y_true, y_pred, sample_weight=sample_weight)

    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(sample_weight=True, extra=True)
        model = RidgeCV(scoring=scorer).set_fit_request(sample_weight=True)
        model.fit(X, y, sample_weight=np.ones(40), extra="word")
    assert set(seen) == {(True, "word")}
    with pytest.raises(ValueError, match="extra"):
        RidgeCV().fit(X, y, extra="word")


def test_folds_choose_as_a_search_by_hand_would(table):
    X, y = table
    folds = KFold(4)
    model = RidgeCV([0.1, 1.0, 100.0], cv=folds).fit(X, y)
    scores = [
        np.mean([Ridge(alpha).fit(X[a], y[a]).score(X[b], y[b]) for a, b in folds.split(X)])
        for alpha in (0.1, 1.0, 100.0)
    ]
    assert model.best_score_ == pytest.approx(max(scores))
    assert model.alpha_ == (0.1, 1.0, 100.0)[int(np.argmax(scores))]


@pytest.mark.parametrize("parameters", [{"store_cv_results": True}, {"alpha_per_target": True}])
def test_folds_beside_what_needs_single_rows(table, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        RidgeCV(cv=3, **parameters).fit(*table)


def test_sparse_rows_are_not_decomposed_by_themselves(table):
    X, y = table
    with pytest.warns(FutureWarning, match="gcv_mode='svd'"):
        model = RidgeCV(gcv_mode="svd").fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(model.coef_, RidgeCV().fit(X, y).coef_, rtol=1e-9)
