"""Times beside xgboost 3.2: accelerated failure times through `train`, Cox's model, their metrics and files."""

import numpy as np
import pytest

import mlx.boosting as ours
from tests import tolerances
from tests.parity.test_boosting import assert_same_arrays
from tests.parity.test_objectives_at_scale import scores

xgboost = pytest.importorskip("xgboost")
pytestmark = pytest.mark.parity

N, ROUNDS = 2000, 15


def table():
    """Columns of 40 values, a fifth missing; times known, censored on either side, and between bounds."""
    rng = np.random.default_rng(0)
    X = rng.integers(-20, 20, size=(N, 4)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    time = np.exp(np.nan_to_num(X[:, 0]) * 0.05 + 0.5 * rng.normal(size=N))
    return X, time * np.where(rng.random(N) < 0.3, -1, 1), bounds_of(time, rng)


def bounds_of(time, rng):
    """Some times are known to be below, some above, and some between two numbers."""
    lower = np.where(rng.random(len(time)) < 0.2, 0.0, time)
    upper = np.where(rng.random(len(time)) < 0.3, np.inf, time * rng.choice([1.0, 2.0], len(time)))
    return {"label_lower_bound": lower, "label_upper_bound": upper}


def compare(parameters, X, facts, record_difference, case, path):
    seen, predictions, boosters = [], [], []
    for library in (ours, xgboost):
        rows, result = library.DMatrix(X, **facts), {}
        given = {"max_depth": 4, "nthread": 1, "tree_method": "hist", **parameters}
        booster = library.train(given, rows, ROUNDS, evals=[(rows, "rows")], evals_result=result, verbose_eval=False)
        seen.append(result["rows"])
        boosters.append(booster)
        predictions.append(booster.predict(rows))
    a, b = predictions
    record_difference(f"{case}: prediction", np.max(np.abs(a - b) / b), tolerances.BOOSTER_MARGIN)
    assert list(seen[0]) == list(seen[1])
    for name, values in seen[1].items():
        difference = np.max(np.abs(np.subtract(seen[0][name], values)))
        record_difference(f"metric {name}", difference, tolerances.BOOSTER_METRIC)
    boosters[0].save_model(path)
    again = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(X))
    record_difference(f"{case}: file", np.max(np.abs(again - a) / a), tolerances.MODEL_FILE_MARGIN)


@pytest.mark.parametrize("distribution", ["normal", "logistic", "extreme"])
def test_accelerated_failure_times(distribution, tmp_path, record_difference):
    X, _, bounds = table()
    parameters = {
        "objective": "survival:aft",
        "aft_loss_distribution": distribution,
        "aft_loss_distribution_scale": 1.3,
        "eval_metric": ["aft-nloglik", "interval-regression-accuracy"],
    }
    compare(parameters, X, bounds, record_difference, f"survival:aft, {distribution}", tmp_path / "aft.json")


def test_cox(tmp_path, record_difference):
    X, time, _ = table()
    compare({"objective": "survival:cox"}, X, {"label": time}, record_difference, "survival:cox", tmp_path / "cox.json")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("distribution", ["normal", "logistic", "extreme"])
def test_trees_are_the_librarys_at_scale(distribution, depth, record_difference):
    """20,000 rows, 50 rounds, a fifth of the values missing, columns of as many distinct values as rows.

    Two columns may split a node of three rows alike: gains that are equal but for the last bit of sums that are what
    other sums leave over. So nodes have a cover of at least 5.
    """
    X, z, rng = scores()
    facts, boosters = bounds_of(np.exp(0.5 * z), rng), []
    given = {"objective": "survival:aft", "aft_loss_distribution": distribution, "max_depth": depth, "nthread": 1}
    given["min_child_weight"] = 5
    for library, own in ((ours, {"cuts": "xgboost"}), (xgboost, {})):
        boosters.append(library.train({**given, **own}, library.DMatrix(X, **facts), 50))
    assert_same_arrays(boosters[0].__tree_ensemble__().trees, boosters[1], record_difference, "survival:aft at scale")
    a, b = (booster.inplace_predict(X) for booster in boosters)
    record_difference("survival:aft at scale: prediction", np.max(np.abs(a - b) / b), 1e-5)
