"""The study notes' examples on derivatives: gradient checks, a computation graph, activations, a small network."""

import numpy as np
import pytest

from mlx import losses
from mlx.neural_network import Activation, Dense, chain
from tests.reference.differences import central_difference, gradient_check_ratio, one_sided_difference


def test_e1_gradient_check():
    """E1, f = w1² x1 + w2² x2, analytic 6. The notes print a numeric 5.9999999 and the ratio 4.251268e-13; that ratio
    belongs to the unrounded difference of w1² x1 + w2 x2, and from the printed digits it would be 8.3e-9.
    """
    w, x = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    numeric = central_difference(lambda v: v[0] ** 2 * x[0] + v[1] ** 2 * x[1], w, step=1e-4)
    np.testing.assert_allclose(numeric, 2 * w * x, rtol=1e-10)
    assert gradient_check_ratio(6.0, numeric[0]) < 1e-7
    of_the_printed_digits = gradient_check_ratio(6.0, 5.9999999)
    assert of_the_printed_digits == pytest.approx(8.333e-9, rel=1e-3)
    linear_second_term = central_difference(lambda v: v[0] ** 2 * x[0] + v[1] * x[1], w, step=1e-4)[0]
    # The ratio is pure rounding, 4e-13 of 6; another order of operations gives another one of that size.
    assert gradient_check_ratio(6.0, linear_second_term) < 1e-12


def test_e2_two_sided_difference_of_a_cube():
    """E2: 3.0001, an error of 0.0001, which is the square of the step."""
    numeric = central_difference(lambda theta: float(theta[0] ** 3), [1.0], step=0.01)[0]
    assert numeric == pytest.approx(3.0001, abs=1e-12)


def test_e3_one_sided_difference_of_a_cube():
    """E3: 3.0301, an error of 0.0301. The notes print 0.02 and 0.03 for the error, and once 0.1 for the step."""
    numeric = one_sided_difference(lambda theta: theta**3, 1.0, 0.01)
    assert numeric == pytest.approx(3.0301, abs=1e-12)
    assert numeric - 3.0 == pytest.approx(0.0301, abs=1e-12)


def test_e4_thresholds_of_the_gradient_check():
    """E4: a right pullback stays below 1e-7, one that is wrong by a thousandth is above 1e-5."""
    X = np.array([[0.3, -0.8]])
    numeric = central_difference(lambda x: float(losses.sigmoid(x).sum()), X)
    analytic, _ = Activation("logistic").forward(X)[1](np.ones((1, 2)))
    assert gradient_check_ratio(analytic, numeric) < 1e-7
    assert gradient_check_ratio(1.001 * analytic, numeric) > 1e-5


def test_e5_computation_graph():
    """E5, J = 3 (a + b c) at a=5, b=3, c=2: two dense layers, whose pullbacks give 3, 3, 6 and 9."""
    a, b, c = np.array([5.0]), np.array([[3.0]]), np.array([[2.0]])
    inner, outer = Dense(b, a), Dense(np.array([[3.0]]), np.array([0.0]))
    v, pull_back_v = inner.forward(c)
    J, pull_back_J = outer.forward(v)
    assert (v.item(), J.item()) == (11.0, 33.0)
    dv, _ = pull_back_J(np.array([[1.0]]))
    dc, (db, da) = pull_back_v(dv)
    assert (dv.item(), da.item(), db.item(), dc.item()) == (3.0, 3.0, 6.0, 9.0)
    a[0] = 5.001
    moved, _ = chain(inner, outer).forward(c)
    assert inner.forward(c)[0].item() == pytest.approx(11.001)
    assert moved.item() == pytest.approx(33.003)


def test_e6_derivative_of_the_sigmoid():
    """E6: at most 0.25, at 0; e⁻ˣ / (1 + e⁻ˣ)² = σ (1 - σ)."""
    x = np.linspace(-6, 6, 121)[None]
    slope, _ = Activation("logistic").forward(x)[1](np.ones_like(x))
    assert slope.max() == slope[0, 60] == 0.25
    np.testing.assert_allclose(slope, np.exp(-x) / (1 + np.exp(-x)) ** 2, rtol=1e-12)
    np.testing.assert_allclose(losses.binary_log_loss_hessian(x), slope, rtol=1e-15)


def test_e7_relu_of_relu_is_relu():
    """E7: nothing changes the second time, and what is negative becomes 0."""
    x = np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]])
    once, twice = Activation("relu"), chain(Activation("relu"), Activation("relu"))
    np.testing.assert_array_equal(twice.forward(x)[0], once.forward(x)[0])
    np.testing.assert_array_equal(once.forward(x)[0], [[0.0, 0.0, 0.0, 0.5, 3.0]])


def test_e8_gradient_of_the_first_weight_of_a_network():
    """E8: ∂L/∂w13 = -[(y1-a5) a5 (1-a5) w35 + (y2-a6) a6 (1-a6) w36] a3 (1-a3) x1 = -0.014904. The notes leave w35 and
    w36 out and print a sum for a product; their expression gives 0.27274.
    """
    hidden = Dense(np.array([[0.1, 0.2], [0.3, -0.4]]), np.zeros(2))
    output = Dense(np.array([[0.5, -0.6], [0.7, 0.8]]), np.zeros(2))
    network = chain(hidden, Activation("logistic"), output, Activation("logistic"))
    x, y = np.array([[0.5, -1.0]]), np.array([[1.0, 0.0]])
    a, pull_back = network.forward(x)
    _, gradients = pull_back(losses.half_squared_error_gradient(a, y))
    dw13 = gradients[0][0, 0]
    assert dw13 == pytest.approx(-0.014904, abs=5e-7)

    def loss(w13):
        hidden.parameters[0][0, 0] = w13[0]
        return float(losses.half_squared_error(network.forward(x)[0], y).sum())

    assert dw13 == pytest.approx(central_difference(loss, [0.1])[0], rel=1e-8)
    (a5, a6), a3 = a[0], Activation("logistic").forward(hidden.forward(x)[0])[0][0, 0]
    hidden_part = a3 * (1 - a3) * 0.5
    printed = -(1 - a5) * a5 * (1 - a5) * a3 + hidden_part - (0 - a6) * a6 * (1 - a6) * a3 + hidden_part
    assert printed == pytest.approx(0.27274, abs=1e-3)


@pytest.mark.parametrize(("scale", "at_10", "at_50"), [(1.5, 38.4434, 4.25e8), (0.5, 0.00195312, 1.78e-15)])
def test_e34_signals_and_gradients_vanish_or_explode_with_the_depth(scale, at_10, at_50):
    """E34: with weights 1.5 I or 0.5 I, L layers multiply by 1.5^(L-1) or 0.5^(L-1), forwards and backwards."""
    for depth, expected in ((10, at_10), (50, at_50)):
        network = chain(*(Dense(scale * np.eye(2), np.zeros(2)) for _ in range(depth - 1)))
        Y, pull_back = network.forward(np.ones((1, 2)))
        dX, _ = pull_back(np.ones((1, 2)))
        np.testing.assert_allclose(Y, scale ** (depth - 1), rtol=1e-12)
        np.testing.assert_allclose(dX, Y, rtol=1e-12)
        np.testing.assert_allclose(Y, expected, rtol=3e-3)  # the table rounds to three digits
