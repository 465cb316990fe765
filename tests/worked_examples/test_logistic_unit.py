"""The study notes' logistic unit with two inputs, from its output to its first update, and the loss behind it."""

import numpy as np
import pytest

from mlx import losses
from mlx.neural_network import Dense
from mlx.neural_network.gradient_steps import momentum_step

X, Y = np.array([[5.0, 3.0]]), np.array([[1.0]])


def unit():
    """The unit's parameters w1, w2, b as one vector, and the dense layer that looks at them."""
    parameters = np.array([0.02, 0.09, 0.01])
    return parameters, Dense(parameters[:2].reshape(2, 1), parameters[2:])


def test_e9_output():
    """E9: z = 0.38, a = 0.5939."""
    z = unit()[1].forward(X)[0]
    assert z.item() == pytest.approx(0.38)
    assert losses.sigmoid(z).item() == pytest.approx(0.593873, abs=5e-7)


def test_e10_loss():
    """E10: 0.521090. The notes print 0.5210, from the output rounded to 0.5939; unrounded it rounds to 0.5211."""
    z = unit()[1].forward(X)[0]
    assert losses.binary_log_loss(z, Y).item() == pytest.approx(0.521090, abs=5e-7)
    of_rounded = losses.binary_log_loss_of_probability(np.array([0.5939]), np.array([1.0]))
    assert of_rounded.item() == pytest.approx(0.5210, abs=5e-5)


def test_e11_gradients():
    """E11: dw1 = -2.030634, dw2 = -1.218381, db = -0.406127; the notes round them to -2.03, -1.218, -0.4061."""
    z, pull_back = unit()[1].forward(X)
    _, (dw, db) = pull_back(losses.binary_log_loss_gradient(z, Y))
    np.testing.assert_allclose(dw[:, 0], [-2.030634, -1.218381], atol=5e-7)
    assert db.item() == pytest.approx(-0.406127, abs=5e-7)


def test_e12_update():
    """E12: w1 = 0.030153 (the notes round to 0.03); the next output is nearer to the target and the loss smaller."""
    parameters, layer = unit()
    z, pull_back = layer.forward(X)
    _, (dw, db) = pull_back(losses.binary_log_loss_gradient(z, Y))
    gradient = np.concatenate([dw.ravel(), db])
    momentum_step(parameters, gradient, np.zeros(3), np.empty(3), learning_rate=0.005, momentum=0.0, nesterov=False)
    np.testing.assert_allclose(parameters, [0.030153, 0.096092, 0.012031], atol=5e-7)
    z = layer.forward(X)[0]
    assert z.item() == pytest.approx(0.451072, abs=5e-7)
    assert losses.sigmoid(z).item() == pytest.approx(0.610894, abs=5e-7)
    assert losses.binary_log_loss(z, Y).item() == pytest.approx(0.492832, abs=5e-7)


def test_e13_bernoulli_likelihood():
    """E13: 0.7¹ 0.3⁰ = 0.7 and 0.7⁰ 0.3¹ = 0.3, which the notes leave unevaluated."""
    loss = losses.binary_log_loss_of_probability(np.array([0.7, 0.7]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(loss, [0.356675, 1.203973], atol=5e-7)
    np.testing.assert_allclose(np.exp(-loss), [0.7, 0.3], rtol=1e-14)


def test_e14_limits_of_the_sigmoid():
    """E14: 0 at minus infinity, 1 at plus infinity."""
    np.testing.assert_array_equal(losses.sigmoid(np.array([-np.inf, np.inf])), [0.0, 1.0])


def test_e21_divergence_of_two_coins():
    """E21: KL(P‖Q) = 0.830366 nats or 1.197964 bits for P=(0.5, 0.5), Q=(0.95, 0.05); the notes give no value."""

    def cross_entropy(p, q):
        return losses.binary_log_loss_of_probability(np.array([q]), np.array([p])).item()

    assert cross_entropy(0.5, 0.5) == pytest.approx(0.693147, abs=5e-7)
    assert cross_entropy(0.5, 0.95) == pytest.approx(1.523513, abs=5e-7)
    divergence = cross_entropy(0.5, 0.95) - cross_entropy(0.5, 0.5)
    assert divergence == pytest.approx(0.830366, abs=5e-7)
    assert divergence / np.log(2) == pytest.approx(1.197964, abs=5e-7)
    assert cross_entropy(0.95, 0.5) - cross_entropy(0.95, 0.95) == pytest.approx(0.494632, abs=5e-7)


def test_e22_trials_of_two_coins():
    """E22: 8 heads and 4 tails; per trial the fair coin is likelier by 0.339626 nats, together by a factor of 58.8805.
    The products that the notes print do not fit their sequence.
    """
    heads = np.array([side == "H" for side in "HHTHHTHHHTHT"], dtype=float)
    assert (heads.sum(), len(heads)) == (8, 12)
    fair, unfair = (losses.binary_log_loss_of_probability(np.full(12, p), heads).sum() for p in (0.5, 0.95))
    assert (unfair - fair) / 12 == pytest.approx(0.339626, abs=5e-7)
    assert np.exp(unfair - fair) == pytest.approx(58.8805, abs=5e-5)
