"""The study notes' examples on more than two classes: softmax, hardmax, their loss and its gradient."""

import numpy as np
import pytest

from mlx import losses
from mlx.neural_network import MLPClassifier


def test_e15_one_hot_targets():
    """E15: A is (1, 0), B is (0, 1): what the gradient of the loss takes off the probabilities."""
    f = np.array([[0.3, -0.2], [1.0, 2.0]])
    onehot = losses.softmax(f) - losses.multinomial_log_loss_gradient(f, np.array([0, 1]))
    np.testing.assert_allclose(onehot, [[1, 0], [0, 1]], atol=1e-15)


def test_e16_softmax():
    """E16: the softmax of (5, 2, -1, 3) is (0.842, 0.042, 0.002, 0.114)."""
    p = losses.softmax(np.array([[5.0, 2.0, -1.0, 3.0]]))
    np.testing.assert_allclose(p, [[0.842034, 0.041922, 0.002087, 0.113957]], atol=5e-7)


def test_e17_hardmax_is_the_limit_of_softmax():
    """E17: (1, 0, 0, 0), from the same scores a thousand times as large."""
    p = losses.softmax(1000 * np.array([[5.0, 2.0, -1.0, 3.0]]))
    np.testing.assert_array_equal(p, [[1, 0, 0, 0]])


def test_e18_loss_and_its_gradient():
    """E18: -log 0.2 = 1.609438 and dz = (0.3, -0.8, 0.1, 0.4). The notes print J with a minus too many."""
    z, y = np.log([[0.3, 0.2, 0.1, 0.4]]), np.array([1])
    assert losses.multinomial_log_loss(z, y).item() == pytest.approx(1.609438, abs=5e-7)
    np.testing.assert_allclose(losses.multinomial_log_loss_gradient(z, y), [[0.3, -0.8, 0.1, 0.4]], atol=1e-15)


def test_e19_two_classes_are_a_logistic_unit():
    """E19: probabilities (0.9, 0.1) are the sigmoid of z1 - z2 = log 9 = 2.197225."""
    z = np.log([[0.9, 0.1]])
    difference = z[:, 0] - z[:, 1]
    assert difference.item() == pytest.approx(2.197225, abs=5e-7)
    assert losses.sigmoid(difference).item() == pytest.approx(0.9, rel=1e-14)
    assert losses.softmax(z).sum() == pytest.approx(1.0, rel=1e-15)
    assert losses.logit(np.array([0.9])).item() == pytest.approx(2.197225, abs=5e-7)


def test_e20_the_most_probable_class():
    """E20: probabilities 0.08, 0.74, 0.07 and 0.11 for A to D: the class is B."""
    model = MLPClassifier((), solver="lbfgs", random_state=0).fit(np.eye(4), list("ABCD"))
    model.coefs_, model.intercepts_ = [np.zeros((4, 4))], [np.log([0.08, 0.74, 0.07, 0.11])]
    np.testing.assert_allclose(model.predict_proba(np.zeros((1, 4))), [[0.08, 0.74, 0.07, 0.11]], rtol=1e-14)
    assert model.predict(np.zeros((1, 4))) == ["B"]


def test_e106_weights_of_attention():
    """E106: a softmax of any scores is positive and sums to one."""
    alpha = losses.softmax(np.random.default_rng(0).normal(0, 3, (5, 7)))
    assert np.all(alpha > 0)
    np.testing.assert_allclose(alpha.sum(axis=1), 1, rtol=1e-15)
