"""Metrics beside xgboost 3.2's, on predictions that its base_margin hands over."""

import numpy as np
import pytest

from mlx.boosting.metrics import metric
from tests import tolerances

xgboost = pytest.importorskip("xgboost")
pytestmark = pytest.mark.parity

NAMES = ["rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "error@0.7", "auc", "aucpr", "poisson-nloglik"]
NAMES += ["gamma-nloglik", "gamma-deviance", "tweedie-nloglik@1.3", "quantile"]
N = 5000


def librarys(name, y, margin, weight, **parameters):
    """The library's metric of a model without trees, whose margin is given."""
    data = xgboost.DMatrix(np.zeros((len(y), 1)), y, weight=weight, base_margin=margin)
    booster = xgboost.Booster({"eval_metric": name, "nthread": 1, "verbosity": 0, **parameters}, [data])
    return float(booster.eval_set([(data, "given")]).rpartition(":")[2])


def table(name):
    rng = np.random.default_rng(0)
    p = np.round(rng.uniform(0.02, 0.98, N), 2).astype(np.float32)
    y = (rng.random(N) < p).astype(np.float32)
    if name.startswith(("poisson", "tweedie")):
        y = rng.poisson(3 * p).astype(np.float32)
    elif name in ("mape", "gamma-nloglik", "gamma-deviance"):
        y = rng.gamma(2.0, p / 2).astype(np.float32) + np.float32(1e-3)
    return y, p, rng.exponential(size=N).astype(np.float32)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", NAMES)
def test_metrics_of_one_output(name, weighted, record_difference):
    y, p, weight = table(name)
    weight = weight if weighted else None
    parameters = {"objective": "reg:squarederror", "huber_slope": 0.3}
    if name == "quantile":
        parameters |= {"objective": "reg:quantileerror", "quantile_alpha": 0.3}
    theirs = librarys(name, y, p, weight, **parameters)
    ours = metric(name, huber_slope=0.3, quantile_alpha=0.3)(y, p, weight)
    record_difference(f"metric {name}", abs(ours - theirs) / abs(theirs), tolerances.BOOSTER_METRIC)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("ratio", ["0", "0.0001", "0.15", "0.5", "0.9999", "1"])
def test_median_significance(ratio, weighted, record_difference):
    y, p, weight = table("ams")
    if ratio not in ("0", "1"):
        # The library's sort leaves rows of equal predictions in an order of its own.
        p = np.random.default_rng(2).permutation(np.linspace(0.02, 0.98, N, dtype=np.float32))
        assert len(np.unique(p)) == N
    weight = weight if weighted else None
    theirs = librarys(f"ams@{ratio}", y, p, weight, objective="reg:squarederror")
    ours = metric(f"ams@{ratio}")(y, p[:, np.newaxis], weight)
    # The library writes five decimals.
    record_difference("metric ams", abs(ours - theirs), 5e-6 + tolerances.BOOSTER_METRIC * theirs)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", ["mlogloss", "merror", "auc", "aucpr"])
def test_metrics_of_several_classes(name, weighted, record_difference):
    rng = np.random.default_rng(1)
    margin = rng.normal(size=(N, 4)).astype(np.float32)
    p = np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1).clip(0, 3)
    weight = rng.exponential(size=N).astype(np.float32) if weighted else None
    theirs = librarys(name, y, margin, weight, objective="multi:softprob", num_class=4)
    record_difference(
        f"metric {name}", abs(metric(name)(y, p, weight) - theirs) / abs(theirs), tolerances.BOOSTER_METRIC
    )


def test_several_quantiles(record_difference):
    rng = np.random.default_rng(2)
    y, p = rng.normal(size=N), rng.normal(size=(N, 3)).astype(np.float32)
    alpha = [0.1, 0.5, 0.9]
    theirs = librarys("quantile", y, p, None, objective="reg:quantileerror", quantile_alpha=alpha)
    ours = metric("quantile", quantile_alpha=alpha)(y, p)
    record_difference("metric quantile, three", abs(ours - theirs) / theirs, tolerances.BOOSTER_METRIC)
