"""Gradients of times beside finite differences of their likelihoods, and what becomes of them far out."""

import numpy as np
import pytest

from mlx.boosting.metrics import metric
from mlx.boosting.objectives import objective_of
from mlx.boosting.objectives_survival import LARGEST_GRADIENT, LARGEST_HESSIAN, LEAST_HESSIAN
from tests.reference.survival import aft_loss, cox_gradients, cox_loss

DISTRIBUTIONS = ["normal", "logistic", "extreme"]


def gradients(objective, f, y, weight=None):
    weight = np.ones(len(y), dtype=np.float32) if weight is None else weight
    out = np.empty((1, len(y), 2), dtype=weight.dtype)
    margin = np.asarray(f, dtype=np.float32)[np.newaxis]
    objective.of_rows(y).gradients(np.array([0, len(y)]), margin, y, weight, out)
    return out[0]


def slopes(loss, f, step):
    """First and second derivative of a loss of one number."""
    below, here, above = loss(f - step), loss(f), loss(f + step)
    return (above - below) / (2 * step), (above - 2 * here + below) / step**2


def cox_rows(n=30):
    """Times with ties, a third without an event."""
    rng = np.random.default_rng(0)
    time = rng.integers(1, 12, n) * np.where(rng.random(n) < 0.35, -1, 1)
    return np.round(rng.normal(size=n), 2), time.astype(np.float32)


def test_cox_is_the_derivative_of_the_partial_likelihood():
    f, y = cox_rows()
    # No ties: no two times are the same.
    y += np.sign(y) * np.linspace(0, 0.5, len(y), dtype=np.float32)
    out = gradients(objective_of("survival:cox", {}), f, y)
    np.testing.assert_allclose(out, cox_gradients(f, y), rtol=1e-6, atol=1e-7)
    for k in range(len(y)):
        of_one = [slopes(lambda value, k=k: cox_loss([*f[:k], value, *f[k + 1 :]], y), f[k], 1e-4)]
        np.testing.assert_allclose(out[k], of_one[0], rtol=1e-4, atol=1e-5)


def test_cox_with_ties():
    f, y = cox_rows()
    assert len(np.unique(np.abs(y))) < len(y)
    np.testing.assert_allclose(
        gradients(objective_of("survival:cox", {}), f, y), cox_gradients(f, y), rtol=1e-6, atol=1e-7
    )


def test_cox_weights_multiply():
    f, y = cox_rows()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    plain, weighted = (gradients(objective_of("survival:cox", {}), f, y, w) for w in (None, weight))
    np.testing.assert_allclose(weighted, plain * weight[:, None], rtol=1e-6, atol=1e-8)


def test_cox_gradients_add_up_to_nothing():
    """Adding a number to all margins changes no ratio of hazards; nor does the order of the rows, without ties."""
    f, y = cox_rows()
    y += np.sign(y) * np.linspace(0, 0.5, len(y), dtype=np.float32)
    order = np.random.default_rng(2).permutation(len(y))
    plain, other = (gradients(objective_of("survival:cox", {}), f[rows], y[rows]) for rows in (slice(None), order))
    assert abs(plain[:, 0].sum()) < 1e-5
    np.testing.assert_allclose(other, plain[order], atol=1e-6)


def test_cox_metric_is_the_loss_per_event():
    f, y = cox_rows()
    expected = cox_loss(f, y) / np.count_nonzero(y > 0)
    assert metric("cox-nloglik")(y, np.exp(f)) == pytest.approx(expected, rel=1e-12)


# Known times, right-censored, left-censored, and between two bounds.
INTERVALS = np.float32([[2, 2], [0.5, 0.5], [3, np.inf], [0.2, np.inf], [0, 1.5], [0, 8], [1, 2], [0.3, 40]])


@pytest.mark.parametrize("scale", [0.7, 1.5])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_aft_is_the_derivative_of_the_likelihood(distribution, scale):
    given = {"aft_loss_distribution": distribution, "aft_loss_distribution_scale": scale}
    scale = float(np.float32(scale))
    for f in (-0.5, 0.25, 1.0):
        out = gradients(objective_of("survival:aft", given), [f] * len(INTERVALS), INTERVALS)
        for (lower, upper), own in zip(INTERVALS.astype(float), out):
            expected = slopes(lambda value, b=(lower, upper): aft_loss(value, *b, distribution, scale), f, 1e-4)
            clipped = np.clip(expected, [-LARGEST_GRADIENT, LEAST_HESSIAN], [LARGEST_GRADIENT, LARGEST_HESSIAN])
            np.testing.assert_allclose(own, clipped, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_aft_metric_is_the_mean_loss(distribution):
    f = np.linspace(-1, 1, len(INTERVALS))
    losses = [aft_loss(*row, distribution, 1.3) for row in zip(f, *INTERVALS.astype(float).T)]
    own = metric("aft-nloglik", aft_loss_distribution=distribution, aft_loss_distribution_scale=1.3)
    weight = np.arange(1.0, 9.0)
    assert own(INTERVALS, f) == pytest.approx(np.mean(losses), rel=1e-9)
    assert own(INTERVALS, f, weight) == pytest.approx(np.average(losses, weights=weight), rel=1e-9)
    assert own(INTERVALS, np.full(8, -500.0)) <= -np.log(1e-12) + 1e-9
    assert own.name == "aft-nloglik"
    assert not own.larger_is_better


def test_interval_accuracy():
    inside = metric("interval-regression-accuracy")
    assert inside(INTERVALS, np.log([2.0, 1, 3, 0.1, 1, 9, 1.5, 50])) == pytest.approx(4 / 8)
    assert inside.larger_is_better


@pytest.mark.parametrize("far", [-300.0, 300.0, -1e30, 1e30])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_aft_far_out(distribution, far):
    """Gradients stay finite, point to the times, and are 0 where any time will do."""
    out = gradients(objective_of("survival:aft", {"aft_loss_distribution": distribution}), [far] * 8, INTERVALS)
    assert np.isfinite(out).all()
    assert (out[:, 1] >= np.float32(LEAST_HESSIAN)).all()
    satisfied = np.isinf(INTERVALS[:, 1]) if far > 0 else INTERVALS[:, 0] == 0
    assert (out[satisfied, 0] == 0).all()
    assert (np.sign(out[~satisfied, 0]) == np.sign(far)).all()


@pytest.mark.parametrize(
    "y", [[[2, 1]], [[-1, 1]], [[0, 0]], [[np.inf, np.inf]], [[np.nan, 1]], [[1, np.nan]]], ids=str
)
def test_intervals_that_are_none(y):
    with pytest.raises(ValueError, match="y: survival:aft needs targets that are lower and upper bound"):
        objective_of("survival:aft", {}).of_rows(np.float32(y))


def test_one_column_of_times_is_refused():
    with pytest.raises(ValueError, match="y: survival:aft"):
        objective_of("survival:aft", {}).of_rows(np.float32([1, 2]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aft_loss_distribution", "cauchy"),
        ("aft_loss_distribution_scale", 0.0),
        ("aft_loss_distribution_scale", "wide"),
    ],
)
def test_parameters(name, value):
    with pytest.raises(ValueError, match=name):
        objective_of("survival:aft", {name: value})


def test_starts():
    y = cox_rows()[1]
    aft = objective_of("survival:aft", {})
    assert aft.start(INTERVALS, None, aft.value, 1) == [0.5]
    assert objective_of("survival:cox", {}).of_rows(y).start is None
