"""Metrics beside scikit-learn's where it has the same one, and by hand elsewhere."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from mlx.boosting.metrics import METRICS, metric

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 60).astype(float)
# Rounded: predictions of several rows are equal.
P = np.clip(np.round(0.3 * Y + RNG.random(60) * 0.7, 1), 0.05, 0.95)
W = RNG.uniform(0.5, 2.0, 60)
CLASSES = RNG.integers(0, 3, 60)
SHARES = RNG.dirichlet(np.ones(3), 60)
weights = pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])

SCIKIT_LEARN = {
    "rmse": sk.root_mean_squared_error,
    "rmsle": sk.root_mean_squared_log_error,
    "mae": sk.mean_absolute_error,
    "quantile": lambda y, p, sample_weight: sk.mean_pinball_loss(y, p, alpha=0.5, sample_weight=sample_weight),
    "logloss": sk.log_loss,
    "error": lambda y, p, sample_weight: 1 - sk.accuracy_score(y, p > 0.5, sample_weight=sample_weight),
    "auc": sk.roc_auc_score,
}


@weights
@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_what_scikit_learn_has_too(name, weight):
    assert metric(name)(Y, P, weight) == pytest.approx(SCIKIT_LEARN[name](Y, P, sample_weight=weight), rel=1e-12)


@weights
def test_several_classes(weight):
    assert metric("mlogloss")(CLASSES, SHARES, weight) == pytest.approx(
        sk.log_loss(CLASSES, SHARES, sample_weight=weight), rel=1e-12
    )
    assert metric("merror")(CLASSES, SHARES, weight) == pytest.approx(
        1 - sk.accuracy_score(CLASSES, SHARES.argmax(axis=1), sample_weight=weight), rel=1e-12
    )
    expected = sk.roc_auc_score(CLASSES, SHARES, multi_class="ovr", average="weighted", sample_weight=weight)
    assert metric("auc")(CLASSES, SHARES, weight) == pytest.approx(expected, rel=1e-12)


@weights
def test_deviances_are_scikit_learns_but_for_constants(weight):
    y, p = Y + 0.5, P + 0.2
    assert metric("gamma-deviance")(y, p, weight) == pytest.approx(
        sk.mean_gamma_deviance(y + 1e-6, p + 1e-6, sample_weight=weight), rel=1e-9
    )
    # Half a deviance is the negative log-likelihood less that of the perfect prediction.
    for name, deviance in {
        "poisson-nloglik": sk.mean_poisson_deviance,
        "gamma-nloglik": sk.mean_gamma_deviance,
        "tweedie-nloglik@1.3": lambda *a, **k: sk.mean_tweedie_deviance(*a, power=1.3, **k),
    }.items():
        loss = metric(name)
        assert loss(y, p, weight) - loss(y, y, weight) == pytest.approx(
            0.5 * deviance(y, p, sample_weight=weight), rel=1e-9
        )


def test_by_hand():
    y, p = np.array([2.0, 4.0]), np.array([1.0, 5.0])
    assert metric("mape")(y, p) == 0.375
    assert metric("mphe", huber_slope=2.0)(y, p) == pytest.approx(4 * (math.sqrt(1.25) - 1))
    assert metric("quantile", quantile_alpha=[0.1, 0.9])(y, np.array([[1.0, 3.0], [2.0, 4.0]])) == pytest.approx(0.1)
    assert metric("error@0.3")(np.array([0.0, 1.0, 1.0]), np.array([0.4, 0.2, 0.35])) == pytest.approx(2 / 3)
    assert metric("poisson-nloglik")(np.array([3.0]), np.array([2.0])) == pytest.approx(
        -math.log(math.exp(-2) * 2**3 / 6)
    )


def test_precision_recall_is_interpolated_between_thresholds():
    """Two ties of one positive and one negative each: along each, precision is 1/2."""
    assert metric("aucpr")(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.9, 0.1, 0.1])) == pytest.approx(0.5)
    # First a positive alone, then one with two negatives: ∫ (1 + u) / (1 + 3 u) du, u in [0, 1], is (3 + 4 log 2) / 9.
    area = metric("aucpr")(np.array([1.0, 1, 0, 0]), np.array([0.9, 0.1, 0.1, 0.1]))
    assert area == pytest.approx(0.5 * (1 + (3 + 4 * math.log(2)) / 9), rel=1e-12)


@pytest.mark.parametrize("name", ["auc", "aucpr"])
def test_areas(name):
    area = metric(name)
    assert area.larger_is_better
    assert area(Y, Y) == 1.0
    assert area(Y, P, 2 * np.ones(60)) == pytest.approx(area(Y, P), rel=1e-12)
    assert math.isnan(area(np.ones(3), P[:3]))
    assert math.isnan(area(np.array([0, 1, 1]), SHARES[:3]))
    # A row of share 0.3 is 0.3 of a positive and 0.7 of a negative.
    halves = area(np.array([1.0, 0, 1, 0]), np.array([0.4, 0.4, 0.6, 0.6]), np.array([0.3, 0.7, 0.8, 0.2]))
    assert area(np.array([0.3, 0.8]), np.array([0.4, 0.6])) == pytest.approx(halves, rel=1e-12)


@pytest.mark.parametrize("name", sorted(METRICS.keys() - {"tweedie-nloglik", "ams", "cox-nloglik"}))
def test_weights_mean_repetition(name):
    several = name in ("mlogloss", "merror")
    y, p = (CLASSES, SHARES) if several else (Y + (0.5 if name in ("mape", "gamma-deviance") else 0.0), P)
    if name in ("aft-nloglik", "interval-regression-accuracy"):
        y = np.column_stack([1.0 + Y, 1.5 + Y])
    count = RNG.integers(1, 4, 60)
    again = np.repeat(np.arange(60), count)
    assert metric(name)(y, p, count) == pytest.approx(metric(name)(y[again], p[again]), rel=1e-12)


def test_certain_and_wrong_is_finite():
    assert metric("logloss")(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(-math.log(1e-16))
    assert metric("mlogloss")(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(-math.log(1e-16))


def test_own_metrics():
    def farthest(y_true, y_pred, sample_weight=None):
        return np.max(np.abs(y_true - y_pred) * (1.0 if sample_weight is None else sample_weight))

    own = metric(farthest)
    assert own.name == "farthest"
    assert not own.larger_is_better
    # As in the library, a function of the user's gets float32.
    y, p, w = (np.asarray(values, dtype=np.float32) for values in (Y, P, W))
    assert own(Y, P) == np.max(np.abs(y - p))
    assert own(Y, P, W) == np.max(np.abs(y - p) * w)


@pytest.mark.parametrize(
    "name", ["rmsee", "rmse@2", "error@", "error@x", "tweedie-nloglik", "tweedie-nloglik@2", "auc-"]
)
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="eval_metric"):
        metric(name)
