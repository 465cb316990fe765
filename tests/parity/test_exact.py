"""``tree_method="exact"`` beside xgboost 3.2's: node for node, on columns of any values, with pruning."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_boosting import library_trees
from tests.parity.test_library_cuts import table, weights

pytestmark = pytest.mark.parity

pytest.importorskip("xgboost")

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}

# Splits that the library's pruning has deleted are marked by this column.
DELETED = 2**31 - 1


def without_deleted(tree):
    """Arrays of a tree of the library, its deleted nodes left out and the others numbered anew."""
    arrays = {name: np.array(tree[name]) for name in tree if isinstance(tree[name], list)}
    kept = np.flatnonzero(arrays["split_indices"] != DELETED)
    number = np.full(len(arrays["split_indices"]) + 1, -1)
    number[kept] = np.arange(len(kept))
    arrays = {name: array[kept] for name, array in arrays.items() if len(array) == len(number) - 1}
    return arrays | {side: number[arrays[side]] for side in ("left_children", "right_children")}


def assert_same_trees(ours, peer, record_difference, case):
    """Structure, questions and default directions exactly; gain, cover and leaf values to their tolerances."""
    own, theirs = ours.tree_ensemble_.trees, [without_deleted(tree) for tree in library_trees(peer)]
    assert len(own) == len(theirs)
    worst = dict.fromkeys(("gain", "cover", "value"), 0.0)
    for number, (a, b) in enumerate(zip(own, theirs)):
        where, inner = f"tree {number}", ~a.is_leaf
        np.testing.assert_array_equal(a.left, b["left_children"], err_msg=where)
        np.testing.assert_array_equal(a.right, b["right_children"], err_msg=where)
        condition = b["split_conditions"].astype(np.float32)
        np.testing.assert_array_equal(a.feature[inner], b["split_indices"][inner], err_msg=where)
        np.testing.assert_array_equal(a.threshold[inner], condition[inner], err_msg=where)
        np.testing.assert_array_equal(a.missing_left[inner], b["default_left"][inner] == 1, err_msg=where)
        pairs = {
            "gain": (a.gain[inner], b["loss_changes"][inner].astype(np.float32)),
            "cover": (a.cover, b["sum_hessian"].astype(np.float32)),
            "value": (a.value[~inner], condition[~inner]),
        }
        for name, (x, y) in pairs.items():
            scale = max(1e-30, np.max(np.abs(y), initial=0))
            worst[name] = max(worst[name], float(np.max(np.abs(x - y), initial=0) / scale))
    for name, difference in worst.items():
        record_difference(f"{case}: {name}", difference, getattr(tolerances, f"BOOSTER_{name.upper()}"))


def compare(ours, X, y, record_difference, case, sample_weight=None):
    # One thread: the order of the library's sums depends on their number.
    ours.set_params(tree_method=ours.tree_method or "exact", n_jobs=1)
    case = f"{ours.tree_method} {case}"
    peer = peer_of(ours)
    ours.fit(X, y, sample_weight=sample_weight)
    peer.fit(X, y, sample_weight=sample_weight)
    assert_same_trees(ours, peer, record_difference, case)
    a, b = ours.predict(X, output_margin=True), peer.predict(X, output_margin=True)
    record_difference(f"{case}: margin", np.max(np.abs(a - b)) / np.max(np.abs(b)), tolerances.BOOSTER_MARGIN)
    return ours, peer


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [3, 6])
@pytest.mark.parametrize("task", sorted(MODELS))
def test_trees_are_the_librarys(task, depth, missing, record_difference):
    X, y = table(task, n=4000, missing=missing)
    compare(MODELS[task](n_estimators=15, max_depth=depth), X, y, record_difference, f"{task}, {depth}, {missing}")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_fifty_rounds_on_twenty_thousand_rows(task, depth, record_difference):
    X, y = table(task)
    compare(MODELS[task](n_estimators=50, max_depth=depth), X, y, record_difference, f"{task}, 20,000 rows, {depth}")


def test_ties(record_difference):
    """Few values: the order of equal ones in the library's sort decides about last bits of sums, and so of gains."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 30, size=(5000, 5)).astype(float)
    X[:, 1] = X[:, 0]
    X[rng.random(X.shape) < 0.2] = np.nan
    y = np.nansum(X[:, :3], axis=1) + rng.normal(size=len(X))
    compare(XGBRegressor(n_estimators=20), X, y, record_difference, "ties")


