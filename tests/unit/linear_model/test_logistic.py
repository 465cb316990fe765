"""Logistic regression: derivatives by differences, optimality, gauge, weights, labels, iterations, callbacks."""

import math
import signal
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

from mlx.linear_model import LogisticRegression
from mlx.linear_model.logistic_objective import logistic_objective
from mlx.linear_model.newton import cg_direction, cholesky_direction
from tests.reference.linear import logistic_objective_by_hand

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky")


def objective_of(n_classes, *, C=2.0, fit_intercept=True, as_sparse=False, n=40):
    rng = np.random.default_rng(n_classes)
    X = rng.normal(size=(n, 3)) * [1.0, 100.0, 0.01] + [0.0, 50.0, 1.0]
    y = rng.integers(0, n_classes, n)
    weights = rng.uniform(0.0, 2.0, n)
    rows = sparse.csr_array(X) if as_sparse else X
    objective = logistic_objective(rows, y, weights, n_classes=n_classes, C=C, fit_intercept=fit_intercept)
    return objective, rng.normal(size=objective.shape), (X, y, weights)


every_objective = pytest.mark.parametrize(
    "options",
    [
        {"n_classes": n_classes, "fit_intercept": fit_intercept, "as_sparse": as_sparse}
        for n_classes in (2, 3, 5)
        for fit_intercept in (True, False)
        for as_sparse in (False, True)
    ],
    ids=str,
)


@every_objective
def test_value_is_the_formula(options):
    objective, U, (X, y, weights) = objective_of(**options)
    W, b = objective.to_users_units(U)
    by_hand = logistic_objective_by_hand(W, b, X, y, 2.0, weights)
    assert objective.at(U).value == pytest.approx(by_hand, rel=1e-12)
    np.testing.assert_allclose(objective.from_users_units(W, b), U, rtol=1e-12)


@every_objective
def test_gradient_and_hessian_are_those_of_central_differences(options):
    objective, U, _ = objective_of(**options)
    point = objective.at(U)
    gradient, hessian = point.gradient, objective.hessian(point.p)
    h = 1e-5
    for index in range(U.size):
        step = np.zeros(U.size)
        step[index] = h
        step = step.reshape(U.shape)
        above, below = objective.at(U + step), objective.at(U - step)
        slope = (above.value - below.value) / (2 * h)
        assert gradient.ravel()[index] == pytest.approx(slope, abs=1e-8)
        bend = (above.gradient - below.gradient) / (2 * h)
        np.testing.assert_allclose(hessian[index], bend.ravel(), atol=1e-8)
        np.testing.assert_allclose(objective.hessian_product(point.p, step / h).ravel(), hessian[index], atol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_no_derivative_depends_on_how_the_rows_are_stored_or_cut_into_blocks(monkeypatch, n_classes, fit_intercept):
    copied, U, _ = objective_of(n_classes, fit_intercept=fit_intercept)
    monkeypatch.setattr("mlx.linear_model.logistic_objective.ENTRIES_OF_COPY", 0)
    as_given, _, (X, _, _) = objective_of(n_classes, fit_intercept=fit_intercept)
    assert np.array_equal(as_given.X, X) and as_given.offset.any() == fit_intercept and not copied.offset.any()
    point, whole = copied.at(U), copied.hessian(copied.at(U).p)
    monkeypatch.setattr("mlx.numeric.linalg.BLOCK_ENTRIES", 1)
    for objective in (copied, as_given):
        np.testing.assert_allclose(objective.at(U).gradient, point.gradient, atol=1e-13)
        np.testing.assert_allclose(objective.hessian(point.p), whole, atol=1e-13)


@every_objective
def test_largest_slope_is_in_the_users_units(options):
    objective, U, (X, y, weights) = objective_of(**options)
    W, b = objective.to_users_units(U)
    found = objective.largest_slope(U, objective.at(U).gradient)
    slopes = []
    for target in (W, b) if options["fit_intercept"] else (W,):
        for index in np.ndindex(target.shape):
            kept, h = target[index], 1e-6
            values = []
            for moved in (kept + h, kept - h):
                target[index] = moved
                values.append(logistic_objective_by_hand(W, b, X, y, 2.0, weights))
            target[index] = kept
            slopes.append((values[0] - values[1]) / (2 * h))
    assert found == pytest.approx(np.abs(slopes).max(), rel=1e-5)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_both_directions_solve_the_newton_equation(n_classes, C):
    objective, U, _ = objective_of(n_classes, C=C, n=200)
    point = objective.at(0.1 * U)
    gradient = point.gradient
    step, left = cholesky_direction(objective, point)
    np.testing.assert_allclose(objective.hessian(point.p) @ step.ravel(), -gradient.ravel(), atol=1e-10)
    assert left == 0.0
    rough, left = cg_direction(objective, point)
    residual = objective.hessian_product(point.p, rough) + gradient
    assert np.linalg.norm(residual) < 0.11 * np.linalg.norm(gradient) and left < 0.1
    # ν² and how much of it was found: what is missing is not more than what was said.
    whole, found = -np.vdot(gradient, step), -np.vdot(gradient, rough)
    assert -1e-14 * whole < whole - found <= left**2 * found + 1e-14 * whole
    if n_classes > 2:
        np.testing.assert_allclose(step[:, objective.penalty == 0].sum(axis=0), 0.0, atol=1e-10)


def test_one_feature_two_values_by_hand():
    # Without a penalty the fitted log-odds are those of the counts: 1 of 4 at x = 0, 3 of 4 at x = 1.
    X = np.array([[0.0]] * 4 + [[1.0]] * 4)
    y = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    for solver in SOLVERS:
        model = LogisticRegression(C=np.inf, solver=solver).fit(X, y)
        np.testing.assert_allclose(model.predict_proba([[0.0], [1.0]])[:, 1], [0.25, 0.75], rtol=1e-9)
        assert model.intercept_[0] == pytest.approx(-math.log(3.0), rel=1e-9)
        assert model.coef_[0, 0] == pytest.approx(2 * math.log(3.0), rel=1e-9)


def test_a_strong_penalty_leaves_the_shares_of_the_classes():
    X, y = load_wine(return_X_y=True)
    model = LogisticRegression(C=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[:1])[0], np.bincount(y) / len(y), rtol=1e-3)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_iris])
