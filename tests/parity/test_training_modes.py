"""Ways to boost beside xgboost 3.2's, node for node: training that goes on, forests, dropout, updates of trees.

Nothing is drawn at random here, or all of it is, which is no chance either.
"""

import json

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_boosting import assert_same_trees, table

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}


def fit_both(task, parameters, X, y, go_on_from=(None, None), **fit):
    """Ours and the library's, with the library's own cuts, on one thread: its sums depend on their number."""
    ours = MODELS[task](**{"n_jobs": 1, "max_depth": 4, "n_estimators": 4, **parameters})
    peer = peer_of(ours)
    ours.fit(X, y, xgb_model=go_on_from[0], **fit)
    peer.fit(X, y, xgb_model=go_on_from[1], **fit)
    return ours, peer


def assert_same(ours, peer, X, record_difference, case):
    assert_same_trees(ours, peer, record_difference, case)
    np.testing.assert_array_equal(ours.intercept_, peer.intercept_)
    a, b = ours.predict(X, output_margin=True), peer.predict(X, output_margin=True)
    record_difference(f"booster {case}: margin", np.max(np.abs(a - b)) / np.max(np.abs(b)), tolerances.BOOSTER_MARGIN)


@pytest.mark.parametrize("parameters", [{}, {"num_parallel_tree": 3}], ids=str)
@pytest.mark.parametrize("task", sorted(MODELS))
def test_forests_and_training_that_goes_on(task, parameters, record_difference):
    X, y = table(task, missing=0.2)
    first = fit_both(task, parameters, X, y)
    assert_same(*first, X, record_difference, f"{task}, {parameters}")
    second = fit_both(task, parameters, X[::2], y[::2], first)
    assert_same(*second, X, record_difference, f"{task}, {parameters}, going on")
    ours, peer = (model.predict(X, iteration_range=(3, 6)) for model in second)
    np.testing.assert_array_equal(ours, peer)


@pytest.mark.parametrize("objective", ["reg:absoluteerror", "reg:quantileerror"])
def test_quantile_leaves_of_forests_come_from_the_margins_before_the_round(objective, record_difference):
    X, y = table("regression", missing=0.2)
    parameters = {"objective": objective, "num_parallel_tree": 2, "max_depth": 3}
    if objective == "reg:quantileerror":
        parameters["quantile_alpha"] = 0.3
    both = fit_both("regression", parameters, X, y)
    assert_same_trees(*both, record_difference, f"regression, {parameters}")


def test_going_on_with_margins_and_a_new_start(record_difference):
    X, y = table("regression")
    margin = np.linspace(-3, 3, len(X))
    first = fit_both("regression", {}, X, y, base_margin=margin)
    second = fit_both("regression", {"base_score": 2.0}, X, y, first, base_margin=margin)
    assert_same(*second, X, record_difference, "regression, going on with margins")


def test_early_stopping_counts_all_rounds():
    X, y = table("regression", missing=0.2)
    held_out = [(X[:300], y[:300])]
    first = fit_both("regression", {}, X[300:], y[300:])
    parameters = {"n_estimators": 60, "early_stopping_rounds": 3, "learning_rate": 0.9}
    ours, peer = fit_both("regression", parameters, X[300:], y[300:], first, eval_set=held_out, verbose=False)
    assert ours.best_iteration == peer.best_iteration > 4
    assert len(ours.evals_result()["validation_0"]["rmse"]) == len(peer.evals_result()["validation_0"]["rmse"]) < 60
    np.testing.assert_allclose(
        ours.evals_result()["validation_0"]["rmse"], peer.evals_result()["validation_0"]["rmse"], rtol=1e-5
    )
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=1e-5)


DROPOUT = [
    {},
    {"rate_drop": 1.0},
    {"rate_drop": 1.0, "normalize_type": "forest", "learning_rate": 0.7},
    {"rate_drop": 1.0, "num_parallel_tree": 2},
    {"rate_drop": 1.0, "one_drop": True, "skip_drop": 1.0},
]


@pytest.mark.parametrize("parameters", DROPOUT, ids=str)
@pytest.mark.parametrize("task", sorted(MODELS))
def test_dropout(task, parameters, record_difference):
    """All trees are dropped in each round, or none."""
    X, y = table(task, missing=0.2)
    ours, peer = fit_both(task, {"booster": "dart", **parameters}, X, y, eval_set=[(X[:99], y[:99])], verbose=False)
    assert_same(ours, peer, X, record_difference, f"{task}, {parameters}")
    theirs = json.loads(peer.get_booster().save_raw("json"))["learner"]["gradient_booster"]["weight_drop"]
    np.testing.assert_array_equal(ours.tree_ensemble_.tree_weight, np.float32(theirs))
    for (name, own), their in zip(
        ours.evals_result()["validation_0"].items(), peer.evals_result()["validation_0"].values()
    ):
        np.testing.assert_allclose(own, their, rtol=1e-5, err_msg=name)