PARAMETERS = [
    {"gamma": 3.0},
    {"gamma": 1e6},
    {"min_child_weight": 20.0},
    {"min_child_weight": 0.0, "reg_lambda": 0.0},
    {"reg_lambda": 50.0},
    {"reg_alpha": 3.0},
    {"max_delta_step": 0.4},
    {"learning_rate": 1.0, "gamma": 1.0},
    {"missing": 0.0},
    {"monotone_constraints": (1, 0, -1, 0, 1, 0)},
    {"monotone_constraints": (-1, 1, 0, 0, 0, 0), "gamma": 2.0, "min_child_weight": 0.0},
    {"interaction_constraints": "[[0, 2], [1, 3, 4]]"},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=lambda p: ",".join(f"{k}={v}" for k, v in p.items()))
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_parameters_mean_what_they_mean_there(task, parameters, record_difference):
    X, y = table(task, n=3000)
    model = MODELS[task](**{"n_estimators": 10, "max_depth": 5, **parameters})
    compare(model, X, y, record_difference, f"{task}, {parameters}")


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_sample_weight(task, record_difference):
    X, y = table(task, n=3000)
    compare(MODELS[task](n_estimators=10), X, y, record_difference, f"{task}, weighted", weights("even", len(X)))


@pytest.mark.parametrize("kind", ["whole", "heavy-tailed"])
@pytest.mark.parametrize("targets", [1, 2])
def test_weighted_sums_are_the_librarys_with_its_products(kind, targets):
    """Products of weights and gradients in float32 decide between thresholds that gain the same."""
    X, y = table("regression", n=10_000)
    Y = np.exp(0.3 * (y if targets == 1 else np.stack([y, -y], axis=1)))
    ours = XGBRegressor(objective="reg:squaredlogerror", tree_method="exact", n_estimators=8, cuts="xgboost", n_jobs=1)
    models = [ours, peer_of(ours)]
    first, second = (model.fit(X, Y, sample_weight=weights(kind, len(X))).predict(X) for model in models)
    np.testing.assert_array_equal(first, second)


def test_odd_columns(record_difference):
    """A column without values, constant ones with and without missing values, neighbouring floats, huge values."""
    rng = np.random.default_rng(1)
    n, one = 600, np.float32(1)
    X = np.stack(
        [
            np.full(n, np.nan),
            np.full(n, 2.0),
            np.where(rng.random(n) < 0.3, np.nan, 7.0),
            rng.choice([one, np.nextafter(one, np.float32(2)), np.nextafter(one, np.float32(0))], size=n),
            np.where(rng.random(n) < 0.2, np.nan, rng.choice([-1e30, -1e-38, 0.0, -0.0, 1e-38, 1e30], size=n)),
        ],
        axis=1,
    ).astype(np.float32)
    y = np.isnan(X[:, 2]) + 2.0 * (X[:, 3] > 1) + np.sign(np.nan_to_num(X[:, 4])) + 0.1 * rng.normal(size=n)
    compare(XGBRegressor(n_estimators=10, max_depth=4), X, y, record_difference, "odd columns")


@pytest.mark.parametrize(
    ("model", "load"), [(XGBRegressor, load_diabetes), (XGBClassifier, load_breast_cancer)], ids=["diabetes", "cancer"]
)
def test_real_tables(model, load, record_difference):
    X, y = load(return_X_y=True)
    compare(model(n_estimators=50), X, y, record_difference, load.__name__)


def test_pruned_leaves_are_numbered_anew(record_difference):
    """Rows reach the same leaves, by other numbers where the library leaves gaps."""
    X, y = table("regression", n=2000)
    ours, peer = compare(XGBRegressor(n_estimators=3, gamma=20.0), X, y, record_difference, "numbers of pruned trees")
    own, theirs = ours.apply(X), peer.apply(X)
    assert not np.array_equal(own, theirs)
    for a, b in zip(own.T, theirs.T):
        assert len(pd.DataFrame({"a": a, "b": b}).drop_duplicates()) == len(np.unique(a)) == len(np.unique(b))