def test_slope_at_the_default_tolerance_is_far_below_it(load, solver):
    X, y = load(return_X_y=True)
    model = LogisticRegression(solver=solver).fit(X, y)
    objective = logistic_objective(X, y, None, n_classes=len(model.classes_), C=1.0, fit_intercept=True)
    U = objective.from_users_units(model.coef_, model.intercept_)
    assert objective.largest_slope(U, objective.at(U).gradient) < 1e-6
    assert 1 <= model.n_iter_[0] < 60


@pytest.mark.parametrize("solver", SOLVERS)
def test_penalty_free_sums_over_the_classes_stay_zero(solver):
    X, y = load_wine(return_X_y=True)
    model = LogisticRegression(solver=solver).fit(X, y)
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-10)
    assert model.intercept_.sum() == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("class_weight", [None, {0: 2.0, 1: 0.5}])
def test_weights_are_repetitions(n_classes, class_weight):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, n_classes, 60)
    counts = rng.integers(0, 4, 60)
    weighted = LogisticRegression(class_weight=class_weight).fit(X, y, counts)
    repeated = LogisticRegression(class_weight=class_weight).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-7)
    if class_weight:
        by_row = LogisticRegression().fit(X, y, counts * np.array([class_weight.get(label, 1.0) for label in y]))
        np.testing.assert_allclose(weighted.coef_, by_row.coef_, atol=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_sparse_rows_are_dense_rows(fit_intercept):
    X, y = load_iris(return_X_y=True)
    dense = LogisticRegression(fit_intercept=fit_intercept, tol=1e-10).fit(X, y)
    for rows in (sparse.csr_array(X), sparse.csc_array(X), sparse.csr_matrix(X)):
        model = LogisticRegression(fit_intercept=fit_intercept, tol=1e-10).fit(rows, y)
        np.testing.assert_allclose(model.coef_, dense.coef_, atol=1e-8)
        np.testing.assert_allclose(model.predict_proba(rows), dense.predict_proba(X), atol=1e-9)
    before = dense.decision_function(X)
    np.testing.assert_allclose(dense.sparsify().decision_function(X), before)
    np.testing.assert_allclose(dense.decision_function(sparse.csr_array(X)), before)
    assert isinstance(dense.densify().coef_, np.ndarray)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_and_their_logarithms(n_classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    model = LogisticRegression().fit(X, rng.integers(0, n_classes, 80))
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), p, rtol=1e-12)
    assert (model.predict(X) == model.classes_[p.argmax(axis=1)]).all()
    # Far out, where a probability is too small for a float, its logarithm is not.
    far = np.array([[1e5, -1e5]])
    assert model.predict_proba(far).min() == 0.0
    assert np.isfinite(model.predict_log_proba(far)).all()


def test_any_labels():
    X, y = load_iris(return_X_y=True)
    numbered = LogisticRegression().fit(X, y)
    for labels in (np.array(["z", "a", "m"]), np.array([-1, 7, 3]), np.array([2.0, -1.0, 0.0])):
        model = LogisticRegression().fit(X, labels[y])
        assert list(model.classes_) == sorted(labels)
        assert (model.predict(X) == labels[numbered.predict(X)]).mean() == 1.0


def test_separated_classes_without_a_penalty_come_to_an_end():
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    for solver in SOLVERS:
        model = LogisticRegression(C=np.inf, solver=solver).fit(X, [0, 0, 1, 1])
        assert np.isfinite(model.coef_).all() and model.score(X, [0, 0, 1, 1]) == 1.0


