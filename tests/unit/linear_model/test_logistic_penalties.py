"""Logistic regression with lengths in the penalty and with liblinear's objective: every fit has its certificate."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

from mlx import losses
from mlx.linear_model import LogisticRegression, accelerated, logistic_fit, proximal
from mlx.linear_model.logistic_fit import start_of
from mlx.linear_model.logistic_losses import mean_log_loss
from mlx.linear_model.logistic_objective import logistic_objective
from mlx.linear_model.proximal import minimise_model
from tests.reference.linear import logistic_objective_by_hand, logistic_slopes_by_hand, logistic_violation_by_hand


def table(n_classes, n=80, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(0.1, 10.0, p) + np.arange(p)
    y = (X[:, :3] @ rng.normal(size=(3, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    return X, y, rng.uniform(0.0, 2.0, n)


def violation(model, X, y, weights):
    codes = np.searchsorted(model.classes_, y)
    scaling = model.intercept_scaling if model.solver == "liblinear" else None
    weights = np.ones(len(y)) if weights is None else weights
    return logistic_violation_by_hand(
        model.coef_, model.intercept_, X, codes, model.C, weights, model.l1_ratio, scaling
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_slopes_by_hand_are_differences_of_the_objective(n_classes):
    X, y, weights = table(n_classes, n=12)
    n_outputs = 1 if n_classes == 2 else n_classes
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(n_outputs, 6)) * 0.1, rng.normal(size=n_outputs)
    of_w, of_b = logistic_slopes_by_hand(W, b, X, y, 2.0, weights)
    for target, slopes in ((W, np.array(of_w)), (b, np.array(of_b))):
        for index in np.ndindex(target.shape):
            kept, values = target[index], []
            for moved in (kept + 1e-6, kept - 1e-6):
                target[index] = moved
                values.append(logistic_objective_by_hand(W, b, X, y, 2.0, weights))
            target[index] = kept
            assert slopes[index] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("C", [0.02, 1.0, 50.0])
@pytest.mark.parametrize("l1_ratio", [0.1, 0.7, 1.0])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_conditions_of_a_minimum_hold(n_classes, l1_ratio, C, weighted):
    X, y, weights = table(n_classes)
    for fit_intercept in (True, False):
        model = LogisticRegression(solver="saga", C=C, l1_ratio=l1_ratio, fit_intercept=fit_intercept)
        model.fit(X, y, weights if weighted else None)
        if fit_intercept:
            found = violation(model, X, y, weights if weighted else None)
            assert found <= 1e-7 * 1.01
            assert model.kkt_residual_ == pytest.approx(found, abs=1e-12)
        rows = sparse.csr_array(X)
        other = LogisticRegression(solver="saga", C=C, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-9)
        other.fit(rows, y, weights if weighted else None)
        # Probabilities, not coefficients: two classes up and two down leave the length as it is, and those too.
        np.testing.assert_allclose(other.predict_proba(rows), model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("intercept_scaling", [0.5, 1.0, 100.0])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_liblinear_penalises_the_intercept(as_sparse, intercept_scaling, l1_ratio):
    X, y, weights = table(2)
    model = LogisticRegression(solver="liblinear", l1_ratio=l1_ratio, intercept_scaling=intercept_scaling, C=0.3)
    model.fit(sparse.csr_array(X) if as_sparse else X, y, weights)
    assert violation(model, X, y, weights) <= 1e-6
    # The same as a column of constants among the others, and no intercept.
    column = np.column_stack([X, np.full(len(y), intercept_scaling)])
    solver = "saga" if l1_ratio else "lbfgs"
    beside = LogisticRegression(solver=solver, l1_ratio=l1_ratio, fit_intercept=False, C=0.3, tol=1e-8)
    beside.fit(column, y, weights)
    np.testing.assert_allclose(model.coef_, beside.coef_[:, :-1], atol=1e-4)
    assert model.intercept_[0] == pytest.approx(beside.coef_[0, -1] * intercept_scaling, abs=1e-4)


def test_a_strong_length_leaves_nothing_and_the_least_strength_that_does_is_known():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    # With no coefficient the intercept gives the share of the classes: the largest slope is that of C = 1 / λ.
    largest = np.abs(X.T @ (y - y.mean())).max()
    assert not LogisticRegression(solver="saga", l1_ratio=1.0, C=0.999 / largest, tol=1e-8).fit(X, y).coef_.any()
    assert np.count_nonzero(LogisticRegression(solver="saga", l1_ratio=1.0, C=1.01 / largest).fit(X, y).coef_) == 1


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_iris])
def test_columns_in_any_units(load):
    X, y = load(return_X_y=True)
    for C in (0.1, 10.0):
        model = LogisticRegression(solver="saga", l1_ratio=1.0, C=C).fit(X, y)
        assert violation(model, X, y, None) <= 1e-6
        assert 0 < np.count_nonzero(model.coef_) < model.coef_.size


def test_wide_tables_are_worked_on_column_by_column():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 700))
    y = (X[:, 5] - X[:, 600] + 0.3 * rng.logistic(size=60) > 0).astype(int)
    model = LogisticRegression(solver="saga", l1_ratio=1.0, C=0.3).fit(X, y)
    assert violation(model, X, y, None) <= 1e-6 and model.coef_[0, 5] > 0 > model.coef_[0, 600]
    assert np.count_nonzero(model.coef_) < 60
    weak = LogisticRegression(solver="saga", l1_ratio=0.5, C=30.0).fit(X, y)
    assert violation(weak, X, y, None) <= 1e-6


def test_without_a_stored_hessian_the_minimum_is_the_same(monkeypatch):
    X, y, _ = table(3)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    parameters = {"solver": "saga", "l1_ratio": 0.5, "C": 0.5, "tol": 1e-7, "max_iter": 2000}
    stored = LogisticRegression(**parameters).fit(X, y)
    called = []

    def watched(*arguments, **options):
        called.append(1)
        return accelerated.accelerated_descent(*arguments, **options)

    monkeypatch.setattr(proximal, "STORED_HESSIAN", 3)
    monkeypatch.setattr(proximal, "accelerated_descent", watched)
    without = LogisticRegression(**parameters).fit(X, y)
    assert called and violation(without, X, y, None) <= 1e-7 * 1.01
    np.testing.assert_allclose(without.coef_, stored.coef_, atol=1e-4)
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        LogisticRegression(**{**parameters, "max_iter": 3}).fit(X, y)


def test_the_model_is_minimised_where_its_matrix_is_singular():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 9))
    H, U, l1 = A.T @ A, rng.normal(size=9), np.r_[np.full(8, 0.3), 0.0]
    g = A.T @ rng.normal(size=4)
    V = minimise_model(H, g, U, l1, 1e-10)
    r = g + H @ (V - U)
    assert (np.abs(r[V == 0.0]) <= l1[V == 0.0] + 1e-9).all()
    np.testing.assert_allclose(r[V != 0.0], -l1[V != 0.0] * np.sign(V[V != 0.0]), atol=1e-9)


def test_warm_starts_end_where_cold_ones_do():
    X, y, _ = table(3)
    warm = LogisticRegression(solver="saga", l1_ratio=1.0, warm_start=True, tol=1e-8)
    for C in (0.01, 0.1, 1.0):
        warm.set_params(C=C).fit(X, y)
        cold = LogisticRegression(solver="saga", l1_ratio=1.0, C=C, tol=1e-8).fit(X, y)
        np.testing.assert_allclose(warm.coef_, cold.coef_, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"solver": "lbfgs", "l1_ratio": 1.0}, "solver"),
        ({"solver": "newton-cg", "l1_ratio": 0.5}, "solver"),
        ({"solver": "liblinear", "l1_ratio": 0.5}, "saga"),
        ({"solver": "liblinear", "C": np.inf}, "liblinear"),
        ({"solver": "lbfgs", "dual": True}, "dual"),
        ({"solver": "liblinear", "dual": True, "l1_ratio": 1.0}, "dual"),
    ],
)
def test_what_does_not_go_together_is_refused_as_in_the_library(parameters, name):
    with pytest.raises(ValueError, match=name):
        LogisticRegression(**parameters).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="n_classes >= 3"):
        LogisticRegression(solver="liblinear").fit([[0.0], [1.0], [2.0]], [0, 1, 2])


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_sample_of_many_rows_is_a_start_and_nothing_else(monkeypatch, n_classes, solver):
    X, y, weights = table(n_classes, n=600)
    monkeypatch.setattr(logistic_fit, "CHEAP_HESSIAN", 0)
    monkeypatch.setattr(logistic_fit, "HESSIAN_LIKE_A_PASS", 0)
    monkeypatch.setattr(logistic_fit, "LEAST_FIRST", logistic_fit.FIRST_ITERATIONS)
    alone = LogisticRegression(solver=solver, tol=1e-9).fit(X, y, weights)
    sizes = []

    def watched(objective, U, sample=None):
        if sample is not None:
            sizes.append(len(sample.y))
        return start_of(objective, U, sample)

    monkeypatch.setattr(logistic_fit, "start_of", watched)
    monkeypatch.setattr(logistic_fit, "LEAST_ROWS", 400)
    monkeypatch.setattr(logistic_fit, "SAMPLE_ROWS", 200)
    sampled = LogisticRegression(solver=solver, tol=1e-9).fit(X, y, weights)
    np.testing.assert_allclose(sampled.coef_, alone.coef_, atol=1e-7)
    assert sizes == [200] and sampled.n_iter_[0] <= alone.n_iter_[0]
    # A sample without weight says nothing.
    weights[::3] = 0.0
    fewer = LogisticRegression(solver=solver, tol=1e-9).fit(X, y, weights)
    left = weights > 0
    monkeypatch.undo()
    beside = LogisticRegression(solver=solver, tol=1e-9).fit(X[left], y[left], weights[left])
    np.testing.assert_allclose(fewer.coef_, beside.coef_, atol=1e-7)


def test_columns_far_from_zero_and_rows_far_from_the_others():
    X, y, _ = table(2)
    near = LogisticRegression(tol=1e-9).fit(X, y)
    far = LogisticRegression(tol=1e-9).fit(X + 1e6, y)
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-6)
    # The first row is the origin of the sums: far outside, it must not take their digits.
    X[0] += 1e7
    objective = logistic_objective(X, y, None, n_classes=2, C=1.0, fit_intercept=True)
    np.testing.assert_allclose(objective.scale**2, 0.25 * X.var(axis=0) + 1.0 / len(y), rtol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_losses_are_those_of_their_formulas(n_classes):
    rng = np.random.default_rng(0)
    f = rng.normal(size=(1 if n_classes == 2 else n_classes, 50)) * 10.0 ** rng.integers(-3, 3, size=50)
    y, s = rng.integers(0, n_classes, 50), rng.uniform(0.0, 1.0, 50)
    found = mean_log_loss(f, y, s)
    if n_classes == 2:
        value, slopes, p = losses.binary_log_loss(f[0], y), losses.binary_log_loss_gradient(f[0], y)[None], None
    else:
        value, slopes = losses.multinomial_log_loss(f.T, y), losses.multinomial_log_loss_gradient(f.T, y).T
        p = losses.softmax(f.T).T
    assert found.value == pytest.approx(s @ value, rel=1e-14)
    np.testing.assert_allclose(found.slopes, s * slopes, atol=1e-15)
    np.testing.assert_allclose(found.p, losses.sigmoid(f) if p is None else p, rtol=1e-13, atol=1e-300)
