"""Text, frame, drawing and arithmetic of fitted boosters: what they say is what the trees hold."""

import json
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from mlx.boosting import Booster, DMatrix, XGBClassifier, XGBRegressor, train
from mlx.boosting.arithmetic import node_arithmetic
from mlx.boosting.node_sums import GrowthRules, node_sums
from mlx.boosting.splitting import Penalty, leaf_weight, similarity
from mlx.tree import Tree, TreeEnsemble
from mlx.tree.frame import trees_to_dataframe
from mlx.tree.record import GrowthRecord

STORED = Path(__file__).parent.parent.parent / "models" / "3.2"
LIBRARY_COLUMNS = ["Tree", "Node", "ID", "Feature", "Split", "Yes", "No", "Missing", "Gain", "Cover", "Category"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def table(n=400, seed=5):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 9, size=(n, 4)).astype(np.float32)
    y = 2.0 * X[:, 0] + X[:, 1] * (X[:, 2] > 4) + rng.normal(size=n)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


PARAMETERS = [
    {},
    {"reg_lambda": 0.0, "min_child_weight": 20.0},
    {"reg_alpha": 5.0, "gamma": 400.0},
    {"max_delta_step": 0.3},
    {"learning_rate": 1.0, "max_depth": 6},
]


@pytest.fixture(params=PARAMETERS, ids=str)
def model(request):
    X, y = table()
    return XGBRegressor(**{"n_estimators": 3, "max_depth": 3, **request.param}).fit(X, y)


def nodes(model):
    return [(t, node) for t, tree in enumerate(model.tree_ensemble_.trees) for node in range(tree.n_nodes)]


def test_arithmetic_of_every_node_is_that_of_the_tree(model):
    eta = float(np.float32(0.3 if model.learning_rate is None else model.learning_rate))
    for number, node in nodes(model):
        tree, working = model.tree_ensemble_.trees[number], model.explain_node(number, node)
        assert (working.gradient, working.cover) == tuple(tree.record.sums[node])
        assert working.gain == tree.gain[node]
        factor = eta if tree.is_leaf[node] else 1.0
        assert factor * working.weight == pytest.approx(float(tree.value[node]), rel=1e-6)
        sides = working.gain_missing_left, working.gain_missing_right
        if tree.left[node] >= 0 and tree.record.missing_sums[node].any():
            taken = sides[0] if tree.missing_left[node] else sides[1]
            assert taken == pytest.approx(working.gain, rel=1e-5)
            assert taken == pytest.approx(np.nanmax(sides), rel=1e-5), "the better side is taken"


def test_a_model_from_a_file_explains_itself_from_its_leaves(model, tmp_path):
    model.save_model(tmp_path / "model.json", records=False)
    loaded = XGBRegressor()
    loaded.load_model(tmp_path / "model.json")
    if model.max_delta_step:
        with pytest.raises(ValueError, match="its sum of gradients is not known"):
            for number, node in nodes(model):
                loaded.explain_node(number, node)
        return
    for number, node in nodes(model):
        ours, theirs = model.explain_node(number, node), loaded.explain_node(number, node)
        root = model.tree_ensemble_.trees[number].record
        assert theirs.gradient == pytest.approx(ours.gradient, rel=1e-5, abs=1e-5 * np.abs(root.sums[:, 0]).max())
        assert theirs.similarity == pytest.approx(ours.similarity, rel=1e-3, abs=1e-3)
    assert "go " in str(loaded.explain_node(0, 0))
    assert np.isnan(loaded.trees_to_dataframe()["Similarity"]).all()
    # The learning rate of a tree is told by its weights, whatever the parameter says.
    for number, node in nodes(model):
        other = loaded.set_params(learning_rate=0.05).explain_node(number, node)
        assert other.gradient == pytest.approx(
            model.explain_node(number, node).gradient, rel=1e-4, abs=1e-4 * np.abs(root.sums[:, 0]).max()
        )


def test_a_model_from_a_file_with_records_tells_the_same(model, tmp_path):
    model.save_model(tmp_path / "model.ubj")
    loaded = XGBRegressor()
    loaded.load_model(tmp_path / "model.ubj")
    assert loaded.trees_to_dataframe().equals(model.trees_to_dataframe())
    for number, node in nodes(model):
        assert str(loaded.explain_node(number, node)) == str(model.explain_node(number, node))


