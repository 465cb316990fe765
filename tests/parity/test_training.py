"""Training options beside xgboost 3.2's, node for node: nothing in these cases is drawn at random.

Tables have 40 values per column at most, so that both sides cut at the same places.
"""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from mlx.boosting import XGBClassifier, XGBRanker, XGBRegressor
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_boosting import assert_same_trees, compare, table

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}
DIRECTIONS = (1, 0, -1, 0, 1, 0)

GROWTH = [
    {"max_leaves": 9},
    {"max_leaves": 1},
    {"max_leaves": 20, "max_depth": 0},
    {"grow_policy": "lossguide"},
    {"grow_policy": "lossguide", "max_leaves": 12},
    {"grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0},
    {"grow_policy": "lossguide", "max_depth": 0, "min_child_weight": 30.0},
    {"grow_policy": "lossguide", "gamma": 5.0},
]
CONSTRAINTS = [
    {"monotone_constraints": DIRECTIONS},
    {"monotone_constraints": (-1,)},
    {"monotone_constraints": "(1,0,-1,0,1,0)", "max_depth": 8},
    {"monotone_constraints": DIRECTIONS, "max_delta_step": 0.3},
    {"monotone_constraints": DIRECTIONS, "reg_alpha": 3.0, "reg_lambda": 0.1},
    {"monotone_constraints": DIRECTIONS, "grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    {"monotone_constraints": (0, 0, 0, 0, 0, 0)},
    {"interaction_constraints": "[[0, 1], [2, 3, 4]]"},
    {"interaction_constraints": "[[0, 1, 2], [2, 3]]", "max_depth": 6},
    {"interaction_constraints": "[[0, 1, 2], [2, 3]]", "grow_policy": "lossguide", "max_leaves": 20},
    {"interaction_constraints": "[[0, 2], [1, 3, 5]]", "monotone_constraints": DIRECTIONS},
]


@pytest.mark.parametrize("parameters", GROWTH + CONSTRAINTS, ids=str)
@pytest.mark.parametrize("task", sorted(MODELS))
def test_growth_and_constraints(task, parameters, record_difference):
    X, y = table(task, missing=0.2)
    model = MODELS[task](**{"n_estimators": 12, "max_depth": 5, **parameters})
    compare(model, X, y, record_difference, f"{task}, {parameters}")


def test_constraints_by_name(record_difference):
    pandas = pytest.importorskip("pandas")
    X, y = table("regression", missing=0.2)
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    model = XGBRegressor(
        n_estimators=12,
        max_depth=5,
        monotone_constraints={"c": -1, "a": 1},
        interaction_constraints=[["a", "b"], ["c", "d", "e"]],
    )
    compare(model, frame, y, record_difference, "constraints by name")


@pytest.mark.parametrize("task", sorted(MODELS))
def test_base_margin(task, record_difference):
    X, y = table(task, missing=0.2)
    rng = np.random.default_rng(1)
    margin = rng.normal(size=(len(X), 3) if task == "multi" else len(X))
    ours = MODELS[task](n_estimators=10, max_depth=4, n_jobs=1)
    peer = peer_of(ours)
    ours.fit(X, y, base_margin=margin)
    peer.fit(X, y, base_margin=margin)
    assert_same_trees(ours, peer, record_difference, f"{task}, base_margin")
    for given in (None, margin):
        a = ours.predict(X, output_margin=True, base_margin=given)
        b = peer.predict(X, output_margin=True, base_margin=given)
        difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
        record_difference(f"booster {task}, base_margin: margin", difference, tolerances.BOOSTER_MARGIN)


METRICS = {
    "regression": [None, "mae", ["rmse", "mae"]],
    "binary": [None, "auc", ["error@0.3", "logloss", "aucpr"]],
    "multi": [None, "merror", ["mlogloss", "merror"]],
}


@pytest.mark.parametrize(("task", "metric"), [(task, m) for task, given in METRICS.items() for m in given], ids=str)
def test_evaluation_and_early_stopping(task, metric, record_difference, capsys):
    X, y = table(task, missing=0.2)
    rng = np.random.default_rng(2)
    train, held_out = slice(0, 1000), slice(1000, None)
    weights = [rng.exponential(size=1000), rng.exponential(size=500)]
    ours = MODELS[task](max_depth=5, eval_metric=metric, early_stopping_rounds=3, learning_rate=0.5, n_jobs=1)
    peer = peer_of(ours)
    sets = [(X[train], y[train]), (X[held_out], y[held_out])]
    how = {"eval_set": sets, "sample_weight_eval_set": weights, "verbose": 4}
    peer.fit(X[train], y[train], **how)
    theirs_printed = capsys.readouterr().out
    ours.fit(X[train], y[train], **how)
    ours_printed = capsys.readouterr().out
    assert len(peer.evals_result()["validation_0"]) >= 1
    assert peer.best_iteration < 99
    assert ours.best_iteration == peer.best_iteration
    assert_same_trees(ours, peer, record_difference, f"{task}, {metric}, early stopping")
    ours_results, theirs = ours.evals_result(), peer.evals_result()
    assert {name: list(of_set) for name, of_set in ours_results.items()} == {k: list(v) for k, v in theirs.items()}
    for name, of_set in theirs.items():
        for key, values in of_set.items():
            difference = np.max(np.abs(np.array(ours_results[name][key]) - values))
            record_difference(f"booster {task}, {name}-{key}", difference, tolerances.BOOSTER_METRIC)
    assert ours.best_score == pytest.approx(peer.best_score, abs=tolerances.BOOSTER_METRIC)
    # The same lines; the last digit printed may be rounded the other way.
    assert [line.split("\t")[0] for line in ours_printed.splitlines()] == [
        line.split("\t")[0] for line in theirs_printed.splitlines()
    ]
    assert [part.rsplit(":", 1)[0] for part in ours_printed.split()] == [
        part.rsplit(":", 1)[0] for part in theirs_printed.split()
    ]
    for rounds in (None, (0, 0), (0, 2)):
        a = ours.predict(X, output_margin=True, iteration_range=rounds)
        b = peer.predict(X, output_margin=True, iteration_range=rounds)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(ours.apply(X), peer.apply(X))
    np.testing.assert_allclose(ours.feature_importances_, peer.feature_importances_, atol=1e-6)


def test_base_margin_of_eval_set(record_difference):
    X, y = table("binary", missing=0.2)
    rng = np.random.default_rng(3)
    margins = rng.normal(size=len(X))
    ours = XGBClassifier(n_estimators=8, max_depth=4, n_jobs=1)
    peer = peer_of(ours)
    for model in (ours, peer):
        model.fit(X, y, eval_set=[(X[:300], y[:300])], base_margin_eval_set=[margins[:300]], verbose=False)
    difference = np.subtract(*(model.evals_result()["validation_0"]["logloss"] for model in (ours, peer)))
    record_difference("booster base_margin_eval_set", np.max(np.abs(difference)), tolerances.BOOSTER_METRIC)


def test_own_metric_comes_after_the_objectives(record_difference):
    def largest_error(y_true, y_pred):
        return float(np.max(np.abs(y_true - y_pred)))

    X, y = table("regression")
    ours = XGBRegressor(n_estimators=30, max_depth=3, eval_metric=largest_error, early_stopping_rounds=2, n_jobs=1)
    peer = peer_of(ours)
    for model in (ours, peer):
        model.fit(X[:900], y[:900], eval_set=[(X[900:], y[900:])], verbose=False)
    assert list(ours.evals_result()["validation_0"]) == list(peer.evals_result()["validation_0"])
    assert ours.best_iteration == peer.best_iteration


@pytest.mark.parametrize("kind", ["one", "classes", "targets", "labels", "ranks"])
@pytest.mark.parametrize("weighted", [False, True])
def test_own_metrics_are_called_as_there(kind, weighted):
    """With arrays of the same types and shapes: scikit-learn's metrics look at both."""
    X, y = table("multi" if kind == "classes" else "regression")
    X, y = X[:200], y[:200]
    y = {"targets": np.c_[y, -y], "labels": np.c_[y > 0, y < 1].astype(int), "ranks": (y > 0).astype(int)}.get(kind, y)
    seen = []

    def note(y_true, y_pred, sample_weight=None):
        seen.append([(a.dtype, a.shape) for a in (y_true, y_pred, sample_weight) if a is not None])
        return float(np.sum(y_pred * y_true) if y_pred.shape == y_true.shape else np.sum(y_pred))

    cls = {"classes": XGBClassifier, "labels": XGBClassifier, "ranks": XGBRanker}.get(kind, XGBRegressor)
    ours = cls(n_estimators=2, max_depth=3, eval_metric=note, n_jobs=1)
    facts = {"qid": np.arange(200) // 20, "eval_qid": [np.arange(200) // 20]} if kind == "ranks" else {}
    if weighted and kind != "ranks":
        facts["sample_weight_eval_set"] = [np.linspace(0.5, 2.0, 200)]
    history = []
    for model in (ours, peer_of(ours)):
        seen.clear()
        model.fit(X, y, eval_set=[(X, y)], verbose=False, **facts)
        history.append((list(seen), model.evals_result()["validation_0"]["note"]))
    assert history[0][0] == history[1][0]
    np.testing.assert_allclose(history[0][1], history[1][1], rtol=1e-4, atol=1e-4)


def test_probabilities_of_an_own_metric_sum_to_one(recwarn):
    X, y = table("multi")
    XGBClassifier(n_estimators=2, eval_metric=log_loss).fit(X, y, eval_set=[(X, y)], verbose=False)
    assert not recwarn.list
