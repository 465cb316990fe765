"""Every loss: its derivatives by differences, its identities, and its behaviour at raw predictions of ±1000."""

import math
from pathlib import Path

import numpy as np
import pytest

from mlx import losses
from tests.reference.differences import central_difference, gradient_check_ratio

RAW = np.array([-6.0, -1.3, -0.2, 0.0, 0.4, 2.5, 5.0])
BINARY = np.array([0.0, 1.0, 0.3, 1.0, 0.0, 0.75, 1.0])
POSITIVE = np.array([0.0, 1.0, 0.3, 2.0, 5.0, 11.0, 140.0])

# One entry per row: (value, gradient, Hessian) as functions of the raw prediction, and a target in their domain.
LOSSES = {
    "half squared error": (
        losses.half_squared_error,
        losses.half_squared_error_gradient,
        losses.half_squared_error_hessian,
        POSITIVE,
    ),
    "binary log loss": (
        losses.binary_log_loss,
        losses.binary_log_loss_gradient,
        losses.binary_log_loss_hessian,
        BINARY,
    ),
    "half Poisson deviance": (
        lambda f, y: losses.half_poisson_deviance(np.exp(f), y),
        losses.half_poisson_deviance_gradient,
        losses.half_poisson_deviance_hessian,
        POSITIVE,
    ),
}
# The same where the Hessian depends on the target, too. All raw predictions of the squared log error are above -1.
SHIFTED = RAW + 7.0
TARGET_LOSSES = {
    "half squared log error": (
        losses.half_squared_log_error,
        losses.half_squared_log_error_gradient,
        losses.half_squared_log_error_hessian,
        SHIFTED,
    ),
    "pseudo-Huber error": (
        lambda f, y: losses.pseudo_huber_error(f, y, 1.7),
        lambda f, y: losses.pseudo_huber_error_gradient(f, y, 1.7),
        lambda f, y: losses.pseudo_huber_error_hessian(f, y, 1.7),
        RAW,
    ),
    "half gamma deviance": (
        lambda f, y: losses.half_gamma_deviance(np.exp(f), y),
        losses.half_gamma_deviance_gradient,
        losses.half_gamma_deviance_hessian,
        RAW,
    ),
    "half Tweedie deviance": (
        lambda f, y: losses.half_tweedie_deviance(np.exp(f), y, 1.3),
        lambda f, y: losses.half_tweedie_deviance_gradient(f, y, 1.3),
        lambda f, y: losses.half_tweedie_deviance_hessian(f, y, 1.3),
        RAW,
    ),
}
CORNER_LOSSES = {
    "absolute error": (losses.absolute_error, losses.absolute_error_gradient),
    "pinball loss": (
        lambda f, y: losses.pinball_loss(f, y, 0.3),
        lambda f, y: losses.pinball_loss_gradient(f, y, 0.3),
    ),
    "hinge loss": (losses.hinge_loss, losses.hinge_loss_gradient),
}


@pytest.mark.parametrize("name", TARGET_LOSSES)
def test_derivatives_of_losses_whose_hessian_depends_on_the_target(name):
    value, gradient, hessian, f = TARGET_LOSSES[name]
    y = POSITIVE + 0.1
    numeric = central_difference(lambda f: float(value(f, y).sum()), f)
    assert gradient_check_ratio(gradient(f, y), numeric) < 1e-8
    numeric = central_difference(lambda f: float(gradient(f, y).sum()), f)
    assert gradient_check_ratio(hessian(f, y), numeric) < 1e-8
    at_target = np.log(y) if "deviance" in name else y
    np.testing.assert_allclose(value(at_target, y), 0, atol=1e-13)
    np.testing.assert_allclose(gradient(at_target, y), 0, atol=1e-13)


@pytest.mark.parametrize("name", CORNER_LOSSES)
def test_gradients_of_losses_with_corners(name):
    """None of the raw predictions is at a corner."""
    value, gradient = CORNER_LOSSES[name]
    y = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    numeric = central_difference(lambda f: float(value(f, y).sum()), RAW)
    assert gradient_check_ratio(gradient(RAW, y), numeric) < 1e-8
    assert np.all(value(RAW, y) >= 0)