@pytest.mark.parametrize("changed", [{"reg_lambda": 7.0}, {"reg_alpha": 9.0}], ids=str)
def test_parameters_that_are_not_those_of_the_training_are_refused(changed):
    X, y = table()
    model = XGBRegressor(n_estimators=1, max_depth=2).fit(X, y).set_params(**changed)
    with pytest.raises(ValueError, match=r"node=\d: its (gain|value) is .* with the present"):
        for node in range(model.tree_ensemble_.trees[0].n_nodes):
            model.explain_node(0, node)


@pytest.mark.parametrize("number", ["0", 0.5, None])
def test_numbers_of_trees_and_nodes_are_whole(number):
    X, y = table()
    model = XGBRegressor(n_estimators=1, max_depth=2).fit(X, y)
    with pytest.raises(TypeError, match=r"node=.*: must be the number of a node"):
        model.explain_node(0, number)
    if number is not None:
        for ask in (lambda: model.explain_node(number, 0), lambda: model.to_text(number)):
            with pytest.raises(TypeError, match=r"tree=.*: must be the number of a tree"):
                ask()
    assert str(model.explain_node(np.int64(0), np.int32(0))).startswith("tree 0, node 0")


def test_a_learning_rate_of_the_tree_is_said():
    X, y = table()
    model = XGBRegressor(n_estimators=1, max_depth=2).fit(X, y)
    leaf = int(np.flatnonzero(model.tree_ensemble_.trees[0].is_leaf)[0])
    assert "η of this tree" not in str(model.explain_node(0, leaf))
    said = str(model.set_params(learning_rate=0.5).explain_node(0, leaf))
    assert "η w = 0.3 ·" in said and said.count("with the η of this tree") == 1


def test_arithmetic_between_bounds():
    X, y = table()
    X[:, 3] = np.nan_to_num(X[:, 3]) + 1.5 * np.nan_to_num(X[:, 0])
    directions = (1, -1, 0, -1)
    model = XGBRegressor(n_estimators=3, max_depth=4, monotone_constraints=directions, reg_alpha=0.5).fit(X, y)
    frame, bounded = model.trees_to_dataframe(), 0
    for row, (number, node) in enumerate(nodes(model)):
        tree, working = model.tree_ensemble_.trees[number], model.explain_node(number, node)
        assert working.gain == pytest.approx(float(tree.gain[node]), rel=1e-4, abs=1e-3)
        assert (frame.Weight[row], frame.Similarity[row]) == (working.weight, working.similarity)
        if tree.is_leaf[node]:
            assert np.float32(0.3) * working.weight == pytest.approx(float(tree.value[node]), rel=1e-6)
        bounded += "its bound, so" in str(working)
        taken = working.gain_missing_left if tree.missing_left[node] else working.gain_missing_right
        if not tree.is_leaf[node] and tree.record.missing_sums[node].any():
            assert taken == pytest.approx(working.gain, rel=1e-4)
    assert bounded > 3
    assert "by monotone_constraints" in str(model.explain_node(0, 2)) + str(model.explain_node(0, 5))
    with pytest.raises(ValueError, match=r"its (gain|value) is"):
        free = model.set_params(monotone_constraints=None)
        for number, node in nodes(model):
            free.explain_node(number, node)


def test_arithmetic_of_leaves_that_are_quantiles():
    X, y = table()
    model = XGBRegressor(n_estimators=2, max_depth=2, objective="reg:absoluteerror", learning_rate=0.5).fit(X, y)
    tree = model.tree_ensemble_.trees[0]
    for node in range(tree.n_nodes):
        said = str(model.explain_node(0, node))
        if tree.is_leaf[node]:
            value = float(tree.value[node])
            assert f"η q = 0.5 · {value / 0.5:.6g}" in said.replace("(", "").replace(")", "")


def test_arithmetic_of_parallel_trees_has_their_learning_rate():
    X, y = table()
    model = XGBRegressor(n_estimators=2, max_depth=2, num_parallel_tree=4, subsample=0.5, random_state=0).fit(X, y)
    leaf = int(np.flatnonzero(model.tree_ensemble_.trees[5].is_leaf)[0])
    assert "η w = 0.075 ·" in str(model.explain_node(5, leaf))
    assert "of this tree" not in str(model.explain_node(5, leaf))