def test_collinear_and_constant_columns_without_a_penalty():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    y = X[:, 0] + rng.logistic(size=100) > 0
    single = LogisticRegression(C=np.inf).fit(X, y)
    for solver in SOLVERS:
        model = LogisticRegression(C=np.inf, solver=solver).fit(np.column_stack([X, X, np.ones(100)]), y)
        np.testing.assert_allclose(model.coef_[0, :2] + model.coef_[0, 2:4], single.coef_[0], rtol=1e-6)


def test_warm_start_continues():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(warm_start=True, solver="newton-cholesky")
    cold = model.fit(X, y).n_iter_[0]
    coefficients = model.coef_.copy()
    assert model.fit(X, y).n_iter_[0] == 1 < cold
    np.testing.assert_allclose(model.coef_, coefficients, rtol=1e-6)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X[:, :5], y)
    assert model.set_params(warm_start=False).fit(X[:, :5], y).coef_.shape == (1, 5)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("max_iter", [0, 1, 3])
def test_iterations_are_counted_and_bounded(solver, max_iter):
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model = LogisticRegression(solver=solver, max_iter=max_iter).fit(X, y)
    assert model.n_iter_.tolist() == [max_iter]


class Recorder:
    """Callback in scikit-learn's protocol that keeps the loss after each iteration, and stops after some."""

    def __init__(self, X, y, most):
        self.X, self.y, self.most, self.losses = X, y, most, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **state):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, **state):
        if context.task_name == "iteration":
            p = fitted_estimator.predict_proba(self.X)
            self.losses.append(-np.log(p[np.arange(len(self.y)), self.y]).mean())
        return len(self.losses) >= self.most


@pytest.mark.parametrize("solver", SOLVERS)
def test_callbacks_see_each_iteration_and_can_stop(solver):
    X, y = load_iris(return_X_y=True)
    recorder = Recorder(X, y, most=1000)
    model = LogisticRegression(solver=solver).set_callbacks(recorder).fit(X, y)
    assert len(recorder.losses) == model.n_iter_[0] and recorder.losses[0] > recorder.losses[-1]
    stopper = Recorder(X, y, most=2)
    assert LogisticRegression(solver=solver).set_callbacks(stopper).fit(X, y).n_iter_[0] == 2


class Interrupting:
    """Callback that presses Ctrl-C in the iteration with this number."""

    def __init__(self, number):
        self.left = number

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "iteration":
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.fixture
def default_sigint():
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("default_sigint")
@pytest.mark.parametrize("solver", SOLVERS)
def test_ctrl_c_keeps_the_finished_iterations(solver):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(solver=solver).set_callbacks(Interrupting(3))
    with pytest.warns(UserWarning, match="keeps the 3 iterations finished"):
        model.fit(X, y)
    assert model.n_iter_[0] == 3
    stopped = LogisticRegression(solver=solver).set_callbacks(Recorder(X, y, most=3)).fit(X, y)
    np.testing.assert_array_equal(model.coef_, stopped.coef_)


@pytest.mark.usefixtures("default_sigint")
def test_ctrl_c_before_the_first_iteration_raises():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(KeyboardInterrupt):
        LogisticRegression().set_callbacks(Interrupting(1)).fit(X, y)


def test_fits_where_the_callback_protocol_is_missing():
    code = """
import sys
import sklearn.linear_model
sys.modules["sklearn.callback"] = None
from mlx.callbacks import SUPPORTS_CALLBACKS
from mlx.linear_model import LogisticRegression
print(SUPPORTS_CALLBACKS, LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict([[0.9]]))
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "[1]"]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [({"C": 0.0}, "C"), ({"tol": -1.0}, "tol"), ({"max_iter": -1}, "max_iter"), ({"solver": "newton"}, "solver")],
)
def test_bad_parameters_are_named(parameters, name):
    with pytest.raises(ValueError, match=name):
        LogisticRegression(**parameters).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("X", "y", "weights", "message"),
    [
        ([[np.nan], [1.0]], [0, 1], None, "X contains NaN"),
        ([[np.inf], [1.0]], [0, 1], None, "X contains inf"),
        ([[0.0], [1.0]], [1, 1], None, "one class"),
        ([[0.0], [1.0]], [0.5, 1.7], None, "continuous"),
        ([[0.0], [1.0]], [0, 1, 1], None, "inconsistent numbers of samples"),
        ([[0.0], [1.0]], [0, np.nan], None, "y contains NaN"),
        ([[0.0], [1.0]], [0, 1], [1.0], "sample_weight"),
        ([[0.0], [1.0]], [0, 1], [1.0, -1.0], "sample_weight"),
        ([[0.0], [1.0]], [0, 1], [0.0, 0.0], "sample_weight"),
        (np.empty((0, 1)), [], None, "0 sample"),
    ],
)
def test_bad_input_is_named(X, y, weights, message):
    with pytest.raises(ValueError, match=message):
        LogisticRegression().fit(X, y, weights)


def test_verbose_says_how_many_iterations(capsys):
    LogisticRegression(verbose=1).fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    assert "iterations" in capsys.readouterr().out