def test_dropout_goes_through_the_file(tmp_path):
    X, y = table("multi", missing=0.2)
    ours, _ = fit_both("multi", {"booster": "dart", "rate_drop": 0.5, "one_drop": True, "random_state": 4}, X, y)
    assert np.any(ours.tree_ensemble_.tree_weight != 1.0)
    ours.save_model(tmp_path / "model.json")
    booster = xgboost.Booster(model_file=tmp_path / "model.json")
    margin = booster.predict(xgboost.DMatrix(X), output_margin=True)
    np.testing.assert_allclose(ours.predict(X, output_margin=True), margin, rtol=1e-5, atol=1e-6)
    again = XGBClassifier()
    again.load_model(tmp_path / "model.json")
    np.testing.assert_array_equal(again.predict_proba(X), ours.predict_proba(X))


UPDATES = [
    {"updater": "refresh"},
    {"updater": "refresh", "refresh_leaf": False},
    {"updater": "refresh", "num_parallel_tree": 2, "min_child_weight": 20.0, "n_estimators": 2},
    {"updater": "refresh", "reg_alpha": 0.5, "max_delta_step": 0.3},
    {"updater": "refresh", "reg_alpha": 0.5, "learning_rate": 0.7},
    {"updater": "prune", "gamma": 8.0},
    {"updater": "prune", "max_depth": 2},
    {"updater": "refresh,prune", "gamma": 4.0, "reg_alpha": 1.0},
    {"updater": "prune,refresh", "gamma": 4.0},
]


@pytest.mark.parametrize("parameters", UPDATES, ids=str)
@pytest.mark.parametrize("task", sorted(MODELS))
def test_updates_of_trees(task, parameters, record_difference):
    """On fewer rows than the trees were grown on."""
    X, y = table(task, missing=0.2)
    forest = {"num_parallel_tree": parameters.get("num_parallel_tree", 1)}
    first = fit_both(task, forest, X, y)
    ours = MODELS[task](**{"n_jobs": 1, "max_depth": 4, "n_estimators": 4, "process_type": "update", **parameters})
    # The library refreshes on the matrices of 'approx' only.
    peer = peer_of(ours).set_params(tree_method="approx", verbosity=0)
    ours.fit(X[:700], y[:700], xgb_model=first[0])
    peer.fit(X[:700], y[:700], xgb_model=first[1])
    if "prune" not in parameters["updater"]:  # the library leaves gaps where nodes were
        assert_same_trees(ours, peer, record_difference, f"{task}, {parameters}")
    a, b = ours.predict(X, output_margin=True), peer.predict(X, output_margin=True)
    difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
    record_difference(f"booster {task}, {parameters}: margin", difference, tolerances.BOOSTER_MARGIN)


def logistic(y, margin):
    p = 1.0 / (1.0 + np.exp(-margin))
    return p - y, p * (1.0 - p)


def softmax(y, margin):
    p = np.exp(margin - margin.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p - np.eye(p.shape[1])[y.astype(int)], 2.0 * p * (1.0 - p)


@pytest.mark.parametrize(("task", "objective"), [("binary", logistic), ("multi", softmax)])
def test_own_objective_of_a_classifier(task, objective, record_difference):
    X, y = table(task, missing=0.2)
    ours, peer = fit_both(task, {"objective": objective}, X, y)
    assert_same(ours, peer, X, record_difference, f"{task}, own objective")
    np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), rtol=1e-5)


@pytest.mark.parametrize("task", ["regression", "multi"])
def test_random_forests(task, record_difference):
    X, y = table(task, missing=0.2)
    model = {"regression": XGBRFRegressor, "multi": XGBRFClassifier}[task]
    ours = model(n_estimators=7, max_depth=5, subsample=1.0, colsample_bynode=1.0, n_jobs=1)
    peer = peer_of(ours)
    assert_same(ours.fit(X, y), peer.fit(X, y), X, record_difference, f"{task}, forest")


def test_random_forests_that_sample_are_as_good():
    X, y = table("regression", missing=0.2)
    model = XGBRFRegressor(n_estimators=60, max_depth=6)
    ours, peer = model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]), peer_of(model)
    assert abs(ours - peer.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])) < 0.02
