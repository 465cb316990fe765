"""Training options: what is drawn, what is forbidden, what is followed, and when training ends."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.constraints import interaction_sets, monotone_directions
from mlx.boosting.early_stopping import EarlyStopping
from mlx.boosting.metrics import metric
from mlx.boosting.sampling import Sampling, seed_of

D = 12


def table(n=1200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.nan_to_num(X) @ np.linspace(1, 2, D) + np.nan_to_num(X[:, 0] * X[:, 1]) + rng.normal(size=n)
    return X, y


def fitted(**parameters):
    X, y = table()
    return XGBRegressor(**{"n_estimators": 10, "max_depth": 4, **parameters}).fit(X, y)


def assert_same_model(a, b):
    for one, other in zip(a.tree_ensemble_.trees, b.tree_ensemble_.trees, strict=True):
        for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def columns_by_depth(tree):
    inner = ~tree.is_leaf
    return [set(tree.feature[inner & (tree.depth == d)].tolist()) for d in range(tree.depth.max())]


# Samples ------------------------------------------------------------------------------------------------------------

DRAWN = {"subsample": 0.6, "colsample_bytree": 0.8, "colsample_bylevel": 0.8, "colsample_bynode": 0.8}


def test_samples_do_not_depend_on_threads():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 8))
    y = X[:, 0] + rng.normal(size=len(X))
    one, two = (XGBRegressor(n_estimators=4, n_jobs=n, **DRAWN).fit(X, y) for n in (1, 2))
    assert_same_model(one, two)


def test_first_rounds_do_not_depend_on_how_many_follow():
    long, short = fitted(n_estimators=9, **DRAWN), fitted(n_estimators=4, **DRAWN)
    long.tree_ensemble_ = long.tree_ensemble_.select(range(4))
    assert_same_model(long, short)


def test_seed():
    none, zero, one = (fitted(random_state=r, **DRAWN) for r in (None, 0, 1))
    assert_same_model(none, zero)
    X, _ = table()
    assert np.any(one.predict(X) != zero.predict(X))
    state = np.random.RandomState(3)
    assert seed_of(state) != seed_of(state)
    assert seed_of(np.random.RandomState(3)) == seed_of(np.random.RandomState(3))


def test_each_tree_sees_its_own_share_of_the_rows():
    """With squared error the cover of the root counts its rows: binomial, within five standard deviations."""
    X, _ = table()
    covers = np.array([tree.cover[0] for tree in fitted(subsample=0.3, n_estimators=40).tree_ensemble_.trees])
    deviation = np.sqrt(len(X) * 0.3 * 0.7)
    assert np.all(np.abs(covers - 0.3 * len(X)) < 5 * deviation)
    assert abs(covers.mean() - 0.3 * len(X)) < 5 * deviation / np.sqrt(40)
    assert 0.5 * deviation < covers.std() < 1.6 * deviation


def test_columns_of_trees_levels_and_nodes_are_nested():
    for tree in fitted(colsample_bytree=0.25).tree_ensemble_.trees:
        assert len(set().union(*columns_by_depth(tree))) <= 3
    for tree in fitted(colsample_bylevel=0.25).tree_ensemble_.trees:
        assert all(len(columns) <= 3 for columns in columns_by_depth(tree))
        assert len(set().union(*columns_by_depth(tree))) > 3
    trees = fitted(colsample_bynode=0.25).tree_ensemble_.trees
    assert any(len(columns_by_depth(tree)[3]) > 3 for tree in trees)
    sampling = Sampling(by_tree=0.5, by_level=0.5, by_node=0.4)
    sampler = sampling.columns_of(7, 20)
    masks = {(node, depth): sampler.allowed(node, depth) for depth in range(3) for node in range(50)}
    assert {mask.sum() for mask in masks.values()} == {2}
    of_level = [np.any([masks[node, depth] for node in range(50)], axis=0) for depth in range(3)]
    assert [mask.sum() for mask in of_level] == [5, 5, 5]
    assert np.any(of_level, axis=0).sum() <= 10


def test_one_column_is_drawn_at_least():
    for tree in fitted(colsample_bytree=0.01).tree_ensemble_.trees:
        assert len(set().union(*columns_by_depth(tree))) == 1


def test_column_weights_are_the_odds_of_the_first_draw():
    weights = np.array([1.0, 2.0, 3.0, 4.0, 0.0])
    sampling = Sampling(by_tree=0.2, column_weights=weights)
    drawn = np.sum([sampling.columns_of(tree, 5).allowed(0, 0) for tree in range(4000)], axis=0)
    expected = 4000 * weights / weights.sum()
    assert drawn[4] == 0
    assert np.all(np.abs(drawn - expected) <= 5 * np.sqrt(expected))
    plain = np.sum([Sampling(by_tree=0.2).columns_of(tree, 5).allowed(0, 0) for tree in range(4000)], axis=0)
    assert np.all(np.abs(plain - 800) < 5 * np.sqrt(640))


def test_columns_of_weight_zero_are_never_asked():
    weights = np.r_[np.zeros(6), np.ones(6)]
    X, y = table()
    by_constructor = fitted(colsample_bynode=0.9, feature_weights=weights)
    by_fit = XGBRegressor(n_estimators=10, max_depth=4, colsample_bynode=0.9).fit(X, y, feature_weights=weights)
    assert_same_model(by_constructor, by_fit)
    used = set().union(*(c for tree in by_fit.tree_ensemble_.trees for c in columns_by_depth(tree)))
    assert used == set(range(6, 12))


# Growth and constraints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grow_policy", ["depthwise", "lossguide"])
def test_leaves_are_counted(grow_policy):
    model = fitted(grow_policy=grow_policy, max_leaves=7, max_depth=0)
    assert {tree.n_leaves for tree in model.tree_ensemble_.trees} == {7}
    assert fitted(grow_policy=grow_policy, max_leaves=1).tree_ensemble_.trees[0].n_leaves == 1


def test_the_same_bits_for_any_number_of_threads_best_first():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 8))
    y = X[:, 0] * X[:, 1] + rng.normal(size=len(X))
    how = {"grow_policy": "lossguide", "max_leaves": 31, "monotone_constraints": (1, -1), "n_estimators": 3}
    assert_same_model(XGBRegressor(n_jobs=1, **how).fit(X, y), XGBRegressor(n_jobs=2, **how).fit(X, y))


def test_a_whole_tree_is_the_same_in_any_order():
    """Without a limit both policies ask the same questions; only the numbers of the nodes differ."""
    X, _ = table()
    level, best = fitted(), fitted(grow_policy="lossguide")
    np.testing.assert_array_equal(level.predict(X), best.predict(X))
    assert np.any(level.tree_ensemble_.trees[0].left != best.tree_ensemble_.trees[0].left)


@pytest.mark.parametrize("grow_policy", ["depthwise", "lossguide"])
def test_predictions_follow_directions(grow_policy):
    X, _ = table()
    # The data want the opposite of two of the directions.
    directions = [-1, 1, 0, -1] + [1] * (D - 4)
    model = fitted(monotone_constraints=directions, grow_policy=grow_policy, n_estimators=20, max_depth=6)
    free = fitted(grow_policy=grow_policy, n_estimators=20, max_depth=6)
    broken = 0
    for f, direction in enumerate(directions):
        grid = np.repeat(X[:80], 30, axis=0)
        grid[:, f] = np.tile(np.linspace(-3, 3, 30), 80)
        steps = np.diff(model.predict(grid).reshape(80, 30), axis=1)
        assert direction == 0 or np.all(steps * direction >= 0)
        broken += np.any(np.diff(free.predict(grid).reshape(80, 30), axis=1) * direction < 0)
    assert broken > 3


def test_paths_keep_to_interaction_sets():
    groups = [{0, 1}, {1, 2, 3}, {4, 5, 6, 7}]
    model = fitted(interaction_constraints=[sorted(g) for g in groups], max_depth=5, n_estimators=20)
    alone = 0
    for tree in model.tree_ensemble_.trees:
        paths = {0: set()}
        for node in np.flatnonzero(~tree.is_leaf):
            asked = paths[node] | {int(tree.feature[node])}
            paths[tree.left[node]] = paths[tree.right[node]] = asked
            assert len(asked) == 1 or any(asked <= group for group in groups)
            alone += asked == {11}
    assert alone > 0  # a column of no group is asked about at a root, and again below it


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ("(1,-1)", [1, -1, 0]),
        ("(1,)", [1, 0, 0]),
        ((0, 0, 0), []),
        ({"b": -1}, [0, -1, 0]),
        ({2: 1}, [0, 0, 1]),
        (np.array([0, 1, -1]), [0, 1, -1]),
    ],
    ids=str,
)
def test_directions(given, expected):
    assert monotone_directions(given, 3, ["a", "b", "c"]).tolist() == expected


@pytest.mark.parametrize("given", [(2,), (1, 1, 1, 1), "(1,x)", {"z": 1}, (0.5,), {7: 1}], ids=str)
def test_wrong_directions(given):
    with pytest.raises(ValueError, match="monotone_constraints"):
        monotone_directions(given, 3, ["a", "b", "c"])


@pytest.mark.parametrize("given", ["[[0, 1", "[0]", [["a", "z"]], [[5]], [[0.5]], [["a"], 3], ["ab"]], ids=str)
def test_wrong_interactions(given):
    with pytest.raises(ValueError, match="interaction_constraints"):
        interaction_sets(given, 3, ["a", "b", "c"])
    assert interaction_sets('[["a", 1], [2]]', 3, ["a", "b", "c"]) == ({0, 1}, {2})


# What is followed ---------------------------------------------------------------------------------------------------


def test_metrics_are_those_of_the_predictions():
    X, y = table()
    labels = np.digitize(y, [-5, 5])
    model = XGBClassifier(n_estimators=6, max_depth=3, eval_metric=["mlogloss", "merror"])
    weight = np.random.default_rng(2).exponential(size=200)
    model.fit(
        X[:900], labels[:900], eval_set=[(X[:50], labels[:50]), (X[1000:], labels[1000:])], verbose=False,
        sample_weight_eval_set=[None, weight],
    )  # fmt: skip
    for r in range(6):
        probability = model.predict_proba(X[1000:], iteration_range=(0, r + 1))
        for name in ("mlogloss", "merror"):
            expected = metric(name)(labels[1000:], probability, weight)
            assert model.evals_result()["validation_1"][name][r] == pytest.approx(expected, rel=1e-6)


def test_labels_of_eval_set_are_encoded():
    X, y = table()
    words, numbers = np.where(y > 0, "yes", "no"), (y > 0).astype(int)
    of_words, of_numbers = (
        XGBClassifier(n_estimators=5, early_stopping_rounds=2).fit(
            X[:900], labels[:900], eval_set=[(X[900:], labels[900:])], verbose=False
        )
        for labels in (words, numbers)
    )
    assert of_words.evals_result() == of_numbers.evals_result()
    with pytest.raises(ValueError, match="eval_set: label 'maybe'"):
        of_words.fit(X, words, eval_set=[(X[:2], ["yes", "maybe"])], verbose=False)


def test_best_round_is_kept_in_a_file(tmp_path):
    X, y = table()
    model = XGBRegressor(learning_rate=1.0, early_stopping_rounds=3).fit(
        X[:600], y[:600], eval_set=[(X[600:], y[600:])], verbose=False
    )
    n_rounds = model.tree_ensemble_.n_trees
    assert n_rounds == model.best_iteration + 4
    assert model.best_score == min(model.evals_result()["validation_0"]["rmse"])
    best = model.predict(X)
    np.testing.assert_array_equal(best, model.predict(X, iteration_range=(0, model.best_iteration + 1)))
    assert np.any(best != model.predict(X, iteration_range=(0, n_rounds)))
    assert model.apply(X).shape[1] == model.best_iteration + 1
    assert model.__tree_ensemble__().n_trees == model.best_iteration + 1
    model.save_model(tmp_path / "model.json")
    again = XGBRegressor()
    again.load_model(tmp_path / "model.json")
    np.testing.assert_array_equal(best, again.predict(X))
    assert (again.best_iteration, again.best_score) == (model.best_iteration, model.best_score)
    assert again.tree_ensemble_.n_trees == n_rounds
    everything = (0, n_rounds)
    np.testing.assert_array_equal(
        model.predict(X, iteration_range=everything), again.predict(X, iteration_range=everything)
    )
    model.set_params(early_stopping_rounds=None, n_estimators=3).fit(X, y)
    assert not hasattr(model, "best_iteration")
    with pytest.raises(ValueError, match="eval_set"):
        model.evals_result()


def test_rows_are_held_out():
    X, y = table()
    labels = (y > 0).astype(int)
    own = XGBClassifier(early_stopping_rounds=2, validation_fraction=0.25, random_state=5, learning_rate=1.0)
    own.fit(X, labels)
    train, held = train_test_split(np.arange(len(X)), test_size=0.25, random_state=5, stratify=labels)
    train, held = np.sort(train), np.sort(held)
    given = XGBClassifier(early_stopping_rounds=2, learning_rate=1.0)
    given.fit(X[train], labels[train], eval_set=[(X[held], labels[held])], verbose=False)
    assert_same_model(own, given)
    assert own.evals_result() == given.evals_result()
    named = XGBClassifier(early_stopping_rounds=2, learning_rate=1.0)
    named.fit(X[train], labels[train], X_val=X[held], y_val=labels[held])
    assert_same_model(named, given)


def test_printed_lines(capsys):
    X, y = table()
    model = XGBRegressor(n_estimators=6, max_depth=2)
    for verbose, rounds in ((True, range(6)), (2, [0, 2, 4, 5]), (5, [0, 5]), (False, []), (0, [])):
        model.fit(X, y, eval_set=[(X, y)], verbose=verbose)
        lines = capsys.readouterr().out.splitlines()
        values = model.evals_result()["validation_0"]["rmse"]
        assert lines == [f"[{r}]\tvalidation_0-rmse:{values[r]:.5f}" for r in rounds]


def test_base_margin_is_where_margins_start():
    X, y = table()
    start = np.random.default_rng(0).normal(size=len(X))
    residual = XGBRegressor(n_estimators=5, base_score=0.0).fit(X, y - start.astype(np.float32))
    shifted = XGBRegressor(n_estimators=5).fit(X, y, base_margin=start)
    np.testing.assert_allclose(shifted.predict(X, base_margin=start) - start, residual.predict(X), atol=1e-4)


def test_patience():
    stopping = EarlyStopping(2, maximize=False)
    assert [stopping.update(i, s) for i, s in enumerate([3.0, 2.0, 2.0, 1.0, np.nan, 5.0])] == [False] * 5 + [True]
    assert (stopping.best_iteration, stopping.best_score) == (3, 1.0)
    rising = EarlyStopping(1, maximize=True)
    assert [rising.update(i, s) for i, s in enumerate([0.5, 0.6, 0.6])] == [False, False, True]


X, Y = table(60)
WRONG = [
    ({"eval_set": [(X, Y, Y)]}, "eval_set"),
    ({"eval_set": 3}, "eval_set"),
    ({"eval_set": [(X[:, :3], Y)]}, "eval_set"),
    ({"eval_set": [(X, Y[:9])]}, "eval_set"),
    ({"eval_set": [(X, np.full(60, np.nan))]}, "eval_set"),
    ({"eval_set": [(X, Y)], "sample_weight_eval_set": [Y, Y]}, "sample_weight_eval_set"),
    ({"eval_set": [(X, Y)], "sample_weight_eval_set": [-np.ones(60)]}, "sample_weight_eval_set"),
    ({"sample_weight_eval_set": [Y]}, "sample_weight_eval_set"),
    ({"eval_set": [(X, Y)], "base_margin_eval_set": [Y[:3]]}, "base_margin_eval_set"),
    ({"base_margin": Y[:5]}, "base_margin"),
    ({"base_margin": np.full(60, np.inf)}, "base_margin"),
    ({"X_val": X}, "y_val"),
    ({"X_val": X, "y_val": Y, "eval_set": [(X, Y)]}, "X_val"),
    ({"sample_weight_val": Y}, "sample_weight_val"),
    ({"feature_weights": np.ones(3)}, "feature_weights"),
    ({"feature_weights": np.zeros(D)}, "feature_weights"),
    ({"feature_weights": -np.ones(D)}, "feature_weights"),
]


@pytest.mark.parametrize(("arguments", "name"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_wrong_arguments_are_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        XGBRegressor(n_estimators=1).fit(X, Y, **arguments)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"subsample": 0.0}, "subsample"),
        ({"colsample_bynode": 1.5}, "colsample_bynode"),
        ({"max_leaves": -1}, "max_leaves"),
        ({"grow_policy": "leaf"}, "grow_policy"),
        ({"eval_metric": "accuracy"}, "eval_metric"),
        ({"eval_metric": [3]}, "eval_metric"),
        ({"early_stopping_rounds": 0}, "early_stopping_rounds"),
        ({"early_stopping_rounds": 2, "validation_fraction": None}, "validation_fraction"),
        ({"early_stopping_rounds": 2, "validation_fraction": 0.999}, "validation_fraction"),
    ],
    ids=str,
)
def test_wrong_parameters_are_named(parameters, name):
    with pytest.raises(ValueError, match=name):
        XGBRegressor(n_estimators=1, **parameters).fit(X, Y)
