"""Every growth policy, constraint and option that draws nothing, node for node beside xgboost 3.2's, at scale.

As `test_objectives_at_scale`: 20,000 rows, 50 rounds, depths 3, 6 and 10, a fifth missing, three columns of as many
distinct values as rows, cut as the library cuts them.
"""

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_digits

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity import test_categories, test_exact
from tests.parity.test_boosting import assert_same_trees
from tests.parity.test_objectives_at_scale import N, scores
from tests.parity.test_targets import assert_same_vector_trees

pytest.importorskip("xgboost")
pytestmark = [pytest.mark.parity, pytest.mark.slow]

DIRECTIONS, SETS = (1, 0, 0, -1), "[[0, 1], [1, 2, 3]]"
GROWTH = {
    "gamma": {"gamma": 20.0},
    "penalties": {"reg_alpha": 5.0, "reg_lambda": 0.1, "max_delta_step": 0.5},
    "covers": {"min_child_weight": 60.0},
    "leaves": {"max_leaves": 25},
    "lossguide": {"grow_policy": "lossguide"},
    "lossguide, leaves": {"grow_policy": "lossguide", "max_leaves": 25},
    "directions": {"monotone_constraints": DIRECTIONS},
    "sets": {"interaction_constraints": SETS},
    "directions and sets, lossguide": {
        "monotone_constraints": DIRECTIONS,
        "interaction_constraints": SETS,
        "grow_policy": "lossguide",
        "max_leaves": 40,
    },
    "few bins": {"max_bin": 16},
    "many bins": {"max_bin": 2000},
    "positives": {"objective": "binary:logistic", "scale_pos_weight": 3.0, "base_score": 0.3},
    "rate": {"learning_rate": 0.1, "num_parallel_tree": 2, "n_estimators": 25},
}
# What the other tree methods have of their own: when gamma prunes, and that nothing is best first with 'exact'.
OTHERS = ["gamma", "penalties", "positives", "directions and sets, lossguide"]
METHODS = [
    *(("approx", name) for name in OTHERS),
    *(("exact", name) for name in [*OTHERS[:3], "directions", "sets"]),
]


def both_fitted(X, y, facts=None, **parameters):
    # One thread: the order of the library's sums depends on their number.
    model = XGBClassifier if parameters.get("objective", "").startswith("binary") else XGBRegressor
    cuts = "exact" if parameters.get("tree_method") == "exact" else "xgboost"
    ours = model(**{"n_estimators": 50, "n_jobs": 1, "cuts": cuts, **parameters})
    return ours.fit(X, y, **(facts or {})), peer_of(ours).fit(X, y, **(facts or {}))


def assert_same_predictions(ours, peer, X, record_difference, case):
    a, b = (model.predict(X, output_margin=True) for model in (ours, peer))
    difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
    record_difference(f"at scale, {case}: margin", difference, tolerances.BOOSTER_MARGIN)
    record_difference(f"at scale, {case}: prediction", np.max(np.abs(a - b) / np.maximum(np.abs(b), 1.0)), 1e-5)


def targets(parameters):
    X, z, _ = scores()
    return X, (z > 0).astype(int) if "objective" in parameters else z


@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("case", GROWTH)
def test_trees_are_the_librarys(case, depth, record_difference):
    X, y = targets(GROWTH[case])
    ours, peer = both_fitted(X, y, max_depth=depth, **GROWTH[case])
    assert_same_trees(ours, peer, record_difference, f"at scale, {case}")
    assert_same_predictions(ours, peer, X, record_difference, case)


@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize(("method", "case"), METHODS, ids=str)
def test_other_tree_methods(method, case, depth, record_difference):
    X, y = targets(GROWTH[case])
    ours, peer = both_fitted(X, y, tree_method=method, max_depth=depth, **GROWTH[case])
    test_exact.assert_same_trees(ours, peer, record_difference, f"at scale, {method}, {case}")
    assert_same_predictions(ours, peer, X, record_difference, f"{method}, {case}")


@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("how", ["sparse", "dart", "categories"])
def test_other_tables_and_boosters(how, depth, record_difference):
    X, y = targets({})
    options = {"booster": "dart"} if how == "dart" else {}
    if how == "sparse":
        stored = ~np.isnan(X)
        start = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
        X = scipy.sparse.csr_matrix((X[stored], np.nonzero(stored)[1], start), shape=X.shape)
    elif how == "categories":
        X[:, 3] = np.abs(X[:, 3])
        options = {"feature_types": ["q", "q", "q", "c"]}
    ours, peer = both_fitted(X, y, max_depth=depth, **options)
    if how == "categories":
        test_categories.assert_same_trees(ours, peer)
    else:
        assert_same_trees(ours, peer, record_difference, f"at scale, {how}")
    assert_same_predictions(ours, peer, X, record_difference, how)


@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("how", ["weights", "margins", "one category and the others", "several targets", "vectors"])
def test_what_is_known_of_rows_and_columns(how, depth, record_difference):
    X, y = targets({})
    rng = np.random.default_rng(5)
    options, facts = {}, {}
    if how == "weights":
        facts = {"sample_weight": rng.exponential(size=N).astype(np.float32)}
    elif how == "margins":
        facts = {"base_margin": rng.normal(size=N).astype(np.float32)}
    elif how == "one category and the others":
        X[:, 3] = np.abs(X[:, 3])
        options = {"feature_types": ["q", "q", "q", "c"], "max_cat_to_onehot": 100}
    else:
        y = np.stack([y, np.abs(y) + 0.5 * rng.normal(size=N)], axis=1)
        options = {"multi_strategy": "multi_output_tree"} if how == "vectors" else {}
    ours, peer = both_fitted(X, y, facts, max_depth=depth, **options)
    if how == "vectors":
        assert_same_vector_trees(ours, peer)
    elif "category" in how:
        test_categories.assert_same_trees(ours, peer)
    else:
        assert_same_trees(ours, peer, record_difference, f"at scale, {how}")
    assert_same_predictions(ours, peer, X, record_difference, how)


@pytest.mark.parametrize("case", GROWTH)
def test_a_real_table(case, record_difference):
    """Pictures of digits, whether one is at most 4, a fifth of the pixels missing."""
    X, y = load_digits(return_X_y=True)
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    four = {**GROWTH[case], "objective": "binary:logistic"}
    constraints = {
        "monotone_constraints": (0,) * 20 + DIRECTIONS,
        "interaction_constraints": "[[20, 21, 28], [36, 42]]",
    }
    four |= {name: value for name, value in constraints.items() if name in four}
    ours, peer = both_fitted(X, (y <= 4).astype(int), **four)
    assert_same_trees(ours, peer, record_difference, f"real table, {case}")
    assert_same_predictions(ours, peer, X, record_difference, f"real table, {case}")


def test_there_are_as_many_rows_as_is_said():
    assert len(scores()[0]) == N == 20_000