def test_sums_of_vectors_in_the_librarys_file_are_not_known():
    model = XGBRegressor()
    model.load_model(STORED / "vector_leaf.json")
    with pytest.raises(ValueError, match=r"node=0: .* tree 0 has no record"):
        model.explain_node(0, 0)
    frame = model.trees_to_dataframe()
    assert frame[["Similarity", "Gradient 0", "Weight 1", "RunnerUpGain"]].isna().all(axis=None)


def test_categories_in_the_arithmetic_of_the_librarys_file():
    """Sums are worked out from the weights in the file, the learning rate from the leaves."""
    model = XGBRegressor()
    model.load_model(STORED / "categories.json")
    for number, node in nodes(model):
        tree, working = model.tree_ensemble_.trees[number], model.explain_node(number, node)
        assert working.gain == pytest.approx(float(tree.gain[node]), rel=1e-4, abs=1e-3)
    assert "{" in str(model.explain_node(0, 0)).splitlines()[0]


def test_a_candidate_with_categories_is_written_with_them():
    sums, nothing = np.array([[-2.0, 3.0]]), np.zeros((1, 2))
    record = GrowthRecord(sums, nothing, [1], [0.0], [True], [0.5], [0, 2], [4, 7])
    leaf = Tree([-1], [-1], [-1], np.zeros(1), [False], np.float32([0.15]), np.float32([3]), np.zeros(1), record=record)
    rules = GrowthRules(Penalty(1.0, 0.0, 0.0, 1.0), gamma=0.75, learning_rate=0.3)
    said = str(node_arithmetic(TreeEnsemble([leaf], n_features=2), 0, 0, rules))
    assert "f1:{4,7}, the best split, gains 0.5, less than γ = 0.75" in said


def test_pruned_branches_are_told_at_their_leaf():
    X, y = table()
    grown = {"n_estimators": 1, "max_depth": 4, "gamma": 60.0, "tree_method": "exact", "keep_pruned": True}
    model = XGBRegressor(**grown).fit(X, y)
    (tree,) = model.tree_ensemble_.trees
    assert len(tree.record.pruned) > 0
    for branch in tree.record.pruned:
        said = str(model.explain_node(0, branch.leaf))
        assert "pruned" in said and "less than γ = 60" in said


@pytest.mark.parametrize(("tree", "node", "message"), [(0, 99, "node=99"), (0, -1, "node=-1"), (3, 0, "tree=3: the")])
def test_nodes_that_are_not_there(tree, node, message):
    X, y = table()
    with pytest.raises(ValueError, match=message):
        XGBRegressor(n_estimators=3, max_depth=2).fit(X, y).explain_node(tree, node)


def test_sums_from_leaves_when_alpha_hides_one():
    tree = Tree(
        [1, -1, -1], [2, -1, -1], [0, -1, -1], np.zeros(3), [False] * 3, [0.0, 0.3, 0.0], [9, 4, 5], np.zeros(3)
    )
    free, hidden = Penalty(1.0, 0.0, 0.0, 1.0), Penalty(1.0, 2.0, 0.0, 1.0)
    np.testing.assert_allclose(node_sums(tree, free, 0.3), [[-5.0, 9], [-5.0, 4], [0.0, 5]])
    np.testing.assert_allclose(node_sums(tree, hidden, 0.3), [[np.nan, 9], [-7.0, 4], [np.nan, 5]])
    assert np.isnan(node_sums(tree, free, 0.0)[1:, 0]).all()


def test_frame_has_the_numbers_of_the_nodes(model):
    frame = model.trees_to_dataframe()
    assert list(frame.columns[:11]) == LIBRARY_COLUMNS
    penalty = Penalty(*(float(np.float32(model._resolved(name))) for name in Penalty._fields))
    for row, (number, node) in zip(frame.itertuples(), nodes(model), strict=True):
        tree = model.tree_ensemble_.trees[number]
        G, H = tree.record.sums[node]
        assert (row.Tree, row.Node, row.Depth, row.Gradient) == (number, node, tree.depth[node], G)
        assert (row.Similarity, row.Weight) == (similarity(G, H, penalty), leaf_weight(G, H, penalty))
        column = tree.record.runner_up_feature[node]
        if column >= 0:
            assert (row.RunnerUp, row.RunnerUpGain) == (f"f{column}", tree.record.runner_up_gain[node])
            assert row.RunnerUpSplit == tree.record.runner_up_threshold[node]
        else:
            assert np.isnan(row.RunnerUpGain)
    refused = frame[(frame.Feature == "Leaf") & (frame.RunnerUpGain < (model.gamma or 0))]
    assert len(refused) > 0 or not model.gamma