def test_what_minimises_the_losses_with_corners():
    y = np.random.default_rng(0).exponential(size=1001)
    grid = np.sort(y)
    median = grid[np.argmin([losses.absolute_error(f, y).sum() for f in grid])]
    assert median == np.median(y)
    tenth = grid[np.argmin([losses.pinball_loss(f, y, 0.1).sum() for f in grid])]
    assert tenth == np.quantile(y, 0.1, method="inverted_cdf")
    np.testing.assert_array_equal(2 * losses.pinball_loss(RAW, BINARY, 0.5), losses.absolute_error(RAW, BINARY))


def test_tweedie_deviance_lies_between_those_of_poisson_and_gamma():
    mean, y = np.exp(RAW / 4), POSITIVE + 0.1
    np.testing.assert_allclose(
        losses.half_tweedie_deviance(mean, y, 1 + 1e-7), losses.half_poisson_deviance(mean, y), rtol=1e-4
    )
    np.testing.assert_allclose(
        losses.half_tweedie_deviance(mean, y, 2 - 1e-7), losses.half_gamma_deviance(mean, y), rtol=1e-4
    )
    assert np.all(np.isfinite(losses.half_tweedie_deviance(mean, np.zeros_like(y), 1.5)))


loss_table = pytest.mark.parametrize("name", LOSSES)


@loss_table
def test_gradient_equals_central_differences(name):
    value, gradient, _, y = LOSSES[name]
    numeric = central_difference(lambda f: float(value(f, y).sum()), RAW)
    assert gradient_check_ratio(gradient(RAW, y), numeric) < 1e-8


@loss_table
def test_hessian_equals_central_differences_of_the_gradient(name):
    _, gradient, hessian, y = LOSSES[name]
    numeric = central_difference(lambda f: float(gradient(f, y).sum()), RAW)
    assert gradient_check_ratio(hessian(RAW), numeric) < 1e-8


@loss_table
def test_smallest_where_the_mean_is_the_target(name):
    value, gradient, _, _ = LOSSES[name]
    mean = {"half squared error": lambda f: f, "binary log loss": losses.sigmoid, "half Poisson deviance": np.exp}[name]
    y = mean(RAW)
    np.testing.assert_allclose(gradient(RAW, y), 0, atol=1e-13)
    for shift in (-0.1, 0.1):
        assert np.all(value(RAW + shift, y) > value(RAW, y))


SCORES = np.random.default_rng(0).normal(0, 2, (6, 4))
CLASSES = np.array([0, 3, 1, 1, 2, 0])


def test_multinomial_gradient_equals_central_differences():
    numeric = central_difference(lambda f: float(losses.multinomial_log_loss(f, CLASSES).sum()), SCORES)
    assert gradient_check_ratio(losses.multinomial_log_loss_gradient(SCORES, CLASSES), numeric) < 1e-8


def test_multinomial_hessian_diagonal_equals_central_differences():
    for k in range(SCORES.shape[1]):

        def slope(f_k, k=k):
            scores = SCORES.copy()
            scores[:, k] = f_k
            return float(losses.multinomial_log_loss_gradient(scores, CLASSES)[:, k].sum())

        numeric = central_difference(slope, SCORES[:, k])
        assert gradient_check_ratio(losses.multinomial_log_loss_hessian_diagonal(SCORES)[:, k], numeric) < 1e-8


def test_multinomial_gradient_rows_sum_to_zero():
    np.testing.assert_allclose(losses.multinomial_log_loss_gradient(SCORES, CLASSES).sum(axis=1), 0, atol=1e-15)


def test_two_classes_are_the_binary_loss_of_the_difference():
    f = np.column_stack([np.zeros_like(RAW), RAW])
    y = np.array([0, 1, 1, 0, 0, 1, 1])
    np.testing.assert_allclose(losses.multinomial_log_loss(f, y), losses.binary_log_loss(RAW, y), rtol=1e-14)
    np.testing.assert_allclose(losses.softmax(f)[:, 1], losses.sigmoid(RAW), rtol=1e-15)


