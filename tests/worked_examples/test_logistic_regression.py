"""Logistic regression, softmax regression and the perceptron on five rows, by the notes' own formulas."""

import math

import numpy as np
import pytest

from mlx.linear_model import LogisticRegression, Perceptron
from mlx.linear_model.logistic_objective import logistic_objective

# Five rows of two features.
X = np.array([[1.0, 2.0], [2.0, 1.0], [-1.0, 0.0], [0.0, -2.0], [3.0, 1.0]])
Y = [1, 0, 0, 0, 1]


def one_pass(w, b):
    """The notes' loop over m examples: J, dw and db, added up and divided by m."""
    J, dw, db = 0.0, [0.0, 0.0], 0.0
    for x, y in zip(X, Y):
        z = w[0] * x[0] + w[1] * x[1] + b
        a = 1 / (1 + math.exp(-z))
        J += -(y * math.log(a) + (1 - y) * math.log(1 - a))  # with the minus that the notes leave out
        dz = a - y
        dw = [dw[0] + x[0] * dz, dw[1] + x[1] * dz]
        db += dz
    m = len(X)
    return J / m, [dw[0] / m, dw[1] / m], db / m


def test_first_pass_from_zeros_by_hand():
    # All a are 1/2: J = log 2, dz = (-1/2, 1/2, 1/2, 1/2, -1/2).
    J, dw, db = one_pass([0.0, 0.0], 0.0)
    assert pytest.approx(math.log(2.0), rel=1e-15) == J
    assert dw == pytest.approx([(-0.5 + 1.0 - 0.5 + 0.0 - 1.5) / 5, (-1.0 + 0.5 + 0.0 - 1.0 - 0.5) / 5], rel=1e-15)
    assert db == pytest.approx(0.5 / 5, rel=1e-15)


@pytest.mark.parametrize(("w", "b"), [([0.0, 0.0], 0.0), ([0.3, -0.2], 0.1), ([-1.0, 2.0], 0.5)])
def test_loss_and_slopes_are_those_of_the_loop(w, b):
    objective = logistic_objective(X, np.array(Y), None, n_classes=2, C=np.inf, fit_intercept=True)
    point = objective.at(objective.from_users_units(np.array([w]), np.array([b])))
    J, dw, db = one_pass(w, b)
    assert point.value == pytest.approx(J, rel=1e-13)
    assert point.gradient[0, 2] == pytest.approx(db, rel=1e-12, abs=1e-15)
    # In the variables that are minimised over a column is (x - m) / d.
    slopes = point.gradient[0, :2] * objective.scale + db * objective.centre
    np.testing.assert_allclose(slopes, dw, rtol=1e-12, atol=1e-15)


def test_descent_of_the_notes_comes_down_to_the_minimum():
    # Their loop has no penalty; with one of C = 1, dw is that plus w / (C m).
    w, b = [0.0, 0.0], 0.0
    for _ in range(3000):
        _, dw, db = one_pass(w, b)
        w = [w[j] - 0.5 * (dw[j] + w[j] / len(X)) for j in range(2)]
        b -= 0.5 * db
    model = LogisticRegression(tol=1e-10).fit(X, Y)
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-9)
    assert model.intercept_[0] == pytest.approx(b, rel=1e-9)
    a = 1 / (1 + math.exp(-(w[0] * 2.0 + w[1] * 1.0 + b)))
    assert model.predict_proba(X[1:2])[0, 1] == pytest.approx(a, rel=1e-9)


def test_softmax_with_two_classes_is_logistic_regression():
    """With z = (z₁, z₂) the probability of the second class is σ(z₂ - z₁)."""
    two = LogisticRegression(C=1.0, tol=1e-10).fit(X, Y)
    w = two.coef_[0] / 2
    scores = X @ np.column_stack([-w, w]) + np.array([-two.intercept_[0] / 2, two.intercept_[0] / 2])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(two.predict_proba(X), p, rtol=1e-12)


def test_perceptron_on_five_rows_by_hand():
    # w₀ + Σ w_i x_i with Rosenblatt's threshold; classes are -1 and +1, rows in their order, steps of 1.
    # row 0, +1: f = 0 is not above 0:     w = (1, 2),  b = 1
    # row 1, -1: f = 2 + 2 + 1 = 5 > 0:    w = (-1, 1), b = 0
    # row 2, -1: f = 1 > 0:                w = (0, 1),  b = -1
    # row 3, -1: f = -2 - 1 = -3:          right
    # row 4, +1: f = 1 - 1 = 0:            w = (3, 2),  b = 0
    model = Perceptron(shuffle=False, max_iter=1, tol=None).fit(X, Y)
    assert model.coef_[0].tolist() == [3.0, 2.0] and model.intercept_[0] == 0.0
