"""Node for node: our trees beside xgboost 3.2's, `tree_method="hist"`, as its JSON file states them.

Equality must hold where no column has more than max_bin distinct values: every value is then a bin in both. Elsewhere
xgboost's cuts come from a sketch, ours are exact quantiles, and trees differ by design.
"""

import json

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.compare.cases_boosting import CASES
from mlx.compare.parity import differences
from mlx.compare.peers import peer_of
from tests import tolerances

pytestmark = pytest.mark.parity

pytest.importorskip("xgboost")


def table(task, missing=0.0, n=1500, d=6, seed=0):
    """Columns of 40 values at most; the target depends on some of them and on what is missing."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-20, 20, size=(n, d)).astype(np.float64) * np.array([1.0, 0.37, 3.0, 1e-3, 1.0, 10.0])[:d]
    score = 0.2 * X[:, 0] + X[:, 1] * (X[:, 2] > 0) + rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    score += 2.0 * np.isnan(X[:, 4])
    if task == "regression":
        return X, score
    return X, np.digitize(score, [0.0] if task == "binary" else [-3.0, 2.0])


def library_trees(model):
    booster = model if hasattr(model, "save_raw") else model.get_booster()
    file = json.loads(booster.save_raw("json"))
    booster = file["learner"]["gradient_booster"]
    return booster.get("gbtree", booster)["model"]["trees"]


def assert_same_trees(ours, peer, record_difference, case):
    """Structure, questions and default directions exactly; gain, cover and leaf values to their tolerances."""
    assert_same_arrays(ours.tree_ensemble_.trees, peer, record_difference, case)


def assert_same_arrays(own, peer, record_difference, case):
    """The same for trees; the peer is a model, or a booster, of the library."""
    theirs = library_trees(peer)
    assert len(own) == len(theirs)
    worst = dict.fromkeys(("gain", "cover", "value"), 0.0)
    # Where the gradients of a leaf cancel, its value has the rounding of its terms.
    least = {"value": tolerances.BOOSTER_CANCELLED * max(np.max(np.abs(tree.value[tree.is_leaf])) for tree in own)}
    for number, (a, b) in enumerate(zip(own, theirs)):
        where = f"tree {number}"
        np.testing.assert_array_equal(a.left, b["left_children"], err_msg=where)
        np.testing.assert_array_equal(a.right, b["right_children"], err_msg=where)
        inner = ~a.is_leaf
        np.testing.assert_array_equal(a.feature[inner], np.array(b["split_indices"])[inner], err_msg=where)
        condition = np.array(b["split_conditions"], dtype=np.float32)
        np.testing.assert_array_equal(a.threshold[inner], condition[inner], err_msg=where)
        np.testing.assert_array_equal(a.missing_left, np.array(b["default_left"], dtype=bool), err_msg=where)
        pairs = {
            "gain": (a.gain, np.array(b["loss_changes"])),
            "cover": (a.cover, np.array(b["sum_hessian"])),
            "value": (a.value[a.is_leaf], condition[a.is_leaf]),
        }
        for name, (x, y) in pairs.items():
            worst[name] = max(
                worst[name], float(np.max(np.abs(x - y)) / max(least.get(name, 1e-30), np.max(np.abs(y))))
            )
    for name, difference in worst.items():
        record_difference(f"booster {case}: {name}", difference, getattr(tolerances, f"BOOSTER_{name.upper()}"))


def compare(ours, X, y, record_difference, case, sample_weight=None):
    # One thread: the order of the library's sums depends on their number.
    ours.set_params(n_jobs=1)
    peer = peer_of(ours)
    ours.fit(X, y, sample_weight=sample_weight)
    peer.fit(X, y, sample_weight=sample_weight)
    assert_same_trees(ours, peer, record_difference, case)
    a, b = ours.predict(X, output_margin=True), peer.predict(X, output_margin=True)
    record_difference(f"booster {case}: margin", np.max(np.abs(a - b)) / np.max(np.abs(b)), tolerances.BOOSTER_MARGIN)
    difference = np.max(np.abs(ours.intercept_ - peer.intercept_) / np.maximum(1, np.abs(peer.intercept_)))
    record_difference(f"booster {case}: intercept", difference, tolerances.BOOSTER_INTERCEPT)
    difference = np.max(np.abs(ours.feature_importances_ - peer.feature_importances_))
    record_difference(f"booster {case}: importances", difference, tolerances.BOOSTER_IMPORTANCES)
    np.testing.assert_array_equal(ours.apply(X), peer.apply(X))
    if hasattr(ours, "predict_proba"):
        difference = np.max(np.abs(ours.predict_proba(X) - peer.predict_proba(X)))
        record_difference(f"booster {case}: probability", difference, tolerances.BOOSTER_PROBABILITY)
        np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [3, 6])
@pytest.mark.parametrize("task", sorted(MODELS))
def test_trees_are_the_librarys(task, depth, missing, record_difference):
    X, y = table(task, missing)
    model = MODELS[task](n_estimators=20, max_depth=depth)
    compare(model, X, y, record_difference, f"{task}, depth {depth}, {missing:.0%} missing")


PARAMETERS = [
    {"gamma": 5.0},
    {"min_child_weight": 20.0},
    {"min_child_weight": 0.0, "reg_lambda": 0.0},
    {"reg_lambda": 0.1},
    {"reg_lambda": 50.0},
    {"reg_alpha": 3.0},
    {"max_delta_step": 0.4},
    {"learning_rate": 1.0},
    {"max_depth": 0, "min_child_weight": 30.0},
    {"base_score": 0.3},
    {"importance_type": "total_cover"},
    {"missing": 0.0},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=lambda p: ",".join(f"{k}={v}" for k, v in p.items()))
@pytest.mark.parametrize("task", sorted(MODELS))
def test_parameters_mean_what_they_mean_there(task, parameters, record_difference):
    X, y = table(task, missing=0.2)
    model = MODELS[task](**{"n_estimators": 20, "max_depth": 4, **parameters})
    compare(model, X, y, record_difference, f"{task}, {parameters}")


@pytest.mark.parametrize("parameters", [{}, {"scale_pos_weight": 3.0}], ids=["plain", "scale_pos_weight"])
def test_scale_pos_weight(parameters, record_difference):
    X, y = table("binary", missing=0.2)
    model = XGBClassifier(n_estimators=20, max_depth=4, **parameters)
    compare(model, X, y, record_difference, f"binary, {parameters}")


@pytest.mark.parametrize("task", sorted(MODELS))
def test_sample_weight(task, record_difference):
    X, y = table(task, missing=0.2)
    weight = np.random.default_rng(1).exponential(size=len(y))
    compare(MODELS[task](n_estimators=20, max_depth=4), X, y, record_difference, f"{task}, weighted", weight)


@pytest.mark.parametrize("max_bin", [256, 300])
def test_as_many_values_as_bins_and_missing_ones(max_bin, record_difference):
    """256 bins and a code for missing values do not fit in a byte: nothing may be collapsed."""
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.permutation(np.resize(np.arange(max_bin), 4000))[:, None] for _ in range(3)], axis=1)
    X = X.astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    y = np.nan_to_num(X[:, 0], nan=400) * 0.1 + np.nan_to_num(X[:, 1], nan=-300) % 50 + rng.normal(size=len(X))
    compare(XGBRegressor(n_estimators=20, max_bin=max_bin), X, y, record_difference, f"{max_bin} values, missing")


def test_a_column_without_values(record_difference):
    X, y = table("regression")
    X[:, 3] = np.nan
    compare(XGBRegressor(n_estimators=20), X, y, record_difference, "all-missing column")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_on_real_tables(case, record_difference):
    for quantity, difference in differences(case):
        tolerance = {"leaves": 0.0, "probabilities": tolerances.BOOSTER_PROBABILITY}.get(
            quantity, tolerances.BOOSTER_MARGIN
        )
        record_difference(f"{case.name}: {quantity}", difference, tolerance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_trees_on_real_tables(case, record_difference):
    X, y = case.table()
    compare(case.estimator(), X, y, record_difference, case.name)


def test_softmax_objective_and_iteration_range(record_difference):
    X, y = table("multi", missing=0.1)
    ours = XGBClassifier(n_estimators=20, max_depth=3, objective="multi:softmax")
    compare(ours, X, y, record_difference, "multi:softmax")
    peer = peer_of(ours).fit(X, y)
    for rounds in [(0, 5), (3, 20), (0, 0)]:
        a = ours.predict(X, output_margin=True, iteration_range=rounds)
        b = peer.predict(X, output_margin=True, iteration_range=rounds)
        np.testing.assert_allclose(a, b, rtol=tolerances.BOOSTER_MARGIN, atol=1e-6)
        if rounds[0] == 0:  # the library knows leaves of the first rounds only
            np.testing.assert_array_equal(ours.apply(X, rounds), peer.apply(X, rounds))


def test_accuracy_where_cuts_differ():
    """More values than bins: other cuts, the same quality (R² on rows that neither has seen)."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(6000, 5))
    y = X[:, 0] + np.sin(3 * X[:, 1]) + X[:, 2] * X[:, 3] + 0.3 * rng.normal(size=len(X))
    ours = XGBRegressor(max_bin=64).fit(X[:4000], y[:4000])
    peer = peer_of(ours).fit(X[:4000], y[:4000])
    difference = ours.score(X[4000:], y[4000:]) - peer.score(X[4000:], y[4000:])
    assert abs(difference) < tolerances.BOOSTER_SCORE