def test_softmax_does_not_change_when_all_scores_are_shifted():
    np.testing.assert_allclose(losses.softmax(SCORES + 800.0), losses.softmax(SCORES), rtol=1e-12)
    np.testing.assert_allclose(losses.softmax(SCORES).sum(axis=1), 1, rtol=1e-15)


def test_logit_and_sigmoid_are_inverse():
    np.testing.assert_allclose(losses.logit(losses.sigmoid(RAW)), RAW, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(losses.logit(np.array([0.0, 0.5, 1.0])), [-np.inf, 0.0, np.inf])


class TestOfTheMean:
    """The forms that take the mean are the others at the inverse link."""

    def test_binary(self):
        p = losses.sigmoid(RAW)
        np.testing.assert_allclose(
            losses.binary_log_loss_of_probability(p, BINARY), losses.binary_log_loss(RAW, BINARY), rtol=1e-13
        )

    def test_multinomial(self):
        onehot = np.eye(4)[CLASSES]
        by_class = losses.multinomial_log_loss_of_probability(losses.softmax(SCORES), onehot)
        np.testing.assert_allclose(by_class.sum(axis=1), losses.multinomial_log_loss(SCORES, CLASSES), rtol=1e-13)
        assert np.all(by_class[onehot == 0] == 0)

    def test_boolean_targets_are_targets_of_0_and_1(self):
        p = losses.sigmoid(RAW)
        y = BINARY > 0.5
        for of_mean in (losses.binary_log_loss_of_probability, losses.multinomial_log_loss_of_probability):
            np.testing.assert_array_equal(of_mean(p, y), of_mean(p, y.astype(float)))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_certain_and_wrong_costs_minus_log_of_machine_epsilon(self, dtype):
        loss = losses.binary_log_loss_of_probability(np.array([0, 1], dtype=dtype), np.array([1, 0]))
        # 1 - eps is rounded, so the second is known to about one part in 40.
        np.testing.assert_allclose(loss, -math.log(np.finfo(dtype).eps), rtol=0.05)

    def test_poisson_is_zero_where_the_mean_is_the_target(self):
        y = np.array([0.5, 3.0, 100.0])
        np.testing.assert_allclose(losses.half_poisson_deviance(y, y), 0, atol=1e-14)
        assert losses.half_poisson_deviance(np.array([2.0]), np.array([0.0])) == [2.0]


# A warning would fail the test: nothing here may overflow.
class TestExtremes:
    F = np.array([-1e3, 1e3])

    def test_sigmoid(self):
        np.testing.assert_array_equal(losses.sigmoid(self.F), [0.0, 1.0])

    @pytest.mark.parametrize(("y", "expected"), [(0.0, [0.0, 1e3]), (1.0, [1e3, 0.0])])
    def test_binary_log_loss(self, y, expected):
        np.testing.assert_array_equal(losses.binary_log_loss(self.F, np.full(2, y)), expected)
        np.testing.assert_array_equal(losses.binary_log_loss_gradient(self.F, np.full(2, y)), [0.0 - y, 1.0 - y])
        np.testing.assert_array_equal(losses.binary_log_loss_hessian(self.F), [0.0, 0.0])

    def test_multinomial_log_loss(self):
        f = np.array([[1e3, 0.0, -1e3], [1e3, 0.0, -1e3]])
        y = np.array([0, 2])
        np.testing.assert_array_equal(losses.multinomial_log_loss(f, y), [0.0, 2e3])
        np.testing.assert_array_equal(losses.multinomial_log_loss_gradient(f, y), [[0, 0, 0], [1, 0, -1]])
        np.testing.assert_array_equal(losses.multinomial_log_loss_hessian_diagonal(f), 0)
        np.testing.assert_array_equal(losses.softmax(f), [[1, 0, 0], [1, 0, 0]])

    def test_losses_of_a_probability_of_0_or_1_are_finite(self):
        p, y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
        assert np.isfinite(losses.binary_log_loss_of_probability(p, y)).all()
        assert np.isfinite(losses.multinomial_log_loss_of_probability(p, y)).all()

    def test_half_squared_error(self):
        np.testing.assert_array_equal(losses.half_squared_error(self.F, np.zeros(2)), [5e5, 5e5])


def test_everything_public_is_tested_here():
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in losses.__all__ if f"losses.{name}" not in tested] == []
