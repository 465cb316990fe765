"""The study notes' examples on training: first weights, learning rates, running means, sizes, batches, a minimum."""

import numpy as np
import pytest

from mlx.neural_network import MLPRegressor, glorot_bound, glorot_uniform
from mlx.neural_network.gradient_steps import adam_step, inverse_scaling_rate, momentum_step
from mlx.neural_network.network import draw_parameters


def test_e24_range_of_the_first_weights():
    """E24, fan_in 4 and fan_out 2: Glorot's uniform range is ±1, a standard deviation of 0.577350 and variance 0.3333.
    The notes do not evaluate it.
    """
    bound = glorot_bound(4, 2)
    assert bound == 1.0
    assert bound / np.sqrt(3) == pytest.approx(0.577350, abs=5e-7)
    assert bound**2 / 3 == pytest.approx(0.3333, abs=5e-5)
    weights, bias = glorot_uniform(4, 2, "tanh", np.random.RandomState(0))
    assert max(np.abs(weights).max(), np.abs(bias).max()) <= 1.0
    many = glorot_uniform(400, 200, "tanh", np.random.RandomState(0))[0] / glorot_bound(400, 200)
    # 80,000 draws: the standard error of their variance is 0.001.
    assert many.var() == pytest.approx(1 / 3, abs=5e-3)


def test_e25_decay_of_the_learning_rate():
    """E25, α = α₀ / (1 + epoch), α₀ = 0.2: 0.1, 0.067, 0.05, 0.04."""
    rates = [inverse_scaling_rate(0.2, epoch, 1.0) for epoch in (1, 2, 3, 4)]
    assert rates == pytest.approx([0.1, 0.066667, 0.05, 0.04], abs=5e-7)


def test_e27_decay_with_the_square_root():
    """E27, α = α₀ / √epoch, α₀ = 0.2: 0.2, 0.141421, 0.11547, 0.1. The notes give the formula only."""
    rates = [inverse_scaling_rate(0.2, epoch - 1, 0.5) for epoch in (1, 2, 3, 4)]
    assert rates == pytest.approx([0.2, 0.141421, 0.11547, 0.1], abs=5e-7)


def running_means(values, beta, start=0.0):
    """Adam's first moment after each gradient, and the same corrected for the start at zero.

    With β₂ = 0 and ε = 1 the step is η times the corrected mean over |gradient| + 1: the mean is read off the step.
    """
    means, corrected = [], []
    moments = np.array([start]), np.zeros(1)
    for t, value in enumerate(values, start=1):
        parameter = np.zeros(1)
        options = {"step": t, "learning_rate": 1.0, "beta_1": beta, "beta_2": 0.0, "epsilon": 1.0}
        adam_step(parameter, np.array([value]), *moments, np.empty(1), **options)
        means.append(moments[0].item())
        corrected.append(-parameter.item() * (abs(value) + 1))
    return means, corrected


def test_e28_running_mean_of_temperatures():
    """E28, 40, 49, 45 with β = 0.9: 4, 8.5, 12.15, corrected 40, 44.736842, 44.833948. The notes give no result."""
    means, corrected = running_means([40.0, 49.0, 45.0], 0.9)
    assert means == pytest.approx([4.0, 8.5, 12.15])
    assert corrected == pytest.approx([40.0, 44.736842, 44.833948], abs=5e-7)


@pytest.mark.parametrize(("beta", "shares"), [(0.98, (0.494949, 0.505051)), (0.9, (0.473684, 0.526316))])
def test_e29_e31_shares_in_the_second_corrected_mean(beta, shares):
    """E29, E31: the second corrected mean has 0.4949 of θ₁ and 0.5051 of θ₂ for β = 0.98 (the notes cut the latter to
    0.5050), and 0.473684 and 0.526316 for β = 0.9.
    """
    of_first = running_means([1.0, 0.0], beta)[0][1] / (1 - beta**2)
    of_second = running_means([0.0, 1.0], beta)[1][1]
    assert (of_first, of_second) == pytest.approx(shares, abs=5e-7)


def test_e29_e30_share_of_the_start():
    """E29, E30: V₀ would count 24.2525-fold in the second corrected mean (the notes print 24.282), 49-fold in the
    first; which is why it is 0.
    """
    means, _ = running_means([0.0, 0.0], 0.98, start=1.0)
    assert means[0] / (1 - 0.98) == pytest.approx(49.0)
    assert means[1] / (1 - 0.98**2) == pytest.approx(24.2525, abs=5e-5)


def test_e32_window_of_a_running_mean():
    """E32: after 10 steps with β = 0.9 a value counts 0.9¹⁰ = 0.348678 as much, about 1/e = 0.368."""
    means, _ = running_means([1.0] + [0.0] * 10, 0.9)
    assert means[10] / means[0] == pytest.approx(0.348678, abs=5e-7)


def descend(linear_term, dtype=np.float64):
    """1000 steps of plain gradient descent on w² + linear_term w + 25 from 0, rate 0.01."""
    w, velocity, scratch = (np.zeros(1, dtype=dtype) for _ in range(3))
    for _ in range(1000):
        gradient = 2 * w + dtype(linear_term)
        momentum_step(w, gradient, velocity, scratch, learning_rate=0.01, momentum=0.0, nesterov=False)
    return w.item()


def test_e45_minimum_of_a_parabola():
    """E45: the notes' comment says (w - 5)², whose coefficients are 1, -10, 25: w = 4.999999992. The coefficients that
    they print, 1, -20, 25, lead to w = 9.999999983 and a cost of -75.
    """
    assert descend(-10) == pytest.approx(4.999999992, abs=5e-10)
    w = descend(-20)
    assert w == pytest.approx(9.999999983, abs=5e-10)
    assert w**2 - 20 * w + 25 == pytest.approx(-75)
    assert descend(-10, np.float32) == pytest.approx(4.99999, abs=1e-5)


@pytest.mark.parametrize(("n_inputs", "expected"), [(11, 132 + 84 + 8), (9, 110 + 84 + 8)])
def test_e96_parameters_of_a_dense_network(n_inputs, expected):
    """E96: layers of 11, 7 and 1 units on 11 inputs have 224 parameters. The notes select columns 3:12, which are nine:
    202 parameters.
    """
    units = (n_inputs, 11, 7, 1)
    assert draw_parameters(units, "relu", np.random.RandomState(0), np.dtype(np.float64)).size == expected


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_e97_batches_of_an_epoch():
    """E97: 200 rows in batches of 5 are 40 gradient steps."""
    X = np.random.default_rng(0).normal(size=(200, 2))
    model = MLPRegressor(hidden_layer_sizes=(2,), batch_size=5, max_iter=1, random_state=0).fit(X, X[:, 0])
    assert model._optimizer.n_steps == 40
