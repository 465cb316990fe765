"""Compiled gradients beside the losses in NumPy, and starts by hand."""

import numpy as np
import pytest

from mlx import losses
from mlx.boosting.objectives import LEAST_HESSIAN, OBJECTIVES
from mlx.boosting.prediction import mean_of


def gradients(name, margin, y, weight):
    out = np.empty((*margin.shape, 2), dtype=weight.dtype)
    OBJECTIVES[name].gradients(np.array([0, len(y)]), margin, y, weight, out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_gradients_are_those_of_the_losses(name, dtype):
    rng = np.random.default_rng(0)
    n_outputs = 4 if name.startswith("multi") else 1
    margin = (5 * rng.normal(size=(n_outputs, 200))).astype(np.float32)
    y = rng.integers(0, max(2, n_outputs), 200)
    weight = rng.uniform(0.5, 3, 200).astype(dtype)
    out = gradients(name, margin, y.astype(np.float32), weight)
    f = margin.astype(float)
    if name == "reg:squarederror":
        g, h = losses.half_squared_error_gradient(f, y), losses.half_squared_error_hessian(f)
    elif name == "binary:logistic":
        g, h = losses.binary_log_loss_gradient(f, y), losses.binary_log_loss_hessian(f)
    else:
        g = losses.multinomial_log_loss_gradient(f.T, y).T
        h = 2 * losses.multinomial_log_loss_hessian_diagonal(f.T).T
    np.testing.assert_allclose(out[..., 0], g * weight, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(out[..., 1], h * weight, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["binary:logistic", "multi:softprob"])
def test_extreme_margins_stay_finite(name):
    margin = np.array([[-3e38, -200.0, 200.0, 3e38]] * (2 if name.startswith("multi") else 1), dtype=np.float32)
    out = gradients(name, margin, np.float32([0, 1, 0, 1]), np.ones(4, dtype=np.float32))
    assert np.isfinite(out).all()
    assert (out[..., 1] >= LEAST_HESSIAN).all()


def test_only_the_rows_asked_for_are_written():
    out = np.full((1, 4, 2), 9.0, dtype=np.float32)
    row, one = np.zeros(4, dtype=np.float32), np.ones(4, dtype=np.float32)
    OBJECTIVES["reg:squarederror"].gradients(np.array([1, 3]), row[None], one, one, out)
    assert out[0, :, 0].tolist() == [9.0, -1.0, -1.0, 9.0]


def test_starts():
    y, weight = np.float32([0, 1, 1, 1]), np.float32([3, 1, 1, 1])
    assert OBJECTIVES["reg:squarederror"].estimate(y, weight, 1) == pytest.approx([0.5])
    logistic = OBJECTIVES["binary:logistic"]
    assert logistic.to_margin(np.float32([0.75])) == pytest.approx(losses.logit(np.array([0.75])), rel=1e-6)
    assert np.isfinite(logistic.to_margin(np.float32([0.0, 1.0]))).all()
    start = OBJECTIVES["multi:softprob"].estimate(np.float32([0, 1, 1, 2]), np.float32([1, 1, 1, 2]), 3)
    assert start == pytest.approx(np.log([0.2, 0.4, 0.4]) - np.log([0.2, 0.4, 0.4]).mean(), abs=1e-5)


def test_inverse_links():
    margin = np.float32([[0.3, -2.0, 100.0]])
    np.testing.assert_array_equal(mean_of(margin, "identity"), margin)
    np.testing.assert_allclose(mean_of(margin, "logit"), losses.sigmoid(margin.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(mean_of(margin, "softmax").sum(axis=1), 1.0, rtol=1e-6)
