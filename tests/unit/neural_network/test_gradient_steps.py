"""Rules of the steps against their slow twins, and the schedules of the learning rate."""

import numpy as np
import pytest

from mlx.neural_network import Adam, MomentumDescent
from mlx.neural_network.gradient_steps import inverse_scaling_rate
from tests.reference.neural_network import adam_steps, momentum_steps

GRADIENTS = np.random.default_rng(0).standard_normal((12, 5))
START = np.random.default_rng(1).standard_normal(5)


def walk(step):
    parameters, scratch = START.copy(), np.empty(5)
    for gradient in GRADIENTS:
        step.update(parameters, gradient.copy(), scratch)
    return parameters


def descent(**options):
    defaults = {"learning_rate_init": 0.1, "schedule": "constant", "momentum": 0.9, "nesterov": True, "power": 0.5}
    return MomentumDescent(5, np.dtype(np.float64), **{**defaults, **options})


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_equals_its_twin(momentum, nesterov):
    ours = walk(descent(momentum=momentum, nesterov=nesterov))
    twin = [
        momentum_steps(START[j], GRADIENTS[:, j], learning_rate=0.1, momentum=momentum, nesterov=nesterov)
        for j in range(5)
    ]
    np.testing.assert_allclose(ours, twin, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("beta_1", "beta_2", "epsilon"), [(0.9, 0.999, 1e-8), (0.0, 0.0, 1e-3), (0.5, 0.9, 1e-1)])
def test_adam_equals_its_twin(beta_1, beta_2, epsilon):
    options = {"learning_rate": 0.01, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    ours = walk(Adam(5, np.dtype(np.float64), **options))
    twin = [adam_steps(START[j], GRADIENTS[:, j], **options) for j in range(5)]
    np.testing.assert_allclose(ours, twin, rtol=0, atol=1e-14)


def test_adams_first_step_has_the_length_of_the_learning_rate():
    """Both means are divided by their own share, so the first step is η times the sign of the gradient."""
    step = Adam(5, np.dtype(np.float64), learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-12)
    parameters = np.zeros(5)
    step.update(parameters, GRADIENTS[0].copy(), np.empty(5))
    np.testing.assert_allclose(parameters, -0.01 * np.sign(GRADIENTS[0]), rtol=1e-8)


def test_inverse_scaling_lowers_the_rate_after_each_epoch():
    step = descent(schedule="invscaling", power=0.5)
    step.end_epoch(99)
    assert step.learning_rate == inverse_scaling_rate(0.1, 99, 0.5) == 0.01
    assert not step.lower_rate()


def test_constant_schedule_never_changes_the_rate():
    step = descent()
    step.end_epoch(99)
    assert not step.lower_rate()
    assert step.learning_rate == 0.1


def test_adaptive_schedule_divides_by_five_until_the_rate_is_tiny():
    step = descent(schedule="adaptive", learning_rate_init=1e-4)
    step.end_epoch(99)
    rates = []
    while step.lower_rate():
        rates.append(step.learning_rate)
    assert rates == pytest.approx([1e-4 / 5, 1e-4 / 25, 1e-4 / 125])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_stay_in_their_dtype(dtype):
    for step in (
        MomentumDescent(
            5, np.dtype(dtype), learning_rate_init=0.1, schedule="constant", momentum=0.9, nesterov=True, power=0.5
        ),
        Adam(5, np.dtype(dtype), learning_rate=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
    ):
        parameters = START.astype(dtype)
        step.update(parameters, GRADIENTS[0].astype(dtype), np.empty(5, dtype))
        assert {a.dtype for a in vars(step).values() if isinstance(a, np.ndarray)} == {np.dtype(dtype)}
