"""Every objective node for node beside xgboost 3.2's, and both ways through the model file."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_boosting import assert_same_trees

xgboost = pytest.importorskip("xgboost")
pytestmark = pytest.mark.parity

N = 2000
CASES = [
    ("reg:squaredlogerror", {}),
    ("reg:pseudohubererror", {}),
    ("reg:pseudohubererror", {"huber_slope": 3.0}),
    ("reg:absoluteerror", {}),
    ("reg:quantileerror", {"quantile_alpha": 0.3}),
    ("reg:quantileerror", {"quantile_alpha": [0.1, 0.5, 0.9]}),
    ("reg:logistic", {}),
    ("binary:logistic", {}),
    ("binary:logitraw", {}),
    ("binary:hinge", {}),
    ("count:poisson", {}),
    ("count:poisson", {"max_delta_step": 0.3}),
    ("reg:gamma", {}),
    ("reg:tweedie", {}),
    ("reg:tweedie", {"tweedie_variance_power": 1.2}),
]
cases = pytest.mark.parametrize(
    ("objective", "parameters"), CASES, ids=[f"{name} {next(iter(p.values()), '')}".strip() for name, p in CASES]
)


def table(objective, n=N):
    """Columns of 40 values at most, a fifth missing, and a target in the domain of the objective."""
    rng = np.random.default_rng(0)
    X = rng.integers(-20, 20, size=(n, 6)).astype(np.float64) * np.array([1.0, 0.37, 3.0, 1e-3, 1.0, 10.0])
    score = 0.2 * X[:, 0] + X[:, 1] * (X[:, 2] > 0) + rng.normal(size=n)
    X[rng.random(X.shape) < 0.2] = np.nan
    score += 2.0 * np.isnan(X[:, 4])
    z = score / score.std()
    y = {
        "reg:squaredlogerror": lambda: np.exp(z) - 0.5,
        "reg:logistic": lambda: 1 / (1 + np.exp(-z)),
        "count:poisson": lambda: rng.poisson(np.exp(z)),
        "reg:gamma": lambda: rng.gamma(2.0, np.exp(z)) + 1e-3,
        "reg:tweedie": lambda: 1.3 * rng.poisson(np.exp(z)),
    }
    if objective.startswith("binary"):
        return X, (z > 0).astype(float)
    return X, y[objective]() if objective in y else score


def compare(ours, X, y, record_difference, case, sample_weight=None):
    peer = peer_of(ours)
    ours.fit(X, y, sample_weight=sample_weight)
    peer.fit(X, y, sample_weight=sample_weight)
    assert_same_trees(ours, peer, record_difference, case)
    for output_margin, what in [(False, "prediction"), (True, "margin")]:
        a, b = ours.predict(X, output_margin=output_margin), peer.predict(X, output_margin=output_margin)
        assert a.shape == b.shape
        difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
        record_difference(f"objective {case}: {what}", difference, tolerances.BOOSTER_MARGIN)
    difference = np.max(np.abs(ours.intercept_ - peer.intercept_) / np.maximum(1, np.abs(peer.intercept_)))
    record_difference(f"objective {case}: intercept", difference, tolerances.BOOSTER_INTERCEPT)
    return peer


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("depth", [3, 6])
@cases
def test_trees_are_the_librarys(objective, parameters, depth, weighted, record_difference):
    X, y = table(objective)
    weight = np.random.default_rng(1).exponential(size=N) if weighted else None
    model = XGBRegressor(objective=objective, n_estimators=20, max_depth=depth, n_jobs=1, **parameters)
    compare(model, X, y, record_difference, objective, weight)


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:logistic", "binary:logitraw", "reg:gamma"])
def test_scale_pos_weight(objective, record_difference):
    X, y = table(objective)
    y[:500] = 1.0
    model = XGBRegressor(objective=objective, n_estimators=20, max_depth=4, n_jobs=1, scale_pos_weight=3.0)
    compare(model, X, y, record_difference, objective)


@pytest.mark.parametrize(("objective", "base_score"), [("count:poisson", 2.0), ("reg:absoluteerror", 3.0)])
def test_base_score(objective, base_score, record_difference):
    X, y = table(objective)
    model = XGBRegressor(objective=objective, n_estimators=10, max_depth=4, n_jobs=1, base_score=base_score)
    compare(model, X, y, record_difference, objective)


def test_own_objective(record_difference):
    def log_cosh(y_true, y_pred, sample_weight=None):
        weight = 1.0 if sample_weight is None else sample_weight
        slope = np.tanh(y_pred - y_true)
        return slope * weight, (1 - slope**2 + 0.1) * weight

    X, y = table("reg:squarederror")
    for weight in (None, np.random.default_rng(1).exponential(size=N)):
        model = XGBRegressor(objective=log_cosh, n_estimators=20, max_depth=4, n_jobs=1)
        compare(model, X, y, record_difference, "own", weight)


@pytest.mark.parametrize("objective", ["binary:logitraw", "binary:hinge"])
def test_classifiers(objective, record_difference):
    X, y = table(objective)
    ours = XGBClassifier(objective=objective, n_estimators=20, max_depth=4, n_jobs=1).fit(X, y)
    peer = peer_of(ours).fit(X, y)
    assert_same_trees(ours, peer, record_difference, objective)
    if objective == "binary:hinge":
        np.testing.assert_array_equal(ours.predict(X), peer.predict(X))
        np.testing.assert_array_equal(ours.predict_proba(X), peer.predict_proba(X))
    else:  # the library compares a logit with 0.5
        np.testing.assert_array_equal(ours.predict(X), peer.predict(X, output_margin=True) > 0)


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@cases
def test_through_the_model_file(objective, parameters, suffix, tmp_path, record_difference):
    X, y = table(objective, 300)
    own_file, library_file = tmp_path / f"own.{suffix}", tmp_path / f"library.{suffix}"
    ours = XGBRegressor(objective=objective, n_estimators=5, max_depth=3, n_jobs=1, **parameters).fit(X, y)
    ours.save_model(own_file)
    theirs = xgboost.XGBRegressor()
    theirs.load_model(own_file)
    theirs.save_model(library_file)
    again = XGBRegressor()
    again.load_model(library_file)
    for reader in (theirs, again):
        a, b = ours.predict(X), reader.predict(X)
        difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
        record_difference(f"objective {objective}: file", difference, tolerances.MODEL_FILE_MARGIN)
    # What the library itself writes, without our extras.
    peer = peer_of(ours).fit(X, y)
    peer.save_model(library_file)
    fresh = XGBRegressor()
    fresh.load_model(library_file)
    assert fresh.objective == objective
    for name, value in parameters.items():
        assert np.ravel(getattr(fresh, name)) == pytest.approx(np.ravel(value))
    difference = np.max(np.abs(fresh.predict(X) - peer.predict(X))) / np.max(np.abs(peer.predict(X)))
    record_difference(f"objective {objective}: file", difference, tolerances.MODEL_FILE_MARGIN)