def test_frame_of_no_trees_and_of_a_vector():
    X, y = table()
    frame = XGBRegressor(n_estimators=0).fit(X, y).trees_to_dataframe()
    assert len(frame) == 0
    assert list(frame.columns[:11]) == LIBRARY_COLUMNS
    leaf = Tree([-1], [-1], [-1], np.zeros(1), [False], np.array([[0.5, -2.0]]), np.ones(1), np.zeros(1))
    frame = trees_to_dataframe(TreeEnsemble([leaf], n_features=1, n_outputs=2))
    assert frame[["Value 0", "Value 1"]].to_numpy().tolist() == [[0.5, -2.0]]
    assert frame["Gain"].isna().all()


def test_text_of_one_and_of_all():
    X, y = table()
    model = XGBClassifier(n_estimators=2, max_depth=1).fit(X, np.digitize(y, [8.0, 14.0]))
    text = model.to_text()
    assert text.count("booster[") == 6
    assert text.endswith(model.to_text(5))
    assert "gain=" not in model.to_text(0, with_stats=False)
    assert len(json.loads(model.to_text(dump_format="json"))) == 6
    assert json.loads(model.to_text(1, dump_format="json"))["nodeid"] == 0
    with pytest.raises(ValueError, match="dump_format='xml'"):
        model.to_text(dump_format="xml")
    with pytest.raises(ValueError, match="tree=-1"):
        model.to_graphviz(-1)


def test_drawing_shows_every_node_and_answer():
    X, y = table()
    model = XGBRegressor(n_estimators=2, max_depth=2).fit(X, y)
    ax = model.plot_tree(1)
    texts = [text.get_text() for text in ax.texts]
    tree = model.tree_ensemble_.trees[1]
    assert sum("cover" in text for text in texts) == tree.n_nodes == 7
    assert sum(text.startswith("yes") for text in texts) == sum(text.startswith("no") for text in texts) == 3
    assert sum("missing" in text for text in texts) == 3
    assert ax.get_title() == "tree 1"
    given = plt.subplots()[1]
    assert model.plot_tree(0, max_depth=1, ax=given) is given
    assert sum("…" in text.get_text() for text in given.texts) == 2


def test_a_booster_traces_as_the_estimator_does():
    X, y = table()
    given = {"max_depth": 3, "reg_lambda": 2.0, "gamma": 1.0, "monotone_constraints": (1, 0, 0, 0)}
    model = XGBRegressor(n_estimators=3, **given).fit(X, y)
    booster = train(given, DMatrix(X, y), 3)
    for other in (booster, model.get_booster(), booster[:]):
        pd.testing.assert_frame_equal(other.trees_to_dataframe(), model.trees_to_dataframe())
        assert other.to_text() == model.to_text() and other.to_text(1) == model.to_text(1)
        assert [str(other.explain_node(*at)) for at in nodes(model)] == [
            str(model.explain_node(*at)) for at in nodes(model)
        ]
    assert str(booster[1:].explain_node(0, 0))[len("tree 0") :] == str(model.explain_node(1, 0))[len("tree 1") :]
    with pytest.raises(ValueError, match="tree=3"):
        booster.explain_node(3, 0)
    loaded = Booster(model_file=booster.save_raw())
    with pytest.raises(ValueError, match="reg_lambda"):
        loaded.explain_node(0, 0)  # a file does not hold the penalty
    loaded.set_param(given)
    assert str(loaded.explain_node(0, 0)) == str(model.explain_node(0, 0))


def test_a_booster_shows_what_was_pruned():
    X, y = table()
    given = {"tree_method": "exact", "gamma": 500.0, "keep_pruned": True}
    booster, model = train(given, DMatrix(X, y), 2), XGBRegressor(n_estimators=2, **given).fit(X, y)
    assert booster.trees_to_dataframe()["Pruned"].any() and "pruned:" in booster.to_text()
    pd.testing.assert_frame_equal(booster.trees_to_dataframe(), model.trees_to_dataframe())
