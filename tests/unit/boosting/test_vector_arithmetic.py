"""Where the numbers of trees with vectors in their leaves come from: their record, frame and arithmetic."""

import copy

import numpy as np
import pytest

from mlx.boosting import Booster, DMatrix, XGBClassifier, XGBRegressor, train
from mlx.boosting.splitting import Penalty
from tests.reference import vector_growing as reference
from tests.unit.boosting.test_growth_record import rows_of_nodes

PENALTY = Penalty(0.5, 2.0, 0.6, 5.0)
GROWTH = {"reg_lambda": 0.5, "reg_alpha": 2.0, "max_delta_step": 0.6, "min_child_weight": 5.0, "gamma": 12.0}
VECTORS = {"multi_strategy": "multi_output_tree", "n_estimators": 2, "max_depth": 4}


def table(n=250, seed=3):
    """Few values, so that every one is a bin, and a sixth missing."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, size=(n, 4)).astype(np.float32)
    Y = np.stack([X[:, 0] + X[:, 1] * X[:, 2] / 3, X[:, 1] - X[:, 0]], axis=1) + rng.normal(size=(n, 2))
    X[rng.random(X.shape) < 0.15] = np.nan
    return X, Y.astype(np.float32)


@pytest.fixture(scope="module", params=["depthwise", "lossguide"])
def grown(request):
    X, Y = table()
    model = XGBRegressor(**VECTORS, **GROWTH, grow_policy=request.param).fit(X, Y)
    tree = model.tree_ensemble_.trees[0]
    gradients = np.stack([model.intercept_ - Y, np.ones_like(Y)], axis=2).astype(float)
    return model, X, gradients, tree, rows_of_nodes(X, tree)


def test_sums_are_those_of_the_rows(grown):
    _, X, gradients, tree, reaches = grown
    assert tree.n_nodes > 7
    for node in range(tree.n_nodes):
        rows = reaches[node]
        np.testing.assert_allclose(tree.record.sums[node], gradients[rows].sum(axis=0), rtol=1e-6, atol=1e-4)
        missing = np.zeros(len(X), bool) if tree.is_leaf[node] else rows & np.isnan(X[:, tree.feature[node]])
        np.testing.assert_allclose(tree.record.missing_sums[node], gradients[missing].sum(axis=0), rtol=1e-6, atol=1e-4)


def test_the_runner_up_is_the_best_question_about_another_column(grown):
    _, X, gradients, tree, reaches = grown
    cuts = [[*np.unique(x[~np.isnan(x)])[1:], np.inf] for x in X.T]
    seen = 0
    for node in np.flatnonzero(tree.depth < 4):
        asked = tree.feature[node]
        others = [[] if f == asked else cuts[f] for f in range(X.shape[1])]
        gain, f, threshold, missing_left = reference.best_question(
            X, np.flatnonzero(reaches[node]), gradients, others, PENALTY
        )
        record = tree.record
        assert record.runner_up_gain[node] == pytest.approx(gain, rel=1e-4, abs=1e-3)
        if gain > 1 and np.isfinite(threshold):
            assert (record.runner_up_feature[node], record.runner_up_threshold[node]) == (f, threshold)
            assert record.runner_up_missing_left[node] == missing_left
            seen += 1
    assert seen > 3


def test_the_working_gives_the_numbers_of_the_tree(grown):
    model, _, _, tree, _ = grown
    for node in range(tree.n_nodes):
        working = model.explain_node(0, node)
        assert working.gain == pytest.approx(tree.gain[node], rel=1e-5)
        rate = 0.3 if tree.is_leaf[node] else 1.0
        np.testing.assert_allclose(rate * working.weight, tree.value[node], rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(working.gradient, tree.record.sums[node, :, 0])
        if not tree.is_leaf[node] and not np.isnan(working.gain_missing_left):
            taken, other = working.gain_missing_left, working.gain_missing_right
            taken, other = (taken, other) if tree.missing_left[node] else (other, taken)
            assert taken == pytest.approx(working.gain, rel=1e-6)
            assert other <= taken * (1 + 1e-6)
    other = copy.deepcopy(model).set_params(reg_alpha=9.0)
    with pytest.raises(ValueError, match="present parameters"):
        other.explain_node(0, 0)


def test_lines_of_the_root():
    X, Y = table(40)
    model = XGBRegressor(multi_strategy="multi_output_tree", n_estimators=1, max_depth=1).fit(X, Y)
    lines = str(model.explain_node(0, 0)).splitlines()
    names = [line[2:12].strip() for line in lines[1:]]
    assert names == ["output 0", "output 1", "worth", "left", "right", "gain", "missing", "runner-up"]
    leaf = [line[2:12].strip() for line in str(model.explain_node(0, 1)).splitlines()[1:]]
    assert leaf[:5] == ["output 0", "output 1", "worth", "value 0", "value 1"]


def test_the_frame_has_columns_for_each_output(grown):
    model, _, _, tree, _ = grown
    frame = model.trees_to_dataframe()
    first = frame[frame["Tree"] == 0]
    np.testing.assert_allclose(first[["Gradient 0", "Gradient 1"]], tree.record.sums[:, :, 0])
    np.testing.assert_allclose(first[["Value 0", "Value 1"]].to_numpy()[tree.is_leaf], tree.value[tree.is_leaf])
    assert first[["Value 0", "Value 1"]].to_numpy()[~tree.is_leaf].size == np.isnan(first["Value 0"]).sum() * 2
    inner = first[~tree.is_leaf]
    by_id = first.set_index("ID")["Similarity"]
    gains = by_id[inner["Yes"]].to_numpy() + by_id[inner["No"]].to_numpy() - inner["Similarity"].to_numpy()
    np.testing.assert_allclose(gains, inner["Gain"], rtol=1e-5)


def test_records_go_through_the_file_and_the_learning_api(tmp_path):
    X, Y = table()
    model = XGBRegressor(**VECTORS, **GROWTH).fit(X, Y)
    model.save_model(tmp_path / "model.ubj")
    again = XGBRegressor()
    again.load_model(tmp_path / "model.ubj")
    assert str(again.explain_node(1, 0)) == str(model.explain_node(1, 0))
    given = {**VECTORS, **GROWTH}
    rounds = given.pop("n_estimators")
    booster = train(given, DMatrix(X, label=Y), rounds)
    own = [name for name in booster.trees_to_dataframe() if name in model.trees_to_dataframe()]
    assert booster.trees_to_dataframe()[own].equals(model.trees_to_dataframe()[own])
    loaded = Booster(model_file=booster.save_raw()).trees_to_dataframe()
    assert loaded["RunnerUpGain"].equals(booster.trees_to_dataframe()["RunnerUpGain"])


def test_classes():
    X, Y = table()
    model = XGBClassifier(**VECTORS).fit(X, np.digitize(Y[:, 0], [1.0, 3.0]))
    assert model.explain_node(0, 0).weight.shape == (3,)
    assert model.explain_node(1, 0).gain == pytest.approx(model.tree_ensemble_.trees[1].gain[0], rel=1e-5)
