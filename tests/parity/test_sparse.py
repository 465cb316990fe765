"""Sparse rows beside xgboost 3.2's on the same rows: node for node; what is not stored is missing in both."""

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.compare.peers import peer_of
from tests import tolerances

from .test_boosting import assert_same_trees

pytestmark = pytest.mark.parity

pytest.importorskip("xgboost")

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}


def table(task, n=2000, d=25, density=0.2, seed=0):
    """Normal values, more of them than bins in some columns, and stored zeros."""
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random(n, d, density, format="csr", random_state=rng, data_rvs=lambda size: rng.normal(size=size))
    X.data[::5] = 0.0
    X.data[1::5] = np.round(X.data[1::5])
    Z = X.toarray()
    score = 3 * Z[:, 0] + 5 * Z[:, 1] * (Z[:, 2] > 0) + (Z[:, 3] != 0) + 0.3 * rng.normal(size=n)
    if task == "regression":
        return X, score
    return X, np.digitize(score, [0.1] if task == "binary" else [-0.5, 0.5])


def compare(ours, X, y, record_difference, case, sample_weight=None):
    ours.set_params(n_jobs=1, cuts="exact" if ours.tree_method == "exact" else "xgboost")
    peer = peer_of(ours)
    ours.fit(X, y, sample_weight=sample_weight)
    peer.fit(X, y, sample_weight=sample_weight)
    assert_same_trees(ours, peer, record_difference, f"sparse, {case}")
    a, b = ours.predict(X, output_margin=True), peer.predict(X, output_margin=True)
    difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
    record_difference(f"booster sparse, {case}: margin", difference, tolerances.BOOSTER_MARGIN)
    np.testing.assert_array_equal(ours.apply(X), peer.apply(X))


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("task", sorted(MODELS))
def test_trees_are_the_librarys(task, form, record_difference):
    X, y = table(task)
    compare(MODELS[task](n_estimators=15), X.asformat(form), y, record_difference, f"{task}, {form}")


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_depth": 10},
        {"max_bin": 16},
        {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
        {"min_child_weight": 0.0, "reg_lambda": 0.0},
        {"gamma": 2.0},
        {"missing": 0.0},
        {"monotone_constraints": (1, -1) + 23 * (0,)},
        {"interaction_constraints": "[[0, 1, 2], [3, 4]]"},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_parameters_mean_what_they_mean_there(parameters, record_difference):
    X, y = table("regression")
    compare(XGBRegressor(n_estimators=8, **parameters), X, y, record_difference, str(parameters))


def test_weights(record_difference):
    X, y = table("binary")
    weight = np.random.default_rng(1).exponential(size=len(y))
    compare(XGBClassifier(n_estimators=10), X, y, record_difference, "weights", weight)


def test_long_columns_outgrow_the_librarys_sketch(record_difference):
    X, y = table("regression", n=12_000, d=6, density=0.6)
    compare(XGBRegressor(n_estimators=6), X, y, record_difference, "long columns")


def test_most_columns_have_a_handful_of_values(record_difference):
    X, y = table("binary", n=1500, d=4000, density=0.004)
    compare(XGBClassifier(n_estimators=5), X, y, record_difference, "wide")


@pytest.mark.parametrize(
    "parameters",
    [
        {"tree_method": "exact"},
        {"tree_method": "exact", "max_depth": 10, "reg_alpha": 0.5},
        {"tree_method": "exact", "monotone_constraints": (1, -1) + 23 * (0,)},
        {"tree_method": "exact", "interaction_constraints": "[[0, 1, 2], [3, 4]]"},
        {"tree_method": "approx"},
        {"tree_method": "approx", "max_bin": 16, "grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("task", sorted(MODELS))
def test_other_tree_methods(task, parameters, record_difference):
    X, y = table(task)
    compare(MODELS[task](n_estimators=6, **parameters), X, y, record_difference, f"{task}, {parameters}")


@pytest.mark.parametrize("method", ["exact", "approx"])
def test_other_tree_methods_with_weights(method, record_difference):
    X, y = table("binary")
    weight = np.random.default_rng(1).integers(1, 5, size=len(y))
    compare(XGBClassifier(n_estimators=6, tree_method=method), X, y, record_difference, f"{method}, weights", weight)
