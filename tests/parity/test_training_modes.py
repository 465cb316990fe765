"""Ways to boost beside xgboost 3.2's, node for node: training that goes on, forests, dropout, updates of trees.

Nothing is drawn at random here, or all of it is, which is no chance either.
"""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
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
